//! Reading NPY files, NumPy's format of an array: `\x93NUMPY`, a version, and a header in the form of a Python dictionary,
//! then numbers. <https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>

use super::array::{Array, Element, MAX_TEXT};
use super::error::{ArrayError, one_line};
use super::open::read_up_to;
use std::io::{Cursor, Read};

/// What an NPY file begins with.
pub(super) const MAGIC: &[u8] = b"\x93NUMPY";
/// The longest header that is read: NumPy's own are of 128 bytes, and it reads none beyond 10,000.
const MAX_HEADER: usize = 64 * 1024;
/// The most dimensions.
const MAX_DIMENSIONS: usize = 8;
/// The largest array that is read whole, which is needed where images are not stored one after the other.
const MAX_FORTRAN_BYTES: usize = 1 << 30;

/// Reads the header; the numbers come next, each image's together whatever their order in the file.
pub(super) fn header<'r>(
    mut reader: Box<dyn Read + Send + 'r>,
) -> Result<Array<Box<dyn Read + Send + 'r>>, ArrayError> {
    let (fields, header_bytes) = fields(&mut reader)?;
    let (element, big_endian) = element(&fields.descr)?;
    let array = Array { element, big_endian, shape: fields.shape, header_bytes, reader };
    if fields.fortran_order { in_row_order(array) } else { Ok(array) }
}

/// Type and shape of an array, as in `uint8 [100, 28, 28]`.
pub(super) fn describe(mut reader: Box<dyn Read + Send + '_>) -> Result<String, ArrayError> {
    let (fields, _) = fields(&mut reader)?;
    Ok(format!("{} {:?}", type_name(&fields.descr), fields.shape))
}

/// What NumPy calls the type of `<f4` and the like.
fn type_name(descr: &str) -> String {
    let (kind, bytes) = descr.trim_start_matches(['<', '>', '|', '=']).split_at_checked(1).unwrap_or_default();
    let bits = bytes.parse::<usize>().map(|bytes| bytes.saturating_mul(8));
    match (kind, bits) {
        ("b", _) => "bool".to_owned(),
        ("u", Ok(bits)) => format!("uint{bits}"),
        ("i", Ok(bits)) => format!("int{bits}"),
        ("f", Ok(bits)) => format!("float{bits}"),
        ("U" | "S", _) => "texts".to_owned(),
        ("O", _) => "Python objects".to_owned(),
        _ => one_line(descr),
    }
}

/// What the header says, and of how many bytes it is.
fn fields(reader: &mut Box<dyn Read + Send + '_>) -> Result<(Fields, u64), ArrayError> {
    let not_numpy = |what: &str| ArrayError::Header { problem: what.to_owned() };
    let mut start = [0; 8];
    let found = read_up_to(reader, &mut start)?;
    if found < start.len() || !start.starts_with(MAGIC) {
        return Err(not_numpy("it does not begin with \\x93NUMPY"));
    }
    let mut length = [0; 4];
    // Version 1 has a length of 2 bytes, later ones of 4.
    let length_bytes = if start[6] == 1 { 2 } else { 4 };
    read_whole(reader, &mut length[..length_bytes])?;
    let length = u32::from_le_bytes(length) as usize;
    if length > MAX_HEADER {
        return Err(not_numpy(&format!("its header of {length} bytes is too long")));
    }
    let mut text = vec![0; length];
    read_whole(reader, &mut text)?;
    let text = String::from_utf8_lossy(&text);
    let fields = Fields::read(&text).ok_or_else(|| not_numpy("its header is no dictionary of an array"))?;
    Ok((fields, (start.len() + length_bytes + length) as u64))
}

fn read_whole(reader: &mut impl Read, out: &mut [u8]) -> Result<(), ArrayError> {
    let found = read_up_to(reader, out)?;
    if found == out.len() {
        Ok(())
    } else {
        Err(ArrayError::Header { problem: "it ends within its header".to_owned() })
    }
}

/// What a header says.
#[derive(Debug, PartialEq)]
struct Fields {
    descr: String,
    fortran_order: bool,
    shape: Vec<usize>,
}

impl Fields {
    /// Reads `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 28, 28), }`.
    fn read(text: &str) -> Option<Fields> {
        let after = |key: &str| {
            let at = text.find(&format!("'{key}'"))? + key.len() + 2;
            Some(text[at..].trim_start().strip_prefix(':')?.trim_start())
        };
        let descr = after("descr")?.strip_prefix('\'').and_then(|rest| rest.split_once('\''));
        let fortran = after("fortran_order")?;
        let shape = after("shape")?.strip_prefix('(')?.split_once(')')?.0;
        let sizes = shape.split(',').map(str::trim).filter(|size| !size.is_empty());
        let shape: Vec<usize> = sizes.map(|size| size.trim_end_matches('L').parse().ok()).collect::<Option<_>>()?;
        Some(Fields {
            // A list of fields has no quotation mark here: no array of numbers.
            descr: descr.map_or("fields", |(descr, _)| descr).to_owned(),
            fortran_order: fortran.starts_with("True"),
            shape: (shape.len() <= MAX_DIMENSIONS).then_some(shape)?,
        })
    }
}

/// The type of `<f4` and the like, and whether its bytes are in big-endian order.
fn element(descr: &str) -> Result<(Element, bool), ArrayError> {
    let unknown = || ArrayError::Element {
        found: match descr {
            "|O" => "Python objects (pickled)".to_owned(),
            other => format!("elements of the type {other:?}"),
        },
    };
    let order = descr.chars().next().filter(|order| "<>|=".contains(*order)).ok_or_else(unknown)?;
    let length = || descr[2..].parse::<usize>().ok().filter(|length| (1..=MAX_TEXT).contains(length));
    let element = match &descr[1..] {
        "u1" | "b1" => Element::U8,
        "i1" => Element::I8,
        "u2" => Element::U16,
        "i2" => Element::I16,
        "u4" => Element::U32,
        "i4" => Element::I32,
        "u8" => Element::U64,
        "i8" => Element::I64,
        "f2" => Element::F16,
        "f4" => Element::F32,
        "f8" => Element::F64,
        text if text.starts_with('U') => Element::Utf32(length().ok_or_else(unknown)?),
        text if text.starts_with('S') => Element::Ascii(length().ok_or_else(unknown)?),
        _ => return Err(unknown()),
    };
    Ok((element, order == '>'))
}

/// An array whose first index varies fastest in the file (Fortran's order) as one whose last does.
fn in_row_order<'r>(
    mut array: Array<Box<dyn Read + Send + 'r>>,
) -> Result<Array<Box<dyn Read + Send + 'r>>, ArrayError> {
    let size = array.element.bytes();
    let total = array.shape.iter().try_fold(size, |product, &length| product.checked_mul(length));
    let too_large = || ArrayError::Header { problem: "it is too large for an array in Fortran's order".to_owned() };
    let total = total.filter(|&bytes| bytes <= MAX_FORTRAN_BYTES).ok_or_else(too_large)?;
    let mut stored = Vec::new();
    array.reader.by_ref().take(total as u64 + 1).read_to_end(&mut stored)?;
    if stored.len() == total {
        stored = last_index_fastest(&stored, &array.shape, size);
    }
    // What is missing or too much shows when the numbers are read.
    array.reader = Box::new(Cursor::new(stored));
    Ok(array)
}

/// Elements of `size` bytes, turned from an order in which the first index varies fastest into the usual one.
fn last_index_fastest(stored: &[u8], shape: &[usize], size: usize) -> Vec<u8> {
    let mut ordered = Vec::with_capacity(stored.len());
    let mut index = vec![0; shape.len()];
    while ordered.len() < stored.len() {
        let place = index.iter().zip(shape).rev().fold(0, |place, (&at, &length)| place * length + at);
        ordered.extend_from_slice(&stored[place * size..][..size]);
        for (at, &length) in index.iter_mut().zip(shape).rev() {
            *at += 1;
            if *at < length {
                break;
            }
            *at = 0;
        }
    }
    ordered
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_as_numpy_writes_them() {
        let fields = Fields::read("{'descr': '<f4', 'fortran_order': False, 'shape': (3, 28, 28), }   \n").unwrap();
        assert_eq!(fields, Fields { descr: "<f4".to_owned(), fortran_order: false, shape: vec![3, 28, 28] });
        assert_eq!(Fields::read("{'descr': '|u1', 'fortran_order': True, 'shape': (7,)}").unwrap().shape, [7]);
        assert!(Fields::read("{'descr': '|u1', 'fortran_order': True, 'shape': ()}").unwrap().shape.is_empty());
        for text in
            ["", "{}", "{'descr': '<f4', 'shape': (3,)}", "{'descr': '<f4', 'fortran_order': False, 'shape': (x,)}"]
        {
            assert_eq!(Fields::read(text), None, "{text}");
        }
    }

    #[test]
    fn types_that_are_read_and_others() {
        for (descr, expected) in [
            ("|u1", (Element::U8, false)),
            ("|b1", (Element::U8, false)),
            ("<i8", (Element::I64, false)),
            (">f8", (Element::F64, true)),
            ("<U5", (Element::Utf32(5), false)),
            ("|S2", (Element::Ascii(2), false)),
        ] {
            assert_eq!(element(descr).unwrap(), expected);
        }
        for descr in ["|O", "<c8", "<M8[ns]", "fields", "", "<", "<U0", "<U99999", "é", "<f16"] {
            assert!(element(descr).is_err(), "{descr}");
        }
    }

    #[test]
    fn fortran_s_order_is_turned() {
        // [[0, 1, 2], [3, 4, 5]], column by column.
        assert_eq!(last_index_fastest(&[0, 3, 1, 4, 2, 5], &[2, 3], 1), [0, 1, 2, 3, 4, 5]);
        assert_eq!(last_index_fastest(&[0, 0, 3, 3, 1, 1, 4, 4], &[2, 2], 2), [0, 0, 1, 1, 3, 3, 4, 4]);
        assert_eq!(last_index_fastest(&[9], &[], 1), [9]);
    }

    proptest::proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(text in ".{0,80}", bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200)) {
            let _ = Fields::read(&text);
            let _ = element(&text);
            let _ = header(Box::new([MAGIC, &bytes].concat().as_slice()));
        }
    }
}
