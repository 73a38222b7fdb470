//! The judge: a small classifier that reads digits, so that generated ones can be counted, compared and doubted.
//!
//! It is ACGAN's D with a narrower class head and no other ([`crate::model::classifier_tensors`]), trained by this
//! project's own engine on real digits alone ([`training`]). What its last hidden layer makes of a digit, 64 numbers, is
//! the space in which [`crate::metrics`] measures distances. Features of a network that reads photographs would not know
//! what a digit is.
//!
//! The judge of MNIST comes with the program; that of any other data set is trained when it is first needed, and kept
//! under the data set's hash. Every number that a judge gives is printed with the judge's own hash and accuracy.

mod file;
pub mod training;

pub use file::{JudgeFile, JudgeFileError, JudgeIdentity};

use crate::IMAGE_PIXELS;
use crate::data::batches::to_signed;
use crate::data::{Dataset, DatasetIdentity, Split};
use crate::engine::NotFinite;
use crate::engine::cpu::CpuClassifier;
use crate::model::CLASSIFIER_FEATURES;
use digitgan_kernels::Kernels;
use std::io;
use std::path::{Path, PathBuf};
use training::TrainingPlan;

/// Images read at once.
const BATCH: usize = 64;
/// The judge of MNIST that comes with the program.
const MNIST_JUDGE: &[u8] = include_bytes!("mnist.safetensors");

/// Reads digits.
pub struct Judge {
    classifier: CpuClassifier,
    identity: JudgeIdentity,
}

/// What a judge makes of images.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Readings {
    /// The classifier's last hidden layer, `[count, 64]`.
    pub features: Vec<f32>,
    /// How probable each class is, `[count, classes]`.
    pub probabilities: Vec<f32>,
    /// The most probable class, `[count]`.
    pub labels: Vec<u8>,
}

/// Why there is no judge.
#[derive(Debug, thiserror::Error)]
pub enum JudgeError {
    /// The file cannot be used.
    #[error(transparent)]
    File(#[from] JudgeFileError),
    /// The file cannot be written.
    #[error("cannot write {path}: {source}")]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Its training went wrong.
    #[error("the judge's training met a number that is not finite: {0}; check the data set's images")]
    Training(#[from] NotFinite),
    /// Nothing to learn from.
    #[error("a judge needs at least 2 training images, but {dataset} has {images}")]
    TooFewImages {
        /// The data set.
        dataset: String,
        /// Its training images.
        images: usize,
    },
}

impl Judge {
    /// A judge from its file.
    pub fn new(kernels: Kernels, file: JudgeFile) -> Judge {
        let mut classifier = CpuClassifier::new(kernels, file.identity.classes, BATCH);
        let tensors = file.tensors.into_iter().map(|(name, tensor)| (format!("classifier.{name}"), tensor));
        classifier.restore(&tensors.collect(), 0).expect("a judge's file was checked when it was read");
        Judge { classifier, identity: file.identity }
    }

    /// The judge of MNIST that comes with the program.
    pub fn of_mnist(kernels: Kernels) -> Judge {
        let file = JudgeFile::from_bytes(MNIST_JUDGE, Path::new("the built-in judge"));
        Judge::new(kernels, file.expect("the built-in judge is whole"))
    }

    /// The judge of a data set: the built-in one, one that was kept in `folder`, or else a new one, which is then kept
    /// there. `watch` is called after each step of its training, with the steps done and those to do.
    ///
    /// # Errors
    /// A judge in `folder` that cannot be used, or a training that fails.
    pub fn of_dataset(
        kernels: Kernels,
        dataset: &Dataset,
        identity: &DatasetIdentity,
        folder: &Path,
        watch: &mut dyn FnMut(u64, u64),
    ) -> Result<Judge, JudgeError> {
        let builtin = Judge::of_mnist(kernels);
        if builtin.identity.dataset_sha256 == identity.sha256 {
            return Ok(builtin);
        }
        let path = folder.join(format!("{}.safetensors", identity.sha256));
        if path.exists() {
            return Ok(Judge::new(kernels, JudgeFile::read(&path)?));
        }
        train(kernels, dataset, identity, &TrainingPlan::judge(), &path, watch)
    }

    /// What the judge is.
    pub fn identity(&self) -> &JudgeIdentity {
        &self.identity
    }

    /// Reads images. What is read of an image depends on that image alone.
    ///
    /// # Shapes
    /// `images`: bytes, `[count, 28, 28]`.
    pub fn read(&mut self, images: &[u8]) -> Readings {
        let (count, classes) = (images.len() / IMAGE_PIXELS, self.identity.classes);
        let mut signed = vec![0.0; images.len()];
        to_signed(images, &mut signed);
        let mut features = vec![0.0; count * CLASSIFIER_FEATURES];
        let mut probabilities = vec![0.0; count * classes];
        self.classifier.read(&signed, &mut features, &mut probabilities);
        let labels = probabilities.chunks_exact_mut(classes).map(softmax).collect();
        Readings { features, probabilities, labels }
    }

    /// How many images of a split it reads as their labels say.
    pub fn correct(&mut self, split: &Split) -> usize {
        self.read(&split.images).labels.iter().zip(&split.labels).filter(|(read, label)| read == label).count()
    }
}

/// Trains a judge of a data set and writes it to `path`, with its accuracy on the test images.
///
/// # Errors
/// A training that fails, or a file that cannot be written.
pub fn train(
    kernels: Kernels,
    dataset: &Dataset,
    identity: &DatasetIdentity,
    plan: &TrainingPlan,
    path: &Path,
    watch: &mut dyn FnMut(u64, u64),
) -> Result<Judge, JudgeError> {
    if dataset.train.len() < 2 {
        let (dataset, images) = (dataset.name.clone(), dataset.train.len());
        return Err(JudgeError::TooFewImages { dataset, images });
    }
    let tensors =
        training::train(kernels, &dataset.train, dataset.classes, plan, &mut |done, all, _| watch(done, all))?;
    let file = JudgeFile::new(tensors, identity);
    let correct = Judge::new(kernels, file.clone()).correct(&dataset.test);
    let write = |source| JudgeError::Write { path: path.to_owned(), source };
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(write)?;
    }
    file.write(path, correct).map_err(write)?;
    Ok(Judge::new(kernels, JudgeFile::read(path)?))
}

/// Turns logits into probabilities; returns the largest's place, the first of equals.
fn softmax(logits: &mut [f32]) -> u8 {
    let (mut best, mut largest) = (0, f32::NEG_INFINITY);
    for (class, &logit) in logits.iter().enumerate() {
        if logit > largest {
            (best, largest) = (class, logit);
        }
    }
    let mut sum = 0.0;
    for logit in logits.iter_mut() {
        *logit = (*logit - largest).exp();
        sum += *logit;
    }
    logits.iter_mut().for_each(|probability| *probability /= sum);
    best as u8
}
