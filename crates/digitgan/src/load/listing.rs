//! What lies in a folder, always in the same order.

use super::error::{DataError, one_line};
use std::fs;
use std::path::{Path, PathBuf};

/// The entries of a folder, sorted by the bytes of their names; hidden ones are left out.
pub(super) fn list(folder: &Path) -> Result<Vec<PathBuf>, DataError> {
    entries(folder).map(|(shown, _)| shown)
}

/// The entries of a folder and the hidden ones, each sorted by the bytes of their names.
pub(super) fn entries(folder: &Path) -> Result<(Vec<PathBuf>, Vec<PathBuf>), DataError> {
    let metadata = fs::metadata(folder).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => DataError::NoSuchFolder { path: folder.to_owned() },
        _ => DataError::read(folder)(error),
    })?;
    if !metadata.is_dir() {
        let found = "no folder".to_owned();
        return Err(DataError::NotADataset { path: folder.to_owned(), found });
    }
    let mut entries = Vec::new();
    for entry in fs::read_dir(folder).map_err(DataError::read(folder))? {
        entries.push(entry.map_err(DataError::read(folder))?.path());
    }
    entries.sort_by(|a, b| file_name_bytes(a).cmp(file_name_bytes(b)));
    Ok(entries.into_iter().partition(|path| !is_hidden(path)))
}

/// Whether the name of a path begins with a dot.
pub(super) fn is_hidden(path: &Path) -> bool {
    file_name_bytes(path).starts_with(b".")
}

/// The last part of a path as text that fits into a line.
pub(super) fn file_name(path: &Path) -> String {
    one_line(&path.file_name().unwrap_or_default().to_string_lossy())
}

fn file_name_bytes(path: &Path) -> &[u8] {
    path.file_name().unwrap_or_default().as_encoded_bytes()
}
