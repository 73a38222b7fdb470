//! PNG files as images: 28×28, light ink on black.
//!
//! 1. Colours become grey by their luminance.
//! 2. What is transparent becomes black if the rest is light on average, white if it is dark.
//! 3. The ground is light if the outermost ring of pixels is, on average, above the middle grey and
//!    lighter than the pixels within; then all greys are inverted.
//! 4. Other sizes are brought to 28×28 by [`fit`].

use super::error::{DataError, one_line};
use super::fit;
use crate::{IMAGE_PIXELS, IMAGE_SIDE};
use image::{DynamicImage, GrayImage, ImageFormat, ImageReader, Limits};
use std::fs::{self, File};
use std::io::BufReader;
use std::path::Path;

/// The greatest height and width of a PNG file, in pixels.
pub(super) const MAX_PNG_SIDE: u32 = 4096;
/// The most memory that decoding a PNG file may take: `MAX_PNG_SIDE`², 8 bytes per pixel.
const MAX_PNG_BYTES: u64 = 128 * 1024 * 1024;

/// What was done to an image.
#[derive(Clone, Copy)]
pub(super) struct Changes {
    /// It was scaled and centred.
    pub(super) resized: bool,
    /// Its ground was light.
    pub(super) inverted: bool,
}

/// What is known of the ground that the ink is on.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Ground {
    /// Nothing: it is looked for.
    Unknown,
    /// It is black, whatever the image looks like.
    Black,
}

/// Reads a PNG file as an image, `[28, 28]`.
pub(super) fn read(path: &Path, ground: Ground) -> Result<([u8; IMAGE_PIXELS], Changes), DataError> {
    let mut grey = to_grey(&decode(path)?);
    let inverted = ground == Ground::Unknown && has_light_ground(&grey);
    if inverted {
        grey.iter_mut().for_each(|pixel| *pixel = 255 - *pixel);
    }
    let (columns, rows) = (grey.width() as usize, grey.height() as usize);
    let resized = (rows, columns) != (IMAGE_SIDE, IMAGE_SIDE);
    Ok((fit::to_square(&grey, rows, columns), Changes { resized, inverted }))
}

fn decode(path: &Path) -> Result<DynamicImage, DataError> {
    if !fs::metadata(path).map_err(DataError::read(path))?.is_file() {
        let reason = "not a regular file".to_owned();
        return Err(DataError::Png { path: path.to_owned(), reason });
    }
    let file = BufReader::new(File::open(path).map_err(DataError::read(path))?);
    let mut reader = ImageReader::with_format(file, ImageFormat::Png);
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_PNG_SIDE);
    limits.max_image_height = Some(MAX_PNG_SIDE);
    limits.max_alloc = Some(MAX_PNG_BYTES);
    reader.limits(limits);
    reader.decode().map_err(|error| DataError::Png { path: path.to_owned(), reason: one_line(&error.to_string()) })
}

/// Grey values, with transparent pixels made the opposite of what they surround.
fn to_grey(image: &DynamicImage) -> GrayImage {
    if !image.color().has_alpha() {
        return image.to_luma8();
    }
    let pixels = image.to_luma_alpha8();
    let weighted = |sum: (u64, u64), [grey, alpha]: [u8; 2]| {
        (sum.0 + u64::from(grey) * u64::from(alpha), sum.1 + u64::from(alpha))
    };
    let (light, opacity) = pixels.pixels().map(|pixel| pixel.0).fold((0, 0), weighted);
    let ground: u16 = if light >= opacity * 128 { 0 } else { 255 };
    GrayImage::from_fn(pixels.width(), pixels.height(), |x, y| {
        let [grey, alpha] = pixels.get_pixel(x, y).0.map(u16::from);
        image::Luma([((grey * alpha + ground * (255 - alpha) + 127) / 255) as u8])
    })
}

/// Whether the outermost ring of pixels is light, and lighter than what it surrounds.
fn has_light_ground(image: &GrayImage) -> bool {
    let (width, height) = image.dimensions();
    let (mut ring, mut within) = (Mean::default(), Mean::default());
    for (x, y, pixel) in image.enumerate_pixels() {
        let outermost = x == 0 || y == 0 || x + 1 == width || y + 1 == height;
        if outermost { &mut ring } else { &mut within }.add(pixel.0[0]);
    }
    ring.value() > 127.5 && ring.value() > within.value()
}

#[derive(Default)]
struct Mean {
    sum: u64,
    count: u64,
}

impl Mean {
    fn add(&mut self, value: u8) {
        self.sum += u64::from(value);
        self.count += 1;
    }

    /// Zero where nothing was added.
    fn value(&self) -> f64 {
        self.sum as f64 / self.count.max(1) as f64
    }
}
