//! Maps to points and back, one image at a time.

use super::lines::{lower_to_points, points_to_lower, points_to_upper, upper_to_points};
use super::{IMAGES_TOGETHER, LINE, LOWER_POINTS, LOWER_PRODUCT, PHASE_CHANNELS, PRODUCT, UPPER_POINTS, UPPER_PRODUCT};
use crate::Kernels;
use crate::batchnorm::{MapInput, gradient_reader, plain_reader, relu_reader};
use crate::shape::{BOTTOM, BOTTOM_CHANNELS, BOTTOM_SIDE, MIDDLE, MIDDLE_CHANNELS, MIDDLE_SIDE, MapLayout};
use crate::tile::{load, store};
use pulp::{Simd, WithSimd};

/// Side of a phase of the upper map, ring included.
const PHASE_SIDE: usize = 8;

impl Kernels {
    /// The upper map of one image at its points, `Bᵀ·d·B`: rows `image` of a group's products.
    ///
    /// # Shapes
    /// `map`: `[14, 14, 32]`; `points`: a group, [`UPPER_POINTS`] long.
    pub fn upper_to_points(self, map: MapInput<'_>, image: usize, points: &mut [f32]) {
        map.check(MapLayout::MIDDLE);
        assert!(points.len() == UPPER_POINTS && image < IMAGES_TOGETHER);
        self.run(UpperToPoints { map, image, points });
    }

    /// The transpose of [`Kernels::upper_to_points`] for a plain map.
    ///
    /// # Shapes
    /// `points`: a group, [`UPPER_POINTS`] long; `map`: `[14, 14, 32]`.
    pub fn points_to_upper(self, points: &[f32], image: usize, map: &mut [f32]) {
        assert!(points.len() == UPPER_POINTS && image < IMAGES_TOGETHER && map.len() == MIDDLE);
        self.run(PointsToUpper { points, image, map });
    }

    /// The lower map of one image at its points, `A·y·Aᵀ`: rows `image` of a group's products.
    ///
    /// # Shapes
    /// `map`: `[7, 7, 64]`; `points`: a group, [`LOWER_POINTS`] long.
    pub fn lower_to_points(self, map: MapInput<'_>, image: usize, points: &mut [f32]) {
        map.check(MapLayout::BOTTOM);
        assert!(points.len() == LOWER_POINTS && image < IMAGES_TOGETHER);
        self.run(LowerToPoints { map, image, points });
    }

    /// The transpose of [`Kernels::lower_to_points`] for a plain map.
    ///
    /// # Shapes
    /// `points`: a group, [`LOWER_POINTS`] long; `map`: `[7, 7, 64]`.
    pub fn points_to_lower(self, points: &[f32], image: usize, map: &mut [f32]) {
        assert!(points.len() == LOWER_POINTS && image < IMAGES_TOGETHER && map.len() == BOTTOM);
        self.run(PointsToLower { points, image, map });
    }

    /// Adds one image's rows of a group of lower maps to another's: `sums[row] += points[image]`.
    ///
    /// # Shapes
    /// `points`, `sums`: groups, [`LOWER_POINTS`] long.
    pub fn add_lower_points(self, points: &[f32], image: usize, sums: &mut [f32], row: usize) {
        assert_eq!((points.len(), sums.len()), (LOWER_POINTS, LOWER_POINTS));
        for (points, sums) in points.chunks_exact(LOWER_PRODUCT).zip(sums.chunks_exact_mut(LOWER_PRODUCT)) {
            let from = &points[image * BOTTOM_CHANNELS..][..BOTTOM_CHANNELS];
            self.add_scaled(1.0, from, &mut sums[row * BOTTOM_CHANNELS..][..BOTTOM_CHANNELS]);
        }
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

struct UpperToPoints<'a> {
    map: MapInput<'a>,
    image: usize,
    points: &'a mut [f32],
}

impl WithSimd for UpperToPoints<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        // SAFETY: `upper_to_points` checked that the input is a map of 14×14×32 and the output a group; each phase
        // reads pixels of the map and writes its own channels of this image's rows.
        unsafe {
            let rows = self.points.as_mut_ptr().add(self.image * PHASE_CHANNELS);
            read_map!(simd, self.map, MIDDLE_CHANNELS, |read, channel| {
                phase_to_points::<S, 0, 0>(simd, read, rows, channel);
                phase_to_points::<S, 0, 1>(simd, read, rows, channel);
                phase_to_points::<S, 1, 0>(simd, read, rows, channel);
                phase_to_points::<S, 1, 1>(simd, read, rows, channel);
            });
        }
    }
}

/// Phase (P, Q) of the padded upper map at its points: rows and columns P + 2i and Q + 2j. In phase 0 the first of
/// the eight is the ring's, in phase 1 the last.
///
/// # Safety
/// `read` must be safe for every pixel of the map, `rows` be an image's first row of a group.
#[inline(always)]
unsafe fn phase_to_points<S: Simd, const P: usize, const Q: usize>(
    simd: S,
    read: impl Fn(usize) -> S::f32s,
    rows: *mut f32,
    channel: usize,
) {
    let zero = simd.splat_f32s(0.0);
    let mut columns = [[zero; PHASE_SIDE]; LINE];
    for j in 0..BOTTOM_SIDE {
        let mut line = [zero; PHASE_SIDE];
        for i in 0..BOTTOM_SIDE {
            let (y, x) = (2 * i + 1 - P, 2 * j + 1 - Q);
            line[i + 1 - P] = read((y * MIDDLE_SIDE + x) * MIDDLE_CHANNELS + channel);
        }
        for (column, value) in columns.iter_mut().zip(upper_to_points(simd, line)) {
            column[j + 1 - Q] = value;
        }
    }
    for (line, products) in columns.into_iter().zip(PRODUCT) {
        for (value, product) in upper_to_points(simd, line).into_iter().zip(products) {
            // SAFETY: the caller's promise; every product has a row of 4·32 channels for the image.
            unsafe { store::<S>(rows.add(product * UPPER_PRODUCT + (2 * P + Q) * MIDDLE_CHANNELS + channel), value) };
        }
    }
}

struct PointsToUpper<'a> {
    points: &'a [f32],
    image: usize,
    map: &'a mut [f32],
}

impl WithSimd for PointsToUpper<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        for channel in (0..MIDDLE_CHANNELS).step_by(S::F32_LANES) {
            // SAFETY: `points_to_upper` checked both lengths; each phase reads its channels of this image's rows and
            // writes pixels of the map.
            unsafe {
                let rows = self.points.as_ptr().add(self.image * PHASE_CHANNELS);
                let map = self.map.as_mut_ptr();
                points_to_phase::<S, 0, 0>(simd, rows, map, channel);
                points_to_phase::<S, 0, 1>(simd, rows, map, channel);
                points_to_phase::<S, 1, 0>(simd, rows, map, channel);
                points_to_phase::<S, 1, 1>(simd, rows, map, channel);
            }
        }
    }
}

/// The transpose of [`phase_to_points`]; what would fall on the ring is dropped.
///
/// # Safety
/// `rows` must be an image's first row of a group, `map` a map of 14×14×32.
#[inline(always)]
unsafe fn points_to_phase<S: Simd, const P: usize, const Q: usize>(
    simd: S,
    rows: *const f32,
    map: *mut f32,
    channel: usize,
) {
    let zero = simd.splat_f32s(0.0);
    let mut columns = [[zero; LINE]; PHASE_SIDE];
    for (y, products) in PRODUCT.iter().enumerate() {
        let mut line = [zero; LINE];
        for (value, product) in line.iter_mut().zip(products) {
            // SAFETY: the caller's promise; every product has a row of 4·32 channels for the image.
            *value = unsafe {
                load::<S>(rows.add(product * UPPER_PRODUCT + (2 * P + Q) * MIDDLE_CHANNELS + channel))
            };
        }
        for (column, value) in columns.iter_mut().zip(points_to_upper(simd, line)) {
            column[y] = value;
        }
    }
    for j in 0..BOTTOM_SIDE {
        let line = points_to_upper(simd, columns[j + 1 - Q]);
        for i in 0..BOTTOM_SIDE {
            let (y, x) = (2 * i + 1 - P, 2 * j + 1 - Q);
            // SAFETY: y and x are at most 13.
            unsafe { store::<S>(map.add((y * MIDDLE_SIDE + x) * MIDDLE_CHANNELS + channel), line[i + 1 - P]) };
        }
    }
}

struct LowerToPoints<'a> {
    map: MapInput<'a>,
    image: usize,
    points: &'a mut [f32],
}

impl WithSimd for LowerToPoints<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let zero = simd.splat_f32s(0.0);
        // SAFETY: `lower_to_points` checked that the input is a map of 7×7×64 and the output a group, where every
        // product has a row of 64 channels for the image.
        unsafe {
            let rows = self.points.as_mut_ptr().add(self.image * BOTTOM_CHANNELS);
            read_map!(simd, self.map, BOTTOM_CHANNELS, |read, channel| {
                let mut columns = [[zero; BOTTOM_SIDE]; LINE];
                for x in 0..BOTTOM_SIDE {
                    let mut line = [zero; BOTTOM_SIDE];
                    for (y, value) in line.iter_mut().enumerate() {
                        *value = read((y * BOTTOM_SIDE + x) * BOTTOM_CHANNELS + channel);
                    }
                    for (column, value) in columns.iter_mut().zip(lower_to_points(simd, line)) {
                        column[x] = value;
                    }
                }
                for (line, products) in columns.into_iter().zip(PRODUCT) {
                    for (value, product) in lower_to_points(simd, line).into_iter().zip(products) {
                        store::<S>(rows.add(product * LOWER_PRODUCT + channel), value);
                    }
                }
            });
        }
    }
}

struct PointsToLower<'a> {
    points: &'a [f32],
    image: usize,
    map: &'a mut [f32],
}

impl WithSimd for PointsToLower<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let zero = simd.splat_f32s(0.0);
        for channel in (0..BOTTOM_CHANNELS).step_by(S::F32_LANES) {
            // SAFETY: `points_to_lower` checked both lengths; every product has a row of 64 channels for the image.
            unsafe {
                let rows = self.points.as_ptr().add(self.image * BOTTOM_CHANNELS + channel);
                let mut columns = [[zero; LINE]; BOTTOM_SIDE];
                for (y, products) in PRODUCT.iter().enumerate() {
                    let mut line = [zero; LINE];
                    for (value, product) in line.iter_mut().zip(products) {
                        *value = load::<S>(rows.add(product * LOWER_PRODUCT));
                    }
                    for (column, value) in columns.iter_mut().zip(points_to_lower(simd, line)) {
                        column[y] = value;
                    }
                }
                for (x, column) in columns.into_iter().enumerate() {
                    for (y, value) in points_to_lower(simd, column).into_iter().enumerate() {
                        let pixel = (y * BOTTOM_SIDE + x) * BOTTOM_CHANNELS;
                        store::<S>(self.map.as_mut_ptr().add(pixel + channel), value);
                    }
                }
            }
        }
    }
}
