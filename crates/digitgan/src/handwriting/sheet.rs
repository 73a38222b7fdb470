//! Ink on paper: a line as a picture in colours, with what happens to it on the way into a file.

use super::colour::Colour;
use super::distortion::Distortion;
use super::line::{CharacterBox, Line};
use super::perspective::Perspective;
use crate::seed::Purpose;
use crate::seed::chance::Chance;

/// How lines look.
///
/// ```
/// use digitgan::handwriting::{Colour, Look};
///
/// let look = Look { ink: "navy".parse()?, paper: None, ..Look::default() };
/// assert_eq!(Look::default().paper, Some(Colour::WHITE));
/// # Ok::<(), digitgan::handwriting::HandwritingError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Look {
    /// The ink's colour.
    pub ink: Colour,
    /// The paper's colour; none: there is no paper, and ink alone covers what is below.
    pub paper: Option<Colour>,
    /// What happens to it; nothing where there is no paper.
    pub distortion: Distortion,
}

impl Default for Look {
    fn default() -> Self {
        Look { ink: Colour::BLACK, paper: Some(Colour::WHITE), distortion: Distortion::default() }
    }
}

/// A picture of a line.
///
/// ```
/// use digitgan::handwriting::{Hand, Look, Script, Sheet, Text};
/// use digitgan::prelude::*;
///
/// let mut hand = Hand::new(&Device::cpu(None)?, &BuiltIn::Acgan.generator())?;
/// let line = &hand.write(7, &Script::default(), &[Text::new("12,50", 0)?])?[0];
/// let look = Look { paper: None, ..Look::default() };
/// let sheet = Sheet::new(line, &look, 7, 0);
/// assert_eq!((sheet.channels, sheet.boxes.len()), (4, 5));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Sheet {
    /// Width in pixels.
    pub width: usize,
    /// Height in pixels.
    pub height: usize,
    /// Numbers per pixel: 1 for grey, 3 for red, green and blue, 4 with how much is covered.
    pub channels: usize,
    /// `[height, width, channels]`.
    pub pixels: Vec<u8>,
    /// Where each character is.
    pub boxes: Vec<CharacterBox>,
}

impl Sheet {
    /// A picture of line `index` under `seed`; all but the compression happens here.
    pub fn new(line: &Line, look: &Look, seed: u64, index: u64) -> Sheet {
        let Look { ink, paper, distortion } = *look;
        let (width, height) = (line.width(), line.height());
        let sheet = |channels, pixels| Sheet { width, height, channels, pixels, boxes: line.boxes().to_vec() };
        let Some(paper) = paper else {
            let [red, green, blue] = ink.0;
            return sheet(4, line.ink().iter().flat_map(|&covered| [red, green, blue, covered]).collect());
        };
        if !distortion.is_none() {
            return photographed(line, ink, paper, &distortion, &mut Chance::new(seed, Purpose::LinePaper, index));
        }
        if ink.is_grey() && paper.is_grey() {
            let grey = |&covered: &u8| mixed(paper.0[0], ink.0[0], f32::from(covered) / 255.0);
            return sheet(1, line.ink().iter().map(grey).collect());
        }
        let colour = |&covered: &u8| [0, 1, 2].map(|c| mixed(paper.0[c], ink.0[c], f32::from(covered) / 255.0));
        sheet(3, line.ink().iter().flat_map(colour).collect())
    }
}

/// What is between two colours.
fn mixed(below: u8, above: u8, covered: f32) -> u8 {
    let (below, above) = (f32::from(below), f32::from(above));
    (below + (above - below) * covered + 0.5) as u8
}

/// Ink on a paper with rules and grain, `[height, width, 3]`.
fn on_paper(line: &Line, ink: Colour, paper: Colour, distortion: &Distortion, chance: &mut Chance) -> Vec<u8> {
    const RULE: [f32; 3] = [120.0, 150.0, 200.0];
    let rules = rules(line, distortion.rules, chance);
    let shades = Shades::new(line, chance);
    let mut pixels = Vec::with_capacity(line.ink().len() * 3);
    for (y, row) in line.ink().chunks_exact(line.width()).enumerate() {
        for (x, &covered) in row.iter().enumerate() {
            let (fine, shade) = (chance.unit(), shades.at(x, y));
            let light = 1.0 - distortion.grain * (0.05 * fine + 0.07 * shade);
            // Ink leaves out the tips of the grain.
            let covered = f32::from(covered) / 255.0 * (1.0 - 0.16 * distortion.grain * fine * fine);
            for ((paper, ink), rule) in paper.0.into_iter().zip(ink.0).zip(RULE) {
                let below = f32::from(paper) * light;
                let below = below + (rule.min(below) - below) * rules[y];
                pixels.push((below + (f32::from(ink) - below) * covered).clamp(0.0, 255.0) as u8);
            }
        }
    }
    pixels
}

/// How dark the printed rules are in each row.
fn rules(line: &Line, strength: f32, chance: &mut Chance) -> Vec<f32> {
    let mut rows = vec![0.0f32; line.height()];
    let (pitch, thickness) = (1.7 * line.unit, (0.035 * line.unit).max(0.6));
    // A person writes on the rule or a little above, and there are more of them above and below.
    let above = line.unit * chance.between(0.0, 0.1);
    let mut places: Vec<f32> = line.baselines.iter().map(|&row| row as f32 + above).collect();
    let (first, last) = (places.first().copied().unwrap_or(0.0), places.last().copied().unwrap_or(0.0));
    places.extend((1..).map(|rule| first - rule as f32 * pitch).take_while(|&place| place > 0.0));
    places.extend((1..).map(|rule| last + rule as f32 * pitch).take_while(|&place| place < line.height() as f32));
    for (y, row) in rows.iter_mut().enumerate() {
        let middle = y as f32 + 0.5;
        let off = places.iter().map(|place| (middle - place).abs()).fold(f32::INFINITY, f32::min);
        *row = (0.55 * strength).min(0.9) * (thickness / 2.0 - off + 0.5).clamp(0.0, 1.0);
    }
    rows
}

/// Shades of the paper: smooth noise.
struct Shades {
    grid: Vec<f32>,
    columns: usize,
    cell: f32,
}

impl Shades {
    fn new(line: &Line, chance: &mut Chance) -> Shades {
        let cell = (0.9 * line.unit).max(4.0);
        let count = |pixels: usize| (pixels as f32 / cell) as usize + 2;
        let (columns, rows) = (count(line.width()), count(line.height()));
        Shades { grid: (0..columns * rows).map(|_| chance.unit()).collect(), columns, cell }
    }

    fn at(&self, x: usize, y: usize) -> f32 {
        let (x, y) = (x as f32 / self.cell, y as f32 / self.cell);
        let (column, row) = (x as usize, y as usize);
        let ease = |t: f32| t * t * (3.0 - 2.0 * t);
        let (right, down) = (ease(x - column as f32), ease(y - row as f32));
        let from = |row: usize| {
            let pair = &self.grid[row * self.columns + column..][..2];
            pair[0] + (pair[1] - pair[0]) * right
        };
        from(row) + (from(row + 1) - from(row)) * down
    }
}

/// What the paper and the camera do.
fn photographed(line: &Line, ink: Colour, paper: Colour, distortion: &Distortion, chance: &mut Chance) -> Sheet {
    let Distortion { perspective, blur, .. } = *distortion;
    let room = Perspective::room(line.width(), line.height(), perspective);
    let line = line.with_room(room);
    let pixels = on_paper(&line, ink, paper, distortion, chance);
    let (width, height) = (line.width(), line.height());
    let mut sheet = Sheet { width, height, channels: 3, pixels, boxes: line.boxes().to_vec() };
    if perspective > 0.0 {
        let seen = Perspective::new(width, height, room, [0; 8].map(|_| chance.unit()));
        sheet.pixels = seen.picture(&sheet.pixels);
        sheet.boxes.iter_mut().for_each(|at| *at = seen.moved(*at));
    }
    if blur > 0.0 {
        blurred(&mut sheet.pixels, width, blur * line.unit * chance.between(0.02, 0.05));
    }
    sheet
}

/// Blurs a picture of three channels by a bell of this deviation, across and then down.
fn blurred(pixels: &mut [u8], width: usize, deviation: f32) {
    let reach = (2.5 * deviation).ceil() as isize;
    let weight = |off: isize| (-0.5 * (off as f32 / deviation).powi(2)).exp();
    let weights: Vec<f32> = (-reach..=reach).map(weight).collect();
    let total: f32 = weights.iter().sum();
    let row = width * 3;
    let height = pixels.len() / row;
    for (step, count, across) in [(3, width, true), (row, height, false)] {
        let from = pixels.to_vec();
        for (at, into) in pixels.iter_mut().enumerate() {
            let place = if across { at % row / 3 } else { at / row };
            let first = at - place * step;
            let sum = weights.iter().zip(-reach..).map(|(weight, off)| {
                let near = (place as isize + off).clamp(0, count as isize - 1) as usize;
                weight * f32::from(from[first + near * step])
            });
            *into = (sum.sum::<f32>() / total + 0.5) as u8;
        }
    }
}
