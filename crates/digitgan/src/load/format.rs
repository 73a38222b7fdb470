//! Which format a file has, by its contents, and by its name only where those say nothing.

use super::open::{head, open_regular};
use super::{idx, npy, npz, parquet, picture};
use std::io::{self, Read};
use std::path::Path;

/// How many bytes are looked at.
const HEAD_BYTES: usize = 1024;
/// How many columns a table of pixels has at least: 4×4 and a label.
const COLUMNS: usize = 17;
/// How many separators there are in that many bytes of a table of pixels, at least.
const SEPARATORS: usize = 30;

/// A format that can hold images or labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Format {
    Idx,
    Npy,
    Npz,
    Parquet,
    Csv,
    Picture,
}

impl Format {
    /// Its name in messages.
    pub(super) fn name(self) -> &'static str {
        match self {
            Format::Idx => "IDX",
            Format::Npy => "NPY",
            Format::Npz => "NPZ",
            Format::Parquet => "Parquet",
            Format::Csv => "CSV",
            Format::Picture => "PNG, JPEG or TIFF",
        }
    }
}

/// The format of the file at `path`, if it is one that is read.
pub(super) fn of(path: &Path) -> Option<Format> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let name = name.strip_suffix(".gz").unwrap_or(&name);
    let by_name = by_name(name);
    if by_name == Some(Format::Picture) {
        // Whether it is one shows when it is read; there may be very many.
        return by_name;
    }
    if !path.metadata().is_ok_and(|metadata| metadata.is_file()) {
        return None;
    }
    // A few columns are no pixels: lists of files, of classes, of answers.
    let columns = |start: &[u8]| {
        start.split(|&byte| byte == b'\n').next().map_or(0, |line| line.split(|byte| b",;\t ".contains(byte)).count())
    };
    if by_name == Some(Format::Csv)
        && head(path, HEAD_BYTES).is_ok_and(|start| !start.is_empty() && columns(&start) < COLUMNS)
    {
        return None;
    }
    // What cannot be read, or is damaged, is told when it is read as what its name says.
    match by_contents(path, name) {
        Ok(Some(format)) => Some(format),
        Ok(None) | Err(_) => by_name,
    }
}

fn by_contents(path: &Path, name: &str) -> io::Result<Option<Format>> {
    let mut start = Vec::new();
    open_regular(path)?.take(4).read_to_end(&mut start)?;
    if start == parquet::MAGIC {
        return Ok(Some(Format::Parquet));
    }
    if start == b"PK\x03\x04" {
        return Ok(npz::entries(path).is_ok_and(|arrays| !arrays.is_empty()).then_some(Format::Npz));
    }
    let start = head(path, HEAD_BYTES)?;
    Ok(if start.starts_with(npy::MAGIC) {
        Some(Format::Npy)
    } else if idx::is_idx(&start) {
        Some(Format::Idx)
    } else if picture::is_picture(&start) {
        Some(Format::Picture)
    } else if is_table(&start) && !name.ends_with(".json") {
        Some(Format::Csv)
    } else {
        None
    })
}

fn by_name(name: &str) -> Option<Format> {
    let ends = |endings: &[&str]| endings.iter().any(|ending| name.ends_with(ending));
    if ends(&[".png", ".jpg", ".jpeg", ".tif", ".tiff"]) {
        Some(Format::Picture)
    } else if ends(&[".npz"]) {
        Some(Format::Npz)
    } else if ends(&[".npy"]) {
        Some(Format::Npy)
    } else if ends(&[".parquet"]) {
        Some(Format::Parquet)
    } else if ends(&[".csv", ".tsv"]) {
        Some(Format::Csv)
    } else if ["idx1-", "idx2-", "idx3-", "idx4-"].iter().any(|part| name.contains(part)) {
        Some(Format::Idx)
    } else {
        None
    }
}

/// The kind of a picture that is not read, by its name.
pub(super) fn other_picture(path: &Path) -> Option<&'static str> {
    let ending = path.extension()?.to_string_lossy().to_lowercase();
    [("bmp", "BMP"), ("gif", "GIF"), ("webp", "WebP")]
        .into_iter()
        .find(|(known, _)| *known == ending)
        .map(|(_, kind)| kind)
}

/// Whether a file begins like a table of pixels: lines that are mostly numbers with separators between them.
fn is_table(start: &[u8]) -> bool {
    let text = |&byte: &u8| matches!(byte, b'\t' | b'\n' | b'\r' | b' '..=b'~');
    let separators = start.iter().filter(|byte| b",;\t ".contains(byte)).count();
    // The first line may hold names.
    let lines = start.iter().position(|&byte| byte == b'\n').map_or(start, |end| &start[end..]);
    let lines = if lines.len() < start.len() / 4 { start } else { lines };
    let numeric = lines.iter().filter(|byte| b"0123456789.-+eE,;\t \r\n\"".contains(byte)).count();
    start.iter().all(text) && separators >= SEPARATORS && 20 * numeric >= 19 * lines.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn contents_say_more_than_names() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let pixels = "0,".repeat(784);
        for (name, contents, expected) in [
            ("train-images-idx3-ubyte", [0, 0, 8, 3, 0, 0, 0, 0].as_slice(), Some(Format::Idx)),
            ("no-ending", &[0, 0, 13, 2, 0, 0, 0, 0], Some(Format::Idx)),
            ("t10k-labels.idx1-ubyte", b"", Some(Format::Idx)),
            ("x.bin", b"\x93NUMPY\x01\0", Some(Format::Npy)),
            ("x.npy", b"", Some(Format::Npy)),
            ("shard", b"PAR1....", Some(Format::Parquet)),
            ("digits.txt", pixels.as_bytes(), Some(Format::Csv)),
            ("README", "Digits, by hand, and more, ".repeat(30).as_bytes(), None),
            ("semeion.data", "0.0000 1.0000 ".repeat(100).as_bytes(), Some(Format::Csv)),
            ("a.png", b"", Some(Format::Picture)),
            ("archive.zip", b"PK\x03\x04", None),
            ("picture", b"\x89PNG\r\n\x1a\n", Some(Format::Picture)),
            ("notes.txt", b"", None),
        ] {
            fs::write(path(name), contents).unwrap();
            assert_eq!(of(&path(name)), expected, "{name}");
        }
        fs::create_dir(path("idx3-ubyte.npy")).unwrap();
        assert_eq!(of(&path("idx3-ubyte.npy")), None, "a folder");
    }
}
