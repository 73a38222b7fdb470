//! Labelled images from anywhere, made ready to be evaluated against a data set.

use super::evaluator::MIN_SAMPLES;
use super::{EvaluationError, Plan};
use crate::data::{Dataset, Split};

/// All images of a data set, training and test images alike, labelled by the classes of another one that have the same names.
///
/// ```
/// use digitgan::evaluation::labelled_as;
/// use digitgan::prelude::*;
///
/// let reference = strokes::some(20, 0)?;
/// let all = Split::new(vec![0; 2 * 784], vec![0, 1])?;
/// let own = Dataset::new("own", vec!["7".into(), "2".into()], all, Split::default())?;
/// assert_eq!(labelled_as(&own, &reference)?.labels, [7, 2]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// A class that the other data set does not have.
pub fn labelled_as(set: &Dataset, reference: &Dataset) -> Result<Split, EvaluationError> {
    let place = |name: &String| {
        let found = reference.class_names.iter().position(|class| class == name);
        let unknown = || EvaluationError::UnknownClass {
            set: set.name.clone(),
            class: name.clone(),
            dataset: reference.name.clone(),
            known: reference.class_names.join(", "),
        };
        found.map(|class| class as u8).ok_or_else(unknown)
    };
    let classes = set.class_names.iter().map(place).collect::<Result<Vec<u8>, _>>()?;
    let labels = set.train.labels.iter().chain(&set.test.labels).map(|&label| classes[usize::from(label)]);
    Ok(Split { images: [&set.train.images[..], &set.test.images].concat(), labels: labels.collect() })
}

impl Plan {
    /// The same plan with sets so small that `images` are enough for all of them or, where that would be too few in a set, for two.
    ///
    /// ```
    /// use digitgan::prelude::*;
    ///
    /// assert_eq!(Plan::default().for_images(10_000).samples, 2_000);
    /// assert_eq!(Plan::default().for_images(60).samples, 30);
    /// assert_eq!(Plan::default().for_images(1_000_000).samples, 10_000);
    /// ```
    pub fn for_images(self, images: usize) -> Plan {
        let of_all = images / self.repeats.max(1);
        let samples = if of_all >= MIN_SAMPLES { of_all } else { images / 2 };
        Plan { samples: self.samples.min(samples), ..self }
    }
}
