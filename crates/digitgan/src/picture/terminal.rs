//! Digits as text, for people without a window.
//!
//! A character cell is about twice as high as wide, so one cell shows two pixels, one above the
//! other. A digit is 28 columns by 14 lines; where that is too wide, every square of 2×2 pixels is
//! averaged first and a digit is 14 columns by 7 lines.

use super::PictureError;
use crate::{IMAGE_PIXELS, IMAGE_SIDE};
use std::fmt::Write;

/// How to show greys in a terminal.
///
/// ```
/// use digitgan::prelude::*;
///
/// let digit = strokes::draw(strokes::SEED, 0).image;
/// let escapes = |style| preview(&digit, 28, style).map(|text| text.contains('\u{1b}'));
/// assert!(escapes(TerminalStyle::TrueColor)? && !escapes(TerminalStyle::Shades)?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TerminalStyle {
    /// Half blocks in 24-bit colour: every grey exact.
    TrueColor,
    /// Half blocks in the 256-colour palette: 26 greys.
    Ansi256,
    /// The characters ` ░▒▓█` and no escape codes.
    Shades,
    /// The characters ` .:-=+*#%@` and no escape codes, for pipes and old terminals.
    Ascii,
}

/// Ink by darkness, from background to full, of the styles without escape codes.
const SHADES: &[char] = &[' ', '░', '▒', '▓', '█'];
const ASCII: &[char] = &[' ', '.', ':', '-', '=', '+', '*', '#', '%', '@'];

/// Columns between two digits.
const GAP: usize = 1;

/// `images` as lines of text, each at most `columns` wide if a digit fits at all.
///
/// Digits have full size if all fit side by side, else half size, in rows as even as can be with
/// an empty line between. A half-size digit takes 14 columns even where there are fewer. Every line
/// ends with a line feed, after resetting colours.
///
/// ```
/// use digitgan::prelude::*;
///
/// let digit = strokes::draw(strokes::SEED, 0).image;
/// let text = preview(&digit, 28, TerminalStyle::Ascii)?;
/// assert_eq!(text.lines().count(), 14);
/// print!("{text}");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Shapes
///
/// `images`: `[count, 28, 28]` bytes.
///
/// # Errors
///
/// Bytes that are not whole images.
pub fn preview(images: &[u8], columns: usize, style: TerminalStyle) -> Result<String, PictureError> {
    if !images.len().is_multiple_of(IMAGE_PIXELS) {
        return Err(PictureError::PartialImage { bytes: images.len() });
    }
    let count = images.len() / IMAGE_PIXELS;
    let fitting = |side: usize| columns.saturating_add(GAP) / (side + GAP);
    let full_size = fitting(IMAGE_SIDE) >= count;
    let side = if full_size { IMAGE_SIDE } else { IMAGE_SIDE / 2 };
    let digits: Vec<Vec<u8>> =
        images.chunks_exact(IMAGE_PIXELS).map(|image| if full_size { image.to_vec() } else { halved(image) }).collect();

    let rows = count.div_ceil(fitting(side).max(1)).max(1);
    let mut text = String::new();
    for (row, digits) in digits.chunks(count.div_ceil(rows).max(1)).enumerate() {
        if row > 0 {
            text.push('\n');
        }
        for line in 0..side / 2 {
            let upper = |digit: &[u8]| digit[2 * line * side..][..side].to_vec();
            let lower = |digit: &[u8]| digit[(2 * line + 1) * side..][..side].to_vec();
            let cells = digits.iter().map(|digit| (upper(digit), lower(digit)));
            push_line(&mut text, cells, style);
        }
    }
    Ok(text)
}

/// The mean of every square of 2×2 pixels, `[14, 14]`.
fn halved(image: &[u8]) -> Vec<u8> {
    let half = IMAGE_SIDE / 2;
    let mean = |i: usize| {
        let corner = i / half * 2 * IMAGE_SIDE + i % half * 2;
        let square = [corner, corner + 1, corner + IMAGE_SIDE, corner + IMAGE_SIDE + 1];
        let sum: u16 = square.iter().map(|&pixel| u16::from(image[pixel])).sum();
        ((sum + 2) / 4) as u8
    };
    (0..half * half).map(mean).collect()
}

/// One line of text: for each digit, its row of upper pixels and its row of lower ones.
fn push_line(text: &mut String, digits: impl Iterator<Item = (Vec<u8>, Vec<u8>)>, style: TerminalStyle) {
    for (index, (upper, lower)) in digits.enumerate() {
        if index > 0 {
            text.push_str(&" ".repeat(GAP));
        }
        let cells = upper.into_iter().zip(lower);
        match style {
            TerminalStyle::TrueColor => push_blocks(text, cells, |grey| grey, true_color),
            TerminalStyle::Ansi256 => push_blocks(text, cells, nearest_ansi_grey, ansi_color),
            TerminalStyle::Shades => text.extend(cells.map(|cell| ink(cell, SHADES))),
            TerminalStyle::Ascii => text.extend(cells.map(|cell| ink(cell, ASCII))),
        }
    }
    text.push('\n');
}

/// Half blocks: the foreground is the upper pixel, the background the lower one.
fn push_blocks(
    text: &mut String,
    cells: impl Iterator<Item = (u8, u8)>,
    color: impl Fn(u8) -> u8,
    code: impl Fn(&mut String, char, u8),
) {
    // Colours hold until changed; most neighbours are equal, and codes are long.
    let mut current = (None, None);
    for (upper, lower) in cells {
        let (upper, lower) = (color(upper), color(lower));
        if current.0 != Some(upper) {
            code(text, '3', upper);
        }
        if current.1 != Some(lower) {
            code(text, '4', lower);
        }
        current = (Some(upper), Some(lower));
        text.push('▀');
    }
    text.push_str("\x1b[0m");
}

/// Writes the code for a grey; `layer` is 3 for the foreground, 4 for the background.
fn true_color(text: &mut String, layer: char, grey: u8) {
    // Writing to a String cannot fail.
    let _ = write!(text, "\x1b[{layer}8;2;{grey};{grey};{grey}m");
}

fn ansi_color(text: &mut String, layer: char, color: u8) {
    let _ = write!(text, "\x1b[{layer}8;5;{color}m");
}

/// The colour of the 256 that is nearest to a grey: black, white, or one of the ramp's
/// 24 greys 8, 18, … 238.
fn nearest_ansi_grey(grey: u8) -> u8 {
    match grey {
        0..=3 => 16,
        247..=255 => 231,
        _ => 232 + (u16::from(grey).saturating_sub(3) / 10).min(23) as u8,
    }
}

/// The character for the mean of two pixels.
fn ink((upper, lower): (u8, u8), characters: &[char]) -> char {
    let sum = usize::from(upper) + usize::from(lower);
    let last = characters.len() - 1;
    characters[(sum * last + 255) / 510]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// An image with a full square in its middle.
    fn square() -> Vec<u8> {
        let inside = |i: usize| (8..20).contains(&(i % 28)) && (8..20).contains(&(i / 28));
        (0..784).map(|i| if inside(i) { 255 } else { 0 }).collect()
    }

    #[test]
    fn a_square_in_plain_characters() {
        let full = preview(&square(), 28, TerminalStyle::Ascii).unwrap();
        let lines: Vec<&str> = full.lines().collect();
        assert_eq!(lines.len(), 14);
        assert_eq!(lines[3].trim(), "");
        assert_eq!(lines[4], format!("{}{}{}", " ".repeat(8), "@".repeat(12), " ".repeat(8)));
        let half = preview(&square(), 27, TerminalStyle::Shades).unwrap();
        let lines: Vec<&str> = half.lines().collect();
        assert_eq!(lines.len(), 7);
        assert_eq!(lines[2], "    ██████    ");
    }

    #[test]
    fn rows_fit_the_width_and_are_even() {
        let ten = square().repeat(10);
        // 80 columns hold five half-size digits per row; 134 would hold nine, and make two even rows.
        for (columns, lines, width) in [(80, 15, 74), (134, 15, 74), (149, 7, 149), (289, 14, 289), (5, 79, 14)] {
            let text = preview(&ten, columns, TerminalStyle::Ascii).unwrap();
            assert_eq!(text.lines().count(), lines, "{columns} columns");
            let widest = text.lines().map(str::len).max().unwrap();
            assert_eq!(widest, width, "{columns} columns");
        }
    }

    #[test]
    fn colours_are_exact_and_reset_on_every_line() {
        let mut image = vec![0; 784];
        image[1] = 200;
        image[28 + 1] = 100;
        let text = preview(&image, 80, TerminalStyle::TrueColor).unwrap();
        let first = text.lines().next().unwrap();
        let black = "\x1b[38;2;0;0;0m\x1b[48;2;0;0;0m▀";
        let pixel = "\x1b[38;2;200;200;200m\x1b[48;2;100;100;100m▀";
        assert!(first.starts_with(&format!("{black}{pixel}{black}▀▀")), "{first:?}");
        assert!(text.lines().all(|line| line.ends_with("\x1b[0m")));
        let text = preview(&image, 80, TerminalStyle::Ansi256).unwrap();
        let pixel = "\x1b[38;5;251m\x1b[48;5;241m▀";
        assert!(text.lines().next().unwrap().contains(pixel), "{text:?}");
    }

    #[test]
    fn palette_colours_are_the_nearest_greys() {
        let value = |color: u8| match color {
            16 => 0,
            231 => 255,
            ramp => 8 + 10 * (i32::from(ramp) - 232),
        };
        let colors = || (232..=255).chain([16, 231]);
        for grey in 0..=255u8 {
            let distance = |color: u8| (value(color) - i32::from(grey)).abs();
            let best = colors().map(distance).min().unwrap();
            assert_eq!(distance(nearest_ansi_grey(grey)), best, "grey {grey}");
        }
    }

    #[test]
    fn halving_averages() {
        let mut image = vec![0; 784];
        image[0] = 255;
        image[27] = 100;
        image[26] = 50;
        assert_eq!(halved(&image)[..14], [64, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 38]);
    }

    proptest! {
        #[test]
        fn any_bytes_and_width_give_whole_lines(
            bytes in prop_oneof![
                prop::collection::vec(any::<u8>(), 0..3000),
                (0usize..4).prop_flat_map(|count| prop::collection::vec(any::<u8>(), count * 784)),
            ],
            columns in prop_oneof![0usize..400, Just(usize::MAX)],
        ) {
            for style in [TerminalStyle::TrueColor, TerminalStyle::Ansi256,
                          TerminalStyle::Shades, TerminalStyle::Ascii] {
                let drawn = preview(&bytes, columns, style);
                prop_assert_eq!(drawn.is_ok(), bytes.len().is_multiple_of(784), "whole images, and nothing else");
                let Ok(text) = drawn else { continue };
                prop_assert_eq!(text.is_empty(), bytes.len() < 784);
                prop_assert!(text.is_empty() || text.ends_with('\n'));
                let plain = matches!(style, TerminalStyle::Shades | TerminalStyle::Ascii);
                prop_assert!(!(plain && text.contains('\x1b')));
                if plain {
                    let widest = text.lines().map(|l| l.chars().count()).max().unwrap_or(0);
                    prop_assert!(widest <= columns.max(14));
                }
            }
        }
    }
}
