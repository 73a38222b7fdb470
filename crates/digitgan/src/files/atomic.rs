//! Files that appear whole or not at all.
//!
//! A checkpoint or a picture that was half written when the machine stopped is worse than none:
//! it looks finished. So the bytes go to a temporary file beside the target, reach the disk, and
//! only then take the target's name, which file systems do in one step. Whoever reads the name
//! sees the old file or the new one, never a mixture.

use std::fs::{self, File};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::Path;
use tempfile::{Builder, NamedTempFile};

/// Letters and digits that tell a temporary file from others beside it.
const RANDOM_LETTERS: usize = 12;

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
    let file = temporary(path)?;
    let mut out = BufWriter::new(file.as_file());
    write(&mut out)?;
    out.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
    file.persist(path)?;
    sync_folder(folder_of(path))
}

/// Removes from `folder` what writes left that were killed halfway: its temporary files of those targets that are `ours`
/// by the first 40 characters of their names. Nobody else may be writing these.
///
/// # Errors
///
/// Those of the file system.
pub fn remove_leftovers(folder: &Path, ours: impl Fn(&str) -> bool) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_str().and_then(target_of).is_some_and(&ours) && entry.file_type()?.is_file() {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// The folder that holds `path`; `.` for a bare file name.
pub(super) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// A new file beside `target`, with a hidden name and the permissions of any new file, that is removed when dropped.
fn temporary(target: &Path) -> io::Result<NamedTempFile> {
    let name = target
        .file_name()
        .ok_or_else(|| io::Error::new(ErrorKind::InvalidInput, "the path to write to names no file"))?;
    // File names are limited to 255 bytes nearly everywhere; the target's may use them all.
    let name: String = name.to_string_lossy().chars().take(40).collect();
    let prefix = format!(".{name}.");
    let mut builder = Builder::new();
    builder.prefix(&prefix).suffix(".tmp").rand_bytes(RANDOM_LETTERS);
    // Opened here: `tempfile` would let only its owner read it, and put its name into errors.
    builder.make_in(folder_of(target), |path| File::create_new(path))
}

/// The beginning of its target's name, if a file name is one of [`temporary`]'s, or of those that earlier versions used:
/// process id and a count.
fn target_of(name: &str) -> Option<&str> {
    let (target, random) = name.strip_prefix('.')?.strip_suffix(".tmp")?.rsplit_once('.')?;
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_earlier = random.split_once('-').is_some_and(|(process, count)| is_number(process) && is_number(count));
    let is_ours = random.len() == RANDOM_LETTERS && random.bytes().all(|byte| byte.is_ascii_alphanumeric());
    (is_earlier || is_ours).then_some(target)
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
        // What a killed process leaves, and what one of earlier versions left.
        temporary(&folder.path().join("file.bin")).unwrap().keep().unwrap();
        let old = ".file.bin.1234-5.tmp";
        for name in [old, "file.bin", ".hidden", ".file.tmp", ".file.1-x.tmp", "file.1-2.tmp", ".a.ABCdef01234.tmp"] {
            fs::write(folder.path().join(name), "x").unwrap();
        }
        assert_eq!(names(folder.path()).len(), 8);
        fs::create_dir(folder.path().join(".folder.1-2.tmp")).unwrap();
        remove_leftovers(folder.path(), |target| target != "file.bin").unwrap();
        assert_eq!(names(folder.path()).len(), 9, "nothing is ours");
        remove_leftovers(folder.path(), |target| target == "file.bin").unwrap();
        let kept = [
            ".a.ABCdef01234.tmp",
            ".file.1-x.tmp",
            ".file.tmp",
            ".folder.1-2.tmp",
            ".hidden",
            "file.1-2.tmp",
            "file.bin",
        ];
        assert_eq!(names(folder.path()), kept);
    }

    #[cfg(unix)]
    #[test]
    fn permissions_are_those_of_any_new_file_and_links_are_replaced() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = tempfile::tempdir().unwrap();
        let [path, plain, link] = ["file.bin", "plain", "link"].map(|name| folder.path().join(name));
        write(&path, |out| out.write_all(b"x")).unwrap();
        fs::write(&plain, "x").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode(&path), mode(&plain));
        symlink(&plain, &link).unwrap();
        write(&link, |out| out.write_all(b"y")).unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_file());
        assert_eq!(fs::read(&plain).unwrap(), b"x");
    }

    #[test]
    fn errors_are_the_systems_own() {
        let folder = tempfile::tempdir().unwrap();
        let error = write(&folder.path().join("no/file"), |_| Ok(())).unwrap_err();
        assert_eq!(
            (error.kind(), error.to_string()),
            (ErrorKind::NotFound, "No such file or directory (os error 2)".into())
        );
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
