//! `dataset.json`: what a generated data set is, beside its images.
//!
//! `docs/generated-data.md` describes it. [`crate::load::generated`] is what loaders read of it.

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

/// Which images are kept.
///
/// ```
/// use digitgan::prelude::*;
///
/// let plan = SetPlan { train: 20, test: 0, classes: None, seed: 1, layout: Layout::Idx, keep: Keep::Agreed };
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

/// What a generated data set is.
///
/// ```
/// use digitgan::prelude::*;
///
/// # let folder = std::env::temp_dir().join(format!("digitgan-record-{}", std::process::id()));
/// # let (generator, device) = (GeneratorFile::untrained(Variant::Cgan, 10, 1)?, Device::cpu(Some(1))?);
/// # let plan = SetPlan { train: 20, test: 10, classes: None, seed: 1, layout: Layout::Idx, keep: Keep::All };
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
}

/// Why this program will not train on a data set that it has generated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// More images than are read.
    TooMany,
    /// IDX files whose labels leave out this class, and have a lower and a higher one.
    Gap(String),
    /// Fewer than two classes.
    TooFewClasses,
    /// Test images of this class, and no training image.
    OnlyTested(String),
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Obstacle::TooMany => write!(f, "it reads at most {MAX_IMAGES} images"),
            Obstacle::Gap(class) => {
                write!(f, "IDX labels must leave no class out between two others, but no image is labelled {class}")
            }
            Obstacle::TooFewClasses => write!(f, "it needs images of {MIN_CLASSES} classes at least"),
            Obstacle::OnlyTested(class) => write!(f, "{class} is among the test images alone"),
        }
    }
}

impl SplitRecord {
    /// Whether the images are those of the classes, and no more than can be counted.
    fn adds_up(&self) -> bool {
        let sum = self.counts.iter().try_fold(0u64, |sum, &count| sum.checked_add(count));
        sum == Some(self.images) && self.images < 1 << 62
    }
}

impl SetRecord {
    /// Why this program will not train on the data set; `None` if it will.
    pub fn obstacle(&self) -> Option<Obstacle> {
        let read_at_once = match self.layout {
            Layout::Idx => self.train.images.max(self.test.images),
            Layout::Png => self.train.images + self.test.images,
        };
        if read_at_once > MAX_IMAGES as u64 {
            return Some(Obstacle::TooMany);
        }
        let trained: Vec<bool> = self.train.counts.iter().map(|&count| count > 0).collect();
        let known = trained.iter().filter(|&&there| there).count();
        let ends = trained.iter().position(|&there| there).zip(trained.iter().rposition(|&there| there));
        let name = |class: usize| self.class_names[class].clone();
        if let (Layout::Idx, Some((lowest, highest))) = (self.layout, ends)
            && let Some(class) = (lowest..highest).find(|&class| !trained[class])
        {
            return Some(Obstacle::Gap(name(class)));
        }
        if known < MIN_CLASSES {
            return Some(Obstacle::TooFewClasses);
        }
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
