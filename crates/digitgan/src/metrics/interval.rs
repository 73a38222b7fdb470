//! How certain a number is: spread and confidence intervals of repeated measurements, and of shares.

use super::MetricError;
use super::checks::at_least;
use serde::{Deserialize, Serialize};

/// The 0.975 quantile of Student's t distribution with 1 to 30 degrees of freedom.
const T_QUANTILES: [f64; 30] = [
    12.706205, 4.302653, 3.182446, 2.776445, 2.570582, 2.446912, 2.364624, 2.306004, 2.262157, 2.228139, 2.200985,
    2.178813, 2.160369, 2.144787, 2.131450, 2.119905, 2.109816, 2.100922, 2.093024, 2.085963, 2.079614, 2.073873,
    2.068658, 2.063899, 2.059539, 2.055529, 2.051831, 2.048407, 2.045230, 2.042272,
];
/// The 0.975 quantile of the standard normal distribution.
const NORMAL_QUANTILE: f64 = 1.959963984540054;

/// Mean and spread of numbers computed from parts of one measurement.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// The mean.
    pub mean: f64,
    /// Root of the mean squared distance from the mean (divided by the count, as NumPy's `std` and torch-fidelity).
    pub deviation: f64,
}

impl Spread {
    /// Of at least one number.
    pub(super) fn of(values: &[f64]) -> Self {
        let (mean, squares) = mean_and_squares(values);
        Spread { mean, deviation: (squares / values.len() as f64).sqrt() }
    }
}

/// Mean, and sum of squared distances from it.
fn mean_and_squares(values: &[f64]) -> (f64, f64) {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    (mean, values.iter().map(|value| (value - mean).powi(2)).sum())
}

/// A measurement that was repeated, with the interval that holds the mean in 95 of 100 cases.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Repeated {
    /// How often it was measured.
    pub repeats: usize,
    /// The mean.
    pub mean: f64,
    /// The standard deviation of a single measurement (divided by repeats − 1).
    pub deviation: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end of the interval.
    pub high: f64,
}

impl Repeated {
    /// Student's interval: mean ± t · deviation / √repeats, with the t of repeats − 1 degrees of freedom.
    ///
    /// # Errors
    /// When there are fewer than two values, or one is not finite.
    pub fn of(values: &[f64]) -> Result<Self, MetricError> {
        at_least(2, values.len(), "repeated measurements")?;
        if let Some(row) = values.iter().position(|value| !value.is_finite()) {
            return Err(MetricError::NotFinite { row, column: 0, value: values[row] });
        }
        let (mean, squares) = mean_and_squares(values);
        let freedom = values.len() - 1;
        let deviation = (squares / freedom as f64).sqrt();
        let half = t_quantile(freedom) * deviation / (values.len() as f64).sqrt();
        Ok(Repeated { repeats: values.len(), mean, deviation, low: mean - half, high: mean + half })
    }
}

/// The 0.975 quantile of Student's t: from the table, and beyond by the expansion about the normal distribution
/// (Abramowitz and Stegun 26.7.5), there right to five decimals.
fn t_quantile(freedom: usize) -> f64 {
    if let Some(&quantile) = T_QUANTILES.get(freedom - 1) {
        return quantile;
    }
    let (z, n) = (NORMAL_QUANTILE, freedom as f64);
    let first = (z.powi(3) + z) / 4.0;
    let second = (5.0 * z.powi(5) + 16.0 * z.powi(3) + 3.0 * z) / 96.0;
    let third = (3.0 * z.powi(7) + 19.0 * z.powi(5) + 17.0 * z.powi(3) - 15.0 * z) / 384.0;
    z + first / n + second / n.powi(2) + third / n.powi(3)
}

/// A share of trials, with the interval that holds the true one in about 95 of 100 cases.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Proportion {
    /// How often it happened.
    pub successes: u64,
    /// How often it was tried.
    pub trials: u64,
    /// Their ratio.
    pub share: f64,
    /// Lower end of the interval, at least 0.
    pub low: f64,
    /// Upper end of the interval, at most 1.
    pub high: f64,
}

impl Proportion {
    /// Wilson's interval (1927): it stays within 0 and 1, and is right for shares near them too.
    ///
    /// # Errors
    /// When there is no trial, or more successes than trials.
    pub fn of(successes: u64, trials: u64) -> Result<Self, MetricError> {
        at_least(1, usize::try_from(trials).unwrap_or(usize::MAX), "trials")?;
        if successes > trials {
            return Err(MetricError::NoProportion { successes, trials });
        }
        let (n, share) = (trials as f64, successes as f64 / trials as f64);
        let z_squared = NORMAL_QUANTILE * NORMAL_QUANTILE;
        let centre = (share + z_squared / (2.0 * n)) / (1.0 + z_squared / n);
        let root = (share * (1.0 - share) / n + z_squared / (4.0 * n * n)).sqrt();
        let half = NORMAL_QUANTILE * root / (1.0 + z_squared / n);
        // Rounding must not put the share outside.
        let (low, high) = ((centre - half).clamp(0.0, share), (centre + half).clamp(share, 1.0));
        Ok(Proportion { successes, trials, share, low, high })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn quantiles_of_student() {
        // Larger degrees of freedom from SciPy: scipy.stats.t.ppf(0.975, n).
        let known = [(1, 12.706205), (4, 2.776445), (30, 2.042272), (31, 2.039513), (60, 2.000298), (1000, 1.962339)];
        for (freedom, expected) in known {
            assert!((t_quantile(freedom) - expected).abs() < 6e-6, "{freedom}: {}", t_quantile(freedom));
        }
        assert!((1..200).all(|freedom| t_quantile(freedom) > t_quantile(freedom + 1)));
    }

    #[test]
    fn repeated_measurements_by_hand() {
        let found = Repeated::of(&[1.0, 2.0, 3.0]).unwrap();
        let half = 4.302653 / 3f64.sqrt();
        assert_eq!((found.repeats, found.mean, found.deviation), (3, 2.0, 1.0));
        assert!((found.low - (2.0 - half)).abs() < 1e-12 && (found.high - (2.0 + half)).abs() < 1e-12, "{found:?}");
        let same = Repeated::of(&[4.0; 5]).unwrap();
        assert_eq!((same.low, same.mean, same.high, same.deviation), (4.0, 4.0, 4.0, 0.0));
        assert!(matches!(Repeated::of(&[1.0]), Err(MetricError::TooFew { .. })));
        assert!(matches!(Repeated::of(&[1.0, f64::NAN]), Err(MetricError::NotFinite { row: 1, .. })));
        assert_eq!(Spread::of(&[1.0, 3.0]), Spread { mean: 2.0, deviation: 1.0 });
    }

    #[test]
    fn proportions_that_are_known() {
        // Of none in n, high is z² / (n + z²).
        let z_squared = NORMAL_QUANTILE * NORMAL_QUANTILE;
        let none = Proportion::of(0, 10).unwrap();
        assert_eq!((none.share, none.low), (0.0, 0.0));
        assert!((none.high - z_squared / (10.0 + z_squared)).abs() < 1e-12, "{none:?}");
        let half = Proportion::of(50, 100).unwrap();
        assert!((half.low - 0.403832).abs() < 1e-6 && (half.high - 0.596168).abs() < 1e-6, "{half:?}");
        assert_eq!(Proportion::of(7, 7).unwrap().high, 1.0);
        assert!(matches!(Proportion::of(0, 0), Err(MetricError::TooFew { .. })));
        assert_eq!(Proportion::of(3, 2), Err(MetricError::NoProportion { successes: 3, trials: 2 }));
    }

    proptest! {
        #[test]
        fn a_share_lies_in_its_interval(trials in 1u64..100_000, part in 0.0f64..=1.0) {
            let successes = (trials as f64 * part) as u64;
            let found = Proportion::of(successes, trials).unwrap();
            prop_assert!(0.0 <= found.low && found.low <= found.share, "{found:?}");
            prop_assert!(found.share <= found.high && found.high <= 1.0, "{found:?}");
            // The mirror image has the mirrored interval.
            let mirrored = Proportion::of(trials - successes, trials).unwrap();
            prop_assert!((mirrored.low - (1.0 - found.high)).abs() < 1e-12, "{found:?} {mirrored:?}");
        }
    }
}
