//! The inner convolution as a layer: 14×14×32 above, 7×7×64 below, computed in the Winograd domain
//! (see [`digitgan_kernels::winograd`]).
//!
//! D's conv2 goes down in the forward pass and up in the backward pass, G's deconv2 the other way round. Either way the
//! forward pass transforms one side's maps and the backward pass the other's, and the gradient of the weights is
//! computed from just these transformed maps.

use super::buffer::{Buffer, Scratch, zeros};
use super::threads::EqualShares;
use crate::engine::Precision;
use digitgan_kernels::shape::{BOTTOM, INNER_WEIGHTS, MIDDLE};
use digitgan_kernels::winograd::{
    IMAGES_TOGETHER, PACKED_LOWER, PACKED_UPPER, PACKED_WEIGHTS, POINT_WEIGHTS, TRANSFORMED_LOWER, TRANSFORMED_UPPER,
    TRANSFORMED_WEIGHTS, phases, transpose_filter_taps,
};
use digitgan_kernels::{Kernels, MapInput};
use rayon::prelude::*;

pub(super) struct InnerConvolution {
    kernels: Kernels,
    /// The weights in the Winograd domain, for down.
    down: Buffer,
    /// The weights in the Winograd domain, for up.
    up: Buffer,
    transposed: Buffer,
    /// The gradient of the weights in the Winograd domain.
    gradient: Buffer,
    /// Whether `gradient` holds a sum already, from an earlier batch of the step.
    begun: bool,
    scratch: Scratch,
    packed: Option<Packed>,
}

/// The buffers for products in bfloat16, two numbers to a word.
struct Packed {
    /// The weights in the Winograd domain, for down.
    down: Buffer<u32>,
    /// The weights in the Winograd domain, for up.
    up: Buffer<u32>,
    /// Maps in the Winograd domain.
    scratch: Scratch<u32>,
}

impl InnerConvolution {
    pub(super) fn new(kernels: Kernels, precision: Precision) -> Self {
        InnerConvolution {
            kernels,
            down: zeros(TRANSFORMED_WEIGHTS),
            up: zeros(TRANSFORMED_WEIGHTS),
            transposed: zeros(INNER_WEIGHTS),
            gradient: zeros(TRANSFORMED_WEIGHTS),
            begun: false,
            scratch: Scratch::new(IMAGES_TOGETHER * (TRANSFORMED_UPPER + TRANSFORMED_LOWER)),
            packed: (precision == Precision::Bf16).then(|| Packed {
                down: zeros(PACKED_WEIGHTS),
                up: zeros(PACKED_WEIGHTS),
                scratch: Scratch::new(IMAGES_TOGETHER * PACKED_UPPER.max(PACKED_LOWER)),
            }),
        }
    }

    /// Transforms new weights, `[4, 4, 32, 64]`. Call after every change of them.
    pub(super) fn prepare(&mut self, weights: &[f32]) {
        let Self { kernels, down, up, transposed, packed, .. } = self;
        let (packed_down, packed_up) = packed.as_mut().map(|packed| (&mut packed.down, &mut packed.up)).unzip();
        rayon::join(
            || {
                kernels.winograd_filter_transform(weights, down);
                if let Some(packed) = packed_down {
                    kernels.pack_weights(down, packed);
                }
            },
            || {
                transpose_filter_taps(weights, transposed);
                kernels.winograd_transposed_filter_transform(transposed, up);
                if let Some(packed) = packed_up {
                    kernels.pack_weights(up, packed);
                }
            },
        );
    }

    /// The products of some images' upper maps, down.
    fn multiply_down(&self, upper: &[f32], lower: &mut [f32]) {
        let Some(packed) = &self.packed else { return self.kernels.winograd_down(upper, &self.down, lower) };
        packed.scratch.lend(|words| {
            let words = &mut words[..upper.len() / TRANSFORMED_UPPER * PACKED_UPPER];
            self.kernels.pack_upper(upper, words);
            self.kernels.packed_winograd_down(words, &packed.down, lower);
        });
    }

    /// The products of some images' lower maps, up.
    fn multiply_up(&self, lower: &[f32], upper: &mut [f32]) {
        let Some(packed) = &self.packed else { return self.kernels.winograd_up(lower, &self.up, upper) };
        packed.scratch.lend(|words| {
            let words = &mut words[..lower.len() / TRANSFORMED_LOWER * PACKED_LOWER];
            self.kernels.pack_lower(lower, words);
            self.kernels.packed_winograd_up(words, &packed.up, upper);
        });
    }

    /// The convolution (down): from the upper map that `input` gives for each image to `out`. Where the gradient of the
    /// weights is needed later, `transformed` keeps the upper maps in the Winograd domain. `finish` is called with each
    /// image's number, its output and its part of `sums`, while they are in the cache.
    ///
    /// # Shapes
    /// `transformed`: [`TRANSFORMED_UPPER`] an image; `out`: `[images, 7, 7, 64]`; `sums`: `[images, _]`.
    pub(super) fn down<'a>(
        &self,
        input: impl Fn(usize) -> MapInput<'a> + Sync,
        transformed: Option<&mut [f32]>,
        out: &mut [f32],
        sums: &mut [f32],
        finish: impl Fn(usize, &mut [f32], &mut [f32]) + Sync,
    ) {
        let kernels = self.kernels;
        let walk = |group: usize, out: &mut [f32], sums: &mut [f32], upper: &mut [f32], lower: &mut [f32]| {
            let first = group * IMAGES_TOGETHER;
            for (image, upper) in upper.chunks_exact_mut(TRANSFORMED_UPPER).enumerate() {
                kernels.winograd_input_transform(input(first + image), upper);
            }
            self.multiply_down(upper, lower);
            let each = sums.len() / (out.len() / BOTTOM);
            let images = out.chunks_exact_mut(BOTTOM).zip(sums.chunks_exact_mut(each));
            for (image, (lower, (out, sums))) in lower.chunks_exact(TRANSFORMED_LOWER).zip(images).enumerate() {
                kernels.winograd_output_transform(lower, out);
                finish(first + image, out, sums);
            }
        };
        self.for_each_group(BOTTOM, TRANSFORMED_UPPER, TRANSFORMED_LOWER, transformed, out, sums, walk);
    }

    /// The transposed convolution (up), the adjoint of [`InnerConvolution::down`].
    ///
    /// # Shapes
    /// `transformed`: [`TRANSFORMED_LOWER`] an image; `out`: `[images, 14, 14, 32]`; `sums`: `[images, _]`.
    pub(super) fn up<'a>(
        &self,
        input: impl Fn(usize) -> MapInput<'a> + Sync,
        transformed: Option<&mut [f32]>,
        out: &mut [f32],
        sums: &mut [f32],
        finish: impl Fn(usize, &mut [f32], &mut [f32]) + Sync,
    ) {
        let kernels = self.kernels;
        self.walk_up(
            |image, lower| kernels.winograd_output_adjoint(input(image), lower),
            transformed,
            out,
            sums,
            finish,
        );
    }

    /// The transposed convolution of lower maps that are in the Winograd domain already.
    pub(super) fn up_from_transformed(
        &self,
        transformed: &mut [f32],
        out: &mut [f32],
        sums: &mut [f32],
        finish: impl Fn(usize, &mut [f32], &mut [f32]) + Sync,
    ) {
        self.walk_up(|_, _| {}, Some(transformed), out, sums, finish);
    }

    /// The transposed convolution; `fill` writes the lower map of an image, given its number, in the Winograd domain.
    fn walk_up(
        &self,
        fill: impl Fn(usize, &mut [f32]) + Sync,
        transformed: Option<&mut [f32]>,
        out: &mut [f32],
        sums: &mut [f32],
        finish: impl Fn(usize, &mut [f32], &mut [f32]) + Sync,
    ) {
        let kernels = self.kernels;
        let walk = |group: usize, out: &mut [f32], sums: &mut [f32], lower: &mut [f32], upper: &mut [f32]| {
            let first = group * IMAGES_TOGETHER;
            for (image, lower) in lower.chunks_exact_mut(TRANSFORMED_LOWER).enumerate() {
                fill(first + image, lower);
            }
            self.multiply_up(lower, upper);
            let each = sums.len() / (out.len() / MIDDLE);
            let images = out.chunks_exact_mut(MIDDLE).zip(sums.chunks_exact_mut(each));
            for (image, (upper, (out, sums))) in upper.chunks_exact(TRANSFORMED_UPPER).zip(images).enumerate() {
                kernels.winograd_input_adjoint(upper, out);
                finish(first + image, out, sums);
            }
        };
        self.for_each_group(MIDDLE, TRANSFORMED_LOWER, TRANSFORMED_UPPER, transformed, out, sums, walk);
    }

    /// Calls `walk` for each group of images with the group's number, outputs, sums, transformed inputs (kept in
    /// `transformed` if given) and transformed outputs. Of an image, outputs have `map` numbers, transformed inputs
    /// `from` and transformed outputs `to`.
    #[allow(clippy::too_many_arguments, reason = "four buffers and how long an image is in each")]
    fn for_each_group(
        &self,
        map: usize,
        from: usize,
        to: usize,
        transformed: Option<&mut [f32]>,
        out: &mut [f32],
        sums: &mut [f32],
        walk: impl Fn(usize, &mut [f32], &mut [f32], &mut [f32], &mut [f32]) + Sync,
    ) {
        let each = sums.len() / (out.len() / map);
        let groups =
            out.par_chunks_mut(IMAGES_TOGETHER * map).zip(sums.par_chunks_mut(IMAGES_TOGETHER * each)).enumerate();
        match transformed {
            Some(transformed) => {
                groups.zip(transformed.par_chunks_mut(IMAGES_TOGETHER * from)).in_equal_shares().for_each(
                    |((group, (out, sums)), transformed)| {
                        let images = out.len() / map;
                        let transformed = &mut transformed[..images * from];
                        self.scratch.lend(|products| walk(group, out, sums, transformed, &mut products[..images * to]));
                    },
                );
            }
            None => groups.in_equal_shares().for_each(|(group, (out, sums))| {
                let images = out.len() / map;
                self.scratch.lend(|room| {
                    let (transformed, products) = room.split_at_mut(images * from);
                    walk(group, out, sums, transformed, &mut products[..images * to]);
                });
            }),
        }
    }

    /// Adds up the gradient of the weights over a batch, from its upper and lower maps in the Winograd domain.
    pub(super) fn add_weight_gradient(&mut self, upper: &[f32], lower: &[f32]) {
        let (kernels, adds) = (self.kernels, std::mem::replace(&mut self.begun, true));
        self.gradient
            .par_chunks_mut(POINT_WEIGHTS)
            .enumerate()
            .in_equal_shares()
            .for_each(|(point, gradient)| kernels.winograd_filter_gradient(upper, lower, point, adds, gradient));
    }

    /// Adds the sum of all batches since the last call to `gradient`, `[4, 4, 32, 64]`.
    pub(super) fn finish_weight_gradient(&mut self, gradient: &mut [f32]) {
        let (kernels, transformed) = (self.kernels, &self.gradient);
        phases(gradient)
            .into_par_iter()
            .enumerate()
            .in_equal_shares()
            .for_each(|(phase, taps)| kernels.winograd_filter_adjoint(transformed, phase, taps));
        self.begun = false;
    }
}
