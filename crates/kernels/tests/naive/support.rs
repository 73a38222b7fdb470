//! Numbers to compute with, and how close is close.

use digitgan_kernels::Kernels;

/// Largest allowed difference, relative to the largest value of the result. Sums have at most a few
/// thousand terms of size about one; f32 rounding stays well below this.
pub(crate) const TOLERANCE: f64 = 3e-6;

/// Deterministic numbers in [-1, 1) that are not all alike.
pub(crate) fn numbers(count: usize, seed: u64) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    (0..count)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 40) as f32 / (1u64 << 23) as f32 - 1.0
        })
        .collect()
}

pub(crate) fn assert_close(what: &str, kernels: Kernels, got: &[f32], expected: &[f64]) {
    assert_within(TOLERANCE, what, kernels, got, expected);
}

/// As [`assert_close`], with another tolerance.
pub(crate) fn assert_within(tolerance: f64, what: &str, kernels: Kernels, got: &[f32], expected: &[f64]) {
    assert_eq!(got.len(), expected.len(), "{what} on {kernels:?}");
    let size = expected.iter().fold(1e-30f64, |a, b| a.max(b.abs()));
    for (i, (&g, &e)) in got.iter().zip(expected).enumerate() {
        let error = (f64::from(g) - e).abs() / size;
        assert!(error <= tolerance, "{what} on {kernels:?}: [{i}] is {g}, expected {e} (error {error:.1e})");
    }
}

/// Whether these kernels fuse multiply and add. Those that do agree bit for bit, and so do those that do not.
pub(crate) fn fuses(kernels: Kernels) -> bool {
    !["scalar", "simd128"].contains(&kernels.name())
}

/// Panics unless kernels that round alike (see [`fuses`]) have the same result.
pub(crate) fn assert_same_bits<T: PartialEq>(what: &str, results: &[(Kernels, T)]) {
    for (kernels, result) in results {
        for (other, of_other) in results.iter().filter(|(other, _)| fuses(*other) == fuses(*kernels)) {
            assert!(result == of_other, "{what}: {kernels:?} and {other:?} differ");
        }
    }
}
