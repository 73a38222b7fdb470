//! Tensors in a file: safetensors, with a SHA-256 of everything in it, written whole or not at all.

use crate::hash::hex;
use crate::model::{Tensor, TensorMap};
use crate::{atomic_file, capped_file};
use half::f16;
use safetensors::tensor::{Dtype, Metadata, SafeTensors, TensorView};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap};
use std::io;
use std::path::{Path, PathBuf};

/// Largest file that is read: over ten times the largest checkpoint.
const MAX_BYTES: u64 = 512 << 20;
/// The key of the hash among the facts.
const HASH: &str = "sha256";

/// Why a file of tensors cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum TensorFileError {
    /// The file system refused.
    #[error("cannot read {path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Not a safetensors file, or cut off.
    #[error("{path} is not a whole safetensors file ({reason}): it was cut off or is something else")]
    Format {
        /// The file.
        path: PathBuf,
        /// What the reader says.
        reason: String,
    },
    /// A tensor of another type than floats of 32 or 16 bits.
    #[error("{path}: tensor {name} is of type {found}, expected F32 or F16")]
    Type {
        /// The file.
        path: PathBuf,
        /// The tensor.
        name: String,
        /// Its type.
        found: String,
    },
    /// The content is not what was written.
    #[error("{path} is damaged: its content has SHA-256 {found}, but {expected} was written")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The hash of what is there.
        found: String,
        /// The hash recorded in it.
        expected: String,
    },
}

/// How numbers are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    /// 32-bit floats: exactly.
    Single,
    /// 16-bit floats: half the size, eleven significant bits.
    Half,
}

/// Tensors and the facts beside them.
#[derive(Clone, Debug, PartialEq)]
pub struct TensorFile {
    /// The tensors.
    pub tensors: TensorMap,
    /// Facts about them: safetensors' metadata, without the hash.
    pub facts: BTreeMap<String, String>,
}

impl TensorFile {
    /// Writes tensors and facts to `path`.
    ///
    /// # Errors
    /// Those of writing; what was at `path` is then still there.
    pub fn write(&self, path: &Path) -> io::Result<()> {
        self.write_as(path, Precision::Single)
    }

    /// Writes tensors, rounded to `precision`, and facts to `path`.
    ///
    /// # Errors
    /// Those of writing; what was at `path` is then still there.
    pub fn write_as(&self, path: &Path, precision: Precision) -> io::Result<()> {
        let bytes = self.bytes(precision);
        let dtype = match precision {
            Precision::Single => Dtype::F32,
            Precision::Half => Dtype::F16,
        };
        let mut facts: HashMap<String, String> = self.facts.clone().into_iter().collect();
        facts.insert(HASH.to_owned(), self.hash(&bytes));
        let views = self.tensors.iter().map(|(name, tensor)| {
            let view = TensorView::new(dtype, tensor.shape.clone(), &bytes[name.as_str()]);
            (name.as_str(), view.expect("a tensor has as many numbers as its shape says"))
        });
        let mut file = safetensors::serialize(views, Some(facts)).map_err(io::Error::other)?;
        sort_header(&mut file)?;
        atomic_file::write(path, |out| out.write_all(&file))
    }

    /// The SHA-256 that its file records, or would record, of everything in it.
    pub fn sha256(&self, precision: Precision) -> String {
        self.hash(&self.bytes(precision))
    }

    /// The tensors' bytes.
    fn bytes(&self, precision: Precision) -> BTreeMap<&str, Vec<u8>> {
        let to_bytes = match precision {
            Precision::Single => to_bytes,
            Precision::Half => to_half_bytes,
        };
        self.tensors.iter().map(|(name, tensor)| (name.as_str(), to_bytes(&tensor.values))).collect()
    }

    fn hash(&self, bytes: &BTreeMap<&str, Vec<u8>>) -> String {
        let tensors = self.tensors.iter().map(|(name, tensor)| {
            let name = name.as_str();
            (name, tensor.shape.as_slice(), bytes[name].as_slice())
        });
        hash(&self.facts, tensors)
    }

    /// Reads the file at `path`; where it records a hash, as our own files do, the content must match.
    ///
    /// # Errors
    /// Anything that is wrong with it.
    pub fn read(path: &Path) -> Result<TensorFile, TensorFileError> {
        let io_error = |source| TensorFileError::Io { path: path.to_owned(), source };
        Self::from_bytes(&capped_file::read(path, MAX_BYTES).map_err(io_error)?, path)
    }

    /// Reads the content of a file, which errors call `path`.
    ///
    /// # Errors
    /// As [`TensorFile::read`].
    pub fn from_bytes(bytes: &[u8], path: &Path) -> Result<TensorFile, TensorFileError> {
        let format = |error: safetensors::SafeTensorError| TensorFileError::Format {
            path: path.to_owned(),
            reason: error.to_string(),
        };
        let (_, header): (usize, Metadata) = SafeTensors::read_metadata(bytes).map_err(format)?;
        let views = SafeTensors::deserialize(bytes).map_err(format)?;
        let mut facts: BTreeMap<String, String> = header.metadata().clone().unwrap_or_default().into_iter().collect();
        let mut views: Vec<(&str, TensorView<'_>)> = views.iter().collect();
        views.sort_by(|a, b| a.0.cmp(b.0));
        if let Some(expected) = facts.remove(HASH) {
            let found = hash(&facts, views.iter().map(|(name, view)| (*name, view.shape(), view.data())));
            if found != expected {
                return Err(TensorFileError::Damaged { path: path.to_owned(), found, expected });
            }
        }
        let mut tensors = TensorMap::new();
        for (name, view) in views {
            let values = match view.dtype() {
                Dtype::F32 => to_floats(view.data()),
                Dtype::F16 => half_to_floats(view.data()),
                // PyTorch counts batches beside its running statistics, in integers that nothing here needs.
                _ if name.ends_with("num_batches_tracked") => continue,
                other => {
                    let (name, found) = (name.to_owned(), format!("{other:?}"));
                    return Err(TensorFileError::Type { path: path.to_owned(), name, found });
                }
            };
            tensors.insert(name.to_owned(), Tensor { shape: view.shape().to_vec(), values });
        }
        Ok(TensorFile { tensors, facts })
    }
}

/// Puts the keys of the header, which come in a random order, in that of the alphabet: equal content is equal
/// bytes.
fn sort_header(file: &mut [u8]) -> io::Result<()> {
    let (length, rest) = file.split_first_chunk_mut::<8>().ok_or(io::ErrorKind::UnexpectedEof)?;
    let header = &mut rest[..u64::from_le_bytes(*length) as usize];
    // An object of serde_json is sorted by its keys. Order changes no length; the header ends in spaces anyway.
    let sorted = serde_json::to_vec(&serde_json::from_slice::<serde_json::Value>(header)?)?;
    let (text, padding) = header.split_at_mut(sorted.len());
    text.copy_from_slice(&sorted);
    padding.fill(b' ');
    Ok(())
}

/// SHA-256 over facts, names, shapes and content, each with its length, in the order of the names.
fn hash<'a>(
    facts: &BTreeMap<String, String>,
    tensors: impl Iterator<Item = (&'a str, &'a [usize], &'a [u8])>,
) -> String {
    let mut hash = Sha256::new();
    let mut field = |bytes: &[u8]| {
        hash.update((bytes.len() as u64).to_le_bytes());
        hash.update(bytes);
    };
    for (key, value) in facts {
        field(key.as_bytes());
        field(value.as_bytes());
    }
    for (name, shape, bytes) in tensors {
        field(name.as_bytes());
        field(format!("{shape:?}").as_bytes());
        field(bytes);
    }
    hex(hash.finalize())
}

fn to_bytes(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

fn to_half_bytes(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|&value| f16::from_f32(value).to_le_bytes()).collect()
}

fn half_to_floats(bytes: &[u8]) -> Vec<f32> {
    bytes.as_chunks::<2>().0.iter().map(|&bytes| f16::from_le_bytes(bytes).to_f32()).collect()
}

fn to_floats(bytes: &[u8]) -> Vec<f32> {
    bytes.as_chunks::<4>().0.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> TensorFile {
        let tensor = |shape: &[usize], first: f32| Tensor {
            shape: shape.to_vec(),
            values: (0..shape.iter().product::<usize>()).map(|i| first + i as f32).collect(),
        };
        TensorFile {
            tensors: [("a.b".to_owned(), tensor(&[2, 3], -1.5)), ("c".to_owned(), tensor(&[4], f32::MIN_POSITIVE))]
                .into(),
            facts: ["format", "one", "two", "three"].map(|key| (key.to_owned(), format!("\"{key}\" ü"))).into(),
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.safetensors");
        example().write(&path).unwrap();
        assert_eq!(TensorFile::read(&path).unwrap(), example());
        let bytes = std::fs::read(&path).unwrap();
        for _ in 0..8 {
            example().write(&path).unwrap();
            assert_eq!(std::fs::read(&path).unwrap(), bytes, "equal content is equal bytes");
        }
    }

    #[test]
    fn half_precision_rounds_to_eleven_bits() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.safetensors");
        let values = vec![1.0, 1.0 + 1.0 / 1024.0, 1.0 + 1.0 / 4096.0, -0.1];
        let tensors: TensorMap = [("a".to_owned(), Tensor { shape: vec![4], values })].into();
        TensorFile { tensors, facts: BTreeMap::new() }.write_as(&path, Precision::Half).unwrap();
        let read = TensorFile::read(&path).unwrap().tensors["a"].values.clone();
        assert_eq!(read[..3], [1.0, 1.0 + 1.0 / 1024.0, 1.0]);
        assert!((read[3] + 0.1).abs() < 0.1 / 2048.0 && read[3] != -0.1);
    }

    #[test]
    fn any_flipped_bit_and_any_cut_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.safetensors");
        example().write(&path).unwrap();
        let good = std::fs::read(&path).unwrap();
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 0x04;
            std::fs::write(&path, &bad).unwrap();
            match TensorFile::read(&path) {
                Err(_) => {}
                // A change of a key or of white space in the header may keep it a safetensors file, but not ours.
                Ok(read) => assert_ne!(read, example(), "byte {at}"),
            }
            std::fs::write(&path, &good[..at]).unwrap();
            assert!(TensorFile::read(&path).is_err(), "cut at {at}");
        }
    }

    #[test]
    fn hostile_headers_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.safetensors");
        for bytes in [
            Vec::new(),
            u64::MAX.to_le_bytes().to_vec(),
            [&(1u64 << 40).to_le_bytes()[..], b"{}"].concat(),
            [&2u64.to_le_bytes()[..], b"[]"].concat(),
            b"not a tensor file at all, just some text".to_vec(),
        ] {
            std::fs::write(&path, &bytes).unwrap();
            let error = TensorFile::read(&path).unwrap_err().to_string();
            assert!(error.contains("is not a whole safetensors file") && !error.contains('\n'), "{error}");
        }
    }
}
