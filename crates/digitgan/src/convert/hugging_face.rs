//! Parquet files as Hugging Face has MNIST: a struct of a PNG file and its path, which is null, and a label; and, where they
//! are wanted, the latent of each image, a list of numbers.
//!
//! Its `datasets` keeps images and names of classes only if the struct is `bytes, path` in this order and labels have 64 bits;
//! otherwise it drops them without a word.

use super::folders;
use crate::IMAGE_PIXELS;
use crate::input::LATENT;
use ::parquet::basic::Compression;
use ::parquet::data_type::{ByteArray, ByteArrayType, DataType, FloatType, Int64Type};
use ::parquet::errors::ParquetError;
use ::parquet::file::metadata::KeyValue;
use ::parquet::file::properties::{EnabledStatistics, WriterProperties};
use ::parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use ::parquet::schema::parser::parse_message_type;
use rayon::prelude::*;
use serde_json::json;
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;

/// The columns of every file.
const IMAGE_AND_LABEL: &str = "optional group image { optional binary bytes; optional binary path (STRING); } \
                               optional int64 label;";
/// The column of latents.
const LATENTS: &str = "optional group latent (LIST) { repeated group list { optional float element; } }";

/// A file being written.
pub(crate) struct PictureTable {
    file: File,
    writer: SerializedFileWriter<File>,
}

impl PictureTable {
    /// Begins a file where there is none, or over what is left of one.
    pub(crate) fn begin(path: &Path, class_names: &[String], has_latents: bool) -> io::Result<Self> {
        let latents = if has_latents { LATENTS } else { "" };
        let schema = parse_message_type(&format!("message schema {{ {IMAGE_AND_LABEL} {latents} }}"))?;
        let file = File::create(path)?;
        let properties = Arc::new(properties(class_names, has_latents));
        let writer = SerializedFileWriter::new(file.try_clone()?, Arc::new(schema), properties)?;
        Ok(PictureTable { file, writer })
    }

    /// Adds images as a row group of its own: `[some, 28, 28]`, `[some]` and, if the file has latents, `[some, 100]`.
    pub(crate) fn add(&mut self, pixels: &[u8], labels: &[u8], latents: &[f32]) -> io::Result<()> {
        let images: Vec<Vec<u8>> =
            pixels.par_chunks_exact(IMAGE_PIXELS).map(folders::encode).collect::<io::Result<_>>()?;
        let images: Vec<ByteArray> = images.into_iter().map(ByteArray::from).collect();
        let labels: Vec<i64> = labels.iter().map(|&label| label.into()).collect();
        let count = labels.len();
        let mut group = self.writer.next_row_group()?;
        write_column::<ByteArrayType>(&mut group, &images, &vec![2; count], None)?;
        write_column::<ByteArrayType>(&mut group, &[], &vec![1; count], None)?;
        write_column::<Int64Type>(&mut group, &labels, &vec![1; count], None)?;
        if !latents.is_empty() {
            // A list begins where the level of repetition is 0.
            let begins: Vec<i16> = (0..latents.len()).map(|at| i16::from(!at.is_multiple_of(LATENT))).collect();
            write_column::<FloatType>(&mut group, latents, &vec![3; latents.len()], Some(&begins))?;
        }
        group.close()?;
        Ok(())
    }

    /// Ends the file and brings it to the disk.
    pub(crate) fn finish(self) -> io::Result<()> {
        self.writer.close()?;
        self.file.sync_all()
    }
}

/// Writes the next column of a row group: its values, and for each how much of its row is there, and whether it begins one.
fn write_column<T: DataType>(
    group: &mut SerializedRowGroupWriter<'_, File>,
    values: &[T::T],
    levels: &[i16],
    begins: Option<&[i16]>,
) -> Result<(), ParquetError> {
    let missing = || ParquetError::General("the schema has no such column".to_owned());
    let mut column = group.next_column()?.ok_or_else(missing)?;
    column.typed::<T>().write_batch(values, Some(levels), begins)?;
    column.close()
}

/// With what `datasets` reads of the metadata: that one column holds images, and what the classes are called.
fn properties(class_names: &[String], has_latents: bool) -> WriterProperties {
    let mut features = json!({
        "image": { "_type": "Image" },
        "label": { "names": class_names, "_type": "ClassLabel" },
    });
    if has_latents {
        features["latent"] = json!({
            "feature": { "dtype": "float32", "_type": "Value" }, "length": LATENT, "_type": "List",
        });
    }
    let features = json!({ "info": { "features": features } }).to_string();
    let plain = ["image.bytes", "latent.list.element"];
    let builder = WriterProperties::builder()
        .set_created_by(concat!("digitgan ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_compression(Compression::SNAPPY)
        .set_key_value_metadata(Some(vec![KeyValue::new("huggingface".to_owned(), features)]));
    let builder = plain.into_iter().fold(builder, |builder, column| {
        builder
            .set_column_dictionary_enabled(column.into(), false)
            .set_column_statistics_enabled(column.into(), EnabledStatistics::None)
    });
    builder.build()
}
