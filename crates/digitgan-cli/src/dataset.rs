//! Loading a data set, with progress and warnings for the person at the terminal.

use crate::{flags, output, progress};
use digitgan::data::DataSource;
use digitgan::engine::Device;
use digitgan::load::{self, DataEvent, Loaded};
use indicatif::ProgressBar;
use std::path::PathBuf;
use std::sync::Mutex;

/// Which data, as options of every verb that needs real digits.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct DataArgs {
    #[arg(long, help = flags::help_of("data"), value_name = "auto|mnist|strokes|PATH")]
    pub(crate) data: Option<DataSource>,
    #[command(flatten)]
    pub(crate) place: DataDir,
}

impl DataArgs {
    /// Loads the data set that was asked for, as [`load`].
    pub(crate) fn load(&self, device: &Device) -> anyhow::Result<Loaded> {
        load(device, &self.data.clone().unwrap_or_default(), self.place.data_dir.clone())
    }
}

/// Where data sets lie.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct DataDir {
    #[arg(long, help = flags::help_of("data-dir"), value_name = "DIR", env = "DIGITGAN_DATA_DIR")]
    pub(crate) data_dir: Option<PathBuf>,
}

/// Loads a data set on a device's threads; shows downloads and drawing, and says what was done to the images.
pub(crate) fn load(device: &Device, source: &DataSource, data_dir: Option<PathBuf>) -> anyhow::Result<Loaded> {
    let folder = match data_dir {
        Some(folder) => folder,
        None => load::default_data_dir()?,
    };
    let bar: Mutex<Option<(String, ProgressBar)>> = Mutex::new(None);
    let advance = |name: &str, done: u64, total: Option<u64>, bytes: bool| {
        let mut bar = bar.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if bar.as_ref().is_none_or(|(current, _)| current != name) {
            if let Some((_, finished)) = bar.take() {
                finished.finish_and_clear();
            }
            *bar = Some((name.to_owned(), progress::transfer(name, total, bytes)));
        }
        if let Some((_, bar)) = bar.as_ref() {
            bar.set_position(done.max(bar.position()));
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
        DataEvent::Resized { path, images } => said(path, images, "of another size were scaled and centred to 28x28"),
        DataEvent::Transposed { path, images } => {
            said(path, images, "stored with rows and columns swapped were put upright")
        }
        DataEvent::Inverted { path, images } => said(path, images, "dark on light were turned into light on dark"),
        DataEvent::SetAside { path, train, test } => output::note(&format!(
            "{}: no test images there, so {test} were set aside as such, {train} are left to train on",
            path.display()
        )),
        // The caller has the reason from the result.
        DataEvent::FellBackToStrokes { .. } => {}
        _ => {}
    };
    let loaded = device.install(|| load::load(source, &folder, &tell));
    if let Some((_, bar)) = bar.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner) {
        bar.finish_and_clear();
    }
    let loaded = loaded?;
    if let Some(reason) = &loaded.fallback {
        warn_fallback(reason);
    }
    Ok(loaded)
}

fn said(path: &std::path::Path, images: usize, what: &str) {
    output::note(&format!("{}: {} images {what}", path.display(), output::thousands(images)));
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
