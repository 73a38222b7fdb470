//! Why a training cannot begin or go on.

use crate::config::ConfigError;
use crate::engine::{EngineError, StateError};
use crate::error::ErrorKind;
use crate::input::InputError;
use std::error::Error;

/// Why an observer cannot go on: the training ends with it.
pub type ObserverError = Box<dyn Error + Send + Sync>;

/// Why a training cannot begin or go on.
///
/// ```
/// use digitgan::prelude::*;
///
/// let dataset = strokes::some(20, 0)?;
/// let config = TrainConfig { batch_size: 64, ..TrainConfig::default() };
/// let first = Snapshot::first(&config, dataset.classes)?;
/// let error = Training::new(config, &dataset, Device::cpu(Some(1))?, first).err().unwrap();
/// assert!(matches!(error, TrainError::Config(ConfigError::BatchTooLarge { images: 20, .. })));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrainError {
    /// Settings that make no sense.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A state that does not fit the model.
    #[error("the state to go on from does not fit the model: {0}")]
    State(StateError),
    /// The engine failed where no step is to blame.
    #[error(transparent)]
    Engine(EngineError),
    /// The device failed in a step.
    #[error("stopped at step {step}: {source}{}", told(*last_good))]
    Device {
        /// The step, from 1, or one of the few begun after it.
        step: u64,
        /// What went wrong.
        source: EngineError,
        /// Finished steps of the last checkpoint, if there is one.
        last_good: Option<u64>,
    },
    /// Training met a number that is not finite.
    #[error("stopped at step {step}: {what} (first seen in: {tensor}){}", told(*last_good))]
    NotFinite {
        /// The step, from 1.
        step: u64,
        /// What was not finite.
        what: String,
        /// The first tensor that holds such a number.
        tensor: String,
        /// Finished steps of the last checkpoint, if there is one.
        last_good: Option<u64>,
    },
    /// Whoever listens cannot go on.
    #[error(transparent)]
    Observer(#[from] ObserverError),
}

impl TrainError {
    /// What it is about.
    pub fn kind(&self) -> ErrorKind {
        match self {
            TrainError::Config(error) => error.kind(),
            TrainError::State(error) => error.kind(),
            TrainError::Engine(error) | TrainError::Device { source: error, .. } => error.kind(),
            TrainError::NotFinite { .. } => ErrorKind::NotFinite,
            TrainError::Observer(_) => ErrorKind::Other,
        }
    }
}

fn told(last_good: Option<u64>) -> String {
    match last_good {
        Some(step) => format!("; the last good state is that after step {step}"),
        None => "; there is no good state yet".to_owned(),
    }
}

impl From<EngineError> for TrainError {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::State(source) => TrainError::State(source),
            other => TrainError::Engine(other),
        }
    }
}

impl From<InputError> for TrainError {
    fn from(error: InputError) -> Self {
        TrainError::Engine(error.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_one_line_with_the_step_and_what_is_left() {
        let reason = "out of device memory allocating 1024 bytes".to_owned();
        let source = EngineError::OutOfMemory { device: "cuda:0 (NVIDIA H200)".to_owned(), reason };
        let what = "cuda:0 (NVIDIA H200) is out of memory (out of device memory allocating 1024 bytes)";
        let at_start = TrainError::from(source.clone()).to_string();
        let in_a_step = TrainError::Device { step: 51, source, last_good: Some(50) }.to_string();
        for (text, says) in [(&at_start, what), (&in_a_step, "after step 50"), (&in_a_step, "stopped at step 51")] {
            assert!(text.contains(what) && text.contains(says) && !text.contains('\n'), "{text}");
        }
        let source = EngineError::Device { device: "cuda:0".to_owned(), reason: "it hung".to_owned() };
        let failed = TrainError::Device { step: 2, source, last_good: None }.to_string();
        assert!(failed.contains("cuda:0 failed: it hung") && failed.contains("no good state yet"), "{failed}");
    }
}
