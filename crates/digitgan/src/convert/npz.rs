//! One file of NumPy arrays, as Keras has MNIST.
//!
//! An NPZ file is a ZIP archive of NPY files ([`npy`]).

use super::error::ConvertError;
use super::parts::{Failed, Part, Progress, chunks, names_are_numbers};
use super::{npy, place};
use crate::IMAGE_SIDE;
use crate::data::Dataset;
use crate::files::atomic;
use crate::load::CLASS_NAMES;
use std::io::{self, Cursor, Seek, Write};
use std::path::Path;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

pub(super) fn write(dataset: &Dataset, out: &Path, progress: &mut Progress<'_>) -> Result<(), ConvertError> {
    place::check_absent(out)?;
    let folder = out.parent().filter(|folder| !folder.as_os_str().is_empty());
    folder.map_or(Ok(()), std::fs::create_dir_all).map_err(ConvertError::write(out))?;
    let mut bytes = Cursor::new(Vec::new());
    write_archive(dataset, &mut bytes, progress).map_err(|failed| failed.at(out))?;
    atomic::write(out, |file| file.write_all(bytes.get_ref())).map_err(ConvertError::write(out))
}

/// In memory, as a ZIP archive is written to and fro; compressed, MNIST has 11 MB.
fn write_archive(dataset: &Dataset, out: impl Write + Seek, progress: &mut Progress<'_>) -> Result<(), Failed> {
    let mut archive = ZipWriter::new(out);
    for part in Part::ALL {
        let (split, name) = (part.of(dataset), part.name());
        begin(&mut archive, &format!("x_{name}"), "|u1", &[split.len(), IMAGE_SIDE, IMAGE_SIDE])?;
        for (pixels, labels) in chunks(split) {
            archive.write_all(pixels)?;
            progress.advance(labels.len())?;
        }
        begin(&mut archive, &format!("y_{name}"), "|u1", &[split.len()])?;
        archive.write_all(&split.labels)?;
    }
    if !names_are_numbers(&dataset.class_names) {
        begin_file(&mut archive, CLASS_NAMES)?;
        archive.write_all(&npy::texts(&dataset.class_names))?;
    }
    archive.finish().map_err(io::Error::from)?;
    Ok(())
}

/// Begins an array of values of the type `descr`.
fn begin(archive: &mut ZipWriter<impl Write + Seek>, name: &str, descr: &str, shape: &[usize]) -> Result<(), Failed> {
    begin_file(archive, name)?;
    Ok(archive.write_all(&npy::header(descr, shape))?)
}

fn begin_file(archive: &mut ZipWriter<impl Write + Seek>, name: &str) -> io::Result<()> {
    let options =
        SimpleFileOptions::default().compression_method(CompressionMethod::Deflated).compression_level(Some(1));
    Ok(archive.start_file(format!("{name}.npy"), options)?)
}
