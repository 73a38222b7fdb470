//! Why there is no judge.

use crate::engine::{InputError, NotFinite, StateError};
use crate::error::ErrorKind;

/// Why there is no judge.
///
/// ```
/// use digitgan::prelude::*;
///
/// let mut judge = Judge::of_mnist(&Device::cpu(Some(1))?);
/// let error = JudgeError::from(judge.read(&[0; 783]).unwrap_err());
/// assert_eq!(error.kind(), ErrorKind::Input);
/// assert!(error.to_string().starts_with("783 pixels are not whole 28x28 images"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JudgeError {
    /// Its training went wrong.
    #[error("the judge's training met a number that is not finite: {0}; check the data set's images")]
    Training(#[from] NotFinite),
    /// Images and classes that do not fit together.
    #[error(transparent)]
    Input(#[from] InputError),
    /// Tensors that are not those of a classifier.
    #[error("these are not the weights of a judge: {0}")]
    State(#[from] StateError),
    /// Nothing to learn from.
    #[error("a judge needs at least 2 training images, but {dataset} has {images}")]
    TooFewImages {
        /// The data set.
        dataset: String,
        /// Its training images.
        images: usize,
    },
}

impl JudgeError {
    /// What it is about.
    pub fn kind(&self) -> ErrorKind {
        match self {
            JudgeError::Training(_) => ErrorKind::NotFinite,
            JudgeError::Input(error) => error.kind(),
            JudgeError::State(error) => error.kind(),
            JudgeError::TooFewImages { .. } => ErrorKind::Data,
        }
    }
}
