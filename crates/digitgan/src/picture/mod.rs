//! Pictures for people: grids of digits, animations over epochs, loss curves, terminal previews.
//!
//! Nothing here makes results look better than they are. A pixel is always [`crate::pixel::to_byte`] of the generator's output, never rescaled
//! by the picture's own extremes, and a curve that leaves its axis says so in the picture.
//!
//! The text in pictures is drawn in DejaVu Sans from the `dejavu` crate, so that pictures are
//! the same on every machine and no system font is needed.

mod animation;
mod chart;
mod collapse;
mod confusion;
mod curves;
mod film;
mod grid;
mod histograms;
mod png_file;
mod rows;
mod series;
mod terminal;
#[cfg(test)]
mod testing;
mod text;

pub use animation::{Animation, Frame};
pub use collapse::CollapseCurves;
pub use confusion::ConfusionPicture;
pub use curves::{CurvePoint, LossCurves};
pub use film::Film;
pub use grid::{GreyPicture, Grid};
pub use histograms::{HistogramColumn, Histograms};
pub(crate) use png_file::{decode_grey, encode_with, read_grey};
pub use rows::labelled_rows;
pub use terminal::{TerminalStyle, preview};

use crate::error::ErrorKind;
use crate::input::InputError;
use std::io;

/// Most pixels of a picture. A mistyped count should be an error, not a frozen machine.
pub(crate) const MAX_PICTURE_PIXELS: usize = 1 << 28;

/// Why a picture could not be made.
///
/// ```
/// use digitgan::prelude::*;
///
/// let error = Grid::new(10).draw(&[0; 783]).unwrap_err();
/// assert!(matches!(error, PictureError::PartialImage { bytes: 783 }));
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PictureError {
    /// The bytes are not whole 28×28 images.
    #[error("{bytes} bytes of pixels are not whole 28x28 images; give a multiple of 784")]
    PartialImage {
        /// How many bytes were given.
        bytes: usize,
    },
    /// Nothing to draw.
    #[error("there is no image to draw; give at least one")]
    NoImages,
    /// The layout has no columns or a scale of zero.
    #[error("a grid of {columns} columns at scale {scale} shows nothing; both must be at least 1")]
    EmptyLayout {
        /// Images a row.
        columns: usize,
        /// Screen pixels per side of an image pixel.
        scale: usize,
    },
    /// The picture would have more pixels than memory and viewers can bear.
    #[error("a picture of {width}x{height} pixels is too large; draw fewer images or a smaller scale")]
    TooLarge {
        /// Width in pixels.
        width: usize,
        /// Height in pixels.
        height: usize,
    },
    /// The frames of an animation differ in size.
    #[error(
        "frame {index} has {found_width}x{found_height} pixels where the first has \
         {width}x{height}; all must be the same"
    )]
    FrameSize {
        /// Index of the frame, from 0.
        index: usize,
        /// Width of the first frame.
        width: usize,
        /// Height of the first frame.
        height: usize,
        /// Width of this frame.
        found_width: usize,
        /// Height of this frame.
        found_height: usize,
    },
    /// A confusion matrix that is not square, or without a name for each class.
    #[error("a row has {found} counts or names where there are {classes} classes; give one for each")]
    NotSquare {
        /// Counts in a row, or names.
        found: usize,
        /// Rows.
        classes: usize,
    },
    /// Numbers of another count than images, or a class that there is not.
    #[error(transparent)]
    Input(#[from] InputError),
    /// Digits without their neighbours, or neighbours that are not among the training images.
    #[error("these digits' neighbours are not among these {images} training images; give those that were searched")]
    OtherImages {
        /// How many training images there are.
        images: usize,
    },
    /// A key that PNG cannot hold.
    #[error("{key:?} cannot name a PNG text; use 1 to 79 letters, digits, and single inner spaces")]
    TextKey {
        /// The key given.
        key: String,
    },
    /// The drawing library failed.
    #[error("cannot draw: {0}")]
    Drawing(String),
    /// The file could not be written.
    #[error("cannot write the picture: {0}")]
    Io(#[from] io::Error),
}

impl PictureError {
    /// What it is about.
    pub fn kind(&self) -> ErrorKind {
        match self {
            PictureError::PartialImage { .. }
            | PictureError::NoImages
            | PictureError::EmptyLayout { .. }
            | PictureError::TooLarge { .. }
            | PictureError::FrameSize { .. }
            | PictureError::NotSquare { .. }
            | PictureError::Input(_)
            | PictureError::OtherImages { .. }
            | PictureError::TextKey { .. } => ErrorKind::Input,
            PictureError::Drawing(_) => ErrorKind::Other,
            PictureError::Io(_) => ErrorKind::Files,
        }
    }
}
