//! What the columns of a table are, as far as its first line tells.

use super::error::CsvError;
use crate::load::error::one_line;
use crate::load::limits::MAX_SIDE;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Names of a column of labels, in lower case.
const LABEL_NAMES: [&str; 12] = [
    "label",
    "labels",
    "class",
    "classes",
    "target",
    "targets",
    "digit",
    "digits",
    "y",
    "class_label",
    "character",
    "category",
];
/// Names of a column that only numbers the rows, as pandas writes them among others.
const INDEX_NAMES: [&str; 5] = ["", "unnamed: 0", "index", "id", "image_id"];
/// The smallest side of an image: tables of few numbers are mostly something else.
const MIN_SIDE: usize = 4;
/// The most columns: a label, a number of the row, and the pixels of the largest image.
const MAX_COLUMNS: usize = MAX_SIDE * MAX_SIDE + 2;
/// How many columns a message names.
const NAMED: usize = 6;

/// What neighbouring columns are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Label,
    /// Neither label nor pixel.
    Other,
    /// So many pixels.
    Pixels(usize),
}

/// How the rows of a table are made up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) delimiter: u8,
    pub(super) columns: usize,
    pub(super) parts: Vec<Part>,
    /// Rows and columns of an image.
    pub(super) size: (usize, usize),
    /// Whether the names of the columns tell the size.
    pub(super) names_tell_size: bool,
    /// The names of the columns that are neither label nor pixel, but for those without a name of their own.
    pub(super) unused: Vec<String>,
    /// For each pixel of an image, which pixel of a row of the table it is; none if they are in order.
    pub(super) order: Option<Vec<usize>>,
}

/// What the first line tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found {
    Known(Layout),
    /// Whether the first column or the last one is the label; the contents must tell.
    FirstOrLast([Layout; 2]),
}

/// The first line of a table.
#[derive(Debug)]
pub(super) struct FirstLine {
    pub(super) delimiter: u8,
    /// Whether it names the columns.
    pub(super) is_header: bool,
    fields: Vec<String>,
}

impl FirstLine {
    pub(super) fn read(line: &[u8]) -> Result<FirstLine, CsvError> {
        let delimiter = delimiter_of(line);
        let columns = line.iter().filter(|&&byte| byte == delimiter).count() + 1;
        if columns > MAX_COLUMNS + 1 {
            return Err(CsvError::Columns { columns: format!("{columns} columns") });
        }
        let text = |field: &[u8]| String::from_utf8_lossy(field).trim().to_owned();
        let mut fields: Vec<String> = fields(line, delimiter).iter().map(|field| text(field)).collect();
        if fields.len() > 1 && fields.last().is_some_and(String::is_empty) {
            fields.pop();
        }
        if fields.iter().all(String::is_empty) {
            return Err(CsvError::Empty);
        }
        Ok(FirstLine { delimiter, is_header: is_header(&fields), fields })
    }

    /// What the columns are.
    pub(super) fn layout(&self) -> Result<Found, CsvError> {
        let names: Vec<String> =
            self.fields.iter().map(|name| name.trim_start_matches(['#', ' ']).to_lowercase()).collect();
        let named = |known: &[&str]| -> Vec<usize> {
            let is_known = |&column: &usize| self.is_header && known.contains(&names[column].as_str());
            (0..names.len()).filter(is_known).collect()
        };
        let (labels, indices) = (named(&LABEL_NAMES), named(&INDEX_NAMES));
        if let [first, second, ..] = labels[..] {
            return Err(CsvError::TwoLabels { first: self.shown(first), second: self.shown(second) });
        }
        let mut rest: Vec<usize> =
            (0..names.len()).filter(|column| !labels.contains(column) && !indices.contains(column)).collect();
        if let ([_], None) = (&labels[..], square(rest.len())) {
            rest = numbered(&names, rest);
        }
        let places = |columns: &[usize]| {
            let names: Vec<&str> = columns.iter().map(|&column| names[column].as_str()).collect();
            if self.is_header { Place::all(&names) } else { None }
        };
        let by_name = |columns: &[usize]| {
            let size = places(columns).and_then(|places| size_by_place(&places));
            size.filter(|(rows, columns_)| rows * columns_ == columns.len())
        };
        let size = |columns: &[usize]| by_name(columns).or_else(|| square(columns.len()));
        let layout = |label: Option<usize>, pixels: &[usize], size| -> Result<Layout, CsvError> {
            let order = places(pixels).map_or(Ok(None), |places| order(&places));
            let repeated = |pixel: usize| CsvError::RepeatedPixel { name: self.shown(pixels[pixel]) };
            Ok(Layout {
                order: order.map_err(repeated)?,
                names_tell_size: by_name(pixels).is_some(),
                ..self.made_of(label, pixels, size)
            })
        };
        if let Some(size) = size(&rest) {
            return Ok(Found::Known(layout(labels.first().copied(), &rest, size)?));
        }
        let ends = rest.split_first().zip(rest.split_last()).filter(|_| labels.is_empty());
        let without = ends.and_then(|((&first, others), (&last, before))| {
            Some([layout(Some(first), others, size(others)?), layout(Some(last), before, size(before)?)])
        });
        let [first, last] = without.ok_or_else(|| CsvError::Columns { columns: self.shown_columns() })?;
        let is_pixel = |column: usize| names[column].ends_with(|c: char| c.is_ascii_digit());
        Ok(match (is_pixel(rest[0]), is_pixel(rest[rest.len() - 1])) {
            (false, true) if self.is_header => Found::Known(first?),
            (true, false) if self.is_header => Found::Known(last?),
            _ => Found::FirstOrLast([first?, last?]),
        })
    }

    /// The layout with these pixels, which are in the order of the columns.
    fn made_of(&self, label: Option<usize>, pixels: &[usize], size: (usize, usize)) -> Layout {
        let (mut parts, mut unused, mut pixels) = (Vec::new(), Vec::new(), pixels.iter().peekable());
        for column in 0..self.fields.len() {
            let is_pixel = pixels.next_if_eq(&&column).is_some();
            match parts.last_mut() {
                _ if Some(column) == label => parts.push(Part::Label),
                Some(Part::Pixels(count)) if is_pixel => *count += 1,
                _ if is_pixel => parts.push(Part::Pixels(1)),
                _ => {
                    parts.push(Part::Other);
                    unused.extend(Some(self.shown(column)).filter(|name| !is_row_number(name)));
                }
            }
        }
        let (delimiter, columns) = (self.delimiter, self.fields.len());
        Layout { delimiter, columns, parts, size, names_tell_size: false, unused, order: None }
    }

    /// A column's name as it goes into a message.
    fn shown(&self, column: usize) -> String {
        let short: String = self.fields[column].chars().take(40).collect();
        one_line(&short)
    }

    fn shown_columns(&self) -> String {
        let count = self.fields.len();
        let mut columns = if count == 1 { "one column".to_owned() } else { format!("{count} columns") };
        // With a label, or with a label and a number of the row.
        let colours = (1..=2).filter(|others| count > *others && (count - others).is_multiple_of(3));
        if let Some((side, _)) = colours.filter_map(|others| square((count - others) / 3)).find(|(side, _)| *side >= 8)
        {
            columns += &format!(", as of {side}x{side} pixels in three colours, which must become grey first");
        }
        if !self.is_header {
            return columns;
        }
        let names: Vec<String> = (0..count.min(NAMED)).map(|column| self.shown(column)).collect();
        format!("{columns} ({}{})", names.join(", "), if count > NAMED { " …" } else { "" })
    }
}

impl Layout {
    /// How many pixels an image has.
    pub(super) fn pixels(&self) -> usize {
        self.size.0 * self.size.1
    }

    pub(super) fn has_labels(&self) -> bool {
        self.parts.contains(&Part::Label)
    }

    /// How many columns stand before the label, where no pixel does.
    pub(super) fn others_before_label(&self) -> usize {
        self.parts.iter().take_while(|part| **part == Part::Other).count()
    }

    /// How many columns stand after the label, where no pixel does.
    pub(super) fn others_after_label(&self) -> usize {
        self.parts.iter().rev().take_while(|part| **part == Part::Other).count()
    }
}

/// What separates fields: the most frequent of those in use, spaces where there is none.
fn delimiter_of(line: &[u8]) -> u8 {
    let count = |delimiter: u8| line.iter().filter(|&&byte| byte == delimiter).count();
    let found = [b',', b';', b'\t'].into_iter().max_by_key(|&delimiter| count(delimiter));
    found.filter(|&delimiter| count(delimiter) > 0).unwrap_or(b' ')
}

/// The fields of a line, without quotes.
pub(super) fn fields(line: &[u8], delimiter: u8) -> Vec<Cow<'_, [u8]>> {
    if !line.contains(&b'"') {
        return line.split(|&byte| byte == delimiter).map(Cow::Borrowed).collect();
    }
    let mut reader = ::csv::ReaderBuilder::new().has_headers(false).delimiter(delimiter).from_reader(line);
    let mut record = ::csv::ByteRecord::new();
    // Nothing is left to go wrong: the bytes are in memory, and one record has any number of fields.
    let _ = reader.read_byte_record(&mut record);
    record.iter().map(|field| Cow::Owned(field.to_vec())).collect()
}

/// Whether the first line names columns, rather than being a row whose label may be a text: names are many, or that of
/// labels, or they count the columns, as pandas calls those that have no name.
fn is_header(fields: &[String]) -> bool {
    let words: Vec<&String> = fields.iter().filter(|field| !is_number(field)).collect();
    let numbers: Vec<&String> = fields.iter().filter(|field| is_number(field)).collect();
    let counts_from = |start: usize| {
        let number = |index: usize| (start + index).to_string();
        numbers.len() >= MIN_SIDE && numbers.iter().enumerate().all(|(index, text)| **text == number(index))
    };
    match words[..] {
        [] => counts_from(0),
        [word] => {
            let name = word.trim_start_matches(['#', ' ']).to_lowercase();
            LABEL_NAMES.contains(&name.as_str())
                || INDEX_NAMES.contains(&name.as_str())
                || counts_from(0)
                || counts_from(1)
        }
        _ => true,
    }
}

fn is_number(field: &str) -> bool {
    field.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c)) && field.parse::<f64>().is_ok()
}

/// Those of the columns whose names are numbered alike, such as `pixel0`, if as many are as a square has pixels; else all.
fn numbered(names: &[String], columns: Vec<usize>) -> Vec<usize> {
    let kind = |&column: &usize| Place::of(&names[column]).map(|(kind, place)| (kind, place.row.is_some()));
    let mut counts: BTreeMap<(&str, bool), usize> = BTreeMap::new();
    columns.iter().filter_map(kind).for_each(|kind| *counts.entry(kind).or_default() += 1);
    match counts.into_iter().max_by_key(|&(_, count)| count) {
        Some((most, count)) if square(count).is_some() => {
            columns.into_iter().filter(|column| kind(column) == Some(most)).collect()
        }
        _ => columns,
    }
}

/// Whether a column only numbers the rows, and has no name of its own: pandas writes such.
fn is_row_number(name: &str) -> bool {
    name.is_empty() || name.eq_ignore_ascii_case("unnamed: 0")
}

/// Rows and columns of as many pixels as a square has.
fn square(pixels: usize) -> Option<(usize, usize)> {
    let side = pixels.isqrt();
    (side * side == pixels && (MIN_SIDE..=MAX_SIDE).contains(&side)).then_some((side, side))
}

/// The place of a pixel in an image, as its name tells: of `12x7`, row 12 and column 7; of `pixel42`, the number 42 alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    row: Option<usize>,
    number: usize,
}

impl Place {
    /// The places of all pixels, if all have names of one kind.
    fn all(names: &[&str]) -> Option<Vec<Place>> {
        let places: Vec<(&str, Place)> = names.iter().map(|name| Place::of(name)).collect::<Option<_>>()?;
        let (kind, Place { row, .. }) = *places.first()?;
        let alike = places.iter().all(|(other, place)| *other == kind && place.row.is_some() == row.is_some());
        alike.then(|| places.into_iter().map(|(_, place)| place).collect())
    }

    /// The place that a name ends with, and what stands before it.
    fn of(name: &str) -> Option<(&str, Place)> {
        let number_at_end = |name: &str| -> Option<(usize, usize)> {
            let start = name.trim_end_matches(|c: char| c.is_ascii_digit()).len();
            Some((start, name[start..].parse().ok()?))
        };
        let (start, number) = number_at_end(name)?;
        let row = name[..start].strip_suffix('x').and_then(number_at_end);
        let kind = &name[..row.map_or(start, |(start, _)| start)];
        Some((kind, Place { row: row.map(|(_, row)| row), number }))
    }
}

/// Rows and columns of an image whose pixels have these places, if they name their rows.
fn size_by_place(places: &[Place]) -> Option<(usize, usize)> {
    let length = |of: fn(&Place) -> Option<usize>| -> Option<usize> {
        let (first, last) = (places.iter().filter_map(of).min()?, places.iter().filter_map(of).max()?);
        Some((last - first).saturating_add(1)).filter(|&length| length <= MAX_SIDE)
    };
    length(|place| place.row).zip(length(|place| place.row.map(|_| place.number)))
}

/// For each pixel of an image, which of `places` it has; none if they are in order.
///
/// # Errors
/// A pixel whose place another one has too.
fn order(places: &[Place]) -> Result<Option<Vec<usize>>, usize> {
    let mut order: Vec<usize> = (0..places.len()).collect();
    order.sort_by_key(|&pixel| places[pixel]);
    match order.windows(2).find(|pair| places[pair[0]] == places[pair[1]]) {
        Some(pair) => Err(pair[1]),
        None => Ok((!order.is_sorted()).then_some(order)),
    }
}
