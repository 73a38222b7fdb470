//! `timing.json`: how long a training took, session by session.
//!
//! A session is what one process trained, up to its last checkpoint: what was lost with a killed process is not in it,
//! and is trained, and timed, again. Time is the one thing about a run that no seed decides, so it has a file of its
//! own.

use super::aside;
use super::directory::RunDirectory;
use super::notes::Note;
use crate::error::ErrorKind;
use crate::files::{atomic, capped};
use serde::{Deserialize, Serialize};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Largest record that is read.
const MAX_BYTES: u64 = 1 << 20;
/// Longest session that is believed: a thousand years.
const MAX_SECONDS: f64 = 3.2e10;

/// How long a training took.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Timing {
    /// Its sessions, in their order.
    pub sessions: Vec<Session>,
}

/// What one process trained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Session {
    /// Steps that were finished before.
    pub first_step: u64,
    /// Steps that were finished with its last checkpoint.
    pub last_step: u64,
    /// Seconds from its start to its last checkpoint, pictures and files included.
    pub seconds: f64,
    /// Threads that it computed with.
    pub threads: usize,
    /// What computed, such as `cpu (avx512)`.
    pub device: String,
}

impl Timing {
    /// Seconds of all sessions.
    pub fn seconds(&self) -> f64 {
        self.sessions.iter().map(|session| session.seconds).sum()
    }

    /// Seconds of a step, the mean over all that were trained; `None` where there was none.
    pub fn seconds_per_step(&self) -> Option<f64> {
        let steps = self.sessions.iter().map(|session| session.last_step.saturating_sub(session.first_step));
        let steps = steps.fold(0u64, u64::saturating_add);
        (steps > 0).then(|| self.seconds() / steps as f64)
    }

    /// Reads the record at `path`; `None` if there is none: runs of earlier versions have none.
    ///
    /// # Errors
    /// A file that cannot be read or is something else.
    pub fn read(path: &Path) -> Result<Option<Timing>, TimingError> {
        let bytes = match capped::read(path, MAX_BYTES) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            read => read.map_err(|source| TimingError::Io { path: path.to_owned(), source })?,
        };
        let format = |reason| TimingError::Format { path: path.to_owned(), reason };
        let timing: Timing = serde_json::from_slice(&bytes).map_err(|error| format(error.to_string()))?;
        timing.sessions.iter().try_for_each(Session::check).map_err(format)?;
        Ok(Some(timing))
    }
}

impl Session {
    /// Whether its numbers can be: if not, which cannot.
    fn check(&self) -> Result<(), String> {
        let Session { first_step, last_step, seconds, .. } = *self;
        if !(0.0..=MAX_SECONDS).contains(&seconds) {
            return Err(format!("a session of {seconds:e} seconds, expected 0 to {MAX_SECONDS:e}"));
        }
        if first_step > last_step {
            return Err(format!("a session from step {first_step} back to step {last_step}"));
        }
        Ok(())
    }
}

/// Why a record of time cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TimingError {
    /// The file system refused.
    #[error("cannot read {path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Not a record of time.
    #[error("{path}: no record of time ({reason})")]
    Format {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
}

impl TimingError {
    /// What is wrong, without the file's name.
    pub(crate) fn reason(&self) -> String {
        match self {
            TimingError::Io { source, .. } => source.to_string(),
            TimingError::Format { reason, .. } => format!("no record of time ({reason})"),
        }
    }

    /// What it is about.
    pub fn kind(&self) -> ErrorKind {
        match self {
            TimingError::Io { .. } => ErrorKind::Files,
            TimingError::Format { .. } => ErrorKind::Damaged,
        }
    }
}

/// Times a training, and keeps its record.
#[derive(Debug)]
pub struct Stopwatch {
    timing: Timing,
    started: Instant,
}

impl Stopwatch {
    /// Takes up the record of a run that goes on after `step`; one that begins has none yet. A record that cannot be read is
    /// kept under another name. The second value is what is to be told.
    ///
    /// # Errors
    /// When such a record cannot be moved.
    pub fn take_up(run: &RunDirectory, step: u64) -> io::Result<(Stopwatch, Vec<Note>)> {
        let path = run.timing();
        let mut notes = Vec::new();
        let regular = capped::check_regular(&path);
        let regular = regular.map_err(|source| TimingError::Io { path: path.clone(), source });
        let earlier = regular.and_then(|()| Timing::read(&path)).or_else(|error| {
            let (problem, kept) = (error.reason(), aside::move_away(&path)?);
            notes.push(Note::MovedAway { path: path.clone(), problem, kept });
            Ok::<_, io::Error>(None)
        })?;
        let earlier = earlier.filter(|_| step > 0);
        if step > 0 && earlier.is_none() {
            notes.push(Note::Untimed { path, last: step });
        }
        Ok((Stopwatch { timing: earlier.unwrap_or_default(), started: Instant::now() }, notes))
    }

    /// Begins a session after `step` finished steps, on `threads` threads of `device`.
    pub fn begin(&mut self, step: u64, device: String, threads: usize) {
        self.timing.sessions.retain(|session| session.last_step > session.first_step);
        self.timing.sessions.push(Session { first_step: step, last_step: step, seconds: 0.0, threads, device });
        self.started = Instant::now();
    }

    /// Writes the record, the session so far included.
    ///
    /// # Errors
    /// Those of writing.
    pub fn record(&mut self, run: &RunDirectory, step: u64) -> io::Result<()> {
        if let Some(session) = self.timing.sessions.last_mut() {
            session.last_step = step;
            session.seconds = self.started.elapsed().as_secs_f64();
        }
        let text = serde_json::to_string_pretty(&self.timing).map_err(io::Error::other)?;
        atomic::write(&run.timing(), |out| writeln!(out, "{text}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trained(run: &RunDirectory, from: u64, to: u64) -> Timing {
        let (mut watch, _) = Stopwatch::take_up(run, from).unwrap();
        watch.begin(from, "cpu".to_owned(), 1);
        watch.record(run, to).unwrap();
        Timing::read(&run.timing()).unwrap().unwrap()
    }

    #[test]
    fn sessions_add_up_and_a_new_training_begins_a_new_record() {
        let folder = tempfile::tempdir().unwrap();
        let run = RunDirectory::new(folder.path());
        assert_eq!(trained(&run, 0, 4).sessions.len(), 1);
        let both = trained(&run, 4, 10);
        let steps: Vec<_> = both.sessions.iter().map(|session| (session.first_step, session.last_step)).collect();
        assert_eq!(steps, [(0, 4), (4, 10)]);
        assert!(both.seconds() >= both.sessions[1].seconds);
        assert_eq!(both.seconds_per_step(), Some(both.seconds() / 10.0));
        assert_eq!(trained(&run, 0, 2).sessions.len(), 1);
    }

    #[test]
    fn what_is_no_record_is_told_and_kept_and_no_training_fails_for_it() {
        let folder = tempfile::tempdir().unwrap();
        let run = RunDirectory::new(folder.path());
        assert_eq!(Timing::read(&run.timing()).unwrap(), None);
        let session = |fields: &str| format!("{{\"sessions\": [{{{fields}, \"threads\": 1, \"device\": \"cpu\"}}]}}");
        let cases = [
            (String::new(), "EOF"),
            ("{\"sessions\": 3}".to_owned(), "invalid type"),
            ("\0".to_owned(), "expected value"),
            (session("\"first_step\": 0, \"last_step\": 2, \"seconds\": 1e400"), "number out of range"),
            (session("\"first_step\": 0, \"last_step\": 2, \"seconds\": 1e308"), "1e308 seconds, expected 0 to 3.2e10"),
            (session("\"first_step\": 0, \"last_step\": 2, \"seconds\": -1"), "-1e0 seconds"),
            (session("\"first_step\": 3, \"last_step\": 2, \"seconds\": 1"), "from step 3 back to step 2"),
        ];
        for (number, (text, says)) in (1..).zip(cases) {
            std::fs::write(run.timing(), &text).unwrap();
            let error = Timing::read(&run.timing()).unwrap_err();
            assert!(error.to_string().contains(says), "{text:?}: {error}");
            assert_eq!(error.kind(), ErrorKind::Damaged);
            let (_, notes) = Stopwatch::take_up(&run, 3).unwrap();
            assert!(matches!(&notes[..], [Note::MovedAway { .. }, Note::Untimed { last: 3, .. }]), "{notes:?}");
            let kept = super::super::directory::damaged(&run.timing(), number);
            assert_eq!(std::fs::read_to_string(kept).unwrap(), text);
        }
        assert_eq!(trained(&run, 3, 5).sessions.len(), 1, "and a training goes on without it");
    }
}
