//! Loading a data set, with progress and warnings for the person at the terminal.

use crate::progress::{self, Transfer};
use crate::suggestion::Suggestion;
use crate::usage::Usage;
use crate::{flags, load_report, output, text};
use digitgan::config::TrainConfig;
use digitgan::data::{DataSource, Ground, LabelPlace, OrAuto, Orientation, PixelRange, Reading};
use digitgan::engine::Device;
use digitgan::load::{self, DataError, DataEvent, Loaded};
use digitgan::run::RunDirectory;
use digitgan::run::manifest::Manifest;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// Which data, as options of every verb that needs real digits.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct DataArgs {
    #[arg(long, help = flags::help_of("data"), value_name = "auto|mnist|strokes|PATH", value_parser = text::of(|text: &str| text.parse::<DataSource>()))]
    pub(crate) data: Option<DataSource>,
    #[command(flatten)]
    pub(crate) reading: ReadingArgs,
    #[command(flatten)]
    pub(crate) place: DataDir,
}

impl DataArgs {
    /// The data of a training.
    pub(crate) fn new(config: &TrainConfig, place: DataDir) -> DataArgs {
        let Reading { ground, orientation, range, labels } = config.reading();
        let reading = ReadingArgs { ground, orientation, range, labels };
        DataArgs { data: Some(config.data.clone()), reading, place }
    }

    /// A command with the same data.
    pub(crate) fn given_to(&self, command: Suggestion) -> Suggestion {
        let mut command = match &self.data {
            Some(data) => command.option("--data", &data.to_string()),
            None => command,
        };
        let ReadingArgs { ground, orientation, range, labels } = &self.reading;
        for (flag, text) in [
            ("--ground", ground.to_string()),
            ("--orientation", orientation.to_string()),
            ("--range", range.to_string()),
            ("--labels", labels.to_string()),
        ] {
            if text != OrAuto::<Ground>::Auto.to_string() {
                command = command.option(flag, &text);
            }
        }
        match &self.place.data_dir {
            Some(folder) => command.word("--data-dir").path(folder),
            None => command,
        }
    }

    /// Loads the data set that was asked for, as [`load()`].
    pub(crate) fn load(&self, device: &Device) -> anyhow::Result<Loaded> {
        load(device, &self.data.clone().unwrap_or_default(), &self.reading(), self.place.data_dir.clone())
    }

    /// How the images of a path are to be read.
    pub(crate) fn reading(&self) -> Reading {
        let ReadingArgs { ground, orientation, range, labels } = self.reading;
        Reading { ground, orientation, range, labels }
    }
}

/// How the images of a path are to be read.
#[derive(clap::Args, Clone, Copy, Debug)]
pub(crate) struct ReadingArgs {
    #[arg(long, help = flags::help_of("ground"), value_name = "auto|dark|light", default_value = "auto", hide_default_value = true)]
    ground: OrAuto<Ground>,
    #[arg(long, help = flags::help_of("orientation"), value_name = "auto|upright|transposed", default_value = "auto", hide_default_value = true)]
    orientation: OrAuto<Orientation>,
    #[arg(long, help = flags::help_of("range"), value_name = "auto|BLACK..WHITE", default_value = "auto", hide_default_value = true, allow_hyphen_values = true)]
    range: OrAuto<PixelRange>,
    #[arg(long, help = flags::help_of("labels"), value_name = "auto|file-name", default_value = "auto", hide_default_value = true)]
    labels: OrAuto<LabelPlace>,
}

/// The environment variable that says where data sets lie.
const DATA_DIR: &str = "DIGITGAN_DATA_DIR";

/// The name of a variable that the environment sets; an empty one is one that is not set.
fn if_set(variable: &'static str) -> Option<&'static str> {
    output::variable(variable).map(|_| variable)
}

/// Where data sets lie.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct DataDir {
    #[arg(long, help = flags::help_of("data-dir"), value_name = "DIR", env = if_set(DATA_DIR))]
    pub(crate) data_dir: Option<PathBuf>,
}

/// Loads a data set on a device's threads; shows downloads and drawing, and says what was done to the images.
pub(crate) fn load(
    device: &Device,
    source: &DataSource,
    reading: &Reading,
    data_dir: Option<PathBuf>,
) -> anyhow::Result<Loaded> {
    let folder = match data_dir {
        Some(folder) => folder,
        None => load::default_data_dir()?,
    };
    if *reading != Reading::default() && !matches!(source, DataSource::Path(_)) {
        let text = format!("--ground, --orientation, --range and --labels are for --data PATH, and not for {source}");
        return Err(Usage(text).into());
    }
    let progress: Mutex<Option<Transfer>> = Mutex::new(None);
    let advance = |name: &str, done: u64, total: Option<u64>, bytes: bool| {
        let mut progress = progress.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if progress.as_ref().is_none_or(|current| current.name() != name) {
            // The last one's bar goes before the next one's comes.
            *progress = None;
            *progress = Some(Transfer::new(name, total, bytes));
        }
        if let Some(current) = progress.as_mut() {
            current.advance(done);
        }
    };
    let tell = |event: DataEvent<'_>| match event {
        DataEvent::Download { file, url, received, total } => {
            if received == 0 && !progress::visible() {
                output::note(&format!("downloading {file} from {url}"));
            }
            advance(&format!("downloading {file}"), received, total, true);
        }
        DataEvent::Drawing { done, total } => advance("drawing strokes", done as u64, Some(total as u64), false),
        DataEvent::MirrorFailed { file, url, reason } => output::note(&format!("{file} from {url}: {reason}")),
        DataEvent::Reading { images } => advance("reading images", images as u64, None, false),
        // The caller has the reason from the result.
        DataEvent::FellBackToStrokes { .. } => {}
        _ => {}
    };
    let _swept = EmptyFolders::below(&folder.join("mnist"));
    let loaded = device.install(|| load::load(source, reading, &folder, &tell));
    drop(progress);
    let loaded = loaded?;
    if let (Some(report), DataSource::Path(path)) = (&loaded.report, source) {
        let turned = load::looks_turned(&loaded.dataset, device)?;
        load_report::tell(path, &loaded.dataset.name, report, turned, &folder);
    }
    if let Some(reason) = &loaded.fallback {
        warn_fallback(reason);
    }
    Ok(loaded)
}

/// Folders that are not there, and are not to be left behind empty: removed when this is dropped, if they were made and nothing
/// came into them.
struct EmptyFolders(Vec<PathBuf>);

impl EmptyFolders {
    /// The folder at `path` and those that it lies in, as far as they are not there.
    fn below(path: &Path) -> EmptyFolders {
        let absent = path.ancestors().take_while(|folder| !folder.as_os_str().is_empty() && !folder.exists());
        EmptyFolders(absent.map(Path::to_owned).collect())
    }
}

impl Drop for EmptyFolders {
    fn drop(&mut self) {
        // The system removes no folder that holds something.
        self.0.iter().for_each(|folder| drop(std::fs::remove_dir(folder)));
    }
}

/// The data of a run, as its record says it is read. Versions that recorded nothing took bytes as they were.
pub(crate) fn load_of_run(device: &Device, manifest: &Manifest, data_dir: Option<PathBuf>) -> anyhow::Result<Loaded> {
    let (config, record) = (&manifest.config, &manifest.dataset);
    let is_it = |loaded: &Loaded| loaded.dataset.identity().sha256 == record.identity.sha256;
    let loaded = load(device, &config.data, &config.reading(), data_dir.clone())?;
    let unsaid = record.read_as.is_none() && config.reading() == Reading::default();
    if unsaid && loaded.report.is_some() && !is_it(&loaded) {
        let plain = load(device, &config.data, &Reading::plain(), data_dir)?;
        if is_it(&plain) {
            output::note(
                "the run was begun by a version that read these values as they are, and so they are read for it",
            );
            return Ok(plain);
        }
    }
    Ok(loaded)
}

/// What to do where a run's data is not where it was: `command`, in which PLACE stands for its new place.
pub(crate) fn moved(run: &RunDirectory, command: Suggestion) -> impl FnOnce(anyhow::Error) -> anyhow::Error {
    let run = run.path().display().to_string();
    move |error| match error.downcast_ref() {
        Some(DataError::NoSuchFolder { path }) => {
            let path = path.display();
            anyhow::anyhow!("{path}: the data of {run} is not there; if it moved, give its new place: `{command}`")
        }
        _ => error,
    }
}

/// Says that the digits are not MNIST.
pub(crate) fn warn_fallback(reason: &str) {
    output::warning(&[
        "These are NOT the digits of MNIST.",
        &format!("MNIST could not be had: {reason}"),
        "Drawn strokes stand in for it. For MNIST, put its four files into DIR/mnist and give",
        "--data mnist --data-dir DIR; to silence this, ask for --data strokes.",
    ]);
}
