//! A sheet as a camera sees it that is held at an angle: straight lines stay straight, parallels do not.

use super::line::CharacterBox;

type Matrix = [[f32; 3]; 3];

/// The map from a sheet to its picture, of the same size, and back.
pub(super) struct Perspective {
    width: usize,
    height: usize,
    forth: Matrix,
    back: Matrix,
}

impl Perspective {
    /// How far the corners of a sheet may move, across and down, at this strength: so much room there must be around its ink.
    pub(super) fn room(width: usize, height: usize, strength: f32) -> [usize; 2] {
        let (wide, high) = (width as f32, height as f32);
        [(0.16 * strength * high).min(0.2 * wide).ceil() as usize, (0.12 * strength * high).ceil() as usize]
    }

    /// A camera that sees the corners of a sheet moved outward, each along both axes by a share of the room.
    pub(super) fn new(width: usize, height: usize, room: [usize; 2], shares: [f32; 8]) -> Perspective {
        let (wide, high) = (width as f32, height as f32);
        let corner = |index: usize, right: bool, low: bool| {
            let (x, y) = (shares[2 * index] * room[0] as f32, shares[2 * index + 1] * room[1] as f32);
            [if right { wide + x } else { -x }, if low { high + y } else { -y }]
        };
        let corners = [corner(0, false, false), corner(1, true, false), corner(2, true, true), corner(3, false, true)];
        // From pixels to the unit square, then to the four corners.
        let forth = product(&square_to(corners), &[[1.0 / wide, 0.0, 0.0], [0.0, 1.0 / high, 0.0], [0.0, 0.0, 1.0]]);
        Perspective { width, height, forth, back: adjugate(&forth) }
    }

    /// The picture of a sheet of three channels.
    pub(super) fn picture(&self, pixels: &[u8]) -> Vec<u8> {
        let mut seen = Vec::with_capacity(pixels.len());
        for y in 0..self.height {
            for x in 0..self.width {
                let [x, y] = apply(&self.back, [x as f32 + 0.5, y as f32 + 0.5]);
                seen.extend(self.between(pixels, x - 0.5, y - 0.5));
            }
        }
        seen
    }

    /// The colour between four pixels.
    fn between(&self, pixels: &[u8], x: f32, y: f32) -> [u8; 3] {
        let (x, y) = (x.clamp(0.0, self.width as f32 - 1.001), y.clamp(0.0, self.height as f32 - 1.001));
        let (column, row) = (x.max(0.0) as usize, y.max(0.0) as usize);
        let (right, down) = (x - column as f32, y - row as f32);
        let at = |row: usize, column: usize, channel: usize| {
            let (row, column) = (row.min(self.height - 1), column.min(self.width - 1));
            f32::from(pixels[(row * self.width + column) * 3 + channel])
        };
        [0, 1, 2].map(|channel| {
            let line = |row| at(row, column, channel) * (1.0 - right) + at(row, column + 1, channel) * right;
            (line(row) * (1.0 - down) + line(row + 1) * down + 0.5) as u8
        })
    }

    /// A box that holds in the picture what another holds on the sheet.
    pub(super) fn moved(&self, at: CharacterBox) -> CharacterBox {
        let [left, top, right, bottom] = [at.left, at.top, at.right, at.bottom].map(|edge| edge as f32);
        let corners =
            [[left, top], [right, top], [right, bottom], [left, bottom]].map(|corner| apply(&self.forth, corner));
        let least =
            |axis: usize| corners.iter().map(|corner| corner[axis]).fold(f32::INFINITY, f32::min).floor().max(0.0);
        let most = |axis: usize| corners.iter().map(|corner| corner[axis]).fold(0.0, f32::max).ceil();
        CharacterBox {
            left: least(0) as u32,
            top: least(1) as u32,
            right: (most(0) as u32).min(self.width as u32),
            bottom: (most(1) as u32).min(self.height as u32),
            ..at
        }
    }
}

/// The map from the unit square to four corners, from the upper left clockwise (Heckbert 1989).
fn square_to([a, b, c, d]: [[f32; 2]; 4]) -> Matrix {
    let sum = [0, 1].map(|axis| a[axis] - b[axis] + c[axis] - d[axis]);
    let (one, two) = ([b[0] - c[0], b[1] - c[1]], [d[0] - c[0], d[1] - c[1]]);
    let whole = one[0] * two[1] - two[0] * one[1];
    let g = (sum[0] * two[1] - two[0] * sum[1]) / whole;
    let h = (one[0] * sum[1] - sum[0] * one[1]) / whole;
    let row = |axis: usize| [b[axis] - a[axis] + g * b[axis], d[axis] - a[axis] + h * d[axis], a[axis]];
    [row(0), row(1), [g, h, 1.0]]
}

fn product(a: &Matrix, b: &Matrix) -> Matrix {
    [0, 1, 2].map(|row| [0, 1, 2].map(|column| (0..3).map(|k| a[row][k] * b[k][column]).sum()))
}

/// The inverse but for a factor, which does not count here.
fn adjugate(m: &Matrix) -> Matrix {
    let minor = |row: usize, column: usize| {
        let [r, s] = [(row + 1) % 3, (row + 2) % 3];
        let [c, d] = [(column + 1) % 3, (column + 2) % 3];
        m[r][c] * m[s][d] - m[r][d] * m[s][c]
    };
    [0, 1, 2].map(|row| [0, 1, 2].map(|column| minor(column, row)))
}

fn apply(m: &Matrix, [x, y]: [f32; 2]) -> [f32; 2] {
    let [a, b, c] = [0, 1, 2].map(|row| m[row][0] * x + m[row][1] * y + m[row][2]);
    [a / c, b / c]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back_is_where_one_was_and_boxes_hold_their_ink() {
        let (width, height) = (300, 60);
        let seen = Perspective::new(
            width,
            height,
            Perspective::room(width, height, 1.0),
            [0.9, 0.1, 0.3, 0.8, 0.0, 1.0, 0.5, 0.5],
        );
        for point in [[0.0, 0.0], [299.0, 3.0], [140.0, 30.0]] {
            let back = apply(&seen.back, apply(&seen.forth, point));
            assert!((back[0] - point[0]).abs() < 0.05 && (back[1] - point[1]).abs() < 0.05, "{point:?}: {back:?}");
        }
        let at = CharacterBox { character: '0', left: 100, top: 20, right: 130, bottom: 45 };
        let mut pixels = vec![255; width * height * 3];
        for y in at.top..at.bottom {
            pixels[(y as usize * width + at.left as usize) * 3..][..30 * 3].fill(0);
        }
        let (picture, moved) = (seen.picture(&pixels), seen.moved(at));
        assert_ne!(moved, at);
        for (index, pixel) in picture.chunks_exact(3).enumerate().filter(|(_, pixel)| pixel[0] < 128) {
            let (x, y) = ((index % width) as u32, (index / width) as u32);
            let inside = (moved.left..moved.right).contains(&x) && (moved.top..moved.bottom).contains(&y);
            assert!(inside, "ink {pixel:?} at {x}, {y} is beyond {moved:?}");
        }
    }
}
