//! A training with the run directory that records it.

use super::error::SessionError;
use crate::data::Dataset;
use crate::engine::Device;
use crate::files::{check_folder, free_bytes};
use crate::judge::{Judge, JudgeIdentity};
use crate::model::{ModelSpec, TensorMap};
use crate::run::manifest::{Collapse, Manifest};
use crate::run::{Note, RecordError, Recorder, RunDirectory, RunLock, checkpoint};
use crate::train::{Event, Monitor, Observer, Outcome, Snapshot, TrainError, Training};
use crate::weights::GeneratorFile;
use std::fs;
use std::io::ErrorKind;
use std::sync::atomic::AtomicBool;

/// A training and its run directory.
///
/// ```
/// use digitgan::prelude::*;
///
/// # let folder = std::env::temp_dir().join(format!("digitgan-session-{}", std::process::id()));
///
/// use digitgan::session::manifest;
/// use std::sync::atomic::AtomicBool;
///
/// let loaded = Loaded::from(strokes::some(20, 0)?);
/// let config = TrainConfig { epochs: 1, batch_size: 10, ..Recipe::Paper.config(Variant::Gan) };
/// let device = Device::cpu(None)?;
/// let manifest = manifest::new(config, &loaded, None, &device)?;
/// let run = RunDirectory::new(folder.join("gan-strokes"));
/// let mut session = Session::start(run.clone(), manifest, &loaded.dataset, device, None)?;
/// session.run(&AtomicBool::new(false), &mut |_: &Event<'_>| Ok(()))?;
/// assert_eq!(GeneratorFile::read(&run.generator())?.step, 2);
/// # std::fs::remove_dir_all(&folder)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Session<'a> {
    training: Training<'a>,
    recorder: Recorder,
}

impl<'a> Session<'a> {
    /// Starts a training in a new run directory: writes `run.toml` into it and everything else as it comes. Where there is
    /// a judge of the data set, it looks for a collapse.
    ///
    /// # Errors
    /// Impossible settings, a directory that is in use, or one that cannot be written.
    pub fn start(
        run: RunDirectory,
        manifest: Manifest,
        dataset: &'a Dataset,
        device: Device,
        judge: Option<Judge>,
    ) -> Result<Self, SessionError> {
        manifest.config.validate()?;
        manifest.config.validate_for(&dataset.name, dataset.train.len())?;
        check_free(&run)?;
        let first = first_state(&manifest, dataset)?;
        check_room(&run, &manifest, &first)?;
        let training = training_from(first, &run, &manifest, dataset, device)?;
        // The first file in a run's directory is the one that makes it a run.
        let write = |source| SessionError::Folder { action: "write", path: run.manifest(), source };
        fs::create_dir_all(run.path()).map_err(write)?;
        let lock = RunLock::take(&run)?;
        // Somebody may have started it meanwhile.
        if run.manifest().exists() {
            return Err(SessionError::Exists { path: run.path().to_owned() });
        }
        manifest.write(&run.manifest()).map_err(write)?;
        Self::record(training, lock, manifest, dataset, judge)
    }

    /// Takes up the training of a run directory after its newest checkpoint. `manifest` is the run's own, but for settings
    /// that change no step, such as the number of epochs. Its checkpoints alone decide: other files that are damaged are
    /// mended as far as they can be ([`Session::take_notes`]).
    ///
    /// # Errors
    /// A run that somebody trains, a checkpoint that cannot be read or does not belong to `manifest`, or fewer steps than are
    /// done.
    pub fn resume(
        run: RunDirectory,
        manifest: Manifest,
        dataset: &'a Dataset,
        device: Device,
        judge: Option<Judge>,
    ) -> Result<Self, SessionError> {
        manifest.config.validate()?;
        manifest.config.validate_for(&dataset.name, dataset.train.len())?;
        // Before its checkpoint is read: whoever trains it writes another.
        let lock = RunLock::take(&run)?;
        let newest = checkpoint::read_newest(&run, &manifest.config, &manifest.dataset.identity)?;
        // A run that was ended before its first checkpoint begins again: the same, by the same seed.
        let snapshot = match newest {
            Some(snapshot) => snapshot,
            None => first_state(&manifest, dataset)?,
        };
        let (step, total) = (snapshot.step, manifest.config.total_steps(dataset.train.len()));
        if step > total {
            return Err(SessionError::Beyond { path: run.path().to_owned(), step, total });
        }
        let training = training_from(snapshot, &run, &manifest, dataset, device)?;
        Self::record(training, lock, manifest, dataset, judge)
    }

    fn record(
        mut training: Training<'a>,
        lock: RunLock,
        manifest: Manifest,
        dataset: &'a Dataset,
        judge: Option<Judge>,
    ) -> Result<Self, SessionError> {
        let device = training.device();
        let (name, threads) = (device.to_string(), device.threads().count());
        let (seed, spec) = (manifest.config.seed, training.spec());
        let manifest = judged_by(manifest, judge.as_ref());
        let recorder = Recorder::take_up(lock, manifest, training.step(), name, threads)?;
        if training.step() > 0 && !recorder.has_generator(training.step()) {
            recorder.write_generator(&training.generator().map_err(without_checkpoint)?)?;
        }
        if let Some(judge) = judge {
            let monitor = Monitor::new(judge, spec, dataset, seed, recorder.looks().to_vec());
            training.look_for_collapse(monitor.map_err(without_checkpoint)?);
        }
        // Last: a run that cannot go on keeps its record as it is.
        recorder.write_manifest()?;
        Ok(Session { training, recorder })
    }

    /// The training itself.
    pub fn training(&self) -> &Training<'a> {
        &self.training
    }

    /// The sample grid as it stands: see [`Training::preview`].
    ///
    /// # Errors
    /// When the device fails.
    pub fn preview(&mut self) -> Result<(Vec<u8>, usize), SessionError> {
        self.training.preview().map_err(without_checkpoint)
    }

    /// Where it is recorded.
    pub fn run_directory(&self) -> &RunDirectory {
        self.recorder.run()
    }

    /// What is to be told of files of the run that were not as they should be: after it was taken up, and after
    /// [`Session::run`]. Each is told once.
    pub fn take_notes(&mut self) -> Vec<Note> {
        self.recorder.take_notes()
    }

    /// What the run is.
    pub fn manifest(&self) -> &Manifest {
        self.recorder.manifest()
    }

    /// Who looks for a collapse, if anybody.
    pub fn judge(&self) -> Option<&JudgeIdentity> {
        self.training.judge()
    }

    /// Where the generator collapsed, if it did.
    pub fn collapse(&self) -> Option<&Collapse> {
        self.manifest().collapse.as_ref()
    }

    /// Trains to the end, or until `stop` is set. Everything is recorded first, then `observer` is told.
    ///
    /// # Errors
    /// A number that is not finite, a device that fails, a file that cannot be written, or an observer that cannot go on.
    /// The last checkpoint stays as it is.
    pub fn run(&mut self, stop: &AtomicBool, observer: &mut dyn Observer) -> Result<Outcome, SessionError> {
        let mut others = |event: &Event<'_>| observer.observe(event);
        let outcome = self.training.run(stop, &mut (&mut self.recorder, &mut others));
        outcome.map_err(|error| self.explained(error))
    }

    /// What ended a training, with the file that is still good.
    fn explained(&self, error: TrainError) -> SessionError {
        match error {
            TrainError::Observer(source) => match source.downcast::<RecordError>() {
                Ok(record) => SessionError::Record(*record),
                Err(source) => without_checkpoint(TrainError::Observer(source)),
            },
            TrainError::Device { last_good, .. } | TrainError::NotFinite { last_good, .. } => {
                let checkpoint = last_good.map(|step| self.recorder.run().checkpoint(step));
                SessionError::Training { source: error, checkpoint }
            }
            source => without_checkpoint(source),
        }
    }
}

/// What ended a training, where no checkpoint is spoken of.
fn without_checkpoint(source: impl Into<TrainError>) -> SessionError {
    SessionError::Training { source: source.into(), checkpoint: None }
}

/// The state before a run's first step.
fn first_state(manifest: &Manifest, dataset: &Dataset) -> Result<Snapshot, SessionError> {
    let first = Snapshot::first(&manifest.config, dataset.classes);
    first.map_err(without_checkpoint)
}

/// A training from a state, which belongs to a run's checkpoint.
fn training_from<'a>(
    snapshot: Snapshot,
    run: &RunDirectory,
    manifest: &Manifest,
    dataset: &'a Dataset,
    device: Device,
) -> Result<Training<'a>, SessionError> {
    let step = snapshot.step;
    Training::new(manifest.config.clone(), dataset, device, snapshot).map_err(|error| match error {
        TrainError::State(source) => SessionError::State { path: run.checkpoint(step), source },
        source => without_checkpoint(source),
    })
}

/// The record of a run with who judges it; if nobody does now, with who did.
fn judged_by(manifest: Manifest, judge: Option<&Judge>) -> Manifest {
    let unwatched = judge.is_none() && manifest.judge.is_some();
    let judge = judge.map(|judge| judge.identity().clone());
    Manifest { unwatched, judge: judge.or(manifest.judge.clone()), ..manifest }
}

/// Checks that there is room for the files of a new run whose size is known: two checkpoints beside one being written, and a
/// generator for each epoch beside the newest.
fn check_room(run: &RunDirectory, manifest: &Manifest, first: &Snapshot) -> Result<(), SessionError> {
    let Manifest { config, dataset, .. } = manifest;
    let spec = ModelSpec { variant: config.model, classes: dataset.identity.classes };
    let bytes = |tensors: &TensorMap| tensors.values().map(|tensor| 4 * tensor.values.len() as u64).sum::<u64>();
    let generator = GeneratorFile::from_state(&first.state, spec, &dataset.class_names, &dataset.identity.name, 0);
    let images = dataset.identity.train_images;
    let epochs = config.total_steps(images) / config.steps_per_epoch(images).max(1);
    let needed = 3 * bytes(&first.state) + (epochs + 1) * bytes(&generator.tensors);
    match free_bytes(run.path()) {
        Some(free) if free < needed => Err(SessionError::NoRoom { path: run.path().to_owned(), free, needed }),
        _ => Ok(()),
    }
}

/// Checks that a run may be taken up: nobody trains it, and its checkpoints are where they belong. To be asked before its data
/// is loaded. Leaves no trace.
///
/// # Errors
/// When it is in use, which names whoever trains it, or something else is in the place of its checkpoints.
pub fn check_resumable(run: &RunDirectory) -> Result<(), SessionError> {
    RunLock::check(run)?;
    Ok(checkpoint::check_folder(run)?)
}

/// Checks that a new run may go to a directory: it is free if it is not there or holds nothing but leftovers of a run that
/// never came to be. Leaves no trace.
///
/// # Errors
/// When it is in use, which names whoever trains there, or cannot be written or looked into.
pub fn check_free(run: &RunDirectory) -> Result<(), SessionError> {
    RunLock::check(run)?;
    if run.manifest().exists() {
        return Err(SessionError::Exists { path: run.path().to_owned() });
    }
    let folder = |action| move |source| SessionError::Folder { action, path: run.path().to_owned(), source };
    check_folder(run.path()).map_err(folder("create"))?;
    let entries = match fs::read_dir(run.path()) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        entries => entries.map_err(folder("create"))?,
    };
    for entry in entries {
        let name = entry.map_err(folder("read"))?.file_name();
        if !name.to_string_lossy().starts_with('.') {
            return Err(SessionError::NotEmpty { path: run.path().to_owned() });
        }
    }
    Ok(())
}
