//! Files that appear whole or not at all.
//!
//! A checkpoint or a picture that was half written when the machine stopped is worse than none:
//! it looks finished. So the bytes go to a temporary file beside the target, reach the disk, and
//! only then take the target's name, which file systems do in one step. Whoever reads the name
//! sees the old file or the new one, never a mixture.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};

/// How many leftovers of other processes with our process id are stepped over before giving up.
const TEMPORARY_NAMES: usize = 100;

/// Replaces the file at `path` with what the closure `write` writes, in one step.
///
/// The closure gets a buffered writer. When it returns, the bytes are flushed and synced to the
/// disk, the file takes its name, and on Unix the folder is synced too, so that a finished call
/// survives a power cut. A symbolic link at `path` is replaced, not followed.
///
/// # Errors
///
/// Whatever the closure returns, or the error of the operation that failed. The old file is then
/// untouched and the temporary file gone; also after a panic in the closure.
pub fn write(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let (temporary, file) = Temporary::create(path)?;
    let mut out = BufWriter::new(file);
    write(&mut out)?;
    let file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.sync_all()?;
    // Windows does not rename an open file.
    drop(file);
    temporary.rename_to(path)?;
    sync_folder(folder_of(path))
}

/// Removes from `folder` what writes left that were killed halfway: its temporary files. Nobody else may be
/// writing there.
///
/// # Errors
///
/// Those of the file system.
pub fn remove_leftovers(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_str().is_some_and(is_temporary) && entry.file_type()?.is_file() {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// The folder that holds `path`; `.` for a bare file name.
fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// A file beside the target that is removed unless it was renamed.
struct Temporary {
    path: PathBuf,
    renamed: bool,
}

impl Temporary {
    fn create(target: &Path) -> io::Result<(Self, File)> {
        let name = target
            .file_name()
            .ok_or_else(|| io::Error::new(ErrorKind::InvalidInput, "the path to write to names no file"))?;
        for _ in 0..TEMPORARY_NAMES {
            let path = folder_of(target).join(temporary_name(&name.to_string_lossy()));
            match OpenOptions::new().write(true).create_new(true).open(&path) {
                Ok(file) => {
                    return Ok((Self { path, renamed: false }, file));
                }
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Err(io::Error::new(
            ErrorKind::AlreadyExists,
            "the folder is full of unfinished temporary files; remove its .*.tmp files",
        ))
    }

    fn rename_to(mut self, target: &Path) -> io::Result<()> {
        fs::rename(&self.path, target)?;
        self.renamed = true;
        Ok(())
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if !self.renamed {
            // The write already failed with an error of its own, which says more than this one.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// A hidden name that no other write of this process uses, nor any process beside it.
fn temporary_name(name: &str) -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    // File names are limited to 255 bytes nearly everywhere; the target's may use them all.
    let name: String = name.chars().take(40).collect();
    format!(".{name}.{}-{}.tmp", process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}

/// Whether a file name is one of [`temporary_name`]'s, of whatever process.
fn is_temporary(name: &str) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let parts = name.strip_prefix('.').and_then(|name| name.strip_suffix(".tmp"));
    let numbers = parts.and_then(|name| name.rsplit_once('.')?.1.split_once('-'));
    numbers.is_some_and(|(process, count)| is_number(process) && is_number(count))
}

#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    match File::open(folder)?.sync_all() {
        // Some network file systems cannot sync folders. The file itself is safe by now.
        Err(e) if matches!(e.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported) => Ok(()),
        result => result,
    }
}

#[cfg(not(unix))]
fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::panic::{AssertUnwindSafe, catch_unwind};

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn writes_and_replaces_and_leaves_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file.bin");
        write(&path, |out| out.write_all(b"old")).unwrap();
        write(&path, |out| out.write_all(b"new and longer")).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new and longer");
        assert_eq!(names(folder.path()), ["file.bin"]);
    }

    #[test]
    fn the_old_file_is_there_until_the_new_one_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file.bin");
        write(&path, |out| out.write_all(b"old")).unwrap();
        write(&path, |out| {
            out.write_all(&[7; 100_000])?;
            assert_eq!(fs::read(&path)?, b"old");
            assert_eq!(names(folder.path()).len(), 2);
            out.write_all(b"end")
        })
        .unwrap();
        assert_eq!(fs::read(&path).unwrap().len(), 100_003);
    }

    #[test]
    fn a_failed_or_panicking_write_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file.bin");
        write(&path, |out| out.write_all(b"old")).unwrap();
        let error = write(&path, |out| {
            out.write_all(b"half")?;
            Err(io::Error::other("disk on fire"))
        })
        .unwrap_err();
        assert_eq!(error.to_string(), "disk on fire");
        let panic = catch_unwind(AssertUnwindSafe(|| write(&path, |_| panic!("bug"))));
        assert!(panic.is_err());
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(names(folder.path()), ["file.bin"]);
    }

    #[test]
    fn a_target_that_cannot_be_replaced_leaves_no_temporary_file() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("folder");
        fs::create_dir(&target).unwrap();
        assert!(write(&target, |out| out.write_all(b"x")).is_err());
        assert_eq!(names(folder.path()), ["folder"]);
    }

    #[test]
    fn leftovers_go_and_other_files_stay() {
        let folder = tempfile::tempdir().unwrap();
        let left = temporary_name("file.bin");
        for name in [left.as_str(), "file.bin", ".hidden", ".file.tmp", ".file.1-x.tmp", "file.1-2.tmp"] {
            fs::write(folder.path().join(name), "x").unwrap();
        }
        fs::create_dir(folder.path().join(".folder.1-2.tmp")).unwrap();
        remove_leftovers(folder.path()).unwrap();
        let kept = [".file.1-x.tmp", ".file.tmp", ".folder.1-2.tmp", ".hidden", "file.1-2.tmp", "file.bin"];
        assert_eq!(names(folder.path()), kept);
    }

    #[test]
    fn long_names_missing_folders_and_nameless_paths() {
        let folder = tempfile::tempdir().unwrap();
        let long = folder.path().join("ñ".repeat(127));
        write(&long, |out| out.write_all(b"x")).unwrap();
        assert!(write(&folder.path().join("no/file"), |_| Ok(())).is_err());
        assert!(write(Path::new("/"), |_| Ok(())).is_err());
        assert_eq!(folder_of(Path::new("file")), Path::new("."));
    }
}
