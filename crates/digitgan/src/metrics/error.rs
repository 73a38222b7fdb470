//! Why a metric cannot be computed: what was found and what to do.

use crate::error::ErrorKind;
use thiserror::Error;

/// Why a metric has no answer. Every message is one line.
///
/// ```
/// use digitgan::prelude::*;
///
/// let error = Features::new(vec![0.0; 5], 2, 3).unwrap_err();
/// assert_eq!(error, MetricError::Shape { found: 5, count: 2, columns: 3 });
/// ```
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum MetricError {
    /// A matrix does not hold as many numbers as its shape says, or has no columns.
    #[error("found {found} numbers for {count} rows of {columns}; give rows times columns, and at least one column")]
    Shape {
        /// Numbers given.
        found: usize,
        /// Rows announced.
        count: usize,
        /// Columns announced.
        columns: usize,
    },
    /// A number is infinite or none.
    #[error(
        "row {row}, column {column} is {value}; only finite numbers can be judged: check the network they are from"
    )]
    NotFinite {
        /// Row of the number, from 0.
        row: usize,
        /// Column of the number, from 0.
        column: usize,
        /// The number.
        value: f64,
    },
    /// A row of probabilities is negative somewhere, or does not sum to one.
    #[error("row {row} is no distribution (sum {sum}, smallest {smallest}); give probabilities, not logits")]
    NotProbabilities {
        /// The row, from 0.
        row: usize,
        /// Sum of the row.
        sum: f64,
        /// Its smallest number.
        smallest: f64,
    },
    /// Something comes in too small a number.
    #[error("found {found} {what}, needed are at least {needed}; give more")]
    TooFew {
        /// What there are too few of.
        what: &'static str,
        /// How many there are.
        found: usize,
        /// How many it takes.
        needed: usize,
    },
    /// Two sets of features have different dimensions.
    #[error("the first set has {first} dimensions and the second {second}; compute both with the same network")]
    DimensionsDiffer {
        /// Dimensions of the first set.
        first: usize,
        /// Dimensions of the second set.
        second: usize,
    },
    /// Two things that belong together are not equally many.
    #[error("found {found} {what} where {expected} are expected; give one for each")]
    CountsDiffer {
        /// What was counted.
        what: &'static str,
        /// How many there are.
        found: usize,
        /// How many there should be.
        expected: usize,
    },
    /// A label is not below the number of classes.
    #[error("label {label} at {index} is none of {classes} classes; give labels from 0 to one below that")]
    NoSuchClass {
        /// Where the label is.
        index: usize,
        /// The label.
        label: u8,
        /// Number of classes.
        classes: usize,
    },
    /// More classes than labels can tell apart.
    #[error("{classes} classes are more than the 256 that labels can tell apart")]
    TooManyClasses {
        /// Number of classes.
        classes: usize,
    },
    /// A set has too few samples of a class.
    #[error("the {set} set has {found} samples of class {class}, needed are at least {needed}; give more of it")]
    ClassTooFew {
        /// `real` or `generated`.
        set: &'static str,
        /// The class.
        class: usize,
        /// How many samples of it there are.
        found: usize,
        /// How many it takes.
        needed: usize,
    },
    /// A subset names a sample that is not there.
    #[error("a subset names sample {index} of a set of {count}; indices go from 0 to one below the count")]
    NoSuchSample {
        /// The index.
        index: usize,
        /// Samples of the set.
        count: usize,
    },
    /// Bytes are no whole number of images.
    #[error("{found} bytes are no whole number of images of {pixels} pixels; give whole images")]
    NotImages {
        /// How many bytes there are.
        found: usize,
        /// Pixels of an image.
        pixels: usize,
    },
    /// At least half of the test digits are training digits, so there is nothing to compare with.
    #[error("the median test digit is a copy of a training digit; give test digits that were not trained on")]
    TestInTraining,
    /// A proportion above one.
    #[error("{successes} of {trials} is no proportion; give at most as many successes as trials")]
    NoProportion {
        /// Successes.
        successes: u64,
        /// Trials.
        trials: u64,
    },
}

impl MetricError {
    /// What it is about.
    pub fn kind(&self) -> ErrorKind {
        match self {
            MetricError::TooFew { .. } | MetricError::ClassTooFew { .. } | MetricError::TestInTraining => {
                ErrorKind::Data
            }
            MetricError::Shape { .. }
            | MetricError::NotFinite { .. }
            | MetricError::NotProbabilities { .. }
            | MetricError::DimensionsDiffer { .. }
            | MetricError::CountsDiffer { .. }
            | MetricError::NoSuchClass { .. }
            | MetricError::TooManyClasses { .. }
            | MetricError::NoSuchSample { .. }
            | MetricError::NotImages { .. }
            | MetricError::NoProportion { .. } => ErrorKind::Input,
        }
    }
}
