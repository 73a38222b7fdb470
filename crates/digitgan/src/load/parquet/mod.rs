//! Reading Parquet files as Hugging Face writes image data sets: a column of PNG, JPEG or TIFF files and one of labels, in any
//! number of files (shards) and row groups.
//!
//! | column | types |
//! | --- | --- |
//! | images | a struct of `bytes` (and `path`), bytes, or lists of pixels (of numbers, or of rows of numbers) |
//! | labels | whole numbers of any type, or texts; the names of numbered classes come from the schema's metadata |
//!
//! Columns are known by their names ([`schema`]) or, failing that, by being the only one of their type. What another program
//! wrote again (Polars, DuckDB) has lost the names of the classes. Rows are read a batch at a time ([`batches`]); the
//! sizes that a file tells of its pages are checked before they are believed ([`pages`]).

#[cfg(feature = "parquet")]
mod batches;
mod error;
#[cfg(feature = "parquet")]
mod labels;
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
mod table;
#[cfg(test)]
#[cfg(feature = "parquet")]
mod tests;
#[cfg(feature = "parquet")]
mod thrift;
#[cfg(feature = "parquet")]
mod values;

pub use error::ParquetError;
pub(super) use magic::MAGIC;
pub(super) use table::Table;

use super::error::DataError;
use super::gather::Gather;
use super::stored::Labels;
use lost::{Lost, check_classes};
#[cfg(not(feature = "parquet"))]
use std::path::Path;
use std::path::PathBuf;

/// Reads the files at `paths`, which are one split in this order: the images into `gather`.
pub(super) fn read(paths: &[PathBuf], gather: &mut Gather) -> Result<Table, DataError> {
    let mut all = Table { labels: Labels::Numbers(Vec::new()), names: None, unused: Vec::new() };
    let mut lost = Lost::new();
    for path in paths {
        let wrong = |problem| DataError::Parquet { path: path.clone(), problem };
        let Table { labels, names, unused } = read_file(path, gather, &mut lost).map_err(wrong)?;
        all.labels.append(labels);
        all.unused.extend(unused);
        match (&all.names, names) {
            (Some(before), Some(names)) if *before != names => return Err(wrong(ParquetError::OtherClassNames)),
            (None, names) => all.names = names,
            _ => {}
        }
    }
    check_classes(&all.labels, all.names.as_deref().unwrap_or_default(), lost)?;
    Ok(all)
}

#[cfg(feature = "parquet")]
use read::read_file;

#[cfg(not(feature = "parquet"))]
fn read_file(_: &Path, _: &mut Gather, _: &mut Lost) -> Result<Table, ParquetError> {
    Err(ParquetError::NotBuilt)
}
