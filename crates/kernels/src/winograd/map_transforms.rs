//! The transforms of feature maps: into the Winograd domain and back, one image at a time.

use super::layout::{LINE, LOWER_PRODUCT, PRODUCT, TRANSFORMED_LOWER, TRANSFORMED_UPPER, UPPER_PRODUCT};
use super::line_transforms::{input_transform, input_transform_adjoint, output_transform, output_transform_adjoint};
use crate::Kernels;
use crate::batchnorm::{MapInput, gradient_reader, plain_reader, relu_reader};
use crate::shape::{BOTTOM, BOTTOM_CHANNELS, BOTTOM_SIDE, MIDDLE, MIDDLE_CHANNELS, MIDDLE_SIDE, MapLayout};
use crate::tile::{load, store};
use pulp::{Simd, WithSimd};
use std::mem::MaybeUninit;

/// Side of a phase of the upper map, zero padding included.
const PHASE_SIDE: usize = 8;

impl Kernels {
    /// The input transform: an upper map into the Winograd domain, `Bᵀ·d·B`.
    ///
    /// # Shapes
    /// `map`: `[14, 14, 32]`; `transformed`: `[81, 128]` and gaps.
    pub fn winograd_input_transform(self, map: MapInput<'_>, transformed: &mut [f32]) {
        map.check(MapLayout::MIDDLE);
        assert_eq!(transformed.len(), TRANSFORMED_UPPER);
        self.run(InputTransform { map, transformed });
    }

    /// The adjoint (transpose) of [`Kernels::winograd_input_transform`]: from the Winograd domain to a plain upper map.
    ///
    /// # Shapes
    /// `transformed`: `[81, 128]` and gaps; `map`: `[14, 14, 32]`.
    pub fn winograd_input_adjoint(self, transformed: &[f32], map: &mut [f32]) {
        assert_eq!((transformed.len(), map.len()), (TRANSFORMED_UPPER, MIDDLE));
        self.run(InputTransformAdjoint { transformed, map });
    }

    /// The adjoint (transpose) of [`Kernels::winograd_output_transform`]: a lower map into the Winograd domain,
    /// `A·y·Aᵀ`.
    ///
    /// # Shapes
    /// `map`: `[7, 7, 64]`; `transformed`: `[81, 64]` and gaps.
    pub fn winograd_output_adjoint(self, map: MapInput<'_>, transformed: &mut [f32]) {
        map.check(MapLayout::BOTTOM);
        assert_eq!(transformed.len(), TRANSFORMED_LOWER);
        self.run(OutputTransformAdjoint { map, transformed });
    }

    /// The output (inverse) transform: from the Winograd domain to a plain lower map, `Aᵀ·m·A`.
    ///
    /// # Shapes
    /// `transformed`: `[81, 64]` and gaps; `map`: `[7, 7, 64]`.
    pub fn winograd_output_transform(self, transformed: &[f32], map: &mut [f32]) {
        assert_eq!((transformed.len(), map.len()), (TRANSFORMED_LOWER, BOTTOM));
        self.run(OutputTransform { transformed, map });
    }
}

/// Calls `$transform` with a reader of the input, whatever its kind, for the vector at each channel.
macro_rules! read_map {
    ($simd:ident, $map:expr, $channels:expr, |$read:ident, $channel:ident| $transform:expr) => {
        for $channel in (0..$channels).step_by(S::F32_LANES) {
            match $map {
                MapInput::Plain(map) => {
                    let $read = plain_reader::<S>(map);
                    $transform
                }
                MapInput::NormaliseRelu { map, norm } => {
                    let $read = relu_reader($simd, map, norm, $channel);
                    $transform
                }
                MapInput::NormaliseGradient { map, gradient, norm, terms } => {
                    let $read = gradient_reader($simd, map, gradient, norm, terms, $channel);
                    $transform
                }
            }
        }
    };
}

struct InputTransform<'a> {
    map: MapInput<'a>,
    transformed: &'a mut [f32],
}

impl WithSimd for InputTransform<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        // SAFETY: `winograd_input_transform` checked that the input is a map of 14×14×32 and the output 81 products of
        // 128 channels; each phase reads pixels of the map and writes its own channels of the products.
        unsafe {
            let rows = self.transformed.as_mut_ptr();
            read_map!(simd, self.map, MIDDLE_CHANNELS, |read, channel| {
                transform_phase::<S, 0, 0>(simd, read, rows, channel);
                transform_phase::<S, 0, 1>(simd, read, rows, channel);
                transform_phase::<S, 1, 0>(simd, read, rows, channel);
                transform_phase::<S, 1, 1>(simd, read, rows, channel);
            });
        }
    }
}

/// The input transform of phase (P, Q) of the padded upper map: rows and columns P + 2i and Q + 2j. In phase 0 the
/// first of the eight lies in the zero padding, in phase 1 the last.
///
/// # Safety
/// `read` must be safe for every pixel of the map, `rows` be 81 products of 128 channels.
#[inline(always)]
unsafe fn transform_phase<S: Simd, const P: usize, const Q: usize>(
    simd: S,
    read: impl Fn(usize) -> S::f32s,
    rows: *mut f32,
    channel: usize,
) {
    let zero = simd.splat_f32s(0.0);
    let mut columns = [MaybeUninit::<[S::f32s; LINE]>::uninit(); PHASE_SIDE];
    columns[(PHASE_SIDE - 1) * Q].write([zero; LINE]);
    for j in 0..BOTTOM_SIDE {
        let mut line = [zero; PHASE_SIDE];
        for i in 0..BOTTOM_SIDE {
            let (y, x) = (2 * i + 1 - P, 2 * j + 1 - Q);
            line[i + 1 - P] = read((y * MIDDLE_SIDE + x) * MIDDLE_CHANNELS + channel);
        }
        columns[j + 1 - Q].write(input_transform(simd, line));
    }
    for (y, products) in PRODUCT.iter().enumerate() {
        let mut line = [zero; PHASE_SIDE];
        for (value, column) in line.iter_mut().zip(&columns) {
            // SAFETY: the column of zero padding and the seven others were written above.
            *value = unsafe { column.assume_init_ref()[y] };
        }
        for (value, product) in input_transform(simd, line).into_iter().zip(products) {
            // SAFETY: the caller's promise; every product has 4·32 channels.
            unsafe { store::<S>(rows.add(product * UPPER_PRODUCT + (2 * P + Q) * MIDDLE_CHANNELS + channel), value) };
        }
    }
}

struct InputTransformAdjoint<'a> {
    transformed: &'a [f32],
    map: &'a mut [f32],
}

impl WithSimd for InputTransformAdjoint<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        for channel in (0..MIDDLE_CHANNELS).step_by(S::F32_LANES) {
            // SAFETY: `winograd_input_adjoint` checked both lengths; each phase reads its channels of the products and
            // writes pixels of the map.
            unsafe {
                let rows = self.transformed.as_ptr();
                let map = self.map.as_mut_ptr();
                transform_phase_adjoint::<S, 0, 0>(simd, rows, map, channel);
                transform_phase_adjoint::<S, 0, 1>(simd, rows, map, channel);
                transform_phase_adjoint::<S, 1, 0>(simd, rows, map, channel);
                transform_phase_adjoint::<S, 1, 1>(simd, rows, map, channel);
            }
        }
    }
}

/// The adjoint of [`transform_phase`]; what would fall on the padding is dropped.
///
/// # Safety
/// `rows` must be 81 products of 128 channels, `map` a map of 14×14×32.
#[inline(always)]
unsafe fn transform_phase_adjoint<S: Simd, const P: usize, const Q: usize>(
    simd: S,
    rows: *const f32,
    map: *mut f32,
    channel: usize,
) {
    let zero = simd.splat_f32s(0.0);
    let mut lines = [MaybeUninit::<[S::f32s; PHASE_SIDE]>::uninit(); LINE];
    for (out, products) in lines.iter_mut().zip(PRODUCT) {
        let mut line = [zero; LINE];
        for (value, product) in line.iter_mut().zip(products) {
            let at = product * UPPER_PRODUCT + (2 * P + Q) * MIDDLE_CHANNELS + channel;
            // SAFETY: the caller's promise; every product has 4·32 channels.
            *value = unsafe { load::<S>(rows.add(at)) };
        }
        out.write(input_transform_adjoint(simd, line));
    }
    for j in 0..BOTTOM_SIDE {
        let mut column = [zero; LINE];
        for (value, line) in column.iter_mut().zip(&lines) {
            // SAFETY: all lines were written above.
            *value = unsafe { line.assume_init_ref()[j + 1 - Q] };
        }
        let column = input_transform_adjoint(simd, column);
        for i in 0..BOTTOM_SIDE {
            let (y, x) = (2 * i + 1 - P, 2 * j + 1 - Q);
            // SAFETY: y and x are at most 13.
            unsafe { store::<S>(map.add((y * MIDDLE_SIDE + x) * MIDDLE_CHANNELS + channel), column[i + 1 - P]) };
        }
    }
}

struct OutputTransformAdjoint<'a> {
    map: MapInput<'a>,
    transformed: &'a mut [f32],
}

impl WithSimd for OutputTransformAdjoint<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let zero = simd.splat_f32s(0.0);
        // SAFETY: `winograd_output_adjoint` checked that the input is a map of 7×7×64 and the output 81 products of 64
        // channels; all columns are written before they are read.
        unsafe {
            let rows = self.transformed.as_mut_ptr();
            read_map!(simd, self.map, BOTTOM_CHANNELS, |read, channel| {
                let mut columns = [MaybeUninit::<[S::f32s; LINE]>::uninit(); BOTTOM_SIDE];
                for (x, column) in columns.iter_mut().enumerate() {
                    let mut line = [zero; BOTTOM_SIDE];
                    for (y, value) in line.iter_mut().enumerate() {
                        *value = read((y * BOTTOM_SIDE + x) * BOTTOM_CHANNELS + channel);
                    }
                    column.write(output_transform_adjoint(simd, line));
                }
                for (y, products) in PRODUCT.iter().enumerate() {
                    let mut line = [zero; BOTTOM_SIDE];
                    for (value, column) in line.iter_mut().zip(&columns) {
                        *value = column.assume_init_ref()[y];
                    }
                    for (value, product) in output_transform_adjoint(simd, line).into_iter().zip(products) {
                        store::<S>(rows.add(product * LOWER_PRODUCT + channel), value);
                    }
                }
            });
        }
    }
}

struct OutputTransform<'a> {
    transformed: &'a [f32],
    map: &'a mut [f32],
}

impl WithSimd for OutputTransform<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let zero = simd.splat_f32s(0.0);
        for channel in (0..BOTTOM_CHANNELS).step_by(S::F32_LANES) {
            // SAFETY: `winograd_output_transform` checked both lengths: 81 products of 64 channels, and a map of
            // 7×7×64; all lines are written before they are read.
            unsafe {
                let rows = self.transformed.as_ptr().add(channel);
                let mut lines = [MaybeUninit::<[S::f32s; BOTTOM_SIDE]>::uninit(); LINE];
                for (out, products) in lines.iter_mut().zip(PRODUCT) {
                    let mut line = [zero; LINE];
                    for (value, product) in line.iter_mut().zip(products) {
                        *value = load::<S>(rows.add(product * LOWER_PRODUCT));
                    }
                    out.write(output_transform(simd, line));
                }
                for x in 0..BOTTOM_SIDE {
                    let mut column = [zero; LINE];
                    for (value, line) in column.iter_mut().zip(&lines) {
                        *value = line.assume_init_ref()[x];
                    }
                    for (y, value) in output_transform(simd, column).into_iter().enumerate() {
                        let pixel = (y * BOTTOM_SIDE + x) * BOTTOM_CHANNELS;
                        store::<S>(self.map.as_mut_ptr().add(pixel + channel), value);
                    }
                }
            }
        }
    }
}
