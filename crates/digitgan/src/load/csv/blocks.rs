//! A file as blocks of whole lines, so that a table of any length takes little memory.

use super::error::CsvError;
use std::io::{self, Read};

/// Bytes of a block, which is also the longest line: an image of 1024×1024 bytes fits.
pub(super) const BLOCK_BYTES: usize = 4 << 20;

/// The blocks of a file that have not been read yet.
pub(super) struct Blocks<R> {
    reader: R,
    /// The beginning of a line whose end has not been read.
    rest: Vec<u8>,
    ended: bool,
}

impl<R: Read> Blocks<R> {
    pub(super) fn new(reader: R) -> Self {
        Blocks { reader, rest: Vec::new(), ended: false }
    }

    /// The next lines, with their ends; none after the last one.
    pub(super) fn next(&mut self) -> Result<Option<Vec<u8>>, CsvError> {
        if self.ended {
            return Ok(None);
        }
        let mut block = Vec::with_capacity(BLOCK_BYTES);
        block.append(&mut self.rest);
        let room = (BLOCK_BYTES - block.len()) as u64;
        let read = self.reader.by_ref().take(room).read_to_end(&mut block)?;
        if (read as u64) < room {
            self.ended = true;
            return Ok(Some(block).filter(|block| !block.is_empty()));
        }
        let Some(end) = block.iter().rposition(|&byte| byte == b'\n') else {
            return Err(CsvError::Io(io::Error::other(format!("a line is longer than {BLOCK_BYTES} bytes"))));
        };
        self.rest.extend_from_slice(&block[end + 1..]);
        block.truncate(end + 1);
        Ok(Some(block))
    }
}

/// Cuts lines into pieces of about `bytes` bytes, each of whole lines.
pub(super) fn pieces(mut lines: &[u8], bytes: usize) -> Vec<&[u8]> {
    let mut pieces = Vec::with_capacity(lines.len() / bytes + 1);
    while !lines.is_empty() {
        let from = bytes.min(lines.len()) - 1;
        let end = lines[from..].iter().position(|&byte| byte == b'\n').map_or(lines.len(), |found| from + found + 1);
        let (piece, rest) = lines.split_at(end);
        pieces.push(piece);
        lines = rest;
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_and_pieces_are_whole_lines() {
        let line = |length: usize| [vec![b'7'; length], vec![b'\n']].concat();
        let text: Vec<u8> = [line(BLOCK_BYTES - 5), line(3), line(BLOCK_BYTES - 1), b"end".to_vec()].concat();
        let mut blocks = Blocks::new(text.as_slice());
        let mut found = Vec::new();
        while let Some(block) = blocks.next().unwrap() {
            assert!(block.len() <= BLOCK_BYTES);
            found.push(block);
        }
        let lengths: Vec<usize> = found.iter().map(Vec::len).collect();
        assert_eq!(lengths, [BLOCK_BYTES, BLOCK_BYTES, 3]);
        assert!(found.concat() == text);
        for bytes in [1, 2, 5, 7, 100] {
            let lines = b"1,2\n\n3,4,5\n6";
            let pieces = pieces(lines, bytes);
            assert_eq!(pieces.concat(), lines);
            assert!(pieces[..pieces.len() - 1].iter().all(|piece| piece.ends_with(b"\n")), "{pieces:?}");
        }
        let mut endless = Blocks::new(io::repeat(b'7'));
        assert!(endless.next().unwrap_err().to_string().contains("longer than"));
    }
}
