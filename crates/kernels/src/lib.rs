//! The arithmetic of digitgan: short SIMD kernels, each with a naive twin in the tests.
//!
//! - [`shape`]: the fixed geometry, and why two convolutions are enough;
//! - `tile`: the micro-kernel with register blocking behind all convolutions and matrix products;
//! - [`winograd`]: the inner convolution with fewer multiplications; its page explains the transforms and the memory
//!   layout;
//! - [`Kernels`]: the kernels bound to an instruction set (AVX-512, AVX2, NEON, WebAssembly's SIMD or plain scalar
//!   code), chosen at run time (for WebAssembly by the compiler), forced by the environment variable [`SIMD_VARIABLE`].
//!
//! Tensors are channels-last (NHWC). A kernel works on one image, or on a range of rows, and writes only
//! to the buffers it is given: the caller splits the work over threads. Nothing here allocates. Each kernel
//! checks the lengths of its buffers with `assert!` first, and then reads and writes without bounds checks:
//! this is the only crate of the project with `unsafe`.

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
