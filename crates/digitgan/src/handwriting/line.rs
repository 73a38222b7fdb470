//! A line of characters: which digits are taken, how they are made to fit one hand, and where they stand.

use super::choice::Digit;
use super::field::Field;
use super::glyph::{Glyph, Shape, level_per_pixel};
use super::marks::{self, Pen};
use super::people::{MEAN, WITHIN, class};
use super::script::{Script, Style};
use super::writer::Writer;
use super::{HandwritingError, Measures};
use crate::IMAGE_SIDE;
use crate::seed::Purpose;
use crate::seed::chance::Chance;

/// Pixels of a picture, at most.
const MAX_PIXELS: usize = 1 << 28;
/// The gap between two characters, in heights of a digit.
const GAP: f32 = 0.14;
/// How far a character may reach over its neighbour, in heights of a digit.
const OVERHANG: f32 = 0.12;
/// Paper around the ink, in heights of a digit.
const MARGIN: f32 = 0.3;
/// How far from a writer's mean a digit may be, as a share of the deviation within one person's digits.
const CLOSE: f32 = 0.8;

/// One character in a [`Line`].
///
/// Its box holds its ink: the columns from `left` to before `right`, the rows from `top` to before `bottom`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CharacterBox {
    /// The character.
    pub character: char,
    /// First column.
    pub left: u32,
    /// First row.
    pub top: u32,
    /// The column behind the last.
    pub right: u32,
    /// The row below the last.
    pub bottom: u32,
}

/// A written line: how much of each pixel is covered with ink, and where each character is.
///
/// ```
/// use digitgan::handwriting::{Hand, Script, Text};
/// use digitgan::prelude::*;
///
/// let mut hand = Hand::new(&Device::cpu(None)?, &BuiltIn::Acgan.generator())?;
/// let line = &hand.write(7, &Script::default(), &[Text::new("2026-11-27", 0)?])?[0];
/// assert_eq!(line.ink().len(), line.width() * line.height());
/// assert_eq!(line.boxes().len(), 10); // spaces have none
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) ink: Vec<u8>,
    pub(super) boxes: Vec<CharacterBox>,
    /// The rows that digits stand on, of one line or more, and the height of a digit.
    pub(super) baselines: Vec<u32>,
    pub(super) unit: f32,
}

impl Line {
    /// Width in pixels.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Height in pixels.
    pub fn height(&self) -> usize {
        self.height
    }

    /// The covered share of each pixel, 0 to 255, `[height, width]`.
    pub fn ink(&self) -> &[u8] {
        &self.ink
    }

    /// Where each character is, from the left; spaces have no box.
    pub fn boxes(&self) -> &[CharacterBox] {
        &self.boxes
    }

    /// Lines one below the other, as on a sheet.
    ///
    /// # Errors
    /// No line, or a picture of more than 2^28 pixels.
    pub fn stacked(lines: &[Line]) -> Result<Line, HandwritingError> {
        let width = lines.iter().map(|line| line.width).max().ok_or(HandwritingError::Blank)?;
        let height = lines.iter().map(|line| line.height).sum();
        let mut sheet = Line::blank(width, height)?;
        let mut top = 0;
        for line in lines {
            for (row, from) in line.ink.chunks_exact(line.width).enumerate() {
                sheet.ink[(top + row) * width..][..line.width].copy_from_slice(from);
            }
            let down = top as u32;
            let moved = |at: &CharacterBox| CharacterBox { top: at.top + down, bottom: at.bottom + down, ..*at };
            sheet.boxes.extend(line.boxes.iter().map(moved));
            sheet.baselines.extend(line.baselines.iter().map(|row| row + down));
            sheet.unit = line.unit;
            top += line.height;
        }
        Ok(sheet)
    }

    /// The line with more paper around it, so much across and down on either side.
    pub(super) fn with_room(&self, [across, down]: [usize; 2]) -> Line {
        let width = self.width + 2 * across;
        let mut ink = vec![0; width * (self.height + 2 * down)];
        for (row, from) in self.ink.chunks_exact(self.width).enumerate() {
            ink[(row + down) * width + across..][..self.width].copy_from_slice(from);
        }
        let (x, y) = (across as u32, down as u32);
        let moved = |at: &CharacterBox| CharacterBox {
            left: at.left + x,
            right: at.right + x,
            top: at.top + y,
            bottom: at.bottom + y,
            ..*at
        };
        Line {
            width,
            height: self.height + 2 * down,
            ink,
            boxes: self.boxes.iter().map(moved).collect(),
            baselines: self.baselines.iter().map(|row| row + y).collect(),
            unit: self.unit,
        }
    }

    fn blank(width: usize, height: usize) -> Result<Line, HandwritingError> {
        match width.checked_mul(height) {
            Some(pixels) if pixels <= MAX_PIXELS => {
                Ok(Line { width, height, ink: vec![0; pixels], boxes: Vec::new(), baselines: Vec::new(), unit: 1.0 })
            }
            _ => Err(HandwritingError::TooLarge { width, height }),
        }
    }
}

/// What a line is written from.
pub(super) struct Material<'a> {
    pub(super) text: &'a str,
    /// The digits of the text.
    pub(super) digits: &'a [Option<Digit>],
}

/// Writes a line.
pub(super) fn compose(
    seed: u64,
    index: u64,
    writer: &Writer,
    script: &Script,
    material: &Material<'_>,
) -> Result<Line, HandwritingError> {
    check_size(script, material.text)?;
    let mut chance = Chance::new(seed, Purpose::WrittenLine, index);
    let placed = glyphs(&mut chance, writer, script, material);
    lay_out(&mut chance, writer, script, &placed)
}

/// Refuses what would be too large even if its characters were narrow, before they are drawn.
fn check_size(script: &Script, text: &str) -> Result<(), HandwritingError> {
    let unit = script.digit_height() as usize;
    let (width, height) = (unit * text.replace(' ', "").len() / 4, unit);
    if width.saturating_mul(height) > MAX_PIXELS {
        return Err(HandwritingError::TooLarge { width, height });
    }
    Ok(())
}

/// The characters in ink; none for a space.
fn glyphs(
    chance: &mut Chance,
    writer: &Writer,
    script: &Script,
    material: &Material<'_>,
) -> Vec<(char, Option<Glyph>)> {
    let mut digits = material.digits.iter();
    let mut sway = 0.0;
    let glyph = |character: char| {
        // Where the hand stands above the line wanders slowly.
        sway = 0.6 * sway + 0.017 * chance.bell();
        let lift = (sway + 0.012 * chance.bell()) * script.jitter.baseline * script.digit_height();
        let glyph = match character.to_digit(10) {
            Some(_) => digits
                .next()
                .and_then(Option::as_ref)
                .and_then(|digit| write_digit(chance, writer, script, digit, lift)),
            None => write_mark(chance, writer, script, character, lift),
        };
        (character, glyph)
    };
    material.text.chars().map(glyph).collect()
}

fn write_mark(chance: &mut Chance, writer: &Writer, script: &Script, mark: char, lift: f32) -> Option<Glyph> {
    let pixel = script.digit_height() / MEAN.height;
    let slant = MEAN.slant + writer.own.slant + 2.0 * script.jitter.slant * chance.bell();
    let pen = Pen {
        // The ends of strokes are outline too, so a line is a tenth thicker than its measure.
        width: 1.1 * (MEAN.thickness + writer.own.thickness) * pixel,
        shear: slant.to_radians().tan(),
        size: script.digit_height() * (1.0 + 0.03 * script.jitter.height * chance.bell()),
        lift,
    };
    marks::draw(mark, pen, &mut writer.habit(mark), chance)
}

fn write_digit(chance: &mut Chance, writer: &Writer, script: &Script, digit: &Digit, lift: f32) -> Option<Glyph> {
    let (size, slant) = (chance.bell(), chance.bell());
    let (mean, found, image) = (class(digit.digit), digit.measures, &digit.image);
    let pixel = script.digit_height() / MEAN.height;
    let jitter = script.jitter;
    let (mut wanted, strays) = match script.style {
        Style::Consistent => {
            let off = found.minus(mean).minus(writer.own);
            let close = |off: f32, within: f32| off.clamp(-CLOSE * within, CLOSE * within);
            let wanted = Measures {
                slant: mean.slant + writer.own.slant + close(off.slant, 0.6 * WITHIN.slant),
                thickness: mean.thickness + writer.own.thickness + close(off.thickness, 0.6 * WITHIN.thickness),
                height: mean.height + writer.own.height + close(off.height, 0.5 * WITHIN.height),
            };
            (wanted, 1.0)
        }
        Style::Mixed => (found, 0.5),
    };
    wanted.slant += 2.0 * strays * jitter.slant * slant;
    wanted.height *= 1.0 + 0.025 * strays * jitter.height * size;
    // A wide digit would get too large if it were as tall as the others.
    let scale = (wanted.height / found.height.max(1.0)).clamp(0.8, 1.2);
    // Both edges of a line move.
    let thicker = ((wanted.thickness / scale - found.thickness) / 2.0).clamp(-0.45, 0.45);
    let rows = ink_rows(image);
    let shape = Shape {
        rows,
        size: scale * pixel,
        shear: wanted.slant.to_radians().tan() - found.slant.to_radians().tan(),
        level: 0.5 - thicker * level_per_pixel(),
        lift,
    };
    Glyph::digit(&Field::new(image), &shape)
}

/// The upper and lower edge of a digit's ink.
fn ink_rows(image: &[u8]) -> [f32; 2] {
    let darkest = |row: &[u8]| row.iter().copied().max().unwrap_or(0);
    let rows: Vec<f32> = image.chunks_exact(IMAGE_SIDE).map(|row| f32::from(darkest(row)) / 255.0).collect();
    let is_ink = |&grey: &f32| grey >= 0.2;
    let first = rows.iter().position(is_ink).unwrap_or(0);
    let last = rows.iter().rposition(is_ink).unwrap_or(IMAGE_SIDE - 1);
    [first as f32 + (1.0 - rows[first]).min(0.7), last as f32 + 1.0 - (1.0 - rows[last]).min(0.7)]
}

/// Puts characters side by side, by the distance of their ink.
fn lay_out(
    chance: &mut Chance,
    writer: &Writer,
    script: &Script,
    glyphs: &[(char, Option<Glyph>)],
) -> Result<Line, HandwritingError> {
    let unit = script.digit_height();
    let mut front = Front::new(glyphs);
    let (mut space, mut places) = (0.0, Vec::with_capacity(glyphs.len()));
    for (_, glyph) in glyphs {
        let gap = GAP * writer.spacing * script.spacing * (1.0 + 0.3 * script.jitter.spacing * chance.bell()).max(0.1);
        let Some(glyph) = glyph else {
            space +=
                (writer.space * script.spacing * (1.0 + 0.12 * script.jitter.spacing * chance.bell())).max(0.1) * unit;
            continue;
        };
        // A dot that is much narrower than that would lie below its neighbour.
        let overhang = (OVERHANG * unit).min(0.35 * glyph.width as f32);
        let at = front.place(glyph, gap * unit + space, overhang);
        front.advance(glyph, at);
        // The line may rise or fall.
        let rise = (script.jitter.baseline * writer.rise * at as f32).clamp(-0.5 * unit, 0.5 * unit);
        places.push((glyph, at, glyph.top - rise.round() as i32));
        space = 0.0;
    }
    let line = paint(glyphs, &places, (MARGIN * unit).ceil() as i32)?;
    Ok(Line { unit, ..line })
}

/// How far to the right each row has ink.
struct Front {
    top: i32,
    rows: Vec<i32>,
    right: i32,
    is_empty: bool,
}

impl Front {
    const NOTHING: i32 = i32::MIN / 2;

    fn new(glyphs: &[(char, Option<Glyph>)]) -> Front {
        let glyphs = || glyphs.iter().filter_map(|(_, glyph)| glyph.as_ref());
        let top = glyphs().map(|glyph| glyph.top).min().unwrap_or(0);
        let bottom = glyphs().map(|glyph| glyph.top + glyph.height() as i32).max().unwrap_or(0);
        Front { top, rows: vec![Self::NOTHING; (bottom - top) as usize], right: 0, is_empty: true }
    }

    /// The column where a character begins whose ink is to keep this distance.
    fn place(&self, glyph: &Glyph, gap: f32, overhang: f32) -> i32 {
        if self.is_empty {
            return 0;
        }
        // Ink of rows nearby counts too, so that nothing slips in between.
        let nearby = (0.6 * gap).max(1.0) as usize;
        let touches = |row: usize| {
            let [first, _] = glyph.reach(self.top + row as i32)?;
            let rows = &self.rows[row.saturating_sub(nearby)..(row + nearby + 1).min(self.rows.len())];
            rows.iter().copied().max().map(|right| right - first)
        };
        let by_ink = (0..self.rows.len()).filter_map(touches).max().unwrap_or(Self::NOTHING);
        let at = by_ink as f32 + gap;
        (at.max(self.right as f32 + 0.5 * gap - overhang)).round() as i32
    }

    fn advance(&mut self, glyph: &Glyph, at: i32) {
        for (row, right) in self.rows.iter_mut().enumerate() {
            if let Some([_, last]) = glyph.reach(self.top + row as i32) {
                *right = (*right).max(at + last);
            }
        }
        self.right = self.right.max(at + glyph.width as i32);
        self.is_empty = false;
    }
}

/// The picture of characters at their places: column and row.
fn paint(
    glyphs: &[(char, Option<Glyph>)],
    places: &[(&Glyph, i32, i32)],
    margin: i32,
) -> Result<Line, HandwritingError> {
    let edge = |of: fn(&(&Glyph, i32, i32)) -> i32| places.iter().map(of);
    let left = edge(|(_, at, _)| *at).min().ok_or(HandwritingError::Blank)? - margin;
    let right = edge(|(glyph, at, _)| at + glyph.width as i32).max().unwrap_or(0) + margin;
    let top = edge(|(_, _, top)| *top).min().unwrap_or(0) - margin;
    let bottom = edge(|(glyph, _, top)| top + glyph.height() as i32).max().unwrap_or(0) + margin;
    let mut line = Line::blank((right - left) as usize, (bottom - top) as usize)?;
    line.baselines.push((-top).max(0) as u32);
    let characters = glyphs.iter().filter(|(_, glyph)| glyph.is_some()).map(|(character, _)| *character);
    for (character, &(glyph, at, row)) in characters.zip(places) {
        let (x, y) = ((at - left) as usize, (row - top) as usize);
        for (down, from) in glyph.ink.chunks_exact(glyph.width).enumerate() {
            let into = &mut line.ink[(y + down) * line.width + x..][..glyph.width];
            into.iter_mut().zip(from).for_each(|(into, &from)| *into = (*into).max(from));
        }
        line.boxes.push(CharacterBox {
            character,
            left: x as u32,
            top: y as u32,
            right: (x + glyph.width) as u32,
            bottom: (y + glyph.height()) as u32,
        });
    }
    Ok(line)
}
