//! Every kernel, on every instruction set of this machine, against its naive twin in f64.

mod batch_normalisation;
mod bfloat16;
mod convolutions;
mod matrices;
mod support;
mod vectors;
mod winograd;
