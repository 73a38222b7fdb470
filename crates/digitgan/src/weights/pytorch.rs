//! Tensors as `torch.save` writes them: a zip archive with a pickle that says what there is, and a file for each storage.

use super::WeightsError;
use super::floats::{is_counter, numbers, rounded};
use super::pickle::{self, Kind, TensorPlace, Value};
use crate::model::{Tensor, TensorMap};
use half::{bf16, f16};
use std::collections::BTreeMap;
use std::io::{Cursor, Read};
use zip::ZipArchive;

/// Most dictionaries: a checkpoint has some state dicts within a dictionary.
const MOST_DICTIONARIES: usize = 64;
/// Largest pickle: it says names and shapes.
const MAX_PICKLE: u64 = 1 << 20;
/// Longest name of a tensor.
const LONGEST_NAME: usize = 512;

/// The first bytes of such a file.
pub(super) const BEGINNING: &[u8] = b"PK\x03\x04";

fn unread(reason: impl ToString) -> WeightsError {
    WeightsError::PyTorch { reason: reason.to_string() }
}

/// All tensors of floats by their names; those of dictionaries within others by names with dots.
pub(super) fn read(bytes: &[u8]) -> Result<TensorMap, WeightsError> {
    let mut archive = Archive::open(bytes)?;
    let (values, whole) = pickle::read(&archive.file("data.pkl", MAX_PICKLE)?).map_err(unread)?;
    let mut places = BTreeMap::new();
    collect(&values, whole, "", &mut Vec::new(), &mut places)?;
    let mut tensors = TensorMap::new();
    // Nothing is compressed, so that there are no more numbers than bytes.
    let mut left = bytes.len() as u64;
    for (name, place) in places {
        if is_counter(&name) {
            continue;
        }
        let count = place.shape.iter().try_fold(1_u64, |count, &length| count.checked_mul(length as u64));
        let count = count.filter(|&count| count <= left).ok_or_else(|| unread("its tensors are too large"))?;
        left -= count;
        let values = archive.tensor(&name, place, count as usize)?;
        tensors.insert(name, Tensor { shape: place.shape.clone(), values });
    }
    Ok(tensors)
}

/// Finds the tensors within dictionaries, of which those in `seen` were begun.
fn collect<'a>(
    values: &'a [Value],
    place: usize,
    name: &str,
    seen: &mut Vec<usize>,
    found: &mut BTreeMap<String, &'a TensorPlace>,
) -> Result<(), WeightsError> {
    match &values[place] {
        Value::Tensor(tensor) => {
            found.insert(name.to_owned(), tensor);
        }
        Value::Dictionary(_) if seen.contains(&place) => return Err(unread("a dictionary in it has two places")),
        Value::Dictionary(_) if seen.len() == MOST_DICTIONARIES => return Err(unread("it has too many dictionaries")),
        Value::Dictionary(entries) => {
            seen.push(place);
            for &(key, value) in entries {
                let Value::Text(key) = &values[key] else { continue };
                if name.len() + key.len() > LONGEST_NAME {
                    return Err(unread("a name in it is too long"));
                }
                let inner = if name.is_empty() { key.clone() } else { format!("{name}.{key}") };
                collect(values, value, &inner, seen, found)?;
            }
        }
        _ => {}
    }
    Ok(())
}

struct Archive<'a> {
    zip: ZipArchive<Cursor<&'a [u8]>>,
    /// The folder that holds everything, with its slash.
    folder: String,
    /// Bytes of the archive: nothing in it has more.
    length: u64,
    storages: BTreeMap<String, Vec<u8>>,
}

impl Archive<'_> {
    fn open(bytes: &[u8]) -> Result<Archive<'_>, WeightsError> {
        let zip = ZipArchive::new(Cursor::new(bytes)).map_err(unread)?;
        let folder = zip.file_names().flatten().find_map(|name| Some(name.strip_suffix("data.pkl")?.to_owned()));
        let folder = folder.ok_or_else(|| unread("the archive has no data.pkl"))?;
        let mut archive = Archive { zip, folder, length: bytes.len() as u64, storages: BTreeMap::new() };
        match archive.file("byteorder", 16) {
            Ok(order) if order != b"little" => Err(unread("its numbers are not little-endian")),
            _ => Ok(archive),
        }
    }

    fn file(&mut self, name: &str, most: u64) -> Result<Vec<u8>, WeightsError> {
        let name = format!("{}{name}", self.folder);
        let file = self.zip.by_name(&name).map_err(|error| unread(format!("{name}: {error}")))?;
        let mut bytes = Vec::new();
        file.take(most + 1).read_to_end(&mut bytes).map_err(|error| unread(format!("{name}: {error}")))?;
        match bytes.len() as u64 > most {
            true => Err(unread(format!("{name} is too large"))),
            false => Ok(bytes),
        }
    }

    /// The numbers of a tensor, in the order of its shape.
    fn tensor(&mut self, name: &str, place: &TensorPlace, count: usize) -> Result<Vec<f32>, WeightsError> {
        let key = &place.storage.key;
        if !self.storages.contains_key(key) {
            let held: usize = self.storages.values().map(Vec::len).sum();
            let bytes = self.file(&format!("data/{key}"), self.length.saturating_sub(held as u64))?;
            self.storages.insert(key.clone(), bytes);
        }
        let bytes = &self.storages[key];
        let wide = |size: usize| {
            let mut numbers = Vec::with_capacity(count * size);
            for at in indices(place, count) {
                let read = |at: usize| bytes.get(at.checked_mul(size)?..at.checked_add(1)?.checked_mul(size)?);
                match at.and_then(read) {
                    Some(number) => numbers.extend_from_slice(number),
                    None => return Err(unread(format!("tensor {name} goes beyond what is stored"))),
                }
            }
            Ok(numbers)
        };
        match place.storage.kind {
            Kind::F32 => Ok(numbers(&wide(4)?, f32::from_le_bytes)),
            Kind::F16 => Ok(numbers(&wide(2)?, |bytes| f16::from_le_bytes(bytes).to_f32())),
            Kind::Bf16 => Ok(numbers(&wide(2)?, |bytes| bf16::from_le_bytes(bytes).to_f32())),
            Kind::F64 => rounded(name, &numbers(&wide(8)?, f64::from_le_bytes)),
            Kind::Whole(found) => Err(WeightsError::Type { name: name.to_owned(), found: found.to_owned() }),
        }
    }
}

/// Where each number of a tensor lies in its storage, in the order of the shape; none where a place is beyond all memory.
fn indices(place: &TensorPlace, count: usize) -> impl Iterator<Item = Option<usize>> {
    (0..count).map(|number| {
        let (mut rest, mut at) = (number, Some(place.offset));
        for (&length, &stride) in place.shape.iter().zip(&place.strides).rev() {
            at = (rest % length).checked_mul(stride).and_then(|step| at?.checked_add(step));
            rest /= length;
        }
        at
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::weights::TensorFile;
    use std::io::Write;
    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    /// By PyTorch 2.15: a dictionary with an epoch, a state dict of every kind of floats, views and a counter, and an optimiser's state.
    const SAVED: &[u8] = include_bytes!("../../tests/fixtures/state_dict.pt");

    #[test]
    fn what_pytorch_saved_is_read() {
        let read = TensorFile::from_bytes(SAVED).unwrap().tensors;
        let base: Vec<f32> = (0..12).map(|number| number as f32).collect();
        let expected: [(&str, &[usize], &[f32]); 6] = [
            ("model.b", &[1], &[0.5]),
            ("model.d", &[], &[0.1]),
            ("model.h", &[2], &[1.5, -2.0]),
            ("model.p", &[2], &[1.0, 1.0]),
            // Rows 1 and 2 of the transposed.
            ("model.t", &[2, 3], &[1.0, 5.0, 9.0, 2.0, 6.0, 10.0]),
            ("model.w", &[3, 4], &base),
        ];
        let found: Vec<(&str, &[usize], &[f32])> =
            read.iter().map(|(name, tensor)| (name.as_str(), &tensor.shape[..], &tensor.values[..])).collect();
        assert_eq!(found, expected);
        for cut in (0..SAVED.len()).step_by(7) {
            assert!(TensorFile::from_bytes(&SAVED[..cut]).is_err(), "cut at {cut}");
        }
    }

    fn refused(pickle: &[u8]) -> String {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        zip.start_file("x/data.pkl", SimpleFileOptions::default()).unwrap();
        zip.write_all(pickle).unwrap();
        TensorFile::from_bytes(&zip.finish().unwrap().into_inner()).unwrap_err().to_string()
    }

    #[test]
    fn nothing_of_a_pickle_is_run() {
        let storage = b"((X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\x000X\x03\0\0\0cpuK\x02tQ";
        let tensor = |tail: &[u8]| {
            [b"\x80\x02}X\x01\0\0\0actorch._utils\n_rebuild_tensor_v2\n", &storage[..], tail, b"s."].concat()
        };
        let zero_strides = tensor(b"K\0J\xff\xff\xff\x7fJ\xff\xff\xff\x7f\x86K\0K\0\x86\x89N)tR");
        for (pickle, expected) in [
            (&b"\x80\x02cos\nsystem\nX\x02\0\0\0ls\x85R."[..], r#"names "os.system", which is not run here"#),
            (b"\x80\x04\x8c\x02os\x8c\x06system\x93)R.", r#"names "os.system""#),
            (b"\x80\x02ctorch\nload\n.", r#"names "torch.load""#),
            (b"\x80\x02}(X\x01\0\0\0aK\x01", "ends too early"),
            (b"\x80\x02i", "operator 0x69"),
            (b"\x80\x02t.", "takes what is not there"),
            (b"\x80\x02h\x07.", "recalls what it never kept"),
            (b"\x80\x02K\x01K\x02a.", "puts values into what holds none"),
            (&zero_strides, "its tensors are too large"),
            (&tensor(b"K\0K\x02\x85K\x01\x85\x89N)tR"), "data/0"),
        ] {
            let error = refused(pickle);
            assert!(error.contains(expected) && !error.contains('\n'), "{error}");
        }
    }

    #[test]
    fn other_archives_are_refused() {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        zip.start_file("labels.npy", SimpleFileOptions::default()).unwrap();
        let error = TensorFile::from_bytes(&zip.finish().unwrap().into_inner()).unwrap_err();
        assert_eq!(error.to_string(), "not a state dict saved by PyTorch: the archive has no data.pkl");
    }
}
