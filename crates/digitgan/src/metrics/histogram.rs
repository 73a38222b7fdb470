//! How often each class is drawn, and whether it is the class that was asked for, as a classifier reads the digits.

use super::MetricError;
use super::checks::{at_least, check_labels};
use serde::{Deserialize, Serialize};

/// How often each class occurs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassHistogram {
    /// Images of each class.
    pub counts: Vec<u64>,
}

impl ClassHistogram {
    /// Counts labels. A class that does not occur has a 0.
    ///
    /// # Errors
    /// When a label is not below `classes`.
    pub fn of(labels: &[u8], classes: usize) -> Result<Self, MetricError> {
        check_labels(labels, labels.len(), classes)?;
        let mut counts = vec![0; classes];
        labels.iter().for_each(|&label| counts[usize::from(label)] += 1);
        Ok(ClassHistogram { counts })
    }

    /// All images.
    pub fn total(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Kullback-Leibler divergence from the uniform distribution, Σ p·ln(p·classes), in nats: 0 where all classes are
    /// equally frequent, ln(classes) where there is only one.
    ///
    /// # Errors
    /// When there is no image.
    pub fn divergence_from_uniform(&self) -> Result<f64, MetricError> {
        let total = self.total();
        at_least(1, usize::try_from(total).unwrap_or(usize::MAX), "labels")?;
        let share = |&count: &u64| count as f64 / total as f64;
        let terms = self.counts.iter().map(share).filter(|&p| p > 0.0).map(|p| p * (p * self.counts.len() as f64).ln());
        Ok(terms.sum::<f64>().max(0.0))
    }
}

/// Which class was asked for, and which one a classifier reads.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Confusion {
    counts: Vec<Vec<u64>>,
    agreement: f64,
    class_agreement: Vec<Option<f64>>,
}

impl Confusion {
    /// Counts pairs of classes.
    ///
    /// # Shapes
    /// `asked`, `read`: `[count]`.
    ///
    /// # Errors
    /// When there is no image, a class is not below `classes`, or the lists are not equally long.
    pub fn of(asked: &[u8], read: &[u8], classes: usize) -> Result<Self, MetricError> {
        at_least(1, asked.len(), "images")?;
        check_labels(asked, asked.len(), classes)?;
        check_labels(read, asked.len(), classes)?;
        let mut counts = vec![vec![0u64; classes]; classes];
        asked.iter().zip(read).for_each(|(&asked, &read)| counts[usize::from(asked)][usize::from(read)] += 1);
        let hits: u64 = (0..classes).map(|class| counts[class][class]).sum();
        let class_share = |class: usize| match counts[class].iter().sum::<u64>() {
            0 => None,
            all => Some(counts[class][class] as f64 / all as f64),
        };
        let class_agreement = (0..classes).map(class_share).collect();
        Ok(Confusion { agreement: hits as f64 / asked.len() as f64, class_agreement, counts })
    }

    /// How often each class was read where each was asked for: `[asked][read]`.
    pub fn counts(&self) -> &[Vec<u64>] {
        &self.counts
    }

    /// The share of images whose class is the one asked for.
    pub fn agreement(&self) -> f64 {
        self.agreement
    }

    /// The same of each class asked for; none where it never was.
    pub fn class_agreement(&self) -> &[Option<f64>] {
        &self.class_agreement
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn divergences_that_are_known() {
        let cases: [(&[u8], usize, f64); 4] = [
            (&[7; 30], 10, 10f64.ln()),
            (&[0, 1, 2, 0, 1, 2], 3, 0.0),
            (&[0, 1, 0, 1], 4, 2f64.ln()),
            (&[0, 0, 0, 1], 2, 0.75 * 1.5f64.ln() + 0.25 * 0.5f64.ln()),
        ];
        for (labels, classes, expected) in cases {
            let found = ClassHistogram::of(labels, classes).unwrap().divergence_from_uniform().unwrap();
            assert!((found - expected).abs() < 1e-15, "{labels:?}: {found} against {expected}");
        }
    }

    #[test]
    fn wrong_labels_are_refused() {
        let wrong = Err(MetricError::NoSuchClass { index: 1, label: 4, classes: 4 });
        assert_eq!(ClassHistogram::of(&[3, 4], 4), wrong);
        let none = ClassHistogram::of(&[], 4).unwrap();
        assert_eq!(none.counts, [0; 4]);
        assert!(matches!(none.divergence_from_uniform(), Err(MetricError::TooFew { .. })));
        assert!(matches!(Confusion::of(&[0, 1], &[0], 2), Err(MetricError::CountsDiffer { .. })));
        assert!(matches!(Confusion::of(&[0, 1], &[0, 2], 2), Err(MetricError::NoSuchClass { .. })));
        assert!(matches!(Confusion::of(&[], &[], 2), Err(MetricError::TooFew { .. })));
    }

    #[test]
    fn confusion_by_hand() {
        let confusion = Confusion::of(&[0, 0, 0, 1, 1], &[0, 0, 1, 1, 2], 3).unwrap();
        assert_eq!(confusion.counts(), [[2, 1, 0], [0, 1, 1], [0, 0, 0]]);
        assert_eq!(confusion.agreement(), 0.6);
        assert_eq!(confusion.class_agreement(), [Some(2.0 / 3.0), Some(0.5), None]);
        let json = serde_json::to_string(&confusion).unwrap();
        assert!(
            json.starts_with(r#"{"counts":[[2,1,0],[0,1,1],[0,0,0]],"agreement":0.6,"class_agreement":[0.6"#),
            "{json}"
        );
    }
}
