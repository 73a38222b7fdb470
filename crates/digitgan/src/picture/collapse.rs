//! What the collapse monitor saw, as a picture.

use super::chart::{self, Area, GRID, draw_axes, draw_note, px};
use super::text::drawing_error;
use super::{PictureError, png_file};
use crate::train::CollapseRecord;
use crate::train::monitor::collapsed;
use plotters::prelude::*;
use plotters::style::RGBColor;
use std::path::Path;

const ENTROPY: RGBColor = RGBColor(31, 105, 190);
const AGREEMENT: RGBColor = RGBColor(35, 145, 90);
const DISTANCE: RGBColor = RGBColor(222, 60, 140);
/// How strongly a step shows at which something was wrong.
const ALARM: f64 = 0.15;
/// Where the axis ends, at least: a little above what real digits have.
const TOP: f64 = 1.15;

/// The looks of the collapse monitor as a picture: each number as a share of what real digits have, and the steps at which
/// one was too low.
#[derive(Clone, Copy, Debug)]
pub struct CollapseCurves<'a> {
    /// What stands above the chart.
    pub title: &'a str,
    /// The looks, by rising step.
    pub records: &'a [CollapseRecord],
    /// Steps of the training so far.
    pub last_step: u64,
}

impl CollapseCurves<'_> {
    /// Writes the picture as a PNG file of 1000×600 pixels with `text` as its metadata, whole or not at all.
    ///
    /// # Errors
    /// A key of `text` that PNG cannot hold, and those of writing the file.
    pub fn write_png(&self, path: &Path, text: &[(&str, &str)]) -> Result<(), PictureError> {
        png_file::write(path, &chart::png(text, |area| self.draw(area))?)
    }

    fn draw(&self, area: &Area<'_>) -> Result<(), PictureError> {
        let [head, body, foot] = chart::split(area);
        let told = self.records.iter().any(|record| record.agreement.is_some());
        let mut legend = vec![("entropy of classes", ENTROPY), ("distance between digits", DISTANCE)];
        if told {
            legend.push(("read as asked for", AGREEMENT));
        }
        chart::draw_head(&head, self.title, &legend)?;
        draw_note(&foot, &self.note())?;
        let steps = 0..self.last_step.max(1);
        let highest =
            self.records.iter().map(|record| f64::from(record.distance)).filter(|d| d.is_finite()).fold(TOP, f64::max);
        let mut chart = draw_axes(&body, &steps, 0.0..highest, "share of real digits")?;
        let real = LineSeries::new([(0, 1.0), (steps.end, 1.0)], GRID.stroke_width(px(2) as u32));
        chart.draw_series(real).map_err(drawing_error)?;
        let alarms = self.records.iter().enumerate().zip(collapsed(self.records)).filter(|(_, collapsed)| *collapsed);
        let alarms = alarms.map(|((place, record), _)| {
            let before = place.checked_sub(1).map_or(0, |before| self.records[before].step);
            Rectangle::new([(before, 0.0), (record.step, highest)], DISTANCE.mix(ALARM).filled())
        });
        chart.draw_series(alarms).map_err(drawing_error)?;
        type Number = fn(&CollapseRecord) -> Option<f32>;
        let numbers: [(Number, RGBColor); 3] = [
            (|record| Some(record.entropy), ENTROPY),
            (|record| record.agreement, AGREEMENT),
            (|record| Some(record.distance), DISTANCE),
        ];
        for (number, color) in numbers {
            let points = self.records.iter().filter_map(|record| Some((record.step, f64::from(number(record)?))));
            let line = LineSeries::new(points.filter(|(_, value)| value.is_finite()), color.stroke_width(px(2) as u32));
            chart.draw_series(line).map_err(drawing_error)?;
        }
        Ok(())
    }

    fn note(&self) -> String {
        match collapsed(self.records).iter().filter(|collapsed| **collapsed).count() {
            0 => "no collapse seen".to_owned(),
            count => format!("pink: collapsed, at {count} of {} looks", self.records.len()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_collapse_is_pink_and_a_healthy_run_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("w.png");
        let record = |step, distance| CollapseRecord { step, entropy: 1.0, agreement: None, distance };
        let pink = |records: &[CollapseRecord]| {
            CollapseCurves { title: "t", records, last_step: 2000 }.write_png(&path, &[]).unwrap();
            let picture = image::open(&path).unwrap().to_rgb8();
            assert_eq!(picture.dimensions(), (1000, 600));
            // Between the lines, at three quarters of the steps.
            let [red, green, _] = picture.get_pixel(860, 300).0;
            red > green
        };
        assert!(!pink(&[record(1500, 0.9), record(2000, 0.9)]));
        assert!(pink(&[record(1500, 0.9), record(2000, 0.1)]));
        // What is not finite has no place on an axis.
        assert!(!pink(&[record(1500, 0.9), record(2000, f32::INFINITY)]));
    }
}
