//! The digit score: the Inception score (Salimans et al. 2016) with the classes of digits.
//!
//! exp(mean over x of KL(p(y|x) ‖ p(y))), where p(y) is the mean of p(y|x). It is 1 where every image looks alike to
//! the network, and the number of classes where each image is certainly of one class and all are equally frequent. It
//! knows nothing of real images, and a generator of one perfect digit per class has the best score.

use super::checks::at_least;
use super::{MetricError, Probabilities, Spread};

/// The score of each of `splits` runs of consecutive images, as mean and deviation over them; from 1 to classes.
/// Torch-fidelity takes ten. A split should see all classes: images must not be sorted by class.
///
/// # Errors
/// When there is no split, or there are fewer images than splits.
pub fn digit_score(probabilities: &Probabilities, splits: usize) -> Result<Spread, MetricError> {
    at_least(1, splits, "splits")?;
    at_least(splits, probabilities.count(), "images for these splits")?;
    let rows: Vec<&[f32]> = probabilities.rows().collect();
    let bound = |split: usize| split * rows.len() / splits;
    let scores: Vec<f64> = (0..splits).map(|split| score_of(&rows[bound(split)..bound(split + 1)])).collect();
    Ok(Spread::of(&scores))
}

/// The score of at least one row. 0 · log 0 counts as 0.
fn score_of(rows: &[&[f32]]) -> f64 {
    let mut mean = vec![0.0; rows[0].len()];
    for row in rows {
        mean.iter_mut().zip(*row).for_each(|(sum, &p)| *sum += f64::from(p));
    }
    mean.iter_mut().for_each(|sum| *sum /= rows.len() as f64);
    let divergence = |row: &&[f32]| -> f64 {
        let terms = row.iter().zip(&mean).filter(|(p, _)| **p > 0.0);
        terms.map(|(&p, mean)| f64::from(p) * (f64::from(p) / mean).ln()).sum()
    };
    (rows.iter().map(divergence).sum::<f64>() / rows.len() as f64).exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One-hot rows of these classes, of ten.
    fn one_hot(classes: &[usize]) -> Vec<f32> {
        classes.iter().flat_map(|&class| (0..10).map(move |i| if i == class { 1.0 } else { 0.0 })).collect()
    }

    #[test]
    fn scores_that_are_known() {
        let cycle: Vec<usize> = (0..40).map(|i| i % 10).collect();
        let cases: [(&str, Vec<f32>, usize, f64); 5] = [
            ("each class equally often", one_hot(&cycle), 1, 10.0),
            ("each class in each split", one_hot(&cycle), 4, 10.0),
            ("half of the classes in each split", one_hot(&cycle), 8, 5.0),
            ("one class", one_hot(&[3; 12]), 3, 1.0),
            ("no idea", vec![0.1; 70], 1, 1.0),
        ];
        for (name, values, splits, expected) in cases {
            let probabilities = Probabilities::new(&values[..], values.len() / 10, 10).unwrap();
            let found = digit_score(&probabilities, splits).unwrap();
            assert!((found.mean - expected).abs() < 1e-12, "{name}: {found:?}");
            assert!(found.deviation < 1e-12, "{name}: {found:?}");
        }
    }

    #[test]
    fn splits_must_have_images() {
        let values = one_hot(&[1, 2]);
        let probabilities = Probabilities::new(&values[..], 2, 10).unwrap();
        for splits in [0, 3] {
            assert!(matches!(digit_score(&probabilities, splits), Err(MetricError::TooFew { .. })), "{splits}");
        }
    }
}
