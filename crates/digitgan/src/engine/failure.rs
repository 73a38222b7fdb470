//! Failures of a device as one-line errors. Burn and CubeCL report them as panics, on this thread or on the device's, and as
//! errors that carry a stack trace.

use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};

/// How lack of memory is told: by CubeCL, by CUDA and by wgpu.
const OUT_OF_MEMORY: [&str; 5] =
    ["out of device memory", "can't allocate buffer", "out-of-memory", "OUT_OF_MEMORY", "Not enough memory"];
/// How CubeCL's threads are called that serve a device: `DSU-0-0`.
const DEVICE_THREADS: [&str; 2] = ["DSU-", "DSD-"];
/// What the thread that waits for a device's says when that one panicked: nothing of the reason.
const GONE: [&str; 4] = ["RecvError", "disconnected", "torn down", "did not reach the end"];
/// Letters of a reason, at most: a line that is read.
const LONGEST: usize = 400;

thread_local! {
    /// Whether a panic of this thread is expected, and nobody is to be told.
    static EXPECTED: Cell<bool> = const { Cell::new(false) };
}

/// What a device's thread said last when it panicked.
static OF_DEVICE: Mutex<Option<String>> = Mutex::new(None);

/// Why something on a device failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    /// One line.
    pub(crate) reason: String,
    /// Whether it is memory that is missing.
    pub(crate) out_of_memory: bool,
}

impl Failure {
    /// Reads what was said: its root, without the stack.
    fn of(said: &str) -> Self {
        let lines: Vec<&str> = said.lines().map(str::trim).filter(|line| !is_stack(line)).collect();
        let of_memory = lines.iter().find(|line| OUT_OF_MEMORY.iter().any(|words| line.contains(words)));
        // Burn and CubeCL put the cause behind what it led to.
        let cause = lines.iter().rposition(|&line| line == "Caused by:");
        let reason = match (of_memory, cause) {
            (Some(&line), _) => line.to_owned(),
            (None, Some(heading)) => lines[heading + 1..].join(" "),
            (None, None) => lines.join(" "),
        };
        let reason = match reason.char_indices().nth(LONGEST) {
            Some((end, _)) => format!("{} …", &reason[..end]),
            None if reason.is_empty() => "it failed without a word".to_owned(),
            None => reason,
        };
        Failure { reason, out_of_memory: of_memory.is_some() }
    }
}

/// Whether a line is of a stack that was printed, or a heading of it.
fn is_stack(line: &str) -> bool {
    let frame = line.split_once(": ").is_some_and(|(number, _)| number.parse::<u32>().is_ok());
    let heading = ["Backtrace", "Asked at:", "No backtrace available"].iter().any(|words| line.starts_with(words));
    line.is_empty() || frame || heading || line.starts_with("at ")
}

/// Does something, with a panic on the way as an error that is one line, and nothing printed.
pub(crate) fn quietly<T>(work: impl FnOnce() -> T) -> Result<T, Failure> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let others = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info: &PanicHookInfo<'_>| {
            let thread = std::thread::current();
            let serves_device =
                thread.name().is_some_and(|name| DEVICE_THREADS.iter().any(|device| name.starts_with(device)));
            if serves_device {
                *of_device() = words(info.payload()).map(str::to_owned);
            } else if !EXPECTED.get() {
                others(info);
            }
        }));
    });
    let before = EXPECTED.replace(true);
    let done = catch_unwind(AssertUnwindSafe(work));
    EXPECTED.set(before);
    done.map_err(|panic| {
        let (here, there) = (words(panic.as_ref()).unwrap_or_default(), of_device().take());
        let there = there.filter(|_| GONE.iter().any(|words| here.contains(words)));
        Failure::of(there.as_deref().unwrap_or(here))
    })
}

/// What a panic says, if it says anything.
fn words(panic: &(dyn Any + Send)) -> Option<&str> {
    panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied())
}

fn of_device() -> MutexGuard<'static, Option<String>> {
    OF_DEVICE.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As CubeCL 0.11 and Burn 0.22 word it, stacks and all.
    const READ: &str = "An error happened during execution
Caused by:
  The bytes were never written (failure #3, still claiming 12 buffer(s))
  matmul_kernel
Caused by:
  An IO error happened
Caused by:
  out of device memory allocating 1073741824 bytes
   0: <cubecl_cuda::compute::storage::gpu::GpuStorage as cubecl_server::storage::ComputeStorage>::alloc
             at /registry/cubecl-cuda-0.11.3/src/compute/storage/gpu.rs:220:32
   1: core::ops::function::FnOnce::call_once
Asked at:
   0: cubecl_runtime::client::Client::read";

    #[test]
    fn lack_of_memory_is_told_in_one_line_from_whichever_layer() {
        for (said, reason) in [
            (READ, "out of device memory allocating 1073741824 bytes"),
            (
                "can't allocate buffer of size: 99\n   0: alloc::alloc\n             at src/lib.rs:1:1",
                "can't allocate buffer of size: 99",
            ),
            (
                "An out-of-memory error happened during launch\nCaused by:\n  no page\nBacktrace\n   0: x",
                "An out-of-memory error happened during launch",
            ),
            (
                "called `Result::unwrap()` on an `Err` value: DriverError(CUDA_ERROR_OUT_OF_MEMORY, \"out of memory\")",
                "called `Result::unwrap()` on an `Err` value: DriverError(CUDA_ERROR_OUT_OF_MEMORY, \"out of memory\")",
            ),
            ("wgpu error: Out of Memory\n\nCaused by:\n  Not enough memory left.", "Not enough memory left."),
        ] {
            assert_eq!(Failure::of(said), Failure { reason: reason.to_owned(), out_of_memory: true });
        }
    }

    #[test]
    fn of_other_failures_the_root_is_told() {
        let launch = "A launch error happened\nCaused by:\n  A compilation error happened during launch\nCaused by:\n  \
                      no such instruction\nBacktrace:\n   0: f\n             at a.rs:1:1";
        for (said, reason) in [
            (launch, "no such instruction"),
            ("two\n\n  lines", "two lines"),
            ("", "it failed without a word"),
            ("Caused by:", "it failed without a word"),
        ] {
            assert_eq!(Failure::of(said), Failure { reason: reason.to_owned(), out_of_memory: false });
        }
        let long = Failure::of(&"ä".repeat(5000)).reason;
        assert_eq!(long.chars().count(), LONGEST + 2);
    }

    #[test]
    fn what_a_devices_thread_says_is_the_reason_and_not_that_it_is_gone() {
        let served = |said: &'static str| {
            quietly(move || {
                let (sender, answer) = std::sync::mpsc::channel::<()>();
                let device = std::thread::Builder::new().name("DSU-0-0".to_owned());
                let device = device.spawn(move || {
                    let _sender = sender;
                    panic!("{said}");
                });
                let answer = answer.recv();
                assert!(device.expect("a thread").join().is_err());
                answer.expect("an answer");
            })
        };
        let library = "Unable to dynamically load the \"nvrtc\" shared library";
        assert_eq!(served(library).unwrap_err(), Failure { reason: library.to_owned(), out_of_memory: false });
        let failure = served("out of device memory allocating 8 bytes\n   0: f").unwrap_err();
        assert!(failure.out_of_memory && failure.reason == "out of device memory allocating 8 bytes", "{failure:?}");
        // And it is forgotten: the next failure is told by its own words.
        assert_eq!(quietly(|| panic!("of its own")).unwrap_err().reason, "of its own");
        assert_eq!(quietly(|| 3), Ok(3));
    }
}
