//! digitgan trains, judges and uses generators of 28×28 handwritten digits.
//!
//! The way through the library, in order:
//!
//! 1. [`data`]: bytes from MNIST, the built-in strokes or a folder become a [`data::Dataset`];
//! 2. [`seed`]: every random number comes from a seed, a purpose and an index;
//! 3. [`run`]: what a training run leaves behind: the loss of every step and TensorBoard's events;
//! 4. [`picture`]: grids, animations, loss curves and terminal previews for people to look at.
//!
//! Files are replaced as a whole or not at all, by [`atomic_file`].
#![forbid(unsafe_code)]

pub mod atomic_file;
pub mod data;
pub mod engine;
pub mod model;
pub mod objective;
pub mod picture;
pub mod run;
pub mod seed;

/// Height and width of every image, in pixels.
pub const IMAGE_SIDE: usize = 28;
/// Pixels of an image.
pub const IMAGE_PIXELS: usize = IMAGE_SIDE * IMAGE_SIDE;
