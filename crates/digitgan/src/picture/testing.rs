//! What tests of pictures share.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// What `draw` makes, which must not take longer than a minute.
pub(super) fn within_a_minute<T: Send + 'static>(draw: impl FnOnce() -> T + Send + 'static) -> T {
    let (sender, receiver) = mpsc::channel();
    // A thread that never ends is left alone: the test fails and ends the process.
    thread::spawn(move || sender.send(draw()));
    receiver.recv_timeout(Duration::from_secs(60)).expect("it is drawn without an error and within a minute")
}
