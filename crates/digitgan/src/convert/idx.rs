//! Four gzipped IDX files, named as MNIST's, and a record with the names of the classes.

use super::error::ConvertError;
use super::parts::{Failed, Part, Progress, chunks, record};
use crate::IMAGE_SIDE;
use crate::data::Dataset;
use crate::load::generated::Layout;
use crate::load::idx::{IMAGES_MAGIC, LABELS_MAGIC};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

pub(super) fn write(dataset: &Dataset, folder: &Path, progress: &mut Progress<'_>) -> Result<(), ConvertError> {
    for part in Part::ALL {
        let split = part.of(dataset);
        let prefix = match part {
            Part::Train => "train",
            Part::Test => "t10k",
        };
        let (count, side) = (split.len() as u32, IMAGE_SIDE as u32);
        let labels = folder.join(format!("{prefix}-labels-idx1-ubyte.gz"));
        write_file(&labels, &[LABELS_MAGIC, count], &mut |out| Ok(out.write_all(&split.labels)?))?;
        let images = folder.join(format!("{prefix}-images-idx3-ubyte.gz"));
        write_file(&images, &[IMAGES_MAGIC, count, side, side], &mut |out| {
            for (pixels, labels) in chunks(split) {
                out.write_all(pixels)?;
                progress.advance(labels.len())?;
            }
            Ok(())
        })?;
    }
    record(dataset, Layout::Idx, folder)
}

fn write_file(
    path: &Path,
    header: &[u32],
    contents: &mut dyn FnMut(&mut dyn Write) -> Result<(), Failed>,
) -> Result<(), ConvertError> {
    let mut write = || -> Result<(), Failed> {
        let mut out = GzEncoder::new(BufWriter::new(File::create_new(path)?), Compression::fast());
        out.write_all(&header.iter().flat_map(|word| word.to_be_bytes()).collect::<Vec<u8>>())?;
        contents(&mut out)?;
        let file = out.finish()?.into_inner().map_err(io::IntoInnerError::into_error)?;
        Ok(file.sync_all()?)
    };
    write().map_err(|failed| failed.at(path))
}
