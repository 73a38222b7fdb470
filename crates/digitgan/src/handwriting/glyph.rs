//! One character in ink: a small picture of coverage, and where it stands on the line.

use super::field::Field;

/// Ink fainter than this belongs to no box.
pub(super) const VISIBLE: u8 = 24;
/// How wide an edge of ink is in a field, in its pixels: how far its level falls from 1 to 0.
const EDGE: f32 = 2.0;
/// How wide an edge is drawn, in pixels of the picture.
const SOFT: f32 = 1.25;
/// Pixels of the field above and below what is drawn, before it is cut to its ink.
const ROOM: f32 = 2.0;

/// A character in ink.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Glyph {
    /// Width of the picture.
    pub(super) width: usize,
    /// The covered share of each pixel, `[height, width]`.
    pub(super) ink: Vec<u8>,
    /// The row of its top, relative to the baseline: above it is negative.
    pub(super) top: i32,
}

/// How a digit is written from a field.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    /// The upper and lower edge of the ink in the field.
    pub(super) rows: [f32; 2],
    /// Pixels of the picture per pixel of the field.
    pub(super) size: f32,
    /// How far each row goes to the right with each row up.
    pub(super) shear: f32,
    /// The level that is the edge of the ink: higher is thinner.
    pub(super) level: f32,
    /// How far it stands above the baseline, in pixels of the picture.
    pub(super) lift: f32,
}

/// How much the level must change for an edge to move by a pixel of the field.
pub(super) fn level_per_pixel() -> f32 {
    1.0 / EDGE
}

/// The covered share of a pixel whose middle is so deep under the edge of the ink, in pixels.
pub(super) fn coverage(depth: f32) -> u8 {
    (255.0 * (0.5 + depth / SOFT).clamp(0.0, 1.0) + 0.5) as u8
}

impl Glyph {
    /// A digit; none if there is no ink.
    pub(super) fn digit(field: &Field, shape: &Shape) -> Option<Glyph> {
        let Shape { rows, size, shear, level, lift } = *shape;
        let (above, below) = ((rows[1] - rows[0] + ROOM) * size + lift, ROOM * size - lift);
        let (top, bottom) = (-above.ceil() as i32, below.ceil() as i32);
        // Every column of ink, and what the shear adds on either side.
        let [first, last] = field.columns;
        let lean = [shear * above, -shear * below];
        let left = lean[0].min(lean[1]).min(0.0).floor();
        let width = ((last - first) * size + lean[0].max(lean[1]).max(0.0) - left).ceil() as usize;
        let depth = EDGE * size;
        let mut ink = Vec::with_capacity(width * (bottom - top) as usize);
        for row in top..bottom {
            let up = -(row as f32 + 0.5);
            let along = field.row(rows[1] - (up - lift) / size);
            let shift = left + 0.5 - shear * (up - lift);
            ink.extend((0..width).map(|column| {
                let x = first + (column as f32 + shift) / size;
                coverage((along.at(x) - level) * depth)
            }));
        }
        Glyph::cut(&ink, width, top)
    }

    /// The part of a picture that has ink.
    pub(super) fn cut(ink: &[u8], width: usize, top: i32) -> Option<Glyph> {
        let is_ink = |&&pixel: &&u8| pixel >= VISIBLE;
        let rows: Vec<&[u8]> = ink.chunks_exact(width).collect();
        let has_ink = |row: &&[u8]| row.iter().any(|pixel| is_ink(&pixel));
        let first = rows.iter().position(has_ink)?;
        let last = rows.iter().rposition(has_ink)?;
        let rows = &rows[first..=last];
        let left = rows.iter().filter_map(|row| row.iter().position(|pixel| is_ink(&pixel))).min()?;
        let right = rows.iter().filter_map(|row| row.iter().rposition(|pixel| is_ink(&pixel))).max()?;
        let ink = rows.iter().flat_map(|row| row[left..=right].iter().copied()).collect();
        Some(Glyph { width: right - left + 1, ink, top: top + first as i32 })
    }

    pub(super) fn height(&self) -> usize {
        self.ink.len() / self.width.max(1)
    }

    /// The first and last column of ink in a row relative to the baseline.
    pub(super) fn reach(&self, row: i32) -> Option<[i32; 2]> {
        let row = usize::try_from(row - self.top).ok()?;
        let row = self.ink.get(row * self.width..(row + 1) * self.width)?;
        let first = row.iter().position(|&pixel| pixel >= VISIBLE)?;
        let last = row.iter().rposition(|&pixel| pixel >= VISIBLE)?;
        Some([first as i32, last as i32])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_as_large_as_asked_for_at_any_size() {
        let mut image = vec![0; 784];
        for y in 4..24 {
            image[y * 28 + 12..][..3].fill(255);
        }
        let field = Field::new(&image);
        for size in [1.0, 2.5, 8.0] {
            for shear in [0.0, 0.3] {
                let shape = Shape { rows: [4.0, 24.0], size, shear, level: 0.5, lift: size };
                let glyph = Glyph::digit(&field, &shape).unwrap();
                let (width, height) = (glyph.width as f32, glyph.height() as f32);
                assert!((height - 20.0 * size).abs() <= 2.0, "{size}: {height}");
                assert!((width - (3.0 + 20.0 * shear) * size).abs() <= 2.0 + 0.9 * size, "{size}, {shear}: {width}");
                let foot = glyph.top + glyph.height() as i32;
                assert!((foot as f32 + size).abs() <= 1.5, "{size}: its foot is at {foot}");
            }
        }
        assert_eq!(Glyph::cut(&[0; 12], 4, 0), None);
    }
}
