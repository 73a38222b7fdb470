//! How good a set of generated digits is, as numbers: pure functions of features, class probabilities, classes or
//! pixels.
//!
//! Features are what a small network that reads digits says of each image ([`Features`]); where they come from is not
//! known here. What can be asked:
//!
//! | module | question | answer |
//! | --- | --- | --- |
//! | [`frechet`] | do both sets have the same mean and covariance? | Fréchet distance, overall and per class |
//! | [`kernel`] | do they come from the same distribution? | kernel distance (KID), of random subsets |
//! | [`score`] | is each digit clear, and are all classes there? | digit (inception) score, 1 to classes |
//! | [`manifold`] | are digits realistic, is the variety reached? | precision, recall, density, coverage |
//! | [`histogram`] | how often is each class drawn, and is it the one asked for? | divergence from uniform, confusion |
//! | [`neighbours`] | are digits copies of training digits? | nearest neighbours in pixels, memorisation |
//! | [`interval`] | how sure are the numbers? | intervals of repeated measurements and of shares |
//!
//! What always holds: sums are in f64 and in an order of their own, so the number of threads changes no bit. What has
//! no answer is a [`MetricError`], never a NaN.
//!
//! Degenerate sets have defined answers. Singular covariances, and fewer samples than dimensions, are nothing special
//! to the Fréchet distance. If all samples are equal, the covariance is 0 and the Fréchet distance that of the means;
//! balls around them have no inside, so nothing lies in them. A class that is missing is an error of that class, and of
//! the mean over classes; in a histogram it is a 0.

mod blocks;
mod error;
mod features;
pub mod frechet;
pub mod histogram;
pub mod interval;
pub mod kernel;
mod linear;
pub mod manifold;
pub mod neighbours;
pub mod score;

pub use error::MetricError;
pub use features::{Features, Probabilities};
pub use interval::Spread;

/// Refuses sets of features that do not lie in the same space.
fn same_dimensions(first: &Features, second: &Features) -> Result<(), MetricError> {
    match first.dimensions() == second.dimensions() {
        true => Ok(()),
        false => Err(MetricError::DimensionsDiffer { first: first.dimensions(), second: second.dimensions() }),
    }
}

/// Refuses what is fewer than `needed`.
fn at_least(needed: usize, found: usize, what: &'static str) -> Result<(), MetricError> {
    if found < needed { Err(MetricError::TooFew { what, found, needed }) } else { Ok(()) }
}

/// Refuses labels that are not one for each of `count` samples, or not below `classes`.
fn check_labels(labels: &[u8], count: usize, classes: usize) -> Result<(), MetricError> {
    if labels.len() != count {
        return Err(MetricError::CountsDiffer { what: "labels", found: labels.len(), expected: count });
    }
    if classes > 256 {
        return Err(MetricError::TooManyClasses { classes });
    }
    match labels.iter().position(|&label| usize::from(label) >= classes) {
        Some(index) => Err(MetricError::NoSuchClass { index, label: labels[index], classes }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
