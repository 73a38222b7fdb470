//! What changes from step to step beside the data: learning rates and noise.

use crate::config::TrainConfig;
use crate::engine::InstanceNoise;

/// The rates and the noise of one step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Pace {
    pub(super) generator_rate: f64,
    pub(super) discriminator_rate: f64,
    pub(super) noise: Option<InstanceNoise>,
}

impl Pace {
    /// Of the step that follows `step` finished ones, on so many training images, in a training that went back
    /// `rollbacks` times: each halves the rates.
    pub(super) fn of(config: &TrainConfig, train_images: usize, step: u64, rollbacks: u32) -> Pace {
        let done = step as f64 / config.scheduled_steps(train_images) as f64;
        let factor = config.rate_factor(done) * 0.5f64.powi(rollbacks as i32);
        Pace { generator_rate: config.lr * factor, discriminator_rate: config.lr_d * factor, noise: config.noise(done) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_follow_the_schedule_and_halve_with_every_way_back() {
        let config =
            TrainConfig { lr: 0.4, lr_d: 0.2, lr_decay: 0.5, epochs: 2, batch_size: 10, ..TrainConfig::default() };
        let rates = |step, rollbacks| {
            let pace = Pace::of(&config, 100, step, rollbacks);
            (pace.generator_rate, pace.discriminator_rate)
        };
        assert_eq!(rates(0, 0), (0.4, 0.2));
        assert_eq!(rates(15, 0), (0.2, 0.1));
        assert_eq!(rates(15, 2), (0.05, 0.025));
    }
}
