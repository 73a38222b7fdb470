//! What asks the program to stop, and what it does about it.
//!
//! Ctrl-C, a request to terminate and a hang-up end a verb at once, with a line that says what is kept, unless the verb has
//! said that it stops [`at_safe_point`]. What was ignored when the program started stays ignored, as `nohup` wants it of the
//! hang-up. A second request, or a minute's wait after the first, ends any verb.

mod signal;

use crate::output;
use signal::Signal;
use std::process;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Exit code of what stopped at a safe point and kept what was done: that of a program ended by Ctrl-C.
pub(crate) const STOPPED: u8 = 130;

/// How long a safe point may take to come.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long files may take that are being written while a verb is ended.
const WRITING_PATIENCE: Duration = Duration::from_secs(5);
/// What comes sooner after a request is the same: `timeout` and others signal a process and then its group.
const ECHO: Duration = Duration::from_millis(200);

static REQUESTS: Mutex<Requests> =
    Mutex::new(Requests { manner: Manner::AtOnce("what was there before is as it was"), first: None });
static ASKED: AtomicBool = AtomicBool::new(false);
static WRITING: Mutex<()> = Mutex::new(());

/// How a verb stops.
#[derive(Clone, Copy)]
enum Manner {
    /// At once; this is kept.
    AtOnce(&'static str),
    /// At its next safe point; until then this is done.
    SafePoint(&'static str),
}

/// The requests that came, and how they are answered.
struct Requests {
    manner: Manner,
    first: Option<Instant>,
}

/// What is done about a request.
#[derive(Debug, PartialEq, Eq)]
enum Answer {
    /// The program ends, and says why.
    End(String),
    /// It goes on to a safe point, and says so.
    GoOn(String),
    /// Nothing: it was answered before.
    Nothing,
}

impl Requests {
    fn answer(&mut self, signal: Signal, now: Instant) -> Answer {
        match (self.manner, self.first) {
            (Manner::AtOnce(kept), _) => Answer::End(format!("ended by {signal}: {kept}")),
            (Manner::SafePoint(still_done), None) => {
                self.first = Some(now);
                Answer::GoOn(format!("{still_done}; once more to quit at once, without"))
            }
            // A terminal that closes may say so more than once.
            (Manner::SafePoint(_), Some(_)) if signal == Signal::HangUp => Answer::Nothing,
            (Manner::SafePoint(_), Some(first)) if now.duration_since(first) < ECHO => Answer::Nothing,
            (Manner::SafePoint(_), Some(_)) => {
                Answer::End(format!("ended by {signal}, the second request: what was saved before is kept"))
            }
        }
    }
}

/// Listens for requests to stop, from now on; until a verb says otherwise, the first ends the program.
pub(crate) fn listen() -> anyhow::Result<()> {
    signal::listen(|signal| {
        let answer = lock(&REQUESTS).answer(signal, Instant::now());
        match answer {
            Answer::End(why) => end(signal, &why),
            Answer::GoOn(what) => {
                ASKED.store(true, Ordering::Relaxed);
                output::note(&what);
                thread::spawn(move || {
                    thread::sleep(PATIENCE);
                    end(signal, "ended without coming to a safe point within a minute: what was saved before is kept");
                });
            }
            Answer::Nothing => {}
        }
    })
}

/// From now on the first request sets the flag that is returned, saying what is still done, and does nothing more.
pub(crate) fn at_safe_point(still_done: &'static str) -> &'static AtomicBool {
    lock(&REQUESTS).manner = Manner::SafePoint(still_done);
    &ASKED
}

/// From now on a request ends the program at once; `kept` says what is there then.
pub(crate) fn at_once(kept: &'static str) {
    lock(&REQUESTS).manner = Manner::AtOnce(kept);
}

/// Does something, such as writing files that belong together, that a request does not end in the middle.
pub(crate) fn undivided<T>(work: impl FnOnce() -> T) -> T {
    let _whole = lock(&WRITING);
    work()
}

/// Ends the program, with the exit code of one that the signal ended.
fn end(signal: Signal, why: &str) -> ! {
    let deadline = Instant::now() + WRITING_PATIENCE;
    let _whole = loop {
        match WRITING.try_lock() {
            Err(_) if Instant::now() < deadline => thread::sleep(Duration::from_millis(5)),
            outcome => break outcome,
        }
    };
    output::note(why);
    process::exit(128 + signal.number())
}

/// What a lock protects here is whole whoever panics.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_request_is_heeded_and_the_second_ends_any_verb() {
        use Signal::{HangUp, Interrupt, Terminate};
        let (ends, goes_on, nothing) = ("ended by", "saving; once more to quit at once", "");
        for (manner, requests) in [
            (Manner::AtOnce("all is lost"), &[(Interrupt, 0, ends)][..]),
            (Manner::AtOnce("all is lost"), &[(HangUp, 0, ends)]),
            (Manner::SafePoint("saving"), &[(Interrupt, 0, goes_on), (Interrupt, 1000, ends)]),
            (Manner::SafePoint("saving"), &[(Terminate, 0, goes_on), (Terminate, 5, nothing), (Interrupt, 900, ends)]),
            (Manner::SafePoint("saving"), &[(HangUp, 0, goes_on), (HangUp, 5000, nothing), (Terminate, 9000, ends)]),
        ] {
            let (mut state, start) = (Requests { manner, first: None }, Instant::now());
            for &(signal, milliseconds, says) in requests {
                let answer = state.answer(signal, start + Duration::from_millis(milliseconds));
                let (Answer::End(said) | Answer::GoOn(said)) = &answer else {
                    assert_eq!((&answer, says), (&Answer::Nothing, nothing), "{signal} after {milliseconds} ms");
                    continue;
                };
                assert!(!says.is_empty() && said.starts_with(says), "{signal} after {milliseconds} ms: {answer:?}");
                assert_eq!(matches!(answer, Answer::End(_)), says == ends, "{signal} after {milliseconds} ms");
            }
        }
    }
}
