//! Errors in Python: of values, of files, of what else can go wrong; each names the argument that it is about.

use digitgan::config::ConfigError;
use digitgan::engine::{DeviceError, EngineError};
use digitgan::error::ErrorKind;
use digitgan::evaluation::EvaluationError;
use digitgan::files::WeightsFileError;
use digitgan::handwriting::HandwritingError;
use digitgan::load::DataError;
use digitgan::metrics::MetricError;
use digitgan::picture::PictureError;
use digitgan::run::evaluation_files::EvaluationFileError;
use digitgan::run::manifest::ManifestError;
use digitgan::session::{KeptJudgeError, SessionError};
use digitgan::train::TrainError;
use digitgan::weights::WeightsError;
use pyo3::exceptions::{PyOSError, PyRuntimeError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::{PyErr, create_exception};
use std::fmt::Display;

create_exception!(
    digitgan,
    InputError,
    PyValueError,
    "A value that does not fit: a class that there is not, an array of another shape, an impossible setting.\n\n\
     `argument` is the name of the argument that holds it."
);
create_exception!(
    digitgan,
    FileError,
    PyOSError,
    "A file or a folder that is missing, in use, damaged or cannot be written, or a network that did not deliver.\n\n\
     `argument` is the name of the argument that led there."
);
create_exception!(
    digitgan,
    ComputeError,
    PyRuntimeError,
    "A computation that failed: threads that cannot be started, a number that is not finite, a fault of the program.\n\n\
     `argument` is the name of the argument that led there."
);

/// An error of the library.
pub(crate) trait Failure: Display {
    /// What it is about.
    fn kind(&self) -> ErrorKind;

    /// The setting that it names, if it is about one.
    fn setting(&self) -> Option<&'static str> {
        None
    }
}

macro_rules! failures {
    ($($error:ty),+) => {$(
        impl Failure for $error {
            fn kind(&self) -> ErrorKind {
                <$error>::kind(self)
            }
        }
    )+};
}

failures!(
    digitgan::input::InputError,
    DataError,
    DeviceError,
    EngineError,
    EvaluationError,
    EvaluationFileError,
    HandwritingError,
    KeptJudgeError,
    ManifestError,
    MetricError,
    PictureError,
    WeightsError,
    WeightsFileError
);

impl Failure for ConfigError {
    fn kind(&self) -> ErrorKind {
        ConfigError::kind(self)
    }

    fn setting(&self) -> Option<&'static str> {
        Some(ConfigError::setting(self))
    }
}

impl Failure for TrainError {
    fn kind(&self) -> ErrorKind {
        TrainError::kind(self)
    }

    fn setting(&self) -> Option<&'static str> {
        match self {
            TrainError::Config(error) => Some(error.setting()),
            _ => None,
        }
    }
}

impl Failure for SessionError {
    fn kind(&self) -> ErrorKind {
        SessionError::kind(self)
    }

    fn setting(&self) -> Option<&'static str> {
        match self {
            SessionError::Config(error) => Some(error.setting()),
            SessionError::Training { source, .. } => Failure::setting(source),
            _ => None,
        }
    }
}

/// The exception for an error of the library that the argument `argument` led to.
pub(crate) fn raised(argument: &str, error: &impl Failure) -> PyErr {
    // Settings have dashes in the library, and stand in backticks there.
    let (argument, text) = match error.setting() {
        Some(setting) => (setting.replace('-', "_"), in_python(&error.to_string())),
        None => (argument.to_owned(), about(argument, error)),
    };
    match error.kind() {
        ErrorKind::Setting | ErrorKind::Input | ErrorKind::Data | ErrorKind::Mismatch => {
            naming::<InputError>(&argument, text)
        }
        ErrorKind::Missing | ErrorKind::InUse | ErrorKind::Damaged | ErrorKind::Files | ErrorKind::Network => {
            naming::<FileError>(&argument, text)
        }
        _ => naming::<ComputeError>(&argument, text),
    }
}

/// A text of the library with its settings as they are called in Python.
fn in_python(text: &str) -> String {
    let parts = text.split('`').enumerate();
    parts.map(|(i, part)| if i % 2 == 1 { part.replace('-', "_") } else { part.to_owned() }).collect()
}

/// A text with the argument that it is about, once.
fn about(argument: &str, what: impl Display) -> String {
    let text = what.to_string();
    if text.strip_prefix(argument).is_some_and(|rest| rest.starts_with(':')) {
        text
    } else {
        format!("{argument}: {text}")
    }
}

/// A value of an argument that does not fit.
pub(crate) fn unfit(argument: &str, what: impl Display) -> PyErr {
    naming::<InputError>(argument, about(argument, what))
}

/// A file that an argument named, or that was to be written.
pub(crate) fn unread(argument: &str, what: impl Display) -> PyErr {
    naming::<FileError>(argument, about(argument, what))
}

/// An argument of another type.
pub(crate) fn mistyped(argument: &str, what: impl Display) -> PyErr {
    PyTypeError::new_err(about(argument, what))
}

/// A fault of the program itself: what would be a panic in Rust.
pub(crate) fn fault(what: &(dyn std::any::Any + Send)) -> PyErr {
    let text = what.downcast_ref::<&str>().copied().or_else(|| what.downcast_ref::<String>().map(String::as_str));
    ComputeError::new_err(format!("a fault in digitgan: {}", text.unwrap_or("of no known kind")))
}

/// An exception that says which argument it is about.
fn naming<E: pyo3::PyTypeInfo>(argument: &str, text: String) -> PyErr {
    Python::attach(|py| {
        let error = PyErr::from_type(py.get_type::<E>(), text);
        match error.value(py).setattr("argument", argument) {
            Ok(()) => error,
            Err(other) => other,
        }
    })
}
