//! Parquet files as Hugging Face has MNIST: `data/train-00000-of-00008.parquet`. A chunk is a row group.
//!
//! A file says at its end what is in it, so one that has no end is written from its beginning.

use super::set_file::{Lengths, SetFile};
use crate::convert::{PictureTable, encode_png};
use crate::generate::error::GenerateError;
use crate::generate::journal::Chunk;
use crate::generate::labelled::Labelled;
use crate::generate::plan::Piece;
use crate::input::LATENT;
use crate::picture::decode_grey;
use crate::{IMAGE_PIXELS, IMAGE_SIDE};
use ::parquet::column::reader::get_typed_column_reader;
use ::parquet::data_type::{ByteArray, ByteArrayType, DataType, FloatType, Int64Type};
use ::parquet::errors::ParquetError;
use ::parquet::file::reader::{FileReader, RowGroupReader, SerializedFileReader};
use rayon::prelude::*;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// The place of each column in a row group; that of paths is null.
const IMAGES: usize = 0;
const LABELS: usize = 2;
const LATENTS: usize = 3;

/// A file being written, or one that is whole already.
pub(super) struct ParquetFile {
    folder: PathBuf,
    class_names: Vec<String>,
    has_latents: bool,
    path: PathBuf,
    /// The number of its first image.
    first: u64,
    /// What is there, if it is whole, and how many of its row groups were read back.
    there: Option<(SerializedFileReader<File>, usize)>,
    table: Option<PictureTable>,
}

impl ParquetFile {
    pub(super) fn new(folder: &Path, class_names: &[String], has_latents: bool) -> Result<Self, GenerateError> {
        let folder = folder.join("data");
        fs::create_dir_all(&folder).map_err(GenerateError::write(&folder))?;
        Ok(ParquetFile {
            folder,
            class_names: class_names.to_vec(),
            has_latents,
            path: PathBuf::new(),
            first: 0,
            there: None,
            table: None,
        })
    }
}

impl SetFile for ParquetFile {
    fn begin(&mut self, piece: &Piece) -> Result<(), GenerateError> {
        self.path = self.folder.join(name(piece));
        self.first = piece.images.start;
        let reader = File::open(&self.path).ok().and_then(|file| SerializedFileReader::new(file).ok());
        let rows = piece.count().cast_signed();
        let whole = reader.filter(|reader| reader.metadata().file_metadata().num_rows() == rows);
        (self.there, self.table) = (whole.map(|reader| (reader, 0)), None);
        Ok(())
    }

    fn read_back(&mut self, _first: u64, chunk: &Chunk) -> Result<Option<Labelled>, GenerateError> {
        let Some((reader, read)) = &mut self.there else { return Ok(None) };
        // Whatever cannot be read is drawn again.
        let some = (*read < reader.num_row_groups())
            .then(|| row_group(reader, *read, chunk.images as usize, self.has_latents).ok().flatten());
        *read += 1;
        Ok(some.flatten().filter(|some| chunk.is(some)))
    }

    fn goes_on(&self) -> bool {
        false
    }

    fn write(&mut self, _first: u64, some: &Labelled) -> Result<Lengths, GenerateError> {
        let mut table = match self.table.take() {
            Some(table) => table,
            None => {
                self.there = None;
                let begun = PictureTable::begin(&self.path, &self.class_names, self.has_latents);
                begun.map_err(GenerateError::write(&self.path))?
            }
        };
        table.add(&some.images, &some.labels, &some.latents).map_err(GenerateError::write(&self.path))?;
        self.table = Some(table);
        Ok(Lengths::default())
    }

    fn end(&mut self) -> Result<(), GenerateError> {
        self.there = None;
        self.table.take().map_or(Ok(()), PictureTable::finish).map_err(GenerateError::write(&self.path))
    }
}

fn name(piece: &Piece) -> String {
    format!("{}{}.parquet", piece.part.name(), piece.numbered())
}

/// A finished file.
pub(super) type Finished = SerializedFileReader<File>;

pub(super) fn reading(folder: &Path, piece: &Piece) -> io::Result<Finished> {
    Ok(SerializedFileReader::new(File::open(folder.join("data").join(name(piece)))?)?)
}

/// The images of a row group; `None` if they are not as they are written.
pub(super) fn row_group(
    reader: &SerializedFileReader<File>,
    number: usize,
    count: usize,
    has_latents: bool,
) -> Result<Option<Labelled>, ParquetError> {
    let group = reader.get_row_group(number)?;
    let files = column::<ByteArrayType>(&*group, IMAGES, count)?;
    let labels = column::<Int64Type>(&*group, LABELS, count)?;
    let latents = if has_latents { column::<FloatType>(&*group, LATENTS, count)? } else { Vec::new() };
    let images: io::Result<Vec<Vec<u8>>> = files.par_iter().map(decode).collect();
    let labels = labels.into_iter().map(|label| u8::try_from(label).ok()).collect::<Option<Vec<u8>>>();
    let some = images.ok().zip(labels).map(|(images, labels)| Labelled { images: images.concat(), labels, latents });
    Ok(some.filter(|some| some.images.len() == count * IMAGE_PIXELS && some.latents.len() % LATENT == 0))
}

/// The values of a column, of all rows.
fn column<T: DataType>(group: &dyn RowGroupReader, place: usize, rows: usize) -> Result<Vec<T::T>, ParquetError> {
    let mut reader = get_typed_column_reader::<T>(group.get_column_reader(place)?);
    let (mut values, mut levels, mut begins) = (Vec::new(), Vec::new(), Vec::new());
    let mut left = rows;
    while left > 0 {
        let (read, _, _) = reader.read_records(left, Some(&mut levels), Some(&mut begins), &mut values)?;
        if read == 0 {
            break;
        }
        left -= read;
    }
    Ok(values)
}

/// The pixels of a file that is just as one of ours would be.
fn decode(file: &ByteArray) -> io::Result<Vec<u8>> {
    let other = || io::Error::other("another file");
    let (size, pixels) = decode_grey(io::Cursor::new(file.data())).map_err(|_| other())?;
    let is_ours = size == (IMAGE_SIDE, IMAGE_SIDE) && encode_png(&pixels)? == file.data();
    is_ours.then_some(pixels).ok_or_else(other)
}
