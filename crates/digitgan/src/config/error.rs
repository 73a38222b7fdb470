//! Why settings are refused.

use crate::error::ErrorKind;

/// Why settings cannot be trained by. Messages name settings in backticks, by the names that files have; a front end that
/// calls them otherwise, such as by flags with dashes, can find them there.
///
/// ```
/// use digitgan::prelude::*;
///
/// let error = Layer { lr: Some(-1.0), ..Layer::default() }.config().unwrap_err();
/// assert_eq!((error.setting(), error.kind()), ("lr", ErrorKind::Setting));
/// assert_eq!(error.to_string(), "`lr` is -1, but must be a positive number, such as 0.001");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// A setting that is impossible, by itself or beside another.
    #[error("`{setting}` is {found}, but must be {expected}")]
    Range {
        /// The setting's name.
        setting: &'static str,
        /// What was given.
        found: String,
        /// What is possible.
        expected: &'static str,
    },
    /// A text that is no value of the setting.
    #[error("`{setting}` cannot be {found:?}: {reason}")]
    Text {
        /// The setting's name.
        setting: &'static str,
        /// What was given.
        found: String,
        /// Why not, or what is possible.
        reason: String,
    },
    /// A batch that the data set cannot fill.
    #[error(
        "`batch-size` is {batch}, but the training set {dataset} has only {images} images: choose at most {images}"
    )]
    BatchTooLarge {
        /// The batch asked for.
        batch: usize,
        /// The data set.
        dataset: String,
        /// Its training images.
        images: usize,
    },
    /// A setting that a run keeps from its first step to its last, given to one that has begun.
    #[error("`{setting}` cannot be changed in a run that has begun")]
    Fixed {
        /// The setting's name.
        setting: &'static str,
        /// What was given.
        found: String,
        /// What the run has, where it records it.
        recorded: Option<String>,
    },
    /// Another length, given to a run whose rates or noise fall towards its end.
    #[error(
        "`{setting}` cannot become {found} in a run that was planned with {recorded}: its learning rates or its noise fall towards that end"
    )]
    Planned {
        /// The setting's name.
        setting: &'static str,
        /// What was given.
        found: String,
        /// What the run has.
        recorded: String,
    },
}

impl ConfigError {
    /// What it is about: [`ErrorKind::Data`] where another data set would do, else [`ErrorKind::Setting`].
    pub fn kind(&self) -> ErrorKind {
        match self {
            ConfigError::BatchTooLarge { .. } => ErrorKind::Data,
            _ => ErrorKind::Setting,
        }
    }

    /// The name of the setting.
    pub fn setting(&self) -> &'static str {
        match self {
            ConfigError::BatchTooLarge { .. } => "batch-size",
            ConfigError::Range { setting, .. }
            | ConfigError::Text { setting, .. }
            | ConfigError::Fixed { setting, .. }
            | ConfigError::Planned { setting, .. } => setting,
        }
    }
}
