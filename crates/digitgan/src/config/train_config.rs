//! What follows from the settings of a training: whether they are possible, what the engine is to do, the schedules.

use super::error::ConfigError;
use super::settings::{Setting, TrainConfig};
use crate::data::Reading;
use crate::engine::{InstanceNoise, Protocol};
use crate::loss::Losses;
use crate::model::Design;

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

    /// How the images of a path are to be read.
    pub fn reading(&self) -> Reading {
        Reading { ground: self.ground, orientation: self.orientation, range: self.range, labels: self.labels }
    }

    /// What the engine is to do, but for the rates.
    pub fn protocol(&self) -> Protocol {
        Protocol {
            beta1: self.beta1,
            losses: Losses {
                adversarial: self.loss,
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

    /// Steps of an epoch, for so many training images. Batches of nothing make no step.
    pub fn steps_per_epoch(&self, train_images: usize) -> u64 {
        train_images.checked_div(self.batch_size).unwrap_or(0) as u64
    }

    /// Steps of all epochs, for so many training images: what schedules go by.
    pub fn scheduled_steps(&self, train_images: usize) -> u64 {
        u64::from(self.epochs).saturating_mul(self.steps_per_epoch(train_images))
    }

    /// Steps of the whole training, for so many training images.
    pub fn total_steps(&self, train_images: usize) -> u64 {
        let all = self.scheduled_steps(train_images);
        self.max_steps.map_or(all, |most| most.min(all))
    }
}
