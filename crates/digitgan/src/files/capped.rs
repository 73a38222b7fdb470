//! Files that are read whole, but only up to a size: a file by one of our names may hold anything.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::Path;

/// The bytes of the file at `path`, if there are no more than `max`.
///
/// # Errors
///
/// Those of reading, and [`ErrorKind::FileTooLarge`] where there are more.
pub(crate) fn read(path: &Path, max: u64) -> io::Result<Vec<u8>> {
    let file = File::open(path)?;
    let too_large = |bytes: String| {
        let message = format!("{bytes} bytes are too many, at most {max} are read");
        Err(io::Error::new(ErrorKind::FileTooLarge, message))
    };
    let size = file.metadata()?.len();
    if size > max {
        return too_large(size.to_string());
    }
    // The size that is told may be wrong: of a pipe it is 0.
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
    fn a_file_without_end_is_not_read_to_its_end() {
        assert_eq!(read(Path::new("/dev/zero"), 1000).unwrap_err().kind(), ErrorKind::FileTooLarge);
    }
}
