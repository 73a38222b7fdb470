//! Finished files, read again as they were written: to see whether all is there, and to put shards together.

use super::png::PngFiles;
#[cfg(feature = "parquet")]
use super::parquet;
use super::{idx, npz, webdataset};
use crate::generate::labelled::Labelled;
use crate::generate::plan::{Piece, Plan};
use crate::load::generated::Layout;
use std::fs::File;
use std::io::{self, BufReader};
use std::path::Path;

/// Reads what a file holds of a part, `at_once` images at a time; `take` is handed them with the number of the first.
pub(in crate::generate) fn read_piece<E: From<io::Error>>(
    plan: &Plan,
    folder: &Path,
    class_names: &[String],
    piece: &Piece,
    at_once: usize,
    take: &mut dyn FnMut(u64, Labelled) -> Result<(), E>,
) -> Result<(), E> {
    let chunks = || {
        let ends = piece.images.end;
        piece.images.clone().step_by(at_once).map(move |first| (first, (ends - first).min(at_once as u64) as usize))
    };
    match plan.layout {
        Layout::Idx | Layout::Npz => {
            let mut streams = match plan.layout {
                Layout::Idx => idx::reading(folder, piece, plan.latents)?,
                _ => npz::reading(folder, piece, plan.latents)?,
            };
            for (first, count) in chunks() {
                take(first, streams.next(count)?)?;
            }
            streams.end()?;
        }
        Layout::Png => {
            let mut files = PngFiles::new(folder, class_names, plan.latents).map_err(io::Error::other)?;
            files.reading(piece).map_err(io::Error::other)?;
            for (first, count) in chunks() {
                take(first, files.next(first, count).map_err(io::Error::other)?.ok_or_else(missing)?)?;
            }
        }
        #[cfg(feature = "parquet")]
        Layout::Parquet => {
            let reader = parquet::reading(folder, piece)?;
            for (number, (first, count)) in chunks().enumerate() {
                let some = parquet::row_group(&reader, number, count, plan.latents).map_err(io::Error::other)?;
                take(first, some.ok_or_else(missing)?)?;
            }
        }
        #[cfg(not(feature = "parquet"))]
        Layout::Parquet => return Err(io::Error::other("this digitgan was built without Parquet files").into()),
        Layout::WebDataset => {
            let mut members = BufReader::new(File::open(folder.join(webdataset::name(piece)))?);
            for (first, count) in chunks() {
                take(first, webdataset::read_members(&mut members, count, plan.latents)?)?;
            }
        }
    }
    Ok(())
}

fn missing() -> io::Error {
    io::Error::other("images are missing")
}
