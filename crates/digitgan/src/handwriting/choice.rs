//! Choosing the digits of a line: drawn again until they are near enough to the writer's own, some times at most.

use super::Measures;
use super::patches::patches;
use super::people::{WITHIN, class};
use super::script::Style;
use super::writer::Writer;
use crate::{IMAGE_PIXELS, IMAGE_SIDE};

/// How often a digit is drawn at most.
pub(super) const ATTEMPTS: usize = 3;
/// How far a digit may be from the writer's own to be taken at once: squares of deviations within one person's digits.
const NEAR: f32 = 14.0;
/// How much farther each patch of ink beside the first makes it: a stroke that is broken.
const BROKEN: f32 = 15.0;
/// Where ink is fainter than this share of the digit's darkest, a stroke may come apart.
const STROKE: f32 = 0.68;

/// A digit that was drawn.
#[derive(Clone, Debug)]
pub(super) struct Digit {
    /// Which digit it is to be.
    pub(super) digit: u8,
    /// `[28, 28]`.
    pub(super) image: [u8; IMAGE_PIXELS],
    pub(super) measures: Measures,
    /// How far it is from what is wanted.
    distance: f32,
}

impl Digit {
    /// A digit as a generator drew it for a writer; none where there is hardly any ink.
    pub(super) fn new(digit: u8, image: &[u8], writer: &Writer, style: Style) -> Option<Digit> {
        let measures = Measures::of(image, IMAGE_SIDE)?;
        let off = measures.minus(class(digit)).minus(writer.own);
        let square = |off: f32, within: f32| (off / within) * (off / within);
        let off = match style {
            Style::Consistent => {
                square(off.slant, WITHIN.slant)
                    + square(off.thickness, WITHIN.thickness)
                    + square(off.height, WITHIN.height)
            }
            Style::Mixed => 0.0,
        };
        let darkest = image.iter().copied().max().unwrap_or(0);
        let broken = patches(image, (STROKE * f32::from(darkest)) as u8).len().saturating_sub(1) as f32;
        let image = image.try_into().ok()?;
        Some(Digit { digit, image, measures, distance: off + BROKEN * broken })
    }

    /// Whether it is near enough to be taken.
    pub(super) fn is_near(&self) -> bool {
        self.distance < NEAR
    }

    /// The nearer of two, the first of equals.
    pub(super) fn nearer(first: Option<Digit>, second: Option<Digit>) -> Option<Digit> {
        match (first, second) {
            (Some(first), Some(second)) if second.distance < first.distance => Some(second),
            (first, second) => first.or(second),
        }
    }
}
