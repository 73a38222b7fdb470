//! The inputs of metrics: matrices that are checked once, when they are made.

use super::MetricError;
use super::checks::at_least;
use std::borrow::Cow;

/// How far the sum of a row of probabilities may be from 1: rounding of a softmax in f32, generously.
const SUM_TOLERANCE: f64 = 1e-3;

/// The features of a set of images, `[count, dimensions]`, row by row: finite, at least one dimension.
///
/// ```
/// use digitgan::prelude::*;
///
/// use digitgan::metrics::frechet::frechet_distance;
///
/// let real = Features::new(vec![0.0, 1.0, 2.0, 3.0], 4, 1)?;
/// let generated = Features::new(vec![1.0, 2.0, 3.0, 4.0], 4, 1)?;
/// assert!((frechet_distance(&real, &generated)? - 1.0).abs() < 1e-9);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Features<'a> {
    values: Cow<'a, [f32]>,
    count: usize,
    dimensions: usize,
}

impl<'a> Features<'a> {
    /// Features, borrowed or owned.
    ///
    /// # Shapes
    /// `values`: `[count, dimensions]`, row-major.
    ///
    /// # Errors
    /// When there are not `count · dimensions` values, no dimensions, or a value that is not finite.
    pub fn new(values: impl Into<Cow<'a, [f32]>>, count: usize, dimensions: usize) -> Result<Self, MetricError> {
        let values = values.into();
        check_matrix(&values, count, dimensions)?;
        Ok(Features { values, count, dimensions })
    }

    /// How many samples there are.
    pub fn count(&self) -> usize {
        self.count
    }

    /// How many numbers describe a sample.
    pub fn dimensions(&self) -> usize {
        self.dimensions
    }

    /// All values, `[count, dimensions]`.
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// The features of sample `index`; `None` if there is no such sample.
    pub fn sample(&self, index: usize) -> Option<&[f32]> {
        self.rows().nth(index)
    }

    /// The features of a sample that is known to be there.
    pub(super) fn row(&self, index: usize) -> &[f32] {
        &self.values[index * self.dimensions..][..self.dimensions]
    }

    /// All samples in order.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &[f32]> {
        self.values.chunks_exact(self.dimensions)
    }

    /// The samples at `indices`, in that order.
    ///
    /// # Errors
    /// When there is no such sample.
    pub fn select(&self, indices: impl IntoIterator<Item = usize>) -> Result<Features<'static>, MetricError> {
        let mut values = Vec::new();
        for index in indices {
            let row = self.sample(index).ok_or(MetricError::NoSuchSample { index, count: self.count })?;
            values.extend_from_slice(row);
        }
        let count = values.len() / self.dimensions;
        Ok(Features { count, values: values.into(), dimensions: self.dimensions })
    }

    /// The largest absolute value; 0 where there is no sample.
    pub(super) fn largest(&self) -> f32 {
        self.values.iter().fold(0.0, |largest, value| largest.max(value.abs()))
    }
}

/// The class probabilities of a set of images, `[count, classes]`, row by row: at least one row, each a distribution.
#[derive(Clone, Debug, PartialEq)]
pub struct Probabilities<'a> {
    values: Cow<'a, [f32]>,
    classes: usize,
}

impl<'a> Probabilities<'a> {
    /// Probabilities, borrowed or owned. Rows may miss a sum of 1 by a thousandth.
    ///
    /// # Shapes
    /// `values`: `[count, classes]`, row-major.
    ///
    /// # Errors
    /// When there is no row, or a row is no distribution.
    pub fn new(values: impl Into<Cow<'a, [f32]>>, count: usize, classes: usize) -> Result<Self, MetricError> {
        let values = values.into();
        check_matrix(&values, count, classes)?;
        at_least(1, count, "rows of probabilities")?;
        for (row, values) in values.chunks_exact(classes).enumerate() {
            let sum: f64 = values.iter().map(|&value| f64::from(value)).sum();
            let smallest = f64::from(values.iter().copied().fold(f32::INFINITY, f32::min));
            if smallest < 0.0 || (sum - 1.0).abs() > SUM_TOLERANCE {
                return Err(MetricError::NotProbabilities { row, sum, smallest });
            }
        }
        Ok(Probabilities { values, classes })
    }

    /// How many images there are.
    pub fn count(&self) -> usize {
        self.values.len() / self.classes
    }

    /// How many classes there are.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// The probabilities of image after image.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &[f32]> {
        self.values.chunks_exact(self.classes)
    }

    /// The likeliest class of each image; of equals the first.
    pub fn most_likely(&self) -> Vec<usize> {
        let first_largest = |row: &[f32]| (0..row.len()).fold(0, |best, i| if row[i] > row[best] { i } else { best });
        self.rows().map(first_largest).collect()
    }
}

fn check_matrix(values: &[f32], count: usize, columns: usize) -> Result<(), MetricError> {
    if columns == 0 || count.checked_mul(columns) != Some(values.len()) {
        return Err(MetricError::Shape { found: values.len(), count, columns });
    }
    match values.iter().position(|value| !value.is_finite()) {
        Some(at) => {
            Err(MetricError::NotFinite { row: at / columns, column: at % columns, value: f64::from(values[at]) })
        }
        None => Ok(()),
    }
}

/// Refuses sets of features that do not lie in the same space.
pub(super) fn same_dimensions(first: &Features, second: &Features) -> Result<(), MetricError> {
    match first.dimensions() == second.dimensions() {
        true => Ok(()),
        false => Err(MetricError::DimensionsDiffer { first: first.dimensions(), second: second.dimensions() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_features_are_refused() {
        let shape = |found, count, columns| Err(MetricError::Shape { found, count, columns });
        let infinite = Err(MetricError::NotFinite { row: 1, column: 0, value: f64::INFINITY });
        let cases = [
            (vec![1.0, 2.0, 3.0, 4.0], 2, 2, Ok(())),
            (vec![], 0, 3, Ok(())),
            (vec![1.0, 2.0, 3.0], 2, 2, shape(3, 2, 2)),
            (vec![], 3, 0, shape(0, 3, 0)),
            (vec![1.0], usize::MAX, 2, shape(1, usize::MAX, 2)),
            (vec![0.0, 1.0, f32::INFINITY, 0.0], 2, 2, infinite),
        ];
        for (values, count, dimensions, expected) in cases {
            assert_eq!(Features::new(&values[..], count, dimensions).map(|_| ()), expected, "{values:?}");
        }
        assert!(matches!(Features::new(vec![f32::NAN], 1, 1), Err(MetricError::NotFinite { .. })));
    }

    #[test]
    fn wrong_probabilities_are_refused() {
        for (values, right) in
            [([0.25, 0.75], true), ([1.0, 0.0], true), ([0.5, 0.6], false), ([-0.1, 1.1], false), ([3.0, -2.0], false)]
        {
            assert_eq!(Probabilities::new(&values[..], 1, 2).is_ok(), right, "{values:?}");
        }
        assert!(matches!(Probabilities::new(vec![], 0, 2), Err(MetricError::TooFew { .. })));
        let rows = Probabilities::new(vec![0.5, 0.5, 0.0, 0.2, 0.3, 0.5], 2, 3).unwrap();
        assert_eq!((rows.count(), rows.classes(), rows.most_likely()), (2, 3, vec![0, 2]));
    }

    #[test]
    fn samples_are_selected_in_order() {
        let features = Features::new(vec![0.0, 1.0, 2.0, 3.0, 4.0, 5.0], 3, 2).unwrap();
        let selected = features.select([2, 0]).unwrap();
        assert_eq!((selected.count(), selected.values()), (2, &[4.0, 5.0, 0.0, 1.0][..]));
        assert_eq!(selected.row(1), [0.0, 1.0]);
        assert_eq!(features.largest(), 5.0);
    }
}
