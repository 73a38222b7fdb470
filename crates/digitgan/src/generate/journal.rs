//! Which chunks of a data set are finished: a line of JSON each, added when the chunk's images are in their files.

use super::error::GenerateError;
use super::labelled::{Checksums, Labelled};
use super::plan::Part;
use crate::files::capped;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;

/// Longest line that is read.
const MAX_LINE_BYTES: u64 = 1000;

/// A finished chunk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Chunk {
    pub(super) part: Part,
    pub(super) images: u64,
    /// Images that were drawn for it, kept or not.
    pub(super) drawn: u64,
    /// CRC-32 of its pixels and of its labels.
    pub(super) pixels_crc32: u32,
    pub(super) labels_crc32: u32,
    /// That of its latents, if they are kept.
    #[serde(default)]
    pub(super) latents_crc32: u32,
    /// Bytes that it takes in the files; 0 where that is not needed to find it.
    pub(super) pixels_bytes: u64,
    pub(super) labels_bytes: u64,
    #[serde(default)]
    pub(super) latents_bytes: u64,
}

impl Chunk {
    /// Whether images are those of the chunk.
    pub(super) fn is(&self, some: &Labelled) -> bool {
        let Chunk { pixels_crc32: pixels, labels_crc32: labels, latents_crc32: latents, .. } = *self;
        some.labels.len() as u64 == self.images && some.checksums() == Checksums { pixels, labels, latents }
    }
}

/// The list of finished chunks in a file: first those that are there are gone through, then others added.
pub(super) struct Journal {
    path: PathBuf,
    lines: BufReader<File>,
    /// Bytes of the lines that were gone through or added.
    accepted: u64,
}

impl Journal {
    pub(super) fn open(path: PathBuf) -> Result<Self, GenerateError> {
        // Opening a pipe would wait for ever.
        capped::check_regular(&path).map_err(GenerateError::write(&path))?;
        let file = File::options().create(true).truncate(false).read(true).write(true).open(&path);
        let lines = BufReader::new(file.map_err(GenerateError::write(&path))?);
        Ok(Journal { path, lines, accepted: 0 })
    }

    /// The next finished chunk, if it is of this part; `accept` says whether its images are still there. Where there is none,
    /// all that follow are forgotten, and others can be added.
    pub(super) fn next(
        &mut self,
        part: Part,
        mut accept: impl FnMut(&Chunk) -> Result<bool, GenerateError>,
    ) -> Result<Option<Chunk>, GenerateError> {
        let mut line = String::new();
        let read = self.lines.by_ref().take(MAX_LINE_BYTES).read_line(&mut line);
        // What is no text is no line of ours.
        let length = read.unwrap_or(0) as u64;
        let chunk: Option<Chunk> = line.strip_suffix('\n').and_then(|line| serde_json::from_str(line).ok());
        if let Some(chunk) = chunk
            && chunk.part == part
            && accept(&chunk)?
        {
            self.accepted += length;
            return Ok(Some(chunk));
        }
        self.forget_rest()?;
        Ok(None)
    }

    /// Adds a chunk whose images are in their files.
    pub(super) fn add(&mut self, chunk: &Chunk) -> Result<(), GenerateError> {
        let line = serde_json::to_string(chunk).map_err(std::io::Error::other).map(|line| line + "\n");
        let written = line.and_then(|line| self.lines.get_mut().write_all(line.as_bytes()).map(|()| line.len()));
        self.accepted += written.map_err(GenerateError::write(&self.path))? as u64;
        Ok(())
    }

    /// How far it was gone through, or added to.
    pub(super) fn mark(&self) -> u64 {
        self.accepted
    }

    /// Forgets what was gone through, or added, since a mark.
    pub(super) fn go_back(&mut self, mark: u64) -> Result<(), GenerateError> {
        self.accepted = mark;
        self.forget_rest()
    }

    /// Cuts off what was not accepted; what is added follows the last chunk that was.
    fn forget_rest(&mut self) -> Result<(), GenerateError> {
        let end = SeekFrom::Start(self.accepted);
        let cut = self.lines.get_ref().set_len(self.accepted).and_then(|()| self.lines.seek(end));
        cut.map(|_| ()).map_err(GenerateError::write(&self.path))
    }
}
