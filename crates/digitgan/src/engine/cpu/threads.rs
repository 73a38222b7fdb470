//! How the threads of a step share its work: in equal parts, the same each time, without falling asleep in between.
//!
//! A step is some sixty parallel regions of 10 to 400 microseconds. At that scale two things cost more than the work
//! that they save (`docs/performance.md`): waking a thread that fell asleep between two regions, and handing images
//! from one core to another, since an image's maps are then in the wrong core's cache.

use crate::engine::threads::processors;
use rayon::iter::{IndexedParallelIterator, MinLen};
use std::sync::atomic::{AtomicBool, Ordering};

/// How often a thread looks for work in vain, a few microseconds, before it lets others have its processor between two
/// looks.
const TRIES: u32 = 100;

/// How many threads compute: those of the rayon pool that this is called in.
pub(super) fn count() -> usize {
    rayon::current_num_threads()
}

/// The number of this thread among them, if it is one of them.
pub(super) fn index() -> Option<usize> {
    rayon::current_thread_index()
}

/// Runs `work` while the other threads of the rayon pool that it is called in look for work without falling asleep.
///
/// Outside of a pool, or in one of a single thread, this is `work()`; also where there are more threads than processors:
/// those that look for work would keep those that have some from their processor.
pub(super) fn keep_awake<R: Send>(work: impl FnOnce() -> R + Send) -> R {
    let Some(here) = index().filter(|_| count() <= processors()) else { return work() };
    let done = AtomicBool::new(false);
    let look_for_work = || {
        // This thread may come by here while it waits for others, and must not wait for itself.
        let mut tries = 0;
        while index() != Some(here) && !done.load(Ordering::Acquire) {
            if rayon::yield_now() == Some(rayon::Yield::Executed) {
                tries = 0;
            } else if tries < TRIES {
                tries += 1;
                std::hint::spin_loop();
            } else {
                std::thread::yield_now();
            }
        }
    };
    let until_done = || {
        let _end = SetWhenDropped(&done);
        work()
    };
    beside(count() - 1, &look_for_work, until_done)
}

/// Runs `work` while up to `count` other threads run `other`, without a place on the heap for it.
fn beside<R: Send>(count: usize, other: &(impl Fn() + Sync), work: impl FnOnce() -> R + Send) -> R {
    match count {
        0 => work(),
        1 => rayon::join(work, other).0,
        _ => rayon::join(move || rayon::join(work, other).0, move || beside(count - 2, other, other)).0,
    }
}

/// Sets a flag at the end of a scope, after a panic too: nobody waits for a thread that is gone.
struct SetWhenDropped<'a>(&'a AtomicBool);

impl Drop for SetWhenDropped<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

/// Equal shares of a region's items.
pub(super) trait EqualShares: IndexedParallelIterator + Sized {
    /// Splits the items into one share per thread, so that two threads take the same items in every region over the same
    /// images. rayon halves, so this holds for powers of two; other numbers of threads share as rayon sees fit.
    fn in_equal_shares(self) -> MinLen<Self> {
        let (items, threads) = (self.len(), count());
        self.with_min_len(if threads.is_power_of_two() { (items / threads).max(1) } else { 1 })
    }
}

impl<I: IndexedParallelIterator> EqualShares for I {}

#[cfg(test)]
mod tests {
    use super::*;
    use rayon::prelude::*;
    use std::collections::BTreeSet;
    use std::panic::AssertUnwindSafe;
    use std::sync::Mutex;

    fn pool(threads: usize) -> rayon::ThreadPool {
        rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap()
    }

    #[test]
    fn work_is_done_awake_and_its_result_comes_back() {
        for threads in 1..=4 {
            let sum = pool(threads).install(|| keep_awake(|| (0..100).into_par_iter().sum::<i32>()));
            assert_eq!(sum, 4950);
            let nested = pool(threads).install(|| keep_awake(|| keep_awake(|| (0..100).into_par_iter().sum::<i32>())));
            assert_eq!(nested, 4950);
        }
        assert_eq!(keep_awake(|| 7), 7, "outside of a pool");
    }

    #[test]
    fn a_panic_comes_through_and_the_pool_lives_on() {
        let pool = pool(3);
        let outcome =
            std::panic::catch_unwind(AssertUnwindSafe(|| pool.install(|| keep_awake(|| panic!("as it happens")))));
        assert!(outcome.is_err());
        assert_eq!(pool.install(|| (0..100).into_par_iter().sum::<i32>()), 4950);
    }

    #[test]
    fn shares_are_equal_for_powers_of_two_and_cover_everything_for_any_number() {
        for (threads, items) in [(1, 8), (2, 8), (2, 25), (4, 64), (3, 10), (2, 1), (8, 3)] {
            let pieces = Mutex::new(Vec::new());
            pool(threads).install(|| {
                (0..items)
                    .into_par_iter()
                    .in_equal_shares()
                    .fold(Vec::new, |mut piece, item| {
                        piece.push(item);
                        piece
                    })
                    .for_each(|piece| pieces.lock().unwrap().push(piece));
            });
            let pieces = pieces.into_inner().unwrap();
            let seen: BTreeSet<usize> = pieces.iter().flatten().copied().collect();
            assert_eq!(seen.len(), items, "{threads} threads, {items} items");
            if threads.is_power_of_two() {
                let lens = || pieces.iter().map(Vec::len);
                assert_eq!(pieces.len(), threads.min(items), "{threads} threads, {items} items: {pieces:?}");
                assert!(
                    lens().max().unwrap() - lens().min().unwrap() <= 1,
                    "{threads} threads, {items} items: {pieces:?}"
                );
            }
        }
    }
}
