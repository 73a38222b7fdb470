//! One request for a file to one mirror, and whether a failure is worth another try.

use super::events::{DataEvent, OnEvent};
use super::hashing::Hashing;
use super::open;
use super::remote::{MAX_DOWNLOAD_BYTES, RemoteFile};
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;
use std::time::Duration;
use ureq::{Agent, Body, http::Response};

/// The longest that one file may take from one mirror.
const WHOLE_FILE: Duration = Duration::from_secs(600);
/// Bytes moved between two progress events.
const CHUNK_BYTES: usize = 64 * 1024;

/// Why a mirror did not deliver.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
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
    /// Whether the mirror should be asked again; `stubborn`: even if it never answered.
    pub(super) fn is_worth_another_try(&self, stubborn: bool) -> bool {
        match self {
            Self::Unreached(_) => stubborn,
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
pub(super) struct Attempt<'a> {
    /// What is asked for.
    pub(super) file: &'a RemoteFile,
    /// Its name at the mirror.
    pub(super) name: &'a str,
    /// Where it lies.
    pub(super) url: &'a str,
    /// The longest that finding, reaching and hearing first from the mirror may take, each.
    pub(super) phase: Duration,
    /// The longest silence in the middle of the file.
    pub(super) stall: Duration,
}

impl Attempt<'_> {
    /// Downloads into `part` and checks what arrived.
    pub(super) fn run(&self, part: &Path, on_event: OnEvent) -> Result<(), Failure> {
        let response = self.agent().get(self.url).call().map_err(Failure::Unreached)?;
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
    fn store(&self, response: Response<Body>, part: &Path, on_event: OnEvent) -> Result<(), Failure> {
        let total = response.body().content_length();
        let mut out = File::create(part).map_err(Failure::Local)?;
        let mut body = response.into_body().into_reader();
        let mut chunk = vec![0; CHUNK_BYTES];
        let mut received = 0;
        loop {
            on_event(DataEvent::Download { file: self.name, url: self.url, received, total });
            let count = body.read(&mut chunk).map_err(|e| Failure::Passing(e.to_string()))?;
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
        let mut reader = Hashing::new(open::open(part).map_err(Failure::Local)?);
        // One byte more than expected is enough to know a file that is too long.
        let limit = self.file.bytes + 1;
        let bytes = io::copy(&mut reader.by_ref().take(limit), &mut io::sink()).map_err(damaged)?;
        let found = reader.finish();
        if bytes != self.file.bytes || found != self.file.sha256 {
            return Err(Failure::Lasting("it sent another file (the SHA-256 differs)".to_owned()));
        }
        Ok(())
    }
}
