//! The generator G in training: from noise (and class) to an image, and back from the image's gradient to the weights'.

use super::average::Average;
use super::batchnorm::BatchNorm;
use super::buffer::{Buffer, Scratch, zeros};
use super::inner_convolution::InnerConvolution;
use super::outer_gradient::{OUTER_IMAGES, add_outer_sums, outer_sums};
use super::padding::clear_padding;
use super::parameters::Parameters;
use super::shares::{share, share_of_panels};
use super::slot::Slot;
use super::threads::EqualShares;
use super::workspace::Workspace;
use crate::engine::{Protocol, StateError};
use crate::model::{LATENT, ModelSpec, TensorMap, generator_tensors};
use digitgan_kernels::shape::{BOTTOM, FILTER_TAPS, MIDDLE, MIDDLE_CHANNELS, MapLayout, OUTER_WEIGHTS, PADDED_IMAGE};
use digitgan_kernels::winograd::TRANSFORMED_LOWER;
use digitgan_kernels::{Kernels, MapInput, PANEL, transpose};
use rayon::prelude::*;

/// The generator with its buffers for `batch` images.
///
/// ```text
/// input ─deconv1→ y1 ─bn1,relu→ h1 ─deconv2→ y2 ─bn2,relu→ h2 ─deconv3,tanh→ images
/// ```
///
/// `images` are padded. h1 is stored in the Winograd domain only; h2 is not stored at all.
pub(super) struct Generator {
    kernels: Kernels,
    pub(super) batch: usize,
    inputs: usize,
    pub(super) parameters: Parameters,
    average: Option<Average>,
    deconv1: Slot,
    deconv2: Slot,
    deconv3: Slot,
    deconv3_bias: Slot,
    inner: InnerConvolution,
    /// deconv3's weights, transposed: `[32, 16]`.
    deconv3_transposed: Vec<f32>,
    input: Buffer,
    y1: Buffer,
    /// h1 in the Winograd domain, kept for the backward pass.
    transformed_h1: Buffer,
    bn1: BatchNorm,
    y2: Buffer,
    bn2: BatchNorm,
    pub(super) images: Buffer,
    dy1: Buffer,
    bias_sums: Buffer,
    outer_sums: Buffer,
    /// h2 of some images: computed anew where it is needed, which is faster than to fetch it from memory.
    scratch: Scratch,
}

impl Generator {
    /// The network of `spec`, with the average of its weights where the protocol asks for one.
    pub(super) fn new(kernels: Kernels, spec: &ModelSpec, protocol: &Protocol, batch: usize) -> Self {
        let parameters = Parameters::new(kernels, generator_tensors(spec));
        let bn1 = BatchNorm::new("bn1", &parameters, MapLayout::BOTTOM, batch);
        let bn2 = BatchNorm::new("bn2", &parameters, MapLayout::MIDDLE, batch);
        let inputs = spec.generator_inputs();
        let room = |elements: usize| zeros(batch * elements);
        Generator {
            kernels,
            batch,
            inputs,
            deconv1: parameters.slot("deconv1.weight"),
            deconv2: parameters.slot("deconv2.weight"),
            deconv3: parameters.slot("deconv3.weight"),
            deconv3_bias: parameters.slot("deconv3.bias"),
            inner: InnerConvolution::new(kernels, protocol.precision),
            deconv3_transposed: vec![0.0; OUTER_WEIGHTS],
            input: room(inputs),
            y1: room(BOTTOM),
            transformed_h1: room(TRANSFORMED_LOWER),
            average: protocol.average.map(|decay| Average::new(decay, &parameters, [&bn1, &bn2])),
            bn1,
            y2: room(MIDDLE),
            bn2,
            images: room(PADDED_IMAGE),
            dy1: room(BOTTOM),
            bias_sums: room(1),
            outer_sums: outer_sums(batch),
            scratch: Scratch::new(OUTER_IMAGES * MIDDLE),
            parameters,
        }
    }

    /// The forward pass: an image for each noise vector of a batch, in `images`.
    ///
    /// # Shapes
    /// `latents`: `[batch, 100]`; `labels`: `[batch]`.
    pub(super) fn forward(&mut self, latents: &[f32], labels: &[u8]) {
        fill_input(&mut self.input, self.inputs, latents, labels);
        self.forward_deconv1();
        self.bn1.finish_batch(&self.parameters, true);
        self.forward_deconv2();
        self.bn2.finish_batch(&self.parameters, true);
        self.forward_deconv3();
    }

    /// deconv1, a 1×1 → 7×7 transposed convolution: a matrix product.
    fn forward_deconv1(&mut self) {
        let Self { kernels, inputs, parameters, deconv1, input, y1, bn1, .. } = self;
        let (kernels, inputs, weights) = (*kernels, *inputs, parameters.value(*deconv1));
        let (sums, per_image) = bn1.sums();
        let together = share(y1.len() / BOTTOM);
        y1.par_chunks_mut(together * BOTTOM)
            .zip(input.par_chunks(together * inputs))
            .zip(sums.par_chunks_mut(together * per_image))
            .for_each(|((y1, input), sums)| {
                kernels.matrix_product(input, weights, y1, BOTTOM);
                for (y1, sums) in y1.chunks_exact(BOTTOM).zip(sums.chunks_exact_mut(per_image)) {
                    kernels.channel_sums(y1, sums);
                }
            });
    }

    /// bn1, ReLU, deconv2.
    fn forward_deconv2(&mut self) {
        let Self { kernels, inner, y1, transformed_h1, bn1, y2, bn2, .. } = self;
        let (kernels, norm) = (*kernels, bn1.norm());
        let h1 = |image| MapInput::NormaliseRelu { map: &y1[image * BOTTOM..][..BOTTOM], norm };
        inner.up(h1, Some(transformed_h1), y2, bn2.sums().0, |_, y2, sums| kernels.channel_sums(y2, sums));
    }

    /// bn2, ReLU, deconv3, tanh.
    fn forward_deconv3(&mut self) {
        let Self { kernels, parameters, deconv3_bias, deconv3_transposed, y2, bn2, images, scratch, .. } = self;
        let (kernels, norm, bias) = (*kernels, bn2.norm(), parameters.value(*deconv3_bias)[0]);
        images.par_chunks_mut(PADDED_IMAGE).zip(y2.par_chunks(MIDDLE)).in_equal_shares().for_each(|(image, y2)| {
            scratch.lend(|h2| {
                let h2 = &mut h2[..MIDDLE];
                kernels.normalise_relu(y2, norm, h2, MapLayout::MIDDLE);
                kernels.outer_up(h2, deconv3_transposed, image);
            });
            kernels.tanh(bias, image);
            clear_padding(image);
        });
    }

    /// The backward pass: the gradients of all weights for the last batch, from the gradient of its images, which is
    /// padded, and overwritten.
    pub(super) fn backward(&mut self, image_gradients: &mut [f32], workspace: &mut Workspace) {
        // deconv1's, nine tenths of all, are written and not added to.
        self.parameters.clear_gradients_but(self.deconv1);
        self.backward_deconv3(image_gradients, &mut workspace.middle_gradients);
        self.bn2.finish_gradient(Some(&mut self.parameters.gradients));
        self.backward_deconv2(workspace);
        self.bn1.finish_gradient(Some(&mut self.parameters.gradients));
        self.backward_deconv1(&workspace.bottom_gradients);
    }

    /// Back through tanh and deconv3.
    fn backward_deconv3(&mut self, image_gradients: &mut [f32], dh2: &mut [f32]) {
        let Self { kernels, parameters, deconv3, deconv3_bias, y2, bn2, images, scratch, .. } = self;
        let (kernels, weights) = (*kernels, parameters.value(*deconv3));
        let (norm, sums, per_image) = bn2.norm_and_sums();
        image_gradients
            .par_chunks_mut(OUTER_IMAGES * PADDED_IMAGE)
            .zip(images.par_chunks(OUTER_IMAGES * PADDED_IMAGE))
            .zip(self.bias_sums.par_chunks_mut(OUTER_IMAGES))
            .zip(dh2.par_chunks_mut(OUTER_IMAGES * MIDDLE))
            .zip(y2.par_chunks(OUTER_IMAGES * MIDDLE))
            .zip(sums.par_chunks_mut(OUTER_IMAGES * per_image))
            .zip(self.outer_sums.par_chunks_mut(OUTER_WEIGHTS))
            .in_equal_shares()
            .for_each(|((((((gradients, images), bias_sums), dh2), y2), sums), weight_sums)| {
                scratch.lend(|h2| {
                    let h2 = &mut h2[..y2.len()];
                    for (image, bias_sum) in bias_sums.iter_mut().enumerate() {
                        let map = image * MIDDLE..(image + 1) * MIDDLE;
                        let gradient = &mut gradients[image * PADDED_IMAGE..][..PADDED_IMAGE];
                        *bias_sum = kernels.tanh_gradient(&images[image * PADDED_IMAGE..][..PADDED_IMAGE], gradient);
                        kernels.outer_down(gradient, weights, &mut dh2[map.clone()]);
                        let sums = &mut sums[image * per_image..][..per_image];
                        kernels.gradient_sums(&y2[map.clone()], &dh2[map.clone()], norm, sums);
                        kernels.normalise_relu(&y2[map.clone()], norm, &mut h2[map], MapLayout::MIDDLE);
                    }
                    kernels.outer_weights(gradients, h2, weight_sums);
                });
            });
        parameters.gradients[deconv3_bias.range()][0] += self.bias_sums.iter().sum::<f32>();
        add_outer_sums(kernels, &self.outer_sums, &mut parameters.gradients[deconv3.range()]);
    }

    /// Back through ReLU, bn2 and deconv2.
    fn backward_deconv2(&mut self, workspace: &mut Workspace) {
        let Self { kernels, parameters, deconv2, inner, y1, transformed_h1, bn1, y2, bn2, .. } = self;
        let Workspace { transformed_upper, middle_gradients: dh2, bottom_gradients: dh1, .. } = workspace;
        let (kernels, norm, terms) = (*kernels, bn2.norm(), bn2.terms());
        let dy2 = |image: usize| {
            let at = image * MIDDLE..(image + 1) * MIDDLE;
            MapInput::NormaliseGradient { map: &y2[at.clone()], gradient: &dh2[at], norm, terms }
        };
        let (norm1, sums, _) = bn1.norm_and_sums();
        inner.down(dy2, Some(transformed_upper), dh1, sums, |image, dh1, sums| {
            kernels.gradient_sums(&y1[image * BOTTOM..][..BOTTOM], dh1, norm1, sums);
        });
        inner.add_weight_gradient(transformed_upper, transformed_h1);
        inner.finish_weight_gradient(&mut parameters.gradients[deconv2.range()]);
    }

    /// Back through ReLU, bn1 and deconv1.
    fn backward_deconv1(&mut self, dh1: &[f32]) {
        let Self { kernels, batch, inputs, parameters, deconv1, input, y1, bn1, dy1, .. } = self;
        let (kernels, batch, panel) = (*kernels, *batch, *inputs * PANEL);
        let (norm, terms) = (bn1.norm(), bn1.terms());
        dy1.par_chunks_mut(BOTTOM)
            .zip(y1.par_chunks(BOTTOM))
            .zip(dh1.par_chunks(BOTTOM))
            .in_equal_shares()
            .for_each(|((dy1, y1), dh1)| kernels.normalise_gradient(y1, dh1, norm, terms, dy1));
        let panels = share_of_panels(BOTTOM);
        parameters.gradients[deconv1.range()]
            .par_chunks_mut(panels * panel)
            .enumerate()
            .for_each(|(chunk, gradient)| kernels.matrix_gradient(input, dy1, batch, chunk * panels, false, gradient));
    }

    /// Prepares the forms of the weights that the passes use. Call after every change of them.
    pub(super) fn prepare(&mut self) {
        self.inner.prepare(self.parameters.value(self.deconv2));
        transpose(self.parameters.value(self.deconv3), FILTER_TAPS, MIDDLE_CHANNELS, &mut self.deconv3_transposed);
    }

    pub(super) fn save(&self, state: &mut TensorMap) {
        self.parameters.save("generator", state);
        self.bn1.save("generator", state);
        self.bn2.save("generator", state);
        if let Some(average) = &self.average {
            average.save(&self.parameters, [&self.bn1, &self.bn2], state);
        }
    }

    /// The prefix of the tensors to draw images with, among those that [`Generator::save`] writes.
    pub(super) fn drawing(&self) -> &'static str {
        if self.average.is_some() { "generator.average." } else { "generator." }
    }

    /// Updates the average of the weights after step `step`, counted from 1.
    pub(super) fn follow(&mut self, step: u64) {
        if let Some(average) = &mut self.average {
            average.update(step, &self.parameters, [&self.bn1, &self.bn2]);
        }
    }

    pub(super) fn load(&mut self, state: &TensorMap) -> Result<(), StateError> {
        self.parameters.load("generator.", state, true)?;
        self.bn1.load("generator.", state)?;
        self.bn2.load("generator.", state)?;
        if let Some(average) = &mut self.average {
            average.load(&self.parameters, [&self.bn1, &self.bn2], state)?;
        }
        self.prepare();
        Ok(())
    }
}

/// Noise, and the class one-hot where G sees it.
pub(super) fn fill_input(input: &mut [f32], inputs: usize, latents: &[f32], labels: &[u8]) {
    for ((input, latent), &label) in input.chunks_exact_mut(inputs).zip(latents.chunks_exact(LATENT)).zip(labels) {
        let (noise, one_hot) = input.split_at_mut(LATENT);
        noise.copy_from_slice(latent);
        one_hot.fill(0.0);
        if let Some(hot) = one_hot.get_mut(usize::from(label)) {
            *hot = 1.0;
        }
    }
}
