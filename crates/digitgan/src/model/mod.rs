//! What the models are, as data: the differences between GAN, cGAN and ACGAN, and the tensors of each.
//!
//! Source: Peng & Yang, "Using GAN to Generate Handwritten Digits" (2020), tables 1 to 6.

mod design;
mod tensors;
mod variant;

pub use design::{ClassInput, Design, Normaliser, SourceHead};
pub use tensors::{Tensor, TensorMap};
// Hidden: the lists that engines are built of and begin with. They take models as they come; `GeneratorFile::untrained` and
// `Snapshot::first` are their checked face.
#[doc(hidden)]
pub use tensors::{
    TensorSpec, classifier_tensors, discriminator_tensors, generator_tensors, initial_classifier, initial_state,
    initial_state_of,
};
pub use variant::{Variant, Wiring};

pub use crate::input::LATENT;
use crate::input::{InputError, check_class_count};
use serde::{Deserialize, Serialize};

/// Hidden units of ACGAN's class head.
pub(crate) const CLASS_HIDDEN: usize = 128;
/// Hidden units between D's features and its logit, where it has such a layer.
pub(crate) const SOURCE_HIDDEN: usize = 128;
/// Features of a classifier: the hidden units before its logits.
pub const CLASSIFIER_FEATURES: usize = 64;
/// ε of every batch normalisation.
pub(crate) const BATCH_NORM_EPSILON: f64 = 1e-5;
/// Share of a new batch in the running statistics.
pub(crate) const BATCH_NORM_MOMENTUM: f32 = 0.1;

/// A model: which of the three, for how many classes.
///
/// ```
/// use digitgan::prelude::*;
///
/// let spec = ModelSpec::new(Variant::Acgan, 10)?;
/// assert_eq!(spec.generator_inputs(), 100 + 10);
/// assert!(ModelSpec::new(Variant::Acgan, 1).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelSpec {
    /// Which of the three.
    pub variant: Variant,
    /// Number of classes, 2 to 100.
    pub classes: usize,
}

impl ModelSpec {
    /// A model for so many classes.
    ///
    /// # Errors
    /// Fewer than 2 classes, or more than 100.
    pub fn new(variant: Variant, classes: usize) -> Result<Self, InputError> {
        let spec = ModelSpec { variant, classes };
        spec.check().map(|()| spec)
    }

    /// Checks the number of classes, which whoever takes a model does.
    ///
    /// # Errors
    /// As [`ModelSpec::new`].
    pub fn check(&self) -> Result<(), InputError> {
        check_class_count(self.classes)
    }

    /// Length of G's input: the noise, and a one-hot class where G sees the class.
    pub fn generator_inputs(&self) -> usize {
        LATENT + if self.variant.wiring().generator_sees_class { self.classes } else { 0 }
    }
}
