//! The column of labels: whole numbers of any type, or texts.

use super::error::ParquetError;
use super::schema::{is_decimal, is_half};
use super::values::{damaged, read};
use crate::load::error::one_line;
use crate::load::stored::Labels;
use ::parquet::basic::{ConvertedType, LogicalType};
use ::parquet::column::reader::ColumnReader;
use ::parquet::data_type::{ByteArray, FixedLenByteArray};
use ::parquet::schema::types::ColumnDescriptor;
use half::f16;

/// The longest label, in bytes.
const MAX_LABEL: usize = 200;

/// The labels of a row group that have not been read yet.
pub(super) struct LabelColumn {
    reader: ColumnReader,
    max_def_level: i16,
    meaning: Meaning,
}

/// What stored values stand for.
#[derive(Clone, Copy)]
enum Meaning {
    /// Themselves.
    Plain,
    /// Whole numbers without a sign.
    Unsigned,
    /// Real numbers of 16 bits.
    Half,
    /// Numbers with so many digits after the point.
    Decimal(u32),
}

impl LabelColumn {
    pub(super) fn new(reader: ColumnReader, leaf: &ColumnDescriptor) -> LabelColumn {
        let unsigned = matches!(leaf.logical_type_ref(), Some(LogicalType::Integer(kind)) if !kind.is_signed)
            || matches!(leaf.converted_type(), ConvertedType::UINT_32 | ConvertedType::UINT_64);
        let meaning = match leaf {
            leaf if is_decimal(leaf) => Meaning::Decimal(leaf.type_scale().unsigned_abs()),
            leaf if is_half(leaf) => Meaning::Half,
            _ if unsigned => Meaning::Unsigned,
            _ => Meaning::Plain,
        };
        LabelColumn { reader, max_def_level: leaf.max_def_level(), meaning }
    }

    /// The labels of the next `count` rows, before which there are `first_row` in the file.
    pub(super) fn read(&mut self, count: usize, first_row: u64) -> Result<Labels, ParquetError> {
        fn all<T, L>(
            labels: Vec<Option<T>>,
            first_row: u64,
            label: impl Fn(T) -> Result<L, String>,
        ) -> Result<Vec<L>, ParquetError> {
            let present = |(row, found): (u64, Option<T>)| {
                let label = found.ok_or_else(|| "its label is missing".to_owned()).and_then(&label);
                label.map_err(|reason| ParquetError::Row { row, reason })
            };
            (first_row + 1..).zip(labels).map(present).collect()
        }
        let (levels, meaning) = (self.max_def_level, self.meaning);
        let numbers = match (&mut self.reader, meaning) {
            (ColumnReader::ByteArrayColumnReader(reader), Meaning::Plain) => {
                return all(read(reader, levels, count)?, first_row, label_name).map(Labels::Names);
            }
            (ColumnReader::Int32ColumnReader(reader), _) => {
                all(read(reader, levels, count)?, first_row, |label| meaning.of_32_bits(label))
            }
            (ColumnReader::Int64ColumnReader(reader), _) => {
                all(read(reader, levels, count)?, first_row, |label| meaning.of_64_bits(label))
            }
            (ColumnReader::FloatColumnReader(reader), _) => {
                all(read(reader, levels, count)?, first_row, |label| whole(label.into()))
            }
            (ColumnReader::DoubleColumnReader(reader), _) => all(read(reader, levels, count)?, first_row, whole),
            (ColumnReader::BoolColumnReader(reader), _) => {
                all(read(reader, levels, count)?, first_row, |label| Ok(label.into()))
            }
            (ColumnReader::FixedLenByteArrayColumnReader(reader), _) => {
                all(read(reader, levels, count)?, first_row, |label: FixedLenByteArray| meaning.of_bytes(label.data()))
            }
            (ColumnReader::ByteArrayColumnReader(reader), _) => {
                all(read(reader, levels, count)?, first_row, |label: ByteArray| meaning.of_bytes(label.data()))
            }
            _ => return Err(damaged("a column is of another type than the schema says")),
        };
        numbers.map(Labels::Numbers)
    }
}

impl Meaning {
    fn of_32_bits(self, stored: i32) -> Result<i64, String> {
        match self {
            Meaning::Unsigned => Ok(stored.cast_unsigned().into()),
            Meaning::Decimal(digits) => decimal(stored.into(), digits),
            Meaning::Plain | Meaning::Half => Ok(stored.into()),
        }
    }

    fn of_64_bits(self, stored: i64) -> Result<i64, String> {
        match self {
            Meaning::Unsigned => in_range(stored.cast_unsigned().into()),
            Meaning::Decimal(digits) => decimal(stored.into(), digits),
            Meaning::Plain | Meaning::Half => Ok(stored),
        }
    }

    fn of_bytes(self, stored: &[u8]) -> Result<i64, String> {
        match (self, stored) {
            (Meaning::Half, &[low, high]) => whole(f16::from_le_bytes([low, high]).into()),
            (Meaning::Decimal(digits), &[first, ..]) if stored.len() <= 16 => {
                // The first byte is the highest, and has the sign.
                let sign = if first < 0x80 { 0 } else { -1 };
                decimal(stored.iter().fold(sign, |number: i128, &byte| number << 8 | i128::from(byte)), digits)
            }
            _ => Err(format!("its label is a number of {} bytes, which is not read", stored.len())),
        }
    }
}

/// A number that is stored as a multiple of its last digit.
fn decimal(stored: i128, digits: u32) -> Result<i64, String> {
    let unit = 10i128.checked_pow(digits).ok_or_else(|| format!("its label has {digits} digits after the point"))?;
    match stored % unit {
        0 => in_range(stored / unit),
        _ => Err(format!("its label {} is no whole number", stored as f64 / unit as f64)),
    }
}

fn in_range(label: i128) -> Result<i64, String> {
    i64::try_from(label).map_err(|_| format!("its label {label} is too large; at most {} is read", i64::MAX))
}

/// A label that is stored as a real number, as where some were missing once.
fn whole(label: f64) -> Result<i64, String> {
    let is_whole = label.fract() == 0.0 && label.abs() < 2f64.powi(53);
    if is_whole { Ok(label as i64) } else { Err(format!("its label {label} is no whole number")) }
}

fn label_name(bytes: ByteArray) -> Result<String, String> {
    let text = std::str::from_utf8(bytes.data()).map_err(|_| "its label is not UTF-8")?;
    match text.len() {
        0 => Err("its label is empty".to_owned()),
        length if length > MAX_LABEL => Err(format!("its label has {length} bytes; at most {MAX_LABEL} are read")),
        _ => Ok(one_line(text)),
    }
}
