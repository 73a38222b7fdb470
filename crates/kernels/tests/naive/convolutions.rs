//! The direct convolutions.

use crate::support::{assert_close, numbers};
use digitgan_kernels::shape::*;
use digitgan_kernels::{Kernels, inner_phases, transpose};

/// Numbers laid out as `layout` says, with zeros in the padding.
pub(crate) fn padded(layout: MapLayout, images: usize, seed: u64) -> Vec<f32> {
    let inside = numbers(images * layout.side * layout.row(), seed);
    let mut out = vec![0.0; images * layout.elements()];
    for image in 0..images {
        for y in 0..layout.side {
            let from = (image * layout.side + y) * layout.row();
            let to = image * layout.elements() + layout.row_start(y);
            out[to..to + layout.row()].copy_from_slice(&inside[from..from + layout.row()]);
        }
    }
    out
}

pub(crate) const PADDED_PICTURE: MapLayout = MapLayout { side: IMAGE_SIDE, channels: 1, padding: 1 };

/// A map read as f64, zero outside.
pub(crate) struct Map<'a>(pub(crate) &'a [f32], pub(crate) MapLayout);

impl Map<'_> {
    fn at(&self, y: isize, x: isize, channel: usize) -> f64 {
        let side = self.1.side as isize;
        if y < 0 || x < 0 || y >= side || x >= side {
            return 0.0;
        }
        f64::from(self.0[self.1.row_start(y as usize) + x as usize * self.1.channels + channel])
    }
}

/// Calls `visit(lower y, lower x, upper y, upper x, tap)` for each pair of pixels that a 4×4, stride 2,
/// padding 1 convolution joins.
pub(crate) fn for_each_tap(lower_side: usize, mut visit: impl FnMut(usize, usize, isize, isize, usize)) {
    for y in 0..lower_side {
        for x in 0..lower_side {
            for i in 0..4 {
                for j in 0..4 {
                    visit(y, x, (2 * y + i) as isize - 1, (2 * x + j) as isize - 1, i * 4 + j);
                }
            }
        }
    }
}

pub(crate) fn naive_down(up: Map, weights: &[f32], lower: MapLayout) -> Vec<f64> {
    let (u, d) = (up.1.channels, lower.channels);
    let mut out = vec![0.0; lower.side * lower.row()];
    for_each_tap(lower.side, |y, x, up_y, up_x, tap| {
        for a in 0..u {
            for b in 0..d {
                out[(y * lower.side + x) * d + b] += up.at(up_y, up_x, a) * f64::from(weights[(tap * u + a) * d + b]);
            }
        }
    });
    out
}

pub(crate) fn naive_up(down: Map, weights: &[f32], upper: MapLayout) -> Vec<f64> {
    let (u, d) = (upper.channels, down.1.channels);
    let mut out = vec![0.0; upper.side * upper.row()];
    let side = upper.side as isize;
    for_each_tap(down.1.side, |y, x, up_y, up_x, tap| {
        if up_y < 0 || up_x < 0 || up_y >= side || up_x >= side {
            return;
        }
        for a in 0..u {
            for b in 0..d {
                out[(up_y * side + up_x) as usize * u + a] +=
                    down.at(y as isize, x as isize, b) * f64::from(weights[(tap * u + a) * d + b]);
            }
        }
    });
    out
}

pub(crate) fn naive_weights(up: Map, down: Map, out: &mut [f64]) {
    let (u, d) = (up.1.channels, down.1.channels);
    for_each_tap(down.1.side, |y, x, up_y, up_x, tap| {
        for a in 0..u {
            for b in 0..d {
                out[(tap * u + a) * d + b] += up.at(up_y, up_x, a) * down.at(y as isize, x as isize, b);
            }
        }
    });
}

#[test]
fn inner_convolution_up() {
    let down = padded(MapLayout::PADDED_BOTTOM, 1, 2);
    let weights = numbers(INNER_WEIGHTS, 3);
    let expected = naive_up(Map(&down, MapLayout::PADDED_BOTTOM), &weights, MapLayout::MIDDLE);
    let mut phases = vec![0.0; INNER_WEIGHTS];
    inner_phases(&weights, &mut phases);
    for kernels in Kernels::available() {
        let mut out = vec![f32::NAN; MIDDLE];
        kernels.inner_up(&down, &phases, &mut out);
        assert_close("inner_up", kernels, &out, &expected);
    }
}

#[test]
fn outer_convolution() {
    const IMAGES: usize = 3;
    let up = padded(PADDED_PICTURE, IMAGES, 7);
    let down = numbers(IMAGES * MIDDLE, 8);
    let weights = numbers(OUTER_WEIGHTS, 9);
    let mut transposed = vec![0.0; OUTER_WEIGHTS];
    transpose(&weights, FILTER_TAPS, MIDDLE_CHANNELS, &mut transposed);
    let expected_down = naive_down(Map(&up[..PADDED_IMAGE], PADDED_PICTURE), &weights, MapLayout::MIDDLE);
    let upper = MapLayout { padding: 0, ..PADDED_PICTURE };
    let inside = naive_up(Map(&down[..MIDDLE], MapLayout::MIDDLE), &weights, upper);
    let mut expected_up = vec![0.0; PADDED_IMAGE];
    for y in 0..IMAGE_SIDE {
        expected_up[PADDED_PICTURE.row_start(y)..][..IMAGE_SIDE]
            .copy_from_slice(&inside[y * IMAGE_SIDE..][..IMAGE_SIDE]);
    }
    let mut expected_weights = vec![0.0; OUTER_WEIGHTS];
    for (up, down) in up.chunks(PADDED_IMAGE).zip(down.chunks(MIDDLE)) {
        naive_weights(Map(up, PADDED_PICTURE), Map(down, MapLayout::MIDDLE), &mut expected_weights);
    }
    for kernels in Kernels::available() {
        let mut out = vec![f32::NAN; MIDDLE];
        kernels.outer_down(&up[..PADDED_IMAGE], &weights, &mut out);
        assert_close("outer_down", kernels, &out, &expected_down);
        let mut out = vec![0.0; PADDED_IMAGE];
        kernels.outer_up(&down[..MIDDLE], &transposed, &mut out);
        assert_close("outer_up", kernels, &out, &expected_up);
        let mut out = vec![f32::NAN; OUTER_WEIGHTS];
        kernels.outer_weights(&up, &down, &mut out);
        assert_close("outer_weights", kernels, &out, &expected_weights);
    }
}
