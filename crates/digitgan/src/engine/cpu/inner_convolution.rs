//! The inner convolution as a layer: 14×14×32 above, 7×7×64 below, by products at points
//! (see [`digitgan_kernels::winograd`]).
//!
//! D's conv2 walks it down and its gradient up, G's deconv2 the other way round. Either way the forward pass leaves
//! one side's maps at their points, the backward pass the other's, and the gradient of the weights needs just these.

use super::buffer::{Buffer, Scratch, zeros};
use digitgan_kernels::shape::{BOTTOM, INNER_WEIGHTS, MIDDLE};
use digitgan_kernels::winograd::{
    IMAGES_TOGETHER, LOWER_POINTS, POINT_WEIGHTS, UPPER_POINTS, WEIGHT_POINTS, groups, transpose_taps,
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
            upper: zeros(groups(images) * UPPER_POINTS),
            lower: zeros(groups(images) * LOWER_POINTS),
            gradient: zeros(WEIGHT_POINTS),
            scratch: Scratch::new(UPPER_POINTS),
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
            .zip(upper.par_chunks_mut(UPPER_POINTS))
            .enumerate()
            .for_each(|(group, ((out, sums), upper))| {
                let first = group * IMAGES_TOGETHER;
                for image in 0..out.len() / BOTTOM {
                    kernels.upper_to_points(input(first + image), image, upper);
                }
                scratch.lend(|products| {
                    let products = &mut products[..LOWER_POINTS];
                    kernels.points_down(upper, down, products);
                    let images = out.chunks_exact_mut(BOTTOM).zip(sums.chunks_exact_mut(each));
                    for (image, (out, sums)) in images.enumerate() {
                        kernels.points_to_lower(products, image, out);
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
        let fill = |first, images, lower: &mut [f32]| {
            (0..images).for_each(|image| kernels.lower_to_points(input(first + image), image, lower));
        };
        self.walk_up(fill, out, sums, finish);
    }

    /// Walks up from the lower maps that [`InnerConvolution::add_lower_points`] added up at points.
    pub(super) fn up_from_points(
        &mut self,
        out: &mut [f32],
        sums: &mut [f32],
        finish: impl Fn(usize, &mut [f32], &mut [f32]) + Sync,
    ) {
        self.walk_up(|_, _, _| {}, out, sums, finish);
    }

    /// Walks up; `fill` is called with a group's first image, how many there are, and the group.
    fn walk_up(
        &mut self,
        fill: impl Fn(usize, usize, &mut [f32]) + Sync,
        out: &mut [f32],
        sums: &mut [f32],
        finish: impl Fn(usize, &mut [f32], &mut [f32]) + Sync,
    ) {
        let Self { kernels, up, lower, scratch, .. } = self;
        let (kernels, each) = (*kernels, sums.len() / (out.len() / MIDDLE));
        out.par_chunks_mut(IMAGES_TOGETHER * MIDDLE)
            .zip(sums.par_chunks_mut(IMAGES_TOGETHER * each))
            .zip(lower.par_chunks_mut(LOWER_POINTS))
            .enumerate()
            .for_each(|(group, ((out, sums), lower))| {
                let first = group * IMAGES_TOGETHER;
                fill(first, out.len() / MIDDLE, lower);
                scratch.lend(|products| {
                    kernels.points_up(lower, up, products);
                    let images = out.chunks_exact_mut(MIDDLE).zip(sums.chunks_exact_mut(each));
                    for (image, (out, sums)) in images.enumerate() {
                        kernels.points_to_upper(products, image, out);
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

    /// The batch's lower maps at points, from the last walk up, in groups.
    pub(super) fn lower_points(&self) -> &[f32] {
        &self.lower
    }

    /// Adds lower maps at points, in groups of images, to this layer's own: image i to map `maps[i]`.
    pub(super) fn add_lower_points(&mut self, points: &[f32], maps: &[u8]) {
        let kernels = self.kernels;
        self.lower.par_chunks_mut(LOWER_POINTS).enumerate().for_each(|(group, sums)| {
            for (image, &map) in maps.iter().enumerate() {
                if usize::from(map) / IMAGES_TOGETHER == group {
                    let points = &points[image / IMAGES_TOGETHER * LOWER_POINTS..][..LOWER_POINTS];
                    let (from, to) = (image % IMAGES_TOGETHER, usize::from(map) % IMAGES_TOGETHER);
                    kernels.add_lower_points(points, from, sums, to);
                }
            }
        });
    }

    /// Forgets what [`InnerConvolution::add_lower_points`] added up.
    pub(super) fn clear_lower_points(&mut self) {
        self.lower.fill(0.0);
    }
}
