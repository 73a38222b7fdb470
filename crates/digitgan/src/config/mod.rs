//! What a training is to do, checked once: deeper code never asks again.
//!
//! Every setting is declared once, in `settings.rs`, with its help, range, defaults, and what resuming and checkpoints do
//! with it. Front ends read the declarations ([`Setting::all`]), put what they were told into a [`Layer`] each (flags, a
//! file), lay one [over](Layer::over) the other, and get one checked [`TrainConfig`]:
//!
//! ```
//! use digitgan::config::{Layer, Recipe};
//!
//! let file = Layer { epochs: Some(5), lr: Some(0.002), ..Layer::default() };
//! let flags = Layer { recipe: Some(Recipe::Paper), epochs: Some(10), ..Layer::default() };
//! let config = flags.over(file).config()?;
//! assert_eq!((config.epochs, config.lr, config.lr_d, config.beta1), (10, 0.002, 0.002, 0.5));
//! # Ok::<(), digitgan::config::ConfigError>(())
//! ```

mod error;
mod layer;
mod recipe;
mod setting;
mod settings;
#[cfg(test)]
mod tests;
mod value;

pub use error::ConfigError;
pub use recipe::Recipe;
pub use setting::{Held, OnResume, Rule, Setting};
pub use settings::{Layer, TrainConfig};
pub use value::{Kind, ThreadCount};

pub use crate::engine::MAX_BATCH;
use crate::engine::{InstanceNoise, Protocol};
use crate::model::Design;
use crate::objective::Adversarial;
use serde::{Deserialize, Serialize};
use settings::SETTINGS;

/// What to do when the generator collapses; it is told and recorded in any case.
///
/// ```
/// use digitgan::prelude::*;
///
/// let layer = Layer { on_collapse: Some(OnCollapse::Rollback), ..Layer::default() };
/// assert_eq!(layer.config()?.on_collapse, OnCollapse::Rollback);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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

/// Largest seed: what a TOML file can hold.
pub const MAX_SEED: u64 = i64::MAX as u64;

impl TrainConfig {
    /// Checks every setting that can be checked without the data.
    ///
    /// # Errors
    /// The first that is impossible.
    pub fn validate(&self) -> Result<(), ConfigError> {
        for setting in Setting::all() {
            if let Some(broken) = setting.rules.iter().find(|rule| !(rule.holds)(self)) {
                let found = setting.value_in(self).unwrap_or_default();
                return Err(ConfigError::Range { setting: setting.name, found, expected: broken.expected });
            }
        }
        Ok(())
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

    /// Steps of all epochs, for so many training images: what schedules go by. Batches of nothing make no step.
    pub fn scheduled_steps(&self, train_images: usize) -> u64 {
        let per_epoch = train_images.checked_div(self.batch_size).unwrap_or(0);
        u64::from(self.epochs).saturating_mul(per_epoch as u64)
    }

    /// Steps of the whole training, for so many training images.
    pub fn total_steps(&self, train_images: usize) -> u64 {
        let all = self.scheduled_steps(train_images);
        self.max_steps.map_or(all, |most| most.min(all))
    }
}
