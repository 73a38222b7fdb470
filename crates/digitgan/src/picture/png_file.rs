//! PNG files that carry text about their picture as metadata.

use super::{MAX_PICTURE_PIXELS, PictureError};
use crate::files::{atomic, capped};
use png::{BitDepth, ColorType, Encoder, EncodingError};
use std::io;
use std::path::Path;

/// Encodes `pixels` of 8 bits per channel, `[height, width, channels]`, with `text` as metadata.
pub(super) fn encode(
    (width, height): (usize, usize),
    color: ColorType,
    pixels: &[u8],
    text: &[(&str, &str)],
) -> Result<Vec<u8>, PictureError> {
    let too_large = |_| PictureError::TooLarge { width, height };
    let side = |pixels: usize| u32::try_from(pixels).map_err(too_large);
    encode_with((side(width)?, side(height)?), color, pixels, |encoder| {
        text.iter().try_for_each(|&(key, value)| add_text(encoder, key, value))
    })
}

/// Encodes `pixels` of 8 bits per channel, `[height, width, channels]`, by an encoder that `set_up` sets up.
pub(crate) fn encode_with<E: From<io::Error>>(
    (width, height): (u32, u32),
    color: ColorType,
    pixels: &[u8],
    set_up: impl FnOnce(&mut Encoder<'_, &mut Vec<u8>>) -> Result<(), E>,
) -> Result<Vec<u8>, E> {
    let mut bytes = Vec::with_capacity(512);
    let mut encoder = Encoder::new(&mut bytes, width, height);
    encoder.set_color(color);
    encoder.set_depth(BitDepth::Eight);
    set_up(&mut encoder)?;
    let mut writer = encoder.write_header().map_err(io_error)?;
    writer.write_image_data(pixels).map_err(io_error)?;
    writer.finish().map_err(io_error)?;
    Ok(bytes)
}

/// Reads a grey PNG file of 8 bits per pixel: its width and height, and its pixels, `[height, width]`.
pub(crate) fn read_grey(path: &Path) -> Result<((usize, usize), Vec<u8>), PictureError> {
    decode_grey(io::BufReader::new(capped::open(path)?))
}

/// Decodes one: its width and height, and its pixels, `[height, width]`.
pub(crate) fn decode_grey(file: impl io::BufRead + io::Seek) -> Result<((usize, usize), Vec<u8>), PictureError> {
    let limits = png::Limits { bytes: MAX_PICTURE_PIXELS };
    let decoding = |error: png::DecodingError| PictureError::Io(io::Error::other(error));
    let mut reader = png::Decoder::new_with_limits(file, limits).read_info().map_err(decoding)?;
    let (color, depth) = reader.output_color_type();
    let (width, height) = (reader.info().width as usize, reader.info().height as usize);
    let size = reader.output_buffer_size().filter(|&size| size <= MAX_PICTURE_PIXELS);
    let size = size.ok_or(PictureError::TooLarge { width, height })?;
    if (color, depth) != (ColorType::Grayscale, BitDepth::Eight) {
        return Err(
            io::Error::other(format!("a PNG file of {color:?} and {depth:?} bits, expected 8-bit greys")).into()
        );
    }
    let mut pixels = vec![0; size];
    reader.next_frame(&mut pixels).map_err(decoding)?;
    Ok(((width, height), pixels))
}

/// Writes finished PNG bytes, whole or not at all.
pub(super) fn write(path: &Path, png: &[u8]) -> Result<(), PictureError> {
    atomic::write(path, |out| out.write_all(png))?;
    Ok(())
}

/// Adds one text: a `tEXt` chunk for ASCII, which every viewer reads, else an `iTXt` chunk.
pub(super) fn add_text(encoder: &mut Encoder<'_, impl io::Write>, key: &str, value: &str) -> Result<(), PictureError> {
    if !is_text_key(key) {
        return Err(PictureError::TextKey { key: key.to_owned() });
    }
    let added = if value.is_ascii() && !value.contains('\0') {
        encoder.add_text_chunk(key.to_owned(), value.to_owned())
    } else {
        // PNG ends texts of unknown length at a zero byte.
        encoder.add_itxt_chunk(key.to_owned(), value.replace('\0', "\u{fffd}"))
    };
    added.map_err(|error| io_error(error).into())
}

/// Whether PNG allows `key`: 1 to 79 printable Latin-1 characters without stray spaces.
fn is_text_key(key: &str) -> bool {
    let printable = |c: char| matches!(u32::from(c), 32..=126 | 161..=255);
    (1..=79).contains(&key.chars().count()) && key.chars().all(printable) && key.trim() == key && !key.contains("  ")
}

fn io_error(error: EncodingError) -> io::Error {
    error.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::Grid;

    #[test]
    fn pixels_and_texts_come_back() {
        let images: Vec<u8> = (0..3 * 784).map(|i| (i % 251) as u8).collect();
        let picture = Grid::new(2).draw(&images).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("grid.png");
        picture.write_png(&path, &[("Seed", "42"), ("Run", "Straße 1"), ("Nul", "a\0b")]).unwrap();

        let file = io::BufReader::new(std::fs::File::open(&path).unwrap());
        let mut reader = png::Decoder::new(file).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let frame = reader.next_frame(&mut pixels).unwrap();
        assert_eq!((frame.width, frame.height), (118, 118));
        assert_eq!((frame.color_type, frame.bit_depth), (ColorType::Grayscale, BitDepth::Eight));
        assert_eq!(pixels, picture.pixels());
        let info = reader.info();
        let latin = &info.uncompressed_latin1_text;
        assert_eq!((latin[0].keyword.as_str(), latin[0].text.as_str()), ("Seed", "42"));
        let texts: Vec<String> = info.utf8_text.iter().map(|t| t.get_text().unwrap()).collect();
        assert_eq!(texts, ["Straße 1", "a\u{fffd}b"]);
    }

    #[test]
    fn keys_that_png_cannot_hold_are_errors() {
        let picture = Grid::new(1).draw(&[0; 784]).unwrap();
        for key in ["", " x", "a  b", "日本", "a\nb", "a\0", &"k".repeat(80)] {
            let error = picture.png(&[(key, "value")]).unwrap_err();
            assert!(matches!(error, PictureError::TextKey { .. }), "{key:?}: {error}");
        }
        picture.png(&[(&"k".repeat(79), "value")]).unwrap();
    }
}
