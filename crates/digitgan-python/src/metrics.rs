//! Metrics of features, whoever's they are: those of an evaluation come from the judge, others from anywhere.

use crate::arguments::{self, owned};
use crate::process::{Kept, detached, device};
use digitgan::judge::{Judge, Readings};
use digitgan::metrics::frechet::frechet_distance;
use digitgan::metrics::kernel::{Subsets, kernel_distance};
use digitgan::metrics::manifold::{self as manifolds, NEAREST};
use digitgan::metrics::{Features, MetricError};
use digitgan::model::CLASSIFIER_FEATURES;
use pyo3::prelude::*;
use pyo3::types::PyDict;

/// The judges of MNIST that are at hand.
static JUDGES: Kept<Judge> = Kept::new();

/// What the judge of MNIST reads in images.
pub(crate) fn read(py: Python<'_>, argument: &str, images: &[u8]) -> PyResult<Readings> {
    let make = |device: &_| Ok(Judge::of_mnist(device));
    JUDGES.with::<_, digitgan::input::InputError>(py, argument, make, |judge| judge.read(images))
}

/// The features by which an evaluation compares images: the last hidden layer of the judge, a classifier of MNIST's digits.
///
/// Args:
///     images: uint8 [n, 28, 28].
///
/// Returns:
///     An array float32 [n, 64].
///
/// >>> import digitgan
/// >>> digitgan.metrics.features(digitgan.load("acgan").sample(count=2)).shape
/// (20, 64)
#[pyfunction]
pub(crate) fn features<'py>(py: Python<'py>, images: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let read = read(py, "images", &arguments::images("images", images)?)?;
    let count = read.labels.len();
    owned(py, read.features, [count, CLASSIFIER_FEATURES])
}

/// Two sets of features, and what is done with them.
fn compared<T: Send>(
    py: Python<'_>,
    [(first, first_value), (second, second_value)]: [(&str, &Bound<'_, PyAny>); 2],
    compare: impl FnOnce(&Features<'_>, &Features<'_>) -> Result<T, MetricError> + Send,
) -> PyResult<T> {
    let (a, a_count, a_size) = arguments::rows(first, first_value)?;
    let (b, b_count, b_size) = arguments::rows(second, second_value)?;
    let a = Features::new(a, a_count, a_size).map_err(|error| crate::error::raised(first, &error))?;
    detached(py, second, || {
        let b = Features::new(b, b_count, b_size)?;
        compare(&a, &b)
    })
}

/// The Fréchet distance between two sets of features, each modelled as a normal distribution (FID, where they are Inception's).
///
/// Args:
///     first, second: floats [n, d] and [m, d], rounded to float32; covariances are divided by n - 1.
///
/// Returns:
///     The squared distance, in squared units of the features.
///
/// Raises:
///     InputError: fewer than two rows, other numbers of columns, or a number that is not finite.
///
/// >>> import digitgan, numpy
/// >>> features = numpy.random.default_rng(1).normal(size=(100, 8))
/// >>> round(digitgan.metrics.frechet(features, features + 1.0), 4)
/// 8.0
#[pyfunction]
pub(crate) fn frechet(py: Python<'_>, first: &Bound<'_, PyAny>, second: &Bound<'_, PyAny>) -> PyResult<f64> {
    compared(py, [("first", first), ("second", second)], frechet_distance)
}

/// The kernel distance (KID) between two sets of features: the squared maximum mean discrepancy with a cubic kernel, over subsets.
///
/// Args:
///     first, second: floats [n, d] and [m, d], rounded to float32.
///     subsets: how many random subsets are compared.
///     size: rows of each set in a subset. None: 1,000, or all of the smaller set.
///     seed: which subsets.
///
/// Returns:
///     Mean and standard deviation over the subsets.
///
/// Raises:
///     InputError: fewer rows than `size`, other numbers of columns, or a number that is not finite.
///
/// >>> import digitgan, numpy
/// >>> features = numpy.random.default_rng(1).normal(size=(100, 8))
/// >>> mean, deviation = digitgan.metrics.kernel(features, features + 1.0)
/// >>> mean > 0.5
/// True
#[pyfunction]
#[pyo3(
    signature = (first, second, *, subsets=None, size=None, seed=None),
    text_signature = "(first, second, *, subsets=100, size=None, seed=1)"
)]
pub(crate) fn kernel(
    py: Python<'_>,
    first: &Bound<'_, PyAny>,
    second: &Bound<'_, PyAny>,
    subsets: Option<&Bound<'_, PyAny>>,
    size: Option<&Bound<'_, PyAny>>,
    seed: Option<&Bound<'_, PyAny>>,
) -> PyResult<(f64, f64)> {
    let usual = Subsets::default();
    let count = arguments::count("subsets", subsets, usual.count as u64)?;
    let size = size.map(|size| arguments::count("size", Some(size), 0)).transpose()?;
    let (seed, kernels) = (arguments::whole("seed", seed, 1)?, device()?.kernels());
    let spread = compared(py, [("first", first), ("second", second)], |a, b| {
        let size = size.unwrap_or(usual.size.min(a.count()).min(b.count()));
        kernel_distance(kernels, a, b, Subsets { count, size }, seed)
    })?;
    Ok((spread.mean, spread.deviation))
}

/// How two sets of features lie to each other, by balls to the nearest neighbours (Kynkäänniemi et al. 2019, Naeem et al. 2020).
///
/// Args:
///     real, generated: floats [n, d] and [m, d], rounded to float32.
///     nearest: the neighbour that a ball reaches to.
///
/// Returns:
///     "precision", "recall", "density" and "coverage", as in the package prdc.
///
/// Raises:
///     InputError: not more rows than `nearest`, other numbers of columns, or a number that is not finite.
///
/// >>> import digitgan, numpy
/// >>> features = numpy.random.default_rng(1).normal(size=(100, 8))
/// >>> digitgan.metrics.manifold(features, features)["precision"]
/// 1.0
#[pyfunction]
#[pyo3(signature = (real, generated, *, nearest=None), text_signature = "(real, generated, *, nearest=5)")]
pub(crate) fn manifold<'py>(
    py: Python<'py>,
    real: &Bound<'py, PyAny>,
    generated: &Bound<'py, PyAny>,
    nearest: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyDict>> {
    let nearest = arguments::count("nearest", nearest, NEAREST as u64)?;
    let kernels = device()?.kernels();
    let found = compared(py, [("real", real), ("generated", generated)], |real, generated| {
        manifolds::manifold(kernels, real, generated, nearest)
    })?;
    let answer = PyDict::new(py);
    for (name, value) in of_manifold(&found) {
        answer.set_item(name, value)?;
    }
    Ok(answer)
}

/// The four metrics by their names.
pub(crate) fn of_manifold(found: &manifolds::Manifold) -> [(&'static str, f64); 4] {
    [("precision", found.precision), ("recall", found.recall), ("density", found.density), ("coverage", found.coverage)]
}
