//! The inner convolution: 14×14×32 above, 7×7×64 below; 4×4, stride 2, padding 1.

use crate::Kernels;
use crate::shape::{
    BOTTOM, BOTTOM_CHANNELS, BOTTOM_SIDE, INNER_WEIGHTS, MIDDLE, MIDDLE_CHANNELS, MIDDLE_SIDE, PADDED_BOTTOM,
    PADDED_MIDDLE, TAPS,
};
use crate::tile::{Walk, strip};
use pulp::{Simd, WithSimd};

/// Elements of a row of the padded upper map, 16 pixels.
const UP_ROW: usize = (MIDDLE_SIDE + 2) * MIDDLE_CHANNELS;
/// Elements of a row of the padded lower map, 9 pixels.
const DOWN_ROW: usize = (BOTTOM_SIDE + 2) * BOTTOM_CHANNELS;

/// Rows of the weight matrix `[4·4·32, 64]` in a tile of [`Kernels::inner_weights`].
pub const INNER_WEIGHT_ROWS: usize = 8;
/// Images whose maps stay in cache while all weight tiles pass over them.
const IMAGES_IN_CACHE: usize = 4;

/// The two kernel rows (or columns) that reach an output row of each parity in a transposed
/// convolution, in the order of the input rows they multiply: y_out = 2·y_in + k − 1.
pub(crate) const PHASE_TAPS: [[usize; 2]; 2] = [[3, 1], [2, 0]];

impl Kernels {
    /// Convolves one map down: `down[y, x, d] = Σ up[2y + i − 1, 2x + j − 1, u] · weights[i, j, u, d]`.
    ///
    /// # Shapes
    /// `up`: padded, `[16, 16, 32]`; `weights`: `[4, 4, 32, 64]`; `down`: `[7, 7, 64]`.
    pub fn inner_down(self, up: &[f32], weights: &[f32], down: &mut [f32]) {
        assert_eq!((up.len(), weights.len(), down.len()), (PADDED_MIDDLE, INNER_WEIGHTS, BOTTOM));
        self.run(Down { up, weights, down });
    }

    /// Convolves one map up (transposed): the adjoint of [`Kernels::inner_down`].
    ///
    /// An output pixel of parity (p, q) is reached by just four taps, so this is four 2×2 convolutions
    /// of stride 1, one a parity, each with its own quarter of the weights (see
    /// [`inner_phases`]).
    ///
    /// # Shapes
    /// `down`: padded, `[9, 9, 64]`; `phases`: `[2, 2, 2, 2, 64, 32]`; `up`: `[14, 14, 32]`.
    pub fn inner_up(self, down: &[f32], phases: &[f32], up: &mut [f32]) {
        assert_eq!((down.len(), phases.len(), up.len()), (PADDED_BOTTOM, INNER_WEIGHTS, MIDDLE));
        self.run(Up { down, phases, up });
    }

    /// Gathers the gradient of some rows of the weights over all images, adding it to `gradient`:
    /// `gradient[k, d] += Σ up[2y + i − 1, 2x + j − 1, u] · down[y, x, d]` with `k = (i, j, u)`.
    ///
    /// # Shapes
    /// `up`: padded, `[images, 16, 16, 32]`; `down`: padded, `[images, 9, 9, 64]`; `gradient`: `[rows, 64]`,
    /// the rows of the whole `[4·4·32, 64]` from `first_row` on; both numbers of rows are multiples of
    /// [`INNER_WEIGHT_ROWS`].
    pub fn inner_weights(self, up: &[f32], down: &[f32], first_row: usize, gradient: &mut [f32]) {
        let rows = gradient.len() / BOTTOM_CHANNELS;
        assert_eq!(up.len() / PADDED_MIDDLE, down.len() / PADDED_BOTTOM);
        assert_eq!((up.len() % PADDED_MIDDLE, down.len() % PADDED_BOTTOM), (0, 0));
        assert_eq!((first_row % INNER_WEIGHT_ROWS, rows % INNER_WEIGHT_ROWS), (0, 0));
        assert!(gradient.len() == rows * BOTTOM_CHANNELS && first_row + rows <= TAPS * MIDDLE_CHANNELS);
        self.run(Weights { up, down, first_row, gradient });
    }
}

/// Splits the weights into the quarters that [`Kernels::inner_up`] uses, one for each parity of the
/// output pixel, with the two channel axes swapped.
///
/// # Shapes
/// `weights`: `[4, 4, 32, 64]`; `phases`: `[2, 2, 2, 2, 64, 32]`: parity of y and x, neighbour in y and x, down, up.
pub fn inner_phases(weights: &[f32], phases: &mut [f32]) {
    const QUARTER: usize = 4 * MIDDLE_CHANNELS * BOTTOM_CHANNELS;
    for (phase, quarter) in phases.chunks_exact_mut(QUARTER).enumerate() {
        inner_phase(weights, phase, quarter);
    }
}

/// One quarter of [`inner_phases`]: that of parity `(phase / 2, phase % 2)`.
///
/// # Shapes
/// `weights`: `[4, 4, 32, 64]`; `quarter`: `[2, 2, 64, 32]`.
pub fn inner_phase(weights: &[f32], phase: usize, quarter: &mut [f32]) {
    const TAP: usize = MIDDLE_CHANNELS * BOTTOM_CHANNELS;
    for (neighbour, matrix) in quarter.chunks_exact_mut(TAP).enumerate() {
        let (i, j) = (PHASE_TAPS[phase / 2][neighbour / 2], PHASE_TAPS[phase % 2][neighbour % 2]);
        let tap = &weights[(i * 4 + j) * TAP..][..TAP];
        crate::matrix::transpose(tap, MIDDLE_CHANNELS, BOTTOM_CHANNELS, matrix);
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
        let walks = [
            Walk::ONCE,
            Walk::new(4, UP_ROW, 4 * MIDDLE_CHANNELS * BOTTOM_CHANNELS),
            Walk::new(4 * MIDDLE_CHANNELS, 1, BOTTOM_CHANNELS),
        ];
        // Output pixel p of a tile, counted along rows of seven.
        let up_row = |p: usize| (p / BOTTOM_SIDE) * 2 * UP_ROW + (p % BOTTOM_SIDE) * 2 * MIDDLE_CHANNELS;
        let down_row = |p: usize| p * BOTTOM_CHANNELS;
        let (up, weights, down) = (self.up.as_ptr(), self.weights.as_ptr(), self.down.as_mut_ptr());
        // SAFETY: `inner_down` checked all three lengths. A tile of 14 pixels is two output rows, the
        // last of 7 is one; output row y reads padded rows 2y..2y+4 ≤ 16, each within 16 pixels.
        unsafe {
            for y in (0..6).step_by(2) {
                let (up, down) = (up.add(y * 2 * UP_ROW), down.add(y * BOTTOM_SIDE * BOTTOM_CHANNELS));
                strip::<S, 14>(simd, BOTTOM_CHANNELS, up, up_row, weights, down, down_row, walks, false);
            }
            let (up, down) = (up.add(6 * 2 * UP_ROW), down.add(6 * BOTTOM_SIDE * BOTTOM_CHANNELS));
            strip::<S, 7>(simd, BOTTOM_CHANNELS, up, up_row, weights, down, down_row, walks, false);
        }
    }
}

struct Up<'a> {
    down: &'a [f32],
    phases: &'a [f32],
    up: &'a mut [f32],
}

impl WithSimd for Up<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let walks = [
            Walk::ONCE,
            Walk::new(2, DOWN_ROW, 2 * BOTTOM_CHANNELS * MIDDLE_CHANNELS),
            Walk::new(2 * BOTTOM_CHANNELS, 1, MIDDLE_CHANNELS),
        ];
        // Pixel p of a tile, counted along rows of seven; in the output they lie two apart.
        let down_row = |p: usize| (p / BOTTOM_SIDE) * DOWN_ROW + (p % BOTTOM_SIDE) * BOTTOM_CHANNELS;
        let up_row =
            |p: usize| (p / BOTTOM_SIDE) * 2 * MIDDLE_SIDE * MIDDLE_CHANNELS + (p % BOTTOM_SIDE) * 2 * MIDDLE_CHANNELS;
        for phase in 0..4 {
            let (p, q) = (phase / 2, phase % 2);
            // SAFETY: `inner_up` checked all three lengths. Output row 2y + p reads padded rows y + p and
            // y + p + 1 ≤ 8, columns likewise; a phase owns a quarter of the weights and of the output.
            unsafe {
                let down = self.down.as_ptr().add(p * DOWN_ROW + q * BOTTOM_CHANNELS);
                let phases = self.phases.as_ptr().add(phase * 4 * BOTTOM_CHANNELS * MIDDLE_CHANNELS);
                let up = self.up.as_mut_ptr().add((p * MIDDLE_SIDE + q) * MIDDLE_CHANNELS);
                for y in (0..6).step_by(2) {
                    let (down, up) = (down.add(y * DOWN_ROW), up.add(y * 2 * MIDDLE_SIDE * MIDDLE_CHANNELS));
                    strip::<S, 14>(simd, MIDDLE_CHANNELS, down, down_row, phases, up, up_row, walks, false);
                }
                let (down, up) = (down.add(6 * DOWN_ROW), up.add(12 * MIDDLE_SIDE * MIDDLE_CHANNELS));
                strip::<S, 7>(simd, MIDDLE_CHANNELS, down, down_row, phases, up, up_row, walks, false);
            }
        }
    }
}

struct Weights<'a> {
    up: &'a [f32],
    down: &'a [f32],
    first_row: usize,
    gradient: &'a mut [f32],
}

impl WithSimd for Weights<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let blocks = self.up.chunks(IMAGES_IN_CACHE * PADDED_MIDDLE);
        for (up, down) in blocks.zip(self.down.chunks(IMAGES_IN_CACHE * PADDED_BOTTOM)) {
            let walks = [
                Walk::new(up.len() / PADDED_MIDDLE, PADDED_MIDDLE, PADDED_BOTTOM),
                Walk::new(BOTTOM_SIDE, 2 * UP_ROW, DOWN_ROW),
                Walk::new(BOTTOM_SIDE, 2 * MIDDLE_CHANNELS, BOTTOM_CHANNELS),
            ];
            for (tile, gradient) in self.gradient.chunks_exact_mut(INNER_WEIGHT_ROWS * BOTTOM_CHANNELS).enumerate() {
                let row = self.first_row + tile * INNER_WEIGHT_ROWS;
                // Rows are (i, j, channel): a kernel row i spans 4·32 of them, which lie side by side in `up`.
                let (i, offset) = (row / (4 * MIDDLE_CHANNELS), row % (4 * MIDDLE_CHANNELS));
                // SAFETY: `inner_weights` checked the lengths. The walk visits the 7×7 lower pixels inside the
                // ring and, for each, the upper element that tap (i, j) and channel meet: padded row
                // 2y + i ≤ 15, columns 2x..2x + 4 ≤ 16.
                unsafe {
                    let up = up.as_ptr().add(i * UP_ROW + offset);
                    let down = down.as_ptr().add(DOWN_ROW + BOTTOM_CHANNELS);
                    let (c, c_row) = (gradient.as_mut_ptr(), |r: usize| r * BOTTOM_CHANNELS);
                    strip::<S, INNER_WEIGHT_ROWS>(simd, BOTTOM_CHANNELS, up, |r| r, down, c, c_row, walks, true);
                }
            }
        }
    }
}
