//! A classifier of images, in training and in use: D's convolutions with a class head alone.

use super::buffer::{Buffer, zeros};
use super::checks::{check_gradient, check_loss};
use super::discriminator::{Discriminator, Wanted};
use super::padding::pad_all;
use super::parameters::adam_step;
use super::threads::keep_awake;
use super::workspace::Workspace;
use crate::engine::{NotFinite, Precision, Protocol, StateError, Statistics};
use crate::model::{CLASSIFIER_FEATURES, TensorMap, classifier_tensors};
use crate::{IMAGE_PIXELS, loss};
use digitgan_kernels::Kernels;
use digitgan_kernels::shape::PADDED_IMAGE;

/// The network's name in states.
const NETWORK: &str = "classifier";

/// A classifier on the CPU.
pub struct CpuClassifier {
    classes: usize,
    protocol: Protocol,
    network: Discriminator,
    workspace: Workspace,
    /// The images, padded.
    images: Buffer,
    steps: u64,
}

impl CpuClassifier {
    /// Makes room for batches of `batch` images. All weights are zero: [`CpuClassifier::restore`] a state first, such
    /// as [`crate::model::initial_classifier`].
    pub fn new(kernels: Kernels, classes: usize, batch: usize) -> Self {
        assert!(batch > 0, "a batch holds at least one image");
        CpuClassifier {
            classes,
            // Adam as its authors have it: no adversary calls for less momentum.
            protocol: Protocol { beta1: 0.9, ..Protocol::default() },
            network: Discriminator::new(kernels, classifier_tensors(classes), 0.0, Precision::F32, batch),
            workspace: Workspace::new(batch),
            images: zeros(batch * PADDED_IMAGE),
            steps: 0,
        }
    }

    /// One step of training at learning rate `rate`. Returns the cross-entropy, a mean over the batch.
    ///
    /// # Shapes
    /// `images`: `[batch, 28, 28]`, in [-1, 1]; `labels`: `[batch]`.
    ///
    /// # Errors
    /// When the loss or a gradient is not finite; the state is then worthless.
    pub fn step(&mut self, images: &[f32], labels: &[u8], rate: f64) -> Result<f64, NotFinite> {
        assert_eq!((images.len(), labels.len()), (self.network.batch * IMAGE_PIXELS, self.network.batch));
        self.steps += 1;
        let Self { network, workspace, images: padded, .. } = self;
        pad_all(images, padded);
        keep_awake(|| {
            network.parameters.clear_gradients();
            network.forward(padded, labels, Statistics::Batch, Wanted::WeightGradients, workspace);
            let head = network.head.as_mut().expect("a classifier has a class head");
            let loss = loss::class_loss(&head.logits, labels, 1.0, &mut head.logit_gradients);
            check_loss("the classifier", loss)?;
            network.backward(padded, labels, Wanted::WeightGradients, workspace);
            network.finish_gradients();
            let finite = network.parameters.update(adam_step(&self.protocol, rate, self.steps));
            check_gradient(NETWORK, finite)?;
            network.prepare();
            Ok(loss)
        })
    }

    /// Reads images, by the running statistics. What is read of an image depends on that image alone.
    ///
    /// # Shapes
    /// `images`: `[count, 28, 28]`, in [-1, 1]; `features`: `[count, 64]`; `logits`: `[count, classes]`.
    pub fn read(&mut self, images: &[f32], features: &mut [f32], logits: &mut [f32]) {
        let batch = self.network.batch;
        // A classifier does not look at labels.
        let labels = vec![0; batch];
        let out = features.chunks_mut(batch * CLASSIFIER_FEATURES).zip(logits.chunks_mut(batch * self.classes));
        for (images, (features, logits)) in images.chunks(batch * IMAGE_PIXELS).zip(out) {
            pad_all(images, &mut self.images);
            let labels = &labels[..images.len() / IMAGE_PIXELS];
            self.network.forward(&self.images, labels, Statistics::Running, Wanted::Logits, &mut self.workspace);
            let head = self.network.head.as_ref().expect("a classifier has a class head");
            features.copy_from_slice(&head.hidden[..features.len()]);
            logits.copy_from_slice(&head.logits[..logits.len()]);
        }
    }

    /// All tensors and Adam's moments: those that [`crate::model::initial_classifier`] names.
    pub fn state(&self) -> TensorMap {
        let mut state = TensorMap::new();
        self.network.save(NETWORK, &mut state);
        state
    }

    /// Takes up a state, as it was after `step` steps. One without Adam's moments will do for reading.
    ///
    /// # Errors
    /// When a tensor is missing or has another shape.
    pub fn restore(&mut self, state: &TensorMap, step: u64) -> Result<(), StateError> {
        let moments = state.keys().any(|name| name.contains(".adam."));
        self.network.load(NETWORK, state, moments)?;
        self.steps = step;
        Ok(())
    }
}
