//! A gzip file that all threads compress.
//!
//! The bytes are cut into blocks that are deflated by themselves, each to a whole number of bytes (a sync flush), and
//! follow each other in one gzip member: every reader takes it for an ordinary file. Where the cuts are depends on the
//! bytes alone, so the file is the same for any number of threads.

use flate2::{Compress, Compression, Crc, FlushCompress};
use rayon::prelude::*;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// Bytes of a block: enough that starting anew costs nothing that can be measured (256 images).
pub(super) const BLOCK_BYTES: usize = 256 * crate::IMAGE_PIXELS;

/// Magic number, deflate, no flags, no time (the same data is the same file), no hint of the level, unknown system.
const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
/// An empty last block.
const END: [u8; 2] = [3, 0];

/// A gzip file being written.
pub(super) struct GzipFile {
    out: BufWriter<File>,
    level: Compression,
    checksum: Crc,
    total_bytes: u64,
}

impl GzipFile {
    pub(super) fn create(path: &Path, level: Compression) -> io::Result<Self> {
        let mut out = BufWriter::new(File::create_new(path)?);
        out.write_all(&HEADER)?;
        Ok(GzipFile { out, level, checksum: Crc::new(), total_bytes: 0 })
    }

    /// Writes bytes, cut into blocks from their beginning.
    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let level = self.level;
        let blocks: Vec<(Vec<u8>, Crc)> =
            bytes.par_chunks(BLOCK_BYTES).map(|block| deflate(block, level)).collect::<io::Result<_>>()?;
        for (block, checksum) in blocks {
            self.out.write_all(&block)?;
            self.checksum.combine(&checksum);
        }
        self.total_bytes += bytes.len() as u64;
        Ok(())
    }

    /// Ends the file and brings it to the disk.
    pub(super) fn finish(mut self) -> io::Result<()> {
        self.out.write_all(&END)?;
        self.out.write_all(&self.checksum.sum().to_le_bytes())?;
        // The length modulo 2³², says RFC 1952.
        self.out.write_all(&(self.total_bytes as u32).to_le_bytes())?;
        self.out.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()
    }
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
    let mut checksum = Crc::new();
    checksum.update(block);
    Ok((deflated, checksum))
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
            let mut file = GzipFile::create(&path, Compression::new(1)).unwrap();
            let mut expected: Vec<u8> = Vec::new();
            for (kind, &count) in (0..).zip(parts) {
                let part = noise(kind, count);
                file.write(&part).unwrap();
                expected.extend(part);
            }
            file.finish().unwrap();
            // A reader of one member, which checks checksum and length, and must be at the end after it.
            let bytes = std::fs::read(&path).unwrap();
            let (mut found, mut decoder) = (Vec::new(), GzDecoder::new(&bytes[..]));
            decoder.read_to_end(&mut found).unwrap();
            assert!(found == expected, "case {case}");
            assert!(decoder.into_inner().is_empty(), "case {case}: bytes after the member");
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
