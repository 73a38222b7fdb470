//! Training images in the order and form in which training sees them.
//!
//! Every epoch has its own order, drawn from the seed and the epoch's number, and every image its own
//! augmentation, drawn from the seed and the count of images seen so far. So the batch of a step is a
//! function of the seed and the step alone.

use super::Split;
use super::augment::{self, Augment};
use crate::IMAGE_PIXELS;
use crate::input::InputError;
use crate::pixel::to_signed;
use crate::seed::{self, Purpose};
use rayon::prelude::*;

/// The images of a split, a batch at a time.
pub struct Batches<'a> {
    split: &'a Split,
    batch: usize,
    seed: u64,
    augment: Vec<Augment>,
    /// How many images of one class go together, if any.
    pack: usize,
    /// The epoch, from 0, whose order `order` is.
    epoch: Option<u64>,
    order: Vec<u32>,
}

impl<'a> Batches<'a> {
    /// Batches of `batch` images, at most as many as there are.
    ///
    /// # Errors
    /// No image in a batch, or more than there are; or pixels that are not as many as the classes say.
    pub fn new(split: &'a Split, batch: usize, seed: u64, augment: &[Augment]) -> Result<Self, InputError> {
        let images = split.len();
        split.check_lengths()?;
        if batch == 0 || batch > images {
            return Err(InputError::Batch { batch, pack: 1, images });
        }
        Ok(Batches { split, batch, seed, augment: augment.to_vec(), pack: 1, epoch: None, order: Vec::new() })
    }

    /// Deals images out in packs of `pack`, of one class each if `of_one_class`: image i of a batch goes with those
    /// `batch / pack`, twice that and so on behind it. An epoch's last packs may be drawn from its start.
    ///
    /// # Errors
    /// A batch that is not made of whole packs.
    pub fn in_packs(self, pack: usize, of_one_class: bool) -> Result<Self, InputError> {
        if pack == 0 || !self.batch.is_multiple_of(pack) {
            return Err(InputError::Batch { batch: self.batch, pack, images: self.split.len() });
        }
        Ok(Batches { pack: if of_one_class { pack } else { 1 }, ..self })
    }

    /// Whole batches in an epoch. What is left over is not used in that epoch.
    pub fn per_epoch(&self) -> u64 {
        (self.split.len() / self.batch) as u64
    }

    /// Whether steps show the split's images as they are.
    pub fn are_plain(&self) -> bool {
        self.augment.is_empty()
    }

    /// Fills in the batch of step `step`, counted from 0 over the whole training.
    ///
    /// # Shapes
    /// `images`: `[batch, 28, 28]`, becomes byte / 127.5 − 1; `labels`: `[batch]`.
    pub fn fill(&mut self, step: u64, images: &mut [f32], labels: &mut [u8]) {
        self.turn_to(step);
        let row = self.row_of(step);
        let Self { split, batch, seed, ref augment, .. } = *self;
        images.par_chunks_exact_mut(IMAGE_PIXELS).zip(labels.par_iter_mut()).enumerate().with_min_len(8).for_each(
            |(i, (image, label))| {
                let index = row(i);
                let bytes = split.pixels(index as usize);
                *label = split.labels[index as usize];
                if augment.is_empty() {
                    return to_signed(bytes, image);
                }
                let mut varied = [0; IMAGE_PIXELS];
                augment::vary(augment, seed, seed::index::real_image(step, batch, i), bytes, &mut varied);
                to_signed(&varied, image);
            },
        );
    }

    /// The places in the split of the images that [`Batches::fill`] shows in step `step`.
    ///
    /// # Shapes
    /// `rows`: `[batch]`.
    pub fn rows(&mut self, step: u64, rows: &mut [u32]) {
        self.turn_to(step);
        let row = self.row_of(step);
        rows.iter_mut().enumerate().for_each(|(i, place)| *place = row(i));
    }

    /// Has the order of a step's epoch at hand.
    fn turn_to(&mut self, step: u64) {
        let epoch = step / self.per_epoch();
        if self.epoch != Some(epoch) {
            self.shuffle(epoch);
        }
    }

    /// Where image i of a step lies, in the epoch that is at hand.
    fn row_of(&self, step: u64) -> impl Fn(usize) -> u32 {
        let first = (step % self.per_epoch()) as usize * self.batch;
        let (pack, packs, order) = (self.pack, self.batch / self.pack, &self.order[first..first + self.batch]);
        move |i| order[i % packs * pack + i / packs]
    }

    /// Draws the order of an epoch.
    fn shuffle(&mut self, epoch: u64) {
        let mut rng = seed::stream(self.seed, Purpose::Shuffle, epoch);
        self.order.clear();
        self.order.extend(0..self.split.len() as u32);
        seed::shuffle(&mut rng, &mut self.order);
        if self.pack > 1 {
            self.bring_classes_together();
        }
        self.epoch = Some(epoch);
    }

    /// Changes the order so that `pack` images of one class follow each other: each image waits until its class has
    /// enough. A class's last images may wait in vain; images from the epoch's start then fill up the last batch.
    fn bring_classes_together(&mut self) {
        let mut waiting: [Vec<u32>; 256] = std::array::from_fn(|_| Vec::new());
        let mut together = Vec::with_capacity(self.order.len());
        for &image in &self.order {
            let class = &mut waiting[usize::from(self.split.labels[image as usize])];
            class.push(image);
            if class.len() == self.pack {
                together.append(class);
            }
        }
        if together.is_empty() {
            // No class has as many images as a pack: each goes with itself.
            together = self.order.iter().flat_map(|&image| std::iter::repeat_n(image, self.pack)).collect();
        }
        let missing = self.order.len().saturating_sub(together.len());
        let again: Vec<u32> = together.iter().copied().cycle().take(missing).collect();
        together.extend(again);
        self.order = together;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Dataset;

    /// Images that all have their index as their first pixels.
    fn dataset(count: usize) -> Dataset {
        let mut train = Split { images: vec![0; count * IMAGE_PIXELS], labels: Vec::new() };
        for i in 0..count {
            train.images[i * IMAGE_PIXELS] = i as u8;
            train.labels.push((i % 10) as u8);
        }
        let class_names = (0..10).map(|class| class.to_string()).collect();
        Dataset { name: "test".to_owned(), classes: 10, class_names, train, test: Split::default() }
    }

    fn firsts(batches: &mut Batches<'_>, steps: std::ops::Range<u64>) -> Vec<u8> {
        let mut seen = Vec::new();
        let (mut images, mut labels) = (vec![0.0; batches.batch * IMAGE_PIXELS], vec![0; batches.batch]);
        let mut rows = vec![0; batches.batch];
        for step in steps {
            batches.fill(step, &mut images, &mut labels);
            batches.rows(step, &mut rows);
            for ((image, label), row) in images.chunks(IMAGE_PIXELS).zip(&labels).zip(&rows) {
                let first = ((image[0] + 1.0) * 127.5).round() as u8;
                assert_eq!(u32::from(first), *row, "the row is that of the image");
                assert_eq!(first % 10, *label, "image and label belong together");
                seen.push(first);
            }
        }
        seen
    }

    #[test]
    fn an_epoch_shows_each_image_once_and_drops_the_short_batch() {
        let dataset = dataset(50);
        let mut batches = Batches::new(&dataset.train, 8, 1, &[]).unwrap();
        assert_eq!(batches.per_epoch(), 6);
        let mut first = firsts(&mut batches, 0..6);
        let second = firsts(&mut batches, 6..12);
        assert_ne!(first, second, "every epoch has its own order");
        first.sort_unstable();
        first.dedup();
        assert_eq!(first.len(), 48);
    }

    #[test]
    fn a_batch_depends_on_seed_and_step_alone() {
        let dataset = dataset(50);
        let all = firsts(&mut Batches::new(&dataset.train, 8, 1, &[]).unwrap(), 0..12);
        assert_eq!(firsts(&mut Batches::new(&dataset.train, 8, 1, &[]).unwrap(), 9..12), all[72..]);
        assert_ne!(firsts(&mut Batches::new(&dataset.train, 8, 2, &[]).unwrap(), 0..12), all);
        let augmented = |step| {
            let (mut images, mut labels) = (vec![0.0; 8 * IMAGE_PIXELS], vec![0; 8]);
            Batches::new(&dataset.train, 8, 1, &[Augment::Affine]).unwrap().fill(step, &mut images, &mut labels);
            images
        };
        assert_eq!(augmented(3), augmented(3));
    }

    #[test]
    fn packs_are_of_one_class_and_an_epoch_shows_each_image_at_most_once_before_it_fills_up() {
        // Five images of each of ten classes: with both, packs for 40 images, and 8 more to fill up the last batch.
        let dataset = dataset(50);
        for pack in [2, 4] {
            let mut batches = Batches::new(&dataset.train, 8, 1, &[]).unwrap().in_packs(pack, true).unwrap();
            assert_eq!(batches.per_epoch(), 6);
            let shown = firsts(&mut batches, 0..6);
            for batch in shown.chunks(8) {
                let (first, others) = batch.split_at(8 / pack);
                let classes = |pack: &[u8]| pack.iter().map(|image| image % 10).collect::<Vec<_>>();
                assert!(others.chunks(8 / pack).all(|other| classes(other) == classes(first)), "{pack}: {batch:?}");
            }
            let mut once = shown[..40].to_vec();
            once.sort_unstable();
            once.dedup();
            assert_eq!(once.len(), 40, "packs of {pack}");
            assert_eq!(shown[40..], shown[..8], "packs of {pack}: filled up from the epoch's start");
            let others = firsts(&mut batches, 6..12);
            assert_ne!(others, shown, "every epoch has its own packs");
            let mut again = Batches::new(&dataset.train, 8, 1, &[]).unwrap().in_packs(pack, true).unwrap();
            assert_eq!(firsts(&mut again, 9..12), others[24..], "packs of {pack} depend on the step alone");
            let mut other_seed = Batches::new(&dataset.train, 8, 2, &[]).unwrap().in_packs(pack, true).unwrap();
            assert_ne!(firsts(&mut other_seed, 0..6), shown);
        }
    }

    #[test]
    fn where_classes_do_not_matter_packs_change_nothing_and_without_enough_images_each_goes_with_itself() {
        let many = dataset(50);
        let plain = firsts(&mut Batches::new(&many.train, 8, 1, &[]).unwrap(), 0..12);
        assert_eq!(
            firsts(&mut Batches::new(&many.train, 8, 1, &[]).unwrap().in_packs(2, false).unwrap(), 0..12),
            plain
        );
        let few = dataset(9);
        let alone = firsts(&mut Batches::new(&few.train, 4, 1, &[]).unwrap().in_packs(2, true).unwrap(), 0..6);
        assert!(alone.chunks(4).all(|batch| batch[..2] == batch[2..] && batch[0] != batch[1]), "{alone:?}");
    }
}
