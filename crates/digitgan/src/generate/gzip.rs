//! A gzip file that all threads compress, or a stream of its inner kind in a file of another.
//!
//! The bytes are cut into blocks that are deflated by themselves, each to a whole number of bytes (a sync flush), and
//! follow each other in one gzip member: every reader takes it for an ordinary file. Where the cuts are depends on the
//! bytes alone, so the file is the same for any number of threads. A file that was not ended can be gone on with, as every
//! block stands by itself.

use flate2::read::DeflateDecoder;
use flate2::{Compress, Compression, Crc, FlushCompress};
use rayon::prelude::*;
use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::Path;

/// Bytes of a block: enough that starting anew costs nothing that can be measured (256 images).
pub(super) const BLOCK_BYTES: usize = 256 * crate::IMAGE_PIXELS;

/// Magic number, deflate, no flags, no time (the same data is the same file), no hint of the level, unknown system.
const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
/// An empty last block.
const END: [u8; 2] = [3, 0];

/// Bytes on their way into a file, compressed by all threads: a stream of deflate alone.
pub(super) struct Deflating {
    out: BufWriter<File>,
    level: Compression,
    /// Of the bytes, not compressed.
    checksum: Crc,
    total_bytes: u64,
    /// Bytes of the stream.
    deflated_bytes: u64,
}

/// What a stream was, when it is ended.
pub(super) struct Deflated {
    pub(super) crc32: u32,
    pub(super) bytes: u64,
    pub(super) deflated_bytes: u64,
}

impl Deflating {
    /// Begins a stream behind `head` at byte `start` of a file, over what may be left of an unended one: it is written
    /// again, or passed with [`Self::pass`].
    pub(super) fn begin(path: &Path, start: u64, head: &[u8], level: Compression) -> io::Result<Self> {
        let mut file = File::options().create(true).truncate(false).read(true).write(true).open(path)?;
        file.seek(SeekFrom::Start(start))?;
        let mut out = BufWriter::new(file);
        out.write_all(head)?;
        Ok(Deflating { out, level, checksum: Crc::new(), total_bytes: 0, deflated_bytes: 0 })
    }

    /// What an earlier [`Self::write`] of `count` bytes left here in `deflated` bytes of the file; `None` if they are not
    /// there, by their checksum.
    pub(super) fn read_back(&mut self, count: usize, deflated: u64, crc32: Option<u32>) -> io::Result<Option<Vec<u8>>> {
        self.out.flush()?;
        let file = self.out.get_mut();
        let start = file.stream_position()?;
        if file.metadata()?.len().saturating_sub(start) < deflated {
            return Ok(None);
        }
        let mut bytes = Vec::with_capacity(count);
        let decoded = DeflateDecoder::new(Read::take(&*file, deflated)).take(count as u64).read_to_end(&mut bytes);
        file.seek(SeekFrom::Start(start))?;
        let is_whole = decoded.is_ok() && bytes.len() == count;
        Ok((is_whole && crc32.is_none_or(|crc32| checksum(&bytes).sum() == crc32)).then_some(bytes))
    }

    /// Goes on behind `bytes`, which [`Self::read_back`] found here in `deflated` bytes of the file.
    pub(super) fn pass(&mut self, bytes: &[u8], deflated: u64) -> io::Result<()> {
        self.out.seek(SeekFrom::Current(deflated.cast_signed()))?;
        self.checksum.combine(&checksum(bytes));
        self.total_bytes += bytes.len() as u64;
        self.deflated_bytes += deflated;
        Ok(())
    }

    /// Writes bytes, cut into blocks from their beginning, and brings them out of this process; returns how many they are
    /// compressed.
    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<u64> {
        let level = self.level;
        let blocks: Vec<(Vec<u8>, Crc)> =
            bytes.par_chunks(BLOCK_BYTES).map(|block| deflate(block, level)).collect::<io::Result<_>>()?;
        let mut deflated = 0;
        for (block, checksum) in blocks {
            self.out.write_all(&block)?;
            self.checksum.combine(&checksum);
            deflated += block.len() as u64;
        }
        self.total_bytes += bytes.len() as u64;
        self.deflated_bytes += deflated;
        self.out.flush()?;
        Ok(deflated)
    }

    /// Ends the stream; the file stands behind it.
    pub(super) fn end(mut self) -> io::Result<(File, Deflated)> {
        self.out.write_all(&END)?;
        let deflated_bytes = self.deflated_bytes + END.len() as u64;
        let ended = Deflated { crc32: self.checksum.sum(), bytes: self.total_bytes, deflated_bytes };
        Ok((self.out.into_inner().map_err(io::IntoInnerError::into_error)?, ended))
    }
}

/// Begins a gzip file, over what may be left of an unended one.
pub(super) fn begin(path: &Path, level: Compression) -> io::Result<Deflating> {
    Deflating::begin(path, 0, &HEADER, level)
}

/// Ends a gzip file and brings it to the disk.
pub(super) fn finish(stream: Deflating) -> io::Result<()> {
    let (mut file, Deflated { crc32, bytes, .. }) = stream.end()?;
    // The length modulo 2³², says RFC 1952.
    file.write_all(&[crc32.to_le_bytes(), (bytes as u32).to_le_bytes()].concat())?;
    let end = file.stream_position()?;
    file.set_len(end)?;
    file.sync_all()
}

/// What a sync flush ends with: an empty stored block.
const FLUSHED: [u8; 4] = [0, 0, 0xff, 0xff];

/// Deflates a block to a whole number of bytes, without an end.
///
/// All in one call, with room for a block that grows: `DeflateEncoder` writes in parts, and its `flush` can return
/// without a flush where a part is still waiting for room. The next block would then begin in the middle of a byte.
fn deflate(block: &[u8], level: Compression) -> io::Result<(Vec<u8>, Crc)> {
    let mut deflated = Vec::with_capacity(block.len() + block.len() / 8 + 1024);
    let mut compress = Compress::new(level, false);
    compress.compress_vec(block, &mut deflated, FlushCompress::Sync)?;
    if compress.total_in() != block.len() as u64 || !deflated.ends_with(&FLUSHED) {
        return Err(io::Error::other("a block could not be compressed as a whole"));
    }
    Ok((deflated, checksum(block)))
}

/// The checksum of a gzip file.
pub(super) fn checksum(bytes: &[u8]) -> Crc {
    let mut checksum = Crc::new();
    checksum.update(bytes);
    checksum
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::read::{DeflateDecoder, GzDecoder};
    use std::io::Read;

    /// Noise of all kinds: how often a byte is zero, and how many others there are, decides how it is compressed.
    fn noise(kind: u32, count: usize) -> Vec<u8> {
        let mut state = 88_172_645_463_325_252 ^ u64::from(kind) << 32;
        let mut next = move |below: u64| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 32) % below
        };
        let (zeros, values) = (next(100), 1 + next(256));
        (0..count).map(|_| if next(100) < zeros { 0 } else { next(values) as u8 }).collect()
    }

    #[test]
    fn one_member_holds_everything_that_was_written_in_parts() {
        let folder = tempfile::tempdir().unwrap();
        let parts: [&[usize]; 5] = [&[], &[0], &[1], &[16, BLOCK_BYTES + 5], &[3 * BLOCK_BYTES, 7, 0, 100_000]];
        for (case, parts) in parts.into_iter().enumerate() {
            let path = folder.path().join(format!("{case}.gz"));
            let mut file = begin(&path, Compression::new(1)).unwrap();
            let mut expected: Vec<u8> = Vec::new();
            for (kind, &count) in (0..).zip(parts) {
                let part = noise(kind, count);
                file.write(&part).unwrap();
                expected.extend(part);
            }
            finish(file).unwrap();
            // A reader of one member, which checks checksum and length, and must be at the end after it.
            let bytes = std::fs::read(&path).unwrap();
            let (mut found, mut decoder) = (Vec::new(), GzDecoder::new(&bytes[..]));
            decoder.read_to_end(&mut found).unwrap();
            assert!(found == expected, "case {case}");
            assert!(decoder.into_inner().is_empty(), "case {case}: bytes after the member");
        }
    }

    /// Whatever is left of a file that was not ended, what is whole in it is passed and the rest written again.
    #[test]
    fn an_unended_file_is_gone_on_with() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file.gz");
        let begin_it = || begin(&path, Compression::new(1)).unwrap();
        let parts = [noise(1, 16), noise(2, 2 * BLOCK_BYTES), noise(3, 1000)];
        let mut file = begin_it();
        let deflated = parts.each_ref().map(|part| file.write(part).unwrap());
        finish(file).unwrap();
        let whole = std::fs::read(&path).unwrap();
        let ends: Vec<u64> = deflated
            .iter()
            .scan(HEADER.len() as u64, |end, part| {
                *end += part;
                Some(*end)
            })
            .collect();
        for (case, left, passed) in [
            ("nothing", whole[..0].to_vec(), 0),
            ("half a part", whole[..ends[1] as usize - 10].to_vec(), 1),
            ("two parts", whole[..ends[1] as usize].to_vec(), 2),
            ("two parts and a half", whole[..ends[2] as usize - 1].to_vec(), 2),
            ("other bytes behind", [&whole[..ends[0] as usize], &[7; 9_000_000]].concat(), 1),
            ("zeros in the middle", whole.iter().enumerate().map(|(i, &b)| if i == 300 { 0 } else { b }).collect(), 1),
        ] {
            std::fs::write(&path, left).unwrap();
            let mut file = begin_it();
            let mut found = 0;
            while found < parts.len() {
                let (part, deflated) = (&parts[found], deflated[found]);
                let Some(bytes) = file.read_back(part.len(), deflated, Some(checksum(part).sum())).unwrap() else {
                    break;
                };
                assert!(bytes == *part, "{case}");
                file.pass(&bytes, deflated).unwrap();
                found += 1;
            }
            assert_eq!(found, passed, "{case}");
            for part in &parts[found..] {
                file.write(part).unwrap();
            }
            finish(file).unwrap();
            assert!(std::fs::read(&path).unwrap() == whole, "{case}");
        }
    }

    /// Each block by itself: one in thirty of such is cut short where the encoder writes in parts.
    #[test]
    fn every_block_is_flushed_whatever_is_in_it() {
        let wrong: Vec<u32> = (0..400u32)
            .into_par_iter()
            .filter(|&kind| {
                let block = noise(kind, BLOCK_BYTES);
                let (mut deflated, _) = deflate(&block, Compression::new(1)).unwrap();
                deflated.extend(END);
                let mut found = Vec::new();
                DeflateDecoder::new(&deflated[..]).read_to_end(&mut found).is_err() || found != block
            })
            .collect();
        assert!(wrong.is_empty(), "{wrong:?}");
    }
}
