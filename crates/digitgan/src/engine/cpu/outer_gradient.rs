//! The gradient of an outer convolution's weights. They are too few to share among threads, so the gradient is summed
//! over groups of images apart, then over the groups in their order: the result does not depend on the number of
//! threads.

use super::buffer::{Buffer, zeros};
use digitgan_kernels::Kernels;
use digitgan_kernels::shape::OUTER_WEIGHTS;

/// Images of a group.
pub(super) const OUTER_IMAGES: usize = 4;

/// Room for the sums of each group of `images` images, [`OUTER_WEIGHTS`] a group.
pub(super) fn outer_sums(images: usize) -> Buffer {
    zeros(images.div_ceil(OUTER_IMAGES) * OUTER_WEIGHTS)
}

/// Adds the sums of all groups to `gradient`.
pub(super) fn add_outer_sums(kernels: Kernels, sums: &[f32], gradient: &mut [f32]) {
    for sum in sums.chunks_exact(OUTER_WEIGHTS) {
        kernels.add_scaled(1.0, sum, gradient);
    }
}
