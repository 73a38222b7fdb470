//! Files at places that people choose. What is no regular file there, such as a pipe or a device, is written into; a link
//! is followed; a file that holds something else is left alone.

use super::{atomic, check_file};
use crate::error::ErrorKind;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// Where paths name what is open already: replacing such a file would take it from whoever has it open.
const OPEN_ALREADY: [&str; 4] = ["/dev/fd", "/dev/stdout", "/dev/stderr", "/proc"];
/// Links that lead to links: as many as Linux follows.
const MAX_LINKS: usize = 40;
/// Bytes at the beginning of a file that tell what it is.
const BEGINNING: u64 = 512;

/// What a file holds.
///
/// ```
/// use digitgan::files::output::FileKind;
///
/// assert_eq!(FileKind::Png.extension(), "png");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// A picture.
    Png,
    /// An animation.
    Gif,
    /// An animation that is a PNG file too.
    Apng,
    /// A picture, nearly.
    Jpeg,
    /// A drawing.
    Svg,
    /// Weights.
    Safetensors,
    /// What was measured of digits, a row each (`convert::measures_table`).
    Measures,
    /// A network, with its weights.
    Onnx,
}

impl FileKind {
    /// The extension of its names, without the dot.
    pub fn extension(self) -> &'static str {
        match self {
            FileKind::Png => "png",
            FileKind::Gif => "gif",
            FileKind::Apng => "apng",
            FileKind::Jpeg => "jpg",
            FileKind::Svg => "svg",
            FileKind::Safetensors => "safetensors",
            FileKind::Measures => "csv",
            FileKind::Onnx => "onnx",
        }
    }

    /// What such a file is called.
    fn name(self) -> &'static str {
        match self {
            FileKind::Png => "a PNG file",
            FileKind::Apng => "a PNG file",
            FileKind::Gif => "a GIF file",
            FileKind::Jpeg => "a JPEG file",
            FileKind::Svg => "an SVG file",
            FileKind::Safetensors => "a safetensors file",
            FileKind::Measures => "a table of measures",
            FileKind::Onnx => "an ONNX model",
        }
    }
}

/// Why nothing can be written to a place.
///
/// ```
/// use digitgan::files::output::{self, FileKind, OutputError};
///
/// let error = output::check("notes.txt".as_ref(), FileKind::Png).unwrap_err();
/// assert!(matches!(error, OutputError::Extension { .. }));
/// assert_eq!(error.to_string(), "notes.txt: a PNG file is written, so the name must end in .png");
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OutputError {
    /// The name is that of a file of another kind.
    #[error("{path}: {} is written, so the name must end in .{}", kind.name(), kind.extension())]
    Extension {
        /// The place.
        path: PathBuf,
        /// What would be written.
        kind: FileKind,
    },
    /// A file is there that is not of the kind that would be written.
    #[error("{path} is {found}, not {}, and is not overwritten", kind.name())]
    Foreign {
        /// The place.
        path: PathBuf,
        /// What is there, in words.
        found: &'static str,
        /// What would be written.
        kind: FileKind,
    },
    /// The file system refused.
    #[error("cannot write {path}: {source}")]
    Write {
        /// The place.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl OutputError {
    /// What it is about.
    pub fn kind(&self) -> ErrorKind {
        match self {
            OutputError::Extension { .. } => ErrorKind::Input,
            OutputError::Foreign { .. } => ErrorKind::InUse,
            OutputError::Write { .. } => ErrorKind::Files,
        }
    }
}

/// Whether a file of this kind can be put there, as far as that shows without writing: to be asked before the work.
///
/// # Errors
/// A place that [`write()`] refuses.
pub fn check(path: &Path, kind: FileKind) -> Result<(), OutputError> {
    let refused = |source| OutputError::Write { path: path.to_owned(), source };
    if path.as_os_str().as_encoded_bytes().ends_with(b"/") {
        return Err(refused(io::ErrorKind::IsADirectory.into()));
    }
    let Place::File(file) = Place::find(path).map_err(refused)? else { return Ok(()) };
    for name in [path, &file] {
        check_name(name, kind)?;
    }
    match kind_of_file(&file).map_err(refused)? {
        Some(found) if found != kind.name() => Err(OutputError::Foreign { path: path.to_owned(), found, kind }),
        Some(_) => Ok(()),
        None => fs::metadata(atomic::folder_of(&file)).map(drop).map_err(refused),
    }?;
    check_file(&file).map_err(refused)
}

/// Whether a file of this kind may have such a name.
///
/// # Errors
/// An extension of another kind.
pub fn check_name(path: &Path, kind: FileKind) -> Result<(), OutputError> {
    match path.extension() {
        Some(extension) if !extension.eq_ignore_ascii_case(kind.extension()) => {
            Err(OutputError::Extension { path: path.to_owned(), kind })
        }
        _ => Ok(()),
    }
}

/// Writes the bytes of a file to a place that a person chose: whole or not at all where a file is to be.
///
/// # Errors
/// A name or a file there of another kind, and those of the file system.
pub fn write(path: &Path, kind: FileKind, bytes: &[u8]) -> Result<(), OutputError> {
    check(path, kind)?;
    put(path, bytes).map_err(|source| OutputError::Write { path: path.to_owned(), source })
}

/// [`write()`] for callers that know what they replace.
pub(crate) fn put(path: &Path, bytes: &[u8]) -> io::Result<()> {
    match Place::find(path)? {
        Place::File(file) => atomic::write(&file, |out| out.write_all(bytes)),
        Place::Stream => {
            let mut stream = OpenOptions::new().write(true).open(path)?;
            stream.write_all(bytes)?;
            stream.flush()
        }
    }
}

/// What is at a path.
enum Place {
    /// A pipe, a device, or a file that somebody has open.
    Stream,
    /// A file that is there or can be made, with links followed.
    File(PathBuf),
}

impl Place {
    fn find(path: &Path) -> io::Result<Place> {
        match fs::metadata(path) {
            Ok(found) if found.is_dir() => return Err(io::ErrorKind::IsADirectory.into()),
            Ok(found) if !found.is_file() || OPEN_ALREADY.iter().any(|open| path.starts_with(open)) => {
                return Ok(Place::Stream);
            }
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = path.to_owned();
        for _ in 0..MAX_LINKS {
            if !fs::symlink_metadata(&file).is_ok_and(|found| found.is_symlink()) {
                return Ok(Place::File(file));
            }
            file = atomic::folder_of(&file).join(fs::read_link(&file)?);
        }
        Err(io::Error::other("too many links lead to one another"))
    }
}

/// Whether the file at `path` begins as files of a kind do.
pub fn is_of_kind(path: &Path, kind: FileKind) -> bool {
    kind_of_file(path).is_ok_and(|found| found == Some(kind.name()))
}

/// What a file holds, in words, by its first bytes; `None` where there is none, or nothing in it.
fn kind_of_file(path: &Path) -> io::Result<Option<&'static str>> {
    let mut start = Vec::new();
    match File::open(path).and_then(|file| file.take(BEGINNING).read_to_end(&mut start)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
        Ok(_) => Ok((!start.is_empty()).then(|| kind_of_bytes(&start))),
    }
}

/// What begins with these bytes, in words.
fn kind_of_bytes(start: &[u8]) -> &'static str {
    const BEGINNINGS: [(&[u8], &str); 8] = [
        (b"\x89PNG\r\n\x1a\n", "a PNG file"),
        (b"\xff\xd8\xff", "a JPEG file"),
        (b"GIF8", "a GIF file"),
        (b"%PDF-", "a PDF file"),
        (b"PK\x03\x04", "a ZIP archive"),
        (b"\x1f\x8b", "a gzip file"),
        (b"\x93NUMPY", "a NumPy array"),
        // Other tables are texts: digits may be in them.
        (b"split,index,class,", "a table of measures"),
    ];
    // Eight bytes of a header's length, and its beginning.
    let is_safetensors = start.get(8) == Some(&b'{') && start[5..8] == [0; 3];
    // The version of the format, then who wrote it: the first two fields, which writers put first.
    let is_onnx = matches!(start, [0x08, 1..32, 0x12, ..]);
    let is_text = |start: &[u8]| match std::str::from_utf8(start) {
        Ok(text) => !text.contains('\0'),
        // The last character may be cut.
        Err(error) => error.error_len().is_none() && !start.contains(&0),
    };
    let is_svg =
        start.starts_with(b"<svg") || start.starts_with(b"<?xml") && start.windows(4).any(|word| word == b"<svg");
    match BEGINNINGS.iter().find(|(beginning, _)| start.starts_with(beginning)) {
        Some((_, name)) => name,
        None if is_safetensors => "a safetensors file",
        None if is_onnx => "an ONNX model",
        None if is_svg => "an SVG file",
        None if is_text(start) => "a text",
        None => "a file of another kind",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\nnew";

    #[test]
    fn what_a_file_is_shows_in_its_first_bytes() {
        let safetensors = [&24_u64.to_le_bytes()[..], b"{\"__metadata__\":{}}"].concat();
        for (bytes, expected) in [
            (PNG, "a PNG file"),
            (&safetensors, "a safetensors file"),
            (b"PK\x03\x04...", "a ZIP archive"),
            (b"\x08\x07\x12\x08digitgan", "an ONNX model"),
            (b"keep\n", "a text"),
            (b"<svg xmlns=\"http://www.w3.org/2000/svg\">", "an SVG file"),
            (b"<?xml version=\"1.0\"?>\n<svg>", "an SVG file"),
            (b"<?xml version=\"1.0\"?>\n<page>", "a text"),
            ("häl".as_bytes().split_last().unwrap().1, "a text"),
            ("ä".as_bytes().split_last().unwrap().1, "a text"),
            (b"\0\0\x08\x03", "a file of another kind"),
            (b"\x80\xff", "a file of another kind"),
        ] {
            assert_eq!(kind_of_bytes(bytes), expected, "{bytes:?}");
        }
    }

    #[test]
    fn files_of_the_kind_are_replaced_and_others_stay() {
        let folder = tempfile::tempdir().unwrap();
        for (name, there, says) in [
            ("new.png", None, ""),
            ("new", None, ""),
            ("old.PNG", Some(&b"\x89PNG\r\n\x1a\nold"[..]), ""),
            ("empty.png", Some(b""), ""),
            ("notes.txt", Some(b"keep"), "must end in .png"),
            ("new.jpg", None, "must end in .png"),
            ("notes", Some(b"keep"), "is a text, not a PNG file, and is not overwritten"),
            ("photo.png", Some(b"\xff\xd8\xff\xe0"), "is a JPEG file, not a PNG file"),
        ] {
            let path = folder.path().join(name);
            if let Some(there) = there {
                fs::write(&path, there).unwrap();
            }
            let answer = write(&path, FileKind::Png, PNG).map_err(|error| error.to_string());
            match answer {
                Ok(()) => assert_eq!((fs::read(&path).unwrap(), says), (PNG.to_owned(), ""), "{name}"),
                Err(error) => {
                    assert!(!says.is_empty() && error.contains(says), "{name}: {error}");
                    assert_eq!(fs::read(&path).ok().as_deref(), there, "{name}");
                }
            }
        }
    }

    #[test]
    fn folders_and_places_below_nothing_are_refused_beforehand() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("file"), "x").unwrap();
        for name in ["", "no/x.png", "file/x.png"] {
            let error = check(&folder.path().join(name), FileKind::Png).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Files, "{error}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed() {
        use std::os::unix::fs::symlink;
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("below")).unwrap();
        // To a file that is not there yet, by way of another link, whose target is told from its own folder.
        symlink("below/link", at("link.png")).unwrap();
        symlink("target.png", at("below/link")).unwrap();
        for bytes in [PNG, b"\x89PNG\r\n\x1a\nnewer"] {
            write(&at("link.png"), FileKind::Png, bytes).unwrap();
            assert_eq!(fs::read(at("below/target.png")).unwrap(), bytes);
            assert!(["link.png", "below/link"].iter().all(|name| at(name).is_symlink()));
        }
        // What the link leads to counts, not only its name.
        symlink("notes.txt", at("picture.png")).unwrap();
        assert!(matches!(check(&at("picture.png"), FileKind::Png), Err(OutputError::Extension { .. })));
        symlink("round.png", at("round.png")).unwrap();
        assert!(write(&at("round.png"), FileKind::Png, PNG).is_err());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn pipes_and_devices_are_written_into() {
        use std::os::unix::fs::FileTypeExt;
        let folder = tempfile::tempdir().unwrap();
        let fifo = folder.path().join("fifo.txt");
        assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
        let reader = std::thread::spawn({
            let fifo = fifo.clone();
            move || fs::read(fifo).unwrap()
        });
        write(&fifo, FileKind::Png, PNG).unwrap();
        assert_eq!(reader.join().unwrap(), PNG);
        assert!(fs::symlink_metadata(&fifo).unwrap().file_type().is_fifo());
        write(Path::new("/dev/null"), FileKind::Png, PNG).unwrap();
        assert!(fs::metadata("/dev/null").unwrap().file_type().is_char_device());
        let full = write(Path::new("/dev/full"), FileKind::Png, PNG).unwrap_err();
        assert_eq!(full.kind(), ErrorKind::Files);
    }
}
