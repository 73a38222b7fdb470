//! Reading IDX files, the format of MNIST: a big-endian header, then bytes.
//!
//! | bytes | images | labels |
//! | --- | --- | --- |
//! | 0–3 | `0x00000803` | `0x00000801` |
//! | 4–7 | count | count |
//! | 8–15 | rows, columns | – |
//! | rest | pixels, row by row | one byte per label |
//!
//! The header is believed only within [`MAX_IMAGES`] and [`MAX_SIDE`], and memory is asked for while
//! bytes arrive, so neither a false header nor a small file that inflates to a huge one can exhaust
//! memory. Afterwards the file must be at its end.

use super::error::IdxError;
use super::fit;
use super::limits::{MAX_IMAGES, MAX_SIDE};
use crate::{IMAGE_PIXELS, IMAGE_SIDE};
use flate2::bufread::MultiGzDecoder;
use std::fs::{self, File};
use std::io::{self, BufReader, Cursor, Read};
use std::path::Path;

const IMAGES_MAGIC: u32 = 0x0803;
const LABELS_MAGIC: u32 = 0x0801;
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
/// Compressed bytes taken from a file at a time.
const INPUT_BYTES: usize = 64 * 1024;
/// How many bytes are asked for before any have arrived: MNIST's training images fit at once.
const FIRST_BYTES: usize = 48 * 1024 * 1024;

/// Images from an IDX file, brought to 28×28.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Images {
    /// Pixels, `[count, 28, 28]`.
    pub pixels: Vec<u8>,
    /// Height of the images in the file, in pixels.
    pub stored_rows: usize,
    /// Width of the images in the file, in pixels.
    pub stored_columns: usize,
}

impl Images {
    /// How many images there are.
    pub fn len(&self) -> usize {
        self.pixels.len() / IMAGE_PIXELS
    }

    /// Whether there is no image.
    pub fn is_empty(&self) -> bool {
        self.pixels.is_empty()
    }

    /// Whether the file held images of another size than 28×28.
    pub fn resized(&self) -> bool {
        (self.stored_rows, self.stored_columns) != (IMAGE_SIDE, IMAGE_SIDE)
    }
}

/// Opens `path` for reading; what begins like gzip is uncompressed, whatever its name.
///
/// # Errors
/// If the file cannot be read or is not a regular file (opening a pipe would wait for ever).
pub fn open(path: &Path) -> io::Result<Box<dyn Read + Send>> {
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::other("not a regular file"));
    }
    let mut file = File::open(path)?;
    let mut head = Vec::with_capacity(GZIP_MAGIC.len());
    file.by_ref().take(GZIP_MAGIC.len() as u64).read_to_end(&mut head)?;
    let gzipped = head == GZIP_MAGIC;
    let whole = Cursor::new(head).chain(file);
    Ok(if gzipped {
        Box::new(MultiGzDecoder::new(BufReader::with_capacity(INPUT_BYTES, whole)))
    } else {
        Box::new(whole)
    })
}

/// Reads the images of a whole IDX file.
///
/// Images of other sizes than 28×28 are brought to it by `fit`.
///
/// # Errors
/// If the bytes are not exactly one IDX file of images within the limits.
pub fn read_images(mut reader: impl Read) -> Result<Images, IdxError> {
    let [magic, count, rows, columns] = read_header(&mut reader)?;
    check_magic("images", magic, IMAGES_MAGIC)?;
    let count = check_count(count)?;
    let (stored_rows, stored_columns) = check_size(rows, columns)?;
    let body_bytes = count.checked_mul(stored_rows * stored_columns);
    let body_bytes = body_bytes.ok_or(IdxError::TooMany { found: count as u32 })?;
    let mut body = Body::new(reader, 16, body_bytes);
    let pixels = if (stored_rows, stored_columns) == (IMAGE_SIDE, IMAGE_SIDE) {
        body.read_all()?
    } else {
        body.read_fitted(count, stored_rows, stored_columns)?
    };
    body.expect_end()?;
    Ok(Images { pixels, stored_rows, stored_columns })
}

/// Reads the labels of a whole IDX file.
///
/// # Errors
/// If the bytes are not exactly one IDX file of labels within the limits.
pub fn read_labels(mut reader: impl Read) -> Result<Vec<u8>, IdxError> {
    let [magic, count] = read_header(&mut reader)?;
    check_magic("labels", magic, LABELS_MAGIC)?;
    let mut body = Body::new(reader, 8, check_count(count)?);
    let labels = body.read_all()?;
    body.expect_end()?;
    Ok(labels)
}

/// Swaps rows and columns of every 28×28 image in `pixels`, `[count, 28, 28]`.
///
/// EMNIST stores its images so, and is readable only after it.
pub fn transpose(pixels: &mut [u8]) {
    for image in pixels.chunks_exact_mut(IMAGE_PIXELS) {
        for row in 0..IMAGE_SIDE {
            for column in 0..row {
                image.swap(row * IMAGE_SIDE + column, column * IMAGE_SIDE + row);
            }
        }
    }
}

fn read_header<const WORDS: usize>(reader: &mut impl Read) -> Result<[u32; WORDS], IdxError> {
    let mut words = [0; WORDS];
    for (index, word) in words.iter_mut().enumerate() {
        let mut bytes = [0; 4];
        let found = read_up_to(reader, &mut bytes)?;
        if found < bytes.len() {
            return Err(IdxError::Truncated {
                found_bytes: (4 * index + found) as u64,
                expected_bytes: 4 * WORDS as u64,
            });
        }
        *word = u32::from_be_bytes(bytes);
    }
    Ok(words)
}

fn check_magic(kind: &'static str, found: u32, expected: u32) -> Result<(), IdxError> {
    if found == expected { Ok(()) } else { Err(IdxError::Magic { kind, found, expected }) }
}

fn check_count(found: u32) -> Result<usize, IdxError> {
    match usize::try_from(found) {
        Ok(count) if count <= MAX_IMAGES => Ok(count),
        _ => Err(IdxError::TooMany { found }),
    }
}

fn check_size(rows: u32, columns: u32) -> Result<(usize, usize), IdxError> {
    let side = |value| usize::try_from(value).ok().filter(|side| (1..=MAX_SIDE).contains(side));
    side(rows).zip(side(columns)).ok_or(IdxError::Size { rows, columns })
}

/// What follows a header: a known number of bytes.
struct Body<R> {
    reader: R,
    header_bytes: u64,
    body_bytes: usize,
    read_bytes: usize,
}

impl<R: Read> Body<R> {
    fn new(reader: R, header_bytes: u64, body_bytes: usize) -> Self {
        Self { reader, header_bytes, body_bytes, read_bytes: 0 }
    }

    /// The whole body, read straight into its final place.
    fn read_all(&mut self) -> Result<Vec<u8>, IdxError> {
        let mut bytes = Vec::new();
        while bytes.len() < self.body_bytes {
            let filled = bytes.len();
            // No more is asked for than has already arrived, so a false header costs little.
            let step = filled.max(FIRST_BYTES).min(self.body_bytes - filled);
            bytes.reserve_exact(step);
            bytes.resize(filled + step, 0);
            self.fill(&mut bytes[filled..])?;
        }
        Ok(bytes)
    }

    /// The body as `count` images of `rows`×`columns`, each brought to 28×28 as it arrives.
    fn read_fitted(&mut self, count: usize, rows: usize, columns: usize) -> Result<Vec<u8>, IdxError> {
        let mut stored = vec![0; rows * columns];
        let mut pixels = Vec::with_capacity((count * IMAGE_PIXELS).min(FIRST_BYTES));
        for _ in 0..count {
            self.fill(&mut stored)?;
            pixels.extend_from_slice(&fit::to_square(&stored, rows, columns));
        }
        Ok(pixels)
    }

    fn fill(&mut self, out: &mut [u8]) -> Result<(), IdxError> {
        let found = read_up_to(&mut self.reader, out)?;
        self.read_bytes += found;
        if found == out.len() {
            return Ok(());
        }
        Err(IdxError::Truncated {
            found_bytes: self.header_bytes + self.read_bytes as u64,
            expected_bytes: self.header_bytes + self.body_bytes as u64,
        })
    }

    /// Asks for one byte more, which also makes a gzip reader check its checksum.
    fn expect_end(&mut self) -> Result<(), IdxError> {
        match self.reader.by_ref().take(1).read_to_end(&mut Vec::new())? {
            0 => Ok(()),
            _ => Err(IdxError::TrailingBytes { expected_bytes: self.header_bytes + self.body_bytes as u64 }),
        }
    }
}

/// Fills `out` as far as the reader goes, and says how far. A gzip stream that breaks off ends there.
fn read_up_to(reader: &mut impl Read, out: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < out.len() {
        match reader.read(&mut out[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => break,
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}
