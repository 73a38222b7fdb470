//! A folder that is filled in a hidden place and gets its contents only when they are complete.
//!
//! Everything is written into a hidden folder within the data set's own, which loaders step over. When all is there,
//! its entries are moved out one by one, in an order in which no part of them looks like a data set: first those for testing, then
//! those for training, and the record last.
//!
//! The hidden folder says what it is a part of ([`Whole`]) and which chunks are finished ([`super::journal`]), so that the
//! same call goes on with it, whatever ended the first. One process at a time fills it: it holds a lock of the operating
//! system's, which goes with the process.

use super::error::GenerateError;
use super::formats;
use super::journal::Journal;
use super::plan::Plan;
use super::record::SetRecord;
use super::whole::Whole;
use crate::files::{atomic, capped};
use crate::load::generated::FILE_NAME;
use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// The name of the hidden folder. Earlier versions added the number of the process, and did not go on.
const HIDDEN: &str = ".unfinished";
/// The file within that says what it is a part of.
const WHOLE: &str = "whole.json";
/// Largest such file that is read.
const MAX_WHOLE_BYTES: u64 = 1 << 20;
const LOCK: &str = "lock";
const JOURNAL: &str = "finished.jsonl";

/// The folder; removed with all that is in it unless it was finished or holds a finished chunk.
pub(super) struct Staging {
    /// The data set's folder.
    out: PathBuf,
    /// The hidden folder within.
    hidden: PathBuf,
    /// Whether `out` was made for it.
    is_new: bool,
    keeps: bool,
    pub(super) journal: Journal,
    lock: Option<File>,
}

/// Checks that a data set can be put into `out`: there is nothing, an empty folder, or a data set of ours, which is to be the
/// same one, finished or not; and that files can be written there. Leaves no trace.
///
/// # Errors
/// When there is something else, or nothing can be written.
pub fn check_vacant(out: &Path) -> Result<(), GenerateError> {
    check_folder(out)?;
    if !is_begun(out) && SetRecord::read(out).is_some() { Ok(()) } else { check_entries(out) }
}

/// Whether there is an unfinished data set, or one that is not moved out yet.
pub(super) fn is_begun(out: &Path) -> bool {
    out.join(HIDDEN).exists()
}

fn check_folder(out: &Path) -> Result<(), GenerateError> {
    crate::files::check_folder(out).map_err(|source| match source.kind() {
        ErrorKind::NotADirectory => GenerateError::NotAFolder { path: out.to_owned() },
        _ => GenerateError::write(out)(source),
    })
}

/// Checks that there is room for the files of a data set that is not begun yet.
pub(super) fn check_room(out: &Path, plan: &Plan) -> Result<(), GenerateError> {
    let needed = plan.all_here() * formats::least_bytes(plan);
    match crate::files::free_bytes(out) {
        Some(free) if free < needed && !is_begun(out) => {
            Err(GenerateError::NoRoom { path: out.to_owned(), free, needed })
        }
        _ => Ok(()),
    }
}

fn check_entries(out: &Path) -> Result<(), GenerateError> {
    let entries = match fs::read_dir(out) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        entries => entries.map_err(GenerateError::write(out))?,
    };
    let path = || out.to_owned();
    let mut is_empty = true;
    for entry in entries {
        let name = entry.map_err(GenerateError::write(out))?.file_name();
        let name = name.to_string_lossy();
        if name.strip_prefix(HIDDEN).is_some_and(|rest| rest.starts_with('-')) {
            return Err(GenerateError::Unfinished { path: path(), left: name.into_owned() });
        }
        is_empty &= name == HIDDEN;
    }
    // All of it is drawn, and a part of it moved out already.
    let hidden = out.join(HIDDEN);
    let is_moving = hidden.join(FILE_NAME).exists() || hidden.join(WHOLE).exists() && out.join(FILE_NAME).exists();
    if is_empty || is_moving { Ok(()) } else { Err(GenerateError::NotEmpty { path: path() }) }
}

impl Staging {
    /// Begins an unfinished data set in `out`, or goes on with the one that is there.
    pub(super) fn take(out: &Path, whole: &Whole) -> Result<Self, GenerateError> {
        check_folder(out)?;
        check_entries(out)?;
        let (hidden, is_new) = (out.join(HIDDEN), !out.exists());
        fs::create_dir_all(&hidden).map_err(GenerateError::write(&hidden))?;
        let lock = lock(&hidden.join(LOCK)).map_err(|error| match error {
            TryLockError::WouldBlock => GenerateError::Busy { path: out.to_owned() },
            TryLockError::Error(source) => GenerateError::write(&hidden)(source),
        })?;
        // Who held the lock before may have finished since.
        check_entries(out)?;
        let record = hidden.join(WHOLE);
        // Without a record that can be read, the journal alone says what is there, and what it does not fit is drawn again.
        let there = if record.exists() { read_whole(&record)? } else { None };
        let begun = there.is_some();
        if let Some(there) = there {
            whole.check(out, &there, Some(&hidden))?;
        }
        let journal = Journal::open(hidden.join(JOURNAL))?;
        let staging = Staging { out: out.to_owned(), hidden, is_new, keeps: begun, journal, lock: Some(lock) };
        if !begun {
            let text = serde_json::to_string_pretty(whole).map_err(io::Error::other);
            let written = text.and_then(|text| atomic::write(&record, |file| writeln!(file, "{text}")));
            written.map_err(GenerateError::write(&record))?;
        }
        Ok(staging)
    }

    /// The folder to write into.
    pub(super) fn path(&self) -> &Path {
        &self.hidden
    }

    /// The record of the data set, if all of it is there and was only not moved out.
    pub(super) fn complete(&self) -> Option<SetRecord> {
        SetRecord::read(&self.hidden).or_else(|| SetRecord::read(&self.out))
    }

    /// Whether what is there is kept for a call that goes on.
    pub(super) fn keeps(&self) -> bool {
        self.keeps
    }

    /// Shows what was made, or keeps what is of use to a call that goes on.
    pub(super) fn conclude(
        self,
        made: Result<SetRecord, GenerateError>,
        names: &[String],
    ) -> Result<SetRecord, GenerateError> {
        match made {
            Ok(record) => {
                self.finish(names)?;
                Ok(record)
            }
            Err(error) if !error.leaves_parts() => {
                self.discard();
                Err(error)
            }
            Err(error) => Err(if self.keeps() { error.with_parts() } else { error }),
        }
    }

    /// From now on what is there is kept for a call that goes on.
    pub(super) fn keep(&mut self) {
        self.keeps = true;
    }

    /// What is there is of no use to anybody.
    pub(super) fn discard(mut self) {
        self.keeps = false;
    }

    /// Shows what is there: the entries of these names, in this order. Where it fails, the same call goes on with it.
    pub(super) fn finish(mut self, names: &[impl AsRef<Path>]) -> Result<(), GenerateError> {
        self.keep();
        for name in names {
            let (source, target) = (self.hidden.join(name.as_ref()), self.out.join(name.as_ref()));
            if source.exists() || !target.exists() {
                fs::rename(source, &target)
                    .map_err(GenerateError::write(&target))
                    .map_err(GenerateError::with_parts)?;
            }
        }
        (self.keeps, self.is_new) = (false, false);
        Ok(())
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        self.lock = None;
        // Where something failed, the error says more than these could.
        if !self.keeps {
            let _ = fs::remove_dir_all(&self.hidden);
        }
        if !self.keeps && self.is_new {
            let _ = fs::remove_dir(&self.out);
        }
    }
}

/// A file that this process alone has locked. Where the file system knows no locks, it goes without.
fn lock(path: &Path) -> Result<File, TryLockError> {
    // Opening a pipe would wait for ever.
    capped::check_regular(path).map_err(TryLockError::Error)?;
    let file = File::options().create(true).truncate(false).write(true).open(path).map_err(TryLockError::Error)?;
    match file.try_lock() {
        Err(TryLockError::Error(error)) if error.kind() == ErrorKind::Unsupported => {}
        outcome => outcome?,
    }
    Ok(file)
}

/// What the record says; none if it is damaged.
fn read_whole(path: &Path) -> Result<Option<Whole>, GenerateError> {
    let text = capped::read_text(path, MAX_WHOLE_BYTES).map_err(GenerateError::write(path))?;
    Ok(serde_json::from_str(&text).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate::error::GenerateError as E;
    use crate::generate::record::GeneratorRecord;
    use crate::model::Variant;
    use crate::run::manifest::Versions;

    fn whole(seed: u64) -> Whole {
        let generator = GeneratorRecord {
            sha256: "of its file".to_owned(),
            model: Variant::Cgan,
            trained_on: String::new(),
            step: 1,
        };
        Whole {
            plan: Plan { train: 10, seed, ..Plan::default() },
            class_names: vec!["a".to_owned()],
            generator,
            judge: None,
            versions: Versions { digitgan: "1".to_owned(), device: "cpu".to_owned() },
        }
    }

    #[test]
    fn a_place_must_be_vacant() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir_all(at("full/train")).unwrap();
        fs::create_dir_all(at("left/.unfinished-17")).unwrap();
        fs::create_dir_all(at("begun/.unfinished")).unwrap();
        fs::create_dir_all(at("both/.unfinished")).unwrap();
        fs::create_dir_all(at("empty")).unwrap();
        for file in ["file", "both/notes"] {
            fs::write(at(file), "").unwrap();
        }
        for vacant in ["nothing/there", "empty", "begun"] {
            assert!(check_vacant(&at(vacant)).is_ok(), "{vacant}");
        }
        assert!(!at("nothing").exists());
        for full in ["full", "both"] {
            assert!(matches!(check_vacant(&at(full)), Err(E::NotEmpty { .. })), "{full}");
        }
        assert!(matches!(check_vacant(&at("left")), Err(E::Unfinished { left, .. }) if left == ".unfinished-17"));
        for file in ["file", "file/inside"] {
            assert!(matches!(check_vacant(&at(file)), Err(E::NotAFolder { .. })), "{file}");
        }
    }

    #[test]
    fn nothing_stays_unless_it_is_worth_keeping() {
        let folder = tempfile::tempdir().unwrap();
        for (out, stays) in [(folder.path().join("new"), false), (folder.path().to_owned(), true)] {
            drop(Staging::take(&out, &whole(1)).unwrap());
            assert_eq!(out.exists(), stays);
            assert!(!stays || fs::read_dir(&out).unwrap().next().is_none());
        }
        let out = folder.path().join("new");
        Staging::take(&out, &whole(1)).unwrap().keep();
        let staging = Staging::take(&out, &whole(1)).unwrap();
        assert!(matches!(Staging::take(&out, &whole(1)), Err(E::Busy { .. })), "one at a time");
        drop(staging);
        let refused = Staging::take(&out, &whole(2)).err().expect("another seed is another data set");
        let E::OtherUnfinished { differences, .. } = &refused else { panic!("{refused}") };
        assert_eq!(differences, "its seed is 1, not 2");
        Staging::take(&out, &whole(1)).unwrap().discard();
        assert!(!out.join(HIDDEN).exists());
    }

    #[test]
    fn what_was_not_moved_out_to_the_end_is_moved_by_the_next() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("new");
        let staging = Staging::take(&out, &whole(1)).unwrap();
        fs::create_dir(staging.path().join("train")).unwrap();
        fs::write(staging.path().join("train/1"), "").unwrap();
        fs::write(staging.path().join(FILE_NAME), "{}").unwrap();
        assert!(!out.join("train").exists());
        // The second entry is not there.
        let names = ["train", "test", FILE_NAME];
        assert!(matches!(staging.finish(&names), Err(E::Write { path, .. }) if path.ends_with("test")));
        let staging = Staging::take(&out, &whole(1)).unwrap();
        fs::create_dir(staging.path().join("test")).unwrap();
        staging.finish(&names).unwrap();
        assert_eq!(fs::read_to_string(out.join(FILE_NAME)).unwrap(), "{}");
        assert_eq!(fs::read_dir(&out).unwrap().count(), 3);
        assert!(matches!(Staging::take(&out, &whole(1)), Err(E::NotEmpty { .. })));
    }
}
