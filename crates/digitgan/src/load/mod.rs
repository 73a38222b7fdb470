//! Data sets from outside: [`load`] turns a [`DataSource`](crate::data::DataSource) into a
//! [`Dataset`](crate::data::Dataset).
//!
//! - `mnist` finds MNIST's four files, or has `download` fetch them (feature `download`), and checks their hashes;
//! - `folder` reads anything else: IDX files (`idx`) or one folder of PNG files per class
//!   (`class_folders`, `png`), with `fit` bringing images of other sizes to 28×28.
//!
//! What [`crate::generate`] wrote says so itself (`generated`).
//!
//! Whatever comes from outside is taken for hostile: sizes are checked before memory is asked for,
//! and each way to be wrong is a [`DataError`] that says in one line what was found, where, and
//! what to do.

#[cfg(feature = "download")]
mod attempt;
mod class_folders;
// Hidden, as three more: [`load`] chooses among them; public for the tests of each.
#[cfg(feature = "download")]
#[doc(hidden)]
pub mod download;
mod error;
mod events;
mod fit;
pub(crate) mod folder;
#[doc(hidden)]
pub mod generated;
mod hashing;
#[doc(hidden)]
pub mod idx;
mod limits;
mod listing;
#[doc(hidden)]
pub mod mnist;
mod png;
mod remote;
mod source;

pub use error::{DataError, IdxError};
pub use events::{DataEvent, OnEvent};
pub use limits::{MAX_IMAGES, MAX_SIDE};
#[doc(hidden)]
pub use remote::{MAX_DOWNLOAD_BYTES, RemoteFile};
pub use remote::{MIRRORS, Mirrors};
pub use source::{Loaded, default_data_dir, load, load_from};
