//! Between the thread that trains and the thread of Python that waits for it.

use crate::arguments::owned;
use crate::generator::Generator;
use digitgan::IMAGE_SIDE;
use digitgan::train::{Event, LossRecord, Observer, Outcome};
use digitgan::weights::GeneratorFile;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

/// How long a signal may wait to be seen.
const BETWEEN_LOOKS: Duration = Duration::from_millis(10);

/// What happened, in a form that can be sent.
pub(super) enum News {
    Begun { step: u64, total_steps: u64 },
    Step(LossRecord),
    Epoch { epoch: u32, step: u64, grid: Vec<u8>, columns: usize, generator: Box<GeneratorFile> },
    Collapsed { step: u64, complaint: String, back_to: Option<u64> },
    Checkpoint { step: u64 },
    Ended { outcome: Outcome, step: u64 },
}

/// The end of the thread that trains: keeps losses, and sends news where somebody wants them.
pub(super) struct Log {
    losses: Vec<LossRecord>,
    /// Whom to tell; none where nobody listens, and at the end.
    listener: Option<Line>,
    wanted: bool,
}

/// A number of a step.
type Column = fn(&LossRecord) -> f32;

/// News go out, and the answer is waited for.
struct Line {
    news: SyncSender<News>,
    heard: Receiver<()>,
}

/// The end of the thread of Python.
pub(super) struct Progress {
    news: Receiver<News>,
    heard: SyncSender<()>,
}

impl Log {
    /// Both ends; news are sent where they are `wanted`.
    pub(super) fn new(wanted: bool) -> (Log, Progress) {
        let ((send, news), (heard, answers)) = (sync_channel(0), sync_channel(1));
        let listener = Some(Line { news: send, heard: answers });
        (Log { losses: Vec::new(), listener, wanted }, Progress { news, heard })
    }

    /// Nothing more is to be told.
    pub(super) fn hang_up(&mut self) {
        self.listener = None;
    }

    /// The losses of all steps, as arrays by their names.
    pub(super) fn losses<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let table = PyDict::new(py);
        let count = [self.losses.len()];
        table.set_item("step", owned(py, self.losses.iter().map(|loss| loss.step).collect(), count)?)?;
        table.set_item("epoch", owned(py, self.losses.iter().map(|loss| loss.epoch).collect(), count)?)?;
        let columns: [(&str, Column); 5] = [
            ("d_loss", |loss| loss.d_loss),
            ("g_loss", |loss| loss.g_loss),
            ("d_real", |loss| loss.d_real),
            ("d_fake", |loss| loss.d_fake),
            ("d_fake_after", |loss| loss.d_fake_after),
        ];
        for (name, value) in columns {
            table.set_item(name, owned(py, self.losses.iter().map(value).collect(), count)?)?;
        }
        Ok(table.into_any())
    }

    /// Sends news and waits until they were heard. Where nobody hears them any more, that is no error: the training is being ended.
    fn tell(&self, news: News) {
        let Some(line) = self.listener.as_ref().filter(|_| self.wanted) else { return };
        if line.news.send(news).is_ok() {
            let _ = line.heard.recv();
        }
    }
}

impl Observer for Log {
    fn observe(&mut self, event: &Event<'_>) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        match *event {
            Event::Begun { step, total_steps } => self.tell(News::Begun { step, total_steps }),
            Event::Step { step, epoch, report } => {
                let record = LossRecord::of(step, epoch, report);
                self.losses.push(record);
                self.tell(News::Step(record));
            }
            Event::Epoch { epoch, step, grid, columns, generator } if self.wanted => {
                let generator = Box::new(generator.clone());
                self.tell(News::Epoch { epoch, step, grid: grid.to_vec(), columns, generator });
            }
            Event::Collapsed { step, complaint, back_to, .. } => {
                // What was told of later steps holds no more.
                self.losses.retain(|loss| back_to.is_none_or(|back_to| loss.step <= back_to));
                self.tell(News::Collapsed { step, complaint: complaint.to_owned(), back_to });
            }
            Event::Checkpoint { snapshot, .. } => self.tell(News::Checkpoint { step: snapshot.step }),
            Event::Ended { outcome, step } => self.tell(News::Ended { outcome, step }),
            _ => {}
        }
        Ok(())
    }
}

/// Hands news to `on_event` and looks for signals until the training is over. What Python raises stops the training at the end of its
/// step, and so does an answer of False; the first exception is returned.
pub(super) fn attend(progress: &Progress, stop: &AtomicBool, on_event: Option<&Py<PyAny>>) -> Option<PyErr> {
    let mut raised = None;
    loop {
        let news = match progress.news.recv_timeout(BETWEEN_LOOKS) {
            Ok(news) => Some(news),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => return raised,
        };
        let told = news.is_some();
        let goes_on = Python::attach(|py| {
            py.check_signals()?;
            // After an exception nobody is told of what is still done.
            match (news, on_event) {
                (Some(news), Some(on_event)) if raised.is_none() => hand_over(py, on_event, news),
                _ => Ok(true),
            }
        });
        match goes_on {
            Ok(true) => {}
            Ok(false) => stop.store(true, Ordering::Relaxed),
            Err(error) => {
                stop.store(true, Ordering::Relaxed);
                raised.get_or_insert(error);
            }
        }
        if told {
            let _ = progress.heard.send(());
        }
    }
}

/// Calls `on_event` with a dictionary, and says whether to go on.
fn hand_over(py: Python<'_>, on_event: &Py<PyAny>, news: News) -> PyResult<bool> {
    let answer = on_event.call1(py, (dictionary(py, news)?,))?;
    Ok(!answer.is(false.into_pyobject(py)?.as_any()))
}

fn dictionary(py: Python<'_>, news: News) -> PyResult<Bound<'_, PyDict>> {
    let event = PyDict::new(py);
    match news {
        News::Begun { step, total_steps } => {
            event.set_item("event", "begun")?;
            event.set_item("step", step)?;
            event.set_item("total_steps", total_steps)?;
        }
        News::Step(loss) => {
            event.set_item("event", "step")?;
            event.set_item("step", loss.step)?;
            event.set_item("epoch", loss.epoch)?;
            event.set_item("d_loss", loss.d_loss)?;
            event.set_item("g_loss", loss.g_loss)?;
            event.set_item("d_real", loss.d_real)?;
            event.set_item("d_fake", loss.d_fake)?;
        }
        News::Epoch { epoch, step, grid, columns, generator } => {
            event.set_item("event", "epoch")?;
            event.set_item("step", step)?;
            event.set_item("epoch", epoch)?;
            let count = grid.len() / (IMAGE_SIDE * IMAGE_SIDE);
            event.set_item("grid", owned(py, grid, [count, IMAGE_SIDE, IMAGE_SIDE])?)?;
            event.set_item("columns", columns)?;
            event.set_item("generator", Generator::new(*generator, "digitgan.train"))?;
        }
        News::Collapsed { step, complaint, back_to } => {
            event.set_item("event", "collapsed")?;
            event.set_item("step", step)?;
            event.set_item("complaint", complaint)?;
            event.set_item("back_to", back_to)?;
        }
        News::Checkpoint { step } => {
            event.set_item("event", "checkpoint")?;
            event.set_item("step", step)?;
        }
        News::Ended { outcome, step } => {
            event.set_item("event", "ended")?;
            event.set_item("step", step)?;
            event.set_item("outcome", name_of(outcome))?;
        }
    }
    Ok(event)
}

/// How a training ended, in a word.
pub(super) fn name_of(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Finished => "finished",
        Outcome::Stopped => "stopped",
        Outcome::Collapsed => "collapsed",
    }
}
