//! Reading a log of records by step, whatever is wrong with it: what its rows are, and which of them can be read.

use super::lines::{BadLines, Lines};
use crate::error::ErrorKind;
use csv::{StringRecord, Writer, WriterBuilder};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};

/// Bytes of the longest row, about.
const ROW_BYTES: u64 = 150;
/// Lines that are no rows after which the rest is not read: the file is something else, and is kept.
const MAX_BAD_LINES: u64 = 1_000_000;
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
    /// Largest file that is read, in bytes, unless the run has more steps than such a file has rows.
    pub max_bytes: u64,
}

impl LogKind {
    /// Largest file of a run of `steps` steps that is read, in bytes.
    pub(super) fn most_bytes(&self, steps: u64) -> u64 {
        self.max_bytes.max(steps.saturating_mul(ROW_BYTES))
    }

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
    /// Lines among or after them that hold no row of such a step, or one that is there already.
    pub(super) lost: u64,
    /// Whether rows were in another order.
    pub(super) sorted: bool,
    /// The first and the last step from the row before the first line that cannot be read to the row after the last such
    /// line, where not every step has a row.
    pub(super) unread: Option<(u64, u64)>,
}

/// A row that can be read.
struct Row<R> {
    record: R,
    line: u64,
    /// Bytes of the file up to its end.
    end: u64,
}

/// A row that is not where its step belongs.
struct Misplaced<R> {
    row: Row<R>,
    /// The step of the row before it.
    last: u64,
}

/// Something wrong, and in which line.
type Problem = (u64, StepLogError);

/// Reads a log up to step `steps`, whatever is wrong with it.
pub(super) fn survey<R: StepRecord>(file: &File, steps: u64) -> io::Result<Survey<R>> {
    survey_of(BufReader::new(file.take(R::KIND.most_bytes(steps))), steps)
}

/// The same of any bytes.
pub(super) fn survey_of<R: StepRecord>(input: impl BufRead, steps: u64) -> io::Result<Survey<R>> {
    let kind = R::KIND;
    // The places of the columns, where the first line says that they are others.
    let mut places = None;
    let mut lines = Lines::new(input);
    let (mut rows, mut bad): (Vec<Row<R>>, BadLines) = (Vec::new(), BadLines::default());
    let (mut problem, mut header_bytes): (Option<Problem>, _) = (None, None);
    while bad.count() < MAX_BAD_LINES
        && let Some(found) = lines.next()?
    {
        let line = lines.count;
        // What other programs and file systems put around a line that is as it was.
        let text = found.trim_matches(['\0', '\r', '\u{feff}']);
        places = places.or_else(|| if line == 1 { other_places(text, kind) } else { None });
        let is_header = text == kind.header || line == 1 && places.is_some();
        let parsed = if is_header { None } else { Some(parse::<R>(text, places.as_deref())) };
        let exact = text == found && parsed.is_none() == (line == 1);
        let reason = match parsed {
            Some(Ok(record)) => {
                rows.push(Row { record, line, end: lines.bytes });
                (!exact).then(|| "stray characters".to_owned())
            }
            Some(Err(reason)) => {
                bad.add(line);
                Some(reason)
            }
            None => {
                header_bytes = (line == 1).then_some(lines.bytes).or(header_bytes);
                (!exact || text != kind.header).then(|| "a header".to_owned())
            }
        };
        problem = problem.or_else(|| Some((line, wrong(line, reason?, &found, kind))));
    }
    // A file that was killed while it was begun holds a part of the header, and later one of a row.
    let is_torn = if lines.count == 0 { kind.header.starts_with(&lines.torn) } else { is_part_of_a_row(&lines.torn) };
    if !is_torn {
        let line = lines.count + 1;
        bad.add(line);
        problem = problem.or_else(|| Some((line, wrong(line, "no row of numbers".to_owned(), &lines.torn, kind))));
    }
    let (rows, misplaced) = rising(rows);
    if let Some(Misplaced { row: Row { line, record, .. }, last }) = misplaced.first()
        && problem.as_ref().is_none_or(|(first, _)| line < first)
    {
        let (line, last, found) = (*line, *last, record.step());
        problem = Some((line, StepLogError::Order { line, last, found, kind }));
    }
    Ok(cut(rows, misplaced, steps, header_bytes, &bad, problem))
}

/// What of a file belongs to the steps up to `steps`.
fn cut<R: StepRecord>(
    mut rows: Vec<Row<R>>,
    misplaced: Vec<Misplaced<R>>,
    steps: u64,
    header_bytes: Option<u64>,
    bad: &BadLines,
    problem: Option<Problem>,
) -> Survey<R> {
    let (sorted, misplaced) = put_in_order(&mut rows, misplaced, steps);
    let count = rows.partition_point(|row| row.record.step() <= steps);
    // Behind the last row, where none is missing, all is of later steps, which are trained again.
    let complete = R::KIND.every_step && count as u64 == steps;
    let end = match if complete { rows[..count].last() } else { rows.get(count) } {
        Some(row) if !sorted => row.line,
        _ => u64::MAX,
    };
    // In another order, a later step may stand anywhere.
    let is_lost = |row: &Row<R>| row.line <= end && !(sorted && complete && row.record.step() > steps);
    // What is no row is of no later step either, wherever it stands.
    let lost = bad.count() + misplaced.iter().filter(|row| is_lost(row)).count() as u64;
    let unread = if R::KIND.every_step { None } else { unread(&rows[..count], bad, end, steps) };
    let problem = problem.filter(|(line, _)| *line <= end || bad.count() > 0).map(|(_, problem)| problem);
    rows.truncate(count);
    let bytes = rows.last().map(|row| row.end).or(header_bytes);
    let records = rows.into_iter().map(|row| row.record).collect();
    Survey { records, whole_bytes: bytes.filter(|_| problem.is_none()), problem, lost, sorted, unread }
}

/// Puts misplaced rows of steps up to `steps` that have no row yet among the others. Returns whether there were any, and
/// the rest.
fn put_in_order<R: StepRecord>(
    rows: &mut Vec<Row<R>>,
    misplaced: Vec<Misplaced<R>>,
    steps: u64,
) -> (bool, Vec<Row<R>>) {
    let mut found: BTreeSet<u64> = BTreeSet::new();
    let (found, rest): (Vec<_>, Vec<_>) = misplaced.into_iter().map(|misplaced| misplaced.row).partition(|row| {
        let step = row.record.step();
        let is_missing = rows.binary_search_by_key(&step, |row| row.record.step()).is_err();
        (1..=steps).contains(&step) && is_missing && found.insert(step)
    });
    let sorted = !found.is_empty();
    if sorted {
        rows.extend(found);
        rows.sort_by_key(|row| row.record.step());
    }
    (sorted, rest)
}

/// The steps among which lines cannot be read: from the row before the first of them to the row after the last. The first
/// line is a header.
fn unread<R: StepRecord>(rows: &[Row<R>], bad: &BadLines, end: u64, steps: u64) -> Option<(u64, u64)> {
    let lines = || bad.until(end).filter(|lines| lines.end > 2);
    let (first, last) = (lines().next()?.start, lines().last()?.end);
    let before = rows.iter().filter(|row| row.line < first).map(|row| row.record.step()).max();
    let after = rows.iter().filter(|row| row.line >= last).map(|row| row.record.step()).min();
    let (first, last) = (before.unwrap_or(0).saturating_add(1), after.map_or(steps, |step| step - 1));
    (first <= last).then_some((first, last))
}

/// The most rows whose steps rise, and the others. So one wrong step among many right ones is left out, and not all that are
/// smaller.
fn rising<R: StepRecord>(rows: Vec<Row<R>>) -> (Vec<Row<R>>, Vec<Misplaced<R>>) {
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
    let (mut last, mut risen, mut misplaced) = (0, Vec::new(), Vec::new());
    for (row, keep) in rows.into_iter().zip(kept) {
        if keep {
            last = row.record.step();
            risen.push(row);
        } else {
            misplaced.push(Misplaced { row, last });
        }
    }
    (risen, misplaced)
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

/// Whether a text that no line feed ends can be the beginning of a row, or zeros where nothing was written yet.
fn is_part_of_a_row(torn: &str) -> bool {
    torn.chars().all(|c| matches!(c, '0'..='9' | ',' | '.' | '-' | '+' | 'e' | 'E' | '\0'))
}

/// Where in a row the fields of our header stand, if `line` has all of its names in another order.
fn other_places(line: &str, kind: &LogKind) -> Option<Vec<usize>> {
    let found: Vec<&str> = line.split(',').collect();
    let columns: Vec<&str> = kind.header.split(',').collect();
    let places: Vec<usize> =
        columns.iter().map(|column| found.iter().position(|name| name == column)).collect::<Option<_>>()?;
    (found.len() == columns.len() && !places.is_sorted()).then_some(places)
}

/// The record in `line`, whose fields may stand in other `places`, or what is wrong with it. Lines are cut here and not by the `csv` crate's reader, which knows
/// no longest line, takes a torn row for a whole one, and passes over empty lines and quotes, that we never write.
fn parse<R: StepRecord>(line: &str, places: Option<&[usize]>) -> Result<R, String> {
    let mut fields: StringRecord = line.split(',').collect();
    let columns: Vec<&str> = R::KIND.header.split(',').collect();
    if fields.len() != columns.len() {
        return Err(format!("{} fields instead of {}", fields.len(), columns.len()));
    }
    if let Some(places) = places {
        fields = places.iter().map(|&place| &fields[place]).collect();
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
