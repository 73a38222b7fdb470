//! Random choices, one after the other, from one stream, that come out bit for bit the same on every machine.
//!
//! Only additions, multiplications and divisions are used here: IEEE 754 fixes their results, while `exp` and `ln` differ
//! between systems' mathematical libraries, and with them a normal variate's tail.

use super::{Purpose, below, stream};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::Rng;

/// Random choices of one thing, such as an image or a line, one after the other.
pub(crate) struct Chance(ChaCha8Rng);

impl Chance {
    /// Those that the stream of `purpose` and `index` gives under `seed`.
    pub(crate) fn new(seed: u64, purpose: Purpose, index: u64) -> Self {
        Self(stream(seed, purpose, index))
    }

    /// Uniform in [0, 1).
    pub(crate) fn unit(&mut self) -> f32 {
        const UNIT: f32 = 1.0 / (1 << 24) as f32;
        (self.0.next_u32() >> 8) as f32 * UNIT
    }

    /// Uniform in [low, high).
    pub(crate) fn between(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.unit()
    }

    /// Uniform in 0..`count`.
    pub(crate) fn below(&mut self, count: usize) -> usize {
        below(self.0.next_u32(), count)
    }

    /// Bell-shaped with mean 0 and standard deviation 1, never beyond ±3.47: no freaks.
    pub(crate) fn bell(&mut self) -> f32 {
        const ROOT_3: f32 = 1.732_050_8;
        ((self.unit() + self.unit()) + (self.unit() + self.unit()) - 2.0) * ROOT_3
    }

    /// Triangular in (-1, 1): a cheap bell where many are needed.
    pub(crate) fn wobble(&mut self) -> f32 {
        self.unit() - self.unit()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bells_have_mean_zero_and_variance_one() {
        let mut chance = Chance::new(1, Purpose::Strokes, 2);
        let draws: Vec<f64> = (0..100_000).map(|_| f64::from(chance.bell())).collect();
        let mean = draws.iter().sum::<f64>() / draws.len() as f64;
        let variance = draws.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / draws.len() as f64;
        assert!(mean.abs() < 0.015, "mean {mean}");
        assert!((variance - 1.0).abs() < 0.02, "variance {variance}");
    }
}
