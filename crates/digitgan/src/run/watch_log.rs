//! What the mode-collapse watch saw, as a CSV file that people can plot: `watch.csv`.
//!
//! One header, then a row for each look, by rising step. Appended to while a run goes on, and cut back to the checkpoint's
//! step when it is resumed, as `losses.csv`.

use crate::files::atomic;
use crate::train::CollapseRecord;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};

/// The first line of the file.
pub const HEADER: &str = "step,entropy,agreement,distance";
/// Largest file that is read.
const MAX_BYTES: u64 = 64 << 20;

/// Why a watch file cannot be read or continued.
#[derive(Debug, thiserror::Error)]
pub enum WatchLogError {
    /// Reading or writing failed.
    #[error("cannot access the watch file: {0}")]
    Io(#[from] io::Error),
    /// A line is not what it should be.
    #[error("line {line} of the watch file is {found:?}, no row of {HEADER}; delete the file to go on without it")]
    Row {
        /// Number of the line, from 1.
        line: usize,
        /// What stands there.
        found: String,
    },
}

/// Appends looks to a watch file.
#[derive(Debug)]
pub struct WatchLog {
    path: PathBuf,
    /// The file, once there is something in it.
    out: Option<File>,
    records: Vec<CollapseRecord>,
}

impl WatchLog {
    /// Continues the file at `path` after `steps` finished steps: later rows are cut off. A file that is not there is
    /// begun with the first row.
    ///
    /// # Errors
    /// The file cannot be written, or is something else.
    pub fn resume(path: &Path, steps: u64) -> Result<Self, WatchLogError> {
        let mut log = WatchLog { path: path.to_owned(), out: None, records: Vec::new() };
        if path.exists() {
            log.records = if steps == 0 { Vec::new() } else { read(path)?.unwrap_or_default() };
            log.records.retain(|record| record.step <= steps);
            log.begin()?;
        }
        Ok(log)
    }

    /// Writes the file anew, with the rows that there are.
    fn begin(&mut self) -> io::Result<&mut File> {
        atomic::write(&self.path, |out| {
            writeln!(out, "{HEADER}")?;
            self.records.iter().try_for_each(|record| write_row(out, record))
        })?;
        Ok(self.out.insert(OpenOptions::new().append(true).open(&self.path)?))
    }

    /// Adds a look.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn append(&mut self, record: CollapseRecord) -> io::Result<()> {
        let out = match &mut self.out {
            Some(out) => out,
            None => self.begin()?,
        };
        write_row(out, &record)?;
        self.records.push(record);
        Ok(())
    }

    /// Brings all rows to the disk.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn sync(&self) -> io::Result<()> {
        self.out.as_ref().map_or(Ok(()), File::sync_data)
    }

    /// All looks, by rising step.
    pub fn records(&self) -> &[CollapseRecord] {
        &self.records
    }
}

/// All looks of the file at `path`, but for a torn last line; `None` if there is no such file.
///
/// # Errors
/// The file cannot be read, or is something else.
pub fn read(path: &Path) -> Result<Option<Vec<CollapseRecord>>, WatchLogError> {
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        file => file?,
    };
    let mut text = String::new();
    BufReader::new(file).take(MAX_BYTES).read_to_string(&mut text)?;
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    let mut records: Vec<CollapseRecord> = Vec::new();
    for (line, found) in whole.as_bytes().lines().enumerate() {
        let found = found?;
        let wrong = || WatchLogError::Row { line: line + 1, found: found.chars().take(80).collect() };
        if line == 0 {
            if found != HEADER {
                return Err(wrong());
            }
            continue;
        }
        let record = parse(&found).ok_or_else(wrong)?;
        if records.last().is_some_and(|last| last.step >= record.step) {
            return Err(wrong());
        }
        records.push(record);
    }
    Ok(Some(records))
}

fn write_row(out: &mut (impl Write + ?Sized), record: &CollapseRecord) -> io::Result<()> {
    let CollapseRecord { step, entropy, agreement, distance } = record;
    let agreement = agreement.map_or(String::new(), |share| format!("{share:?}"));
    // One write, so that no other program sees half a row of ours.
    out.write_all(format!("{step},{entropy:?},{agreement},{distance:?}\n").as_bytes())
}

fn parse(row: &str) -> Option<CollapseRecord> {
    let mut fields = row.split(',');
    let record = CollapseRecord {
        step: fields.next()?.parse().ok()?,
        entropy: fields.next()?.parse().ok()?,
        agreement: match fields.next()? {
            "" => None,
            share => Some(share.parse().ok()?),
        },
        distance: fields.next()?.parse().ok()?,
    };
    fields.next().is_none().then_some(record)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(step: u64) -> CollapseRecord {
        let agreement = step.is_multiple_of(2).then_some(0.1);
        CollapseRecord { step, entropy: 1.0 / 3.0, agreement, distance: step as f32 }
    }

    #[test]
    fn what_is_appended_is_read_and_cut_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("watch.csv");
        assert!(read(&path).unwrap().is_none());
        let mut log = WatchLog::resume(&path, 0).unwrap();
        (1..=5).for_each(|step| log.append(record(10 * step)).unwrap());
        log.sync().unwrap();
        assert_eq!(read(&path).unwrap().unwrap(), (1..=5).map(|step| record(10 * step)).collect::<Vec<_>>());
        // A torn row, as a killed process leaves it.
        OpenOptions::new().append(true).open(&path).unwrap().write_all(b"60,0.5").unwrap();
        let log = WatchLog::resume(&path, 35).unwrap();
        assert_eq!(log.records(), [record(10), record(20), record(30)]);
        assert_eq!(read(&path).unwrap().unwrap(), log.records());
        assert!(WatchLog::resume(&path, 0).unwrap().records().is_empty());
    }

    #[test]
    fn other_files_are_refused_with_their_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("watch.csv");
        for (text, line) in [
            ("something else\n".to_owned(), 1),
            (format!("{HEADER}\n1,2,3\n"), 2),
            (format!("{HEADER}\n5,1,1,1\n5,1,1,1\n"), 3),
            (format!("{HEADER}\n5,x,1,1\n"), 2),
        ] {
            std::fs::write(&path, &text).unwrap();
            match read(&path) {
                Err(WatchLogError::Row { line: found, .. }) => assert_eq!(found, line, "{text:?}"),
                other => panic!("{text:?}: {other:?}"),
            }
        }
    }
}
