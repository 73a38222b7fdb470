//! The losses of a run as a picture.
//!
//! A step's loss is noise around a trend. So each loss is drawn twice: faintly everything that was
//! recorded, strongly its running median. Only values that are finite can be drawn; the picture
//! says how many were not, and how many lie beyond its axis.

use super::chart::{self, Area, COLUMNS, Chart, counted, draw_axes, draw_note, draw_piece, grouped, number};
use super::series::{self, Axis, Sample};
use super::text::{SUPERSAMPLING, drawing_error};
use super::{PictureError, png_file};
use plotters::prelude::*;
use plotters::style::RGBColor;
use std::iter;
use std::ops::Range;
use std::path::Path;

const GENERATOR: RGBColor = RGBColor(31, 105, 190);
const DISCRIMINATOR: RGBColor = RGBColor(222, 60, 140);
/// How strongly the recorded values show behind the medians.
const FAINT: f64 = 0.28;

/// The losses of one step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CurvePoint {
    /// Finished steps, this one included.
    pub step: u64,
    /// Loss of the discriminator.
    pub d_loss: f32,
    /// Loss of the generator.
    pub g_loss: f32,
}

/// The picture of a run's losses: generator blue, discriminator pink, against the global step.
#[derive(Clone, Copy, Debug)]
pub struct LossCurves<'a> {
    /// What stands above the chart.
    pub title: &'a str,
    /// The losses, by rising step, as far apart as the nearest two of them. Where some are missing, or not finite, is a
    /// gap, and the picture says how many.
    pub points: &'a [CurvePoint],
}

impl LossCurves<'_> {
    /// The picture as a PNG file of 1000×600 pixels in memory, with `text` as its metadata.
    ///
    /// Without any finite value it has empty axes and says so.
    ///
    /// # Errors
    ///
    /// A key of `text` that PNG cannot hold.
    pub fn png(&self, text: &[(&str, &str)]) -> Result<Vec<u8>, PictureError> {
        chart::png(text, |area| self.draw(area))
    }

    /// Writes [`LossCurves::png`] to `path`, whole or not at all.
    ///
    /// # Errors
    ///
    /// Those of [`LossCurves::png`], and those of writing the file.
    pub fn write_png(&self, path: &Path, text: &[(&str, &str)]) -> Result<(), PictureError> {
        png_file::write(path, &self.png(text)?)
    }

    fn draw(&self, area: &Area<'_>) -> Result<(), PictureError> {
        let d_loss = self.samples(|point| point.d_loss);
        let g_loss = self.samples(|point| point.g_loss);
        let losses = [(&d_loss, DISCRIMINATOR), (&g_loss, GENERATOR)];
        let values = d_loss.iter().chain(&g_loss).map(|sample| sample.value);
        let axis = series::axis(values.collect());
        let steps = step_range(self.points);
        let spacing = series::spacing(self.points.iter().map(|point| point.step));
        let is_gap = |step: u64, next: u64| next.saturating_sub(step) > spacing;

        let [head, body, foot] = chart::split(area);
        chart::draw_head(&head, self.title, &[("generator", GENERATOR), ("discriminator", DISCRIMINATOR)])?;
        draw_note(&foot, &self.note(d_loss.len().max(g_loss.len()), &axis))?;
        let mut chart = draw_axes(&body, &steps, axis.low..axis.high, "loss")?;
        for (samples, color) in losses {
            draw_recorded(&mut chart, &series::pieces(samples, is_gap), &steps, &axis, color)?;
        }
        for (samples, color) in losses {
            draw_median(&mut chart, &series::pieces(samples, is_gap), &axis, color)?;
        }
        Ok(())
    }

    /// The finite values of one loss.
    fn samples(&self, loss: impl Fn(&CurvePoint) -> f32) -> Vec<Sample> {
        let sample = |point: &CurvePoint| Sample { step: point.step, value: loss(point).into() };
        self.points.iter().map(sample).filter(|sample| sample.value.is_finite()).collect()
    }

    /// What the chart cannot show, in words.
    fn note(&self, most_samples: usize, axis: &Axis) -> String {
        let mut notes = Vec::new();
        let not_finite = |point: &&CurvePoint| !(point.d_loss.is_finite() && point.g_loss.is_finite());
        let window = series::median_window(most_samples);
        if most_samples == 0 {
            notes.push("no finite loss to draw".to_owned());
        } else if window > 1 {
            notes.push(format!("faint: every step; strong: median of {window} steps"));
        }
        if axis.outside > 0 {
            let values = counted(axis.outside, "value");
            let farthest = number(axis.farthest, axis.farthest.abs());
            notes.push(format!("{values} beyond the axis, the farthest {farthest}"));
        }
        if let Some(first) = self.points.iter().find(not_finite) {
            let steps = counted(self.points.iter().filter(not_finite).count(), "step");
            let step = grouped(first.step);
            notes.push(format!("{steps} with NaN or infinite loss, first at step {step}"));
        }
        if let Some((first, missing)) = missing(self.points) {
            let steps = counted(usize::try_from(missing).unwrap_or(usize::MAX), "step");
            notes.push(format!("{steps} not recorded, first step {}", grouped(first)));
        }
        notes.join("  ·  ")
    }
}

/// The first point that is missing before or between others, and how many are; `None` where none is.
fn missing(points: &[CurvePoint]) -> Option<(u64, u64)> {
    let spacing = series::spacing(points.iter().map(|point| point.step));
    let steps = points.iter().map(|point| point.step);
    let pairs = iter::once(0).chain(steps.clone()).zip(steps).map(|(step, next)| (step, next.saturating_sub(step)));
    let gaps = pairs.filter(|(_, distance)| *distance > spacing);
    let missing = gaps.clone().map(|(_, distance)| distance.div_ceil(spacing) - 1).fold(0, u64::saturating_add);
    Some((gaps.clone().next()?.0.saturating_add(spacing), missing))
}

/// The steps that the axis spans; never empty.
fn step_range(points: &[CurvePoint]) -> Range<u64> {
    let steps = points.iter().map(|point| point.step);
    // Steps that are missing at the beginning have their room too.
    let first = steps.clone().min().unwrap_or(0).min(series::spacing(steps.clone()));
    let last = steps.max().unwrap_or(1);
    if first < last { first..last } else { first.saturating_sub(1)..last.saturating_add(1) }
}

/// Everything recorded, faintly: a line, or where that would be a smear, each column's span.
fn draw_recorded(
    chart: &mut Chart<'_, '_>,
    pieces: &[&[Sample]],
    steps: &Range<u64>,
    axis: &Axis,
    color: RGBColor,
) -> Result<(), PictureError> {
    let clamp = |value: f64| value.clamp(axis.low, axis.high);
    if pieces.iter().map(|piece| piece.len()).sum::<usize>() <= COLUMNS as usize {
        for piece in pieces {
            let points = piece.iter().map(|sample| (sample.step, clamp(sample.value)));
            let style = color.mix(FAINT).stroke_width(SUPERSAMPLING);
            chart.draw_series(LineSeries::new(points, style)).map_err(drawing_error)?;
        }
        return Ok(());
    }
    let spans = series::envelope(pieces, (steps.start, steps.end), COLUMNS as usize);
    let width = (steps.end - steps.start) as f64 / f64::from(COLUMNS);
    let step_at = |column: usize| steps.start.saturating_add((column as f64 * width) as u64);
    let bars = spans.iter().enumerate().filter_map(|(column, span)| {
        let span = (*span)?;
        let left = (step_at(column), clamp(span.greatest));
        let right = (step_at(column + 1), clamp(span.least));
        Some(Rectangle::new([left, right], color.mix(FAINT).filled()))
    });
    chart.draw_series(bars).map_err(drawing_error)?;
    Ok(())
}

/// The running median, strongly; a dot where there is but one point.
fn draw_median(
    chart: &mut Chart<'_, '_>,
    pieces: &[&[Sample]],
    axis: &Axis,
    color: RGBColor,
) -> Result<(), PictureError> {
    let all: usize = pieces.iter().map(|piece| piece.len()).sum();
    for piece in pieces {
        // Each piece gets its share of the columns, so that a log full of holes takes no longer than a whole one.
        let most = (COLUMNS as usize * piece.len()).div_ceil(all);
        let smoothed = series::smooth(piece, series::median_window(all), most);
        let points = smoothed.iter().map(|s| (s.step, s.value.clamp(axis.low, axis.high)));
        draw_piece(chart, points, smoothed.len() == 1, color)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::testing::within_a_minute;
    use super::*;

    fn point(step: u64, d_loss: f32, g_loss: f32) -> CurvePoint {
        CurvePoint { step, d_loss, g_loss }
    }

    /// The RGB pixels of the picture.
    fn pixels(points: &[CurvePoint]) -> Vec<[u8; 3]> {
        let png = LossCurves { title: "Losses", points }.png(&[("Run", "test")]).unwrap();
        let mut reader = png::Decoder::new(std::io::Cursor::new(png)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        assert_eq!((info.width, info.height), (1000, 600));
        pixels.as_chunks::<3>().0.to_vec()
    }

    /// Rows, 0 at the top, of the pixels under the head that are purely of `color`.
    fn rows_of(pixels: &[[u8; 3]], color: RGBColor) -> Vec<usize> {
        let rows = pixels.iter().enumerate().skip(chart::HEAD as usize * 1000);
        rows.filter(|(_, p)| **p == [color.0, color.1, color.2]).map(|(i, _)| i / 1000).collect()
    }

    #[test]
    fn each_loss_is_a_line_of_its_colour_at_its_height() {
        let points: Vec<_> = (1..=5000).map(|step| point(step, 0.5, 3.0)).collect();
        let pixels = pixels(&points);
        let (g, d) = (rows_of(&pixels, GENERATOR), rows_of(&pixels, DISCRIMINATOR));
        assert!(g.len() > 850 && d.len() > 850, "{} and {} pixels", g.len(), d.len());
        assert!(g.iter().all(|&row| (70..110).contains(&row)), "{g:?}");
        assert!(d.iter().all(|&row| (440..480).contains(&row)), "{d:?}");
    }

    #[test]
    fn a_single_point_shows_as_two_dots() {
        for step in [0, 1, 20_000, u64::MAX] {
            let pixels = pixels(&[point(step, 0.7, 1.4)]);
            assert!(rows_of(&pixels, GENERATOR).len() > 20, "step {step}");
            assert!(rows_of(&pixels, DISCRIMINATOR).len() > 20, "step {step}");
        }
    }

    #[test]
    fn values_that_are_not_finite_are_left_out_and_counted() {
        let mut points: Vec<_> = (1..=300).map(|step| point(step, 0.5, 3.0)).collect();
        points[7].d_loss = f32::NAN;
        points[9].g_loss = f32::INFINITY;
        let curves = LossCurves { title: "", points: &points };
        let axis = series::axis(vec![0.5, 3.0]);
        let note = curves.note(299, &axis);
        assert!(note.ends_with("2 steps with NaN or infinite loss, first at step 8"), "{note}");
        assert!(rows_of(&pixels(&points), GENERATOR).len() > 850);
    }

    #[test]
    fn hostile_points_still_make_a_picture() {
        let cases: Vec<Vec<CurvePoint>> = vec![
            vec![],
            vec![point(1, f32::NAN, f32::NEG_INFINITY)],
            vec![point(1, f32::MAX, f32::MIN), point(2, f32::MIN, f32::MAX)],
            vec![point(0, 1.0, 1.0), point(u64::MAX, 2.0, 2.0)],
            vec![point(5, 1e-30, 1e-38), point(6, 1e-31, 0.0)],
            vec![point(5, 1e8, 1e8), point(6, 1e8, 1e8)],
            vec![point(9, 1.0, 2.0), point(3, 2.0, 1.0)],
            vec![point(u64::MAX - 1, f32::MAX, 1e-45), point(u64::MAX, 1e-45, f32::MAX)],
            (0..3000).map(|i| point(i * (u64::MAX / 3000), f32::MAX, 1.0)).collect(),
            (0..100_000).map(|i| point(3 * i + i % 2, i as f32, f32::INFINITY)).collect(),
            (0..3000).map(|i| point(i / 1000, i as f32, -(i as f32))).collect(),
        ];
        for points in cases {
            assert_eq!(within_a_minute(move || pixels(&points)).len(), 600_000);
        }
    }

    #[test]
    fn a_gap_is_drawn_as_a_gap_and_told() {
        // Few points, which are lines, and many, which are spans of columns; alone between two gaps a point is a dot.
        for scale in [1, 50] {
            let there = |step: &u64| !(40 * scale..60 * scale).contains(step) || *step == 50 * scale;
            let points: Vec<_> = (1..=100 * scale).filter(there).map(|step| point(step, 0.5, 3.0)).collect();
            let pixels = pixels(&points);
            let is_coloured = |column: usize| {
                let column = pixels.iter().skip(chart::HEAD as usize * 1000 + column).step_by(1000).take(460);
                column.into_iter().any(|[red, green, blue]| red.max(green).max(blue) - red.min(green).min(blue) > 40)
            };
            // The chart goes from pixel 88 to 976.
            let around = |share: usize| 88 + 888 * share / 100 - 4..88 + 888 * share / 100 + 4;
            let found = [20, 45, 50, 55, 80].map(|share| around(share).any(is_coloured));
            assert_eq!(found, [true, false, true, false, true], "{scale}");
            let note = LossCurves { title: "", points: &points }.note(points.len(), &series::axis(vec![0.5, 3.0]));
            let steps = 20 * scale - 1;
            assert!(
                note.ends_with(&format!("{steps} steps not recorded, first step {}", grouped(40 * scale))),
                "{note}"
            );
        }
    }

    #[test]
    fn a_beginning_that_is_lost_is_a_gap_too() {
        for (steps, range, says) in [
            (vec![500, 501, 502], 1..502, "499 steps not recorded, first step 1"),
            (vec![3], 1..3, "2 steps not recorded, first step 1"),
            (vec![1, 2, 5], 1..5, "2 steps not recorded, first step 3"),
            (vec![4, 5, 8], 1..8, "5 steps not recorded, first step 1"),
            (vec![100, 200, 300], 100..300, ""),
            (vec![0, 1], 0..1, ""),
        ] {
            let points: Vec<_> = steps.iter().map(|&step| point(step, 0.5, 3.0)).collect();
            assert_eq!(step_range(&points), range, "{steps:?}");
            let note = LossCurves { title: "", points: &points }.note(points.len(), &series::axis(vec![0.5, 3.0]));
            assert!(note.ends_with(says) && says.is_empty() != note.contains("not recorded"), "{steps:?}: {note}");
        }
    }

    #[test]
    fn spikes_are_cut_off_and_owned_up_to() {
        let mut points: Vec<_> = (1..=2000).map(|step| point(step, 0.5, 3.0)).collect();
        points[600].g_loss = 57.25;
        let axis = series::axis(points.iter().map(|p| f64::from(p.g_loss)).collect());
        let note = LossCurves { title: "", points: &points }.note(2000, &axis);
        assert_eq!(
            note,
            "faint: every step; strong: median of 21 steps  ·  \
             1 value beyond the axis, the farthest 57"
        );
    }

    #[test]
    fn labels_read_well() {
        assert_eq!([0, 999, 1000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
        let cases = [
            (0.0, 4.0, "0"),
            (0.5, 4.0, "0.5"),
            (-1e-17, 4.0, "0"),
            (0.02, 0.1, "0.02"),
            (40.0, 100.0, "40"),
            (2e7, 4e7, "2.00e7"),
        ];
        for (value, span, text) in cases {
            assert_eq!(number(value, span), text, "{value} on an axis of {span}");
        }
    }
}
