//! The inner convolution as a layer: 14×14×32 above, 7×7×64 below, by products at points
//! (see [`digitgan_kernels::winograd`]).
//!
//! D's conv2 walks it down and its gradient up, G's deconv2 the other way round. Either way the forward pass leaves
//! one side's maps at their points, the backward pass the other's, and the gradient of the weights needs just these.

use super::buffer::{Buffer, Scratch, zeros};
use digitgan_kernels::shape::{BOTTOM, INNER_WEIGHTS, MIDDLE};
use digitgan_kernels::winograd::{
    IMAGES_TOGETHER, LOWER_POINTS, POINT_WEIGHTS, UPPER_POINTS, WEIGHT_POINTS, transpose_taps,
};
use digitgan_kernels::{Kernels, MapInput};
use rayon::prelude::*;

pub(super) struct InnerConvolution {
    kernels: Kernels,
    /// The weights at points, for down.
    down: Buffer,
    /// The weights at points, for up.
    up: Buffer,
    transposed: Buffer,
    /// The batch's upper maps at points, from the last walk down.
    upper: Buffer,
    /// The batch's lower maps at points, from the last walk up.
    lower: Buffer,
    /// The gradient of the weights at points, zero between steps.
    gradient: Buffer,
    scratch: Scratch,
}

impl InnerConvolution {
    pub(super) fn new(kernels: Kernels, images: usize) -> Self {
        InnerConvolution {
            kernels,
            down: zeros(WEIGHT_POINTS),
            up: zeros(WEIGHT_POINTS),
            transposed: zeros(INNER_WEIGHTS),
            upper: zeros(images * UPPER_POINTS),
            lower: zeros(images * LOWER_POINTS),
            gradient: zeros(WEIGHT_POINTS),
            scratch: Scratch::new(IMAGES_TOGETHER * UPPER_POINTS),
        }
    }

    /// Takes up new weights, `[4, 4, 32, 64]`.
    pub(super) fn prepare(&mut self, weights: &[f32]) {
        let Self { kernels, down, up, transposed, .. } = self;
        rayon::join(
            || kernels.weights_to_points(weights, down),
            || {
                transpose_taps(weights, transposed);
                kernels.transposed_weights_to_points(transposed, up);
            },
        );
    }

    /// Walks down: from the upper map that `input` names for each image to `out`. `finish` is called with each image's
    /// number, its output and its part of `sums`, while they are in the cache.
    ///
    /// # Shapes
    /// `out`: `[images, 7, 7, 64]`; `sums`: `[images, _]`.
    pub(super) fn down<'a>(
        &mut self,
        input: impl Fn(usize) -> MapInput<'a> + Sync,
        out: &mut [f32],
        sums: &mut [f32],
        finish: impl Fn(usize, &mut [f32], &mut [f32]) + Sync,
    ) {
        let Self { kernels, down, upper, scratch, .. } = self;
        let (kernels, each) = (*kernels, sums.len() / (out.len() / BOTTOM));
        out.par_chunks_mut(IMAGES_TOGETHER * BOTTOM)
            .zip(sums.par_chunks_mut(IMAGES_TOGETHER * each))
            .zip(upper.par_chunks_mut(IMAGES_TOGETHER * UPPER_POINTS))
            .enumerate()
            .for_each(|(group, ((out, sums), upper))| {
                let first = group * IMAGES_TOGETHER;
                let upper = &mut upper[..out.len() / BOTTOM * UPPER_POINTS];
                for (image, upper) in upper.chunks_exact_mut(UPPER_POINTS).enumerate() {
                    kernels.upper_to_points(input(first + image), upper);
                }
                scratch.lend(|lower| {
                    let lower = &mut lower[..out.len() / BOTTOM * LOWER_POINTS];
                    kernels.points_down(upper, down, lower);
                    let images = out.chunks_exact_mut(BOTTOM).zip(sums.chunks_exact_mut(each));
                    for (image, (lower, (out, sums))) in lower.chunks_exact(LOWER_POINTS).zip(images).enumerate() {
                        kernels.points_to_lower(lower, out);
                        finish(first + image, out, sums);
                    }
                });
            });
    }

    /// Walks up, the transpose of [`InnerConvolution::down`].
    ///
    /// # Shapes
    /// `out`: `[images, 14, 14, 32]`; `sums`: `[images, _]`.
    pub(super) fn up<'a>(
        &mut self,
        input: impl Fn(usize) -> MapInput<'a> + Sync,
        out: &mut [f32],
        sums: &mut [f32],
        finish: impl Fn(usize, &mut [f32], &mut [f32]) + Sync,
    ) {
        let kernels = self.kernels;
        self.walk_up(|image, lower| kernels.lower_to_points(input(image), lower), out, sums, finish);
    }

    /// Walks up from the lower maps that [`InnerConvolution::add_lower_points`] added up at points.
    pub(super) fn up_from_points(
        &mut self,
        out: &mut [f32],
        sums: &mut [f32],
        finish: impl Fn(usize, &mut [f32], &mut [f32]) + Sync,
    ) {
        self.walk_up(|_, _| {}, out, sums, finish);
    }

    /// Walks up; `fill` is called with each image's number and its lower map at points.
    fn walk_up(
        &mut self,
        fill: impl Fn(usize, &mut [f32]) + Sync,
        out: &mut [f32],
        sums: &mut [f32],
        finish: impl Fn(usize, &mut [f32], &mut [f32]) + Sync,
    ) {
        let Self { kernels, up, lower, scratch, .. } = self;
        let (kernels, each) = (*kernels, sums.len() / (out.len() / MIDDLE));
        out.par_chunks_mut(IMAGES_TOGETHER * MIDDLE)
            .zip(sums.par_chunks_mut(IMAGES_TOGETHER * each))
            .zip(lower.par_chunks_mut(IMAGES_TOGETHER * LOWER_POINTS))
            .enumerate()
            .for_each(|(group, ((out, sums), lower))| {
                let first = group * IMAGES_TOGETHER;
                let lower = &mut lower[..out.len() / MIDDLE * LOWER_POINTS];
                for (image, lower) in lower.chunks_exact_mut(LOWER_POINTS).enumerate() {
                    fill(first + image, lower);
                }
                scratch.lend(|upper| {
                    let upper = &mut upper[..out.len() / MIDDLE * UPPER_POINTS];
                    kernels.points_up(lower, up, upper);
                    let images = out.chunks_exact_mut(MIDDLE).zip(sums.chunks_exact_mut(each));
                    for (image, (upper, (out, sums))) in upper.chunks_exact(UPPER_POINTS).zip(images).enumerate() {
                        kernels.points_to_upper(upper, out);
                        finish(first + image, out, sums);
                    }
                });
            });
    }

    /// Adds up the gradient of the weights over the maps of the last walks down and up.
    pub(super) fn add_weight_gradient(&mut self) {
        let Self { kernels, upper, lower, gradient, .. } = self;
        let (kernels, upper, lower) = (*kernels, &**upper, &**lower);
        gradient
            .par_chunks_mut(POINT_WEIGHTS)
            .enumerate()
            .for_each(|(point, gradient)| kernels.points_weights(upper, lower, point, gradient));
    }

    /// Moves what was added up to `gradient`, `[4, 4, 32, 64]`.
    pub(super) fn finish_weight_gradient(&mut self, gradient: &mut [f32]) {
        self.kernels.points_to_weights(&mut self.gradient, gradient);
    }

    /// The batch's lower maps at points, from the last walk up, [`LOWER_POINTS`] each.
    pub(super) fn lower_points(&self) -> &[f32] {
        &self.lower
    }

    /// Adds lower maps at points to this layer's own: image i to map `maps[i]`.
    pub(super) fn add_lower_points(&mut self, points: &[f32], maps: &[u8]) {
        let kernels = self.kernels;
        self.lower.par_chunks_mut(LOWER_POINTS).enumerate().for_each(|(map, sum)| {
            for (points, &to) in points.chunks_exact(LOWER_POINTS).zip(maps) {
                if usize::from(to) == map {
                    kernels.add_scaled(1.0, points, sum);
                }
            }
        });
    }

    /// Forgets what [`InnerConvolution::add_lower_points`] added up.
    pub(super) fn clear_lower_points(&mut self) {
        self.lower.fill(0.0);
    }
}
