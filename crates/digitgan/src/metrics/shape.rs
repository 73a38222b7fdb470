//! The shape of a digit: slant, stroke thickness, width and height, as Morpho-MNIST defines them (Castro et al. 2019,
//! "Morpho-MNIST: Quantitative assessment and diagnostics for representation learning", section 2).
//!
//! A digit is upscaled fourfold by a cubic spline and smoothed; what is at least half as bright as its brightest pixel is ink.
//!
//! | measure | formula | unit |
//! | --- | --- | --- |
//! | thickness | twice the mean distance from the medial axis of the ink to the paper | pixels of the digit |
//! | slant | atan(−μ₁₁ / μ₀₂) of the upscaled digit's central moments: positive leans right | degrees |
//! | width, height | sides of the parallelogram of that slant that leaves out a hundredth of the grey on each side | pixels |
//! | area | ink | square pixels |
//!
//! The medial axis is found by thinning (`medial_axis`), where ties are broken by the pixels' order rather than at random, so the same
//! digit has the same thickness every time.

use super::moments::Moments;
use crate::IMAGE_PIXELS;
use crate::IMAGE_SIDE as SIDE;
use crate::input::{InputError, check_length};
use std::sync::LazyLock;

/// How many times it is upscaled.
const SCALE: usize = 4;
/// Side of the upscaled digit.
const LARGE: usize = SIDE * SCALE;
/// Standard deviation of the smoothing: 2 · scale / 6, as scikit-image's `pyramid_expand` takes it.
const SIGMA: f64 = 2.0 * SCALE as f64 / 6.0;
/// Reach of its filter: four deviations.
const REACH: usize = 5;
/// Share of the grey that lies outside the parallelogram, on both sides together.
const OUTSIDE: f64 = 0.02;

/// The measures of one digit.
///
/// ```
/// use digitgan::metrics::shape::Shape;
/// use digitgan::prelude::*;
///
/// let drawing = strokes::draw(strokes::SEED, 0);
/// let shape = Shape::of(&drawing.image)?.expect("it has ink");
/// println!("a {} of {:.1} pixels' thickness, {:.0}° to the right", drawing.label, shape.thickness, shape.slant);
/// # Ok::<(), InputError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shape {
    /// Mean thickness of the stroke, in pixels.
    pub thickness: f64,
    /// Slant in degrees: positive leans right.
    pub slant: f64,
    /// Width in pixels, along the slant.
    pub width: f64,
    /// Height in pixels.
    pub height: f64,
    /// Ink in square pixels.
    pub area: f64,
}

impl Shape {
    /// Measures a digit, light ink on dark ground; `None` where it is of one grey.
    ///
    /// # Shapes
    /// `image`: bytes, `[28, 28]`.
    ///
    /// # Errors
    /// Another number of pixels.
    pub fn of(image: &[u8]) -> Result<Option<Shape>, InputError> {
        check_length("pixels of a digit, [28, 28]", image.len(), IMAGE_PIXELS)?;
        Ok(Shape::of_pixels(image))
    }

    fn of_pixels(image: &[u8]) -> Option<Shape> {
        let large = upscaled(image);
        let (least, most) = large.iter().fold((u8::MAX, u8::MIN), |(a, b), &grey| (a.min(grey), b.max(grey)));
        if least >= most {
            return None;
        }
        // At least half: in whole numbers, which are compared faster.
        let half = least + (most - least).div_ceil(2);
        let ink: Vec<bool> = large.iter().map(|&grey| grey >= half).collect();
        let distances = squared_distances(&ink);
        let axis = medial_axis(&ink, &distances);
        let depths = axis.iter().map(|&place| f64::from(distances[place]).sqrt());
        let thickness = 2.0 * depths.sum::<f64>() / axis.len().max(1) as f64 / SCALE as f64;
        let area = ink.iter().filter(|&&ink| ink).count() as f64 / (SCALE * SCALE) as f64;
        let moments = Moments::of(&large, LARGE);
        let (width, height) = moments.extent(&large);
        let slant = moments.slant().to_degrees();
        Some(Shape { thickness, slant, width, height, area })
    }
}

/// The digit at four times its size, smoothed, in bytes. All is done down the columns, all columns at once.
fn upscaled(image: &[u8]) -> Vec<u8> {
    let rows: Vec<[f64; SIDE]> =
        image.as_chunks::<SIDE>().0.iter().map(|row| row.map(|byte| f64::from(byte) / 255.0)).collect();
    let (least, most) = rows.iter().flatten().fold((f64::MAX, f64::MIN), |(a, b), &v| (a.min(v), b.max(v)));
    let along_rows: Vec<[f64; SIDE]> = transposed(&spline_coefficients(transposed::<SIDE, SIDE>(&rows)));
    let tall = stretched(&spline_coefficients(along_rows));
    let mut columns = stretched(&transposed::<SIDE, LARGE>(&tall));
    columns.iter_mut().flatten().for_each(|v| *v = v.clamp(least, most));
    let rows = smoothed(&transposed(&smoothed(&columns)));
    rows.iter().flatten().map(|&v| (255.0 * v) as u8).collect()
}

/// Rows of columns.
fn transposed<const WIDTH: usize, const HEIGHT: usize>(rows: &[[f64; WIDTH]]) -> Vec<[f64; HEIGHT]> {
    (0..WIDTH).map(|column| std::array::from_fn(|row| rows[row][column])).collect()
}

/// Adds a row, weighted.
fn add<const WIDTH: usize>(sum: &mut [f64; WIDTH], weight: f64, row: &[f64; WIDTH]) {
    sum.iter_mut().zip(row).for_each(|(sum, value)| *sum += weight * value);
}

/// Turns samples into the coefficients of the cubic B-splines through them, mirrored at the ends (Unser 1999).
fn spline_coefficients<const WIDTH: usize>(mut rows: Vec<[f64; WIDTH]>) -> Vec<[f64; WIDTH]> {
    let pole = 3f64.sqrt() - 2.0;
    rows.iter_mut().flatten().for_each(|value| *value *= 6.0);
    let (last, mut power) = (SIDE - 1, pole);
    let end = pole.powi(last as i32);
    let mut first = rows[0];
    add(&mut first, end, &rows[last]);
    let mut back = end * end / pole;
    for row in &rows[1..last] {
        add(&mut first, power + back, row);
        power *= pole;
        back /= pole;
    }
    rows[0] = first.map(|value| value / (1.0 - end * end));
    for place in 1..SIDE {
        let before = rows[place - 1];
        add(&mut rows[place], pole, &before);
    }
    let before = rows[last - 1];
    add(&mut rows[last], pole, &before);
    rows[last] = rows[last].map(|value| pole / (pole * pole - 1.0) * value);
    for place in (0..last).rev() {
        let behind = rows[place + 1];
        rows[place].iter_mut().zip(behind).for_each(|(here, behind)| *here = pole * (behind - *here));
    }
    rows
}

/// Columns at four times their length, from their coefficients.
fn stretched<const WIDTH: usize>(rows: &[[f64; WIDTH]]) -> Vec<[f64; WIDTH]> {
    let mut out = vec![[0.0; WIDTH]; LARGE];
    for (place, sum) in out.iter_mut().enumerate() {
        let at = (place as f64 + 0.5) / SCALE as f64 - 0.5;
        let whole = at.floor();
        let t = at - whole;
        let weights = [
            (1.0 - t).powi(3) / 6.0,
            2.0 / 3.0 - t * t * (2.0 - t) / 2.0,
            2.0 / 3.0 - (1.0 - t) * (1.0 - t) * (1.0 + t) / 2.0,
            t.powi(3) / 6.0,
        ];
        let mirrored = |place: i64| match place {
            place if place < 0 => -place as usize,
            place if place >= SIDE as i64 => (2 * (SIDE as i64 - 1) - place) as usize,
            place => place as usize,
        };
        for (weight, offset) in weights.into_iter().zip(-1..) {
            add(sum, weight, &rows[mirrored(whole as i64 + offset)]);
        }
    }
    out
}

/// Columns smoothed; beyond their ends they are mirrored, the last pixel twice.
fn smoothed(rows: &[[f64; LARGE]]) -> Vec<[f64; LARGE]> {
    let filter = gaussian();
    let mirrored = |place: usize| match place.checked_sub(REACH) {
        None => REACH - 1 - place,
        Some(place) if place >= LARGE => 2 * LARGE - 1 - place,
        Some(place) => place,
    };
    let mut out = vec![[0.0; LARGE]; LARGE];
    for (place, sum) in out.iter_mut().enumerate() {
        filter.iter().enumerate().for_each(|(tap, &weight)| add(sum, weight, &rows[mirrored(place + tap)]));
    }
    out
}

fn gaussian() -> [f64; 2 * REACH + 1] {
    let weights: [f64; 2 * REACH + 1] = std::array::from_fn(|place| {
        let x = place as f64 - REACH as f64;
        (-0.5 * x * x / (SIGMA * SIGMA)).exp()
    });
    let sum: f64 = weights.iter().sum();
    weights.map(|weight| weight / sum)
}

/// The squared distance of each pixel of ink to the nearest paper, 0 on paper: first along columns, then the least sum along
/// rows. Strokes are thin, so the second search ends soon.
fn squared_distances(ink: &[bool]) -> Vec<u32> {
    const FAR: u32 = (2 * LARGE * LARGE) as u32;
    let mut along = vec![0u32; ink.len()];
    let rows = || ink.chunks_exact(LARGE);
    // Ink since the last paper, in each column.
    let mut runs = [LARGE as u32; LARGE];
    let follow = |runs: &mut [u32; LARGE], ink: &[bool]| {
        runs.iter_mut().zip(ink).for_each(|(run, &ink)| *run = if ink { *run + 1 } else { 0 });
    };
    for (ink, out) in rows().zip(along.chunks_exact_mut(LARGE)) {
        follow(&mut runs, ink);
        out.copy_from_slice(&runs);
    }
    runs = [LARGE as u32; LARGE];
    for (ink, out) in rows().zip(along.chunks_exact_mut(LARGE)).rev() {
        follow(&mut runs, ink);
        out.iter_mut().zip(&runs).for_each(|(here, run)| *here = (*here).min(*run));
    }
    let mut squared = vec![0u32; ink.len()];
    for (row, out) in along.chunks_exact(LARGE).zip(squared.chunks_exact_mut(LARGE)) {
        for x in (0..LARGE).filter(|&x| row[x] > 0) {
            let mut least = if row[x] > LARGE as u32 { FAR } else { row[x] * row[x] };
            for away in 1..LARGE {
                let across = (away * away) as u32;
                if across >= least {
                    break;
                }
                for other in [x.checked_sub(away), Some(x + away).filter(|&other| other < LARGE)].into_iter().flatten()
                {
                    if row[other] <= LARGE as u32 {
                        least = least.min(across + row[other] * row[other]);
                    }
                }
            }
            out[x] = least;
        }
    }
    squared
}

/// The places of the medial axis: ink is taken away from the outside in, pixel by pixel, unless that would part it or shorten an end
/// (as scikit-image's `medial_axis`; of pixels at one distance those with more ink around go first).
fn medial_axis(ink: &[bool], squared: &[u32]) -> Vec<usize> {
    // A border of paper, so that every pixel has eight neighbours.
    const WIDE: usize = LARGE + 2;
    let mut left = vec![false; WIDE * WIDE];
    let mut order = Vec::new();
    for y in 0..LARGE {
        for x in 0..LARGE {
            if ink[y * LARGE + x] {
                left[(y + 1) * WIDE + x + 1] = true;
                order.push((y + 1) * WIDE + x + 1);
            }
        }
    }
    let around = |left: &[bool], place: usize| -> u16 {
        let mut pattern = 0;
        for (row, start) in [place - WIDE - 1, place - 1, place + WIDE - 1].into_iter().enumerate() {
            for column in 0..3 {
                pattern |= u16::from(left[start + column]) << (3 * row + column);
            }
        }
        pattern
    };
    let at = |place: usize| (place / WIDE - 1) * LARGE + place % WIDE - 1;
    // Distance, pixels of paper around, and place, in one number each, which sort fast.
    let key = |&place: &usize| {
        let paper = 9 - around(&left, place).count_ones();
        (u64::from(squared[at(place)]) << 4 | u64::from(paper)) << 32 | place as u64
    };
    let mut keyed: Vec<u64> = order.iter().map(key).collect();
    keyed.sort_unstable();
    static KEPT: LazyLock<[bool; 512]> = LazyLock::new(kept_patterns);
    for key in keyed {
        let place = (key & u64::from(u32::MAX)) as usize;
        left[place] = KEPT[usize::from(around(&left, place))];
    }
    order.retain(|&place| left[place]);
    order.into_iter().map(at).collect()
}

/// For each 3×3 pattern whether its centre stays: where ink falls into other parts without it, or it is an end.
fn kept_patterns() -> [bool; 512] {
    const CENTRE: u16 = 1 << 4;
    std::array::from_fn(|pattern| {
        let pattern = pattern as u16;
        pattern & CENTRE != 0 && (pattern.count_ones() < 3 || parts(pattern) != parts(pattern & !CENTRE))
    })
}

/// How many parts the ink of a 3×3 pattern has, where corners connect too.
fn parts(mut pattern: u16) -> u32 {
    let mut count = 0;
    while pattern != 0 {
        count += 1;
        let mut part = 1 << pattern.trailing_zeros();
        loop {
            let grown = (0..9u16).filter(|bit| part >> bit & 1 == 1).fold(part, |grown, bit| {
                let (x, y) = (i32::from(bit % 3), i32::from(bit / 3));
                (0..9u16).filter(|other| pattern >> other & 1 == 1).fold(grown, |grown, other| {
                    let near = (i32::from(other % 3) - x).abs() <= 1 && (i32::from(other / 3) - y).abs() <= 1;
                    if near { grown | 1 << other } else { grown }
                })
            });
            if grown == part {
                break;
            }
            part = grown;
        }
        pattern &= !part;
    }
    count
}

impl Moments {
    /// Width along the slant of an upscaled digit, and its height, in pixels of the digit.
    fn extent(&self, large: &[u8]) -> (f64, f64) {
        let (mut across, mut down) = ([0u64; LARGE + 1], [0u64; LARGE + 1]);
        for (y, row) in large.chunks_exact(LARGE).enumerate() {
            let shift = self.shear * (y as f64 - self.middle);
            for (x, &grey) in row.iter().enumerate() {
                // The first place that it lies left of; a cast cuts towards zero, and before zero is no place.
                let first = (x as f64 + 1.5 - shift).clamp(0.0, LARGE as f64) as usize;
                across[first] += u64::from(grey);
                down[y + 1] += u64::from(grey);
            }
        }
        (inner(&across) / SCALE as f64, inner(&down) / SCALE as f64)
    }
}

/// The distance between the places that have a hundredth of all grey before and behind them; `added[i]` is what counts from place i on.
fn inner(added: &[u64; LARGE + 1]) -> f64 {
    let total: u64 = added.iter().sum();
    let mut sum = 0;
    let shares: Vec<f64> = added[..LARGE]
        .iter()
        .map(|grey| {
            sum += grey;
            sum as f64 / total as f64
        })
        .collect();
    place_of(&shares, 1.0 - OUTSIDE / 2.0) - place_of(&shares, OUTSIDE / 2.0)
}

/// Where rising shares reach `share`, between two of them on a line.
fn place_of(shares: &[f64], share: f64) -> f64 {
    match shares.partition_point(|&found| found <= share) {
        0 => 0.0,
        next if next == shares.len() => (next - 1) as f64,
        next => {
            let (before, behind) = (shares[next - 1], shares[next]);
            (next - 1) as f64 + (share - before) / (behind - before)
        }
    }
}

#[cfg(test)]
mod tests;
