//! What is to be told of a run's files that are not as they should be: they are mended as far as they can be, and no
//! training is refused for want of them.

use std::fmt;
use std::path::PathBuf;

/// What was found, and what was done about it. Each is one line.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Note {
    /// Some steps have no row in a log.
    Gap {
        /// The log.
        path: PathBuf,
        /// What its rows are of.
        of: &'static str,
        /// The first step without a row.
        first: u64,
        /// The last one.
        last: u64,
        /// How many there are from the first to the last.
        steps: u64,
    },
    /// A log was damaged, and was written anew with the rows that could be read.
    Mended {
        /// The log.
        path: PathBuf,
        /// What was wrong with its first damaged line.
        problem: String,
        /// Lines that could not be read.
        lines: u64,
        /// The file as it was, if something in it could not be read or its rows were in another order.
        kept: Option<PathBuf>,
    },
    /// A log or a record is damaged, and was left as it is.
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// Something that could not be used was in a place; it was moved away.
    MovedAway {
        /// The place.
        path: PathBuf,
        /// What was wrong with it.
        problem: String,
        /// Where it is now.
        kept: PathBuf,
    },
    /// How long some steps took is not known.
    Untimed {
        /// The record of time.
        path: PathBuf,
        /// The last of these steps; the first is step 1.
        last: u64,
    },
    /// A picture cannot be written, and the run goes on without it.
    Unwritten {
        /// The picture.
        path: PathBuf,
        /// Why not.
        problem: String,
    },
    /// A picture cannot be read, and is left out of what is made of it.
    LeftOut {
        /// The picture.
        path: PathBuf,
        /// What is made of it.
        of: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// The file system knows no locks: nothing keeps another process from training the same run.
    Unlocked {
        /// The run.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Note::Gap { path, of, first, last, .. } if first == last => {
                write!(f, "{} has no {of} of step {first}", path.display())
            }
            Note::Gap { path, of, first, last, steps } if *steps == last - first + 1 => {
                write!(f, "{} has no {of} of steps {first} to {last}", path.display())
            }
            Note::Gap { path, of, first, last, steps } => {
                write!(f, "{} has no {of} of {steps} steps from {first} to {last}", path.display())
            }
            Note::Mended { path, problem, kept: None, .. } => {
                write!(f, "{}: {problem}; it was mended, and nothing of it is lost", path.display())
            }
            Note::Mended { path, problem, lines: 0, kept: Some(kept) } => {
                let (path, kept) = (path.display(), kept.display());
                write!(f, "{path}: {problem}; its rows were put in order, and the file as it was is {kept}")
            }
            Note::Mended { path, problem, lines, kept: Some(kept) } => {
                let lines = if *lines == 1 { "1 line".to_owned() } else { format!("{lines} lines") };
                let (path, kept) = (path.display(), kept.display());
                write!(f, "{path}: {problem}; {lines} could not be read, and the file as it was is {kept}")
            }
            Note::Unreadable { path, problem } => write!(f, "{}: {problem}", path.display()),
            Note::MovedAway { path, problem, kept } => {
                write!(f, "{}: {problem}; what was there is now {}", path.display(), kept.display())
            }
            Note::Untimed { path, last } => {
                write!(f, "{} does not say how long steps 1 to {last} took", path.display())
            }
            Note::Unwritten { path, problem } => write!(f, "{} is not written: {problem}", path.display()),
            Note::LeftOut { path, of, problem } => {
                write!(f, "{} is left out of {of}: {problem}", path.display())
            }
            Note::Unlocked { path, reason } => {
                let path = path.display();
                write!(f, "{path} cannot be locked ({reason}): make sure that no other process trains it")
            }
        }
    }
}
