//! What a new run is, and whether data and settings are those of an old one.

use super::error::SessionError;
use crate::config::{Setting, TrainConfig};
use crate::data::{DataSource, DatasetIdentity};
use crate::engine::Device;
use crate::load::Loaded;
use crate::run::RunDirectory;
use crate::run::manifest::{DatasetRecord, FORMAT, Manifest, Versions};
use std::path::{Path, PathBuf};

/// What a new run is, on data that was loaded with `data_dir` as the folder of data sets, if one was named.
///
/// # Errors
/// A path of the data set that cannot be made absolute, or what [`check_recordable`] refuses.
pub fn new(
    config: TrainConfig,
    loaded: &Loaded,
    data_dir: Option<PathBuf>,
    device: &Device,
) -> Result<Manifest, SessionError> {
    check_recordable(&config.data, data_dir.as_deref())?;
    Ok(Manifest {
        unwatched: false,
        format: FORMAT,
        dataset: DatasetRecord {
            identity: loaded.dataset.identity(),
            class_names: loaded.dataset.class_names.clone(),
            fallback: loaded.fallback.clone(),
            data_dir,
            read_as: loaded.report.as_ref().map(|report| report.read_as),
        },
        versions: Versions { digitgan: env!("CARGO_PKG_VERSION").to_owned(), device: device.to_string() },
        config: TrainConfig { data: found_source(&config.data, loaded)?, ..config },
        judge: None,
        collapse: None,
    })
}

/// The source that was found, which a resumed run must find again.
fn found_source(asked: &DataSource, loaded: &Loaded) -> Result<DataSource, SessionError> {
    Ok(match asked {
        DataSource::Auto if loaded.fallback.is_some() => DataSource::Strokes,
        DataSource::Auto => DataSource::Mnist,
        DataSource::Path(path) => DataSource::Path(absolute(path)?),
        other => other.clone(),
    })
}

fn absolute(path: &Path) -> Result<PathBuf, SessionError> {
    let refused = |source| SessionError::Folder { action: "find the place of", path: path.to_owned(), source };
    std::path::absolute(path).map_err(refused)
}

/// Refuses data that a run was not trained on.
///
/// # Errors
/// [`SessionError::OtherData`].
pub fn same_data(run: &RunDirectory, manifest: &Manifest, found: &DatasetIdentity) -> Result<(), SessionError> {
    let recorded = &manifest.dataset.identity;
    if found.sha256 == recorded.sha256 {
        return Ok(());
    }
    Err(SessionError::OtherData {
        dataset: found.name.clone(),
        run: run.path().to_owned(),
        found: found.sha256.clone(),
        expected: recorded.sha256.clone(),
    })
}

/// The record of a run that goes on with data which was loaded from a place that was given again.
///
/// # Errors
/// Other data, or a path that cannot be made absolute.
pub fn moved(run: &RunDirectory, manifest: Manifest, loaded: &Loaded) -> Result<Manifest, SessionError> {
    same_data(run, &manifest, &loaded.dataset.identity())?;
    let data = found_source(&manifest.config.data, loaded)?;
    Ok(Manifest { config: TrainConfig { data, ..manifest.config }, ..manifest })
}

/// Refuses places of data that a record cannot hold, as text; `data_dir`: the folder of data sets, if one was named. To
/// be asked before data is loaded.
///
/// # Errors
/// [`SessionError::NotText`], and a path that cannot be made absolute.
pub fn check_recordable(data: &DataSource, data_dir: Option<&Path>) -> Result<(), SessionError> {
    let absolute = match data {
        DataSource::Path(path) => Some(absolute(path)?),
        _ => None,
    };
    let places = [("data", absolute.as_deref()), ("data-dir", data_dir)];
    match places.into_iter().find_map(|(setting, path)| Some((setting, path.filter(|path| path.to_str().is_none())?))) {
        Some((setting, path)) => Err(SessionError::NotText { setting, path: path.to_owned() }),
        None => Ok(()),
    }
}

/// The record of a run that was begun as `wanted`, but perhaps for its length, with the epochs that are wanted now and no
/// other limit of steps.
///
/// # Errors
/// A record that cannot be read, other data or other settings.
pub fn taken_up(run: &RunDirectory, wanted: &Manifest) -> Result<Manifest, SessionError> {
    let mut manifest = Manifest::read(&run.manifest())?;
    same_data(run, &manifest, &wanted.dataset.identity)?;
    let (epochs, data) = (wanted.config.epochs, wanted.config.data.clone());
    // How long to train and how often to save changes no step, and data is its hash, wherever it lies.
    manifest.config = TrainConfig { epochs, data, max_steps: None, checkpoint_steps: None, ..manifest.config };
    let others = |setting: &Setting| setting.held_in(&manifest.config) != setting.held_in(&wanted.config);
    if Setting::all().any(others) {
        return Err(SessionError::OtherSettings { path: run.path().to_owned() });
    }
    manifest.dataset.data_dir.clone_from(&wanted.dataset.data_dir);
    Ok(manifest)
}

/// Whether nothing is left to train: all steps are saved, and the pictures drawn that come last.
pub fn is_finished(run: &RunDirectory, manifest: &Manifest) -> bool {
    let images = manifest.dataset.identity.train_images;
    let saved = run.checkpoint_steps().ok().and_then(|steps| steps.last().copied()).unwrap_or(0);
    let an_epoch = saved >= manifest.config.steps_per_epoch(images);
    let drawn = run.loss_curves().exists() && (run.animation().exists() || !an_epoch);
    saved >= manifest.config.total_steps(images) && drawn
}
