//! Evaluating images against others, all at once or piece by piece.

use crate::arguments;
use crate::error::unfit;
use crate::metrics::{of_manifold, read};
use crate::process::{detached, device};
use crate::training::{place_of_data, source};
use digitgan::data::Reading;
use digitgan::engine::Device;
use digitgan::judge::Readings;
use digitgan::load;
use digitgan::metrics::frechet::Gaussian;
use digitgan::metrics::histogram::{ClassHistogram, Confusion};
use digitgan::metrics::kernel::{Subsets, kernel_distance};
use digitgan::metrics::manifold::{NEAREST, manifold};
use digitgan::metrics::score::digit_score;
use digitgan::metrics::{MetricError, Probabilities};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

/// Classes that the judge of MNIST reads.
const CLASSES: usize = 10;

/// Compares images with others, piece by piece: `update` as often as there are images, then `compute`.
///
/// The images are read by the judge, a small classifier of MNIST's digits that comes with digitgan; its last hidden layer are the
/// features by which sets are compared.
///
/// Args:
///     against: what to compare with: "mnist" (its test images), "strokes" or a path, as `digitgan train --data` takes them; or an array
///         uint8 [n, 28, 28], by itself or with its labels in a tuple.
///     data_dir: the folder of data sets; None: the environment's DIGITGAN_DATA_DIR, or the user's cache.
///     seed: which subsets the kernel distance takes.
///
/// Raises:
///     InputError: too few images, or an array of another shape.
///     FileError: a data set that cannot be had.
///
/// >>> import digitgan
/// >>> acgan, cgan = digitgan.load("acgan"), digitgan.load("cgan")
/// >>> evaluation = digitgan.Evaluation(against=acgan.sample(count=20))
/// >>> for seed in (1, 2):
/// ...     evaluation.update(cgan.sample(count=10, seed=seed), list(range(10)) * 10)
/// >>> found = evaluation.compute()
/// >>> found["images"], found["agreement"] > 0.9
/// (200, True)
#[pyclass(frozen, module = "digitgan")]
pub(crate) struct Evaluation {
    real: Readings,
    against: String,
    seed: u64,
    state: Mutex<State>,
}

/// What was read so far.
#[derive(Default)]
struct State {
    read: Readings,
    asked: Vec<u8>,
}

#[pymethods]
impl Evaluation {
    #[new]
    #[pyo3(
        signature = (against=None, *, data_dir=None, seed=None),
        text_signature = "(against='mnist', *, data_dir=None, seed=1)"
    )]
    fn new(
        py: Python<'_>,
        against: Option<&Bound<'_, PyAny>>,
        data_dir: Option<PathBuf>,
        seed: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Evaluation> {
        let seed = arguments::whole("seed", seed, 1)?;
        let (images, against) = real_images(py, against, data_dir)?;
        Ok(Evaluation { real: read(py, "against", &images)?, against, seed, state: Mutex::default() })
    }

    /// Takes images in.
    ///
    /// Args:
    ///     images: uint8 [n, 28, 28].
    ///     labels: the digit that each is meant to be, whole numbers from 0 to 9 or names, [n]; None: nobody knows.
    ///
    /// Raises:
    ///     InputError: an array of another shape, or labels for some of all images alone.
    #[pyo3(signature = (images, labels=None))]
    fn update(&self, py: Python<'_>, images: &Bound<'_, PyAny>, labels: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        let images = arguments::images("images", images)?;
        let names: Vec<String> = (0..CLASSES).map(|class| class.to_string()).collect();
        let labels = labels.filter(|labels| !labels.is_none());
        let labels = labels.map(|labels| arguments::classes("labels", labels, &names)).transpose()?;
        let new = read(py, "images", &images)?;
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (before, count) = (state.read.labels.len(), new.labels.len());
        if labels.as_ref().is_some_and(|labels| labels.len() != count) {
            let found = labels.map_or(0, |labels| labels.len());
            return Err(unfit("labels", format_args!("{found} labels for {count} images")));
        }
        if before > 0 && labels.is_some() == state.asked.is_empty() {
            return Err(unfit(
                "labels",
                "some images have labels and others have none: give them for all, or for none",
            ));
        }
        state.read.features.extend(new.features);
        state.read.probabilities.extend(new.probabilities);
        state.read.labels.extend(new.labels);
        state.asked.extend(labels.unwrap_or_default());
        Ok(())
    }

    /// What the images that were taken in are like.
    ///
    /// Returns:
    ///     A dictionary: "images" and "real_images" (how many), "against"; "agreement", the share of images that the judge reads as labelled
    ///     (None without labels); "frechet_distance", "kernel_distance" (0 is best), "precision", "recall", "density", "coverage" (1 is
    ///     best); "digit_score" (at most 10); "divergence_from_uniform" of the classes read, in nats.
    ///
    /// Raises:
    ///     InputError: fewer than six images.
    fn compute<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let (read, asked) = {
            let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            (state.read.clone(), state.asked.clone())
        };
        let device = device()?;
        let numbers = detached(py, "images", || self.compared(&device, &read, &asked))?;
        let answer = PyDict::new(py);
        answer.set_item("images", read.labels.len())?;
        answer.set_item("real_images", self.real.labels.len())?;
        answer.set_item("against", &self.against)?;
        for (name, number) in numbers {
            answer.set_item(name, number)?;
        }
        Ok(answer)
    }

    /// Forgets the images that were taken in.
    fn reset(&self) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = State::default();
    }

    fn __repr__(&self) -> String {
        let images = self.state.lock().unwrap_or_else(PoisonError::into_inner).read.labels.len();
        format!("<digitgan.Evaluation: {images} images against {} of {}>", self.real.labels.len(), self.against)
    }
}

impl Evaluation {
    /// All metrics by their names.
    fn compared(
        &self,
        device: &Device,
        read: &Readings,
        asked: &[u8],
    ) -> Result<Vec<(&'static str, Option<f64>)>, MetricError> {
        let (real, generated) = (self.real.as_features()?, read.as_features()?);
        let kernels = device.kernels();
        let usual = Subsets::default();
        let size = usual.size.min(real.count()).min(generated.count());
        let agreement = match asked.is_empty() {
            true => None,
            false => Some(Confusion::of(asked, &read.labels, CLASSES)?.agreement()),
        };
        let manifold = manifold(kernels, &real, &generated, NEAREST)?;
        let probabilities = Probabilities::new(&read.probabilities[..], read.labels.len(), CLASSES)?;
        let kernel = kernel_distance(kernels, &real, &generated, Subsets { size, ..usual }, self.seed)?.mean;
        let mut all = vec![
            ("agreement", agreement),
            ("frechet_distance", Some(Gaussian::of(&generated)?.distance(&Gaussian::of(&real)?)?)),
            ("kernel_distance", Some(kernel)),
        ];
        all.extend(of_manifold(&manifold).map(|(name, value)| (name, Some(value))));
        // In one part: the images may come in any order.
        all.push(("digit_score", Some(digit_score(&probabilities, 1)?.mean)));
        let histogram = ClassHistogram::of(&read.labels, CLASSES)?;
        all.push(("divergence_from_uniform", Some(histogram.divergence_from_uniform()?)));
        Ok(all)
    }
}

/// The images to compare with, and what they are.
fn real_images(
    py: Python<'_>,
    against: Option<&Bound<'_, PyAny>>,
    data_dir: Option<PathBuf>,
) -> PyResult<(Vec<u8>, String)> {
    if let Some(source) = source("against", against, "mnist")? {
        let folder = place_of_data(data_dir)?;
        let read = || load::load(&source, &Reading::default(), &folder, &|_| ());
        let dataset = detached(py, "against", read)?.dataset;
        let split = if dataset.test.is_empty() { dataset.train } else { dataset.test };
        return Ok((split.images, dataset.name));
    }
    let Some(value) = against else { return Err(unfit("against", "nothing to compare with")) };
    let images = match value.cast::<PyTuple>() {
        Ok(pair) if pair.len() == 2 => pair.get_item(0)?,
        _ => value.clone(),
    };
    Ok((arguments::images("against", &images)?, "images".to_owned()))
}
