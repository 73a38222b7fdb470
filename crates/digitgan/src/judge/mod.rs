//! The judge: a small classifier that reads digits, so that generated ones can be counted, compared and doubted.
//!
//! It is ACGAN's D with a narrower class head and no other ([`crate::model::classifier_tensors`]), trained by this
//! project's own engine on real digits alone ([`training`]). What its last hidden layer makes of a digit, 64 numbers, is
//! the space in which [`crate::metrics`] measures distances. Features of a network that reads photographs would not know
//! what a digit is.
//!
//! The judge of MNIST comes with the program; that of any other data set is trained when it is first needed, and kept
//! under the data set's hash. Every number that a judge gives is printed with the judge's own hash and accuracy.

mod file;
mod reader;
pub mod training;

pub use file::{JudgeFile, JudgeFileError, JudgeIdentity};
pub use reader::{Reader, Readings};

use crate::data::{Dataset, DatasetIdentity};
use crate::engine::NotFinite;
use digitgan_kernels::Kernels;
use std::io;
use std::path::{Path, PathBuf};
use training::TrainingPlan;

/// The judge of MNIST that comes with the program.
const MNIST_JUDGE: &[u8] = include_bytes!("mnist.safetensors");

/// Reads digits, and says who it is.
pub struct Judge {
    reader: Reader,
    identity: JudgeIdentity,
}

/// Why there is no judge.
#[derive(Debug, thiserror::Error)]
pub enum JudgeError {
    /// The file cannot be used.
    #[error(transparent)]
    File(#[from] JudgeFileError),
    /// The file cannot be written.
    #[error("cannot write {path}: {source}")]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Its training went wrong.
    #[error("the judge's training met a number that is not finite: {0}; check the data set's images")]
    Training(#[from] NotFinite),
    /// Nothing to learn from.
    #[error("a judge needs at least 2 training images, but {dataset} has {images}")]
    TooFewImages {
        /// The data set.
        dataset: String,
        /// Its training images.
        images: usize,
    },
}

impl Judge {
    /// A judge from its file.
    pub fn new(kernels: Kernels, file: JudgeFile) -> Judge {
        Judge { reader: Reader::new(kernels, file.tensors, file.identity.classes), identity: file.identity }
    }

    /// The judge of MNIST that comes with the program.
    pub fn of_mnist(kernels: Kernels) -> Judge {
        let file = JudgeFile::from_bytes(MNIST_JUDGE, Path::new("the built-in judge"));
        Judge::new(kernels, file.expect("the built-in judge is whole"))
    }

    /// The judge of a data set that is there already: the built-in one, or one that was kept in `folder`.
    ///
    /// # Errors
    /// A judge in `folder` that cannot be used.
    pub fn at_hand(kernels: Kernels, identity: &DatasetIdentity, folder: &Path) -> Result<Option<Judge>, JudgeError> {
        let builtin = Judge::of_mnist(kernels);
        if builtin.identity.dataset_sha256 == identity.sha256 {
            return Ok(Some(builtin));
        }
        let path = kept(folder, identity);
        Ok(if path.exists() { Some(Judge::new(kernels, JudgeFile::read(&path)?)) } else { None })
    }

    /// The judge of a data set: the one at hand, or else a new one, which is then kept in `folder`. `watch` is called after each step of its training, with the steps done and those to do.
    ///
    /// # Errors
    /// A judge in `folder` that cannot be used, or a training that fails.
    pub fn of_dataset(
        kernels: Kernels,
        dataset: &Dataset,
        identity: &DatasetIdentity,
        folder: &Path,
        watch: &mut dyn FnMut(u64, u64),
    ) -> Result<Judge, JudgeError> {
        match Judge::at_hand(kernels, identity, folder)? {
            Some(judge) => Ok(judge),
            None => train(kernels, dataset, identity, &TrainingPlan::judge(), &kept(folder, identity), watch),
        }
    }

    /// What the judge is.
    pub fn identity(&self) -> &JudgeIdentity {
        &self.identity
    }

    /// Reads images.
    ///
    /// # Shapes
    /// `images`: bytes, `[count, 28, 28]`.
    pub fn read(&mut self, images: &[u8]) -> Readings {
        self.reader.read(images)
    }
}

/// Where the judge of a data set is kept.
fn kept(folder: &Path, identity: &DatasetIdentity) -> PathBuf {
    folder.join(format!("{}.safetensors", identity.sha256))
}

/// Trains a judge of a data set and writes it to `path`, with its accuracy on the test images.
///
/// # Errors
/// A training that fails, or a file that cannot be written.
pub fn train(
    kernels: Kernels,
    dataset: &Dataset,
    identity: &DatasetIdentity,
    plan: &TrainingPlan,
    path: &Path,
    watch: &mut dyn FnMut(u64, u64),
) -> Result<Judge, JudgeError> {
    if dataset.train.len() < 2 {
        let (dataset, images) = (dataset.name.clone(), dataset.train.len());
        return Err(JudgeError::TooFewImages { dataset, images });
    }
    let tensors =
        training::train(kernels, &dataset.train, dataset.classes, plan, &mut |done, all, _| watch(done, all))?;
    let file = JudgeFile::new(tensors, identity);
    let correct = Reader::new(kernels, file.tensors.clone(), dataset.classes).correct(&dataset.test);
    let write = |source| JudgeError::Write { path: path.to_owned(), source };
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(write)?;
    }
    file.write(path, correct).map_err(write)?;
    Ok(Judge::new(kernels, JudgeFile::read(path)?))
}
