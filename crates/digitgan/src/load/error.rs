//! Everything that can be wrong with data from outside, each with what was found and what to do.

use super::limits::{MAX_IMAGES, MAX_SIDE};
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
/// let error = load(&nowhere, "data".as_ref(), &|_| ()).unwrap_err();
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
    /// The path of a data set leads to something else than a folder.
    #[error("{}: is not a folder; give the folder that holds the files of the data set", shown(path))]
    NotAFolder {
        /// The path that was given.
        path: PathBuf,
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
    /// An IDX file is not what it should be.
    #[error("{}: {problem}; replace it with a whole IDX file", shown(path))]
    Idx {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        problem: IdxError,
    },
    /// A file of MNIST is there but cannot be MNIST's, whatever its hash.
    #[error("{}: is not MNIST's file: {problem}; delete it to have it downloaded again", shown(path))]
    MnistDamaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        problem: IdxError,
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
    /// One of the four IDX files of a data set is missing.
    #[error("{}: there is no {file} or {file}.gz beside the other IDX files; add it", shown(folder))]
    MissingFile {
        /// The folder.
        folder: PathBuf,
        /// Name of the missing file, without `.gz`.
        file: String,
    },
    /// A folder holds the IDX files of several data sets.
    #[error(
        "{}: holds IDX files of more than one data set ({first} and {second}); \
         keep one data set in a folder",
        shown(folder)
    )]
    SeveralSets {
        /// The folder.
        folder: PathBuf,
        /// A file of one data set.
        first: String,
        /// A file of another.
        second: String,
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
        "{}: holds neither the four IDX files (train-images-idx3-ubyte …) nor class folders; \
         put one folder of PNG files per class into it",
        shown(folder)
    )]
    NothingFound {
        /// The folder.
        folder: PathBuf,
    },
    /// There is nothing to train on.
    #[error("{}: holds no training image; at least one of each class is needed", shown(path))]
    NoImages {
        /// The file or folder.
        path: PathBuf,
    },
    /// A class folder holds no PNG file.
    #[error("{}: holds no .png file; add images of this class or remove the folder", shown(folder))]
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
    /// A class below the highest one has no training image.
    #[error(
        "{}: no image is labelled {missing}, although labels go up to {highest}; \
         number the classes from 0 without gaps",
        shown(path)
    )]
    LabelGap {
        /// The file of training labels.
        path: PathBuf,
        /// The lowest class that has no image.
        missing: usize,
        /// The highest label.
        highest: usize,
    },
    /// The test images have a class that the training images lack.
    #[error("{}: class {class} is not among the training classes; add training images of it or remove it", shown(path))]
    UnknownClass {
        /// The file of test labels, or the class folder.
        path: PathBuf,
        /// The class.
        class: String,
    },
    /// A folder holds more images than are read.
    #[error("{}: holds {found} images; at most {MAX_IMAGES} are read, so remove some", shown(folder))]
    TooManyImages {
        /// The folder.
        folder: PathBuf,
        /// How many it holds.
        found: usize,
    },
    /// A PNG file cannot be decoded, or is too large.
    #[error("{}: is not a PNG file that can be read ({reason}); replace or remove it", shown(path))]
    Png {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}

impl DataError {
    /// What it is about.
    pub fn kind(&self) -> ErrorKind {
        match self {
            DataError::NoCacheFolder
            | DataError::NoSuchFolder { .. }
            | DataError::MissingFile { .. }
            | DataError::NothingFound { .. } => ErrorKind::Missing,
            DataError::Read { source, .. } => ErrorKind::of_reading(source),
            DataError::NotAFolder { .. } | DataError::Write { .. } => ErrorKind::Files,
            DataError::Idx { problem, .. } | DataError::MnistDamaged { problem, .. } => problem.kind(),
            DataError::MnistHash { .. } | DataError::Png { .. } => ErrorKind::Damaged,
            DataError::Download { .. } => ErrorKind::Network,
            DataError::SeveralSets { .. }
            | DataError::CountsDiffer { .. }
            | DataError::NoImages { .. }
            | DataError::EmptyClass { .. }
            | DataError::ClassCount { .. }
            | DataError::LabelGap { .. }
            | DataError::UnknownClass { .. }
            | DataError::TooManyImages { .. } => ErrorKind::Data,
        }
    }
}

/// What is wrong inside an IDX file.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum IdxError {
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
        found: u32,
    },
    /// The header announces images that have no pixels or far too many.
    #[error("its header announces images of {rows}x{columns} pixels; sides of 1 to {MAX_SIDE} are read")]
    Size {
        /// Height in pixels.
        rows: u32,
        /// Width in pixels.
        columns: u32,
    },
}

impl IdxError {
    /// What it is about.
    pub fn kind(&self) -> ErrorKind {
        match self {
            IdxError::Io(_) | IdxError::Magic { .. } | IdxError::Truncated { .. } | IdxError::TrailingBytes { .. } => {
                ErrorKind::Damaged
            }
            IdxError::TooMany { .. } | IdxError::Size { .. } => ErrorKind::Data,
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
        let error = DataError::NotAFolder { path: PathBuf::from("two\nlines\u{1b}[31m") };
        let message = error.to_string();
        assert!(!message.contains(char::is_control), "{message:?}");
        assert!(message.starts_with(r"two\nlines\u{1b}[31m: "), "{message}");
    }
}
