//! Zero padding: images of 28×28 in buffers of 30×30, so that a convolution may read one pixel beyond each border.

use crate::{IMAGE_PIXELS, IMAGE_SIDE};
use digitgan_kernels::shape::PADDED_IMAGE;

/// Pixels of a padded row.
const ROW: usize = IMAGE_SIDE + 2;

/// Copies an image into the middle of a padded one, and leaves the padding as it is.
pub(super) fn pad(image: &[f32], padded: &mut [f32]) {
    for (row, padded) in image.chunks_exact(IMAGE_SIDE).zip(padded.chunks_exact_mut(ROW).skip(1)) {
        padded[1..=IMAGE_SIDE].copy_from_slice(row);
    }
}

/// Pads as many images as both hold.
///
/// # Shapes
/// `images`: `[_, 28, 28]`; `padded`: `[_, 30, 30]`.
pub(super) fn pad_all(images: &[f32], padded: &mut [f32]) {
    for (image, padded) in images.chunks_exact(IMAGE_PIXELS).zip(padded.chunks_exact_mut(PADDED_IMAGE)) {
        pad(image, padded);
    }
}

/// Copies the pixels inside the padding.
pub(super) fn unpad(padded: &[f32], image: &mut [f32]) {
    for (row, padded) in image.chunks_exact_mut(IMAGE_SIDE).zip(padded.chunks_exact(ROW).skip(1)) {
        row.copy_from_slice(&padded[1..=IMAGE_SIDE]);
    }
}

/// Sets the padding of an image to zero.
pub(super) fn clear_padding(image: &mut [f32]) {
    image[..ROW].fill(0.0);
    image[PADDED_IMAGE - ROW..].fill(0.0);
    for row in image.chunks_exact_mut(ROW) {
        row[0] = 0.0;
        row[ROW - 1] = 0.0;
    }
}
