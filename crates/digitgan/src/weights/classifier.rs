//! A classifier of digits: its tensors in half precision, what it was trained on and how well it reads.

use super::WeightsError;
use super::tensor_file::{Precision, TensorFile, encode};
use crate::data::DatasetIdentity;
use crate::input::{MAX_CLASSES, MIN_CLASSES};
use crate::model::{TensorMap, classifier_tensors};
use half::f16;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// What the file says it is.
const FORMAT: &str = "digitgan-judge-1";

/// Tensors of a judge, and who it is.
///
/// ```
/// use digitgan::prelude::*;
///
/// # let dataset = strokes::some(20, 10)?;
/// # let plan = TrainingPlan { epochs: 1, least_steps: 1, batch: 10, ..TrainingPlan::fresh(1) };
/// # let device = Device::cpu(Some(1))?;
/// let file = train_judge(&device, &dataset, &dataset.identity(), &plan, &mut |_, _| ())?;
/// let bytes = file.to_bytes();
/// assert_eq!(ClassifierFile::from_bytes(&bytes)?, file);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct ClassifierFile {
    /// The tensors of [`classifier_tensors`] by their names.
    pub tensors: TensorMap,
    /// Who it is.
    pub identity: JudgeIdentity,
}

/// What is said of a judge beside every number that it gives.
///
/// ```
/// use digitgan::prelude::*;
///
/// let judge = Judge::of_mnist(&Device::cpu(Some(1))?);
/// let identity: &JudgeIdentity = judge.identity();
/// assert_eq!((identity.dataset.as_str(), identity.classes), ("mnist", 10));
/// assert!(identity.accuracy().unwrap() > 0.99);
/// println!("{identity}"); // judge f01e1c471d82, 99.53 %
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JudgeIdentity {
    /// SHA-256 of its tensors and of all that is said here, as its file records it.
    pub sha256: String,
    /// Name of the data set that it was trained on.
    pub dataset: String,
    /// That data set's hash.
    pub dataset_sha256: String,
    /// Number of classes.
    pub classes: usize,
    /// Test images that it reads as they are labelled.
    pub test_correct: usize,
    /// Test images in all.
    pub test_images: usize,
}

impl JudgeIdentity {
    /// Share of the test images that it reads as they are labelled; `None` where there are none.
    pub fn accuracy(&self) -> Option<f64> {
        (self.test_images > 0).then(|| self.test_correct as f64 / self.test_images as f64)
    }
}

impl fmt::Display for JudgeIdentity {
    /// The beginning of its hash, and how well it reads: `judge f01e1c471d82, 99.53 %`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "judge {}", self.sha256.get(..12).unwrap_or(&self.sha256))?;
        self.accuracy().map_or(Ok(()), |accuracy| write!(f, ", {:.2} %", 100.0 * accuracy))
    }
}

impl ClassifierFile {
    /// A classifier with these tensors, as [`ClassifierFile::rounded`] gave them, that reads `test_correct` of the data
    /// set's test images as they are labelled.
    pub fn new(tensors: TensorMap, dataset: &DatasetIdentity, test_correct: usize) -> ClassifierFile {
        let identity = JudgeIdentity {
            sha256: String::new(),
            dataset: dataset.name.clone(),
            dataset_sha256: dataset.sha256.clone(),
            classes: dataset.classes,
            test_correct,
            test_images: dataset.test_images,
        };
        let file = TensorFile { tensors, facts: facts(&identity) };
        let sha256 = file.sha256(Precision::Half);
        ClassifierFile { tensors: file.tensors, identity: JudgeIdentity { sha256, ..identity } }
    }

    /// Tensors rounded as a file will hold them: to half precision.
    pub fn rounded(mut tensors: TensorMap) -> TensorMap {
        for value in tensors.values_mut().flat_map(|tensor| &mut tensor.values) {
            *value = f16::from_f32(*value).to_f32();
        }
        tensors
    }

    /// The bytes of its file.
    pub fn to_bytes(&self) -> Vec<u8> {
        encode(&self.tensors, &facts(&self.identity), Precision::Half)
    }

    /// Reads the bytes of a file.
    ///
    /// # Errors
    /// When it is not a classifier's.
    pub fn from_bytes(bytes: &[u8]) -> Result<ClassifierFile, WeightsError> {
        let file = TensorFile::from_bytes(bytes)?;
        let foreign = |reason: String| WeightsError::Foreign { kind: "judge", reason };
        let fact =
            |key: &str| file.facts.get(key).cloned().ok_or_else(|| foreign(format!("it does not say its {key}")));
        let number = |key: &str| {
            let text = fact(key)?;
            text.parse::<usize>().map_err(|_| foreign(format!("its {key} is {text:?}, which is no number")))
        };
        let format = fact("format")?;
        if format != FORMAT {
            return Err(foreign(format!("its format is {format:?}, expected {FORMAT:?}")));
        }
        let identity = JudgeIdentity {
            sha256: file.sha256(Precision::Half),
            dataset: fact("dataset")?,
            dataset_sha256: fact("dataset_sha256")?,
            classes: number("classes")?,
            test_correct: number("test_correct")?,
            test_images: number("test_images")?,
        };
        if !(MIN_CLASSES..=MAX_CLASSES).contains(&identity.classes) {
            let found = identity.classes;
            return Err(foreign(format!("it has {found} classes, expected {MIN_CLASSES} to {MAX_CLASSES}")));
        }
        if identity.test_correct > identity.test_images {
            let JudgeIdentity { test_correct, test_images, .. } = identity;
            return Err(foreign(format!("it reads {test_correct} of {test_images} test images, expected no more")));
        }
        for expected in classifier_tensors(identity.classes) {
            let Some(tensor) = file.tensors.get(expected.name) else {
                return Err(foreign(format!("tensor {} is missing", expected.name)));
            };
            if tensor.shape != expected.shape {
                return Err(foreign(format!(
                    "tensor {} has shape {:?}, expected {:?}",
                    expected.name, tensor.shape, expected.shape
                )));
            }
            if tensor.values.iter().any(|value| !value.is_finite()) {
                return Err(foreign(format!("tensor {} holds a number that is not finite", expected.name)));
            }
        }
        Ok(ClassifierFile { tensors: file.tensors, identity })
    }
}

/// What a file says beside its tensors.
fn facts(identity: &JudgeIdentity) -> BTreeMap<String, String> {
    let facts = [
        ("format", FORMAT.to_owned()),
        ("dataset", identity.dataset.clone()),
        ("dataset_sha256", identity.dataset_sha256.clone()),
        ("classes", identity.classes.to_string()),
        ("test_correct", identity.test_correct.to_string()),
        ("test_images", identity.test_images.to_string()),
    ];
    facts.map(|(key, value)| (key.to_owned(), value)).into()
}
