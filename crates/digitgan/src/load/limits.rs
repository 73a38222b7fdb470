//! Limits on what is read from outside.

/// The most images or labels that are read from one file or folder: above EMNIST's 814,255.
pub const MAX_IMAGES: usize = 1_000_000;
/// The greatest height and width of an image, in pixels.
pub const MAX_SIDE: usize = 1024;
/// The greatest height and width of a picture, in pixels.
pub(super) const MAX_PICTURE_SIDE: u32 = 4096;
