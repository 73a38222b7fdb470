//! What the models are, as data: the differences between GAN, cGAN and ACGAN, and the tensors of each.
//!
//! Source: Peng & Yang, "Using GAN to Generate Handwritten Digits" (2020), tables 1 to 6.

mod design;
mod tensors;
mod variant;

pub use design::{ClassInput, Design, Normaliser, SourceHead};
pub use tensors::{
    Tensor, TensorMap, TensorSpec, classifier_tensors, discriminator_tensors, generator_tensors, initial_classifier,
    initial_state, initial_state_of,
};
pub use variant::{Variant, Wiring};

use serde::{Deserialize, Serialize};

/// Length of the noise vector z.
pub const LATENT: usize = 100;
/// Hidden units of ACGAN's class head.
pub const CLASS_HIDDEN: usize = 128;
/// Hidden units between D's features and its logit, where it has such a layer.
pub const SOURCE_HIDDEN: usize = 128;
/// Features of a classifier: the hidden units before its logits.
pub const CLASSIFIER_FEATURES: usize = 64;
/// ε of every batch normalisation.
pub const BATCH_NORM_EPSILON: f64 = 1e-5;
/// Share of a new batch in the running statistics.
pub const BATCH_NORM_MOMENTUM: f32 = 0.1;

/// A model: which of the three, for how many classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelSpec {
    /// Which of the three.
    pub variant: Variant,
    /// Number of classes, 2 to 100.
    pub classes: usize,
}

impl ModelSpec {
    /// Length of G's input: the noise, and a one-hot class where G sees the class.
    pub fn generator_inputs(&self) -> usize {
        LATENT + if self.variant.wiring().generator_sees_class { self.classes } else { 0 }
    }
}
