//! What the collapse monitor saw, as a picture.

use super::chart::{self, Area, Chart, GRID, draw_axes, draw_note, draw_piece, px};
use super::series::{self, Sample};
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
        let last = self.records.iter().map(|record| record.step).fold(self.last_step, u64::max);
        let steps = 0..last.max(1);
        let highest =
            self.records.iter().map(|record| f64::from(record.distance)).filter(|d| d.is_finite()).fold(TOP, f64::max);
        let mut chart = draw_axes(&body, &steps, 0.0..highest, "share of real digits")?;
        let real = LineSeries::new([(0, 1.0), (steps.end, 1.0)], GRID.stroke_width(px(2) as u32));
        chart.draw_series(real).map_err(drawing_error)?;
        let alarms = self.records.iter().enumerate().zip(collapsed(self.records)).filter(|(_, collapsed)| *collapsed);
        let samples = |number: fn(&CollapseRecord) -> Option<f32>| -> Vec<Sample> {
            let sample = |record: &CollapseRecord| Some(Sample { step: record.step, value: number(record)?.into() });
            self.records.iter().filter_map(sample).filter(|sample| sample.value.is_finite()).collect()
        };
        let looks = samples(|_| Some(0.0));
        let spacing = series::spacing(looks.iter().map(|look| look.step));
        let after_gap: Vec<u64> = series::uneven_pieces(&looks).iter().skip(1).map(|piece| piece[0].step).collect();
        let alarms = alarms.map(|((place, record), _)| {
            let before = place.checked_sub(1).map_or(0, |before| self.records[before].step);
            // Of a gap nothing is known.
            let known = if after_gap.contains(&record.step) { record.step.saturating_sub(spacing) } else { 0 };
            let before = before.max(known);
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
            draw_number(&mut chart, &samples(number), highest, color)?;
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

/// A line through the values, with gaps where some are missing; a dot where one stands between two gaps.
fn draw_number(
    chart: &mut Chart<'_, '_>,
    samples: &[Sample],
    highest: f64,
    color: RGBColor,
) -> Result<(), PictureError> {
    let pieces = series::uneven_pieces(samples);
    for piece in &pieces {
        let points = piece.iter().map(|sample| (sample.step, sample.value.clamp(0.0, highest)));
        draw_piece(chart, points, piece.len() == 1 && pieces.len() > 1, color)?;
    }
    Ok(())
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

    #[test]
    fn a_gap_is_a_gap_and_hostile_looks_still_make_a_picture() {
        let record = |step, distance| CollapseRecord { step, entropy: 1.0, agreement: Some(0.5), distance };
        let picture = |records: Vec<CollapseRecord>, last_step| {
            super::super::testing::within_a_minute(move || {
                let curves = CollapseCurves { title: "t", records: &records, last_step };
                chart::png(&[], |area| curves.draw(area)).unwrap()
            })
        };
        let line = |from: u64, to: u64| (from / 100..=to / 100).map(|look| record(100 * look, 0.7));
        let whole = picture(line(0, 2000).collect(), 2000);
        let gappy = picture(line(0, 800).chain(line(1200, 2000)).collect(), 2000);
        let blue = |png: &[u8]| {
            let picture = image::load_from_memory(png).unwrap().to_rgb8();
            let is_blue = |x: u32| (70..574).any(|y| picture.get_pixel(x, y).0 == [ENTROPY.0, ENTROPY.1, ENTROPY.2]);
            // At a quarter and at half of the steps.
            [310, 530].map(is_blue)
        };
        assert_eq!([blue(&whole), blue(&gappy)], [[true, true], [true, false]]);
        for records in [
            vec![record(0, f32::MAX), record(u64::MAX, f32::MIN)],
            vec![record(u64::MAX - 1, 1e-45), record(u64::MAX, f32::MAX)],
            vec![record(5, f32::INFINITY), record(6, f32::NAN), record(7, 1e38)],
            vec![CollapseRecord { entropy: -3e38, ..record(5, 1.0) }, record(3, -1.0), record(3, 2.0)],
        ] {
            for last_step in [0, 6, u64::MAX] {
                picture(records.clone(), last_step);
            }
        }
    }
}
