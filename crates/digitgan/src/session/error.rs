//! Why a run cannot be started, resumed or evaluated.

use crate::config::ConfigError;
use crate::engine::StateError;
use crate::error::ErrorKind;
use crate::evaluation::EvaluationError;
use crate::files::WeightsFileError;
use crate::judge::JudgeError;
use crate::run::checkpoint::{CheckpointError, GO_BACK};
use crate::run::evaluation_files::EvaluationFileError;
use crate::run::manifest::ManifestError;
use crate::run::{LockError, RecordError, no_generator};
use crate::train::TrainError;
use std::io;
use std::path::PathBuf;

/// Why a run cannot be started, resumed or evaluated. Each is one line.
///
/// ```
/// use digitgan::prelude::*;
///
/// # let folder = std::env::temp_dir().join(format!("digitgan-in-use-{}", std::process::id()));
///
/// # std::fs::create_dir_all(&folder)?;
/// std::fs::write(folder.join("notes.txt"), "not a run")?;
/// let error = digitgan::session::check_free(&RunDirectory::new(&folder)).unwrap_err();
/// assert!(matches!(error, SessionError::NotEmpty { .. }));
/// assert_eq!(error.kind(), ErrorKind::InUse);
/// # std::fs::remove_dir_all(&folder)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SessionError {
    /// Settings that make no sense.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A run is already there.
    #[error("{path} is a run already")]
    Exists {
        /// The directory.
        path: PathBuf,
    },
    /// Something else is already there.
    #[error("{path} is not empty and not a run")]
    NotEmpty {
        /// The directory.
        path: PathBuf,
    },
    /// Somebody trains the run, or it cannot be locked.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// Not a run, or none that can be read.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// Its checkpoint cannot be used.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// A checkpoint's tensors do not fit the model.
    #[error("{path} does not fit the model: {source}; {GO_BACK}")]
    State {
        /// The file.
        path: PathBuf,
        /// What does not fit.
        source: StateError,
    },
    /// The training ended with an error; what its last good checkpoint holds is still there.
    #[error("{source}{}", in_file(checkpoint))]
    Training {
        /// Why.
        source: TrainError,
        /// The file of that checkpoint, if there is one.
        checkpoint: Option<PathBuf>,
    },
    /// The run directory cannot be kept.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// More steps are done than are asked for.
    #[error("{path} has {step} steps done already, and is to have {total} in all: a run cannot go back")]
    Beyond {
        /// The run.
        path: PathBuf,
        /// Steps that are done.
        step: u64,
        /// Steps that are asked for.
        total: u64,
    },
    /// There is less room than the run needs.
    #[error("{path} has room for {free} bytes, and the run needs {needed}")]
    NoRoom {
        /// The directory.
        path: PathBuf,
        /// Bytes that are free.
        free: u64,
        /// Bytes that its checkpoints and generators need.
        needed: u64,
    },
    /// The data is not that which the run was trained on.
    #[error(
        "the data set {dataset} is not the one that {run} was trained on (SHA-256 {found}, expected {expected}): restore it to go on"
    )]
    OtherData {
        /// The data set that was found.
        dataset: String,
        /// The run.
        run: PathBuf,
        /// Its hash.
        found: String,
        /// The hash of the run's data.
        expected: String,
    },
    /// A run with other settings is in the place.
    #[error("{path} was trained with other settings than these (its run.toml has them)")]
    OtherSettings {
        /// The directory.
        path: PathBuf,
    },
    /// A collapse is to have consequences, and nobody would see it.
    #[error("somebody must see a collapse for `on-collapse` to mean anything, and there is no judge of {dataset}")]
    NobodyWatches {
        /// The data set.
        dataset: String,
    },
    /// The judge of the data set cannot be had.
    #[error(transparent)]
    Judge(#[from] KeptJudgeError),
    /// The run has no generator.
    #[error("{}", no_generator(path, *checkpoint))]
    NoGenerator {
        /// The run.
        path: PathBuf,
        /// The step of the checkpoint that it can be made of, if there is one.
        checkpoint: Option<u64>,
    },
    /// There is no epoch to choose from.
    #[error("{path} holds no generator: train an epoch first")]
    NoEpoch {
        /// The folder of generators.
        path: PathBuf,
    },
    /// A generator cannot be read.
    #[error(transparent)]
    Generator(#[from] WeightsFileError),
    /// The digits cannot be judged.
    #[error(transparent)]
    Evaluation(#[from] EvaluationError),
    /// An earlier evaluation cannot be read, or this one cannot be written.
    #[error(transparent)]
    EvaluationFile(#[from] EvaluationFileError),
    /// A place that a record cannot hold.
    #[error("`{setting}` is {}, which is not UTF-8, and cannot be recorded in run.toml", path.display())]
    NotText {
        /// The setting's name.
        setting: &'static str,
        /// The place.
        path: PathBuf,
    },
    /// A folder or a path cannot be used.
    #[error("cannot {action} {path}: {source}")]
    Folder {
        /// What was tried.
        action: &'static str,
        /// The folder.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
}

impl SessionError {
    /// What it is about.
    pub fn kind(&self) -> ErrorKind {
        match self {
            SessionError::Config(error) => error.kind(),
            SessionError::NobodyWatches { .. } | SessionError::NotText { .. } => ErrorKind::Setting,
            SessionError::Exists { .. } | SessionError::NotEmpty { .. } => ErrorKind::InUse,
            SessionError::OtherSettings { .. } | SessionError::OtherData { .. } | SessionError::Beyond { .. } => {
                ErrorKind::Mismatch
            }
            SessionError::Lock(error) => error.kind(),
            SessionError::Manifest(error) => error.kind(),
            SessionError::Checkpoint(error) => error.kind(),
            SessionError::State { source, .. } => source.kind(),
            SessionError::Training { source, .. } => source.kind(),
            SessionError::Record(error) => error.kind(),
            SessionError::Judge(error) => error.kind(),
            SessionError::NoGenerator { .. } | SessionError::NoEpoch { .. } => ErrorKind::Missing,
            SessionError::Generator(error) => error.kind(),
            SessionError::Evaluation(error) => error.kind(),
            SessionError::EvaluationFile(error) => error.kind(),
            SessionError::Folder { .. } | SessionError::NoRoom { .. } => ErrorKind::Files,
        }
    }
}

/// Why a judge cannot be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeptJudgeError {
    /// One is kept, but cannot be used.
    #[error("{0}; delete the file, and a new judge is trained when it is needed")]
    File(#[from] WeightsFileError),
    /// The file cannot be written.
    #[error("cannot write {path}: {source}")]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It cannot be trained.
    #[error(transparent)]
    Training(#[from] JudgeError),
}

impl KeptJudgeError {
    /// What it is about.
    pub fn kind(&self) -> ErrorKind {
        match self {
            KeptJudgeError::File(error) => error.kind(),
            KeptJudgeError::Write { .. } => ErrorKind::Files,
            KeptJudgeError::Training(error) => error.kind(),
        }
    }
}

/// Where a checkpoint lies, as the end of a sentence that speaks of it.
fn in_file(checkpoint: &Option<PathBuf>) -> String {
    checkpoint.as_ref().map_or(String::new(), |path| format!(", the last good checkpoint ({})", path.display()))
}
