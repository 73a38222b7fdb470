//! Pictures as parts of a page.

use crate::error::ErrorKind;
use crate::files::capped;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::io::{self, Cursor};
use std::path::{Path, PathBuf};

/// Largest picture that a page takes up.
const MAX_BYTES: u64 = 16 << 20;
/// Most bytes of its pixels.
const MAX_PIXEL_BYTES: usize = 256 << 20;

/// A PNG picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    name: String,
    png: Vec<u8>,
    width: u32,
    height: u32,
}

/// Why a file is no picture.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PictureFileError {
    /// The file system refused.
    #[error("cannot read {path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Not a PNG file.
    #[error("{path} is not a whole PNG picture")]
    Format {
        /// The file.
        path: PathBuf,
    },
}

impl PictureFileError {
    /// What is wrong, where the file is known.
    pub(super) fn problem(&self) -> String {
        match self {
            PictureFileError::Io { source, .. } => source.to_string(),
            PictureFileError::Format { .. } => "it is not a whole PNG picture".to_owned(),
        }
    }

    /// What it is about.
    pub fn kind(&self) -> ErrorKind {
        match self {
            PictureFileError::Io { .. } => ErrorKind::Files,
            PictureFileError::Format { .. } => ErrorKind::Damaged,
        }
    }
}

impl Picture {
    /// A picture in memory, to be called `name` among the page's files; `None` if it is no whole PNG.
    pub fn new(name: String, png: Vec<u8>) -> Option<Picture> {
        let (width, height) = size_of_whole(&png)?;
        Some(Picture { name, png, width, height })
    }

    /// The picture at `path`; `None` if there is none.
    ///
    /// # Errors
    /// A file that cannot be read or is something else.
    pub fn read(name: String, path: &Path) -> Result<Option<Picture>, PictureFileError> {
        let io_error = |source| PictureFileError::Io { path: path.to_owned(), source };
        let png = match capped::read(path, MAX_BYTES) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            other => other.map_err(io_error)?,
        };
        let format = || PictureFileError::Format { path: path.to_owned() };
        Picture::new(name, png).map(Some).ok_or_else(format)
    }

    /// Its file's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its file's bytes.
    pub fn png(&self) -> &[u8] {
        &self.png
    }

    /// Width and height in pixels.
    pub fn size(&self) -> (u32, u32) {
        (self.width, self.height)
    }

    /// The picture as an address that holds it.
    pub fn data_uri(&self) -> String {
        format!("data:image/png;base64,{}", STANDARD.encode(&self.png))
    }
}

/// Width and height of a PNG picture, if it can be read to its end.
fn size_of_whole(png: &[u8]) -> Option<(u32, u32)> {
    let limits = png::Limits { bytes: MAX_PIXEL_BYTES };
    let mut reader = png::Decoder::new_with_limits(Cursor::new(png), limits).read_info().ok()?;
    let bytes = reader.output_buffer_size().filter(|&bytes| bytes <= MAX_PIXEL_BYTES)?;
    let frame = reader.next_frame(&mut vec![0; bytes]).ok()?;
    reader.finish().ok()?;
    Some((frame.width, frame.height))
}
