//! What a training run leaves behind: the interface between training and everything after it.
//!
//! `docs/run-directory.md` describes the layout for people; [`RunDirectory`] is the only code that
//! names the files. [`manifest`] is what the run was, `checkpoint` what a training needs to go on,
//! `losses` and `tensorboard` what happened,
//! `looks` whether the digits stayed various (rows of a `step_log`),
//! [`evaluation_files`] how good the digits are, [`timing`] how long it took.

// Hidden, as four more: a [`Recorder`] and a session write and read them; public for the tests of each.
#[doc(hidden)]
pub mod checkpoint;
mod directory;
#[cfg(feature = "pictures")]
pub mod evaluation_files;
#[doc(hidden)]
pub mod looks;
#[doc(hidden)]
pub mod losses;
pub mod manifest;
#[cfg(feature = "pictures")]
mod recorder;
#[doc(hidden)]
pub mod step_log;
#[doc(hidden)]
pub mod tensorboard;
pub mod timing;

pub use checkpoint::CheckpointError;
pub use directory::RunDirectory;
#[cfg(feature = "pictures")]
pub use recorder::{RecordError, Recorder};
pub use step_log::StepLogError;
