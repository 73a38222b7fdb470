//! How good a set of generated digits is, as numbers: pure functions of features, class probabilities, classes or
//! pixels.
//!
//! Features are the activations of a small classifier of digits for each image ([`Features`]); this module does not know
//! the classifier. The metrics:
//!
//! | module | question | answer |
//! | --- | --- | --- |
//! | [`frechet`] | do both sets have the same mean and covariance? | Fréchet distance, overall and per class |
//! | [`kernel`] | do they come from the same distribution? | kernel distance (KID), of random subsets |
//! | [`score`] | is each digit clear, and are all classes there? | digit (inception) score, 1 to classes |
//! | [`manifold`] | are digits realistic, is the variety reached? | precision, recall, density, coverage |
//! | [`histogram`] | how often is each class drawn, and is it the one asked for? | divergence from uniform, confusion |
//! | [`neighbours`] | are digits copies of training digits? | nearest neighbours in pixels, memorisation |
//! | [`shape`] | how does a digit lean, how thick is its stroke, how large is it? | slant, thickness, width, height |
//! | [`measures`] | the same of many digits: how do these spread? | mean, deviation, percentiles |
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
mod checks;
mod error;
mod features;
pub mod frechet;
pub mod histogram;
pub mod interval;
pub mod kernel;
pub(crate) mod linear;
pub mod manifold;
pub mod measures;
mod moments;
pub mod neighbours;
pub mod score;
pub mod shape;

pub use error::MetricError;
pub use features::{Features, Probabilities};
pub use interval::Spread;
pub(crate) use moments::Moments;

#[cfg(test)]
mod tests;
