//! How the inputs of steps reach the device. The host collects those of many steps and sends them in one transfer (a
//! *piece*), of which each step takes its slice. Of real images that the device keeps, only the indices are sent.

use super::BurnDevice;
use crate::engine::{InstanceNoise, RealImages, StepInput};
use crate::model::LATENT;
use crate::{IMAGE_PIXELS, IMAGE_SIDE};
use burn_tensor::{DType, Int, Tensor, TensorData};
use rayon::prelude::*;

/// Steps of a piece, at most: enough that sending costs nothing, few enough that the device has work while the host draws
/// the noise of the next.
const STEPS: usize = 10;
/// Bytes of a piece on the device, about, after which no other step joins it.
const FULL: usize = 64 << 20;
/// Images of one step that see noise: the real ones and the fakes.
const KINDS: usize = 2;

/// Real images and their classes, kept on the device.
struct Kept {
    /// `[images, 784]`, of bytes where the device can hold them.
    pixels: Tensor<2, Int>,
    /// `[images]`
    classes: Tensor<1, Int>,
}

impl Kept {
    fn new(device: &BurnDevice, images: &[u8], labels: &[u8], pixel: DType) -> Self {
        let pixels = TensorData::new(images.to_vec(), [labels.len(), IMAGE_PIXELS]);
        Kept { pixels: Tensor::from_data(pixels, (device.handle(), pixel)), classes: integers(device, labels) }
    }
}

/// Numbers of classes or of images, on the device.
fn integers<T: Copy + TryInto<i32>>(device: &BurnDevice, numbers: &[T]) -> Tensor<1, Int> {
    let small = |&number: &T| number.try_into().unwrap_or_else(|_| panic!("images and classes have 31-bit numbers"));
    let numbers: Vec<i32> = numbers.iter().map(small).collect();
    let count = numbers.len();
    Tensor::from_data(TensorData::new(numbers, [count]), (device.handle(), DType::I32))
}

/// Adam's learning rates of a step.
#[derive(Clone, Copy)]
pub(super) struct Rates {
    pub(super) generator: f64,
    pub(super) discriminator: f64,
}

/// What all steps of a piece have or have not.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Form {
    kept: bool,
    noisy: bool,
}

/// The steps of a piece, on the host.
#[derive(Default)]
struct Collected {
    form: Form,
    rates: Vec<Rates>,
    rows: Vec<u32>,
    images: Vec<f32>,
    labels: Vec<u8>,
    latents: Vec<f32>,
    fake_labels: Vec<u8>,
    /// Over each step's real images, then over its fakes.
    noise: Vec<f32>,
}

/// Collects steps and sends them.
pub(super) struct Supply {
    device: BurnDevice,
    batch: usize,
    /// A class's row is that class one-hot, `[classes, classes]`.
    one_hot: Tensor<2>,
    kept: Option<Kept>,
    collected: Collected,
}

impl Supply {
    /// For batches of `batch` images of `classes` classes.
    pub(super) fn new(device: &BurnDevice, batch: usize, classes: usize) -> Self {
        let one_hot = one_hot(device, classes);
        Supply { device: device.clone(), batch, one_hot, kept: None, collected: Collected::default() }
    }

    /// Keeps images on the device: one byte per pixel where it has bytes, else four.
    pub(super) fn keep(&mut self, images: &[u8], labels: &[u8]) {
        let pixel = if self.device.handle().supports_dtype(DType::U8) { DType::U8 } else { DType::I32 };
        self.kept = Some(Kept::new(&self.device, images, labels, pixel));
    }

    /// Steps that wait to be sent.
    pub(super) fn waiting(&self) -> usize {
        self.collected.rates.len()
    }

    /// Whether the steps that wait must go before one like this can be added.
    pub(super) fn parts_from(&self, input: &StepInput<'_>) -> bool {
        self.waiting() > 0 && self.collected.form != Form::of(input)
    }

    /// Whether no other step should join those that wait.
    pub(super) fn is_full(&self) -> bool {
        let images = 1 + if self.collected.form.noisy { KINDS } else { 0 };
        let numbers = images * IMAGE_PIXELS + LATENT + KINDS * self.one_hot.dims()[0];
        let step = self.batch * numbers * size_of::<f32>();
        self.waiting() >= STEPS || (self.waiting() + 1) * step > FULL
    }

    /// Adds a step, the `number`-th of the training, counted from 1.
    pub(super) fn add(&mut self, number: u64, input: &StepInput<'_>) {
        let collected = &mut self.collected;
        collected.form = Form::of(input);
        collected.rates.push(Rates { generator: input.generator_rate, discriminator: input.discriminator_rate });
        match input.real {
            RealImages::Given { images, labels } => {
                collected.images.extend_from_slice(images);
                collected.labels.extend_from_slice(labels);
            }
            RealImages::Kept(rows) => collected.rows.extend_from_slice(rows),
        }
        collected.latents.extend_from_slice(input.latents);
        collected.fake_labels.extend_from_slice(input.fake_labels);
        if let Some(noise) = input.noise {
            lay_noise(noise, number, self.batch, &mut collected.noise);
        }
    }

    /// Sends all steps that wait.
    pub(super) fn send(&mut self) -> Piece {
        let Self { device, batch, one_hot, kept, collected } = self;
        let Collected { form, rates, rows, images, labels, latents, fake_labels, noise } = std::mem::take(collected);
        let floats = |values: Vec<f32>, width: usize| {
            let shape = [values.len() / width, width];
            Tensor::<2>::from_data(TensorData::new(values, shape), device.handle())
        };
        let (pixels, classes) = if form.kept {
            let kept = kept.as_ref().expect("places are told of images that are kept");
            let rows = integers(device, &rows);
            let bytes = kept.pixels.clone().select(0, rows.clone());
            (bytes.float() / 127.5 - 1.0, kept.classes.clone().select(0, rows))
        } else {
            (floats(images, IMAGE_PIXELS), integers(device, &labels))
        };
        Piece {
            batch: *batch,
            rates,
            pixels,
            classes: one_hot.clone().select(0, classes),
            latents: floats(latents, LATENT),
            fake_classes: one_hot.clone().select(0, integers(device, &fake_labels)),
            noise: form.noisy.then(|| floats(noise, IMAGE_PIXELS)),
        }
    }

    /// Forgets the steps that wait.
    pub(super) fn clear(&mut self) {
        self.collected = Collected::default();
    }
}

impl Form {
    fn of(input: &StepInput<'_>) -> Self {
        Form { kept: matches!(input.real, RealImages::Kept(_)), noisy: input.noise.is_some() }
    }
}

/// The steps of a piece, on the device. Row by row: those of the first step, those of the second …
pub(super) struct Piece {
    batch: usize,
    rates: Vec<Rates>,
    pixels: Tensor<2>,
    classes: Tensor<2>,
    latents: Tensor<2>,
    fake_classes: Tensor<2>,
    noise: Option<Tensor<2>>,
}

/// A batch on the device.
pub(super) struct Batch {
    /// `[batch, 1, 28, 28]`
    pub(super) real: Tensor<4>,
    /// One-hot, `[batch, classes]`.
    pub(super) classes: Tensor<2>,
    /// `[batch, 100]`
    pub(super) latents: Tensor<2>,
    /// One-hot, `[batch, classes]`.
    pub(super) fake_classes: Tensor<2>,
    /// What is laid over the real images and over the fakes, if anything: `[batch, 1, 28, 28]`.
    pub(super) noise: Option<[Tensor<4>; KINDS]>,
}

impl Piece {
    /// Its steps: of each the batch and the learning rates.
    pub(super) fn steps(self) -> impl Iterator<Item = (Batch, Rates)> {
        let batch = self.batch;
        let slice = move |all: &Tensor<2>, nth: usize| all.clone().narrow(0, nth * batch, batch);
        let images = move |all: &Tensor<2>, nth: usize| slice(all, nth).reshape([batch, 1, IMAGE_SIDE, IMAGE_SIDE]);
        (0..self.rates.len()).map(move |step| {
            let noise = |noise: &Tensor<2>| [0, 1].map(|kind| images(noise, KINDS * step + kind));
            let batch = Batch {
                real: images(&self.pixels, step),
                classes: slice(&self.classes, step),
                latents: slice(&self.latents, step),
                fake_classes: slice(&self.fake_classes, step),
                noise: self.noise.as_ref().map(noise),
            };
            (batch, self.rates[step])
        })
    }
}

/// Adds a step's noise over real images, then over fakes; the host draws it, as for the CPU.
fn lay_noise(noise: InstanceNoise, step: u64, batch: usize, values: &mut Vec<f32>) {
    let start = values.len();
    values.resize(start + KINDS * batch * IMAGE_PIXELS, 0.0);
    values[start..].par_chunks_exact_mut(IMAGE_PIXELS).enumerate().with_min_len(8).for_each(|(image, pixels)| {
        noise.fill(step, batch, image, pixels);
        pixels.iter_mut().for_each(|value| *value *= noise.deviation);
    });
}

/// The rows of all classes one-hot, `[classes, classes]`.
fn one_hot(device: &BurnDevice, classes: usize) -> Tensor<2> {
    let rows = (0..classes * classes).map(|i| if i / classes == i % classes { 1.0f32 } else { 0.0 });
    Tensor::from_data(TensorData::new(rows.collect(), [classes, classes]), device.handle())
}

/// Classes one-hot on the device, `[labels, classes]`.
pub(super) fn classes_of(device: &BurnDevice, labels: &[u8], classes: usize) -> Tensor<2> {
    one_hot(device, classes).select(0, integers(device, labels))
}

#[cfg(test)]
mod tests {
    use super::super::parameters::values;
    use super::*;
    use crate::engine::Api;
    use crate::pixel::to_signed;

    #[test]
    fn what_is_kept_is_what_would_be_brought_as_bytes_or_not() {
        let device = BurnDevice::open(Api::Flex, 0).expect("flex is always there");
        let images: Vec<u8> = (0..3 * IMAGE_PIXELS).map(|i| (i % 256) as u8).collect();
        let labels = [2, 0, 1];
        let (rows, fakes) = ([2, 0], [1, 1]);
        let latents = vec![0.5; 2 * LATENT];
        let kept = StepInput {
            real: RealImages::Kept(&rows),
            latents: &latents,
            fake_labels: &fakes,
            generator_rate: 1.0,
            discriminator_rate: 2.0,
            noise: None,
        };
        let mut expected = vec![0.0; 2 * IMAGE_PIXELS];
        to_signed(&images[2 * IMAGE_PIXELS..], &mut expected[..IMAGE_PIXELS]);
        to_signed(&images[..IMAGE_PIXELS], &mut expected[IMAGE_PIXELS..]);
        let given = StepInput { real: RealImages::Given { images: &expected, labels: &[1, 2] }, ..kept };
        for pixel in [DType::U8, DType::I32] {
            let mut supply = Supply::new(&device, 2, 3);
            supply.kept = Some(Kept::new(&device, &images, &labels, pixel));
            assert_eq!(supply.kept.as_ref().map(|kept| kept.pixels.dtype()), Some(pixel));
            supply.add(1, &kept);
            assert!(supply.parts_from(&given), "a piece is of one form");
            let (kept_there, rates) = supply.send().steps().next().expect("one step");
            assert_eq!((rates.generator, rates.discriminator, supply.waiting()), (1.0, 2.0, 0));
            assert_eq!(values(&kept_there.real), expected, "{pixel:?}: to the last bit");
            supply.add(1, &given);
            let (given_there, _) = supply.send().steps().next().expect("one step");
            assert_eq!(values(&given_there.real), expected);
            for batch in [&kept_there, &given_there] {
                assert_eq!(values(&batch.classes), [0.0, 1.0, 0.0, 0.0, 0.0, 1.0]);
                assert_eq!(values(&batch.fake_classes), [0.0, 1.0, 0.0, 0.0, 1.0, 0.0]);
                assert_eq!(values(&batch.latents), latents);
                assert!(batch.noise.is_none());
            }
        }
    }

    #[test]
    fn a_piece_has_some_steps_and_of_large_batches_few() {
        let device = BurnDevice::open(Api::Flex, 0).expect("flex is always there");
        for (batch, noise, steps) in [(64, None, 10), (3000, None, 6), (20_000, None, 1), (1000, Some(0.1), 6)] {
            let (latents, fakes, rows) = (vec![0.0; batch * LATENT], vec![0; batch], vec![0; batch]);
            let input = StepInput {
                real: RealImages::Kept(&rows),
                latents: &latents,
                fake_labels: &fakes,
                generator_rate: 1.0,
                discriminator_rate: 1.0,
                noise: noise.map(|deviation| InstanceNoise { deviation, seed: 1 }),
            };
            let mut supply = Supply::new(&device, batch, 10);
            let mut taken = 0;
            while taken == 0 || !supply.is_full() {
                taken += 1;
                supply.add(taken, &input);
            }
            assert_eq!(taken, steps, "{batch} images, noise {noise:?}");
        }
    }
}
