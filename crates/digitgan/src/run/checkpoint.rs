//! Checkpoints: everything that a training needs to go on bit for bit, in one file.
//!
//! Randomness needs no state (see [`crate::seed`]), so this is the tensors of
//! [`initial_state_of`], the number of finished steps, and the hash of the settings and
//! data that they belong to.

use super::{RunDirectory, TensorFile, TensorFileError};
use crate::config::TrainConfig;
use crate::data::{DataSource, DatasetIdentity};
use crate::hash::sha256_hex;
use crate::model::{TensorMap, initial_state_of};
use std::io;
use std::path::{Path, PathBuf};

/// What the file says it is.
const FORMAT: &str = "digitgan-checkpoint-1";
/// How many checkpoints a run keeps.
const KEPT: usize = 2;

/// The state of a training after some steps.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint {
    /// Finished steps.
    pub step: u64,
    /// How often the training went back to an earlier checkpoint, after a collapse.
    pub rollbacks: u32,
    /// Weights, statistics and moments.
    pub state: TensorMap,
}

/// Why a training cannot go on from a checkpoint.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// The folder cannot be listed.
    #[error("cannot list {path}: {source}")]
    Io {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file is damaged or no file of tensors at all.
    #[error("{0}; delete it to go on from the checkpoint before it")]
    File(#[from] TensorFileError),
    /// The file is something else.
    #[error(
        "{path} is not a checkpoint of digitgan (format {found:?}, expected {FORMAT:?}); delete it to go on from the checkpoint before it"
    )]
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
    #[error("{path} says that it is of step {found}: it was renamed; delete it to go on from the checkpoint before it")]
    Step {
        /// The file.
        path: PathBuf,
        /// The step that it says.
        found: String,
    },
}

/// The hash of all that decides what a step computes: a checkpoint is of use to just such a training.
fn training_hash(config: &TrainConfig, dataset: &DatasetIdentity) -> String {
    // How often to save changes no step, nor does how long to train unless a schedule goes by it, and data is its
    // content, wherever it came from.
    let epochs = if config.is_scheduled() { config.epochs } else { 1 };
    // Watching changes no step, nor does what follows a collapse: how often it followed is in the checkpoint.
    let TrainConfig { watch_steps, on_collapse, .. } = TrainConfig::default();
    let config = TrainConfig {
        epochs,
        watch_steps,
        on_collapse,
        checkpoint_steps: None,
        max_steps: None,
        data: DataSource::Auto,
        ..config.clone()
    };
    let config = serde_json::to_string(&config).expect("plain settings can be written");
    let text = format!("{config} {} {}", dataset.sha256, dataset.classes);
    sha256_hex(text.as_bytes())
}

impl Checkpoint {
    /// Writes it into `run`, then deletes older ones but the last.
    ///
    /// # Errors
    /// Those of writing; what was there is then still there.
    pub fn write(self, run: &RunDirectory, config: &TrainConfig, dataset: &DatasetIdentity) -> io::Result<()> {
        let step = self.step;
        let facts = [
            ("format", FORMAT.to_owned()),
            ("step", step.to_string()),
            ("rollbacks", self.rollbacks.to_string()),
            ("training", training_hash(config, dataset)),
            ("digitgan", env!("CARGO_PKG_VERSION").to_owned()),
        ];
        let facts = facts.map(|(key, value)| (key.to_owned(), value)).into();
        TensorFile { tensors: self.state, facts }.write(&run.checkpoint(step))?;
        let older: Vec<u64> = run.checkpoint_steps()?.into_iter().filter(|&other| other < step).collect();
        for &step in &older[..(older.len() + 1).saturating_sub(KEPT)] {
            std::fs::remove_file(run.checkpoint(step))?;
        }
        Ok(())
    }

    /// Reads the newest checkpoint of `run`; `None` if there is none.
    ///
    /// # Errors
    /// When the newest is not whole, or not of this training.
    pub fn read_newest(
        run: &RunDirectory,
        config: &TrainConfig,
        dataset: &DatasetIdentity,
    ) -> Result<Option<Checkpoint>, CheckpointError> {
        let steps = match run.checkpoint_steps() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            other => other.map_err(|source| CheckpointError::Io { path: run.checkpoints(), source })?,
        };
        steps.last().map(|&step| Self::read(&run.checkpoint(step), step, config, dataset)).transpose()
    }

    fn read(
        path: &Path,
        step: u64,
        config: &TrainConfig,
        dataset: &DatasetIdentity,
    ) -> Result<Checkpoint, CheckpointError> {
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
        Ok(Checkpoint { step, rollbacks, state: tensors })
    }

    /// The state before the first step.
    pub fn start(config: &TrainConfig, dataset: &DatasetIdentity) -> Checkpoint {
        let spec = crate::model::ModelSpec { variant: config.model, classes: dataset.classes };
        Checkpoint {
            step: 0,
            rollbacks: 0,
            state: initial_state_of(&spec, &config.design(), config.ema > 0.0, config.seed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Precision;
    use crate::model::Variant;

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
        let start = Checkpoint::start(&config(), &dataset());
        Checkpoint { step, ..start }.write(run, &config(), &dataset()).unwrap();
    }

    #[test]
    fn the_newest_comes_back_and_older_ones_go() {
        let (_folder, run) = run();
        for step in [3, 6, 9] {
            write(&run, step);
        }
        assert_eq!(run.checkpoint_steps().unwrap(), [6, 9]);
        let read = Checkpoint::read_newest(&run, &config(), &dataset()).unwrap().unwrap();
        assert_eq!((read.step, read.state), (9, Checkpoint::start(&config(), &dataset()).state));
    }

    #[test]
    fn settings_that_change_no_step_may_differ_and_others_may_not() {
        let (_folder, run) = run();
        write(&run, 3);
        let longer = TrainConfig { epochs: 99, max_steps: Some(7), checkpoint_steps: Some(5), ..config() };
        assert!(Checkpoint::read_newest(&run, &longer, &dataset()).is_ok());
        let moved = TrainConfig { data: DataSource::Path("elsewhere".into()), ..config() };
        assert!(Checkpoint::read_newest(&run, &moved, &dataset()).is_ok());
        let other_seed = TrainConfig { seed: 2, ..config() };
        let other_data = DatasetIdentity { sha256: "01".into(), ..dataset() };
        for result in [
            Checkpoint::read_newest(&run, &other_seed, &dataset()),
            Checkpoint::read_newest(&run, &config(), &other_data),
        ] {
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
    }

    #[test]
    fn damaged_foreign_renamed_and_missing_checkpoints_are_told_apart() {
        let (_folder, run) = run();
        assert_eq!(Checkpoint::read_newest(&run, &config(), &dataset()).unwrap(), None);
        let read = || Checkpoint::read_newest(&run, &config(), &dataset()).unwrap_err();
        write(&run, 3);
        std::fs::copy(run.checkpoint(3), run.checkpoint(4)).unwrap();
        assert!(matches!(read(), CheckpointError::Step { .. }));
        let mut bytes = std::fs::read(run.checkpoint(3)).unwrap();
        let last = bytes.len() - 1;
        bytes[last] ^= 1;
        std::fs::write(run.checkpoint(4), &bytes).unwrap();
        assert!(matches!(read(), CheckpointError::File(TensorFileError::Damaged { .. })));
        std::fs::write(run.checkpoint(4), &bytes[..last]).unwrap();
        assert!(matches!(read(), CheckpointError::File(TensorFileError::Format { .. })));
        TensorFile { tensors: TensorMap::new(), facts: Default::default() }.write(&run.checkpoint(4)).unwrap();
        assert!(matches!(read(), CheckpointError::Foreign { .. }));
    }
}
