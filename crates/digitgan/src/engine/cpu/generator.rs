//! G: noise (and class) to a picture, and back from the picture's gradient to the weights'.

use super::batchnorm::BatchNorm;
use super::parameters::{Parameters, Slot};
use super::{Statistics, outer_weight_gradient, share};
use crate::engine::StateError;
use crate::model::{LATENT, ModelSpec, TensorMap, generator_tensors};
use crate::{IMAGE_PIXELS, IMAGE_SIDE};
use digitgan_kernels::shape::{
    BOTTOM, BOTTOM_CHANNELS, INNER_WEIGHTS, MIDDLE, MIDDLE_CHANNELS, MapLayout, OUTER_WEIGHTS, PADDED_BOTTOM,
    PADDED_IMAGE, PADDED_MIDDLE, TAPS,
};
use digitgan_kernels::{Kernels, Strided, inner_phase, transpose};
use rayon::prelude::*;

/// The generator with its buffers for `batch` images.
///
/// ```text
/// input ─deconv1→ y1 ─bn1,relu→ h1 ─deconv2→ y2 ─bn2,relu→ h2 ─deconv3,tanh→ images
/// ```
///
/// `images`, `h1` and `dy2` are padded.
pub(super) struct Generator {
    kernels: Kernels,
    pub(super) batch: usize,
    inputs: usize,
    pub(super) parameters: Parameters,
    deconv1: Slot,
    deconv2: Slot,
    deconv3: Slot,
    deconv3_bias: Slot,
    /// deconv2's weights, a quarter for each parity of the output pixel.
    phases: Vec<f32>,
    /// deconv3's weights, `[32, 16]`.
    taps: Vec<f32>,
    input: Vec<f32>,
    y1: Vec<f32>,
    bn1: BatchNorm,
    h1: Vec<f32>,
    y2: Vec<f32>,
    bn2: BatchNorm,
    h2: Vec<f32>,
    pub(super) images: Vec<f32>,
    dh2: Vec<f32>,
    dy2: Vec<f32>,
    dh1: Vec<f32>,
    dy1: Vec<f32>,
    bias_sums: Vec<f32>,
    outer_sums: Vec<f32>,
}

impl Generator {
    pub(super) fn new(kernels: Kernels, spec: &ModelSpec, batch: usize) -> Self {
        let parameters = Parameters::new(generator_tensors(spec));
        let inputs = spec.generator_inputs();
        let room = |elements: usize| vec![0.0; batch * elements];
        Generator {
            kernels,
            batch,
            inputs,
            deconv1: parameters.slot("deconv1.weight"),
            deconv2: parameters.slot("deconv2.weight"),
            deconv3: parameters.slot("deconv3.weight"),
            deconv3_bias: parameters.slot("deconv3.bias"),
            phases: vec![0.0; INNER_WEIGHTS],
            taps: vec![0.0; OUTER_WEIGHTS],
            input: room(inputs),
            y1: room(BOTTOM),
            bn1: BatchNorm::new("bn1", &parameters, MapLayout::BOTTOM, batch),
            h1: room(PADDED_BOTTOM),
            y2: room(MIDDLE),
            bn2: BatchNorm::new("bn2", &parameters, MapLayout::MIDDLE, batch),
            h2: room(MIDDLE),
            images: room(PADDED_IMAGE),
            dh2: room(MIDDLE),
            dy2: room(PADDED_MIDDLE),
            dh1: room(BOTTOM),
            dy1: room(BOTTOM),
            bias_sums: room(1),
            outer_sums: super::outer_sums(batch),
            parameters,
        }
    }

    /// Draws a picture for each noise vector into the first `images`.
    ///
    /// # Shapes
    /// `latents`: `[count, 100]`; `labels`: `[count]`; with the statistics of the batch, `count` is the batch.
    pub(super) fn forward(&mut self, latents: &[f32], labels: &[u8], statistics: Statistics) {
        let count = labels.len();
        assert!(count <= self.batch && (statistics == Statistics::Running || count == self.batch));
        self.fill_input(latents, labels);
        self.project(count);
        self.bn1.finish(&self.parameters, statistics);
        self.deconvolve(count);
        self.bn2.finish(&self.parameters, statistics);
        self.paint(count);
    }

    /// Noise, and the class one-hot where G sees it.
    fn fill_input(&mut self, latents: &[f32], labels: &[u8]) {
        for ((input, latent), &label) in
            self.input.chunks_exact_mut(self.inputs).zip(latents.chunks_exact(LATENT)).zip(labels)
        {
            let (noise, one_hot) = input.split_at_mut(LATENT);
            noise.copy_from_slice(latent);
            one_hot.fill(0.0);
            if let Some(hot) = one_hot.get_mut(usize::from(label)) {
                *hot = 1.0;
            }
        }
    }

    /// deconv1, a 1×1 → 7×7 transposed convolution: a matrix product.
    fn project(&mut self, count: usize) {
        let Self { kernels, inputs, parameters, deconv1, input, y1, bn1, .. } = self;
        let (kernels, inputs, weights) = (*kernels, *inputs, parameters.value(*deconv1));
        let (sums, per_image) = bn1.sums();
        let together = share(count);
        y1[..count * BOTTOM]
            .par_chunks_mut(together * BOTTOM)
            .zip(input.par_chunks(together * inputs))
            .zip(sums.par_chunks_mut(together * per_image))
            .for_each(|((y1, input), sums)| {
                let input = Strided { data: input, row_step: inputs, column_step: 1 };
                kernels.matrix_product(input, weights, y1, BOTTOM, false);
                for (y1, sums) in y1.chunks_exact(BOTTOM).zip(sums.chunks_exact_mut(per_image)) {
                    kernels.channel_sums(y1, sums);
                }
            });
    }

    /// bn1, ReLU, deconv2.
    fn deconvolve(&mut self, count: usize) {
        let Self { kernels, phases, y1, bn1, h1, y2, bn2, .. } = self;
        let (kernels, norm) = (*kernels, bn1.norm());
        let (sums, per_image) = bn2.sums();
        y2[..count * MIDDLE]
            .par_chunks_mut(MIDDLE)
            .zip(y1.par_chunks(BOTTOM))
            .zip(h1.par_chunks_mut(PADDED_BOTTOM))
            .zip(sums.par_chunks_mut(per_image))
            .for_each(|(((y2, y1), h1), sums)| {
                kernels.normalise_relu(y1, norm, h1, MapLayout::PADDED_BOTTOM);
                kernels.inner_up(h1, phases, y2);
                kernels.channel_sums(y2, sums);
            });
    }

    /// bn2, ReLU, deconv3, tanh.
    fn paint(&mut self, count: usize) {
        let Self { kernels, parameters, deconv3_bias, taps, y2, bn2, h2, images, .. } = self;
        let (kernels, norm, bias) = (*kernels, bn2.norm(), parameters.value(*deconv3_bias)[0]);
        images[..count * PADDED_IMAGE]
            .par_chunks_mut(PADDED_IMAGE)
            .zip(y2.par_chunks(MIDDLE))
            .zip(h2.par_chunks_mut(MIDDLE))
            .for_each(|((image, y2), h2)| {
                kernels.normalise_relu(y2, norm, h2, MapLayout::MIDDLE);
                kernels.outer_up(h2, taps, image);
                kernels.tanh(bias, image);
                clear_ring(image);
            });
    }

    /// Adds up the gradients of all weights for the last batch, from the gradient of its pictures (padded,
    /// used up).
    pub(super) fn backward(&mut self, image_gradients: &mut [f32]) {
        self.unpaint(image_gradients);
        self.bn2.finish_gradient(Some(&mut self.parameters.gradients));
        self.convolve();
        self.bn1.finish_gradient(Some(&mut self.parameters.gradients));
        self.unproject();
    }

    /// Back through tanh and deconv3.
    fn unpaint(&mut self, image_gradients: &mut [f32]) {
        let Self { kernels, parameters, deconv3, deconv3_bias, y2, bn2, h2, images, dh2, .. } = self;
        let (kernels, weights) = (*kernels, parameters.value(*deconv3));
        let (norm, sums, per_image) = bn2.norm_and_sums();
        image_gradients
            .par_chunks_mut(PADDED_IMAGE)
            .zip(images.par_chunks(PADDED_IMAGE))
            .zip(self.bias_sums.par_iter_mut())
            .zip(dh2.par_chunks_mut(MIDDLE))
            .zip(y2.par_chunks(MIDDLE))
            .zip(sums.par_chunks_mut(per_image))
            .for_each(|(((((gradient, image), bias_sum), dh2), y2), sums)| {
                *bias_sum = kernels.tanh_gradient(image, gradient);
                kernels.outer_down(gradient, weights, dh2);
                kernels.gradient_sums(y2, dh2, norm, sums);
            });
        parameters.gradients[deconv3_bias.range()][0] += self.bias_sums.iter().sum::<f32>();
        let gradient = &mut parameters.gradients[deconv3.range()];
        outer_weight_gradient(kernels, image_gradients, h2, &mut self.outer_sums, gradient);
    }

    /// Back through ReLU, bn2 and deconv2.
    fn convolve(&mut self) {
        let Self { kernels, parameters, deconv2, y1, bn1, h1, y2, bn2, dh2, dy2, dh1, .. } = self;
        let (kernels, weights) = (*kernels, parameters.value(*deconv2));
        let (norm2, terms2) = (bn2.norm(), bn2.terms());
        let (norm1, sums, per_image) = bn1.norm_and_sums();
        dy2.par_chunks_mut(PADDED_MIDDLE)
            .zip(y2.par_chunks(MIDDLE))
            .zip(dh2.par_chunks(MIDDLE))
            .zip(dh1.par_chunks_mut(BOTTOM))
            .zip(y1.par_chunks(BOTTOM))
            .zip(sums.par_chunks_mut(per_image))
            .for_each(|(((((dy2, y2), dh2), dh1), y1), sums)| {
                kernels.normalise_gradient(y2, dh2, norm2, terms2, dy2, MapLayout::PADDED_MIDDLE);
                kernels.inner_down(dy2, weights, dh1);
                kernels.gradient_sums(y1, dh1, norm1, sums);
            });
        super::inner_weight_gradient(kernels, dy2, h1, &mut parameters.gradients[deconv2.range()]);
    }

    /// Back through ReLU, bn1 and deconv1.
    fn unproject(&mut self) {
        let Self { kernels, batch, inputs, parameters, deconv1, input, y1, bn1, dh1, dy1, .. } = self;
        let (kernels, batch, inputs) = (*kernels, *batch, *inputs);
        let (norm, terms) = (bn1.norm(), bn1.terms());
        dy1.par_chunks_mut(BOTTOM)
            .zip(y1.par_chunks(BOTTOM))
            .zip(dh1.par_chunks(BOTTOM))
            .for_each(|((dy1, y1), dh1)| kernels.normalise_gradient(y1, dh1, norm, terms, dy1, MapLayout::BOTTOM));
        let rows = share(inputs);
        parameters.gradients[deconv1.range()].par_chunks_mut(rows * BOTTOM).enumerate().for_each(
            |(chunk, gradient)| {
                let input = &input[chunk * rows..batch * inputs];
                let transposed = Strided { data: input, row_step: 1, column_step: inputs };
                kernels.matrix_product(transposed, dy1, gradient, BOTTOM, true);
            },
        );
    }

    /// Prepares the forms of the weights that the forward pass uses. Call after every change of them.
    pub(super) fn prepare(&mut self) {
        let weights = self.parameters.value(self.deconv2);
        self.phases
            .par_chunks_mut(4 * BOTTOM_CHANNELS * MIDDLE_CHANNELS)
            .enumerate()
            .for_each(|(phase, quarter)| inner_phase(weights, phase, quarter));
        transpose(self.parameters.value(self.deconv3), TAPS, MIDDLE_CHANNELS, &mut self.taps);
    }

    /// Draws pictures by the running statistics, as many as there are labels.
    ///
    /// # Shapes
    /// `latents`: `[count, 100]`; `images`: `[count, 28, 28]`.
    pub(super) fn generate(&mut self, latents: &[f32], labels: &[u8], images: &mut [f32]) {
        let batches = images.chunks_mut(self.batch * IMAGE_PIXELS);
        for ((images, latents), labels) in
            batches.zip(latents.chunks(self.batch * LATENT)).zip(labels.chunks(self.batch))
        {
            self.forward(latents, labels, Statistics::Running);
            for (image, padded) in images.chunks_exact_mut(IMAGE_PIXELS).zip(self.images.chunks_exact(PADDED_IMAGE)) {
                unpad(padded, image);
            }
        }
    }

    pub(super) fn save(&self, state: &mut TensorMap) {
        self.parameters.save("generator", state);
        self.bn1.save("generator", state);
        self.bn2.save("generator", state);
    }

    /// Takes up the tensors called `prefix…`; with `moments`, Adam's too.
    pub(super) fn load(&mut self, prefix: &str, state: &TensorMap, moments: bool) -> Result<(), StateError> {
        self.parameters.load(prefix, state, moments)?;
        self.bn1.load(prefix, state)?;
        self.bn2.load(prefix, state)?;
        self.prepare();
        Ok(())
    }
}

/// Sets the ring of a padded picture to zero.
fn clear_ring(image: &mut [f32]) {
    const ROW: usize = IMAGE_SIDE + 2;
    image[..ROW].fill(0.0);
    image[PADDED_IMAGE - ROW..].fill(0.0);
    for row in image.chunks_exact_mut(ROW) {
        row[0] = 0.0;
        row[ROW - 1] = 0.0;
    }
}

/// Copies the pixels inside the ring.
fn unpad(padded: &[f32], image: &mut [f32]) {
    for (row, padded) in image.chunks_exact_mut(IMAGE_SIDE).zip(padded.chunks_exact(IMAGE_SIDE + 2).skip(1)) {
        row.copy_from_slice(&padded[1..=IMAGE_SIDE]);
    }
}
