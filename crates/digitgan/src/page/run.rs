//! A run as a page shows it.

use super::error::PageError;
use super::picture::Picture;
use crate::engine::Device;
use crate::evaluation::Evaluation;
use crate::model::Wiring;
use crate::picture::Grid;
use crate::run::manifest::Manifest;
use crate::run::timing::Timing;
use crate::run::{Note, RunDirectory, evaluation_files, step_log};
use crate::sample::{GridPlan, Sampler};
use crate::train::{CollapseRecord, LossRecord};
use crate::weights::GeneratorFile;
use std::collections::BTreeSet;
use std::path::PathBuf;

/// Longest name of a run in the names of files.
const KEY_LENGTH: usize = 60;

/// What a page shows of a run.
#[derive(Clone, Debug)]
pub struct RunOnPage {
    /// Its name: that of its directory.
    pub name: String,
    /// Its directory.
    pub path: PathBuf,
    /// Settings, data and versions.
    pub manifest: Manifest,
    /// Steps that it was trained for.
    pub step: u64,
    /// How good its digits are.
    pub evaluation: Evaluation,
    /// The grids of some epochs, the last of them the newest.
    pub stages: Vec<Stage>,
    /// The losses against the global step.
    pub losses: Option<Picture>,
    /// What was read where each class was asked for.
    pub confusion: Option<Picture>,
    /// The digits nearest to training digits.
    pub neighbours: Option<Picture>,
    /// How the variety of digits went over the training.
    pub watch: Option<Picture>,
    /// How long it took, if that was recorded.
    pub timing: Option<Timing>,
    /// What is to be told of its records that are not as they should be.
    pub notes: Vec<Note>,
}

/// The grid of a moment of the training.
#[derive(Clone, Debug)]
pub struct Stage {
    /// Which moment, such as `epoch 10`.
    pub moment: String,
    /// The grid.
    pub picture: Picture,
}

impl RunOnPage {
    /// Reads a run; its pictures are to be called by `key`.
    ///
    /// # Errors
    /// A run that cannot be read, or was not evaluated.
    pub fn read(device: &Device, run: &RunDirectory, key: &str) -> Result<Self, PageError> {
        let manifest = Manifest::read(&run.manifest())?;
        let path = run.path().to_owned();
        if !run.generator().exists() {
            return Err(PageError::NoGenerator { path, checkpoint: run.newest_checkpoint() });
        }
        let generator = GeneratorFile::read(&run.generator())?;
        let evaluation = evaluation_files::read(run.path())?;
        let evaluation = evaluation.ok_or_else(|| PageError::NoEvaluation { path: path.clone() })?;
        let (timing, mut notes) = records(run, generator.step);
        let mut picture = |what: &str, path: PathBuf| found(format!("{key}-{what}.png"), path, &mut notes);
        Ok(RunOnPage {
            name: name(run),
            losses: picture("losses", run.loss_curves()),
            confusion: picture("confusion", evaluation_files::confusion_picture(run.path())),
            neighbours: picture("neighbours", evaluation_files::neighbours_picture(run.path())),
            watch: picture("watch", run.watch_curves()),
            stages: stages(device, run, &manifest, &generator, key, &mut notes)?,
            step: generator.step,
            evaluation,
            timing,
            notes,
            manifest,
            path,
        })
    }

    /// Its model, and its name where that says more: `ACGAN (long-acgan)`.
    pub fn title(&self) -> String {
        let model = self.manifest.config.model;
        if self.name == model.name() { model.title().to_owned() } else { format!("{} ({})", model.title(), self.name) }
    }

    /// Steps in an epoch.
    pub fn steps_per_epoch(&self) -> u64 {
        steps_per_epoch(&self.manifest)
    }

    /// How its model is wired.
    pub fn wiring(&self) -> Wiring {
        self.manifest.config.model.wiring()
    }

    /// Whether real images were varied.
    pub fn is_augmented(&self) -> bool {
        !self.manifest.config.augment.is_empty()
    }

    /// All its pictures.
    pub fn pictures(&self) -> impl Iterator<Item = &Picture> {
        let others = [&self.losses, &self.confusion, &self.neighbours, &self.watch];
        self.stages.iter().map(|stage| &stage.picture).chain(others.into_iter().flatten())
    }
}

/// How long a run of `step` steps took, and what is wrong with that and with its logs. No page fails for want of them.
fn records(run: &RunDirectory, step: u64) -> (Option<Timing>, Vec<Note>) {
    let mut notes = step_log::check::<LossRecord>(&run.losses(), step);
    notes.extend(step_log::check::<CollapseRecord>(&run.watch(), step));
    let timing = Timing::read(&run.timing()).unwrap_or_else(|error| {
        notes.push(Note::Unreadable { path: run.timing(), problem: error.reason() });
        None
    });
    (timing, notes)
}

/// The picture at `path`, if it is there. One that cannot be read is told of and left out: no page fails for want of it.
fn found(name: String, path: PathBuf, notes: &mut Vec<Note>) -> Option<Picture> {
    Picture::read(name, &path).unwrap_or_else(|error| {
        notes.push(Note::LeftOut { path, of: "the page", problem: error.problem() });
        None
    })
}

fn steps_per_epoch(manifest: &Manifest) -> u64 {
    manifest.config.steps_per_epoch(manifest.dataset.identity.train_images).max(1)
}

/// The grids of the first, the middle and the last epoch; in place of the last that of the newest generator, where that
/// was trained for a part of an epoch more.
fn stages(
    device: &Device,
    run: &RunDirectory,
    manifest: &Manifest,
    generator: &GeneratorFile,
    key: &str,
    notes: &mut Vec<Note>,
) -> Result<Vec<Stage>, PageError> {
    let per_epoch = steps_per_epoch(manifest);
    let epochs = u32::try_from(generator.step / per_epoch).unwrap_or(u32::MAX);
    let within_an_epoch = !generator.step.is_multiple_of(per_epoch);
    let middle = epochs.div_ceil(2);
    let shown: BTreeSet<u32> = if within_an_epoch { [1, middle].into() } else { [1, middle, epochs].into() };
    let mut stages = Vec::new();
    for epoch in shown.into_iter().filter(|epoch| (1..=epochs).contains(epoch)) {
        let picture = found(format!("{key}-epoch-{epoch:04}.png"), run.sample(epoch), notes);
        stages.extend(picture.map(|picture| Stage { moment: format!("epoch {epoch}"), picture }));
    }
    if within_an_epoch || stages.is_empty() {
        stages.push(newest(device, run, manifest, generator, key)?);
    }
    Ok(stages)
}

/// The grid of the newest generator, drawn as training would.
fn newest(
    device: &Device,
    run: &RunDirectory,
    manifest: &Manifest,
    generator: &GeneratorFile,
    key: &str,
) -> Result<Stage, PageError> {
    let failed = |source| PageError::Engine { path: run.generator(), source };
    let mut sampler = Sampler::new(device, generator).map_err(failed)?;
    let digits = sampler.draw_grid(manifest.config.seed).map_err(failed)?;
    let png = Grid::new(GridPlan::new(&generator.spec).columns).draw(&digits)?.png(&[("Software", "digitgan")])?;
    let name = format!("{key}-step-{:08}.png", generator.step);
    let picture = Picture::new(name, png).expect("what was just drawn is a picture");
    Ok(Stage { moment: format!("step {}", generator.step), picture })
}

/// The name of a run.
fn name(run: &RunDirectory) -> String {
    let path = run.path().canonicalize().unwrap_or_else(|_| run.path().to_owned());
    path.file_name().map_or_else(|| "run".to_owned(), |name| name.to_string_lossy().into_owned())
}

/// A name for the files of each run: plain characters, and no two alike.
pub(super) fn keys(runs: &[RunDirectory]) -> Vec<String> {
    let mut keys: Vec<String> = Vec::new();
    for run in runs {
        let plain = |c: char| if c.is_ascii_alphanumeric() || c == '-' || c == '_' { c } else { '-' };
        let base: String = name(run).chars().take(KEY_LENGTH).map(plain).collect();
        let numbered = (2..).map(|number| format!("{base}-{number}"));
        let free = std::iter::once(base.clone()).chain(numbered).find(|key| !keys.contains(key));
        keys.push(free.expect("numbers do not end"));
    }
    keys
}
