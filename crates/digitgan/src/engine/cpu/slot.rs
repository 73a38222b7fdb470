//! Where a parameter lies in the flat buffers of a network: its values, gradients and moments alike.

use std::ops::Range;

/// A parameter's place in the flat buffers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slot {
    start: usize,
    len: usize,
}

impl Slot {
    /// The place of `len` numbers from `start` on.
    pub(super) fn new(start: usize, len: usize) -> Slot {
        Slot { start, len }
    }

    /// Where its numbers lie in a flat buffer.
    pub(super) fn range(self) -> Range<usize> {
        self.start..self.start + self.len
    }

    /// The part of this slot from `start` on, `len` long.
    pub(super) fn part(self, start: usize, len: usize) -> Slot {
        assert!(start + len <= self.len);
        Slot { start: self.start + start, len }
    }
}
