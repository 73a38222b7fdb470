//! Why there is no page.

use crate::engine::EngineError;
use crate::error::ErrorKind;
use crate::input::InputError;
use crate::run::evaluation_files::EvaluationFileError;
use crate::run::manifest::ManifestError;
use crate::run::no_generator;
use std::io;
use std::path::PathBuf;

/// Why there is no page.
///
/// ```
/// use digitgan::prelude::*;
///
/// let run = RunDirectory::new("no/such/run");
/// let error = Page::read(&Device::cpu(Some(1))?, "Digits", &[run], Vec::new()).unwrap_err();
/// assert!(matches!(error, PageError::Manifest(_)));
/// assert_eq!(error.kind(), ErrorKind::Missing);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PageError {
    /// Not a run, or none that can be read.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// Its evaluation cannot be read.
    #[error(transparent)]
    Evaluation(#[from] EvaluationFileError),
    /// It was not evaluated.
    #[error("{path} was not evaluated")]
    NoEvaluation {
        /// The run.
        path: PathBuf,
    },
    /// It has no generator.
    #[error("{}", no_generator(path, *checkpoint))]
    NoGenerator {
        /// The run.
        path: PathBuf,
        /// The step of the checkpoint that it can be made of, if there is one.
        checkpoint: Option<u64>,
    },
    /// Its generator cannot be read.
    #[error(transparent)]
    Generator(#[from] crate::files::WeightsFileError),
    /// Its generator's tensors do not fit.
    #[error("{path} does not fit its model: {source}")]
    Engine {
        /// The generator's file.
        path: PathBuf,
        /// What does not fit.
        source: EngineError,
    },
    /// A data set whose digits cannot be shown.
    #[error(transparent)]
    Input(#[from] InputError),
    /// A picture cannot be drawn.
    #[error(transparent)]
    Picture(#[from] crate::picture::PictureError),
    /// Something that is no page of ours is in the page's place.
    #[error("{path} is there already and is no page of digitgan")]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// The page or a picture cannot be written.
    #[error("cannot write {path}: {source}")]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
}

impl PageError {
    /// What it is about.
    pub fn kind(&self) -> ErrorKind {
        match self {
            PageError::Manifest(error) => error.kind(),
            PageError::Evaluation(error) => error.kind(),
            PageError::NoEvaluation { .. } | PageError::NoGenerator { .. } => ErrorKind::Missing,
            PageError::Generator(error) => error.kind(),
            PageError::Engine { source, .. } => source.kind(),
            PageError::Picture(error) => error.kind(),
            PageError::Input(error) => error.kind(),
            PageError::Foreign { .. } => ErrorKind::InUse,
            PageError::Write { .. } => ErrorKind::Files,
        }
    }
}
