//! What is evaluated: a generator, whose digits are drawn, or labelled images that are there.

use super::EvaluationError;
use crate::data::Split;
use crate::model::Variant;
use crate::sample::Sampler;
use crate::weights::GeneratorFile;

/// What is evaluated.
pub(super) enum Subject<'a> {
    /// A generator; `behind`: the place of the first digit behind those of all sets.
    Generator { file: &'a GeneratorFile, sampler: Sampler, seed: u64, behind: usize },
    /// Images, in the order in which they are taken.
    Images { name: &'a str, split: &'a Split, order: Vec<u32> },
}

/// What an evaluation says of its subject.
pub(super) struct Facts {
    pub(super) model: Option<Variant>,
    pub(super) step: u64,
    pub(super) trained_on: String,
    pub(super) set: Option<String>,
}

impl Subject<'_> {
    /// Whether it is known which class each image is meant to be.
    pub(super) fn is_labelled(&self) -> bool {
        match self {
            Subject::Generator { file, .. } => file.spec.variant.wiring().generator_sees_class,
            Subject::Images { .. } => true,
        }
    }

    /// What is being done while a set is measured.
    pub(super) fn measuring(&self) -> &'static str {
        match self {
            Subject::Generator { .. } => "measuring generated digits",
            Subject::Images { .. } => "measuring the images",
        }
    }

    /// What is being done while a classifier learns.
    pub(super) fn learning(&self) -> &'static str {
        match self {
            Subject::Generator { .. } => "learning from generated digits",
            Subject::Images { .. } => "learning from the images",
        }
    }

    /// Set number `number`, of `samples` images, with the classes that they are meant to be.
    pub(super) fn set(&mut self, number: usize, samples: usize, classes: usize) -> Result<Split, EvaluationError> {
        match self {
            Subject::Generator { sampler, seed, .. } => drawn(sampler, *seed, number * samples, samples, classes),
            Subject::Images { split, order, .. } => Ok(chosen(split, &order[number * samples..][..samples])),
        }
    }

    /// How many images there are to learn from, if no more than `most` are wanted.
    pub(super) fn at_most(&self, most: usize) -> usize {
        match self {
            Subject::Generator { .. } => most,
            Subject::Images { split, .. } => most.min(split.len()),
        }
    }

    /// The images that a classifier learns from, `count` of them.
    pub(super) fn lesson(&mut self, count: usize, classes: usize) -> Result<Split, EvaluationError> {
        match self {
            Subject::Generator { sampler, seed, behind, .. } => drawn(sampler, *seed, *behind, count, classes),
            Subject::Images { split, order, .. } => Ok(chosen(split, &order[..count])),
        }
    }

    pub(super) fn facts(&self) -> Facts {
        match self {
            Subject::Generator { file, .. } => {
                Facts { model: Some(file.spec.variant), step: file.step, trained_on: file.dataset.clone(), set: None }
            }
            Subject::Images { name, .. } => {
                Facts { model: None, step: 0, trained_on: String::new(), set: Some((*name).to_owned()) }
            }
        }
    }
}

/// Digits from place `first` on, of every class in turn.
fn drawn(
    sampler: &mut Sampler,
    seed: u64,
    first: usize,
    count: usize,
    classes: usize,
) -> Result<Split, EvaluationError> {
    let labels: Vec<u8> = (0..count).map(|image| (image % classes) as u8).collect();
    Ok(Split { images: sampler.draw_at(seed, first as u64, &labels)?, labels })
}

/// The images of a split at these places.
pub(super) fn chosen(split: &Split, places: &[u32]) -> Split {
    Split {
        images: places.iter().flat_map(|&place| split.pixels(place as usize)).copied().collect(),
        labels: places.iter().map(|&place| split.labels[place as usize]).collect(),
    }
}
