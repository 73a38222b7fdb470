//! The one training loop.
//!
//! A [`Training`] runs it and knows no file: it passes every [`Event`] to an [`Observer`], with what is needed to record
//! it. The run directory is one observer ([`crate::run::Recorder`]); a progress bar, a server or a callback in another
//! language are others. Each step is a function of the settings, the data and the step's number, so it does not matter how
//! often a training was interrupted: it goes on from a [`Snapshot`] as if nothing had been.

mod error;
mod events;
mod feed;
pub mod monitor;
mod records;
mod schedule;
mod snapshot;
mod training;

pub use error::{ObserverError, TrainError};
pub use events::{Event, Observer, Outcome};
pub use feed::Feed;
pub use monitor::Monitor;
pub use records::{CollapseRecord, LossRecord};
pub use snapshot::Snapshot;
pub use training::{MAX_ROLLBACKS, Training};
