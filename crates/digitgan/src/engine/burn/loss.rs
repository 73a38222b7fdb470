//! The losses of [`crate::loss`] on a device. Gradients are Burn's.

use super::networks::DiscriminatorLogits;
use crate::loss::{AdversarialLoss, GeneratorLoss, Losses, Target};
use burn_tensor::Tensor;
use burn_tensor::activation::{log_sigmoid, log_softmax, relu};

/// log(1 + eˣ), without overflow.
fn softplus(x: Tensor<1>) -> Tensor<1> {
    -log_sigmoid(-x)
}

/// D's loss of a batch of each kind, `[1]`.
pub(super) fn discriminator_loss(losses: &Losses, real: Tensor<1>, fake: Tensor<1>) -> Tensor<1> {
    match losses.adversarial {
        AdversarialLoss::CrossEntropy => {
            let mut of_real = softplus(-real.clone());
            if losses.label_smoothing > 0.0 {
                of_real = of_real + real * losses.label_smoothing;
            }
            of_real.mean() + softplus(fake).mean()
        }
        AdversarialLoss::Hinge => relu(-real + 1.0).mean() + relu(fake + 1.0).mean(),
        AdversarialLoss::Relativistic => softplus(fake - real).mean(),
    }
}

/// G's loss of D's logits of its fakes, `[1]`; `real` are those of real images, for a loss that compares.
pub(super) fn generator_loss(losses: &Losses, fake: Tensor<1>, real: Option<Tensor<1>>) -> Tensor<1> {
    match (losses.adversarial, losses.generator_loss, real) {
        (AdversarialLoss::Hinge, _, _) => -fake.mean(),
        (AdversarialLoss::Relativistic, _, real) => {
            softplus(real.expect("a loss that compares has both kinds") - fake).mean()
        }
        (AdversarialLoss::CrossEntropy, GeneratorLoss::NonSaturating, _) => softplus(-fake).mean(),
        (AdversarialLoss::CrossEntropy, GeneratorLoss::Saturating, _) => -softplus(fake).mean(),
    }
}

/// The loss of the classes of a batch, `[1]`, where D predicts them.
///
/// # Shapes
/// `classes`: one-hot, `[batch, classes]`; of packs the first are those of the packs.
pub(super) fn class_loss(
    losses: &Losses,
    logits: &DiscriminatorLogits,
    classes: &Tensor<2>,
    target: Target,
) -> Option<Tensor<1>> {
    let logits = logits.classes.clone()?;
    let packs = logits.dims()[0];
    let likelihoods = log_softmax(logits, 1) * classes.clone().narrow(0, 0, packs);
    Some(-likelihoods.sum() * (losses.class_weight(target) / packs as f32))
}
