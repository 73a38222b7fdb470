//! Randomness as an argument: a seed, a purpose and an index give a stream of numbers.
//!
//! Nothing in this project keeps the state of a random generator. Code that needs random numbers
//! asks for the stream of *its* purpose and *its* index (an image, a step, an epoch), so a
//! number never depends on batch size, thread count, order of work or interruption.
//!
//! The streams are ChaCha8 keyed by seed and purpose; the index selects ChaCha's 64-bit stream.

pub(crate) mod chance;
// Hidden: no index is made up outside of the library.
#[doc(hidden)]
pub mod index;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use rand_distr::{Distribution, StandardNormal};

/// What a stream of random numbers is for. Streams of different purposes never meet. How the index of each is laid out:
/// [`index`].
///
/// ```
/// use digitgan::prelude::*;
///
/// let noise = latents(7, Purpose::SampleLatent, 0, 3)?;
/// assert_eq!(latents(7, Purpose::SampleLatent, 2, 1)?, noise[200..]);
/// assert_ne!(latents(7, Purpose::TrainingLatent, 2, 1)?, noise[200..]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub enum Purpose {
    /// Initial weights; index: the tensor.
    InitialWeights = 1,
    /// The order of the training images; index: the epoch.
    Shuffle = 2,
    /// Noise of the fakes seen in training; index: fakes drawn so far.
    TrainingLatent = 3,
    /// Classes of the fakes seen in training; index: fakes drawn so far.
    TrainingClass = 4,
    /// The fixed noise behind the sample grids of a run; index: the cell.
    FixedLatent = 5,
    /// Noise of a picture asked for by a person; index: the picture.
    SampleLatent = 6,
    /// Class of a picture asked for without one; index: the picture.
    SampleClass = 7,
    /// Augmentation of real images; index: real images seen so far.
    Augment = 8,
    /// The built-in strokes data set; index: the image.
    Strokes = 9,
    /// Which real images a person is shown; index: the cell.
    Show = 10,
    /// Which samples a metric compares; index: the subset.
    MetricSubset = 11,
    /// Noise laid over what D sees; index: images that D has seen so far, real ones and fakes.
    InstanceNoise = 12,
    /// Noise behind the digits that the collapse monitor looks at; index: the digit. Its last index: real digits.
    MonitorLatent = 14,
    /// Which real images an evaluation compares with; index: which set of images.
    EvaluationImages = 13,
    /// The order of the classes in a generated data set; index: the block of images, then the same of test images.
    SetClasses = 15,
    /// What a writer of lines does always: slant, thickness, spacing; index: the writer.
    Writer = 32,
    /// A writer's form of a mark; index: the writer and the mark.
    WriterHabit = 33,
    /// A writer's share of the noise behind each digit; index: the writer.
    WriterLatent = 34,
    /// The other share; index: the line and the picture in it.
    LineLatent = 35,
    /// Where the characters of a line stand; index: the line.
    WrittenLine = 36,
    /// What a line says, of a template; index: the line.
    LineText = 37,
    /// The paper and the camera of a line; index: the line.
    LinePaper = 38,
}

/// The stream of random numbers for `purpose` and `index` under `seed`.
pub fn stream(seed: u64, purpose: Purpose, index: u64) -> ChaCha8Rng {
    let mut key = [0u8; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    key[8..16].copy_from_slice(&(purpose as u64).to_le_bytes());
    let mut rng = ChaCha8Rng::from_seed(key);
    rng.set_stream(index);
    rng
}

/// Fills `out` with standard normal numbers from the stream of `purpose` and `index`.
pub fn fill_normal(seed: u64, purpose: Purpose, index: u64, out: &mut [f32]) {
    let mut rng = stream(seed, purpose, index);
    for value in out {
        *value = StandardNormal.sample(&mut rng);
    }
}

/// The number below `count` that 32 random bits stand for, each about as likely as the other: the upper half of the
/// 64-bit product. Counts up to 2¹⁶ are off by less than 2⁻¹⁶ of a share.
// Hidden: for whoever draws real images to look at; a count of none has no answer.
#[doc(hidden)]
pub fn below(bits: u32, count: usize) -> usize {
    ((u64::from(bits) * count as u64) >> 32) as usize
}

/// The numbers below `count` in an order drawn from the stream of `purpose` and `index` (Fisher and Yates).
pub(crate) fn permutation(seed: u64, purpose: Purpose, index: u64, count: usize) -> Vec<u32> {
    let mut order: Vec<u32> = (0..count as u32).collect();
    shuffle(&mut stream(seed, purpose, index), &mut order);
    order
}

/// Brings `order` into an order drawn from `rng`.
pub(crate) fn shuffle(rng: &mut ChaCha8Rng, order: &mut [u32]) {
    for last in (1..order.len()).rev() {
        order.swap(last, below(rng.next_u32(), last + 1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_depend_on_seed_purpose_and_index_alone() {
        let draw = |seed, purpose, index| {
            let mut out = [0f32; 4];
            fill_normal(seed, purpose, index, &mut out);
            out
        };
        let base = draw(1, Purpose::TrainingLatent, 7);
        assert_eq!(base, draw(1, Purpose::TrainingLatent, 7));
        assert_ne!(base, draw(2, Purpose::TrainingLatent, 7));
        assert_ne!(base, draw(1, Purpose::FixedLatent, 7));
        assert_ne!(base, draw(1, Purpose::TrainingLatent, 8));
    }

    #[test]
    fn normals_have_mean_zero_and_variance_one() {
        let mut out = vec![0f32; 100_000];
        fill_normal(3, Purpose::TrainingLatent, 0, &mut out);
        let mean = out.iter().sum::<f32>() / out.len() as f32;
        let variance = out.iter().map(|v| (v - mean).powi(2)).sum::<f32>() / out.len() as f32;
        assert!(mean.abs() < 0.015, "mean {mean}");
        assert!((variance - 1.0).abs() < 0.02, "variance {variance}");
    }
}
