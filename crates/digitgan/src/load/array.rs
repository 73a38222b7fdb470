//! Arrays of numbers with a header before them: what IDX and NPY files have in common.
//!
//! | shape | read as |
//! | --- | --- |
//! | `[count, rows, columns]` | images |
//! | `[count, rows, columns, 1]`, `[count, 1, rows, columns]` | images |
//! | `[count, rows, columns, 3]`, `[count, 3, rows, columns]` | images in colours, made grey by their luminance |
//! | `[count, pixels]`, if `pixels` is a square | images |
//! | `[count]` | labels |
//! | `[count, columns]` | labels: which column is 1 if each row has one 1 among zeros, else the first column |
//!
//! The header is believed only within limits, and memory is asked for while bytes arrive, so neither a false header nor a
//! small file that inflates to a huge one can exhaust memory. Afterwards the file must be at its end.

use super::error::ArrayError;
use super::gather::{Gather, TooMany};
use super::limits::{MAX_IMAGES, MAX_SIDE};
use super::open::read_up_to;
use super::stored::{Labels, Stored, Values};
use half::f16;
use std::io::Read;

/// How many bytes are read and converted at a time.
const BLOCK_BYTES: usize = 4 * 1024 * 1024;
/// How many images memory is asked for before any has arrived: all of MNIST's.
const FIRST_IMAGES: usize = 60_000;
/// The most columns of labels.
const MAX_LABEL_COLUMNS: usize = 1024;
/// The longest text of a label.
pub(super) const MAX_TEXT: usize = 256;

/// The type of an array's numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Element {
    U8,
    I8,
    U16,
    I16,
    U32,
    I32,
    U64,
    I64,
    F16,
    F32,
    F64,
    /// Texts of so many characters of 4 bytes each, filled up with zeros.
    Utf32(usize),
    /// Texts of so many bytes, filled up with zeros.
    Ascii(usize),
}

impl Element {
    /// Bytes of one number.
    pub(super) fn bytes(self) -> usize {
        match self {
            Element::U8 | Element::I8 => 1,
            Element::U16 | Element::I16 | Element::F16 => 2,
            Element::U32 | Element::I32 | Element::F32 => 4,
            Element::U64 | Element::I64 | Element::F64 => 8,
            Element::Utf32(length) => 4 * length,
            Element::Ascii(length) => length,
        }
    }

    fn is_text(self) -> bool {
        matches!(self, Element::Utf32(_) | Element::Ascii(_))
    }
}

/// An array whose header was read; its numbers come next.
pub(super) struct Array<R> {
    pub(super) element: Element,
    pub(super) big_endian: bool,
    pub(super) shape: Vec<usize>,
    pub(super) header_bytes: u64,
    pub(super) reader: R,
}

impl Array<Box<dyn Read + Send>> {
    /// The same, of any reader.
    pub(super) fn boxed<'r>(self) -> Array<Box<dyn Read + Send + 'r>> {
        let Array { element, big_endian, shape, header_bytes, reader } = self;
        Array { element, big_endian, shape, header_bytes, reader }
    }
}

/// How an array's shape is one of images.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct ImageShape {
    rows: usize,
    columns: usize,
    colours: Colours,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Colours {
    Grey,
    /// The three colours of a pixel are neighbours.
    Last,
    /// Three images, one per colour.
    First,
}

impl<R: Read + Send> Array<R> {
    /// Hands all images to `gather`: a block while the next one is read.
    pub(super) fn read_images(mut self, gather: &mut Gather<'_>) -> Result<(), ArrayError> {
        let shape = self.image_shape()?;
        let count = check_count(self.shape[0])?;
        let numbers = shape.rows * shape.columns * if shape.colours == Colours::Grey { 1 } else { 3 };
        gather.reserve(count.min(FIRST_IMAGES));
        let in_block = (BLOCK_BYTES / (numbers * self.element.bytes())).max(1);
        let mut body = Body::new(&self.element, self.header_bytes, count * numbers);
        let too_many = |TooMany| ArrayError::TooMany { found: count as u64 };
        let (mut block, mut next) = (Vec::new(), Vec::new());
        for start in (0..count).step_by(in_block) {
            let images = in_block.min(count - start);
            let (given, read) = rayon::join(
                || give(self.element, self.big_endian, &block, shape, gather),
                || body.read(&mut self.reader, images * numbers, &mut next),
            );
            given.map_err(too_many)?;
            read?;
            std::mem::swap(&mut block, &mut next);
        }
        give(self.element, self.big_endian, &block, shape, gather).map_err(too_many)?;
        body.expect_end(&mut self.reader)
    }

    /// All labels.
    pub(super) fn read_labels(mut self) -> Result<Labels, ArrayError> {
        let columns = match self.shape[..] {
            [_] => 1,
            [_, columns] if (1..=MAX_LABEL_COLUMNS).contains(&columns) => columns,
            _ => return Err(self.wrong_shape("labels")),
        };
        let count = check_count(self.shape[0])?;
        let mut body = Body::new(&self.element, self.header_bytes, count * columns);
        let in_block = (BLOCK_BYTES / (columns * self.element.bytes()).max(1)).max(1);
        let (mut bytes, mut texts, mut values) = (Vec::new(), Vec::new(), Vec::new());
        for start in (0..count).step_by(in_block) {
            body.read(&mut self.reader, in_block.min(count - start) * columns, &mut bytes)?;
            if self.element.is_text() {
                texts.extend(bytes.chunks_exact(self.element.bytes()).map(|text| self.text(text)));
            } else {
                values.extend(whole_numbers(self.element, self.big_endian, &bytes)?);
            }
        }
        body.expect_end(&mut self.reader)?;
        if self.element.is_text() {
            let texts: Result<Vec<String>, ArrayError> = texts.into_iter().step_by(columns).collect();
            return Ok(Labels::Names(texts?));
        }
        class_of_rows(&values, columns).map(Labels::Numbers)
    }

    fn wrong_shape(&self, kind: &'static str) -> ArrayError {
        ArrayError::Shape { kind, shape: self.shape.clone() }
    }

    fn image_shape(&self) -> Result<ImageShape, ArrayError> {
        if self.element.is_text() {
            return Err(ArrayError::Element { found: "text".to_owned() });
        }
        let (rows, columns, colours) = match self.shape[..] {
            [_, pixels] => match pixels.isqrt() {
                side if side * side == pixels => (side, side, Colours::Grey),
                _ => return Err(self.wrong_shape("images")),
            },
            [_, rows, columns] | [_, rows, columns, 1] | [_, 1, rows, columns] => (rows, columns, Colours::Grey),
            [_, rows, columns, 3] => (rows, columns, Colours::Last),
            [_, 3, rows, columns] => (rows, columns, Colours::First),
            _ => return Err(self.wrong_shape("images")),
        };
        let sides = 1..=MAX_SIDE;
        if !(sides.contains(&rows) && sides.contains(&columns)) {
            return Err(ArrayError::Size { rows, columns });
        }
        Ok(ImageShape { rows, columns, colours })
    }

    /// A text without the zeros that fill it up.
    fn text(&self, bytes: &[u8]) -> Result<String, ArrayError> {
        let characters: Vec<u32> = match self.element {
            Element::Utf32(_) => words::<4>(bytes)
                .map(|bytes| if self.big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
                .collect(),
            _ => bytes.iter().map(|&byte| byte.into()).collect(),
        };
        let text: Option<String> =
            characters.iter().take_while(|&&character| character != 0).map(|&c| char::from_u32(c)).collect();
        text.ok_or_else(|| ArrayError::Element { found: "text that is no Unicode".to_owned() })
    }
}

fn check_count(found: usize) -> Result<usize, ArrayError> {
    if found <= MAX_IMAGES { Ok(found) } else { Err(ArrayError::TooMany { found: found as u64 }) }
}

/// A known number of bytes that follow a header.
struct Body {
    element_bytes: usize,
    header_bytes: u64,
    body_bytes: u64,
    read_bytes: u64,
}

impl Body {
    fn new(element: &Element, header_bytes: u64, numbers: usize) -> Body {
        let element_bytes = element.bytes();
        Body { element_bytes, header_bytes, body_bytes: numbers as u64 * element_bytes as u64, read_bytes: 0 }
    }

    /// Reads the next so many numbers into `bytes`.
    fn read(&mut self, reader: &mut impl Read, numbers: usize, bytes: &mut Vec<u8>) -> Result<(), ArrayError> {
        bytes.resize(numbers * self.element_bytes, 0);
        let found = read_up_to(reader, bytes)?;
        self.read_bytes += found as u64;
        if found == bytes.len() {
            return Ok(());
        }
        let found_bytes = self.header_bytes + self.read_bytes;
        Err(ArrayError::Truncated { found_bytes, expected_bytes: self.header_bytes + self.body_bytes })
    }

    /// Asks for one byte more, which also makes a gzip reader check its checksum.
    fn expect_end(&self, reader: &mut impl Read) -> Result<(), ArrayError> {
        match reader.take(1).read_to_end(&mut Vec::new())? {
            0 => Ok(()),
            _ => Err(ArrayError::TrailingBytes { expected_bytes: self.header_bytes + self.body_bytes }),
        }
    }
}

fn words<const BYTES: usize>(bytes: &[u8]) -> impl Iterator<Item = [u8; BYTES]> {
    bytes.as_chunks::<BYTES>().0.iter().copied()
}

/// Numbers as they are written, in the widest type that is needed: whole ones are exact up to 2^53.
fn numbers(element: Element, big_endian: bool, bytes: &[u8]) -> Vec<f64> {
    macro_rules! read {
        ($type:ty, $into:expr) => {
            words::<{ size_of::<$type>() }>(bytes)
                .map(|bytes| if big_endian { <$type>::from_be_bytes(bytes) } else { <$type>::from_le_bytes(bytes) })
                .map($into)
                .collect()
        };
    }
    match element {
        Element::U8 => read!(u8, f64::from),
        Element::I8 => read!(i8, f64::from),
        Element::U16 => read!(u16, f64::from),
        Element::I16 => read!(i16, f64::from),
        Element::U32 => read!(u32, f64::from),
        Element::I32 => read!(i32, f64::from),
        Element::U64 => read!(u64, |value| value as f64),
        Element::I64 => read!(i64, |value| value as f64),
        Element::F16 => read!(f16, f64::from),
        Element::F32 => read!(f32, f64::from),
        Element::F64 => read!(f64, |value| value),
        // Texts are no numbers; whoever calls has looked.
        Element::Utf32(_) | Element::Ascii(_) => Vec::new(),
    }
}

/// Labels, exactly.
fn whole_numbers(element: Element, big_endian: bool, bytes: &[u8]) -> Result<Vec<i64>, ArrayError> {
    let read = |[a, b, c, d, e, f, g, h]: [u8; 8]| {
        let little = if big_endian { [h, g, f, e, d, c, b, a] } else { [a, b, c, d, e, f, g, h] };
        match element {
            Element::U64 => i128::from(u64::from_le_bytes(little)),
            _ => i128::from(i64::from_le_bytes(little)),
        }
    };
    let in_range = |number: i128| {
        let found = || format!("the label {number}, and the highest that is read is {}", i64::MAX);
        i64::try_from(number).map_err(|_| ArrayError::Element { found: found() })
    };
    match element {
        Element::U64 | Element::I64 => words::<8>(bytes).map(read).map(in_range).collect(),
        _ => whole(numbers(element, big_endian, bytes)),
    }
}

/// Hands images on in the narrowest type that holds them.
fn give(
    element: Element,
    big_endian: bool,
    bytes: &[u8],
    ImageShape { rows, columns, colours }: ImageShape,
    gather: &mut Gather<'_>,
) -> Result<(), TooMany> {
    if element == Element::U8 && colours == Colours::Grey {
        return gather.take(Stored { rows, columns, values: Values::Bytes(bytes) });
    }
    let real = matches!(element, Element::F16 | Element::F32 | Element::F64);
    let mut values = numbers(element, big_endian, bytes);
    if colours != Colours::Grey {
        values = luminance(&values, rows * columns, colours);
        if !real {
            values.iter_mut().for_each(|value| *value = value.round());
        }
    }
    let up_to = |highest: f64| !real && values.iter().all(|value| (0.0..=highest).contains(value));
    if up_to(255.0) {
        let bytes: Vec<u8> = values.iter().map(|&value| value as u8).collect();
        gather.take(Stored { rows, columns, values: Values::Bytes(&bytes) })
    } else if up_to(65535.0) {
        let words: Vec<u16> = values.iter().map(|&value| value as u16).collect();
        gather.take(Stored { rows, columns, values: Values::Words(&words) })
    } else {
        let floats: Vec<f32> = values.iter().map(|&value| value as f32).collect();
        gather.take(Stored { rows, columns, values: Values::Floats(&floats) })
    }
}

/// Grey values of colours, by the weights of ITU-R BT.709.
fn luminance(values: &[f64], pixels: usize, colours: Colours) -> Vec<f64> {
    let grey = |[red, green, blue]: [f64; 3]| 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    match colours {
        Colours::Grey => values.to_vec(),
        Colours::Last => values.as_chunks::<3>().0.iter().copied().map(grey).collect(),
        Colours::First => values
            .chunks_exact(3 * pixels)
            .flat_map(|image| (0..pixels).map(move |at| grey([0, 1, 2].map(|colour| image[colour * pixels + at]))))
            .collect(),
    }
}

/// Numbers that are whole.
fn whole(values: Vec<f64>) -> Result<Vec<i64>, ArrayError> {
    let whole = |value: f64| (value.fract() == 0.0 && value.abs() < 2f64.powi(53)).then_some(value as i64);
    let check = |value| whole(value).ok_or_else(|| ArrayError::Element { found: format!("the label {value}") });
    values.into_iter().map(check).collect()
}

/// The class that each row of labels names.
fn class_of_rows(labels: &[i64], columns: usize) -> Result<Vec<i64>, ArrayError> {
    let rows = || labels.chunks_exact(columns);
    let one_hot = |row: &[i64]| row.iter().all(|&label| label == 0 || label == 1) && row.iter().sum::<i64>() == 1;
    let hot = rows().filter(|row| one_hot(row)).count();
    if columns == 1 || 2 * hot <= rows().len() {
        return Ok(rows().map(|row| row[0]).collect());
    }
    match rows().position(|row| !one_hot(row)) {
        Some(row) => Err(ArrayError::Element { found: format!("no single 1 among zeros in row {row} of its labels") }),
        None => Ok(rows().map(|row| row.iter().position(|&label| label == 1).unwrap_or_default() as i64).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{OrAuto, PixelRange, Reading};

    fn array<'b>(element: Element, shape: &[usize], bytes: &'b [u8]) -> Array<&'b [u8]> {
        Array { element, big_endian: false, shape: shape.to_vec(), header_bytes: 0, reader: bytes }
    }

    /// The pixel at the top left of the only image, where 0 is black and `white` is white.
    fn pixel(element: Element, shape: &[usize], bytes: &[u8], white: f32) -> u8 {
        let range = OrAuto::Given(PixelRange { black: 0.0, white });
        let mut gather = Gather::new(Reading { range, ..Reading::default() }, None, Box::new(|_| ()));
        array(element, shape, bytes).read_images(&mut gather).unwrap();
        assert_eq!(gather.len(), 1);
        gather.pixels[0]
    }

    #[test]
    fn every_type_of_numbers_is_read() {
        let repeat = |bytes: &[u8]| bytes.repeat(4);
        let shape = [1, 2, 2];
        for (element, bytes, white, expected) in [
            (Element::U8, repeat(&[7]), 255.0, 7),
            (Element::I8, repeat(&[127]), 127.0, 255),
            (Element::U16, repeat(&1000u16.to_le_bytes()), 1000.0, 255),
            (Element::I16, repeat(&(-3i16).to_le_bytes()), 255.0, 0),
            (Element::U32, repeat(&7u32.to_le_bytes()), 255.0, 7),
            (Element::I32, repeat(&70_000i32.to_le_bytes()), 140_000.0, 128),
            (Element::U64, repeat(&7u64.to_le_bytes()), 255.0, 7),
            (Element::I64, repeat(&7i64.to_le_bytes()), 255.0, 7),
            (Element::F16, repeat(&f16::ONE.to_le_bytes()), 1.0, 255),
            (Element::F32, repeat(&0.2f32.to_le_bytes()), 1.0, 51),
            (Element::F64, repeat(&0.2f64.to_le_bytes()), 1.0, 51),
        ] {
            assert_eq!(pixel(element, &shape, &bytes, white), expected, "{element:?}");
        }
    }

    #[test]
    fn shapes_are_those_of_images_or_labels() {
        let colours_last: Vec<u8> = [100, 200, 50].repeat(4);
        let colours_first: Vec<u8> = [[100; 4], [200; 4], [50; 4]].concat();
        for (shape, bytes) in [
            (vec![1, 4], vec![168; 4]),
            (vec![1, 2, 2], vec![168; 4]),
            (vec![1, 2, 2, 1], vec![168; 4]),
            (vec![1, 1, 2, 2], vec![168; 4]),
            (vec![1, 2, 2, 3], colours_last),
            (vec![1, 3, 2, 2], colours_first),
        ] {
            assert_eq!(pixel(Element::U8, &shape, &bytes, 255.0), 168, "{shape:?}");
        }
        let labels = |shape: &[usize], bytes: &[u8]| array(Element::U8, shape, bytes).read_labels();
        assert_eq!(labels(&[3], &[7, 8, 9]).unwrap(), Labels::Numbers(vec![7, 8, 9]));
        assert_eq!(labels(&[2, 1], &[7, 8]).unwrap(), Labels::Numbers(vec![7, 8]));
        assert_eq!(labels(&[2, 3], &[0, 1, 0, 0, 0, 1]).unwrap(), Labels::Numbers(vec![1, 2]));
        assert_eq!(labels(&[2, 3], &[4, 1, 0, 5, 0, 1]).unwrap(), Labels::Numbers(vec![4, 5]));
        assert!(labels(&[4, 2], &[0, 1, 1, 0, 0, 1, 0, 0]).unwrap_err().to_string().contains("row 3"));
        assert!(matches!(labels(&[1, 2, 2], &[0; 4]), Err(ArrayError::Shape { .. })));
        let texts = array(Element::Ascii(3), &[2], b"a\0\0bcd").read_labels().unwrap();
        assert_eq!(texts, Labels::Names(vec!["a".to_owned(), "bcd".to_owned()]));
        assert!(array(Element::F32, &[1], &0.5f32.to_le_bytes()).read_labels().is_err());
        for shape in [vec![4], vec![1, 5], vec![1, 2, 2, 4], vec![1, 1, 1, 2, 2]] {
            let mut gather = Gather::plain();
            let error = array(Element::U8, &shape, &[0; 20]).read_images(&mut gather).unwrap_err();
            assert!(matches!(error, ArrayError::Shape { .. }), "{shape:?}: {error}");
        }
    }
}
