//! What a training run leaves behind: the interface between training and everything after it.
//!
//! `docs/run-directory.md` describes the layout for people; [`RunDirectory`] is the only code that
//! names the files. [`manifest`] is what the run was, [`checkpoint`] what a training needs to go on,
//! [`generator_file`] what drawing needs, [`losses`] and [`tensorboard`] what happened,
//! [`watch_log`] whether the digits stayed various (rows of [`records`] in a [`step_log`]),
//! [`evaluation_files`] how good the digits are, [`timing`] how long it took.

pub mod checkpoint;
mod directory;
pub mod evaluation_files;
pub mod generator_file;
pub mod losses;
pub mod manifest;
pub mod records;
pub mod step_log;
mod tensor_file;
pub mod tensorboard;
pub mod timing;
pub mod watch_log;

pub use directory::RunDirectory;
pub use tensor_file::{Precision, TensorFile, TensorFileError};
