//! What the pixels of a whole data set say about how they are meant: which value is white, and what the ink is on.
//!
//! Nothing is decided image by image: a digit that fills its picture, or a scan of a dark sheet, says little by itself, and
//! a set in which some images are inverted and others are not is of no use.

use super::stored::{Kind, Stored, Values};
use crate::data::{Ground, PixelRange};
use std::cmp::Ordering;

/// How much lighter or darker than the image its corners must be on average, as a share of the range, to tell the ground.
const CLEAR: f64 = 0.01;
/// How much one image's corners must differ to the other side to be called a disagreement.
const OTHERWISE: f64 = 0.005;
/// Highest values that are white in data sets of whole numbers: one bit, four bits, and the sixteen levels of sums over
/// 4×4 bits (UCI's digits, which scikit-learn has too).
const WHITE_OF_BYTES: [f64; 4] = [1.0, 15.0, 16.0, 255.0];
/// The same in 16 bits: bytes, and sensors of 10, 12 and 14 bits too.
const WHITE_OF_WORDS: [f64; 8] = [1.0, 15.0, 16.0, 255.0, 1023.0, 4095.0, 16383.0, 65535.0];
/// The same of real numbers that are not negative.
const WHITE_OF_FLOATS: [f64; 4] = [1.0, 16.0, 255.0, 65535.0];

/// What one image says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Facts {
    low: f32,
    high: f32,
    /// Mean of the pixels in the four corners.
    corners: f32,
    /// Mean of all pixels.
    mean: f32,
}

/// What the images say that were looked at.
#[derive(Clone, Debug, Default)]
pub(super) struct Survey {
    kind: Kind,
    facts: Vec<Facts>,
}

/// The ground that most images seem to have: most of each is of its lightness.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LikelyGround {
    /// The ground.
    pub ground: Ground,
    /// How many images seem to have the other one.
    pub otherwise: usize,
}

/// Why values do not say which of them are black and white.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Unclear {
    pub(super) low: f32,
    pub(super) high: f32,
}

impl Facts {
    /// Those of one image.
    pub(super) fn of(image: Stored<'_>) -> Facts {
        let (rows, columns) = (image.rows, image.columns);
        match image.values {
            Values::Bytes(values) => of_numbers(values, rows, columns, sum_of_bytes(values)),
            Values::Words(values) => of_numbers(values, rows, columns, sum_by_rows(values, columns)),
            Values::Floats(values) => of_numbers(values, rows, columns, sum_by_rows(values, columns)),
        }
    }
}

fn of_numbers<T: Copy + Into<f32> + PartialOrd>(values: &[T], rows: usize, columns: usize, sum: f64) -> Facts {
    let lower = |low: T, &value: &T| if value < low { value } else { low };
    let higher = |high: T, &value: &T| if value > high { value } else { high };
    // An eighth of the shorter side: 3 pixels of 28, 2 of 16, 1 of 8.
    let side = (rows.min(columns) / 8).max(1);
    let mut corners = 0.0f64;
    for row in (0..side).chain(rows - side..rows) {
        for column in (0..side).chain(columns - side..columns) {
            corners += f64::from(values[row * columns + column].into());
        }
    }
    Facts {
        low: values.iter().fold(values[0], lower).into(),
        high: values.iter().fold(values[0], higher).into(),
        corners: (corners / (4 * side * side) as f64) as f32,
        mean: (sum / values.len() as f64) as f32,
    }
}

/// Whole numbers, so that many are added at once: most of all data sets are bytes.
fn sum_of_bytes(values: &[u8]) -> f64 {
    values.iter().map(|&value| u64::from(value)).sum::<u64>() as f64
}

/// Sums in rows first: exact for whole numbers that are not too large, and the same each time for others.
fn sum_by_rows<T: Copy + Into<f32>>(values: &[T], columns: usize) -> f64 {
    let row_sum = |row: &[T]| row.iter().fold(0.0f32, |sum, &value| sum + value.into());
    values.chunks_exact(columns).map(|row| f64::from(row_sum(row))).sum()
}

impl Survey {
    /// Adds what images of one type of values say.
    pub(super) fn extend(&mut self, kind: Kind, facts: impl IntoIterator<Item = Facts>) {
        self.kind = self.kind.max(kind);
        self.facts.extend(facts);
    }

    /// Adds what another survey says.
    pub(super) fn append(&mut self, other: &Survey) {
        self.kind = self.kind.max(other.kind);
        self.facts.extend_from_slice(&other.facts);
    }

    /// The lowest and the highest value; zeros if there is no image.
    fn extremes(&self) -> (f32, f32) {
        let both = self.facts.iter().map(|facts| (facts.low, facts.high));
        both.reduce(|(low, high), (l, h)| (low.min(l), high.max(h))).unwrap_or_default()
    }

    /// Whether all values are finite numbers.
    pub(super) fn is_finite(&self) -> bool {
        self.facts.iter().all(|facts| facts.mean.is_finite() && facts.low.is_finite() && facts.high.is_finite())
    }

    /// Which values are black and white: the usual range that holds them all.
    pub(super) fn range(&self) -> Result<PixelRange, Unclear> {
        let (low, high) = self.extremes();
        let unclear = Unclear { low, high };
        let whites = match self.kind {
            Kind::Bytes => WHITE_OF_BYTES.as_slice(),
            Kind::Words => &WHITE_OF_WORDS,
            Kind::Floats => &WHITE_OF_FLOATS,
        };
        if !self.is_finite() {
            return Err(Unclear { low: f32::NAN, high: f32::NAN });
        }
        if low < 0.0 {
            // What networks with a tanh take and give.
            let symmetric = (-1.0..-0.9).contains(&low) && high <= 1.0;
            return if symmetric { Ok(PixelRange { black: -1.0, white: 1.0 }) } else { Err(unclear) };
        }
        if high == 0.0 {
            // All black, whatever white is.
            return Ok(PixelRange::BYTES);
        }
        let white = whites.iter().find(|&&white| f64::from(high) <= white).ok_or(unclear)?;
        Ok(PixelRange { black: 0.0, white: *white as f32 })
    }

    /// What the ink is on, if the corners tell: they are ground in nearly every picture of a sign, even one that was cut to
    /// its ink, and the rest holds ink.
    pub(super) fn ground(&self, range: PixelRange) -> Option<Ground> {
        let lighter: f64 = self.facts.iter().map(|facts| facts.lighter_corners(range)).sum();
        let mean = lighter / self.facts.len().max(1) as f64;
        // A frame around a sheet, or a shadow, has the corners too: then most of the picture says otherwise.
        let middle = range.black / 2.0 + range.white / 2.0;
        let light = self.facts.iter().filter(|facts| facts.mean > middle).count();
        let mostly_light = 2 * light > self.facts.len();
        match mean {
            mean if mean > CLEAR => Some(Ground::Light),
            mean if mean < -CLEAR && !mostly_light => Some(Ground::Dark),
            _ => None,
        }
    }

    /// The ground that most images seem to have where corners do not tell, and how many seem to have the other: most of a
    /// picture of a sign is ground.
    pub(super) fn likely_ground(&self, range: PixelRange) -> Option<LikelyGround> {
        let middle = range.black / 2.0 + range.white / 2.0;
        let light = self.facts.iter().filter(|facts| facts.mean > middle).count();
        let dark = self.facts.len() - light;
        match light.cmp(&dark) {
            Ordering::Greater => Some(LikelyGround { ground: Ground::Light, otherwise: dark }),
            Ordering::Less => Some(LikelyGround { ground: Ground::Dark, otherwise: light }),
            Ordering::Equal => None,
        }
    }

    /// The images whose own ground is clearly the other one, and by how much, in their order.
    pub(super) fn otherwise(&self, ground: Ground, range: PixelRange) -> Vec<(usize, f64)> {
        let middle = f64::from(range.black) / 2.0 + f64::from(range.white) / 2.0;
        let by = |facts: &Facts| {
            let lighter = facts.lighter_corners(range);
            let (mean, corners) = (f64::from(facts.mean), f64::from(facts.corners));
            match ground {
                Ground::Dark if mean > middle && corners > middle => lighter,
                Ground::Light if mean < middle && corners < middle => -lighter,
                _ => 0.0,
            }
        };
        self.facts.iter().map(by).enumerate().filter(|&(_, by)| by > OTHERWISE).collect()
    }

    /// The highest value, where it is less than half of white: such a set is dim, or its range was not understood.
    pub(super) fn dim(&self, range: PixelRange) -> Option<f32> {
        let (_, high) = self.extremes();
        let middle = range.black + (range.white - range.black) / 2.0;
        (high > range.black && high < middle).then_some(high)
    }

    /// How many images that are not blank use less than a sixteenth of a range: of another range than the others.
    pub(super) fn faint(&self, range: PixelRange) -> usize {
        let width = range.white - range.black;
        self.facts.iter().filter(|facts| facts.high > facts.low && facts.high - facts.low < width / 16.0).count()
    }

    /// How many images have values outside of a range.
    pub(super) fn outside(&self, range: PixelRange) -> usize {
        self.facts.iter().filter(|facts| facts.low < range.black || facts.high > range.white).count()
    }
}

impl Facts {
    /// By how much the corners are lighter than the image, as a share of the range.
    fn lighter_corners(&self, range: PixelRange) -> f64 {
        (f64::from(self.corners) - f64::from(self.mean)) / f64::from(range.white - range.black)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn survey(values: Values<'_>, rows: usize, columns: usize) -> Survey {
        let stored = Stored { rows, columns, values };
        let mut survey = Survey::default();
        survey.extend(values.kind(), (0..stored.count()).map(|index| Facts::of(stored.image(index))));
        survey
    }

    #[test]
    fn the_range_is_the_usual_one_that_holds_all_values() {
        let white = |high: u8| survey(Values::Bytes(&[0, high, 0, 0]), 2, 2).range().unwrap().white;
        for (high, expected) in [(0, 255.0), (1, 1.0), (9, 15.0), (15, 15.0), (16, 16.0), (17, 255.0), (255, 255.0)] {
            assert_eq!(white(high), expected, "{high}");
        }
        let white = |high: u16| survey(Values::Words(&[0, high, 0, 0]), 2, 2).range().unwrap().white;
        for (high, expected) in
            [(1, 1.0), (255, 255.0), (1000, 1023.0), (4095, 4095.0), (4096, 16383.0), (65535, 65535.0)]
        {
            assert_eq!(white(high), expected, "{high}");
        }
        let range = |low: f32, high: f32| survey(Values::Floats(&[low, high, low, low]), 2, 2).range();
        assert_eq!(range(0.0, 0.99).unwrap().white, 1.0);
        assert_eq!(range(0.0, 16.0).unwrap().white, 16.0);
        assert_eq!(range(-1.0, 1.0).unwrap().black, -1.0);
        // MNIST less its mean, divided by its deviation.
        assert_eq!(range(-0.4242, 2.8215), Err(Unclear { low: -0.4242, high: 2.8215 }));
        assert!(range(0.0, f32::NAN).is_err() && range(0.0, f32::INFINITY).is_err() && range(0.0, 1e9).is_err());
    }

    #[test]
    fn the_ground_is_that_of_the_set() {
        // A cross that fills a 5×5 picture.
        let cross = [0, 0, 9, 0, 0, 0, 0, 9, 0, 0, 9, 9, 9, 9, 9, 0, 0, 9, 0, 0, 0, 0, 9, 0, 0];
        let set = |images: &[bool]| -> Vec<u8> {
            let turned = |&light: &bool| cross.map(|value| if light { 9 - value } else { value });
            images.iter().flat_map(turned).collect()
        };
        let range = PixelRange { black: 0.0, white: 9.0 };
        for (images, ground, others) in [
            (vec![false; 4], Some(Ground::Dark), vec![]),
            (vec![true; 4], Some(Ground::Light), vec![]),
            (vec![false, true, false, false], Some(Ground::Dark), vec![1]),
            (vec![true, true, false, true], Some(Ground::Light), vec![2]),
            (vec![true, false], None, vec![]),
        ] {
            let bytes = set(&images);
            let survey = survey(Values::Bytes(&bytes), 5, 5);
            assert_eq!(survey.ground(range), ground, "{images:?}");
            if let Some(ground) = ground {
                let found: Vec<usize> = survey.otherwise(ground, range).iter().map(|&(index, _)| index).collect();
                assert_eq!(found, others, "{images:?}");
            }
        }
    }
}
