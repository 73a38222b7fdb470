//! The judge: a small classifier that reads digits, so that generated ones can be counted and compared.
//!
//! The network is ACGAN's D with a narrower class head and without the head for real or fake
//! ([`crate::model::classifier_tensors`]). This project's own engine trains it on real digits alone ([`training`]). The 64
//! activations of its last hidden layer are the features in which [`crate::metrics`] measures distances. Features of a
//! network that was trained on photographs would not tell digits apart.
//!
//! The judge of MNIST comes with the program; that of any other data set is trained when it is first needed. Every
//! result is printed with the hash and the accuracy of its judge.

mod error;
mod reader;
pub mod training;

pub use crate::weights::{ClassifierFile, JudgeIdentity};
pub use error::JudgeError;
pub use reader::{Reader, Readings};

use crate::data::{Dataset, DatasetIdentity};
use crate::engine::{Device, InputError};
use training::TrainingPlan;

/// The judge of MNIST that comes with the program.
const MNIST_JUDGE: &[u8] = include_bytes!("mnist.safetensors");

/// A classifier that reads digits, with its identity: hash, data set and accuracy.
///
/// ```
/// use digitgan::prelude::*;
///
/// let mut judge = Judge::of_mnist(&Device::cpu(Some(1))?);
/// let drawing = strokes::draw(strokes::SEED, 0);
/// let read = judge.read(&drawing.image)?;
/// println!("a {}, read as {}", drawing.label, read.labels[0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Judge {
    reader: Reader,
    identity: JudgeIdentity,
}

impl Judge {
    /// A judge from its weights.
    ///
    /// # Errors
    /// Tensors that are not those of a classifier of as many classes as the file says.
    pub fn new(device: &Device, file: ClassifierFile) -> Result<Judge, JudgeError> {
        let reader = Reader::new(device, file.tensors, file.identity.classes)?;
        Ok(Judge { reader, identity: file.identity })
    }

    /// The judge of MNIST that comes with the program.
    pub fn of_mnist(device: &Device) -> Judge {
        Judge::new(device, Judge::mnist_file()).expect("the built-in judge is a classifier")
    }

    /// Its weights.
    pub fn mnist_file() -> ClassifierFile {
        ClassifierFile::from_bytes(MNIST_JUDGE).expect("the built-in judge is whole")
    }

    /// The judge of a data set that comes with the program, if it does.
    pub fn built_in(device: &Device, identity: &DatasetIdentity) -> Option<Judge> {
        let mnist = Judge::of_mnist(device);
        (mnist.identity.dataset_sha256 == identity.sha256).then_some(mnist)
    }

    /// What the judge is.
    pub fn identity(&self) -> &JudgeIdentity {
        &self.identity
    }

    /// Reads images.
    ///
    /// # Shapes
    /// `images`: bytes, `[count, 28, 28]`.
    ///
    /// # Errors
    /// Bytes that are not whole images.
    pub fn read(&mut self, images: &[u8]) -> Result<Readings, InputError> {
        self.reader.read(images)
    }
}

/// Trains a judge of a data set and tries it on the test images. `watch` is called after each step, with the steps done
/// and those to do.
///
/// ```
/// use digitgan::prelude::*;
///
/// let dataset = strokes::some(20, 10)?;
/// let plan = TrainingPlan { epochs: 1, least_steps: 2, batch: 10, ..TrainingPlan::fresh(1) };
/// let device = Device::cpu(Some(1))?;
/// let file = train_judge(&device, &dataset, &dataset.identity(), &plan, &mut |done, all| println!("{done} of {all}"))?;
///
/// let mut judge = Judge::new(&device, file)?;
/// assert_eq!(judge.read(&dataset.test.images)?.labels.len(), 10);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// Images and classes that do not fit together, fewer than two training images, or a training that fails.
pub fn train(
    device: &Device,
    dataset: &Dataset,
    identity: &DatasetIdentity,
    plan: &TrainingPlan,
    watch: &mut (dyn FnMut(u64, u64) + Send),
) -> Result<ClassifierFile, JudgeError> {
    dataset.check()?;
    if dataset.train.len() < 2 {
        let (dataset, images) = (dataset.name.clone(), dataset.train.len());
        return Err(JudgeError::TooFewImages { dataset, images });
    }
    let tensors = training::train(device, &dataset.train, dataset.classes, plan, &mut |done, all, _| watch(done, all))?;
    let tensors = ClassifierFile::rounded(tensors);
    let correct = Reader::new(device, tensors.clone(), dataset.classes)?.correct(&dataset.test)?;
    Ok(ClassifierFile::new(tensors, identity, correct))
}
