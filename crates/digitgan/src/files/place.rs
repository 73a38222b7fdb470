//! Whether something can be written in a place, found out before the work whose result goes there, and without a trace.
//!
//! What the answer is worth: a place can fill up or change while the work is done, so writing may fail all the same.

use std::ffi::OsStr;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// Links that are followed one after the other.
const MAX_LINKS: usize = 40;

/// Checks that files can be written into the folder at `path`, which need not be there yet.
///
/// # Errors
/// [`ErrorKind::NotADirectory`] where it or what is above is no folder, a link that leads nowhere, and those of writing.
pub fn check_folder(path: &Path) -> io::Result<()> {
    // What is below must be made, so everything depends on the first that is there.
    let there = lowest_there(path)?;
    let found = fs::metadata(&there).map_err(|error| match error.kind() {
        ErrorKind::NotFound => io::Error::new(ErrorKind::NotFound, "it is a link that leads nowhere"),
        _ => error,
    })?;
    if !found.is_dir() {
        return Err(ErrorKind::NotADirectory.into());
    }
    // Without a name where the system can do that, else removed at once.
    tempfile::tempfile_in(&there).map(drop)
}

/// Checks that a file can be written to `path`, whose folder is there. A link is followed, also where its file is not there
/// yet. What is no regular file, such as a pipe, is left alone.
///
/// # Errors
/// [`ErrorKind::IsADirectory`] where it is a folder, [`ErrorKind::NotFound`] where its folder is not there, and those of
/// writing.
pub fn check_file(path: &Path) -> io::Result<()> {
    if path.file_name().is_none() {
        return Err(io::Error::new(ErrorKind::InvalidInput, "the path names no file"));
    }
    let mut path = path.to_owned();
    for _ in 0..MAX_LINKS {
        let Ok(target) = fs::read_link(&path) else { break };
        path = folder_of(&path).join(target);
    }
    match fs::metadata(&path) {
        Ok(there) if there.is_dir() => Err(ErrorKind::IsADirectory.into()),
        Ok(there) if !there.is_file() => Ok(()),
        _ => fs::metadata(folder_of(&path)).and_then(|_| check_folder(folder_of(&path))),
    }
}

/// Bytes that are free where `path` is or would be, if the system tells.
pub fn free_bytes(path: &Path) -> Option<u64> {
    fs4::available_space(lowest_there(path).ok()?).ok()
}

/// The lowest of a path and the folders above it that is there, links that lead nowhere included.
fn lowest_there(path: &Path) -> io::Result<PathBuf> {
    let mut there = path;
    loop {
        match fs::symlink_metadata(there) {
            Ok(_) => return Ok(there.to_owned()),
            // Below a file nothing is there either, and the file is what is to be told of.
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {}
            Err(error) => return Err(error),
        }
        let above = folder_of(there);
        if above == there || there == Path::new(".") {
            return Err(ErrorKind::NotFound.into());
        }
        there = above;
    }
}

/// The folder that holds `path`; `.` for a bare name.
fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder.as_os_str() == OsStr::new("") => Path::new("."),
        Some(folder) => folder,
        None => path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_told_apart_and_left_as_they_were() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("folder")).unwrap();
        fs::write(at("file"), "old").unwrap();
        for (name, as_folder, as_file) in [
            ("folder", None, Some(ErrorKind::IsADirectory)),
            ("folder/new", None, None),
            ("new/deep/down", None, Some(ErrorKind::NotFound)),
            ("file", Some(ErrorKind::NotADirectory), None),
            ("file/inside", Some(ErrorKind::NotADirectory), Some(ErrorKind::NotADirectory)),
            ("file/deep/inside", Some(ErrorKind::NotADirectory), Some(ErrorKind::NotADirectory)),
        ] {
            let kind = |checked: io::Result<()>| checked.err().map(|error| error.kind());
            assert_eq!((kind(check_folder(&at(name))), kind(check_file(&at(name)))), (as_folder, as_file), "{name}");
        }
        assert!(check_folder(Path::new("not/there")).is_ok() && check_file(Path::new("bare")).is_ok());
        assert!(check_file(Path::new("/")).is_err() && check_file(Path::new("..")).is_err());
        let names: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!((names.len(), fs::read_dir(at("folder")).unwrap().count()), (2, 0), "{names:?}");
        assert_eq!(fs::read_to_string(at("file")).unwrap(), "old");
        assert!(free_bytes(&at("new/deep")).is_none_or(|bytes| bytes > 0));
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed() {
        use std::os::unix::fs::symlink;
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for (link, target) in [("here", "new"), ("gone", "no/where"), ("loop", "loop"), ("dev", "/dev/null")] {
            symlink(target, at(link)).unwrap();
        }
        assert!(check_file(&at("here")).is_ok() && check_file(&at("dev")).is_ok());
        assert!(check_folder(&at("gone")).is_err() && check_folder(&at("gone/inside")).is_err());
        assert!(check_folder(&at("loop")).is_err());
    }

    /// Where nobody may make files, whoever asks.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_folder_that_takes_no_files_is_refused() {
        for path in ["/proc/sys", "/proc/sys/new"] {
            assert!(
                check_folder(Path::new(path)).is_err() && check_file(&Path::new(path).join("file")).is_err(),
                "{path}"
            );
        }
    }
}
