//! The Python package `digitgan`: the library for NumPy arrays, and the command line.
//!
//! This is its compiled part, `digitgan._digitgan`; what is better said in Python lies in `python/digitgan`. A function here reads
//! its arguments, lets other Python threads run while it computes ([`process::detached`]), and answers with arrays that own what
//! was computed. Errors name the argument ([`error`]).

mod arguments;
mod comparison;
mod error;
mod generator;
mod grid;
mod loading;
mod metrics;
mod process;
mod training;
mod writing;

use pyo3::prelude::*;
use std::ffi::OsString;

#[pymodule]
mod _digitgan {
    #[pymodule_export]
    use super::comparison::Evaluation;
    #[pymodule_export]
    use super::error::{ComputeError, FileError, InputError};
    #[pymodule_export]
    use super::generator::Generator;
    #[pymodule_export]
    use super::grid::grid;
    #[pymodule_export]
    use super::loading::load;
    #[pymodule_export]
    use super::metrics::{features, frechet, kernel, manifold};
    #[pymodule_export]
    use super::process::{set_threads, threads};
    #[pymodule_export]
    use super::run_command_line;
    #[pymodule_export]
    use super::training::train;
    #[pymodule_export]
    use super::writing::write;
    #[pymodule_export]
    #[allow(non_upper_case_globals, reason = "its name in Python")]
    const __version__: &str = env!("CARGO_PKG_VERSION");
}

/// Runs the command line on its arguments, of which the first is the program's name, and returns its exit code.
#[pyfunction]
fn run_command_line(py: Python<'_>, arguments: Vec<OsString>) -> u8 {
    py.detach(|| digitgan_cli::run(arguments))
}
