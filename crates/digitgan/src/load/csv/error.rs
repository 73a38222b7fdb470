//! What can be wrong with a table.

use crate::error::ErrorKind;
use crate::load::limits::{MAX_IMAGES, MAX_SIDE};
use std::io;
use thiserror::Error;

/// What is wrong inside a CSV file.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CsvError {
    /// The bytes cannot be read, or their gzip wrapping is damaged.
    #[error("its bytes cannot be read ({0})")]
    Io(#[from] io::Error),
    /// There is no row.
    #[error("it is empty")]
    Empty,
    /// The columns are not those of images.
    #[error(
        "it is a table with {columns}; what is read is a label and one column for each pixel of a square image of sides \
         up to {MAX_SIDE}, such as label, pixel0 … pixel783"
    )]
    Columns {
        /// How many columns there are, and what the first ones are called.
        columns: String,
    },
    /// Several columns could hold the labels, by their names.
    #[error("both of its columns {first} and {second} could be the labels; remove one of them")]
    TwoLabels {
        /// The name of one.
        first: String,
        /// The name of another.
        second: String,
    },
    /// The first and the last column could hold the labels.
    #[error(
        "its first and its last column could both be the labels; begin it with a line that names its columns: label, \
         pixel0 … or pixel0 …, label"
    )]
    LabelsUnclear,
    /// The rows hold images in colours.
    #[error(
        "its rows look like images of {side}x{side} pixels in four colours (red, green, blue and how opaque they are); make \
         them grey, with one column for each pixel"
    )]
    Colours {
        /// Rows and columns of an image.
        side: usize,
    },
    /// Two columns of pixels have the same number in their names.
    #[error(
        "two of its columns have the place of the pixel {name} in their names; give each pixel a number of its own"
    )]
    RepeatedPixel {
        /// The name of one.
        name: String,
    },
    /// It is a text in UTF-16.
    #[error("it is a text in UTF-16; save it as UTF-8")]
    Utf16,
    /// A line that is no row of the table.
    #[error("line {line}: {reason}")]
    Line {
        /// Which line, counted from 1.
        line: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// More rows than images are read.
    #[error("it holds more than {MAX_IMAGES} images; at most so many are read")]
    TooMany,
}

impl CsvError {
    /// What it is about.
    pub fn kind(&self) -> ErrorKind {
        match self {
            CsvError::Io(_) | CsvError::Empty | CsvError::Line { .. } => ErrorKind::Damaged,
            CsvError::Columns { .. }
            | CsvError::TwoLabels { .. }
            | CsvError::LabelsUnclear
            | CsvError::Colours { .. }
            | CsvError::RepeatedPixel { .. }
            | CsvError::Utf16
            | CsvError::TooMany => ErrorKind::Data,
        }
    }
}
