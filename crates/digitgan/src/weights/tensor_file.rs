//! Tensors as the bytes of a file: safetensors, with a SHA-256 of everything in it.

use super::WeightsError;
use super::floats::{is_counter, numbers, rounded};
use crate::hash::hex;
use crate::model::{Tensor, TensorMap};
use half::{bf16, f16};
use safetensors::tensor::{Dtype, Metadata, SafeTensors, TensorView};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap};

/// Largest file that is read: over ten times the largest checkpoint.
pub const MAX_BYTES: u64 = 512 << 20;
/// The key of the hash among the facts.
const HASH: &str = "sha256";

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
    /// The bytes of its file, with the numbers rounded to `precision`.
    pub fn to_bytes(&self, precision: Precision) -> Vec<u8> {
        encode(&self.tensors, &self.facts, precision)
    }

    /// The SHA-256 that its file records, or would record, of everything in it.
    pub fn sha256(&self, precision: Precision) -> String {
        hash_of(&self.tensors, &self.facts, &tensor_bytes(&self.tensors, precision))
    }

    /// Reads the bytes of a file; where it records a hash, as our own files do, the content must match. Floats of 16 bits
    /// are taken exactly, those of 64 bits rounded to the nearest of 32. Counters that PyTorch keeps are left out. With feature
    /// `files` also what `torch.save` wrote of a state dict, or of a dictionary that holds some: its pickle is read, not run.
    ///
    /// # Errors
    /// Anything that is wrong with them.
    pub fn from_bytes(bytes: &[u8]) -> Result<TensorFile, WeightsError> {
        if bytes.len() as u64 > MAX_BYTES {
            return Err(WeightsError::TooLarge { bytes: bytes.len() as u64 });
        }
        #[cfg(feature = "files")]
        if bytes.starts_with(super::pytorch::BEGINNING) {
            return Ok(TensorFile { tensors: super::pytorch::read(bytes)?, facts: BTreeMap::new() });
        }
        let format = |error: safetensors::SafeTensorError| WeightsError::Format { reason: error.to_string() };
        let (_, header): (usize, Metadata) = SafeTensors::read_metadata(bytes).map_err(format)?;
        let views = SafeTensors::deserialize(bytes).map_err(format)?;
        let mut facts: BTreeMap<String, String> = header.metadata().clone().unwrap_or_default().into_iter().collect();
        let mut views: Vec<(&str, TensorView<'_>)> = views.iter().collect();
        views.sort_by(|a, b| a.0.cmp(b.0));
        if let Some(expected) = facts.remove(HASH) {
            let found = hash(&facts, views.iter().map(|(name, view)| (*name, view.shape(), view.data())));
            if found != expected {
                return Err(WeightsError::Damaged { found, expected });
            }
        }
        let mut tensors = TensorMap::new();
        for (name, view) in views {
            if is_counter(name) {
                continue;
            }
            tensors.insert(name.to_owned(), Tensor { shape: view.shape().to_vec(), values: floats(name, &view)? });
        }
        Ok(TensorFile { tensors, facts })
    }
}

/// The bytes of a file with these tensors, rounded to `precision`, and these facts. Equal content is equal bytes.
pub(crate) fn encode(tensors: &TensorMap, facts: &BTreeMap<String, String>, precision: Precision) -> Vec<u8> {
    let bytes = tensor_bytes(tensors, precision);
    let dtype = match precision {
        Precision::Single => Dtype::F32,
        Precision::Half => Dtype::F16,
    };
    let mut metadata: HashMap<String, String> = facts.clone().into_iter().collect();
    metadata.insert(HASH.to_owned(), hash_of(tensors, facts, &bytes));
    let views = tensors.iter().map(|(name, tensor)| {
        let view = TensorView::new(dtype, tensor.shape.clone(), &bytes[name.as_str()]);
        (name.as_str(), view.expect("a tensor has as many numbers as its shape says"))
    });
    let mut file = safetensors::serialize(views, Some(metadata)).expect("tensors with their sizes can be written");
    sort_header(&mut file);
    file
}

/// The tensors' bytes.
fn tensor_bytes(tensors: &TensorMap, precision: Precision) -> BTreeMap<&str, Vec<u8>> {
    let to_bytes = match precision {
        Precision::Single => to_bytes,
        Precision::Half => to_half_bytes,
    };
    tensors.iter().map(|(name, tensor)| (name.as_str(), to_bytes(&tensor.values))).collect()
}

fn hash_of(tensors: &TensorMap, facts: &BTreeMap<String, String>, bytes: &BTreeMap<&str, Vec<u8>>) -> String {
    let tensors = tensors.iter().map(|(name, tensor)| {
        let name = name.as_str();
        (name, tensor.shape.as_slice(), bytes[name].as_slice())
    });
    hash(facts, tensors)
}

/// Puts the keys of the header, which come in a random order, in that of the alphabet: equal content is equal
/// bytes.
fn sort_header(file: &mut [u8]) {
    let (length, rest) = file.split_first_chunk_mut::<8>().expect("a file begins with its header's length");
    let header = &mut rest[..u64::from_le_bytes(*length) as usize];
    // An object of serde_json is sorted by its keys. Order changes no length; the header ends in spaces anyway.
    let sorted = serde_json::from_slice::<serde_json::Value>(header).expect("the header was just written");
    let sorted = sorted.to_string();
    let (text, padding) = header.split_at_mut(sorted.len());
    text.copy_from_slice(sorted.as_bytes());
    padding.fill(b' ');
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

/// The numbers of a tensor.
fn floats(name: &str, view: &TensorView<'_>) -> Result<Vec<f32>, WeightsError> {
    let bytes = view.data();
    match view.dtype() {
        Dtype::F32 => Ok(numbers(bytes, f32::from_le_bytes)),
        Dtype::F16 => Ok(numbers(bytes, |bytes| f16::from_le_bytes(bytes).to_f32())),
        Dtype::BF16 => Ok(numbers(bytes, |bytes| bf16::from_le_bytes(bytes).to_f32())),
        Dtype::F64 => rounded(name, &numbers(bytes, f64::from_le_bytes)),
        other => Err(WeightsError::Type { name: name.to_owned(), found: format!("{other:?}") }),
    }
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
        let bytes = example().to_bytes(Precision::Single);
        assert_eq!(TensorFile::from_bytes(&bytes).unwrap(), example());
        for _ in 0..8 {
            assert_eq!(example().to_bytes(Precision::Single), bytes, "equal content is equal bytes");
        }
    }

    #[test]
    fn half_precision_rounds_to_eleven_bits() {
        let values = vec![1.0, 1.0 + 1.0 / 1024.0, 1.0 + 1.0 / 4096.0, -0.1];
        let tensors: TensorMap = [("a".to_owned(), Tensor { shape: vec![4], values })].into();
        let bytes = TensorFile { tensors, facts: BTreeMap::new() }.to_bytes(Precision::Half);
        let read = TensorFile::from_bytes(&bytes).unwrap().tensors["a"].values.clone();
        assert_eq!(read[..3], [1.0, 1.0 + 1.0 / 1024.0, 1.0]);
        assert!((read[3] + 0.1).abs() < 0.1 / 2048.0 && read[3] != -0.1);
    }

    /// A file as others write it: tensors of one dimension, each of a type and these bytes.
    fn foreign(tensors: &[(&str, Dtype, Vec<u8>)]) -> Vec<u8> {
        let views = tensors.iter().map(|(name, dtype, bytes)| {
            let shape = vec![bytes.len() * 8 / dtype.bitsize()];
            (*name, TensorView::new(*dtype, shape, bytes).unwrap())
        });
        safetensors::serialize(views, None).unwrap()
    }

    #[test]
    fn floats_of_other_sizes_are_read_exactly_or_as_the_nearest() {
        const TINY: f64 = 1.0 / 16_777_216.0;
        let f64s = [1.0, 1.0 + TINY, 1.0 + TINY + TINY * TINY, -0.1, 1e-60, f64::from(f32::MAX), f64::NEG_INFINITY];
        let file = foreign(&[
            ("f64", Dtype::F64, f64s.map(f64::to_le_bytes).concat()),
            ("f16", Dtype::F16, [0x3C01_u16, 0x0001, 0xFBFF].map(u16::to_le_bytes).concat()),
            ("bf16", Dtype::BF16, [0x3F81_u16, 0x0001, 0xFF7F].map(u16::to_le_bytes).concat()),
            ("module.bn1.num_batches_tracked", Dtype::I64, vec![1; 8]),
            ("n_averaged", Dtype::I64, vec![1; 8]),
        ]);
        let read = TensorFile::from_bytes(&file).unwrap().tensors;
        let expected: [(&str, &[f32]); 3] = [
            ("bf16", &[1.0 + 1.0 / 128.0, f32::from_bits(0x0001_0000), -f32::from_bits(0x7F7F_0000)]),
            ("f16", &[1.0 + 1.0 / 1024.0, 1.0 / 16_777_216.0, -65504.0]),
            // Half way between two is the even one, a little more the upper.
            ("f64", &[1.0, 1.0, 1.0 + f32::EPSILON, -0.1, 0.0, f32::MAX, f32::NEG_INFINITY]),
        ];
        assert_eq!(read.iter().map(|(name, tensor)| (name.as_str(), &tensor.values[..])).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn numbers_that_cannot_be_read_are_refused_by_the_name_of_their_tensor() {
        for (dtype, bytes, expected) in [
            (
                Dtype::F64,
                (-1e39_f64).to_le_bytes().to_vec(),
                "tensor a.weight holds -1e39, which is beyond floats of 32 bits",
            ),
            (Dtype::I64, vec![1; 8], "tensor a.weight is of type I64, expected F64, F32, F16 or BF16"),
            (Dtype::F8_E4M3, vec![1; 8], "tensor a.weight is of type F8_E4M3, expected F64, F32, F16 or BF16"),
        ] {
            let error = TensorFile::from_bytes(&foreign(&[("a.weight", dtype, bytes)])).unwrap_err();
            assert_eq!(error.to_string(), expected);
        }
    }

    #[test]
    fn any_flipped_bit_and_any_cut_is_noticed() {
        let good = example().to_bytes(Precision::Single);
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 0x04;
            match TensorFile::from_bytes(&bad) {
                Err(_) => {}
                // A change of a key or of white space in the header may keep it a safetensors file, but not ours.
                Ok(read) => assert_ne!(read, example(), "byte {at}"),
            }
            assert!(TensorFile::from_bytes(&good[..at]).is_err(), "cut at {at}");
        }
    }

    #[test]
    fn hostile_headers_are_refused() {
        for bytes in [
            Vec::new(),
            u64::MAX.to_le_bytes().to_vec(),
            [&(1u64 << 40).to_le_bytes()[..], b"{}"].concat(),
            [&2u64.to_le_bytes()[..], b"[]"].concat(),
            b"not a tensor file at all, just some text".to_vec(),
        ] {
            let error = TensorFile::from_bytes(&bytes).unwrap_err().to_string();
            assert!(error.contains("not a whole safetensors file") && !error.contains('\n'), "{error}");
        }
    }
}
