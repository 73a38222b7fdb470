//! The generator for drawing: fixed weights and running statistics, one image after the other.
//!
//! No layer needs the whole batch here, so an image goes from noise to pixels in one thread's cache, and depends on
//! nothing but its own noise and class.

use super::batchnorm::BatchNorm;
use super::buffer::{Buffer, Scratch, zeros};
use super::generator::fill_input;
use super::padding::unpad;
use super::parameters::Parameters;
use super::threads;
use crate::IMAGE_PIXELS;
use crate::engine::StateError;
use crate::model::{LATENT, ModelSpec, TensorMap, generator_tensors};
use digitgan_kernels::shape::{
    BOTTOM, FILTER_TAPS, INNER_WEIGHTS, MIDDLE, MIDDLE_CHANNELS, MapLayout, OUTER_WEIGHTS, PADDED_BOTTOM, PADDED_IMAGE,
};
use digitgan_kernels::{Kernels, inner_phases, transpose};
use rayon::prelude::*;

/// Images whose first layer is computed together, so that its many weights are read once for all of them.
const IMAGES_TOGETHER: usize = 16;

/// A generator alone, for drawing.
pub struct CpuSampler {
    kernels: Kernels,
    inputs: usize,
    deconv1: Buffer,
    bn1: BatchNorm,
    /// deconv2's weights, a quarter for each parity of the output pixel.
    phases: Buffer,
    bn2: BatchNorm,
    /// deconv3's weights, transposed: `[32, 16]`.
    deconv3: Buffer,
    bias: f32,
    scratch: Scratch,
}

/// One thread's buffers: for the first layer of [`IMAGES_TOGETHER`] images, and for the other layers of one.
struct Room<'a> {
    input: &'a mut [f32],
    y1: &'a mut [f32],
    /// With zero padding, which nothing overwrites.
    h1: &'a mut [f32],
    y2: &'a mut [f32],
    h2: &'a mut [f32],
    image: &'a mut [f32],
}

impl<'a> Room<'a> {
    const fn len(inputs: usize) -> usize {
        IMAGES_TOGETHER * (inputs + BOTTOM) + PADDED_BOTTOM + 2 * MIDDLE + PADDED_IMAGE
    }

    fn new(room: &'a mut [f32], inputs: usize) -> Self {
        let (h1, room) = room.split_at_mut(PADDED_BOTTOM);
        let (y1, room) = room.split_at_mut(IMAGES_TOGETHER * BOTTOM);
        let (y2, room) = room.split_at_mut(MIDDLE);
        let (h2, room) = room.split_at_mut(MIDDLE);
        let (image, room) = room.split_at_mut(PADDED_IMAGE);
        let (input, _) = room.split_at_mut(IMAGES_TOGETHER * inputs);
        Room { input, y1, h1, y2, h2, image }
    }
}

impl CpuSampler {
    /// Takes the weights of a generator: the tensors of [`generator_tensors`] by their names.
    ///
    /// # Errors
    /// When a tensor is missing or has another shape.
    pub fn new(kernels: Kernels, spec: &ModelSpec, weights: &TensorMap) -> Result<Self, StateError> {
        Self::with_prefix(kernels, spec, "", weights)
    }

    /// As [`CpuSampler::new`], of the tensors called `prefix` and their names.
    pub(super) fn with_prefix(
        kernels: Kernels,
        spec: &ModelSpec,
        prefix: &str,
        weights: &TensorMap,
    ) -> Result<Self, StateError> {
        let mut parameters = Parameters::new(kernels, generator_tensors(spec));
        parameters.load(prefix, weights, false)?;
        let bn = |name, layout| {
            let mut bn = BatchNorm::new(name, &parameters, layout, 0);
            bn.load(prefix, weights)?;
            bn.freeze(&parameters);
            Ok(bn)
        };
        let (bn1, bn2) = (bn("bn1", MapLayout::BOTTOM)?, bn("bn2", MapLayout::MIDDLE)?);
        let value = |name| parameters.value(parameters.slot(name));
        let (mut phases, mut deconv3) = (zeros(INNER_WEIGHTS), zeros(OUTER_WEIGHTS));
        inner_phases(value("deconv2.weight"), &mut phases);
        transpose(value("deconv3.weight"), FILTER_TAPS, MIDDLE_CHANNELS, &mut deconv3);
        let inputs = spec.generator_inputs();
        Ok(CpuSampler {
            kernels,
            inputs,
            deconv1: Buffer::from_slice(64, value("deconv1.weight")),
            bn1,
            phases,
            bn2,
            deconv3,
            bias: value("deconv3.bias")[0],
            scratch: Scratch::new(Room::len(inputs)),
        })
    }

    /// Draws images; an image depends on its own noise and class alone.
    ///
    /// # Shapes
    /// `latents`: `[count, 100]`; `labels`: `[count]`; `images`: `[count, 28, 28]`, in [-1, 1].
    pub fn generate(&self, latents: &[f32], labels: &[u8], images: &mut [f32]) {
        let together = labels.len().div_ceil(threads::count()).clamp(1, IMAGES_TOGETHER);
        images
            .par_chunks_mut(together * IMAGE_PIXELS)
            .zip(latents.par_chunks(together * LATENT))
            .zip(labels.par_chunks(together))
            .for_each(|((images, latents), labels)| {
                self.scratch.lend(|room| self.draw(Room::new(room, self.inputs), latents, labels, images));
            });
    }

    fn draw(&self, room: Room<'_>, latents: &[f32], labels: &[u8], images: &mut [f32]) {
        let (kernels, inputs) = (self.kernels, self.inputs);
        let input = &mut room.input[..labels.len() * inputs];
        fill_input(input, inputs, latents, labels);
        let y1 = &mut room.y1[..labels.len() * BOTTOM];
        kernels.matrix_product(input, &self.deconv1, y1, BOTTOM);
        for (y1, image) in y1.chunks_exact(BOTTOM).zip(images.chunks_exact_mut(IMAGE_PIXELS)) {
            kernels.normalise_relu(y1, self.bn1.norm(), room.h1, MapLayout::PADDED_BOTTOM);
            kernels.inner_up(room.h1, &self.phases, room.y2);
            kernels.normalise_relu(room.y2, self.bn2.norm(), room.h2, MapLayout::MIDDLE);
            kernels.outer_up(room.h2, &self.deconv3, room.image);
            unpad(room.image, image);
            kernels.tanh(self.bias, image);
        }
    }
}
