//! A folder that takes its name when all is in it.
//!
//! It is filled under a hidden name beside its place and renamed as a whole, so whoever sees it sees all of it. A process that
//! is killed leaves the hidden folder.

use super::error::ConvertError;
use crate::files::capped;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The folder; removed unless it was finished.
pub(crate) struct Place {
    out: PathBuf,
    hidden: PathBuf,
}

impl Place {
    /// Begins a folder that is to be `out`, where there is nothing, or an empty folder.
    pub(crate) fn take(out: &Path) -> Result<Place, ConvertError> {
        check_vacant(out)?;
        let failed = || ConvertError::write(out);
        let parent = out.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let name = out.file_name().ok_or_else(|| failed()(ErrorKind::InvalidInput.into()))?;
        fs::create_dir_all(parent).map_err(ConvertError::write(parent))?;
        let name: String = name.to_string_lossy().chars().take(40).collect();
        let mut builder = tempfile::Builder::new();
        let prefix = format!(".{name}.");
        builder.prefix(&prefix).suffix(".unfinished");
        // Made here: `tempfile` would let only its owner read it, and remove it as a file.
        let hidden = builder.make_in(parent, |path| fs::create_dir(path)).map_err(failed())?;
        let hidden = hidden.into_temp_path().keep().map_err(|error| failed()(error.error))?;
        Ok(Place { out: out.to_owned(), hidden })
    }

    /// The folder to write into.
    pub(crate) fn path(&self) -> &Path {
        &self.hidden
    }

    /// Gives the folder its name.
    pub(crate) fn finish(self) -> Result<(), ConvertError> {
        let failed = || ConvertError::write(&self.out);
        match fs::remove_dir(&self.out) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(failed()(error)),
            _ => {}
        }
        fs::rename(&self.hidden, &self.out).map_err(failed())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // After `finish` there is no such folder; else something failed already, with an error that says more.
        let _ = fs::remove_dir_all(&self.hidden);
    }
}

/// Checks that no pipe, device or socket is at `out`: nobody should remove these.
pub(super) fn check_ordinary(out: &Path) -> Result<(), ConvertError> {
    let special = out.exists().then(|| capped::irregular(out)).flatten().filter(|_| !out.is_dir());
    special.map_or(Ok(()), |found| Err(ConvertError::Special { path: out.to_owned(), found }))
}

/// Checks that there is nothing at `out`, or an empty folder.
pub(crate) fn check_vacant(out: &Path) -> Result<(), ConvertError> {
    match fs::read_dir(out).map(|mut entries| entries.next().is_none()) {
        Ok(true) => Ok(()),
        Ok(false) => Err(ConvertError::NotVacant { path: out.to_owned() }),
        Err(error) if error.kind() == ErrorKind::NotFound => check_absent(out),
        Err(error) if error.kind() == ErrorKind::NotADirectory => Err(ConvertError::NotVacant { path: out.to_owned() }),
        Err(error) => Err(ConvertError::write(out)(error)),
    }
}

/// Checks that nothing is at `out`, not even a link that leads nowhere.
pub(super) fn check_absent(out: &Path) -> Result<(), ConvertError> {
    match fs::symlink_metadata(out) {
        Ok(_) => Err(ConvertError::NotVacant { path: out.to_owned() }),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(ConvertError::write(out)(error)),
    }
}
