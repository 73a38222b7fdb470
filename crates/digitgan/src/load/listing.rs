//! What lies in a folder, always in the same order.

use super::error::{DataError, one_line};
use std::fs;
use std::path::{Path, PathBuf};

/// The entries of a folder, sorted by the bytes of their names; hidden ones are left out.
pub(super) fn list(folder: &Path) -> Result<Vec<PathBuf>, DataError> {
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
        let entry = entry.map_err(DataError::read(folder))?;
        if !entry.file_name().as_encoded_bytes().starts_with(b".") {
            entries.push(entry.path());
        }
    }
    entries.sort_by(|a, b| file_name_bytes(a).cmp(file_name_bytes(b)));
    Ok(entries)
}

/// The hidden folders in a folder, sorted.
pub(super) fn hidden_folders(folder: &Path) -> Result<Vec<PathBuf>, DataError> {
    let entries = fs::read_dir(folder).map_err(DataError::read(folder))?;
    let hidden = entries.filter_map(Result::ok).filter(|entry| entry.file_name().as_encoded_bytes().starts_with(b"."));
    let mut folders: Vec<PathBuf> = hidden.map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    Ok(folders)
}

/// The last part of a path as text that fits into a line.
pub(super) fn file_name(path: &Path) -> String {
    one_line(&path.file_name().unwrap_or_default().to_string_lossy())
}

fn file_name_bytes(path: &Path) -> &[u8] {
    path.file_name().unwrap_or_default().as_encoded_bytes()
}
