//! From knots to the path of a pen: smooth curves with corners, flattened to short straight pieces.

use super::skeletons::Knot;

/// A point of the plane; y points down, as in images.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Point {
    pub(super) x: f32,
    pub(super) y: f32,
}

/// Straight pieces between two neighbouring knots.
const PIECES: usize = 8;

/// The curve through `knots`, as a chain of points.
///
/// It is a centripetal Catmull-Rom spline, the one that neither loops nor overshoots between
/// unevenly spaced knots; at a corner its direction is free to jump.
pub(super) fn flatten(knots: &[Knot]) -> Vec<Point> {
    let mut path = Vec::with_capacity(knots.len() * PIECES);
    for segment in 0..knots.len().saturating_sub(1) {
        let (from, to) = (knots[segment], knots[segment + 1]);
        let before = (segment > 0 && !from.corner).then(|| knots[segment - 1]);
        let after = knots.get(segment + 2).copied().filter(|_| !to.corner);
        let span = root_distance(from, to);
        let leaving = tangent(before, from, to, span);
        let arriving = match after {
            Some(after) => tangent(Some(from), to, after, root_distance(to, after)),
            None => difference(from, to, span),
        };
        let leaving = Point { x: leaving.x * span, y: leaving.y * span };
        let arriving = Point { x: arriving.x * span, y: arriving.y * span };
        for piece in 0..PIECES {
            let t = piece as f32 / PIECES as f32;
            path.push(hermite(from, to, leaving, arriving, t));
        }
    }
    if let Some(last) = knots.last() {
        path.push(Point { x: last.x, y: last.y });
    }
    path
}

/// Square root of the distance between two knots: the spline's parameter interval.
fn root_distance(a: Knot, b: Knot) -> f32 {
    let (dx, dy) = (b.x - a.x, b.y - a.y);
    (dx * dx + dy * dy).sqrt().sqrt().max(1e-3)
}

/// The velocity of a straight run from `a` to `b` in `span`.
fn difference(a: Knot, b: Knot, span: f32) -> Point {
    Point { x: (b.x - a.x) / span, y: (b.y - a.y) / span }
}

/// The velocity of the curve at `at`, which is `span` before `next`.
fn tangent(before: Option<Knot>, at: Knot, next: Knot, span: f32) -> Point {
    let ahead = difference(at, next, span);
    let Some(before) = before else { return ahead };
    let previous_span = root_distance(before, at);
    let behind = difference(before, at, previous_span);
    let (weight_ahead, weight_behind) = (previous_span, span);
    let total = weight_ahead + weight_behind;
    Point {
        x: (ahead.x * weight_ahead + behind.x * weight_behind) / total,
        y: (ahead.y * weight_ahead + behind.y * weight_behind) / total,
    }
}

/// The cubic from `from` to `to` with the given end velocities, at `t` in [0, 1].
fn hermite(from: Knot, to: Knot, leaving: Point, arriving: Point, t: f32) -> Point {
    let (t2, t3) = (t * t, t * t * t);
    let at_to = 3.0 * t2 - 2.0 * t3;
    let at_from = 1.0 - at_to;
    let (by_leaving, by_arriving) = (t3 - 2.0 * t2 + t, t3 - t2);
    Point {
        x: from.x * at_from + to.x * at_to + leaving.x * by_leaving + arriving.x * by_arriving,
        y: from.y * at_from + to.y * at_to + leaving.y * by_leaving + arriving.y * by_arriving,
    }
}

/// Rounds the corners of `path` as a quick hand does; the ends stay where they are.
pub(super) fn smooth(path: &mut [Point], passes: usize) {
    for _ in 0..passes {
        let Some(mut previous) = path.first().copied() else {
            return;
        };
        for i in 1..path.len().saturating_sub(1) {
            let (here, next) = (path[i], path[i + 1]);
            path[i].x = here.x * 0.5 + (previous.x + next.x) * 0.25;
            path[i].y = here.y * 0.5 + (previous.y + next.y) * 0.25;
            previous = here;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::skeletons::{c, s};
    use super::*;

    #[test]
    fn a_curve_passes_through_its_knots() {
        let knots = [s(0.0, 0.0), s(0.4, 0.1), c(0.5, 0.9), s(0.1, 0.5)];
        let path = flatten(&knots);
        assert_eq!(path.len(), 3 * PIECES + 1);
        for (knot, point) in knots.iter().zip(path.iter().step_by(PIECES)) {
            assert_eq!((knot.x, knot.y), (point.x, point.y));
        }
    }

    #[test]
    fn a_corner_turns_at_once_and_a_smooth_knot_does_not() {
        let turn = |knot: Knot| {
            let path = flatten(&[s(0.0, 0.0), knot, s(1.0, 1.0)]);
            let (a, b, c) = (path[PIECES - 1], path[PIECES], path[PIECES + 1]);
            let cross = (b.x - a.x) * (c.y - b.y) - (b.y - a.y) * (c.x - b.x);
            let dot = (b.x - a.x) * (c.x - b.x) + (b.y - a.y) * (c.y - b.y);
            cross.atan2(dot).to_degrees()
        };
        assert!((turn(c(1.0, 0.0)) - 90.0).abs() < 1.0, "corner {}", turn(c(1.0, 0.0)));
        assert!(turn(s(1.0, 0.0)).abs() < 30.0, "smooth {}", turn(s(1.0, 0.0)));
    }

    #[test]
    fn smoothing_keeps_straight_lines_and_ends() {
        let line: Vec<Point> = (0..9).map(|i| Point { x: i as f32, y: 2.0 }).collect();
        let mut smoothed = line.clone();
        smooth(&mut smoothed, 3);
        assert_eq!(line, smoothed);
    }
}
