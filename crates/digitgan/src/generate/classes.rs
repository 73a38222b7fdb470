//! Which class each image of a data set has: all of them evenly, in an order that the seed shuffles.

use super::plan::Part;
use crate::seed::{Purpose, permutation};
use std::collections::BTreeSet;

/// Deals classes out.
///
/// Images come in blocks of as many as there are classes; each block has every class once, in an order of its own. So
/// the classes of the first images do not depend on how many follow, and no class is ahead by more than one.
pub(super) struct Deal {
    classes: Vec<u8>,
    seed: u64,
}

impl Deal {
    pub(super) fn new(classes: &BTreeSet<u8>, seed: u64) -> Self {
        Deal { classes: classes.iter().copied().collect(), seed }
    }

    /// The classes of `count` images from number `first` on, `[count]`.
    pub(super) fn classes(&self, part: Part, first: u64, count: usize) -> Vec<u8> {
        let block_size = self.classes.len() as u64;
        let mut labels = Vec::with_capacity(count + self.classes.len());
        let before = (first % block_size) as usize;
        let mut block = first / block_size;
        while labels.len() < before + count {
            let order = permutation(self.seed, Purpose::SetClasses, part.place(block), self.classes.len());
            labels.extend(order.into_iter().map(|place| self.classes[place as usize]));
            block += 1;
        }
        labels.truncate(before + count);
        labels.drain(..before);
        labels
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dealt(classes: &[u8], seed: u64, part: Part, first: u64, count: usize) -> Vec<u8> {
        Deal::new(&classes.iter().copied().collect(), seed).classes(part, first, count)
    }

    #[test]
    fn no_class_is_ahead_by_more_than_one_at_any_point() {
        for classes in [&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9][..], &[3, 5, 8], &[7]] {
            let labels = dealt(classes, 1, Part::Train, 0, 1000);
            let mut counts = [0; 10];
            for (index, &label) in labels.iter().enumerate() {
                counts[usize::from(label)] += 1;
                let asked = classes.iter().map(|&class| counts[usize::from(class)]);
                let (least, most) = (asked.clone().min().unwrap(), asked.max().unwrap());
                assert!(most - least <= 1, "after {index}: {counts:?}");
            }
        }
    }

    #[test]
    fn the_order_is_that_of_the_seed_and_the_part_and_of_nothing_else() {
        let ten: Vec<u8> = (0..10).collect();
        let whole = dealt(&ten, 1, Part::Train, 0, 1000);
        for (first, count) in [(0, 7), (5, 30), (10, 10), (999, 1), (123, 456)] {
            assert_eq!(dealt(&ten, 1, Part::Train, first as u64, count), whole[first..first + count], "{first}");
        }
        for other in [dealt(&ten, 2, Part::Train, 0, 1000), dealt(&ten, 1, Part::Test, 0, 1000)] {
            let same = whole.iter().zip(&other).filter(|(a, b)| a == b).count();
            // One in ten by chance, with a standard deviation of 9.5.
            assert!((60..140).contains(&same), "{same} of 1000");
        }
        let neighbours = whole.windows(2).filter(|pair| pair[1] == (pair[0] + 1) % 10).count();
        assert!(neighbours < 150, "not simply interleaved: {neighbours}");
    }
}
