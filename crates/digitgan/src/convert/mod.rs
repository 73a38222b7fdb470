//! Data sets into the formats that other programs read, and [`crate::load`] too.
//!
//! | [`ConvertLayout`] | what is written | class names |
//! | --- | --- | --- |
//! | `idx` | a folder of four gzipped files, as MNIST's | in `dataset.json` |
//! | `npz` | one file of `x_train`, `y_train`, `x_test`, `y_test`, as Keras has MNIST | in the array `class_names`, if they are no numbers |
//! | `csv` | a folder of `train.csv` and `test.csv`: `label,pixel0,…`, as Kaggle has MNIST | as labels |
//! | `parquet` | a folder of `data/train-00000-of-00001.parquet` …, as Hugging Face has MNIST | in the schema's metadata |
//! | `folders` | `train/CLASS/NUMBER.png`, `test/CLASS/NUMBER.png` | as names of folders |
//!
//! Images are 28×28 bytes in a [`Dataset`], and each format holds them exactly. What is written comes to light whole or not at
//! all (`place`).

mod csv;
mod error;
mod folders;
#[cfg(feature = "parquet")]
mod hugging_face;
mod idx;
mod measures;
pub(crate) mod npy;
mod npz;
#[cfg(feature = "parquet")]
mod parquet;
mod parts;
mod place;
#[cfg(test)]
mod tests;

pub use error::{ConvertError, UnknownLayout};
pub(crate) use folders::encode as encode_png;
#[cfg(feature = "parquet")]
pub(crate) use hugging_face::PictureTable;
pub use measures::{MeasureColumn, measures_table};

use crate::data::Dataset;
use crate::files::check_folder;
use parts::Progress;
pub(crate) use parts::names_are_numbers;
pub(crate) use place::{Place, check_vacant};
use std::fmt;
use std::ops::ControlFlow;
use std::path::Path;
use std::str::FromStr;

/// In which format a data set is written.
///
/// ```
/// use digitgan::prelude::*;
///
/// assert_eq!("npz".parse::<ConvertLayout>()?, ConvertLayout::Npz);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConvertLayout {
    /// Four gzipped IDX files.
    Idx,
    /// One file of NumPy arrays.
    Npz,
    /// Two tables.
    Csv,
    /// Parquet files with PNG files in them.
    Parquet,
    /// One folder of PNG files per class.
    Folders,
}

impl ConvertLayout {
    /// All of them.
    pub const ALL: [ConvertLayout; 5] =
        [ConvertLayout::Idx, ConvertLayout::Npz, ConvertLayout::Csv, ConvertLayout::Parquet, ConvertLayout::Folders];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            ConvertLayout::Idx => "idx",
            ConvertLayout::Npz => "npz",
            ConvertLayout::Csv => "csv",
            ConvertLayout::Parquet => "parquet",
            ConvertLayout::Folders => "folders",
        }
    }

    /// Whether it is one file, rather than a folder.
    pub const fn is_file(self) -> bool {
        matches!(self, ConvertLayout::Npz)
    }
}

impl fmt::Display for ConvertLayout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for ConvertLayout {
    type Err = UnknownLayout;

    fn from_str(text: &str) -> Result<Self, UnknownLayout> {
        ConvertLayout::ALL.into_iter().find(|layout| layout.name() == text).ok_or(UnknownLayout)
    }
}

/// Checks that a data set can be written to `out` in a format, before it is loaded. Leaves no trace.
///
/// # Errors
/// When something is there already, it cannot be written, or this build does not write the format.
pub fn check(out: &Path, layout: ConvertLayout) -> Result<(), ConvertError> {
    if layout == ConvertLayout::Parquet && !cfg!(feature = "parquet") {
        return Err(ConvertError::NotBuilt);
    }
    place::check_ordinary(out)?;
    let folder = out.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if layout.is_file() {
        place::check_absent(out)?
    } else {
        check_vacant(out)?
    }
    check_folder(folder).map_err(ConvertError::write(out))
}

/// Writes a data set to `out`, which must not exist, or be an empty folder where the layout is one.
///
/// `watch` is told how many images are done, of how many, and says whether to go on. Where it does not, or something
/// fails, nothing is left.
///
/// ```
/// use digitgan::prelude::*;
///
/// # let out = std::env::temp_dir().join(format!("digitgan-convert-{}", std::process::id()));
///
/// let dataset = strokes::some(20, 10)?;
/// convert(&dataset, &out, ConvertLayout::Csv, &mut |_, _| std::ops::ControlFlow::Continue(()))?;
/// let table = std::fs::read_to_string(out.join("train.csv"))?;
/// assert!(table.starts_with("label,pixel0,pixel1,"));
/// assert_eq!(table.lines().count(), 21);
/// # std::fs::remove_dir_all(&out)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// When `out` is not vacant or cannot be written, a class has a name that the format cannot hold, or the data set is not
/// whole.
pub fn convert(
    dataset: &Dataset,
    out: &Path,
    layout: ConvertLayout,
    watch: &mut (dyn FnMut(usize, usize) -> ControlFlow<()> + Send),
) -> Result<(), ConvertError> {
    dataset.check()?;
    match layout {
        ConvertLayout::Csv => csv::check_names(&dataset.class_names)?,
        ConvertLayout::Folders => folders::check_names(&dataset.class_names)?,
        _ => {}
    }
    let mut progress = Progress::new(dataset, watch);
    if layout.is_file() {
        return npz::write(dataset, out, &mut progress);
    }
    let place = Place::take(out)?;
    match layout {
        ConvertLayout::Idx => idx::write(dataset, place.path(), &mut progress)?,
        ConvertLayout::Csv => csv::write(dataset, place.path(), &mut progress)?,
        ConvertLayout::Folders => folders::write(dataset, place.path(), &mut progress)?,
        #[cfg(feature = "parquet")]
        ConvertLayout::Parquet => parquet::write(dataset, place.path(), &mut progress)?,
        #[cfg(not(feature = "parquet"))]
        ConvertLayout::Parquet => return Err(ConvertError::NotBuilt),
        ConvertLayout::Npz => {}
    }
    place.finish()
}
