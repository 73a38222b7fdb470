//! What tells one person's digits from another's: how they lean, how thick their line is, how tall they are.
//!
//! All three are taken from the grey values, to fractions of a pixel:
//!
//! - *slant*: the angle of the shear that the second moments show, as Morpho-MNIST takes it (Castro et al. 2019);
//! - *thickness*: the ink's area over half the length of its outline, which for a grey picture is its total variation;
//! - *height*: between the upper and the lower edge of the ink, where its grey crosses half of its darkest.

use crate::metrics::Moments;

/// The measures of a digit.
///
/// ```
/// use digitgan::handwriting::Measures;
/// use digitgan::prelude::*;
///
/// let digits = strokes::some(20, 0)?.train.images;
/// let measures = Measures::of(&digits[..784], 28).expect("there is ink");
/// assert!((15.0..=20.5).contains(&measures.height) && (1.0..6.0).contains(&measures.thickness));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Measures {
    /// How far it leans to the right, in degrees.
    pub slant: f32,
    /// Mean width of its line, in pixels.
    pub thickness: f32,
    /// From its lowest to its highest ink, in pixels.
    pub height: f32,
}

impl Measures {
    /// The measures of a grey picture, light ink on black; none where there is hardly any ink.
    ///
    /// # Shapes
    /// `image`: `[height, width]`.
    pub fn of(image: &[u8], width: usize) -> Option<Measures> {
        let ink: u64 = image.iter().map(|&pixel| u64::from(pixel)).sum();
        if width == 0 || ink < 5 * 255 {
            return None;
        }
        Some(Measures {
            slant: (Moments::of(image, width).slant() as f32).to_degrees(),
            thickness: 2.0 * ink as f32 / outline(image, width),
            height: height(image, width),
        })
    }

    /// Each measure minus the other's.
    pub(super) fn minus(self, other: Measures) -> Measures {
        Measures {
            slant: self.slant - other.slant,
            thickness: self.thickness - other.thickness,
            height: self.height - other.height,
        }
    }
}

/// The total variation: the length of the outline times the grey that is crossed. What is beyond the picture is black.
fn outline(image: &[u8], width: usize) -> f32 {
    let height = image.len() / width;
    let mut total = 0.0;
    // Differences between the four pixels around each corner of the grid.
    let mut above = vec![0f32; width + 2];
    let mut row = vec![0f32; width + 2];
    for y in 0..=height {
        match image.get(y * width..(y + 1) * width) {
            Some(pixels) => row[1..=width].iter_mut().zip(pixels).for_each(|(to, &from)| *to = f32::from(from)),
            None => row.fill(0.0),
        }
        for x in 0..=width {
            let right = 0.5 * (above[x + 1] - above[x] + row[x + 1] - row[x]);
            let down = 0.5 * (row[x] - above[x] + row[x + 1] - above[x + 1]);
            total += (right * right + down * down).sqrt();
        }
        std::mem::swap(&mut above, &mut row);
    }
    total.max(1e-9)
}

/// From the upper to the lower edge.
fn height(image: &[u8], width: usize) -> f32 {
    let darkest: Vec<u8> = image.chunks_exact(width).map(|row| row.iter().copied().max().unwrap_or(0)).collect();
    let half = f32::from(darkest.iter().copied().max().unwrap_or(0)) / 2.0;
    edge(darkest.iter().copied(), half, darkest.len()).map_or(0.0, |top| {
        let bottom = edge(darkest.iter().rev().copied(), half, darkest.len()).unwrap_or(0.0);
        darkest.len() as f32 - top - bottom
    })
}

/// How far from the border the first of these greys reaches `half`, between two pixels if need be.
fn edge(greys: impl Iterator<Item = u8>, half: f32, count: usize) -> Option<f32> {
    let mut before = 0.0;
    for (place, grey) in greys.enumerate().take(count) {
        let grey = f32::from(grey);
        if grey >= half {
            return Some(place as f32 + (half - before) / (grey - before).max(1e-6) - 0.5);
        }
        before = grey;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A slanted bar on a picture of 40×40, anti-aliased.
    fn bar(thickness: f32, shear: f32, scale: f32) -> Vec<u8> {
        let (half, up) = (thickness / 2.0, 12.0 * scale);
        let normal = (1.0 + shear * shear).sqrt();
        let size = (40.0 * scale) as usize;
        let pixel = |index: usize| {
            let (x, y) = ((index % size) as f32 + 0.5 - 20.0 * scale, (index / size) as f32 + 0.5 - 20.0 * scale);
            let across = half - (x + shear * y).abs() / normal;
            let along = up - y.abs();
            (255.0 * (across + 0.5).clamp(0.0, 1.0) * (along + 0.5).clamp(0.0, 1.0)) as u8
        };
        (0..size * size).map(pixel).collect()
    }

    #[test]
    fn a_bar_is_as_thick_as_tall_and_as_slanted_as_drawn() {
        for (thickness, degrees) in [(2.0, 0.0f32), (3.0, 10.0), (4.0, 25.0), (2.5, -15.0)] {
            let shear = degrees.to_radians().tan();
            let found = Measures::of(&bar(thickness, shear, 1.0), 40).unwrap();
            // Its ends are an outline too.
            let expected = thickness * 24.0 / (24.0 + thickness);
            assert!((found.thickness / expected - 1.0).abs() < 0.06, "{thickness}: {found:?}, not {expected}");
            assert!((found.slant - degrees).abs() < 1.5, "{degrees}: {found:?}");
            assert!((found.height - 24.0).abs() < 0.5, "{found:?}");
        }
        assert_eq!(Measures::of(&[0; 784], 28), None);
    }

    #[test]
    fn twice_the_size_is_twice_the_measures() {
        let (one, two) = (Measures::of(&bar(3.0, 0.2, 1.0), 40), Measures::of(&bar(6.0, 0.2, 2.0), 80));
        let (one, two) = (one.unwrap(), two.unwrap());
        assert!((two.thickness / one.thickness - 2.0).abs() < 0.06, "{one:?} {two:?}");
        assert!((two.height / one.height - 2.0).abs() < 0.02, "{one:?} {two:?}");
        assert!((two.slant - one.slant).abs() < 0.5, "{one:?} {two:?}");
    }
}
