//! What is to be generated, and in which parts.

use super::record::Keep;
use crate::load::generated::Layout;
use crate::seed::index;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Most PNG files of a part: what their names can number.
pub const MAX_PNG_IMAGES: u64 = 100_000_000;

/// What to generate.
///
/// ```
/// use digitgan::prelude::*;
///
/// // Even digits alone, and as many of each.
/// let classes = Some([0, 2, 4, 6, 8].into());
/// let plan = SetPlan { train: 1000, test: 100, classes, seed: 1, layout: Layout::Png, keep: Keep::All };
/// assert_eq!(plan.classes.map(|classes| classes.len()), Some(5));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Training images.
    pub train: u32,
    /// Test images.
    pub test: u32,
    /// The classes, in equal parts; all of the generator's where none are named.
    pub classes: Option<BTreeSet<u8>>,
    /// Which images.
    pub seed: u64,
    /// How they lie in the folder.
    pub layout: Layout,
    /// Which of them are kept.
    pub keep: Keep,
}

/// Training images or test images.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Part {
    Train,
    Test,
}

impl Part {
    /// The place of image `number` among all images of a seed.
    pub(super) const fn place(self, number: u64) -> u64 {
        index::generated(self as u64, number)
    }

    /// What the names of its IDX files begin with.
    pub(super) const fn idx_name(self) -> &'static str {
        match self {
            Part::Train => "train",
            Part::Test => "t10k",
        }
    }

    /// The folder of its class folders.
    pub(super) const fn png_name(self) -> &'static str {
        match self {
            Part::Train => "train",
            Part::Test => "test",
        }
    }
}
