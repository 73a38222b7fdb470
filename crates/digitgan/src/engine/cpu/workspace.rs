//! Buffers that both networks' passes use in turn. They share them because memory that was used last is in the cache.

use super::buffer::{Buffer, zeros};
use digitgan_kernels::shape::{BOTTOM, MIDDLE};
use digitgan_kernels::winograd::{TRANSFORMED_LOWER, TRANSFORMED_UPPER};

/// Room for one batch.
pub(super) struct Workspace {
    /// The inner convolution's upper maps in the Winograd domain: kept from D's forward to its backward pass where the
    /// gradients of weights are wanted; or those of G's backward pass.
    pub(super) transformed_upper: Buffer,
    /// The gradients of D's conv2 in the Winograd domain.
    pub(super) transformed_lower: Buffer,
    /// The gradient of the middle feature maps, `[batch, 14, 14, 32]`.
    pub(super) middle_gradients: Buffer,
    /// The gradient of the smallest feature maps, `[batch, 7, 7, 64]`.
    pub(super) bottom_gradients: Buffer,
}

/// The part of a [`Workspace`] for some of its images: D has fewer than the batch where it sees packs.
pub(super) struct Room<'a> {
    pub(super) transformed_upper: &'a mut [f32],
    pub(super) transformed_lower: &'a mut [f32],
    pub(super) middle_gradients: &'a mut [f32],
    pub(super) bottom_gradients: &'a mut [f32],
}

impl Workspace {
    pub(super) fn new(batch: usize) -> Self {
        let room = |elements: usize| zeros(batch * elements);
        Workspace {
            transformed_upper: room(TRANSFORMED_UPPER),
            transformed_lower: room(TRANSFORMED_LOWER),
            middle_gradients: room(MIDDLE),
            bottom_gradients: room(BOTTOM),
        }
    }

    /// The part for `images` images.
    pub(super) fn room(&mut self, images: usize) -> Room<'_> {
        Room {
            transformed_upper: &mut self.transformed_upper[..images * TRANSFORMED_UPPER],
            transformed_lower: &mut self.transformed_lower[..images * TRANSFORMED_LOWER],
            middle_gradients: &mut self.middle_gradients[..images * MIDDLE],
            bottom_gradients: &mut self.bottom_gradients[..images * BOTTOM],
        }
    }
}
