//! Parquet files as Hugging Face has MNIST.

use super::error::ConvertError;
use super::hugging_face::PictureTable;
use super::parts::{Failed, Part, Progress, chunks};
use crate::data::{Dataset, Split};
use std::fs;
use std::path::Path;

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
    let mut table = PictureTable::begin(path, names, false)?;
    for (pixels, labels) in chunks(split) {
        table.add(pixels, labels, &[])?;
        progress.advance(labels.len())?;
    }
    Ok(table.finish()?)
}
