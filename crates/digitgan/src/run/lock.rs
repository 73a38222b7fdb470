//! One writer a run: whoever trains it holds an operating-system lock on a small file in its directory.
//!
//! The system releases the lock when the process ends, however it ends. The file itself stays: were it deleted, one process
//! could hold the lock of a file that is no longer there while another locks a new one. While somebody holds the lock, the
//! file says who; else it is empty, or names a process that was killed.

use super::directory::RunDirectory;
use super::notes::Note;
use crate::error::ErrorKind;
use crate::files::capped;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// How often a lock is tried, and the pause between: a process that was just killed takes a moment to be gone.
const TRIES: u32 = 5;
const PAUSE: Duration = Duration::from_millis(50);
/// Largest file that is read to see who holds the lock.
const MAX_BYTES: u64 = 1024;

/// The right to write into a run directory: as long as it lives, nobody else has it.
///
/// Readers need none: every file but the logs appears whole or not at all.
#[derive(Debug)]
pub struct RunLock {
    run: RunDirectory,
    file: File,
    /// Why there is no lock, where the file system knows none.
    unlocked: Option<String>,
}

/// Who trains a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The process.
    pub process: u32,
    /// When it began, such as `2026-01-31 17:05:00 UTC`.
    pub since: String,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "process {} since {}", self.process, self.since)
    }
}

/// Why a run cannot be written into.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LockError {
    /// Somebody trains it.
    #[error("{path} is being trained by {}", named(holder))]
    Held {
        /// The run.
        path: PathBuf,
        /// Who, if that could be read.
        holder: Option<Holder>,
    },
    /// The lock's file cannot be opened.
    #[error("cannot write {path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl LockError {
    /// What it is about.
    pub fn kind(&self) -> ErrorKind {
        match self {
            LockError::Held { .. } => ErrorKind::InUse,
            LockError::Io { .. } => ErrorKind::Files,
        }
    }
}

fn named(holder: &Option<Holder>) -> String {
    holder.as_ref().map_or("another process".to_owned(), Holder::to_string)
}

impl RunLock {
    /// Takes the lock of a run directory that is there.
    ///
    /// On a file system that knows no locks there is none to take, and [`RunLock::note`] says so.
    ///
    /// # Errors
    /// When somebody else holds it, or its file cannot be opened.
    pub fn take(run: &RunDirectory) -> Result<RunLock, LockError> {
        let path = run.lock();
        let io_error = |source| LockError::Io { path: path.clone(), source };
        if let Some(what) = capped::irregular(&path) {
            let reason = format!("it is {what}, not a regular file");
            return Err(io_error(io::Error::new(io::ErrorKind::InvalidInput, reason)));
        }
        // What stands in it is of use only to whoever fails to lock it.
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
        let file = file.map_err(io_error)?;
        let unlocked = match lock(&file) {
            Ok(()) => None,
            Err(TryLockError::WouldBlock) => return Err(held(run)),
            Err(TryLockError::Error(reason)) => Some(reason.to_string()),
        };
        let lock = RunLock { run: run.clone(), file, unlocked };
        if lock.unlocked.is_none() {
            // Only for messages: a full disk is noticed by what matters.
            let _ = lock.sign();
        }
        Ok(lock)
    }

    /// Checks that nobody trains a run, without a trace.
    ///
    /// # Errors
    /// [`LockError::Held`].
    pub fn check(run: &RunDirectory) -> Result<(), LockError> {
        let locked = capped::open(&run.lock()).is_ok_and(|file| matches!(lock(&file), Err(TryLockError::WouldBlock)));
        if locked { Err(held(run)) } else { Ok(()) }
    }

    /// The run that may be written into.
    pub fn run(&self) -> &RunDirectory {
        &self.run
    }

    /// What is to be told of it: that there is no lock, where the file system knows none.
    pub fn note(&self) -> Option<Note> {
        let reason = self.unlocked.clone()?;
        Some(Note::Unlocked { path: self.run.path().to_owned(), reason })
    }

    /// Writes who holds it.
    fn sign(&self) -> io::Result<()> {
        let holder = Holder { process: std::process::id(), since: utc(SystemTime::now()) };
        self.file.set_len(0)?;
        (&self.file).rewind()?;
        writeln!(&self.file, "{}", serde_json::to_string(&holder)?)
    }
}

impl Drop for RunLock {
    fn drop(&mut self) {
        if self.unlocked.is_none() {
            let _ = self.file.set_len(0);
        }
    }
}

/// Locks a file, in a moment or not at all.
fn lock(file: &File) -> Result<(), TryLockError> {
    for _ in 1..TRIES {
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => std::thread::sleep(PAUSE),
            done => return done,
        }
    }
    file.try_lock()
}

fn held(run: &RunDirectory) -> LockError {
    LockError::Held { path: run.path().to_owned(), holder: holder(&run.lock()) }
}

/// Who the file says holds its lock. (On Windows a locked file cannot be read.)
fn holder(path: &Path) -> Option<Holder> {
    serde_json::from_slice(&capped::read(path, MAX_BYTES).ok()?).ok()
}

/// A time as people write it, in universal time.
fn utc(time: SystemTime) -> String {
    let seconds = time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    // Years are counted from March, so that a leap day is the last of its year; 146,097 days are 400 years.
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let (day, month) = (day - (153 * month + 2) / 5 + 1, if month < 10 { month + 3 } else { month - 9 });
    let year = 400 * era + year + u64::from(month <= 2);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} UTC")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn one_writer_at_a_time_who_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let run = RunDirectory::new(folder.path());
        RunLock::check(&run).unwrap();
        assert!(!run.lock().exists(), "a check leaves no trace");
        let first = RunLock::take(&run).unwrap();
        assert_eq!(first.note(), None);
        for error in [RunLock::take(&run).unwrap_err(), RunLock::check(&run).unwrap_err()] {
            assert_eq!(error.kind(), ErrorKind::InUse);
            let text = error.to_string();
            assert!(text.contains("is being trained by process ") && text.ends_with(" UTC"), "{text}");
            assert!(text.contains(&format!(" {} ", std::process::id())), "{text}");
        }
        drop(first);
        assert_eq!(fs::read(run.lock()).unwrap(), b"", "nobody holds it");
        RunLock::check(&run).unwrap();
        // What a killed process leaves holds nothing.
        fs::write(run.lock(), "{\"process\": 1, \"since\": \"long ago\"}").unwrap();
        RunLock::check(&run).unwrap();
        drop(RunLock::take(&run).unwrap());
    }

    #[cfg(unix)]
    #[test]
    fn a_lock_that_is_no_regular_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let run = RunDirectory::new(folder.path());
        assert!(std::process::Command::new("mkfifo").arg(run.lock()).status().unwrap().success());
        let error = RunLock::take(&run).unwrap_err();
        assert!(error.to_string().ends_with("it is a named pipe, not a regular file"), "{error}");
        assert_eq!(error.kind(), ErrorKind::Files);
        RunLock::check(&run).unwrap();
    }

    #[test]
    fn dates_are_those_of_the_calendar() {
        for (seconds, text) in [
            (0, "1970-01-01 00:00:00 UTC"),
            (951_782_399, "2000-02-28 23:59:59 UTC"),
            (951_782_400, "2000-02-29 00:00:00 UTC"),
            (951_868_800, "2000-03-01 00:00:00 UTC"),
            (1_767_225_599, "2025-12-31 23:59:59 UTC"),
            (4_107_542_400, "2100-03-01 00:00:00 UTC"),
        ] {
            assert_eq!(utc(UNIX_EPOCH + Duration::from_secs(seconds)), text);
        }
    }
}
