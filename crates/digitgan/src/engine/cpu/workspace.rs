//! What the passes of both networks compute and use up: shared, because memory that was touched last is in the cache.

use super::buffer::{Buffer, zeros};
use digitgan_kernels::shape::{BOTTOM, MIDDLE};
use digitgan_kernels::winograd::{TRANSFORMED_LOWER, TRANSFORMED_UPPER};

/// Room for one batch.
pub(super) struct Workspace {
    /// The inner convolution's upper maps in the Winograd domain: of a pass of D that wants gradients of weights, from forward to
    /// backward; or of G's backward pass.
    pub(super) transformed_upper: Buffer,
    /// The gradients of D's conv2 in the Winograd domain.
    pub(super) transformed_lower: Buffer,
    /// The gradient of the middle feature maps, `[batch, 14, 14, 32]`.
    pub(super) middle_gradients: Buffer,
    /// The gradient of the smallest feature maps, `[batch, 7, 7, 64]`.
    pub(super) bottom_gradients: Buffer,
}

/// The room of a [`Workspace`] for just so many images: fewer than a batch's where D judges packs.
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

    /// The room for `images` images.
    pub(super) fn room(&mut self, images: usize) -> Room<'_> {
        Room {
            transformed_upper: &mut self.transformed_upper[..images * TRANSFORMED_UPPER],
            transformed_lower: &mut self.transformed_lower[..images * TRANSFORMED_LOWER],
            middle_gradients: &mut self.middle_gradients[..images * MIDDLE],
            bottom_gradients: &mut self.bottom_gradients[..images * BOTTOM],
        }
    }
}
