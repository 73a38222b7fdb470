//! What every front end does around a training; the front end itself only parses, prints and gives advice.
//!
//! - A [`Session`] is a training with the run directory that records it: it starts, resumes and finishes one;
//! - [`manifest`] says what a new run is, and whether data and settings are those of an old one;
//! - [`judges`] finds or trains the judge of a data set, which the collapse monitor uses too;
//! - [`named`] finds what a person means who names a run or a generator;
//! - [`evaluations`] evaluates the generators of runs, and chooses one of them.

mod error;
pub mod evaluations;
pub mod judges;
pub mod manifest;
pub mod named;
mod training;

pub use error::{KeptJudgeError, SessionError};
pub use training::{Session, check_free, check_resumable};
