//! From one digit into another: spherical in the noise, linear in the class.
//!
//! Noise of a normal distribution lies near a sphere, so the way between two noises is an arc of it: what lies on the straight line
//! between them is shorter than any noise that G has seen (Shoemake 1985; White 2016, "Sampling generative networks").

use super::{Sampler, latents};
use crate::IMAGE_PIXELS;
use crate::engine::{Device, EngineError};
use crate::input::{InputError, MAX_CLASSES, check_classes};
use crate::model::LATENT;
use crate::seed::Purpose;
use crate::weights::GeneratorFile;

/// Most images of a morph, over all frames and rows.
pub const MAX_MORPH_IMAGES: usize = 100_000;

/// A way through classes.
///
/// ```
/// use digitgan::prelude::*;
/// use digitgan::sample::Morph;
///
/// let generator = GeneratorFile::untrained(Variant::Acgan, 10, 1)?;
/// let three_to_eight = Morph { steps: 5, ..Morph::through(&[3, 8]) };
/// let frames = three_to_eight.draw(&Device::cpu(Some(1))?, &generator)?;
/// assert_eq!(frames.len(), 10 * 784, "there and back, so that it can be repeated without a jump");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Morph {
    /// The classes to come by, in order; of a GAN they say how many digits to come by, and nothing else.
    pub stops: Vec<u8>,
    /// Frames from one stop to the next, the first of them at the stop itself; at least 1.
    pub steps: usize,
    /// Ways side by side, each with noise of its own; at least 1.
    pub rows: usize,
    /// Whether the last stop leads back to the first. Else the last frame is the last stop.
    pub closed: bool,
    /// Which noise: that of the pictures 0, 1, 2, … that [`Sampler::draw`] draws with this seed, one a stop, row by row.
    pub seed: u64,
}

impl Morph {
    /// A closed way through these classes, of 24 frames from one to the next, seed 1.
    pub fn through(stops: &[u8]) -> Morph {
        Morph { stops: stops.to_vec(), steps: 24, rows: 1, closed: true, seed: 1 }
    }

    /// How many frames it has.
    pub fn frames(&self) -> usize {
        let ways = if self.closed { self.stops.len() } else { self.stops.len().saturating_sub(1) };
        ways.saturating_mul(self.steps).saturating_add(usize::from(!self.closed))
    }

    /// Draws all frames. The frame at a stop is the digit that [`Sampler::draw`] draws.
    ///
    /// # Shapes
    /// Returns bytes, `[frames, rows, 28, 28]`.
    ///
    /// # Errors
    /// Fewer than two stops, no steps or rows, more images than [`MAX_MORPH_IMAGES`], a class that the generator does not have, or a
    /// device that fails.
    pub fn draw(&self, device: &Device, generator: &GeneratorFile) -> Result<Vec<u8>, EngineError> {
        self.check(generator)?;
        let noise = latents(self.seed, Purpose::SampleLatent, 0, self.rows * self.stops.len())?;
        let frames: Vec<Between> = (0..self.frames()).map(|frame| self.between(frame)).collect();
        let mut images = Vec::with_capacity(frames.len() * self.rows * IMAGE_PIXELS);
        for some in frames.chunks(MAX_CLASSES) {
            images.extend(self.draw_some(device, generator, &noise, some)?);
        }
        Ok(images)
    }

    fn check(&self, generator: &GeneratorFile) -> Result<(), InputError> {
        for (what, found, least) in [("stops", self.stops.len(), 2), ("steps", self.steps, 1), ("rows", self.rows, 1)] {
            if found < least {
                return Err(InputError::TooFew { what, found, least });
            }
        }
        let images = self.frames().saturating_mul(self.rows);
        if images > MAX_MORPH_IMAGES {
            return Err(InputError::TooMany { what: "images of a morph", found: images, most: MAX_MORPH_IMAGES });
        }
        check_classes(&self.stops, generator.spec.classes)
    }

    fn between(&self, frame: usize) -> Between {
        let (from, step) = (frame / self.steps, frame % self.steps);
        let to = (from + 1) % self.stops.len();
        Between { from, to, share: step as f32 / self.steps as f32 }
    }

    /// Draws at most as many frames as a generator has classes: each frame is a class of its own, a mixture of two.
    fn draw_some(
        &self,
        device: &Device,
        generator: &GeneratorFile,
        noise: &[f32],
        frames: &[Between],
    ) -> Result<Vec<u8>, EngineError> {
        let sees_class = generator.spec.variant.wiring().generator_sees_class;
        let mut sampler = match sees_class {
            true => {
                Sampler::new(device, &generator.with_mixed_classes(&self.mixtures(frames, generator.spec.classes))?)?
            }
            false => Sampler::new(device, generator)?,
        };
        let (mut between, mut labels) = (Vec::new(), Vec::new());
        for (class, frame) in frames.iter().enumerate() {
            for row in 0..self.rows {
                let at = |stop: usize| &noise[(row * self.stops.len() + stop) * LATENT..][..LATENT];
                between.extend(on_arc(at(frame.from), at(frame.to), frame.share));
                labels.push(if sees_class { class as u8 } else { 0 });
            }
        }
        sampler.draw_latents(&between, &labels)
    }

    fn mixtures(&self, frames: &[Between], classes: usize) -> Vec<Vec<f32>> {
        let mixture = |frame: &Between| {
            let mut shares = vec![0.0; classes];
            shares[usize::from(self.stops[frame.from])] += 1.0 - frame.share;
            shares[usize::from(self.stops[frame.to])] += frame.share;
            shares
        };
        let mut mixtures: Vec<Vec<f32>> = frames.iter().map(mixture).collect();
        // A generator has two classes at least.
        mixtures.resize_with(mixtures.len().max(2), || vec![0.0; classes]);
        mixtures
    }
}

/// A place on the way from one stop to another.
struct Between {
    from: usize,
    to: usize,
    share: f32,
}

/// What lies between two noises on the arc from one to the other.
fn on_arc(from: &[f32], to: &[f32], share: f32) -> Vec<f32> {
    let product = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum::<f64>();
    let cosine = product(from, to) / (product(from, from) * product(to, to)).sqrt();
    let angle = cosine.clamp(-1.0, 1.0).acos();
    let share = f64::from(share);
    let (a, b) = match angle.sin() {
        // Noises that lie in one direction, or opposite: no arc is shorter than another.
        sine if sine.is_nan() || sine < 1e-6 => (1.0 - share, share),
        sine => (((1.0 - share) * angle).sin() / sine, (share * angle).sin() / sine),
    };
    from.iter().zip(to).map(|(&from, &to)| (a * f64::from(from) + b * f64::from(to)) as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Variant;

    #[test]
    fn arcs_keep_the_length_and_end_where_they_should() {
        let noise = latents(1, Purpose::SampleLatent, 0, 2).unwrap();
        let (a, b) = noise.split_at(LATENT);
        let length = |v: &[f32]| v.iter().map(|x| x * x).sum::<f32>().sqrt();
        assert_eq!(on_arc(a, b, 0.0), a);
        for (found, expected) in on_arc(a, b, 1.0).iter().zip(b) {
            assert!((found - expected).abs() < 1e-5);
        }
        let (shortest, longest) = (length(a).min(length(b)), length(a).max(length(b)));
        for share in [0.25, 0.5, 0.75] {
            let between = length(&on_arc(a, b, share));
            assert!((0.97 * shortest..1.03 * longest).contains(&between), "{share}: {between}");
        }
        assert_eq!(on_arc(a, a, 0.5), a);
        assert_eq!(on_arc(&[0.0; 2], &[0.0; 2], 0.5), [0.0; 2]);
    }

    #[test]
    fn stops_are_the_digits_that_are_drawn_and_steps_are_small() {
        let device = Device::cpu(Some(1)).unwrap();
        let generator = GeneratorFile::untrained(Variant::Acgan, 10, 1).unwrap();
        let morph = Morph { steps: 60, rows: 2, seed: 5, ..Morph::through(&[3, 8, 1]) };
        let images = morph.draw(&device, &generator).unwrap();
        assert_eq!(images.len(), 180 * 2 * IMAGE_PIXELS);
        let drawn = Sampler::new(&device, &generator).unwrap().draw(5, &[3, 8, 1, 3, 8, 1]).unwrap();
        let frame = |frame: usize, row: usize| &images[(frame * 2 + row) * IMAGE_PIXELS..][..IMAGE_PIXELS];
        for (stop, row) in [(0, 0), (1, 0), (2, 0), (0, 1), (2, 1)] {
            let expected = &drawn[(row * 3 + stop) * IMAGE_PIXELS..][..IMAGE_PIXELS];
            let apart = frame(stop * 60, row).iter().zip(expected).map(|(&a, &b)| a.abs_diff(b)).max().unwrap();
            assert!(apart <= 1, "stop {stop} of row {row}: {apart}");
        }
        // Also from the last frame to the first: it can be repeated without a jump.
        let jump = |a: usize, b: usize| {
            let squares = frame(a, 0).iter().zip(frame(b, 0)).map(|(&a, &b)| f64::from(a.abs_diff(b)).powi(2));
            squares.sum::<f64>().sqrt()
        };
        let whole = jump(0, 60);
        assert!((0..180).all(|at| jump(at, (at + 1) % 180) < 0.2 * whole));
    }

    #[test]
    fn ways_that_do_not_close_end_at_the_last_stop() {
        let device = Device::cpu(Some(1)).unwrap();
        for variant in Variant::ALL {
            let generator = GeneratorFile::untrained(variant, 10, 1).unwrap();
            let morph = Morph { steps: 3, closed: false, ..Morph::through(&[1, 2]) };
            let images = morph.draw(&device, &generator).unwrap();
            assert_eq!((morph.frames(), images.len()), (4, 4 * IMAGE_PIXELS));
            let drawn = Sampler::new(&device, &generator).unwrap().draw(1, &[1, 2]).unwrap();
            let apart = images[3 * IMAGE_PIXELS..].iter().zip(&drawn[IMAGE_PIXELS..]).map(|(&a, &b)| a.abs_diff(b));
            assert!(apart.max().unwrap() <= 1, "{variant}");
        }
    }

    #[test]
    fn ways_that_lead_nowhere_are_refused() {
        let generator = GeneratorFile::untrained(Variant::Cgan, 10, 1).unwrap();
        let (device, morph) = (Device::cpu(Some(1)).unwrap(), Morph::through(&[3, 8]));
        for (morph, expected) in [
            (Morph { stops: vec![3], ..morph.clone() }, "stops: 1 are too few, at least 2"),
            (Morph { steps: 0, ..morph.clone() }, "steps: 0 are too few"),
            (Morph { rows: 0, ..morph.clone() }, "rows: 0 are too few"),
            (Morph { stops: vec![3, 10], ..morph.clone() }, "class 10 (number 1"),
            (Morph { steps: usize::MAX, ..morph.clone() }, "but there can be at most 100000"),
        ] {
            let error = morph.draw(&device, &generator).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
