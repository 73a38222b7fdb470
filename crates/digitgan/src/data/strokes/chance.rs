//! Random numbers and angles that come out bit for bit the same on every machine.
//!
//! Only additions, multiplications, divisions and square roots are used here and in the modules
//! beside this one: IEEE 754 fixes their results, while `sin`, `exp` and `ln` differ between
//! systems' mathematical libraries, and with them a normal variate's tail.

use crate::seed::{Purpose, below, stream};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::Rng;

/// The random choices behind one image.
pub(super) struct Chance(ChaCha8Rng);

impl Chance {
    /// The choices of image (or block of images) `index` under `seed`.
    pub(super) fn new(seed: u64, index: u64) -> Self {
        Self(stream(seed, Purpose::Strokes, index))
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
    pub(super) fn below(&mut self, count: usize) -> usize {
        below(self.0.next_u32(), count)
    }

    /// Bell-shaped with mean 0 and standard deviation 1, never beyond ±3.47: no freaks.
    pub(super) fn bell(&mut self) -> f32 {
        const ROOT_3: f32 = 1.732_050_8;
        ((self.unit() + self.unit()) + (self.unit() + self.unit()) - 2.0) * ROOT_3
    }

    /// Triangular in (-1, 1): a cheap bell where many are needed.
    pub(super) fn wobble(&mut self) -> f32 {
        self.unit() - self.unit()
    }
}

/// Sine and cosine of an angle within ±50 degrees, to 1e-6.
pub(super) fn sin_cos(degrees: f32) -> (f32, f32) {
    let x = degrees * (std::f32::consts::PI / 180.0);
    let x2 = x * x;
    let sin = x * (1.0 - x2 / 6.0 * (1.0 - x2 / 20.0 * (1.0 - x2 / 42.0)));
    let cos = 1.0 - x2 / 2.0 * (1.0 - x2 / 12.0 * (1.0 - x2 / 30.0 * (1.0 - x2 / 56.0)));
    (sin, cos)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sines_and_cosines_agree_with_the_system() {
        for degrees in -50..=50 {
            let (sin, cos) = sin_cos(degrees as f32);
            let (true_sin, true_cos) = f64::from(degrees).to_radians().sin_cos();
            assert!((f64::from(sin) - true_sin).abs() < 1e-6, "sin {degrees}: {sin}");
            assert!((f64::from(cos) - true_cos).abs() < 1e-6, "cos {degrees}: {cos}");
        }
    }

    #[test]
    fn bells_have_mean_zero_and_variance_one() {
        let mut chance = Chance::new(1, 2);
        let draws: Vec<f64> = (0..100_000).map(|_| f64::from(chance.bell())).collect();
        let mean = draws.iter().sum::<f64>() / draws.len() as f64;
        let variance = draws.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / draws.len() as f64;
        assert!(mean.abs() < 0.015, "mean {mean}");
        assert!((variance - 1.0).abs() < 0.02, "variance {variance}");
    }
}
