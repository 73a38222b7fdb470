//! What a training run leaves behind: the interface between training and everything after it.
//!
//! `docs/run-directory.md` describes the layout for people; [`RunDirectory`] is the only code that
//! names the files. [`manifest`] is what the run was, [`checkpoint`] what a training needs to go on,
//! [`losses`] and [`tensorboard`] what happened,
//! [`looks`] whether the digits stayed various (rows of a [`step_log`]),
//! [`evaluation_files`] how good the digits are, [`timing`] how long it took.

pub mod checkpoint;
mod directory;
#[cfg(feature = "pictures")]
pub mod evaluation_files;
pub mod looks;
pub mod losses;
pub mod manifest;
#[cfg(feature = "pictures")]
mod recorder;
pub mod step_log;
pub mod tensorboard;
pub mod timing;

pub use directory::RunDirectory;
#[cfg(feature = "pictures")]
pub use recorder::{RecordError, Recorder};
