//! A training with the run directory that records it.

use super::error::SessionError;
use crate::data::Dataset;
use crate::engine::{Device, EngineError, InputError};
use crate::judge::{Judge, JudgeIdentity};
use crate::run::manifest::{Collapse, Manifest};
use crate::run::{RecordError, Recorder, RunDirectory, checkpoint};
use crate::train::{Event, Monitor, Observer, Outcome, Snapshot, TrainError, Training};
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
/// let loaded = Loaded { dataset: strokes::some(20, 0)?, fallback: None };
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
        let training = training_from(first, &run, &manifest, dataset, device)?;
        // The first file in a run's directory is the one that makes it a run.
        let write = |source| SessionError::Folder { action: "write", path: run.manifest(), source };
        fs::create_dir_all(run.path()).map_err(write)?;
        manifest.write(&run.manifest()).map_err(write)?;
        Self::record(training, run, manifest, dataset, judge)
    }

    /// Takes up the training of a run directory after its newest checkpoint. `manifest` is the run's own, but for settings
    /// that change no step, such as the number of epochs.
    ///
    /// # Errors
    /// A checkpoint or records that cannot be read or do not belong to `manifest`.
    pub fn resume(
        run: RunDirectory,
        manifest: Manifest,
        dataset: &'a Dataset,
        device: Device,
        judge: Option<Judge>,
    ) -> Result<Self, SessionError> {
        manifest.config.validate()?;
        manifest.config.validate_for(&dataset.name, dataset.train.len())?;
        let newest = checkpoint::read_newest(&run, &manifest.config, &manifest.dataset.identity)?;
        // A run that was ended before its first checkpoint begins again: the same, by the same seed.
        let snapshot = match newest {
            Some(snapshot) => snapshot,
            None => first_state(&manifest, dataset)?,
        };
        let training = training_from(snapshot, &run, &manifest, dataset, device)?;
        Self::record(training, run, manifest, dataset, judge)
    }

    fn record(
        mut training: Training<'a>,
        run: RunDirectory,
        manifest: Manifest,
        dataset: &'a Dataset,
        judge: Option<Judge>,
    ) -> Result<Self, SessionError> {
        let device = training.device();
        let (name, threads) = (device.to_string(), device.threads().count());
        let (seed, spec) = (manifest.config.seed, training.spec());
        let manifest = judged_by(manifest, judge.as_ref());
        let recorder = Recorder::take_up(run, manifest, training.step(), name, threads)?;
        if let Some(judge) = judge {
            let monitor = Monitor::new(judge, spec, dataset, seed, recorder.looks().to_vec());
            let failed = |error: InputError| EngineError::Input(error).into();
            let monitor =
                monitor.map_err(|error| SessionError::Training { source: failed(error), checkpoint: None })?;
            training.look_for_collapse(monitor);
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
        self.training.preview().map_err(|error| SessionError::Training { source: error.into(), checkpoint: None })
    }

    /// Where it is recorded.
    pub fn run_directory(&self) -> &RunDirectory {
        self.recorder.run()
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
                Err(source) => SessionError::Training { source: TrainError::Observer(source), checkpoint: None },
            },
            TrainError::Device { last_good, .. } | TrainError::NotFinite { last_good, .. } => {
                let checkpoint = last_good.map(|step| self.recorder.run().checkpoint(step));
                SessionError::Training { source: error, checkpoint }
            }
            source => SessionError::Training { source, checkpoint: None },
        }
    }
}

/// The state before a run's first step.
fn first_state(manifest: &Manifest, dataset: &Dataset) -> Result<Snapshot, SessionError> {
    let first = Snapshot::first(&manifest.config, dataset.classes);
    first.map_err(|error| SessionError::Training { source: error, checkpoint: None })
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
        source => SessionError::Training { source, checkpoint: None },
    })
}

/// The record of a run with who judges it; if nobody does now, with who did.
fn judged_by(manifest: Manifest, judge: Option<&Judge>) -> Manifest {
    let judge = judge.map(|judge| judge.identity().clone());
    Manifest { judge: judge.or(manifest.judge.clone()), ..manifest }
}

/// Checks that a new run may go to a directory: it is free if it is not there or holds nothing but leftovers of a run that
/// never came to be.
///
/// # Errors
/// When it is in use, or cannot be looked into.
pub fn check_free(run: &RunDirectory) -> Result<(), SessionError> {
    if run.manifest().exists() {
        return Err(SessionError::Exists { path: run.path().to_owned() });
    }
    let folder = |action| move |source| SessionError::Folder { action, path: run.path().to_owned(), source };
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
