//! Loads the data set that a source names.

use super::error::DataError;
use super::events::{DataEvent, OnEvent};
use super::remote::Mirrors;
use super::{folder, mnist};
use crate::data::{DataSource, Dataset, strokes};
use etcetera::BaseStrategy;
use std::path::{Path, PathBuf};

/// A data set, and whether it is the one that was meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loaded {
    /// The data set.
    pub dataset: Dataset,
    /// Why it is the strokes although `auto` prefers MNIST; belongs in the record of a run.
    pub fallback: Option<String>,
}

/// The folder where downloaded data is kept if nobody names one: in the user's cache folder.
///
/// # Errors
/// [`DataError::NoCacheFolder`] if the user has none.
pub fn default_data_dir() -> Result<PathBuf, DataError> {
    let folders = etcetera::base_strategy::choose_native_strategy().map_err(|_| DataError::NoCacheFolder)?;
    Ok(folders.cache_dir().join("digitgan"))
}

/// Loads the data set that `source` names, keeping what it downloads in `data_dir`.
///
/// Only [`DataSource::Auto`] ever substitutes one data set for another, and only if MNIST is not
/// there and cannot be fetched: a file that claims to be MNIST and is not is an error even then.
///
/// # Errors
/// If the data set cannot be had or is not what it should be; see [`DataError`].
pub fn load(source: &DataSource, data_dir: &Path, on_event: OnEvent) -> Result<Loaded, DataError> {
    let mirrors = match source {
        DataSource::Auto => Mirrors::brief(),
        _ => Mirrors::patient(),
    };
    load_from(source, data_dir, &mirrors, on_event)
}

/// [`load`], with mirrors of the caller's choice.
///
/// # Errors
/// As [`load`].
pub fn load_from(
    source: &DataSource,
    data_dir: &Path,
    mirrors: &Mirrors,
    on_event: OnEvent,
) -> Result<Loaded, DataError> {
    let dataset = match source {
        DataSource::Auto => return mnist_or_strokes(data_dir, mirrors, on_event),
        DataSource::Mnist => mnist::load(data_dir, mirrors, on_event)?,
        DataSource::Strokes => draw_strokes(on_event),
        DataSource::Path(path) => folder::load(path, on_event)?,
    };
    Ok(Loaded { dataset, fallback: None })
}

fn mnist_or_strokes(data_dir: &Path, mirrors: &Mirrors, on_event: OnEvent) -> Result<Loaded, DataError> {
    match mnist::load(data_dir, mirrors, on_event) {
        Ok(dataset) => Ok(Loaded { dataset, fallback: None }),
        Err(error) if error.is_out_of_reach() => {
            let reason = error.to_string();
            on_event(DataEvent::FellBackToStrokes { reason: &reason });
            Ok(Loaded { dataset: draw_strokes(on_event), fallback: Some(reason) })
        }
        Err(error) => Err(error),
    }
}

fn draw_strokes(on_event: OnEvent) -> Dataset {
    let total = strokes::TRAIN_IMAGES + strokes::TEST_IMAGES;
    strokes::generate(&|done| on_event(DataEvent::Drawing { done, total })).dataset
}
