//! The state of a training between two steps.

use super::error::TrainError;
use crate::config::TrainConfig;
use crate::model::{ModelSpec, TensorMap, initial_state_of};

/// Everything that a training needs to go on bit for bit: randomness needs no state (see [`crate::seed`]).
///
/// ```
/// use digitgan::prelude::*;
///
/// # let config = TrainConfig { epochs: 1, batch_size: 10, ..Recipe::Paper.config(Variant::Gan) };
/// # let dataset = strokes::some(20, 0)?;
/// let first = Snapshot::first(&config, dataset.classes)?;
/// assert_eq!(first.step, 0);
/// // A snapshot from `Event::Checkpoint` goes on in the same way, bit for bit.
/// let training = Training::new(config, &dataset, Device::cpu(Some(1))?, first)?;
/// assert_eq!((training.step(), training.total_steps()), (0, 2));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot {
    /// Finished steps.
    pub step: u64,
    /// How often the training went back to an earlier state, after a collapse.
    pub rollbacks: u32,
    /// Weights, statistics and moments: the tensors of [`initial_state_of`].
    pub state: TensorMap,
}

impl Snapshot {
    /// The state before the first step, on data of so many classes.
    ///
    /// # Errors
    /// Impossible settings, fewer than 2 classes or more than 100.
    pub fn first(config: &TrainConfig, classes: usize) -> Result<Snapshot, TrainError> {
        config.validate()?;
        let spec = ModelSpec::new(config.model, classes)?;
        let state = initial_state_of(&spec, &config.design(), config.ema > 0.0, config.seed);
        Ok(Snapshot { step: 0, rollbacks: 0, state })
    }

    /// D's tensors by their own names, without Adam's moments.
    pub fn discriminator(&self) -> TensorMap {
        let own =
            |name: &String| Some(name.strip_prefix("discriminator.")?.to_owned()).filter(|n| !n.starts_with("adam."));
        self.state.iter().filter_map(|(name, tensor)| Some((own(name)?, tensor.clone()))).collect()
    }
}
