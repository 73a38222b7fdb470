//! Data sets of the user's own: a folder of IDX files, or of class folders.
//!
//! IDX files have MNIST's names, gzipped or not, as those of Fashion-MNIST and KMNIST do. EMNIST's names
//! (`emnist-digits-train-images-idx3-ubyte`) are known too, and its images, which are stored with
//! rows and columns swapped, are put upright. If there is no such file, the folder is read by
//! [`class_folders`].

use super::error::DataError;
use super::events::{DataEvent, OnEvent};
use super::generated::{Generated, Layout};
use super::listing::{file_name, list};
use super::{class_folders, idx};
use crate::data::{Dataset, MAX_CLASSES, MIN_CLASSES, Split};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Names of the four files, without prefix and `.gz`; test files first under MNIST's own name.
const PARTS: [(Part, &[&str]); 4] = [
    (Part::TrainImages, &["train-images-idx3-ubyte", "train-images.idx3-ubyte"]),
    (Part::TrainLabels, &["train-labels-idx1-ubyte", "train-labels.idx1-ubyte"]),
    (Part::TestImages, &["t10k-images-idx3-ubyte", "t10k-images.idx3-ubyte", "test-images-idx3-ubyte"]),
    (Part::TestLabels, &["t10k-labels-idx1-ubyte", "t10k-labels.idx1-ubyte", "test-labels-idx1-ubyte"]),
];
/// What EMNIST's file names begin with.
const EMNIST: &str = "emnist-";

/// Which of the four files of a data set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    TrainImages,
    TrainLabels,
    TestImages,
    TestLabels,
}

/// Loads the data set in the folder `path`; it is named after the folder.
///
/// # Errors
/// If `path` is no folder, or what it holds is not one whole data set of 2 to 100 classes.
pub(crate) fn load(path: &Path, on_event: OnEvent) -> Result<Dataset, DataError> {
    let entries = list(path)?;
    let name = folder_name(path);
    match find_idx_files(path, &entries)? {
        Some(files) => load_idx(name, &files, on_event),
        None => class_folders::load(name, path, on_event),
    }
}

/// What to call the data set in a folder, also if the path is `.` or the like.
fn folder_name(path: &Path) -> String {
    let name = file_name(&fs::canonicalize(path).unwrap_or_else(|_| path.to_owned()));
    if name.is_empty() { "folder".to_owned() } else { name }
}

/// The four IDX files of one data set.
struct IdxFiles {
    train_images: PathBuf,
    train_labels: PathBuf,
    test_images: PathBuf,
    test_labels: PathBuf,
    /// Whether rows and columns are swapped.
    transposed: bool,
}

/// Finds the IDX files of the one data set in `folder`; none if there is no such file at all.
fn find_idx_files(folder: &Path, entries: &[PathBuf]) -> Result<Option<IdxFiles>, DataError> {
    // Sets by the prefix of their names; of FILE and FILE.gz, the first in order is taken: FILE.
    let mut sets: BTreeMap<&str, BTreeMap<Part, &PathBuf>> = BTreeMap::new();
    for path in entries {
        if let Some((prefix, part)) = path.file_name().and_then(|n| n.to_str()).and_then(recognise) {
            sets.entry(prefix).or_default().entry(part).or_insert(path);
        }
    }
    let mut found = sets.into_iter();
    let Some((prefix, set)) = found.next() else {
        return Ok(None);
    };
    if let Some((_, other)) = found.next() {
        let first_name = |set: &BTreeMap<Part, &PathBuf>| set.values().next().map(|path| file_name(path));
        return Err(DataError::SeveralSets {
            folder: folder.to_owned(),
            first: first_name(&set).unwrap_or_default(),
            second: first_name(&other).unwrap_or_default(),
        });
    }
    let take = |part| set.get(&part).map(|path| path.to_path_buf()).ok_or_else(|| missing(folder, prefix, part));
    Ok(Some(IdxFiles {
        train_images: take(Part::TrainImages)?,
        train_labels: take(Part::TrainLabels)?,
        test_images: take(Part::TestImages)?,
        test_labels: take(Part::TestLabels)?,
        transposed: prefix.starts_with(EMNIST),
    }))
}

/// Splits a file name into what stands before a known name (nothing, or EMNIST's) and the part.
fn recognise(name: &str) -> Option<(&str, Part)> {
    let name = name.strip_suffix(".gz").unwrap_or(name);
    PARTS.iter().find_map(|(part, suffixes)| {
        let prefix = suffixes.iter().find_map(|suffix| name.strip_suffix(suffix))?;
        let known = prefix.is_empty() || prefix.starts_with(EMNIST) && prefix.ends_with('-');
        known.then_some((prefix, *part))
    })
}

fn missing(folder: &Path, prefix: &str, part: Part) -> DataError {
    let emnist = !prefix.is_empty();
    let names = PARTS.iter().find(|(candidate, _)| *candidate == part).map_or(&[][..], |(_, names)| names);
    // EMNIST says `test` where MNIST says `t10k`: its names come last.
    let name = if emnist && names.len() > 2 { names.last() } else { names.first() };
    DataError::MissingFile { folder: folder.to_owned(), file: format!("{prefix}{}", name.copied().unwrap_or_default()) }
}

fn load_idx(name: String, files: &IdxFiles, on_event: OnEvent) -> Result<Dataset, DataError> {
    let train = load_split(&files.train_images, &files.train_labels, files.transposed, on_event)?;
    let test = load_split(&files.test_images, &files.test_labels, files.transposed, on_event)?;
    if train.is_empty() {
        return Err(DataError::NoImages { path: files.train_images.clone() });
    }
    let classes = count_classes(&files.train_labels, &train.labels)?;
    if let Some(label) = test.labels.iter().find(|&&label| usize::from(label) >= classes) {
        return Err(DataError::UnknownClass { path: files.test_labels.clone(), class: label.to_string() });
    }
    // A generated data set says what its classes are called.
    let recorded = Generated::find(files.train_labels.parent().unwrap_or(Path::new(".")))
        .filter(|record| record.layout == Layout::Idx && record.class_names.len() >= classes)
        .map(|record| record.class_names.into_iter().take(classes).collect());
    let class_names = recorded.unwrap_or_else(|| (0..classes).map(|class| class.to_string()).collect());
    Ok(Dataset { name, classes, class_names, train, test })
}

fn load_split(images_path: &Path, labels_path: &Path, transposed: bool, on_event: OnEvent) -> Result<Split, DataError> {
    let damaged = |path: &Path, problem| DataError::Idx { path: path.to_owned(), problem };
    let open = |path: &Path| idx::open(path).map_err(DataError::read(path));
    let labels = idx::read_labels(open(labels_path)?).map_err(|e| damaged(labels_path, e))?;
    let mut images = idx::read_images(open(images_path)?).map_err(|e| damaged(images_path, e))?;
    if images.len() != labels.len() {
        return Err(DataError::CountsDiffer {
            images_path: images_path.to_owned(),
            images: images.len(),
            labels_path: labels_path.to_owned(),
            labels: labels.len(),
        });
    }
    if images.resized() && !images.is_empty() {
        on_event(DataEvent::Resized { path: images_path, images: images.len() });
    }
    if transposed {
        idx::transpose(&mut images.pixels);
        on_event(DataEvent::Transposed { path: images_path, images: images.len() });
    }
    Ok(Split { images: images.pixels, labels })
}

/// The number of classes in training labels, which must be 0, 1, 2 … without gaps.
fn count_classes(path: &Path, labels: &[u8]) -> Result<usize, DataError> {
    let mut seen = [false; 256];
    for &label in labels {
        seen[usize::from(label)] = true;
    }
    let classes = seen.iter().rposition(|&seen| seen).map_or(0, |highest| highest + 1);
    if classes > MAX_CLASSES {
        return Err(DataError::ClassCount { path: path.to_owned(), found: classes });
    }
    if let Some(missing) = seen[..classes].iter().position(|&seen| !seen) {
        return Err(DataError::LabelGap { path: path.to_owned(), missing, highest: classes - 1 });
    }
    if classes < MIN_CLASSES {
        return Err(DataError::ClassCount { path: path.to_owned(), found: classes });
    }
    Ok(classes)
}
