//! What loading a data set from files decided and left out: nothing is dropped in silence.

use super::gather::Unreadable;
use super::survey::LikelyGround;
use crate::data::ReadAs;
use std::ops::RangeInclusive;
use std::path::PathBuf;

/// How a data set was read from files.
///
/// ```
/// use digitgan::data::ReadAs;
/// use digitgan::load::LoadReport;
/// use digitgan::prelude::*;
///
/// # let folder = std::env::temp_dir().join(format!("digitgan-report-{}", std::process::id()));
/// # let (generator, device) = (GeneratorFile::untrained(Variant::Cgan, 10, 1)?, Device::cpu(Some(1))?);
/// # let plan = SetPlan { train: 20, test: 10, seed: 1, ..SetPlan::default() };
/// # let source = SetSource { file: &generator, sha256: "", device: &device, judge: None };
/// # generate(&folder, &plan, source, &mut |_, _| std::ops::ControlFlow::Continue(()))?;
/// // `folder` holds IDX files here.
/// let loaded = load(&DataSource::Path(folder.clone()), &Reading::default(), &default_data_dir()?, &|_| ())?;
/// let report: LoadReport = loaded.report.ok_or("files have one")?;
/// assert_eq!((report.format, report.read_as), ("IDX", ReadAs::PLAIN));
/// # std::fs::remove_dir_all(&folder)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct LoadReport {
    /// The format of the files: `IDX`, `NPY`, `NPZ`, `CSV`, `Parquet` or `pictures`.
    pub format: &'static str,
    /// How stored values became images, all of them the same way.
    pub read_as: ReadAs,
    /// Whether the ground is told neither by the images nor by the caller: it was taken for dark.
    pub ground_unclear: bool,
    /// Where the ground is unclear: the one to give as the setting `ground`, unless as many images have the other.
    pub likely_ground: Option<LikelyGround>,
    /// How many images of another size were scaled and centred.
    pub resized: usize,
    /// Whether all images are a test or validation split by their names, and none are to train on.
    pub test_alone: bool,
    /// How many test images were set aside from the training images, because there were no others.
    pub set_aside: Option<usize>,
    /// Which labels are missing, where classes are numbers with gaps between them.
    pub label_gaps: Option<LabelGaps>,
    /// Classes of very few training images beside the others: their label may be damaged or misspelt.
    pub rare: Vec<RareClass>,
    /// The highest value, where it is less than half of white: the images are dim, or white is another value.
    pub dim: Option<f32>,
    /// How many images use less than a sixteenth of the range: they may be of another one than the rest.
    pub faint: usize,
    /// How many images have values outside of the range, which were taken for its ends.
    pub outside_range: usize,
    /// Images whose own ground is the other one.
    pub otherwise: Otherwise,
    /// What was passed over: files by their kind, folders by their names.
    pub left_out: Vec<LeftOut>,
    /// The names of columns of a table that are neither labels nor pixels.
    pub unused_columns: Vec<String>,
    /// Splits and sets that are there and of no use here.
    pub unused: Vec<Unused>,
    /// Images that could not be read, and are missing.
    pub unreadable: Vec<Unreadable>,
}

/// Images whose own ground is not that of their data set, as they were read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Otherwise {
    /// How many there are.
    pub images: usize,
    /// The clearest of them, `[at most 20, 28, 28]`.
    pub worst: Vec<u8>,
}

/// Labels that are numbers, not all of which occur.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelGaps {
    /// The lowest label of a training image.
    pub first: u64,
    /// The highest.
    pub last: u64,
    /// Those between them that no training image has, in order.
    pub missing: Vec<RangeInclusive<u64>>,
}

/// A class of very few training images.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RareClass {
    /// What it is called.
    pub name: String,
    /// How many there are.
    pub images: usize,
}

/// Files or folders that were passed over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// Their kind, such as `.txt`, or the folder's name.
    pub what: String,
    /// How many there are.
    pub number: usize,
    /// Why.
    pub why: &'static str,
}

/// A part of a data set that is there and was not used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unused {
    /// Where it is.
    pub path: PathBuf,
    /// Why it was not used.
    pub why: &'static str,
}
