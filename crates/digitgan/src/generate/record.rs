//! `dataset.json`: what a generated data set is, beside its images.
//!
//! `docs/generated-data.md` describes it. [`crate::load::generated`] is what loaders read of it.

use super::choices::{Cut, Keep, Mix};
use crate::data::{MAX_CLASSES, MIN_CLASSES};
use crate::files::atomic;
use crate::judge::JudgeIdentity;
use crate::load::MAX_IMAGES;
use crate::load::generated::{self, FILE_NAME, FORMAT, Layout};
use crate::model::Variant;
use crate::run::manifest::Versions;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Where the labels come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Labels {
    /// They are the classes that the generator was asked for.
    Asked,
    /// A judge read them off the images: the generator knows no classes.
    Read,
}

/// What a generated data set is.
///
/// ```
/// use digitgan::prelude::*;
///
/// # let folder = std::env::temp_dir().join(format!("digitgan-record-{}", std::process::id()));
/// # let (generator, device) = (GeneratorFile::untrained(Variant::Cgan, 10, 1)?, Device::cpu(Some(1))?);
/// # let plan = SetPlan { train: 20, test: 10, classes: None, seed: 1, ..SetPlan::default() };
/// # let source = SetSource { file: &generator, sha256: "", device: &device, judge: None };
/// # generate(&folder, &plan, source, &mut |_, _| std::ops::ControlFlow::Continue(()))?;
///
/// let record = SetRecord::read(&folder).unwrap();
/// assert_eq!((record.train.images, record.test.images), (20, 10));
/// assert_eq!(record.train.counts, [2; 10]);
/// # std::fs::remove_dir_all(&folder)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SetRecord {
    /// Version of this layout.
    pub format: u32,
    /// How the images lie in the folder.
    pub layout: Layout,
    /// The names of all classes of the generator; labels are places in this list.
    pub class_names: Vec<String>,
    /// The seed that every image follows from.
    pub seed: u64,
    /// Who drew.
    pub generator: GeneratorRecord,
    /// Where the labels come from.
    pub labels: Labels,
    /// Which images were kept.
    pub keep: Keep,
    /// The only classes that were asked for, if not all of them were.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub classes: Option<BTreeSet<u8>>,
    /// How many images there are of each class.
    #[serde(skip_serializing_if = "is_default", default)]
    pub mix: Mix,
    /// The largest number in the noise, if it was truncated.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub truncation: Option<f32>,
    /// The least probability that the judge gave to the class of an image that was kept, if one was asked for.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reject_below: Option<f32>,
    /// Images that were drawn and not kept, where a least probability was asked for.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub rejected: Option<u64>,
    /// Whether the noise of each image is there.
    #[serde(skip_serializing_if = "is_default", default)]
    pub latents: bool,
    /// Into how many files it is divided, if not as usual.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub files: Option<u32>,
    /// Which part of a larger data set it is, if it is one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub shard: Option<ShardRecord>,
    /// Images that were drawn, kept or not.
    pub drawn: u64,
    /// Who read the images, if anybody.
    pub judge: Option<JudgeIdentity>,
    /// The training images.
    pub train: SplitRecord,
    /// The test images.
    pub test: SplitRecord,
    /// What made it.
    pub versions: Versions,
}

/// The generator of a data set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GeneratorRecord {
    /// SHA-256 of its file, in hexadecimal.
    pub sha256: String,
    /// Its model.
    pub model: Variant,
    /// The data set that it was trained on; empty where its file does not say.
    pub trained_on: String,
    /// Steps that it was trained for.
    pub step: u64,
}

/// Which part of a larger data set this is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShardRecord {
    /// Which, counted from 0.
    pub index: u32,
    /// Of how many.
    pub of: u32,
    /// Training images of all of them.
    pub train: u32,
    /// Test images of all of them.
    pub test: u32,
}

/// Training or test images.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SplitRecord {
    /// How many there are.
    pub images: u64,
    /// How many there are of each class, `[classes]`.
    pub counts: Vec<u64>,
    /// SHA-256 of their pixels in order, a byte each, whatever the layout.
    pub images_sha256: String,
    /// SHA-256 of their labels in order, a byte each.
    pub labels_sha256: String,
    /// SHA-256 of their latents in order, four bytes a number, the lowest first; empty if they are not kept.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub latents_sha256: String,
}

/// Why this program will not train on a data set that it has generated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// Files that this program writes and does not read.
    WrittenOnly,
    /// More images than are read.
    TooMany,
    /// Fewer than two classes.
    TooFewClasses,
    /// Test images of this class, and no training image.
    OnlyTested(String),
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Obstacle::WrittenOnly => write!(f, "it does not read tar files"),
            Obstacle::TooMany => write!(f, "it reads at most {MAX_IMAGES} images"),
            Obstacle::TooFewClasses => write!(f, "it needs images of {MIN_CLASSES} classes at least"),
            Obstacle::OnlyTested(class) => write!(f, "{class} is among the test images alone"),
        }
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl SplitRecord {
    /// Whether the images are those of the classes, and no more than can be counted.
    fn adds_up(&self) -> bool {
        let sum = self.counts.iter().try_fold(0u64, |sum, &count| sum.checked_add(count));
        sum == Some(self.images) && self.images < 1 << 62
    }
}

impl SetRecord {
    /// How it is divided into files.
    pub(super) fn cut(&self) -> Cut {
        match (&self.shard, self.files) {
            (Some(shard), _) => Cut::Shard { index: shard.index, of: shard.of },
            (None, Some(files)) => Cut::Files(files),
            (None, None) => Cut::Usual,
        }
    }

    /// Why this program will not train on the data set; `None` if it will.
    pub fn obstacle(&self) -> Option<Obstacle> {
        if self.layout == Layout::WebDataset {
            return Some(Obstacle::WrittenOnly);
        }
        let read_at_once = match self.layout {
            Layout::Png => self.train.images + self.test.images,
            _ => self.train.images.max(self.test.images),
        };
        if read_at_once > MAX_IMAGES as u64 {
            return Some(Obstacle::TooMany);
        }
        let trained: Vec<bool> = self.train.counts.iter().map(|&count| count > 0).collect();
        if trained.iter().filter(|&&there| there).count() < MIN_CLASSES {
            return Some(Obstacle::TooFewClasses);
        }
        let name = |class: usize| self.class_names[class].clone();
        let untrained = |(class, &count): (usize, &u64)| count > 0 && !trained[class];
        self.test.counts.iter().enumerate().position(untrained).map(|class| Obstacle::OnlyTested(name(class)))
    }

    /// Writes it into `folder`.
    ///
    /// # Errors
    /// Those of writing.
    pub fn write(&self, folder: &Path) -> io::Result<()> {
        let text = serde_json::to_string_pretty(self).map_err(io::Error::other)?;
        atomic::write(&path(folder), |out| writeln!(out, "{text}"))
    }

    /// Reads the one in `folder`, if there is one that this library knows.
    pub fn read(folder: &Path) -> Option<SetRecord> {
        let record: SetRecord = serde_json::from_str(&generated::text(folder)?).ok()?;
        let classes = record.class_names.len();
        let counted =
            [&record.train, &record.test].iter().all(|split| split.counts.len() == classes && split.adds_up());
        (record.format <= FORMAT && classes <= MAX_CLASSES && counted).then_some(record)
    }
}

/// The record of the data set in `folder`.
pub fn path(folder: &Path) -> PathBuf {
    folder.join(FILE_NAME)
}
