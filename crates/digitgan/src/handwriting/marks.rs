//! What is written between digits: `. , - / : + ( )`, as paths of a round pen.

use super::glyph::{Glyph, coverage};
use crate::seed::chance::Chance;

/// The marks that are written.
pub(super) const MARKS: &str = ".,-/:+()";

/// A point of a stroke: to the right and above the baseline, in heights of a digit.
type Point = [f32; 2];

/// The pen and the hand that holds it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pen {
    /// Width of its line, in pixels.
    pub(super) width: f32,
    /// How far each row goes to the right with each row up.
    pub(super) shear: f32,
    /// Pixels per height of a digit.
    pub(super) size: f32,
    /// How far the mark stands above the baseline, in pixels.
    pub(super) lift: f32,
}

/// The strokes of a mark as the copybook has them: points that a curve goes through.
fn strokes(mark: char) -> &'static [&'static [Point]] {
    match mark {
        '.' => &[&[[0.0, 0.03], [0.03, 0.015]]],
        ',' => &[&[[0.05, 0.06], [0.045, -0.04], [-0.03, -0.17]]],
        '-' => &[&[[0.0, 0.43], [0.17, 0.45], [0.36, 0.44]]],
        '/' => &[&[[0.0, -0.12], [0.16, 0.42], [0.34, 1.1]]],
        ':' => &[&[[0.01, 0.62], [0.035, 0.6]], &[[0.0, 0.09], [0.025, 0.075]]],
        '+' => &[&[[0.24, 0.72], [0.235, 0.46], [0.22, 0.17]], &[[0.0, 0.43], [0.24, 0.45], [0.48, 0.45]]],
        '(' => &[&[[0.26, 1.1], [0.07, 0.8], [0.02, 0.45], [0.08, 0.1], [0.24, -0.16]]],
        ')' => &[&[[0.0, 1.1], [0.17, 0.82], [0.21, 0.47], [0.16, 0.12], [-0.02, -0.16]]],
        _ => &[],
    }
}

/// How much of the slant of the digits a mark takes on: brackets and strokes have one of their own.
fn leaning(mark: char) -> f32 {
    match mark {
        '/' => 0.4,
        '(' | ')' | '+' => 0.6,
        _ => 1.0,
    }
}

/// A mark, as `habit` makes it always and `chance` this once; none if it is no mark.
pub(super) fn draw(mark: char, pen: Pen, habit: &mut Chance, chance: &mut Chance) -> Option<Glyph> {
    let strokes = strokes(mark);
    let is_dot = ".:".contains(mark);
    // A writer's own form of it: wider, higher, turned.
    let (stretch, rise, turn) = (1.0 + 0.14 * habit.bell(), 0.02 * habit.bell(), 0.05 * habit.bell());
    let swell = if is_dot { 1.18 } else { 1.0 } * (1.0 + 0.05 * chance.bell());
    let (stretch, turn) = (stretch * (1.0 + 0.06 * chance.bell()), turn + 0.03 * chance.bell());
    let stray = if is_dot { 0.012 } else { 0.018 };
    let paths: Vec<Vec<Point>> = strokes
        .iter()
        .map(|knots| {
            let shift = [0.012 * chance.bell(), rise + 0.012 * chance.bell()];
            let knots: Vec<Point> = knots
                .iter()
                .map(|&[x, y]| {
                    let (x, y) = (x * stretch + stray * chance.bell(), y + stray * chance.bell());
                    let y = y + shift[1] + turn * x;
                    [(x + shift[0]) * pen.size + pen.shear * leaning(mark) * y * pen.size, y * pen.size + pen.lift]
                })
                .collect();
            curve(&knots)
        })
        .collect();
    let radius = 0.5 * pen.width * swell;
    ink(&paths, radius, !is_dot)
}

/// A smooth chain of points through `knots`: a Catmull-Rom spline.
fn curve(knots: &[Point]) -> Vec<Point> {
    const PIECES: usize = 10;
    let at = |index: isize| knots[index.clamp(0, knots.len() as isize - 1) as usize];
    let mut path = Vec::with_capacity(knots.len() * PIECES);
    for segment in 0..knots.len() as isize - 1 {
        let points = [at(segment - 1), at(segment), at(segment + 1), at(segment + 2)];
        path.extend((0..PIECES).map(|piece| between(points, piece as f32 / PIECES as f32)));
    }
    path.push(at(knots.len() as isize - 1));
    path
}

/// The point between the middle two of four, at a share `t` of the way.
fn between(points: [Point; 4], t: f32) -> Point {
    let axis = |axis: usize| {
        let [a, b, c, d] = points.map(|point| point[axis]);
        b + 0.5 * t * (c - a + t * (2.0 * a - 5.0 * b + 4.0 * c - d + t * (3.0 * (b - c) + d - a)))
    };
    [axis(0), axis(1)]
}

/// Draws paths with a round pen; where it lifts, its line gets thinner.
fn ink(paths: &[Vec<Point>], radius: f32, lifts: bool) -> Option<Glyph> {
    let points = || paths.iter().flatten();
    let reach = radius + 2.0;
    let least = |axis: usize| points().map(|point| point[axis]).fold(f32::INFINITY, f32::min) - reach;
    let most = |axis: usize| points().map(|point| point[axis]).fold(f32::NEG_INFINITY, f32::max) + reach;
    let (left, right, bottom, top) = (least(0).floor(), most(0).ceil(), least(1).floor(), most(1).ceil());
    if !(left < right && bottom < top) {
        return None;
    }
    let (width, height) = ((right - left) as usize, (top - bottom) as usize);
    let mut depths = vec![f32::NEG_INFINITY; width * height];
    for path in paths {
        let last = (path.len() - 1).max(1) as f32;
        let thick = |place: usize| if lifts { radius * (1.0 - 0.22 * (place as f32 / last).powi(3)) } else { radius };
        for (place, pair) in path.windows(2).enumerate() {
            let [from, to] = [pair[0], pair[1]].map(|[x, y]| [x - left, top - y]);
            cover(&mut depths, width, from, to, thick(place));
        }
    }
    let ink: Vec<u8> = depths.into_iter().map(coverage).collect();
    Glyph::cut(&ink, width, -top as i32)
}

/// Raises pixels to their depth under the edge of a straight piece of a stroke.
fn cover(depths: &mut [f32], width: usize, from: Point, to: Point, radius: f32) {
    let height = depths.len() / width;
    let (dx, dy) = (to[0] - from[0], to[1] - from[1]);
    let reach = radius + 2.0;
    let span = |a: f32, b: f32, most: usize| {
        ((a.min(b) - reach).max(0.0) as usize).min(most)..((a.max(b) + reach).max(0.0) as usize + 1).min(most)
    };
    for row in span(from[1], to[1], height) {
        let y = row as f32 + 0.5 - from[1];
        for column in span(from[0], to[0], width) {
            let x = column as f32 + 0.5 - from[0];
            let along = ((x * dx + y * dy) / (dx * dx + dy * dy).max(1e-9)).clamp(0.0, 1.0);
            let (off_x, off_y) = (x - along * dx, y - along * dy);
            let depth = &mut depths[row * width + column];
            *depth = depth.max(radius - (off_x * off_x + off_y * off_y).sqrt());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::Purpose;

    #[test]
    fn marks_stand_where_people_write_them() {
        let pen = Pen { width: 6.0, shear: 0.2, size: 40.0, lift: 0.0 };
        for mark in MARKS.chars() {
            for index in 0..20 {
                let chance = |index| Chance::new(1, Purpose::WrittenLine, index);
                let glyph = draw(mark, pen, &mut chance(index), &mut chance(100 + index)).unwrap();
                let (top, foot) = (-glyph.top, -(glyph.top + glyph.height() as i32));
                let fits = match mark {
                    '.' => top < 14 && foot > -9,
                    ',' => top < 16 && foot < -4,
                    '-' => foot > 8 && top < 30 && glyph.width > 10,
                    ':' => top > 20 && top < 36 && foot > -9,
                    '+' => foot > -4 && top < 40 && glyph.width > 14,
                    _ => top > 40 && foot < -2,
                };
                assert!(fits, "{mark} reaches from {foot} to {top}, {} wide", glyph.width);
            }
        }
        let mut chance = Chance::new(1, Purpose::WrittenLine, 1);
        assert_eq!(draw('x', pen, &mut Chance::new(1, Purpose::WrittenLine, 2), &mut chance), None);
    }
}
