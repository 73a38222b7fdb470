//! What this process computes with: its threads, and things that use them.
//!
//! A process that was forked from another has none of that one's threads, and whoever waits for them waits for ever. So
//! everything that holds threads is kept together with the [`Home`] it belongs to, the process and its choice of threads, and is
//! made anew in another. What belongs to the other process is neither used nor dropped: dropping wakes threads, by locks that one
//! of them may have held when the process was forked.

use crate::error::{Failure, fault, raised, unfit};
use digitgan::engine::{Device, Threads};
use pyo3::prelude::*;
use std::mem;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A process and its choice of threads.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Home {
    process: u32,
    threads: Option<usize>,
}

static THREADS: Mutex<Option<usize>> = Mutex::new(None);
static DEVICES: Kept<Device> = Kept::new();

impl Home {
    fn here() -> Home {
        Home { process: std::process::id(), threads: *lock(&THREADS) }
    }
}

/// Things of one kind that are at hand, for whoever needs one for a while.
///
/// Its lock is only held for moments, by threads that hold Python's: a process is never forked in between.
pub(crate) struct Kept<T>(Mutex<Shelf<T>>);

struct Shelf<T> {
    home: Option<Home>,
    things: Vec<T>,
}

impl<T> Kept<T> {
    pub(crate) const fn new() -> Kept<T> {
        Kept(Mutex::new(Shelf { home: None, things: Vec::new() }))
    }

    /// One that is at hand here.
    fn take(&self) -> Option<T> {
        self.shelf().things.pop()
    }

    /// Puts one back, or the first one in.
    fn put(&self, thing: T) {
        self.shelf().things.push(thing);
    }

    /// The shelf, emptied if it is another home's.
    fn shelf(&self) -> MutexGuard<'_, Shelf<T>> {
        let here = Home::here();
        let mut shelf = lock(&self.0);
        if let Some(other) = shelf.home.replace(here).filter(|home| *home != here) {
            let things = mem::take(&mut shelf.things);
            if other.process != here.process {
                mem::forget(things);
            }
        }
        shelf
    }

    /// Does something with one that is at hand or made now, while other threads of Python run.
    pub(crate) fn with<R: Send, E: Failure + Send>(
        &self,
        py: Python<'_>,
        argument: &str,
        make: impl FnOnce(&Device) -> Result<T, E> + Send,
        work: impl FnOnce(&mut T) -> Result<R, E> + Send,
    ) -> PyResult<R>
    where
        T: Send,
    {
        let device = device()?;
        let kept = self.take();
        let (result, thing) = detached(py, argument, || {
            let mut thing = kept.map_or_else(|| make(&device), Ok)?;
            let result = work(&mut thing);
            Ok::<_, E>((result, thing))
        })?;
        self.put(thing);
        result.map_err(|error| raised(argument, &error))
    }
}

/// The device of this process. A clone stays behind, so that the threads go on.
pub(crate) fn device() -> PyResult<Device> {
    let device = match DEVICES.take() {
        Some(device) => device,
        None => another_device()?,
    };
    DEVICES.put(device.clone());
    Ok(device)
}

/// A device of its own, for work that waits for Python in between: what Python asks for meanwhile has other threads.
pub(crate) fn another_device() -> PyResult<Device> {
    Device::cpu(Home::here().threads).map_err(|error| raised("threads", &error))
}

/// Does something on this process's threads, while other threads of Python run. A panic becomes an exception.
///
/// All that computes goes through here, or through a device of its own: rayon's usual pool would stay behind in a fork.
pub(crate) fn detached<T: Send, E: Failure + Send>(
    py: Python<'_>,
    argument: &str,
    work: impl FnOnce() -> Result<T, E> + Send,
) -> PyResult<T> {
    let device = device()?;
    match py.detach(|| panic::catch_unwind(AssertUnwindSafe(|| device.install(work)))) {
        Ok(result) => result.map_err(|error| raised(argument, &error)),
        Err(panic) => Err(fault(&*panic)),
    }
}

/// How many threads this process computes with.
///
/// Returns:
///     At least 1.
///
/// >>> import digitgan
/// >>> digitgan.threads() >= 1
/// True
#[pyfunction]
pub(crate) fn threads() -> PyResult<usize> {
    Ok(device()?.threads().count())
}

/// Says how many threads this process computes with from now on; results do not depend on it.
///
/// Args:
///     count: from 1 to 1024; None: as many as there are processors, which is the default.
///
/// Raises:
///     InputError: another number.
///
/// >>> import digitgan
/// >>> digitgan.set_threads(1)
/// >>> digitgan.threads()
/// 1
/// >>> digitgan.set_threads(None)
#[pyfunction]
pub(crate) fn set_threads(count: Option<usize>) -> PyResult<()> {
    if count.is_some_and(|count| !(1..=Threads::MAX).contains(&count)) {
        return Err(unfit("count", format_args!("must be from 1 to {}", Threads::MAX)));
    }
    *lock(&THREADS) = count;
    Ok(())
}

/// What a lock protects here is whole whoever panics.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
