//! Whether the first or the last column of a table holds the labels where no name tells, by what is in them.
//!
//! Pixels in a corner are nearly all ground, so that column holds nearly always one value, and labels do not, unless the
//! rows are sorted by class. Labels are texts or small whole numbers.

use super::columns::{Layout, fields};
use super::error::CsvError;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;

/// The share of its most frequent value from which on a column looks like ground.
const MOSTLY: f64 = 0.75;
/// Labels in numbers are among these; the lowest says that there is none.
const LABELS: RangeInclusive<f64> = -1.0..=99.0;

/// At which end of its rows a table has the label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::load) enum End {
    First,
    Last,
}

/// What is in a column.
#[derive(Default)]
struct Column {
    /// How often each whole number that may be a label is there.
    numbers: BTreeMap<i8, usize>,
    texts: usize,
    /// Numbers that are no labels.
    others: usize,
}

/// What is in the first and the last column, but for those that only number the rows.
pub(super) struct Ends {
    delimiter: u8,
    /// How many columns stand before the first, and how many after the last.
    outside: [usize; 2],
    columns: [Column; 2],
}

impl Ends {
    /// For a table whose label comes first or last, as its two layouts say.
    pub(super) fn of([first, last]: &[Layout; 2]) -> Ends {
        Ends {
            delimiter: first.delimiter,
            outside: [first.others_before_label(), last.others_after_label()],
            columns: Default::default(),
        }
    }

    /// Looks at more lines.
    pub(super) fn look_at(&mut self, lines: &[u8]) {
        for line in lines.split(|&byte| byte == b'\n') {
            let line = line.trim_ascii();
            if line.is_empty() {
                continue;
            }
            let line = line.strip_suffix(&[self.delimiter]).unwrap_or(line);
            let [first, last] = first_and_last(line, self.delimiter, self.outside);
            self.columns[0].add(&first);
            self.columns[1].add(&last);
        }
    }

    /// Where the label is; none if the columns do not tell. Other tables of the same data set have it at the end `before`:
    /// where nothing speaks against it, this one has too.
    ///
    /// # Errors
    /// If it is clearly at the other end here.
    pub(super) fn label(&self, before: Option<End>) -> Result<Option<End>, CsvError> {
        let only = |is: fn(&Column) -> bool| match self.columns.each_ref().map(is) {
            [true, false] => Some(End::First),
            [false, true] => Some(End::Last),
            _ => None,
        };
        let clear = only(|column| column.texts > 0).or_else(|| only(|column| column.others == 0));
        match (clear, before) {
            (Some(here), Some(before)) if here != before => Err(CsvError::LabelsUnclear),
            (clear, before) => {
                let likely = || only(|column| column.others == 0 && !column.is_mostly_one());
                Ok(clear.or(before).or_else(likely))
            }
        }
    }
}

impl Column {
    fn add(&mut self, field: &[u8]) {
        let text = std::str::from_utf8(field).unwrap_or_default().trim();
        match text.parse::<f64>() {
            Ok(value) if value.fract() == 0.0 && LABELS.contains(&value) => {
                *self.numbers.entry(value as i8).or_default() += 1;
            }
            Ok(_) => self.others += 1,
            Err(_) => self.texts += 1,
        }
    }

    fn is_mostly_one(&self) -> bool {
        let all: usize = self.numbers.values().sum();
        let most = self.numbers.values().max().copied().unwrap_or_default();
        most as f64 >= MOSTLY * all as f64
    }
}

/// The first and the last field but for those `outside`, without looking at what stands between them, where nothing is
/// quoted.
fn first_and_last(line: &[u8], delimiter: u8, outside: [usize; 2]) -> [Cow<'_, [u8]>; 2] {
    let [before, after] = outside;
    if line.contains(&b'"') {
        let fields = fields(line, delimiter);
        return [fields.get(before), fields.iter().nth_back(after)].map(|field| field.cloned().unwrap_or_default());
    }
    let first = line.split(|&byte| byte == delimiter).nth(before);
    let last = line.rsplit(|&byte| byte == delimiter).nth(after);
    [first, last].map(|field| Cow::Borrowed(field.unwrap_or_default()))
}
