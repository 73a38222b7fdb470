//! What all charts of a run look like: title and legend above, axes against the global step, notes below.

pub(super) use super::text::{Area, px};
use super::text::{SUPERSAMPLING, colored, drawing_error, font, font_to_fit};
use super::{PictureError, png_file};
use plotters::chart::ChartContext;
use plotters::coord::types::{RangedCoordf64, RangedCoordu64};
use plotters::prelude::*;
use plotters::style::RGBColor;
use std::ops::Range;

pub(super) const WIDTH: u32 = 1000;
pub(super) const HEIGHT: u32 = 600;
pub(super) const MARGIN: u32 = 24;
/// Height of the title and the legend.
pub(super) const HEAD: u32 = 70;
/// Height of the notes under the chart.
pub(super) const FOOT: u32 = 26;
/// Width of the numbers and the name of the loss axis.
pub(super) const Y_LABELS: u32 = 64;
/// Height of the numbers and the name of the step axis.
pub(super) const X_LABELS: u32 = 44;
/// Pixel columns of the chart itself.
pub(super) const COLUMNS: u32 = WIDTH - 2 * MARGIN - Y_LABELS;

pub(super) const TITLE_SIZE: u32 = 20;
pub(super) const TEXT_SIZE: u32 = 14;
pub(super) const NOTE_SIZE: u32 = 12;

pub(super) const TEXT: RGBColor = RGBColor(48, 52, 60);
pub(super) const QUIET_TEXT: RGBColor = RGBColor(110, 115, 125);
pub(super) const AXIS: RGBColor = RGBColor(150, 155, 165);
pub(super) const GRID: RGBColor = RGBColor(228, 230, 235);

pub(super) type Chart<'a, 'b> = ChartContext<'a, BitMapBackend<'b>, Cartesian2d<RangedCoordu64, RangedCoordf64>>;

/// A PNG file of 1000×600 pixels with `text` as its metadata, of what `draw` draws.
pub(super) fn png(
    text: &[(&str, &str)],
    draw: impl FnOnce(&Area<'_>) -> Result<(), PictureError>,
) -> Result<Vec<u8>, PictureError> {
    let pixels = colored(WIDTH, HEIGHT, draw)?;
    png_file::encode((WIDTH as usize, HEIGHT as usize), png::ColorType::Rgb, &pixels, text)
}

/// The parts for the title, the chart and the notes.
pub(super) fn split<'a>(area: &Area<'a>) -> [Area<'a>; 3] {
    let (head, rest) = area.split_vertically(px(HEAD));
    let (body, foot) = rest.split_vertically(px(HEIGHT - HEAD - FOOT));
    [head, body, foot]
}

/// Points as a line, or as a dot where there is one alone.
pub(super) fn draw_piece(
    chart: &mut Chart<'_, '_>,
    points: impl Iterator<Item = (u64, f64)>,
    is_dot: bool,
    color: RGBColor,
) -> Result<(), PictureError> {
    if is_dot {
        let dots = points.map(|point| Circle::new(point, px(4), color.filled()));
        chart.draw_series(dots).map_err(drawing_error)?;
    } else {
        let style = color.stroke_width(px(2) as u32);
        chart.draw_series(LineSeries::new(points, style)).map_err(drawing_error)?;
    }
    Ok(())
}

/// The title, and under it which colour is what.
pub(super) fn draw_head(area: &Area<'_>, title: &str, legend: &[(&str, RGBColor)]) -> Result<(), PictureError> {
    let fitted = font_to_fit(title, TITLE_SIZE, WIDTH - 2 * MARGIN);
    draw_text(area, title, (MARGIN, 16), fitted, &TEXT)?;
    let mut left = MARGIN;
    for &(name, color) in legend {
        let line = [(px(left), px(50)), (px(left + 22), px(50))];
        let line = PathElement::new(line, color.stroke_width(px(2) as u32));
        area.draw(&line).map_err(drawing_error)?;
        let name_font = font(TEXT_SIZE);
        let (width, _) = name_font.box_size(name).map_err(drawing_error)?;
        draw_text(area, name, (left + 29, 46), name_font, &TEXT)?;
        left += 29 + width / SUPERSAMPLING + 22;
    }
    Ok(())
}

/// Writes `text` in the real picture's pixels.
pub(super) fn draw_text(
    area: &Area<'_>,
    text: &str,
    (left, top): (u32, u32),
    font: FontDesc<'_>,
    color: &RGBColor,
) -> Result<(), PictureError> {
    let text = Text::new(text, (px(left), px(top)), font.color(color));
    area.draw(&text).map_err(drawing_error)
}

/// Writes what the chart cannot show.
pub(super) fn draw_note(area: &Area<'_>, note: &str) -> Result<(), PictureError> {
    let fitted = font_to_fit(note, NOTE_SIZE, WIDTH - 2 * MARGIN);
    draw_text(area, note, (MARGIN, 4), fitted, &QUIET_TEXT)
}

/// Axes: global steps, and values from the first to the last of `values`, called `name`.
pub(super) fn draw_axes<'a, 'b>(
    area: &'a Area<'b>,
    steps: &Range<u64>,
    values: Range<f64>,
    name: &str,
) -> Result<Chart<'a, 'b>, PictureError> {
    let values = drawable(values);
    let span = values.end - values.start;
    let mut chart = ChartBuilder::on(area)
        .margin_left(px(MARGIN))
        .margin_right(px(MARGIN))
        .x_label_area_size(px(X_LABELS))
        .y_label_area_size(px(Y_LABELS))
        .build_cartesian_2d(steps.clone(), values)
        .map_err(drawing_error)?;
    chart
        .configure_mesh()
        .max_light_lines(1)
        .light_line_style(TRANSPARENT)
        .bold_line_style(GRID.stroke_width(px(1) as u32))
        .axis_style(AXIS.stroke_width(px(1) as u32))
        .label_style(font(TEXT_SIZE).color(&TEXT))
        .axis_desc_style(font(TEXT_SIZE).color(&QUIET_TEXT))
        .x_desc("global step")
        .y_desc(name)
        .x_labels(9)
        .y_labels(9)
        .x_label_formatter(&|step| grouped(*step))
        .y_label_formatter(&|value| number(*value, span))
        .draw()
        .map_err(drawing_error)?;
    Ok(chart)
}

/// Farthest from zero that an axis goes.
const FARTHEST: f64 = 1e300;
/// Shortest axis, and the shortest as a share of the larger of its ends: with less the steps between an axis' numbers get lost
/// in rounding, and looking for the next of them has no end.
const SHORTEST: f64 = 1e-9;
const SHORTEST_SHARE: f64 = 1e-6;

/// The values of an axis that can be drawn: finite, from the smaller to the larger, and far enough apart.
fn drawable(values: Range<f64>) -> Range<f64> {
    let finite = |value: f64, otherwise: f64| if value.is_nan() { otherwise } else { value.clamp(-FARTHEST, FARTHEST) };
    let (start, end) = (finite(values.start, 0.0), finite(values.end, 1.0));
    let (start, end) = (start.min(end), start.max(end));
    let shortest = (start.abs().max(end.abs()) * SHORTEST_SHARE).max(SHORTEST);
    start..end.max(start + shortest)
}

/// A number of things, in words.
pub(super) fn counted(count: usize, thing: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{} {thing}{plural}", grouped(count as u64))
}

/// A step with its thousands set apart.
pub(super) fn grouped(step: u64) -> String {
    let digits = step.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A value with as many decimals as an axis of length `span` needs.
pub(super) fn number(value: f64, span: f64) -> String {
    let magnitude = value.abs().max(span);
    if value != 0.0 && !(1e-3..1e6).contains(&magnitude) {
        return format!("{value:.2e}");
    }
    let decimals = (1.0 - span.log10().floor()).clamp(0.0, 6.0) as usize;
    let text = format!("{value:.decimals$}");
    // Rounding noise around zero would otherwise be written as −0.
    if text.trim_matches(['-', '0', '.']).is_empty() { "0".to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::super::testing::within_a_minute;
    use super::*;
    use proptest::prelude::*;

    fn axes(steps: Range<u64>, values: Range<f64>) {
        within_a_minute(move || {
            png(&[], |area| {
                let [_, body, _] = split(area);
                draw_axes(&body, &steps, values.clone(), "value").map(drop)
            })
            .unwrap()
        });
    }

    #[test]
    fn the_axes_of_any_numbers_have_an_end() {
        for (start, end) in [
            (0.0, f64::INFINITY),
            (0.0, f64::NAN),
            (f64::NAN, f64::NAN),
            (f64::NEG_INFINITY, f64::INFINITY),
            (0.0, 1e-320),
            (1.0, 1.0 + f64::EPSILON),
            (1e17, 1e17 + 16.0),
            (-1e17, 5.0 - 1e17),
            (0.0, 1e300),
            (1e300, 1e300),
            (-f64::MAX, f64::MAX),
            (7.0, -7.0),
        ] {
            axes(0..10, start..end);
        }
        for steps in [0..u64::MAX, u64::MAX - 1..u64::MAX, u64::MAX - 45..u64::MAX, u64::MAX / 2..u64::MAX - 3] {
            axes(steps, 0.0..1.0);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn so_have_those_of_random_ones(
            start in any::<u64>(), length in 0u32..64, low in any::<u64>(), high in any::<u64>(),
        ) {
            let start = start.min(u64::MAX - 1);
            axes(start..start.saturating_add(1 << length), f64::from_bits(low)..f64::from_bits(high));
        }
    }
}
