//! What a training run leaves behind: the interface between training and everything after it.
//!
//! `docs/run-directory.md` describes the layout for people; [`RunDirectory`] is the only code that
//! names the files. [`manifest`] is what the run was, `checkpoint` what a training needs to go on,
//! `losses` and `tensorboard` what happened,
//! `looks` whether the digits stayed various (rows of a `step_log`),
//! [`evaluation_files`] how good the digits are, [`timing`] how long it took. A [`RunLock`] keeps two processes from
//! writing into one run, and a [`Note`] tells of a file that was not as it should be.

mod aside;
// Hidden, as four more: a [`Recorder`] and a session write and read them; public for the tests of each.
#[doc(hidden)]
pub mod checkpoint;
mod directory;
#[cfg(feature = "pictures")]
pub mod evaluation_files;
mod lines;
mod lock;
#[doc(hidden)]
pub mod looks;
#[doc(hidden)]
pub mod losses;
pub mod manifest;
mod notes;
#[cfg(feature = "pictures")]
mod recorder;
#[doc(hidden)]
pub mod step_log;
mod survey;
#[doc(hidden)]
pub mod tensorboard;
pub mod timing;

pub use checkpoint::CheckpointError;
pub use directory::RunDirectory;
#[cfg(feature = "pictures")]
pub(crate) use directory::no_generator;
pub use lock::{Holder, LockError, RunLock};
pub use notes::Note;
#[cfg(feature = "pictures")]
pub use recorder::{RecordError, Recorder};
pub use survey::StepLogError;
