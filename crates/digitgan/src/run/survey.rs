//! Reading a log of records by step, whatever is wrong with it: what its rows are, and which of them can be read.

use crate::error::ErrorKind;
use csv::{StringRecord, Writer, WriterBuilder};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};

/// Longest line that is read, in bytes. The longest row has about 150; the file may be anything.
pub(super) const MAX_LINE_BYTES: u64 = 512;
/// Characters of a line that a message shows.
const SHOWN: usize = 80;

/// A record of a [`StepLog`](super::step_log::StepLog). Its fields are the columns, in their order.
pub trait StepRecord: Copy + Serialize + DeserializeOwned {
    /// The kind of file that it goes into.
    const KIND: &'static LogKind;

    /// Finished steps.
    fn step(&self) -> u64;

    /// Whether all its numbers are finite.
    fn is_finite(&self) -> bool;
}

/// What tells one kind of log from another.
#[derive(Debug)]
pub struct LogKind {
    /// What its rows are of.
    pub of: &'static str,
    /// The first line of the file.
    pub header: &'static str,
    /// Whether every step from 1 on has a row. Else rows are of any rising steps, and the file is begun with the first.
    pub every_step: bool,
    /// Largest file that is read, in bytes.
    pub max_bytes: u64,
}

impl LogKind {
    /// Whether a record of step `found` may follow that of step `last`, 0 before the first.
    pub(super) fn follows(&self, last: u64, found: u64) -> bool {
        if self.every_step { found == last.saturating_add(1) } else { found > last }
    }

    /// What must follow step `last`, in words.
    fn expected(&self, last: u64) -> String {
        format!("step {}{} belongs", last.saturating_add(1), if self.every_step { "" } else { " or a later one" })
    }
}

/// Why a log cannot be read, continued or added to.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StepLogError {
    /// Reading or writing failed.
    #[error("cannot access the file: {0}")]
    Io(#[from] io::Error),
    /// More than is read.
    #[error("{bytes} bytes are too many for a file of {}", .kind.of)]
    TooLarge {
        /// The file's size.
        bytes: u64,
        /// The kind of file.
        kind: &'static LogKind,
    },
    /// The file does not start as it should.
    #[error("line 1 is {found:?}, not the header of a file of {} ({})", .kind.of, .kind.header)]
    Header {
        /// How the first line begins.
        found: String,
        /// The kind of file.
        kind: &'static LogKind,
    },
    /// A line is not a row.
    #[error("line {line} is not a row of {}: {problem} in {found:?}", .kind.of)]
    Row {
        /// Number of the line, from 1.
        line: u64,
        /// What is wrong with it.
        problem: String,
        /// How the line begins.
        found: String,
        /// The kind of file.
        kind: &'static LogKind,
    },
    /// A row is double or misplaced.
    #[error("line {line} has step {found} where {}", .kind.expected(*.last))]
    Order {
        /// Number of the line, from 1.
        line: u64,
        /// The step of the row before it, 0 for none.
        last: u64,
        /// The step found.
        found: u64,
        /// The kind of file.
        kind: &'static LogKind,
    },
    /// A record was added out of turn.
    #[error("step {found} was recorded where {}", .kind.expected(*.last))]
    OutOfTurn {
        /// The step of the record before it, 0 for none.
        last: u64,
        /// The step given.
        found: u64,
        /// The kind of file.
        kind: &'static LogKind,
    },
    /// A record was added that could not be read back.
    #[error("the {} of step {step} hold a number that is not finite", .kind.of)]
    NotFinite {
        /// The step.
        step: u64,
        /// The kind of file.
        kind: &'static LogKind,
    },
}

impl StepLogError {
    /// What it is about.
    pub fn kind(&self) -> ErrorKind {
        match self {
            StepLogError::Io(_) => ErrorKind::Files,
            StepLogError::OutOfTurn { .. } => ErrorKind::Input,
            StepLogError::NotFinite { .. } => ErrorKind::NotFinite,
            _ => ErrorKind::Damaged,
        }
    }
}

/// Writes rows; the header is there already.
pub(super) fn writer<W: Write>(out: W) -> Writer<W> {
    WriterBuilder::new().has_headers(false).from_writer(out)
}

/// What a file holds of the rows up to some step.
pub(super) struct Survey<R> {
    /// The records that can be read, by rising step.
    pub(super) records: Vec<R>,
    /// The bytes of the file up to the last of them, if there is nothing else and nothing wrong among them.
    pub(super) whole_bytes: Option<u64>,
    /// What is wrong with the first line that is not as it should be.
    pub(super) problem: Option<StepLogError>,
    /// Lines among or after them that hold no row of a step in its place.
    pub(super) lost: u64,
}

/// A row that can be read.
struct Row<R> {
    record: R,
    line: u64,
    /// Bytes of the file up to its end.
    end: u64,
}

/// A row that is not where its step belongs.
struct Misplaced {
    line: u64,
    /// The step of the row before it.
    last: u64,
    /// Its own.
    found: u64,
}

/// Something wrong, and in which line.
type Problem = (u64, StepLogError);

/// Reads a log up to step `steps`, whatever is wrong with it.
pub(super) fn survey<R: StepRecord>(file: &File, steps: u64) -> io::Result<Survey<R>> {
    survey_of(BufReader::new(file.take(R::KIND.max_bytes)), steps)
}

/// The same of any bytes.
pub(super) fn survey_of<R: StepRecord>(input: impl BufRead, steps: u64) -> io::Result<Survey<R>> {
    let kind = R::KIND;
    let mut lines = Lines { input, count: 0, bytes: 0, torn: String::new() };
    let (mut rows, mut bad): (Vec<Row<R>>, Vec<u64>) = (Vec::new(), Vec::new());
    let (mut problem, mut header_bytes): (Option<Problem>, _) = (None, None);
    while let Some(found) = lines.next()? {
        let line = lines.count;
        // What other programs and file systems put around a line that is as it was.
        let text = found.trim_matches(['\0', '\r', '\u{feff}']);
        let parsed = if text == kind.header { None } else { Some(parse::<R>(text)) };
        let exact = text == found && parsed.is_none() == (line == 1);
        let reason = match parsed {
            Some(Ok(record)) => {
                rows.push(Row { record, line, end: lines.bytes });
                (!exact).then(|| "stray characters".to_owned())
            }
            Some(Err(reason)) => {
                bad.push(line);
                Some(reason)
            }
            None => {
                header_bytes = (line == 1).then_some(lines.bytes).or(header_bytes);
                (!exact).then(|| "a header".to_owned())
            }
        };
        problem = problem.or_else(|| Some((line, wrong(line, reason?, &found, kind))));
    }
    // A file that was killed while it was begun holds a part of the header.
    if lines.count == 0 && !kind.header.starts_with(&lines.torn) {
        bad.push(1);
        problem = Some((1, wrong(1, String::new(), &lines.torn, kind)));
    }
    let (rows, misplaced) = rising(rows);
    if let Some(&Misplaced { line, last, found }) = misplaced.first()
        && problem.as_ref().is_none_or(|(first, _)| line < *first)
    {
        problem = Some((line, StepLogError::Order { line, last, found, kind }));
    }
    bad.extend(misplaced.into_iter().map(|row| row.line));
    Ok(cut(rows, steps, header_bytes, &bad, problem))
}

/// What of a file belongs to the steps up to `steps`.
fn cut<R: StepRecord>(
    mut rows: Vec<Row<R>>,
    steps: u64,
    header_bytes: Option<u64>,
    bad: &[u64],
    problem: Option<Problem>,
) -> Survey<R> {
    let count = rows.partition_point(|row| row.record.step() <= steps);
    // Behind the last row, where none is missing, all is of later steps, which are trained again.
    let complete = R::KIND.every_step && count as u64 == steps;
    let end = match if complete { rows[..count].last() } else { rows.get(count) } {
        Some(row) => row.line,
        None => u64::MAX,
    };
    let lost = bad.iter().filter(|line| **line <= end).count() as u64;
    let problem = problem.filter(|(line, _)| *line <= end).map(|(_, problem)| problem);
    rows.truncate(count);
    let bytes = rows.last().map(|row| row.end).or(header_bytes);
    let records = rows.into_iter().map(|row| row.record).collect();
    Survey { records, whole_bytes: bytes.filter(|_| problem.is_none()), problem, lost }
}

/// The most rows whose steps rise, and the others. So one wrong step among many right ones is left out, and not all that are
/// smaller.
fn rising<R: StepRecord>(mut rows: Vec<Row<R>>) -> (Vec<Row<R>>, Vec<Misplaced>) {
    let step = |row: usize| rows[row].record.step();
    // The rows that end the longest sequences of each length, and what stands before each row in its own.
    let mut ends: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = vec![None; rows.len()];
    for row in (0..rows.len()).filter(|&row| step(row) > 0) {
        let length = match ends.last() {
            Some(&end) if step(end) >= step(row) => ends.partition_point(|&end| step(end) < step(row)),
            _ => ends.len(),
        };
        before[row] = length.checked_sub(1).map(|shorter| ends[shorter]);
        match ends.get(length) {
            None => ends.push(row),
            // Of rows of one step the first.
            Some(&end) if step(end) == step(row) => {}
            Some(_) => ends[length] = row,
        }
    }
    let mut kept = vec![false; rows.len()];
    let mut next = ends.last().copied();
    while let Some(row) = next {
        kept[row] = true;
        next = before[row];
    }
    let (mut last, mut misplaced) = (0, Vec::new());
    let mut kept = kept.into_iter();
    rows.retain(|row| {
        let keep = kept.next() == Some(true);
        if keep {
            last = row.record.step();
        } else {
            misplaced.push(Misplaced { line: row.line, last, found: row.record.step() });
        }
        keep
    });
    (rows, misplaced)
}

/// What is wrong with a line.
fn wrong(line: u64, problem: String, found: &str, kind: &'static LogKind) -> StepLogError {
    // Of many zeros one is enough.
    let text = found.trim_end_matches('\0');
    let found = &found[..found.len().min(text.len() + 1)];
    let shown: String = found.chars().take(SHOWN).collect();
    let found = if shown.len() < found.len() { shown + "…" } else { shown };
    if line == 1 { StepLogError::Header { found, kind } } else { StepLogError::Row { line, problem, found, kind } }
}

/// Reads a file line by line.
struct Lines<I> {
    input: I,
    /// Lines read.
    count: u64,
    /// Bytes read.
    bytes: u64,
    /// What follows the last whole line.
    torn: String,
}

impl<I: BufRead> Lines<I> {
    /// The next line without its line feed; none where no whole line follows. Any number of zeros before it are one.
    fn next(&mut self) -> io::Result<Option<String>> {
        let zeros = self.skip_zeros()?;
        let mut bytes = Vec::new();
        self.input.by_ref().take(MAX_LINE_BYTES).read_until(b'\n', &mut bytes)?;
        self.bytes += zeros + bytes.len() as u64;
        let is_whole = bytes.last() == Some(&b'\n');
        let is_torn = !is_whole && (bytes.len() as u64) < MAX_LINE_BYTES;
        if is_whole {
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

    /// Passes over zeros, which are what a file system puts where nothing was written.
    fn skip_zeros(&mut self) -> io::Result<u64> {
        let mut skipped = 0;
        loop {
            let zeros = self.input.fill_buf()?.iter().take_while(|byte| **byte == 0).count();
            if zeros == 0 {
                return Ok(skipped);
            }
            self.input.consume(zeros);
            skipped += zeros as u64;
        }
    }
}

/// The record in `line`, or what is wrong with it. Lines are cut here and not by the `csv` crate's reader, which knows
/// no longest line, takes a torn row for a whole one, and passes over empty lines and quotes, that we never write.
fn parse<R: StepRecord>(line: &str) -> Result<R, String> {
    let fields: StringRecord = line.split(',').collect();
    let columns: Vec<&str> = R::KIND.header.split(',').collect();
    if fields.len() != columns.len() {
        return Err(format!("{} fields instead of {}", fields.len(), columns.len()));
    }
    let record: R = fields.deserialize(None).map_err(|error| match error.kind() {
        csv::ErrorKind::Deserialize { err, .. } => {
            let place = err.field().unwrap_or(0) as usize;
            format!("{:?} is no number for {}", &fields[place], columns[place])
        }
        _ => error.to_string(),
    })?;
    if record.is_finite() { Ok(record) } else { Err("a number that is not finite".to_owned()) }
}
