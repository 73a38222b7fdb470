//! What may be handed in, and the errors of what may not: classes, latents, counts and shapes.

use crate::IMAGE_PIXELS;
use crate::error::ErrorKind;

/// Length of the noise vector z behind an image.
pub const LATENT: usize = 100;
/// The fewest classes that a data set or a model may have.
pub const MIN_CLASSES: usize = 2;
/// The most classes that a data set or a model may have.
pub const MAX_CLASSES: usize = 100;

/// Numbers that do not fit together, or a class that there is not.
///
/// ```
/// use digitgan::prelude::*;
///
/// let error = Split::new(vec![0; 784], vec![0, 1]).unwrap_err();
/// assert_eq!(error.to_string(), "pixels, [count, 28, 28]: 784 numbers, expected 1568");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InputError {
    /// A class that the model or the data set does not have.
    #[error("class {found} (number {place}, counted from 0) is none of the {classes} classes, 0 to {}", classes - 1)]
    Class {
        /// Its place in what was handed in.
        place: usize,
        /// The class.
        found: u8,
        /// How many classes there are.
        classes: usize,
    },
    /// A number of classes that no data set and no model can have.
    #[error("{found} classes are not from {MIN_CLASSES} to {MAX_CLASSES}")]
    ClassCount {
        /// How many.
        found: usize,
    },
    /// Two parts that are to work together and know different numbers of classes.
    #[error("{what} has {found} classes, expected {expected}")]
    OtherClasses {
        /// Which part.
        what: &'static str,
        /// Its classes.
        found: usize,
        /// Those of the other parts.
        expected: usize,
    },
    /// More than there is, or than memory can hold.
    #[error("{what}: {found} are asked for, but there can be at most {most}")]
    TooMany {
        /// What was asked for.
        what: &'static str,
        /// How many.
        found: usize,
        /// The most.
        most: usize,
    },
    /// Fewer than are needed.
    #[error("{what}: {found} are too few, at least {least} are needed")]
    TooFew {
        /// What was asked for.
        what: &'static str,
        /// How many.
        found: usize,
        /// The fewest.
        least: usize,
    },
    /// Places beyond the last one that there is.
    #[error("{count} pictures from place {first} on go beyond the last place, {}", u64::MAX)]
    Places {
        /// The first place.
        first: u64,
        /// How many.
        count: usize,
    },
    /// Too many or too few numbers.
    #[error("{what}: {found} numbers, expected {expected}")]
    Length {
        /// What they are, with their shape.
        what: &'static str,
        /// How many were handed in.
        found: usize,
        /// How many there must be.
        expected: usize,
    },
    /// Classes were asked of a generator that knows none.
    #[error("this generator is a GAN, which is told no class: take one of a cGAN or an ACGAN")]
    NoClasses,
    /// Pixels that are no whole images.
    #[error("{found} pixels are not whole 28x28 images: give a multiple of 784")]
    PartialImage {
        /// How many were handed in.
        found: usize,
    },
    /// A number that is not finite among latents.
    #[error("latent {place} (counted from 0) is {found}, which is not finite")]
    NotFinite {
        /// Its place in what was handed in.
        place: usize,
        /// The number, as text.
        found: String,
    },
    /// The place of an image that there is not.
    #[error("image {found} (counted from 0) is none of the {images} images that are kept")]
    Place {
        /// The place.
        found: u32,
        /// How many images there are.
        images: usize,
    },
    /// A discriminator that judges several images together was asked about single ones.
    #[error("this discriminator takes packs of {pack} images, so it has no logit of a single one")]
    Packed {
        /// Images that it sees together.
        pack: usize,
    },
    /// A batch that is empty, larger than the images it is dealt from, or not made of whole packs.
    #[error("a batch of {batch} in packs of {pack} cannot be dealt from {images} images")]
    Batch {
        /// Images in a batch.
        batch: usize,
        /// Images in a pack.
        pack: usize,
        /// Images that there are.
        images: usize,
    },
}

impl InputError {
    /// What it is about.
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::Input
    }
}

/// Checks classes.
///
/// # Errors
/// The first that is none of `classes` classes.
pub(crate) fn check_classes(labels: &[u8], classes: usize) -> Result<(), InputError> {
    match labels.iter().position(|&label| usize::from(label) >= classes) {
        Some(place) => Err(InputError::Class { place, found: labels[place], classes }),
        None => Ok(()),
    }
}

/// Checks a number of classes.
///
/// # Errors
/// When no data set and no model can have it.
pub(crate) fn check_class_count(classes: usize) -> Result<(), InputError> {
    match classes {
        MIN_CLASSES..=MAX_CLASSES => Ok(()),
        found => Err(InputError::ClassCount { found }),
    }
}

/// Checks the places of `count` pictures from place `first` on.
///
/// # Errors
/// When there are not as many.
pub(crate) fn check_places(first: u64, count: usize) -> Result<(), InputError> {
    match first.checked_add(count as u64) {
        Some(_) => Ok(()),
        None => Err(InputError::Places { first, count }),
    }
}

/// Checks how many numbers there are.
///
/// # Errors
/// When there are more or less.
pub(crate) fn check_length(what: &'static str, found: usize, expected: usize) -> Result<(), InputError> {
    if found == expected { Ok(()) } else { Err(InputError::Length { what, found, expected }) }
}

/// Checks that pixels are whole images, and says how many.
///
/// # Errors
/// When they are not.
pub(crate) fn count_images(pixels: usize) -> Result<usize, InputError> {
    if pixels.is_multiple_of(IMAGE_PIXELS) {
        Ok(pixels / IMAGE_PIXELS)
    } else {
        Err(InputError::PartialImage { found: pixels })
    }
}

/// Checks the latents and the classes of images to be drawn.
///
/// # Shapes
/// `latents`: `[count, 100]`; `labels`: `[count]`.
///
/// # Errors
/// A class that there is not, too many or too few latents, or one that is not finite.
pub(crate) fn check_drawing(latents: &[f32], labels: &[u8], classes: usize) -> Result<(), InputError> {
    check_classes(labels, classes)?;
    check_length("latents, [count, 100]", latents.len(), labels.len() * LATENT)?;
    match latents.iter().position(|value| !value.is_finite()) {
        Some(place) => Err(InputError::NotFinite { place, found: latents[place].to_string() }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_named_with_its_place() {
        let good = [0.5; 2 * LATENT];
        let mut bad = good;
        bad[101] = f32::NAN;
        for (found, expected) in [
            (check_drawing(&good, &[0, 9], 10), None),
            (check_drawing(&good, &[0, 10], 10), Some("class 10 (number 1, counted from 0) is none of the 10 classes")),
            (check_drawing(&good, &[1], 10), Some("latents, [count, 100]: 200 numbers, expected 100")),
            (check_drawing(&bad, &[1, 2], 10), Some("latent 101 (counted from 0) is NaN")),
            (count_images(1569).map(drop), Some("1569 pixels are not whole")),
            (count_images(1568).map(|count| assert_eq!(count, 2)), None),
        ] {
            let text = found.err().map(|error| error.to_string());
            assert_eq!(text.is_some(), expected.is_some(), "{text:?}");
            assert!(text.unwrap_or_default().starts_with(expected.unwrap_or_default()));
        }
    }
}
