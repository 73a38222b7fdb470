//! Reading IDX files, the format of MNIST: a big-endian header, then numbers.
//!
//! | bytes | |
//! | --- | --- |
//! | 0–1 | zeros |
//! | 2 | type: 8 unsigned bytes, 9 signed bytes, 11 of 16 bits, 12 of 32 bits, 13 `f32`, 14 `f64` |
//! | 3 | how many dimensions follow: MNIST's images have 3 (count, rows, columns), its labels 1 (count) |
//! | 4 … | the dimensions, 4 bytes each |
//! | rest | numbers |
//!
//! `array` says which shapes are images and labels.

use super::array::{Array, Element};
use super::error::ArrayError;
use super::gather::Gather;
use super::open::read_up_to;
use super::stored::Labels;
use std::io::Read;

/// What MNIST's files of images begin with.
pub(crate) const IMAGES_MAGIC: u32 = 0x0803;
/// What MNIST's files of labels begin with.
pub(crate) const LABELS_MAGIC: u32 = 0x0801;
/// The most dimensions of an array of either.
const MAX_DIMENSIONS: u32 = 4;

/// Whether a file begins like an IDX file.
pub(super) fn is_idx(head: &[u8]) -> bool {
    matches!(head, [0, 0, kind, dimensions, ..] if element(*kind).is_some() && (1..=4).contains(dimensions))
}

/// The header of a file of images.
pub(super) fn images<R: Read>(reader: R) -> Result<Array<R>, ArrayError> {
    header(reader, "images", IMAGES_MAGIC, 2..=MAX_DIMENSIONS)
}

/// The header of a file of labels.
pub(super) fn labels<R: Read>(reader: R) -> Result<Array<R>, ArrayError> {
    header(reader, "labels", LABELS_MAGIC, 1..=2)
}

/// Reads the images of a whole IDX file, light ink on black, brought to 28×28: `[count, 28, 28]`.
///
/// # Errors
/// If the bytes are not exactly one IDX file of images within the limits.
pub fn read_images(reader: impl Read + Send) -> Result<Vec<u8>, ArrayError> {
    let mut gather = Gather::plain();
    images(reader)?.read_images(&mut gather)?;
    Ok(gather.pixels)
}

/// Reads the labels of a whole IDX file.
///
/// # Errors
/// If the bytes are not exactly one IDX file of labels from 0 to 255, within the limits.
pub fn read_labels(reader: impl Read + Send) -> Result<Vec<u8>, ArrayError> {
    let beyond = |label: i64| ArrayError::Element { found: format!("the label {label}") };
    match labels(reader)?.read_labels()? {
        Labels::Numbers(labels) => labels.into_iter().map(|l| u8::try_from(l).map_err(|_| beyond(l))).collect(),
        Labels::Names(_) => Err(ArrayError::Element { found: "text".to_owned() }),
    }
}

fn element(kind: u8) -> Option<Element> {
    Some(match kind {
        0x08 => Element::U8,
        0x09 => Element::I8,
        0x0b => Element::I16,
        0x0c => Element::I32,
        0x0d => Element::F32,
        0x0e => Element::F64,
        _ => return None,
    })
}

fn header<R: Read>(
    mut reader: R,
    kind: &'static str,
    expected: u32,
    dimensions: std::ops::RangeInclusive<u32>,
) -> Result<Array<R>, ArrayError> {
    // What a file of this kind has at least; a shorter one cannot say what it is.
    let expected_bytes = 4 * (1 + u64::from(expected & 0xff));
    let mut found_bytes = 0;
    let mut word = |expected_bytes| -> Result<u32, ArrayError> {
        let mut bytes = [0; 4];
        let found = read_up_to(&mut reader, &mut bytes)?;
        found_bytes += found as u64;
        if found < bytes.len() {
            return Err(ArrayError::Truncated { found_bytes, expected_bytes });
        }
        Ok(u32::from_be_bytes(bytes))
    };
    let magic = word(expected_bytes)?;
    let [zeros @ .., type_code, rank] = magic.to_be_bytes();
    let rank = u32::from(rank);
    let wrong = || ArrayError::Magic { kind, found: magic, expected };
    let element = element(type_code).filter(|_| zeros == [0, 0] && dimensions.contains(&rank)).ok_or_else(wrong)?;
    let header_bytes = 4 * (1 + u64::from(rank));
    let shape: Result<Vec<usize>, ArrayError> =
        (0..rank).map(|_| word(header_bytes).map(|size| usize::try_from(size).unwrap_or(usize::MAX))).collect();
    Ok(Array { element, big_endian: true, shape: shape?, header_bytes, reader })
}
