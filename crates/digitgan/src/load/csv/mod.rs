//! Reading CSV files: one row for each image, a label and its pixels.
//!
//! ```text
//! label,pixel0,pixel1, … ,pixel783      Kaggle's; or 1x1 … 28x28, or no names at all
//! 5,0,0, … ,0                           the label first or last, a number or a name
//! ```
//!
//! Fields are separated by commas, semicolons, tabs or single spaces, and may be quoted; the file may be gzipped. A table of
//! pixels alone is one of images without labels, as Kaggle's `test.csv`. The rows are read a block at a time ([`blocks`]), on
//! all threads.

mod blocks;
mod colours;
mod columns;
mod ends;
mod error;
mod rows;
#[cfg(test)]
mod tests;

pub(super) use ends::End;
pub use error::CsvError;

use super::error::DataError;
use super::gather::Gather;
use super::open::open as open_file;
use super::stored::{Labels, Stored};
use blocks::{Blocks, pieces};
use colours::are_four_colours;
use columns::{FirstLine, Found, Layout};
use ends::Ends;
use rayon::prelude::*;
use rows::Piece;
use std::io::Read;
use std::path::Path;

/// Bytes of lines that one thread reads at a time.
const PIECE_BYTES: usize = 256 << 10;
/// What some programs write before the first character of a text.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
/// The same in UTF-16, in either order of bytes.
const UTF16_MARKS: [&[u8]; 2] = [b"\xff\xfe", b"\xfe\xff"];

/// What a table says beside images.
pub(super) struct Table {
    /// None if the images have no labels.
    pub(super) labels: Option<Labels>,
    /// Where the label is, if only the contents told.
    pub(super) end: Option<End>,
    /// The names of columns that are neither label nor pixel.
    pub(super) unused: Vec<String>,
}

/// Reads the table at `path`: the images into `gather`, and their labels, if it has any. Other tables of the same data set,
/// without names of columns, have the label at the end `before`.
pub(super) fn read(path: &Path, before: Option<End>, gather: &mut Gather) -> Result<Table, DataError> {
    let wrong = |problem| DataError::Csv { path: path.to_owned(), problem };
    let open = || open_file(path).map_err(DataError::read(path));
    let mut blocks = Blocks::new(open()?);
    let first = first_block(&mut blocks).map_err(wrong)?;
    let (layout, end) = match first.line.layout().map_err(wrong)? {
        Found::Known(layout) => (layout, None),
        Found::FirstOrLast(layouts) => by_contents(open()?, layouts, before).map_err(wrong)?,
    };
    let labels = read_rows(&layout, first, &mut blocks, gather).map_err(wrong)?;
    Ok(Table { labels: layout.has_labels().then_some(labels), end, unused: layout.unused })
}

/// The first line, and the lines after it, if it names columns, or from it on.
struct First {
    line: FirstLine,
    lines: Vec<u8>,
    /// How many lines stand before those.
    before: u64,
}

fn first_block(blocks: &mut Blocks<impl Read>) -> Result<First, CsvError> {
    let mut lines = blocks.next()?.ok_or(CsvError::Empty)?;
    if lines.starts_with(BYTE_ORDER_MARK) {
        lines.drain(..BYTE_ORDER_MARK.len());
    }
    if UTF16_MARKS.iter().any(|mark| lines.starts_with(mark)) {
        return Err(CsvError::Utf16);
    }
    let mut before = 0;
    let mut start = 0;
    // Lines that are empty come before anything else.
    let (line, end) = loop {
        if start == lines.len() {
            return Err(CsvError::Empty);
        }
        let end = lines[start..].iter().position(|&byte| byte == b'\n').map_or(lines.len(), |found| start + found + 1);
        match lines[start..end].trim_ascii_end() {
            [] => (before, start) = (before + 1, end),
            line => break (FirstLine::read(line)?, end),
        }
    };
    let rows_start = if line.is_header { end } else { start };
    before += u64::from(line.is_header);
    lines.drain(..rows_start);
    Ok(First { line, lines, before })
}

/// Looks at as much of the table as it takes to tell whether the labels come first or last.
fn by_contents(
    reader: impl Read,
    layouts: [Layout; 2],
    before: Option<End>,
) -> Result<(Layout, Option<End>), CsvError> {
    let mut blocks = Blocks::new(reader);
    let First { lines, .. } = first_block(&mut blocks)?;
    let (mut ends, mut lines) = (Ends::of(&layouts), Some(lines));
    let [first, last] = layouts;
    while let Some(some) = lines {
        ends.look_at(&some);
        match ends.label(before)? {
            Some(End::First) => return Ok((first, Some(End::First))),
            Some(End::Last) => return Ok((last, Some(End::Last))),
            None => lines = blocks.next()?,
        }
    }
    Err(CsvError::LabelsUnclear)
}

/// Reads a block while the block before it becomes images.
fn read_rows(
    layout: &Layout,
    first: First,
    blocks: &mut Blocks<impl Read + Send>,
    gather: &mut Gather,
) -> Result<Labels, CsvError> {
    let mut labels = Labels::Numbers(Vec::new());
    let mut line = first.before + 1;
    let mut block = Some(first.lines);
    let mut looks = !layout.names_tell_size;
    while let Some(lines) = block {
        let (taken, next) = rayon::join(|| take_lines(layout, &lines, line, looks, gather), || blocks.next());
        looks = false;
        labels.append(taken?);
        line += lines.iter().filter(|&&byte| byte == b'\n').count() as u64;
        block = next?;
    }
    Ok(labels)
}

/// Takes the images of some lines; `looks` whether they are in colours.
fn take_lines(
    layout: &Layout,
    lines: &[u8],
    first_line: u64,
    looks: bool,
    gather: &mut Gather,
) -> Result<Labels, CsvError> {
    let pieces = pieces(lines, PIECE_BYTES);
    let read: Vec<Result<Piece, rows::Wrong>> = pieces.par_iter().map(|lines| Piece::read(lines, layout)).collect();
    let in_colours =
        |piece: &Result<Piece, _>| piece.as_ref().is_ok_and(|piece| are_four_colours(piece.values(), layout.pixels()));
    if looks && !read.is_empty() && read.iter().all(in_colours) {
        return Err(CsvError::Colours { side: layout.size.0 / 2 });
    }
    let mut labels = Labels::Numbers(Vec::new());
    let mut line = first_line;
    for (piece, lines) in read.into_iter().zip(pieces) {
        let piece = piece.map_err(|(before, reason)| CsvError::Line { line: line + before, reason })?;
        let (rows, columns) = layout.size;
        gather.take(Stored { rows, columns, values: piece.values() }).map_err(|_| CsvError::TooMany)?;
        labels.append(piece.labels);
        line += lines.iter().filter(|&&byte| byte == b'\n').count() as u64;
    }
    Ok(labels)
}
