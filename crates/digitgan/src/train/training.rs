//! The loop itself.

use super::error::TrainError;
use super::events::{Event, Observer, Outcome};
use super::feed::Feed;
use super::monitor::Monitor;
use super::snapshot::Snapshot;
use crate::config::{OnCollapse, TrainConfig};
use crate::data::Dataset;
use crate::engine::{Device, Engine, EngineError, InputError, StepReport};
use crate::judge::JudgeIdentity;
use crate::model::{ModelSpec, TensorMap};
use crate::sample::{self, GridPlan};
use crate::weights::GeneratorFile;
use std::sync::atomic::{AtomicBool, Ordering};

/// How often a training goes back after a collapse, at most.
pub const MAX_ROLLBACKS: u32 = 3;

/// A training, ready to run.
///
/// ```
/// use digitgan::prelude::*;
///
/// let dataset = strokes::some(20, 0)?;
/// let config = TrainConfig { epochs: 1, batch_size: 10, ..Recipe::Paper.config(Variant::Cgan) };
///
/// let first = Snapshot::first(&config, dataset.classes)?;
/// let mut training = Training::new(config, &dataset, Device::cpu(None)?, first)?;
/// let mut generator = None;
/// let mut observer = |event: &Event<'_>| {
///     match event {
///         Event::Step { step, report, .. } => println!("step {step}: D {:.3}, G {:.3}", report.d_loss, report.g_loss),
///         Event::Epoch { generator: now, .. } => generator = Some((*now).clone()),
///         _ => {}
///     }
///     Ok(())
/// };
/// training.run(&std::sync::atomic::AtomicBool::new(false), &mut observer)?;
/// assert_eq!(generator.map(|generator| generator.step), Some(2));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Training<'a> {
    config: TrainConfig,
    spec: ModelSpec,
    dataset: &'a Dataset,
    device: Device,
    feed: Feed<'a>,
    engine: Box<dyn Engine + Send>,
    monitor: Option<Monitor>,
    grid: GridPlan,
    /// Steps that were begun.
    step: u64,
    /// Steps whose reports were told.
    reported: u64,
    /// Room for reports on their way there.
    reports: Vec<StepReport>,
    rollbacks: u32,
    /// Finished steps of the last state that was told as a checkpoint.
    saved_step: Option<u64>,
    /// That state, where a collapse leads back to it.
    last_good: Option<Snapshot>,
}

/// What a look of the monitor leads to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Look {
    /// Nothing.
    Healthy,
    /// The end.
    Collapsed,
    /// The training stands at an earlier step again.
    WentBack,
}

impl<'a> Training<'a> {
    /// Sets up a training on the training images of `dataset`, from `start` on: [`Snapshot::first`], or the state of a
    /// checkpoint.
    ///
    /// # Errors
    /// Impossible settings, a data set whose images and classes do not fit together, a state that does not fit, or a
    /// device that fails.
    pub fn new(config: TrainConfig, dataset: &'a Dataset, device: Device, start: Snapshot) -> Result<Self, TrainError> {
        config.validate()?;
        dataset.check()?;
        config.validate_for(&dataset.name, dataset.train.len())?;
        if start.rollbacks > MAX_ROLLBACKS {
            let (found, most) = (start.rollbacks as usize, MAX_ROLLBACKS as usize);
            return Err(InputError::TooMany { what: "ways back", found, most }.into());
        }
        let spec = ModelSpec { variant: config.model, classes: dataset.classes };
        let mut engine = device.engine(&spec, config.batch_size, config.protocol())?;
        let Snapshot { step, rollbacks, ref state } = start;
        engine.restore(state, step)?;
        let goes_back = config.on_collapse == OnCollapse::Rollback;
        Ok(Training {
            spec,
            dataset,
            device,
            feed: Feed::new(&config, &spec, &dataset.train, engine.as_mut())?,
            engine,
            monitor: None,
            grid: GridPlan::new(&spec),
            step,
            reported: step,
            reports: Vec::new(),
            rollbacks,
            saved_step: (step > 0).then_some(step),
            last_good: goes_back.then_some(start),
            config,
        })
    }

    /// Lets a monitor look for a collapse every `watch-steps` steps.
    pub fn look_for_collapse(&mut self, monitor: Monitor) {
        self.monitor = Some(monitor);
    }

    /// Its settings.
    pub fn config(&self) -> &TrainConfig {
        &self.config
    }

    /// What is trained.
    pub fn spec(&self) -> ModelSpec {
        self.spec
    }

    /// What it computes on.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// Who reads digits for the collapse monitor, if there is one.
    pub fn judge(&self) -> Option<&JudgeIdentity> {
        self.monitor.as_ref().map(Monitor::judge)
    }

    /// Finished steps.
    pub fn step(&self) -> u64 {
        self.step
    }

    /// Steps in an epoch.
    pub fn steps_per_epoch(&self) -> u64 {
        self.feed.steps_per_epoch()
    }

    /// Steps of the whole training.
    pub fn total_steps(&self) -> u64 {
        self.config.total_steps(self.dataset.train.len())
    }

    /// The sample grid as it stands, as bytes `[rows · columns, 28, 28]`, and its number of columns.
    ///
    /// # Errors
    /// When the device fails.
    pub fn preview(&mut self) -> Result<(Vec<u8>, usize), EngineError> {
        let images = sample::draw_grid(self.engine.as_mut(), &self.grid, self.config.seed)?;
        Ok((images, self.grid.columns))
    }

    /// The generator as it stands.
    ///
    /// # Errors
    /// When the device fails.
    pub fn generator(&self) -> Result<GeneratorFile, EngineError> {
        Ok(self.generator_of(&self.engine.state()?))
    }

    /// Trains to the end, or until `stop` is set, and tells `observer` of everything.
    ///
    /// # Errors
    /// A number that is not finite, a device that fails, or an observer that cannot go on.
    pub fn run(&mut self, stop: &AtomicBool, observer: &mut dyn Observer) -> Result<Outcome, TrainError> {
        observer.observe(&Event::Begun { step: self.step, total_steps: self.total_steps() })?;
        let outcome = self.device.clone().install(|| self.steps(stop, observer))?;
        observer.observe(&Event::Ended { outcome, step: self.step })?;
        Ok(outcome)
    }

    fn steps(&mut self, stop: &AtomicBool, observer: &mut dyn Observer) -> Result<Outcome, TrainError> {
        let total = self.total_steps();
        while self.step < total {
            if stop.load(Ordering::Relaxed) {
                self.collect(observer)?;
                self.keep(None, observer)?;
                return Ok(Outcome::Stopped);
            }
            self.advance(observer)?;
            match self.look(observer)? {
                Look::Healthy => {}
                Look::Collapsed => return Ok(Outcome::Collapsed),
                Look::WentBack => continue,
            }
            let epoch_done = self.step.is_multiple_of(self.steps_per_epoch());
            let due = self.config.checkpoint_steps.is_some_and(|steps| self.step.is_multiple_of(steps));
            if epoch_done || due || self.step == total {
                self.collect(observer)?;
                let state = if epoch_done { Some(self.finish_epoch(observer)?) } else { None };
                self.keep(state, observer)?;
            }
        }
        Ok(Outcome::Finished)
    }

    /// One step: its data, its computation.
    fn advance(&mut self, observer: &mut dyn Observer) -> Result<(), TrainError> {
        let begun = self.feed.begin(self.engine.as_mut(), self.step, self.rollbacks);
        begun.map_err(|error| self.failed(error))?;
        self.step += 1;
        if self.step - self.reported >= self.engine.steps_in_flight() { self.collect(observer) } else { Ok(()) }
    }

    /// Waits for the steps that were begun, and tells what they found.
    fn collect(&mut self, observer: &mut dyn Observer) -> Result<(), TrainError> {
        let mut reports = std::mem::take(&mut self.reports);
        let outcome = self.engine.reports(&mut |report| reports.push(report));
        for report in reports.drain(..) {
            self.reported += 1;
            let (step, epoch) = (self.reported, ((self.reported - 1) / self.steps_per_epoch()) as u32 + 1);
            observer.observe(&Event::Step { step, epoch, report: &report })?;
        }
        self.reports = reports;
        outcome.map_err(|error| self.failed(error))
    }

    /// Lets the monitor look at the generator, if it is time, and does what is to be done after a collapse.
    fn look(&mut self, observer: &mut dyn Observer) -> Result<Look, TrainError> {
        if self.monitor.is_none() || !self.step.is_multiple_of(self.config.watch_steps) {
            return Ok(Look::Healthy);
        }
        self.collect(observer)?;
        let Some(monitor) = &mut self.monitor else { return Ok(Look::Healthy) };
        let (record, complaint) = monitor.look(self.engine.as_mut(), self.step)?;
        observer.observe(&Event::Looked { record: &record })?;
        let Some(complaint) = complaint else { return Ok(Look::Healthy) };
        let step = self.step;
        let look = match self.config.on_collapse {
            OnCollapse::Continue => Look::Healthy,
            OnCollapse::Rollback if self.rollbacks < MAX_ROLLBACKS => Look::WentBack,
            OnCollapse::Rollback | OnCollapse::Stop => Look::Collapsed,
        };
        let back_to = if look == Look::WentBack { Some(self.go_back()?) } else { None };
        let rollbacks = self.rollbacks;
        observer.observe(&Event::Collapsed { step, complaint: &complaint, back_to, rollbacks })?;
        Ok(look)
    }

    /// Takes up the last good state again. Returns its step.
    fn go_back(&mut self) -> Result<u64, TrainError> {
        let good = match self.last_good.take() {
            Some(good) => good,
            None => Snapshot::first(&self.config, self.spec.classes)?,
        };
        self.engine.restore(&good.state, good.step)?;
        (self.step, self.reported) = (good.step, good.step);
        self.saved_step = (good.step > 0).then_some(good.step);
        self.rollbacks += 1;
        if let Some(monitor) = &mut self.monitor {
            monitor.go_back_to(good.step);
        }
        let step = good.step;
        self.last_good = Some(good);
        Ok(step)
    }

    /// Draws the sample grid of the epoch just finished, and tells it with the generator. Returns the state.
    fn finish_epoch(&mut self, observer: &mut dyn Observer) -> Result<TensorMap, TrainError> {
        let epoch = (self.step / self.steps_per_epoch()) as u32;
        let (grid, columns) = self.preview()?;
        let state = self.engine.state()?;
        let generator = self.generator_of(&state);
        observer.observe(&Event::Epoch { epoch, step: self.step, grid: &grid, columns, generator: &generator })?;
        Ok(state)
    }

    /// Tells the state as a checkpoint, unless it was told before or is none to go back to. `state` is given where it is
    /// at hand.
    fn keep(&mut self, state: Option<TensorMap>, observer: &mut dyn Observer) -> Result<(), TrainError> {
        if self.saved_step == Some(self.step) || !self.may_be_kept()? {
            return Ok(());
        }
        let state = match state {
            Some(state) => state,
            None => self.engine.state()?,
        };
        if let Some(tensor) = first_not_finite(&state) {
            let (step, last_good) = (self.step, self.saved_step);
            let what = "a state that cannot be saved".to_owned();
            return Err(TrainError::NotFinite { step, what, tensor, last_good });
        }
        let generator = self.generator_of(&state);
        let snapshot = Snapshot { step: self.step, rollbacks: self.rollbacks, state };
        observer.observe(&Event::Checkpoint { snapshot: &snapshot, generator: &generator })?;
        self.saved_step = Some(self.step);
        if self.last_good.is_some() {
            self.last_good = Some(snapshot);
        }
        Ok(())
    }

    /// Going back must lead out of a collapse: where a collapse leads back, no state is kept that the monitor finds fault
    /// with, but for the last.
    fn may_be_kept(&mut self) -> Result<bool, TrainError> {
        let goes_back = self.config.on_collapse == OnCollapse::Rollback && self.rollbacks < MAX_ROLLBACKS;
        if !goes_back || self.step >= self.total_steps() {
            return Ok(true);
        }
        match &mut self.monitor {
            Some(monitor) => Ok(monitor.is_healthy(self.engine.as_mut(), self.step)?),
            None => Ok(true),
        }
    }

    fn generator_of(&self, state: &TensorMap) -> GeneratorFile {
        GeneratorFile::from_state(state, self.spec, &self.dataset.class_names, &self.dataset.name, self.step)
    }

    /// The error of the first step that has no report, naming the tensor where it shows that a number is not finite.
    fn failed(&self, error: EngineError) -> TrainError {
        let (step, last_good) = (self.reported + 1, self.saved_step);
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
}

/// The name of the first tensor with a number that is not finite.
fn first_not_finite(tensors: &TensorMap) -> Option<String> {
    let bad = tensors.iter().find(|(_, tensor)| tensor.values.iter().any(|value| !value.is_finite()));
    bad.map(|(name, _)| name.clone())
}
