//! What a training is to do, checked once: deeper code never asks again.

use crate::data::{Augment, DataSource};
use crate::engine::{InstanceNoise, Precision, Protocol};
use crate::model::{ClassInput, Design, Normaliser, SourceHead, Variant};
use crate::objective::{Adversarial, Game, GeneratorLoss};
use serde::{Deserialize, Serialize};

/// The settings of a training. Field by field the options of `digitgan train`, and by the same names
/// (with dashes) the keys of a configuration file. What a record of old does not say was as in the report.
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
    /// Which game D and G play.
    #[serde(default)]
    pub loss: Game,
    /// How far below one D's target for real images is.
    #[serde(default)]
    pub label_smoothing: f32,
    /// Weight of the class of generated images in the losses of a D that predicts it and of its G; that of real images
    /// weighs one.
    #[serde(default = "one_weight")]
    pub fake_class_weight: f32,
    /// Standard deviation of the noise over everything that D sees, at the first step; it falls linearly to zero.
    #[serde(default)]
    pub instance_noise: f32,
    /// Over this last share of the training both learning rates fall linearly to zero.
    #[serde(default)]
    pub lr_decay: f64,
    /// Decay of the average of G's weights, which draws in G's place; 0: no average.
    #[serde(default)]
    pub ema: f64,
    /// Slope of D's rectifiers below zero.
    #[serde(default)]
    pub d_leak: f32,
    /// What keeps D's features in range.
    #[serde(default)]
    pub d_norm: Normaliser,
    /// How D is told the class, in a model that knows classes.
    #[serde(default)]
    pub d_class: ClassInput,
    /// How D's features become its verdict.
    #[serde(default)]
    pub d_head: SourceHead,
    /// Images that D judges together.
    #[serde(default = "one")]
    pub pack: usize,
    /// In which numbers the CPU engine multiplies. Not written where it says nothing new: checkpoints are held to a hash
    /// of what is written, and those of older versions must go on.
    #[serde(default, skip_serializing_if = "is_default")]
    pub precision: Precision,
    /// Every random number of the run follows from it.
    pub seed: u64,
    /// Steps between two looks of the mode-collapse watch, where there is a judge.
    #[serde(default = "watch_steps")]
    pub watch_steps: u64,
    /// What to do when the generator collapses.
    #[serde(default)]
    pub on_collapse: OnCollapse,
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
            loss: Game::CrossEntropy,
            label_smoothing: 0.0,
            fake_class_weight: one_weight(),
            instance_noise: 0.0,
            lr_decay: 0.0,
            ema: 0.0,
            d_leak: 0.0,
            d_norm: Normaliser::Batch,
            d_class: ClassInput::Plane,
            d_head: SourceHead::Linear,
            pack: 1,
            precision: Precision::F32,
            seed: 1,
            watch_steps: watch_steps(),
            on_collapse: OnCollapse::Continue,
            checkpoint_steps: None,
            max_steps: None,
        }
    }
}

/// A set of settings that go together: what holds where nothing else is said. `docs/recipes.md` has what each of its
/// departures from the report gives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Recipe {
    /// The protocol of Peng & Yang (2020): [`TrainConfig::default`].
    Report,
    /// The same generator, trained for better digits.
    #[default]
    Modern,
}

impl Recipe {
    /// The settings of a training of `model`.
    pub fn config(self, model: Variant) -> TrainConfig {
        let report = TrainConfig { model, ..TrainConfig::default() };
        match self {
            Recipe::Report => report,
            Recipe::Modern => TrainConfig {
                lr: 4e-3,
                lr_d: 4e-3,
                loss: Game::Relativistic,
                beta1: 0.0,
                lr_decay: 0.5,
                ema: 0.999,
                fake_class_weight: 0.1,
                d_leak: 0.2,
                d_norm: Normaliser::Spectral,
                d_class: ClassInput::Projection,
                d_head: SourceHead::Hidden,
                ..report
            },
        }
    }
}

/// What to do when the generator collapses; it is told and recorded in any case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnCollapse {
    /// Go on: many generators recover.
    #[default]
    Continue,
    /// Stop, with the last checkpoint before it.
    Stop,
    /// Go back to the last checkpoint before it, and on from there with other noise and half the learning rates.
    Rollback,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

fn watch_steps() -> u64 {
    200
}

fn one() -> usize {
    1
}

fn one_weight() -> f32 {
    1.0
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
        range(
            "--label-smoothing",
            (0.0..0.5).contains(&self.label_smoothing),
            &self.label_smoothing,
            "0 to below 0.5",
        )?;
        // What the other games do not have must not seem to be done.
        let entropy = self.loss == Game::CrossEntropy;
        let smoothing = entropy || self.label_smoothing == 0.0;
        range("--label-smoothing", smoothing, &self.label_smoothing, "0 unless --loss is cross-entropy")?;
        let known = entropy || self.g_loss == GeneratorLoss::NonSaturating;
        range("--g-loss", known, &"saturating", "non-saturating unless --loss is cross-entropy")?;
        let weight = self.fake_class_weight;
        range("--fake-class-weight", weight > 0.0 && weight <= 10.0, &weight, "more than 0 and at most 10")?;
        range("--instance-noise", (0.0..=1.0).contains(&self.instance_noise), &self.instance_noise, "0 to 1")?;
        range("--lr-decay", (0.0..=1.0).contains(&self.lr_decay), &self.lr_decay, "0 (never) to 1 (from the start)")?;
        range("--ema", (0.0..1.0).contains(&self.ema), &self.ema, "0 (no average) to below 1, such as 0.999")?;
        range("--d-leak", (0.0..1.0).contains(&self.d_leak), &self.d_leak, "0 (ReLU) to below 1, such as 0.2")?;
        let pack = (1..=Design::MAX_PACK).contains(&self.pack) && self.batch_size.is_multiple_of(self.pack);
        range("--pack", pack, &self.pack, "1 to 4, and a divisor of --batch-size")?;
        // Batch normalisation needs two of them.
        range("--pack", self.batch_size / self.pack >= 2, &self.pack, "at most half of --batch-size")?;
        range("--seed", self.seed <= MAX_SEED, &self.seed, "at most 9223372036854775807")?;
        range("--watch-steps", self.watch_steps >= 1, &self.watch_steps, "at least 1")?;
        range("--checkpoint-steps", self.checkpoint_steps != Some(0), &0, "at least 1")?;
        range("--max-steps", self.max_steps != Some(0), &0, "at least 1")
    }

    /// What the engine is to do, but for the rates.
    pub fn protocol(&self) -> Protocol {
        Protocol {
            beta1: self.beta1,
            adversarial: Adversarial {
                game: self.loss,
                generator_loss: self.g_loss,
                label_smoothing: self.label_smoothing,
                fake_class_weight: self.fake_class_weight,
            },
            design: self.design(),
            average: (self.ema > 0.0).then_some(self.ema),
            precision: self.precision,
            ..Protocol::default()
        }
    }

    /// How D is built.
    pub fn design(&self) -> Design {
        Design {
            leak: self.d_leak,
            normaliser: self.d_norm,
            class_input: self.d_class,
            head: self.d_head,
            pack: self.pack,
        }
    }

    /// Whether what a step computes depends on how many there are to be.
    pub fn is_scheduled(&self) -> bool {
        self.lr_decay > 0.0 || self.instance_noise > 0.0
    }

    /// What both learning rates are multiplied with after the share `done` of the training.
    pub fn rate_factor(&self, done: f64) -> f64 {
        if self.lr_decay > 0.0 { ((1.0 - done) / self.lr_decay).min(1.0) } else { 1.0 }
    }

    /// The noise over what D sees after the share `done` of the training.
    pub fn noise(&self, done: f64) -> Option<InstanceNoise> {
        let deviation = self.instance_noise * (1.0 - done) as f32;
        (deviation > 0.0).then_some(InstanceNoise { deviation, seed: self.seed })
    }

    /// Checks the settings that depend on the data: a data set's name, and how many images it has to train on.
    ///
    /// # Errors
    /// When the data set cannot fill one batch.
    pub fn validate_for(&self, dataset: &str, train_images: usize) -> Result<(), ConfigError> {
        if self.batch_size > train_images {
            return Err(ConfigError::BatchTooLarge {
                batch: self.batch_size,
                dataset: dataset.to_owned(),
                images: train_images,
            });
        }
        Ok(())
    }

    /// Steps of all epochs, for so many training images: what schedules go by.
    pub fn scheduled_steps(&self, train_images: usize) -> u64 {
        u64::from(self.epochs) * (train_images / self.batch_size) as u64
    }

    /// Steps of the whole training, for so many training images.
    pub fn total_steps(&self, train_images: usize) -> u64 {
        let all = self.scheduled_steps(train_images);
        self.max_steps.map_or(all, |most| most.min(all))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recipes_are_valid_for_every_model() {
        for recipe in [Recipe::Report, Recipe::Modern] {
            for model in Variant::ALL {
                let config = recipe.config(model);
                assert_eq!((config.validate(), config.model), (Ok(()), model), "{recipe:?}");
            }
        }
        assert_eq!(Recipe::Report.config(Variant::Acgan), TrainConfig::default());
    }

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
            (TrainConfig { label_smoothing: 0.5, ..good() }, "--label-smoothing"),
            (TrainConfig { label_smoothing: -0.1, ..good() }, "--label-smoothing"),
            (TrainConfig { label_smoothing: f32::NAN, ..good() }, "--label-smoothing"),
            (TrainConfig { label_smoothing: 0.1, loss: Game::Hinge, ..good() }, "--label-smoothing"),
            (TrainConfig { g_loss: GeneratorLoss::Saturating, loss: Game::Relativistic, ..good() }, "--g-loss"),
            (TrainConfig { fake_class_weight: 0.0, ..good() }, "--fake-class-weight"),
            (TrainConfig { fake_class_weight: f32::NAN, ..good() }, "--fake-class-weight"),
            (TrainConfig { fake_class_weight: 10.5, ..good() }, "--fake-class-weight"),
            (TrainConfig { instance_noise: 1.01, ..good() }, "--instance-noise"),
            (TrainConfig { instance_noise: -0.1, ..good() }, "--instance-noise"),
            (TrainConfig { lr_decay: 1.5, ..good() }, "--lr-decay"),
            (TrainConfig { lr_decay: f64::NAN, ..good() }, "--lr-decay"),
            (TrainConfig { ema: 1.0, ..good() }, "--ema"),
            (TrainConfig { ema: -0.5, ..good() }, "--ema"),
            (TrainConfig { d_leak: 1.0, ..good() }, "--d-leak"),
            (TrainConfig { d_leak: -0.2, ..good() }, "--d-leak"),
            (TrainConfig { pack: 0, ..good() }, "--pack"),
            (TrainConfig { pack: 3, ..good() }, "--pack"),
            (TrainConfig { pack: 8, ..good() }, "--pack"),
            (TrainConfig { pack: 2, batch_size: 2, ..good() }, "--pack"),
            (TrainConfig { seed: u64::MAX, ..good() }, "--seed"),
            (TrainConfig { checkpoint_steps: Some(0), ..good() }, "--checkpoint-steps"),
            (TrainConfig { max_steps: Some(0), ..good() }, "--max-steps"),
        ] {
            let error = config.validate().unwrap_err().to_string();
            assert!(error.starts_with(&format!("{option} is ")) && error.contains(", but must be "), "{error}");
        }
    }

    #[test]
    fn the_ends_of_every_range_are_possible() {
        let good = TrainConfig::default;
        for config in [
            TrainConfig {
                label_smoothing: 0.49,
                fake_class_weight: 10.0,
                instance_noise: 1.0,
                lr_decay: 1.0,
                ..good()
            },
            TrainConfig { ema: 0.99999, d_leak: 0.99, pack: Design::MAX_PACK, ..good() },
            TrainConfig { pack: 4, batch_size: 8, ..good() },
        ] {
            assert_eq!(config.validate(), Ok(()), "{config:?}");
        }
    }

    #[test]
    fn rates_fall_linearly_over_the_last_share_of_the_training() {
        for (lr_decay, done, expected) in [
            (0.0, 0.0, 1.0),
            (0.0, 0.999, 1.0),
            (0.25, 0.0, 1.0),
            (0.25, 0.75, 1.0),
            (0.25, 0.875, 0.5),
            (0.25, 1.0, 0.0),
            (1.0, 0.0, 1.0),
            (1.0, 0.25, 0.75),
        ] {
            let config = TrainConfig { lr_decay, ..TrainConfig::default() };
            assert_eq!(config.rate_factor(done), expected, "{lr_decay} after {done}");
            assert_eq!(config.is_scheduled(), lr_decay > 0.0);
        }
    }

    #[test]
    fn instance_noise_falls_linearly_to_none() {
        let config = TrainConfig { instance_noise: 0.4, seed: 7, ..TrainConfig::default() };
        assert!(config.is_scheduled());
        for (done, deviation) in [(0.0, 0.4), (0.5, 0.2), (0.75, 0.1)] {
            assert_eq!(config.noise(done), Some(InstanceNoise { deviation, seed: 7 }), "after {done}");
        }
        assert_eq!(config.noise(1.0), None);
        assert_eq!(TrainConfig::default().noise(0.0), None);
    }

    #[test]
    fn the_options_reach_the_engine() {
        let config = TrainConfig {
            beta1: 0.25,
            loss: Game::Hinge,
            label_smoothing: 0.1,
            fake_class_weight: 0.3,
            ema: 0.999,
            d_leak: 0.2,
            d_norm: Normaliser::Spectral,
            d_class: ClassInput::Projection,
            d_head: SourceHead::Hidden,
            pack: 2,
            precision: Precision::Bf16,
            ..TrainConfig::default()
        };
        let design = Design {
            leak: 0.2,
            normaliser: Normaliser::Spectral,
            class_input: ClassInput::Projection,
            head: SourceHead::Hidden,
            pack: 2,
        };
        let adversarial =
            Adversarial { game: Game::Hinge, label_smoothing: 0.1, fake_class_weight: 0.3, ..Adversarial::default() };
        let expected = Protocol {
            beta1: 0.25,
            adversarial,
            design,
            average: Some(0.999),
            precision: Precision::Bf16,
            ..Protocol::default()
        };
        assert_eq!(config.protocol(), expected);
        assert_eq!(TrainConfig::default().protocol(), Protocol::default());
    }
}
