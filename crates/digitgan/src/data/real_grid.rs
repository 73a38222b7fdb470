//! A grid of real digits, to look at.

use super::Dataset;
use super::augment::{self, Augment};
use crate::IMAGE_PIXELS;
use crate::input::InputError;
use crate::seed::{Purpose, below, stream};
use rand_chacha::rand_core::Rng;

/// Classes that fit side by side.
const MOST_COLUMNS: usize = 26;
/// Columns where the classes do not fit.
const COLUMNS: usize = 10;

/// Training images in a grid: one column per class, if the classes fit side by side, else any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RealGrid {
    /// Images in a row.
    pub columns: usize,
    /// Where in the training images each one is, row by row.
    pub places: Vec<usize>,
    /// The images as training sees them: bytes, `[rows · columns, 28, 28]`.
    pub images: Vec<u8>,
}

impl RealGrid {
    /// Draws lots for `rows` rows under `seed`, and varies the images by `augment`. Where a class has no training image, its
    /// column shows images of any class.
    ///
    /// # Errors
    /// A data set that is none: see [`Dataset::check`].
    pub fn new(dataset: &Dataset, rows: usize, augment: &[Augment], seed: u64) -> Result<RealGrid, InputError> {
        dataset.check()?;
        let (columns, pools) = pools(dataset);
        let places: Vec<usize> = (0..rows * columns).map(|cell| pick(&pools[cell % pools.len()], seed, cell)).collect();
        let mut images = vec![0; places.len() * IMAGE_PIXELS];
        for (cell, (&place, image)) in places.iter().zip(images.chunks_exact_mut(IMAGE_PIXELS)).enumerate() {
            augment::apply(augment, seed, cell as u64, dataset.train.pixels(place), image)
                .expect("an image and its room are of one size");
        }
        Ok(RealGrid { columns, places, images })
    }
}

/// The number of columns, and the images that each of them may show, or all of them alike.
fn pools(dataset: &Dataset) -> (usize, Vec<Vec<usize>>) {
    let all = || (0..dataset.train.len()).collect::<Vec<usize>>();
    if dataset.classes > MOST_COLUMNS {
        return (COLUMNS, vec![all()]);
    }
    let of_class = |class: usize| {
        let labels = dataset.train.labels.iter().enumerate();
        let own: Vec<usize> =
            labels.filter(|(_, label)| usize::from(**label) == class).map(|(place, _)| place).collect();
        if own.is_empty() { all() } else { own }
    };
    (dataset.classes, (0..dataset.classes).map(of_class).collect())
}

fn pick(pool: &[usize], seed: u64, cell: usize) -> usize {
    pool[below(stream(seed, Purpose::Show, cell as u64).next_u32(), pool.len())]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Split;

    fn dataset(labels: &[u8], classes: usize) -> Dataset {
        let images = labels.iter().flat_map(|&label| [label; IMAGE_PIXELS]).collect();
        let class_names = (0..classes).map(|class| class.to_string()).collect();
        let train = Split { images, labels: labels.to_vec() };
        Dataset { name: "few".to_owned(), classes, class_names, train, test: Split::default() }
    }

    #[test]
    fn there_is_one_column_per_class_where_they_fit() {
        let few = dataset(&[0, 1, 2, 1, 0, 2], 3);
        let grid = RealGrid::new(&few, 4, &[], 1).unwrap();
        assert_eq!((grid.columns, grid.places.len()), (3, 12));
        let classes: Vec<u8> = grid.images.chunks_exact(IMAGE_PIXELS).map(|image| image[0]).collect();
        assert_eq!(classes, [0, 1, 2].repeat(4));
        assert_ne!(RealGrid::new(&few, 4, &[], 2).unwrap().places, grid.places);
        assert_eq!(RealGrid::new(&dataset(&[0; 30], 30), 2, &[], 1).unwrap().columns, 10);
        assert!(RealGrid::new(&dataset(&[], 3), 4, &[], 1).is_err());
        // A class without images is no reason to panic.
        assert_eq!(RealGrid::new(&dataset(&[0, 2], 3), 1, &[], 1).unwrap().places.len(), 3);
    }
}
