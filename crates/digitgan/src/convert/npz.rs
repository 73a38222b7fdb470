//! One file of NumPy arrays, as Keras has MNIST.
//!
//! An NPZ file is a ZIP archive of NPY files: a header that is a Python dictionary, then the values of the array, row by row.

use super::error::ConvertError;
use super::parts::{Failed, Part, Progress, chunks, names_are_numbers};
use super::place;
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
        write_names(&mut archive, &dataset.class_names)?;
    }
    archive.finish().map_err(io::Error::from)?;
    Ok(())
}

/// Begins an array of values of the type `descr`.
fn begin(archive: &mut ZipWriter<impl Write + Seek>, name: &str, descr: &str, shape: &[usize]) -> Result<(), Failed> {
    let options =
        SimpleFileOptions::default().compression_method(CompressionMethod::Deflated).compression_level(Some(1));
    archive.start_file(format!("{name}.npy"), options).map_err(io::Error::from)?;
    archive.write_all(&header(descr, shape))?;
    Ok(())
}

/// Texts of one length, in UTF-32, padded with zeros.
fn write_names(archive: &mut ZipWriter<impl Write + Seek>, names: &[String]) -> Result<(), Failed> {
    let length = names.iter().map(|name| name.chars().count()).max().unwrap_or_default().max(1);
    begin(archive, CLASS_NAMES, &format!("<U{length}"), &[names.len()])?;
    for name in names {
        let letters = name.chars().map(u32::from).chain(std::iter::repeat(0)).take(length);
        archive.write_all(&letters.flat_map(u32::to_le_bytes).collect::<Vec<u8>>())?;
    }
    Ok(())
}

/// The header of an NPY file, version 1.0: its length is a multiple of 64.
fn header(descr: &str, shape: &[usize]) -> Vec<u8> {
    const MAGIC: &[u8] = b"\x93NUMPY\x01\x00";
    let sides: String = shape.iter().map(|side| format!("{side}, ")).collect();
    let sides = if shape.len() > 1 { sides.trim_end_matches(", ") } else { sides.trim_end() };
    let mut text = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({sides}), }}");
    let unpadded = MAGIC.len() + 2 + text.len() + 1;
    text.extend(std::iter::repeat_n(' ', unpadded.next_multiple_of(64) - unpadded));
    text.push('\n');
    [MAGIC, &(text.len() as u16).to_le_bytes(), text.as_bytes()].concat()
}
