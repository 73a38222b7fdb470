//! Loads the data set that a source names.

use super::error::DataError;
use super::events::{DataEvent, OnEvent};
use super::remote::Mirrors;
use super::report::LoadReport;
use super::{mnist, path};
use crate::data::{DataSource, Dataset, Reading, strokes};
use etcetera::BaseStrategy;
use std::path::{Path, PathBuf};

/// A data set, and whether it is the one that was meant.
///
/// ```
/// use digitgan::prelude::*;
///
/// let loaded = Loaded::from(strokes::some(20, 10)?);
/// if let Some(reason) = &loaded.fallback {
///     println!("these are the strokes, not MNIST: {reason}");
/// }
/// assert_eq!(loaded.dataset.name, "strokes");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Loaded {
    /// The data set.
    pub dataset: Dataset,
    /// Why it is the strokes although `auto` prefers MNIST; belongs in the record of a run.
    pub fallback: Option<String>,
    /// How it was read, if it was read from files of the user's own.
    pub report: Option<LoadReport>,
}

impl From<Dataset> for Loaded {
    /// The data set that was meant, read from no files.
    fn from(dataset: Dataset) -> Loaded {
        Loaded { dataset, fallback: None, report: None }
    }
}

/// The folder where downloaded data is kept if nobody names one: in the user's cache folder.
///
/// ```
/// use digitgan::prelude::*;
///
/// match default_data_dir() {
///     Ok(folder) => assert!(folder.ends_with("digitgan")),
///     Err(error) => assert!(matches!(error, DataError::NoCacheFolder)),
/// }
/// ```
///
/// # Errors
/// [`DataError::NoCacheFolder`] if the user has none.
pub fn default_data_dir() -> Result<PathBuf, DataError> {
    let folders = etcetera::base_strategy::choose_native_strategy().map_err(|_| DataError::NoCacheFolder)?;
    Ok(folders.cache_dir().join("digitgan"))
}

/// Loads the data set that `source` names, keeping what it downloads in `data_dir`. Files of the user's own are read as
/// `reading` says; MNIST and the strokes are known.
///
/// Only [`DataSource::Auto`] ever substitutes one data set for another, and only if MNIST is not
/// there and cannot be fetched: a file that claims to be MNIST and is not is an error even then.
///
/// ```
/// use digitgan::prelude::*;
///
/// # let folder = std::env::temp_dir().join(format!("digitgan-load-{}", std::process::id()));
/// # let (generator, device) = (GeneratorFile::untrained(Variant::Cgan, 10, 1)?, Device::cpu(Some(1))?);
/// # let plan = SetPlan { train: 20, test: 10, seed: 1, ..SetPlan::default() };
/// # let source = SetSource { file: &generator, sha256: "", device: &device, judge: None };
/// # generate(&folder, &plan, source, &mut |_, _| std::ops::ControlFlow::Continue(()))?;
///
/// // `folder` holds IDX files here; `DataSource::Mnist` finds or fetches MNIST.
/// let loaded = load(&DataSource::Path(folder.clone()), &Reading::default(), &default_data_dir()?, &|event| println!("{event:?}"))?;
/// assert_eq!((loaded.dataset.train.len(), loaded.dataset.classes), (20, 10));
/// # std::fs::remove_dir_all(&folder)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// If the data set cannot be had or is not what it should be; see [`DataError`].
pub fn load(source: &DataSource, reading: &Reading, data_dir: &Path, on_event: OnEvent) -> Result<Loaded, DataError> {
    let mirrors = match source {
        DataSource::Auto => Mirrors::brief(),
        _ => Mirrors::patient(),
    };
    load_from(source, reading, data_dir, &mirrors, on_event)
}

/// [`load`], with mirrors of the caller's choice.
///
/// # Errors
/// As [`load`].
pub fn load_from(
    source: &DataSource,
    reading: &Reading,
    data_dir: &Path,
    mirrors: &Mirrors,
    on_event: OnEvent,
) -> Result<Loaded, DataError> {
    let dataset = match source {
        DataSource::Auto => return mnist_or_strokes(data_dir, mirrors, on_event),
        DataSource::Mnist => mnist::load(data_dir, mirrors, on_event)?,
        DataSource::Strokes => draw_strokes(on_event),
        DataSource::Path(path) => {
            let (dataset, report) = path::load(path, reading, on_event)?;
            return Ok(Loaded { report: Some(report), ..dataset.into() });
        }
    };
    Ok(dataset.into())
}

fn mnist_or_strokes(data_dir: &Path, mirrors: &Mirrors, on_event: OnEvent) -> Result<Loaded, DataError> {
    match mnist::load(data_dir, mirrors, on_event) {
        Ok(dataset) => Ok(dataset.into()),
        Err(error) if error.is_out_of_reach() => {
            let reason = error.to_string();
            on_event(DataEvent::FellBackToStrokes { reason: &reason });
            Ok(Loaded { fallback: Some(reason), ..draw_strokes(on_event).into() })
        }
        Err(error) => Err(error),
    }
}

fn draw_strokes(on_event: OnEvent) -> Dataset {
    let total = strokes::TRAIN_IMAGES + strokes::TEST_IMAGES;
    strokes::generate(&|done| on_event(DataEvent::Drawing { done, total })).dataset
}
