//! The losses, from logits, each with its gradient.
//!
//! With D's logit l, D(x) = σ(l). The adversarial losses are binary cross-entropies:
//! −log σ(l) = softplus(−l) and −log(1 − σ(l)) = softplus(l), where
//! softplus(l) = max(l, 0) + log(1 + e^(−|l|)) never overflows. In the relativistic loss, l is the difference of two logits.

use serde::{Deserialize, Serialize};

/// What G minimises.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GeneratorLoss {
    /// −log D(G(z)) (Goodfellow et al. 2014, section 3): strong gradients while D still wins.
    #[default]
    NonSaturating,
    /// log(1 − D(G(z))): the minimax loss, as the paper writes it.
    Saturating,
}

/// What D should predict for a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// Real: −log D(x).
    Real,
    /// Fake: −log(1 − D(x)).
    Fake,
}

fn softplus(x: f32) -> f32 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}

/// The logistic function: the probability that a logit stands for.
pub(crate) fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + (-x).exp())
}

/// Mean of σ(l) over a batch of logits.
pub(crate) fn mean_probability(logits: &[f32]) -> f32 {
    (logits.iter().map(|&logit| f64::from(sigmoid(logit))).sum::<f64>() / logits.len() as f64) as f32
}

/// The adversarial loss: what D and G minimise against each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AdversarialLoss {
    /// Real or fake, by binary cross-entropy (Goodfellow et al. 2014).
    #[default]
    CrossEntropy,
    /// D pushes its logits beyond ±1, max(0, 1 ∓ l); G raises those of its fakes, −l (Lim & Ye 2017).
    Hinge,
    /// Which of a pair is the real one: −log σ(l − l') with the logit l of a real image and l' of a fake for D, the
    /// reverse for G (Jolicoeur-Martineau 2019). A fake is compared with a real image, so that G has no
    /// reason to leave out kinds of digits (Sun et al. 2020; Huang et al. 2024).
    Relativistic,
}

impl AdversarialLoss {
    /// Whether the loss of an image needs D's logit of an image of the other kind too: the relativistic loss.
    pub(crate) fn compares(self) -> bool {
        self == AdversarialLoss::Relativistic
    }
}

/// All parts of what D and G minimise.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Losses {
    /// The adversarial loss.
    pub adversarial: AdversarialLoss,
    /// What G minimises with cross-entropy.
    pub generator_loss: GeneratorLoss,
    /// How far below one D's target for real images is with cross-entropy: one-sided label smoothing (Salimans et al.
    /// 2016).
    pub label_smoothing: f32,
    /// Weight of the class loss of generated images, in D's loss and in G's; that of real images has weight one. 1 is as
    /// in ACGAN (Odena et al. 2017).
    pub fake_class_weight: f32,
}

impl Default for Losses {
    /// The paper's.
    fn default() -> Self {
        Losses {
            adversarial: AdversarialLoss::default(),
            generator_loss: GeneratorLoss::default(),
            label_smoothing: 0.0,
            fake_class_weight: 1.0,
        }
    }
}

impl Losses {
    /// Weight of the class loss of a batch.
    pub(crate) fn class_weight(&self, target: Target) -> f32 {
        match target {
            Target::Real => 1.0,
            Target::Fake => self.fake_class_weight,
        }
    }

    /// D's loss on a batch: the mean over the batch, its gradient by each logit written to `gradient`. `opponents` are the
    /// logits of the images of the other kind, for a loss that compares. There a pair has one loss, which is counted with
    /// the real images.
    ///
    /// # Shapes
    /// `logits`, `opponents`, `gradient`: `[batch]`.
    pub(crate) fn discriminator_loss(
        &self,
        logits: &[f32],
        opponents: &[f32],
        target: Target,
        gradient: &mut [f32],
    ) -> f64 {
        let (share, smoothing) = (1.0 / logits.len() as f32, self.label_smoothing);
        mean_loss(logits, opponents, gradient, |logit, opponent| match (self.adversarial, target) {
            // −(1 − s)·log σ(l) − s·log(1 − σ(l)) = softplus(−l) + s·l
            (AdversarialLoss::CrossEntropy, Target::Real) => {
                (softplus(-logit) + smoothing * logit, (sigmoid(logit) - 1.0 + smoothing) * share)
            }
            (AdversarialLoss::CrossEntropy, Target::Fake) => (softplus(logit), sigmoid(logit) * share),
            (AdversarialLoss::Hinge, Target::Real) => hinge(logit, -1.0, share),
            (AdversarialLoss::Hinge, Target::Fake) => hinge(logit, 1.0, share),
            (AdversarialLoss::Relativistic, Target::Real) => {
                (softplus(opponent - logit), -sigmoid(opponent - logit) * share)
            }
            (AdversarialLoss::Relativistic, Target::Fake) => (0.0, sigmoid(logit - opponent) * share),
        })
    }

    /// G's loss on D's logits of a batch of fakes, with its gradient by each logit. `opponents` are those of the real
    /// images, for a loss that compares.
    ///
    /// # Shapes
    /// `logits`, `opponents`, `gradient`: `[batch]`.
    pub(crate) fn generator_loss(&self, logits: &[f32], opponents: &[f32], gradient: &mut [f32]) -> f64 {
        let share = 1.0 / logits.len() as f32;
        mean_loss(logits, opponents, gradient, |logit, opponent| match (self.adversarial, self.generator_loss) {
            (AdversarialLoss::Hinge, _) => (-logit, -share),
            (AdversarialLoss::Relativistic, _) => (softplus(opponent - logit), -sigmoid(opponent - logit) * share),
            (AdversarialLoss::CrossEntropy, GeneratorLoss::NonSaturating) => {
                (softplus(-logit), (sigmoid(logit) - 1.0) * share)
            }
            (AdversarialLoss::CrossEntropy, GeneratorLoss::Saturating) => (-softplus(logit), -sigmoid(logit) * share),
        })
    }
}

/// max(0, 1 + sign·l) and its slope; a NaN stays a NaN.
fn hinge(logit: f32, sign: f32, share: f32) -> (f32, f32) {
    let margin = 1.0 + sign * logit;
    if margin <= 0.0 { (0.0, 0.0) } else { (margin, sign * share) }
}

/// The mean of `term` over logits and their opponents, which are zeros where they are not needed; its slopes to `gradient`.
fn mean_loss(logits: &[f32], opponents: &[f32], gradient: &mut [f32], term: impl Fn(f32, f32) -> (f32, f32)) -> f64 {
    assert_eq!((logits.len(), opponents.len()), (gradient.len(), gradient.len()));
    let mut sum = 0.0;
    for ((&logit, &opponent), gradient) in logits.iter().zip(opponents).zip(gradient) {
        let (loss, slope) = term(logit, opponent);
        sum += f64::from(loss);
        *gradient = slope;
    }
    sum / logits.len() as f64
}

/// Cross-entropy −log P(label) of class logits: `weight` times the mean over the batch, with its gradient.
///
/// # Shapes
/// `logits`, `gradient`: `[batch, classes]`; `labels`: `[batch]`.
pub(crate) fn class_loss(logits: &[f32], labels: &[u8], weight: f32, gradient: &mut [f32]) -> f64 {
    let classes = logits.len() / labels.len();
    let share = weight / labels.len() as f32;
    let mut sum = 0.0;
    for ((logits, gradient), &label) in logits.chunks(classes).zip(gradient.chunks_mut(classes)).zip(labels) {
        let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let total: f32 = logits.iter().map(|logit| (logit - largest).exp()).sum();
        sum += f64::from(total.ln() + largest - logits[usize::from(label)]);
        for (class, (gradient, logit)) in gradient.iter_mut().zip(logits).enumerate() {
            let hit = if class == usize::from(label) { 1.0 } else { 0.0 };
            *gradient = ((logit - largest).exp() / total - hit) * share;
        }
    }
    f64::from(weight) * sum / labels.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOGITS: [f32; 6] = [-30.0, -1.5, -0.1, 0.0, 0.7, 25.0];

    /// Holds a gradient against central differences of the loss, taken in f64 where f32 would blur them.
    fn check_slopes(loss: impl Fn(&[f32], &mut [f32]) -> f64, naive: impl Fn(&[f64]) -> f64, logits: &[f32]) {
        let mut gradient = vec![0.0; logits.len()];
        let value = loss(logits, &mut gradient);
        let wide: Vec<f64> = logits.iter().map(|&l| f64::from(l)).collect();
        assert!((value - naive(&wide)).abs() < 1e-5 * naive(&wide).abs().max(1.0), "{value} against {}", naive(&wide));
        for i in 0..logits.len() {
            let moved = |by: f64| {
                let mut moved = wide.clone();
                moved[i] += by;
                naive(&moved)
            };
            let slope = (moved(1e-4) - moved(-1e-4)) / 2e-4;
            assert!((f64::from(gradient[i]) - slope).abs() < 1e-6, "[{i}]: {} against {slope}", gradient[i]);
        }
    }

    fn mean(logits: &[f64], term: impl Fn(f64) -> f64) -> f64 {
        logits.iter().map(|&l| term(l)).sum::<f64>() / logits.len() as f64
    }

    #[test]
    fn adversarial_losses_and_slopes() {
        let real = |l: f64| (1.0 + (-l).exp()).ln();
        let fake = |l: f64| (1.0 + l.exp()).ln();
        let plain = Losses::default();
        // Opponents that a loss which does not compare must not look at.
        const NONE: [f32; 6] = [f32::NAN; 6];
        check_slopes(|l, g| plain.discriminator_loss(l, &NONE, Target::Real, g), |l| mean(l, real), &LOGITS);
        check_slopes(|l, g| plain.discriminator_loss(l, &NONE, Target::Fake, g), |l| mean(l, fake), &LOGITS);
        check_slopes(|l, g| plain.generator_loss(l, &NONE, g), |l| mean(l, real), &LOGITS);
        let saturating = Losses { generator_loss: GeneratorLoss::Saturating, ..plain };
        check_slopes(|l, g| saturating.generator_loss(l, &NONE, g), |l| -mean(l, fake), &LOGITS);
        let smoothed = Losses { label_smoothing: 0.1, ..plain };
        let target = |l: f64| 0.9 * real(l) + 0.1 * fake(l);
        check_slopes(|l, g| smoothed.discriminator_loss(l, &NONE, Target::Real, g), |l| mean(l, target), &LOGITS);
        check_slopes(|l, g| smoothed.discriminator_loss(l, &NONE, Target::Fake, g), |l| mean(l, fake), &LOGITS);
        let losses = Losses { adversarial: AdversarialLoss::Hinge, ..plain };
        let margin = |sign: f64| move |l: f64| (1.0 + sign * l).max(0.0);
        check_slopes(|l, g| losses.discriminator_loss(l, &NONE, Target::Real, g), |l| mean(l, margin(-1.0)), &LOGITS);
        check_slopes(|l, g| losses.discriminator_loss(l, &NONE, Target::Fake, g), |l| mean(l, margin(1.0)), &LOGITS);
        check_slopes(|l, g| losses.generator_loss(l, &NONE, g), |l| mean(l, |l| -l), &LOGITS);
    }

    #[test]
    fn a_pair_has_one_loss_and_each_of_it_its_slope() {
        const OTHERS: [f32; 6] = [-29.0, 2.0, -0.4, 0.3, 0.7, -10.0];
        let losses = Losses { adversarial: AdversarialLoss::Relativistic, ..Losses::default() };
        let softplus = |x: f64| if x > 0.0 { x + (-x).exp().ln_1p() } else { x.exp().ln_1p() };
        let beside = |l: &[f64], sign: f64| {
            let pairs = l.iter().zip(OTHERS);
            pairs.map(|(l, other)| softplus(sign * (l - f64::from(other)))).sum::<f64>() / 6.0
        };
        check_slopes(|l, g| losses.discriminator_loss(l, &OTHERS, Target::Real, g), |l| beside(l, -1.0), &LOGITS);
        check_slopes(|l, g| losses.generator_loss(l, &OTHERS, g), |l| beside(l, -1.0), &LOGITS);
        // The fakes' pass has the slopes of the same loss, which was counted already.
        let fakes = |l: &[f32], g: &mut [f32]| {
            assert_eq!(losses.discriminator_loss(l, &OTHERS, Target::Fake, g), 0.0);
            losses.discriminator_loss(&OTHERS, l, Target::Real, &mut [0.0; 6])
        };
        check_slopes(fakes, |l| beside(l, 1.0), &LOGITS);
    }

    #[test]
    fn class_losses_and_slopes() {
        let labels = [2u8, 0];
        let naive = |l: &[f64]| {
            l.chunks(3)
                .zip(labels)
                .map(|(row, label)| row.iter().map(|v| v.exp()).sum::<f64>().ln() - row[usize::from(label)])
                .sum::<f64>()
                / 2.0
        };
        check_slopes(|l, g| class_loss(l, &labels, 1.0, g), naive, &LOGITS);
        check_slopes(|l, g| class_loss(l, &labels, 0.1, g), |l| 0.1 * naive(l), &LOGITS);
    }

    #[test]
    fn huge_logits_give_finite_losses_and_a_nan_stays_one() {
        let mut gradient = [0.0; 2];
        let plain = Losses::default();
        let zeros = [0.0; 2];
        assert_eq!(plain.discriminator_loss(&[1e30, -1e30], &zeros, Target::Real, &mut gradient), 5e29f32 as f64);
        for adversarial in [AdversarialLoss::CrossEntropy, AdversarialLoss::Hinge, AdversarialLoss::Relativistic] {
            let losses = Losses { adversarial, ..plain };
            assert!(losses.discriminator_loss(&[f32::NAN, 0.0], &zeros, Target::Real, &mut gradient).is_nan());
            assert!(losses.generator_loss(&[f32::NAN, 0.0], &zeros, &mut gradient).is_nan());
        }
        let compared = Losses { adversarial: AdversarialLoss::Relativistic, ..plain };
        assert!(compared.discriminator_loss(&zeros, &[f32::NAN, 0.0], Target::Real, &mut gradient).is_nan());
        assert!(class_loss(&[f32::NAN, 0.0], &[0], 1.0, &mut gradient).is_nan());
    }
}
