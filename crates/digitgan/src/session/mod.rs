//! What every front end does around a training, so that it only has to parse, print and give advice.
//!
//! - A [`Session`] is a training with the run directory that records it: started, taken up, run to its end;
//! - [`manifest`] says what a new run is, and whether data and settings are those of an old one;
//! - [`judges`] finds or trains the judge of a data set, who also looks for a collapse;
//! - [`evaluations`] judges the generators of runs, and chooses one of them.

mod error;
pub mod evaluations;
pub mod judges;
pub mod manifest;
mod training;

pub use error::{KeptJudgeError, SessionError};
pub use training::{Session, check_free};
