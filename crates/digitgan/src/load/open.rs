//! Files as streams of bytes: regular ones alone, and uncompressed if they are gzipped.

use flate2::bufread::GzDecoder;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::path::Path;

const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
/// Bytes taken from a file at a time.
pub(super) const INPUT_BYTES: usize = 64 * 1024;

/// Opens `path` for reading; what begins like gzip is uncompressed, whatever its name.
///
/// # Errors
/// If the file cannot be read or is not a regular file (opening a pipe would wait for ever).
pub fn open(path: &Path) -> io::Result<Box<dyn Read + Send>> {
    let mut file = open_regular(path)?;
    let mut head = Vec::with_capacity(GZIP_MAGIC.len());
    file.by_ref().take(GZIP_MAGIC.len() as u64).read_to_end(&mut head)?;
    let gzipped = head == GZIP_MAGIC;
    let whole = Cursor::new(head).chain(file);
    Ok(if gzipped { Box::new(Gzip::new(BufReader::with_capacity(INPUT_BYTES, whole))) } else { Box::new(whole) })
}

/// Opens a file as it is, if it is a regular one.
pub(super) fn open_regular(path: &Path) -> io::Result<File> {
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::other("not a regular file"));
    }
    File::open(path)
}

/// The first bytes of what [`open`] gives, fewer if there are no more.
pub(super) fn head(path: &Path, bytes: usize) -> io::Result<Vec<u8>> {
    let mut head = vec![0; bytes];
    let found = read_up_to(&mut open(path)?, &mut head)?;
    head.truncate(found);
    Ok(head)
}

/// Fills `out` as far as the reader goes, and says how far. A gzip stream that breaks off ends there.
pub(super) fn read_up_to(reader: &mut impl Read, out: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < out.len() {
        match reader.read(&mut out[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => break,
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// One gzip member after another, then zeros if any: tapes and some copies pad files, and gzip itself reads that.
struct Gzip<R> {
    /// None at the end.
    member: Option<GzDecoder<R>>,
}

impl<R: BufRead> Gzip<R> {
    fn new(reader: R) -> Gzip<R> {
        Gzip { member: Some(GzDecoder::new(reader)) }
    }
}

impl<R: BufRead> Read for Gzip<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while let Some(member) = self.member.as_mut() {
            let count = member.read(out)?;
            if count > 0 || out.is_empty() {
                return Ok(count);
            }
            // The member has ended, and its checksum was right.
            let rest = self.member.take().map(GzDecoder::into_inner).expect("there was a member");
            self.member = next_member(rest)?.map(GzDecoder::new);
        }
        Ok(0)
    }
}

/// What follows a member: another one, or nothing but zeros.
fn next_member<R: BufRead>(mut reader: R) -> io::Result<Option<R>> {
    let mut padded = false;
    loop {
        let bytes = reader.fill_buf()?;
        let Some(&first) = bytes.first() else { return Ok(None) };
        if first != 0 {
            let what = "after its gzip data and zeros something else follows";
            return if padded { Err(io::Error::new(io::ErrorKind::InvalidData, what)) } else { Ok(Some(reader)) };
        }
        padded = true;
        let zeros = bytes.iter().take_while(|&&byte| byte == 0).count();
        reader.consume(zeros);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use std::io::Write;

    #[test]
    fn members_follow_each_other_and_zeros_follow_them() {
        let member = |text: &str| {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
            encoder.write_all(text.as_bytes()).unwrap();
            encoder.finish().unwrap()
        };
        let zeros = vec![0; 100_000];
        for (bytes, expected) in [
            (member("a"), Some("a")),
            ([member("a"), member("b")].concat(), Some("ab")),
            ([member("a"), zeros.clone()].concat(), Some("a")),
            ([member(""), vec![0]].concat(), Some("")),
            ([member("a"), zeros, b"x".to_vec()].concat(), None),
            ([member("a"), b"x".to_vec()].concat(), None),
        ] {
            let mut text = String::new();
            let result = Gzip::new(bytes.as_slice()).read_to_string(&mut text);
            assert_eq!(result.ok().map(|_| text.as_str()), expected);
        }
    }
}
