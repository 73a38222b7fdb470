//! What is to be generated, in which parts and in how many files.

use super::choices::{Cut, Keep, Mix};
use super::gzip::BLOCK_BYTES;
use crate::load::generated::Layout;
use crate::seed::index;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::ops::Range;

/// Most PNG files of a part: what their names can number.
pub const MAX_PNG_IMAGES: u64 = 100_000_000;
/// Most files of a part: what their names can number.
pub const MAX_FILES: u32 = 99_999;
/// Images of a file, where a data set usually has several: 40 MB of Parquet, 200 MB of tar.
const FILE_IMAGES: u32 = 100_000;

/// Images drawn, read and written at once: some 20 MB, a tenth of a second on two cores. A multiple of what is
/// compressed at once, so that files do not depend on it.
pub(super) const CHUNK_IMAGES: usize = 4096;
const _: () = assert!((CHUNK_IMAGES * crate::IMAGE_PIXELS).is_multiple_of(BLOCK_BYTES));

/// What to generate.
///
/// ```
/// use digitgan::prelude::*;
///
/// // Even digits alone, and as many of each.
/// let classes = Some([0, 2, 4, 6, 8].into());
/// let plan = SetPlan { train: 1000, test: 100, classes, seed: 1, layout: Layout::Png, ..SetPlan::default() };
/// assert_eq!(plan.classes.map(|classes| classes.len()), Some(5));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Plan {
    /// Training images.
    pub train: u32,
    /// Test images.
    pub test: u32,
    /// The only classes; all of the generator's where none are named.
    pub classes: Option<BTreeSet<u8>>,
    /// How many images there are of each.
    pub mix: Mix,
    /// Which images.
    pub seed: u64,
    /// How they lie in the folder.
    pub layout: Layout,
    /// Which of them are kept.
    pub keep: Keep,
    /// The least probability of its class, by the judge, that an image needs to be kept: above 0, at most 1.
    pub reject_below: Option<f32>,
    /// The largest number in the noise, either way: from 0.1 on.
    pub truncation: Option<f32>,
    /// Whether the noise of each image is written along.
    pub latents: bool,
    /// How it is divided into files, and which of them are made.
    pub cut: Cut,
}

impl Plan {
    fn all(&self, part: Part) -> u32 {
        match part {
            Part::Train => self.train,
            Part::Test => self.test,
        }
    }

    /// Into how many files a part is divided.
    pub(super) fn files(&self, part: Part) -> u32 {
        match (self.cut, self.layout) {
            (Cut::Files(files) | Cut::Shard { of: files, .. }, _) => files,
            (Cut::Usual, Layout::Parquet | Layout::WebDataset) => self.all(part).div_ceil(FILE_IMAGES).max(1),
            (Cut::Usual, _) => 1,
        }
    }

    /// The numbers of the files that are made.
    pub(super) fn indices(&self) -> Range<u32> {
        match self.cut {
            Cut::Shard { index, .. } => index..index + 1,
            _ => 0..self.files(Part::Train).max(self.files(Part::Test)),
        }
    }

    /// What a file holds of a part. Only IDX has files without images, and only where the whole part has none.
    pub(super) fn piece(&self, part: Part, index: u32) -> Option<Piece> {
        let (all, of) = (u64::from(self.all(part)), self.files(part));
        let bound = |index: u32| all * u64::from(index) / u64::from(of);
        let images = (index < of).then(|| bound(index)..bound(index + 1))?;
        let is_file = !images.is_empty() || self.layout == Layout::Idx && self.cut == Cut::Usual;
        is_file.then_some(Piece { part, index, of, images, is_alone: self.cut == Cut::Usual })
    }

    /// All that are made, file by file.
    pub(super) fn pieces(&self) -> impl Iterator<Item = Piece> {
        self.indices().flat_map(move |index| Part::ALL.into_iter().filter_map(move |part| self.piece(part, index)))
    }

    /// Images of a part that are made.
    pub(super) fn here(&self, part: Part) -> u64 {
        self.pieces().filter(|piece| piece.part == part).map(|piece| piece.count()).sum()
    }

    /// Images that are made.
    pub(super) fn all_here(&self) -> u64 {
        self.here(Part::Train) + self.here(Part::Test)
    }
}

/// What a file holds of a part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) part: Part,
    /// Which file of the part, of how many.
    pub(super) index: u32,
    pub(super) of: u32,
    /// The numbers of its images.
    pub(super) images: Range<u64>,
    /// Whether the part is divided as usual, so that a single file needs no number.
    is_alone: bool,
}

impl Piece {
    pub(super) fn count(&self) -> u64 {
        self.images.end - self.images.start
    }

    /// The end of a file's name that says which it is: `-00003-of-00008`; nothing where there is one alone.
    pub(super) fn suffix(&self) -> String {
        if self.is_alone && self.of == 1 { String::new() } else { shard_suffix(self.index, self.of) }
    }

    /// The same where such names always have a number.
    pub(super) fn numbered(&self) -> String {
        shard_suffix(self.index, self.of)
    }
}

/// How names say which of several they are of, as Hugging Face has it.
pub(super) fn shard_suffix(index: u32, of: u32) -> String {
    format!("-{index:05}-of-{of:05}")
}

/// Training images or test images.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Part {
    Train,
    Test,
}

impl Part {
    pub(super) const ALL: [Part; 2] = [Part::Train, Part::Test];

    /// The place of image `number` among all images of a seed.
    pub(super) const fn place(self, number: u64) -> u64 {
        index::generated(self as u64, number)
    }

    /// What the names of its IDX files begin with.
    pub(super) const fn idx_name(self) -> &'static str {
        match self {
            Part::Train => "train",
            Part::Test => "t10k",
        }
    }

    /// What its files and folders of other layouts are called.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Part::Train => "train",
            Part::Test => "test",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_hold_every_image_once() {
        for (train, test, files) in [(10, 3, 4), (1, 0, 1), (4097, 4096, 13), (u32::MAX, u32::MAX, MAX_FILES)] {
            let plan = Plan { train, test, cut: Cut::Files(files), ..Plan::default() };
            let mut next = [0, 0];
            for piece in plan.pieces() {
                let next = &mut next[piece.part as usize];
                assert_eq!(piece.images.start, *next);
                *next = piece.images.end;
                let of_shard = Plan { cut: Cut::Shard { index: piece.index, of: files }, ..plan.clone() };
                assert_eq!(of_shard.piece(piece.part, piece.index), Some(piece));
            }
            assert_eq!(next, [u64::from(train), u64::from(test)]);
            assert_eq!(plan.all_here(), u64::from(train) + u64::from(test));
        }
        let usual = |layout, train| Plan { train, layout, ..Plan::default() }.files(Part::Train);
        let table = [(Layout::Idx, 1), (Layout::Npz, 1), (Layout::Parquet, 3), (Layout::WebDataset, 3)];
        assert!(table.into_iter().all(|(layout, files)| usual(layout, 250_000) == files && usual(layout, 1) == 1));
    }
}
