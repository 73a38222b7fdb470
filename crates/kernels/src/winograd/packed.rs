//! The products in bfloat16: numbers of half the bits, summed in 32.
//!
//! A bfloat16 is the upper half of a 32-bit number: its sign, its exponent, and 8 of its 24 binary digits. Two
//! neighbours of the summed index, rounded, share a *word*, the first in its lower half. One instruction of AVX-512
//! BF16 multiplies 16 pairs of words and adds both products of each to a 32-bit sum, so that a tile takes half the
//! steps. Where the processor has no such instruction, the same sums are made by ordinary ones, bit for bit the same
//! where these fuse multiply and add: the second of a pair first, as the instruction does it.
//!
//! Maps in the Winograd domain lie as `[81 products][channels / 2 words]`, weights as
//! `[point][panel][row / 2][32 words]`, gaps as in [`super`].

use super::layout::{
    GAP, LOWER_PRODUCT, PANEL, PHASE_CHANNELS, POINT_WEIGHTS, POINTS, PRODUCTS, TRANSFORMED_LOWER, TRANSFORMED_UPPER,
    TRANSFORMED_WEIGHTS, UPPER_PRODUCT, products_of,
};
use super::products::{Products, for_tiles};
use crate::Kernels;
use crate::matrix::for_row_tiles;
use crate::shape::BOTTOM_CHANNELS;
use crate::tile::{multiply_add, store};
use pulp::{Simd, WithSimd};

/// Words of a product of an upper map.
const UPPER_WORDS: usize = PHASE_CHANNELS / 2;
/// Words of a product of a lower map.
const LOWER_WORDS: usize = BOTTOM_CHANNELS / 2;
/// Words of an upper map in the Winograd domain, `[81, 64]` and gaps.
pub const PACKED_UPPER: usize = PRODUCTS * (UPPER_WORDS + GAP);
/// Words of a lower map in the Winograd domain, `[81, 32]` and gaps.
pub const PACKED_LOWER: usize = PRODUCTS * (LOWER_WORDS + GAP);
/// Words of the weights at one point and its gap.
const PACKED_POINT_WEIGHTS: usize = PHASE_CHANNELS * BOTTOM_CHANNELS / 2 + GAP;
/// Words of the weights in the Winograd domain, `[25, 2, 64, 32]` and gaps for down, `[25, 4, 32, 32]` and gaps for up.
pub const PACKED_WEIGHTS: usize = POINTS * PACKED_POINT_WEIGHTS;

impl Kernels {
    /// Rounds upper maps in the Winograd domain to bfloat16.
    ///
    /// # Shapes
    /// `transformed`: `[images, 81, 128]` and gaps; `packed`: `[images, 81, 64]` words and gaps.
    pub fn pack_upper(self, transformed: &[f32], packed: &mut [u32]) {
        assert_eq!(transformed.len() / TRANSFORMED_UPPER * PACKED_UPPER, packed.len());
        self.run(PackMaps::<UPPER_PRODUCT> { transformed, packed });
    }

    /// Rounds lower maps in the Winograd domain to bfloat16.
    ///
    /// # Shapes
    /// `transformed`: `[images, 81, 64]` and gaps; `packed`: `[images, 81, 32]` words and gaps.
    pub fn pack_lower(self, transformed: &[f32], packed: &mut [u32]) {
        assert_eq!(transformed.len() / TRANSFORMED_LOWER * PACKED_LOWER, packed.len());
        self.run(PackMaps::<LOWER_PRODUCT> { transformed, packed });
    }

    /// Rounds weights in the Winograd domain to bfloat16, those for down and those for up alike.
    ///
    /// # Shapes
    /// `transformed`: `[25, panels, rows, 32]` and gaps; `packed`: `[25, panels, rows / 2, 32]` words and gaps.
    pub fn pack_weights(self, transformed: &[f32], packed: &mut [u32]) {
        assert_eq!((transformed.len(), packed.len()), (TRANSFORMED_WEIGHTS, PACKED_WEIGHTS));
        self.run(PackWeights { transformed, packed });
    }

    /// [`Kernels::winograd_down`] of numbers in bfloat16.
    ///
    /// # Shapes
    /// `upper`: `[images, 81, 64]` words and gaps; `weights`: `[25, 2, 64, 32]` words and gaps; `lower`:
    /// `[images, 81, 64]` and gaps.
    pub fn packed_winograd_down(self, upper: &[u32], weights: &[u32], lower: &mut [f32]) {
        let images = upper.len() / PACKED_UPPER;
        assert_eq!((upper.len(), lower.len()), (images * PACKED_UPPER, images * TRANSFORMED_LOWER));
        assert_eq!(weights.len(), PACKED_WEIGHTS);
        self.multiply(Products::<u32, UPPER_WORDS, BOTTOM_CHANNELS> { images, rows: upper, weights, out: lower });
    }

    /// [`Kernels::winograd_up`] of numbers in bfloat16.
    ///
    /// # Shapes
    /// `lower`: `[images, 81, 32]` words and gaps; `weights`: `[25, 4, 32, 32]` words and gaps; `upper`:
    /// `[images, 81, 128]` and gaps.
    pub fn packed_winograd_up(self, lower: &[u32], weights: &[u32], upper: &mut [f32]) {
        let images = lower.len() / PACKED_LOWER;
        assert_eq!((lower.len(), upper.len()), (images * PACKED_LOWER, images * TRANSFORMED_UPPER));
        assert_eq!(weights.len(), PACKED_WEIGHTS);
        self.multiply(Products::<u32, LOWER_WORDS, PHASE_CHANNELS> { images, rows: lower, weights, out: upper });
    }

    fn multiply<const DEPTH: usize, const COLUMNS: usize>(self, products: Products<'_, u32, DEPTH, COLUMNS>) {
        #[cfg(target_arch = "x86_64")]
        if self.multiplies_pairs() {
            // SAFETY: the processor has the instructions.
            unsafe { pairs::multiply(products) };
            return;
        }
        self.run(products);
    }

    /// Whether there is an instruction for products in bfloat16, without which they are slower than those in 32 bits.
    pub fn multiplies_pairs(self) -> bool {
        #[cfg(target_arch = "x86_64")]
        let there = self.name() == "avx512" && std::arch::is_x86_feature_detected!("avx512bf16");
        #[cfg(not(target_arch = "x86_64"))]
        let there = false;
        there
    }
}

/// The nearest bfloat16, in the upper half; of two equally near the even one. What is too small for a normal number
/// becomes zero, as the instruction sees it.
#[inline(always)]
fn rounded(value: f32) -> u32 {
    let bits = value.to_bits();
    let near = if value.is_nan() {
        bits | 0x0040_0000
    } else if value.abs() < f32::MIN_POSITIVE {
        bits & 0x8000_0000
    } else {
        bits.wrapping_add(0x7fff + ((bits >> 16) & 1))
    };
    near & 0xffff_0000
}

/// A word of two neighbours.
#[inline(always)]
fn word(first: f32, second: f32) -> u32 {
    rounded(first) >> 16 | rounded(second)
}

/// Maps whose products lie `PRODUCT` numbers apart.
struct PackMaps<'a, const PRODUCT: usize> {
    transformed: &'a [f32],
    packed: &'a mut [u32],
}

impl<const PRODUCT: usize> WithSimd for PackMaps<'_, PRODUCT> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let channels = PRODUCT - GAP;
        let products = self.transformed.chunks_exact(PRODUCT).zip(self.packed.chunks_exact_mut(channels / 2 + GAP));
        for (numbers, words) in products {
            for (pair, word_of_pair) in numbers[..channels].chunks_exact(2).zip(&mut words[..channels / 2]) {
                *word_of_pair = word(pair[0], pair[1]);
            }
        }
    }
}

struct PackWeights<'a> {
    transformed: &'a [f32],
    packed: &'a mut [u32],
}

impl WithSimd for PackWeights<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let each_point =
            self.transformed.chunks_exact(POINT_WEIGHTS).zip(self.packed.chunks_exact_mut(PACKED_POINT_WEIGHTS));
        for (numbers, words) in each_point {
            // Two rows of a panel become one.
            let rows = numbers[..POINT_WEIGHTS - GAP].chunks_exact(2 * PANEL);
            for (rows, words) in rows.zip(words.chunks_exact_mut(PANEL)) {
                let (first, second) = rows.split_at(PANEL);
                for ((word_of_pair, &first), &second) in words.iter_mut().zip(first).zip(second) {
                    *word_of_pair = word(first, second);
                }
            }
        }
    }
}

impl<const DEPTH: usize, const COLUMNS: usize> WithSimd for Products<'_, u32, DEPTH, COLUMNS> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        for_tiles!(self, |rows, weights, out, ROWS| {
            for lane in (0..PANEL).step_by(S::F32_LANES) {
                tile::<S, ROWS, DEPTH, COLUMNS>(simd, rows, weights.add(lane), out.add(lane));
            }
        });
    }
}

/// A tile one vector wide, by ordinary instructions.
///
/// # Safety
/// `ROWS` images' products must lie behind `rows` and `out`, `DEPTH` rows of a panel behind `weights`.
#[inline(always)]
unsafe fn tile<S: Simd, const ROWS: usize, const DEPTH: usize, const COLUMNS: usize>(
    simd: S,
    rows: *const u32,
    weights: *const u32,
    out: *mut f32,
) {
    let half = simd.splat_u32s(16);
    let mut sums = [simd.splat_f32s(0.0); ROWS];
    for pair in 0..DEPTH {
        // SAFETY: the caller's promise; `u32s` is plain data, and the read needs no alignment.
        let words = unsafe { weights.add(pair * PANEL).cast::<S::u32s>().read_unaligned() };
        let lower = simd.wrapping_dyn_shl_u32s(words, half);
        let upper = simd.wrapping_dyn_shl_u32s(simd.wrapping_dyn_shr_u32s(words, half), half);
        let (first, second) = (simd.transmute_f32s_u32s(lower), simd.transmute_f32s_u32s(upper));
        for (image, sum) in sums.iter_mut().enumerate() {
            // SAFETY: the caller's promise.
            let word = unsafe { *rows.add(image * PRODUCTS * (DEPTH + GAP) + pair) };
            let of_second = simd.splat_f32s(f32::from_bits(word & 0xffff_0000));
            let of_first = simd.splat_f32s(f32::from_bits(word << 16));
            *sum = multiply_add(simd, of_first, first, multiply_add(simd, of_second, second, *sum));
        }
    }
    for (image, sum) in sums.into_iter().enumerate() {
        // SAFETY: the caller's promise.
        unsafe { store::<S>(out.add(image * PRODUCTS * (COLUMNS + GAP)), sum) };
    }
}

/// The same by the instruction of AVX-512 BF16.
#[cfg(target_arch = "x86_64")]
mod pairs {
    use super::{GAP, PANEL, POINTS, PRODUCTS, Products, for_row_tiles, for_tiles, products_of};
    use std::arch::x86_64::{
        __m512bh, __m512i, _mm512_dpbf16_ps, _mm512_loadu_si512, _mm512_set1_epi32, _mm512_setzero_ps, _mm512_storeu_ps,
    };

    /// Lanes of a vector.
    const LANES: usize = 16;

    /// All tiles.
    ///
    /// # Safety
    /// The processor must have the instructions, and the lengths be as the products need them.
    #[target_feature(enable = "avx512f,avx512bf16")]
    pub(super) unsafe fn multiply<const DEPTH: usize, const COLUMNS: usize>(
        products: Products<'_, u32, DEPTH, COLUMNS>,
    ) {
        for_tiles!(products, |rows, weights, out, ROWS| tile::<ROWS, DEPTH, COLUMNS>(rows, weights, out));
    }

    /// A tile two vectors wide.
    ///
    /// # Safety
    /// As that of ordinary instructions.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bf16")]
    unsafe fn tile<const ROWS: usize, const DEPTH: usize, const COLUMNS: usize>(
        rows: *const u32,
        weights: *const u32,
        out: *mut f32,
    ) {
        // SAFETY: both are 64 bytes of plain data.
        let pairs = |words: __m512i| unsafe { std::mem::transmute::<__m512i, __m512bh>(words) };
        let mut sums = [[_mm512_setzero_ps(); 2]; ROWS];
        for pair in 0..DEPTH {
            // SAFETY: the caller's promise.
            unsafe {
                let weights = weights.add(pair * PANEL);
                let [left, right] = [0, LANES].map(|lane| pairs(_mm512_loadu_si512(weights.add(lane).cast())));
                for (image, [sum_left, sum_right]) in sums.iter_mut().enumerate() {
                    let word = *rows.add(image * PRODUCTS * (DEPTH + GAP) + pair);
                    let word = pairs(_mm512_set1_epi32(word.cast_signed()));
                    *sum_left = _mm512_dpbf16_ps(*sum_left, word, left);
                    *sum_right = _mm512_dpbf16_ps(*sum_right, word, right);
                }
            }
        }
        for (image, [left, right]) in sums.into_iter().enumerate() {
            // SAFETY: the caller's promise.
            unsafe {
                let out = out.add(image * PRODUCTS * (COLUMNS + GAP));
                _mm512_storeu_ps(out, left);
                _mm512_storeu_ps(out.add(LANES), right);
            }
        }
    }
}
