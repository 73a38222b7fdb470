//! The kernel distance of two sets of features: the squared maximum mean discrepancy (Gretton et al. 2012) under the
//! polynomial kernel k(x, y) = (x·y / dimensions + 1)³, by the estimate that has no bias. Binkowski et al. (2018) call
//! it KID where the features are Inception's.
//!
//!   MMD² = mean of k(x, x') over x ≠ x' + mean of k(y, y') over y ≠ y' − 2 · mean of k(x, y)
//!
//! It is taken of many random subsets of both sets, as torch-fidelity does; their mean is the answer and their
//! deviation says how sure one subset is. Of sets from one distribution it is about 0, and half the time below.
//!
//! Products x·y are f32, everything after them f64: of the many kernels that are summed the roundings average out.

use super::blocks::Panels;
use super::checks::at_least;
use super::features::same_dimensions;
use super::linear::power_of_two_above;
use super::{Features, MetricError, Spread};
use crate::seed::{self, Purpose};
use digitgan_kernels::Kernels;
use rand_chacha::rand_core::Rng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// How many subsets are compared, and how large they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subsets {
    /// Number of subsets.
    pub count: usize,
    /// Samples of each set in a subset.
    pub size: usize,
}

impl Default for Subsets {
    /// torch-fidelity's.
    fn default() -> Self {
        Subsets { count: 100, size: 1000 }
    }
}

/// The samples of one comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubsetPair {
    /// Indices into the first set.
    pub first: Vec<usize>,
    /// Indices into the second set.
    pub second: Vec<usize>,
}

/// The kernel distance of two sets: mean and deviation over random subsets, each drawn without replacement from a
/// stream of `seed` of its own.
///
/// # Errors
/// When there is no subset, a set has fewer samples than a subset or a subset fewer than two, or dimensions differ.
pub fn kernel_distance(
    kernels: Kernels,
    first: &Features,
    second: &Features,
    subsets: Subsets,
    seed: u64,
) -> Result<Spread, MetricError> {
    at_least(subsets.size, first.count(), "samples for a subset of the first set")?;
    at_least(subsets.size, second.count(), "samples for a subset of the second set")?;
    let draw = |index| {
        let mut rng = seed::stream(seed, Purpose::MetricSubset, index);
        let first = choose(&mut rng, first.count(), subsets.size);
        SubsetPair { first, second: choose(&mut rng, second.count(), subsets.size) }
    };
    let pairs: Vec<SubsetPair> = (0..subsets.count as u64).into_par_iter().map(draw).collect();
    kernel_distance_of(kernels, first, second, &pairs)
}

/// The kernel distance of two sets over the subsets given.
///
/// # Errors
/// When there is no subset, a subset has fewer than two samples or names one that is not there, or dimensions differ.
pub fn kernel_distance_of(
    kernels: Kernels,
    first: &Features,
    second: &Features,
    subsets: &[SubsetPair],
) -> Result<Spread, MetricError> {
    same_dimensions(first, second)?;
    at_least(1, subsets.len(), "subsets")?;
    for subset in subsets {
        check_indices(&subset.first, first.count())?;
        check_indices(&subset.second, second.count())?;
    }
    let unit = power_of_two_above(first.largest().max(second.largest()));
    let distance = |subset: &SubsetPair| {
        let (x, y) = (Sample::new(first, &subset.first, unit), Sample::new(second, &subset.second, unit));
        x.mean_kernel_within(kernels) + y.mean_kernel_within(kernels) - 2.0 * x.mean_kernel(kernels, &y)
    };
    let distances: Vec<f64> = subsets.par_iter().map(distance).collect();
    Ok(Spread::of(&distances))
}

/// `chosen` different numbers below `count`, all equally likely (the beginning of a Fisher-Yates shuffle).
fn choose(rng: &mut impl Rng, count: usize, chosen: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    for place in 0..chosen {
        // The upper half of a 128-bit product maps 64 random bits to 0..count − place.
        let other = (u128::from(rng.next_u64()) * (count - place) as u128) >> 64;
        order.swap(place, place + other as usize);
    }
    order.truncate(chosen);
    order
}

fn check_indices(indices: &[usize], count: usize) -> Result<(), MetricError> {
    at_least(2, indices.len(), "samples in a subset")?;
    match indices.iter().find(|&&index| index >= count) {
        Some(&index) => Err(MetricError::NoSuchSample { index, count }),
        None => Ok(()),
    }
}

/// A subset of a set.
struct Sample {
    /// `[count, dimensions]`, divided by the unit.
    values: Vec<f32>,
    panels: Panels,
    count: usize,
    /// What a product of such values is worth: unit² / dimensions.
    product_unit: f64,
}

impl Sample {
    fn new(set: &Features, indices: &[usize], unit: f64) -> Self {
        let scaled = |&value: &f32| (f64::from(value) / unit) as f32;
        let values: Vec<f32> = indices.iter().flat_map(|&index| set.row(index)).map(scaled).collect();
        let panels = Panels::new(&values, set.dimensions());
        Sample { values, panels, count: indices.len(), product_unit: unit * unit / set.dimensions() as f64 }
    }

    /// Sum of the kernel over some products.
    fn kernel_sum(&self, products: &[f32]) -> f64 {
        let kernel = |&product: &f32| {
            let base = f64::from(product) * self.product_unit + 1.0;
            base * base * base
        };
        let (chunks, rest) = products.as_chunks::<8>();
        let mut sums = [0.0; 8];
        for products in chunks {
            sums.iter_mut().zip(products).for_each(|(sum, product)| *sum += kernel(product));
        }
        sums.iter().sum::<f64>() + rest.iter().map(kernel).sum::<f64>()
    }

    /// Mean of the kernel over all pairs of different samples.
    fn mean_kernel_within(&self, kernels: Kernels) -> f64 {
        let mut sum = 0.0;
        self.panels.each_row(kernels, &self.values, |row, products| {
            sum += self.kernel_sum(&products[..row]) + self.kernel_sum(&products[row + 1..]);
        });
        sum / (self.count * (self.count - 1)) as f64
    }

    /// Mean of the kernel over all pairs with a sample of another subset.
    fn mean_kernel(&self, kernels: Kernels, other: &Sample) -> f64 {
        let mut sum = 0.0;
        other.panels.each_row(kernels, &self.values, |_, products| sum += self.kernel_sum(products));
        sum / (self.count * other.count) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(values: &[f32]) -> Features<'_> {
        Features::new(values, values.len(), 1).unwrap()
    }

    #[test]
    fn two_samples_by_hand() {
        // Kernels (xy + 1)³: of 0 and 1 with each other 1; of 2 and 3, 7³ = 343; between, 1, 1, 27 and 64.
        let subsets = [SubsetPair { first: vec![0, 1], second: vec![0, 1] }];
        for kernels in Kernels::available() {
            let found = kernel_distance_of(kernels, &line(&[0.0, 1.0]), &line(&[2.0, 3.0]), &subsets).unwrap();
            assert_eq!((found.mean, found.deviation), (1.0 + 343.0 - 2.0 * 93.0 / 4.0, 0.0));
        }
    }

    #[test]
    fn constant_sets_are_as_far_apart_as_their_kernels() {
        let kernels = Kernels::detect().unwrap();
        let subsets = Subsets { count: 3, size: 2 };
        let distance = |a: f32, b: f32| kernel_distance(kernels, &line(&[a; 4]), &line(&[b; 4]), subsets, 1).unwrap();
        assert_eq!(distance(2.0, 2.0).mean, 0.0);
        assert_eq!(distance(0.0, 1.0).mean, 1.0 + 8.0 - 2.0);
        let far = distance(3e38, -3e38).mean;
        assert!(far.is_finite() && far > 1e228, "{far}");
    }

    #[test]
    fn samples_of_one_distribution_are_at_about_zero() {
        let mut values = vec![0.0; 400 * 8];
        seed::fill_normal(5, Purpose::FixedLatent, 0, &mut values);
        let (first, second) = values.split_at(200 * 8);
        let set = |values| Features::new(values, 200, 8).unwrap();
        let kernels = Kernels::detect().unwrap();
        let distance =
            |seed| kernel_distance(kernels, &set(first), &set(second), Subsets { count: 20, size: 100 }, seed).unwrap();
        let found = distance(1);
        assert!(found.mean.abs() < 0.05 && found.deviation > 0.0, "{found:?}");
        assert_eq!(found, distance(1));
        assert_ne!(found, distance(2));
    }

    #[test]
    fn chosen_indices_are_different_and_fair() {
        let mut counts = [0; 10];
        for index in 0..2000 {
            let mut chosen = choose(&mut seed::stream(1, Purpose::MetricSubset, index), 10, 4);
            chosen.iter().for_each(|&index| counts[index] += 1);
            chosen.sort_unstable();
            chosen.dedup();
            assert_eq!(chosen.len(), 4);
        }
        // 800 expected each, deviation 22.
        assert!(counts.iter().all(|count| (700..900).contains(count)), "{counts:?}");
    }

    #[test]
    fn what_cannot_be_compared_is_refused() {
        let kernels = Kernels::detect().unwrap();
        let (set, other) = (line(&[0.0, 1.0, 2.0]), Features::new(vec![0.0; 6], 3, 2).unwrap());
        let with = |count, size| kernel_distance(kernels, &set, &set, Subsets { count, size }, 0);
        assert!(matches!(with(1, 4), Err(MetricError::TooFew { found: 3, needed: 4, .. })));
        assert!(matches!(with(0, 2), Err(MetricError::TooFew { what: "subsets", .. })));
        assert!(matches!(with(1, 1), Err(MetricError::TooFew { needed: 2, .. })));
        let pair = [SubsetPair { first: vec![0, 3], second: vec![0, 1] }];
        let outside = kernel_distance_of(kernels, &set, &set, &pair);
        assert_eq!(outside, Err(MetricError::NoSuchSample { index: 3, count: 3 }));
        let differ = kernel_distance(kernels, &set, &other, Subsets { count: 1, size: 2 }, 0);
        assert_eq!(differ, Err(MetricError::DimensionsDiffer { first: 1, second: 2 }));
    }
}
