//! The recorder: the observer of a training that writes its run directory.
//!
//! Losses are on the disk before the checkpoint that relies on them, so whatever happens, a training can go on from its
//! newest checkpoint with whole records. A generator that cannot be written ends a training after its checkpoint, and is made
//! again where that failed. Pictures are not the result: none of them ends a training.

mod error;
mod pictures;

use error::Attempt;
pub use error::RecordError;

use super::aside;
use super::checkpoint;
use super::directory::{EVALUATION_RECORD, RunDirectory};
use super::lock::RunLock;
use super::manifest::{Collapse, Manifest};
use super::notes::Note;
use super::step_log::StepLog;
use super::tensorboard::{self, EventWriter, Hyperparameter, now};
use super::timing::Stopwatch;
use crate::engine::StepReport;
use crate::files::{atomic, capped};
use crate::train::{CollapseRecord, Event, LossRecord, Observer, ObserverError, Outcome, Snapshot};
use crate::weights::GeneratorFile;
use pictures::Pictures;
use std::fs;
use std::io;

/// Of so many steps, TensorBoard shows all: of more it takes a thousand by chance, the last always and the first hardly ever.
const MAX_EVENTS: u64 = 990;

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
    /// Every so many steps stand in the events.
    events_every: u64,
    /// The newest step, if it does not stand in the events.
    not_in_events: Option<LossRecord>,
    pictures: Pictures,
    stopwatch: Stopwatch,
    notes: Vec<Note>,
    /// Nobody else writes there meanwhile. The last field: it is dropped after the logs, which flush when they are.
    _lock: RunLock,
}

impl Recorder {
    /// Takes up the records of a run after `step` steps: makes its folders, removes what a killed process left half
    /// written, and cuts the logs back. With `step` 0 they are begun anew. Records that are damaged are mended as far as
    /// they can be: see [`Recorder::take_notes`].
    ///
    /// # Errors
    /// A directory that cannot be read or written, or something else where a file of its own is to be written.
    pub fn take_up(
        lock: RunLock,
        mut manifest: Manifest,
        step: u64,
        device: String,
        threads: usize,
    ) -> Result<Self, RecordError> {
        let run = lock.run().clone();
        let epochs = finished_epochs(&manifest, step);
        check_places(&run, epochs)?;
        let mut notes: Vec<Note> = lock.note().into_iter().collect();
        clear_folders(&run, &mut notes)?;
        for folder in run.folders() {
            fs::create_dir_all(&folder).attempt("create", &folder)?;
            // Whoever evaluates the run needs no lock.
            let ours = |file: &str| file != EVALUATION_RECORD;
            atomic::remove_leftovers(&folder, ours).attempt("tidy", &folder)?;
        }
        let Logs { losses, looks, events } = Logs::take_up(&run, step, &manifest)?;
        notes.extend(losses.notes().iter().chain(looks.notes()).cloned());
        let before = Manifest::read(&run.manifest()).ok();
        if let Some(missing) = before.as_ref().and_then(|before| missing_looks(before, &run, &looks, step)) {
            let known = before.is_some_and(|before| before.unwatched);
            // Until there are looks again.
            manifest.unwatched |= known;
            notes.extend((!known).then_some(missing));
        }
        let (stopwatch, about_time) = Stopwatch::take_up(&run, step).attempt("move", &run.timing())?;
        notes.extend(about_time);
        let pictures = Pictures::new(&run);
        let steps = manifest.config.total_steps(manifest.dataset.identity.train_images);
        let events_every = events_every(steps);
        Ok(Recorder {
            pictures,
            stopwatch,
            notes,
            run,
            _lock: lock,
            manifest,
            device,
            threads,
            losses,
            looks,
            events,
            events_every,
            not_in_events: None,
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

    /// What is to be told of files that were not as they should be, each once.
    pub fn take_notes(&mut self) -> Vec<Note> {
        let mut notes = std::mem::take(&mut self.notes);
        notes.extend(self.pictures.take_notes());
        notes
    }

    /// Writes `run.toml`.
    ///
    /// # Errors
    /// Those of writing.
    pub fn write_manifest(&self) -> Result<(), RecordError> {
        self.manifest.write(&self.run.manifest()).attempt("write", &self.run.manifest())
    }

    /// Whether the newest generator is that of so many steps. If not, something came between its checkpoint and it.
    pub(crate) fn has_generator(&self, step: u64) -> bool {
        GeneratorFile::read(&self.run.generator()).is_ok_and(|file| file.step == step)
    }

    /// Writes the newest generator.
    pub(crate) fn write_generator(&self, generator: &GeneratorFile) -> Result<(), RecordError> {
        let path = self.run.generator();
        generator.write(&path).attempt("write", &path)
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
        if !stands_in_events(step, self.events_every) {
            self.not_in_events = Some(record);
            return Ok(());
        }
        self.not_in_events = None;
        self.step_event(&record)
    }

    fn step_event(&mut self, record: &LossRecord) -> Result<(), RecordError> {
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
        self.events.scalars(record.step, now(), &scalars[..count]).attempt("write", &self.run.tensorboard())
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
        if let Some(png) = self.pictures.draw_grid(&self.manifest.config, epoch, grid, columns) {
            let written = self.events.image(step, now(), "samples", &png.bytes, png.width, png.height);
            written.attempt("write", &self.run.tensorboard())?;
        }
        let path = self.run.epoch_generator(epoch);
        generator.write(&path).attempt("write", &path)?;
        self.draw(step);
        Ok(())
    }

    /// Writes the generator and a checkpoint, after the records that belong to them: whoever sees a checkpoint finds a
    /// generator too. One that cannot be written costs no checkpoint, from which it can be made again.
    fn checkpoint(&mut self, snapshot: &Snapshot, generator: &GeneratorFile) -> Result<(), RecordError> {
        self.losses.sync().attempt("write", &self.run.losses())?;
        self.looks.sync().attempt("write", &self.run.watch())?;
        self.events.flush().attempt("write", &self.run.tensorboard())?;
        let generator = self.write_generator(generator);
        let (config, identity) = (&self.manifest.config, &self.manifest.dataset.identity);
        let path = self.run.checkpoint(snapshot.step);
        let written = checkpoint::write(&self.run, snapshot, config, identity).attempt("write", &path);
        let mut timed = || self.stopwatch.record(&self.run, snapshot.step).attempt("write", &self.run.timing());
        let written = written.and_then(|()| timed());
        generator.and(written)
    }

    /// Cuts the records back to `step` steps.
    fn cut_back(&mut self, step: u64) -> Result<(), RecordError> {
        // What is still in the old writers' buffers must not be written after the new ones have cut the files back.
        self.losses.flush().attempt("write", &self.run.losses())?;
        self.looks.flush().attempt("write", &self.run.watch())?;
        self.not_in_events = None;
        let Logs { losses, looks, events } = Logs::take_up(&self.run, step, &self.manifest)?;
        (self.losses, self.looks, self.events) = (losses, looks, events);
        Ok(())
    }

    fn end(&mut self, outcome: Outcome, step: u64) -> Result<(), RecordError> {
        self.losses.flush().attempt("write", &self.run.losses())?;
        if let Some(record) = self.not_in_events.take() {
            self.step_event(&record)?;
        }
        self.draw(step);
        match outcome {
            Outcome::Finished => self.pictures.animate(finished_epochs(&self.manifest, step)),
            Outcome::Stopped | Outcome::Collapsed => {}
        }
        Ok(())
    }

    fn draw(&mut self, step: u64) {
        let Manifest { config, dataset, judge, .. } = &self.manifest;
        let title = format!("{} on {}", config.model.title(), dataset.identity.name);
        self.pictures.draw_losses(&format!("{title}: losses"), self.losses.records());
        if self.looks.records().is_empty() {
            return;
        }
        let judge = judge.as_ref().map_or(String::new(), |judge| format!(" ({judge})"));
        // The words of older versions, so that pictures stay the same byte for byte.
        let title = format!("{title}: mode-collapse watch{judge}");
        self.pictures.draw_looks(&title, self.looks.records(), step);
    }
}

impl Observer for Recorder {
    fn observe(&mut self, event: &Event<'_>) -> Result<(), ObserverError> {
        Ok(self.write(event)?)
    }
}

/// How many steps lie between those that TensorBoard is told of, in so long a training.
fn events_every(steps: u64) -> u64 {
    steps.div_ceil(MAX_EVENTS).max(1)
}

/// Whether TensorBoard is told of a step where every so many are: of the first, too.
fn stands_in_events(step: u64, every: u64) -> bool {
    step == 1 || step.is_multiple_of(every)
}

/// Epochs that are done after `step` steps.
fn finished_epochs(manifest: &Manifest, step: u64) -> u32 {
    (step / manifest.config.steps_per_epoch(manifest.dataset.identity.train_images).max(1)) as u32
}

/// Refuses what is no file where one will be written, before minutes are spent on what cannot be kept.
fn check_places(run: &RunDirectory, epochs: u32) -> Result<(), RecordError> {
    let to_come = |found: io::Result<Vec<u32>>| found.unwrap_or_default().into_iter().filter(|epoch| *epoch > epochs);
    let generators = to_come(run.generator_epochs()).map(|epoch| run.epoch_generator(epoch));
    let samples = to_come(run.sample_epochs()).map(|epoch| run.sample(epoch));
    let newest = [run.generator(), run.loss_curves(), run.watch_curves(), run.animation()];
    generators.chain(samples).chain(newest).try_for_each(|path| capped::check_regular(&path).attempt("write", &path))
}

/// Moves away what is no folder where one of a run's folders belongs; its checkpoints are nobody's to move.
fn clear_folders(run: &RunDirectory, notes: &mut Vec<Note>) -> Result<(), RecordError> {
    for path in [run.generators(), run.samples(), run.tensorboard()] {
        if path.symlink_metadata().is_ok() && !path.is_dir() {
            let kept = aside::move_away(&path).attempt("move", &path)?;
            notes.push(Note::MovedAway { path, problem: "it is not a directory".to_owned(), kept });
        }
    }
    Ok(())
}

/// The last looks that a run of `step` steps should have and has not, by what its record says of how it was trained before,
/// unless the log tells of them itself.
fn missing_looks(before: &Manifest, run: &RunDirectory, looks: &StepLog<CollapseRecord>, step: u64) -> Option<Note> {
    let due = step - step % before.config.watch_steps.max(1);
    let last = looks.records().last().map_or(0, |look| look.step);
    let is_told = looks.notes().iter().any(|note| matches!(note, Note::Gap { last, .. } if *last == step));
    let (path, of) = (run.watch(), "looks of the collapse monitor");
    let gap = Note::Gap { path, of, first: last + 1, last: step, steps: step - last };
    (before.judge.is_some() && last < due && !is_told).then_some(gap)
}

/// The files that a training adds to.
struct Logs {
    losses: StepLog<LossRecord>,
    looks: StepLog<CollapseRecord>,
    events: EventWriter,
}

impl Logs {
    /// Continues them after `step` steps.
    fn take_up(run: &RunDirectory, step: u64, manifest: &Manifest) -> Result<Self, RecordError> {
        let path = run.losses();
        let losses = StepLog::resume(&path, step).attempt(if step == 0 { "write" } else { "continue" }, &path)?;
        let purge = (step > 0).then_some(step + 1);
        let events = EventWriter::create(&run.tensorboard(), now(), purge).attempt("write", &run.tensorboard())?;
        let events = events.with_hyperparameters(now(), &hyperparameters(manifest));
        let evaluations = run.tensorboard_evaluations();
        tensorboard::remove_scalars_after(&evaluations, step).attempt("tidy", &evaluations)?;
        let path = run.watch();
        let looks = StepLog::resume(&path, step).attempt("continue", &path)?;
        Ok(Logs { losses, looks, events })
    }
}

/// All settings of a run, with what it is trained on.
fn hyperparameters(manifest: &Manifest) -> Vec<(String, Hyperparameter)> {
    use serde_json::Value;
    let word = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let settings = match serde_json::to_value(&manifest.config) {
        Ok(Value::Object(settings)) => settings,
        _ => return Vec::new(),
    };
    let value = |value: Value| match value {
        Value::Null => None,
        Value::Bool(flag) => Some(Hyperparameter::Flag(flag)),
        // Rates are stored in 32 bits: 0.1 is to be 0.1.
        Value::Number(number) => match (number.as_f64()?, number.is_f64()) {
            (number, true) => (number as f32).to_string().parse().ok().map(Hyperparameter::Number),
            (number, false) => Some(Hyperparameter::Number(number)),
        },
        Value::Array(words) => Some(Hyperparameter::Text(words.iter().map(word).collect::<Vec<_>>().join(","))),
        other => Some(Hyperparameter::Text(word(&other))),
    };
    settings.into_iter().filter_map(|(name, setting)| Some((name, value(setting)?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tensorboard_is_told_of_as_many_steps_as_it_shows() {
        for total in [1, 60, 989, 990, 991, 18_740, 56_220, 1_000_000] {
            let every = events_every(total);
            let told: Vec<u64> = (1..=total).filter(|&step| stands_in_events(step, every)).collect();
            // The last comes with the end.
            assert!(told.len() < 1000 && told.len() as u64 >= total.min(490), "{total}: {}", told.len());
            assert_eq!(told[0], 1);
        }
    }
}
