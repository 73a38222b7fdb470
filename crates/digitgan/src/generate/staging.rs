//! A folder that is filled in a hidden place and gets its contents only when they are complete.
//!
//! Everything is written into a hidden folder within the data set's own, which loaders step over. When all is there,
//! its entries are moved out one by one, in an order in which no part of them looks like a data set: first those for testing, then
//! those for training, and the record last.

use super::error::GenerateError;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process;

/// What the name of the hidden folder begins with.
const HIDDEN: &str = ".unfinished-";

/// The folder; removed with all that is in it unless it was finished.
pub(super) struct Staging {
    /// The data set's folder.
    out: PathBuf,
    /// The hidden folder within.
    hidden: PathBuf,
    /// Whether `out` was made for it.
    is_new: bool,
    /// What was moved out already.
    moved: Vec<PathBuf>,
}

/// Checks that a data set can be put into `out`: there is nothing, or an empty folder.
///
/// # Errors
/// When there is something.
pub fn check_vacant(out: &Path) -> Result<(), GenerateError> {
    let path = out.to_owned();
    let entries = match fs::read_dir(out) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) if error.kind() == ErrorKind::NotADirectory => return Err(GenerateError::NotAFolder { path }),
        Err(source) => return Err(GenerateError::Write { path, source }),
    };
    let mut is_empty = true;
    for entry in entries {
        let left = entry.map_err(GenerateError::write(out))?.file_name();
        if left.as_encoded_bytes().starts_with(HIDDEN.as_bytes()) {
            return Err(GenerateError::Unfinished { path, left: left.to_string_lossy().into_owned() });
        }
        is_empty = false;
    }
    if is_empty { Ok(()) } else { Err(GenerateError::NotEmpty { path }) }
}

impl Staging {
    pub(super) fn new(out: &Path) -> Result<Self, GenerateError> {
        check_vacant(out)?;
        let is_new = !out.exists();
        fs::create_dir_all(out).map_err(GenerateError::write(out))?;
        let hidden = out.join(format!("{HIDDEN}{}", process::id()));
        let staging = Staging { out: out.to_owned(), hidden, is_new, moved: Vec::new() };
        fs::create_dir(&staging.hidden).map_err(GenerateError::write(&staging.hidden))?;
        Ok(staging)
    }

    /// The folder to write into.
    pub(super) fn path(&self) -> &Path {
        &self.hidden
    }

    /// Shows what is there: the entries of these names, in this order.
    pub(super) fn finish(mut self, names: &[&str]) -> Result<(), GenerateError> {
        for name in names {
            let target = self.out.join(name);
            fs::rename(self.hidden.join(name), &target).map_err(GenerateError::write(&target))?;
            self.moved.push(target);
        }
        fs::remove_dir(&self.hidden).map_err(GenerateError::write(&self.hidden))?;
        (self.is_new, self.moved) = (false, Vec::new());
        Ok(())
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        // Something failed already, with an error that says more than these could.
        for path in self.moved.iter().rev() {
            let _ = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
        }
        let _ = fs::remove_dir_all(&self.hidden);
        if self.is_new {
            let _ = fs::remove_dir(&self.out);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate::error::GenerateError as E;

    #[test]
    fn a_place_must_be_vacant() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir_all(at("full/train")).unwrap();
        fs::create_dir_all(at("left/.unfinished-17")).unwrap();
        fs::create_dir_all(at("empty")).unwrap();
        fs::write(at("file"), "").unwrap();
        assert!(check_vacant(&at("nothing/there")).is_ok() && check_vacant(&at("empty")).is_ok());
        assert!(matches!(check_vacant(&at("full")), Err(E::NotEmpty { .. })));
        assert!(matches!(check_vacant(&at("left")), Err(E::Unfinished { left, .. }) if left == ".unfinished-17"));
        assert!(matches!(check_vacant(&at("file")), Err(E::NotAFolder { .. })));
    }

    #[test]
    fn nothing_shows_until_all_is_there_and_nothing_stays_if_it_fails() {
        let folder = tempfile::tempdir().unwrap();
        for (out, stays) in [(folder.path().join("new"), false), (folder.path().to_owned(), true)] {
            let staging = Staging::new(&out).unwrap();
            fs::create_dir(staging.path().join("train")).unwrap();
            fs::write(staging.path().join("train/1"), "").unwrap();
            assert!(!out.join("train").exists());
            // The second entry is not there: the first goes again.
            assert!(
                matches!(staging.finish(&["train", "record"]), Err(E::Write { path, .. }) if path.ends_with("record"))
            );
            assert_eq!(out.exists(), stays);
            assert!(!stays || fs::read_dir(&out).unwrap().next().is_none());
        }
        let out = folder.path().join("new");
        let staging = Staging::new(&out).unwrap();
        fs::write(staging.path().join("record"), "whole").unwrap();
        staging.finish(&["record"]).unwrap();
        assert_eq!(fs::read_to_string(out.join("record")).unwrap(), "whole");
        assert_eq!(fs::read_dir(&out).unwrap().count(), 1);
    }
}
