//! Files: written whole or not at all (`atomic`), or where people want them ([`output`]), places for them looked at beforehand
//! (`place`); weights read from them and written to them.

// Hidden: everything that is written goes through it; public for front ends that write files of their own.
#[doc(hidden)]
pub mod atomic;
pub(crate) mod capped;
pub mod output;
mod place;
mod weights;

pub use place::{check_file, check_folder, free_bytes};
pub use weights::WeightsFileError;

use crate::hash::sha256_hex;
use std::io;
use std::path::Path;

/// SHA-256 of the file of weights at `path`, all of it, in hexadecimal.
///
/// # Errors
/// Those of reading, and a file that is larger than weights are or is no regular one.
pub fn sha256(path: &Path) -> io::Result<String> {
    Ok(sha256_hex(&capped::read(path, crate::weights::MAX_BYTES)?))
}
