//! A handle to the threads that compute.

use crate::error::ErrorKind;
use std::sync::{Arc, OnceLock};

/// The threads of a device. A clone stands for the same threads.
///
/// Two devices in one process have threads of their own, and nothing that a device computes depends on the pool that its
/// caller runs in.
///
/// ```
/// use digitgan::prelude::*;
///
/// let threads = Threads::start(Some(2))?;
/// assert_eq!(threads.count(), 2);
/// assert_eq!(threads.install(|| 6 * 7), 42);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Threads(Option<Arc<rayon::ThreadPool>>);

/// Threads that cannot be started.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot start {asked} threads: {reason}")]
pub struct ThreadsError {
    /// How many were asked for; where none were, as many as there are processors.
    pub asked: usize,
    /// What the system says.
    pub reason: String,
}

impl ThreadsError {
    /// What it is about.
    pub fn kind(&self) -> ErrorKind {
        if (1..=Threads::MAX).contains(&self.asked) { ErrorKind::Device } else { ErrorKind::Input }
    }
}

impl Threads {
    /// The most that may be asked for.
    pub const MAX: usize = 1024;
    /// The most that are started for each processor: so many take no longer than one thread, four times as many take three
    /// times as long, and sixteen times as many do not come to an end.
    pub const MAX_PER_PROCESSOR: usize = 32;

    /// Starts `count` threads, or the most that the processors bear ([`Threads::MAX_PER_PROCESSOR`]); `None`: as many as there
    /// are processors. Where the platform has no threads, as in WebAssembly, everything runs on its caller's.
    ///
    /// # Errors
    /// Fewer than one, more than [`Threads::MAX`], or a system that does not let them start.
    pub fn start(count: Option<usize>) -> Result<Threads, ThreadsError> {
        if let Some(asked) = count.filter(|count| !(1..=Threads::MAX).contains(count)) {
            return Err(ThreadsError { asked, reason: format!("give 1 to {}", Threads::MAX) });
        }
        if cfg!(target_family = "wasm") {
            return Ok(Threads(None));
        }
        // To rayon, 0 is as many as there are processors.
        let threads = count.map_or(0, |count| count.min(Self::MAX_PER_PROCESSOR * processors()));
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        let asked = || count.or_else(|| Some(std::thread::available_parallelism().ok()?.get())).unwrap_or(1);
        let pool = pool.map_err(|error| ThreadsError { asked: asked(), reason: error.to_string() })?;
        Ok(Threads(Some(Arc::new(pool))))
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.as_ref().map_or(1, |pool| pool.current_num_threads())
    }

    /// Does something on these threads, and waits for it. On one of them already, it is simply done.
    pub fn install<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        match &self.0 {
            Some(pool) => pool.install(work),
            None => work(),
        }
    }
}

/// How many processors this process may use, as the system said when it was first asked: asking takes long.
pub(super) fn processors() -> usize {
    static PROCESSORS: OnceLock<usize> = OnceLock::new();
    *PROCESSORS.get_or_init(|| std::thread::available_parallelism().map_or(1, usize::from))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_runs_on_threads_of_its_own_whoever_asks() {
        let (one, three) = (Threads::start(Some(1)).unwrap(), Threads::start(Some(3)).unwrap());
        assert_eq!((one.count(), three.count()), (1, 3));
        assert_eq!(three.install(rayon::current_num_threads), 3);
        assert_eq!(one.install(|| three.install(rayon::current_num_threads)), 3);
        assert_eq!(three.clone().install(|| three.install(rayon::current_num_threads)), 3);
    }

    #[test]
    fn no_more_are_started_than_the_processors_bear() {
        let most = (Threads::MAX_PER_PROCESSOR * processors()).min(Threads::MAX);
        assert_eq!(Threads::start(Some(Threads::MAX)).unwrap().count(), most);
        assert_eq!(Threads::start(Some(Threads::MAX + 1)).unwrap_err().kind(), ErrorKind::Input);
    }
}
