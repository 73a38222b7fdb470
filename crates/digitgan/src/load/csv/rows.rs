//! Lines of a table as pixels and labels.
//!
//! Nearly all tables hold whole numbers below 256, digits and delimiters alone; those are read byte by byte. A line that
//! has anything else is read again field by field.

use super::columns::{Layout, Part, fields};
use crate::load::error::one_line;
use crate::load::label_text::LabelText;
use crate::load::stored::{Labels, Values};

/// What some lines hold.
#[derive(Debug)]
pub(super) struct Piece {
    pixels: Pixels,
    /// One for each image, if the table has labels.
    pub(super) labels: Labels,
}

/// Pixels of the narrowest type that holds them all.
#[derive(Debug)]
enum Pixels {
    Bytes(Vec<u8>),
    Words(Vec<u16>),
    Floats(Vec<f32>),
}

/// A line that is no row: how many lines of the piece stand before it, and what is wrong with it.
pub(super) type Wrong = (u64, String);

impl Piece {
    /// Reads lines.
    pub(super) fn read(lines: &[u8], layout: &Layout) -> Result<Piece, Wrong> {
        // A pixel and its delimiter take two bytes at least.
        let mut piece =
            Piece { pixels: Pixels::Bytes(Vec::with_capacity(lines.len() / 2)), labels: Labels::Numbers(Vec::new()) };
        for (number, line) in (0..).zip(lines.split(|&byte| byte == b'\n')) {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if !line.trim_ascii().is_empty() {
                piece.push(line, layout).map_err(|reason| (number, reason))?;
            }
        }
        if let Some(order) = &layout.order {
            piece.pixels.reorder(order);
        }
        Ok(piece)
    }

    pub(super) fn values(&self) -> Values<'_> {
        match &self.pixels {
            Pixels::Bytes(values) => Values::Bytes(values),
            Pixels::Words(values) => Values::Words(values),
            Pixels::Floats(values) => Values::Floats(values),
        }
    }

    fn push(&mut self, line: &[u8], layout: &Layout) -> Result<(), String> {
        if let Pixels::Bytes(bytes) = &mut self.pixels {
            let before = bytes.len();
            match push_digits(line, layout, bytes) {
                Some(Some(label)) => return push_label(&mut self.labels, label),
                Some(None) => return Ok(()),
                None => bytes.truncate(before),
            }
        }
        self.push_fields(line, layout)
    }

    fn push_fields(&mut self, line: &[u8], layout: &Layout) -> Result<(), String> {
        let mut fields = fields(line, layout.delimiter);
        if fields.len() == layout.columns + 1 && fields.last().is_some_and(|field| field.trim_ascii().is_empty()) {
            fields.pop();
        }
        if fields.len() != layout.columns {
            return Err(format!("it has {} fields, but there are {} columns", fields.len(), layout.columns));
        }
        let mut values = Vec::with_capacity(layout.pixels());
        let mut column = 0;
        for &part in &layout.parts {
            match part {
                Part::Label => push_label(&mut self.labels, fields[column].trim_ascii())?,
                Part::Other => {}
                Part::Pixels(count) => {
                    let pixels = fields[column..column + count].iter().enumerate();
                    for (index, field) in pixels {
                        values.push(number(field).ok_or_else(|| no_number(column + index, field))?);
                    }
                }
            }
            column += part.columns();
        }
        self.pixels.push(&values);
        Ok(())
    }
}

impl Part {
    fn columns(self) -> usize {
        match self {
            Part::Label | Part::Other => 1,
            Part::Pixels(count) => count,
        }
    }
}

impl Pixels {
    /// Adds numbers, after becoming a type that holds them.
    fn push(&mut self, values: &[f32]) {
        let whole_below =
            |limit: f32| values.iter().all(|&value| value.fract() == 0.0 && (0.0..limit).contains(&value));
        if matches!(self, Pixels::Bytes(_)) && !whole_below(256.0) {
            self.widen();
        }
        if matches!(self, Pixels::Words(_)) && !whole_below(65536.0) {
            self.widen();
        }
        match self {
            Pixels::Bytes(all) => all.extend(values.iter().map(|&value| value as u8)),
            Pixels::Words(all) => all.extend(values.iter().map(|&value| value as u16)),
            Pixels::Floats(all) => all.extend_from_slice(values),
        }
    }

    /// Puts the pixels of each image in order.
    fn reorder(&mut self, order: &[usize]) {
        match self {
            Pixels::Bytes(all) => *all = reordered(all, order),
            Pixels::Words(all) => *all = reordered(all, order),
            Pixels::Floats(all) => *all = reordered(all, order),
        }
    }

    fn widen(&mut self) {
        *self = match std::mem::replace(self, Pixels::Bytes(Vec::new())) {
            Pixels::Bytes(all) => Pixels::Words(all.into_iter().map(u16::from).collect()),
            Pixels::Words(all) => Pixels::Floats(all.into_iter().map(f32::from).collect()),
            floats @ Pixels::Floats(_) => floats,
        };
    }
}

fn reordered<T: Copy>(pixels: &[T], order: &[usize]) -> Vec<T> {
    pixels.chunks_exact(order.len()).flat_map(|row| order.iter().map(|&pixel| row[pixel])).collect()
}

/// Adds the pixels of a line if all of them are whole numbers below 256, written in digits alone, and returns the label.
/// None if they are not, or if the line is not a row.
fn push_digits<'a>(line: &'a [u8], layout: &Layout, pixels: &mut Vec<u8>) -> Option<Option<&'a [u8]>> {
    let mut rest = line;
    let mut label = None;
    for part in &layout.parts {
        match part {
            Part::Pixels(count) => {
                let before = pixels.len();
                pixels.resize(before + count, 0);
                rest = read_digits(rest, layout.delimiter, &mut pixels[before..])?;
            }
            Part::Label | Part::Other => {
                let end = rest.iter().position(|&byte| byte == layout.delimiter).unwrap_or(rest.len());
                let field = &rest[..end];
                rest = &rest[rest.len().min(end + 1)..];
                match part {
                    Part::Label if field.is_empty() || field.contains(&b'"') => return None,
                    Part::Label => label = Some(field),
                    _ if field.contains(&b'"') => return None,
                    _ => {}
                }
            }
        }
    }
    rest.is_empty().then_some(label)
}

/// Reads numbers into `pixels`, which are zeros, and returns what stands after them and their delimiters.
fn read_digits<'a>(line: &'a [u8], delimiter: u8, pixels: &mut [u8]) -> Option<&'a [u8]> {
    // Most pixels are ground, and most ground is zero: four at once.
    let zeros = [b'0', delimiter, b'0', delimiter, b'0', delimiter, b'0', delimiter];
    let (mut at, mut index) = (0, 0);
    while index < pixels.len() {
        if index + 4 <= pixels.len() && line.get(at..at + 8) == Some(zeros.as_slice()) {
            at += 8;
            index += 4;
            continue;
        }
        let mut value = digit(*line.get(at)?)?;
        at += 1;
        loop {
            match line.get(at) {
                Some(&byte) if byte == delimiter => {
                    at += 1;
                    break;
                }
                Some(&byte) => {
                    value = value * 10 + digit(byte)?;
                    at += 1;
                    if value > 255 {
                        return None;
                    }
                }
                None => break,
            }
        }
        pixels[index] = value as u8;
        index += 1;
    }
    Some(&line[at..])
}

fn digit(byte: u8) -> Option<u32> {
    let digit = byte.wrapping_sub(b'0');
    (digit < 10).then_some(u32::from(digit))
}

/// A number that is finite.
fn number(field: &[u8]) -> Option<f32> {
    let text = std::str::from_utf8(field).ok()?.trim();
    text.parse::<f32>().ok().filter(|number| number.is_finite())
}

fn no_number(column: usize, field: &[u8]) -> String {
    let field: String = String::from_utf8_lossy(field).trim().chars().take(40).collect();
    let column = column + 1;
    if field.is_empty() {
        format!("column {column} is empty, where a pixel should be")
    } else {
        format!("column {column} holds {:?}, which is no number", one_line(&field))
    }
}

/// Adds a label: a number as long as all are.
fn push_label(labels: &mut Labels, field: &[u8]) -> Result<(), String> {
    match (LabelText::read(field).map_err(|reason| one_line(&reason))?, &mut *labels) {
        (LabelText::Number(number), Labels::Numbers(numbers)) => numbers.push(number),
        (label, Labels::Names(names)) => names.push(label.name()),
        (label, Labels::Numbers(numbers)) => {
            let names = numbers.iter().map(i64::to_string).chain([label.name()]).collect();
            *labels = Labels::Names(names);
        }
    }
    Ok(())
}
