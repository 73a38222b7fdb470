//! digitgan trains, judges and uses generators of 28×28 handwritten digits.
//!
//! Two digits, drawn by a generator that comes with the library; `GeneratorFile::read` takes up one of your own:
//!
//! ```
//! use digitgan::prelude::*;
//!
//! let generator = BuiltIn::Acgan.generator();
//! let digits = Sampler::new(&Device::cpu(None)?, &generator)?.draw(7, &[3, 8])?;
//! print!("{}", preview(&digits, 80, TerminalStyle::Ascii)?);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`prelude`] has what most programs need, each with an example. The library in its order:
//!
//! # Below the waterline: arithmetic
//!
//! Nothing here needs a disk, a network or a clock, so all of it is there without default features, in a browser too.
//!
//! 1. [`data`]: a [`Dataset`](data::Dataset) is images with their classes; some are built in ([`data::strokes`]);
//! 2. [`model`]: what GAN, cGAN and ACGAN are, as a table; [`loss`]: what they minimise;
//! 3. [`engine`]: a [`Device`](engine::Device) computes a step of training and draws pictures;
//! 4. [`config`]: what a training is to do, each setting declared once; [`train`]: the one loop of all three models,
//!    which tells an observer of everything;
//! 5. [`weights`]: generators and classifiers as bytes, in and out; `onnx`: networks as ONNX models (feature `onnx`);
//! 6. [`sample`]: pictures from a trained generator;
//! 7. [`judge`]: a classifier that reads digits; [`metrics`]: how good digits are, from features, classes and pixels;
//!    [`evaluation`]: all of it for one generator, beside real digits;
//! 8. [`built_in`]: generators that come with the library, with what is known of them;
//! 9. [`handwriting`]: lines of digits and marks as a person writes them.
//!
//! Random numbers come from a seed, a purpose and an index ([`seed`]); bytes and the networks' numbers are mapped in one
//! place ([`pixel`]); what a caller hands in wrong is an [`InputError`](input::InputError), and every error has a
//! [kind](error::ErrorKind).
//!
//! # Above it: files and front ends
//!
//! 10. [`load`]: data sets from MNIST's mirrors and from folders; [`files`]: weights from files (feature `files`; `download`
//!     for the mirrors);
//! 11. [`run`]: the run directory, the interface between training and everything after it (feature `files`);
//! 12. [`picture`]: grids, animations, loss curves and terminal previews for people to look at (feature `pictures`);
//! 13. [`generate`]: labelled data sets of drawn pictures, that 10. reads; [`convert`]: data sets in the formats of others;
//!     [`written`]: written lines as pictures and as data sets for reading programs (feature `pictures`);
//! 14. [`session`]: starting, resuming and judging runs, for every front end (feature `pictures`);
//! 15. [`page`]: everything about some runs on one page (feature `page`).
//!
//! Files are replaced as a whole or not at all. Nothing here prints.
#![forbid(unsafe_code)]

// Below the waterline: arithmetic. Nothing here needs a disk, a network, a clock or a flag.
pub mod built_in;
pub mod config;
pub mod data;
pub mod engine;
pub mod error;
pub mod evaluation;
pub mod handwriting;
mod hash;
pub mod input;
pub mod judge;
pub mod loss;
pub mod metrics;
pub mod model;
#[cfg(feature = "onnx")]
pub mod onnx;
pub mod pixel;
pub mod sample;
pub mod seed;
pub mod train;
pub mod weights;

// Above it: files, downloads, pictures, pages, sessions.
#[cfg(feature = "pictures")]
pub mod convert;
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
#[cfg(feature = "pictures")]
pub mod written;

// What most programs need of both.
pub mod prelude;

/// Height and width of every image, in pixels.
pub const IMAGE_SIDE: usize = 28;
/// Pixels of an image.
pub const IMAGE_PIXELS: usize = IMAGE_SIDE * IMAGE_SIDE;
