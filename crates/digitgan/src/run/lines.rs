//! The lines of a log, whatever it holds: of any length, with any line ends.

use std::io::{self, BufRead};
use std::ops::Range;

/// Longest line that is read, in bytes: the file may be anything.
pub(super) const MAX_LINE_BYTES: u64 = 512;

/// Reads a file line by line.
pub(super) struct Lines<I> {
    input: I,
    /// Lines read.
    pub(super) count: u64,
    /// Bytes read.
    pub(super) bytes: u64,
    /// What follows the last whole line.
    pub(super) torn: String,
}

impl<I: BufRead> Lines<I> {
    pub(super) fn new(input: I) -> Self {
        Lines { input, count: 0, bytes: 0, torn: String::new() }
    }

    /// The next line without its line feed; none where no whole line follows. Carriage returns end a line too. Any number of
    /// zeros before it, which are what a file system puts where nothing was written, are one.
    pub(super) fn next(&mut self) -> io::Result<Option<String>> {
        let zeros = self.skip(0)?;
        self.bytes += zeros;
        let mut bytes = Vec::new();
        let is_whole = self.read_line(&mut bytes)?;
        let is_torn = !is_whole && (bytes.len() as u64) < MAX_LINE_BYTES;
        if bytes.last() == Some(&b'\n') {
            bytes.pop();
        }
        if zeros > 0 {
            bytes.insert(0, 0);
        }
        // Text that is not UTF-8 is no row; the replacement shows in the message where it was.
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if is_torn {
            self.torn = text;
            return Ok(None);
        }
        self.count += 1;
        Ok(Some(text))
    }

    /// Reads to the end of the line, or as much as is read of one. Returns whether the end was there.
    fn read_line(&mut self, line: &mut Vec<u8>) -> io::Result<bool> {
        loop {
            let room = (MAX_LINE_BYTES as usize).saturating_sub(line.len());
            let buffer = self.input.fill_buf()?;
            let buffer = &buffer[..buffer.len().min(room)];
            if buffer.is_empty() {
                return Ok(false);
            }
            let end = buffer.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
            let (count, last) = end.map_or((buffer.len(), 0), |end| (end + 1, buffer[end]));
            line.extend_from_slice(&buffer[..count]);
            self.input.consume(count);
            self.bytes += count as u64;
            if last == b'\r' {
                self.bytes += self.skip(b'\r')?;
                let feed = self.input.fill_buf()?.first() == Some(&b'\n');
                self.bytes += u64::from(feed);
                self.input.consume(usize::from(feed));
            }
            if last != 0 {
                return Ok(true);
            }
        }
    }

    /// Passes over bytes that are alike, and says how many they were.
    fn skip(&mut self, alike: u8) -> io::Result<u64> {
        let mut skipped = 0;
        loop {
            let count = self.input.fill_buf()?.iter().take_while(|byte| **byte == alike).count();
            if count == 0 {
                return Ok(skipped);
            }
            self.input.consume(count);
            skipped += count as u64;
        }
    }
}

/// Lines that hold no row, as ranges: there may be as many as the file has bytes.
#[derive(Default)]
pub(super) struct BadLines {
    ranges: Vec<Range<u64>>,
    count: u64,
}

impl BadLines {
    /// Adds the next.
    pub(super) fn add(&mut self, line: u64) {
        self.count += 1;
        match self.ranges.last_mut() {
            Some(last) if last.end == line => last.end += 1,
            _ => self.ranges.push(line..line + 1),
        }
    }

    /// How many there are.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// Those up to line `end`.
    pub(super) fn until(&self, end: u64) -> impl Iterator<Item = Range<u64>> {
        let cut = move |lines: &Range<u64>| lines.start..lines.end.min(end.saturating_add(1));
        self.ranges.iter().map(cut).filter(|lines| !lines.is_empty())
    }
}
