//! Which class each image of a data set has, by its number alone.
//!
//! *Balanced*: images come in blocks of as many as there are classes; each block has every class once, in an order that the
//! seed shuffles. So no class is ahead by more than one, and the classes of the first images do not depend on how many follow.
//!
//! *Uniform*: each image's class is drawn by itself, from the stream of its place.
//!
//! *Counts*: exactly so many of each, in an order that the seed shuffles ([`Shuffled`]). Test images, of which no counts say
//! anything, are balanced.

use super::choices::Mix;
use super::plan::{Part, Plan};
use super::shuffled::Shuffled;
use crate::seed::{Purpose, below, permutation, stream};
use rand_chacha::rand_core::Rng;
use std::collections::BTreeSet;

/// Deals classes out.
pub(super) struct Deal {
    classes: Vec<u8>,
    seed: u64,
    mix: Dealt,
}

/// How they are dealt out.
enum Dealt {
    Balanced,
    Uniform,
    Counts {
        /// The place behind the last image of each class, where images lie in the order of their classes.
        ends: Vec<u64>,
        order: Shuffled,
    },
}

impl Deal {
    /// `classes`: those that there are, where the plan counts none.
    pub(super) fn new(plan: &Plan, classes: &BTreeSet<u8>) -> Self {
        let mut deal = Deal { classes: classes.iter().copied().collect(), seed: plan.seed, mix: Dealt::Balanced };
        match &plan.mix {
            Mix::Balanced => {}
            Mix::Uniform => deal.mix = Dealt::Uniform,
            Mix::Counts(counts) => {
                let counted = || counts.iter().filter(|(_, count)| **count > 0);
                deal.classes = counted().map(|(&class, _)| class).collect();
                let mut end = 0;
                let ends: Vec<u64> = counted()
                    .map(|(_, &count)| {
                        end += u64::from(count);
                        end
                    })
                    .collect();
                deal.mix = Dealt::Counts { ends, order: Shuffled::new(plan.seed, end) };
            }
        }
        deal
    }

    /// The classes of `count` images from number `first` on, `[count]`.
    pub(super) fn classes(&self, part: Part, first: u64, count: usize) -> Vec<u8> {
        let numbers = (first..).take(count);
        match (&self.mix, part) {
            (Dealt::Uniform, _) => numbers.map(|number| self.drawn(part.place(number))).collect(),
            (Dealt::Counts { ends, order }, Part::Train) => numbers
                .map(|number| {
                    let place = order.place(number);
                    self.classes[ends.partition_point(|&end| end <= place)]
                })
                .collect(),
            _ => self.balanced(part, first, count),
        }
    }

    /// That of the picture that [`crate::sample`] knows by this place, where nobody asks for a class.
    fn drawn(&self, place: u64) -> u8 {
        self.classes[below(stream(self.seed, Purpose::SampleClass, place).next_u32(), self.classes.len())]
    }

    fn balanced(&self, part: Part, first: u64, count: usize) -> Vec<u8> {
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
        deal(classes, seed, Mix::Balanced).classes(part, first, count)
    }

    fn deal(classes: &[u8], seed: u64, mix: Mix) -> Deal {
        Deal::new(&Plan { seed, mix, ..Plan::default() }, &classes.iter().copied().collect())
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

    #[test]
    fn each_class_has_as_many_as_are_counted_in_mixed_order() {
        let counts = [(7, 6000), (2, 1), (4, 0), (3, 500)];
        let deal = deal(&[], 1, Mix::Counts(counts.into()));
        let labels = deal.classes(Part::Train, 0, 6501);
        for (class, count) in counts {
            assert_eq!(labels.iter().filter(|&&label| label == class).count(), count as usize, "class {class}");
        }
        assert_eq!(deal.classes(Part::Train, 123, 456), labels[123..579]);
        let threes = |labels: &[u8]| labels.iter().filter(|&&label| label == 3).count();
        // 250 by chance, with a standard deviation of 11.
        assert!((200..300).contains(&threes(&labels[..3250])), "{}", threes(&labels[..3250]));
        let tested = deal.classes(Part::Test, 0, 30);
        assert!([2, 3, 7].iter().all(|class| tested.iter().filter(|label| *label == class).count() == 10));
    }

    #[test]
    fn chance_has_each_class_about_as_often() {
        let deal = deal(&[1, 5, 9], 1, Mix::Uniform);
        let labels = deal.classes(Part::Train, 0, 9000);
        for class in [1, 5, 9] {
            let count = labels.iter().filter(|&&label| label == class).count();
            // A standard deviation is 45.
            assert!((2800..3200).contains(&count) && count != 3000, "{count}");
        }
        assert_eq!(deal.classes(Part::Train, 17, 100), labels[17..117]);
        assert_ne!(deal.classes(Part::Test, 0, 100), labels[..100]);
    }
}
