//! The arithmetic of digitgan: short SIMD kernels, each with a naive twin in the tests.
//!
//! - [`shape`]: the fixed geometry, and why two convolutions are enough;
//! - `tile`: the one inner loop behind all convolutions and matrix products;
//! - [`winograd`]: the inner convolution with fewer multiplications; its page explains transforms, layout and blocking;
//! - [`Kernels`]: the kernels bound to an instruction set (AVX-512, AVX2, NEON, WebAssembly's SIMD or plain scalar code),
//!   chosen at run time (for WebAssembly by the compiler), forced by the environment variable [`SIMD_VARIABLE`].
//!
//! Kernels work on one image, or on a range of rows, and write only what they are given: whoever
//! calls splits the work over threads. Nothing here allocates. Lengths are checked by `assert!` at
//! the door of each kernel, and inside unchecked: this is the only crate of the project with `unsafe`.

mod batchnorm;
mod inner;
mod level;
mod matrix;
mod outer;
pub mod shape;
mod tile;
mod vector;
pub mod winograd;

pub use batchnorm::{GradientTerms, MapInput, Normalisation};
pub use inner::inner_phases;
pub use level::{Kernels, SIMD_VARIABLE, UnknownSimd};
pub use matrix::{PANEL, transpose, transpose_panels};
pub use vector::{AdamStep, VECTOR_STEP};
