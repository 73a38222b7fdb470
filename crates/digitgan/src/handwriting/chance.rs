//! Random choices of a writer, drawn from the stream of a purpose and an index.

use crate::seed::{Purpose, stream};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::Rng;

/// Random numbers for one thing, one after the other.
pub(super) struct Chance(ChaCha8Rng);

impl Chance {
    pub(super) fn new(seed: u64, purpose: Purpose, index: u64) -> Self {
        Self(stream(seed, purpose, index))
    }

    /// Uniform in [0, 1).
    pub(super) fn unit(&mut self) -> f32 {
        const UNIT: f32 = 1.0 / (1 << 24) as f32;
        (self.0.next_u32() >> 8) as f32 * UNIT
    }

    /// Uniform in [low, high).
    pub(super) fn between(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.unit()
    }

    /// Uniform in 0..`count`.
    pub(super) fn below(&mut self, count: u32) -> u32 {
        crate::seed::below(self.0.next_u32(), count as usize) as u32
    }

    /// Bell-shaped with mean 0 and standard deviation 1, never beyond ±3.47: no freaks.
    pub(super) fn bell(&mut self) -> f32 {
        const ROOT_3: f32 = 1.732_050_8;
        ((self.unit() + self.unit()) + (self.unit() + self.unit()) - 2.0) * ROOT_3
    }
}
