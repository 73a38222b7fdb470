//! Training, told to Python event by event.
//!
//! A training runs on a thread of its own. The thread of Python that called waits for it, hands its events to Python and looks for
//! signals, which Python gives to its main thread alone: after Ctrl-C the training finishes its step, saves and ends.

mod observer;

use crate::arguments;
use crate::error::{fault, mistyped, raised, unfit};
use crate::generator::Generator;
use crate::process::{another_device, detached};
use digitgan::IMAGE_PIXELS;
use digitgan::config::{Layer, Setting, TrainConfig, Watch};
use digitgan::data::{DataSource, Dataset, Split};
use digitgan::engine::Device;
use digitgan::judge::Judge;
use digitgan::load::{self, Loaded};
use digitgan::run::RunDirectory;
use digitgan::session::{self, Session, judges, manifest};
use digitgan::train::{Monitor, Observer, Outcome, Snapshot, Training};
use observer::{Log, attend, name_of};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyString, PyTuple};
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

/// The environment variable that says where data sets lie, as for the command line.
const DATA_DIR: &str = "DIGITGAN_DATA_DIR";
/// What data is called that came in arrays.
const ARRAYS: &str = "arrays";

/// What a training came to, for `digitgan.train` to say.
#[derive(IntoPyObject)]
pub(crate) struct Trained {
    generator: Py<Generator>,
    path: Option<PathBuf>,
    outcome: &'static str,
    step: u64,
    total_steps: u64,
    losses: Py<PyAny>,
    /// What Python raised, if that ended it.
    raised: Option<Py<PyAny>>,
}

/// Trains: see `digitgan.train`, which calls this.
#[pyfunction]
#[pyo3(signature = (data, classes, settings, out, resume, data_dir, on_event))]
#[allow(clippy::too_many_arguments, reason = "called from one place in Python")]
pub(crate) fn train(
    py: Python<'_>,
    data: &Bound<'_, PyAny>,
    classes: Option<Vec<String>>,
    settings: Vec<(String, String)>,
    out: Option<PathBuf>,
    resume: bool,
    data_dir: Option<PathBuf>,
    on_event: Option<Py<PyAny>>,
) -> PyResult<Trained> {
    let mut said = layer(&settings)?;
    let source = source("data", Some(data), "auto")?;
    // (It is no place, and nothing is read there.)
    said.data = Some(source.clone().unwrap_or_else(|| DataSource::Path(ARRAYS.into())));
    let config = said.config().map_err(|error| raised("settings", &error))?;
    let folder = place_of_data(data_dir.clone())?;
    let device = another_device()?;
    let loaded = match source {
        Some(source) => {
            let reading = config.reading();
            detached(py, "data", || load::load(&source, &reading, &folder, &|_| ()))?
        }
        None => Loaded::from(from_arrays(data, classes)?),
    };
    let job = Job { config, loaded: &loaded, device, folder, data_dir };
    match out {
        Some(out) => job.in_directory(py, RunDirectory::new(out), resume, on_event),
        None if resume => Err(unfit("resume", "there is no run to go on with: say where it is by out")),
        None => job.in_memory(py, on_event),
    }
}

/// What the settings say.
fn layer(settings: &[(String, String)]) -> PyResult<Layer> {
    let mut layer = Layer::default();
    for (name, text) in settings {
        let of_its_own = ["data", "out", "name", "data-dir", "threads"];
        let known = Setting::named(name).filter(|setting| !of_its_own.contains(&setting.name));
        let Some(setting) = known else {
            let name = name.replace('-', "_");
            return Err(PyTypeError::new_err(format!("train() got an unexpected keyword argument '{name}'")));
        };
        setting.set(&mut layer, text).map_err(|error| raised(name, &error))?;
    }
    Ok(layer)
}

/// The data set that a text or a path names; none where arrays are given.
pub(crate) fn source(argument: &str, value: Option<&Bound<'_, PyAny>>, default: &str) -> PyResult<Option<DataSource>> {
    let parsed = |text: &str| text.parse().map_err(|error| unfit(argument, error));
    match value.filter(|value| !value.is_none()) {
        None => Ok(Some(parsed(default)?)),
        Some(value) => match value.cast::<PyString>() {
            Ok(text) => Ok(Some(parsed(&text.to_cow()?)?)),
            Err(_) => Ok(value.extract::<PathBuf>().ok().map(DataSource::Path)),
        },
    }
}

/// The folder of data sets: the one that is named, that of the environment, or that in the user's cache.
pub(crate) fn place_of_data(data_dir: Option<PathBuf>) -> PyResult<PathBuf> {
    let named = data_dir.or_else(|| std::env::var_os(DATA_DIR).filter(|text| !text.is_empty()).map(PathBuf::from));
    named.map_or_else(|| load::default_data_dir().map_err(|error| raised("data_dir", &error)), Ok)
}

/// The data set of images and their labels.
fn from_arrays(data: &Bound<'_, PyAny>, classes: Option<Vec<String>>) -> PyResult<Dataset> {
    let pair = data.cast::<PyTuple>().ok().filter(|pair| pair.len() == 2);
    let Some(pair) = pair else {
        let found = arguments::type_of(data);
        return Err(mistyped("data", format_args!("{found}, expected a name, a path or a tuple (images, labels)")));
    };
    let (images, labels) = (arguments::images("data", &pair.get_item(0)?)?, pair.get_item(1)?);
    // Without names, classes are those that occur, at least the ten digits.
    let names = classes.unwrap_or_else(|| (0..digitgan::data::MAX_CLASSES).map(|class| class.to_string()).collect());
    let labels = arguments::classes("data", &labels, &names)?;
    if images.len() != labels.len() * IMAGE_PIXELS {
        let count = images.len() / IMAGE_PIXELS;
        return Err(unfit("data", format_args!("{count} images and {} labels", labels.len())));
    }
    let needed = labels.iter().max().map_or(0, |&class| usize::from(class) + 1);
    let all = names.len();
    let kept = if all == digitgan::data::MAX_CLASSES { needed.max(10) } else { all };
    let names = names.into_iter().take(kept).collect();
    let train = Split { images, labels };
    Dataset::new(ARRAYS, names, train, Split::default()).map_err(|error| raised("data", &error))
}

/// A training that is about to begin.
struct Job<'a> {
    config: TrainConfig,
    loaded: &'a Loaded,
    device: Device,
    /// The folder of data sets.
    folder: PathBuf,
    /// The same, where it was named.
    data_dir: Option<PathBuf>,
}

impl Job<'_> {
    /// Keeps nothing but the generator.
    fn in_memory(self, py: Python<'_>, on_event: Option<Py<PyAny>>) -> PyResult<Trained> {
        let Job { config, loaded, device, .. } = self;
        let dataset = &loaded.dataset;
        let mut training = detached(py, "data", || {
            let first = Snapshot::first(&config, dataset.classes)?;
            let mut training = Training::new(config.clone(), dataset, device.clone(), first)?;
            let judge = Judge::built_in(&device, &dataset.identity()).filter(|_| config.watch != Watch::Off);
            if let Some(judge) = judge {
                let monitor = Monitor::new(judge, training.spec(), dataset, config.seed, Vec::new());
                training.look_for_collapse(monitor.map_err(digitgan::engine::EngineError::from)?);
            }
            Ok::<_, digitgan::train::TrainError>(training)
        })?;
        let run = |stop: &AtomicBool, observer: &mut dyn Observer| {
            training.run(stop, observer).map_err(|error| Fail(Box::new(move || raised("settings", &error))))
        };
        let done = watched(py, &device, on_event, run)?;
        let file = training.generator().map_err(|error| raised("settings", &error))?;
        let generator = Generator::new(file, "digitgan.train");
        Trained::new(py, generator, None, (training.step(), training.total_steps()), done)
    }

    /// Keeps all in a run directory, as `digitgan train` does.
    fn in_directory(
        self,
        py: Python<'_>,
        place: RunDirectory,
        resume: bool,
        on_event: Option<Py<PyAny>>,
    ) -> PyResult<Trained> {
        let Job { config, loaded, device, folder, data_dir } = self;
        let dataset = &loaded.dataset;
        let path = place.path().to_owned();
        let mut session = detached(py, "out", || {
            let mut manifest = manifest::new(config, loaded, data_dir, &device)?;
            let goes_on = resume && place.manifest().exists();
            if goes_on {
                session::check_resumable(&place)?;
                manifest = manifest::taken_up(&place, &manifest)?;
            } else {
                session::check_free(&place)?;
            }
            let judge = judges::for_training(&device, dataset, &manifest, &judges_in(&folder), &mut |_| ())?;
            match goes_on {
                true => Session::resume(place, manifest, dataset, device.clone(), judge),
                false => Session::start(place, manifest, dataset, device.clone(), judge),
            }
        })?;
        let run = |stop: &AtomicBool, observer: &mut dyn Observer| {
            session.run(stop, observer).map_err(|error| Fail(Box::new(move || raised("out", &error))))
        };
        let done = watched(py, &device, on_event, run)?;
        let steps = (session.training().step(), session.training().total_steps());
        let file = session.training().generator().map_err(|error| raised("out", &error))?;
        let generator = Generator::new(file, session.run_directory().path().display());
        Trained::new(py, generator, Some(path), steps, done)
    }
}

/// Where judges are kept.
fn judges_in(folder: &Path) -> PathBuf {
    folder.join("judges")
}

/// An error of a training, to be made an exception of on the thread of Python.
struct Fail(Box<dyn FnOnce() -> PyErr + Send>);

/// What a training left behind.
struct Done {
    outcome: Outcome,
    log: Log,
    raised: Option<PyErr>,
}

/// Runs a training on a thread of its own and on `device`, and tells `on_event` of what happens.
fn watched(
    py: Python<'_>,
    device: &Device,
    on_event: Option<Py<PyAny>>,
    run: impl FnOnce(&AtomicBool, &mut dyn Observer) -> Result<Outcome, Fail> + Send,
) -> PyResult<Done> {
    let stop = AtomicBool::new(false);
    let (mut log, progress) = Log::new(on_event.is_some());
    let (outcome, raised) = py.detach(|| {
        std::thread::scope(|scope| {
            let (stop, log) = (&stop, &mut log);
            let training = scope.spawn(move || {
                let outcome = panic::catch_unwind(AssertUnwindSafe(|| device.install(|| run(stop, log))));
                log.hang_up();
                outcome
            });
            let raised = attend(&progress, stop, on_event.as_ref());
            drop(progress);
            (training.join(), raised)
        })
    });
    match outcome {
        Ok(Ok(Ok(outcome))) => Ok(Done { outcome, log, raised }),
        // What Python raised came first.
        Ok(Ok(Err(Fail(error)))) => Err(raised.unwrap_or_else(error)),
        Ok(Err(panic)) | Err(panic) => Err(fault(&*panic)),
    }
}

impl Trained {
    fn new(
        py: Python<'_>,
        generator: Generator,
        path: Option<PathBuf>,
        (step, total_steps): (u64, u64),
        done: Done,
    ) -> PyResult<Trained> {
        Ok(Trained {
            generator: Py::new(py, generator)?,
            path,
            outcome: name_of(done.outcome),
            step,
            total_steps,
            losses: done.log.losses(py)?.unbind(),
            raised: done.raised.map(|error| error.into_value(py).into_any()),
        })
    }
}
