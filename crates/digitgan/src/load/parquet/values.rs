//! The values of a column without lists.

use super::error::ParquetError;
use ::parquet::column::reader::ColumnReaderImpl;
use ::parquet::data_type::DataType;

/// Reads `count` values of a column without lists, null where there is none.
pub(super) fn read<T: DataType>(
    reader: &mut ColumnReaderImpl<T>,
    max_def_level: i16,
    count: usize,
) -> Result<Vec<Option<T::T>>, ParquetError> {
    let (mut levels, mut values) = (Vec::with_capacity(count), Vec::with_capacity(count));
    let (rows, ..) = reader.read_records(count, Some(&mut levels), None, &mut values)?;
    if rows != count {
        return Err(damaged("a column ends early"));
    }
    if max_def_level == 0 {
        return Ok(values.into_iter().map(Some).collect());
    }
    let mut values = values.into_iter();
    Ok(levels.into_iter().map(|level| if level == max_def_level { values.next() } else { None }).collect())
}

/// That a file is not what it should be.
pub(super) fn damaged(reason: &str) -> ParquetError {
    ParquetError::Damaged { reason: reason.to_owned() }
}
