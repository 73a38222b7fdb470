//! One Parquet file.

use super::batches::{Batch, BatchImages, Batches};
use super::error::ParquetError;
use super::lost::Lost;
use super::schema::Columns;
use super::source::Source;
use super::table::Table;
use crate::engine::quietly;
use crate::load::error::one_line;
use crate::load::gather::{Gather, Unreadable};
use crate::load::limits::MAX_IMAGES;
use crate::load::listing::file_name;
use crate::load::picture;
use crate::load::stored::{Labels, Stored};
use ::parquet::file::reader::{FileReader, SerializedFileReader};
use std::path::Path;

/// Reads the images of the file at `path` into `gather`, and returns what else it says. The labels of images that
/// cannot be read go to `lost`.
pub(super) fn read_file(path: &Path, gather: &mut Gather, lost: &mut Lost) -> Result<Table, ParquetError> {
    let reader = open(path)?;
    let columns = Columns::find(reader.metadata().file_metadata())?;
    check_count(&reader, gather.len())?;
    let mut batches = Batches::new(&reader, Source::open(path)?, &columns);
    let mut labels = Labels::Numbers(Vec::new());
    let mut batch = guarded(|| batches.next())?;
    // A batch is read while the batch before it becomes images.
    while let Some(current) = batch {
        let (taken, next) = rayon::join(|| take(path, current, gather, lost), || guarded(|| batches.next()));
        labels.append(taken?);
        batch = next?;
    }
    drop(batches);
    Ok(Table { labels, names: columns.class_names, unused: columns.unused })
}

fn open(path: &Path) -> Result<SerializedFileReader<Source>, ParquetError> {
    let source = Source::open(path)?;
    guarded(|| Ok(SerializedFileReader::new(source)?))
}

/// Lets the library read; if it panics over a damaged file, that is an error.
fn guarded<T>(read: impl FnOnce() -> Result<T, ParquetError>) -> Result<T, ParquetError> {
    let damaged = |reason: String| ParquetError::Damaged { reason };
    quietly(read).unwrap_or_else(|failure| Err(damaged(format!("its reader failed: {}", failure.reason))))
}

fn check_count(reader: &SerializedFileReader<Source>, before: usize) -> Result<(), ParquetError> {
    let mut rows = before as u64;
    for group in reader.metadata().row_groups() {
        let count = u64::try_from(group.num_rows());
        rows =
            rows.saturating_add(count.map_err(|_| ParquetError::Damaged { reason: "a row group is negative".into() })?);
    }
    if rows > MAX_IMAGES as u64 { Err(ParquetError::TooMany) } else { Ok(()) }
}

/// Takes the images of a batch, and returns the labels of those that could be read.
fn take(path: &Path, batch: Batch, gather: &mut Gather, lost: &mut Lost) -> Result<Labels, ParquetError> {
    let Batch { first_row, images, labels } = batch;
    let row_of = |index: usize| first_row + index as u64 + 1;
    match images {
        BatchImages::Files(files) => {
            let decode = |index: usize| {
                let bytes = files[index].as_ref().ok_or_else(|| "it is missing".to_owned());
                bytes.and_then(|bytes| picture::decode(bytes.data())).map_err(|reason| Unreadable {
                    place: format!("{}, row {}", file_name(path), row_of(index)),
                    reason,
                })
            };
            let before = gather.unreadable.len();
            let readable = gather.take_each(files.len(), decode).map_err(|_| ParquetError::TooMany)?;
            let unread = (0..readable.len()).filter(|&index| !readable[index]);
            for (index, unreadable) in unread.zip(&gather.unreadable[before..]) {
                lost.entry(label_text(&labels, index)).or_insert_with(|| unreadable.clone());
            }
            Ok(only(labels, &readable))
        }
        BatchImages::Lists { rows, columns, pixels } => {
            let values = pixels.values();
            gather.take(Stored { rows, columns, values }).map_err(|_| ParquetError::TooMany)?;
            Ok(labels)
        }
    }
}

fn label_text(labels: &Labels, index: usize) -> String {
    match labels {
        Labels::Numbers(all) => all[index].to_string(),
        Labels::Names(all) => all[index].clone(),
    }
}

/// The labels whose images could be read.
fn only(labels: Labels, readable: &[bool]) -> Labels {
    if readable.iter().all(|&readable| readable) {
        return labels;
    }
    match labels {
        Labels::Numbers(all) => Labels::Numbers(only_of(all, readable)),
        Labels::Names(all) => Labels::Names(only_of(all, readable)),
    }
}

fn only_of<T>(all: Vec<T>, readable: &[bool]) -> Vec<T> {
    all.into_iter().zip(readable).filter(|&(_, &readable)| readable).map(|(label, _)| label).collect()
}

impl From<::parquet::errors::ParquetError> for ParquetError {
    fn from(error: ::parquet::errors::ParquetError) -> Self {
        let reason: String = error.to_string().chars().take(200).collect();
        ParquetError::Damaged { reason: one_line(&reason) }
    }
}
