//! One file of NumPy arrays, as Keras has MNIST: `x_train`, `y_train` and so on, a ZIP archive of NPY files.
//!
//! Images are compressed where they stay. What follows them in the archive waits in files of its own, which are joined to it
//! when the images of the part are complete.

use super::set_file::{Lengths, SetFile};
use super::streams::{Order, Reading, Stream, Streams};
use super::zip::{self, Entry};
use crate::IMAGE_SIDE;
use crate::convert::{names_are_numbers, npy};
use crate::generate::error::GenerateError;
use crate::generate::gzip::Deflated;
use crate::generate::journal::Chunk;
use crate::generate::labelled::Labelled;
use crate::generate::plan::Piece;
use crate::input::LATENT;
use crate::load::CLASS_NAMES;
use ::zip::ZipArchive;
use flate2::read::DeflateDecoder;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// The name of the archive that holds a part.
pub(super) fn name(piece: &Piece) -> String {
    format!("digits{}.npz", piece.suffix())
}

/// An archive being written.
pub(super) struct NpzFile {
    folder: PathBuf,
    class_names: Vec<String>,
    has_latents: bool,
    path: PathBuf,
    entries: Vec<Entry>,
    /// Bytes of all entries that are complete.
    end: u64,
    part: Option<(Piece, Streams)>,
}

impl NpzFile {
    pub(super) fn new(folder: &Path, class_names: &[String], has_latents: bool) -> Self {
        NpzFile {
            folder: folder.to_owned(),
            class_names: class_names.to_vec(),
            has_latents,
            path: PathBuf::new(),
            entries: Vec::new(),
            end: 0,
            part: None,
        }
    }

    /// A stream that will be joined to the archive.
    fn aside(&self, piece: &Piece, what: &str, header: &[u8]) -> Result<Stream, GenerateError> {
        let path = self.folder.join(format!("{what}-{}{}.part", piece.part.name(), piece.numbered()));
        let mut stream = Stream::bare(path, 0, &[])?;
        stream.write(header)?;
        Ok(stream)
    }

    /// Joins such a stream to the archive.
    fn join(&mut self, array: String, stream: Stream) -> Result<(), GenerateError> {
        let path = stream.path().to_owned();
        let (from, ended) = stream.end()?;
        let entry = self.entry(array, &ended);
        let join = || -> io::Result<()> {
            (&from).rewind()?;
            let mut archive = File::options().write(true).open(&self.path)?;
            archive.seek(SeekFrom::Start(self.end))?;
            archive.write_all(&entry.header())?;
            let copied = io::copy(&mut Read::take(&from, ended.deflated_bytes), &mut archive)?;
            let is_whole = copied == ended.deflated_bytes;
            is_whole.then_some(()).ok_or_else(|| io::Error::other(format!("{} became shorter", path.display())))
        };
        join().map_err(GenerateError::write(&self.path))?;
        self.add(entry);
        Ok(())
    }

    fn entry(&self, array: String, ended: &Deflated) -> Entry {
        let &Deflated { crc32, bytes, deflated_bytes } = ended;
        Entry { name: file_name(&array), crc32, bytes, deflated_bytes, start: self.end }
    }

    fn add(&mut self, entry: Entry) {
        self.end += entry.header().len() as u64 + entry.deflated_bytes;
        self.entries.push(entry);
    }
}

/// The name of an array's file.
fn file_name(array: &str) -> String {
    format!("{array}.npy")
}

impl SetFile for NpzFile {
    fn begin(&mut self, piece: &Piece) -> Result<(), GenerateError> {
        self.path = self.folder.join(name(piece));
        let count = piece.count() as usize;
        // Its header is written when the sizes are known.
        let array = file_name(&format!("x_{}", piece.part.name()));
        let head = vec![0; Entry::header_bytes(&array) as usize];
        let mut images = Stream::bare(self.path.clone(), self.end, &head)?;
        images.write(&npy::header("|u1", &[count, IMAGE_SIDE, IMAGE_SIDE]))?;
        let labels = self.aside(piece, "y", &npy::header("|u1", &[count]))?;
        let latents = match self.has_latents {
            true => Some(self.aside(piece, "latents", &npy::header("<f4", &[count, LATENT]))?),
            false => None,
        };
        self.part = Some((piece.clone(), Streams { images, labels, latents, order: Order::LowestFirst }));
        Ok(())
    }

    fn read_back(&mut self, _first: u64, chunk: &Chunk) -> Result<Option<Labelled>, GenerateError> {
        self.part.as_mut().map_or(Ok(None), |(_, streams)| streams.read_back(chunk))
    }

    fn write(&mut self, _first: u64, some: &Labelled) -> Result<Lengths, GenerateError> {
        self.part.as_mut().map_or(Ok(Lengths::default()), |(_, streams)| streams.write(some))
    }

    fn end(&mut self) -> Result<(), GenerateError> {
        let Some((piece, Streams { images, labels, latents, .. })) = self.part.take() else { return Ok(()) };
        let part = piece.part.name();
        let (mut archive, ended) = images.end()?;
        let entry = self.entry(format!("x_{part}"), &ended);
        let written = archive.seek(SeekFrom::Start(entry.start)).and_then(|_| archive.write_all(&entry.header()));
        written.map_err(GenerateError::write(&self.path))?;
        self.add(entry);
        self.join(format!("y_{part}"), labels)?;
        latents.map_or(Ok(()), |latents| self.join(format!("latents_{part}"), latents))
    }

    fn finish(&mut self) -> Result<(), GenerateError> {
        if !names_are_numbers(&self.class_names) {
            let mut names = Stream::bare(self.folder.join("names.part"), 0, &[])?;
            names.write(&npy::texts(&self.class_names))?;
            self.join(CLASS_NAMES.to_owned(), names)?;
        }
        let directory = zip::directory(&self.entries, self.end);
        let finish = || -> io::Result<()> {
            let mut archive = File::options().write(true).open(&self.path)?;
            archive.seek(SeekFrom::Start(self.end))?;
            archive.write_all(&directory)?;
            archive.set_len(self.end + directory.len() as u64)?;
            archive.sync_all()
        };
        finish().map_err(GenerateError::write(&self.path))
    }
}

/// What is to be read of a finished archive: the streams of a part.
pub(super) fn reading(folder: &Path, piece: &Piece, has_latents: bool) -> io::Result<Reading> {
    let part = piece.part.name();
    let open = |array: String| -> io::Result<Box<dyn Read>> {
        let file = BufReader::new(File::open(folder.join(name(piece)))?);
        let mut archive = ZipArchive::new(file)?;
        let (start, deflated_bytes) = {
            let entry = archive.by_name(&file_name(&array))?;
            let start = entry.data_start().ok_or_else(|| io::Error::other("an entry without a place"))?;
            (start, entry.compressed_size())
        };
        let mut file = archive.into_inner();
        file.seek(SeekFrom::Start(start))?;
        let mut bytes = DeflateDecoder::new(file.take(deflated_bytes));
        let mut head = [0; 10];
        bytes.read_exact(&mut head)?;
        let header = u16::from_le_bytes([head[8], head[9]]);
        bytes.read_exact(&mut vec![0; usize::from(header)])?;
        Ok(Box::new(bytes))
    };
    Ok(Reading {
        images: open(format!("x_{part}"))?,
        labels: open(format!("y_{part}"))?,
        latents: if has_latents { Some(open(format!("latents_{part}"))?) } else { None },
        order: Order::LowestFirst,
    })
}
