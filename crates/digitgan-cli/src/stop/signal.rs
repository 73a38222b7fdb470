//! The signals that ask a program to stop, on Unix and elsewhere.

use anyhow::Context;
use std::fmt;

/// A request to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signal {
    /// The terminal is gone.
    HangUp,
    /// Ctrl-C.
    Interrupt,
    /// What `kill` sends, and a system that shuts down.
    #[cfg_attr(not(unix), allow(dead_code, reason = "only Ctrl-C is told elsewhere"))]
    Terminate,
}

impl Signal {
    /// Its number in every Unix.
    pub(super) const fn number(self) -> i32 {
        match self {
            Signal::HangUp => 1,
            Signal::Interrupt => 2,
            Signal::Terminate => 15,
        }
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Signal::HangUp => "a hang-up (SIGHUP)",
            Signal::Interrupt => "Ctrl-C (SIGINT)",
            Signal::Terminate => "a request to terminate (SIGTERM)",
        })
    }
}

/// Calls `hear`, on a thread of its own, at each request that was not ignored when the program started.
#[cfg(unix)]
pub(super) fn listen(hear: impl Fn(Signal) + Send + 'static) -> anyhow::Result<()> {
    let all = [Signal::HangUp, Signal::Interrupt, Signal::Terminate];
    let heard: Vec<Signal> = all.into_iter().filter(|&signal| !ignored::is_ignored(signal)).collect();
    let mut signals = signal_hook::iterator::Signals::new(heard.iter().map(|signal| signal.number()))
        .context("cannot listen for requests to stop")?;
    let listener = move || {
        for number in signals.forever() {
            heard.iter().filter(|signal| signal.number() == number).for_each(|&signal| hear(signal));
        }
    };
    std::thread::Builder::new()
        .name("requests to stop".to_owned())
        .spawn(listener)
        .context("cannot listen for requests to stop")?;
    Ok(())
}

/// Calls `hear`, on a thread of its own, at each Ctrl-C.
#[cfg(not(unix))]
pub(super) fn listen(hear: impl Fn(Signal) + Send + 'static) -> anyhow::Result<()> {
    ctrlc::set_handler(move || hear(Signal::Interrupt)).context("cannot listen for Ctrl-C")
}

/// Whether a signal is ignored. The system call that tells needs unsafe code, so it is asked in other ways.
#[cfg(unix)]
mod ignored {
    use super::Signal;
    use std::os::unix::process::ExitStatusExt;
    use std::process::{Command, Stdio};

    pub(super) fn is_ignored(signal: Signal) -> bool {
        said_by_the_system(signal).unwrap_or_else(|| survived_by_a_child(signal))
    }

    /// Linux tells the signals that a process ignores as a hexadecimal number, a bit each.
    fn said_by_the_system(signal: Signal) -> Option<bool> {
        let status = std::fs::read_to_string("/proc/self/status").ok()?;
        let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"))?;
        let mask = u64::from_str_radix(mask.trim(), 16).ok()?;
        Some(mask >> (signal.number() - 1) & 1 == 1)
    }

    /// What a process ignores its children ignore too: one that sends itself the signal lives on.
    fn survived_by_a_child(signal: Signal) -> bool {
        let mut child = Command::new("sh");
        child.args(["-c", &format!("kill -{} $$; exit 0", signal.number())]);
        child.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        child.status().is_ok_and(|status| status.signal().is_none())
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        /// The test ignores nothing itself, unless whoever started it did; the tests of the command line start the
        /// program with a signal ignored.
        #[test]
        fn both_ways_say_the_same() {
            for signal in [Signal::HangUp, Signal::Interrupt, Signal::Terminate] {
                if let Some(said) = said_by_the_system(signal) {
                    assert_eq!(said, survived_by_a_child(signal), "{signal}");
                }
            }
        }
    }
}
