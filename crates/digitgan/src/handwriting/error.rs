//! Why a line cannot be written.

use crate::engine::EngineError;
use crate::error::ErrorKind;

/// Why a line cannot be written. Every message is one line.
///
/// ```
/// use digitgan::handwriting::{self, HandwritingError};
///
/// let error = handwriting::check_text("12a").unwrap_err();
/// assert!(matches!(error, HandwritingError::Character { found: 'a', .. }));
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HandwritingError {
    /// A character that is never written.
    #[error(
        "{found:?} (character {place} of {text:?}) cannot be written: there are digits, spaces and . , - / : + ( )"
    )]
    Character {
        /// The character.
        found: char,
        /// Its place, counted from 1.
        place: usize,
        /// The beginning of the text.
        text: String,
    },
    /// Nothing but spaces.
    #[error("there is nothing to write: give at least one digit")]
    Blank,
    /// More characters than a line holds.
    #[error("{found} characters are too many for a line: give at most {most}")]
    TooLong {
        /// How many.
        found: usize,
        /// The most.
        most: usize,
    },
    /// A number beyond its range.
    #[error("{what}: {found} is not from {least} to {most}")]
    Range {
        /// Which number.
        what: &'static str,
        /// What it is.
        found: f32,
        /// The least.
        least: f32,
        /// The most.
        most: f32,
    },
    /// A generator that is not told what to draw.
    #[error(
        "this generator draws what it likes: writing takes one that is told its digits, such as a cGAN or an ACGAN"
    )]
    Unasked,
    /// A generator of something else than the ten digits.
    #[error("this generator draws {found}: writing takes one whose classes are called 0 to 9")]
    OtherClasses {
        /// Its classes.
        found: String,
    },
    /// A picture of more pixels than memory and viewers can bear.
    #[error("a picture of {width}x{height} pixels is too large: write fewer lines, or at a smaller scale")]
    TooLarge {
        /// Its width.
        width: usize,
        /// Its height.
        height: usize,
    },
    /// A template with a field that there is not, or none.
    #[error("the template {template:?} {reason}")]
    Template {
        /// The template.
        template: String,
        /// What is wrong with it, and what there is.
        reason: String,
    },
    /// A colour that is not known.
    #[error("the colour {found:?} is not known: give {names}, or six hexadecimal digits as in #1c348c")]
    Colour {
        /// What was given.
        found: String,
        /// Those that are known.
        names: String,
    },
    /// A distortion that there is not, or its strength.
    #[error(
        "{found:?} is no distortion: there are {names}, each with a strength from 0 to {most} if need be, as in blur:0.5"
    )]
    Distortion {
        /// What was given.
        found: String,
        /// Those that there are.
        names: String,
        /// The greatest strength.
        most: f32,
    },
    /// The device failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

impl HandwritingError {
    /// What it is about.
    pub fn kind(&self) -> ErrorKind {
        match self {
            HandwritingError::Unasked | HandwritingError::OtherClasses { .. } => ErrorKind::Mismatch,
            HandwritingError::Engine(error) => error.kind(),
            _ => ErrorKind::Input,
        }
    }
}
