//! The inner convolution walked up (transposed), computed directly, for drawing: from 7×7×64 to 14×14×32.
//!
//! Training uses [`crate::winograd`] instead, whose transformed weights are larger and pay off when many images share
//! them. One picture alone is drawn faster directly, with an eighth of the weights to read.

use crate::Kernels;
use crate::shape::{BOTTOM_CHANNELS, BOTTOM_SIDE, INNER_WEIGHTS, MIDDLE, MIDDLE_CHANNELS, MIDDLE_SIDE, PADDED_BOTTOM};
use crate::tile::{Walk, strip};
use pulp::{Simd, WithSimd};

/// Elements of a row of the padded lower map, 9 pixels.
const DOWN_ROW: usize = (BOTTOM_SIDE + 2) * BOTTOM_CHANNELS;

/// The two kernel rows (or columns) that reach an output row of each parity in a transposed
/// convolution, in the order of the input rows they multiply: y_out = 2·y_in + k − 1.
pub(crate) const PHASE_TAPS: [[usize; 2]; 2] = [[3, 1], [2, 0]];

impl Kernels {
    /// Convolves one map up (transposed): `up[2y + i − 1, 2x + j − 1, u] = Σ down[y, x, d] · weights[i, j, u, d]`.
    ///
    /// An output pixel of parity (p, q) is reached by just four filter taps, so this is four 2×2 convolutions
    /// of stride 1, one a parity, each with its own quarter of the weights (see
    /// [`inner_phases`]).
    ///
    /// # Shapes
    /// `down`: padded, `[9, 9, 64]`; `phases`: `[2, 2, 2, 2, 64, 32]`; `up`: `[14, 14, 32]`.
    pub fn inner_up(self, down: &[f32], phases: &[f32], up: &mut [f32]) {
        assert_eq!((down.len(), phases.len(), up.len()), (PADDED_BOTTOM, INNER_WEIGHTS, MIDDLE));
        self.run(Up { down, phases, up });
    }
}

/// Splits the weights into the quarters that [`Kernels::inner_up`] uses, one for each parity of the
/// output pixel, with the two channel axes swapped.
///
/// # Shapes
/// `weights`: `[4, 4, 32, 64]`; `phases`: `[2, 2, 2, 2, 64, 32]`: parity of y and x, neighbour in y and x, down, up.
pub fn inner_phases(weights: &[f32], phases: &mut [f32]) {
    const TAP: usize = MIDDLE_CHANNELS * BOTTOM_CHANNELS;
    assert_eq!((weights.len(), phases.len()), (INNER_WEIGHTS, INNER_WEIGHTS));
    for (at, matrix) in phases.chunks_exact_mut(TAP).enumerate() {
        let (phase, neighbour) = (at / 4, at % 4);
        let (i, j) = (PHASE_TAPS[phase / 2][neighbour / 2], PHASE_TAPS[phase % 2][neighbour % 2]);
        let tap = &weights[(i * 4 + j) * TAP..][..TAP];
        crate::matrix::transpose(tap, MIDDLE_CHANNELS, BOTTOM_CHANNELS, matrix);
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
