//! Evaluating the generators of runs, and choosing one of them.

use super::error::SessionError;
use crate::data::Dataset;
use crate::evaluation::{Choice, Evaluation, Neighbours, Plan};
use crate::run::RunDirectory;
use crate::run::evaluation_files::{self, Written};
use crate::weights::GeneratorFile;
use std::path::{Path, PathBuf};

/// The newest generator's file in a run.
///
/// # Errors
/// A run without one.
pub fn newest(run: &RunDirectory) -> Result<PathBuf, SessionError> {
    if run.generator().exists() {
        Ok(run.generator())
    } else {
        Err(SessionError::NoGenerator { path: run.path().to_owned(), checkpoint: run.newest_checkpoint() })
    }
}

/// The generator of a run whose digits are nearest to the training images. `watch` is told how many are compared, of how
/// many.
///
/// # Errors
/// A run without generators, or one that cannot be read or measured.
pub fn best(run: &RunDirectory, choice: &mut Choice, watch: &mut dyn FnMut(u64, u64)) -> Result<PathBuf, SessionError> {
    let folder = run.generators();
    let epochs = run.generator_epochs().map_err(|source| {
        let path = folder.clone();
        SessionError::Folder { action: "list", path, source }
    })?;
    let mut best: Option<(f64, PathBuf)> = None;
    for (done, &epoch) in epochs.iter().enumerate() {
        watch(done as u64, epochs.len() as u64);
        let path = run.epoch_generator(epoch);
        let distance = choice.distance(&GeneratorFile::read(&path)?)?;
        if best.as_ref().is_none_or(|(least, _)| distance < *least) {
            best = Some((distance, path));
        }
    }
    best.map(|(_, path)| path).ok_or(SessionError::NoEpoch { path: folder })
}

/// Checks that an evaluation can be written into `folder`, which need not be there yet. Leaves no trace.
///
/// # Errors
/// A place that cannot be written.
pub fn check_place(folder: &Path) -> Result<(), SessionError> {
    Ok(evaluation_files::check_place(folder)?)
}

/// Writes an evaluation and its pictures into `folder`.
///
/// # Errors
/// Those of writing.
pub fn write(
    folder: &Path,
    evaluation: &Evaluation,
    neighbours: &Neighbours,
    dataset: &Dataset,
) -> Result<Written, SessionError> {
    Ok(evaluation_files::write(folder, evaluation, neighbours, &dataset.train)?)
}

/// Whether the newest generator of a run was evaluated, by sets no smaller than planned.
///
/// # Errors
/// An evaluation or a generator that cannot be read.
pub fn is_current(run: &RunDirectory, plan: &Plan) -> Result<bool, SessionError> {
    let Some(evaluation) = evaluation_files::read(run.path())? else { return Ok(false) };
    let done = &evaluation.plan;
    let large = done.samples >= plan.samples && done.repeats >= plan.repeats && (done.gan_train || !plan.gan_train);
    Ok(large && evaluation.step == GeneratorFile::read(&run.generator())?.step)
}
