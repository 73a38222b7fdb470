//! Finished files, read again as they were written: to see whether all is there, and to put shards together.

#[cfg(feature = "parquet")]
use super::parquet;
use super::png::PngFiles;
use super::streams::Reading;
use super::{idx, npz, webdataset};
use crate::generate::labelled::Labelled;
use crate::generate::plan::{CHUNK_IMAGES, Piece, Plan};
use crate::load::generated::Layout;
use std::fs::File;
use std::io::{self, BufReader};
use std::path::Path;

/// Reads what a file holds of a part, chunk by chunk.
pub(in crate::generate) struct PieceReader {
    piece: Piece,
    has_latents: bool,
    /// Number of the next image.
    next: u64,
    files: Files,
}

enum Files {
    Streams(Reading),
    Png(PngFiles),
    #[cfg(feature = "parquet")]
    Parquet(parquet::Finished),
    Tar(BufReader<File>),
}

impl PieceReader {
    pub(in crate::generate) fn open(
        plan: &Plan,
        folder: &Path,
        class_names: &[String],
        piece: &Piece,
    ) -> io::Result<Self> {
        let files = match plan.layout {
            Layout::Idx => Files::Streams(idx::reading(folder, piece, plan.latents)?),
            Layout::Npz => Files::Streams(npz::reading(folder, piece, plan.latents)?),
            Layout::Png => {
                let mut files = PngFiles::new(folder, class_names, plan.latents).map_err(io::Error::other)?;
                files.reading(piece).map_err(io::Error::other)?;
                Files::Png(files)
            }
            #[cfg(feature = "parquet")]
            Layout::Parquet => Files::Parquet(parquet::reading(folder, piece)?),
            #[cfg(not(feature = "parquet"))]
            Layout::Parquet => return Err(io::Error::other("this digitgan was built without Parquet files")),
            Layout::WebDataset => Files::Tar(BufReader::new(File::open(folder.join(webdataset::name(piece)))?)),
        };
        Ok(PieceReader { piece: piece.clone(), has_latents: plan.latents, next: piece.images.start, files })
    }

    /// The number of the first of the next images, and the images; none where all were read.
    pub(in crate::generate) fn next(&mut self) -> io::Result<Option<(u64, Labelled)>> {
        let (first, end) = (self.next, self.piece.images.end);
        let count = (end - first).min(CHUNK_IMAGES as u64) as usize;
        if count == 0 {
            if let Files::Streams(streams) = &mut self.files {
                streams.end()?;
            }
            return Ok(None);
        }
        let some = match &mut self.files {
            Files::Streams(streams) => streams.next(count)?,
            Files::Png(files) => files.next(first, count).map_err(io::Error::other)?.ok_or_else(missing)?,
            #[cfg(feature = "parquet")]
            Files::Parquet(file) => {
                let number = (first - self.piece.images.start) as usize / CHUNK_IMAGES;
                let some = parquet::row_group(file, number, count, self.has_latents).map_err(io::Error::other)?;
                some.ok_or_else(missing)?
            }
            Files::Tar(members) => webdataset::read_members(members, count, self.has_latents)?,
        };
        self.next += count as u64;
        Ok(Some((first, some)))
    }
}

fn missing() -> io::Error {
    io::Error::other("images are missing")
}
