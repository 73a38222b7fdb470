//! A generator's 28×28 digit as a smooth field of ink, that can be looked up anywhere: what makes it large without blocks.
//!
//! Between pixels it is a cubic B-spline, which neither rings nor steps. Faint strokes are raised to the strength of the others,
//! so that one level is the edge of all ink; specks that belong to no stroke are gone.

use super::patches::patches;
use crate::{IMAGE_PIXELS, IMAGE_SIDE};

/// Black around the digit, so that no look-up needs a check.
const MARGIN: usize = 3;
const SIDE: usize = IMAGE_SIDE + 2 * MARGIN;
/// How far around a pixel the darkest is looked for that it is compared with.
const AROUND: usize = 2;
/// Ink that is fainter than this is noise.
const FAINT: f32 = 0.2;
/// A patch of ink with a smaller share of it all belongs to no stroke.
const LEAST_SHARE: f32 = 0.06;
/// What is at least so light belongs to a patch.
const SPECK_EDGE: u8 = 30;
/// What the pixels beside each weigh where it is smoothed; the pixel itself weighs the rest.
const BESIDE: f32 = 0.2;

/// The field; 1 is ink and 0 is none, the edge at about 0.5.
pub(super) struct Field {
    values: [f32; SIDE * SIDE],
    /// Between which columns there is ink, with what the spline adds.
    pub(super) columns: [f32; 2],
}

impl Field {
    /// # Shapes
    /// `image`: `[28, 28]`.
    pub(super) fn new(image: &[u8]) -> Field {
        let grey = smoothed(&without_specks(image));
        let darkest = blurred(&darkest(&grey));
        let mut values = [0.0; SIDE * SIDE];
        for (y, row) in grey.chunks_exact(IMAGE_SIDE).enumerate() {
            let into = &mut values[(y + MARGIN) * SIDE + MARGIN..][..IMAGE_SIDE];
            for (x, (into, &grey)) in into.iter_mut().zip(row).enumerate() {
                *into = grey / darkest[y * IMAGE_SIDE + x].clamp(FAINT, 1.0);
            }
        }
        let has_ink = |&column: &usize| grey.iter().skip(column).step_by(IMAGE_SIDE).any(|&grey| grey > 0.1);
        let first = (0..IMAGE_SIDE).find(has_ink).unwrap_or(0) as f32;
        let last = (0..IMAGE_SIDE).rfind(has_ink).unwrap_or(0) as f32;
        Field { values, columns: [first - 1.0, last + 2.0] }
    }

    /// The ink along a row, `y` pixels below the picture's upper edge.
    pub(super) fn row(&self, y: f32) -> Row {
        let y = y + MARGIN as f32 - 0.5;
        let mut values = [0.0; SIDE];
        if (1.0..(SIDE - 3) as f32).contains(&y) {
            let first = y as usize - 1;
            let weights = weights(y - y.floor());
            for (from, weight) in self.values[first * SIDE..].chunks_exact(SIDE).zip(weights) {
                values.iter_mut().zip(from).for_each(|(value, from)| *value += weight * from);
            }
        }
        Row { values }
    }
}

/// A row of a field.
pub(super) struct Row {
    values: [f32; SIDE],
}

impl Row {
    /// The ink at a point, `x` pixels from the picture's left edge.
    pub(super) fn at(&self, x: f32) -> f32 {
        let x = x + MARGIN as f32 - 0.5;
        if !(1.0..(SIDE - 3) as f32).contains(&x) {
            return 0.0;
        }
        let column = x as usize;
        let weights = weights(x - column as f32);
        self.values[column - 1..][..4].iter().zip(weights).map(|(value, weight)| value * weight).sum()
    }
}

/// What the four pixels around a point weigh in a cubic B-spline, at a share `t` of the way between the middle two.
fn weights(t: f32) -> [f32; 4] {
    let (t2, t3) = (t * t, t * t * t);
    let rest = 1.0 - t;
    [rest * rest * rest / 6.0, (3.0 * t3 - 6.0 * t2 + 4.0) / 6.0, (3.0 * (t + t2 - t3) + 1.0) / 6.0, t3 / 6.0]
}

/// The darkest pixel around each, rows then columns.
fn darkest(grey: &[f32; IMAGE_PIXELS]) -> [f32; IMAGE_PIXELS] {
    let around = |place: usize| place.saturating_sub(AROUND)..(place + AROUND + 1).min(IMAGE_SIDE);
    let (mut rows, mut both) = ([0f32; IMAGE_PIXELS], [0f32; IMAGE_PIXELS]);
    for (from, into) in grey.chunks_exact(IMAGE_SIDE).zip(rows.chunks_exact_mut(IMAGE_SIDE)) {
        for (x, into) in into.iter_mut().enumerate() {
            *into = from[around(x)].iter().copied().fold(0.0, f32::max);
        }
    }
    for (y, into) in both.chunks_exact_mut(IMAGE_SIDE).enumerate() {
        for row in around(y) {
            let from = &rows[row * IMAGE_SIDE..][..IMAGE_SIDE];
            into.iter_mut().zip(from).for_each(|(into, &from)| *into = into.max(from));
        }
    }
    both
}

/// Each pixel with some of its neighbours: a generator's edges are rougher than a pen's.
fn smoothed(grey: &[f32; IMAGE_PIXELS]) -> [f32; IMAGE_PIXELS] {
    let mut rows = [0.0; IMAGE_PIXELS];
    for (from, into) in grey.chunks_exact(IMAGE_SIDE).zip(rows.chunks_exact_mut(IMAGE_SIDE)) {
        for x in 1..IMAGE_SIDE - 1 {
            into[x] = (1.0 - 2.0 * BESIDE) * from[x] + BESIDE * (from[x - 1] + from[x + 1]);
        }
    }
    let mut both = [0.0; IMAGE_PIXELS];
    for at in IMAGE_SIDE..IMAGE_PIXELS - IMAGE_SIDE {
        both[at] = (1.0 - 2.0 * BESIDE) * rows[at] + BESIDE * (rows[at - IMAGE_SIDE] + rows[at + IMAGE_SIDE]);
    }
    both
}

/// The mean of each pixel and its neighbours.
fn blurred(grey: &[f32; IMAGE_PIXELS]) -> [f32; IMAGE_PIXELS] {
    let mut out = *grey;
    for y in 1..IMAGE_SIDE - 1 {
        for x in 1..IMAGE_SIDE - 1 {
            let row = |y: usize| grey[y * IMAGE_SIDE + x - 1..][..3].iter().sum::<f32>();
            out[y * IMAGE_SIDE + x] = (row(y - 1) + row(y) + row(y + 1)) / 9.0;
        }
    }
    out
}

/// Clears patches of ink that are too small to be a stroke.
fn without_specks(image: &[u8]) -> [f32; IMAGE_PIXELS] {
    let mut grey = [0f32; IMAGE_PIXELS];
    grey.iter_mut().zip(image).for_each(|(grey, &pixel)| *grey = f32::from(pixel) / 255.0);
    let patches = patches(image, SPECK_EDGE);
    if patches.len() > 1 {
        let total: f32 = grey.iter().sum();
        for patch in &patches {
            let is_in = |at: usize| patch[at / IMAGE_SIDE] >> (at % IMAGE_SIDE) & 1 == 1;
            let ink: f32 = (0..IMAGE_PIXELS).filter(|&at| is_in(at)).map(|at| grey[at]).sum();
            if ink < LEAST_SHARE * total {
                (0..IMAGE_PIXELS).filter(|&at| is_in(at)).for_each(|at| grey[at] = 0.0);
            }
        }
    }
    grey
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_even_patch_stays_even_and_specks_go() {
        let mut image = [0u8; IMAGE_PIXELS];
        for y in 8..20 {
            image[y * IMAGE_SIDE + 8..][..12].fill(200);
        }
        image[2 * IMAGE_SIDE + 2] = 255;
        let field = Field::new(&image);
        let at = |x, y| field.row(y).at(x);
        assert!((at(14.0, 14.3) - 1.0).abs() < 1e-5, "{}", at(14.0, 14.3));
        assert!((at(8.0, 14.0) - 0.5).abs() < 0.02, "an edge is where it was: {}", at(8.0, 14.0));
        assert_eq!((at(2.5, 2.5), at(-9.0, 5.0), at(5.0, 99.0)), (0.0, 0.0, 0.0));
    }
}
