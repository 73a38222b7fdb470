//! How cGAN's D sees the class: each class has a learned image, which is convolved and stacked with the image's
//! features as more channels.
//!
//! A convolution is linear in its input channels, so the convolution of the stack is the sum of two: one of the image's
//! features and one of the class's. The second depends on the class alone. It is therefore computed once for each class
//! and step, not for each image; and so are its gradients, from the sum of the output's gradients over a class's
//! images. That sum is taken in the Winograd domain, where the backward pass of the image's features has put those
//! gradients.

use super::buffer::{Buffer, zeros};
use super::inner_convolution::InnerConvolution;
use super::outer_gradient::{OUTER_IMAGES, add_outer_sums, outer_sums};
use super::padding::pad;
use super::parameters::Parameters;
use super::slot::Slot;
use crate::engine::Precision;
use crate::{IMAGE_PIXELS, IMAGE_SIDE};
use digitgan_kernels::shape::{
    BOTTOM, FILTER_TAPS, INNER_WEIGHTS, MIDDLE, MIDDLE_CHANNELS, OUTER_WEIGHTS, PADDED_IMAGE,
};
use digitgan_kernels::winograd::{TRANSFORMED_LOWER, TRANSFORMED_UPPER};
use digitgan_kernels::{Kernels, MapInput, transpose};
use rayon::prelude::*;

/// `embedding ─reshape→ plane ─class_conv→ map ─class half of conv2→ contribution`, for every class.
///
/// `planes` and `plane_gradients` are padded.
pub(super) struct ClassPlanes {
    kernels: Kernels,
    embedding: Slot,
    conv: Slot,
    conv_bias: Slot,
    /// The weights of D's conv2 that act on the class's features.
    conv2: Slot,
    conv_transposed: Vec<f32>,
    inner: InnerConvolution,
    planes: Buffer,
    maps: Buffer,
    /// `maps` in the Winograd domain.
    transformed_maps: Buffer,
    contributions: Buffer,
    /// The gradients of `contributions` in the Winograd domain, added up over a step.
    transformed_gradients: Buffer,
    map_gradients: Buffer,
    map_sums: Buffer,
    plane_gradients: Buffer,
    outer_sums: Buffer,
}

impl ClassPlanes {
    /// The class planes of a network whose `parameters` hold their embedding.
    pub(super) fn new(kernels: Kernels, parameters: &Parameters) -> Option<Self> {
        let (tensor, embedding) = parameters.find("class_embedding.weight")?;
        let classes = tensor.shape[0];
        let room = |elements: usize| zeros(classes * elements);
        Some(ClassPlanes {
            kernels,
            embedding,
            conv: parameters.slot("class_conv.weight"),
            conv_bias: parameters.slot("class_conv.bias"),
            conv2: parameters.slot("conv2.weight").part(INNER_WEIGHTS, INNER_WEIGHTS),
            conv_transposed: vec![0.0; OUTER_WEIGHTS],
            inner: InnerConvolution::new(kernels, Precision::F32),
            planes: room(PADDED_IMAGE),
            maps: room(MIDDLE),
            transformed_maps: room(TRANSFORMED_UPPER),
            contributions: room(BOTTOM),
            transformed_gradients: room(TRANSFORMED_LOWER),
            map_gradients: room(MIDDLE),
            map_sums: room(2 * MIDDLE_CHANNELS),
            plane_gradients: room(PADDED_IMAGE),
            outer_sums: outer_sums(classes),
        })
    }

    /// The share of class `label` in conv2's output, `[7, 7, 64]`.
    pub(super) fn contribution(&self, label: u8) -> &[f32] {
        &self.contributions[usize::from(label) * BOTTOM..][..BOTTOM]
    }

    /// Computes the contributions. Call after every change of the weights.
    pub(super) fn prepare(&mut self, parameters: &Parameters) {
        let Self { kernels, inner, planes, maps, transformed_maps, contributions, map_sums, .. } = self;
        let kernels = *kernels;
        inner.prepare(parameters.value(self.conv2));
        transpose(parameters.value(self.conv), FILTER_TAPS, MIDDLE_CHANNELS, &mut self.conv_transposed);
        let (conv, bias) = (parameters.value(self.conv), parameters.value(self.conv_bias));
        planes
            .par_chunks_mut(PADDED_IMAGE)
            .zip(parameters.value(self.embedding).par_chunks(IMAGE_PIXELS))
            .zip(maps.par_chunks_mut(MIDDLE))
            .for_each(|((plane, embedding), map)| {
                pad(embedding, plane);
                kernels.outer_down(plane, conv, map);
                for pixel in map.chunks_exact_mut(MIDDLE_CHANNELS) {
                    kernels.add_scaled(1.0, bias, pixel);
                }
            });
        let map = |class: usize| MapInput::Plain(&maps[class * MIDDLE..][..MIDDLE]);
        inner.down(map, Some(transformed_maps), contributions, map_sums, |_, _, _| {});
    }

    /// Adds a batch's share to the gradients of the contributions.
    ///
    /// # Shapes
    /// `output_gradients`: those of conv2's output in the Winograd domain, [`TRANSFORMED_LOWER`] an image; `labels`:
    /// `[batch]`.
    pub(super) fn add_contribution_gradients(&mut self, output_gradients: &[f32], labels: &[u8]) {
        let kernels = self.kernels;
        self.transformed_gradients.par_chunks_mut(TRANSFORMED_LOWER).enumerate().for_each(|(class, sum)| {
            for (gradient, &label) in output_gradients.chunks_exact(TRANSFORMED_LOWER).zip(labels) {
                if usize::from(label) == class {
                    kernels.add_scaled(1.0, gradient, sum);
                }
            }
        });
    }

    /// The backward pass of a whole step: adds to the gradients of the embedding, class_conv and the class half of
    /// conv2.
    pub(super) fn backward(&mut self, parameters: &mut Parameters) {
        let Self {
            kernels,
            conv_transposed,
            inner,
            transformed_maps,
            transformed_gradients,
            map_gradients,
            map_sums,
            plane_gradients,
            ..
        } = self;
        let kernels = *kernels;
        inner.up_from_transformed(transformed_gradients, map_gradients, map_sums, |_, map, sums| {
            kernels.channel_sums(map, sums)
        });
        let gradients = &mut parameters.gradients;
        inner.add_weight_gradient(transformed_maps, transformed_gradients);
        inner.finish_weight_gradient(&mut gradients[self.conv2.range()]);
        transformed_gradients.fill(0.0);
        map_gradients
            .par_chunks(OUTER_IMAGES * MIDDLE)
            .zip(self.planes.par_chunks(OUTER_IMAGES * PADDED_IMAGE))
            .zip(plane_gradients.par_chunks_mut(OUTER_IMAGES * PADDED_IMAGE))
            .zip(self.outer_sums.par_chunks_mut(OUTER_WEIGHTS))
            .for_each(|(((maps, planes), plane_gradients), weight_sums)| {
                let each = maps.chunks_exact(MIDDLE).zip(plane_gradients.chunks_exact_mut(PADDED_IMAGE));
                each.for_each(|(map, plane)| kernels.outer_up(map, conv_transposed, plane));
                kernels.outer_weights(planes, maps, weight_sums);
            });
        add_outer_sums(kernels, &self.outer_sums, &mut gradients[self.conv.range()]);
        for sums in map_sums.chunks_exact(2 * MIDDLE_CHANNELS) {
            kernels.add_scaled(1.0, &sums[..MIDDLE_CHANNELS], &mut gradients[self.conv_bias.range()]);
        }
        let embeddings = gradients[self.embedding.range()].chunks_exact_mut(IMAGE_SIDE);
        let rows = plane_gradients.chunks_exact(PADDED_IMAGE).flat_map(|plane| {
            plane.chunks_exact(IMAGE_SIDE + 2).skip(1).take(IMAGE_SIDE).map(|row| &row[1..=IMAGE_SIDE])
        });
        for (embedding, row) in embeddings.zip(rows) {
            kernels.add_scaled(1.0, row, embedding);
        }
    }
}
