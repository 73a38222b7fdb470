//! The micro-kernel behind every convolution and matrix product, with register blocking.
//!
//! All of them are sums of outer products. With a walk over the summed index k,
//!
//! ```text
//! C[row][0..width] (+)= Σ_k  A[row, k] · B[k][0..width]
//! ```
//!
//! `A` is read one number at a time and broadcast, `B` a vector at a time; a block of `C`, `ROWS` rows
//! by `VECTORS` vectors (the *register tile*), stays in registers for the whole sum. A convolution and a
//! matrix product differ only in *where* the rows of `A` lie and how the walk steps, so nothing is ever
//! copied into a patch matrix ("implicit im2col").
//!
//! A walk is up to three nested loops; for a convolution they run over filter rows, filter columns and
//! channels, or over images, rows and columns.
//!
//! Each element of `C` is summed in the order of the walk, one fused multiply-add at a time,
//! whatever the tile's size: results do not depend on how rows are grouped into tiles, and
//! AVX-512, AVX2 and NEON give the same bits. Scalar code and WebAssembly's SIMD cannot count on a
//! fused instruction and round the product too: they give the same bits as each other, and differ
//! from the rest in the last ones.

use pulp::{Scalar256b, Simd};
use std::any::TypeId;

/// One level of the walk over the summed index.
#[derive(Clone, Copy)]
pub(crate) struct Walk {
    /// How many steps.
    pub(crate) count: usize,
    /// How far a step goes in `A`, in elements.
    pub(crate) a: usize,
    /// How far a step goes in `B`, in elements.
    pub(crate) b: usize,
}

impl Walk {
    pub(crate) const ONCE: Walk = Walk { count: 1, a: 0, b: 0 };

    pub(crate) const fn new(count: usize, a: usize, b: usize) -> Self {
        Walk { count, a, b }
    }
}

/// Loads the vector that starts at `at`.
///
/// # Safety
/// `S::F32_LANES` floats must be readable from `at`.
#[inline(always)]
pub(crate) unsafe fn load<S: Simd>(at: *const f32) -> S::f32s {
    // SAFETY: the caller's promise; `f32s` is plain data, and the read needs no alignment.
    unsafe { at.cast::<S::f32s>().read_unaligned() }
}

/// Stores a vector from `at` on.
///
/// # Safety
/// `S::F32_LANES` floats must be writable from `at`.
#[inline(always)]
pub(crate) unsafe fn store<S: Simd>(at: *mut f32, vector: S::f32s) {
    // SAFETY: the caller's promise; `f32s` is plain data, and the write needs no alignment.
    unsafe { at.cast::<S::f32s>().write_unaligned(vector) }
}

/// Whether the instruction set has a fused multiply-add. WebAssembly has none that rounds the same everywhere.
#[inline(always)]
fn fuses<S: Simd>() -> bool {
    cfg!(not(target_arch = "wasm32")) && TypeId::of::<S>() != TypeId::of::<Scalar256b>()
}

/// `a · b + c`, fused where the instruction set fuses.
#[inline(always)]
pub(crate) fn multiply_add<S: Simd>(simd: S, a: S::f32s, b: S::f32s, c: S::f32s) -> S::f32s {
    // Without the instruction a fused multiply-add is one library call per number.
    if fuses::<S>() { simd.mul_add_f32s(a, b, c) } else { simd.add_f32s(simd.mul_f32s(a, b), c) }
}

/// Asks for the cache line at `at`, which will be read and written soon. Any address will do.
#[inline(always)]
pub(crate) fn prefetch(at: *const f32) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: a prefetch only hints; it reads nothing, and no address makes it fail.
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>(at.cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = at;
}

/// The micro-kernel. Computes one register tile: `C[row][0..VECTORS·lanes] (+)= Σ A·B` over the three nested walks.
///
/// `a_row` and `c_row` say how far row `i` of the tile lies behind `a` and `c`, in elements.
///
/// # Safety
/// Every element that the rows and walks reach must lie inside the allocations behind the pointers,
/// and nothing else may write `C` meanwhile.
#[inline(always)]
#[allow(clippy::too_many_arguments, reason = "three operands and how they lie: a struct would only rename them")]
pub(crate) unsafe fn tile<S: Simd, const ROWS: usize, const VECTORS: usize>(
    simd: S,
    a: *const f32,
    a_row: impl Fn(usize) -> usize,
    b: *const f32,
    c: *mut f32,
    c_row: impl Fn(usize) -> usize,
    walks: [Walk; 3],
    accumulate: bool,
) {
    if accumulate {
        // What is added to comes from memory while the sums are made.
        for row in 0..ROWS {
            for j in 0..VECTORS {
                prefetch(c.wrapping_add(c_row(row) + j * S::F32_LANES));
            }
        }
    }
    let mut sums = [[simd.splat_f32s(0.0); VECTORS]; ROWS];
    for outer in 0..walks[0].count {
        for middle in 0..walks[1].count {
            // SAFETY: the caller promises that every step of the walks stays inside A and B.
            unsafe {
                let mut a = a.add(outer * walks[0].a + middle * walks[1].a);
                let mut b = b.add(outer * walks[0].b + middle * walks[1].b);
                for _ in 0..walks[2].count {
                    let mut columns = [simd.splat_f32s(0.0); VECTORS];
                    for (j, column) in columns.iter_mut().enumerate() {
                        *column = load::<S>(b.add(j * S::F32_LANES));
                    }
                    for (i, row) in sums.iter_mut().enumerate() {
                        let broadcast = simd.splat_f32s(*a.add(a_row(i)));
                        for (sum, column) in row.iter_mut().zip(columns) {
                            *sum = multiply_add(simd, broadcast, column, *sum);
                        }
                    }
                    a = a.add(walks[2].a);
                    b = b.add(walks[2].b);
                }
            }
        }
    }
    for (i, row) in sums.iter().enumerate() {
        for (j, &sum) in row.iter().enumerate() {
            // SAFETY: the caller promises that every row of the tile lies inside C.
            unsafe {
                let at = c.add(c_row(i) + j * S::F32_LANES);
                let sum = if accumulate { simd.add_f32s(load::<S>(at), sum) } else { sum };
                store::<S>(at, sum);
            }
        }
    }
}

/// Rows of the tallest tile for 16 registers: twelve sums, two columns and a broadcast.
const FEW_REGISTERS_ROWS: usize = 6;

/// Computes `width` columns of `ROWS` rows, in tiles two vectors wide (one, where `width` has no second), as tall as
/// the registers allow: with 32 registers all `ROWS` at once, with 16 in equal parts of at most six.
///
/// # Safety
/// As [`tile`], for all `width` columns, a multiple of 8.
#[inline(always)]
#[allow(clippy::too_many_arguments, reason = "as `tile`")]
pub(crate) unsafe fn strip<S: Simd, const ROWS: usize>(
    simd: S,
    width: usize,
    a: *const f32,
    a_row: impl Fn(usize) -> usize + Copy,
    b: *const f32,
    c: *mut f32,
    c_row: impl Fn(usize) -> usize + Copy,
    walks: [Walk; 3],
    accumulate: bool,
) {
    let lanes = S::F32_LANES;
    debug_assert!(width.is_multiple_of(lanes));
    let mut column = 0;
    // SAFETY: every tile covers rows below `ROWS` and columns below `width`; the rest is the caller's promise.
    unsafe {
        while column + 2 * lanes <= width {
            let (b, c) = (b.add(column), c.add(column));
            if S::REGISTER_COUNT >= 32 {
                tile::<S, ROWS, 2>(simd, a, a_row, b, c, c_row, walks, accumulate);
            } else {
                let parts = ROWS.div_ceil(FEW_REGISTERS_ROWS);
                let mut row = 0;
                for part in 0..parts {
                    let (a_row, c_row) = (|i| a_row(row + i), |i| c_row(row + i));
                    let rows = (ROWS + part) / parts;
                    match rows {
                        6 => tile::<S, 6, 2>(simd, a, a_row, b, c, c_row, walks, accumulate),
                        5 => tile::<S, 5, 2>(simd, a, a_row, b, c, c_row, walks, accumulate),
                        4 => tile::<S, 4, 2>(simd, a, a_row, b, c, c_row, walks, accumulate),
                        3 => tile::<S, 3, 2>(simd, a, a_row, b, c, c_row, walks, accumulate),
                        2 => tile::<S, 2, 2>(simd, a, a_row, b, c, c_row, walks, accumulate),
                        _ => tile::<S, 1, 2>(simd, a, a_row, b, c, c_row, walks, accumulate),
                    }
                    row += rows;
                }
            }
            column += 2 * lanes;
        }
        while column + lanes <= width {
            tile::<S, ROWS, 1>(simd, a, a_row, b.add(column), c.add(column), c_row, walks, accumulate);
            column += lanes;
        }
    }
}
