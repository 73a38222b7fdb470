//! The hand: how one writer, once, draws a model from the copybook.
//!
//! Every deviation is small and bell-shaped, and their sizes are those at which the set's ink,
//! thickness, slant and proportions come near to the digits that people wrote for MNIST.

use super::angle::sin_cos;
use super::curve::{Point, flatten, smooth};
use super::skeletons::{DIGITS, Form, Knot};
use crate::seed::chance::Chance;

/// A round dab of ink; a stroke is the hull of each two neighbouring dabs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Dab {
    pub(super) at: Point,
    pub(super) radius: f32,
}

/// A written digit: its strokes, in units of the copybook's height.
pub(super) struct Writing {
    /// The strokes as they stand on the paper.
    pub(super) strokes: Vec<Vec<Dab>>,
    /// How the digit leans, in degrees; positive to the right.
    pub(super) slant: f32,
    /// How the digit is turned, in degrees; positive anticlockwise.
    pub(super) rotation: f32,
    /// Width of the ink before it was slanted and turned.
    pub(super) upright_width: f32,
    /// Mean width of the line, over its length.
    pub(super) thickness: f32,
    /// How ragged the paper leaves the line's edge, from 0 to about 1.
    pub(super) raggedness: f32,
}

/// Writes `digit` once.
pub(super) fn write(digit: usize, chance: &mut Chance) -> Writing {
    let digit = &DIGITS[digit];
    let mut paths = upright_paths(pick_form(digit.forms, chance), chance);
    let stretch = (1.13 + digit.stretch * chance.bell()).max(0.6);
    warp(&mut paths, stretch, chance);
    // Nobody takes a pen that would fill the loops of a narrow digit.
    let pen = Pen::new(digit.size, 0.24 * stretch.min(1.0), chance);
    let mut strokes: Vec<Vec<Dab>> = paths.iter().map(|path| pen.ink(path, chance)).collect();
    let (left, right) = extent(&strokes, |at| at.x);
    let slant = (9.0 + 12.0 * chance.bell()).clamp(-24.0, 38.0);
    let rotation = 5.0 * chance.bell();
    lean(&mut strokes, slant, rotation);
    Writing {
        slant,
        rotation,
        upright_width: right - left,
        thickness: mean_thickness(&strokes),
        raggedness: chance.between(0.1, 0.7),
        strokes,
    }
}

/// Lowest and highest coordinate that the ink of `strokes` reaches along `axis`.
pub(super) fn extent(strokes: &[Vec<Dab>], axis: impl Fn(Point) -> f32) -> (f32, f32) {
    let dabs = strokes.iter().flatten();
    dabs.fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), dab| {
        let centre = axis(dab.at);
        (low.min(centre - dab.radius), high.max(centre + dab.radius))
    })
}

fn pick_form<'a>(forms: &'a [Form], chance: &mut Chance) -> &'a Form {
    let mut left = chance.unit();
    for form in &forms[..forms.len() - 1] {
        if left < form.weight {
            return form;
        }
        left -= form.weight;
    }
    &forms[forms.len() - 1]
}

/// The pen's paths for a hand's own version of `form`, upright and of natural width.
fn upright_paths(form: &Form, chance: &mut Chance) -> Vec<Vec<Point>> {
    let shares = blend_shares(form.models.len(), chance);
    // How far knots stray: a careful hand, or a careless one.
    let stray = 0.012 + 0.054 * chance.unit() * chance.unit();
    let haste = chance.below(4);
    let strokes = form.models[0].len();
    (0..strokes)
        .map(|stroke| {
            let mut knots = blend(form, stroke, &shares);
            displace(&mut knots, stroke, stray, chance);
            let mut path = flatten(&knots);
            smooth(&mut path, haste);
            tremble(&mut path, chance);
            path
        })
        .collect()
}

/// Random shares in `count` models, adding up to one.
fn blend_shares(count: usize, chance: &mut Chance) -> Vec<f32> {
    let mut shares: Vec<f32> = (0..count)
        .map(|_| {
            let share = chance.between(0.05, 1.0);
            // Cubed: most hands keep close to one model, few to the mean of all.
            share * share * share
        })
        .collect();
    let total: f32 = shares.iter().sum();
    shares.iter_mut().for_each(|share| *share /= total);
    shares
}

fn blend(form: &Form, stroke: usize, shares: &[f32]) -> Vec<Knot> {
    let mut knots: Vec<Knot> = form.models[0][stroke].to_vec();
    for (i, knot) in knots.iter_mut().enumerate() {
        (knot.x, knot.y) = (0.0, 0.0);
        for (model, share) in form.models.iter().zip(shares) {
            knot.x += model[stroke][i].x * share;
            knot.y += model[stroke][i].y * share;
        }
    }
    knots
}

/// Moves each knot a little, and a stroke begun after a lift of the pen as a whole.
fn displace(knots: &mut [Knot], stroke: usize, stray: f32, chance: &mut Chance) {
    let lift = if stroke == 0 { 0.0 } else { 0.8 * stray };
    let (shift_x, shift_y) = (lift * chance.bell(), lift * chance.bell());
    for knot in knots {
        knot.x += shift_x + stray * chance.bell();
        knot.y += shift_y + stray * chance.bell();
    }
}

/// Adds the small unevenness of a hand that is not a plotter's.
fn tremble(path: &mut [Point], chance: &mut Chance) {
    const TREMOR: f32 = 0.008;
    for point in path.iter_mut() {
        point.x += TREMOR * chance.wobble();
        point.y += TREMOR * chance.wobble();
    }
    smooth(path, 1);
}

/// Stretches the digit sideways and bends it as a whole: one end heavier, sides bowed.
fn warp(paths: &mut [Vec<Point>], stretch: f32, chance: &mut Chance) {
    let taper = 0.18 * chance.bell();
    let weight = 0.10 * chance.bell();
    let bow = 0.08 * chance.bell();
    let sag = 0.08 * chance.bell();
    for point in paths.iter_mut().flatten() {
        let (x, y) = (point.x - 0.3, point.y - 0.5);
        point.x = x * stretch * (1.0 + taper * y) + bow * (y * y);
        point.y = y + weight * (y * y) + sag * (x * x);
    }
}

/// Slants, then turns, everything about the middle.
fn lean(strokes: &mut [Vec<Dab>], slant: f32, rotation: f32) {
    let (slant_sin, slant_cos) = sin_cos(slant);
    let shear = slant_sin / slant_cos;
    let (sin, cos) = sin_cos(rotation);
    for dab in strokes.iter_mut().flatten() {
        // y points down, so what is above the middle has negative y and goes right.
        let (x, y) = (dab.at.x - shear * dab.at.y, dab.at.y);
        dab.at = Point { x: cos * x + sin * y, y: cos * y - sin * x };
    }
}

fn mean_thickness(strokes: &[Vec<Dab>]) -> f32 {
    let (mut area, mut length) = (0.0f32, 0.0f32);
    for pair in strokes.iter().flat_map(|stroke| stroke.windows(2)) {
        let (dx, dy) = (pair[1].at.x - pair[0].at.x, pair[1].at.y - pair[0].at.y);
        let step = (dx * dx + dy * dy).sqrt();
        area += step * (pair[0].radius + pair[1].radius);
        length += step;
    }
    area / length.max(1e-6)
}

/// What a pen does along a stroke.
struct Pen {
    /// Half the line's nominal width.
    radius: f32,
    /// How much pressure varies along a stroke, as a share of the width.
    unsteadiness: f32,
    /// How much thinner a stroke starts, as a share of the width.
    attack: f32,
    /// How much thinner a stroke ends, as a share of the width.
    release: f32,
    /// How rough the line's edge is, as a share of the width.
    roughness: f32,
}

impl Pen {
    /// A pen whose line is at most `widest`, for a digit of relative height `size`.
    fn new(size: f32, widest: f32, chance: &mut Chance) -> Self {
        let spread = chance.bell();
        // Skewed to the right: a fine ball-point is common, a felt-tip is not rare.
        let width = (0.129 + 0.038 * spread + 0.008 * spread * spread) / size;
        Self {
            radius: 0.5 * width.clamp(0.055, widest),
            unsteadiness: chance.between(0.05, 0.35),
            attack: 0.4 * chance.unit() * chance.unit(),
            release: 0.6 * chance.unit() * chance.unit(),
            roughness: chance.between(0.0, 0.09),
        }
    }

    /// Puts ink on a path.
    fn ink(&self, path: &[Point], chance: &mut Chance) -> Vec<Dab> {
        // Pressure swings between random levels, one each few pieces of path.
        const SWING: usize = 10;
        // Over how many pieces a stroke gains its full width.
        const RAMP: f32 = 6.0;
        let (mut from, mut to) = (chance.wobble(), chance.wobble());
        let last = path.len().saturating_sub(1);
        let mut dabs = Vec::with_capacity(path.len());
        for (i, &at) in path.iter().enumerate() {
            if i > 0 && i % SWING == 0 {
                (from, to) = (to, chance.wobble());
            }
            let t = (i % SWING) as f32 / SWING as f32;
            let pressure = from + (to - from) * (t * t * (3.0 - 2.0 * t));
            let attack = self.attack * (1.0 - i as f32 / RAMP).max(0.0);
            let release = self.release * (1.0 - (last - i) as f32 / RAMP).max(0.0);
            let rough = self.roughness * chance.wobble();
            let share = (1.0 + self.unsteadiness * pressure + rough) * (1.0 - attack - release);
            dabs.push(Dab { at, radius: self.radius * share.max(0.3) });
        }
        dabs
    }
}

#[cfg(test)]
mod tests {
    use super::super::skeletons::Digit;
    use super::*;
    use crate::seed::Purpose;

    #[test]
    fn a_positive_slant_leans_right_and_a_positive_rotation_turns_left() {
        let top = Dab { at: Point { x: 0.0, y: -0.5 }, radius: 0.1 };
        let mut slanted = vec![vec![top]];
        lean(&mut slanted, 45.0, 0.0);
        assert!((slanted[0][0].at.x - 0.5).abs() < 1e-5 && slanted[0][0].at.y == -0.5);
        let mut turned = vec![vec![top]];
        lean(&mut turned, 0.0, 30.0);
        assert!((turned[0][0].at.x + 0.25).abs() < 1e-5, "{:?}", turned[0][0].at);
    }

    #[test]
    fn every_form_is_written() {
        for (digit, Digit { forms, .. }) in DIGITS.iter().enumerate() {
            let mut seen = vec![0usize; forms.len()];
            for index in 0..2_000 {
                let form = pick_form(forms, &mut Chance::new(5, Purpose::Strokes, index));
                let number = forms.iter().position(|other| std::ptr::eq(other, form));
                seen[number.expect("one of the forms")] += 1;
            }
            for (form, &count) in forms.iter().zip(&seen) {
                let share = count as f32 / 2_000.0;
                assert!((share - form.weight).abs() < 0.04, "{digit}: {seen:?}");
            }
        }
    }
}
