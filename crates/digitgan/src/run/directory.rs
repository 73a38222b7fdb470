//! The names of a run's files.

use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// The name of an evaluation's record.
pub(super) const EVALUATION_RECORD: &str = "evaluation.json";

/// A run directory: names, and nothing but names.
///
/// ```
/// use digitgan::prelude::*;
///
/// let run = RunDirectory::new("runs/acgan-mnist");
/// assert_eq!(run.losses(), std::path::Path::new("runs/acgan-mnist/losses.csv"));
/// assert_eq!(run.checkpoint(7), run.path().join("checkpoints/step-00000007.safetensors"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunDirectory(PathBuf);

impl RunDirectory {
    /// The run directory at `path`, whether or not it exists.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        RunDirectory(path.into())
    }

    /// The directory itself.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Makes the directory and its folders.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn create(&self) -> io::Result<()> {
        self.folders().into_iter().try_for_each(std::fs::create_dir_all)
    }

    /// The directory and its folders.
    pub fn folders(&self) -> [PathBuf; 5] {
        [self.0.clone(), self.checkpoints(), self.generators(), self.samples(), self.tensorboard()]
    }

    /// Whether `path`, which begins with that of the directory, is the name of a file of the run's own.
    pub fn has_name(&self, path: &Path) -> bool {
        let files = [
            self.lock(),
            self.manifest(),
            self.losses(),
            self.loss_curves(),
            self.watch(),
            self.watch_curves(),
            self.generator(),
            self.animation(),
            self.timing(),
            evaluation_record(&self.0),
        ];
        let [_, folders @ ..] = self.folders();
        let below = path
            .parent()
            .is_some_and(|parent| parent == evaluation_pictures(&self.0) || folders.contains(&parent.into()));
        below || files.iter().any(|file| file == path)
    }

    /// What whoever trains the run holds a lock on. Hidden, like all that is of no use to people.
    pub fn lock(&self) -> PathBuf {
        self.0.join(".digitgan.lock")
    }

    /// What the run is: settings, data, versions.
    pub fn manifest(&self) -> PathBuf {
        self.0.join("run.toml")
    }

    /// Every step's losses.
    pub fn losses(&self) -> PathBuf {
        self.0.join("losses.csv")
    }

    /// The losses as a picture.
    pub fn loss_curves(&self) -> PathBuf {
        self.0.join("losses.png")
    }

    /// What the collapse monitor saw.
    pub fn watch(&self) -> PathBuf {
        self.0.join("watch.csv")
    }

    /// The same as a picture.
    pub fn watch_curves(&self) -> PathBuf {
        self.0.join("watch.png")
    }

    /// The newest generator.
    pub fn generator(&self) -> PathBuf {
        self.0.join("generator.safetensors")
    }

    /// The sample grids as an animation.
    pub fn animation(&self) -> PathBuf {
        self.0.join("samples.gif")
    }

    /// How long the training took.
    pub fn timing(&self) -> PathBuf {
        self.0.join("timing.json")
    }

    /// The folder of sample grids.
    pub fn samples(&self) -> PathBuf {
        self.0.join("samples")
    }

    /// The sample grid after `epoch` epochs.
    pub fn sample(&self, epoch: u32) -> PathBuf {
        self.samples().join(format!("epoch-{epoch:04}.png"))
    }

    /// The epochs of all sample grids that are there, in order.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn sample_epochs(&self) -> io::Result<Vec<u32>> {
        numbers(&self.samples(), "epoch-", ".png")
    }

    /// The folder of generators.
    pub fn generators(&self) -> PathBuf {
        self.0.join("generators")
    }

    /// The generator after `epoch` epochs.
    pub fn epoch_generator(&self, epoch: u32) -> PathBuf {
        self.generators().join(format!("epoch-{epoch:04}.safetensors"))
    }

    /// The epochs of all generators that are there, in order.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn generator_epochs(&self) -> io::Result<Vec<u32>> {
        numbers(&self.generators(), "epoch-", ".safetensors")
    }

    /// The folder of TensorBoard's event files.
    pub fn tensorboard(&self) -> PathBuf {
        self.0.join("tensorboard")
    }

    /// The folder of event files with the metrics of evaluations, by step.
    pub fn tensorboard_evaluations(&self) -> PathBuf {
        self.tensorboard().join("evaluation")
    }

    /// The folder of checkpoints.
    pub fn checkpoints(&self) -> PathBuf {
        self.0.join("checkpoints")
    }

    /// The checkpoint after `step` steps.
    pub fn checkpoint(&self, step: u64) -> PathBuf {
        self.checkpoints().join(format!("step-{step:08}.safetensors"))
    }

    /// The steps of all checkpoints that are there, in order.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn checkpoint_steps(&self) -> io::Result<Vec<u64>> {
        numbers(&self.checkpoints(), "step-", ".safetensors")
    }

    /// The step of the newest checkpoint; `None` where none is found.
    #[cfg(feature = "pictures")]
    pub(crate) fn newest_checkpoint(&self) -> Option<u64> {
        self.checkpoint_steps().ok()?.last().copied()
    }
}

/// The record of an evaluation in `folder`, which need not be a run.
pub(super) fn evaluation_record(folder: &Path) -> PathBuf {
    folder.join(EVALUATION_RECORD)
}

/// The folder of an evaluation's pictures in `folder`.
pub(super) fn evaluation_pictures(folder: &Path) -> PathBuf {
    folder.join("evaluation")
}

/// Why the run at `path` has no generator, and what it can be made of: the checkpoint of a step.
#[cfg(feature = "pictures")]
pub(crate) fn no_generator(path: &Path, checkpoint: Option<u64>) -> String {
    let path = path.display();
    match checkpoint {
        None => format!("{path} has no generator yet: it comes with the first checkpoint"),
        Some(step) => format!("{path} has no generator any more, but a checkpoint of step {step}"),
    }
}

/// The name under which what was at `path` is kept because it could not be read; `number` is 1 for the first.
pub(super) fn damaged(path: &Path, number: u64) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".damaged");
    if number > 1 {
        name.push(format!("-{number}"));
    }
    PathBuf::from(name)
}

/// The numbers of the files in `folder` that are called `prefix`, a number and `suffix`, in order.
fn numbers<T: FromStr + Ord>(folder: &Path, prefix: &str, suffix: &str) -> io::Result<Vec<T>> {
    let mut numbers = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let name = entry?.file_name();
        let number = name.to_str().and_then(|name| name.strip_prefix(prefix)?.strip_suffix(suffix));
        numbers.extend(number.and_then(|number| number.parse::<T>().ok()));
    }
    numbers.sort_unstable();
    numbers.dedup();
    Ok(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checkpoints_are_found_in_order_and_other_files_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let run = RunDirectory::new(folder.path().join("r"));
        run.create().unwrap();
        for step in [1000, 5, 123_456_789] {
            std::fs::write(run.checkpoint(step), "").unwrap();
        }
        std::fs::write(run.checkpoints().join("step-x.safetensors"), "").unwrap();
        std::fs::write(run.checkpoints().join(".step-00000007.safetensors.tmp"), "").unwrap();
        assert_eq!(run.checkpoint_steps().unwrap(), [5, 1000, 123_456_789]);
    }

    #[test]
    fn a_run_knows_the_names_of_its_files() {
        let run = RunDirectory::new("r");
        for (name, own) in [
            ("losses.png", true),
            ("samples/epoch-0007.png", true),
            ("evaluation/neighbours.png", true),
            ("evaluation.json", true),
            ("run.toml", true),
            ("digits.png", false),
            ("mine/epoch-0007.png", false),
        ] {
            assert_eq!(run.has_name(&run.path().join(name)), own, "{name}");
        }
    }
}
