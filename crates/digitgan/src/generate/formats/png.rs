//! One PNG file per image, in one folder per class; latents, if they are kept, in one NPY file per part.

use super::set_file::{LATENTS, Lengths, SetFile, check_names};
use crate::convert::{encode_png, npy};
use crate::generate::error::GenerateError;
use crate::generate::journal::Chunk;
use crate::generate::labelled::{Labelled, latents_of};
use crate::generate::plan::{MAX_PNG_IMAGES, Piece};
use crate::input::LATENT;
use crate::picture::read_grey;
use crate::{IMAGE_PIXELS, IMAGE_SIDE};
use rayon::prelude::*;
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// The files of the parts.
pub(super) struct PngFiles {
    folder: PathBuf,
    class_names: Vec<String>,
    /// The folders of the part's classes.
    classes: Vec<PathBuf>,
    /// Classes that have a folder: loaders refuse empty ones.
    made: BTreeSet<u8>,
    /// The label of each image that was there, by its number, once they were looked for.
    found: Option<Vec<Option<u8>>>,
    /// Whether latents are kept.
    has_latents: bool,
    latents: Option<LatentFile>,
}

impl SetFile for PngFiles {
    fn begin(&mut self, piece: &Piece) -> Result<(), GenerateError> {
        self.enter(piece);
        self.latents = if self.has_latents { Some(LatentFile::begin(&self.folder, piece)?) } else { None };
        Ok(())
    }

    /// Whether they are those that were written, their checksum tells.
    fn read_back(&mut self, first: u64, chunk: &Chunk) -> Result<Option<Labelled>, GenerateError> {
        Ok(self.next(first, chunk.images as usize)?.filter(|some| chunk.is(some)))
    }

    fn write(&mut self, first: u64, some: &Labelled) -> Result<Lengths, GenerateError> {
        self.write_pictures(first, some)?;
        if let Some(file) = &mut self.latents {
            file.write(first, some)?;
        }
        Ok(Lengths::default())
    }

    /// What is on the disk is left to the system.
    fn end(&mut self) -> Result<(), GenerateError> {
        Ok(())
    }
}

impl PngFiles {
    pub(super) fn new(folder: &Path, class_names: &[String], has_latents: bool) -> Result<Self, GenerateError> {
        check_names(class_names)?;
        Ok(PngFiles {
            folder: folder.to_owned(),
            class_names: class_names.to_vec(),
            classes: Vec::new(),
            made: BTreeSet::new(),
            found: None,
            has_latents,
            latents: None,
        })
    }

    fn enter(&mut self, piece: &Piece) {
        let folder = self.folder.join(piece.part.name());
        self.classes = self.class_names.iter().map(|name| folder.join(name)).collect();
        (self.made, self.found) = (BTreeSet::new(), None);
    }

    /// Takes up a part that is finished.
    pub(super) fn reading(&mut self, piece: &Piece) -> Result<(), GenerateError> {
        self.enter(piece);
        self.latents = if self.has_latents { Some(LatentFile::open(&self.folder, piece)?) } else { None };
        Ok(())
    }

    /// The images of a finished part from number `first` on; `None` if they are not there.
    pub(super) fn next(&mut self, first: u64, count: usize) -> Result<Option<Labelled>, GenerateError> {
        let Some(mut some) = self.pictures(first, count)? else { return Ok(None) };
        if let Some(file) = &mut self.latents {
            some.latents = file.read(first, count)?;
        }
        Ok(Some(some))
    }

    /// Images and labels of `count` images from number `first` on, if files of ours are there.
    fn pictures(&mut self, first: u64, count: usize) -> Result<Option<Labelled>, GenerateError> {
        let found = match self.found.take() {
            Some(found) => found,
            None => self.look()?,
        };
        let labels: Option<Vec<u8>> = (first..).take(count).map(|number| *found.get(number as usize)?).collect();
        self.found = Some(found);
        let Some(labels) = labels else { return Ok(None) };
        let read = |(index, &label): (usize, &u8)| {
            let path = self.classes[usize::from(label)].join(png_name(first + index as u64));
            let (size, pixels) = read_grey(&path).ok()?;
            // A decoder does not mind an end that is missing.
            let is_whole = size == (IMAGE_SIDE, IMAGE_SIDE) && encode_png(&pixels).ok()? == fs::read(&path).ok()?;
            is_whole.then_some(pixels)
        };
        let images: Option<Vec<Vec<u8>>> = labels.par_iter().enumerate().map(read).collect();
        Ok(images.map(|images| Labelled { images: images.concat(), labels, latents: Vec::new() }))
    }

    /// Looks for the images that are there.
    fn look(&mut self) -> Result<Vec<Option<u8>>, GenerateError> {
        let mut found = Vec::new();
        for (label, folder) in (0u8..).zip(&self.classes) {
            let entries = match fs::read_dir(folder) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                entries => entries.map_err(GenerateError::write(folder))?,
            };
            self.made.insert(label);
            for entry in entries {
                let name = entry.map_err(GenerateError::write(folder))?.file_name();
                let number = name.to_str().and_then(|name| name.strip_suffix(".png")?.parse::<usize>().ok());
                if let Some(number) = number.filter(|&number| (number as u64) < MAX_PNG_IMAGES) {
                    found.resize(found.len().max(number + 1), None);
                    found[number] = Some(label);
                }
            }
        }
        Ok(found)
    }

    fn write_pictures(&mut self, first: u64, some: &Labelled) -> Result<(), GenerateError> {
        for &label in &some.labels {
            if self.made.insert(label) {
                let folder = &self.classes[usize::from(label)];
                fs::create_dir_all(folder).map_err(GenerateError::write(folder))?;
            }
        }
        let classes = &self.classes;
        some.images.par_chunks_exact(IMAGE_PIXELS).zip(&some.labels).enumerate().try_for_each(
            |(index, (image, &label))| {
                let path = classes[usize::from(label)].join(png_name(first + index as u64));
                encode_png(image).and_then(|png| fs::write(&path, png)).map_err(GenerateError::write(&path))
            },
        )
    }
}

/// The name of an image's file: names of one length are in order by their bytes too, as loaders take them.
fn png_name(number: u64) -> String {
    const DIGITS: usize = MAX_PNG_IMAGES.ilog10() as usize;
    format!("{number:0DIGITS$}.png")
}

/// The latents of a part: an NPY file whose rows are where their numbers say.
struct LatentFile {
    path: PathBuf,
    file: File,
    /// Number of the image whose row is the first.
    first: u64,
    header_bytes: u64,
}

impl LatentFile {
    fn begin(folder: &Path, piece: &Piece) -> Result<Self, GenerateError> {
        let path = Self::path(folder, piece);
        let folder = folder.join(LATENTS);
        fs::create_dir_all(&folder).map_err(GenerateError::write(&folder))?;
        let header = Self::header(piece);
        let begin = || -> io::Result<File> {
            let mut file = File::options().create(true).truncate(false).read(true).write(true).open(&path)?;
            file.write_all(&header)?;
            Ok(file)
        };
        let file = begin().map_err(GenerateError::write(&path))?;
        Ok(LatentFile { path, file, first: piece.images.start, header_bytes: header.len() as u64 })
    }

    /// One that is finished.
    fn open(folder: &Path, piece: &Piece) -> Result<Self, GenerateError> {
        let path = Self::path(folder, piece);
        let file = File::open(&path).map_err(GenerateError::write(&path))?;
        let header_bytes = Self::header(piece).len() as u64;
        Ok(LatentFile { path, file, first: piece.images.start, header_bytes })
    }

    fn path(folder: &Path, piece: &Piece) -> PathBuf {
        folder.join(LATENTS).join(format!("{}{}.npy", piece.part.name(), piece.suffix()))
    }

    fn header(piece: &Piece) -> Vec<u8> {
        npy::header("<f4", &[piece.count() as usize, LATENT])
    }

    fn row(&self, number: u64) -> SeekFrom {
        SeekFrom::Start(self.header_bytes + (number - self.first) * 4 * LATENT as u64)
    }

    /// As many as are there.
    fn read(&mut self, first: u64, count: usize) -> Result<Vec<f32>, GenerateError> {
        let (row, mut bytes) = (self.row(first), Vec::new());
        let read = self.file.seek(row).and_then(|_| {
            let mut rows = Read::take(&self.file, 4 * (count * LATENT) as u64);
            rows.read_to_end(&mut bytes)
        });
        read.map_err(GenerateError::write(&self.path))?;
        Ok(latents_of(&bytes))
    }

    fn write(&mut self, first: u64, some: &Labelled) -> Result<(), GenerateError> {
        let row = self.row(first);
        let written = self.file.seek(row).and_then(|_| self.file.write_all(&some.latent_bytes()));
        written.map_err(GenerateError::write(&self.path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_in_order_by_their_bytes() {
        assert_eq!(png_name(7), "00000007.png");
        assert_eq!(png_name(MAX_PNG_IMAGES - 1), "99999999.png");
    }
}
