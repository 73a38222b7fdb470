//! Files that are looked at before they are opened, and read up to a size: what bears one of our names may be anything.

use std::fs::{self, File, FileType};
use std::io::{self, ErrorKind, Read};
use std::path::Path;

/// What [`irregular`] calls a directory.
pub(crate) const DIRECTORY: &str = "a directory";

/// Opens the file at `path` for reading, if it is a regular one: opening a named pipe waits for somebody at its other end,
/// and a device may have no end.
///
/// # Errors
///
/// Those of opening, and [`ErrorKind::InvalidInput`] where it is something else.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    refuse_irregular(fs::metadata(path)?.file_type())?;
    let file = File::open(path)?;
    // Once more, for the case that it was replaced meanwhile.
    refuse_irregular(file.metadata()?.file_type())?;
    Ok(file)
}

/// What is at `path` and is no regular file, in words; `None` where it is one, or nothing is there.
pub(crate) fn irregular(path: &Path) -> Option<&'static str> {
    match fs::metadata(path) {
        Ok(found) => irregular_type(found.file_type()),
        Err(_) => path.is_symlink().then_some("a link that leads nowhere"),
    }
}

/// Refuses what is there and no regular file, and links that lead nowhere.
pub(crate) fn check_regular(path: &Path) -> io::Result<()> {
    irregular(path).map_or(Ok(()), |what| Err(refused(what)))
}

fn refuse_irregular(found: FileType) -> io::Result<()> {
    irregular_type(found).map_or(Ok(()), |what| Err(refused(what)))
}

fn refused(what: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidInput, format!("it is {what}, not a regular file"))
}

fn irregular_type(found: FileType) -> Option<&'static str> {
    match found {
        _ if found.is_file() => None,
        _ if found.is_dir() => Some(DIRECTORY),
        _ => Some(special(found)),
    }
}

#[cfg(unix)]
fn special(found: FileType) -> &'static str {
    use std::os::unix::fs::FileTypeExt;
    match found {
        _ if found.is_fifo() => "a named pipe",
        _ if found.is_socket() => "a socket",
        _ => "a device",
    }
}

#[cfg(not(unix))]
fn special(_: FileType) -> &'static str {
    "something else"
}

/// The bytes of the file at `path`, if there are no more than `max`.
///
/// # Errors
///
/// Those of [`open`] and of reading, and [`ErrorKind::FileTooLarge`] where there are more.
pub(crate) fn read(path: &Path, max: u64) -> io::Result<Vec<u8>> {
    let file = open(path)?;
    let too_large = |bytes: String| {
        let message = format!("{bytes} bytes are too many, at most {max} are read");
        Err(io::Error::new(ErrorKind::FileTooLarge, message))
    };
    let size = file.metadata()?.len();
    if size > max {
        return too_large(size.to_string());
    }
    // The size that is told may be wrong: of the files below /proc it is 0.
    let mut bytes = Vec::new();
    file.take(max + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > max { too_large(format!("more than {max}")) } else { Ok(bytes) }
}

/// [`read`] for text.
///
/// # Errors
///
/// Those of [`read`], and [`ErrorKind::InvalidData`] where it is no UTF-8.
pub(crate) fn read_text(path: &Path, max: u64) -> io::Result<String> {
    let no_text = |_| io::Error::new(ErrorKind::InvalidData, "stream did not contain valid UTF-8");
    String::from_utf8(read(path, max)?).map_err(no_text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_file_is_read_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, "words").unwrap();
        assert_eq!(read_text(&path, 5).unwrap(), "words");
        let error = read(&path, 4).unwrap_err();
        assert_eq!(
            (error.kind(), error.to_string()),
            (ErrorKind::FileTooLarge, "5 bytes are too many, at most 4 are read".to_owned())
        );
        fs::write(&path, b"\xff").unwrap();
        assert_eq!(read(&path, 5).unwrap(), b"\xff");
        assert_eq!(read_text(&path, 5).unwrap_err().kind(), ErrorKind::InvalidData);
        assert_eq!(read(&folder.path().join("none"), 5).unwrap_err().kind(), ErrorKind::NotFound);
    }

    #[cfg(unix)]
    #[test]
    fn what_is_no_regular_file_is_not_opened() {
        let folder = tempfile::tempdir().unwrap();
        let [pipe, socket, link] = ["pipe", "socket", "link"].map(|name| folder.path().join(name));
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let _bound = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        std::os::unix::fs::symlink(&pipe, &link).unwrap();
        let cases: [(&Path, &str); 5] = [
            (&pipe, "a named pipe"),
            (&link, "a named pipe"),
            (&socket, "a socket"),
            (Path::new("/dev/zero"), "a device"),
            (folder.path(), "a directory"),
        ];
        for (path, what) in cases {
            let error = read(path, 1000).unwrap_err();
            assert_eq!(error.to_string(), format!("it is {what}, not a regular file"));
            assert_eq!(irregular(path), Some(what));
        }
        let none = folder.path().join("none");
        assert_eq!((irregular(&none), check_regular(&none).is_ok()), (None, true));
        let [gone, round] = ["gone", "round"].map(|name| folder.path().join(name));
        std::os::unix::fs::symlink("nowhere", &gone).unwrap();
        std::os::unix::fs::symlink("round", &round).unwrap();
        for link in [gone, round] {
            assert_eq!(irregular(&link), Some("a link that leads nowhere"));
            assert!(check_regular(&link).is_err());
        }
    }
}
