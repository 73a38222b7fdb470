//! Why a data set cannot be generated.

use super::plan::MAX_PNG_IMAGES;
use crate::engine::{EngineError, InputError};
use crate::error::ErrorKind;
use std::io;
use std::path::{Path, PathBuf};

/// Why a data set cannot be generated. Every message is one line.
///
/// ```
/// use digitgan::prelude::*;
///
/// let generator = GeneratorFile::untrained(Variant::Cgan, 10, 1)?;
/// let plan = SetPlan { train: 20, test: 0, classes: Some([12].into()), seed: 1, ..SetPlan::default() };
/// let source = SetSource { file: &generator, sha256: "", device: &Device::cpu(Some(1))?, judge: None };
/// let error = generate("never".as_ref(), &plan, source, &mut |_, _| std::ops::ControlFlow::Continue(())).unwrap_err();
/// assert_eq!(error.to_string(), "there is no class 12: this generator has 10, counted from 0");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GenerateError {
    /// The place for the data set is a file.
    #[error("{path} is not a folder: choose another place for the data set")]
    NotAFolder {
        /// The place.
        path: PathBuf,
    },
    /// The place for the data set holds something.
    #[error("{path} is not empty: choose another place for the data set, or remove what is there")]
    NotEmpty {
        /// The place.
        path: PathBuf,
    },
    /// The place for the data set holds what a process left that was killed, or still writes.
    #[error("{path} holds an unfinished data set, {left}: if nobody is writing it, delete that")]
    Unfinished {
        /// The place.
        path: PathBuf,
        /// The unfinished data set's folder.
        left: String,
    },
    /// The place for the data set holds an unfinished one that would become another.
    #[error(
        "{path} holds an unfinished data set of another kind ({differences}): go on with it as it was begun, choose another \
         place, or delete {left}"
    )]
    OtherUnfinished {
        /// The place.
        path: PathBuf,
        /// The unfinished data set's folder.
        left: PathBuf,
        /// What is there and what was asked for, in words.
        differences: String,
    },
    /// The place for the data set holds another one.
    #[error("{path} holds a data set of another kind ({differences})")]
    OtherSet {
        /// The place.
        path: PathBuf,
        /// What is there and what was asked for, in words.
        differences: String,
    },
    /// The place holds this data set, but not all of it.
    #[error(
        "{path} is not empty: it holds this data set, but {problem}; remove it to draw it again, or choose another place"
    )]
    Damaged {
        /// The place.
        path: PathBuf,
        /// What is missing or differs.
        problem: String,
    },
    /// Another process writes into the place.
    #[error("{path} is being filled by another process: wait for its end, or choose another place")]
    Busy {
        /// The place.
        path: PathBuf,
    },
    /// There is less room than the data set needs.
    #[error(
        "{path} has room for {free} bytes, and the data set needs {needed} or more: make room or choose another place"
    )]
    NoRoom {
        /// The place.
        path: PathBuf,
        /// Bytes that are free.
        free: u64,
        /// Bytes that it needs at least.
        needed: u64,
    },
    /// A file or folder cannot be written.
    #[error(
        "cannot write {path}: {source}; make room or choose another place{}",
        if *kept { ", then try again: what was finished is kept" } else { "" }
    )]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
        /// Whether the same call goes on with what was finished.
        kept: bool,
    },
    /// Classes were asked for from a generator that knows none.
    #[error("this generator draws what it likes and cannot be asked for classes: leave them out")]
    KnowsNoClasses,
    /// Only images that are read as asked for were to be kept, of a generator that cannot be asked.
    #[error("this generator cannot be asked for a class, so no image of it is read as asked for: keep all of them")]
    NothingAsked,
    /// No class was asked for.
    #[error("there is no class to draw: name at least one")]
    NoClass,
    /// A class was asked for that the generator does not have.
    #[error("there is no class {found}: this generator has {classes}, counted from 0")]
    Class {
        /// The class.
        found: u8,
        /// Classes of the generator.
        classes: usize,
    },
    /// There is no judge where one is needed.
    #[error("a judge must read these images, and there is none")]
    NoJudge,
    /// The judge reads other classes.
    #[error("the judge knows {judge} classes, but the generator draws {generator}: give a judge of its data set")]
    JudgeClasses {
        /// Classes of the judge.
        judge: usize,
        /// Classes of the generator.
        generator: usize,
    },
    /// A folder of a shard, or a file in it, cannot be read.
    #[error("cannot read {path}: {source}")]
    Read {
        /// The folder.
        path: PathBuf,
        /// What the system said, or what is wrong.
        source: io::Error,
    },
    /// No shard is where shards were looked for.
    #[error("{path} holds no shard of a data set: name the folder that shards were made in")]
    NoShards {
        /// The first place.
        path: PathBuf,
    },
    /// A data set is to be put together and not all of it is there.
    #[error("{missing} of the {of} shards of this data set are missing: make them first")]
    MissingShards {
        /// How many.
        missing: usize,
        /// Of how many.
        of: u32,
    },
    /// A number of the plan that cannot be followed.
    #[error("the {what} is {found}, expected {expected}")]
    Setting {
        /// Which number.
        what: &'static str,
        /// What it is.
        found: String,
        /// What it may be.
        expected: String,
    },
    /// The generator does not draw a class so that the judge is as sure of it as was asked for.
    #[error(
        "{what} was drawn {tries} times and the judge never gave it a probability of {least} or more: ask for a lower one"
    )]
    NeverSure {
        /// A digit, by its class, or any.
        what: String,
        /// How often.
        tries: u64,
        /// The least probability.
        least: f32,
    },
    /// The generator does not draw a class so that the judge reads it.
    #[error(
        "a digit {class} was drawn {tries} times and never read as asked for: \
         this generator does not draw it well enough to keep only what is read as asked for"
    )]
    NeverAgreed {
        /// The class.
        class: String,
        /// How often.
        tries: u64,
    },
    /// A class whose name cannot be that of a folder.
    #[error("the class {name:?} cannot have a folder of that name: choose IDX files")]
    ClassName {
        /// The name.
        name: String,
    },
    /// More PNG files than can be numbered.
    #[error("{images} PNG files are too many: ask for at most {MAX_PNG_IMAGES}, or choose IDX files")]
    TooManyFiles {
        /// How many were asked for.
        images: u64,
    },
    /// This build writes no Parquet files.
    #[error("this digitgan was built without Parquet files (feature parquet): choose another format")]
    NotBuilt,
    /// The device failed, or the generator's tensors do not fit.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// Images that are not whole.
    #[error(transparent)]
    Input(#[from] InputError),
    /// Whoever watched it wanted it stopped.
    #[error("stopped; {done} of {all} images are kept, and the same call goes on")]
    Stopped {
        /// Images that are kept.
        done: u64,
        /// Images of the whole data set.
        all: u64,
    },
}

impl GenerateError {
    /// What it is about.
    pub fn kind(&self) -> ErrorKind {
        match self {
            GenerateError::NotAFolder { .. }
            | GenerateError::Write { .. }
            | GenerateError::Read { .. }
            | GenerateError::NoRoom { .. } => ErrorKind::Files,
            GenerateError::NotEmpty { .. } | GenerateError::Unfinished { .. } | GenerateError::Busy { .. } => {
                ErrorKind::InUse
            }
            GenerateError::KnowsNoClasses
            | GenerateError::NothingAsked
            | GenerateError::NoClass
            | GenerateError::Class { .. }
            | GenerateError::NoJudge
            | GenerateError::Setting { .. }
            | GenerateError::ClassName { .. }
            | GenerateError::NotBuilt
            | GenerateError::TooManyFiles { .. } => ErrorKind::Input,
            GenerateError::NoShards { .. } | GenerateError::MissingShards { .. } => ErrorKind::Missing,
            GenerateError::JudgeClasses { .. }
            | GenerateError::OtherSet { .. }
            | GenerateError::OtherUnfinished { .. } => ErrorKind::Mismatch,
            GenerateError::Engine(error) => error.kind(),
            GenerateError::Input(error) => error.kind(),
            GenerateError::Damaged { .. } => ErrorKind::Damaged,
            GenerateError::NeverAgreed { .. } | GenerateError::NeverSure { .. } => ErrorKind::Other,
            GenerateError::Stopped { .. } => ErrorKind::Stopped,
        }
    }
}

impl GenerateError {
    /// Whether the same call can go on with what was finished.
    pub(super) fn leaves_parts(&self) -> bool {
        matches!(self, Self::Stopped { .. } | Self::Write { .. } | Self::Engine(_))
    }

    /// Wraps a failure to write `path`, before anything was finished.
    pub(super) fn write(path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Write { path: path.to_owned(), source, kept: false }
    }

    /// The same where something was finished.
    pub(super) fn with_parts(self) -> Self {
        match self {
            Self::Write { path, source, .. } => Self::Write { path, source, kept: true },
            error => error,
        }
    }
}
