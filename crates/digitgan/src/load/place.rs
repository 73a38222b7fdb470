//! Where the images of a split are, and how each kind of place is read.

use super::array::Array;
use super::error::{ArrayError, DataError, one_line};
use super::format::Format;
use super::gather::{Gather, TooMany, Unreadable};
use super::labels::KnownNames;
use super::open::open;
use super::picture::{self, MAX_FILE_BYTES};
use super::stored::Labels;
use super::{csv, idx, limits, npy, npz, parquet};
use crate::files::capped;
use std::collections::BTreeSet;
use std::io::Read;
use std::path::{Path, PathBuf};

/// What a file is read through.
type Bytes = Box<dyn Read + Send>;

/// Where the images of a split, and their labels, are.
#[derive(Clone)]
pub(super) enum Place {
    /// Two arrays.
    Arrays { images: ArrayFile, labels: ArrayFile, names: Option<ArrayFile> },
    /// Tables of numbers, one row per image.
    Csv(Vec<PathBuf>),
    /// Shards of a table with a column of pictures.
    Parquet(Vec<PathBuf>),
    /// Files of pictures, with a label each.
    Pictures { folder: PathBuf, files: Vec<(String, PathBuf)> },
}

/// An array: a file, or an entry of an archive.
#[derive(Clone, Debug)]
pub(super) struct ArrayFile {
    pub(super) path: PathBuf,
    pub(super) format: Format,
    pub(super) entry: Option<String>,
}

/// What a place says beside images.
#[derive(Default)]
pub(super) struct Told {
    /// None if the images have no labels.
    pub(super) labels: Option<Labels>,
    pub(super) names: KnownNames,
    /// The names of columns that are not used.
    pub(super) unused_columns: Vec<String>,
    /// Where the labels of tables are whose columns have no names.
    pub(super) label_end: Option<csv::End>,
}

impl Told {
    fn labels(labels: Labels) -> Told {
        Told { labels: Some(labels), ..Told::default() }
    }

    /// The same without labels that are none.
    fn or_none(self) -> Told {
        Told { labels: self.labels.filter(|labels| !labels.are_none()), ..self }
    }
}

impl Place {
    /// A path for messages about labels.
    pub(super) fn path(&self) -> PathBuf {
        match self {
            Place::Arrays { labels, .. } => labels.shown(),
            Place::Csv(paths) | Place::Parquet(paths) => paths.first().cloned().unwrap_or_default(),
            Place::Pictures { folder, .. } => folder.clone(),
        }
    }

    /// A path for messages about images.
    pub(super) fn images_path(&self) -> PathBuf {
        match self {
            Place::Arrays { images, .. } => images.shown(),
            _ => self.path(),
        }
    }

    /// Hands all images to `gather`; as many labels come back as images were taken, or none. Those of another split are at
    /// `label_end` of their tables.
    pub(super) fn read(&self, label_end: Option<csv::End>, gather: &mut Gather<'_>) -> Result<Told, DataError> {
        self.read_all(label_end, gather).map(Told::or_none)
    }

    fn read_all(&self, label_end: Option<csv::End>, gather: &mut Gather<'_>) -> Result<Told, DataError> {
        match self {
            Place::Arrays { images, labels, names } => {
                let labels = read_arrays(images, labels, gather)?;
                Ok(Told {
                    names: names.as_ref().map_or(Ok(KnownNames::new()), ArrayFile::read_names)?,
                    ..Told::labels(labels)
                })
            }
            Place::Csv(paths) => read_csv(paths, label_end, gather),
            Place::Parquet(paths) => {
                let parquet::Table { labels, names, unused } = parquet::read(paths, gather)?;
                let names = (0..).zip(names.unwrap_or_default()).collect();
                Ok(Told { names, unused_columns: unused, ..Told::labels(labels) })
            }
            Place::Pictures { folder, files } => read_pictures(folder, files, gather).map(Told::labels),
        }
    }
}

fn read_arrays(images: &ArrayFile, labels: &ArrayFile, gather: &mut Gather<'_>) -> Result<Labels, DataError> {
    // Labels first: where the two do not belong together, that shows soon.
    let read = labels.read(idx::labels, |array| array.read_labels())?;
    images.read(idx::images, |array| array.read_images(gather))?;
    if gather.len() != read.len() {
        return Err(DataError::CountsDiffer {
            images_path: images.shown(),
            images: gather.len(),
            labels_path: labels.shown(),
            labels: read.len(),
        });
    }
    Ok(read)
}

/// Tables of one split, one after the other.
fn read_csv(paths: &[PathBuf], label_end: Option<csv::End>, gather: &mut Gather<'_>) -> Result<Told, DataError> {
    let mut all = Told { label_end, ..Told::default() };
    for path in paths {
        let csv::Table { labels, end, unused } = csv::read(path, all.label_end, gather)?;
        all.label_end = all.label_end.or(end);
        all.unused_columns.extend(unused);
        match (labels, &mut all.labels) {
            (Some(labels), Some(all)) => all.append(labels),
            (Some(labels), None) => all.labels = Some(labels),
            (None, _) => return Ok(Told { labels: None, ..all }),
        }
    }
    Ok(all)
}

impl ArrayFile {
    /// Its path, and the array within.
    pub(super) fn shown(&self) -> PathBuf {
        match &self.entry {
            Some(entry) => self.path.join(entry),
            None => self.path.clone(),
        }
    }

    /// Its type and shape.
    pub(super) fn describe(&self) -> Result<String, DataError> {
        let described = match (self.format, &self.entry) {
            (Format::Npz, entry) => npz::describe(&self.path, entry.as_deref().unwrap_or_default()),
            (Format::Npy, _) => npy::describe(open(&self.path).map_err(DataError::read(&self.path))?),
            (format, _) => Ok(format.name().to_owned()),
        };
        described.map_err(|problem| DataError::Array { path: self.shown(), problem })
    }

    /// The names of classes, in their order.
    fn read_names(&self) -> Result<KnownNames, DataError> {
        match self.read(idx::labels, |array| array.read_labels())? {
            Labels::Names(names) => Ok((0..).zip(names.iter().map(|name| one_line(name))).collect()),
            // Numbers name themselves.
            Labels::Numbers(_) => Ok(KnownNames::new()),
        }
    }

    /// Reads its array with `read`, the header of an IDX file with `header`.
    fn read<T>(
        &self,
        header: impl FnOnce(Bytes) -> Result<Array<Bytes>, ArrayError>,
        read: impl FnOnce(Array<Box<dyn Read + Send + '_>>) -> Result<T, ArrayError>,
    ) -> Result<T, DataError> {
        let open = || open(&self.path).map_err(DataError::read(&self.path));
        let result = match (self.format, &self.entry) {
            (Format::Npz, Some(entry)) => npz::read(&self.path, entry, read),
            // An archive that names no array is damaged: this says how.
            (Format::Npz, None) => npz::read(&self.path, "", read),
            (Format::Npy, _) => npy::header(open()?).and_then(read),
            _ => header(open()?).and_then(|array| read(array.boxed())),
        };
        result.map_err(|problem| DataError::Array { path: self.shown(), problem })
    }
}

fn read_pictures(folder: &Path, files: &[(String, PathBuf)], gather: &mut Gather<'_>) -> Result<Labels, DataError> {
    let decode = |index: usize| {
        let path = &files[index].1;
        let unreadable = |reason: String| Unreadable { place: path.display().to_string(), reason };
        let bytes = capped::read(path, MAX_FILE_BYTES).map_err(|error| unreadable(error.to_string()))?;
        picture::decode(&bytes).map_err(unreadable)
    };
    let too_many = |TooMany| DataError::TooManyImages { folder: folder.to_owned(), found: files.len() };
    let readable = gather.take_each(files.len(), decode).map_err(too_many)?;
    let labels: Vec<&String> =
        files.iter().zip(&readable).filter(|(_, read)| **read).map(|((label, _), _)| label).collect();
    // A class must not vanish because none of its images can be read.
    let classes: BTreeSet<&String> = labels.iter().copied().collect();
    if let Some(lost) = files.iter().position(|(label, _)| !classes.contains(label)) {
        let path = files[lost].1.clone();
        let unreadable = gather.unreadable.iter().find(|unreadable| unreadable.place == path.display().to_string());
        let reason = unreadable.map(|unreadable| unreadable.reason.clone()).unwrap_or_default();
        return Err(DataError::Unreadable { path, reason });
    }
    Ok(Labels::Names(labels.into_iter().cloned().collect()))
}

/// Checks early what shows late otherwise.
pub(super) fn check_number(folder: &Path, found: usize) -> Result<(), DataError> {
    if found > limits::MAX_IMAGES {
        return Err(DataError::TooManyImages { folder: folder.to_owned(), found });
    }
    Ok(())
}
