//! Images, labels and latents as three streams of bytes that are compressed side by side.

use super::set_file::Lengths;
use crate::IMAGE_PIXELS;
use crate::generate::error::GenerateError;
use crate::generate::gzip::{self, Deflated, Deflating};
use crate::generate::journal::Chunk;
use crate::generate::labelled::Labelled;
use crate::input::LATENT;
use flate2::Compression;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// How hard such files are compressed. Beside drawing an image, which takes one thread some 20 µs, level 1 takes 3 µs for
/// 252 bytes, level 4 7 µs for 225, level 6 19 µs for 221.
fn level() -> Compression {
    Compression::new(1)
}

/// A compressed stream of bytes in a file.
pub(super) struct Stream {
    path: PathBuf,
    inner: Deflating,
}

impl Stream {
    /// A gzip file.
    pub(super) fn gzip(path: PathBuf) -> Result<Self, GenerateError> {
        let inner = gzip::begin(&path, level()).map_err(GenerateError::write(&path))?;
        Ok(Stream { path, inner })
    }

    /// A bare stream, behind `head` at byte `start` of a file.
    pub(super) fn bare(path: PathBuf, start: u64, head: &[u8]) -> Result<Self, GenerateError> {
        let inner = Deflating::begin(&path, start, head, level()).map_err(GenerateError::write(&path))?;
        Ok(Stream { path, inner })
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<u64, GenerateError> {
        self.inner.write(bytes).map_err(GenerateError::write(&self.path))
    }

    fn read_back(&mut self, count: usize, deflated: u64, crc32: Option<u32>) -> Result<Option<Vec<u8>>, GenerateError> {
        self.inner.read_back(count, deflated, crc32).map_err(GenerateError::write(&self.path))
    }

    fn pass(&mut self, bytes: &[u8], deflated: u64) -> Result<(), GenerateError> {
        self.inner.pass(bytes, deflated).map_err(GenerateError::write(&self.path))
    }

    pub(super) fn finish_gzip(self) -> Result<(), GenerateError> {
        gzip::finish(self.inner).map_err(GenerateError::write(&self.path))
    }

    pub(super) fn end(self) -> Result<(File, Deflated), GenerateError> {
        self.inner.end().map_err(GenerateError::write(&self.path))
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

/// In which order the bytes of a number are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    HighestFirst,
    LowestFirst,
}

impl Order {
    fn bytes(self, latents: &[f32]) -> Vec<u8> {
        let bytes = |value: &f32| match self {
            Order::HighestFirst => value.to_be_bytes(),
            Order::LowestFirst => value.to_le_bytes(),
        };
        latents.iter().flat_map(bytes).collect()
    }

    fn numbers(self, bytes: &[u8]) -> Vec<f32> {
        let number = |&bytes: &[u8; 4]| match self {
            Order::HighestFirst => f32::from_be_bytes(bytes),
            Order::LowestFirst => f32::from_le_bytes(bytes),
        };
        bytes.as_chunks().0.iter().map(number).collect()
    }
}

/// The streams of a part.
pub(super) struct Streams {
    pub(super) images: Stream,
    pub(super) labels: Stream,
    /// Those of latents, if they are kept.
    pub(super) latents: Option<Stream>,
    pub(super) order: Order,
}

impl Streams {
    pub(super) fn write(&mut self, some: &Labelled) -> Result<Lengths, GenerateError> {
        let latents = match &mut self.latents {
            Some(stream) => stream.write(&self.order.bytes(&some.latents))?,
            None => 0,
        };
        Ok(Lengths { pixels: self.images.write(&some.images)?, labels: self.labels.write(&some.labels)?, latents })
    }

    pub(super) fn read_back(&mut self, chunk: &Chunk) -> Result<Option<Labelled>, GenerateError> {
        let count = chunk.images as usize;
        let pixels = self.images.read_back(count * IMAGE_PIXELS, chunk.pixels_bytes, Some(chunk.pixels_crc32))?;
        let labels = self.labels.read_back(count, chunk.labels_bytes, Some(chunk.labels_crc32))?;
        let latents = match &mut self.latents {
            Some(stream) => stream.read_back(4 * count * LATENT, chunk.latents_bytes, None)?,
            None => Some(Vec::new()),
        };
        let Some(((images, labels), latent_bytes)) = pixels.zip(labels).zip(latents) else { return Ok(None) };
        let some = Labelled { images, labels, latents: self.order.numbers(&latent_bytes) };
        if !chunk.is(&some) {
            return Ok(None);
        }
        self.images.pass(&some.images, chunk.pixels_bytes)?;
        self.labels.pass(&some.labels, chunk.labels_bytes)?;
        if let Some(stream) = &mut self.latents {
            stream.pass(&latent_bytes, chunk.latents_bytes)?;
        }
        Ok(Some(some))
    }
}

/// The streams of a part that is finished, behind their headers.
pub(super) struct Reading {
    pub(super) images: Box<dyn Read>,
    pub(super) labels: Box<dyn Read>,
    pub(super) latents: Option<Box<dyn Read>>,
    pub(super) order: Order,
}

impl Reading {
    /// The next images.
    pub(super) fn next(&mut self, count: usize) -> io::Result<Labelled> {
        let (mut images, mut labels) = (vec![0; count * IMAGE_PIXELS], vec![0; count]);
        self.images.read_exact(&mut images)?;
        self.labels.read_exact(&mut labels)?;
        let mut bytes = vec![0; if self.latents.is_some() { 4 * count * LATENT } else { 0 }];
        if let Some(latents) = &mut self.latents {
            latents.read_exact(&mut bytes)?;
        }
        Ok(Labelled { images, labels, latents: self.order.numbers(&bytes) })
    }

    /// Checks that nothing follows.
    pub(super) fn end(&mut self) -> io::Result<()> {
        let streams = [Some(&mut self.images), Some(&mut self.labels), self.latents.as_mut()];
        for stream in streams.into_iter().flatten() {
            // To its end, as what is compressed has a checksum there.
            if stream.read(&mut [0])? > 0 {
                return Err(io::Error::other("more than there should be"));
            }
        }
        Ok(())
    }
}
