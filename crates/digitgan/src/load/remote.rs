//! Remote files: their names and hashes, the mirrors that have them, and timeouts.

use std::time::Duration;

/// Public mirrors of MNIST's gzipped files.
pub const MIRRORS: [&str; 2] =
    ["https://ossci-datasets.s3.amazonaws.com/mnist/", "https://storage.googleapis.com/cvdf-datasets/mnist/"];

/// The most bytes that are fetched for one file: above MNIST's largest, 9.9 MB.
pub const MAX_DOWNLOAD_BYTES: u64 = 16 * 1024 * 1024;

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
            urls: MIRRORS.map(str::to_owned).to_vec(),
            phase: Duration::from_secs(10),
            stall: Duration::from_secs(20),
            rounds: 3,
            pause: Duration::from_secs(1),
            reach: None,
        }
    }

    /// The public mirrors, given up after about 10 seconds if none can be reached.
    pub fn brief() -> Self {
        Self { phase: Duration::from_secs(4), reach: Some(Duration::from_secs(10)), ..Self::patient() }
    }
}
