//! What is chosen of a data set, and recorded: which images are kept, how many there are of each class, how they are divided.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Which images are kept.
///
/// ```
/// use digitgan::prelude::*;
///
/// let plan = SetPlan { train: 20, seed: 1, keep: Keep::Agreed, ..SetPlan::default() };
/// let generator = GeneratorFile::untrained(Variant::Gan, 10, 1)?;
/// let source = SetSource { file: &generator, sha256: "", device: &Device::cpu(Some(1))?, judge: None };
/// let error = generate("never".as_ref(), &plan, source, &mut |_, _| std::ops::ControlFlow::Continue(())).unwrap_err();
/// assert!(matches!(error, GenerateError::NothingAsked), "a GAN cannot be asked for a class");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Keep {
    /// All that are drawn.
    #[default]
    All,
    /// Those that the judge reads as the class asked for; the others are drawn again from other noise.
    Agreed,
}

/// How many images of each class there are.
///
/// ```
/// use digitgan::generate::Mix;
/// use digitgan::prelude::*;
///
/// let mix = Mix::Counts([(0, 6000), (1, 500)].into());
/// let plan = SetPlan { train: 6500, mix, seed: 1, ..SetPlan::default() };
/// assert_eq!(plan.mix.sum(), Some(6500));
/// assert_eq!(Mix::Uniform.sum(), None);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mix {
    /// As many of each, in blocks that hold every class once.
    #[default]
    Balanced,
    /// As chance has it: the class of each image is drawn by itself.
    Uniform,
    /// So many training images of each of these classes, and no others. Test images are as many of each.
    Counts(BTreeMap<u8, u32>),
}

impl Mix {
    /// How many training images that makes, where it says so.
    pub fn sum(&self) -> Option<u64> {
        let Mix::Counts(counts) = self else { return None };
        Some(counts.values().map(|&count| u64::from(count)).sum())
    }
}

/// How a data set is divided into files, and which of them are made.
///
/// File i of n holds the images from number ⌊count · i / n⌋ up to, but not with, number ⌊count · (i + 1) / n⌋.
///
/// ```
/// use digitgan::generate::Cut;
///
/// // The third of eight machines makes this file of the eight that one would make.
/// let (here, whole) = (Cut::Shard { index: 2, of: 8 }, Cut::Files(8));
/// assert_ne!(here, whole);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Cut {
    /// All of it: in one file, or one for each 100,000 images or so where the layout is Parquet or WebDataset.
    #[default]
    Usual,
    /// All of it, in so many files.
    Files(u32),
    /// One file of so many, counted from 0.
    Shard {
        /// Which.
        index: u32,
        /// Of how many.
        of: u32,
    },
}

#[cfg(test)]
mod tests;
