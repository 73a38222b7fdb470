//! The losses of [`crate::objective`] on a device. Gradients are Burn's.

use super::networks::Verdict;
use crate::objective::{Adversarial, Game, GeneratorLoss, Target};
use burn_tensor::Tensor;
use burn_tensor::activation::{log_sigmoid, log_softmax, relu};

/// log(1 + eˣ), without overflow.
fn softplus(x: Tensor<1>) -> Tensor<1> {
    -log_sigmoid(-x)
}

/// D's loss of a batch of each kind, `[1]`.
pub(super) fn discriminator_loss(game: &Adversarial, real: Tensor<1>, fake: Tensor<1>) -> Tensor<1> {
    match game.game {
        Game::CrossEntropy => {
            let mut of_real = softplus(-real.clone());
            if game.label_smoothing > 0.0 {
                of_real = of_real + real * game.label_smoothing;
            }
            of_real.mean() + softplus(fake).mean()
        }
        Game::Hinge => relu(-real + 1.0).mean() + relu(fake + 1.0).mean(),
        Game::Relativistic => softplus(fake - real).mean(),
    }
}

/// G's loss of D's logits of its fakes, `[1]`; `real` are those of real images, for a game that compares.
pub(super) fn generator_loss(game: &Adversarial, fake: Tensor<1>, real: Option<Tensor<1>>) -> Tensor<1> {
    match (game.game, game.generator_loss, real) {
        (Game::Hinge, _, _) => -fake.mean(),
        (Game::Relativistic, _, real) => softplus(real.expect("a game that compares has both kinds") - fake).mean(),
        (Game::CrossEntropy, GeneratorLoss::NonSaturating, _) => softplus(-fake).mean(),
        (Game::CrossEntropy, GeneratorLoss::Saturating, _) => -softplus(fake).mean(),
    }
}

/// The loss of the classes of a batch, `[1]`, where D predicts them.
///
/// # Shapes
/// `classes`: one-hot, `[batch, classes]`; of packs the first are those of the packs.
pub(super) fn class_loss(
    game: &Adversarial,
    verdict: &Verdict,
    classes: &Tensor<2>,
    target: Target,
) -> Option<Tensor<1>> {
    let logits = verdict.classes.clone()?;
    let packs = logits.dims()[0];
    let likelihoods = log_softmax(logits, 1) * classes.clone().narrow(0, 0, packs);
    Some(-likelihoods.sum() * (game.class_weight(target) / packs as f32))
}
