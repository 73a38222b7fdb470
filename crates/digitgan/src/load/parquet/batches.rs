//! The rows of a Parquet file, some at a time.

use super::error::ParquetError;
use super::labels::LabelColumn;
use super::pages::{self, Totals};
use super::schema::{Columns, Images};
use super::source::Source;
use super::values::{damaged, read};
use crate::load::limits::MAX_SIDE;
use crate::load::stored::{Labels, Values};
use ::parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use ::parquet::data_type::{ByteArray, DataType};
use ::parquet::file::reader::{FileReader, SerializedFileReader};

/// Rows of a batch, at most.
const BATCH_ROWS: u64 = 4096;
/// Bytes of a batch, as far as images are equally large.
const BATCH_BYTES: u64 = 32 << 20;

/// Some rows.
pub(super) struct Batch {
    /// How many rows stand before them in the file.
    pub(super) first_row: u64,
    pub(super) images: BatchImages,
    pub(super) labels: Labels,
}

pub(super) enum BatchImages {
    /// PNG, JPEG or TIFF files, as far as they are there.
    Files(Vec<Option<ByteArray>>),
    /// Images of one size.
    Lists { rows: usize, columns: usize, pixels: Pixels },
}

pub(super) enum Pixels {
    Bytes(Vec<u8>),
    Words(Vec<u16>),
    Floats(Vec<f32>),
}

/// The rows that have not been read yet.
pub(super) struct Batches<'a> {
    file: &'a SerializedFileReader<Source>,
    /// The same file, to check pages.
    source: Source,
    columns: &'a Columns,
    next_group: usize,
    group: Option<Group>,
    rows_read: u64,
}

/// A row group that is being read.
struct Group {
    images: ColumnReader,
    labels: LabelColumn,
    /// Rows that are left.
    rows: u64,
    batch_rows: u64,
    /// Values of one image, where it is a list.
    list: usize,
    def_level: i16,
}

impl<'a> Batches<'a> {
    pub(super) fn new(file: &'a SerializedFileReader<Source>, source: Source, columns: &'a Columns) -> Self {
        Batches { file, source, columns, next_group: 0, group: None, rows_read: 0 }
    }

    /// The next rows; none after the last one.
    pub(super) fn next(&mut self) -> Result<Option<Batch>, ParquetError> {
        loop {
            if let Some(group) = self.group.as_mut().filter(|group| group.rows > 0) {
                let batch = group.next(self.columns.images, self.rows_read)?;
                self.rows_read += batch.labels.len() as u64;
                return Ok(Some(batch));
            }
            if self.next_group == self.file.num_row_groups() {
                return Ok(None);
            }
            self.group = Some(self.open_group()?);
            self.next_group += 1;
        }
    }

    fn open_group(&self) -> Result<Group, ParquetError> {
        let reader = self.file.get_row_group(self.next_group)?;
        let metadata = reader.metadata();
        let rows = metadata.num_rows().unsigned_abs();
        let (images, label) = (self.columns.images.leaf(), self.columns.label);
        if metadata.num_columns() <= images.max(label) {
            return Err(damaged("a row group lacks columns"));
        }
        let Totals { values, bytes } = pages::check(&self.source, metadata.column(images))?;
        pages::check(&self.source, metadata.column(label))?;
        let list = match self.columns.images {
            Images::Files { .. } => 1,
            Images::Lists { .. } => values.checked_div(rows).unwrap_or_default(),
        };
        if values != list * rows || list > (MAX_SIDE * MAX_SIDE) as u64 {
            return Err(match self.columns.images {
                Images::Files { .. } => damaged("a row group has not as many values as rows"),
                Images::Lists { .. } => damaged("its lists of pixels differ in length or are too long"),
            });
        }
        let row_bytes = bytes.checked_div(rows).unwrap_or_default().max(4 * list).max(1);
        let type_of = |leaf| metadata.column(leaf).column_descr();
        Ok(Group {
            images: reader.get_column_reader(images)?,
            labels: LabelColumn::new(reader.get_column_reader(label)?, type_of(label)),
            rows,
            batch_rows: (BATCH_BYTES / row_bytes).clamp(1, BATCH_ROWS),
            list: list as usize,
            def_level: type_of(images).max_def_level(),
        })
    }
}

impl Group {
    fn next(&mut self, images: Images, first_row: u64) -> Result<Batch, ParquetError> {
        let count = self.rows.min(self.batch_rows) as usize;
        let images = match (images, &mut self.images) {
            (Images::Files { .. }, ColumnReader::ByteArrayColumnReader(reader)) => {
                BatchImages::Files(read(reader, self.def_level, count)?)
            }
            (Images::Lists { .. }, reader) => read_lists(reader, self.def_level, count, self.list)?,
            _ => return Err(damaged("a column is of another type than the schema says")),
        };
        let labels = self.labels.read(count, first_row)?;
        self.rows -= count as u64;
        Ok(Batch { first_row, images, labels })
    }
}

/// Reads `count` lists of `length` pixels.
fn read_lists(
    reader: &mut ColumnReader,
    max_def_level: i16,
    count: usize,
    length: usize,
) -> Result<BatchImages, ParquetError> {
    let mut lists = Lists { max_def_level, count, length, size: None };
    let pixels = match reader {
        ColumnReader::Int32ColumnReader(reader) => Pixels::of(&lists.read(reader)?, |value| f64::from(value) as f32),
        ColumnReader::Int64ColumnReader(reader) => Pixels::of(&lists.read(reader)?, |value| value as f32),
        ColumnReader::FloatColumnReader(reader) => Pixels::Floats(lists.read(reader)?),
        ColumnReader::DoubleColumnReader(reader) => Pixels::of(&lists.read(reader)?, |value| value as f32),
        _ => return Err(damaged("a column is of another type than the schema says")),
    };
    let (rows, columns) = lists.size.ok_or_else(|| damaged("its lists hold no square images"))?;
    Ok(BatchImages::Lists { rows, columns, pixels })
}

/// What is known of the lists of a batch.
struct Lists {
    max_def_level: i16,
    count: usize,
    length: usize,
    /// Rows and columns of an image.
    size: Option<(usize, usize)>,
}

impl Lists {
    fn read<T: DataType>(&mut self, reader: &mut ColumnReaderImpl<T>) -> Result<Vec<T::T>, ParquetError> {
        let total = self.count * self.length;
        let (mut def, mut rep, mut values) = (Vec::new(), Vec::new(), Vec::with_capacity(total));
        let (rows, found, levels) = reader.read_records(self.count, Some(&mut def), Some(&mut rep), &mut values)?;
        if rows != self.count
            || found != total
            || levels != total
            || def.iter().any(|&level| level != self.max_def_level)
        {
            return Err(damaged("its lists of pixels differ in length, or some are missing"));
        }
        self.size = self.size_by(&rep).filter(|&(rows, columns)| rows.max(columns) <= MAX_SIDE);
        Ok(values)
    }

    /// The size of the images, if all are alike. A level is 0 where an image begins and, in lists of rows, 1 where a row
    /// does.
    fn size_by(&self, levels: &[i16]) -> Option<(usize, usize)> {
        let first = levels.get(..self.length)?;
        let row_starts = first.iter().filter(|&&level| level == 1).count() + 1;
        let (rows, columns) = if first.contains(&2) || row_starts < self.length && row_starts > 1 {
            (row_starts, self.length / row_starts)
        } else {
            let side = self.length.isqrt();
            return (side * side == self.length && levels.iter().step_by(self.length).all(|&level| level == 0))
                .then_some((side, side));
        };
        let expected = |index: usize| match index {
            0 => 0,
            index if index % columns == 0 => 1,
            _ => 2,
        };
        let alike = |image: &[i16]| image.iter().enumerate().all(|(index, &level)| level == expected(index));
        (rows * columns == self.length && levels.chunks(self.length).all(alike)).then_some((rows, columns))
    }
}

impl Pixels {
    /// Numbers in the narrowest type that holds them all.
    fn of<T: Copy>(values: &[T], number: impl Fn(T) -> f32) -> Pixels {
        let whole_below = |limit: f32| {
            values.iter().all(|&value| number(value).fract() == 0.0 && (0.0..limit).contains(&number(value)))
        };
        if whole_below(256.0) {
            Pixels::Bytes(values.iter().map(|&value| number(value) as u8).collect())
        } else if whole_below(65536.0) {
            Pixels::Words(values.iter().map(|&value| number(value) as u16).collect())
        } else {
            Pixels::Floats(values.iter().map(|&value| number(value)).collect())
        }
    }

    pub(super) fn values(&self) -> Values<'_> {
        match self {
            Pixels::Bytes(values) => Values::Bytes(values),
            Pixels::Words(values) => Values::Words(values),
            Pixels::Floats(values) => Values::Floats(values),
        }
    }
}
