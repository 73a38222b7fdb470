//! What computes: one adversarial step, and images from a trained generator.

pub mod cpu;

use crate::model::TensorMap;

/// The data of one step.
#[derive(Clone, Copy, Debug)]
pub struct StepInput<'a> {
    /// Real images in [-1, 1], `[batch, 28, 28]`.
    pub images: &'a [f32],
    /// Their classes, `[batch]`.
    pub labels: &'a [u8],
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

/// Noise laid over real and generated images alike before D sees them, so that it cannot tell them apart by what no eye
/// sees (Sønderby et al. 2017).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct InstanceNoise {
    /// Standard deviation; pixels are in [-1, 1].
    pub deviation: f32,
    /// The run's seed.
    pub seed: u64,
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

/// A state that does not fit the model.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
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
    /// A tensor that the model does not have.
    #[error("tensor {0} does not belong to this model")]
    Unknown(String),
}

/// A device that trains one model.
pub trait Engine {
    /// One step: D on a batch of real images and on a batch of fakes, one update of D; then G through
    /// the updated D with the same fakes, one update of G.
    ///
    /// # Errors
    /// When a loss or a gradient is not finite; the state is then worthless.
    fn step(&mut self, input: StepInput<'_>) -> Result<StepReport, NotFinite>;

    /// Draws images with the generator as it stands, by its running statistics. An image depends on its own
    /// noise and class alone.
    ///
    /// # Shapes
    /// `latents`: `[count, 100]`; `labels`: `[count]`; `images`: `[count, 28, 28]`, in [-1, 1].
    fn generate(&mut self, latents: &[f32], labels: &[u8], images: &mut [f32]);

    /// How real D finds images, as it stands, by its running statistics: probabilities.
    ///
    /// # Shapes
    /// `images`: `[count, 28, 28]`, in [-1, 1]; `labels`, `probabilities`: `[count]`.
    fn discriminate(&mut self, images: &[f32], labels: &[u8], probabilities: &mut [f32]);

    /// Everything that training needs to go on, but for the number of steps: the tensors that
    /// [`crate::model::initial_state`] names.
    fn state(&self) -> TensorMap;

    /// Takes up a state, as it was after `step` steps.
    ///
    /// # Errors
    /// When the tensors are not exactly those of the model.
    fn restore(&mut self, state: &TensorMap, step: u64) -> Result<(), StateError>;

    /// The gradients of the last step, by `generator.` or `discriminator.` and the parameter's name.
    fn gradients(&self) -> TensorMap;

    /// The device for people, such as `cpu (avx512)`.
    fn device(&self) -> String;
}
