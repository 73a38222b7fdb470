//! digitgan trains, judges and uses generators of 28×28 handwritten digits.
//!
//! The way through the library, in order:
//!
//! 1. [`data`]: bytes from MNIST, the built-in strokes or a folder become a [`data::Dataset`], and
//!    [`data::batches`] returns it batch by batch;
//! 2. [`model`]: what GAN, cGAN and ACGAN are, as a table; [`loss`]: what they minimise;
//! 3. [`engine`]: what computes a step of training and draws pictures;
//! 4. [`config`] and [`train`]: the one training loop of all three models;
//! 5. [`run`]: the run directory, the interface between training and everything after it;
//! 6. [`sample`]: pictures from a trained generator;
//! 7. [`generate`]: labelled data sets of such pictures, that 1. reads;
//! 8. [`picture`]: grids, animations, loss curves and terminal previews for people to look at;
//! 9. [`judge`]: a classifier that reads digits; [`metrics`]: how good they are, from features, classes and pixels;
//!    [`evaluation`]: all of it for one generator, beside real digits;
//! 10. [`page`]: everything about some runs on one HTML page.
//!
//! Everywhere: random numbers come from a seed, a purpose and an index ([`seed`]), and files are
//! replaced as a whole or not at all ([`files::atomic`]). Nothing here prints.
#![forbid(unsafe_code)]

// Below the waterline: arithmetic. Nothing here needs a disk, a network, a clock or a flag.
pub mod config;
pub mod data;
pub mod engine;
pub mod error;
pub mod evaluation;
mod hash;
pub mod input;
pub mod judge;
pub mod loss;
pub mod metrics;
pub mod model;
pub mod pixel;
pub mod prelude;
pub mod sample;
pub mod seed;
pub mod train;
pub mod weights;

// Above it: files, downloads, pictures, pages, sessions.
#[cfg(feature = "files")]
pub mod files;
#[cfg(feature = "pictures")]
pub mod generate;
#[cfg(feature = "files")]
pub mod load;
#[cfg(feature = "page")]
pub mod page;
#[cfg(feature = "pictures")]
pub mod picture;
#[cfg(feature = "files")]
pub mod run;
#[cfg(feature = "pictures")]
pub mod session;

/// Height and width of every image, in pixels.
pub const IMAGE_SIDE: usize = 28;
/// Pixels of an image.
pub const IMAGE_PIXELS: usize = IMAGE_SIDE * IMAGE_SIDE;
