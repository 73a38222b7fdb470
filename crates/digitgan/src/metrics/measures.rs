//! The measures of a digit's shape by their names, of many digits, and how their values spread.

use super::shape::Shape;
use crate::IMAGE_PIXELS;
use crate::input::{InputError, check_length};
use rayon::prelude::*;

/// A measure of a digit's shape.
#[derive(Clone, Copy, Debug)]
pub struct Measure {
    /// What it is called, such as `slant`.
    pub name: &'static str,
    /// Its unit, as it stands behind a number.
    pub unit: &'static str,
    /// Its value.
    pub of: fn(&Shape) -> f64,
}

impl Measure {
    /// All that a [`Shape`] holds but its area, those that people name first.
    pub const ALL: [Measure; 4] = [
        Measure { name: "slant", unit: "°", of: |shape| shape.slant },
        Measure { name: "thickness", unit: " px", of: |shape| shape.thickness },
        Measure { name: "width", unit: " px", of: |shape| shape.width },
        Measure { name: "height", unit: " px", of: |shape| shape.height },
    ];
}

/// Measures many digits, on all threads of the current rayon pool; those of one grey have no shape.
///
/// ```
/// use digitgan::metrics::measures::{Measure, Spread, shapes};
/// use digitgan::prelude::*;
///
/// let digits = strokes::some(100, 0)?.train;
/// let slants = shapes(&digits.images)?.into_iter().flatten().map(|shape| shape.slant);
/// let spread = Spread::of(slants.collect()).expect("there are digits");
/// println!("{} leans by {:.1}{}", Measure::ALL[0].name, spread.mean, Measure::ALL[0].unit);
/// # Ok::<(), InputError>(())
/// ```
///
/// # Shapes
/// `images`: bytes, `[count, 28, 28]`.
///
/// # Errors
/// A number of pixels that are not whole images.
pub fn shapes(images: &[u8]) -> Result<Vec<Option<Shape>>, InputError> {
    let count = images.len() / IMAGE_PIXELS;
    check_length("pixels of digits, [count, 28, 28]", images.len(), count * IMAGE_PIXELS)?;
    images.par_chunks_exact(IMAGE_PIXELS).map(Shape::of).collect()
}

/// How values of a measure spread.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// How many there are.
    pub count: usize,
    /// Their mean.
    pub mean: f64,
    /// Their standard deviation, by one less than their number; 0 where there is one alone.
    pub deviation: f64,
    /// The 5th percentile, linear between two values.
    pub low: f64,
    /// The median.
    pub median: f64,
    /// The 95th percentile.
    pub high: f64,
}

impl Spread {
    /// Of some values; none where there is none.
    pub fn of(mut values: Vec<f64>) -> Option<Spread> {
        values.sort_unstable_by(f64::total_cmp);
        let count = values.len();
        let mean = values.iter().sum::<f64>() / count as f64;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        let at = |part: f64| -> Option<f64> {
            let place = part * (count.checked_sub(1)?) as f64;
            let (below, above) = (values[place.floor() as usize], values[place.ceil() as usize]);
            Some(below + (above - below) * place.fract())
        };
        let deviation = (squares / (count.max(2) - 1) as f64).sqrt();
        Some(Spread { count, mean, deviation, low: at(0.05)?, median: at(0.5)?, high: at(0.95)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_spread_as_numpy_says() {
        // numpy.percentile([1, 2, 4, 8], [5, 50, 95]) and numpy.std(…, ddof=1).
        let found = Spread::of(vec![8.0, 1.0, 4.0, 2.0]).unwrap();
        for (found, expected) in [
            (found.mean, 3.75),
            (found.deviation, 3.095_695_936_834_45),
            (found.low, 1.15),
            (found.median, 3.0),
            (found.high, 7.4),
        ] {
            assert!((found - expected).abs() < 1e-12, "{found} is not {expected}");
        }
        let alone = Spread::of(vec![2.0]).unwrap();
        assert_eq!((alone.count, alone.deviation, alone.low, alone.high), (1, 0.0, 2.0, 2.0));
        assert_eq!(Spread::of(Vec::new()), None);
    }

    #[test]
    fn many_digits_are_measured_as_each_alone() {
        let drawn = [0, 1, 2].map(|index| crate::data::strokes::draw(7, index).image);
        let images = [&drawn[0][..], &[9; IMAGE_PIXELS], &drawn[1], &drawn[2]].concat();
        let found = shapes(&images).unwrap();
        let alone: Vec<Option<Shape>> =
            images.chunks_exact(IMAGE_PIXELS).map(|image| Shape::of(image).unwrap()).collect();
        assert_eq!((found.len(), found[1], found), (4, None, alone));
        assert!(shapes(&images[1..]).is_err());
    }
}
