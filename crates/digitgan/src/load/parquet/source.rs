//! A file as the library `parquet` reads it, in parts that are no larger than they may be.

use super::error::ParquetError;
use super::magic::MAGIC;
use ::parquet::errors::{ParquetError as Inner, Result};
use ::parquet::file::reader::{ChunkReader, Length};
use bytes::Bytes;
use std::fs::{self, File};
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::Path;

/// The largest page, before and after it is uncompressed. Most programs begin another one after 1 MB, DuckDB after 100 MB.
pub(super) const MAX_PAGE_BYTES: u64 = 128 << 20;
/// The largest footer, which holds some hundred bytes for each column of each row group.
const MAX_FOOTER_BYTES: u64 = 16 << 20;
/// Length and magic bytes at the end of a file.
const TAIL_BYTES: u64 = 8;

/// A Parquet file.
pub(super) struct Source {
    file: File,
    bytes: u64,
}

impl Source {
    /// Opens the file at `path`, if it begins and ends like one.
    pub(super) fn open(path: &Path) -> std::result::Result<Source, ParquetError> {
        let metadata = fs::metadata(path)?;
        if !metadata.is_file() {
            return Err(std::io::Error::other("not a regular file").into());
        }
        let source = Source { file: File::open(path)?, bytes: metadata.len() };
        source.check_ends()?;
        Ok(source)
    }

    fn check_ends(&self) -> std::result::Result<(), ParquetError> {
        let damaged = |reason: &str| Err(ParquetError::Damaged { reason: reason.to_owned() });
        if self.bytes < TAIL_BYTES + MAGIC.len() as u64 {
            return damaged("it is too short");
        }
        let (mut file, mut head, mut tail) = (&self.file, [0; 4], [0; TAIL_BYTES as usize]);
        file.seek(SeekFrom::Start(0))?;
        file.read_exact(&mut head)?;
        file.seek(SeekFrom::End(-(TAIL_BYTES as i64)))?;
        file.read_exact(&mut tail)?;
        let ([a, b, c, d], magic) = ([tail[0], tail[1], tail[2], tail[3]], &tail[4..]);
        if head != *MAGIC {
            return damaged("it begins otherwise");
        }
        if magic != MAGIC {
            return damaged("it ends otherwise, as if it had been cut off");
        }
        let footer = u64::from(u32::from_le_bytes([a, b, c, d]));
        if footer > MAX_FOOTER_BYTES.min(self.bytes - TAIL_BYTES) {
            return damaged("its footer is larger than it may be");
        }
        Ok(())
    }

    /// A reader from byte `start` on, if the file has `length` bytes from there.
    pub(super) fn part(&self, start: u64, length: u64) -> std::result::Result<BufReader<File>, ParquetError> {
        if start.checked_add(length).is_none_or(|end| end > self.bytes) {
            return Err(ParquetError::Damaged { reason: "a column lies behind its end".to_owned() });
        }
        let mut file = self.file.try_clone()?;
        file.seek(SeekFrom::Start(start))?;
        Ok(BufReader::new(file))
    }
}

impl Length for Source {
    fn len(&self) -> u64 {
        self.bytes
    }
}

impl ChunkReader for Source {
    type T = BufReader<File>;

    fn get_read(&self, start: u64) -> Result<Self::T> {
        self.file.get_read(start)
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        let end = start.checked_add(length as u64);
        if length as u64 > MAX_PAGE_BYTES || end.is_none_or(|end| end > self.bytes) {
            return Err(Inner::EOF(format!("{length} bytes cannot be read from byte {start} on")));
        }
        self.file.get_bytes(start, length)
    }
}
