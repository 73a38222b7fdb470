//! Whether digits lie on their side: EMNIST's are stored column by column, and copies of it go by other names.
//!
//! Nothing is turned because of it. The judge of MNIST reads some images as they are and with rows and columns swapped; where
//! the swapped ones make far more sense, that is told.

use crate::IMAGE_PIXELS;
use crate::IMAGE_SIDE;
use crate::data::Dataset;
use crate::engine::Device;
use crate::input::InputError;
use crate::judge::Judge;

/// How many images are read.
const IMAGES: usize = 1000;
/// How many more of them, as a share, must be read right.
const CLEAR: f64 = 0.2;

/// That digits seem to lie on their side.
///
/// ```
/// use digitgan::load::looks_turned;
/// use digitgan::prelude::*;
///
/// let upright = strokes::some(200, 10)?;
/// assert_eq!(looks_turned(&upright, &Device::cpu(Some(1))?)?, None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Turned {
    /// The share of images that the judge of MNIST reads as labelled.
    pub right: f64,
    /// The same with rows and columns swapped.
    pub right_if_swapped: f64,
}

/// Whether the training images of a set of the ten digits seem to have rows and columns swapped.
///
/// # Errors
/// If the data set is not valid; see [`Dataset::check`].
pub fn looks_turned(dataset: &Dataset, device: &Device) -> Result<Option<Turned>, InputError> {
    dataset.check()?;
    if !dataset.class_names.iter().enumerate().all(|(class, name)| *name == class.to_string()) || dataset.classes != 10
    {
        return Ok(None);
    }
    let every = dataset.train.len().div_ceil(IMAGES).max(1);
    let images: Vec<u8> = dataset.train.images.chunks_exact(IMAGE_PIXELS).step_by(every).flatten().copied().collect();
    let labels: Vec<u8> = dataset.train.labels.iter().copied().step_by(every).collect();
    let mut judge = Judge::of_mnist(device);
    let mut right = |images: &[u8]| -> Result<f64, InputError> {
        let read = judge.read(images)?.labels;
        let right = read.iter().zip(&labels).filter(|(read, label)| read == label).count();
        Ok(right as f64 / labels.len() as f64)
    };
    let turned = Turned { right: right(&images)?, right_if_swapped: right(&swapped(&images))? };
    Ok((turned.right_if_swapped > turned.right + CLEAR).then_some(turned))
}

/// Images `[count, 28, 28]` with rows and columns swapped.
fn swapped(images: &[u8]) -> Vec<u8> {
    let mut images = images.to_vec();
    for image in images.chunks_exact_mut(IMAGE_PIXELS) {
        for row in 0..IMAGE_SIDE {
            for column in 0..row {
                image.swap(row * IMAGE_SIDE + column, column * IMAGE_SIDE + row);
            }
        }
    }
    images
}
