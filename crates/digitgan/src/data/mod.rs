//! What a data set is, and how training sees it: nothing here touches a file.
//!
//! A [`Dataset`] is images with their classes, to train and to test on; [`crate::load`] loads the one that a
//! [`DataSource`] names, and [`strokes`] draws one. `batches` returns the images batch by batch, varied by [`augment`].

pub mod augment;
// Hidden: the loop deals images out by itself; public for the programs that measure a step with its data.
#[doc(hidden)]
pub mod batches;
mod reading;
mod real_grid;
mod source;
pub mod strokes;

pub use augment::Augment;
pub use reading::{Ground, LabelPlace, NoReading, OrAuto, Orientation, PixelRange, ReadAs, Reading};
pub use real_grid::RealGrid;
pub use source::{DataSource, EmptySource};

use crate::IMAGE_PIXELS;
use crate::hash::hex;
use crate::input::{InputError, check_class_count, check_classes, check_length};
pub use crate::input::{MAX_CLASSES, MIN_CLASSES};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Labelled 28×28 grey images: 0 is background (black), 255 is ink (white).
///
/// ```
/// use digitgan::prelude::*;
///
/// let split = Split::new(vec![0; 2 * 784], vec![0, 1])?;
/// assert_eq!((split.len(), split.image(1)), (2, Some(&[0; 784][..])));
/// assert!(Split::new(vec![0; 784], vec![0, 1]).is_err(), "two classes, one image");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Split {
    /// Pixels, `[count, 28, 28]`, row by row.
    pub images: Vec<u8>,
    /// One class per image, below the data set's class count.
    pub labels: Vec<u8>,
}

impl Split {
    /// Images with their classes.
    ///
    /// # Shapes
    /// `images`: bytes, `[count, 28, 28]`; `labels`: `[count]`.
    ///
    /// # Errors
    /// Not 784 pixels for each class. Whether the classes are any of the data set's, [`Dataset::new`] checks.
    pub fn new(images: Vec<u8>, labels: Vec<u8>) -> Result<Self, InputError> {
        let split = Split { images, labels };
        split.check_lengths().map(|()| split)
    }

    fn check_lengths(&self) -> Result<(), InputError> {
        check_length("pixels, [count, 28, 28]", self.images.len(), self.labels.len() * IMAGE_PIXELS)
    }

    /// How many images there are.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there is no image.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// How many images there are of each of `classes` classes; labels of others are not counted.
    pub fn class_counts(&self, classes: usize) -> Vec<usize> {
        let mut counts = vec![0; classes];
        for &label in &self.labels {
            if let Some(count) = counts.get_mut(usize::from(label)) {
                *count += 1;
            }
        }
        counts
    }

    /// The mean pixel, as a share of white.
    pub fn mean_ink(&self) -> f64 {
        let sum: u64 = self.images.iter().map(|&pixel| u64::from(pixel)).sum();
        sum as f64 / self.images.len().max(1) as f64 / 255.0
    }

    /// The 784 pixels of image `index`, counted from 0; `None` if there is no such image.
    pub fn image(&self, index: usize) -> Option<&[u8]> {
        self.images.chunks_exact(IMAGE_PIXELS).nth(index)
    }

    /// The 784 pixels of an image that is known to be there.
    pub(crate) fn pixels(&self, index: usize) -> &[u8] {
        &self.images[index * IMAGE_PIXELS..][..IMAGE_PIXELS]
    }
}

/// A data set: images to train on, images to test on, and what their classes are.
///
/// ```
/// use digitgan::prelude::*;
///
/// let (black, white) = ([0; 784], [255; 784]);
/// let train = Split::new([black, white].concat(), vec![0, 1])?;
/// let names = ["black", "white"].map(str::to_owned).to_vec();
/// let dataset = Dataset::new("squares", names, train, Split::default())?;
/// assert_eq!(dataset.classes, 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dataset {
    /// Short name: `mnist`, `strokes`, or that of the folder it came from.
    pub name: String,
    /// Number of classes, 2 to 100.
    pub classes: usize,
    /// What to call each class, one for each.
    pub class_names: Vec<String>,
    /// Training images.
    pub train: Split,
    /// Test images; may be empty.
    pub test: Split,
}

/// What tells one data set from another, recorded with everything made from it.
///
/// ```
/// use digitgan::prelude::*;
///
/// let identity: DatasetIdentity = strokes::some(20, 10)?.identity();
/// assert_eq!((identity.name.as_str(), identity.train_images, identity.test_images), ("strokes", 20, 10));
/// assert_ne!(identity.sha256, strokes::some(30, 10)?.identity().sha256);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatasetIdentity {
    /// Short name.
    pub name: String,
    /// SHA-256 over training pixels, training labels, test pixels and test labels, in hexadecimal.
    pub sha256: String,
    /// Number of classes.
    pub classes: usize,
    /// Training images.
    pub train_images: usize,
    /// Test images.
    pub test_images: usize,
}

impl Dataset {
    /// A data set of as many classes as there are names.
    ///
    /// # Errors
    /// Fewer than 2 classes or more than 100, no training image, a class that has no name, or not 784 pixels for each
    /// class of an image.
    pub fn new(
        name: impl Into<String>,
        class_names: Vec<String>,
        train: Split,
        test: Split,
    ) -> Result<Self, InputError> {
        let dataset = Dataset { name: name.into(), classes: class_names.len(), class_names, train, test };
        dataset.check().map(|()| dataset)
    }

    /// Checks what [`Dataset::new`] does, which whoever takes a data set does.
    ///
    /// # Errors
    /// As [`Dataset::new`].
    pub fn check(&self) -> Result<(), InputError> {
        check_class_count(self.classes)?;
        check_length("class names, [classes]", self.class_names.len(), self.classes)?;
        for split in [&self.train, &self.test] {
            split.check_lengths()?;
            check_classes(&split.labels, self.classes)?;
        }
        if self.train.is_empty() {
            return Err(InputError::TooFew { what: "training images", found: 0, least: 1 });
        }
        Ok(())
    }

    /// Computes the identity of this data set (hashes all pixels: about 0.1 s for MNIST).
    pub fn identity(&self) -> DatasetIdentity {
        let mut hash = Sha256::new();
        for split in [&self.train, &self.test] {
            hash.update(&split.images);
            hash.update(&split.labels);
        }
        DatasetIdentity {
            name: self.name.clone(),
            sha256: hex(hash.finalize()),
            classes: self.classes,
            train_images: self.train.len(),
            test_images: self.test.len(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_and_ink() {
        let split = Split { images: [0, 255, 0].repeat(IMAGE_PIXELS), labels: vec![0, 255, 0] };
        assert_eq!(split.class_counts(2), [2, 0]);
        assert!((split.mean_ink() - 1.0 / 3.0).abs() < 1e-12);
    }
}
