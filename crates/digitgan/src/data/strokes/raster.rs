//! From dabs of ink to pixels, the way MNIST's images were made.
//!
//! MNIST scaled each binary scan, keeping its proportions, to fit a box of 20×20 pixels, which
//! antialiased it, and then moved it by whole pixels to bring its centre of mass to the middle of
//! 28×28, pixel (14, 14). Here the box is filled exactly, with the ink touching its top and left.

use super::curve::Point;
use super::hand::{Dab, extent};
use crate::seed::chance::Chance;
use crate::{IMAGE_PIXELS, IMAGE_SIDE};

/// Side of the box into which the ink must fit, in pixels.
pub(super) const BOX_SIDE: usize = 20;
/// Row and column of the pixel that the centre of mass is brought to.
pub(super) const CENTRE: f32 = 14.0;

/// Samples a pixel and direction; each is antialiased in itself by its distance to the edge.
const SAMPLES: usize = 2;
const GRID_SIDE: usize = BOX_SIDE * SAMPLES;

/// Scales ink to fill the box, in place. Returns pixels per unit of its former coordinates.
pub(super) fn fit(strokes: &mut [Vec<Dab>]) -> f32 {
    let (left, right) = extent(strokes, |at| at.x);
    let (top, bottom) = extent(strokes, |at| at.y);
    let scale = BOX_SIDE as f32 / (right - left).max(bottom - top);
    for dab in strokes.iter_mut().flatten() {
        dab.at = Point { x: (dab.at.x - left) * scale, y: (dab.at.y - top) * scale };
        dab.radius *= scale;
    }
    scale
}

/// Draws ink that fits the box and centres it: 784 pixels, 0 for background, 255 for ink.
///
/// `raggedness` is how far the edge strays at random from sample to sample, in samples: a scan of
/// ink on paper has no clean edge.
pub(super) fn draw(strokes: &[Vec<Dab>], raggedness: f32, chance: &mut Chance) -> [u8; IMAGE_PIXELS] {
    let mut grid = [f32::NEG_INFINITY; GRID_SIDE * GRID_SIDE];
    for pair in strokes.iter().flat_map(|stroke| stroke.windows(2)) {
        cover(&mut grid, sampled(pair[0]), sampled(pair[1]));
    }
    develop(&mut grid, raggedness, chance);
    centre(&to_pixels(&grid))
}

/// Turns depths under the ink into the covered share of each sample.
fn develop(grid: &mut [f32; GRID_SIDE * GRID_SIDE], raggedness: f32, chance: &mut Chance) {
    for sample in grid {
        let mut depth = *sample;
        // Raggedness moves an edge by less than one sample: those farther off are settled.
        if depth.abs() < 1.5 {
            depth += raggedness * chance.wobble();
        }
        *sample = (depth + 0.5).clamp(0.0, 1.0);
    }
}

/// A dab in units of samples.
fn sampled(dab: Dab) -> Dab {
    const SCALE: f32 = SAMPLES as f32;
    Dab { at: Point { x: dab.at.x * SCALE, y: dab.at.y * SCALE }, radius: dab.radius * SCALE }
}

/// Raises samples to their depth, in samples, under the edge of the hull of two dabs.
fn cover(grid: &mut [f32; GRID_SIDE * GRID_SIDE], from: Dab, to: Dab) {
    let (dx, dy) = (to.at.x - from.at.x, to.at.y - from.at.y);
    let inverse_length2 = 1.0 / (dx * dx + dy * dy).max(1e-9);
    let swell = to.radius - from.radius;
    let reach = from.radius.max(to.radius) + 1.5;
    let columns = samples_between(from.at.x.min(to.at.x) - reach, from.at.x.max(to.at.x) + reach);
    let rows = samples_between(from.at.y.min(to.at.y) - reach, from.at.y.max(to.at.y) + reach);
    for row in rows {
        let y = row as f32 + 0.5 - from.at.y;
        let line = &mut grid[row * GRID_SIDE..][..GRID_SIDE];
        for (sample, column) in line[columns.clone()].iter_mut().zip(columns.clone()) {
            let x = column as f32 + 0.5 - from.at.x;
            let along = ((x * dx + y * dy) * inverse_length2).clamp(0.0, 1.0);
            let (off_x, off_y) = (x - along * dx, y - along * dy);
            let inside = from.radius + swell * along - (off_x * off_x + off_y * off_y).sqrt();
            *sample = sample.max(inside);
        }
    }
}

/// The samples whose centres may lie between two coordinates.
fn samples_between(low: f32, high: f32) -> std::ops::Range<usize> {
    // A cast from float to integer saturates, so that a negative coordinate becomes 0.
    let first = (low as usize).min(GRID_SIDE);
    first..((high + 1.0) as usize).clamp(first, GRID_SIDE)
}

/// Averages the samples of each pixel, `[20, 20]`.
fn to_pixels(grid: &[f32; GRID_SIDE * GRID_SIDE]) -> [u8; BOX_SIDE * BOX_SIDE] {
    let mut pixels = [0u8; BOX_SIDE * BOX_SIDE];
    for (index, pixel) in pixels.iter_mut().enumerate() {
        let (row, column) = (index / BOX_SIDE, index % BOX_SIDE);
        let corner = row * SAMPLES * GRID_SIDE + column * SAMPLES;
        let total: f32 = (0..SAMPLES).flat_map(|down| &grid[corner + down * GRID_SIDE..][..SAMPLES]).sum();
        *pixel = (total * (255.0 / (SAMPLES * SAMPLES) as f32) + 0.5) as u8;
    }
    pixels
}

/// Copies a box into an image, its centre of mass as near to the middle as whole pixels allow.
fn centre(pixels: &[u8; BOX_SIDE * BOX_SIDE]) -> [u8; IMAGE_PIXELS] {
    let (mut mass, mut moment_x, mut moment_y) = (0u32, 0u32, 0u32);
    let (mut right, mut bottom) = (0, 0);
    for (index, &pixel) in pixels.iter().enumerate().filter(|(_, pixel)| **pixel > 0) {
        let (row, column) = (index / BOX_SIDE, index % BOX_SIDE);
        mass += u32::from(pixel);
        moment_x += column as u32 * u32::from(pixel);
        moment_y += row as u32 * u32::from(pixel);
        (right, bottom) = (column.max(right), row.max(bottom));
    }
    let offset = |moment: u32, last: usize| {
        let wanted = CENTRE - moment as f32 / mass.max(1) as f32 + 0.5;
        // No ink may fall off the image, however heavy one end of the digit is.
        (wanted as usize).min(IMAGE_SIDE - 1 - last)
    };
    let (left, top) = (offset(moment_x, right), offset(moment_y, bottom));
    let mut image = [0u8; IMAGE_PIXELS];
    for row in 0..=bottom {
        let into = (top + row) * IMAGE_SIDE + left;
        image[into..][..=right].copy_from_slice(&pixels[row * BOX_SIDE..][..=right]);
    }
    image
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::Purpose;

    fn dab(x: f32, y: f32, radius: f32) -> Dab {
        Dab { at: Point { x, y }, radius }
    }

    #[test]
    fn coverage_is_the_area_of_the_ink() {
        let image =
            draw(&[vec![dab(4.3, 5.1, 3.0), dab(14.6, 12.9, 3.0)]], 0.5, &mut Chance::new(1, Purpose::Strokes, 1));
        let ink = image.iter().map(|&pixel| f64::from(pixel)).sum::<f64>() / 255.0;
        let length = (10.3f64.powi(2) + 7.8f64.powi(2)).sqrt();
        let area = 6.0 * length + 9.0 * std::f64::consts::PI;
        assert!((ink / area - 1.0).abs() < 0.01, "drawn {ink}, true {area}");
    }

    #[test]
    fn edges_are_grey_and_the_middle_is_not() {
        let image =
            draw(&[vec![dab(2.5, 0.0, 2.25), dab(2.5, 20.0, 2.25)]], 0.0, &mut Chance::new(1, Purpose::Strokes, 1));
        let row = &image[14 * IMAGE_SIDE..][..IMAGE_SIDE];
        let ink: Vec<u8> = row.iter().copied().filter(|&pixel| pixel > 0).collect();
        assert_eq!(ink.len(), 5, "{ink:?}");
        assert_eq!(ink[1..4], [255; 3]);
        assert!((180..=200).contains(&ink[0]) && (180..=200).contains(&ink[4]), "{ink:?}");
    }

    #[test]
    fn a_heavy_end_is_kept_within_the_image() {
        // Its centre of mass is so high that centring alone would push the tail off the image.
        let mut strokes = vec![vec![dab(0.0, 0.0, 5.0), dab(0.0, 1.0, 5.0), dab(0.0, 1.1, 1.0), dab(0.0, 40.0, 1.0)]];
        let scale = fit(&mut strokes);
        assert!((scale - 20.0 / 46.0).abs() < 1e-4, "{scale}");
        let image = draw(&strokes, 0.0, &mut Chance::new(1, Purpose::Strokes, 1));
        let ink_rows = |row: usize| image[row * IMAGE_SIDE..][..IMAGE_SIDE].iter().any(|&p| p > 0);
        assert_eq!((0..IMAGE_SIDE).filter(|&row| ink_rows(row)).count(), BOX_SIDE);
        assert!(ink_rows(IMAGE_SIDE - 1));
    }
}
