//! A data set that is there already: what is asked for once more is not drawn once more.

use super::error::GenerateError;
use super::formats;
use super::plan::Part;
use super::record::{SetRecord, SplitRecord};
use super::summary::Summary;
use super::whole::Whole;
use crate::IMAGE_PIXELS;
use crate::files::capped;
use crate::load::generated::{FILE_NAME, Layout};
use crate::load::hashing::Hashing;
use flate2::read::MultiGzDecoder;
use std::fs;
use std::io::{self, BufReader, Read};
use std::path::Path;

/// Bytes before the pixels of an IDX file, and before its labels.
const IMAGES_HEADER: usize = 16;
const LABELS_HEADER: usize = 8;

/// The first bytes of every PNG file.
const PNG_BEGINNING: &[u8] = b"\x89PNG\r\n\x1a\n";
/// The last bytes of every PNG file.
const PNG_END: &[u8] = b"\0\0\0\0IEND\xae\x42\x60\x82";
/// Largest PNG file of an image that is looked at.
const MAX_PNG_BYTES: u64 = 1 << 16;

/// The record of the data set that is in `out` already, if one is.
///
/// # Errors
/// When that is another than this, or not all of it is there.
pub(super) fn finished(out: &Path, whole: &Whole) -> Result<Option<SetRecord>, GenerateError> {
    let Some(record) = SetRecord::read(out) else { return Ok(None) };
    let Some(there) = Whole::of(&record) else { return Ok(None) };
    let missing = missing(out, &record);
    match whole.check(out, &there, None) {
        // Of another one's remains nothing is said.
        Err(_) if missing.is_some() => return Ok(None),
        checked => checked?,
    }
    match missing.or_else(|| damage(out, &record)) {
        Some(problem) => Err(GenerateError::Damaged { path: out.to_owned(), problem }),
        None => Ok(Some(record)),
    }
}

/// The first of a data set's files and folders that is not there, in words.
fn missing(out: &Path, record: &SetRecord) -> Option<String> {
    let names = formats::names(&Whole::of(record)?.plan);
    names.iter().find(|name| !out.join(name).exists()).map(|name| format!("{name} is missing"))
}

/// Whether all of a data set is there.
pub(super) fn is_there(out: &Path, record: &SetRecord) -> bool {
    missing(out, record).is_none() && damage(out, record).is_none()
}

/// What is first found wrong with images or labels. All bytes are compared with the record but those of PNG files: of these
/// their number, their beginnings and their ends.
fn damage(out: &Path, record: &SetRecord) -> Option<String> {
    [(Part::Train, &record.train), (Part::Test, &record.test)].into_iter().find_map(|(part, split)| {
        match record.layout {
            Layout::Idx if !record.latents && record.shard.is_none() => {
                let pixels = split.images.saturating_mul(IMAGE_PIXELS as u64);
                wrong_bytes(out, part, "labels-idx1", (LABELS_HEADER, split.images), &split.labels_sha256)
                    .or_else(|| wrong_bytes(out, part, "images-idx3", (IMAGES_HEADER, pixels), &split.images_sha256))
            }
            Layout::Png if split.images == 0 => None,
            Layout::Png if !record.latents => wrong_files(out, part, record, split),
            _ => wrong_images(out, part, record, split),
        }
    })
}

/// What is wrong with an IDX file of so many bytes behind its header, whose hash is known.
fn wrong_bytes(out: &Path, part: Part, what: &str, (header, count): (usize, u64), sha256: &str) -> Option<String> {
    let name = format!("{}-{what}-ubyte.gz", part.idx_name());
    let hash = || {
        let file = capped::open(&out.join(&name))?;
        let mut bytes = MultiGzDecoder::new(BufReader::new(file)).take(header as u64 + count + 1);
        bytes.read_exact(&mut vec![0; header])?;
        let mut bytes = Hashing::new(bytes);
        io::copy(&mut bytes, &mut io::sink())?;
        io::Result::Ok(bytes.finish())
    };
    match hash() {
        Ok(found) if found == sha256 => None,
        Ok(_) => Some(format!("{name} holds others than {FILE_NAME} says")),
        Err(error) => Some(format!("{name} cannot be read: {}", error)),
    }
}

/// What is wrong with the images of a part, by the hashes of what is read of the files.
fn wrong_images(out: &Path, part: Part, record: &SetRecord, split: &SplitRecord) -> Option<String> {
    match are_as_recorded(out, part, record, split) {
        Ok(true) => None,
        Ok(false) => Some(format!("the {} images are others than {FILE_NAME} says", part.name())),
        Err(error) => Some(format!("the {} images cannot be read: {error}", part.name())),
    }
}

fn are_as_recorded(out: &Path, part: Part, record: &SetRecord, split: &SplitRecord) -> io::Result<bool> {
    let Some(Whole { plan, .. }) = Whole::of(record) else { return Ok(false) };
    let mut summary = Summary::new(record.class_names.len(), plan.latents);
    for piece in plan.pieces().filter(|piece| piece.part == part) {
        let mut reader = formats::PieceReader::open(&plan, out, &record.class_names, &piece)?;
        while let Some((_, some)) = reader.next()? {
            summary.add(&some);
        }
    }
    Ok(summary.finish() == *split)
}

/// What is wrong with the PNG files of a part.
fn wrong_files(out: &Path, part: Part, record: &SetRecord, split: &SplitRecord) -> Option<String> {
    let classes = record.class_names.iter().zip(&split.counts).filter(|(_, count)| **count > 0);
    classes.into_iter().find_map(|(class, &count)| {
        let name = format!("{}/{class}", part.name());
        match wrong_folder(&out.join(&name), count) {
            Ok(problem) => problem.map(|problem| format!("{name}{problem}")),
            Err(error) => Some(format!("{name} cannot be read: {}", error)),
        }
    })
}

/// What is wrong with a folder of so many PNG files, as words that follow its name.
fn wrong_folder(folder: &Path, count: u64) -> io::Result<Option<String>> {
    let mut found = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let png = capped::read(&entry.path(), MAX_PNG_BYTES);
        if !png.is_ok_and(|png| png.starts_with(PNG_BEGINNING) && png.ends_with(PNG_END)) {
            return Ok(Some(format!("/{} is no whole PNG file", entry.file_name().display())));
        }
        found += 1;
    }
    Ok((found != count).then(|| format!(" holds {found} images, not {count}")))
}
