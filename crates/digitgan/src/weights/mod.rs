//! Weights from bytes and to bytes: tensors in the safetensors format, and facts about them.
//!
//! [`TensorFile`] is any set of tensors with facts beside them and a hash over everything, or a state dict that PyTorch saved;
//! [`GeneratorFile`] is a trained generator with the tensors of PyTorch's state dict; [`ClassifierFile`] is a classifier of digits in half precision.
//! [`crate::files`] reads them from files and writes them.

mod classifier;
mod error;
mod floats;
mod generator;
mod import;
mod mixture;
#[cfg(feature = "files")]
mod pickle;
#[cfg(feature = "files")]
mod pytorch;
mod tensor_file;

pub use classifier::{ClassifierFile, JudgeIdentity};
pub use error::WeightsError;
pub use generator::GeneratorFile;
pub use import::Imported;
#[cfg(feature = "files")]
pub(crate) use tensor_file::encode;
pub use tensor_file::{MAX_BYTES, Precision, TensorFile};
