//! Training a classifier: the judge itself, and the fresh ones that learn from generated digits alone.

use super::error::JudgeError;
use crate::data::batches::Batches;
use crate::data::{Augment, Split};
use crate::engine::Device;
use crate::engine::cpu::CpuClassifier;
use crate::input::{check_class_count, check_classes, check_length, count_images};
use crate::model::{TensorMap, initial_classifier};
use crate::{IMAGE_PIXELS, model};
use digitgan_kernels::Kernels;

/// How a classifier is trained.
///
/// ```
/// use digitgan::prelude::*;
///
/// let short = TrainingPlan { epochs: 1, ..TrainingPlan::judge() };
/// let dataset = strokes::some(20, 0)?;
/// let plan = TrainingPlan { least_steps: 3, batch: 10, augment: vec![Augment::Affine], ..short };
/// let mut steps = 0;
/// train_judge(&Device::cpu(Some(1))?, &dataset, &dataset.identity(), &plan, &mut |_, _| steps += 1)?;
/// assert_eq!(steps, 3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct TrainingPlan {
    /// Passes over the images.
    pub epochs: u64,
    /// As many more as it takes to make so many steps: a small data set needs more passes.
    pub least_steps: u64,
    /// Images in a batch, fewer where there are not as many.
    pub batch: usize,
    /// Adam's learning rate at the first step; it falls linearly to zero.
    pub rate: f64,
    /// How images are varied.
    pub augment: Vec<Augment>,
    /// Every random number follows from it.
    pub seed: u64,
}

impl TrainingPlan {
    /// How a judge is trained: long, on digits that are varied as hands vary them, so that it reads what it has not seen.
    pub fn judge() -> Self {
        let augment = vec![Augment::Affine, Augment::Elastic];
        TrainingPlan { epochs: 40, least_steps: 600, batch: 64, rate: 1e-3, augment, seed: 1 }
    }

    /// How a classifier is trained that shall only tell what its images teach: short, on the images as they are.
    pub fn fresh(seed: u64) -> Self {
        TrainingPlan { epochs: 4, least_steps: 400, batch: 64, rate: 1e-3, augment: Vec::new(), seed }
    }
}

/// Trains a classifier of `classes` classes on a split, and calls `watch` after each step with the steps done, those to do,
/// and the loss. Returns its tensors by their names, without Adam's moments.
///
/// # Errors
/// Images and classes that do not fit together, or a loss or a gradient that is not finite.
pub fn train(
    device: &Device,
    split: &Split,
    classes: usize,
    plan: &TrainingPlan,
    watch: &mut (dyn FnMut(u64, u64, f64) + Send),
) -> Result<TensorMap, JudgeError> {
    check_length("classes of the training images, [count]", split.labels.len(), count_images(split.images.len())?)?;
    check_class_count(classes)?;
    check_classes(&split.labels, classes)?;
    device.install(|| train_here(device.kernels(), split, classes, plan, watch))
}

fn train_here(
    kernels: Kernels,
    split: &Split,
    classes: usize,
    plan: &TrainingPlan,
    watch: &mut (dyn FnMut(u64, u64, f64) + Send),
) -> Result<TensorMap, JudgeError> {
    let batch = plan.batch.min(split.len());
    let mut batches = Batches::new(split, batch, plan.seed, &plan.augment)?;
    let mut classifier = CpuClassifier::new(kernels, classes, batch);
    classifier.restore(&initial_classifier(classes, plan.seed), 0).expect("a first state fits its network");
    let (mut images, mut labels) = (vec![0.0; batch * IMAGE_PIXELS], vec![0; batch]);
    let total = plan.epochs.saturating_mul(batches.per_epoch()).max(plan.least_steps);
    for step in 0..total {
        batches.fill(step, &mut images, &mut labels);
        let rate = plan.rate * (1.0 - step as f64 / total as f64);
        let loss = classifier.step(&images, &labels, rate)?;
        watch(step + 1, total, loss);
    }
    let state = classifier.state();
    let tensors = model::classifier_tensors(classes).into_iter().map(|tensor| {
        let values = state[&format!("classifier.{}", tensor.name)].clone();
        (tensor.name.to_owned(), values)
    });
    Ok(tensors.collect())
}
