//! D: a picture (and class) to a verdict, and back to the gradients of weights and picture.

use super::batchnorm::BatchNorm;
use super::class_head::ClassHead;
use super::class_planes::ClassPlanes;
use super::parameters::{Parameters, Slot};
use super::{Statistics, inner_weight_gradient, outer_weight_gradient, share};
use crate::engine::StateError;
use crate::model::{ModelSpec, TensorMap, discriminator_tensors};
use digitgan_kernels::shape::{
    BOTTOM, BOTTOM_CHANNELS, INNER_WEIGHTS, MIDDLE, MIDDLE_CHANNELS, MapLayout, OUTER_WEIGHTS, PADDED_BOTTOM,
    PADDED_IMAGE, PADDED_MIDDLE, TAPS,
};
use digitgan_kernels::{Kernels, inner_phase, transpose};
use rayon::prelude::*;

/// What the backward pass is for: D's own step needs no gradient of the pictures, G's step none of D's weights.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    WeightGradients,
    ImageGradients,
}

/// The discriminator with its buffers for `batch` images.
///
/// ```text
/// images ─conv1→ y1 ─bn1,relu→ h1 ─conv2→ y2 ─bn2,relu→ h2 ─source→ logits
///                                    ↑ + class planes      └─class head→ class logits
/// ```
///
/// `images`, `h1`, `dy2` and `image_gradients` are padded.
pub(super) struct Discriminator {
    kernels: Kernels,
    pub(super) batch: usize,
    pub(super) parameters: Parameters,
    conv1: Slot,
    /// The weights of conv2 that meet the picture's features.
    conv2: Slot,
    source: Slot,
    source_bias: Slot,
    /// conv1's weights, `[32, 16]`.
    taps: Vec<f32>,
    /// conv2's weights, a quarter for each parity of its input's pixels.
    phases: Vec<f32>,
    planes: Option<ClassPlanes>,
    pub(super) head: Option<ClassHead>,
    y1: Vec<f32>,
    bn1: BatchNorm,
    h1: Vec<f32>,
    y2: Vec<f32>,
    bn2: BatchNorm,
    h2: Vec<f32>,
    /// The source head's logits, `[batch]`.
    pub(super) logits: Vec<f32>,
    /// Their gradients: whoever computes the loss writes them.
    pub(super) logit_gradients: Vec<f32>,
    dh2: Vec<f32>,
    dy2: Vec<f32>,
    dh1: Vec<f32>,
    dy1: Vec<f32>,
    pub(super) image_gradients: Vec<f32>,
    outer_sums: Vec<f32>,
}

impl Discriminator {
    pub(super) fn new(kernels: Kernels, spec: &ModelSpec, batch: usize) -> Self {
        let parameters = Parameters::new(discriminator_tensors(spec));
        let wiring = spec.variant.wiring();
        let room = |elements: usize| vec![0.0; batch * elements];
        Discriminator {
            kernels,
            batch,
            conv1: parameters.slot("conv1.weight"),
            conv2: parameters.slot("conv2.weight").part(0, INNER_WEIGHTS),
            source: parameters.slot("source.weight"),
            source_bias: parameters.slot("source.bias"),
            taps: vec![0.0; OUTER_WEIGHTS],
            phases: vec![0.0; INNER_WEIGHTS],
            planes: wiring.discriminator_sees_class.then(|| ClassPlanes::new(kernels, &parameters, spec.classes)),
            head: wiring
                .discriminator_predicts_class
                .then(|| ClassHead::new(kernels, &parameters, spec.classes, batch)),
            y1: room(MIDDLE),
            bn1: BatchNorm::new("bn1", &parameters, MapLayout::MIDDLE, batch),
            h1: room(PADDED_MIDDLE),
            y2: room(BOTTOM),
            bn2: BatchNorm::new("bn2", &parameters, MapLayout::BOTTOM, batch),
            h2: room(BOTTOM),
            logits: room(1),
            logit_gradients: room(1),
            dh2: room(BOTTOM),
            dy2: room(PADDED_BOTTOM),
            dh1: room(MIDDLE),
            dy1: room(MIDDLE),
            image_gradients: room(PADDED_IMAGE),
            outer_sums: super::outer_sums(batch),
            parameters,
        }
    }

    /// Judges pictures: fills the first `logits`, and the head's where there is one.
    ///
    /// # Shapes
    /// `images`: padded, `[count, 30, 30]`; `labels`: `[count]`; with the statistics of the batch, `count` is
    /// the batch.
    pub(super) fn forward(&mut self, images: &[f32], labels: &[u8], statistics: Statistics) {
        let count = labels.len();
        assert!(count <= self.batch && (statistics == Statistics::Running || count == self.batch));
        if let Some(planes) = &mut self.planes {
            planes.forward(&self.parameters);
        }
        self.convolve_images(&images[..count * PADDED_IMAGE]);
        self.bn1.finish(&self.parameters, statistics);
        self.convolve_features(labels);
        self.bn2.finish(&self.parameters, statistics);
        self.judge(count);
    }

    /// conv1.
    fn convolve_images(&mut self, images: &[f32]) {
        let Self { kernels, parameters, conv1, y1, bn1, .. } = self;
        let (kernels, weights) = (*kernels, parameters.value(*conv1));
        let (sums, per_image) = bn1.sums();
        images.par_chunks(PADDED_IMAGE).zip(y1.par_chunks_mut(MIDDLE)).zip(sums.par_chunks_mut(per_image)).for_each(
            |((image, y1), sums)| {
                kernels.outer_down(image, weights, y1);
                kernels.channel_sums(y1, sums);
            },
        );
    }

    /// bn1, ReLU, conv2 of the picture's features and, where D sees the class, of the class plane's.
    fn convolve_features(&mut self, labels: &[u8]) {
        let Self { kernels, parameters, conv2, planes, y1, bn1, h1, y2, bn2, .. } = self;
        let (kernels, weights, norm) = (*kernels, parameters.value(*conv2), bn1.norm());
        let (sums, per_image) = bn2.sums();
        let planes = planes.as_ref();
        labels
            .par_iter()
            .zip(y1.par_chunks(MIDDLE))
            .zip(h1.par_chunks_mut(PADDED_MIDDLE))
            .zip(y2.par_chunks_mut(BOTTOM))
            .zip(sums.par_chunks_mut(per_image))
            .for_each(|((((&label, y1), h1), y2), sums)| {
                kernels.normalise_relu(y1, norm, h1, MapLayout::PADDED_MIDDLE);
                kernels.inner_down(h1, weights, y2);
                if let Some(planes) = planes {
                    kernels.add_scaled(1.0, planes.contribution(label), y2);
                }
                kernels.channel_sums(y2, sums);
            });
    }

    /// bn2, ReLU and the heads.
    fn judge(&mut self, count: usize) {
        let Self { kernels, parameters, source, source_bias, head, y2, bn2, h2, logits, .. } = self;
        let (kernels, norm) = (*kernels, bn2.norm());
        let (weights, bias) = (parameters.value(*source), parameters.value(*source_bias)[0]);
        logits[..count].par_iter_mut().zip(h2.par_chunks_mut(BOTTOM)).zip(y2.par_chunks(BOTTOM)).for_each(
            |((logit, h2), y2)| {
                kernels.normalise_relu(y2, norm, h2, MapLayout::BOTTOM);
                *logit = kernels.dot(h2, weights) + bias;
            },
        );
        if let Some(head) = head {
            head.forward(parameters, &h2[..count * BOTTOM]);
        }
    }

    /// Goes back from the gradients of the logits for the last batch, whose pictures and labels these are:
    /// adds to the gradients of the weights, or fills `image_gradients`.
    pub(super) fn backward(&mut self, images: &[f32], labels: &[u8], wanted: Wanted) {
        let weights = wanted == Wanted::WeightGradients;
        self.unjudge();
        self.bn2.finish_gradient(weights.then_some(self.parameters.gradients.as_mut_slice()));
        self.deconvolve_features();
        self.bn1.finish_gradient(weights.then_some(self.parameters.gradients.as_mut_slice()));
        self.deconvolve_images(wanted);
        if weights {
            self.weight_gradients(images, labels);
        }
    }

    /// Back through the heads.
    fn unjudge(&mut self) {
        let Self { kernels, batch, parameters, source, head, y2, bn2, logit_gradients, dh2, .. } = self;
        let (kernels, source) = (*kernels, parameters.value(*source));
        if let Some(head) = head {
            head.backward_hidden(parameters);
        }
        let head = head.as_ref();
        let (norm, sums, per_image) = bn2.norm_and_sums();
        let together = share(*batch);
        dh2.par_chunks_mut(together * BOTTOM)
            .zip(y2.par_chunks(together * BOTTOM))
            .zip(logit_gradients.par_chunks(together))
            .zip(sums.par_chunks_mut(together * per_image))
            .enumerate()
            .for_each(|(chunk, (((dh2, y2), logit_gradients), sums))| {
                match head {
                    Some(head) => head.backward_features(parameters, chunk * together, dh2),
                    None => dh2.fill(0.0),
                }
                let maps = dh2.chunks_exact_mut(BOTTOM).zip(y2.chunks_exact(BOTTOM));
                for ((dh2, y2), (&gradient, sums)) in
                    maps.zip(logit_gradients.iter().zip(sums.chunks_exact_mut(per_image)))
                {
                    kernels.add_scaled(gradient, source, dh2);
                    kernels.gradient_sums(y2, dh2, norm, sums);
                }
            });
    }

    /// Back through ReLU, bn2 and conv2.
    fn deconvolve_features(&mut self) {
        let Self { kernels, phases, y1, bn1, y2, bn2, dh2, dy2, dh1, .. } = self;
        let kernels = *kernels;
        let (norm2, terms2) = (bn2.norm(), bn2.terms());
        let (norm1, sums, per_image) = bn1.norm_and_sums();
        dy2.par_chunks_mut(PADDED_BOTTOM)
            .zip(y2.par_chunks(BOTTOM))
            .zip(dh2.par_chunks(BOTTOM))
            .zip(dh1.par_chunks_mut(MIDDLE))
            .zip(y1.par_chunks(MIDDLE))
            .zip(sums.par_chunks_mut(per_image))
            .for_each(|(((((dy2, y2), dh2), dh1), y1), sums)| {
                kernels.normalise_gradient(y2, dh2, norm2, terms2, dy2, MapLayout::PADDED_BOTTOM);
                kernels.inner_up(dy2, phases, dh1);
                kernels.gradient_sums(y1, dh1, norm1, sums);
            });
    }

    /// Back through ReLU and bn1 and, if wanted, conv1.
    fn deconvolve_images(&mut self, wanted: Wanted) {
        let Self { kernels, taps, y1, bn1, dh1, dy1, image_gradients, .. } = self;
        let (kernels, norm, terms) = (*kernels, bn1.norm(), bn1.terms());
        dy1.par_chunks_mut(MIDDLE)
            .zip(y1.par_chunks(MIDDLE))
            .zip(dh1.par_chunks(MIDDLE))
            .zip(image_gradients.par_chunks_mut(PADDED_IMAGE))
            .for_each(|(((dy1, y1), dh1), image)| {
                kernels.normalise_gradient(y1, dh1, norm, terms, dy1, MapLayout::MIDDLE);
                if wanted == Wanted::ImageGradients {
                    kernels.outer_up(dy1, taps, image);
                }
            });
    }

    fn weight_gradients(&mut self, images: &[f32], labels: &[u8]) {
        let Self { kernels, parameters, h1, h2, logit_gradients, dy2, dy1, outer_sums, .. } = self;
        let kernels = *kernels;
        let gradients = &mut parameters.gradients;
        outer_weight_gradient(kernels, images, dy1, outer_sums, &mut gradients[self.conv1.range()]);
        inner_weight_gradient(kernels, h1, dy2, &mut gradients[self.conv2.range()]);
        const COLUMNS: usize = BOTTOM / 7;
        gradients[self.source.range()].par_chunks_mut(COLUMNS).enumerate().for_each(|(chunk, gradient)| {
            for (h2, &logit_gradient) in h2.chunks_exact(BOTTOM).zip(&*logit_gradients) {
                kernels.add_scaled(logit_gradient, &h2[chunk * COLUMNS..][..COLUMNS], gradient);
            }
        });
        gradients[self.source_bias.range()][0] += logit_gradients.iter().sum::<f32>();
        if let Some(planes) = &mut self.planes {
            planes.backward(parameters, dy2, labels);
        }
        if let Some(head) = &mut self.head {
            head.weight_gradients(parameters, h2);
        }
    }

    /// Prepares the forms of the weights that the passes use. Call after every change of them.
    pub(super) fn prepare(&mut self) {
        let weights = self.parameters.value(self.conv2);
        self.phases
            .par_chunks_mut(4 * BOTTOM_CHANNELS * MIDDLE_CHANNELS)
            .enumerate()
            .for_each(|(phase, quarter)| inner_phase(weights, phase, quarter));
        transpose(self.parameters.value(self.conv1), TAPS, MIDDLE_CHANNELS, &mut self.taps);
        if let Some(planes) = &mut self.planes {
            planes.prepare(&self.parameters);
        }
        if let Some(head) = &mut self.head {
            head.prepare(&self.parameters);
        }
    }

    pub(super) fn save(&self, state: &mut TensorMap) {
        self.parameters.save("discriminator", state);
        self.bn1.save("discriminator", state);
        self.bn2.save("discriminator", state);
    }

    pub(super) fn load(&mut self, state: &TensorMap) -> Result<(), StateError> {
        self.parameters.load("discriminator.", state, true)?;
        self.bn1.load("discriminator.", state)?;
        self.bn2.load("discriminator.", state)?;
        self.prepare();
        Ok(())
    }
}
