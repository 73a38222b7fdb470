//! What every metric refuses: too few samples, labels that are none.

use super::MetricError;

/// Refuses what is fewer than `needed`.
pub(super) fn at_least(needed: usize, found: usize, what: &'static str) -> Result<(), MetricError> {
    if found < needed { Err(MetricError::TooFew { what, found, needed }) } else { Ok(()) }
}

/// Refuses labels that are not one for each of `count` samples, or not below `classes`.
pub(super) fn check_labels(labels: &[u8], count: usize, classes: usize) -> Result<(), MetricError> {
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
