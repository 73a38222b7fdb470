//! The noise that images are drawn from: that of [`crate::sample`] or, where it is wanted, of a truncated normal
//! distribution.
//!
//! With a truncation T each number beyond ±T is drawn again from the same stream until it is within ("the truncation trick"
//! of Brock et al. 2019): images become clearer and more alike. As the stream is that of the image, the noise is still a
//! function of seed and place.

use super::plan::Plan;
use crate::input::LATENT;
use crate::seed::{Purpose, fill_normal, stream};
use rand_distr::{Distribution, StandardNormal};
use rayon::prelude::*;

/// The smallest truncation: 8 % of all numbers are within.
pub const MIN_TRUNCATION: f32 = 0.1;

/// Noise of a seed.
pub(super) struct Noise {
    seed: u64,
    truncation: Option<f32>,
}

impl Noise {
    pub(super) fn new(plan: &Plan) -> Self {
        Noise { seed: plan.seed, truncation: plan.truncation }
    }

    /// That of each place, `[places, 100]`.
    pub(super) fn at(&self, places: &[u64]) -> Vec<f32> {
        let mut latents = vec![0.0; places.len() * LATENT];
        latents.par_chunks_exact_mut(LATENT).zip(places).for_each(|(latent, &place)| self.fill(place, latent));
        latents
    }

    fn fill(&self, place: u64, latent: &mut [f32]) {
        let Some(most) = self.truncation else { return fill_normal(self.seed, Purpose::SampleLatent, place, latent) };
        let mut rng = stream(self.seed, Purpose::SampleLatent, place);
        for value in latent {
            *value = loop {
                let drawn: f32 = StandardNormal.sample(&mut rng);
                if drawn.abs() <= most {
                    break drawn;
                }
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn truncated_noise_is_a_function_of_its_place_and_within_its_bounds() {
        let noise = |truncation| Noise { seed: 3, truncation };
        let places: Vec<u64> = (0..500).collect();
        let plain = noise(None).at(&places);
        assert_eq!(plain, crate::sample::latents(3, Purpose::SampleLatent, 0, 500).unwrap());
        for most in [MIN_TRUNCATION, 0.5, 2.0] {
            let latents = noise(Some(most)).at(&places);
            assert_eq!(noise(Some(most)).at(&places[7..9]), latents[700..900]);
            assert!(latents.iter().all(|value| value.abs() <= most));
            // Evenly over what is within: a bound that numbers are cut off at would hold many.
            assert!(latents.iter().filter(|value| value.abs() > 0.9 * most).count() < latents.len() / 8, "{most}");
        }
        // What is within already stays what it was.
        assert_eq!(noise(Some(10.0)).at(&places), plain);
    }
}
