//! What was measured of a data set's images, as a table.

use crate::data::{Dataset, Split};

/// A column of numbers beside the images of a data set.
#[derive(Clone, Debug)]
pub struct MeasureColumn {
    /// What it is called, such as `slant`.
    pub name: &'static str,
    /// Its unit, as it stands behind a number.
    pub unit: &'static str,
    /// A number for each training image, NaN where it is not known.
    pub train: Vec<f64>,
    /// A number for each test image.
    pub test: Vec<f64>,
}

/// A CSV table of `split` (`train` or `test`), `index` (from 0 within its split), `class` (its name) and the columns, a row for each
/// image, with four places behind the point; what is not known is empty.
///
/// ```
/// use digitgan::convert::{MeasureColumn, measures_table};
/// use digitgan::prelude::*;
///
/// let digits = strokes::some(2, 1)?;
/// let slant = MeasureColumn { name: "slant", unit: "°", train: vec![1.5, f64::NAN], test: vec![-2.0] };
/// let table = String::from_utf8(measures_table(&digits, &[slant]))?;
/// let rows: Vec<&str> = table.lines().collect();
/// assert_eq!(rows[0], "split,index,class,slant");
/// assert!(rows[1].ends_with(",1.5000") && rows[2].ends_with(',') && rows[3].starts_with("test,0,"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Panics
/// Never: a column of fewer numbers than images has empty places.
pub fn measures_table(dataset: &Dataset, columns: &[MeasureColumn]) -> Vec<u8> {
    let mut table = csv::Writer::from_writer(Vec::new());
    let names = columns.iter().map(|column| column.name);
    let mut write = |row: Vec<String>| table.write_record(row).unwrap_or(());
    write(["split", "index", "class"].into_iter().chain(names).map(str::to_owned).collect());
    type Values = fn(&MeasureColumn) -> &[f64];
    let splits: [(&str, &Split, Values); 2] =
        [("train", &dataset.train, |column| &column.train), ("test", &dataset.test, |column| &column.test)];
    for (split, images, values) in splits {
        for (index, &label) in images.labels.iter().enumerate() {
            let class = dataset.class_names[usize::from(label)].clone();
            let numbers = columns.iter().map(|column| match values(column).get(index) {
                Some(value) if value.is_finite() => format!("{value:.4}"),
                _ => String::new(),
            });
            write([split.to_owned(), index.to_string(), class].into_iter().chain(numbers).collect());
        }
    }
    // Nothing fails where memory is written to.
    table.into_inner().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::strokes;

    #[test]
    fn names_are_quoted_and_short_columns_are_empty() {
        let mut digits = strokes::some(2, 1).unwrap();
        digits.class_names = (0..10).map(|class| format!("{class}, \"so\"")).collect();
        let width = MeasureColumn { name: "width", unit: " px", train: vec![1.0], test: vec![f64::INFINITY] };
        let table = measures_table(&digits, &[width]);
        let mut rows = csv::Reader::from_reader(table.as_slice());
        let rows: Vec<Vec<String>> =
            rows.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect();
        let name = |label: u8| format!("{label}, \"so\"");
        assert_eq!(rows[0], ["train", "0", &name(digits.train.labels[0]), "1.0000"]);
        assert_eq!(rows[1], ["train", "1", &name(digits.train.labels[1]), ""]);
        assert_eq!(rows[2], ["test", "0", &name(digits.test.labels[0]), ""]);
    }
}
