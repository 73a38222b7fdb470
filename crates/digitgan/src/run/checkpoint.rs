//! Checkpoints: everything that a training needs to go on bit for bit, in one file.
//!
//! A file holds a [`Snapshot`] and the hash of the settings and data that it belongs to.

use super::directory::RunDirectory;
use crate::config::{Setting, TrainConfig};
use crate::data::DatasetIdentity;
use crate::error::ErrorKind;
use crate::files::{WeightsFileError, atomic, capped};
use crate::hash::sha256_hex;
use crate::train::Snapshot;
use crate::weights::{Precision, TensorFile, encode};
use std::io;
use std::path::{Path, PathBuf};

/// What the file says it is.
const FORMAT: &str = "digitgan-checkpoint-1";
/// How many checkpoints a run keeps.
const KEPT: usize = 2;
/// What can be done about one that is of no use.
pub(crate) const GO_BACK: &str = "delete it to go on from the checkpoint before it, or from the start if there is none";

/// Why a training cannot go on from a checkpoint.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// The folder cannot be listed.
    #[error("cannot list {path}: {source}")]
    Io {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Something else is in the place of the folder.
    #[error(
        "{path} is {found}, not a folder: put the run's checkpoints back there, or remove it to begin again from the start"
    )]
    NoFolder {
        /// The place.
        path: PathBuf,
        /// What is there.
        found: &'static str,
    },
    /// The file is damaged or no file of tensors at all.
    #[error("{0}; {GO_BACK}")]
    File(#[from] WeightsFileError),
    /// The file is something else.
    #[error("{path} is not a checkpoint of digitgan (format {found:?}, expected {FORMAT:?}); {GO_BACK}")]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What it says it is.
        found: String,
    },
    /// The file belongs to another training.
    #[error(
        "{path} belongs to a training with other settings or data than this run's run.toml: put the right files together, or start anew"
    )]
    OtherRun {
        /// The file.
        path: PathBuf,
    },
    /// The file says something else than its name.
    #[error("{path} says that it is of step {found}: it was renamed; {GO_BACK}")]
    Step {
        /// The file.
        path: PathBuf,
        /// The step that it says.
        found: String,
    },
}

impl CheckpointError {
    /// What it is about.
    pub fn kind(&self) -> ErrorKind {
        match self {
            CheckpointError::Io { .. } | CheckpointError::NoFolder { .. } => ErrorKind::Files,
            CheckpointError::File(error) => error.kind(),
            CheckpointError::Foreign { .. } => ErrorKind::Damaged,
            CheckpointError::OtherRun { .. } | CheckpointError::Step { .. } => ErrorKind::Mismatch,
        }
    }
}

/// The hash of all that decides what a step computes: a checkpoint is of use to just such a training.
fn training_hash(config: &TrainConfig, dataset: &DatasetIdentity) -> String {
    let text = format!("{} {} {}", held_settings(config), dataset.sha256, dataset.classes);
    sha256_hex(text.as_bytes())
}

/// The settings that a checkpoint is held to, in their order, as a JSON object. Which they are, and what is said of each, is
/// declared with them ([`Held`](crate::config::Held)): what the first checkpoints said must be said for ever, so that they
/// stay of use.
fn held_settings(config: &TrainConfig) -> String {
    let held = Setting::all().filter_map(|setting| Some((setting.name, setting.held_in(config)?)));
    let entries: Vec<String> = held.map(|(name, value)| format!("\"{name}\":{value}")).collect();
    format!("{{{}}}", entries.join(","))
}

/// Writes a checkpoint into `run`, then deletes older ones but the last.
///
/// # Errors
/// Those of writing; what was there is then still there.
pub fn write(
    run: &RunDirectory,
    snapshot: &Snapshot,
    config: &TrainConfig,
    dataset: &DatasetIdentity,
) -> io::Result<()> {
    let Snapshot { step, rollbacks, ref state } = *snapshot;
    let facts = [
        ("format", FORMAT.to_owned()),
        ("step", step.to_string()),
        ("rollbacks", rollbacks.to_string()),
        ("training", training_hash(config, dataset)),
        ("digitgan", env!("CARGO_PKG_VERSION").to_owned()),
    ];
    let facts = facts.map(|(key, value)| (key.to_owned(), value)).into();
    atomic::write(&run.checkpoint(step), |out| out.write_all(&encode(state, &facts, Precision::Single)))?;
    let older: Vec<u64> = run.checkpoint_steps()?.into_iter().filter(|&other| other < step).collect();
    for &step in &older[..(older.len() + 1).saturating_sub(KEPT)] {
        std::fs::remove_file(run.checkpoint(step))?;
    }
    Ok(())
}

/// Checks that what is in the place of a run's checkpoints, if anything is, is a folder.
///
/// # Errors
/// [`CheckpointError::NoFolder`].
pub fn check_folder(run: &RunDirectory) -> Result<(), CheckpointError> {
    let path = run.checkpoints();
    match capped::irregular(&path).or_else(|| path.exists().then_some("a file")) {
        None | Some(capped::DIRECTORY) => Ok(()),
        Some(found) => Err(CheckpointError::NoFolder { path, found }),
    }
}

/// Reads the newest checkpoint of `run`; `None` if there is none.
///
/// # Errors
/// When the newest is not whole, or not of this training.
pub fn read_newest(
    run: &RunDirectory,
    config: &TrainConfig,
    dataset: &DatasetIdentity,
) -> Result<Option<Snapshot>, CheckpointError> {
    check_folder(run)?;
    let steps = match run.checkpoint_steps() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        other => other.map_err(|source| CheckpointError::Io { path: run.checkpoints(), source })?,
    };
    steps.last().map(|&step| read(&run.checkpoint(step), step, config, dataset)).transpose()
}

fn read(path: &Path, step: u64, config: &TrainConfig, dataset: &DatasetIdentity) -> Result<Snapshot, CheckpointError> {
    let path = path.to_owned();
    let TensorFile { tensors, facts } = TensorFile::read(&path)?;
    let fact = |key: &str| facts.get(key).cloned().unwrap_or_default();
    if fact("format") != FORMAT {
        return Err(CheckpointError::Foreign { path, found: fact("format") });
    }
    if fact("training") != training_hash(config, dataset) {
        return Err(CheckpointError::OtherRun { path });
    }
    if fact("step") != step.to_string() {
        return Err(CheckpointError::Step { path, found: fact("step") });
    }
    // Older versions knew no rollbacks.
    let rollbacks = fact("rollbacks").parse().unwrap_or(0);
    Ok(Snapshot { step, rollbacks, state: tensors })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{OnCollapse, Recipe};
    use crate::data::{Augment, DataSource};
    use crate::engine::Precision;
    use crate::model::{TensorMap, Variant};
    use crate::weights::WeightsError;

    fn dataset() -> DatasetIdentity {
        DatasetIdentity { name: "d".into(), sha256: "00".into(), classes: 3, train_images: 100, test_images: 0 }
    }

    fn config() -> TrainConfig {
        TrainConfig { model: Variant::Gan, ..TrainConfig::default() }
    }

    fn run() -> (tempfile::TempDir, RunDirectory) {
        let folder = tempfile::tempdir().unwrap();
        let run = RunDirectory::new(folder.path().join("run"));
        run.create().unwrap();
        (folder, run)
    }

    fn write(run: &RunDirectory, step: u64) {
        let snapshot = Snapshot { step, ..Snapshot::first(&config(), dataset().classes).unwrap() };
        super::write(run, &snapshot, &config(), &dataset()).unwrap();
    }

    #[test]
    fn the_newest_comes_back_and_older_ones_go() {
        let (_folder, run) = run();
        for step in [3, 6, 9] {
            write(&run, step);
        }
        assert_eq!(run.checkpoint_steps().unwrap(), [6, 9]);
        let read = read_newest(&run, &config(), &dataset()).unwrap().unwrap();
        assert_eq!((read.step, read.state), (9, Snapshot::first(&config(), dataset().classes).unwrap().state));
    }

    #[test]
    fn settings_that_change_no_step_may_differ_and_others_may_not() {
        let (_folder, run) = run();
        write(&run, 3);
        let longer = TrainConfig { epochs: 99, max_steps: Some(7), checkpoint_steps: Some(5), ..config() };
        assert!(read_newest(&run, &longer, &dataset()).is_ok());
        let moved = TrainConfig { data: DataSource::Path("elsewhere".into()), ..config() };
        assert!(read_newest(&run, &moved, &dataset()).is_ok());
        let other_seed = TrainConfig { seed: 2, ..config() };
        let other_data = DatasetIdentity { sha256: "01".into(), ..dataset() };
        for result in [read_newest(&run, &other_seed, &dataset()), read_newest(&run, &config(), &other_data)] {
            assert!(matches!(result, Err(CheckpointError::OtherRun { .. })), "{result:?}");
        }
    }

    #[test]
    fn checkpoints_of_older_versions_are_still_of_use() {
        // As recorded by the first version with all of today's settings but `precision`. A new setting must leave it
        // alone where it is as it was before there was a choice.
        let recorded = "17194211946322814c0670a8278a43a80f1a2295b7f7affbb01d412e584672cb";
        assert_eq!(training_hash(&config(), &dataset()), recorded);
        let other_numbers = TrainConfig { precision: Precision::Bf16, ..config() };
        assert_ne!(training_hash(&other_numbers, &dataset()), recorded);
        // Where something falls towards the end, the end counts; what changes no step does not.
        let planned = TrainConfig {
            data: DataSource::Strokes,
            augment: vec![Augment::Affine],
            epochs: 7,
            precision: Precision::Bf16,
            watch_steps: 9,
            on_collapse: OnCollapse::Stop,
            max_steps: Some(3),
            checkpoint_steps: Some(2),
            ..Recipe::Modern.config(Variant::Cgan)
        };
        let recorded = r#"{"model":"cgan","data":"auto","augment":["affine"],"epochs":7,"batch-size":64,"lr":0.004,"lr-d":0.004,"beta1":0.0,"g-loss":"non-saturating","loss":"relativistic","label-smoothing":0.0,"fake-class-weight":0.1,"instance-noise":0.0,"lr-decay":0.5,"ema":0.999,"d-leak":0.2,"d-norm":"spectral","d-class":"projection","d-head":"hidden","pack":1,"precision":"bf16","seed":1,"watch-steps":200,"on-collapse":"continue"}"#;
        assert_eq!(held_settings(&planned), recorded);
    }

    #[test]
    fn damaged_foreign_renamed_and_missing_checkpoints_are_told_apart() {
        let (_folder, run) = run();
        assert_eq!(read_newest(&run, &config(), &dataset()).unwrap(), None);
        let read = || read_newest(&run, &config(), &dataset()).unwrap_err();
        write(&run, 3);
        std::fs::copy(run.checkpoint(3), run.checkpoint(4)).unwrap();
        assert!(matches!(read(), CheckpointError::Step { .. }));
        let mut bytes = std::fs::read(run.checkpoint(3)).unwrap();
        let last = bytes.len() - 1;
        bytes[last] ^= 1;
        std::fs::write(run.checkpoint(4), &bytes).unwrap();
        assert!(matches!(
            read(),
            CheckpointError::File(WeightsFileError::Content { source: WeightsError::Damaged { .. }, .. })
        ));
        std::fs::write(run.checkpoint(4), &bytes[..last]).unwrap();
        assert!(matches!(
            read(),
            CheckpointError::File(WeightsFileError::Content { source: WeightsError::Format { .. }, .. })
        ));
        TensorFile { tensors: TensorMap::new(), facts: Default::default() }.write(&run.checkpoint(4)).unwrap();
        assert!(matches!(read(), CheckpointError::Foreign { .. }));
    }
}
