//! The Fréchet distance between two sets of features, each modelled as a normal distribution.
//!
//! d² = |μ₁ − μ₂|² + tr(Σ₁ + Σ₂ − 2·(Σ₁Σ₂)^½) (Dowson and Landau 1982; as a metric of generators, Heusel et al. 2017,
//! who call it FID where the features are Inception's). Like everybody, this returns d², and covariances are divided by
//! n − 1.
//!
//! The trace needs no root of a product that is not symmetric. With Σ₁ = F₁F₁ᵀ and Σ₂ = F₂F₂ᵀ, the eigenvalues of Σ₁Σ₂
//! are the squares of the singular values of F₁ᵀF₂, so the trace of its root is their sum. That holds for singular
//! matrices too, and of equal sets it cancels to the last digits.

use super::checks::{at_least, check_labels};
use super::features::same_dimensions;
use super::linear::{dot, factor, nuclear_norm};
use super::{Features, MetricError};
use rayon::prelude::*;

/// Samples of which a covariance can be taken.
const MIN_SAMPLES: usize = 2;

/// The normal distribution that a set of features is taken for. Make it once of a set that many are compared with.
#[derive(Clone, Debug)]
pub struct Gaussian {
    mean: Vec<f64>,
    trace: f64,
    /// F of Σ = F·Fᵀ, one column behind the other.
    factor: Vec<f64>,
}

impl Gaussian {
    /// Mean and covariance (divided by count − 1) of a set. Fewer samples than dimensions make a singular covariance,
    /// which is welcome.
    ///
    /// # Errors
    /// When there are fewer than two samples.
    pub fn of(features: &Features) -> Result<Self, MetricError> {
        at_least(MIN_SAMPLES, features.count(), "samples")?;
        let (count, size) = (features.count(), features.dimensions());
        let (mean, columns) = centred_columns(features);
        let column = |i: usize| &columns[i * count..][..count];
        let covariance: Vec<f64> = (0..size * size)
            .into_par_iter()
            .with_min_len(size)
            .map(|at| dot(column(at / size), column(at % size)) / (count - 1) as f64)
            .collect();
        let trace = (0..size).map(|i| covariance[i * size + i]).sum();
        Ok(Gaussian { mean, trace, factor: factor(covariance, size) })
    }

    /// The Fréchet distance d² to another distribution, in squared units of the features; at least 0.
    ///
    /// # Errors
    /// When the dimensions differ.
    pub fn distance(&self, other: &Gaussian) -> Result<f64, MetricError> {
        let size = self.mean.len();
        if size != other.mean.len() {
            return Err(MetricError::DimensionsDiffer { first: size, second: other.mean.len() });
        }
        let means: f64 = self.mean.iter().zip(&other.mean).map(|(a, b)| (a - b).powi(2)).sum();
        let columns = self.factor.chunks_exact(size);
        let product = columns.flat_map(|a| other.factor.chunks_exact(size).map(move |b| dot(a, b))).collect();
        Ok((means + self.trace + other.trace - 2.0 * nuclear_norm(product, size)).max(0.0))
    }
}

/// Means, and what is left of the features without them: `[dimensions]` and `[dimensions, count]`.
fn centred_columns(features: &Features) -> (Vec<f64>, Vec<f64>) {
    let (count, size) = (features.count(), features.dimensions());
    let mut mean = vec![0.0; size];
    for row in features.rows() {
        mean.iter_mut().zip(row).for_each(|(sum, &value)| *sum += f64::from(value));
    }
    mean.iter_mut().for_each(|sum| *sum /= count as f64);
    let mut columns = vec![0.0; size * count];
    columns.par_chunks_exact_mut(count).zip(&mean).enumerate().for_each(|(i, (column, mean))| {
        column.iter_mut().zip(features.rows()).for_each(|(value, row)| *value = f64::from(row[i]) - mean);
    });
    (mean, columns)
}

/// The Fréchet distance d² of two sets, as [`Gaussian::distance`]. The same whichever comes first, to rounding.
///
/// # Errors
/// When a set has fewer than two samples, or dimensions differ.
pub fn frechet_distance(first: &Features, second: &Features) -> Result<f64, MetricError> {
    same_dimensions(first, second)?;
    Gaussian::of(first)?.distance(&Gaussian::of(second)?)
}

/// The Fréchet distance of each class by itself.
#[derive(Clone, Debug, PartialEq)]
pub struct ClassFrechet {
    /// For each class its distance, or why there is none.
    pub classes: Vec<Result<f64, MetricError>>,
}

impl ClassFrechet {
    /// The mean over all classes.
    ///
    /// # Errors
    /// When a class has no distance, its error: a mean over the others would flatter a generator that left it out.
    pub fn mean(&self) -> Result<f64, MetricError> {
        let mut sum = 0.0;
        for class in &self.classes {
            sum += class.as_ref().map_err(Clone::clone)?;
        }
        at_least(1, self.classes.len(), "classes")?;
        Ok(sum / self.classes.len() as f64)
    }
}

/// The Fréchet distance between real and generated digits of the same class, for each class.
///
/// # Shapes
/// Labels: one a sample, below `classes`.
///
/// # Errors
/// When dimensions differ or labels do not fit. A class with fewer than two samples in a set is an error of that class.
pub fn class_frechet(
    real: &Features,
    real_labels: &[u8],
    generated: &Features,
    generated_labels: &[u8],
    classes: usize,
) -> Result<ClassFrechet, MetricError> {
    same_dimensions(real, generated)?;
    check_labels(real_labels, real.count(), classes)?;
    check_labels(generated_labels, generated.count(), classes)?;
    let distance = |class: usize| {
        let real = of_class(real, real_labels, class, "real")?;
        frechet_distance(&real, &of_class(generated, generated_labels, class, "generated")?)
    };
    Ok(ClassFrechet { classes: (0..classes).into_par_iter().map(distance).collect() })
}

fn of_class(
    features: &Features,
    labels: &[u8],
    class: usize,
    set: &'static str,
) -> Result<Features<'static>, MetricError> {
    let chosen = features.select((0..labels.len()).filter(|&index| usize::from(labels[index]) == class))?;
    match chosen.count() {
        found if found < MIN_SAMPLES => Err(MetricError::ClassTooFew { set, class, found, needed: MIN_SAMPLES }),
        _ => Ok(chosen),
    }
}

#[cfg(test)]
mod tests;
