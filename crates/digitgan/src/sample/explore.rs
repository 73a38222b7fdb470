//! What a generator's noise does: the directions that change pictures most, and what they change.
//!
//! A small step δ in the noise changes a picture by J·δ, where J are G's derivatives, and by δᵀJᵀJδ in squared pixels. The mean of
//! JᵀJ over noises and classes is a symmetric matrix of 100 × 100: its eigenvectors are the directions, its eigenvalues how much each
//! changes (the pulled-back metric of Wang & Ponce 2021, "A geometric analysis of deep generative image models and its
//! applications", in pixels rather than features). Derivatives are differences of pictures a small step apart.

use super::{Sampler, fill_latents};
use crate::IMAGE_PIXELS;
use crate::engine::{Device, EngineError};
use crate::input::{InputError, check_classes};
use crate::metrics::linear::{dot, factor};
use crate::metrics::measures::{Measure, shapes as shapes_of};
use crate::metrics::shape::Shape;
use crate::model::LATENT;
use crate::seed::Purpose;
use crate::weights::GeneratorFile;
use rayon::prelude::*;

/// Half the step of the differences, in standard deviations of the noise.
const STEP: f32 = 0.05;
/// Noises that derivatives are averaged over.
const NOISES: usize = 60;
/// Digits that what changes is measured on.
const MEASURED: usize = 200;
/// How far either way it is measured: 95 % of noise lies within.
const REACH: f32 = 2.0;

/// A direction in the noise, and what it changes.
#[derive(Clone, Debug, PartialEq)]
pub struct Direction {
    /// The direction, of length 1.
    pub vector: Vec<f32>,
    /// Its share of the squared change of pixels by all directions.
    pub share: f64,
    /// What it changes, those that change most beside what is usual first.
    pub changes: Vec<Change>,
}

/// What changes along a direction, from two standard deviations of the noise below to two above.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Change {
    /// What is measured: `slant`, `thickness`, `width` or `height`.
    pub measure: &'static str,
    /// Its unit.
    pub unit: &'static str,
    /// How much it changes, in its unit: the mean over digits.
    pub amount: f64,
    /// The same in standard deviations of the generator's digits.
    pub deviations: f64,
}

/// Finds the directions that change a generator's pictures most, the strongest first, and measures what each changes. Each points
/// where what it changes most grows.
///
/// ```
/// use digitgan::prelude::*;
/// use digitgan::sample::directions;
///
/// let generator = BuiltIn::Acgan.generator();
/// let found = directions(&Device::cpu(None)?, &generator, &[], 2, 1)?;
/// for direction in &found {
///     println!("{:.0} % of all change: {:?}", 100.0 * direction.share, direction.changes.first());
/// }
/// assert!(found[0].share > found[1].share);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Shapes
/// `classes`: those to average over; all of them where there are none.
///
/// # Errors
/// A class that the generator does not have, more directions than noise has numbers, or a device that fails.
pub fn directions(
    device: &Device,
    generator: &GeneratorFile,
    classes: &[u8],
    count: usize,
    seed: u64,
) -> Result<Vec<Direction>, EngineError> {
    check_classes(classes, generator.spec.classes)?;
    if count > LATENT {
        return Err(InputError::TooMany { what: "directions", found: count, most: LATENT }.into());
    }
    let all: Vec<u8> = (0..generator.spec.classes as u8).collect();
    let classes = if classes.is_empty() { &all } else { classes };
    let labels: Vec<u8> = classes.iter().copied().cycle().take(MEASURED).collect();
    let mut noise = vec![0.0; MEASURED * LATENT];
    let mut sampler = Sampler::new(device, generator)?;
    let threads = sampler.threads.clone();
    threads.install(|| {
        fill_latents(seed, Purpose::SampleLatent, 0, &mut noise);
        let metric = pulled_back(&mut sampler, &noise[..NOISES * LATENT], &labels[..NOISES])?;
        let spread = Spread::of(&mut sampler, &noise, &labels)?;
        let mut found = strongest(metric, count);
        for direction in &mut found {
            direction.changes = spread.changes(&mut sampler, &noise, &labels, &direction.vector)?;
            if direction.changes.first().is_some_and(|change| change.amount < 0.0) {
                direction.vector.iter_mut().for_each(|value| *value = -*value);
                direction.changes.iter_mut().for_each(|change| {
                    (change.amount, change.deviations) = (-change.amount, -change.deviations);
                });
            }
        }
        Ok(found)
    })
}

/// The mean of JᵀJ, `[100, 100]`.
fn pulled_back(sampler: &mut Sampler, noise: &[f32], labels: &[u8]) -> Result<Vec<f64>, EngineError> {
    let mut sum = vec![0.0; LATENT * LATENT];
    for (noise, &label) in noise.chunks_exact(LATENT).zip(labels) {
        let mut apart = Vec::with_capacity(2 * LATENT * LATENT);
        for step in [STEP, -STEP] {
            for place in 0..LATENT {
                apart.extend_from_slice(noise);
                let own = apart.len() - LATENT;
                apart[own + place] += step;
            }
        }
        let mut images = vec![0.0; 2 * LATENT * IMAGE_PIXELS];
        sampler.sampler.generate(&apart, &[label; 2 * LATENT], &mut images)?;
        let (ahead, behind) = images.split_at(LATENT * IMAGE_PIXELS);
        let derivatives: Vec<f64> =
            ahead.iter().zip(behind).map(|(a, b)| f64::from(a - b) / f64::from(2.0 * STEP)).collect();
        let row = |place: usize| &derivatives[place * IMAGE_PIXELS..][..IMAGE_PIXELS];
        // Each number by one thread, and the noises in their order: the same sum for any number of threads.
        sum.par_iter_mut().enumerate().for_each(|(at, sum)| *sum += dot(row(at / LATENT), row(at % LATENT)));
    }
    Ok(sum)
}

/// The eigenvectors of the largest eigenvalues, with their shares of the sum of all.
fn strongest(metric: Vec<f64>, count: usize) -> Vec<Direction> {
    let columns = factor(metric, LATENT);
    let mut found: Vec<(f64, &[f64])> =
        columns.chunks_exact(LATENT).map(|column| (dot(column, column), column)).collect();
    found.sort_by(|a, b| b.0.total_cmp(&a.0));
    let all: f64 = found.iter().map(|(squared, _)| squared).sum();
    let direction = |(squared, column): &(f64, &[f64])| {
        let length = squared.sqrt().max(f64::MIN_POSITIVE);
        let vector = column.iter().map(|value| (value / length) as f32).collect();
        Direction { vector, share: squared / all.max(f64::MIN_POSITIVE), changes: Vec::new() }
    };
    found.iter().take(count).map(direction).collect()
}

/// How much each measure differs between a generator's digits of one class: the root of the mean over classes of the variance.
struct Spread([f64; Measure::ALL.len()]);

impl Spread {
    fn of(sampler: &mut Sampler, noise: &[f32], labels: &[u8]) -> Result<Spread, EngineError> {
        let shapes = shapes(sampler, noise, labels)?;
        let deviation = |measure: fn(&Shape) -> f64| {
            let (mut squares, mut freedom) = (0.0, 0usize);
            let mut classes: Vec<u8> = labels.to_vec();
            classes.sort_unstable();
            classes.dedup();
            for class in classes {
                let own = shapes.iter().zip(labels).filter(|(_, label)| **label == class);
                let values: Vec<f64> = own.filter_map(|(shape, _)| shape.as_ref().map(measure)).collect();
                let mean = values.iter().sum::<f64>() / values.len().max(1) as f64;
                squares += values.iter().map(|value| (value - mean).powi(2)).sum::<f64>();
                freedom += values.len().saturating_sub(1);
            }
            (squares / freedom.max(1) as f64).sqrt()
        };
        Ok(Spread(Measure::ALL.map(|measure| deviation(measure.of))))
    }

    /// What a direction changes.
    fn changes(
        &self,
        sampler: &mut Sampler,
        noise: &[f32],
        labels: &[u8],
        vector: &[f32],
    ) -> Result<Vec<Change>, EngineError> {
        let [below, above] = [-REACH, REACH].map(|reach| moved_along(noise, vector, reach));
        let (below, above) = (shapes(sampler, &below, labels)?, shapes(sampler, &above, labels)?);
        let both: Vec<(Shape, Shape)> =
            below.into_iter().zip(above).filter_map(|(below, above)| below.zip(above)).collect();
        let mut changes: Vec<Change> = Vec::new();
        for (Measure { name: measure, unit, of: value }, spread) in Measure::ALL.into_iter().zip(self.0) {
            let sum: f64 = both.iter().map(|(below, above)| value(above) - value(below)).sum();
            let amount = sum / both.len().max(1) as f64;
            let deviations = if spread > 0.0 { amount / spread } else { 0.0 };
            changes.push(Change { measure, unit, amount, deviations });
        }
        changes.sort_by(|a, b| b.deviations.abs().total_cmp(&a.deviations.abs()));
        Ok(changes)
    }
}

/// Noises whose part along `vector` is `reach` and whose other parts are as they were.
///
/// # Shapes
/// `noise`: `[count, 100]`; `vector`: `[100]`, of length 1.
pub fn moved_along(noise: &[f32], vector: &[f32], reach: f32) -> Vec<f32> {
    let moved = |latent: &[f32]| {
        let own: f32 = latent.iter().zip(vector).map(|(a, b)| a * b).sum();
        latent.iter().zip(vector).map(|(value, axis)| value + (reach - own) * axis).collect::<Vec<f32>>()
    };
    noise.chunks_exact(LATENT).flat_map(moved).collect()
}

/// The shapes of the digits that a sampler draws.
fn shapes(sampler: &mut Sampler, noise: &[f32], labels: &[u8]) -> Result<Vec<Option<Shape>>, EngineError> {
    let images = sampler.draw_latents(noise, labels)?;
    Ok(shapes_of(&images)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Variant;

    #[test]
    fn directions_are_orthogonal_and_the_first_changes_most() {
        let generator = GeneratorFile::untrained(Variant::Acgan, 10, 1).unwrap();
        let device = Device::cpu(Some(2)).unwrap();
        let found = directions(&device, &generator, &[], 3, 1).unwrap();
        for (place, a) in found.iter().enumerate() {
            for (other, b) in found.iter().enumerate() {
                let product: f32 = a.vector.iter().zip(&b.vector).map(|(a, b)| a * b).sum();
                let expected = if place == other { 1.0 } else { 0.0 };
                assert!((product - expected).abs() < 1e-4, "{place} and {other}: {product}");
            }
        }
        // Squared change by a step along the first and along the third, measured by drawing.
        let mut sampler = Sampler::new(&device, &generator).unwrap();
        let mut noise = vec![0.0; 20 * LATENT];
        fill_latents(1, Purpose::SampleLatent, 0, &mut noise);
        let labels: Vec<u8> = (0..20).map(|image| image % 10).collect();
        let mut change = |vector: &[f32]| {
            let mut drawn = |step: f32| {
                let moved: Vec<f32> = noise
                    .chunks(LATENT)
                    .flat_map(|z| z.iter().zip(vector).map(|(z, v)| z + step * v).collect::<Vec<f32>>())
                    .collect();
                let mut images = vec![0.0; 20 * IMAGE_PIXELS];
                sampler.sampler.generate(&moved, &labels, &mut images).unwrap();
                images
            };
            let (a, b) = (drawn(0.1), drawn(-0.1));
            a.iter().zip(&b).map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>()
        };
        let (first, third) = (change(&found[0].vector), change(&found[2].vector));
        assert!(first > third, "{first} and {third}");
        let measured = first / third;
        let expected = found[0].share / found[2].share;
        assert!((measured / expected - 1.0).abs() < 0.25, "{measured} and {expected}");
        assert_eq!(found, directions(&Device::cpu(Some(1)).unwrap(), &generator, &[], 3, 1).unwrap(), "threads");
    }

    #[test]
    fn a_step_along_a_direction_changes_that_part_alone() {
        let noise: Vec<f32> = (0..LATENT).map(|i| i as f32 / 50.0 - 1.0).collect();
        let mut axis = vec![0.0; LATENT];
        axis[3] = 1.0;
        let moved = moved_along(&noise, &axis, 2.5);
        assert!((moved[3] - 2.5).abs() < 1e-6);
        assert!(moved.iter().zip(&noise).enumerate().all(|(i, (a, b))| i == 3 || a == b));
    }

    #[test]
    fn what_there_is_not_is_refused() {
        let generator = GeneratorFile::untrained(Variant::Cgan, 10, 1).unwrap();
        let device = Device::cpu(Some(1)).unwrap();
        assert!(directions(&device, &generator, &[10], 1, 1).is_err());
        assert!(directions(&device, &generator, &[], 101, 1).is_err());
    }
}
