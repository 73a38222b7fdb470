//! Reading Parquet files as Hugging Face writes image data sets: a column of PNG, JPEG or TIFF files and one of labels, in any
//! number of files (shards) and row groups.
//!
//! | column | types |
//! | --- | --- |
//! | images | a struct of `bytes` (and `path`), bytes, or lists of pixels (of numbers, or of rows of numbers) |
//! | labels | whole numbers of any width, or texts; the names of numbered classes come from the schema's metadata |
//!
//! Columns are known by their names ([`schema`]) or, failing that, by being the only one of their type. What another program
//! wrote again (Polars, DuckDB) has lost the names of the classes. Rows are read a batch at a time ([`batches`]); the
//! sizes that a file tells of its pages are checked before they are believed ([`pages`]).

#[cfg(feature = "parquet")]
mod batches;
mod error;
mod lost;
mod magic;
#[cfg(feature = "parquet")]
mod pages;
#[cfg(feature = "parquet")]
mod read;
#[cfg(feature = "parquet")]
mod schema;
#[cfg(feature = "parquet")]
mod source;
#[cfg(test)]
#[cfg(feature = "parquet")]
mod tests;
#[cfg(feature = "parquet")]
mod thrift;

pub use error::ParquetError;
pub(super) use magic::MAGIC;

use super::error::DataError;
use super::gather::Gather;
use super::stored::Labels;
use lost::{Lost, check_classes};
#[cfg(not(feature = "parquet"))]
use std::path::Path;
use std::path::PathBuf;

/// Reads the files at `paths`, which are one split in this order: the images into `gather`, and their labels and the names
/// of their classes, if the files have any.
pub(super) fn read(paths: &[PathBuf], gather: &mut Gather) -> Result<(Labels, Option<Vec<String>>), DataError> {
    let mut all = (Labels::Numbers(Vec::new()), None);
    let mut lost = Lost::new();
    for path in paths {
        let wrong = |problem| DataError::Parquet { path: path.clone(), problem };
        let (labels, names) = read_file(path, gather, &mut lost).map_err(wrong)?;
        all.0.append(labels);
        match (&all.1, names) {
            (Some(before), Some(names)) if *before != names => return Err(wrong(ParquetError::OtherClassNames)),
            (None, names) => all.1 = names,
            _ => {}
        }
    }
    check_classes(&all.0, all.1.as_deref().unwrap_or_default(), lost)?;
    Ok(all)
}

#[cfg(feature = "parquet")]
use read::read_file;

#[cfg(not(feature = "parquet"))]
fn read_file(_: &Path, _: &mut Gather, _: &mut Lost) -> Result<(Labels, Option<Vec<String>>), ParquetError> {
    Err(ParquetError::NotBuilt)
}
