//! Choosing one of a run's generators, by a rule that never sees the test images.

use super::EvaluationError;
use crate::data::Dataset;
use crate::engine::Device;
use crate::judge::{Judge, Readings};
use crate::metrics::MetricError;
use crate::metrics::frechet::Gaussian;
use crate::sample::Sampler;
use crate::seed::{Purpose, index, permutation};
use crate::weights::GeneratorFile;

/// Digits of either kind that the choice is made by.
const DIGITS: usize = 10_000;

/// Compares generators with *training* images.
///
/// ```
/// use digitgan::prelude::*;
///
/// let device = Device::cpu(None)?;
/// let mut choice = Choice::new(&device, Judge::of_mnist(&device), &strokes::some(20, 0)?, 1)?;
/// let generators = [GeneratorFile::untrained(Variant::Gan, 10, 1)?, GeneratorFile::untrained(Variant::Gan, 10, 2)?];
/// let distances = generators.iter().map(|generator| choice.distance(generator)).collect::<Result<Vec<f64>, _>>()?;
/// println!("the nearer to training digits the better: {distances:?}");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Choice {
    device: Device,
    judge: Judge,
    training: Gaussian,
    labels: Vec<u8>,
    seed: u64,
}

impl Choice {
    /// Reads some training images.
    ///
    /// # Errors
    /// Fewer than two of them, or images and classes that do not fit together.
    pub fn new(device: &Device, mut judge: Judge, dataset: &Dataset, seed: u64) -> Result<Self, EvaluationError> {
        dataset.check()?;
        let train = &dataset.train;
        let order = permutation(seed, Purpose::EvaluationImages, index::CHOICE_TRAIN, train.len());
        let images: Vec<u8> =
            order.iter().take(DIGITS).flat_map(|&place| train.pixels(place as usize)).copied().collect();
        let training = gaussian(judge.read(&images)?)?;
        let labels = (0..train.len().min(DIGITS)).map(|image| (image % dataset.classes) as u8).collect();
        // On the CPU, wherever else is drawn: the choice must not depend on a device's rounding.
        Ok(Choice { device: device.host(), judge, training, labels, seed })
    }

    /// The Fréchet distance of a generator's digits to training images: less is better.
    ///
    /// # Errors
    /// A generator whose tensors do not fit, or digits that cannot be measured.
    pub fn distance(&mut self, file: &GeneratorFile) -> Result<f64, EvaluationError> {
        let digits = Sampler::new(&self.device, file)?.draw_at(self.seed, index::CHOICE, &self.labels)?;
        Ok(gaussian(self.judge.read(&digits)?)?.distance(&self.training)?)
    }
}

fn gaussian(readings: Readings) -> Result<Gaussian, MetricError> {
    Gaussian::of(&readings.as_features()?)
}
