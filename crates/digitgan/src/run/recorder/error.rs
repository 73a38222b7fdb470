//! Why a run directory cannot be kept.

use crate::error::ErrorKind;
use crate::run::StepLogError;
use std::io;
use std::path::{Path, PathBuf};

/// Why a run directory cannot be kept. What was saved before is still there.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// The file system refused.
    #[error("cannot {action} {path}: {source} (what was saved before is still there)")]
    Files {
        /// What was tried.
        action: &'static str,
        /// With which file or folder.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A log cannot be added to or continued.
    #[error("{path}: {source}")]
    Log {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: StepLogError,
    },
}

impl RecordError {
    /// What it is about.
    pub fn kind(&self) -> ErrorKind {
        match self {
            RecordError::Files { .. } => ErrorKind::Files,
            RecordError::Log { source, .. } => source.kind(),
        }
    }
}

/// Says what was tried with which file, and lets the file system's refusals all look alike.
pub(super) trait Attempt<T> {
    fn attempt(self, action: &'static str, path: &Path) -> Result<T, RecordError>;
}

impl<T> Attempt<T> for io::Result<T> {
    fn attempt(self, action: &'static str, path: &Path) -> Result<T, RecordError> {
        self.map_err(|source| RecordError::Files { action, path: path.to_owned(), source })
    }
}

impl<T> Attempt<T> for Result<T, StepLogError> {
    fn attempt(self, action: &'static str, path: &Path) -> Result<T, RecordError> {
        self.map_err(|error| match error {
            StepLogError::Io(source) => RecordError::Files { action, path: path.to_owned(), source },
            source => RecordError::Log { path: path.to_owned(), source },
        })
    }
}
