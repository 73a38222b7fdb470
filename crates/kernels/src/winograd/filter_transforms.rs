//! The filter transform: weights into the Winograd domain, and gradients of weights back.

use super::layout::{AXIS_POINTS, PANEL, PHASE_CHANNELS, POINT_WEIGHTS, TRANSFORMED_WEIGHTS};
use super::line_transforms::{filter_transform, filter_transform_adjoint};
use crate::Kernels;
use crate::shape::{BOTTOM_CHANNELS, FILTER_TAPS, INNER_WEIGHTS, MIDDLE_CHANNELS};
use crate::tile::{load, store};
use pulp::{Simd, WithSimd};

/// Phases of the upper map, each with four filter taps of its own.
pub const PHASES: usize = 4;
/// Weights of one filter tap.
const TAP: usize = MIDDLE_CHANNELS * BOTTOM_CHANNELS;

impl Kernels {
    /// The filter transform: weights into the Winograd domain, `G·g·Gᵀ`, for [`Kernels::winograd_down`].
    ///
    /// # Shapes
    /// `weights`: `[4, 4, 32, 64]`; `transformed`: `[25, 2, 128, 32]` and gaps.
    pub fn winograd_filter_transform(self, weights: &[f32], transformed: &mut [f32]) {
        assert_eq!((weights.len(), transformed.len()), (INNER_WEIGHTS, TRANSFORMED_WEIGHTS));
        self.run(FilterTransform::<MIDDLE_CHANNELS, BOTTOM_CHANNELS> { weights, transformed });
    }

    /// The filter transform of transposed weights, for [`Kernels::winograd_up`].
    ///
    /// # Shapes
    /// `transposed`: every filter tap transposed, `[4, 4, 64, 32]`; `transformed`: `[25, 4, 64, 32]` and gaps.
    pub fn winograd_transposed_filter_transform(self, transposed: &[f32], transformed: &mut [f32]) {
        assert_eq!((transposed.len(), transformed.len()), (INNER_WEIGHTS, TRANSFORMED_WEIGHTS));
        self.run(FilterTransform::<BOTTOM_CHANNELS, MIDDLE_CHANNELS> { weights: transposed, transformed });
    }

    /// The adjoint of the filter transform, for gradients: adds `Gᵀ·dU·G`, the gradient of one phase's weights, where
    /// dU is the gradient of the weights in the Winograd domain.
    ///
    /// # Shapes
    /// `transformed`: `[25, 2, 128, 32]` and gaps; `taps`: the phase's four of [`phases`], `[32, 64]` each.
    pub fn winograd_filter_adjoint(self, transformed: &[f32], phase: usize, taps: [&mut [f32]; 4]) {
        assert!(transformed.len() == TRANSFORMED_WEIGHTS && phase < PHASES && taps.iter().all(|tap| tap.len() == TAP));
        self.run(FilterTransformAdjoint { transformed, phase, taps });
    }
}

/// The weights of the inner convolution, `[4, 4, 32, 64]`, by phases: phase (p, q) has the filter taps
/// (2a + p, 2b + q), a before b.
pub fn phases(weights: &mut [f32]) -> [[&mut [f32]; 4]; PHASES] {
    assert_eq!(weights.len(), INNER_WEIGHTS);
    let mut taps: [_; FILTER_TAPS] = std::array::from_fn({
        let mut taps = weights.chunks_exact_mut(TAP);
        move |_| taps.next()
    });
    std::array::from_fn(|phase| {
        std::array::from_fn(|place| {
            let number = tap(phase / 2, phase % 2, place / 2, place % 2) / TAP;
            taps[number].take().expect("every tap is one phase's")
        })
    })
}

/// Transposes every filter tap, `[4, 4, 32, 64]` to `[4, 4, 64, 32]`.
pub fn transpose_filter_taps(weights: &[f32], transposed: &mut [f32]) {
    assert_eq!((weights.len(), transposed.len()), (INNER_WEIGHTS, INNER_WEIGHTS));
    for (tap, transposed) in weights.chunks_exact(TAP).zip(transposed.chunks_exact_mut(TAP)) {
        crate::matrix::transpose(tap, MIDDLE_CHANNELS, BOTTOM_CHANNELS, transposed);
    }
}

/// Where tap (2a + p, 2b + q) of phase (p, q) begins.
const fn tap(p: usize, q: usize, a: usize, b: usize) -> usize {
    ((2 * a + p) * 4 + 2 * b + q) * TAP
}

struct FilterTransform<'a, const ROWS: usize, const COLUMNS: usize> {
    weights: &'a [f32],
    transformed: &'a mut [f32],
}

impl<const ROWS: usize, const COLUMNS: usize> WithSimd for FilterTransform<'_, ROWS, COLUMNS> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        for phase in 0..4 {
            let (p, q) = (phase / 2, phase % 2);
            for row in 0..ROWS {
                for column in (0..COLUMNS).step_by(S::F32_LANES) {
                    // Down, the phase counts among the rows; up, among the columns.
                    let at = if ROWS == MIDDLE_CHANNELS {
                        ((column / PANEL) * PHASE_CHANNELS + phase * ROWS + row) * PANEL + column % PANEL
                    } else {
                        (phase * ROWS + row) * PANEL + column
                    };
                    // SAFETY: both lengths were checked: 16 taps of `ROWS·COLUMNS`, and 25 points of 128·64, of
                    // which `at` is one.
                    unsafe {
                        let read =
                            |a, b| load::<S>(self.weights.as_ptr().add(tap(p, q, a, b) + row * COLUMNS + column));
                        let left = filter_transform(simd, [read(0, 0), read(1, 0)]);
                        let right = filter_transform(simd, [read(0, 1), read(1, 1)]);
                        for (y, (left, right)) in left.into_iter().zip(right).enumerate() {
                            for (x, value) in filter_transform(simd, [left, right]).into_iter().enumerate() {
                                let point = (y * AXIS_POINTS + x) * POINT_WEIGHTS;
                                store::<S>(self.transformed.as_mut_ptr().add(point + at), value);
                            }
                        }
                    }
                }
            }
        }
    }
}

struct FilterTransformAdjoint<'a> {
    transformed: &'a [f32],
    phase: usize,
    taps: [&'a mut [f32]; 4],
}

impl WithSimd for FilterTransformAdjoint<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let zero = simd.splat_f32s(0.0);
        let Self { transformed, phase, taps } = self;
        for row in 0..MIDDLE_CHANNELS {
            for column in (0..BOTTOM_CHANNELS).step_by(S::F32_LANES) {
                let at = ((column / PANEL) * PHASE_CHANNELS + phase * MIDDLE_CHANNELS + row) * PANEL + column % PANEL;
                // SAFETY: `winograd_filter_adjoint` checked the lengths; `at` lies inside one point's 128·64, and a
                // row's columns inside a tap.
                unsafe {
                    let [mut left, mut right] = [[zero; AXIS_POINTS]; 2];
                    for (y, (left, right)) in left.iter_mut().zip(&mut right).enumerate() {
                        let mut line = [zero; AXIS_POINTS];
                        for (x, value) in line.iter_mut().enumerate() {
                            *value = load::<S>(transformed.as_ptr().add((y * AXIS_POINTS + x) * POINT_WEIGHTS + at));
                        }
                        [*left, *right] = filter_transform_adjoint(simd, line);
                    }
                    for (b, line) in [left, right].into_iter().enumerate() {
                        for (a, value) in filter_transform_adjoint(simd, line).into_iter().enumerate() {
                            let out = taps[2 * a + b].as_mut_ptr().add(row * BOTTOM_CHANNELS + column);
                            store::<S>(out, simd.add_f32s(load::<S>(out), value));
                        }
                    }
                }
            }
        }
    }
}
