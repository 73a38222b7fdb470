//! A gzip file that all threads compress.
//!
//! The bytes are cut into blocks that are deflated by themselves, each to a whole number of bytes (a sync flush), and
//! follow each other in one gzip member: every reader takes it for an ordinary file. Where the cuts are depends on the
//! bytes alone, so the file is the same for any number of threads.

use flate2::write::DeflateEncoder;
use flate2::{Compression, Crc};
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

/// Deflates a block to a whole number of bytes, without an end.
fn deflate(block: &[u8], level: Compression) -> io::Result<(Vec<u8>, Crc)> {
    let mut encoder = DeflateEncoder::new(Vec::with_capacity(block.len() / 4), level);
    encoder.write_all(block)?;
    encoder.flush()?;
    let mut checksum = Crc::new();
    checksum.update(block);
    // The encoder writes its end into the empty vector that is left to it.
    Ok((std::mem::take(encoder.get_mut()), checksum))
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::read::GzDecoder;
    use std::io::Read;

    #[test]
    fn one_member_holds_everything_that_was_written_in_parts() {
        let folder = tempfile::tempdir().unwrap();
        let noise = |count: usize| (0..count as u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8);
        for (case, parts) in [vec![], vec![0], vec![1], vec![16, BLOCK_BYTES + 5], vec![3 * BLOCK_BYTES, 7, 0, 100_000]]
            .into_iter()
            .enumerate()
        {
            let path = folder.path().join(format!("{case}.gz"));
            let mut file = GzipFile::create(&path, Compression::new(6)).unwrap();
            let mut expected: Vec<u8> = Vec::new();
            for count in parts {
                let part: Vec<u8> = noise(count).collect();
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
}
