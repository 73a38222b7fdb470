//! The built-in digits: 70,000 handwritten-looking images made on the spot, with no network.
//!
//! The path of one image: its index gives a label and a stream of random numbers ([`draw`]); a
//! form of that digit is picked from the copybook and blended from its models (`skeletons`);
//! a hand strays from it, bends, slants and turns it, and a pen of uneven pressure follows
//! (`hand`, over the splines of `curve`); the ink is fitted into 20×20 pixels and centred by mass
//! in 28×28, as MNIST's was (`raster`). Nothing is learnt or copied from real images.
//!
//! The set is the same for everybody: its seed is fixed, each image depends on its index alone,
//! and the arithmetic keeps to operations that IEEE 754 fixes to the bit (`angle`, `seed::Chance`).

mod angle;
mod curve;
mod hand;
mod raster;
mod skeletons;

use super::{Dataset, Split};
use crate::IMAGE_PIXELS;
use crate::input::InputError;
use crate::seed::Purpose;
use crate::seed::chance::Chance;
use crate::seed::index::strokes_block;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Training images of the set; their indices are 0 to 59,999.
pub const TRAIN_IMAGES: usize = 60_000;
/// Test images of the set; their indices are 60,000 to 69,999.
pub const TEST_IMAGES: usize = 10_000;
/// The seed of the set that everybody gets.
pub const SEED: u64 = u64::from_be_bytes(*b"strokes1");

const CLASSES: usize = 10;

/// How a digit was written, as it stands in the final image.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Style {
    /// Angle by which the digit was sheared, in degrees from upright; positive leans right.
    pub slant: f32,
    /// Mean width of the line over its length, in pixels.
    pub thickness: f32,
    /// Width of the digit's ink before slant and rotation, in pixels of the final image.
    pub width: f32,
    /// Angle by which the slanted digit was turned, in degrees; positive is anticlockwise.
    pub rotation: f32,
}

/// The built-in data set with the style of each of its images.
#[derive(Clone, Debug, PartialEq)]
pub struct Strokes {
    /// Images and labels, named `strokes`.
    pub dataset: Dataset,
    /// One style per training image.
    pub train_styles: Vec<Style>,
    /// One style a test image.
    pub test_styles: Vec<Style>,
}

/// One drawn digit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Drawing {
    /// The digit, 0 to 9.
    pub label: u8,
    /// Pixels, `[28, 28]`: 0 is background, 255 is ink.
    pub image: [u8; IMAGE_PIXELS],
    /// How it was written.
    pub style: Style,
}

/// Makes the whole set on all threads of the current rayon pool, in one or two seconds on two cores.
///
/// `on_progress` is called from any of these threads, every 500 images, with the number of images
/// done so far, out of [`TRAIN_IMAGES`] + [`TEST_IMAGES`]; calls may overtake one another.
pub fn generate(on_progress: &(dyn Fn(usize) + Sync)) -> Strokes {
    // Often enough for a smooth bar, seldom enough to cost nothing.
    const PROGRESS_EVERY: usize = 500;
    let done = AtomicUsize::new(0);
    let on_image = || {
        let images = done.fetch_add(1, Ordering::Relaxed) + 1;
        if images.is_multiple_of(PROGRESS_EVERY) {
            on_progress(images);
        }
    };
    let (train, train_styles) = split(0, TRAIN_IMAGES, &on_image);
    let (test, test_styles) = split(TRAIN_IMAGES, TEST_IMAGES, &on_image);
    Strokes { dataset: named(train, test), train_styles, test_styles }
}

/// The first `train` training images and the first `test` test images of the built-in set, for a quick try: a thousand
/// are drawn in some hundredths of a second. Classes are balanced wherever one stops.
///
/// ```
/// let dataset = digitgan::data::strokes::some(20, 10)?;
/// assert_eq!((dataset.train.len(), dataset.test.len(), dataset.classes), (20, 10, 10));
/// # Ok::<(), digitgan::prelude::InputError>(())
/// ```
///
/// # Errors
/// More than [`TRAIN_IMAGES`] or [`TEST_IMAGES`], or no training image.
pub fn some(train: usize, test: usize) -> Result<Dataset, InputError> {
    let most = |what, found, most| if found > most { Err(InputError::TooMany { what, found, most }) } else { Ok(()) };
    most("training images of the strokes", train, TRAIN_IMAGES)?;
    most("test images of the strokes", test, TEST_IMAGES)?;
    let ((train, _), (test, _)) = (split(0, train, &|| ()), split(TRAIN_IMAGES, test, &|| ()));
    let dataset = named(train, test);
    dataset.check().map(|()| dataset)
}

/// The data set of these splits.
fn named(train: Split, test: Split) -> Dataset {
    let class_names = (0..CLASSES).map(|class| class.to_string()).collect();
    Dataset { name: "strokes".to_owned(), classes: CLASSES, class_names, train, test }
}

/// Draws image `index` of the set of `seed` (the built-in one: [`SEED`]).
pub fn draw(seed: u64, index: u64) -> Drawing {
    let label = label(seed, index);
    let mut chance = Chance::new(seed, Purpose::Strokes, index);
    let mut writing = hand::write(usize::from(label), &mut chance);
    let pixels_per_unit = raster::fit(&mut writing.strokes);
    Drawing {
        label,
        image: raster::draw(&writing.strokes, writing.raggedness, &mut chance),
        style: Style {
            slant: writing.slant,
            thickness: writing.thickness * pixels_per_unit,
            width: writing.upright_width * pixels_per_unit,
            rotation: writing.rotation,
        },
    }
}

/// The digit of image `index`: each block of ten holds every digit once, in random order.
///
/// So classes are balanced in any prefix of the set, as well as in the whole.
fn label(seed: u64, index: u64) -> u8 {
    let (block, place) = (index / CLASSES as u64, (index % CLASSES as u64) as usize);
    let mut chance = Chance::new(seed, Purpose::Strokes, strokes_block(block));
    let mut order: [u8; CLASSES] = std::array::from_fn(|class| class as u8);
    for last in (1..CLASSES).rev() {
        order.swap(last, chance.below(last + 1));
    }
    order[place]
}

/// Draws `count` images from index `first` on, telling `on_image` of each.
fn split(first: usize, count: usize, on_image: &(dyn Fn() + Sync)) -> (Split, Vec<Style>) {
    let mut images = vec![0u8; count * IMAGE_PIXELS];
    let (labels, styles) = images
        .par_chunks_exact_mut(IMAGE_PIXELS)
        .enumerate()
        .map(|(place, image)| {
            let drawing = draw(SEED, (first + place) as u64);
            image.copy_from_slice(&drawing.image);
            on_image();
            (drawing.label, drawing.style)
        })
        .unzip();
    (Split { images, labels }, styles)
}

#[cfg(test)]
mod tests;
