//! PNG, JPEG and TIFF files as grey values, told apart by their contents.
//!
//! 1. A picture that says how it is turned (as photographs do) is turned.
//! 2. Colours become grey by their luminance.
//! 3. What is transparent becomes the ground of the set, which all of its pictures tell: by itself a picture looks as if it
//!    were on black if the rest is light on average, on white if it is dark.

use super::error::one_line;
use super::limits::MAX_PICTURE_SIDE;
use super::plain_png;
use super::stored::{Clear, Grey, Picture};
use super::tiff;
use crate::data::Ground;
use crate::engine::quietly;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};
use std::io::Cursor;

/// The most memory that decoding a picture may take: `MAX_PICTURE_SIDE`², 8 bytes per pixel.
const MAX_PICTURE_BYTES: u64 = 128 * 1024 * 1024;
/// The largest file of a picture that is read.
pub(super) const MAX_FILE_BYTES: u64 = 64 * 1024 * 1024;

/// What is said of pictures of other kinds.
pub(super) const READABLE: &str = "PNG, JPEG and TIFF are read";

/// Whether a file begins like a picture that can be read.
pub(super) fn is_picture(head: &[u8]) -> bool {
    matches!(image::guess_format(head), Ok(ImageFormat::Png | ImageFormat::Jpeg)) || tiff::is_tiff(head)
}

/// Reads the bytes of a PNG, JPEG or TIFF file; the error says in a line why they cannot be read.
pub(super) fn decode(bytes: &[u8]) -> Result<Picture, String> {
    if let Some((rows, columns, pixels)) = plain_png::decode(bytes) {
        return Ok(Picture::opaque(rows, columns, Grey::Bytes(pixels)));
    }
    if tiff::is_tiff(bytes) {
        return guarded(|| tiff::decode(bytes))?;
    }
    let format = match image::guess_format(bytes) {
        Ok(format @ (ImageFormat::Png | ImageFormat::Jpeg)) => format,
        _ if bytes.is_empty() => return Err("it is empty".to_owned()),
        Ok(ImageFormat::Bmp) => return Err(format!("it is a BMP picture; {READABLE}")),
        Ok(ImageFormat::Gif) => return Err(format!("it is a GIF picture; {READABLE}")),
        Ok(ImageFormat::WebP) => return Err(format!("it is a WebP picture; {READABLE}")),
        _ => return Err("it begins like neither a PNG nor a JPEG nor a TIFF file".to_owned()),
    };
    if format == ImageFormat::Jpeg && !is_whole_jpeg(bytes) {
        return Err("it ends before its picture does".to_owned());
    }
    Ok(to_grey(guarded(|| decode_image(bytes, format))?))
}

/// Whether the end of the picture follows its beginning: decoders fill with grey what is missing.
fn is_whole_jpeg(bytes: &[u8]) -> bool {
    let last = |marker: [u8; 2]| bytes.windows(2).rposition(|pair| pair == marker);
    // Start of scan, end of image; within a scan 0xff is never followed by either.
    last([0xff, 0xd9]) > last([0xff, 0xda])
}

/// Lets the library decode; if it panics over a damaged file (some palettes make it), that is an error.
fn guarded<T, E: std::error::Error>(decode: impl FnOnce() -> Result<T, E>) -> Result<T, String> {
    match quietly(decode) {
        Ok(decoded) => decoded.map_err(|error| one_line(&error.to_string())),
        Err(failure) => Err(format!("its decoder failed: {}", failure.reason)),
    }
}

fn decode_image(bytes: &[u8], format: ImageFormat) -> image::ImageResult<DynamicImage> {
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_PICTURE_SIDE);
    limits.max_image_height = Some(MAX_PICTURE_SIDE);
    limits.max_alloc = Some(MAX_PICTURE_BYTES);
    reader.limits(limits);
    let mut decoder = reader.into_decoder()?;
    let turned = decoder.orientation()?;
    let mut image = DynamicImage::from_decoder(decoder)?;
    image.apply_orientation(turned);
    Ok(image)
}

/// Grey values, of 16 bits where there are so many.
fn to_grey(image: DynamicImage) -> Picture {
    let (rows, columns) = (image.height() as usize, image.width() as usize);
    let color = image.color();
    let wide = color.bytes_per_pixel() / color.channel_count() > 1;
    let (grey, clear) = match (color.has_alpha(), wide) {
        (false, false) => (Grey::Bytes(image.into_luma8().into_raw()), None),
        (false, true) => (Grey::Words(image.into_luma16().into_raw()), None),
        (true, false) => on_grounds(image.into_luma_alpha8().as_raw(), 255, Grey::Bytes),
        (true, true) => on_grounds(image.into_luma_alpha16().as_raw(), 65535, Grey::Words),
    };
    Picture { rows, columns, grey, clear }
}

/// Pairs of grey and opacity, up to `full` each, on the ground that is the opposite of what is opaque, and on the other.
fn on_grounds<T>(pairs: &[T], full: u64, grey: impl Fn(Vec<T>) -> Grey) -> (Grey, Option<Clear>)
where
    T: Copy + Into<u64> + TryFrom<u64>,
{
    let pairs = || pairs.chunks_exact(2).map(|pair| (pair[0].into(), pair[1].into()));
    let (light, opacity) = pairs().fold((0, 0), |sum, (grey, alpha)| (sum.0 + grey * alpha, sum.1 + alpha));
    let is_opaque = pairs().all(|(_, alpha)| alpha == full);
    let on = |ground: u64| {
        let mixed = pairs().map(|(grey, alpha)| (grey * alpha + ground * (full - alpha) + full / 2) / full);
        grey(
            mixed.map(|value: u64| value.try_into().ok().expect("a mean of two values is one of their type")).collect(),
        )
    };
    let (own, value) = if light >= opacity * full.div_ceil(2) { (Ground::Dark, 0) } else { (Ground::Light, full) };
    (on(value), (!is_opaque).then(|| Clear { own, on_other: on(full - value) }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decoder_that_panics_is_an_error_of_one_line() {
        let error = guarded(|| -> image::ImageResult<()> { panic!("index\nout of range") }).unwrap_err();
        assert_eq!(error, "its decoder failed: index out of range");
        assert_eq!(guarded(|| image::ImageResult::Ok(7)), Ok(7));
    }
}
