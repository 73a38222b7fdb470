//! The judge of a data set: the built-in one, one that was kept in a folder, or a new one, which is then kept.
//!
//! A judge is kept under the hash of the data set that it was trained on.

use super::error::{KeptJudgeError, SessionError};
use crate::config::OnCollapse;
use crate::data::{Dataset, DatasetIdentity};
use crate::engine::Device;
use crate::judge::training::TrainingPlan;
use crate::judge::{self, ClassifierFile, Judge};
use crate::run::manifest::Manifest;
use std::path::{Path, PathBuf};

/// Whether somebody looks for a collapse while a model trains.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Watch {
    /// Where a judge is at hand.
    #[default]
    Auto,
    /// Yes; where there is no judge, one is trained first.
    On,
    /// No.
    Off,
}

/// Who looks for a collapse in a training on `dataset`, if anybody. `watch` is called after each step of a judge's
/// training, if one is trained, with the steps done and those to do.
///
/// # Errors
/// A judge that cannot be had, or a collapse that is to have consequences and that nobody would see.
pub fn for_training(
    mode: Watch,
    device: &Device,
    dataset: &Dataset,
    manifest: &Manifest,
    folder: &Path,
    watch: &mut (dyn FnMut(u64, u64) + Send),
) -> Result<Option<Judge>, SessionError> {
    let identity = &manifest.dataset.identity;
    let judge = match mode {
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
    if let Some(judge) = Judge::built_in(device, identity) {
        return Ok(Some(judge));
    }
    let path = kept(folder, identity);
    Ok(if path.exists() { Some(Judge::new(device, ClassifierFile::read(&path)?)?) } else { None })
}

/// The judge of a data set: the one at hand, or else a new one, which is then kept in `folder`. `watch` is called after
/// each step of its training, with the steps done and those to do.
///
/// # Errors
/// A judge in `folder` that cannot be used, or a training that fails.
pub fn of_dataset(
    device: &Device,
    dataset: &Dataset,
    identity: &DatasetIdentity,
    folder: &Path,
    watch: &mut (dyn FnMut(u64, u64) + Send),
) -> Result<Judge, KeptJudgeError> {
    match at_hand(device, identity, folder)? {
        Some(judge) => Ok(judge),
        None => train(device, dataset, identity, &TrainingPlan::judge(), &kept(folder, identity), watch),
    }
}

/// Trains a judge of a data set and writes it to `path`, with its accuracy on the test images.
///
/// # Errors
/// A training that fails, or a file that cannot be written.
pub fn train(
    device: &Device,
    dataset: &Dataset,
    identity: &DatasetIdentity,
    plan: &TrainingPlan,
    path: &Path,
    watch: &mut (dyn FnMut(u64, u64) + Send),
) -> Result<Judge, KeptJudgeError> {
    let file = judge::train(device, dataset, identity, plan, watch)?;
    let write = |source| KeptJudgeError::Write { path: path.to_owned(), source };
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(write)?;
    }
    file.write(path).map_err(write)?;
    Ok(Judge::new(device, file)?)
}

/// Where the judge of a data set is kept.
fn kept(folder: &Path, identity: &DatasetIdentity) -> PathBuf {
    folder.join(format!("{}.safetensors", identity.sha256))
}
