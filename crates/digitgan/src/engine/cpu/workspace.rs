//! What the passes of both networks compute and use up: shared, because memory that was touched last is in the cache.

use super::buffer::{Buffer, zeros};
use digitgan_kernels::shape::{BOTTOM, MIDDLE};
use digitgan_kernels::winograd::{TRANSFORMED_LOWER, TRANSFORMED_UPPER};

/// Room for one batch.
pub(super) struct Workspace {
    /// The inner convolution's upper maps at points: of a pass of D that wants gradients of weights, from forward to
    /// backward; or of G's backward pass.
    pub(super) upper_points: Buffer,
    /// The gradients of D's conv2 at points.
    pub(super) lower_points: Buffer,
    /// The gradient of the middle feature maps, `[batch, 14, 14, 32]`.
    pub(super) middle_gradients: Buffer,
    /// The gradient of the smallest feature maps, `[batch, 7, 7, 64]`.
    pub(super) bottom_gradients: Buffer,
}

/// The room of a [`Workspace`] for just so many images: fewer than a batch's where D judges packs.
pub(super) struct Room<'a> {
    pub(super) upper_points: &'a mut [f32],
    pub(super) lower_points: &'a mut [f32],
    pub(super) middle_gradients: &'a mut [f32],
    pub(super) bottom_gradients: &'a mut [f32],
}

impl Workspace {
    pub(super) fn new(batch: usize) -> Self {
        let room = |elements: usize| zeros(batch * elements);
        Workspace {
            upper_points: room(TRANSFORMED_UPPER),
            lower_points: room(TRANSFORMED_LOWER),
            middle_gradients: room(MIDDLE),
            bottom_gradients: room(BOTTOM),
        }
    }

    /// The room for `images` images.
    pub(super) fn room(&mut self, images: usize) -> Room<'_> {
        Room {
            upper_points: &mut self.upper_points[..images * TRANSFORMED_UPPER],
            lower_points: &mut self.lower_points[..images * TRANSFORMED_LOWER],
            middle_gradients: &mut self.middle_gradients[..images * MIDDLE],
            bottom_gradients: &mut self.bottom_gradients[..images * BOTTOM],
        }
    }
}
