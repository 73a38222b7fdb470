//! The products: at each point a matrix product, its rows images and tiles, its other axes channels.

use super::{
    IMAGES_TOGETHER, LOWER_POINTS, LOWER_PRODUCT, PANEL, PHASE_CHANNELS, POINT_WEIGHTS, POINTS, UPPER_POINTS,
    UPPER_PRODUCT, WEIGHT_POINTS, products_of,
};
use crate::Kernels;
use crate::shape::BOTTOM_CHANNELS;
use crate::tile::{Walk, strip};
use pulp::{Simd, WithSimd};

/// Rows summed at once in the gradient of the weights, a multiple of 32: a block of both operands stays in the L1 cache
/// while all tiles of a panel pass over it.
const DEPTH_IN_CACHE: usize = 64;

impl Kernels {
    /// Down for a group of images: `lower = V · U` at every point.
    ///
    /// # Shapes
    /// `upper`: a group, `[81, 8, 128]` and gaps; `weights`: `[25, 2, 128, 32]`, by [`Kernels::weights_to_points`];
    /// `lower`: a group, `[81, 8, 64]` and gaps.
    pub fn points_down(self, upper: &[f32], weights: &[f32], lower: &mut [f32]) {
        assert_eq!((upper.len(), weights.len(), lower.len()), (UPPER_POINTS, WEIGHT_POINTS, LOWER_POINTS));
        self.run(Products::<PHASE_CHANNELS, BOTTOM_CHANNELS> {
            rows: upper,
            row_product: UPPER_PRODUCT,
            weights,
            out: lower,
            out_product: LOWER_PRODUCT,
        });
    }

    /// Up for a group of images: `upper = W · Uᵀ` at every point.
    ///
    /// # Shapes
    /// `lower`: a group, `[81, 8, 64]` and gaps; `weights`: `[25, 4, 64, 32]`, from transposed taps by
    /// [`Kernels::weights_to_points`]; `upper`: a group, `[81, 8, 128]` and gaps.
    pub fn points_up(self, lower: &[f32], weights: &[f32], upper: &mut [f32]) {
        assert_eq!((lower.len(), weights.len(), upper.len()), (LOWER_POINTS, WEIGHT_POINTS, UPPER_POINTS));
        self.run(Products::<BOTTOM_CHANNELS, PHASE_CHANNELS> {
            rows: lower,
            row_product: LOWER_PRODUCT,
            weights,
            out: upper,
            out_product: UPPER_PRODUCT,
        });
    }

    /// Adds to the gradient of the weights at one point, `Vᵀ · W` over all images.
    ///
    /// # Shapes
    /// `upper`: groups of `[81, 8, 128]` and gaps; `lower`: as many of `[81, 8, 64]`; rows of images that are not
    /// there must be zero. `gradient`: one of the 25 points, `[2, 128, 32]` and its gap.
    pub fn points_weights(self, upper: &[f32], lower: &[f32], point: usize, gradient: &mut [f32]) {
        let groups = upper.len() / UPPER_POINTS;
        assert_eq!((upper.len(), lower.len()), (groups * UPPER_POINTS, groups * LOWER_POINTS));
        assert!(point < POINTS && gradient.len() == POINT_WEIGHTS);
        self.run(Weights { groups, upper, lower, point, gradient });
    }
}

struct Products<'a, const DEPTH: usize, const COLUMNS: usize> {
    rows: &'a [f32],
    row_product: usize,
    weights: &'a [f32],
    out: &'a mut [f32],
    out_product: usize,
}

impl<const DEPTH: usize, const COLUMNS: usize> WithSimd for Products<'_, DEPTH, COLUMNS> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let walks = [Walk::ONCE, Walk::ONCE, Walk::new(DEPTH, 1, PANEL)];
        for point in 0..POINTS {
            let (first, count) = products_of(point);
            for panel in 0..COLUMNS / PANEL {
                for product in first..first + count {
                    // SAFETY: the callers checked the lengths: 81 products of 8 rows each on both sides, and 25 points
                    // of `COLUMNS / 32` panels of `DEPTH` rows of 32.
                    unsafe {
                        let rows = self.rows.as_ptr().add(product * self.row_product);
                        let weights = self.weights.as_ptr().add(point * POINT_WEIGHTS + panel * PANEL * DEPTH);
                        let out = self.out.as_mut_ptr().add(product * self.out_product + panel * PANEL);
                        let (row, out_row) = (|i: usize| i * DEPTH, |i: usize| i * COLUMNS);
                        strip::<S, IMAGES_TOGETHER>(simd, PANEL, rows, row, weights, out, out_row, walks, false);
                    }
                }
            }
        }
    }
}

struct Weights<'a> {
    groups: usize,
    upper: &'a [f32],
    lower: &'a [f32],
    point: usize,
    gradient: &'a mut [f32],
}

impl WithSimd for Weights<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        const TILE_ROWS: usize = 8;
        let (first, count) = products_of(self.point);
        let together = DEPTH_IN_CACHE / (count * IMAGES_TOGETHER);
        for start in (0..self.groups).step_by(together) {
            let walks = [
                Walk::new(together.min(self.groups - start), UPPER_POINTS, LOWER_POINTS),
                Walk::new(count, UPPER_PRODUCT, LOWER_PRODUCT),
                Walk::new(IMAGES_TOGETHER, PHASE_CHANNELS, BOTTOM_CHANNELS),
            ];
            for column in (0..BOTTOM_CHANNELS).step_by(PANEL) {
                for row in (0..PHASE_CHANNELS).step_by(TILE_ROWS) {
                    // SAFETY: `points_weights` checked that there are as many groups of upper as of lower maps; the
                    // walk visits rows of 128 and 64 channels inside them, and the gradient is 2 panels of 128 rows.
                    unsafe {
                        let upper = self.upper.as_ptr().add(start * UPPER_POINTS + first * UPPER_PRODUCT + row);
                        let lower = self.lower.as_ptr().add(start * LOWER_POINTS + first * LOWER_PRODUCT + column);
                        let gradient = self.gradient.as_mut_ptr().add(column * PHASE_CHANNELS + row * PANEL);
                        strip::<S, TILE_ROWS>(simd, PANEL, upper, |r| r, lower, gradient, |r| r * PANEL, walks, true);
                    }
                }
            }
        }
    }
}
