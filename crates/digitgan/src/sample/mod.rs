//! Drawing pictures with a trained generator.
//!
//! A picture depends on its seed, its index and its class alone, not on the batch or on the threads that drew it.

mod explore;
mod morph;

pub use explore::{Change, Direction, directions, moved_along};
pub use morph::{MAX_MORPH_IMAGES, Morph};

use crate::IMAGE_PIXELS;
use crate::engine::{Device, DeviceSampler, Engine, EngineError, Threads};
use crate::input::{InputError, MAX_CLASSES, check_classes, check_length, check_places};
use crate::model::{LATENT, ModelSpec};
use crate::pixel::to_byte;
use crate::seed::{self, Purpose};
use crate::weights::GeneratorFile;
use rand_chacha::rand_core::Rng;
use rayon::prelude::*;

/// Draws pictures with a trained generator.
///
/// ```
/// use digitgan::prelude::*;
///
/// let generator = GeneratorFile::untrained(Variant::Cgan, 10, 1)?;
/// let mut sampler = Sampler::new(&Device::cpu(Some(1))?, &generator)?;
/// let digits = sampler.draw(7, &[0, 1, 2])?;
/// assert_eq!(digits.len(), 3 * 28 * 28);
/// // A picture is its seed, its place and its class, whatever is drawn beside it.
/// assert_eq!(sampler.draw_at(7, 2, &[2])?, digits[2 * 784..]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Sampler {
    spec: ModelSpec,
    threads: Threads,
    sampler: DeviceSampler,
}

impl Sampler {
    /// Takes up a generator.
    ///
    /// # Errors
    /// When its tensors do not fit its model, or the device fails.
    pub fn new(device: &Device, file: &GeneratorFile) -> Result<Self, EngineError> {
        let sampler = device.sampler(&file.spec, &file.tensors)?;
        Ok(Sampler { spec: file.spec, threads: device.threads().clone(), sampler })
    }

    /// The generator's model.
    pub fn spec(&self) -> ModelSpec {
        self.spec
    }

    /// Draws the picture of each label, with the noise of `seed` and the picture's place.
    ///
    /// # Shapes
    /// Returns bytes, `[labels, 28, 28]`.
    ///
    /// # Errors
    /// A class that the generator does not have, or a device that fails.
    pub fn draw(&mut self, seed: u64, labels: &[u8]) -> Result<Vec<u8>, EngineError> {
        self.draw_at(seed, 0, labels)
    }

    /// [`Sampler::draw`] for pictures from place `first` on.
    ///
    /// # Errors
    /// As [`Sampler::draw`], and places beyond the last one.
    pub fn draw_at(&mut self, seed: u64, first: u64, labels: &[u8]) -> Result<Vec<u8>, EngineError> {
        check_places(first, labels.len())?;
        self.draw_from(seed, Purpose::SampleLatent, |index| first + index as u64, labels)
    }

    /// [`Sampler::draw`] for pictures of any places.
    ///
    /// # Shapes
    /// `places`: `[labels]`.
    ///
    /// # Errors
    /// As [`Sampler::draw`], and where there are not as many places as labels.
    pub fn draw_places(&mut self, seed: u64, places: &[u64], labels: &[u8]) -> Result<Vec<u8>, EngineError> {
        check_length("places, [labels]", places.len(), labels.len())?;
        self.draw_from(seed, Purpose::SampleLatent, |index| places[index], labels)
    }

    /// Draws the picture of each label from noise that the caller brings, such as that of [`latents`] or a mixture.
    ///
    /// # Shapes
    /// `latents`: `[labels, 100]`; returns bytes, `[labels, 28, 28]`.
    ///
    /// # Errors
    /// A class that the generator does not have, noise of another length or that is not finite, or a device that fails.
    pub fn draw_latents(&mut self, latents: &[f32], labels: &[u8]) -> Result<Vec<u8>, EngineError> {
        let images = self.draw_signed(latents, labels)?;
        Ok(self.threads.install(|| to_bytes(&images)))
    }

    /// [`Sampler::draw_latents`] as the network draws: real numbers from -1 (black) to 1 (white).
    ///
    /// # Shapes
    /// `latents`: `[labels, 100]`; returns `[labels, 28, 28]`.
    ///
    /// # Errors
    /// As [`Sampler::draw_latents`].
    pub fn draw_signed(&mut self, latents: &[f32], labels: &[u8]) -> Result<Vec<f32>, EngineError> {
        let mut images = vec![0.0; labels.len() * IMAGE_PIXELS];
        self.sampler.generate(latents, labels, &mut images)?;
        Ok(images)
    }

    /// Draws the sample grid of a training with this seed.
    ///
    /// # Shapes
    /// Returns bytes, `[rows · columns, 28, 28]`: ten rows of ten pictures or, where G sees the class, of one picture of each class.
    ///
    /// # Errors
    /// When the device fails.
    pub fn draw_grid(&mut self, seed: u64) -> Result<Vec<u8>, EngineError> {
        self.draw_from(seed, Purpose::FixedLatent, |index| index as u64, &GridPlan::new(&self.spec).labels)
    }

    /// `place` says where among the seed's places the noise of each picture is. All threads make noise and bytes: one
    /// alone would hold up the others by a tenth.
    fn draw_from(
        &mut self,
        seed: u64,
        purpose: Purpose,
        place: impl Fn(usize) -> u64 + Sync,
        labels: &[u8],
    ) -> Result<Vec<u8>, EngineError> {
        check_classes(labels, self.spec.classes)?;
        let threads = self.threads.clone();
        threads.install(|| {
            let mut latents = vec![0.0; labels.len() * LATENT];
            let noise = |(index, latent): (usize, &mut [f32])| seed::fill_normal(seed, purpose, place(index), latent);
            latents.par_chunks_exact_mut(LATENT).enumerate().for_each(noise);
            self.draw_latents(&latents, labels)
        })
    }
}

/// The bytes of images in [-1, 1], made by all threads.
fn to_bytes(images: &[f32]) -> Vec<u8> {
    let mut bytes = vec![0; images.len()];
    let images = images.par_chunks_exact(IMAGE_PIXELS);
    bytes.par_chunks_exact_mut(IMAGE_PIXELS).zip(images).for_each(|(bytes, image)| {
        bytes.iter_mut().zip(image).for_each(|(byte, &pixel)| *byte = to_byte(pixel));
    });
    bytes
}

/// The grid that shows how far a training has come.
// Hidden: for the loop and the page; users draw it by `Sampler::draw_grid`.
#[doc(hidden)]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GridPlan {
    /// Pictures in a row.
    pub columns: usize,
    /// The class of each picture, row by row.
    pub labels: Vec<u8>,
}

impl GridPlan {
    /// Ten rows: of ten pictures or, where G sees the class, of one picture per class.
    pub fn new(spec: &ModelSpec) -> Self {
        let columns = if spec.variant.wiring().generator_sees_class { spec.classes } else { 10 };
        let row = (0..columns).map(|class| class as u8 % spec.classes as u8);
        GridPlan { columns, labels: std::iter::repeat_n(row, 10).flatten().collect() }
    }
}

/// The noise of `count` pictures from index `first` on.
///
/// ```
/// use digitgan::prelude::*;
///
/// let generator = GeneratorFile::untrained(Variant::Cgan, 10, 1)?;
/// let mut sampler = Sampler::new(&Device::cpu(Some(1))?, &generator)?;
/// let noise = latents(7, Purpose::SampleLatent, 0, 2)?;
/// let (from, to) = noise.split_at(100);
/// let halfway: Vec<f32> = from.iter().zip(to).map(|(a, b)| (a + b) / 2.0).collect();
/// let between = sampler.draw_latents(&halfway, &[3])?;
/// assert_eq!(between.len(), 784);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Shapes
/// Returns `[count, 100]`.
///
/// # Errors
/// More pictures than [`MAX_LATENTS`], or places beyond the last one.
pub fn latents(seed: u64, purpose: Purpose, first: u64, count: usize) -> Result<Vec<f32>, InputError> {
    if count > MAX_LATENTS {
        return Err(InputError::TooMany { what: "latents at once", found: count, most: MAX_LATENTS });
    }
    check_places(first, count)?;
    let mut latents = vec![0.0; count * LATENT];
    fill_latents(seed, purpose, first, &mut latents);
    Ok(latents)
}

/// Pictures whose noise is drawn at once, at most: 400 MB.
pub const MAX_LATENTS: usize = 1_000_000;

/// Pictures whose noise one thread draws before another helps.
const PICTURES_AT_ONCE: usize = 64;

/// Fills in the noise of as many pictures as fit, from index `first` on.
///
/// # Shapes
/// `latents`: `[count, 100]`.
// Hidden: for the training loop and the programs that measure it, which know their shapes and must not allocate.
#[doc(hidden)]
pub fn fill_latents(seed: u64, purpose: Purpose, first: u64, latents: &mut [f32]) {
    debug_assert!(latents.len().is_multiple_of(LATENT), "whole latents");
    let pictures = latents.par_chunks_exact_mut(LATENT).enumerate().with_min_len(PICTURES_AT_ONCE);
    pictures.for_each(|(i, latent)| seed::fill_normal(seed, purpose, first + i as u64, latent));
}

/// Fills in the classes of pictures from index `first` on, each class as likely as the other.
// Hidden: as `fill_latents`.
#[doc(hidden)]
pub fn fill_classes(seed: u64, purpose: Purpose, first: u64, classes: usize, labels: &mut [u8]) {
    debug_assert!((1..=MAX_CLASSES).contains(&classes), "{classes} classes");
    for (index, label) in (first..).zip(labels) {
        *label = seed::below(seed::stream(seed, purpose, index).next_u32(), classes) as u8;
    }
}

/// Draws the sample grid with a training's own engine.
// Hidden: as `GridPlan`.
///
/// # Shapes
/// Returns bytes, `[rows · columns, 28, 28]`: ten rows of ten pictures or, where G sees the class, of one picture of each class.
///
/// # Errors
/// When the device fails.
#[doc(hidden)]
pub fn draw_grid(engine: &mut dyn Engine, plan: &GridPlan, seed: u64) -> Result<Vec<u8>, EngineError> {
    let latents = latents(seed, Purpose::FixedLatent, 0, plan.labels.len())?;
    let mut images = vec![0.0; plan.labels.len() * IMAGE_PIXELS];
    engine.generate(&latents, &plan.labels, &mut images)?;
    Ok(images.into_iter().map(to_byte).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Variant, initial_state};
    use digitgan_kernels::Kernels;

    #[test]
    fn a_picture_is_its_seed_index_and_class() {
        let spec = ModelSpec { variant: Variant::Cgan, classes: 10 };
        let names: Vec<String> = (0..10).map(|class: u8| class.to_string()).collect();
        let file = GeneratorFile::from_state(&initial_state(&spec, 1), spec, &names, "none", 0);
        for kernels in Kernels::available() {
            let mut sampler =
                Sampler::new(&Device::with_kernels(kernels, Threads::start(Some(2)).unwrap()), &file).unwrap();
            let labels: Vec<u8> = (0..150).map(|i| i % 10).collect();
            let all = sampler.draw(3, &labels).unwrap();
            assert_eq!(sampler.draw(3, &labels[..7]).unwrap(), all[..7 * IMAGE_PIXELS], "{kernels:?}");
            assert_ne!(sampler.draw(4, &labels[..7]).unwrap(), all[..7 * IMAGE_PIXELS]);
            assert_ne!(sampler.draw(3, &[1]).unwrap()[..], all[..IMAGE_PIXELS]);
        }
    }

    #[test]
    fn classes_are_drawn_evenly() {
        let mut labels = vec![0; 10_000];
        fill_classes(1, Purpose::TrainingClass, 0, 7, &mut labels);
        for class in 0..7 {
            let share = labels.iter().filter(|&&label| label == class).count() as f64 / 10_000.0;
            assert!((share - 1.0 / 7.0).abs() < 0.015, "class {class}: {share}");
        }
    }

    #[test]
    fn the_grid_has_a_column_a_class_where_the_model_knows_classes() {
        let plan = |variant, classes| GridPlan::new(&ModelSpec { variant, classes });
        assert_eq!((plan(Variant::Gan, 3).columns, plan(Variant::Gan, 3).labels.len()), (10, 100));
        let acgan = plan(Variant::Acgan, 3);
        assert_eq!((acgan.columns, acgan.labels.len(), &acgan.labels[..4]), (3, 30, &[0, 1, 2, 0][..]));
    }

    #[test]
    fn latents_may_come_from_outside_and_what_does_not_fit_is_refused() {
        let spec = ModelSpec { variant: Variant::Cgan, classes: 10 };
        let names: Vec<String> = (0..10).map(|class: u8| class.to_string()).collect();
        let file = GeneratorFile::from_state(&initial_state(&spec, 1), spec, &names, "none", 0);
        let mut sampler = Sampler::new(&Device::cpu(Some(1)).unwrap(), &file).unwrap();
        let noise = latents(3, Purpose::SampleLatent, 0, 2).unwrap();
        assert_eq!(sampler.draw_latents(&noise, &[4, 5]).unwrap(), sampler.draw(3, &[4, 5]).unwrap());
        let signed = sampler.draw_signed(&noise, &[4, 5]).unwrap();
        assert_eq!(to_bytes(&signed), sampler.draw(3, &[4, 5]).unwrap());
        assert!(signed.iter().all(|pixel| (-1.0..=1.0).contains(pixel)));
        for (error, expected) in [
            (sampler.draw(1, &[12]).unwrap_err(), "class 12 (number 0, counted from 0) is none of the 10 classes"),
            (sampler.draw_places(1, &[1, 2], &[3]).unwrap_err(), "places, [labels]: 2 numbers, expected 1"),
            (sampler.draw_latents(&noise[1..], &[4, 5]).unwrap_err(), "latents, [count, 100]: 199 numbers"),
            (sampler.draw_latents(&[f32::INFINITY; 100], &[4]).unwrap_err(), "latent 0 (counted from 0) is inf"),
        ] {
            assert!(error.to_string().starts_with(expected), "{error}");
        }
    }
}
