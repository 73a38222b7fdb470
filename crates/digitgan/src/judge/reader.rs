//! A trained classifier that reads images.

use super::error::JudgeError;
use crate::data::Split;
use crate::engine::cpu::CpuClassifier;
use crate::engine::{Device, InputError, Threads};
use crate::input::{check_class_count, check_length, count_images};
use crate::metrics::{Features, MetricError};
use crate::model::{CLASSIFIER_FEATURES, TensorMap};
use crate::pixel::to_signed;

/// Images read at once.
const BATCH: usize = 64;

/// Reads digits.
pub struct Reader {
    classifier: CpuClassifier,
    threads: Threads,
    classes: usize,
}

/// What a classifier makes of images.
///
/// ```
/// use digitgan::prelude::*;
///
/// let mut judge = Judge::of_mnist(&Device::cpu(Some(1))?);
/// let read: Readings = judge.read(&strokes::some(3, 0)?.train.images)?;
/// assert_eq!((read.features.len(), read.probabilities.len(), read.labels.len()), (3 * 64, 3 * 10, 3));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Readings {
    /// The classifier's last hidden layer, `[count, 64]`.
    pub features: Vec<f32>,
    /// How probable each class is, `[count, classes]`.
    pub probabilities: Vec<f32>,
    /// The most probable class, `[count]`.
    pub labels: Vec<u8>,
}

impl Readings {
    /// The features as the metrics take them.
    ///
    /// # Errors
    /// When a feature is not finite: of weights that are not.
    pub fn as_features(&self) -> Result<Features<'_>, MetricError> {
        Features::new(&self.features[..], self.labels.len(), CLASSIFIER_FEATURES)
    }
}

impl Reader {
    /// A classifier with these tensors, such as [`super::training::train`] returns.
    ///
    /// # Errors
    /// Tensors that are not those of a classifier of so many classes.
    pub fn new(device: &Device, tensors: TensorMap, classes: usize) -> Result<Reader, JudgeError> {
        check_class_count(classes)?;
        let threads = device.threads().clone();
        let mut classifier = threads.install(|| CpuClassifier::new(device.kernels(), classes, BATCH));
        let tensors = tensors.into_iter().map(|(name, tensor)| (format!("classifier.{name}"), tensor));
        classifier.restore(&tensors.collect(), 0)?;
        Ok(Reader { classifier, threads, classes })
    }

    /// Reads images. What is read of an image depends on that image alone.
    ///
    /// # Shapes
    /// `images`: bytes, `[count, 28, 28]`.
    ///
    /// # Errors
    /// Bytes that are not whole images.
    pub fn read(&mut self, images: &[u8]) -> Result<Readings, InputError> {
        let (count, classes) = (count_images(images.len())?, self.classes);
        let mut signed = vec![0.0; images.len()];
        to_signed(images, &mut signed);
        let mut features = vec![0.0; count * CLASSIFIER_FEATURES];
        let mut probabilities = vec![0.0; count * classes];
        let classifier = &mut self.classifier;
        self.threads.install(|| classifier.read(&signed, &mut features, &mut probabilities));
        let labels = probabilities.chunks_exact_mut(classes).map(softmax).collect();
        Ok(Readings { features, probabilities, labels })
    }

    /// How many images of a split it reads as they are labelled.
    ///
    /// # Errors
    /// Pixels that are not whole images, or not one for each class.
    pub fn correct(&mut self, split: &Split) -> Result<usize, InputError> {
        check_length("classes of the images, [count]", split.labels.len(), count_images(split.images.len())?)?;
        let read = self.read(&split.images)?.labels;
        Ok(read.iter().zip(&split.labels).filter(|(read, label)| read == label).count())
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_of_logits_however_large() {
        let mut logits = [1000.0, 1000.0 + 2f32.ln(), -1000.0];
        assert_eq!(softmax(&mut logits), 1);
        for (found, expected) in logits.iter().zip([1.0 / 3.0, 2.0 / 3.0, 0.0]) {
            assert!((found - expected).abs() < 1e-4, "{logits:?}");
        }
        assert_eq!(softmax(&mut [0.5, 0.5]), 0, "the first of equals");
    }
}
