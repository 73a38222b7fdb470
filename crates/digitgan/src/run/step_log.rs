//! A log of records by rising step, as a CSV file that people can plot: `losses.csv`, `watch.csv`.
//!
//! One header, then one row for each record. Floats are written as the shortest text that reads back as the same
//! number, so they are exact; what a model does not have is an empty field.
//!
//! The file is appended to while a run goes on and cut back to the checkpoint's step when a run is resumed. As
//! everything else in training is deterministic, the file of a run that was interrupted is in the end byte for byte
//! that of one that was not.

use crate::error::ErrorKind;
use csv::{StringRecord, Writer, WriterBuilder};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Take, Write};
use std::marker::PhantomData;
use std::path::{Path, PathBuf};

/// Longest line that is read, in bytes. The longest row has about 150; the file may be anything.
pub(super) const MAX_LINE_BYTES: u64 = 512;

/// A record of a [`StepLog`]. Its fields are the columns, in their order.
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
    /// What to do about a damaged file.
    pub remedy: &'static str,
}

impl LogKind {
    /// Whether a record of step `found` may follow that of step `last`, 0 before the first.
    fn follows(&self, last: u64, found: u64) -> bool {
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
    #[error("{bytes} bytes are too many for a file of {}; {}", .kind.of, .kind.remedy)]
    TooLarge {
        /// The file's size.
        bytes: u64,
        /// The kind of file.
        kind: &'static LogKind,
    },
    /// The file does not start as it should.
    #[error("line 1 is {found:?}, not the header of a file of {} ({}); {}", .kind.of, .kind.header, .kind.remedy)]
    Header {
        /// What stands in the first line.
        found: String,
        /// The kind of file.
        kind: &'static LogKind,
    },
    /// A line is not a row.
    #[error("line {line} is not a row of {}: {problem} in {found:?}; {}", .kind.of, .kind.remedy)]
    Row {
        /// Number of the line, from 1.
        line: u64,
        /// What is wrong with it.
        problem: String,
        /// The line.
        found: String,
        /// The kind of file.
        kind: &'static LogKind,
    },
    /// A row is missing, double or misplaced.
    #[error("line {line} has step {found} where {}; {}", .kind.expected(*.last), .kind.remedy)]
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
    /// The file ends before the step to resume from.
    #[error(
        "the {} end with step {last} but the run resumes after step {steps}; \
         {} or resume from an older checkpoint", .kind.of, .kind.remedy
    )]
    Missing {
        /// Steps that the resumed run has finished.
        steps: u64,
        /// The last step in the file.
        last: u64,
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

/// Appends records to a file, and keeps them at hand: 48 bytes for each step's losses. Rows are buffered; dropping the
/// log flushes them unchecked.
#[derive(Debug)]
pub struct StepLog<R> {
    path: PathBuf,
    /// The file, once there is one.
    out: Option<Writer<File>>,
    records: Vec<R>,
}

impl<R: StepRecord> StepLog<R> {
    /// Continues the file at `path` after `steps` finished steps.
    ///
    /// The rows of those steps stay as they are; all that follows is cut off, torn lines included. With `steps` 0 the
    /// file is started anew and need not exist; nor need it ever where not every step has a row.
    ///
    /// # Errors
    ///
    /// The file cannot be written, lacks some of the rows, or has others in their place; it is then left unchanged.
    pub fn resume(path: &Path, steps: u64) -> Result<Self, StepLogError> {
        let mut log = StepLog { path: path.to_owned(), out: None, records: Vec::new() };
        if !R::KIND.every_step && !path.exists() {
            return Ok(log);
        }
        if steps == 0 {
            log.begin()?;
            return Ok(log);
        }
        let mut file = OpenOptions::new().read(true).write(true).open(path)?;
        let mut rows = Rows::<_, R>::of(&file)?;
        let mut kept_bytes = rows.read_bytes;
        while rows.last_step < steps {
            match rows.next()? {
                Some(record) if R::step(&record) <= steps => log.records.push(record),
                _ => break,
            }
            kept_bytes = rows.read_bytes;
        }
        if R::KIND.every_step && rows.last_step < steps {
            return Err(StepLogError::Missing { steps, last: rows.last_step, kind: R::KIND });
        }
        file.set_len(kept_bytes)?;
        file.seek(SeekFrom::Start(kept_bytes))?;
        log.out = Some(writer(file));
        Ok(log)
    }

    /// Starts the file anew.
    fn begin(&mut self) -> io::Result<&mut Writer<File>> {
        let mut file = File::create(&self.path)?;
        writeln!(file, "{}", R::KIND.header)?;
        Ok(self.out.insert(writer(file)))
    }

    /// Adds a record.
    ///
    /// # Errors
    ///
    /// Its step is not one that may follow, a number is not finite, or the file cannot be written.
    pub fn append(&mut self, record: R) -> Result<(), StepLogError> {
        let (last, found, kind) = (self.records.last().map_or(0, R::step), record.step(), R::KIND);
        if !kind.follows(last, found) {
            return Err(StepLogError::OutOfTurn { last, found, kind });
        }
        if !record.is_finite() {
            return Err(StepLogError::NotFinite { step: found, kind });
        }
        let out = match &mut self.out {
            Some(out) => out,
            None => self.begin()?,
        };
        out.serialize(record).map_err(io::Error::from)?;
        self.records.push(record);
        Ok(())
    }

    /// Hands all rows to the operating system: other programs see them.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn flush(&mut self) -> io::Result<()> {
        self.out.as_mut().map_or(Ok(()), Writer::flush)
    }

    /// Brings all rows to the disk. Do this before a checkpoint that relies on them is written.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn sync(&mut self) -> io::Result<()> {
        self.flush()?;
        self.out.as_ref().map_or(Ok(()), |out| out.get_ref().sync_data())
    }

    /// All records, by rising step.
    pub fn records(&self) -> &[R] {
        &self.records
    }
}

/// All records of the file at `path`. A last line without line feed is still being written, or torn by a crash, and
/// left out.
///
/// # Errors
///
/// The file cannot be read, or some line is not a row that belongs there.
pub fn read<R: StepRecord>(path: &Path) -> Result<Vec<R>, StepLogError> {
    let file = File::open(path)?;
    let mut rows = Rows::of(&file)?;
    let mut records = Vec::new();
    while let Some(record) = rows.next()? {
        records.push(record);
    }
    Ok(records)
}

/// Writes rows; the header is there already.
pub(super) fn writer<W: Write>(out: W) -> Writer<W> {
    WriterBuilder::new().has_headers(false).from_writer(out)
}

/// Reads a log row by row.
pub(super) struct Rows<I, R> {
    input: I,
    /// Lines read, the header included.
    lines: u64,
    /// The step of the last row read, 0 before the first.
    last_step: u64,
    /// Bytes of the lines read.
    read_bytes: u64,
    records: PhantomData<R>,
}

impl<'a, R: StepRecord> Rows<BufReader<Take<&'a File>>, R> {
    fn of(file: &'a File) -> Result<Self, StepLogError> {
        let (bytes, limit) = (file.metadata()?.len(), R::KIND.max_bytes);
        if bytes > limit {
            return Err(StepLogError::TooLarge { bytes, kind: R::KIND });
        }
        Rows::new(BufReader::new(file.take(limit)))
    }
}

impl<I: BufRead, R: StepRecord> Rows<I, R> {
    pub(super) fn new(input: I) -> Result<Self, StepLogError> {
        let mut rows = Self { input, lines: 0, last_step: 0, read_bytes: 0, records: PhantomData };
        match rows.line()? {
            Some(line) if line == R::KIND.header => Ok(rows),
            line => Err(StepLogError::Header { found: line.unwrap_or_default(), kind: R::KIND }),
        }
    }

    /// The next record; none at the end or before a torn line.
    pub(super) fn next(&mut self) -> Result<Option<R>, StepLogError> {
        let Some(found) = self.line()? else {
            return Ok(None);
        };
        let (line, kind, last) = (self.lines, R::KIND, self.last_step);
        let record: R = parse(&found).map_err(|problem| StepLogError::Row { line, problem, found, kind })?;
        if !kind.follows(last, record.step()) {
            return Err(StepLogError::Order { line, last, found: record.step(), kind });
        }
        self.last_step = record.step();
        Ok(Some(record))
    }

    /// The next line without its line feed; none where no whole line follows.
    fn line(&mut self) -> Result<Option<String>, StepLogError> {
        let mut bytes = Vec::new();
        self.input.by_ref().take(MAX_LINE_BYTES).read_until(b'\n', &mut bytes)?;
        let is_whole = bytes.last() == Some(&b'\n');
        if !is_whole && (bytes.len() as u64) < MAX_LINE_BYTES {
            return Ok(None);
        }
        self.lines += 1;
        self.read_bytes += bytes.len() as u64;
        if is_whole {
            bytes.pop();
        }
        // Text that is not UTF-8 is no row; the replacement shows in the error where it was.
        Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
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
