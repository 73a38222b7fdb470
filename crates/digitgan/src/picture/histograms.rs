//! How measures spread in each class: a row of small histograms a class, a column a measure.
//!
//! All rows of a column have one axis, from the lowest to the highest of 99.9 % of all values; what lies beyond is counted in the outer bins
//! and told of. A histogram is as high as its fullest bin; the pale one behind it is that of all classes.

use super::text::{Area, colored, drawing_error, font, font_to_fit, px, write};
use super::{PictureError, png_file};
use crate::input::{MAX_CLASSES, check_classes, check_length};
use plotters::prelude::*;
use plotters::style::RGBColor;
use plotters::style::text_anchor::HPos;

const CELL: (u32, u32) = (228, 46);
/// Between two columns.
const GAP: u32 = 22;
const HEAD: u32 = 84;
const LEFT: u32 = 92;
const FOOT: u32 = 52;
const MARGIN: u32 = 20;
const TITLE_SIZE: u32 = 18;
const NAME_SIZE: u32 = 15;
const TEXT_SIZE: u32 = 11;
/// Bins of a histogram.
const BINS: usize = 57;
/// Of this share of all values none is cut off, at either end.
const CUT: f64 = 0.0005;
/// At most so many marks on an axis.
const MARKS: f64 = 6.0;

const BARS: RGBColor = RGBColor(31, 105, 190);
const ALL: RGBColor = RGBColor(226, 229, 235);
const MEAN: RGBColor = RGBColor(222, 60, 140);
const TEXT: RGBColor = RGBColor(48, 52, 60);
const QUIET_TEXT: RGBColor = RGBColor(110, 115, 125);
const LINE: RGBColor = RGBColor(200, 204, 212);

/// A measure of some images, in a [`Histograms`].
#[derive(Clone, Copy, Debug)]
pub struct HistogramColumn<'a> {
    /// What is measured, with its unit.
    pub name: &'a str,
    /// A number for each image; those that are not finite are not known.
    pub values: &'a [f64],
}

/// The picture of what measures some images have, class by class.
#[derive(Clone, Copy, Debug)]
pub struct Histograms<'a> {
    /// What stands above it.
    pub title: &'a str,
    /// The measures.
    pub columns: &'a [HistogramColumn<'a>],
    /// The class of each image.
    pub labels: &'a [u8],
    /// The classes' names.
    pub class_names: &'a [String],
}

impl Histograms<'_> {
    /// The picture as a PNG file with `text` as its metadata.
    ///
    /// # Errors
    /// No column, no class or more than 100, a column with another number of values than there are labels, or a label of no class.
    pub fn png(&self, text: &[(&str, &str)]) -> Result<Vec<u8>, PictureError> {
        self.check()?;
        let width = LEFT + self.columns.len() as u32 * (CELL.0 + GAP) + MARGIN;
        let height = HEAD + self.class_names.len() as u32 * CELL.1 + FOOT;
        let pixels = colored(width, height, |area| self.draw(area, width))?;
        png_file::encode((width as usize, height as usize), png::ColorType::Rgb, &pixels, text)
    }

    fn check(&self) -> Result<(), PictureError> {
        let classes = self.class_names.len();
        if classes == 0 || self.columns.is_empty() {
            return Err(PictureError::NoImages);
        }
        if classes > MAX_CLASSES {
            let height = classes.saturating_mul(CELL.1 as usize);
            return Err(PictureError::TooLarge { width: height, height });
        }
        let images = self.labels.len();
        for column in self.columns {
            check_length("numbers of a measure, [images]", column.values.len(), images)?;
        }
        Ok(check_classes(self.labels, classes)?)
    }

    fn draw(&self, area: &Area<'_>, width: u32) -> Result<(), PictureError> {
        let title = font_to_fit(self.title, TITLE_SIZE, width - 2 * MARGIN);
        write(area, self.title, (MARGIN, 22), title, &TEXT, HPos::Left)?;
        let bottom = HEAD + self.class_names.len() as u32 * CELL.1;
        for (row, name) in (0..).zip(self.class_names) {
            let middle = HEAD + row * CELL.1 + CELL.1 / 2;
            write(
                area,
                name,
                (LEFT - 14, middle),
                font_to_fit(name, NAME_SIZE, LEFT - MARGIN - 14),
                &TEXT,
                HPos::Right,
            )?;
        }
        for (place, column) in (0..).zip(self.columns) {
            let left = LEFT + place * (CELL.0 + GAP);
            write(area, column.name, (left, 58), font(NAME_SIZE - 2), &TEXT, HPos::Left)?;
            match Axis::of(column.values) {
                Some(axis) => self.draw_column(area, column, &axis, (left, bottom))?,
                None => write(area, "nothing is known", (left, 74), font(TEXT_SIZE), &QUIET_TEXT, HPos::Left)?,
            }
        }
        Ok(())
    }

    fn draw_column(
        &self,
        area: &Area<'_>,
        column: &HistogramColumn<'_>,
        axis: &Axis,
        (left, bottom): (u32, u32),
    ) -> Result<(), PictureError> {
        let known = || column.values.iter().zip(self.labels).filter(|(value, _)| value.is_finite());
        if axis.beyond > 0 {
            let text = format!("{} beyond the axis, in the outer bins", axis.beyond);
            write(area, &text, (left, 74), font(TEXT_SIZE - 1), &QUIET_TEXT, HPos::Left)?;
        }
        let all = axis.counts(known().map(|(&value, _)| value));
        for class in 0..self.class_names.len() {
            let own: Vec<f64> =
                known().filter(|(_, label)| usize::from(**label) == class).map(|(&value, _)| value).collect();
            let foot = HEAD + (class as u32 + 1) * CELL.1 - 4;
            bars(area, &all, (left, foot), ALL)?;
            bars(area, &axis.counts(own.iter().copied()), (left, foot), BARS)?;
            line(area, (left, foot), (left + CELL.0, foot), LINE, 1)?;
            if own.is_empty() {
                continue;
            }
            let mean = own.iter().sum::<f64>() / own.len() as f64;
            let x = left + axis.x(mean);
            line(area, (x, foot - CELL.1 + 12), (x, foot), MEAN, 2)?;
            // Beside the line, where there is room.
            let (at, side) = if axis.x(mean) > CELL.0 * 3 / 4 { (x - 5, HPos::Right) } else { (x + 5, HPos::Left) };
            write(area, &format!("{mean:.1}"), (at, foot - CELL.1 + 7), font(TEXT_SIZE), &MEAN, side)?;
        }
        for mark in axis.marks() {
            let x = left + axis.x(mark);
            line(area, (x, bottom - 4), (x, bottom + 2), LINE, 1)?;
            write(area, &format!("{mark}"), (x, bottom + 12), font(TEXT_SIZE), &QUIET_TEXT, HPos::Center)?;
        }
        Ok(())
    }
}

/// The values that a column's histograms show.
struct Axis {
    low: f64,
    high: f64,
    /// How many values lie outside.
    beyond: usize,
}

impl Axis {
    /// That of some values; none where none is known.
    fn of(values: &[f64]) -> Option<Axis> {
        let mut known: Vec<f64> = values.iter().copied().filter(|value| value.is_finite()).collect();
        known.sort_unstable_by(f64::total_cmp);
        let cut = (known.len() as f64 * CUT) as usize;
        let (mut low, mut high) = (*known.get(cut)?, *known.get(known.len().checked_sub(cut + 1)?)?);
        let beyond = known.iter().filter(|&&value| value < low || value > high).count();
        // A measure that is the same everywhere has a place in the middle.
        let least = 1e-6 * low.abs().max(high.abs()).max(1.0);
        if high - low < least {
            (low, high) = (low - least, high + least);
        }
        Some(Axis { low, high, beyond })
    }

    /// How far from the left a value stands, in pixels.
    fn x(&self, value: f64) -> u32 {
        (self.share(value) * f64::from(CELL.0)).round() as u32
    }

    fn share(&self, value: f64) -> f64 {
        ((value - self.low) / (self.high - self.low)).clamp(0.0, 1.0)
    }

    fn counts(&self, values: impl Iterator<Item = f64>) -> [u32; BINS] {
        let mut counts = [0; BINS];
        for value in values {
            counts[((self.share(value) * BINS as f64) as usize).min(BINS - 1)] += 1;
        }
        counts
    }

    /// Round numbers on it: steps of 1, 2 or 5 times a power of ten.
    fn marks(&self) -> Vec<f64> {
        let least = (self.high - self.low) / MARKS;
        let power = 10f64.powf(least.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].iter().map(|times| times * power).find(|&step| step >= least).unwrap_or(least);
        let (first, last) = ((self.low / step).ceil() as i64, (self.high / step).floor() as i64);
        // Bounded, whatever the numbers are.
        (first..=last.min(first.saturating_add(MARKS as i64 + 1))).map(|mark| rounded(mark as f64 * step)).collect()
    }
}

/// Without the last digits of a product, so that 3 · 0.1 is 0.3.
fn rounded(value: f64) -> f64 {
    format!("{value:.6e}").parse().unwrap_or(value)
}

/// Bars above `foot`; the fullest is as high as a cell has room.
fn bars(area: &Area<'_>, counts: &[u32; BINS], (left, foot): (u32, u32), color: RGBColor) -> Result<(), PictureError> {
    let most = counts.iter().max().copied().unwrap_or(0).max(1);
    let room = f64::from(px(CELL.1 - 12));
    let edge = |bin: usize| px(left) + (f64::from(px(CELL.0)) * bin as f64 / BINS as f64).round() as i32;
    for (bin, &count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
        let height = (room * f64::from(count) / f64::from(most)).round().max(1.0) as i32;
        let corners = [(edge(bin), px(foot) - height), (edge(bin + 1), px(foot))];
        area.draw(&Rectangle::new(corners, color.filled())).map_err(drawing_error)?;
    }
    Ok(())
}

fn line(area: &Area<'_>, from: (u32, u32), to: (u32, u32), color: RGBColor, width: u32) -> Result<(), PictureError> {
    let ends = [from, to].map(|(x, y)| (px(x), px(y)));
    area.draw(&PathElement::new(ends, color.stroke_width(width))).map_err(drawing_error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_class_has_its_bars_where_its_values_are() {
        let names = ["a", "b"].map(str::to_owned);
        let (values, labels) = ([vec![0.0; 50], vec![10.0; 50]].concat(), [vec![0; 50], vec![1; 50]].concat());
        let columns = [HistogramColumn { name: "slant, °", values: &values }];
        let picture = Histograms { title: "t", columns: &columns, labels: &labels, class_names: &names };
        let png = picture.png(&[("Software", "digitgan")]).unwrap();
        let picture = image::load_from_memory(&png).unwrap().to_rgb8();
        assert_eq!(picture.dimensions(), (LEFT + CELL.0 + GAP + MARGIN, HEAD + 2 * CELL.1 + FOOT));
        let bar = |class: u32, last: bool| {
            let x = if last { LEFT + CELL.0 - 3 } else { LEFT + 3 };
            picture.get_pixel(x, HEAD + (class + 1) * CELL.1 - 7).0
        };
        let (own, others) = ([31, 105, 190], [226, 229, 235]);
        assert_eq!([bar(0, false), bar(0, true), bar(1, false), bar(1, true)], [own, others, others, own]);
    }

    #[test]
    fn axes_end_and_have_round_marks() {
        let marks = |low, high| Axis { low, high, beyond: 0 }.marks();
        assert_eq!(marks(-31.0, 44.0), [-20.0, 0.0, 20.0, 40.0]);
        assert_eq!(marks(1.02, 1.59), [1.1, 1.2, 1.3, 1.4, 1.5]);
        for odd in [f64::MAX, 1e-300, -5.0, 0.0] {
            let axis = Axis::of(&[odd, odd, f64::NAN]).unwrap();
            assert!(axis.marks().len() < 20 && axis.x(odd) <= CELL.0, "{odd}");
        }
        let many: Vec<f64> = (0..10_000).map(f64::from).collect();
        assert_eq!(Axis::of(&many).unwrap().beyond, 10);
        assert!(Axis::of(&[f64::NAN]).is_none());
    }

    #[test]
    fn what_does_not_fit_together_is_refused() {
        let names = ["a".to_owned()];
        let columns = [HistogramColumn { name: "n", values: &[1.0] }];
        for (labels, class_names) in [(&[0, 0][..], &names[..]), (&[1], &names), (&[0], &[])] {
            let picture = Histograms { title: "t", columns: &columns, labels, class_names };
            assert!(picture.png(&[]).is_err());
        }
    }
}
