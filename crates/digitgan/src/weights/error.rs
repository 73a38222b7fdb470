//! Why bytes cannot be read as weights.

use crate::error::ErrorKind;

/// Why bytes are not the weights that they should be. Whoever knows where the bytes came from says so before it.
///
/// ```
/// use digitgan::prelude::*;
///
/// let mut bytes = GeneratorFile::untrained(Variant::Gan, 10, 1)?.to_bytes();
/// *bytes.last_mut().unwrap() ^= 1;
/// let error = GeneratorFile::from_bytes(&bytes).unwrap_err();
/// assert!(matches!(error, WeightsError::Damaged { .. }));
/// assert_eq!(error.kind(), ErrorKind::Damaged);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WeightsError {
    /// More bytes than any file of ours has.
    #[error("{bytes} bytes are too many for a file of digitgan: give another file")]
    TooLarge {
        /// How many.
        bytes: u64,
    },
    /// Not a safetensors file, or cut off.
    #[error("not a whole safetensors file ({reason}): it was cut off or is something else")]
    Format {
        /// What the reader says.
        reason: String,
    },
    /// A zip archive that is not one of tensors by PyTorch.
    #[error("not a state dict saved by PyTorch: {reason}")]
    PyTorch {
        /// What is wrong with it.
        reason: String,
    },
    /// A tensor of another type than floats of 64, 32 or 16 bits.
    #[error("tensor {name} is of type {found}, expected F64, F32, F16 or BF16")]
    Type {
        /// The tensor.
        name: String,
        /// Its type.
        found: String,
    },
    /// A tensor of 64-bit floats with a number that 32 bits cannot hold.
    #[error("tensor {name} holds {found}, which is beyond floats of 32 bits")]
    Overflow {
        /// The tensor.
        name: String,
        /// The number, such as `1e300`.
        found: String,
    },
    /// The content is not what was written.
    #[error("damaged: its content has SHA-256 {found}, but {expected} was written")]
    Damaged {
        /// The hash of what is there.
        found: String,
        /// The hash recorded in it.
        expected: String,
    },
    /// Tensors of something else.
    #[error("not a {kind} of digitgan: {reason}")]
    Foreign {
        /// What was expected: a generator, a judge, a checkpoint.
        kind: &'static str,
        /// What is wrong with it.
        reason: String,
    },
}

impl WeightsError {
    /// What it is about.
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::Damaged
    }
}
