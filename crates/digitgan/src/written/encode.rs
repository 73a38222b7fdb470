//! A line as a PNG, SVG or JPEG file in memory.

use super::WrittenError;
use crate::handwriting::{Look, Sheet};
use crate::picture::encode_with;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use image::codecs::jpeg::{JpegDecoder, JpegEncoder};
use image::{ExtendedColorType, ImageDecoder};
use png::{ColorType, Compression, Filter};
use std::io::{self, Cursor};

/// The quality of JPEG files that were asked for as such.
const JPEG_QUALITY: u8 = 92;

/// In which format a picture is written.
///
/// ```
/// use digitgan::written::PictureFormat;
///
/// assert_eq!(PictureFormat::Svg.extension(), "svg");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PictureFormat {
    /// Pixels as they are.
    #[default]
    Png,
    /// A drawing with the pixels inside, as a PNG file.
    Svg,
    /// Pixels nearly as they are.
    Jpeg,
}

impl PictureFormat {
    /// All of them.
    pub const ALL: [PictureFormat; 3] = [PictureFormat::Png, PictureFormat::Svg, PictureFormat::Jpeg];

    /// The extension of its files, without the dot.
    pub const fn extension(self) -> &'static str {
        match self {
            PictureFormat::Png => "png",
            PictureFormat::Svg => "svg",
            PictureFormat::Jpeg => "jpg",
        }
    }

    /// Whether lines that look so can be written in it.
    ///
    /// # Errors
    /// No paper where there must be one.
    pub fn check(self, look: &Look) -> Result<(), WrittenError> {
        let what = match (look.paper, self, look.distortion.is_none()) {
            (Some(_), ..) => return Ok(()),
            (None, PictureFormat::Jpeg, _) => "a JPEG file",
            (None, _, false) => "a distortion",
            (None, _, true) => return Ok(()),
        };
        Err(WrittenError::Transparent { what })
    }
}

/// A sheet as a file in memory; `text` is what it says, which SVG files have as their title and PNG files as a note.
///
/// ```
/// use digitgan::handwriting::{Hand, Look, Script, Sheet, Text};
/// use digitgan::prelude::*;
/// use digitgan::written::{PictureFormat, picture};
///
/// let mut hand = Hand::new(&Device::cpu(None)?, &BuiltIn::Acgan.generator())?;
/// let line = &hand.write(7, &Script::default(), &[Text::new("12,50", 0)?])?[0];
/// let look = Look::default();
/// let png = picture(&Sheet::new(line, &look, 7, 0), &look, PictureFormat::Png, "12,50")?;
/// assert!(png.starts_with(b"\x89PNG"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// No paper where there must be one.
pub fn picture(sheet: &Sheet, look: &Look, format: PictureFormat, text: &str) -> Result<Vec<u8>, WrittenError> {
    format.check(look)?;
    let failed = |error: io::Error| WrittenError::Encode(error.to_string());
    let strength = look.distortion.jpeg;
    let compressed = (strength > 0.0).then(|| compressed(sheet, strength)).transpose()?;
    let sheet = compressed.as_ref().unwrap_or(sheet);
    match format {
        PictureFormat::Png => png(sheet, text).map_err(failed),
        PictureFormat::Jpeg => jpeg(sheet, JPEG_QUALITY),
        PictureFormat::Svg => Ok(svg(sheet, &png(sheet, "").map_err(failed)?, text).into_bytes()),
    }
}

fn png(sheet: &Sheet, text: &str) -> io::Result<Vec<u8>> {
    let colour = match sheet.channels {
        1 => ColorType::Grayscale,
        3 => ColorType::Rgb,
        _ => ColorType::Rgba,
    };
    let size = (sheet.width as u32, sheet.height as u32);
    encode_with(size, colour, &sheet.pixels, |encoder| {
        // Much white and few edges: the next best is twice as slow and hardly smaller.
        encoder.set_compression(Compression::Fastest);
        encoder.set_filter(Filter::Up);
        if !text.is_empty() {
            encoder.add_text_chunk("Description".to_owned(), text.to_owned())?;
        }
        Ok::<(), io::Error>(())
    })
}

fn jpeg(sheet: &Sheet, quality: u8) -> Result<Vec<u8>, WrittenError> {
    let colour = if sheet.channels == 1 { ExtendedColorType::L8 } else { ExtendedColorType::Rgb8 };
    let mut bytes = Vec::new();
    let encoder = JpegEncoder::new_with_quality(&mut bytes, quality);
    image::ImageEncoder::write_image(encoder, &sheet.pixels, sheet.width as u32, sheet.height as u32, colour)
        .map_err(|error| WrittenError::Encode(error.to_string()))?;
    Ok(bytes)
}

/// What compression leaves of a sheet.
fn compressed(sheet: &Sheet, strength: f32) -> Result<Sheet, WrittenError> {
    let bytes = jpeg(sheet, (80.0 - 22.0 * strength) as u8)?;
    let failed = |error: image::ImageError| WrittenError::Encode(error.to_string());
    let decoder = JpegDecoder::new(Cursor::new(bytes)).map_err(failed)?;
    let mut pixels = vec![0; decoder.total_bytes() as usize];
    decoder.read_image(&mut pixels).map_err(failed)?;
    Ok(Sheet { pixels, ..sheet.clone() })
}

/// A drawing of the same size with a picture inside.
fn svg(sheet: &Sheet, png: &[u8], text: &str) -> String {
    let Sheet { width, height, .. } = sheet;
    let data = STANDARD.encode(png);
    // Digits and marks need no escapes.
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
         role=\"img\">\n<title>{text}</title>\n<image width=\"{width}\" height=\"{height}\" \
         href=\"data:image/png;base64,{data}\"/>\n</svg>\n"
    )
}
