//! Generators, and what they draw.

use crate::arguments::{self, owned};
use crate::error::{raised, unfit, unread};
use crate::process::{Kept, detached};
use digitgan::IMAGE_SIDE;
use digitgan::built_in::BuiltIn;
use digitgan::engine::EngineError;
use digitgan::evaluation::Evaluation;
use digitgan::handwriting::Hand;
use digitgan::model::LATENT;
use digitgan::picture::Grid;
use digitgan::sample::{self, MAX_LATENTS, Sampler};
use digitgan::seed::Purpose;
use digitgan::weights::GeneratorFile;
use numpy::PyArray;
use numpy::PyArrayMethods;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyTuple};
use std::fmt::Display;
use std::path::PathBuf;
use std::sync::Arc;

/// Pictures drawn at once, at most: 1 GB of pixels.
const MAX_PICTURES: usize = MAX_LATENTS;
/// Those in one picture, as on the command line.
const MAX_IN_A_GRID: usize = 10_000;

/// A trained generator of 28x28 digits: see `digitgan.load`.
///
/// It can be pickled, and used after a fork and from several threads.
///
/// >>> import digitgan
/// >>> generator = digitgan.load("acgan")
/// >>> digits = generator.sample([2, 0, 2, 6], seed=7)
/// >>> digits.shape, digits.dtype
/// ((4, 28, 28), dtype('uint8'))
#[pyclass(frozen, module = "digitgan")]
pub(crate) struct Generator {
    file: Arc<GeneratorFile>,
    source: String,
    /// What is known of it, as JSON.
    facts: Facts,
    samplers: Kept<Sampler>,
    hands: Kept<Hand>,
}

/// What is known of a generator beside its weights, as JSON.
#[derive(Clone, Default)]
struct Facts {
    card: Option<String>,
    metrics: Option<String>,
}

impl Facts {
    fn of_built_in(built_in: BuiltIn) -> Facts {
        let card = built_in.card();
        Facts { card: serde_json::to_string(&card).ok(), metrics: serde_json::to_string(&card.evaluation).ok() }
    }
}

impl Generator {
    pub(crate) fn new(file: GeneratorFile, source: impl Display) -> Generator {
        Generator::known(file, source, Facts::default())
    }

    fn known(file: GeneratorFile, source: impl Display, facts: Facts) -> Generator {
        let (samplers, hands) = (Kept::new(), Kept::new());
        Generator { file: Arc::new(file), source: source.to_string(), facts, samplers, hands }
    }

    /// One of a run, that was evaluated or not.
    pub(crate) fn of_run(file: GeneratorFile, source: impl Display, evaluation: Option<&Evaluation>) -> Generator {
        let metrics = evaluation.and_then(|evaluation| serde_json::to_string(evaluation).ok());
        Generator::known(file, source, Facts { card: None, metrics })
    }

    pub(crate) fn built_in(built_in: BuiltIn) -> Generator {
        let source = format!("{built_in} (built in)");
        Generator::known(built_in.generator(), source, Facts::of_built_in(built_in))
    }

    pub(crate) fn file(&self) -> &Arc<GeneratorFile> {
        &self.file
    }

    pub(crate) fn hands(&self) -> &Kept<Hand> {
        &self.hands
    }

    fn sees_class(&self) -> bool {
        self.file.spec.variant.wiring().generator_sees_class
    }

    /// The classes that are asked for: each `count` times, all of them in a row, row by row. With latents, one class is that of all.
    fn labels(&self, digits: Option<&Bound<'_, PyAny>>, count: usize, latents: Option<usize>) -> PyResult<Vec<u8>> {
        let row = match digits.filter(|digits| !digits.is_none()) {
            Some(_) if !self.sees_class() => {
                return Err(unfit(
                    "digits",
                    "this generator is a GAN, which draws what it likes: say how many by count",
                ));
            }
            Some(digits) => arguments::classes("digits", digits, &self.file.class_names)?,
            None if self.sees_class() => (0..self.file.spec.classes as u8).collect(),
            None => vec![0],
        };
        if row.len().saturating_mul(count) > MAX_PICTURES {
            return Err(unfit(
                "count",
                format_args!("{} x {count} are too many: draw at most {MAX_PICTURES} at once", row.len()),
            ));
        }
        Ok(match (latents, &row[..]) {
            (Some(latents), &[one]) if count == 1 => vec![one; latents],
            _ => row.repeat(count),
        })
    }

    /// The picture of some digits as a PNG file, that which `digitgan sample` writes.
    fn picture(
        &self,
        py: Python<'_>,
        digits: Option<&Bound<'_, PyAny>>,
        count: Option<usize>,
        seed: u64,
        scale: usize,
    ) -> PyResult<Vec<u8>> {
        let count = count.unwrap_or(if self.sees_class() { 10 } else { 100 });
        let labels = self.labels(digits, count, None)?;
        if labels.len() > MAX_IN_A_GRID {
            let found = labels.len();
            return Err(unfit(
                "count",
                format_args!("{found} digits are too many for one picture, which holds {MAX_IN_A_GRID}"),
            ));
        }
        let row = labels.len() / count.max(1);
        let columns = if row == 1 { 10 } else { row };
        let images = self.drawn(py, "digits", |sampler| sampler.draw(seed, &labels))?;
        let text = seed.to_string();
        let facts = [("Software", "digitgan"), ("model", self.file.spec.variant.name()), ("seed", text.as_str())];
        let picture = Grid { scale, ..Grid::new(columns) }.draw(&images);
        picture.and_then(|picture| picture.png(&facts)).map_err(|error| raised("scale", &error))
    }

    /// Draws by a sampler of this process.
    fn drawn<T: Send>(
        &self,
        py: Python<'_>,
        argument: &str,
        draw: impl FnOnce(&mut Sampler) -> Result<T, EngineError> + Send,
    ) -> PyResult<T> {
        let make = |device: &_| Sampler::new(device, &self.file);
        self.samplers.with(py, argument, make, draw)
    }
}

#[pymethods]
impl Generator {
    /// Draws digits.
    ///
    /// The same seed draws the same digits as `digitgan sample` and `digitgan generate`, whatever the number of threads and of
    /// other digits.
    ///
    /// Args:
    ///     digits: which, by their numbers or names: one, a sequence or an array; a text such as "2026" is one a character. None: one
    ///         of each; of a GAN, which draws what it likes, one in all.
    ///     seed: which digits of their kind: every seed draws others. From 0 to 2**64 - 1.
    ///     count: so many of each, in rows of `digits`.
    ///     first: the place of the first picture among those of the seed, to draw many piece by piece.
    ///     latents: noise in place of the seed's, float [n, 100], one row a digit; a single digit is drawn of all rows.
    ///     dtype: "uint8", from 0 (black) to 255 (white ink), or "float32", from -1 to 1 as the network draws: a byte is
    ///         round((x + 1) * 127.5).
    ///
    /// Returns:
    ///     An array [n, 28, 28], row by row.
    ///
    /// Raises:
    ///     InputError: a class that the generator does not have, too many pictures, latents of another shape.
    ///     TypeError: an argument of another type.
    ///
    /// >>> import digitgan
    /// >>> generator = digitgan.load("acgan")
    /// >>> generator.sample("2026", count=3).shape
    /// (12, 28, 28)
    /// >>> generator.sample(7, dtype="float32").dtype
    /// dtype('float32')
    /// >>> generator.sample(12)
    /// Traceback (most recent call last):
    ///     ...
    /// digitgan.InputError: digits: class 12 (number 0, counted from 0) is none of the 10 classes, 0 to 9
    #[pyo3(
        signature = (digits=None, *, seed=None, count=None, first=None, latents=None, dtype="uint8"),
        text_signature = "($self, digits=None, *, seed=1, count=1, first=0, latents=None, dtype='uint8')"
    )]
    #[allow(clippy::too_many_arguments, reason = "keywords in Python")]
    fn sample<'py>(
        &self,
        py: Python<'py>,
        digits: Option<&Bound<'py, PyAny>>,
        seed: Option<&Bound<'py, PyAny>>,
        count: Option<&Bound<'py, PyAny>>,
        first: Option<&Bound<'py, PyAny>>,
        latents: Option<&Bound<'py, PyAny>>,
        dtype: &str,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (seed, first) = (arguments::whole("seed", seed, 1)?, arguments::whole("first", first, 0)?);
        let count = arguments::count("count", count, 1)?;
        let noise = latents.map(|latents| arguments::latents("latents", latents)).transpose()?;
        let labels = self.labels(digits, count, noise.as_ref().map(|(_, count)| *count))?;
        let shape = [labels.len(), IMAGE_SIDE, IMAGE_SIDE];
        let argument = if noise.is_some() { "latents" } else { "first" };
        let floats = |sampler: &mut Sampler| match &noise {
            Some((noise, _)) => sampler.draw_signed(noise, &labels),
            None => {
                let noise = sample::latents(seed, Purpose::SampleLatent, first, labels.len())?;
                sampler.draw_signed(&noise, &labels)
            }
        };
        match dtype {
            "float32" => owned(py, self.drawn(py, argument, floats)?, shape),
            "uint8" => {
                let bytes = |sampler: &mut Sampler| match &noise {
                    Some((noise, _)) => sampler.draw_latents(noise, &labels),
                    None => sampler.draw_at(seed, first, &labels),
                };
                owned(py, self.drawn(py, argument, bytes)?, shape)
            }
            other => Err(unfit("dtype", format_args!("{other:?} is neither \"uint8\" nor \"float32\""))),
        }
    }

    /// The noise behind the pictures of a seed.
    ///
    /// Args:
    ///     n: how many, at most 1,000,000.
    ///     seed: that of `sample`.
    ///     first: the place of the first picture among those of the seed.
    ///
    /// Returns:
    ///     An array float32 [n, 100], normally distributed: `sample` draws the same digits of it as of the seed.
    ///
    /// Raises:
    ///     InputError: too many, or places beyond the last one.
    ///
    /// >>> import digitgan
    /// >>> generator = digitgan.load("acgan")
    /// >>> latents = generator.latents(2, seed=5)
    /// >>> latents.shape
    /// (2, 100)
    /// >>> halfway = generator.sample(3, latents=latents.mean(axis=0, keepdims=True))
    /// >>> bool((generator.sample([3, 8], latents=latents) == generator.sample([3, 8], seed=5)).all())
    /// True
    #[pyo3(signature = (n, seed=None, *, first=None), text_signature = "($self, n, seed=1, *, first=0)")]
    fn latents<'py>(
        &self,
        py: Python<'py>,
        n: &Bound<'py, PyAny>,
        seed: Option<&Bound<'py, PyAny>>,
        first: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (seed, first) = (arguments::whole("seed", seed, 1)?, arguments::whole("first", first, 0)?);
        let count = arguments::count("n", Some(n), 0)?;
        let draw = || sample::latents(seed, Purpose::SampleLatent, first, count);
        owned(py, detached(py, "n", draw)?, [count, LATENT])
    }

    /// A picture of digits in rows, which `digitgan sample` writes too.
    ///
    /// Args:
    ///     digits: as in `sample`.
    ///     count: rows; of a single digit, and of a GAN, pictures in rows of ten. None: 10; of a GAN, 100.
    ///     seed: as in `sample`.
    ///     scale: pixels of the picture per side of a digit's pixel.
    ///
    /// Returns:
    ///     The bytes of a PNG file.
    ///
    /// >>> import digitgan
    /// >>> digitgan.load("acgan").png("2026", count=1)[:4]
    /// b'\x89PNG'
    #[pyo3(
        signature = (digits=None, *, count=None, seed=None, scale=None),
        text_signature = "($self, digits=None, *, count=None, seed=1, scale=2)"
    )]
    fn png<'py>(
        &self,
        py: Python<'py>,
        digits: Option<&Bound<'py, PyAny>>,
        count: Option<&Bound<'py, PyAny>>,
        seed: Option<&Bound<'py, PyAny>>,
        scale: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let (seed, scale) = (arguments::whole("seed", seed, 1)?, arguments::count("scale", scale, 2)?);
        let count = count.filter(|count| !count.is_none());
        let count = count.map(|count| arguments::count("count", Some(count), 0)).transpose()?;
        Ok(PyBytes::new(py, &self.picture(py, digits, count, seed, scale)?))
    }

    /// Its tensors by their names in PyTorch's state dict, float32 arrays in PyTorch's layouts.
    ///
    /// >>> import digitgan
    /// >>> digitgan.load("acgan").tensors()["deconv1.weight"].shape
    /// (110, 64, 7, 7)
    fn tensors<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let tensors = PyDict::new(py);
        for (name, tensor) in &self.file.tensors {
            let array = PyArray::from_slice(py, &tensor.values).reshape(&tensor.shape[..])?;
            tensors.set_item(name, array)?;
        }
        Ok(tensors)
    }

    /// The generator as a `torch.nn.Module` for inference, equal to this one but for rounding: see `digitgan.torch.Network`.
    fn to_torch<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        slf.py().import("digitgan.torch")?.call_method1("to_module", (slf,))
    }

    /// Writes it into a safetensors file, which `digitgan`, `digitgan.load` and PyTorch read.
    ///
    /// Raises:
    ///     FileError: a place that cannot be written.
    fn save(&self, py: Python<'_>, path: PathBuf) -> PyResult<()> {
        let written = py.detach(|| self.file.write(&path));
        written.map_err(|error| unread("path", format_args!("cannot write {}: {error}", path.display())))
    }

    /// The bytes of its safetensors file.
    fn to_bytes<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        let bytes = py.detach(|| self.file.to_bytes());
        PyBytes::new(py, &bytes)
    }

    /// The generator of the bytes of a safetensors file.
    ///
    /// Raises:
    ///     FileError: bytes that are no generator's.
    #[staticmethod]
    fn from_bytes(bytes: &[u8]) -> PyResult<Generator> {
        let file = GeneratorFile::from_bytes(bytes).map_err(|error| raised("bytes", &error))?;
        Ok(Generator::new(file, "bytes"))
    }

    /// The model: "gan", "cgan" or "acgan".
    #[getter]
    fn model(&self) -> &'static str {
        self.file.spec.variant.name()
    }

    /// What its classes are called.
    #[getter]
    fn classes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, &self.file.class_names)
    }

    /// The name of the data set that it was trained on.
    #[getter]
    fn data(&self) -> &str {
        &self.file.dataset
    }

    /// Steps that it was trained for.
    #[getter]
    fn steps(&self) -> u64 {
        self.file.step
    }

    /// Where it comes from: a path, or what is built in.
    #[getter]
    fn source(&self) -> &str {
        &self.source
    }

    /// How a generator that is built in came to be, and how good it is: what `digitgan models acgan` says. None of others.
    #[getter]
    fn card<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        from_json(py, self.facts.card.as_deref())
    }

    /// Its evaluation, as in `evaluation.json`: of what is built in, and of a run that was evaluated. None of others.
    #[getter]
    fn metrics<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        from_json(py, self.facts.metrics.as_deref())
    }

    fn __repr__(&self) -> String {
        let GeneratorFile { spec, dataset, step, .. } = &*self.file;
        let (model, classes, source) = (spec.variant.title(), spec.classes, &self.source);
        format!(
            "<digitgan.Generator: {model} of {classes} classes, trained on {dataset} for {step} steps, from {source}>"
        )
    }

    /// Notebooks show it as ten of each digit.
    fn _repr_png_<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(py, &self.picture(py, None, None, 1, 2)?))
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<(Bound<'py, PyAny>, State<'py>)> {
        let (py, this) = (slf.py(), slf.get());
        let restore = slf.get_type().getattr("_restored")?;
        let facts = this.facts.clone();
        Ok((restore, (this.to_bytes(py), this.source.clone(), facts.card, facts.metrics)))
    }

    /// What a pickle calls.
    #[staticmethod]
    fn _restored(bytes: &[u8], source: String, card: Option<String>, metrics: Option<String>) -> PyResult<Generator> {
        let file = GeneratorFile::from_bytes(bytes).map_err(|error| raised("bytes", &error))?;
        Ok(Generator::known(file, source, Facts { card, metrics }))
    }
}

/// What a pickle holds.
type State<'py> = (Bound<'py, PyBytes>, String, Option<String>, Option<String>);

/// What Python makes of a JSON text.
fn from_json<'py>(py: Python<'py>, text: Option<&str>) -> PyResult<Option<Bound<'py, PyAny>>> {
    text.map(|text| py.import("json")?.call_method1("loads", (text,))).transpose()
}
