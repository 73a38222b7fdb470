//! Text in pictures, without system fonts.

use super::PictureError;
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{RGBColor, TextStyle, register_font};
use std::sync::Once;

/// The name that the font goes by in this project.
const FAMILY: &str = "digitgan";

/// Drawing happens at twice the size and is then averaged down: plotters places glyphs at whole
/// pixels and draws thick lines with hard edges; half a pixel is too fine to see.
pub(super) const SUPERSAMPLING: u32 = 2;

/// The font at `size` pixels, in supersampled pixels.
pub(super) fn font(size: u32) -> FontDesc<'static> {
    static REGISTER: Once = Once::new();
    REGISTER.call_once(|| {
        // Fails for a broken font file alone; drawing text then fails with its own error.
        let _ = register_font(FAMILY, FontStyle::Normal, dejavu::sans::regular());
    });
    (FAMILY, size * SUPERSAMPLING).into_font()
}

/// The largest font of at most `size` pixels in which `text` is at most `width` pixels wide.
pub(super) fn font_to_fit(text: &str, size: u32, width: u32) -> FontDesc<'static> {
    let smallest = 4;
    let fits = |font: &FontDesc| match font.box_size(text) {
        Ok((found, _)) => found <= width * SUPERSAMPLING,
        Err(_) => true,
    };
    (smallest..=size).rev().map(font).find(fits).unwrap_or_else(|| font(smallest))
}

/// Averages a supersampled picture, `[height, width, 3]`, down to real pixels.
fn downsample(large: &[u8], width: u32) -> Vec<u8> {
    let factor = SUPERSAMPLING as usize;
    let row_bytes = width as usize * factor * 3;
    let mut small = Vec::with_capacity(large.len() / (factor * factor));
    for rows in large.chunks_exact(row_bytes * factor) {
        for x in 0..width as usize {
            for channel in 0..3 {
                let square = (0..factor * factor).map(|i| {
                    let (dx, dy) = (i % factor, i / factor);
                    usize::from(rows[dy * row_bytes + (x * factor + dx) * 3 + channel])
                });
                let area = factor * factor;
                small.push(((square.sum::<usize>() + area / 2) / area) as u8);
            }
        }
    }
    small
}

/// What is drawn on, in supersampled pixels.
pub(super) type Area<'a> = DrawingArea<BitMapBackend<'a>, Shift>;

/// A white picture, `[height, width, 3]`, with what `draw` draws on it.
pub(super) fn colored(
    width: u32,
    height: u32,
    draw: impl FnOnce(&Area<'_>) -> Result<(), PictureError>,
) -> Result<Vec<u8>, PictureError> {
    let size = (width * SUPERSAMPLING, height * SUPERSAMPLING);
    let mut large = vec![0; size.0 as usize * size.1 as usize * 3];
    {
        let area = BitMapBackend::with_buffer(&mut large, size).into_drawing_area();
        area.fill(&WHITE).map_err(drawing_error)?;
        draw(&area)?;
        area.present().map_err(drawing_error)?;
    }
    Ok(downsample(&large, width))
}

/// Writes `text` at a place of the real picture: its height's middle there, and in width what `anchor` says.
pub(super) fn write(
    area: &Area<'_>,
    text: &str,
    (x, y): (u32, u32),
    font: FontDesc<'_>,
    color: &RGBColor,
    anchor: HPos,
) -> Result<(), PictureError> {
    let style = TextStyle::from(font).color(color).pos(Pos::new(anchor, VPos::Center));
    area.draw(&Text::new(text, (px(x), px(y)), style)).map_err(drawing_error)
}

/// A length of the real picture in supersampled pixels.
pub(super) fn px(length: u32) -> i32 {
    (length * SUPERSAMPLING) as i32
}

/// A grey strip, `[height, width]`, with `text` in it: light on black, from the left.
pub(super) fn strip(text: &str, width: u32, height: u32) -> Result<Vec<u8>, PictureError> {
    const INK: RGBColor = RGBColor(224, 224, 224);
    let margin = height / 4;
    let size = (width * SUPERSAMPLING, height * SUPERSAMPLING);
    let mut large = vec![0; size.0 as usize * size.1 as usize * 3];
    {
        let area = BitMapBackend::with_buffer(&mut large, size).into_drawing_area();
        let font = font_to_fit(text, height * 2 / 3, width.saturating_sub(2 * margin));
        let (_, text_height) = font.box_size(text).map_err(drawing_error)?;
        let top = size.1.saturating_sub(text_height) / 2;
        let at = ((margin * SUPERSAMPLING) as i32, top as i32);
        area.draw(&Text::new(text, at, font.color(&INK))).map_err(drawing_error)?;
        area.present().map_err(drawing_error)?;
    }
    Ok(downsample(&large, width).into_iter().step_by(3).collect())
}

/// What plotters says went wrong.
pub(super) fn drawing_error(error: impl std::fmt::Display) -> PictureError {
    PictureError::Drawing(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn different_texts_are_different_ink_within_the_strip() {
        let strips: Vec<Vec<u8>> =
            ["epoch 1", "epoch 7", ""].iter().map(|text| strip(text, 120, 20).unwrap()).collect();
        assert!(strips.iter().all(|strip| strip.len() == 120 * 20));
        assert_ne!(strips[0], strips[1]);
        assert!(strips[2].iter().all(|&grey| grey == 0));
        let ink =
            |rows: std::ops::Range<usize>| strips[0][rows.start * 120..rows.end * 120].iter().any(|&grey| grey > 200);
        assert!(ink(4..17), "the text is in the middle rows");
        assert!(!ink(0..3) && !ink(18..20), "and touches neither edge");
    }

    #[test]
    fn long_texts_shrink_to_fit() {
        let short = font_to_fit("epoch 1", 18, 400).get_size();
        let long = font_to_fit("epoch 1 of a very long name indeed", 18, 200).get_size();
        assert_eq!(short, 36.0);
        assert!(long < short, "{long}");
        let hopeless = strip(&"m".repeat(500), 60, 20).unwrap();
        assert_eq!(hopeless.len(), 60 * 20);
    }

    #[test]
    fn downsampling_averages_squares() {
        // Two real pixels side by side: one all 10/20/30, one half 0 and half 255 in red.
        let row = [10, 20, 30, 10, 20, 30, 0, 0, 0, 255, 0, 0];
        let large = [row, row].concat();
        assert_eq!(downsample(&large, 2), [10, 20, 30, 128, 0, 0]);
    }
}
