//! A judge's file: its tensors in half precision, what it was trained on and how well it reads.

use crate::data::DatasetIdentity;
use crate::model::{TensorMap, classifier_tensors};
use crate::run::{Precision, TensorFile, TensorFileError};
use half::f16;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// What the file says it is.
const FORMAT: &str = "digitgan-judge-1";

/// Tensors of a judge, and who it is.
#[derive(Clone, Debug, PartialEq)]
pub struct JudgeFile {
    /// The tensors of [`classifier_tensors`] by their names.
    pub tensors: TensorMap,
    /// Who it is.
    pub identity: JudgeIdentity,
}

/// What is said of a judge beside every number that it gives.
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

/// Why a file is no judge.
#[derive(Debug, thiserror::Error)]
pub enum JudgeFileError {
    /// The file is damaged or no file of tensors at all.
    #[error(transparent)]
    File(#[from] TensorFileError),
    /// It is no judge.
    #[error("{path} is not a judge of digitgan: {reason}; delete it, or make one with `digitgan judge train`")]
    Foreign {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
}

impl JudgeFile {
    /// A judge with these tensors, rounded as its file will hold them, that has not been tried yet.
    pub fn new(mut tensors: TensorMap, dataset: &DatasetIdentity) -> JudgeFile {
        for value in tensors.values_mut().flat_map(|tensor| &mut tensor.values) {
            *value = f16::from_f32(*value).to_f32();
        }
        let identity = JudgeIdentity {
            sha256: String::new(),
            dataset: dataset.name.clone(),
            dataset_sha256: dataset.sha256.clone(),
            classes: dataset.classes,
            test_correct: 0,
            test_images: dataset.test_images,
        };
        JudgeFile { tensors, identity }
    }

    /// Writes it to `path`; it reads `test_correct` of the test images as they are labelled.
    ///
    /// # Errors
    /// Those of writing.
    pub fn write(self, path: &Path, test_correct: usize) -> io::Result<()> {
        let facts = [
            ("format", FORMAT.to_owned()),
            ("dataset", self.identity.dataset),
            ("dataset_sha256", self.identity.dataset_sha256),
            ("classes", self.identity.classes.to_string()),
            ("test_correct", test_correct.to_string()),
            ("test_images", self.identity.test_images.to_string()),
        ];
        let facts = facts.map(|(key, value)| (key.to_owned(), value)).into();
        TensorFile { tensors: self.tensors, facts }.write_as(path, Precision::Half)
    }

    /// Reads the file at `path`.
    ///
    /// # Errors
    /// When it is not a judge's.
    pub fn read(path: &Path) -> Result<JudgeFile, JudgeFileError> {
        Self::check(TensorFile::read(path)?, path)
    }

    /// Reads the content of a file, which errors call `path`.
    ///
    /// # Errors
    /// When it is not a judge's.
    pub fn from_bytes(bytes: &[u8], path: &Path) -> Result<JudgeFile, JudgeFileError> {
        Self::check(TensorFile::from_bytes(bytes, path)?, path)
    }

    fn check(file: TensorFile, path: &Path) -> Result<JudgeFile, JudgeFileError> {
        let foreign = |reason: String| JudgeFileError::Foreign { path: path.to_owned(), reason };
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
        if !(2..=100).contains(&identity.classes) {
            return Err(foreign(format!("it has {} classes, expected 2 to 100", identity.classes)));
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
        Ok(JudgeFile { tensors: file.tensors, identity })
    }
}
