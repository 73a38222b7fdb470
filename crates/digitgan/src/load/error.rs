//! Everything that can be wrong with data from outside, each with what was found and what to do.

use super::csv::CsvError;
use super::limits::{MAX_IMAGES, MAX_SIDE};
use super::parquet::ParquetError;
use crate::data::MAX_CLASSES;
use crate::error::ErrorKind;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Why no data set could be had. Every message is one line.
///
/// ```
/// use digitgan::prelude::*;
///
/// let nowhere = DataSource::Path("no/such/folder".into());
/// let error = load(&nowhere, &Reading::default(), "data".as_ref(), &|_| ()).unwrap_err();
/// assert!(matches!(error, DataError::NoSuchFolder { .. }));
/// assert_eq!(error.kind(), ErrorKind::Missing);
/// ```
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DataError {
    /// The platform names no folder for caches.
    #[error("this user has no cache folder, because there is no home folder; name a data folder")]
    NoCacheFolder,
    /// The path of a data set leads nowhere.
    #[error("{}: there is no such folder; give auto, mnist, strokes or the path of a folder", shown(path))]
    NoSuchFolder {
        /// The path that was given.
        path: PathBuf,
    },
    /// The path of a data set leads to something that is no data set by itself.
    #[error("{}: is {found}, which is no data set by itself; give the folder that holds its files", shown(path))]
    NotADataset {
        /// The path that was given.
        path: PathBuf,
        /// What it is.
        found: String,
    },
    /// A file or folder cannot be read.
    #[error("{}: cannot be read ({source}); check that it exists and may be read", shown(path))]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A downloaded file cannot be stored.
    #[error("{}: cannot be written ({source}); free the place or choose another data folder", shown(path))]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// An IDX or NPY file, or an array in an NPZ file, is not what it should be.
    #[error("{}: {problem}; replace it with a whole file of its kind", shown(path))]
    Array {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        problem: ArrayError,
    },
    /// A CSV file is not what it should be.
    #[error("{}: {problem}", shown(path))]
    Csv {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        problem: CsvError,
    },
    /// A Parquet file is not what it should be.
    #[error("{}: {problem}", shown(path))]
    Parquet {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        problem: ParquetError,
    },
    /// A file of MNIST is there but cannot be MNIST's, whatever its hash.
    #[error("{}: is not MNIST's file: {problem}; delete it to have it downloaded again", shown(path))]
    MnistDamaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        problem: ArrayError,
    },
    /// A file of MNIST is there and has other contents.
    #[error(
        "{}: is not MNIST's file: the SHA-256 of its contents is {found}, expected {expected}; \
         delete it to have it downloaded again, or give its folder as PATH to use it as it is",
        shown(path)
    )]
    MnistHash {
        /// The file.
        path: PathBuf,
        /// SHA-256 of its uncompressed contents, in hexadecimal.
        found: String,
        /// SHA-256 of MNIST's.
        expected: &'static str,
    },
    /// No mirror delivered a file.
    #[error("{file} could not be downloaded ({reason}); check the network, or put it into {}", shown(folder))]
    Download {
        /// Name of the file.
        file: String,
        /// Where it would have been stored.
        folder: PathBuf,
        /// The last failure of each mirror.
        reason: String,
    },
    /// One of the files of a data set is missing.
    #[error("{}: there is no {file} or {file}.gz beside the other files of the data set; add it", shown(folder))]
    MissingFile {
        /// The folder.
        folder: PathBuf,
        /// Name of the missing file, without `.gz`.
        file: String,
    },
    /// A part of a data set is missing that has no name of its own.
    #[error("{}: {what}; add what is missing", shown(folder))]
    MissingPart {
        /// The folder or file.
        folder: PathBuf,
        /// What is there, and what is not.
        what: String,
    },
    /// A folder holds the IDX files of several data sets.
    #[error(
        "{}: holds more than one data set; choose one: {}",
        shown(folder),
        choices.iter().map(|choice| shown(choice).to_string()).collect::<Vec<_>>().join(", ")
    )]
    SeveralSets {
        /// The folder.
        folder: PathBuf,
        /// The path of each.
        choices: Vec<PathBuf>,
    },
    /// Images and labels of a split are not equally many.
    #[error(
        "{}: holds {images} images, but {} holds {labels} labels; give files that belong together",
        shown(images_path),
        shown(labels_path)
    )]
    CountsDiffer {
        /// The file of images.
        images_path: PathBuf,
        /// How many it holds.
        images: usize,
        /// The file of labels.
        labels_path: PathBuf,
        /// How many it holds.
        labels: usize,
    },
    /// A folder holds nothing that could be a data set.
    #[error(
        "{}: holds {found}, and no data set that is read: files of IDX, NPZ, NPY, CSV or Parquet, or one folder of PNG or \
         JPEG files per class",
        shown(folder)
    )]
    NothingFound {
        /// The folder or file.
        folder: PathBuf,
        /// What it holds.
        found: String,
    },
    /// A folder holds pictures that no folder or label gives a class.
    #[error(
        "{}: holds {pictures} pictures and no folder for each class; if their names begin with the class, as in 7_001.png, \
         give `labels` file-name",
        shown(folder)
    )]
    Flat {
        /// The folder.
        folder: PathBuf,
        /// How many pictures it holds.
        pictures: usize,
    },
    /// There is nothing to train on.
    #[error("{}: holds no training image; at least one of each class is needed", shown(path))]
    NoImages {
        /// The file or folder.
        path: PathBuf,
    },
    /// A class folder holds no picture.
    #[error("{}: holds no picture; add images of this class or remove the folder", shown(folder))]
    EmptyClass {
        /// The class folder.
        folder: PathBuf,
    },
    /// Too few or too many classes.
    #[error("{}: has {found} classes; 2 to {MAX_CLASSES} are needed", shown(path))]
    ClassCount {
        /// The file of labels, or the folder of class folders.
        path: PathBuf,
        /// How many classes there are.
        found: usize,
    },
    /// The test images have a class that the training images lack.
    #[error(
        "{}: {} labelled {}, a class that no training image has; remove them from the test images, or add training images \
         of that class",
        shown(path),
        match images { 1 => "1 image is".to_owned(), images => format!("{images} images are") },
        one_line(class)
    )]
    UnknownClass {
        /// The file of test labels, or the class folder.
        path: PathBuf,
        /// The class.
        class: String,
        /// How many test images have it.
        images: usize,
    },
    /// A folder holds more images than are read.
    #[error("{}: holds {found} images; at most {MAX_IMAGES} are read, so remove some", shown(folder))]
    TooManyImages {
        /// The folder.
        folder: PathBuf,
        /// How many it holds.
        found: usize,
    },
    /// All images of a class cannot be read.
    #[error("{}: is not a picture that can be read ({reason}), and its class has no other; replace it", shown(path))]
    Unreadable {
        /// The file, or the file and row that hold it.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Pixels do not say which of their values are black and white.
    #[error(
        "{}: its pixels have values from {low} to {high}, and it is not clear which are black and white; \
         give `range`, such as {low}..{high}",
        shown(path)
    )]
    Range {
        /// The file or folder.
        path: PathBuf,
        /// The lowest value.
        low: f32,
        /// The highest value.
        high: f32,
    },
    /// Pixels are not numbers, or not finite.
    #[error("{}: has pixels that are no finite numbers; replace them", shown(path))]
    NotFinite {
        /// The file or folder.
        path: PathBuf,
    },
    /// A file of a format that is read holds something else than labelled images.
    #[error("{}: {found}; {readable}", shown(path))]
    Contents {
        /// The file.
        path: PathBuf,
        /// What was found.
        found: String,
        /// What can be read.
        readable: &'static str,
    },
    /// A label is none of a class.
    #[error("{}: image {index} has the label {label}; classes are numbers from 0, or names", shown(path))]
    Label {
        /// The file.
        path: PathBuf,
        /// The image, counted from 0.
        index: usize,
        /// Its label.
        label: i64,
    },
    /// The name of a class holds control characters, or is that of another one too.
    #[error("{}: {} is no name of a class; rename it", shown(path), one_line(name))]
    ClassName {
        /// The file or folder.
        path: PathBuf,
        /// The name.
        name: String,
    },
    /// There are no labels.
    #[error("{}: {images} images are there, but no labels of them; add them", shown(path))]
    NoLabels {
        /// The file or folder.
        path: PathBuf,
        /// How many images there are.
        images: usize,
    },
}

impl DataError {
    /// What it is about.
    pub fn kind(&self) -> ErrorKind {
        match self {
            DataError::NoCacheFolder
            | DataError::NoSuchFolder { .. }
            | DataError::MissingFile { .. }
            | DataError::MissingPart { .. }
            | DataError::NothingFound { .. } => ErrorKind::Missing,
            DataError::Read { source, .. } => ErrorKind::of_reading(source),
            DataError::NotADataset { .. } | DataError::Write { .. } => ErrorKind::Files,
            DataError::Array { problem, .. } | DataError::MnistDamaged { problem, .. } => problem.kind(),
            DataError::Csv { problem, .. } => problem.kind(),
            DataError::Parquet { problem, .. } => problem.kind(),
            DataError::MnistHash { .. } | DataError::Unreadable { .. } => ErrorKind::Damaged,
            DataError::Download { .. } => ErrorKind::Network,
            DataError::SeveralSets { .. }
            | DataError::CountsDiffer { .. }
            | DataError::NoImages { .. }
            | DataError::EmptyClass { .. }
            | DataError::ClassCount { .. }
            | DataError::UnknownClass { .. }
            | DataError::Range { .. }
            | DataError::NotFinite { .. }
            | DataError::Contents { .. }
            | DataError::Label { .. }
            | DataError::ClassName { .. }
            | DataError::NoLabels { .. }
            | DataError::Flat { .. }
            | DataError::TooManyImages { .. } => ErrorKind::Data,
        }
    }
}

/// What is wrong inside a file that holds an array.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ArrayError {
    /// The bytes cannot be read, or their gzip wrapping is damaged.
    #[error("its bytes cannot be read ({0})")]
    Io(#[from] io::Error),
    /// The file begins with another number.
    #[error("it begins with {found:#010x}, but a file of {kind} begins with {expected:#010x}")]
    Magic {
        /// What the file should hold: `images` or `labels`.
        kind: &'static str,
        /// The number it begins with.
        found: u32,
        /// The number it should begin with.
        expected: u32,
    },
    /// The file ends too early.
    #[error("it ends after {found_bytes} bytes (uncompressed) of {expected_bytes}")]
    Truncated {
        /// How many bytes there are.
        found_bytes: u64,
        /// How many its header asks for.
        expected_bytes: u64,
    },
    /// The file goes on after its end.
    #[error("it goes on after the {expected_bytes} bytes (uncompressed) that its header announces")]
    TrailingBytes {
        /// How many its header asks for.
        expected_bytes: u64,
    },
    /// The header announces more than is read.
    #[error("its header announces {found} items; at most {MAX_IMAGES} are read")]
    TooMany {
        /// How many it announces.
        found: u64,
    },
    /// The header announces images that have no pixels or far too many.
    #[error("its header announces images of {rows}x{columns} pixels; sides of 1 to {MAX_SIDE} are read")]
    Size {
        /// Height in pixels.
        rows: usize,
        /// Width in pixels.
        columns: usize,
    },
    /// The header announces an array of another shape.
    #[error("its array of shape {shape:?} is none of {kind}: {}", expected_shapes(kind))]
    Shape {
        /// What the file should hold: `images` or `labels`.
        kind: &'static str,
        /// Its shape.
        shape: Vec<usize>,
    },
    /// It holds something else than the numbers that are read.
    #[error("it holds {found}; whole or real numbers are read, and texts as labels")]
    Element {
        /// What it holds.
        found: String,
    },
    /// Its header cannot be understood.
    #[error("{problem}")]
    Header {
        /// What is wrong with it.
        problem: String,
    },
}

fn expected_shapes(kind: &str) -> &'static str {
    match kind {
        "images" => "[count, rows, columns] is read, also with 1 or 3 colours, and [count, pixels] of square images",
        _ => "[count] is read, and [count, columns]",
    }
}

impl ArrayError {
    /// What it is about.
    pub fn kind(&self) -> ErrorKind {
        match self {
            ArrayError::Io(_)
            | ArrayError::Magic { .. }
            | ArrayError::Truncated { .. }
            | ArrayError::TrailingBytes { .. } => ErrorKind::Damaged,
            ArrayError::Header { .. } => ErrorKind::Damaged,
            ArrayError::TooMany { .. }
            | ArrayError::Size { .. }
            | ArrayError::Shape { .. }
            | ArrayError::Element { .. } => ErrorKind::Data,
        }
    }
}

impl DataError {
    /// Wraps a failure to read `path`.
    pub(super) fn read(path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Read { path: path.to_owned(), source }
    }

    /// Wraps a failure to write `path`.
    #[cfg(feature = "download")]
    pub(super) fn write(path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Write { path: path.to_owned(), source }
    }

    /// Whether the data is merely out of reach, as opposed to being there and wrong.
    ///
    /// `auto` goes on without MNIST for these; everything else a person should see.
    pub fn is_out_of_reach(&self) -> bool {
        matches!(self, Self::Download { .. } | Self::Write { .. })
    }
}

/// A path as it goes into a message: control characters, which could break the line, are escaped.
pub(super) fn shown(path: &Path) -> impl fmt::Display {
    one_line(&path.to_string_lossy())
}

/// A text from outside (a path, a server's words) with its control characters escaped.
pub(super) fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() {
            line.extend(character.escape_default());
        } else {
            line.push(character);
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_cannot_break_the_line() {
        let path = PathBuf::from("two\nlines\u{1b}[31m");
        let error = DataError::NoSuchFolder { path };
        let message = error.to_string();
        assert!(!message.contains(char::is_control), "{message:?}");
        assert!(message.starts_with(r"two\nlines\u{1b}[31m: "), "{message}");
    }
}
