//! Engines: they compute training steps, and images from a trained generator.

mod api;
// Hidden: [`Device`] opens either. The CPU engine is public for the programs that measure it without a device's checks.
#[cfg(feature = "gpu")]
#[doc(hidden)]
pub mod burn;
#[doc(hidden)]
pub mod cpu;
mod device;
#[cfg(any(feature = "gpu", feature = "files", test))]
mod failure;
mod pooled;
mod threads;

use crate::error::ErrorKind;
pub use crate::input::InputError;
use crate::loss::Losses;
use crate::model::{Design, TensorMap};
use crate::seed::{self, Purpose};
pub use api::{Api, DeviceError, DeviceName};
pub use device::{Device, DeviceSampler};
#[cfg(feature = "files")]
pub(crate) use failure::quietly;
use serde::{Deserialize, Serialize};
pub use threads::{Threads, ThreadsError};

/// What is fixed over a training: the optimiser without its rates, the losses, the design of D.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Protocol {
    /// Adam's β₁.
    pub beta1: f64,
    /// Adam's β₂.
    pub beta2: f64,
    /// Adam's ε.
    pub epsilon: f64,
    /// What D and G minimise.
    pub losses: Losses,
    /// How D is built.
    pub design: Design,
    /// Decay of the average of G's weights, which then draws in its place; `None`: no average.
    pub average: Option<f64>,
    /// In which numbers the inner convolution is computed.
    pub precision: Precision,
}

/// The numbers that are multiplied; all sums are in 32 bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Precision {
    /// 32 bits.
    #[default]
    F32,
    /// In the inner convolution, forward and back but for the gradient of its weights, bfloat16: 16 bits, of which 8 are
    /// digits. Faster where the processor has an instruction for it ([`digitgan_kernels::Kernels::multiplies_pairs`]),
    /// slower elsewhere, and the same bits on every instruction set that fuses multiply and add.
    Bf16,
}

impl Default for Protocol {
    /// The DCGAN protocol.
    fn default() -> Self {
        Protocol {
            beta1: 0.5,
            beta2: 0.999,
            epsilon: 1e-8,
            losses: Losses::default(),
            design: Design::PAPER,
            average: None,
            precision: Precision::F32,
        }
    }
}

/// Largest batch: 16 GiB of buffers would be needed beyond it.
pub const MAX_BATCH: usize = 32_768;

/// The data of one step.
#[derive(Clone, Copy, Debug)]
pub struct StepInput<'a> {
    /// The real images.
    pub real: RealImages<'a>,
    /// Noise behind the fakes, `[batch, 100]`.
    pub latents: &'a [f32],
    /// Classes of the fakes, `[batch]`.
    pub fake_labels: &'a [u8],
    /// Adam's learning rate for G.
    pub generator_rate: f64,
    /// Adam's learning rate for D.
    pub discriminator_rate: f64,
    /// Noise over everything that D sees, if any.
    pub noise: Option<InstanceNoise>,
}

/// The real images of a step.
#[derive(Clone, Copy, Debug)]
pub enum RealImages<'a> {
    /// Brought along.
    Given {
        /// Pixels in [-1, 1], `[batch, 28, 28]`.
        images: &'a [f32],
        /// Their classes, `[batch]`.
        labels: &'a [u8],
    },
    /// Those at these places, `[batch]`, of the images that the engine keeps, see [`Engine::keep`].
    Kept(&'a [u32]),
}

impl<'a> RealImages<'a> {
    /// Pixels and classes, for an engine that keeps none. Panics if they are not there: a bug.
    fn given(self) -> (&'a [f32], &'a [u8]) {
        match self {
            RealImages::Given { images, labels } => (images, labels),
            RealImages::Kept(_) => panic!("this engine keeps no images, as Engine::keep said"),
        }
    }
}

/// Noise laid over real and generated images alike before D sees them, so that it cannot tell them apart by what no eye
/// sees (Sønderby et al. 2017).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct InstanceNoise {
    /// Standard deviation; pixels are in [-1, 1].
    pub deviation: f32,
    /// The run's seed.
    pub seed: u64,
}

impl InstanceNoise {
    /// The noise over an image of step `step`, counted from 1, of deviation one: the real images' first, then the fakes'.
    fn fill(self, step: u64, batch: usize, image: usize, pixels: &mut [f32]) {
        let index = seed::index::instance_noise(step - 1, batch, image);
        seed::fill_normal(self.seed, Purpose::InstanceNoise, index, pixels);
    }
}

/// What a step found. All are means over the batch.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct StepReport {
    /// D's whole loss: real and fake, and the classes of both where D predicts them.
    pub d_loss: f64,
    /// G's whole loss: adversarial, and the class where D predicts it.
    pub g_loss: f64,
    /// D(x): how real D finds the real images.
    pub d_real: f32,
    /// D(G(z)) before D's update.
    pub d_fake: f32,
    /// D(G(z)) after D's update.
    pub d_fake_after: f32,
    /// The class part of D's loss, where D predicts the class.
    pub d_class: Option<f64>,
    /// The class part of G's loss, where D predicts the class.
    pub g_class: Option<f64>,
}

/// A step met a number that is not finite.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotFinite(pub String);

/// Why an engine did not do what it was asked for.
///
/// ```
/// use digitgan::prelude::*;
///
/// let mut generator = GeneratorFile::untrained(Variant::Gan, 10, 1)?;
/// generator.tensors.remove("bn1.weight");
/// let error = Sampler::new(&Device::cpu(Some(1))?, &generator).err().unwrap();
/// assert!(matches!(error, EngineError::State(_)));
/// assert_eq!(error.to_string(), "tensor bn1.weight is missing");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// A number that is not finite.
    #[error(transparent)]
    NotFinite(#[from] NotFinite),
    /// A state that does not fit the model.
    #[error(transparent)]
    State(#[from] StateError),
    /// Numbers that do not fit together, or a class that there is not.
    #[error(transparent)]
    Input(#[from] InputError),
    /// The device has not the memory.
    #[error("{device} is out of memory ({reason})")]
    OutOfMemory {
        /// What it is called.
        device: String,
        /// What it says.
        reason: String,
    },
    /// The device failed in another way.
    #[error("{device} failed: {reason}")]
    Device {
        /// What it is called.
        device: String,
        /// What it says.
        reason: String,
    },
}

impl EngineError {
    /// What it is about.
    pub fn kind(&self) -> ErrorKind {
        match self {
            EngineError::NotFinite(_) => ErrorKind::NotFinite,
            EngineError::State(error) => error.kind(),
            EngineError::Input(error) => error.kind(),
            EngineError::OutOfMemory { .. } => ErrorKind::Memory,
            EngineError::Device { .. } => ErrorKind::Device,
        }
    }
}

/// A state that does not fit the model.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StateError {
    /// A tensor that the model needs is not there.
    #[error("tensor {0} is missing")]
    Missing(String),
    /// A tensor has another shape than the model's.
    #[error("tensor {name} has shape {found:?}, expected {expected:?}")]
    Shape {
        /// Its name.
        name: String,
        /// Its shape.
        found: Vec<usize>,
        /// The model's.
        expected: Vec<usize>,
    },
    /// A tensor that does not hold as many numbers as its shape says.
    #[error("tensor {name} holds {found} numbers, but its shape says {expected}")]
    Length {
        /// Its name.
        name: String,
        /// How many it holds.
        found: usize,
        /// How many its shape says.
        expected: usize,
    },
    /// A tensor that the model does not have.
    #[error("tensor {0} does not belong to this model")]
    Unknown(String),
}

impl StateError {
    /// What it is about.
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::Mismatch
    }
}

/// Below it, the norm of a weight's singular vector is taken for this: a weight of zeros stays one.
const SMALLEST_NORM: f64 = 1e-12;

/// Which statistics batch normalisation uses.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Statistics {
    /// Those of the batch itself, which also move the running ones: training.
    Batch,
    /// Those of the batch, without moving the running ones: a look in between.
    BatchAlone,
    /// The running ones: evaluation.
    Running,
}

/// Trains one model. A device of its own may run behind: [`Engine::begin`] only hands it a step, [`Engine::reports`]
/// waits for it, and must have been called before anything else is asked.
pub trait Engine {
    /// Begins one step: D on a batch of real images and on a batch of fakes, one update of D; then G through
    /// the updated D with the same fakes, one update of G.
    ///
    /// # Errors
    /// When a loss or a gradient is not finite, or the device fails; the state is then worthless.
    fn begin(&mut self, input: StepInput<'_>) -> Result<(), EngineError>;

    /// Offers the training images. An engine that computes in memory of its own copies them there and returns `true`:
    /// steps need only name them from then on, see [`RealImages::Kept`].
    ///
    /// # Shapes
    /// `images`: bytes, `[count, 28, 28]`; `labels`: `[count]`.
    ///
    /// # Errors
    /// When the device fails.
    fn keep(&mut self, images: &[u8], labels: &[u8]) -> Result<bool, EngineError> {
        let _ = (images, labels);
        Ok(false)
    }

    /// Tells what the steps found that were begun since the last call, in their order; waits for them.
    ///
    /// # Errors
    /// As [`Engine::begin`], after the reports of the steps before that one.
    fn reports(&mut self, tell: &mut dyn FnMut(StepReport)) -> Result<(), EngineError>;

    /// How many steps may be begun before their reports are asked for.
    fn steps_in_flight(&self) -> u64 {
        1
    }

    /// One step, to its end.
    ///
    /// # Errors
    /// As [`Engine::begin`].
    fn step(&mut self, input: StepInput<'_>) -> Result<StepReport, EngineError> {
        self.begin(input)?;
        let mut last = StepReport::default();
        self.reports(&mut |report| last = report)?;
        Ok(last)
    }

    /// Draws images with the generator as it stands, by its running statistics. An image depends on its own
    /// noise and class alone.
    ///
    /// # Shapes
    /// `latents`: `[count, 100]`; `labels`: `[count]`; `images`: `[count, 28, 28]`, in [-1, 1].
    ///
    /// # Errors
    /// When the device fails.
    fn generate(&mut self, latents: &[f32], labels: &[u8], images: &mut [f32]) -> Result<(), EngineError>;

    /// How real D finds images, as it stands, by its running statistics: probabilities.
    ///
    /// # Shapes
    /// `images`: `[count, 28, 28]`, in [-1, 1]; `labels`, `probabilities`: `[count]`.
    ///
    /// # Errors
    /// When the device fails.
    fn discriminate(&mut self, images: &[f32], labels: &[u8], probabilities: &mut [f32]) -> Result<(), EngineError>;

    /// Everything that training needs to go on, but for the number of steps: the tensors that
    /// [`crate::model::initial_state`] names.
    ///
    /// # Errors
    /// When the device fails.
    fn state(&self) -> Result<TensorMap, EngineError>;

    /// Takes up a state, as it was after `step` steps.
    ///
    /// # Errors
    /// When the tensors are not exactly those of the model, or the device fails.
    fn restore(&mut self, state: &TensorMap, step: u64) -> Result<(), EngineError>;

    /// The gradients of the last step, by `generator.` or `discriminator.` and the parameter's name.
    ///
    /// # Errors
    /// When the device fails.
    fn gradients(&self) -> Result<TensorMap, EngineError>;
}

/// The numbers of the tensor called `name`, if it is there and has the right shape.
fn find<'a>(state: &'a TensorMap, name: &str, shape: &[usize]) -> Result<&'a [f32], StateError> {
    let tensor = state.get(name).ok_or_else(|| StateError::Missing(name.to_owned()))?;
    if tensor.shape != shape {
        let (found, expected) = (tensor.shape.clone(), shape.to_vec());
        return Err(StateError::Shape { name: name.to_owned(), found, expected });
    }
    let (found, expected) = (tensor.values.len(), shape.iter().product());
    if found != expected {
        return Err(StateError::Length { name: name.to_owned(), found, expected });
    }
    Ok(&tensor.values)
}

/// Refuses a state with tensors that `known`, an engine's own, does not have.
fn expect_nothing_else(state: &TensorMap, known: &TensorMap) -> Result<(), StateError> {
    match state.keys().find(|name| !known.contains_key(*name)) {
        Some(name) => Err(StateError::Unknown(name.clone())),
        None => Ok(()),
    }
}

/// How far the average of G's weights moves towards them after step `step`, counted from 1. The first steps count less
/// long: they are soon wrong.
fn average_share(decay: f64, step: u64) -> f64 {
    let step = step as f64;
    1.0 - decay.min((1.0 + step) / (10.0 + step))
}
