//! What the passes of both networks compute and use up: shared, because memory that was touched last is in the cache.

use super::buffer::{Buffer, zeros};
use digitgan_kernels::shape::{BOTTOM, MIDDLE};
use digitgan_kernels::winograd::{LOWER_POINTS, UPPER_POINTS};

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

impl Workspace {
    pub(super) fn new(batch: usize) -> Self {
        let room = |elements: usize| zeros(batch * elements);
        Workspace {
            upper_points: room(UPPER_POINTS),
            lower_points: room(LOWER_POINTS),
            middle_gradients: room(MIDDLE),
            bottom_gradients: room(BOTTOM),
        }
    }
}
