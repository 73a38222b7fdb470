//! What the writers of all formats share.

use super::error::ConvertError;
use crate::IMAGE_PIXELS;
use crate::data::{Dataset, Split};
use crate::load::generated::{FILE_NAME, FORMAT, Layout};
use serde_json::json;
use std::fs;
use std::io;
use std::ops::ControlFlow;
use std::path::Path;

/// Images written between two reports of progress.
const CHUNK_IMAGES: usize = 4096;

/// Training images or test images.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Train,
    Test,
}

impl Part {
    pub(super) const ALL: [Part; 2] = [Part::Train, Part::Test];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Part::Train => "train",
            Part::Test => "test",
        }
    }

    pub(super) fn of(self, dataset: &Dataset) -> &Split {
        match self {
            Part::Train => &dataset.train,
            Part::Test => &dataset.test,
        }
    }
}

/// How far it is, and who is told.
pub(super) struct Progress<'a> {
    done: usize,
    all: usize,
    watch: &'a mut (dyn FnMut(usize, usize) -> ControlFlow<()> + Send),
}

impl<'a> Progress<'a> {
    pub(super) fn new(dataset: &Dataset, watch: &'a mut (dyn FnMut(usize, usize) -> ControlFlow<()> + Send)) -> Self {
        Progress { done: 0, all: dataset.train.len() + dataset.test.len(), watch }
    }

    pub(super) fn advance(&mut self, images: usize) -> Result<(), ConvertError> {
        self.done += images;
        match (self.watch)(self.done, self.all) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(ConvertError::Stopped),
        }
    }
}

/// The images of a split, `[some, 28, 28]`, and their labels, `[some]`, some at a time.
pub(super) fn chunks(split: &Split) -> impl Iterator<Item = (&[u8], &[u8])> {
    split.images.chunks(CHUNK_IMAGES * IMAGE_PIXELS).zip(split.labels.chunks(CHUNK_IMAGES))
}

/// Whether the classes are called 0, 1, 2 …, so that a label says it all.
pub(crate) fn names_are_numbers(names: &[String]) -> bool {
    names.iter().enumerate().all(|(class, name)| *name == class.to_string())
}

/// What loaders read of a record: the names of the classes, and that images are light ink on black.
pub(super) fn record(dataset: &Dataset, layout: Layout, folder: &Path) -> Result<(), ConvertError> {
    let record = json!({ "format": FORMAT, "layout": layout, "class_names": dataset.class_names });
    let path = folder.join(FILE_NAME);
    fs::write(&path, format!("{record:#}\n")).map_err(ConvertError::write(&path))
}

/// What a closure that writes gives: an error of writing, or the wish to stop.
pub(super) enum Failed {
    Io(io::Error),
    Else(ConvertError),
}

impl From<io::Error> for Failed {
    fn from(error: io::Error) -> Self {
        Failed::Io(error)
    }
}

impl From<ConvertError> for Failed {
    fn from(error: ConvertError) -> Self {
        Failed::Else(error)
    }
}

impl Failed {
    /// At `path`.
    pub(super) fn at(self, path: &Path) -> ConvertError {
        match self {
            Failed::Io(error) => ConvertError::write(path)(error),
            Failed::Else(error) => error,
        }
    }
}
