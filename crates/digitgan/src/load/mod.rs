//! Data sets from outside: [`load`] turns a [`DataSource`](crate::data::DataSource) into a
//! [`Dataset`](crate::data::Dataset).
//!
//! - `mnist` finds MNIST's four files, or has `download` fetch them (feature `download`), and checks their hashes;
//! - `path` reads anything else. `sets` finds files that belong together (IDX, NPY, NPZ, CSV, Parquet, told apart by
//!   `format`), `class_folders` finds pictures; the readers of the formats hand images over as they are `stored`; `gather`
//!   makes 28×28 bytes of them, and `survey` says, by all of them, how they are meant. What was decided and what was left
//!   out is in the [`LoadReport`]. `orientation` looks whether digits lie on their side.
//!
//! What [`crate::generate`] wrote says so itself (`generated`).
//!
//! Whatever comes from outside is taken for hostile: sizes are checked before memory is asked for,
//! and each way to be wrong is a [`DataError`] that says in one line what was found, where, and
//! what to do.

mod array;
#[cfg(feature = "download")]
mod attempt;
mod class_folders;
mod csv;
// Hidden, as four more: [`load`] chooses among them; public for the tests of each.
#[cfg(feature = "download")]
#[doc(hidden)]
pub mod download;
mod error;
mod events;
mod fit;
mod format;
mod gather;
#[doc(hidden)]
pub mod generated;
pub(crate) mod hashing;
#[doc(hidden)]
pub mod idx;
pub(crate) mod label_text;
mod labels;
mod limits;
mod listing;
mod members;
#[doc(hidden)]
pub mod mnist;
mod names;
mod npy;
mod npz;
#[doc(hidden)]
pub mod open;
mod orientation;
mod parquet;
pub(crate) mod path;
mod picture;
mod place;
mod plain_png;
mod remote;
mod report;
mod sets;
mod source;
mod stored;
mod survey;
mod tiff;

pub use csv::CsvError;
pub use error::{ArrayError, DataError};
pub use events::{DataEvent, OnEvent};
pub use gather::Unreadable;
pub use limits::{MAX_IMAGES, MAX_SIDE};
#[cfg(feature = "pictures")]
pub(crate) use members::CLASS_NAMES;
#[cfg(feature = "pictures")]
pub(crate) use names::are_classes;
pub use orientation::{Turned, looks_turned};
pub use parquet::ParquetError;
#[doc(hidden)]
pub use remote::{MAX_DOWNLOAD_BYTES, RemoteFile};
pub use remote::{MIRRORS, Mirrors};
pub use report::{LabelGaps, LeftOut, LoadReport, Otherwise, RareClass, Unused};
pub use source::{Loaded, default_data_dir, load, load_from};
pub use survey::LikelyGround;
