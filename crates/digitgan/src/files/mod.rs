//! Files: written whole or not at all (`atomic`); weights read from them and written to them.

// Hidden: everything that is written goes through it; public for front ends that write files of their own.
#[doc(hidden)]
pub mod atomic;
pub(crate) mod capped;
mod weights;

pub use weights::WeightsFileError;

use crate::hash::sha256_hex;
use std::io;
use std::path::Path;

/// SHA-256 of the file at `path`, all of it, in hexadecimal.
///
/// # Errors
/// Those of reading.
pub fn sha256(path: &Path) -> io::Result<String> {
    Ok(sha256_hex(&std::fs::read(path)?))
}
