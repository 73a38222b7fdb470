//! How a line is to be written.

use super::HandwritingError;

/// Whether one person writes a line, or each digit is another's.
///
/// ```
/// use digitgan::handwriting::Style;
///
/// assert_eq!(Style::default(), Style::Consistent);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Style {
    /// One writer throughout: slant, thickness and size vary as within one person's digits.
    #[default]
    Consistent,
    /// Every digit by another writer.
    Mixed,
}

/// How much a hand strays, each as a multiple of what is usual: 0 is a machine.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Jitter {
    /// Of the gaps between characters.
    pub spacing: f32,
    /// Of the digits' height.
    pub height: f32,
    /// Of the line that the digits stand on.
    pub baseline: f32,
    /// Of the slant.
    pub slant: f32,
}

impl Jitter {
    /// The most that is allowed.
    pub const MOST: f32 = 4.0;

    /// All four alike.
    pub const fn all(jitter: f32) -> Jitter {
        Jitter { spacing: jitter, height: jitter, baseline: jitter, slant: jitter }
    }
}

/// How a line is to be written.
///
/// ```
/// use digitgan::handwriting::{Script, Style};
///
/// let script = Script { style: Style::Mixed, scale: 4, ..Script::default() };
/// assert!(script.check().is_ok());
/// assert!(Script { scale: 0, ..script }.check().is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Script {
    /// By one person or by many.
    pub style: Style,
    /// Height of the digits, in pixels before scaling.
    pub height: f32,
    /// How far apart characters stand, as a multiple of what is usual.
    pub spacing: f32,
    /// How much the hand strays.
    pub jitter: Jitter,
    /// Pixels of the picture per pixel of `height`.
    pub scale: u32,
}

impl Default for Script {
    fn default() -> Self {
        Script { style: Style::Consistent, height: 20.0, spacing: 1.0, jitter: Jitter::all(1.0), scale: 2 }
    }
}

impl Script {
    /// Smallest and largest height.
    pub const HEIGHTS: [f32; 2] = [12.0, 400.0];
    /// Smallest and largest spacing.
    pub const SPACINGS: [f32; 2] = [0.0, 8.0];
    /// The largest scale.
    pub const MOST_SCALE: u32 = 16;

    /// Whether lines can be written so.
    ///
    /// # Errors
    /// A number beyond its range.
    pub fn check(&self) -> Result<(), HandwritingError> {
        let Jitter { spacing, height, baseline, slant } = self.jitter;
        let jitters = [0.0, Jitter::MOST];
        for (what, found, [least, most]) in [
            ("height", self.height, Self::HEIGHTS),
            ("spacing", self.spacing, Self::SPACINGS),
            ("scale", self.scale as f32, [1.0, Self::MOST_SCALE as f32]),
            ("jitter of the spacing", spacing, jitters),
            ("jitter of the height", height, jitters),
            ("jitter of the baseline", baseline, jitters),
            ("jitter of the slant", slant, jitters),
        ] {
            if !(least..=most).contains(&found) {
                return Err(HandwritingError::Range { what, found, least, most });
            }
        }
        Ok(())
    }

    /// Height of the digits in the picture, in pixels.
    pub(super) fn digit_height(&self) -> f32 {
        self.height * self.scale as f32
    }
}
