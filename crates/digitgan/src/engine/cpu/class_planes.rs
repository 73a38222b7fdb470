//! How cGAN's D sees the class: a learned picture a class, convolved and stacked beside the image's features.
//!
//! A convolution is linear in its input channels, so that of the stack is the sum of two: that of the
//! image's features and that of the class's. The second depends on the class alone. It is therefore
//! computed once a class, not once an image, and its gradients likewise, from the sum over a class's images.

use super::parameters::{Parameters, Slot};
use super::{inner_weight_gradient, outer_weight_gradient};
use crate::{IMAGE_PIXELS, IMAGE_SIDE};
use digitgan_kernels::shape::{
    BOTTOM, INNER_WEIGHTS, MIDDLE, MIDDLE_CHANNELS, MapLayout, OUTER_WEIGHTS, PADDED_BOTTOM, PADDED_IMAGE,
    PADDED_MIDDLE, TAPS,
};
use digitgan_kernels::{Kernels, inner_phases, transpose};
use rayon::prelude::*;

/// `embedding ─reshape→ plane ─class_conv→ map ─class half of conv2→ contribution`, for every class.
///
/// `planes`, `maps`, `contribution_gradients` and `plane_gradients` are padded.
pub(super) struct ClassPlanes {
    kernels: Kernels,
    embedding: Slot,
    conv: Slot,
    conv_bias: Slot,
    /// The weights of D's conv2 that meet the class's features.
    conv2: Slot,
    taps: Vec<f32>,
    phases: Vec<f32>,
    planes: Vec<f32>,
    unpadded: Vec<f32>,
    maps: Vec<f32>,
    contributions: Vec<f32>,
    contribution_gradients: Vec<f32>,
    map_gradients: Vec<f32>,
    map_sums: Vec<f32>,
    plane_gradients: Vec<f32>,
    outer_sums: Vec<f32>,
}

impl ClassPlanes {
    pub(super) fn new(kernels: Kernels, parameters: &Parameters, classes: usize) -> Self {
        let room = |elements: usize| vec![0.0; classes * elements];
        ClassPlanes {
            kernels,
            embedding: parameters.slot("class_embedding.weight"),
            conv: parameters.slot("class_conv.weight"),
            conv_bias: parameters.slot("class_conv.bias"),
            conv2: parameters.slot("conv2.weight").part(INNER_WEIGHTS, INNER_WEIGHTS),
            taps: vec![0.0; OUTER_WEIGHTS],
            phases: vec![0.0; INNER_WEIGHTS],
            planes: room(PADDED_IMAGE),
            unpadded: room(MIDDLE),
            maps: room(PADDED_MIDDLE),
            contributions: room(BOTTOM),
            contribution_gradients: room(PADDED_BOTTOM),
            map_gradients: room(MIDDLE),
            map_sums: room(2 * MIDDLE_CHANNELS),
            plane_gradients: room(PADDED_IMAGE),
            outer_sums: super::outer_sums(classes),
        }
    }

    /// What the class `label` adds to conv2's output, `[7, 7, 64]`.
    pub(super) fn contribution(&self, label: u8) -> &[f32] {
        &self.contributions[usize::from(label) * BOTTOM..][..BOTTOM]
    }

    pub(super) fn forward(&mut self, parameters: &Parameters) {
        let Self { kernels, planes, unpadded, maps, contributions, .. } = self;
        let kernels = *kernels;
        let embedding = parameters.value(self.embedding);
        let (conv, bias) = (parameters.value(self.conv), parameters.value(self.conv_bias));
        let conv2 = parameters.value(self.conv2);
        planes
            .par_chunks_mut(PADDED_IMAGE)
            .zip(embedding.par_chunks(IMAGE_PIXELS))
            .zip(unpadded.par_chunks_mut(MIDDLE))
            .zip(maps.par_chunks_mut(PADDED_MIDDLE))
            .zip(contributions.par_chunks_mut(BOTTOM))
            .for_each(|((((plane, embedding), unpadded), map), contribution)| {
                super::pad(embedding, plane);
                kernels.outer_down(plane, conv, unpadded);
                for pixel in unpadded.chunks_exact_mut(MIDDLE_CHANNELS) {
                    kernels.add_scaled(1.0, bias, pixel);
                }
                let layout = MapLayout::PADDED_MIDDLE;
                for (y, row) in unpadded.chunks_exact(layout.row()).enumerate() {
                    map[layout.row_start(y)..][..layout.row()].copy_from_slice(row);
                }
                kernels.inner_down(map, conv2, contribution);
            });
    }

    /// Adds to the gradients of embedding, class_conv and the class half of conv2.
    ///
    /// # Shapes
    /// `output_gradients`: those of conv2's output, padded, `[batch, 9, 9, 64]`; `labels`: `[batch]`.
    pub(super) fn backward(&mut self, parameters: &mut Parameters, output_gradients: &[f32], labels: &[u8]) {
        let Self { kernels, taps, phases, contribution_gradients, map_gradients, map_sums, plane_gradients, .. } = self;
        let kernels = *kernels;
        contribution_gradients
            .par_chunks_mut(PADDED_BOTTOM)
            .zip(map_gradients.par_chunks_mut(MIDDLE))
            .zip(map_sums.par_chunks_mut(2 * MIDDLE_CHANNELS))
            .zip(plane_gradients.par_chunks_mut(PADDED_IMAGE))
            .enumerate()
            .for_each(|(class, (((contribution, map), sums), plane))| {
                contribution.fill(0.0);
                for (gradient, &label) in output_gradients.chunks_exact(PADDED_BOTTOM).zip(labels) {
                    if usize::from(label) == class {
                        kernels.add_scaled(1.0, gradient, contribution);
                    }
                }
                kernels.inner_up(contribution, phases, map);
                kernels.channel_sums(map, sums);
                kernels.outer_up(map, taps, plane);
            });
        let gradients = &mut parameters.gradients;
        inner_weight_gradient(kernels, &self.maps, contribution_gradients, &mut gradients[self.conv2.range()]);
        let conv = &mut gradients[self.conv.range()];
        outer_weight_gradient(kernels, &self.planes, map_gradients, &mut self.outer_sums, conv);
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

    pub(super) fn prepare(&mut self, parameters: &Parameters) {
        inner_phases(parameters.value(self.conv2), &mut self.phases);
        transpose(parameters.value(self.conv), TAPS, MIDDLE_CHANNELS, &mut self.taps);
    }
}
