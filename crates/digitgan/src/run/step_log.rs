//! A log of records by rising step, as a CSV file that people can plot: `losses.csv`, `watch.csv`.
//!
//! One header, then one row for each record. Floats are written as the shortest text that reads back as the same
//! number, so they are exact; what a model does not have is an empty field.
//!
//! The file is appended to while a run goes on and cut back to the checkpoint's step when a run is resumed. As
//! everything else in training is deterministic, the file of a run that was interrupted is in the end byte for byte
//! that of one that was not.
//!
//! A run goes on from its checkpoints alone: a log that is damaged is mended as far as it can be (`survey`), what cannot
//! be read is kept beside it, and steps without a row stay a gap.

use super::aside;
use super::notes::Note;
use super::survey::{StepLogError, StepRecord, survey, writer};
use crate::files::{atomic, capped};
use csv::Writer;
use std::fs::{File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// Appends records to a file, and keeps them at hand: 48 bytes for each step's losses. Rows are buffered; dropping the
/// log flushes them unchecked.
#[derive(Debug)]
pub struct StepLog<R> {
    path: PathBuf,
    /// The file, once there is one.
    out: Option<Writer<File>>,
    records: Vec<R>,
    /// The step after which the next record belongs.
    last_step: u64,
    notes: Vec<Note>,
}

impl<R: StepRecord> StepLog<R> {
    /// Continues the file at `path` after `steps` finished steps.
    ///
    /// The rows of those steps stay as they are; all that follows is cut off, torn lines included. With `steps` 0 the
    /// file is started anew and need not exist; nor need it ever where not every step has a row. A file that is damaged
    /// is written anew with the rows that can be read, and kept as it was if something in it cannot: see
    /// [`StepLog::notes`].
    ///
    /// # Errors
    ///
    /// The file cannot be read or written.
    pub fn resume(path: &Path, steps: u64) -> Result<Self, StepLogError> {
        let mut log =
            StepLog { path: path.to_owned(), out: None, records: Vec::new(), last_step: steps, notes: Vec::new() };
        if let Some(what) = capped::irregular(path) {
            log.move_away(format!("it is {what}, not a regular file"))?;
        } else if let Some(error) = too_large::<R>(path, steps) {
            log.move_away(error.to_string())?;
        }
        if steps == 0 && (R::KIND.every_step || path.exists()) {
            log.begin()?;
        } else if path.exists() {
            log.take_up(steps)?;
        } else if R::KIND.every_step {
            log.begin()?;
            log.notes.extend(gap::<R>(path, &[], steps));
        }
        Ok(log)
    }

    /// Goes on with the file that is there.
    fn take_up(&mut self, steps: u64) -> Result<(), StepLogError> {
        let path = self.path.clone();
        // Opened for both: what cannot be written is to be left as it is.
        let mut file = OpenOptions::new().read(true).write(true).open(&path)?;
        let found = survey::<R>(&file, steps)?;
        if let Some(bytes) = found.whole_bytes {
            file.set_len(bytes)?;
        } else {
            if let Some(problem) = found.problem {
                let (problem, lines) = (problem.to_string(), found.lost);
                let kept = if lines > 0 || found.sorted { Some(aside::keep(&path)?) } else { None };
                self.notes.push(Note::Mended { path: path.clone(), problem, lines, kept });
            }
            atomic::write(&path, |out| {
                writeln!(out, "{}", R::KIND.header)?;
                let mut rows = writer(out);
                found.records.iter().try_for_each(|record| rows.serialize(record).map_err(io::Error::from))?;
                rows.flush()
            })?;
            file = OpenOptions::new().write(true).open(&path)?;
        }
        file.seek(SeekFrom::End(0))?;
        self.out = Some(writer(file));
        self.notes.extend(found.unread.map(|steps| unread::<R>(&path, steps)));
        self.notes.extend(gap::<R>(&path, &found.records, steps));
        self.records = found.records;
        Ok(())
    }

    fn move_away(&mut self, problem: String) -> io::Result<()> {
        let (path, kept) = (self.path.clone(), aside::move_away(&self.path)?);
        self.notes.push(Note::MovedAway { path, problem, kept });
        Ok(())
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
        let (last, found, kind) = (self.last_step, record.step(), R::KIND);
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
        self.last_step = found;
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

    /// What was wrong with the file when it was taken up, and what was done about it.
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }
}

/// All records of the file at `path`. A last line without line feed is still being written, or torn by a crash, and
/// left out.
///
/// # Errors
///
/// The file cannot be read, or some line is not a row that belongs there.
pub fn read<R: StepRecord>(path: &Path) -> Result<Vec<R>, StepLogError> {
    let file = capped::open(path)?;
    if let Some(error) = too_large::<R>(path, 0) {
        return Err(error);
    }
    let found = survey(&file, u64::MAX)?;
    found.problem.map_or(Ok(found.records), Err)
}

/// What is to be told of the file at `path` of a run of `steps` steps, which is left as it is. Nothing is told of a file
/// that is not there and need not be.
pub fn check<R: StepRecord>(path: &Path, steps: u64) -> Vec<Note> {
    let unreadable = |problem: StepLogError| Note::Unreadable { path: path.to_owned(), problem: problem.to_string() };
    let surveyed = |file: File| match too_large::<R>(path, steps) {
        Some(error) => Err(error),
        None => Ok(survey::<R>(&file, steps)?),
    };
    let found = match capped::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound && !path.is_symlink() => {
            return gap::<R>(path, &[], steps).into_iter().collect();
        }
        opened => opened.map_err(StepLogError::from).and_then(surveyed),
    };
    match found {
        Err(error) => vec![unreadable(error)],
        Ok(found) => {
            let damage = found.problem.map(unreadable);
            let gaps = found.unread.map(|steps| unread::<R>(path, steps));
            damage.into_iter().chain(gaps).chain(gap::<R>(path, &found.records, steps)).collect()
        }
    }
}

/// The steps from the first to the last among which lines could not be read.
fn unread<R: StepRecord>(path: &Path, (first, last): (u64, u64)) -> Note {
    Note::Gap { path: path.to_owned(), of: R::KIND.of, first, last, steps: last - first + 1 }
}

/// The steps up to `steps` that have no record, where every step has one.
fn gap<R: StepRecord>(path: &Path, records: &[R], steps: u64) -> Option<Note> {
    let missing = steps.saturating_sub(records.len() as u64);
    if !R::KIND.every_step || missing == 0 {
        return None;
    }
    // The first step that its own place does not have, from either end.
    let same = |(place, record): &(u64, &R)| record.step() == *place;
    let first = 1 + (1..).zip(records).take_while(same).count() as u64;
    let last =
        steps - (0..records.len()).map(|i| steps - i as u64).zip(records.iter().rev()).take_while(same).count() as u64;
    Some(Note::Gap { path: path.to_owned(), of: R::KIND.of, first, last, steps: missing })
}

fn too_large<R: StepRecord>(path: &Path, steps: u64) -> Option<StepLogError> {
    let (bytes, kind) = (path.metadata().ok()?.len(), R::KIND);
    (bytes > kind.most_bytes(steps)).then_some(StepLogError::TooLarge { bytes, kind })
}
