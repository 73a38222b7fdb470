//! The judge of a data set: the built-in one, one that was kept in a folder, or a new one, which is then kept.
//!
//! A judge is kept under the hash of the data set that it was trained on.

use super::error::{KeptJudgeError, SessionError};
use crate::config::{OnCollapse, Watch};
use crate::data::{Dataset, DatasetIdentity};
use crate::engine::Device;
use crate::files::{check_file, check_folder};
use crate::judge::training::TrainingPlan;
use crate::judge::{self, ClassifierFile, Judge};
use crate::run::manifest::Manifest;
use std::path::{Path, PathBuf};

/// What is told of a judge that is trained because none was at hand.
#[derive(Debug)]
pub enum JudgeEvent<'a> {
    /// So many steps are done.
    Step {
        /// Steps done.
        done: u64,
        /// Steps of its training.
        all: u64,
    },
    /// It is used, but could not be kept.
    NotKept(&'a KeptJudgeError),
}

/// A judge that was trained, and whether its file was written.
pub struct TrainedJudge {
    /// The judge.
    pub judge: Judge,
    /// Why its file is not there, if it is not.
    pub kept: Result<(), KeptJudgeError>,
}

/// Who looks for a collapse in a training on `dataset`, if anybody, as `manifest` says. `watch` is told of a judge's training, if one is trained.
///
/// # Errors
/// A judge that cannot be had, or a collapse that is to have consequences and that nobody would see.
pub fn for_training(
    device: &Device,
    dataset: &Dataset,
    manifest: &Manifest,
    folder: &Path,
    watch: &mut (dyn FnMut(JudgeEvent<'_>) + Send),
) -> Result<Option<Judge>, SessionError> {
    let identity = &manifest.dataset.identity;
    let judge = match manifest.config.watch {
        Watch::Off => return Ok(None),
        Watch::On => Some(of_dataset(device, dataset, identity, folder, watch)?),
        Watch::Auto => at_hand(device, identity, folder)?,
    };
    if judge.is_none() && manifest.config.on_collapse != OnCollapse::Continue {
        return Err(SessionError::NobodyWatches { dataset: identity.name.clone() });
    }
    Ok(judge)
}

/// The judge of a data set that is there already: the built-in one, or one that was kept in `folder`.
///
/// # Errors
/// A judge in `folder` that cannot be used.
pub fn at_hand(device: &Device, identity: &DatasetIdentity, folder: &Path) -> Result<Option<Judge>, KeptJudgeError> {
    let file = file_at_hand(identity, folder)?;
    Ok(file.map(|file| Judge::new(device, file)).transpose()?)
}

/// Its weights, as [`at_hand`].
///
/// # Errors
/// A file in `folder` that cannot be read.
pub fn file_at_hand(identity: &DatasetIdentity, folder: &Path) -> Result<Option<ClassifierFile>, KeptJudgeError> {
    let built_in = Judge::mnist_file();
    if built_in.identity.dataset_sha256 == identity.sha256 {
        return Ok(Some(built_in));
    }
    let path = kept(folder, identity);
    Ok(if path.exists() { Some(ClassifierFile::read(&path)?) } else { None })
}

/// Checks that the judge of a data set is at hand, or that a new one can be kept in `folder`.
///
/// # Errors
/// A judge in `folder` that cannot be used, or a folder that cannot be written.
pub fn check(device: &Device, identity: &DatasetIdentity, folder: &Path) -> Result<(), KeptJudgeError> {
    match at_hand(device, identity, folder)? {
        Some(_) => Ok(()),
        None => check_place(&kept(folder, identity)),
    }
}

/// Checks that a judge can be written to `path`, whose folder is made if it is not there. Leaves no trace.
///
/// # Errors
/// A place that cannot be written.
pub fn check_place(path: &Path) -> Result<(), KeptJudgeError> {
    let checked = match path.parent() {
        Some(folder) if folder.exists() || folder.as_os_str().is_empty() => check_file(path),
        Some(folder) => check_folder(folder),
        None => check_file(path),
    };
    checked.map_err(|source| KeptJudgeError::Write { path: path.to_owned(), source })
}

/// The judge of a data set: the one at hand, or else a new one, which is then kept in `folder`. `watch` is told of its
/// training.
///
/// # Errors
/// A judge in `folder` that cannot be used, a folder that cannot be written, or a training that fails.
pub fn of_dataset(
    device: &Device,
    dataset: &Dataset,
    identity: &DatasetIdentity,
    folder: &Path,
    watch: &mut (dyn FnMut(JudgeEvent<'_>) + Send),
) -> Result<Judge, KeptJudgeError> {
    if let Some(judge) = at_hand(device, identity, folder)? {
        return Ok(judge);
    }
    let path = kept(folder, identity);
    let mut step = |done, all| watch(JudgeEvent::Step { done, all });
    let TrainedJudge { judge, kept } = train(device, dataset, identity, &TrainingPlan::judge(), &path, &mut step)?;
    if let Err(error) = kept {
        watch(JudgeEvent::NotKept(&error));
    }
    Ok(judge)
}

/// Trains a judge of a data set and writes it to `path`, with its accuracy on the test images. `progress` is called after each
/// step, with the steps done and those to do.
///
/// # Errors
/// A place that cannot be written, or a training that fails. A file that cannot be written after the training is told with
/// the judge.
pub fn train(
    device: &Device,
    dataset: &Dataset,
    identity: &DatasetIdentity,
    plan: &TrainingPlan,
    path: &Path,
    progress: &mut (dyn FnMut(u64, u64) + Send),
) -> Result<TrainedJudge, KeptJudgeError> {
    check_place(path)?;
    let file = judge::train(device, dataset, identity, plan, progress)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let written = folder.map_or(Ok(()), std::fs::create_dir_all).and_then(|()| file.write(path));
    let kept = written.map_err(|source| KeptJudgeError::Write { path: path.to_owned(), source });
    Ok(TrainedJudge { judge: Judge::new(device, file)?, kept })
}

/// Where the judge of a data set is kept.
fn kept(folder: &Path, identity: &DatasetIdentity) -> PathBuf {
    folder.join(format!("{}.safetensors", identity.sha256))
}
