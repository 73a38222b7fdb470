//! The one training loop.
//!
//! [`Trainer::start`] and [`Trainer::resume`] set it up, [`Trainer::run`] turns it. Each step is a
//! function of the settings, the data and the step's number, so it does not matter how often a
//! training was interrupted.

mod error;
mod feed;
mod pictures;
pub mod watch;

pub use error::TrainError;

use crate::atomic_file;
use crate::config::{OnCollapse, TrainConfig};
use crate::data;
use crate::data::Dataset;
use crate::engine::{Device, Engine, EngineError, StepReport};
use crate::judge::{Judge, JudgeIdentity};
use crate::model::{ModelSpec, TensorMap};
use crate::run::RunDirectory;
use crate::run::checkpoint::Checkpoint;
use crate::run::generator_file::GeneratorFile;
use crate::run::manifest::{Collapse, Manifest};
use crate::run::records::{LossRecord, WatchRecord};
use crate::run::step_log::StepLog;
use crate::run::tensorboard::EventWriter;
use crate::run::timing::Stopwatch;
use error::{Attempt, first_not_finite};
use feed::{Feed, Pace};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};
use watch::Watch;

/// How often a training goes back after a collapse, at most.
pub const MAX_ROLLBACKS: u32 = 3;

/// What happens in a training, for whoever watches.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// A step is done.
    Step {
        /// Finished steps.
        step: u64,
        /// The epoch it belongs to, from 1.
        epoch: u32,
        /// What it found.
        report: &'a StepReport,
    },
    /// An epoch is done, and its sample grid drawn.
    Epoch {
        /// Finished epochs.
        epoch: u32,
        /// Finished steps.
        step: u64,
    },
    /// The generator collapsed.
    Collapsed {
        /// Finished steps.
        step: u64,
        /// What is wrong, in words.
        complaint: &'a str,
        /// The step of the checkpoint that the training goes back to, if it does.
        back_to: Option<u64>,
    },
    /// A checkpoint is on the disk.
    Saved {
        /// Finished steps.
        step: u64,
    },
}

/// How a training ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All steps are done.
    Finished,
    /// It was asked to stop, and saved.
    Stopped,
    /// The generator collapsed, and that was to be the end.
    Collapsed,
}

/// A training, ready to run.
pub struct Trainer<'a> {
    run: RunDirectory,
    manifest: Manifest,
    spec: ModelSpec,
    device: Device,
    feed: Feed<'a>,
    engine: Box<dyn Engine + Send>,
    /// Steps that were begun.
    step: u64,
    /// Steps whose reports are in the records.
    reported: u64,
    /// Room for reports on their way there.
    reports: Vec<StepReport>,
    saved_step: Option<u64>,
    watch: Option<Watch>,
    watch_log: StepLog<WatchRecord>,
    rollbacks: u32,
    losses: StepLog<LossRecord>,
    events: EventWriter,
    stopwatch: Stopwatch,
}

impl<'a> Trainer<'a> {
    /// Starts a training in a new run directory: writes `run.toml` into it and everything else as it comes. Where there is
    /// a judge of the data set, it watches for mode collapse.
    ///
    /// # Errors
    /// Impossible settings, a directory that is in use, or one that cannot be written.
    pub fn start(
        run: RunDirectory,
        manifest: &'a Manifest,
        dataset: &'a Dataset,
        device: Device,
        judge: Option<Judge>,
    ) -> Result<Self, TrainError> {
        check_settings(manifest)?;
        check_free(&run)?;
        std::fs::create_dir_all(run.path()).attempt("create", run.path())?;
        watched_by(manifest, judge.as_ref()).write(&run.manifest()).attempt("write", &run.manifest())?;
        let start = Checkpoint::start(&manifest.config, &manifest.dataset.identity);
        Self::from_checkpoint(run, manifest, dataset, device, judge, start)
    }

    /// Takes up the training of a run directory after its newest checkpoint. `manifest` is the run's own, but for
    /// settings that change no step, such as the number of epochs.
    ///
    /// # Errors
    /// A checkpoint or losses that cannot be read or do not belong to `manifest`.
    pub fn resume(
        run: RunDirectory,
        manifest: &'a Manifest,
        dataset: &'a Dataset,
        device: Device,
        judge: Option<Judge>,
    ) -> Result<Self, TrainError> {
        check_settings(manifest)?;
        let (config, identity) = (&manifest.config, &manifest.dataset.identity);
        // A run that was ended before its first checkpoint begins again: the same, by the same seed.
        let checkpoint = Checkpoint::read_newest(&run, config, identity)?;
        let checkpoint = checkpoint.unwrap_or_else(|| Checkpoint::start(config, identity));
        let trainer = Self::from_checkpoint(run, manifest, dataset, device, judge, checkpoint)?;
        // Last: a run that cannot go on keeps its record as it is.
        trainer.manifest.write(&trainer.run.manifest()).attempt("write", &trainer.run.manifest())?;
        Ok(trainer)
    }

    fn from_checkpoint(
        run: RunDirectory,
        manifest: &'a Manifest,
        dataset: &'a Dataset,
        device: Device,
        judge: Option<Judge>,
        checkpoint: Checkpoint,
    ) -> Result<Self, TrainError> {
        let Checkpoint { step, rollbacks, state } = checkpoint;
        run.create().attempt("create", run.path())?;
        for folder in run.folders() {
            atomic_file::remove_leftovers(&folder).attempt("tidy", &folder)?;
        }
        let config = &manifest.config;
        let spec = ModelSpec { variant: config.model, classes: dataset.classes };
        let mut engine = device.engine(&spec, config.batch_size, config.protocol())?;
        engine.restore(&state, step).map_err(|error| TrainError::restoring(error, &run.checkpoint(step)))?;
        let Records { losses, events, watch_log } = Records::resume(&run, step)?;
        Ok(Trainer {
            manifest: watched_by(manifest, judge.as_ref()),
            spec,
            device,
            feed: Feed::new(config, &spec, &dataset.train, engine.as_mut())?,
            engine,
            reported: step,
            reports: Vec::new(),
            step,
            saved_step: (step > 0).then_some(step),
            watch: judge.map(|judge| Watch::new(judge, spec, dataset, config.seed)),
            watch_log,
            rollbacks,
            losses,
            events,
            stopwatch: Stopwatch::take_up(&run, step),
            run,
        })
    }

    /// What it computes on.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// Who watches for mode collapse, if anybody.
    pub fn watched_by(&self) -> Option<&JudgeIdentity> {
        self.manifest.judge.as_ref().filter(|_| self.watch.is_some())
    }

    /// Finished steps.
    pub fn step(&self) -> u64 {
        self.step
    }

    /// Where the generator collapsed, if it did.
    pub fn collapse(&self) -> Option<&Collapse> {
        self.manifest.collapse.as_ref()
    }

    /// Steps in an epoch.
    pub fn steps_per_epoch(&self) -> u64 {
        self.feed.steps_per_epoch()
    }

    /// Steps of the whole training.
    pub fn total_steps(&self) -> u64 {
        self.manifest.config.total_steps(self.manifest.dataset.identity.train_images)
    }

    /// Trains to the end, or until `stop` is set. Work is split over the rayon pool that this is called in.
    ///
    /// # Errors
    /// A number that is not finite, or a file that cannot be written. The last checkpoint stays as it is.
    pub fn run(&mut self, stop: &AtomicBool, watch: &mut dyn FnMut(Event<'_>)) -> Result<Outcome, TrainError> {
        let total = self.total_steps();
        self.stopwatch.begin(self.step, self.device.to_string());
        while self.step < total {
            if stop.load(Ordering::Relaxed) {
                self.save(watch)?;
                self.draw_losses()?;
                self.draw_watch()?;
                return Ok(Outcome::Stopped);
            }
            self.advance(watch)?;
            match self.look(watch)? {
                Look::Healthy => {}
                Look::Collapsed => return Ok(Outcome::Collapsed),
                Look::WentBack => continue,
            }
            let epoch_done = self.step.is_multiple_of(self.steps_per_epoch());
            if epoch_done {
                self.collect(watch)?;
                self.finish_epoch()?;
                watch(Event::Epoch { epoch: (self.step / self.steps_per_epoch()) as u32, step: self.step });
            }
            let due = self.manifest.config.checkpoint_steps.is_some_and(|steps| self.step.is_multiple_of(steps));
            if epoch_done || due || self.step == total {
                self.save(watch)?;
            }
        }
        self.draw_losses()?;
        self.draw_watch()?;
        self.animate()?;
        Ok(Outcome::Finished)
    }

    /// One step: its data, its computation, its records.
    fn advance(&mut self, watch: &mut dyn FnMut(Event<'_>)) -> Result<(), TrainError> {
        let config = &self.manifest.config;
        let TrainConfig { lr, lr_d, .. } = *config;
        let all = config.scheduled_steps(self.manifest.dataset.identity.train_images);
        let done = self.step as f64 / all as f64;
        let factor = config.rate_factor(done) * 0.5f64.powi(self.rollbacks as i32);
        let (generator_rate, discriminator_rate) = (lr * factor, lr_d * factor);
        let pace = Pace { generator_rate, discriminator_rate, noise: config.noise(done) };
        let begun = self.feed.begin(self.engine.as_mut(), self.step, self.rollbacks, pace);
        begun.map_err(|error| self.failed(error))?;
        self.step += 1;
        if self.step - self.reported >= self.engine.steps_in_flight() { self.collect(watch) } else { Ok(()) }
    }

    /// Waits for the steps that were begun, and records what they found.
    fn collect(&mut self, watch: &mut dyn FnMut(Event<'_>)) -> Result<(), TrainError> {
        let mut reports = std::mem::take(&mut self.reports);
        let outcome = self.engine.reports(&mut |report| reports.push(report));
        for report in reports.drain(..) {
            self.reported += 1;
            let (step, epoch) = (self.reported, ((self.reported - 1) / self.steps_per_epoch()) as u32 + 1);
            self.record(step, epoch, &report)?;
            watch(Event::Step { step, epoch, report: &report });
        }
        self.reports = reports;
        outcome.map_err(|error| self.failed(error))
    }

    /// Lets the watch look at the generator, if it is time, and does what is to be done after a collapse.
    fn look(&mut self, watch: &mut dyn FnMut(Event<'_>)) -> Result<Look, TrainError> {
        let config = &self.manifest.config;
        let (on_collapse, due) = (config.on_collapse, self.step.is_multiple_of(config.watch_steps));
        if self.watch.is_none() || !due {
            return Ok(Look::Healthy);
        }
        self.collect(watch)?;
        let Some(watcher) = &mut self.watch else { return Ok(Look::Healthy) };
        let record = watcher.look(self.engine.as_mut(), self.step)?;
        self.watch_log.append(record).attempt("write", &self.run.watch())?;
        self.watch_log.flush().attempt("write", &self.run.watch())?;
        let scalars = [
            ("watch/class entropy", record.entropy),
            ("watch/distance", record.distance),
            ("watch/agreement", record.agreement.unwrap_or(0.0)),
        ];
        let count = if record.agreement.is_some() { 3 } else { 2 };
        self.events.scalars(self.step, now(), &scalars[..count]).attempt("write", &self.run.tensorboard())?;
        // Told when it begins; a collapse that lasts is in the records.
        let collapsed = watch::collapsed(self.watch_log.records());
        let begins = collapsed.ends_with(&[true]) && !collapsed.ends_with(&[true, true]);
        let Some(complaint) = record.complaint().filter(|_| begins) else { return Ok(Look::Healthy) };
        let last = if on_collapse == OnCollapse::Rollback && self.rollbacks < MAX_ROLLBACKS {
            Look::WentBack
        } else if on_collapse == OnCollapse::Continue {
            Look::Healthy
        } else {
            Look::Collapsed
        };
        let step = self.step;
        let back_to = if last == Look::WentBack { Some(self.go_back()?) } else { None };
        let rollbacks = self.rollbacks;
        self.manifest
            .collapse
            .get_or_insert_with(|| Collapse { step, complaint: complaint.clone(), rollbacks: 0 })
            .rollbacks = rollbacks;
        self.manifest.write(&self.run.manifest()).attempt("write", &self.run.manifest())?;
        watch(Event::Collapsed { step, complaint: &complaint, back_to });
        if last == Look::Collapsed {
            self.draw_losses()?;
            self.draw_watch()?;
        }
        Ok(last)
    }

    /// Takes up the newest checkpoint again. Returns its step.
    fn go_back(&mut self) -> Result<u64, TrainError> {
        let (config, identity) = (&self.manifest.config, &self.manifest.dataset.identity);
        let checkpoint = Checkpoint::read_newest(&self.run, config, identity)?;
        let Checkpoint { step, state, .. } = checkpoint.unwrap_or_else(|| Checkpoint::start(config, identity));
        self.engine.restore(&state, step).map_err(|error| TrainError::restoring(error, &self.run.checkpoint(step)))?;
        // What is still in the old writer's buffer must not be written after the new one has cut the file back.
        self.losses.flush().attempt("write", &self.run.losses())?;
        let Records { losses, events, watch_log } = Records::resume(&self.run, step)?;
        (self.losses, self.events, self.watch_log) = (losses, events, watch_log);
        (self.step, self.reported) = (step, step);
        self.saved_step = (step > 0).then_some(step);
        self.rollbacks += 1;
        Ok(step)
    }

    /// Whether the state is one to go back to: always, unless the watch finds fault with it.
    fn is_healthy(&mut self) -> Result<bool, TrainError> {
        let Some(watcher) = &mut self.watch else { return Ok(true) };
        let mut records = self.watch_log.records().to_vec();
        if records.last().is_none_or(|last| last.step < self.step) {
            records.push(watcher.look(self.engine.as_mut(), self.step)?);
        }
        Ok(watch::collapsed(&records).last() != Some(&true))
    }

    /// The error of the first step that has no report, naming the tensor where it shows that a number is not finite.
    fn failed(&self, error: EngineError) -> TrainError {
        let (step, last_good) = (self.reported + 1, self.last_good());
        let what = match error {
            EngineError::NotFinite(what) => what.0,
            source => return TrainError::Device { step, source, last_good },
        };
        let first = |tensors: Result<TensorMap, EngineError>| first_not_finite(&tensors.ok()?);
        let tensor = first(self.engine.state())
            .or_else(|| first(self.engine.gradients()).map(|name| format!("gradient of {name}")))
            .unwrap_or_else(|| "no parameter yet".to_owned());
        TrainError::NotFinite { step, what, tensor, last_good }
    }

    fn last_good(&self) -> String {
        match self.saved_step {
            Some(step) => self.run.checkpoint(step).display().to_string(),
            None => "none yet".to_owned(),
        }
    }

    fn record(&mut self, step: u64, epoch: u32, report: &StepReport) -> Result<(), TrainError> {
        let record = LossRecord {
            step,
            epoch,
            d_loss: report.d_loss as f32,
            g_loss: report.g_loss as f32,
            d_real: report.d_real,
            d_fake: report.d_fake,
            d_fake_after: report.d_fake_after,
            d_class: report.d_class.map(|loss| loss as f32),
            g_class: report.g_class.map(|loss| loss as f32),
        };
        self.losses.append(record).attempt("write", &self.run.losses())?;
        let mut scalars = [("", 0.0); 7];
        let classes = [("loss/D class", record.d_class), ("loss/G class", record.g_class)];
        let always = [
            ("loss/D", record.d_loss),
            ("loss/G", record.g_loss),
            ("probability/D(x)", record.d_real),
            ("probability/D(G(z)) before", record.d_fake),
            ("probability/D(G(z)) after", record.d_fake_after),
        ];
        let some = classes.into_iter().filter_map(|(tag, value)| Some((tag, value?)));
        let mut count = 0;
        for (slot, scalar) in scalars.iter_mut().zip(always.into_iter().chain(some)) {
            *slot = scalar;
            count += 1;
        }
        self.events.scalars(step, now(), &scalars[..count]).attempt("write", &self.run.tensorboard())
    }

    fn generator(&self, state: &TensorMap) -> GeneratorFile {
        let dataset = &self.manifest.dataset;
        GeneratorFile::from_state(state, self.spec, &dataset.class_names, &dataset.identity.name, self.step)
    }

    /// Writes a checkpoint and the generator, after the records that belong to them.
    fn save(&mut self, watch: &mut dyn FnMut(Event<'_>)) -> Result<(), TrainError> {
        if self.saved_step == Some(self.step) {
            return Ok(());
        }
        self.collect(watch)?;
        // Going back must lead out of a collapse: with this setting no checkpoint is of one.
        let goes_back = self.manifest.config.on_collapse == OnCollapse::Rollback && self.rollbacks < MAX_ROLLBACKS;
        if goes_back && self.step < self.total_steps() && !self.is_healthy()? {
            return Ok(());
        }
        let state = self.engine.state()?;
        if let Some(tensor) = first_not_finite(&state) {
            let what = "a state that cannot be saved".to_owned();
            return Err(TrainError::NotFinite { step: self.step, what, tensor, last_good: self.last_good() });
        }
        self.losses.sync().attempt("write", &self.run.losses())?;
        self.watch_log.sync().attempt("write", &self.run.watch())?;
        self.events.flush().attempt("write", &self.run.tensorboard())?;
        let path = self.run.generator();
        self.generator(&state).write(&path).attempt("write", &path)?;
        let (config, identity) = (&self.manifest.config, &self.manifest.dataset.identity);
        let checkpoint = Checkpoint { step: self.step, rollbacks: self.rollbacks, state };
        checkpoint.write(&self.run, config, identity).attempt("write", &self.run.checkpoint(self.step))?;
        self.saved_step = Some(self.step);
        self.stopwatch.record(&self.run, self.step).attempt("write", &self.run.timing())?;
        watch(Event::Saved { step: self.step });
        Ok(())
    }
}

/// What a look of the watch leads to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Look {
    /// Nothing.
    Healthy,
    /// The end.
    Collapsed,
    /// The training stands at an earlier step again.
    WentBack,
}

/// The files that a training adds to.
struct Records {
    losses: StepLog<LossRecord>,
    events: EventWriter,
    watch_log: StepLog<WatchRecord>,
}

impl Records {
    /// Continues them after `step` steps.
    fn resume(run: &RunDirectory, step: u64) -> Result<Self, TrainError> {
        let path = run.losses();
        let losses = StepLog::resume(&path, step).attempt(if step == 0 { "write" } else { "continue" }, &path)?;
        let purge = (step > 0).then_some(step + 1);
        let events = EventWriter::create(&run.tensorboard(), now(), purge).attempt("write", &run.tensorboard())?;
        let path = run.watch();
        let watch_log = StepLog::resume(&path, step).attempt("continue", &path)?;
        Ok(Records { losses, events, watch_log })
    }
}

/// The record of a run with who watches it; if nobody does now, with who did.
fn watched_by(manifest: &Manifest, judge: Option<&Judge>) -> Manifest {
    let judge = judge.map(|judge| judge.identity().clone());
    Manifest { judge: judge.or(manifest.judge.clone()), ..manifest.clone() }
}

fn check_settings(manifest: &Manifest) -> Result<(), TrainError> {
    manifest.config.validate()?;
    manifest.config.validate_for(&manifest.dataset.identity)?;
    Ok(())
}

/// A directory is free if it is not there or holds nothing but leftovers of a run that never came to be.
fn check_free(run: &RunDirectory) -> Result<(), TrainError> {
    if run.manifest().exists() {
        return Err(TrainError::Exists { path: run.path().to_owned() });
    }
    let entries = match std::fs::read_dir(run.path()) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        entries => entries.attempt("create", run.path())?,
    };
    for entry in entries {
        let name = entry.attempt("read", run.path())?.file_name();
        if !name.to_string_lossy().starts_with('.') {
            return Err(TrainError::NotEmpty { path: run.path().to_owned() });
        }
    }
    Ok(())
}

/// Seconds since 1970.
fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}

/// Makes the record of a loaded data set for a run's manifest.
pub fn dataset_record(
    loaded: &data::Loaded,
    data_dir: Option<std::path::PathBuf>,
) -> crate::run::manifest::DatasetRecord {
    crate::run::manifest::DatasetRecord {
        identity: loaded.dataset.identity(),
        class_names: loaded.dataset.class_names.clone(),
        fallback: loaded.fallback.clone(),
        data_dir,
    }
}
