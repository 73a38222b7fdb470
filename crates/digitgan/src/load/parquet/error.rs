//! What can be wrong with a Parquet file.

use crate::error::ErrorKind;
use crate::load::limits::MAX_IMAGES;
use std::io;
use thiserror::Error;

/// What is wrong inside a Parquet file.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ParquetError {
    /// This build has no reader of Parquet.
    #[error("it is a Parquet file, and this digitgan was built without a reader of those (feature parquet)")]
    NotBuilt,
    /// The bytes cannot be read.
    #[error("its bytes cannot be read ({0})")]
    Io(#[from] io::Error),
    /// It is not what a Parquet file should be.
    #[error("it is not a whole Parquet file ({reason})")]
    Damaged {
        /// What is wrong with it.
        reason: String,
    },
    /// It has no column of images, or none of labels, or several that could be.
    #[error(
        "it is a Parquet file with {columns}; what is read is one column of PNG or JPEG files, such as image, or of lists \
         of pixels, and one of labels, such as label"
    )]
    Columns {
        /// What the columns are called, and what they hold.
        columns: String,
    },
    /// A row that is no image with a label.
    #[error("row {row}: {reason}")]
    Row {
        /// Which row, counted from 1.
        row: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// Two files of a data set have other names of classes.
    #[error("the names of its classes differ from those in the files before it; give files that belong together")]
    OtherClassNames,
    /// More rows than images are read.
    #[error("it holds more than {MAX_IMAGES} images; at most so many are read")]
    TooMany,
}

impl ParquetError {
    /// What it is about.
    pub fn kind(&self) -> ErrorKind {
        match self {
            ParquetError::Io(_) | ParquetError::Damaged { .. } => ErrorKind::Damaged,
            ParquetError::NotBuilt
            | ParquetError::Columns { .. }
            | ParquetError::Row { .. }
            | ParquetError::OtherClassNames
            | ParquetError::TooMany => ErrorKind::Data,
        }
    }
}
