//! Reading NPZ files, NumPy's archives: ZIP files of NPY files.

use super::array::Array;
use super::error::ArrayError;
use super::npy;
use super::open::{INPUT_BYTES, open_regular};
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;
use zip::ZipArchive;
use zip::result::ZipError;

/// The most entries of an archive that is read.
const MAX_ENTRIES: usize = 1000;
const ENDING: &str = ".npy";

fn archive(path: &Path) -> io::Result<ZipArchive<BufReader<File>>> {
    ZipArchive::new(BufReader::with_capacity(INPUT_BYTES, open_regular(path)?)).map_err(into_io)
}

fn into_io(error: ZipError) -> io::Error {
    match error {
        ZipError::Io(error) => error,
        other => io::Error::new(io::ErrorKind::InvalidData, other.to_string()),
    }
}

/// The names of the arrays in an archive, in their order there.
pub(super) fn entries(path: &Path) -> io::Result<Vec<String>> {
    let archive = archive(path)?;
    if archive.len() > MAX_ENTRIES {
        return Err(io::Error::new(io::ErrorKind::InvalidData, format!("its {} entries are too many", archive.len())));
    }
    let names = archive.file_names().filter_map(Result::ok);
    Ok(names.filter_map(|name| name.strip_suffix(ENDING).map(str::to_owned)).collect())
}

/// Reads one array of an archive with `read`.
pub(super) fn read<T>(
    path: &Path,
    entry: &str,
    read: impl FnOnce(Array<Box<dyn Read + Send + '_>>) -> Result<T, ArrayError>,
) -> Result<T, ArrayError> {
    within(path, entry, |bytes| read(npy::header(bytes)?))
}

/// Type and shape of one array of an archive.
pub(super) fn describe(path: &Path, entry: &str) -> Result<String, ArrayError> {
    within(path, entry, npy::describe)
}

/// What `read` makes of the bytes of one array of an archive.
fn within<T>(
    path: &Path,
    entry: &str,
    read: impl FnOnce(Box<dyn Read + Send + '_>) -> Result<T, ArrayError>,
) -> Result<T, ArrayError> {
    let mut archive = archive(path)?;
    let file = archive.by_name(&format!("{entry}{ENDING}")).map_err(into_io)?;
    read(Box::new(file))
}
