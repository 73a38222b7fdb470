//! Files that are whole: written in one step ([`atomic`]), and weights read from them and written to them.

pub mod atomic;
mod weights;

pub use weights::WeightsFileError;

use sha2::{Digest, Sha256};
use std::io;
use std::path::Path;

/// SHA-256 of the file at `path`, all of it, in hexadecimal.
///
/// # Errors
/// Those of reading.
pub fn sha256(path: &Path) -> io::Result<String> {
    Ok(Sha256::digest(std::fs::read(path)?).iter().map(|byte| format!("{byte:02x}")).collect())
}
