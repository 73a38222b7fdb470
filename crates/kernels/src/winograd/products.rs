//! The products in the Winograd domain: a matrix product at each point. Its rows are images and tiles, its other axes
//! channels.

use super::layout::{
    GAP, LOWER_PRODUCT, PANEL, PHASE_CHANNELS, POINT_WEIGHTS, POINTS, PRODUCTS, TRANSFORMED_LOWER, TRANSFORMED_UPPER,
    TRANSFORMED_WEIGHTS, UPPER_PRODUCT, products_of,
};
use crate::Kernels;
use crate::matrix::{TILE_ROWS, for_row_tiles};
use crate::shape::BOTTOM_CHANNELS;
use crate::tile::{Walk, strip};
use pulp::{Simd, WithSimd};

/// Rows summed at once in the gradient of the weights, a multiple of 32: a block of both operands stays in the L1 cache
/// while all tiles of a panel pass over it.
const DEPTH_IN_CACHE: usize = 64;

impl Kernels {
    /// The convolution in the Winograd domain: `lower = V · U` at every point.
    ///
    /// # Shapes
    /// `upper`: `[images, 81, 128]` and gaps; `weights`: `[25, 2, 128, 32]` and gaps, by
    /// [`Kernels::winograd_filter_transform`]; `lower`: `[images, 81, 64]` and gaps.
    pub fn winograd_down(self, upper: &[f32], weights: &[f32], lower: &mut [f32]) {
        let images = upper.len() / TRANSFORMED_UPPER;
        assert_eq!((upper.len(), lower.len()), (images * TRANSFORMED_UPPER, images * TRANSFORMED_LOWER));
        assert_eq!(weights.len(), TRANSFORMED_WEIGHTS);
        self.run(Products::<f32, PHASE_CHANNELS, BOTTOM_CHANNELS> { images, rows: upper, weights, out: lower });
    }

    /// The transposed convolution in the Winograd domain: `upper = W · Uᵀ` at every point.
    ///
    /// # Shapes
    /// `lower`: `[images, 81, 64]` and gaps; `weights`: `[25, 4, 64, 32]` and gaps, by
    /// [`Kernels::winograd_transposed_filter_transform`]; `upper`: `[images, 81, 128]` and gaps.
    pub fn winograd_up(self, lower: &[f32], weights: &[f32], upper: &mut [f32]) {
        let images = lower.len() / TRANSFORMED_LOWER;
        assert_eq!((lower.len(), upper.len()), (images * TRANSFORMED_LOWER, images * TRANSFORMED_UPPER));
        assert_eq!(weights.len(), TRANSFORMED_WEIGHTS);
        self.run(Products::<f32, BOTTOM_CHANNELS, PHASE_CHANNELS> { images, rows: lower, weights, out: upper });
    }

    /// The gradient of the weights at one point, `Vᵀ · W` over all images; added to what is there if `adds`.
    ///
    /// # Shapes
    /// `upper`: `[images, 81, 128]` and gaps; `lower`: `[images, 81, 64]` and gaps; `gradient`: one of the 25 points,
    /// `[2, 128, 32]` and its gap.
    pub fn winograd_filter_gradient(
        self,
        upper: &[f32],
        lower: &[f32],
        point: usize,
        adds: bool,
        gradient: &mut [f32],
    ) {
        let images = upper.len() / TRANSFORMED_UPPER;
        assert_eq!((upper.len(), lower.len()), (images * TRANSFORMED_UPPER, images * TRANSFORMED_LOWER));
        assert!(point < POINTS && gradient.len() == POINT_WEIGHTS);
        self.run(Weights { images, upper, lower, point, adds, gradient });
    }
}

/// `rows · weights` at every point, for `DEPTH` summed numbers (of packed ones, words) and `COLUMNS` columns.
pub(super) struct Products<'a, T, const DEPTH: usize, const COLUMNS: usize> {
    pub(super) images: usize,
    pub(super) rows: &'a [T],
    pub(super) weights: &'a [T],
    pub(super) out: &'a mut [f32],
}

/// Calls `$tile` for every panel and tile of [`Products`] with pointers to its rows, its weights and its output, and
/// its number of rows: images in turn.
macro_rules! for_tiles {
    ($products:expr, |$rows:ident, $weights:ident, $out:ident, $ROWS:ident| $tile:expr) => {
        for point in 0..POINTS {
            let (first, count) = products_of(point);
            for column in (0..COLUMNS).step_by(PANEL) {
                for product in first..first + count {
                    for_row_tiles!($products.images, |image, $ROWS| {
                        // SAFETY: the callers checked the lengths: 81 products per image on both sides, and 25 points
                        // of panels of `DEPTH` rows of 32.
                        unsafe {
                            let place = image * PRODUCTS + product;
                            let weights = point * (DEPTH * COLUMNS + GAP) + column * DEPTH;
                            let $rows = $products.rows.as_ptr().add(place * (DEPTH + GAP));
                            let $weights = $products.weights.as_ptr().add(weights);
                            let $out = $products.out.as_mut_ptr().add(place * (COLUMNS + GAP) + column);
                            $tile
                        }
                    });
                }
            }
        }
    };
}
pub(super) use for_tiles;

impl<const DEPTH: usize, const COLUMNS: usize> WithSimd for Products<'_, f32, DEPTH, COLUMNS> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let walks = [Walk::ONCE, Walk::ONCE, Walk::new(DEPTH, 1, PANEL)];
        let row = |image: usize| image * PRODUCTS * (DEPTH + GAP);
        let out_row = |image: usize| image * PRODUCTS * (COLUMNS + GAP);
        for_tiles!(self, |rows, weights, out, ROWS| {
            strip::<S, ROWS>(simd, PANEL, rows, row, weights, out, out_row, walks, false);
        });
    }
}

struct Weights<'a> {
    images: usize,
    upper: &'a [f32],
    lower: &'a [f32],
    point: usize,
    adds: bool,
    gradient: &'a mut [f32],
}

impl WithSimd for Weights<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (first, count) = products_of(self.point);
        let together = DEPTH_IN_CACHE / count;
        for start in (0..self.images).step_by(together) {
            let walks = [
                Walk::ONCE,
                Walk::new(together.min(self.images - start), TRANSFORMED_UPPER, TRANSFORMED_LOWER),
                Walk::new(count, UPPER_PRODUCT, LOWER_PRODUCT),
            ];
            for column in (0..BOTTOM_CHANNELS).step_by(PANEL) {
                for row in (0..PHASE_CHANNELS).step_by(TILE_ROWS) {
                    // SAFETY: `winograd_filter_gradient` checked that there are as many upper as lower maps; the walk
                    // visits rows of 128 and 64 channels inside them, and the gradient is 2 panels of 128 rows.
                    unsafe {
                        let upper = self.upper.as_ptr().add(start * TRANSFORMED_UPPER + first * UPPER_PRODUCT + row);
                        let lower = self.lower.as_ptr().add(start * TRANSFORMED_LOWER + first * LOWER_PRODUCT + column);
                        let gradient = self.gradient.as_mut_ptr().add(column * PHASE_CHANNELS + row * PANEL);
                        let adds = self.adds || start > 0;
                        strip::<S, TILE_ROWS>(simd, PANEL, upper, |r| r, lower, gradient, |r| r * PANEL, walks, adds);
                    }
                }
            }
        }
    }
}
