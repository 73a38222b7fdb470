//! What the loaders need to know of a data set that [`crate::generate`] has made.
//!
//! The images alone do not say what the classes of IDX files are called, or that PNG files are already light ink on
//! black. The record beside them does ([`crate::generate::record`]). A folder without one, or with something else under
//! its name, is read as any other.

use super::error::one_line;
use crate::data::MAX_CLASSES;
use crate::files::capped;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// The version of the record that this library knows.
pub const FORMAT: u32 = 1;
/// Its name in the folder of the data set.
pub const FILE_NAME: &str = "dataset.json";
/// Largest record that is read.
const MAX_BYTES: u64 = 1 << 20;

/// How the images lie in the folder.
///
/// ```
/// use digitgan::prelude::*;
///
/// let as_mnist = SetPlan { train: 60_000, test: 10_000, classes: None, seed: 1, layout: Layout::Idx, ..SetPlan::default() };
/// let as_pictures = SetPlan { layout: Layout::Png, ..as_mnist.clone() };
/// assert_ne!(as_mnist, as_pictures);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Layout {
    /// Four gzipped IDX files, named as MNIST's.
    #[default]
    Idx,
    /// `train/CLASS/NUMBER.png`, and `test/CLASS/NUMBER.png` where there are test images.
    Png,
    /// One file of NumPy arrays, `digits.npz`, as Keras has MNIST.
    Npz,
    /// `data/train-00000-of-00001.parquet` and so on, as Hugging Face has MNIST.
    Parquet,
    /// `train-000000.tar` and so on, as the package `webdataset` reads them.
    WebDataset,
}

/// The part of the record that loaders use.
#[derive(Debug, Deserialize)]
pub(super) struct Generated {
    format: u32,
    pub(super) layout: Layout,
    pub(super) class_names: Vec<String>,
}

impl Generated {
    /// What the record in `folder` says, if there is one that this library knows. Nothing fails for want of it.
    pub(super) fn find(folder: &Path) -> Option<Generated> {
        let mut known: Generated = serde_json::from_str(&text(folder)?).ok()?;
        known.class_names.iter_mut().for_each(|name| *name = one_line(name));
        (known.format <= FORMAT && known.class_names.len() <= MAX_CLASSES).then_some(known)
    }
}

/// The text of the record in `folder`, if there is one.
pub(crate) fn text(folder: &Path) -> Option<String> {
    capped::read_text(&folder.join(FILE_NAME), MAX_BYTES).ok()
}
