//! A data set that is there already: what is asked for once more is not drawn once more.

use super::error::GenerateError;
use super::formats;
use super::plan::Part;
use super::record::{SetRecord, SplitRecord};
use super::summary::Summary;
use super::whole::Whole;
use crate::IMAGE_PIXELS;
use crate::files::capped;
use crate::load::generated::Layout;
use crate::load::hashing::Hashing;
use flate2::read::MultiGzDecoder;
use std::fs;
use std::io::{self, BufReader, Read};
use std::path::Path;

/// Bytes before the pixels of an IDX file, and before its labels.
const IMAGES_HEADER: usize = 16;
const LABELS_HEADER: usize = 8;

/// The record of the data set that is in `out` already, if one is and all its images are there.
///
/// # Errors
/// When that is another than this.
pub(super) fn finished(out: &Path, whole: &Whole) -> Result<Option<SetRecord>, GenerateError> {
    let Some(record) = recorded(out) else { return Ok(None) };
    let Some(there) = Whole::of(&record) else { return Ok(None) };
    whole.check(out, &there, None)?;
    Ok(Some(record).filter(|record| is_there(out, record)))
}

/// The record of a finished data set whose files have their names.
pub(super) fn recorded(out: &Path) -> Option<SetRecord> {
    let record = SetRecord::read(out)?;
    let names = formats::names(&Whole::of(&record)?.plan);
    names.iter().all(|name| out.join(name).exists()).then_some(record)
}

/// Whether the images and labels are there: of IDX files all bytes, of PNG files as many as there should be.
pub(super) fn is_there(out: &Path, record: &SetRecord) -> bool {
    [(Part::Train, &record.train), (Part::Test, &record.test)].into_iter().all(|(part, split)| match record.layout {
        Layout::Idx if !record.latents && record.shard.is_none() => has_bytes(out, part, split).unwrap_or(false),
        Layout::Png if !record.latents => {
            split.images == 0 || has_files(&out.join(part.name()), record, split).unwrap_or(false)
        }
        _ => has_images(out, part, record, split).unwrap_or(false),
    })
}

fn has_bytes(out: &Path, part: Part, split: &SplitRecord) -> io::Result<bool> {
    let hash = |what: &str, header: usize, bytes: u64| {
        let file = capped::open(&out.join(format!("{}-{what}-ubyte.gz", part.idx_name())))?;
        let mut bytes = MultiGzDecoder::new(BufReader::new(file)).take(header as u64 + bytes + 1);
        bytes.read_exact(&mut vec![0; header])?;
        let mut bytes = Hashing::new(bytes);
        io::copy(&mut bytes, &mut io::sink())?;
        io::Result::Ok(bytes.finish())
    };
    let pixels = split.images.saturating_mul(IMAGE_PIXELS as u64);
    Ok(hash("labels-idx1", LABELS_HEADER, split.images)? == split.labels_sha256
        && hash("images-idx3", IMAGES_HEADER, pixels)? == split.images_sha256)
}

/// Whether all images are there, by the hashes of what is read of the files.
fn has_images(out: &Path, part: Part, record: &SetRecord, split: &SplitRecord) -> io::Result<bool> {
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

fn has_files(folder: &Path, record: &SetRecord, split: &SplitRecord) -> io::Result<bool> {
    for (name, count) in record.class_names.iter().zip(&split.counts).filter(|(_, count)| **count > 0) {
        if fs::read_dir(folder.join(name))?.count() as u64 != *count {
            return Ok(false);
        }
    }
    Ok(true)
}
