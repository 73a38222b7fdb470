//! The recorder: the observer of a training that writes its run directory.
//!
//! Losses are on the disk before the checkpoint that relies on them, so whatever happens, a training can go on from its
//! newest checkpoint with whole records.

mod error;
mod pictures;

use error::Attempt;
pub use error::RecordError;

use super::checkpoint;
use super::directory::RunDirectory;
use super::manifest::{Collapse, Manifest};
use super::step_log::StepLog;
use super::tensorboard::EventWriter;
use super::timing::Stopwatch;
use crate::engine::StepReport;
use crate::files::atomic;
use crate::train::{CollapseRecord, Event, LossRecord, Observer, ObserverError, Outcome, Snapshot};
use crate::weights::GeneratorFile;
use std::time::{SystemTime, UNIX_EPOCH};

/// Keeps the run directory of one training.
pub struct Recorder {
    run: RunDirectory,
    manifest: Manifest,
    /// What computes, such as `cpu (avx512)`, and on how many threads.
    device: String,
    threads: usize,
    losses: StepLog<LossRecord>,
    looks: StepLog<CollapseRecord>,
    events: EventWriter,
    stopwatch: Stopwatch,
}

impl Recorder {
    /// Takes up the records of a run after `step` steps: makes its folders, removes what a killed process left half
    /// written, and cuts the logs back. With `step` 0 they are begun anew.
    ///
    /// # Errors
    /// Records that cannot be read or continued, or a directory that cannot be written.
    pub fn take_up(
        run: RunDirectory,
        manifest: Manifest,
        step: u64,
        device: String,
        threads: usize,
    ) -> Result<Self, RecordError> {
        run.create().attempt("create", run.path())?;
        for folder in run.folders() {
            atomic::remove_leftovers(&folder).attempt("tidy", &folder)?;
        }
        let Logs { losses, looks, events } = Logs::take_up(&run, step)?;
        Ok(Recorder {
            stopwatch: Stopwatch::take_up(&run, step),
            run,
            manifest,
            device,
            threads,
            losses,
            looks,
            events,
        })
    }

    /// Where it writes.
    pub fn run(&self) -> &RunDirectory {
        &self.run
    }

    /// What the run is.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// What the collapse monitor saw so far.
    pub fn looks(&self) -> &[CollapseRecord] {
        self.looks.records()
    }

    /// Writes `run.toml`.
    ///
    /// # Errors
    /// Those of writing.
    pub fn write_manifest(&self) -> Result<(), RecordError> {
        self.manifest.write(&self.run.manifest()).attempt("write", &self.run.manifest())
    }

    fn write(&mut self, event: &Event<'_>) -> Result<(), RecordError> {
        match *event {
            Event::Begun { step, .. } => self.stopwatch.begin(step, self.device.clone(), self.threads),
            Event::Step { step, epoch, report } => return self.step(step, epoch, report),
            Event::Looked { record } => return self.look(record),
            Event::Epoch { epoch, step, grid, columns, generator } => {
                return self.epoch(epoch, step, grid, columns, generator);
            }
            Event::Collapsed { step, complaint, back_to, rollbacks } => {
                if let Some(back_to) = back_to {
                    self.cut_back(back_to)?;
                }
                let first = || Collapse { step, complaint: complaint.to_owned(), rollbacks: 0 };
                self.manifest.collapse.get_or_insert_with(first).rollbacks = rollbacks;
                return self.write_manifest();
            }
            Event::Checkpoint { snapshot, generator } => return self.checkpoint(snapshot, generator),
            Event::Ended { outcome, step } => return self.end(outcome, step),
        }
        Ok(())
    }

    fn step(&mut self, step: u64, epoch: u32, report: &StepReport) -> Result<(), RecordError> {
        let record = LossRecord::of(step, epoch, report);
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

    fn look(&mut self, record: &CollapseRecord) -> Result<(), RecordError> {
        self.looks.append(*record).attempt("write", &self.run.watch())?;
        let scalars = [
            ("watch/class entropy", record.entropy),
            ("watch/distance", record.distance),
            ("watch/agreement", record.agreement.unwrap_or(0.0)),
        ];
        let count = if record.agreement.is_some() { 3 } else { 2 };
        self.events.scalars(record.step, now(), &scalars[..count]).attempt("write", &self.run.tensorboard())
    }

    fn epoch(
        &mut self,
        epoch: u32,
        step: u64,
        grid: &[u8],
        columns: usize,
        generator: &GeneratorFile,
    ) -> Result<(), RecordError> {
        let png = pictures::draw_grid(&self.run, &self.manifest.config, epoch, grid, columns)?;
        self.events
            .image(step, now(), "samples", &png.bytes, png.width, png.height)
            .attempt("write", &self.run.tensorboard())?;
        let path = self.run.epoch_generator(epoch);
        generator.write(&path).attempt("write", &path)?;
        self.draw(step)
    }

    /// Writes a checkpoint and the generator, after the records that belong to them.
    fn checkpoint(&mut self, snapshot: &Snapshot, generator: &GeneratorFile) -> Result<(), RecordError> {
        self.losses.sync().attempt("write", &self.run.losses())?;
        self.looks.sync().attempt("write", &self.run.watch())?;
        self.events.flush().attempt("write", &self.run.tensorboard())?;
        let path = self.run.generator();
        generator.write(&path).attempt("write", &path)?;
        let (config, identity) = (&self.manifest.config, &self.manifest.dataset.identity);
        let path = self.run.checkpoint(snapshot.step);
        checkpoint::write(&self.run, snapshot, config, identity).attempt("write", &path)?;
        self.stopwatch.record(&self.run, snapshot.step).attempt("write", &self.run.timing())
    }

    /// Cuts the records back to `step` steps.
    fn cut_back(&mut self, step: u64) -> Result<(), RecordError> {
        // What is still in the old writer's buffer must not be written after the new one has cut the file back.
        self.losses.flush().attempt("write", &self.run.losses())?;
        let Logs { losses, looks, events } = Logs::take_up(&self.run, step)?;
        (self.losses, self.looks, self.events) = (losses, looks, events);
        Ok(())
    }

    fn end(&mut self, outcome: Outcome, step: u64) -> Result<(), RecordError> {
        self.losses.flush().attempt("write", &self.run.losses())?;
        self.draw(step)?;
        match outcome {
            Outcome::Finished => {
                let config = &self.manifest.config;
                let per_epoch = (self.manifest.dataset.identity.train_images / config.batch_size) as u64;
                pictures::animate(&self.run, (step / per_epoch) as u32)
            }
            Outcome::Stopped | Outcome::Collapsed => Ok(()),
        }
    }

    fn draw(&self, step: u64) -> Result<(), RecordError> {
        let Manifest { config, dataset, judge, .. } = &self.manifest;
        let title = format!("{} on {}", config.model.title(), dataset.identity.name);
        pictures::draw_losses(&self.run, &format!("{title}: losses"), self.losses.records())?;
        if self.looks.records().is_empty() {
            return Ok(());
        }
        let judge = judge.as_ref().map_or(String::new(), |judge| format!(" ({judge})"));
        // The words of older versions, so that pictures stay the same byte for byte.
        let title = format!("{title}: mode-collapse watch{judge}");
        pictures::draw_looks(&self.run, &title, self.looks.records(), step)
    }
}

impl Observer for Recorder {
    fn observe(&mut self, event: &Event<'_>) -> Result<(), ObserverError> {
        Ok(self.write(event)?)
    }
}

/// The files that a training adds to.
struct Logs {
    losses: StepLog<LossRecord>,
    looks: StepLog<CollapseRecord>,
    events: EventWriter,
}

impl Logs {
    /// Continues them after `step` steps.
    fn take_up(run: &RunDirectory, step: u64) -> Result<Self, RecordError> {
        let path = run.losses();
        let losses = StepLog::resume(&path, step).attempt(if step == 0 { "write" } else { "continue" }, &path)?;
        let purge = (step > 0).then_some(step + 1);
        let events = EventWriter::create(&run.tensorboard(), now(), purge).attempt("write", &run.tensorboard())?;
        let path = run.watch();
        let looks = StepLog::resume(&path, step).attempt("continue", &path)?;
        Ok(Logs { losses, looks, events })
    }
}

/// Seconds since 1970.
fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}
