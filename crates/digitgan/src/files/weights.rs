//! Weights in files: reads and writes by path what [`crate::weights`] handles as bytes.

use super::{atomic, capped};
use crate::error::ErrorKind;
use crate::weights::{ClassifierFile, GeneratorFile, Imported, MAX_BYTES, Precision, TensorFile, WeightsError};
use std::io;
use std::path::{Path, PathBuf};

/// Why a file of weights cannot be read.
///
/// ```
/// use digitgan::prelude::*;
///
/// let error = GeneratorFile::read("no/such/generator.safetensors".as_ref()).unwrap_err();
/// assert!(matches!(error, WeightsFileError::Io { .. }));
/// assert_eq!(error.kind(), ErrorKind::Missing);
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WeightsFileError {
    /// The file system refused.
    #[error("cannot read {path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Its content is not what it should be.
    #[error("{path}{}{source}", joint(source))]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: WeightsError,
    },
}

impl WeightsFileError {
    /// What it is about.
    pub fn kind(&self) -> ErrorKind {
        match self {
            WeightsFileError::Io { source, .. } => ErrorKind::of_reading(source),
            WeightsFileError::Content { source, .. } => source.kind(),
        }
    }
}

/// What stands between a path and what is wrong with the file there, so that both are one sentence.
fn joint(error: &WeightsError) -> &'static str {
    match error {
        WeightsError::Format { .. }
        | WeightsError::PyTorch { .. }
        | WeightsError::Damaged { .. }
        | WeightsError::Foreign { .. } => " is ",
        _ => ": ",
    }
}

/// Reads a file of weights and makes something of its bytes.
fn read<T>(path: &Path, from_bytes: impl FnOnce(&[u8]) -> Result<T, WeightsError>) -> Result<T, WeightsFileError> {
    let io = |source| WeightsFileError::Io { path: path.to_owned(), source };
    let content = |source| WeightsFileError::Content { path: path.to_owned(), source };
    from_bytes(&capped::read(path, MAX_BYTES).map_err(io)?).map_err(content)
}

impl TensorFile {
    /// Reads the file at `path`, as [`TensorFile::from_bytes`].
    ///
    /// # Errors
    /// Anything that is wrong with it.
    pub fn read(path: &Path) -> Result<TensorFile, WeightsFileError> {
        read(path, TensorFile::from_bytes)
    }

    /// Writes tensors and facts to `path`, exactly.
    ///
    /// # Errors
    /// Those of writing; what was at `path` is then still there.
    pub fn write(&self, path: &Path) -> io::Result<()> {
        self.write_as(path, Precision::Single)
    }

    /// Writes tensors, rounded to `precision`, and facts to `path`.
    ///
    /// # Errors
    /// Those of writing; what was at `path` is then still there.
    pub fn write_as(&self, path: &Path, precision: Precision) -> io::Result<()> {
        atomic::write(path, |out| out.write_all(&self.to_bytes(precision)))
    }
}

impl GeneratorFile {
    /// Reads the file at `path`, as [`GeneratorFile::from_bytes`].
    ///
    /// # Errors
    /// When it is not the state dict of a generator.
    pub fn read(path: &Path) -> Result<GeneratorFile, WeightsFileError> {
        read(path, GeneratorFile::from_bytes)
    }

    /// Writes it to `path`.
    ///
    /// # Errors
    /// Those of writing; what was at `path` is then still there.
    pub fn write(&self, path: &Path) -> io::Result<()> {
        atomic::write(path, |out| out.write_all(&self.to_bytes()))
    }
}

impl GeneratorFile {
    /// Takes a generator from the file at `path`, as [`GeneratorFile::import`].
    ///
    /// # Errors
    /// When it cannot be read, or holds no generator that can be told from other tensors.
    pub fn import_file(path: &Path, prefix: Option<&str>) -> Result<Imported, WeightsFileError> {
        read(path, |bytes| GeneratorFile::import(bytes, prefix))
    }
}

impl ClassifierFile {
    /// Reads the file at `path`, as [`ClassifierFile::from_bytes`].
    ///
    /// # Errors
    /// When it is not a classifier's.
    pub fn read(path: &Path) -> Result<ClassifierFile, WeightsFileError> {
        read(path, ClassifierFile::from_bytes)
    }

    /// Writes it to `path`.
    ///
    /// # Errors
    /// Those of writing; what was at `path` is then still there.
    pub fn write(&self, path: &Path) -> io::Result<()> {
        atomic::write(path, |out| out.write_all(&self.to_bytes()))
    }
}
