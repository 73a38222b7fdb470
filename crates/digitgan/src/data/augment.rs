//! Augmentation: real images are varied a little each time that training sees them.
//!
//! [`apply`] moves every pixel of an image a little: `affine` by one rotation, scaling, shearing and
//! shift of the whole image, `elastic` by a smooth random field (Simard, Steinkraus and Platt, 2003).
//! Both together are one move, so an image is resampled once (bilinearly; beyond its border it is
//! black). Digits are never mirrored: a mirrored digit is another sign, or none.
//!
//! The result depends on the image, the seed and the index alone. It uses only operations that every
//! machine rounds alike (no sine or exponential of the system's library).

use crate::input::{InputError, check_length};
use crate::seed::{self, Purpose};
use crate::{IMAGE_PIXELS, IMAGE_SIDE};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::Rng;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// `affine` rotates by at most so many degrees either way.
pub const MAX_ROTATION_DEGREES: f32 = 10.0;
/// `affine` scales by at most so much more or less than 1.
pub const MAX_SCALING: f32 = 0.1;
/// `affine` moves a pixel sideways by at most so much of its distance from the middle row.
pub const MAX_SHEAR: f32 = 0.1;
/// `affine` shifts by at most so many pixels in each direction.
pub const MAX_SHIFT_PIXELS: f32 = 2.0;
/// `elastic` smooths its field with a Gaussian of this standard deviation, in pixels.
pub const ELASTIC_SIGMA_PIXELS: f32 = 4.0;
/// `elastic` multiplies its smoothed field, whose noise is uniform in ±1, by so many pixels.
///
/// In the middle of the image a pixel then moves by 0.8 pixels (standard deviation) either way. The
/// paper's 34 is meant for classifiers: it leaves dents and smears that a generator would learn.
pub const ELASTIC_ALPHA_PIXELS: f32 = 20.0;

/// A way to vary real images.
///
/// ```
/// use digitgan::prelude::*;
///
/// let image = strokes::draw(strokes::SEED, 0).image;
/// let mut varied = [0; 784];
/// digitgan::data::augment::apply(&[Augment::Affine, Augment::Elastic], 1, 0, &image, &mut varied)?;
/// assert_ne!(varied, image);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Augment {
    /// Rotates, scales, shears and shifts the whole image.
    Affine,
    /// Bends the image by a smooth random field.
    Elastic,
}

impl Augment {
    /// Every way there is.
    pub const ALL: [Self; 2] = [Self::Affine, Self::Elastic];

    /// Its name on the command line and in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Affine => "affine",
            Self::Elastic => "elastic",
        }
    }
}

impl fmt::Display for Augment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A name that is not that of an [`Augment`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no augmentation; give affine or elastic")]
pub struct UnknownAugment(pub String);

impl FromStr for Augment {
    type Err = UnknownAugment;

    fn from_str(text: &str) -> Result<Self, UnknownAugment> {
        let named = Self::ALL.into_iter().find(|augment| augment.name() == text);
        named.ok_or_else(|| UnknownAugment(text.to_owned()))
    }
}

/// Writes `image` into `out`, varied in all of the `ways` by the random numbers of `seed` and `index`.
///
/// Order and repetition of the ways do not matter; with none of them the image is copied. Nothing is
/// allocated.
///
/// # Shapes
/// `image` and `out`: `[28, 28]`.
///
/// # Errors
/// Not exactly 784 pixels in `image` or in `out`.
pub fn apply(ways: &[Augment], seed: u64, index: u64, image: &[u8], out: &mut [u8]) -> Result<(), InputError> {
    check_length("pixels of the image, [28, 28]", image.len(), IMAGE_PIXELS)?;
    check_length("pixels of the varied image, [28, 28]", out.len(), IMAGE_PIXELS)?;
    vary(ways, seed, index, image, out);
    Ok(())
}

/// [`apply`], for images whose size is known.
pub(super) fn vary(ways: &[Augment], seed: u64, index: u64, image: &[u8], out: &mut [u8]) {
    if ways.is_empty() {
        return out.copy_from_slice(image);
    }
    let mut rng = seed::stream(seed, Purpose::Augment, index);
    // The affine numbers are drawn in any case, so the field is the same with and without them.
    let affine = Affine::draw(&mut rng);
    let mut from = if ways.contains(&Augment::Affine) { affine } else { Affine::IDENTITY }.positions();
    if ways.contains(&Augment::Elastic) {
        for axis in &mut from {
            add_smooth_noise(&mut rng, axis);
        }
    }
    sample(image, &from, out);
}

/// A number for each pixel, `[28, 28]`.
type Plane = [[f32; IMAGE_SIDE]; IMAGE_SIDE];

/// The coordinate of the middle of an image.
const MIDDLE: f32 = (IMAGE_SIDE - 1) as f32 / 2.0;

/// Where a pixel comes from, relative to the middle: (row, column) = matrix · (row, column) + shift.
struct Affine {
    matrix: [[f32; 2]; 2],
    shift: [f32; 2],
}

impl Affine {
    const IDENTITY: Self = Self { matrix: [[1.0, 0.0], [0.0, 1.0]], shift: [0.0; 2] };

    fn draw(rng: &mut ChaCha8Rng) -> Self {
        let angle = MAX_ROTATION_DEGREES.to_radians() * signed_unit(rng);
        let scale = 1.0 + MAX_SCALING * signed_unit(rng);
        let shear = MAX_SHEAR * signed_unit(rng);
        let shift = [(); 2].map(|()| MAX_SHIFT_PIXELS * signed_unit(rng));
        let (sine, cosine) = small_sine_cosine(angle);
        // The inverse of scale · rotation · shear, as pixels are fetched and not sent.
        let matrix =
            [[cosine / scale, -sine / scale], [(sine - shear * cosine) / scale, (cosine + shear * sine) / scale]];
        let undo = |row: [f32; 2]| -(row[0] * shift[0] + row[1] * shift[1]);
        Self { matrix, shift: matrix.map(undo) }
    }

    /// The row and the column that each pixel comes from.
    fn positions(&self) -> [Plane; 2] {
        let mut planes = [[[0.0; IMAGE_SIDE]; IMAGE_SIDE]; 2];
        for (axis, plane) in planes.iter_mut().enumerate() {
            let [by_row, by_column] = self.matrix[axis];
            for (row, line) in plane.iter_mut().enumerate() {
                let start = MIDDLE + self.shift[axis] + by_row * (row as f32 - MIDDLE);
                for (column, position) in line.iter_mut().enumerate() {
                    *position = start + by_column * (column as f32 - MIDDLE);
                }
            }
        }
        planes
    }
}

/// A number from -1 to 1.
fn signed_unit(rng: &mut ChaCha8Rng) -> f32 {
    // 24 bits, as many as an f32 holds.
    (rng.next_u32() >> 8) as f32 / (1 << 23) as f32 - 1.0
}

/// Sine and cosine of a small angle by their series: right to the last bits up to 0.2 radians.
fn small_sine_cosine(angle: f32) -> (f32, f32) {
    let square = angle * angle;
    let sine = angle * (1.0 - square / 6.0 * (1.0 - square / 20.0));
    let cosine = 1.0 - square / 2.0 * (1.0 - square / 12.0 * (1.0 - square / 30.0));
    (sine, cosine)
}

/// Smoothing as a matrix: `GAUSSIAN[i][k]` is the weight of position k in the sum at position i.
///
/// Noise outside of the image counts as zero, so the field fades a little towards the border.
const GAUSSIAN: Plane = gaussian();

const fn gaussian() -> Plane {
    // exp(-d²/2σ²) for d = 0, 1, 2 … by its ratios: each is the one before times exp(-1/σ²).
    // exp(-1/32) and exp(-1/16) belong to σ = 4, and so does their sum over all d.
    const { assert!(ELASTIC_SIGMA_PIXELS == 4.0) }
    let mut ratio = 0.969_233_234_476_344_1_f64;
    let ratio_of_ratios = 0.939_413_062_813_475_8;
    let sum = 10.026_513_098_524_001;
    let mut by_distance = [1.0 / sum; IMAGE_SIDE];
    let mut distance = 1;
    while distance < IMAGE_SIDE {
        by_distance[distance] = by_distance[distance - 1] * ratio;
        ratio *= ratio_of_ratios;
        distance += 1;
    }
    let mut matrix = [[0.0; IMAGE_SIDE]; IMAGE_SIDE];
    let mut cell = 0;
    while cell < IMAGE_PIXELS {
        let (row, column) = (cell / IMAGE_SIDE, cell % IMAGE_SIDE);
        matrix[row][column] = by_distance[row.abs_diff(column)] as f32;
        cell += 1;
    }
    matrix
}

/// Adds smoothed uniform noise to `plane`: GAUSSIAN · noise · GAUSSIANᵀ, times the amplitude.
fn add_smooth_noise(rng: &mut ChaCha8Rng, plane: &mut Plane) {
    let mut bytes = [0u8; IMAGE_PIXELS];
    rng.fill_bytes(&mut bytes);
    // A byte of noise a pixel is enough where some hundred of them are averaged.
    let unit = |byte: u8| (f32::from(byte) - 127.5) / 127.5;
    let mut noise = [[0.0; IMAGE_SIDE]; IMAGE_SIDE];
    for (line, bytes) in noise.iter_mut().zip(bytes.chunks_exact(IMAGE_SIDE)) {
        for (value, &byte) in line.iter_mut().zip(bytes) {
            *value = ELASTIC_ALPHA_PIXELS * unit(byte);
        }
    }
    let mut columns_smoothed = [[0.0; IMAGE_SIDE]; IMAGE_SIDE];
    add_product(&GAUSSIAN, &noise, &mut columns_smoothed);
    add_product(&columns_smoothed, &GAUSSIAN, plane);
}

/// `out += left · right`, in the order in which lines lie in memory.
fn add_product(left: &Plane, right: &Plane, out: &mut Plane) {
    for (weights, sums) in left.iter().zip(out) {
        for (&weight, line) in weights.iter().zip(right) {
            for (sum, &value) in sums.iter_mut().zip(line) {
                *sum += weight * value;
            }
        }
    }
}

/// Side of an image with a black border that takes in every position that is sampled.
const PADDED_SIDE: usize = 32;

/// Fetches each pixel of `out` from its position, `from`, between four pixels of `image`.
fn sample(image: &[u8], from: &[Plane; 2], out: &mut [u8]) {
    let mut padded = [[0u8; PADDED_SIDE]; PADDED_SIDE];
    for (line, row) in padded[1..].iter_mut().zip(image.chunks_exact(IMAGE_SIDE)) {
        line[1..=IMAGE_SIDE].copy_from_slice(row);
    }
    let [rows, columns] = from;
    for ((pixel, &row), &column) in out.iter_mut().zip(rows.as_flattened()).zip(columns.as_flattened()) {
        // One pixel outside all is black, and so it is for every position further out.
        let (y, x) = (row.clamp(-1.0, IMAGE_SIDE as f32) + 1.0, column.clamp(-1.0, IMAGE_SIDE as f32) + 1.0);
        let (top, left) = (y as usize, x as usize);
        let (down, right) = (y - top as f32, x - left as f32);
        let mix = |line: &[u8; PADDED_SIDE]| {
            let (a, b) = (f32::from(line[left]), f32::from(line[left + 1]));
            a + right * (b - a)
        };
        let (above, below) = (mix(&padded[top]), mix(&padded[top + 1]));
        *pixel = (above + down * (below - above) + 0.5) as u8;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_series_are_sine_and_cosine() {
        for step in -20..=20 {
            let angle = step as f32 * 0.01;
            let (sine, cosine) = small_sine_cosine(angle);
            assert!((sine - angle.sin()).abs() < 2e-7, "{angle}");
            assert!((cosine - angle.cos()).abs() < 2e-7, "{angle}");
        }
    }

    #[test]
    fn the_gaussian_is_one() {
        let sigma = f64::from(ELASTIC_SIGMA_PIXELS);
        let weight = |distance: f64| (-distance * distance / (2.0 * sigma * sigma)).exp();
        let sum: f64 = (-100..=100).map(|distance| weight(f64::from(distance))).sum();
        for (row, line) in GAUSSIAN.iter().enumerate() {
            for (column, &found) in line.iter().enumerate() {
                let expected = weight(row.abs_diff(column) as f64) / sum;
                assert!((f64::from(found) - expected).abs() < 1e-8, "{row} {column}");
            }
        }
    }

    #[test]
    fn the_affine_map_undoes_its_parts() {
        let mut rng = seed::stream(1, Purpose::Augment, 2);
        let parts: [f32; 5] = [(); 5].map(|()| signed_unit(&mut rng));
        let affine = Affine::draw(&mut seed::stream(1, Purpose::Augment, 2));
        let (sine, cosine) = (MAX_ROTATION_DEGREES.to_radians() * parts[0]).sin_cos();
        let (scale, shear) = (1.0 + MAX_SCALING * parts[1], MAX_SHEAR * parts[2]);
        // Forwards: shear sideways by the row, rotate, scale, shift.
        let (row, column) = (5.0, -3.0);
        let sheared = column + shear * row;
        let forth = [
            scale * (cosine * row + sine * sheared) + MAX_SHIFT_PIXELS * parts[3],
            scale * (-sine * row + cosine * sheared) + MAX_SHIFT_PIXELS * parts[4],
        ];
        let back = |axis: usize| {
            let [by_row, by_column] = affine.matrix[axis];
            by_row * forth[0] + by_column * forth[1] + affine.shift[axis]
        };
        assert!((back(0) - row).abs() < 1e-5 && (back(1) - column).abs() < 1e-5, "{} {}", back(0), back(1));
    }

    #[test]
    fn elastic_moves_as_far_as_it_says() {
        let mut squares = 0.0;
        for index in 0..400 {
            let mut plane = [[0.0; IMAGE_SIDE]; IMAGE_SIDE];
            add_smooth_noise(&mut seed::stream(1, Purpose::Augment, index), &mut plane);
            squares += plane[14][14].powi(2);
        }
        let deviation = (squares / 400.0).sqrt();
        assert!((deviation - 0.81).abs() < 0.08, "{deviation}");
    }

    #[test]
    fn the_identity_changes_nothing() {
        let image: Vec<u8> = (0..IMAGE_PIXELS).map(|index| (index * 7) as u8).collect();
        let mut out = [0; IMAGE_PIXELS];
        sample(&image, &Affine::IDENTITY.positions(), &mut out);
        assert_eq!(out.as_slice(), image);
        apply(&[], 1, 2, &image, &mut out).unwrap();
        assert_eq!(out.as_slice(), image);
    }

    #[test]
    fn far_positions_are_black() {
        let image = [255; IMAGE_PIXELS];
        for far in [-1e9, -5.0, 40.0, 1e9, f32::INFINITY] {
            let mut out = [1; IMAGE_PIXELS];
            sample(&image, &[[[far; IMAGE_SIDE]; IMAGE_SIDE]; 2], &mut out);
            assert_eq!(out, [0; IMAGE_PIXELS], "{far}");
        }
    }
}
