//! Gzipped IDX files, named as MNIST's: a header of big-endian words, then bytes; of latents, numbers of 32 bits.

use super::set_file::{LATENTS, Lengths, SetFile};
use super::streams::{Order, Reading, Stream, Streams};
use crate::IMAGE_SIDE;
use crate::generate::error::GenerateError;
use crate::generate::journal::Chunk;
use crate::generate::labelled::Labelled;
use crate::generate::plan::Piece;
use crate::input::LATENT;
use crate::load::idx::{IMAGES_MAGIC, LABELS_MAGIC};
use flate2::read::MultiGzDecoder;
use std::fs::{self, File};
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

/// What files of numbers of 32 bits in two dimensions begin with.
const LATENTS_MAGIC: u32 = 0x0d02;

/// The names of a part's labels and images.
pub(super) fn names(piece: &Piece) -> [String; 2] {
    ["labels-idx1", "images-idx3"].map(|kind| name(piece, kind, "ubyte"))
}

/// The name of a part's latents, in a folder of their own.
fn latents_name(piece: &Piece) -> String {
    format!("{LATENTS}/{}", name(piece, "latents-idx2", "float"))
}

fn name(piece: &Piece, kind: &str, element: &str) -> String {
    format!("{}-{kind}-{element}{}.gz", piece.part.idx_name(), piece.suffix())
}

/// The files of a part.
pub(super) struct IdxFiles {
    folder: PathBuf,
    has_latents: bool,
    streams: Option<Streams>,
}

impl IdxFiles {
    pub(super) fn new(folder: &Path, has_latents: bool) -> Self {
        IdxFiles { folder: folder.to_owned(), has_latents, streams: None }
    }
}

impl SetFile for IdxFiles {
    fn begin(&mut self, piece: &Piece) -> Result<(), GenerateError> {
        let (count, side) = (piece.count() as u32, IMAGE_SIDE as u32);
        let [labels, images] = names(piece).map(|name| self.folder.join(name));
        let latents = if self.has_latents {
            let folder = self.folder.join(LATENTS);
            fs::create_dir_all(&folder).map_err(GenerateError::write(&folder))?;
            Some(begin(self.folder.join(latents_name(piece)), &[LATENTS_MAGIC, count, LATENT as u32])?)
        } else {
            None
        };
        self.streams = Some(Streams {
            images: begin(images, &[IMAGES_MAGIC, count, side, side])?,
            labels: begin(labels, &[LABELS_MAGIC, count])?,
            latents,
            order: Order::HighestFirst,
        });
        Ok(())
    }

    fn read_back(&mut self, _first: u64, chunk: &Chunk) -> Result<Option<Labelled>, GenerateError> {
        self.streams.as_mut().map_or(Ok(None), |streams| streams.read_back(chunk))
    }

    fn write(&mut self, _first: u64, some: &Labelled) -> Result<Lengths, GenerateError> {
        self.streams.as_mut().map_or(Ok(Lengths::default()), |streams| streams.write(some))
    }

    fn end(&mut self) -> Result<(), GenerateError> {
        let Some(Streams { images, labels, latents, .. }) = self.streams.take() else { return Ok(()) };
        images.finish_gzip()?;
        labels.finish_gzip()?;
        latents.map_or(Ok(()), Stream::finish_gzip)
    }
}

fn begin(path: PathBuf, header: &[u32]) -> Result<Stream, GenerateError> {
    let mut stream = Stream::gzip(path)?;
    stream.write(&header.iter().flat_map(|word| word.to_be_bytes()).collect::<Vec<u8>>())?;
    Ok(stream)
}

/// What is to be read of finished files: the streams of a part.
pub(super) fn reading(folder: &Path, piece: &Piece, has_latents: bool) -> io::Result<Reading> {
    let open = |name: String, header_words: usize| -> io::Result<Box<dyn Read>> {
        let mut bytes = MultiGzDecoder::new(BufReader::new(File::open(folder.join(name))?));
        bytes.read_exact(&mut vec![0; 4 * header_words])?;
        Ok(Box::new(bytes))
    };
    let [labels, images] = names(piece);
    Ok(Reading {
        images: open(images, 4)?,
        labels: open(labels, 2)?,
        latents: if has_latents { Some(open(latents_name(piece), 3)?) } else { None },
        order: Order::HighestFirst,
    })
}
