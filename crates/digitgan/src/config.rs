//! What a training is to do, checked once: deeper code never asks again.

use crate::data::{Augment, DataSource, DatasetIdentity};
use crate::model::Variant;
use crate::objective::GeneratorLoss;
use serde::{Deserialize, Serialize};

/// The settings of a training. Field by field the options of `digitgan train`, and by the same names
/// (with dashes) the keys of a configuration file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct TrainConfig {
    /// Which of the three models.
    pub model: Variant,
    /// Where the real images come from.
    pub data: DataSource,
    /// How real images are varied; empty: not at all.
    pub augment: Vec<Augment>,
    /// Passes over the training images.
    pub epochs: u32,
    /// Images in a batch.
    pub batch_size: usize,
    /// Adam's learning rate for G.
    pub lr: f64,
    /// Adam's learning rate for D.
    pub lr_d: f64,
    /// Adam's β₁.
    pub beta1: f64,
    /// What G minimises.
    pub g_loss: GeneratorLoss,
    /// Every random number of the run follows from it.
    pub seed: u64,
    /// Steps between two checkpoints within an epoch; one is written after every epoch in any case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checkpoint_steps: Option<u64>,
    /// Stop after this many steps, wherever the epoch stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_steps: Option<u64>,
}

impl Default for TrainConfig {
    /// The report's protocol.
    fn default() -> Self {
        TrainConfig {
            model: Variant::Acgan,
            data: DataSource::Auto,
            augment: Vec::new(),
            epochs: 20,
            batch_size: 64,
            lr: 1e-3,
            lr_d: 1e-3,
            beta1: 0.5,
            g_loss: GeneratorLoss::NonSaturating,
            seed: 1,
            checkpoint_steps: None,
            max_steps: None,
        }
    }
}

/// Largest batch: 16 GiB of buffers would be needed beyond it.
pub const MAX_BATCH: usize = 32_768;
/// Largest seed: what a TOML file can hold.
pub const MAX_SEED: u64 = i64::MAX as u64;

/// A setting that makes no sense.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ConfigError {
    /// A number outside its range.
    #[error("{option} is {found}, but must be {expected}")]
    Range {
        /// The option, as on the command line.
        option: &'static str,
        /// What was given.
        found: String,
        /// What is possible.
        expected: String,
    },
    /// A batch that the data set cannot fill.
    #[error(
        "--batch-size is {batch}, but the training set {dataset} has only {images} images: choose at most {images}"
    )]
    BatchTooLarge {
        /// The batch asked for.
        batch: usize,
        /// The data set.
        dataset: String,
        /// Its training images.
        images: usize,
    },
}

impl TrainConfig {
    /// Checks every setting that can be checked without the data.
    ///
    /// # Errors
    /// The first that is impossible.
    pub fn validate(&self) -> Result<(), ConfigError> {
        let range = |option, ok: bool, found: &dyn ToString, expected: &str| match ok {
            true => Ok(()),
            false => Err(ConfigError::Range { option, found: found.to_string(), expected: expected.to_owned() }),
        };
        let rate = |rate: f64| rate.is_finite() && rate > 0.0;
        range("--epochs", self.epochs >= 1, &self.epochs, "at least 1")?;
        let batch = (2..=MAX_BATCH).contains(&self.batch_size);
        range("--batch-size", batch, &self.batch_size, "2 to 32768 (batch normalisation needs two images)")?;
        range("--lr", rate(self.lr), &self.lr, "a positive number, such as 0.001")?;
        range("--lr-d", rate(self.lr_d), &self.lr_d, "a positive number, such as 0.001")?;
        range("--beta1", (0.0..1.0).contains(&self.beta1), &self.beta1, "at least 0 and below 1")?;
        range("--seed", self.seed <= MAX_SEED, &self.seed, "at most 9223372036854775807")?;
        range("--checkpoint-steps", self.checkpoint_steps != Some(0), &0, "at least 1")?;
        range("--max-steps", self.max_steps != Some(0), &0, "at least 1")
    }

    /// Checks the settings that depend on the data.
    ///
    /// # Errors
    /// When the data set cannot fill one batch.
    pub fn validate_for(&self, dataset: &DatasetIdentity) -> Result<(), ConfigError> {
        if self.batch_size > dataset.train_images {
            return Err(ConfigError::BatchTooLarge {
                batch: self.batch_size,
                dataset: dataset.name.clone(),
                images: dataset.train_images,
            });
        }
        Ok(())
    }

    /// Steps of the whole training, for so many training images.
    pub fn total_steps(&self, train_images: usize) -> u64 {
        let all = u64::from(self.epochs) * (train_images / self.batch_size) as u64;
        self.max_steps.map_or(all, |most| most.min(all))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_is_the_reports_protocol_and_valid() {
        let config = TrainConfig::default();
        assert_eq!(config.validate(), Ok(()));
        assert_eq!((config.epochs, config.batch_size, config.lr, config.beta1), (20, 64, 1e-3, 0.5));
        assert_eq!(config.total_steps(60_000), 20 * 937);
        assert_eq!(TrainConfig { max_steps: Some(5), ..config }.total_steps(60_000), 5);
    }

    #[test]
    fn each_impossible_setting_is_named() {
        let good = TrainConfig::default;
        for (config, option) in [
            (TrainConfig { epochs: 0, ..good() }, "--epochs"),
            (TrainConfig { batch_size: 1, ..good() }, "--batch-size"),
            (TrainConfig { batch_size: MAX_BATCH + 1, ..good() }, "--batch-size"),
            (TrainConfig { lr: 0.0, ..good() }, "--lr"),
            (TrainConfig { lr: f64::NAN, ..good() }, "--lr"),
            (TrainConfig { lr_d: -1.0, ..good() }, "--lr-d"),
            (TrainConfig { beta1: 1.0, ..good() }, "--beta1"),
            (TrainConfig { seed: u64::MAX, ..good() }, "--seed"),
            (TrainConfig { checkpoint_steps: Some(0), ..good() }, "--checkpoint-steps"),
            (TrainConfig { max_steps: Some(0), ..good() }, "--max-steps"),
        ] {
            let error = config.validate().unwrap_err().to_string();
            assert!(error.starts_with(&format!("{option} is ")), "{error}");
        }
    }
}
