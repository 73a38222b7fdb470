//! Finding the generator that is named.

use crate::error::raised;
use crate::generator::Generator;
use crate::process::detached;
use digitgan::run::evaluation_files;
use digitgan::run::manifest::ManifestError;
use digitgan::session::evaluations;
use digitgan::session::named::Named;
use digitgan::weights::GeneratorFile;
use pyo3::prelude::*;
use std::path::{Path, PathBuf};

/// Takes up a generator.
///
/// Args:
///     generator: one that is built in, "acgan" or "cgan"; a run, by its directory or its name under runs/; or a safetensors file. What
///         you have made goes before what is built in under its name. None: the built-in "acgan".
///
/// Raises:
///     FileError: no such file or run, or one that holds no generator.
///
/// >>> import digitgan
/// >>> generator = digitgan.load("cgan")
/// >>> generator.model, generator.data, generator.classes[:3]
/// ('cgan', 'mnist', ('0', '1', '2'))
/// >>> digitgan.load("no/such/run")
/// Traceback (most recent call last):
///     ...
/// digitgan.FileError: generator: no/such/run is not a digitgan run: it has no run.toml
#[pyfunction]
#[pyo3(signature = (generator=None))]
pub(crate) fn load(py: Python<'_>, generator: Option<PathBuf>) -> PyResult<Generator> {
    match Named::find(generator.as_deref()) {
        Named::BuiltIn(built_in) => Ok(Generator::built_in(built_in)),
        Named::File(path) => Ok(Generator::new(read(py, &path)?, path.display())),
        Named::Run(run) if run.manifest().exists() => {
            let path = evaluations::newest(&run).map_err(|error| raised("generator", &error))?;
            let (file, evaluation) = (read(py, &path)?, evaluation_files::read(run.path()));
            // Of another epoch it says nothing of this one.
            let evaluation = evaluation.ok().flatten().filter(|evaluation| evaluation.step == file.step);
            Ok(Generator::of_run(file, path.display(), evaluation.as_ref()))
        }
        Named::Run(run) => Err(raised("generator", &ManifestError::Missing { path: run.path().to_owned() })),
    }
}

fn read(py: Python<'_>, path: &Path) -> PyResult<GeneratorFile> {
    detached(py, "generator", || GeneratorFile::read(path))
}
