//! The set as a whole: that it is the same for everybody, normalised, balanced, and truly labelled.

use super::raster::{BOX_SIDE, CENTRE};
use super::*;
use crate::IMAGE_SIDE;
use crate::hash::hex;
use sha2::{Digest, Sha256};

/// SHA-256 of the first 300 images, labels and styles of the built-in set.
const FIRST_300_SHA256: &str = "ee54df2da561987cb636beb2765843630a924965026cb902e3c670d18942c27e";
/// The identity of the built-in set.
const SET_SHA256: &str = "99a025149236c7f520a65ac2d98c799ef8c9ac3bc54cd333b2625017754ddf79";

fn drawings(count: u64) -> impl Iterator<Item = Drawing> {
    (0..count).map(|index| draw(SEED, index))
}

/// The ink of an image: column, row (downwards) and darkness from 0 to 1, of each pixel with any.
fn ink(image: &[u8; IMAGE_PIXELS]) -> impl Iterator<Item = (f64, f64, f64)> {
    let pixels = image.iter().enumerate().filter(|(_, pixel)| **pixel > 0);
    pixels.map(|(index, &pixel)| {
        let (row, column) = (index / IMAGE_SIDE, index % IMAGE_SIDE);
        (column as f64, row as f64, f64::from(pixel) / 255.0)
    })
}

fn span(values: impl Iterator<Item = f64>) -> f64 {
    let (low, high) =
        values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
    high - low
}

fn correlation(pairs: &[(f64, f64)]) -> f64 {
    let count = pairs.len() as f64;
    let mean_a = pairs.iter().map(|(a, _)| a).sum::<f64>() / count;
    let mean_b = pairs.iter().map(|(_, b)| b).sum::<f64>() / count;
    let moment = |f: &dyn Fn(f64, f64) -> f64| -> f64 { pairs.iter().map(|(a, b)| f(a - mean_a, b - mean_b)).sum() };
    moment(&|a, b| a * b) / (moment(&|a, _| a * a) * moment(&|_, b| b * b)).sqrt()
}

/// The lowest correlation in any class of what `measure` gives: measured value, true value.
fn lowest_correlation(measure: impl Fn(&Drawing) -> (f64, f64)) -> f64 {
    let mut of_class: [Vec<(f64, f64)>; CLASSES] = Default::default();
    for drawing in drawings(4_000) {
        of_class[usize::from(drawing.label)].push(measure(&drawing));
    }
    let correlations = of_class.map(|pairs| correlation(&pairs));
    correlations.into_iter().fold(1.0, f64::min)
}

#[test]
fn the_first_images_are_the_same_for_everybody() {
    let mut hash = Sha256::new();
    for Drawing { label, image, style } in drawings(300) {
        hash.update([label]);
        hash.update(image);
        for value in [style.slant, style.thickness, style.width, style.rotation] {
            hash.update(value.to_le_bytes());
        }
    }
    assert_eq!(hex(hash.finalize()), FIRST_300_SHA256);
}

#[test]
#[cfg_attr(debug_assertions, ignore = "takes half a minute without optimisation")]
fn the_set_is_the_same_for_everybody_and_any_number_of_threads() {
    let most = AtomicUsize::new(0);
    let on_progress = |images: usize| {
        most.fetch_max(images, Ordering::Relaxed);
    };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap();
    let strokes = pool.install(|| generate(&on_progress));
    let identity = strokes.dataset.identity();
    assert_eq!((identity.train_images, identity.test_images), (TRAIN_IMAGES, TEST_IMAGES));
    assert_eq!(identity.sha256, SET_SHA256);
    assert_eq!(most.into_inner(), TRAIN_IMAGES + TEST_IMAGES);
    assert_eq!(strokes.train_styles.len(), TRAIN_IMAGES);

    let last = draw(SEED, (TRAIN_IMAGES + TEST_IMAGES - 1) as u64);
    assert_eq!(strokes.dataset.test.pixels(TEST_IMAGES - 1), last.image);
    assert_eq!(strokes.dataset.test.labels[TEST_IMAGES - 1], last.label);
    assert_eq!(strokes.test_styles[TEST_IMAGES - 1], last.style);
}

#[test]
fn some_images_are_the_first_of_the_set() {
    for (count, test_images) in [(1, 0), (5, 0), (60, 10)] {
        let some = some(count, test_images).unwrap();
        assert_eq!((some.train.len(), some.test.len()), (count, test_images));
        for (split, first) in [(&some.train, 0), (&some.test, TRAIN_IMAGES)] {
            for place in 0..split.len() {
                let Drawing { label, image, .. } = draw(SEED, (first + place) as u64);
                assert_eq!((split.labels[place], split.pixels(place)), (label, &image[..]), "image {}", first + place);
            }
        }
    }
}

#[test]
fn seed_and_index_both_matter() {
    let base = draw(1, 7);
    assert_eq!(base, draw(1, 7));
    assert_ne!(base.image, draw(2, 7).image);
    assert_ne!(base.image, draw(1, 8).image);
}

#[test]
fn images_are_normalised_as_mnist_is() {
    let mut off_centre = 0;
    for (index, Drawing { label, image, .. }) in drawings(3_000).enumerate() {
        let width = span(ink(&image).map(|(x, _, _)| x)) + 1.0;
        let height = span(ink(&image).map(|(_, y, _)| y)) + 1.0;
        let longest = width.max(height);
        // A ragged edge may lose its last, faint row.
        let allowed = (BOX_SIDE - 1) as f64..=BOX_SIDE as f64;
        assert!(allowed.contains(&longest), "image {index} ({label}): {width}×{height}");

        let mass: f64 = ink(&image).map(|(_, _, dark)| dark).sum();
        let centre_x = ink(&image).map(|(x, _, dark)| x * dark).sum::<f64>() / mass;
        let centre_y = ink(&image).map(|(_, y, dark)| y * dark).sum::<f64>() / mass;
        let middle = f64::from(CENTRE);
        if (centre_x - middle).abs().max((centre_y - middle).abs()) > 0.501 {
            // Only a digit so heavy at one end that its other end would leave the image.
            let last = (IMAGE_SIDE - 1) as f64;
            assert!(
                ink(&image).any(|(x, y, _)| x == last || y == last),
                "image {index} ({label}): centre {centre_x}, {centre_y}"
            );
            off_centre += 1;
        }
    }
    assert!(off_centre < 10, "{off_centre} of 3000 are off centre");
}

#[test]
fn ink_is_near_that_of_mnist() {
    let pixels: Vec<f64> =
        drawings(3_000).flat_map(|drawing| drawing.image).map(|pixel| f64::from(pixel) / 255.0).collect();
    let count = pixels.len() as f64;
    let mean = pixels.iter().sum::<f64>() / count;
    let deviation = (pixels.iter().map(|p| (p - mean).powi(2)).sum::<f64>() / count).sqrt();
    // MNIST's training images have mean 0.1307 and standard deviation 0.3081.
    assert!((mean - 0.1307).abs() < 0.005, "mean {mean}");
    assert!((deviation - 0.3081).abs() < 0.008, "standard deviation {deviation}");
}

#[test]
fn every_ten_images_hold_every_digit_in_changing_order() {
    let labels: Vec<u8> = (0..1_000).map(|index| label(SEED, index)).collect();
    let mut at_place = [[0usize; CLASSES]; CLASSES];
    for block in labels.chunks(CLASSES) {
        let mut sorted = block.to_vec();
        sorted.sort_unstable();
        assert_eq!(sorted, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
        for (place, &digit) in block.iter().enumerate() {
            at_place[place][usize::from(digit)] += 1;
        }
    }
    // 100 blocks: each digit stands about 10 times (standard deviation 3) at each place.
    assert!(at_place.iter().flatten().all(|count| (1..=25).contains(count)), "{at_place:?}");
}

#[test]
fn slant_and_rotation_are_those_of_the_ink() {
    let lowest = lowest_correlation(|Drawing { image, style, .. }| {
        let mass: f64 = ink(image).map(|(_, _, dark)| dark).sum();
        let mean_x = ink(image).map(|(x, _, dark)| x * dark).sum::<f64>() / mass;
        let mean_y = ink(image).map(|(_, y, dark)| y * dark).sum::<f64>() / mass;
        let moment = |f: &dyn Fn(f64, f64) -> f64| -> f64 {
            ink(image).map(|(x, y, dark)| dark * f(x - mean_x, y - mean_y)).sum()
        };
        let shear = -moment(&|x, y| x * y) / moment(&|_, y| y * y);
        // A turn to the left takes away from a lean to the right.
        let lean = f64::from(style.slant - style.rotation).to_radians().tan();
        (shear, lean)
    });
    assert!(lowest > 0.75, "lowest correlation in a class: {lowest}");
}

#[test]
fn thickness_is_that_of_the_ink() {
    let lowest = lowest_correlation(|Drawing { image, style, .. }| {
        // A line's area over half its outline; the outline is the total variation.
        let at = |row: usize, column: usize| f64::from(image[row * IMAGE_SIDE + column]);
        let area: f64 = image.iter().map(|&pixel| f64::from(pixel)).sum();
        let cells = (0..IMAGE_SIDE - 1).flat_map(|r| (0..IMAGE_SIDE - 1).map(move |c| (r, c)));
        let outline: f64 = cells.map(|(r, c)| (at(r, c + 1) - at(r, c)).hypot(at(r + 1, c) - at(r, c))).sum();
        (2.0 * area / outline, f64::from(style.thickness))
    });
    assert!(lowest > 0.9, "lowest correlation in a class: {lowest}");
}

#[test]
fn width_is_that_of_the_ink_once_upright() {
    for (index, Drawing { label, image, style }) in drawings(1_000).enumerate() {
        let (sin, cos) = f64::from(style.rotation).to_radians().sin_cos();
        let shear = f64::from(style.slant).to_radians().tan();
        let dark = ink(&image).filter(|(_, _, dark)| *dark >= 0.5);
        let upright = dark.map(|(x, y, _)| (cos * x - sin * y) + shear * (sin * x + cos * y));
        // One pixel more for the two halves of the outermost.
        let measured = span(upright) + 1.0;
        let error = measured - f64::from(style.width);
        assert!(error.abs() < 2.5, "image {index} ({label}): {measured}, style {style:?}");
    }
}
