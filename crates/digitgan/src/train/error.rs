//! Why a training cannot start or go on.

use crate::config::ConfigError;
use crate::engine::{EngineError, StateError};
use crate::model::TensorMap;
use crate::picture::PictureError;
use crate::run::checkpoint::CheckpointError;
use crate::run::generator_file::GeneratorFileError;
use crate::run::step_log::StepLogError;
use std::io;
use std::path::{Path, PathBuf};

/// Why a training cannot start or go on. Each is one line that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// Settings that make no sense.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A run is already there.
    #[error("{path} is a run already: go on with it by --resume {path}, or choose another --name or --out")]
    Exists {
        /// The directory.
        path: PathBuf,
    },
    /// Something else is already there.
    #[error("{path} is not empty and not a run: choose another --name or --out, or empty it")]
    NotEmpty {
        /// The directory.
        path: PathBuf,
    },
    /// The file system refused.
    #[error(
        "cannot {action} {path}: {source} (what was saved before is still there; make room or mend it, then --resume)"
    )]
    Files {
        /// What was tried.
        action: &'static str,
        /// With which file or folder.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The losses, or what the watch saw, cannot be recorded or continued.
    #[error("{path}: {source}")]
    Log {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: StepLogError,
    },
    /// A checkpoint cannot be used.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// A checkpoint's tensors do not fit the model.
    #[error("{path} does not fit the model: {source}; delete it to go on from the checkpoint before it")]
    State {
        /// The file.
        path: PathBuf,
        /// What does not fit.
        source: StateError,
    },
    /// A generator cannot be read back.
    #[error(transparent)]
    Generator(#[from] GeneratorFileError),
    /// A picture cannot be made.
    #[error("{path}: {source}")]
    Picture {
        /// Its file.
        path: PathBuf,
        /// Why not.
        source: PictureError,
    },
    /// The engine failed where no step is to blame.
    #[error("{0}{advice}", advice = need_less(.0))]
    Engine(#[from] EngineError),
    /// The device failed in a step.
    #[error(
        "stopped at step {step}: {source}; nothing was saved since the last good checkpoint ({last_good}): {advice}",
        advice = go_on(.source)
    )]
    Device {
        /// The step, from 1, or one of the few begun after it.
        step: u64,
        /// What went wrong.
        source: EngineError,
        /// The last checkpoint that is good.
        last_good: String,
    },
    /// Training met a number that is not finite.
    #[error(
        "stopped at step {step}: {what} (first seen in: {tensor}); nothing was saved since the last good checkpoint ({last_good}); try a smaller --lr or another --seed"
    )]
    NotFinite {
        /// The step, from 1.
        step: u64,
        /// What was not finite.
        what: String,
        /// The first tensor that holds such a number.
        tensor: String,
        /// The last checkpoint that is good.
        last_good: String,
    },
}

/// What helps where a training finds no room on its device.
fn need_less(error: &EngineError) -> &'static str {
    match error {
        EngineError::OutOfMemory { .. } => ": a smaller --batch-size needs less, and --device cpu none of it",
        _ => "",
    }
}

/// How a training goes on whose device failed.
fn go_on(error: &EngineError) -> &'static str {
    match error {
        EngineError::OutOfMemory { .. } => {
            "start a new run with a smaller --batch-size, or go on with --resume on --device cpu"
        }
        _ => "go on with --resume, with --device cpu if need be",
    }
}

/// Says what was tried with which file, and lets the file system's refusals all look alike.
pub(super) trait Attempt<T> {
    fn attempt(self, action: &'static str, path: &Path) -> Result<T, TrainError>;
}

impl<T> Attempt<T> for io::Result<T> {
    fn attempt(self, action: &'static str, path: &Path) -> Result<T, TrainError> {
        self.map_err(|source| TrainError::Files { action, path: path.to_owned(), source })
    }
}

impl<T> Attempt<T> for Result<T, StepLogError> {
    fn attempt(self, action: &'static str, path: &Path) -> Result<T, TrainError> {
        self.map_err(|error| match error {
            StepLogError::Io(source) => TrainError::Files { action, path: path.to_owned(), source },
            source => TrainError::Log { path: path.to_owned(), source },
        })
    }
}

impl<T> Attempt<T> for Result<T, PictureError> {
    fn attempt(self, action: &'static str, path: &Path) -> Result<T, TrainError> {
        self.map_err(|error| match error {
            PictureError::Io(source) => TrainError::Files { action, path: path.to_owned(), source },
            source => TrainError::Picture { path: path.to_owned(), source },
        })
    }
}

impl TrainError {
    /// Of a state read from `path`, that an engine did not take up.
    pub(super) fn restoring(error: EngineError, path: &Path) -> TrainError {
        match error {
            EngineError::State(source) => TrainError::State { path: path.to_owned(), source },
            other => TrainError::Engine(other),
        }
    }
}

/// The name of the first tensor with a number that is not finite.
pub(super) fn first_not_finite(tensors: &TensorMap) -> Option<String> {
    let bad = tensors.iter().find(|(_, tensor)| tensor.values.iter().any(|value| !value.is_finite()));
    bad.map(|(name, _)| name.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lack_of_memory_is_one_line_with_the_device_and_what_to_do() {
        let reason = "out of device memory allocating 1024 bytes".to_owned();
        let source = EngineError::OutOfMemory { device: "cuda:0 (NVIDIA H200)".to_owned(), reason };
        let at_start = TrainError::from(source.clone()).to_string();
        let in_a_step = TrainError::Device { step: 51, source, last_good: "runs/r/step-50".to_owned() }.to_string();
        let what = "cuda:0 (NVIDIA H200) is out of memory (out of device memory allocating 1024 bytes)";
        for (text, says) in [(&at_start, "a smaller --batch-size needs less"), (&in_a_step, "runs/r/step-50")] {
            assert!(text.contains(what) && text.contains(says) && !text.contains('\n'), "{text}");
        }
        assert!(in_a_step.contains("start a new run with a smaller --batch-size"), "{in_a_step}");
        let source = EngineError::Device { device: "cuda:0".to_owned(), reason: "it hung".to_owned() };
        let failed = TrainError::Device { step: 2, source, last_good: "none yet".to_owned() }.to_string();
        assert!(failed.contains("cuda:0 failed: it hung") && !failed.contains("--batch-size"), "{failed}");
    }
}
