//! What a data set is, and how training sees it: nothing here touches a file.
//!
//! A [`Dataset`] is images with their classes, to train and to test on; [`crate::load`] loads the one that a
//! [`DataSource`] names, and [`strokes`] draws one. [`batches`] returns the images batch by batch, varied by [`augment`].

pub mod augment;
pub mod batches;
mod real_grid;
mod source;
pub mod strokes;

pub use augment::Augment;
pub use real_grid::RealGrid;
pub use source::{DataSource, EmptySource};

use crate::IMAGE_PIXELS;
use crate::hash::hex;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The fewest classes that a data set may have.
pub const MIN_CLASSES: usize = 2;
/// The most classes that a data set may have.
pub const MAX_CLASSES: usize = 100;

/// Labelled 28×28 grey images: 0 is background (black), 255 is ink (white).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Split {
    /// Pixels, `[count, 28, 28]`, row by row.
    pub images: Vec<u8>,
    /// One class per image, below the data set's class count.
    pub labels: Vec<u8>,
}

impl Split {
    /// How many images there are.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there is no image.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// The 784 pixels of image `index`.
    pub fn image(&self, index: usize) -> &[u8] {
        &self.images[index * IMAGE_PIXELS..(index + 1) * IMAGE_PIXELS]
    }
}

/// A data set: images to train on, images to test on, and what their classes are.
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
