//! Fetching one file from the first of several mirrors that delivers it whole.
//!
//! What arrives goes into a temporary file beside its place, is checked against the hash that is
//! known beforehand, and is renamed only then: a file under its own name is always a good one.
//! Mirrors take turns; one that fails for good (it has no such file, or another one) is not asked
//! again, one that merely stumbled is, after a pause. Proxies named in the environment are used.

use super::error::{DataError, one_line};
use super::source::{DataEvent, OnEvent};
use super::{idx, mnist};
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};
use ureq::{Agent, Body, http::Response};

/// The most bytes that are fetched for one file: above MNIST's largest, 9.9 MB.
pub const MAX_DOWNLOAD_BYTES: u64 = 16 * 1024 * 1024;
/// The longest that one file may take from one mirror.
const WHOLE_FILE: Duration = Duration::from_secs(600);
/// Bytes moved between two progress events.
const CHUNK_BYTES: usize = 64 * 1024;

/// A file that a mirror has, gzipped, and how to know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RemoteFile {
    /// Its name, without `.gz`.
    pub name: &'static str,
    /// How many bytes it has uncompressed.
    pub bytes: u64,
    /// SHA-256 of its uncompressed contents, in hexadecimal.
    pub sha256: &'static str,
}

/// Where to look for files, and for how long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mirrors {
    /// Folders of mirrors, each ending with `/`, in order of preference.
    pub urls: Vec<String>,
    /// The longest that finding, reaching and hearing first from a mirror may take, each.
    pub phase: Duration,
    /// The longest silence in the middle of a file.
    pub stall: Duration,
    /// How many times each mirror is asked for a file, at most.
    pub rounds: u32,
    /// The pause before the second round; it doubles for each further one.
    pub pause: Duration,
    /// If given, mirrors that cannot be reached are asked once, and together for about this long.
    pub reach: Option<Duration>,
}

impl Mirrors {
    /// The public mirrors, with the patience of somebody who asked for MNIST.
    pub fn patient() -> Self {
        Self {
            urls: mnist::MIRRORS.map(str::to_owned).to_vec(),
            phase: Duration::from_secs(10),
            stall: Duration::from_secs(20),
            rounds: 3,
            pause: Duration::from_secs(1),
            reach: None,
        }
    }

    /// The public mirrors, given up after about 10 seconds if none can be reached.
    pub fn brief() -> Self {
        Self {
            phase: Duration::from_secs(4),
            reach: Some(Duration::from_secs(10)),
            ..Self::patient()
        }
    }
}

/// Fetches `file` into `folder` as `NAME.gz` and says where it lies.
///
/// # Errors
/// [`DataError::Write`] if it cannot be stored, [`DataError::Download`] if no mirror delivers it.
pub fn fetch(
    file: &RemoteFile,
    folder: &Path,
    mirrors: &Mirrors,
    on_event: OnEvent,
) -> Result<PathBuf, DataError> {
    fs::create_dir_all(folder).map_err(DataError::write(folder))?;
    let name = format!("{}.gz", file.name);
    let target = folder.join(&name);
    let part = PartFile::create(&target)?;
    let mut fetch = Fetch {
        file,
        name,
        mirrors,
        part,
        started: Instant::now(),
        reached: false,
        on_event,
    };
    let mut asked: Vec<Mirror> = mirrors
        .urls
        .iter()
        .map(|url| Mirror::new(format!("{url}{}", fetch.name)))
        .collect();
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
    let reasons: Vec<_> = asked
        .iter()
        .map(|m| format!("{}: {}", m.url, m.reason))
        .collect();
    Err(DataError::Download {
        file: fetch.name,
        folder: folder.to_owned(),
        reason: reasons.join("; "),
    })
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
        let Some(phase) = self
            .mirrors
            .phase_left(self.started.elapsed(), self.reached)
        else {
            mirror.hopeful = false;
            return Ok(false);
        };
        let attempt = Attempt {
            file: self.file,
            name: &self.name,
            url: &mirror.url,
            phase,
            stall: self.mirrors.stall,
        };
        let failure = match attempt.run(&self.part.path, self.on_event) {
            Ok(()) => return Ok(true),
            Err(Failure::Local(source)) => return Err(DataError::write(&self.part.path)(source)),
            Err(failure) => failure,
        };
        self.reached |= !matches!(failure, Failure::Unreached(_));
        mirror.hopeful = failure.is_worth_another_try(self.mirrors);
        mirror.reason = one_line(&failure.to_string());
        (self.on_event)(DataEvent::MirrorFailed {
            file: &self.name,
            url: &mirror.url,
            reason: &mirror.reason,
        });
        Ok(false)
    }
}

impl Mirrors {
    /// How long a phase of the next attempt may take; none if the time is up.
    fn phase_left(&self, elapsed: Duration, reached: bool) -> Option<Duration> {
        match self.reach {
            Some(reach) if !reached => reach
                .checked_sub(elapsed)
                .filter(|left| !left.is_zero())
                .map(|left| left.min(self.phase)),
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
        Self {
            url,
            hopeful: true,
            reason: "not asked, for want of time".to_owned(),
        }
    }
}

/// Why a mirror did not deliver.
#[derive(Debug, thiserror::Error)]
enum Failure {
    /// It never answered.
    #[error("{0}")]
    Unreached(ureq::Error),
    /// It answered, and then something went wrong that may go right another time.
    #[error("{0}")]
    Passing(String),
    /// It answered, and would answer the same again.
    #[error("{0}")]
    Lasting(String),
    /// It is this machine that failed.
    #[error("{0}")]
    Local(io::Error),
}

impl Failure {
    fn is_worth_another_try(&self, mirrors: &Mirrors) -> bool {
        match self {
            Self::Unreached(_) => mirrors.reach.is_none(),
            Self::Passing(_) => true,
            Self::Lasting(_) | Self::Local(_) => false,
        }
    }

    /// A status that is not success: the server's trouble passes, a missing file does not.
    fn from_status(status: u16) -> Self {
        let reason = format!("the server answered with status {status}");
        match status {
            408 | 425 | 429 | 500.. => Self::Passing(reason),
            _ => Self::Lasting(reason),
        }
    }
}

/// One request for one file to one mirror.
struct Attempt<'a> {
    file: &'a RemoteFile,
    name: &'a str,
    url: &'a str,
    phase: Duration,
    stall: Duration,
}

impl Attempt<'_> {
    fn run(&self, part: &Path, on_event: OnEvent) -> Result<(), Failure> {
        let response = self
            .agent()
            .get(self.url)
            .call()
            .map_err(Failure::Unreached)?;
        let status = response.status();
        if !status.is_success() {
            return Err(Failure::from_status(status.as_u16()));
        }
        self.store(response, part, on_event)?;
        self.check(part)
    }

    fn agent(&self) -> Agent {
        let config = Agent::config_builder()
            .timeout_global(Some(WHOLE_FILE))
            .timeout_resolve(Some(self.phase))
            .timeout_connect(Some(self.phase))
            .timeout_recv_response(Some(self.phase))
            .timeout_per_read(Some(self.stall))
            .http_status_as_error(false)
            .user_agent(concat!("digitgan/", env!("CARGO_PKG_VERSION")));
        config.build().new_agent()
    }

    /// Copies the body into the part file.
    fn store(
        &self,
        response: Response<Body>,
        part: &Path,
        on_event: OnEvent,
    ) -> Result<(), Failure> {
        let total = response.body().content_length();
        let mut out = File::create(part).map_err(Failure::Local)?;
        let mut body = response.into_body().into_reader();
        let mut chunk = vec![0; CHUNK_BYTES];
        let mut received = 0;
        loop {
            on_event(DataEvent::Download {
                file: self.name,
                url: self.url,
                received,
                total,
            });
            let count = body
                .read(&mut chunk)
                .map_err(|e| Failure::Passing(e.to_string()))?;
            if count == 0 {
                break;
            }
            received += count as u64;
            if received > MAX_DOWNLOAD_BYTES {
                let reason = format!("it sends more than {MAX_DOWNLOAD_BYTES} bytes");
                return Err(Failure::Lasting(reason));
            }
            out.write_all(&chunk[..count]).map_err(Failure::Local)?;
        }
        // The rename must not reach the disk before the contents do.
        out.sync_all().map_err(Failure::Local)
    }

    /// Compares the contents of the part file with what is known of them.
    fn check(&self, part: &Path) -> Result<(), Failure> {
        let damaged = |e: io::Error| Failure::Passing(format!("what it sent is damaged: {e}"));
        let mut reader = Hashing::new(idx::open(part).map_err(Failure::Local)?);
        // One byte more than expected is enough to know a file that is too long.
        let limit = self.file.bytes + 1;
        let bytes = io::copy(&mut reader.by_ref().take(limit), &mut io::sink()).map_err(damaged)?;
        let found = reader.finish();
        if bytes != self.file.bytes || found != self.file.sha256 {
            return Err(Failure::Lasting(
                "it sent another file (the SHA-256 differs)".to_owned(),
            ));
        }
        Ok(())
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

/// A reader that hashes what passes through it.
pub(super) struct Hashing<R> {
    inner: R,
    hash: Sha256,
}

impl<R: Read> Hashing<R> {
    pub(super) fn new(inner: R) -> Self {
        Self {
            inner,
            hash: Sha256::new(),
        }
    }

    /// SHA-256 of everything that was read, in hexadecimal.
    pub(super) fn finish(self) -> String {
        self.hash
            .finalize()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(out)?;
        self.hash.update(&out[..count]);
        Ok(count)
    }
}
