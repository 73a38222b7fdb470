//! Whether generated digits are copies: the nearest training digit of each, in pixels, and a statistic of them all.
//!
//! Distances are Euclidean, of bytes: √Σ(a − b)², from 0 to 7140. Test digits were not copied from the training digits,
//! so their distances show what to expect without copying.
//!
//! # A search that skips most
//! The sums of squares of pixels say how far two images are apart at least: by the inequality of Cauchy and Schwarz,
//! Σ(a − b)² of n pixels is not below (Σa − Σb)² / n. With 49 squares of 4×4 pixels, one MNIST digit of eleven remains,
//! with 196 of 2×2 one of a thousand, and that one is looked at closely. All is in integers: the nearest one found is
//! the nearest.

use super::MetricError;
use super::checks::at_least;
use crate::{IMAGE_PIXELS, IMAGE_SIDE};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// A generated digit is suspiciously near where fewer test digits than this are as near.
const NEAR_QUANTILE: f64 = 0.01;

type Image = [u8; IMAGE_PIXELS];
type Coarse = Sums<4, { sums_of(4) }>;
type Fine = Sums<2, { sums_of(2) }>;

/// Sums of an image in squares of a side: one a square, and zeros up to whole vector registers.
const fn sums_of(side: usize) -> usize {
    (IMAGE_PIXELS / (side * side)).next_multiple_of(8)
}

/// The nearest image of a set.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Neighbour {
    /// Which one it is; of several equally near ones the first.
    pub index: usize,
    /// The Euclidean distance, in steps of a byte.
    pub distance: f64,
}

/// For each query its nearest reference.
///
/// # Shapes
/// `queries`, `references`: bytes, `[count, 784]`.
///
/// # Errors
/// When bytes are no whole images, or there is no reference.
pub fn nearest(queries: &[u8], references: &[u8]) -> Result<Vec<Neighbour>, MetricError> {
    let (queries, references) = (images(queries)?, images(references)?);
    at_least(1, references.len(), "reference images")?;
    let references = References {
        coarse: references.par_iter().map(Coarse::of).collect(),
        fine: references.par_iter().map(Fine::of).collect(),
        images: references,
    };
    Ok(queries.par_iter().map_init(Vec::new, |bounds, query| references.nearest(query, bounds)).collect())
}

fn images(bytes: &[u8]) -> Result<&[Image], MetricError> {
    match bytes.as_chunks() {
        (images, []) => Ok(images),
        _ => Err(MetricError::NotImages { found: bytes.len(), pixels: IMAGE_PIXELS }),
    }
}

/// The sums of an image in squares of `SIDE` pixels, at most 16 · 255 each.
struct Sums<const SIDE: usize, const COUNT: usize>([i16; COUNT]);

impl<const SIDE: usize, const COUNT: usize> Sums<SIDE, COUNT> {
    fn of(image: &Image) -> Self {
        let mut sums = [0; COUNT];
        for (y, row) in image.chunks_exact(IMAGE_SIDE).enumerate() {
            let first = y / SIDE * (IMAGE_SIDE / SIDE);
            for (sum, pixels) in sums[first..].iter_mut().zip(row.as_chunks::<SIDE>().0) {
                *sum += pixels.iter().map(|&pixel| i16::from(pixel)).sum::<i16>();
            }
        }
        Sums(sums)
    }

    /// What the squared distance of two images is at least.
    fn bound(&self, other: &Self) -> u32 {
        let squares = self.0.iter().zip(&other.0).map(|(a, b)| i32::from(a - b) * i32::from(a - b));
        squares.sum::<i32>() as u32 / (SIDE * SIDE) as u32
    }
}

struct References<'a> {
    images: &'a [Image],
    coarse: Vec<Coarse>,
    fine: Vec<Fine>,
}

impl References<'_> {
    /// The nearest of at least one image. `bounds` is room to work in.
    fn nearest(&self, query: &Image, bounds: &mut Vec<u32>) -> Neighbour {
        let (coarse, fine) = (Coarse::of(query), Fine::of(query));
        bounds.clear();
        bounds.extend(self.coarse.iter().map(|reference| coarse.bound(reference)));
        // The most promising one first, so that the others have something to beat.
        let promising = (0..bounds.len()).min_by_key(|&index| bounds[index]).unwrap_or(0);
        let mut best = (squared_distance(query, &self.images[promising]), promising);
        for (index, &bound) in bounds.iter().enumerate() {
            if bound <= best.0 && fine.bound(&self.fine[index]) <= best.0 {
                best = best.min((squared_distance(query, &self.images[index]), index));
            }
        }
        Neighbour { index: best.1, distance: f64::from(best.0).sqrt() }
    }
}

/// Σ(a − b)², at most 784 · 255², which fits.
fn squared_distance(a: &Image, b: &Image) -> u32 {
    let difference = |(&a, &b): (&u8, &u8)| i32::from(i16::from(a) - i16::from(b));
    a.iter().zip(b).map(difference).map(|difference| difference * difference).sum::<i32>() as u32
}

/// How near generated digits lie to training digits, compared with test digits. Distances in steps of a byte.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Memorisation {
    /// Median distance of a generated digit to its nearest training digit.
    pub generated_median: f64,
    /// The same of test digits.
    pub test_median: f64,
    /// The first divided by the second: about 1 without copying, 0 of copies.
    pub ratio: f64,
    /// The distance below which only 1 % of test digits lie.
    pub near: f64,
    /// Share of generated digits nearer than that: about 0.01 without copying, 1 of copies.
    pub near_share: f64,
}

impl Memorisation {
    /// Compares the neighbours that generated digits and test digits have among the training digits.
    ///
    /// # Errors
    /// When there are no generated or test digits, or the median test digit is itself a training digit.
    pub fn of(generated: &[Neighbour], test: &[Neighbour]) -> Result<Self, MetricError> {
        at_least(1, generated.len(), "generated digits")?;
        at_least(1, test.len(), "test digits")?;
        let (generated, test) = (sorted(generated), sorted(test));
        let (generated_median, test_median) = (quantile(&generated, 0.5), quantile(&test, 0.5));
        if test_median == 0.0 {
            return Err(MetricError::TestInTraining);
        }
        let near = quantile(&test, NEAR_QUANTILE);
        let near_count = generated.partition_point(|&distance| distance < near);
        let near_share = near_count as f64 / generated.len() as f64;
        Ok(Memorisation { generated_median, test_median, ratio: generated_median / test_median, near, near_share })
    }
}

fn sorted(neighbours: &[Neighbour]) -> Vec<f64> {
    let mut distances: Vec<f64> = neighbours.iter().map(|neighbour| neighbour.distance).collect();
    distances.sort_unstable_by(f64::total_cmp);
    distances
}

/// The quantile of ascending numbers, linear between two of them (NumPy's default).
fn quantile(ascending: &[f64], part: f64) -> f64 {
    let place = part * (ascending.len() - 1) as f64;
    let (below, above) = (ascending[place.floor() as usize], ascending[place.ceil() as usize]);
    below + (above - below) * place.fract()
}

#[cfg(test)]
mod tests;
