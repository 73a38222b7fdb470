//! Memory of the engine: buffers that begin at a cache line, and scratch buffers for each thread.

use super::threads;
use aligned_vec::{AVec, ConstAlign, avec};
use std::sync::{Mutex, PoisonError};

/// Numbers that begin at a cache line (64 bytes). A vector register of AVX-512 is as wide as a line; unaligned, every
/// load would touch two.
pub(super) type Buffer<T = f32> = AVec<T, ConstAlign<64>>;

/// A buffer of `len` zeros.
pub(super) fn zeros<T: Clone + Default>(len: usize) -> Buffer<T> {
    avec![[64]| T::default(); len]
}

/// Buffers for what one task computes and uses itself: one for each thread, so that it stays in that core's cache.
pub(super) struct Scratch<T = f32>(Vec<Mutex<Buffer<T>>>);

impl<T: Clone + Default> Scratch<T> {
    /// `len` numbers for each thread of the rayon pool that this is called in.
    pub(super) fn new(len: usize) -> Self {
        Scratch((0..threads::count()).map(|_| Mutex::new(zeros(len))).collect())
    }

    /// Lends this thread's buffer, with whatever the last use left in it. `work` must not run parallel work itself.
    pub(super) fn lend<R>(&self, work: impl FnOnce(&mut [T]) -> R) -> R {
        // In a larger pool than `new` saw, threads share, and wait for each other.
        let thread = threads::index().unwrap_or(0) % self.0.len();
        work(&mut self.0[thread].lock().unwrap_or_else(PoisonError::into_inner))
    }
}
