//! Why a data set cannot be written.

use crate::error::ErrorKind;
use crate::input::InputError;
use std::io;
use std::path::{Path, PathBuf};

/// Why a data set cannot be written. Every message is one line.
///
/// ```
/// use digitgan::prelude::*;
///
/// let here = std::env::current_dir()?;
/// let dataset = strokes::some(20, 10)?;
/// let error = convert(&dataset, &here, ConvertLayout::Csv, &mut |_, _| std::ops::ControlFlow::Continue(())).unwrap_err();
/// assert!(matches!(error, ConvertError::NotVacant { .. }), "this folder is not empty");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConvertError {
    /// There is something already.
    #[error("{path} is there already: choose another place for the data set, or remove what is there")]
    NotVacant {
        /// The place.
        path: PathBuf,
    },
    /// A pipe, a device or a socket is in the place.
    #[error("{path} is {found}, and a data set is a new folder or file: choose another place")]
    Special {
        /// The place.
        path: PathBuf,
        /// What is there, in words.
        found: &'static str,
    },
    /// A file or folder cannot be written.
    #[error("cannot write {path}: {source}; make room or choose another place, then try again: nothing is left there")]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A class whose name the format cannot hold, or cannot tell from that of another class.
    #[error("the class {name:?} cannot be written under that name in this format: rename it, or choose another format")]
    ClassName {
        /// The name.
        name: String,
    },
    /// This build writes no Parquet files.
    #[error("this digitgan was built without Parquet files (feature parquet): choose another format")]
    NotBuilt,
    /// The data set is not whole.
    #[error(transparent)]
    Input(#[from] InputError),
    /// Whoever watched it wanted it stopped.
    #[error("stopped; nothing is left of it")]
    Stopped,
}

impl ConvertError {
    /// What it is about.
    pub fn kind(&self) -> ErrorKind {
        match self {
            ConvertError::NotVacant { .. } | ConvertError::Special { .. } => ErrorKind::InUse,
            ConvertError::Write { .. } => ErrorKind::Files,
            ConvertError::ClassName { .. } | ConvertError::NotBuilt => ErrorKind::Input,
            ConvertError::Input(error) => error.kind(),
            ConvertError::Stopped => ErrorKind::Stopped,
        }
    }

    /// Wraps a failure to write `path`.
    pub(super) fn write(path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Write { path: path.to_owned(), source }
    }
}

/// A text that names no format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("choose idx, npz, csv, parquet or folders")]
pub struct UnknownLayout;

impl UnknownLayout {
    /// What it is about.
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::Input
    }
}
