//! How D is built where settings may depart from the paper. G is the same in every design.

use super::Wiring;
use serde::{Deserialize, Serialize};

/// What keeps D's features in range.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Normaliser {
    /// Batch normalisation after each convolution (Ioffe & Szegedy 2015): the paper's.
    #[default]
    Batch,
    /// Weights divided by their largest singular value, and a bias in place of batch normalisation (Miyato et al. 2018).
    Spectral,
}

/// How D is told the class of what it sees.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClassInput {
    /// As in the paper: cGAN's by a learned picture of the class, stacked beside the image's features; ACGAN's not at all.
    #[default]
    Plane,
    /// The features' inner product with a learned vector of the class is added to the logit (Miyato & Koyama 2018); in
    /// ACGAN too, beside the head that predicts the class.
    Projection,
}

/// How D's features become its logit of an image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SourceHead {
    /// One layer: a weighted sum of the features, so that far parts of an image count independently. The paper's.
    #[default]
    Linear,
    /// A hidden layer of rectified units between: so that combinations of far parts of an image can count. Where the class
    /// comes by projection, its vector meets the hidden units.
    Hidden,
}

/// How D is built.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Design {
    /// Slope of the rectifiers behind the convolutions below zero; 0 is ReLU, which the class head's is always.
    pub leak: f32,
    /// What keeps the features in range.
    pub normaliser: Normaliser,
    /// How D is told the class.
    pub class_input: ClassInput,
    /// How the features become the logit.
    pub head: SourceHead,
    /// Images that D sees together (PacGAN, Lin et al. 2018).
    pub pack: usize,
}

impl Design {
    /// How a D of this design is told the class, if it is.
    pub fn told_class(&self, wiring: Wiring) -> Option<ClassInput> {
        let tells = match self.class_input {
            ClassInput::Plane => wiring.discriminator_sees_class,
            // Not where it is to predict the class from what it sees: there a picture of the class would be the answer.
            ClassInput::Projection => wiring.discriminator_sees_class || wiring.discriminator_predicts_class,
        };
        tells.then_some(self.class_input)
    }

    /// Most images that D sees together.
    pub const MAX_PACK: usize = 4;
    /// The paper's.
    pub const PAPER: Design = Design {
        leak: 0.0,
        normaliser: Normaliser::Batch,
        class_input: ClassInput::Plane,
        head: SourceHead::Linear,
        pack: 1,
    };
}

impl Default for Design {
    fn default() -> Self {
        Design::PAPER
    }
}
