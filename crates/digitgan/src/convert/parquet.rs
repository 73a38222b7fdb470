//! Parquet files as Hugging Face has MNIST: a struct of a PNG file and its path, which is null, and a label.

use super::error::ConvertError;
use super::folders;
use super::parts::{Failed, Part, Progress, chunks};
use crate::IMAGE_PIXELS;
use crate::data::{Dataset, Split};
use ::parquet::basic::Compression;
use ::parquet::data_type::{ByteArray, ByteArrayType, DataType, Int64Type};
use ::parquet::errors::ParquetError;
use ::parquet::file::metadata::KeyValue;
use ::parquet::file::properties::{EnabledStatistics, WriterProperties};
use ::parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use ::parquet::schema::parser::parse_message_type;
use rayon::prelude::*;
use serde_json::json;
use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::sync::Arc;

const SCHEMA: &str = "message schema { \
                      optional group image { optional binary bytes; optional binary path (STRING); } \
                      optional int64 label; }";

pub(super) fn write(dataset: &Dataset, folder: &Path, progress: &mut Progress<'_>) -> Result<(), ConvertError> {
    let folder = folder.join("data");
    fs::create_dir(&folder).map_err(ConvertError::write(&folder))?;
    for part in Part::ALL {
        let split = part.of(dataset);
        if !split.is_empty() {
            let path = folder.join(format!("{}-00000-of-00001.parquet", part.name()));
            write_file(&path, split, &dataset.class_names, progress).map_err(|failed| failed.at(&path))?;
        }
    }
    Ok(())
}

fn write_file(path: &Path, split: &Split, names: &[String], progress: &mut Progress<'_>) -> Result<(), Failed> {
    let schema = parse_message_type(SCHEMA)?;
    let file = File::create_new(path)?;
    let mut writer = SerializedFileWriter::new(file.try_clone()?, Arc::new(schema), Arc::new(properties(names)))?;
    for (pixels, labels) in chunks(split) {
        let images: Vec<Vec<u8>> =
            pixels.par_chunks_exact(IMAGE_PIXELS).map(folders::encode).collect::<io::Result<_>>()?;
        let images: Vec<ByteArray> = images.into_iter().map(ByteArray::from).collect();
        let labels: Vec<i64> = labels.iter().map(|&label| label.into()).collect();
        let count = labels.len();
        let mut group = writer.next_row_group()?;
        write_column::<ByteArrayType>(&mut group, &images, &vec![2; count])?;
        write_column::<ByteArrayType>(&mut group, &[], &vec![1; count])?;
        write_column::<Int64Type>(&mut group, &labels, &vec![1; count])?;
        group.close()?;
        progress.advance(count)?;
    }
    writer.close()?;
    Ok(file.sync_all()?)
}

/// Writes the next column of a row group: its values, and for each row how much of it is there.
fn write_column<T: DataType>(
    group: &mut SerializedRowGroupWriter<'_, File>,
    values: &[T::T],
    levels: &[i16],
) -> Result<(), ParquetError> {
    let missing = || ParquetError::General("the schema has no such column".to_owned());
    let mut column = group.next_column()?.ok_or_else(missing)?;
    column.typed::<T>().write_batch(values, Some(levels), None)?;
    column.close()
}

/// With what `datasets` reads of the metadata: that one column holds images, and what the classes are called.
fn properties(names: &[String]) -> WriterProperties {
    let features = json!({
        "image": { "_type": "Image" },
        "label": { "names": names, "_type": "ClassLabel" },
    });
    let features = json!({ "info": { "features": features } }).to_string();
    WriterProperties::builder()
        .set_created_by(concat!("digitgan ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_compression(Compression::SNAPPY)
        .set_column_dictionary_enabled("image.bytes".into(), false)
        .set_column_statistics_enabled("image.bytes".into(), EnabledStatistics::None)
        .set_key_value_metadata(Some(vec![KeyValue::new("huggingface".to_owned(), features)]))
        .build()
}

impl From<ParquetError> for Failed {
    fn from(error: ParquetError) -> Self {
        Failed::Io(io::Error::other(error))
    }
}
