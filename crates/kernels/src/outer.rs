//! The outer convolution: a 28×28 picture above, 14×14×32 below; 4×4, stride 2, padding 1.

use crate::Kernels;
use crate::inner::PHASE_TAPS;
use crate::shape::{FILTER_TAPS, IMAGE_SIDE, MIDDLE, MIDDLE_CHANNELS, MIDDLE_SIDE, OUTER_WEIGHTS, PADDED_IMAGE};
use crate::tile::{Walk, strip};
use pulp::{Simd, WithSimd};

/// Elements of a row of the padded picture.
const IMAGE_ROW: usize = IMAGE_SIDE + 2;
/// Elements of a row of the lower map.
const DOWN_ROW: usize = MIDDLE_SIDE * MIDDLE_CHANNELS;
/// Elements of a row of padded patches: 16 pixels, 16 filter taps each.
const PATCH_ROW: usize = (MIDDLE_SIDE + 2) * FILTER_TAPS;
/// Elements of the patches of a picture, with a border of zero patches around them.
const PATCHES: usize = (MIDDLE_SIDE + 2) * PATCH_ROW;

impl Kernels {
    /// Convolves one picture down: `down[y, x, d] = Σ up[2y + i − 1, 2x + j − 1] · weights[i, j, d]`.
    ///
    /// # Shapes
    /// `up`: padded, `[30, 30]`; `weights`: `[4, 4, 32]`; `down`: `[14, 14, 32]`.
    pub fn outer_down(self, up: &[f32], weights: &[f32], down: &mut [f32]) {
        assert_eq!((up.len(), weights.len(), down.len()), (PADDED_IMAGE, OUTER_WEIGHTS, MIDDLE));
        self.run(Down { up, weights, down });
    }

    /// Convolves one map up to a picture (transposed): the adjoint of [`Kernels::outer_down`].
    /// Writes the 28×28 pixels inside the padding.
    ///
    /// # Shapes
    /// `down`: `[14, 14, 32]`; `transposed`: the weights transposed, `[32, 4, 4]`; `up`: padded, `[30, 30]`.
    pub fn outer_up(self, down: &[f32], transposed: &[f32], up: &mut [f32]) {
        assert_eq!((down.len(), transposed.len(), up.len()), (MIDDLE, OUTER_WEIGHTS, PADDED_IMAGE));
        self.run(Up { down, transposed, up });
    }

    /// Gathers the gradient of the weights over some images, into `gradient` (what was there is lost):
    /// `gradient[i, j, d] = Σ up[2y + i − 1, 2x + j − 1] · down[y, x, d]`.
    ///
    /// # Shapes
    /// `up`: padded, `[images, 30, 30]`; `down`: `[images, 14, 14, 32]`; `gradient`: `[4, 4, 32]`.
    pub fn outer_weights(self, up: &[f32], down: &[f32], gradient: &mut [f32]) {
        let images = up.len() / PADDED_IMAGE;
        assert_eq!((up.len(), down.len()), (images * PADDED_IMAGE, images * MIDDLE));
        assert_eq!(gradient.len(), OUTER_WEIGHTS);
        self.run(Weights { images, up, down, gradient });
    }
}

struct Down<'a> {
    up: &'a [f32],
    weights: &'a [f32],
    down: &'a mut [f32],
}

impl WithSimd for Down<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let walks = [Walk::ONCE, Walk::new(4, IMAGE_ROW, 4 * MIDDLE_CHANNELS), Walk::new(4, 1, MIDDLE_CHANNELS)];
        for y in 0..MIDDLE_SIDE {
            // SAFETY: `outer_down` checked the lengths; output row y reads padded rows 2y..2y + 4 ≤ 30, and
            // pixel x its columns 2x..2x + 4 ≤ 30.
            unsafe {
                let up = self.up.as_ptr().add(2 * y * IMAGE_ROW);
                let down = self.down.as_mut_ptr().add(y * DOWN_ROW);
                let (weights, down_row) = (self.weights.as_ptr(), |x: usize| x * MIDDLE_CHANNELS);
                strip::<S, 14>(simd, MIDDLE_CHANNELS, up, |x| 2 * x, weights, down, down_row, walks, false);
            }
        }
    }
}

struct Up<'a> {
    down: &'a [f32],
    transposed: &'a [f32],
    up: &'a mut [f32],
}

impl WithSimd for Up<'_> {
    type Output = ();

    /// First a matrix product gives every lower pixel its 4×4 patch of contributions, then every
    /// picture pixel adds the four patches that overlap it.
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let mut patches = [0f32; PATCHES];
        let walks = [Walk::ONCE, Walk::ONCE, Walk::new(MIDDLE_CHANNELS, 1, FILTER_TAPS)];
        for y in 0..MIDDLE_SIDE {
            // SAFETY: `outer_up` checked the lengths; row y of the patches inside their border has 14 patches of 16.
            unsafe {
                let down = self.down.as_ptr().add(y * DOWN_ROW);
                let patch = patches.as_mut_ptr().add((y + 1) * PATCH_ROW + FILTER_TAPS);
                let (transposed, down_row) = (self.transposed.as_ptr(), |x: usize| x * MIDDLE_CHANNELS);
                strip::<S, 14>(simd, FILTER_TAPS, down, down_row, transposed, patch, |x| x * FILTER_TAPS, walks, false);
            }
        }
        for y in 0..IMAGE_SIDE {
            let up = &mut self.up[(y + 1) * IMAGE_ROW + 1..][..IMAGE_SIDE];
            let [upper, lower] = PHASE_TAPS[y % 2];
            // Pixel row 2a + p gets tap `upper` of patch row a − 1 + p and tap `lower` of the next.
            let above = &patches[(y / 2 + y % 2) * PATCH_ROW..][..PATCH_ROW];
            let below = &patches[(y / 2 + y % 2 + 1) * PATCH_ROW..][..PATCH_ROW];
            for (x, pixel) in up.iter_mut().enumerate() {
                let [left, right] = PHASE_TAPS[x % 2];
                let (l, r) = ((x / 2 + x % 2) * FILTER_TAPS, (x / 2 + x % 2 + 1) * FILTER_TAPS);
                *pixel = (above[l + upper * 4 + left] + above[r + upper * 4 + right])
                    + (below[l + lower * 4 + left] + below[r + lower * 4 + right]);
            }
        }
    }
}

struct Weights<'a> {
    images: usize,
    up: &'a [f32],
    down: &'a [f32],
    gradient: &'a mut [f32],
}

impl WithSimd for Weights<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let walks = [
            Walk::new(self.images, PADDED_IMAGE, MIDDLE),
            Walk::new(MIDDLE_SIDE, 2 * IMAGE_ROW, DOWN_ROW),
            Walk::new(MIDDLE_SIDE, 2, MIDDLE_CHANNELS),
        ];
        for half in 0..2 {
            // SAFETY: `outer_weights` checked the lengths; half the filter taps are two kernel rows of four, and tap
            // (i, j) meets pixel (y, x) at padded row 2y + i ≤ 29 and column 2x + j ≤ 29.
            unsafe {
                let up = self.up.as_ptr().add(half * 2 * IMAGE_ROW);
                let gradient = self.gradient.as_mut_ptr().add(half * 8 * MIDDLE_CHANNELS);
                let up_row = |tap: usize| (tap / 4) * IMAGE_ROW + tap % 4;
                let (down, row) = (self.down.as_ptr(), |tap: usize| tap * MIDDLE_CHANNELS);
                strip::<S, 8>(simd, MIDDLE_CHANNELS, up, up_row, down, gradient, row, walks, false);
            }
        }
    }
}
