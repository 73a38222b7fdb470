//! Weights as bytes, in and out: tensors in the safetensors format, and what is known of them.
//!
//! [`TensorFile`] is any set of tensors with facts beside them and a hash over everything; [`GeneratorFile`] is a trained
//! generator as PyTorch's state dict has it; [`ClassifierFile`] is a classifier of digits in half precision. All three come
//! from bytes and become bytes: reading and writing files is the business of [`crate::files`].

mod classifier;
mod error;
mod generator;
mod tensor_file;

pub use classifier::{ClassifierFile, JudgeIdentity};
pub use error::WeightsError;
pub use generator::GeneratorFile;
#[cfg(feature = "files")]
pub(crate) use tensor_file::encode;
pub use tensor_file::{MAX_BYTES, Precision, TensorFile};
