//! Grey TIFF files: what Hugging Face's datasets makes of images with 16 bits a pixel, or with real numbers, where those of
//! 8 bits become PNG files.

use super::limits::MAX_PICTURE_SIDE;
use super::stored::{Grey, Picture};
use std::io::Cursor;
use tiff::decoder::{Decoder, DecodingResult, Limits};
use tiff::tags::Tag;
use tiff::{ColorType, TiffResult};

/// What files of either order of bytes begin with.
const MAGIC: [&[u8]; 2] = [b"II*\0", b"MM\0*"];
/// The most memory that a picture may take, and what it is read from as much again: `MAX_PICTURE_SIDE`², 4 bytes per pixel.
const MAX_BYTES: usize = 64 * 1024 * 1024;
/// Rows from the top, columns from the left.
const UPRIGHT: u16 = 1;
/// Numbers as they are, not each less the one before it.
const NOT_PREDICTED: u16 = 1;
/// Compressions that have predictors: LZW, and deflate by two numbers.
const PREDICTING: [u16; 3] = [5, 8, 32946];

pub(super) fn is_tiff(head: &[u8]) -> bool {
    MAGIC.iter().any(|magic| head.starts_with(magic))
}

/// Whether no entry of the directory claims more values than the file has bytes for: the library believes their numbers
/// (tiff 0.11.3 asks for 32 bytes a value before it reads one). What else is wrong it tells itself.
fn claims_fit(bytes: &[u8]) -> bool {
    /// Bytes of a value, by its type from 1 on.
    const VALUE_BYTES: [u64; 13] = [1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4];
    let little = bytes.starts_with(MAGIC[0]);
    let number = |at: usize, length: usize| {
        let digits = bytes.get(at..at.checked_add(length)?)?.iter();
        let add = |number: u64, digit: &u8| number << 8 | u64::from(*digit);
        Some(if little { digits.rev().fold(0, add) } else { digits.fold(0, add) })
    };
    let directory = number(4, 4).map_or(0, |at| at as usize);
    let entries = number(directory, 2).unwrap_or(0) as usize;
    let claimed = (0..entries).map_while(|entry| {
        let at = directory + 2 + 12 * entry;
        let (kind, count) = (number(at + 2, 2)?, number(at + 4, 4)?);
        let value_bytes = kind.checked_sub(1).and_then(|kind| VALUE_BYTES.get(kind as usize));
        Some(value_bytes.unwrap_or(&8) * count)
    });
    claimed.max().is_none_or(|most| most <= bytes.len() as u64)
}

/// Reads the bytes of such a file; the error says why they cannot be read.
pub(super) fn decode(bytes: &[u8]) -> TiffResult<Result<Picture, String>> {
    if !claims_fit(bytes) {
        return Ok(Err("it is a TIFF file that claims to hold more than it does".to_owned()));
    }
    let mut limits = Limits::default();
    limits.decoding_buffer_size = MAX_BYTES;
    limits.intermediate_buffer_size = MAX_BYTES;
    let mut decoder = Decoder::new(Cursor::new(bytes))?.with_limits(limits);
    let (columns, rows) = decoder.dimensions()?;
    let turned = decoder.find_tag_unsigned::<u16>(Tag::Orientation)?.is_some_and(|turned| turned != UPRIGHT);
    let predicted = decoder.find_tag_unsigned::<u16>(Tag::Predictor)?.is_some_and(|by| by != NOT_PREDICTED);
    let compression = decoder.find_tag_unsigned::<u16>(Tag::Compression)?.unwrap_or_default();
    let refused = match decoder.colortype()? {
        ColorType::Gray(8 | 16 | 32 | 64) if rows.max(columns) > MAX_PICTURE_SIDE => "it is too large",
        ColorType::Gray(8 | 16 | 32 | 64) if decoder.more_images() => "it is a TIFF file of several pictures",
        ColorType::Gray(8 | 16 | 32 | 64) if turned => "it is a TIFF file that says that it is turned",
        // libtiff passes over such a predictor, the library here does not.
        ColorType::Gray(8 | 16 | 32 | 64) if predicted && !PREDICTING.contains(&compression) => {
            "it is a TIFF file with a predictor that its compression does not have"
        }
        ColorType::Gray(8 | 16 | 32 | 64) => "",
        _ => "it is a TIFF file that is not grey, or not of whole bytes",
    };
    if !refused.is_empty() {
        return Ok(Err(refused.to_owned()));
    }
    let grey = match decoder.read_image()? {
        DecodingResult::U8(values) => Grey::Bytes(values),
        DecodingResult::U16(values) => Grey::Words(values),
        DecodingResult::F16(values) => real(&values, |value| value.to_f32()),
        DecodingResult::F32(values) => Grey::Floats(values),
        DecodingResult::F64(values) => real(&values, |value| value as f32),
        DecodingResult::I8(values) => whole(&values, i64::from),
        DecodingResult::I16(values) => whole(&values, i64::from),
        DecodingResult::I32(values) => whole(&values, i64::from),
        DecodingResult::U32(values) => whole(&values, i64::from),
        DecodingResult::I64(values) => whole(&values, |value| value),
        DecodingResult::U64(values) => whole(&values, |value| value.try_into().unwrap_or(i64::MAX)),
    };
    let (rows, columns) = (rows as usize, columns as usize);
    Ok(if grey.len() == rows * columns {
        Ok(Picture::opaque(rows, columns, grey))
    } else {
        Err("it is a TIFF file with more than one value a pixel".to_owned())
    })
}

fn real<T: Copy>(values: &[T], number: impl Fn(T) -> f32) -> Grey {
    Grey::Floats(values.iter().map(|&value| number(value)).collect())
}

/// Whole numbers as words if they are, which the ranges of sensors are looked for among.
fn whole<T: Copy>(values: &[T], number: impl Fn(T) -> i64) -> Grey {
    let words: Option<Vec<u16>> = values.iter().map(|&value| number(value).try_into().ok()).collect();
    words.map_or_else(|| real(values, |value| number(value) as f32), Grey::Words)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::stored::Values;
    use tiff::encoder::{Rational, TiffEncoder, colortype};

    /// A file of 2×3 pixels.
    fn file<C: colortype::ColorType>(values: &[C::Inner], orientation: u16) -> Vec<u8>
    where
        [C::Inner]: tiff::encoder::TiffValue,
    {
        file_with::<C>(values, Tag::Orientation, orientation)
    }

    /// The same, with a tag.
    fn file_with<C: colortype::ColorType>(values: &[C::Inner], tag: Tag, value: u16) -> Vec<u8>
    where
        [C::Inner]: tiff::encoder::TiffValue,
    {
        let mut bytes = Cursor::new(Vec::new());
        let mut encoder = TiffEncoder::new(&mut bytes).unwrap();
        let mut image = encoder.new_image::<C>(3, 2).unwrap();
        image.encoder().write_tag(tag, value).unwrap();
        image.x_resolution(Rational { n: 1, d: 1 });
        image.write_data(values).unwrap();
        bytes.into_inner()
    }

    #[test]
    fn grey_of_every_type_is_read() {
        let bytes = file::<colortype::Gray8>(&[0, 1, 2, 3, 4, 255], 1);
        assert!(is_tiff(&bytes));
        let picture = decode(&bytes).unwrap().unwrap();
        assert_eq!((picture.rows, picture.columns), (2, 3));
        assert!(matches!(picture.stored().values, Values::Bytes([0, 1, 2, 3, 4, 255])));
        let words = decode(&file::<colortype::Gray16>(&[0, 1, 2, 3, 4, 65535], 1)).unwrap().unwrap();
        assert!(matches!(words.stored().values, Values::Words([0, 1, 2, 3, 4, 65535])));
        let floats = decode(&file::<colortype::Gray32Float>(&[0.0, 0.5, 1.0, -1.0, 0.25, 2.0], 1)).unwrap().unwrap();
        assert!(matches!(floats.stored().values, Values::Floats([0.0, 0.5, 1.0, -1.0, 0.25, 2.0])));
        let whole = decode(&file::<colortype::GrayI32>(&[0, 1, 2, 3, 4, 4095], 1)).unwrap().unwrap();
        assert!(matches!(whole.stored().values, Values::Words([0, 1, 2, 3, 4, 4095])));
        let large = decode(&file::<colortype::GrayI32>(&[-1, 1, 2, 3, 4, 5], 1)).unwrap().unwrap();
        assert!(matches!(large.stored().values, Values::Floats([-1.0, 1.0, ..])));
    }

    #[test]
    fn others_are_refused_in_words() {
        let refused = |bytes: &[u8]| decode(bytes).unwrap().err().unwrap();
        assert!(refused(&file::<colortype::RGB8>(&[0; 18], 1)).contains("not grey"));
        assert!(refused(&file::<colortype::Gray8>(&[0; 6], 6)).contains("turned"));
        assert!(refused(&file_with::<colortype::Gray8>(&[7; 6], Tag::Predictor, 2)).contains("predictor"));
        let whole = file::<colortype::Gray16>(&[7; 6], 1);
        let directory = u32::from_le_bytes(whole[4..8].try_into().unwrap()) as usize;
        let mut claims = whole.clone();
        claims[directory + 2 + 4..][..4].copy_from_slice(&[0xff; 4]);
        assert!(refused(&claims).contains("claims"));
        for end in 0..whole.len() - 1 {
            assert!(!matches!(decode(&whole[..end]), Ok(Ok(_))), "cut at {end}");
        }
    }
}
