//! Tar files as the package `webdataset` reads them: of each image `000000012.png` and, beside it, `000000012.cls` with its
//! class as a number; `000000012.latent.npy` with its noise, if that is kept.
//!
//! Members have no times, owners or other things that are not of the image, so the same images are the same file.

use super::set_file::{Lengths, SetFile};
use crate::convert::{encode_png, npy};
use crate::generate::error::GenerateError;
use crate::generate::journal::Chunk;
use crate::generate::labelled::{Labelled, latents_of};
use crate::generate::plan::Piece;
use crate::input::LATENT;
use crate::picture::decode_grey;
use crate::{IMAGE_PIXELS, IMAGE_SIDE};
use rayon::prelude::*;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// Everything in a tar file is in blocks of so many bytes.
const BLOCK: usize = 512;
/// The longest of ours, with room to spare.
const MAX_MEMBER_BYTES: usize = 1 << 16;
/// Where a header has the size of what follows, as octal digits.
const SIZE: std::ops::Range<usize> = 124..135;
/// Where it has its checksum.
const CHECKSUM: std::ops::Range<usize> = 148..156;

/// The name of the file that holds a piece.
pub(super) fn name(piece: &Piece) -> String {
    format!("{}-{:06}.tar", piece.part.name(), piece.index)
}

/// A file being written.
pub(super) struct TarFile {
    folder: PathBuf,
    file: Option<(PathBuf, File)>,
}

impl TarFile {
    pub(super) fn new(folder: &Path) -> Self {
        TarFile { folder: folder.to_owned(), file: None }
    }

    /// Does something with the file that was begun.
    fn with<T>(&mut self, act: impl FnOnce(&mut File) -> io::Result<T>) -> Result<T, GenerateError> {
        let (path, file) = self
            .file
            .as_mut()
            .ok_or_else(|| GenerateError::write(&self.folder)(io::Error::other("no file was begun")))?;
        act(file).map_err(GenerateError::write(path))
    }
}

impl SetFile for TarFile {
    fn begin(&mut self, piece: &Piece) -> Result<(), GenerateError> {
        let path = self.folder.join(name(piece));
        let file = File::options().create(true).truncate(false).read(true).write(true).open(&path);
        self.file = Some((path.clone(), file.map_err(GenerateError::write(&path))?));
        Ok(())
    }

    fn read_back(&mut self, first: u64, chunk: &Chunk) -> Result<Option<Labelled>, GenerateError> {
        self.with(|file| {
            let start = file.stream_position()?;
            let mut bytes = Vec::new();
            Read::take(&*file, chunk.pixels_bytes).read_to_end(&mut bytes)?;
            let has_latents = chunk.latents_bytes > 0;
            let some = read_members(&bytes[..], chunk.images as usize, has_latents).ok();
            let some = some.filter(|some| chunk.is(some));
            // To the last byte: a decoder does not mind all damage.
            let is_whole = |some: &Labelled| members_of_all(first, some).is_ok_and(|again| again.concat() == bytes);
            let some = some.filter(is_whole);
            if some.is_none() {
                file.seek(SeekFrom::Start(start))?;
            }
            Ok(some)
        })
    }

    fn write(&mut self, first: u64, some: &Labelled) -> Result<Lengths, GenerateError> {
        self.with(|file| {
            let bytes = members_of_all(first, some)?.concat();
            file.write_all(&bytes)?;
            Ok(Lengths { pixels: bytes.len() as u64, labels: 0, latents: 4 * some.latents.len() as u64 })
        })
    }

    fn end(&mut self) -> Result<(), GenerateError> {
        self.with(|file| {
            file.write_all(&[0; 2 * BLOCK])?;
            let end = file.stream_position()?;
            file.set_len(end)?;
            file.sync_all()
        })?;
        self.file = None;
        Ok(())
    }
}

/// The members of some images, from number `first` on.
fn members_of_all(first: u64, some: &Labelled) -> io::Result<Vec<Vec<u8>>> {
    let images = some.images.par_chunks_exact(IMAGE_PIXELS).zip(&some.labels).enumerate();
    images.map(|(index, (image, label))| members(first + index as u64, image, *label, some.latent(index))).collect()
}

/// The members of an image.
fn members(number: u64, image: &[u8], label: u8, latent: &[f32]) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(8 * BLOCK);
    let mut add = |ending: &str, contents: &[u8]| {
        bytes.extend(header(&format!("{number:09}.{ending}"), contents.len()));
        bytes.extend(contents);
        bytes.resize(bytes.len().next_multiple_of(BLOCK), 0);
    };
    add("png", &encode_png(image)?);
    add("cls", label.to_string().as_bytes());
    if !latent.is_empty() {
        let numbers = latent.iter().flat_map(|value| value.to_le_bytes());
        add("latent.npy", &npy::header("<f4", &[LATENT]).into_iter().chain(numbers).collect::<Vec<u8>>());
    }
    Ok(bytes)
}

/// The header of a member, as POSIX has it (ustar): names and numbers in fields, the rest zeros.
fn header(name: &str, size: usize) -> [u8; BLOCK] {
    let mut header = [0; BLOCK];
    let mut put = |at: usize, text: &str| header[at..at + text.len()].copy_from_slice(text.as_bytes());
    put(0, name);
    // Mode, owner, group, size, time, checksum as of spaces, an ordinary file.
    for (at, text) in [(100, "0000644"), (108, "0000000"), (116, "0000000"), (136, "00000000000"), (156, "0")] {
        put(at, text);
    }
    put(SIZE.start, &format!("{size:011o}"));
    put(CHECKSUM.start, "        ");
    put(257, "ustar\x0000");
    let sum: u32 = header.iter().map(|&byte| u32::from(byte)).sum();
    header[CHECKSUM].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    header
}

/// The images that are in the next members, if they are ours.
pub(super) fn read_members(mut members: impl Read, count: usize, has_latents: bool) -> io::Result<Labelled> {
    let mut next = || -> io::Result<Vec<u8>> {
        let mut header = [0; BLOCK];
        members.read_exact(&mut header)?;
        let size = std::str::from_utf8(&header[SIZE]).ok().and_then(|size| usize::from_str_radix(size, 8).ok());
        let size = size.filter(|&size| size <= MAX_MEMBER_BYTES).ok_or_else(other)?;
        let mut contents = vec![0; size.next_multiple_of(BLOCK)];
        members.read_exact(&mut contents)?;
        contents.truncate(size);
        Ok(contents)
    };
    let mut some = Labelled::default();
    for _ in 0..count {
        let (size, pixels) = decode_grey(io::Cursor::new(next()?)).map_err(|_| other())?;
        some.images.extend((size == (IMAGE_SIDE, IMAGE_SIDE)).then_some(pixels).ok_or_else(other)?);
        let label = next()?;
        some.labels.push(std::str::from_utf8(&label).ok().and_then(|label| label.parse().ok()).ok_or_else(other)?);
        if has_latents {
            let array = next()?;
            let values = array.len().checked_sub(4 * LATENT).and_then(|start| array.get(start..));
            some.latents.extend(latents_of(values.ok_or_else(other)?));
        }
    }
    Ok(some)
}

fn other() -> io::Error {
    io::Error::other("a member that is not ours")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_read_as_they_were_written() {
        let latents: Vec<f32> = (0..3 * LATENT).map(|at| at as f32 / 7.0).collect();
        for latents in [Vec::new(), latents] {
            let images = (0..3 * IMAGE_PIXELS).map(|at| (at % 251) as u8).collect();
            let some = Labelled { images, labels: vec![7, 0, 99], latents };
            let bytes = members_of_all(11, &some).unwrap().concat();
            assert!(bytes.len().is_multiple_of(BLOCK) && bytes.starts_with(b"000000011.png\0"));
            assert_eq!(read_members(&bytes[..], 3, !some.latents.is_empty()).unwrap(), some);
            for damaged in [&bytes[..bytes.len() - 1], &bytes[BLOCK..], b""] {
                assert!(read_members(damaged, 3, !some.latents.is_empty()).is_err());
            }
        }
    }
}
