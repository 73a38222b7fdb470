//! The CPU engine: explicit forward and backward passes over buffers that are allocated once.
//!
//! Work is split over the rayon pool that the caller runs in, by images or by rows of a gradient. Each
//! parallel region goes as far as it can before the whole batch must meet (at a batch normalisation, or
//! at a weight's gradient). Whatever is summed over images is summed in their order, whichever
//! thread does it, so results do not depend on the number of threads. A step allocates nothing.

mod average;
mod batchnorm;
mod buffer;
mod checks;
mod class_planes;
mod classifier;
mod discriminator;
mod generator;
mod hidden_head;
mod inner_convolution;
mod outer_gradient;
mod padding;
mod parameters;
mod sampler;
mod shares;
mod slot;
mod source_head;
mod spectral;
mod threads;
mod training;
mod workspace;

pub use classifier::CpuClassifier;
pub use sampler::CpuSampler;
pub use training::{CpuEngine, kernels};
