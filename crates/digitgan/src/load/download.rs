//! Fetching one file from the first of several mirrors that delivers it whole.
//!
//! What arrives goes into a temporary file beside its place, is checked against the hash that is
//! known beforehand, and is renamed only then: a file under its own name is always a good one.
//! Mirrors take turns; one that fails for good (it has no such file, or another one) is not asked
//! again, one that merely stumbled is, after a pause. Proxies named in the environment are used.

use super::attempt::{Attempt, Failure};
use super::error::{DataError, one_line};
use super::events::{DataEvent, OnEvent};
use super::remote::{Mirrors, RemoteFile};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

/// Fetches `file` into `folder` as `NAME.gz` and says where it lies.
///
/// # Errors
/// [`DataError::Write`] if it cannot be stored, [`DataError::Download`] if no mirror delivers it.
pub fn fetch(file: &RemoteFile, folder: &Path, mirrors: &Mirrors, on_event: OnEvent) -> Result<PathBuf, DataError> {
    fs::create_dir_all(folder).map_err(DataError::write(folder))?;
    let name = format!("{}.gz", file.name);
    let target = folder.join(&name);
    let part = PartFile::create(&target)?;
    let mut fetch = Fetch { file, name, mirrors, part, started: Instant::now(), reached: false, on_event };
    let mut asked: Vec<Mirror> = mirrors.urls.iter().map(|url| Mirror::new(format!("{url}{}", fetch.name))).collect();
    for round in 0..mirrors.rounds {
        if round > 0 && asked.iter().any(|mirror| mirror.hopeful) {
            thread::sleep(mirrors.pause * 2u32.saturating_pow(round - 1));
        }
        for mirror in asked.iter_mut().filter(|mirror| mirror.hopeful) {
            if fetch.ask(mirror)? {
                return fetch.part.keep_as(target);
            }
        }
    }
    let reasons: Vec<_> = asked.iter().map(Mirror::summary).collect();
    Err(DataError::Download { file: fetch.name, folder: folder.to_owned(), reason: reasons.join("; ") })
}

/// One file being fetched.
struct Fetch<'a> {
    file: &'a RemoteFile,
    /// Its name at the mirrors.
    name: String,
    mirrors: &'a Mirrors,
    part: PartFile,
    started: Instant,
    /// Whether any mirror has answered.
    reached: bool,
    on_event: OnEvent<'a>,
}

impl Fetch<'_> {
    /// Asks `mirror` once, and says whether the part file is now the file.
    fn ask(&mut self, mirror: &mut Mirror) -> Result<bool, DataError> {
        let Some(phase) = self.mirrors.phase_left(self.started.elapsed(), self.reached) else {
            mirror.hopeful = false;
            return Ok(false);
        };
        let attempt = Attempt { file: self.file, name: &self.name, url: &mirror.url, phase, stall: self.mirrors.stall };
        let failure = match attempt.run(&self.part.path, self.on_event) {
            Ok(()) => return Ok(true),
            Err(Failure::Local(source)) => return Err(DataError::write(&self.part.path)(source)),
            Err(failure) => failure,
        };
        self.reached |= !matches!(failure, Failure::Unreached(_));
        mirror.hopeful = failure.is_worth_another_try(self.mirrors.reach.is_none());
        mirror.reason = one_line(&failure.to_string());
        (self.on_event)(DataEvent::MirrorFailed { file: &self.name, url: &mirror.url, reason: &mirror.reason });
        Ok(false)
    }
}

impl Mirrors {
    /// How long a phase of the next attempt may take; none if the time is up.
    fn phase_left(&self, elapsed: Duration, reached: bool) -> Option<Duration> {
        match self.reach {
            Some(reach) if !reached => {
                reach.checked_sub(elapsed).filter(|left| !left.is_zero()).map(|left| left.min(self.phase))
            }
            _ => Some(self.phase),
        }
    }
}

/// A mirror in the course of one fetch.
struct Mirror {
    url: String,
    /// Whether it is worth asking again.
    hopeful: bool,
    /// Its last failure.
    reason: String,
}

impl Mirror {
    fn new(url: String) -> Self {
        Self { url, hopeful: true, reason: "not asked, for want of time".to_owned() }
    }

    /// Its host and its last failure: what comes after the host is the same for all of them.
    fn summary(&self) -> String {
        let address = self.url.split_once("://").map_or(&*self.url, |(_, rest)| rest);
        let host = address.split('/').next().unwrap_or(address);
        format!("{host}: {}", self.reason)
    }
}

/// A temporary file beside its place, removed unless it is kept.
struct PartFile {
    path: PathBuf,
}

impl PartFile {
    /// The number of this process keeps two that download at once apart.
    fn create(target: &Path) -> Result<Self, DataError> {
        let path = target.with_extension(format!("gz.{}.part", std::process::id()));
        File::create(&path).map_err(DataError::write(&path))?;
        Ok(Self { path })
    }

    fn keep_as(self, target: PathBuf) -> Result<PathBuf, DataError> {
        fs::rename(&self.path, &target).map_err(DataError::write(&target))?;
        Ok(target)
    }
}

impl Drop for PartFile {
    fn drop(&mut self) {
        // It is gone where it was kept; where it cannot be removed nothing can be done about it.
        let _ = fs::remove_file(&self.path);
    }
}
