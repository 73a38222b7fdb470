//! Why lines cannot be put into files.

use crate::convert::ConvertError;
use crate::error::ErrorKind;
use crate::handwriting::HandwritingError;
use std::io;
use std::path::{Path, PathBuf};

/// Why lines cannot be put into files. Every message is one line.
///
/// ```
/// use digitgan::handwriting::{Distortion, Look};
/// use digitgan::written::{PictureFormat, WrittenError};
///
/// let glass = Look { paper: None, ..Look::default() };
/// assert!(matches!(PictureFormat::Jpeg.check(&glass), Err(WrittenError::Transparent { .. })));
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WrittenError {
    /// A line that cannot be written.
    #[error(transparent)]
    Line(#[from] HandwritingError),
    /// No paper, where it is needed.
    #[error("{what} needs a paper: give its colour, or leave it out")]
    Transparent {
        /// What needs it.
        what: &'static str,
    },
    /// No lines, or more than can be numbered.
    #[error("{found} lines are not from 1 to {most}")]
    Count {
        /// How many.
        found: u64,
        /// The most.
        most: u64,
    },
    /// A disk that is too small.
    #[error("{path} has room for {free} bytes, and {count} lines need about {needed}: make room, or write fewer")]
    NoRoom {
        /// The place.
        path: PathBuf,
        /// Bytes that are free.
        free: u64,
        /// Bytes that are needed.
        needed: u64,
        /// How many lines.
        count: u64,
    },
    /// A place that is taken or cannot be written; or it was stopped.
    #[error(transparent)]
    Place(#[from] ConvertError),
    /// A picture that cannot be encoded.
    #[error("cannot encode a picture: {0}")]
    Encode(String),
}

impl WrittenError {
    /// What it is about.
    pub fn kind(&self) -> ErrorKind {
        match self {
            WrittenError::Line(error) => error.kind(),
            WrittenError::Transparent { .. } | WrittenError::Count { .. } => ErrorKind::Input,
            WrittenError::NoRoom { .. } => ErrorKind::Files,
            WrittenError::Place(error) => error.kind(),
            WrittenError::Encode(_) => ErrorKind::Other,
        }
    }

    /// Wraps a failure to write `path`.
    pub(super) fn write(path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| ConvertError::Write { path: path.to_owned(), source }.into()
    }
}
