//! `timing.json`: how long a training took, session by session.
//!
//! A session is what one process trained, up to its last checkpoint: what was lost with a killed process is not in it,
//! and is trained, and timed, again. Time is the one thing about a run that no seed decides, so it has a file of its
//! own.

use super::directory::RunDirectory;
use crate::files::{atomic, capped};
use serde::{Deserialize, Serialize};
use std::io;
use std::path::Path;
use std::time::Instant;

/// Largest record that is read.
const MAX_BYTES: u64 = 1 << 20;

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

    /// Reads the record at `path`; `None` if there is none, or it is something else: runs of earlier versions have
    /// none, and no training and no page fails for want of it.
    pub fn read(path: &Path) -> Option<Timing> {
        let timing: Timing = serde_json::from_slice(&capped::read(path, MAX_BYTES).ok()?).ok()?;
        timing.sessions.iter().all(|session| session.seconds >= 0.0).then_some(timing)
    }
}

/// Times a training, and keeps its record.
#[derive(Debug)]
pub struct Stopwatch {
    timing: Timing,
    started: Instant,
}

impl Stopwatch {
    /// Takes up the record of a run that goes on after `step`; one that begins has none yet.
    pub fn take_up(run: &RunDirectory, step: u64) -> Stopwatch {
        let earlier = if step > 0 { Timing::read(&run.timing()) } else { None };
        Stopwatch { timing: earlier.unwrap_or_default(), started: Instant::now() }
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
        let mut watch = Stopwatch::take_up(run, from);
        watch.begin(from, "cpu".to_owned(), 1);
        watch.record(run, to).unwrap();
        Timing::read(&run.timing()).unwrap()
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
    fn what_is_no_record_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let run = RunDirectory::new(folder.path());
        assert_eq!(Timing::read(&run.timing()), None);
        for text in ["", "{", "{\"sessions\": 3}", "\u{0}"] {
            std::fs::write(run.timing(), text).unwrap();
            assert_eq!(Timing::read(&run.timing()), None, "{text:?}");
        }
        assert_eq!(trained(&run, 3, 5).sessions.len(), 1, "and a training goes on without it");
    }
}
