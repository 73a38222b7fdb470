//! The events of a training, and the observer that gets them.

use super::error::ObserverError;
use super::records::CollapseRecord;
use super::snapshot::Snapshot;
use crate::engine::StepReport;
use crate::weights::GeneratorFile;

/// What happens in a training, with all that is needed to record it.
///
/// ```
/// use digitgan::prelude::*;
///
/// # let config = TrainConfig { epochs: 1, batch_size: 10, ..Recipe::Paper.config(Variant::Cgan) };
/// # let dataset = strokes::some(20, 0)?;
/// # let first = Snapshot::first(&config, dataset.classes)?;
/// # let mut training = Training::new(config, &dataset, Device::cpu(Some(1))?, first)?;
/// # let stop = std::sync::atomic::AtomicBool::new(false);
///
/// let mut seen = Vec::new();
/// let mut observer = |event: &Event<'_>| {
///     match event {
///         Event::Begun { total_steps, .. } => seen.push(format!("{total_steps} steps to go")),
///         Event::Checkpoint { snapshot, .. } => seen.push(format!("state after step {}", snapshot.step)),
///         Event::Ended { outcome, .. } => seen.push(format!("{outcome:?}")),
///         _ => {}
///     }
///     Ok(())
/// };
/// training.run(&stop, &mut observer)?;
/// assert_eq!(seen, ["2 steps to go", "state after step 2", "Finished"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// The training begins, or goes on.
    Begun {
        /// Steps that were finished before.
        step: u64,
        /// Steps of the whole training.
        total_steps: u64,
    },
    /// A step is done.
    Step {
        /// Finished steps, this one included.
        step: u64,
        /// The epoch it belongs to, from 1.
        epoch: u32,
        /// What it found.
        report: &'a StepReport,
    },
    /// The collapse monitor has looked at the generator.
    Looked {
        /// What it saw.
        record: &'a CollapseRecord,
    },
    /// An epoch is done, and its sample grid drawn.
    Epoch {
        /// Finished epochs.
        epoch: u32,
        /// Finished steps.
        step: u64,
        /// The sample grid: bytes, `[rows · columns, 28, 28]`.
        grid: &'a [u8],
        /// Pictures in a row of the grid.
        columns: usize,
        /// The generator as it stands.
        generator: &'a GeneratorFile,
    },
    /// The generator collapsed.
    Collapsed {
        /// Finished steps.
        step: u64,
        /// What is wrong, in words.
        complaint: &'a str,
        /// Finished steps of the state that the training goes back to, if it does: what was told of later steps holds no
        /// more.
        back_to: Option<u64>,
        /// How often the training went back by now.
        rollbacks: u32,
    },
    /// A state that the training can go on from. Whatever relies on it must be kept before it is.
    Checkpoint {
        /// The state.
        snapshot: &'a Snapshot,
        /// The generator in it.
        generator: &'a GeneratorFile,
    },
    /// The training ends here, for now or for good.
    Ended {
        /// How.
        outcome: Outcome,
        /// Finished steps.
        step: u64,
    },
}

/// How a training ended.
///
/// ```
/// use digitgan::prelude::*;
///
/// # let config = TrainConfig { epochs: 1, batch_size: 10, ..Recipe::Paper.config(Variant::Cgan) };
/// # let dataset = strokes::some(20, 0)?;
/// # let first = Snapshot::first(&config, dataset.classes)?;
/// # let mut training = Training::new(config, &dataset, Device::cpu(Some(1))?, first)?;
/// # let stop = std::sync::atomic::AtomicBool::new(false);
///
/// stop.store(true, std::sync::atomic::Ordering::Relaxed); // such as by Ctrl-C
/// assert_eq!(training.run(&stop, &mut |_: &Event<'_>| Ok(()))?, Outcome::Stopped);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All steps are done.
    Finished,
    /// It was asked to stop, and its last state was told.
    Stopped,
    /// The generator collapsed, and that was to be the end.
    Collapsed,
}

/// Whoever listens to a training: a run directory, a progress bar, a server, a callback in another language.
///
/// Every `FnMut(&Event) -> Result<(), ObserverError>` is one, and two in a tuple are one: the first is told first.
///
/// ```
/// use digitgan::prelude::*;
///
/// /// Counts steps.
/// struct Counter(u64);
///
/// impl Observer for Counter {
///     fn observe(&mut self, event: &Event<'_>) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
///         self.0 += u64::from(matches!(event, Event::Step { .. }));
///         Ok(())
///     }
/// }
///
/// # let config = TrainConfig { epochs: 1, batch_size: 10, ..Recipe::Paper.config(Variant::Cgan) };
/// # let dataset = strokes::some(20, 0)?;
/// # let first = Snapshot::first(&config, dataset.classes)?;
/// # let mut training = Training::new(config, &dataset, Device::cpu(Some(1))?, first)?;
/// # let stop = std::sync::atomic::AtomicBool::new(false);
///
/// let mut counter = Counter(0);
/// training.run(&stop, &mut counter)?;
/// assert_eq!(counter.0, 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Observer: Send {
    /// Is told of everything that happens, in its order. The training waits meanwhile.
    ///
    /// # Errors
    /// Whatever ends the training.
    fn observe(&mut self, event: &Event<'_>) -> Result<(), ObserverError>;
}

impl<F: FnMut(&Event<'_>) -> Result<(), ObserverError> + Send> Observer for F {
    fn observe(&mut self, event: &Event<'_>) -> Result<(), ObserverError> {
        self(event)
    }
}

impl<A: Observer, B: Observer> Observer for (&mut A, &mut B) {
    fn observe(&mut self, event: &Event<'_>) -> Result<(), ObserverError> {
        self.0.observe(event)?;
        self.1.observe(event)
    }
}
