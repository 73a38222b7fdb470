//! Why settings are refused.

/// Why settings cannot be trained by. Messages name settings in backticks, by the names that files have; a front end that
/// calls them otherwise, such as by flags with dashes, can find them there.
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

/// What a [`ConfigError`] is about, for a program that reacts to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConfigErrorKind {
    /// A value that is impossible whatever the data.
    Value,
    /// A value that this data set does not allow.
    Data,
    /// A value that a run which has begun cannot take on.
    Resume,
}

impl ConfigError {
    /// What it is about.
    pub fn kind(&self) -> ConfigErrorKind {
        match self {
            ConfigError::Range { .. } | ConfigError::Text { .. } => ConfigErrorKind::Value,
            ConfigError::BatchTooLarge { .. } => ConfigErrorKind::Data,
            ConfigError::Fixed { .. } | ConfigError::Planned { .. } => ConfigErrorKind::Resume,
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
