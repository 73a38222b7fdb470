//! Data sets of PNG files: one folder per class.
//!
//! ```text
//! digits/3/*.png …              one image in seven of each class is set aside to test on
//! digits/train/3/*.png …        with train/ and test/, each class as it is there
//! digits/test/3/*.png …
//! ```
//!
//! Folders are classes in the order of the bytes of their names, or of their values if all of them
//! are numbers; files within a class are ordered by the bytes of their names. [`png`] says how
//! their contents become images of light ink on black. Those of a generated data set, which says so in its
//! record ([`super::generated`]), are that already.

use super::error::DataError;
use super::events::{DataEvent, OnEvent};
use super::generated::{Generated, Layout as GeneratedLayout};
use super::limits::MAX_IMAGES;
use super::listing::{file_name, list};
use super::png::{self, Changes, Ground};
use crate::IMAGE_PIXELS;
use crate::data::{Dataset, MAX_CLASSES, MIN_CLASSES, Split};
use rayon::prelude::*;
use std::path::{Path, PathBuf};

/// One image in so many is set aside to test on.
pub(super) const TEST_SHARE: usize = 7;

/// Loads the class folders in the folder `path`.
///
/// # Errors
/// If there are none, or fewer than 2 or more than 100, or one is empty or holds a PNG file that
/// cannot be read, or the test images have a class of their own.
pub(super) fn load(name: String, path: &Path, on_event: OnEvent) -> Result<Dataset, DataError> {
    let layout = Layout::find(path)?;
    let classes = find_classes(&layout.train)?;
    let (train, test) = match &layout.test {
        Some(folder) => (number(&classes), find_test_files(folder, &classes)?),
        None => set_aside(&classes),
    };
    let found = train.len() + test.len();
    if found > MAX_IMAGES {
        let folder = path.to_owned();
        return Err(DataError::TooManyImages { folder, found });
    }
    if layout.test.is_none() {
        let (train, test) = (train.len(), test.len());
        on_event(DataEvent::SetAside { path, train, test });
    }
    let test_folder = layout.test.as_ref().unwrap_or(&layout.train);
    let ground = match Generated::find(path) {
        Some(known) if known.layout == GeneratedLayout::Png => Ground::Black,
        _ => Ground::Unknown,
    };
    Ok(Dataset {
        name,
        classes: classes.len(),
        class_names: classes.into_iter().map(|class| class.name).collect(),
        train: read_split(&layout.train, &train, ground, on_event)?,
        test: read_split(test_folder, &test, ground, on_event)?,
    })
}

/// Where the class folders lie.
struct Layout {
    train: PathBuf,
    /// None if test images are to be set aside from the others.
    test: Option<PathBuf>,
}

impl Layout {
    /// A folder `train` or `test` that holds no folders is a class that happens to be called so.
    fn find(path: &Path) -> Result<Self, DataError> {
        let within = |name| -> Result<Option<PathBuf>, DataError> {
            let folder = path.join(name);
            let is_layer = folder.is_dir() && !class_paths(&folder)?.is_empty();
            Ok(is_layer.then_some(folder))
        };
        Ok(match within("train")? {
            Some(train) => Self { train, test: within("test")? },
            None => Self { train: path.to_owned(), test: None },
        })
    }
}

/// A class and its files, in order.
struct Class {
    name: String,
    files: Vec<PathBuf>,
}

/// A file and its class.
type Labelled = (u8, PathBuf);

/// The folders within `folder`, in order.
fn class_paths(folder: &Path) -> Result<Vec<PathBuf>, DataError> {
    let mut paths = list(folder)?;
    paths.retain(|path| path.is_dir());
    let value = |path: &PathBuf| file_name(path).parse::<u64>().ok();
    if paths.iter().all(|path| value(path).is_some()) {
        paths.sort_by_key(value);
    }
    Ok(paths)
}

fn find_classes(root: &Path) -> Result<Vec<Class>, DataError> {
    let paths = class_paths(root)?;
    if paths.is_empty() {
        return Err(DataError::NothingFound { folder: root.to_owned() });
    }
    if !(MIN_CLASSES..=MAX_CLASSES).contains(&paths.len()) {
        return Err(DataError::ClassCount { path: root.to_owned(), found: paths.len() });
    }
    paths.iter().map(|path| Ok(Class { name: file_name(path), files: png_files(path)? })).collect()
}

fn png_files(folder: &Path) -> Result<Vec<PathBuf>, DataError> {
    let mut files = list(folder)?;
    files.retain(|path| path.extension().is_some_and(|end| end.eq_ignore_ascii_case("png")));
    if files.is_empty() {
        return Err(DataError::EmptyClass { folder: folder.to_owned() });
    }
    Ok(files)
}

/// All files of all classes.
fn number(classes: &[Class]) -> Vec<Labelled> {
    let labels = 0u8..;
    labels.zip(classes).flat_map(|(label, class)| class.files.iter().map(move |f| (label, f.clone()))).collect()
}

/// The files of the test folder, whose classes must be known.
fn find_test_files(folder: &Path, classes: &[Class]) -> Result<Vec<Labelled>, DataError> {
    let mut files = Vec::new();
    for path in class_paths(folder)? {
        let name = file_name(&path);
        let label = (0u8..).zip(classes).find(|(_, class)| class.name == name).map(|(label, _)| label);
        let Some(label) = label else {
            return Err(DataError::UnknownClass { path, class: name });
        };
        files.extend(png_files(&path)?.into_iter().map(|file| (label, file)));
    }
    files.sort_by_key(|(label, _)| *label);
    Ok(files)
}

/// Splits each class: every seventh file is for testing, so no class loses all of its images.
fn set_aside(classes: &[Class]) -> (Vec<Labelled>, Vec<Labelled>) {
    let (mut train, mut test) = (Vec::new(), Vec::new());
    for (label, class) in (0u8..).zip(classes) {
        for (index, file) in class.files.iter().enumerate() {
            let split = if index % TEST_SHARE == TEST_SHARE - 1 { &mut test } else { &mut train };
            split.push((label, file.clone()));
        }
    }
    (train, test)
}

fn read_split(folder: &Path, files: &[Labelled], ground: Ground, on_event: OnEvent) -> Result<Split, DataError> {
    let mut images = vec![0; files.len() * IMAGE_PIXELS];
    let changes: Vec<Result<Changes, DataError>> = images
        .par_chunks_exact_mut(IMAGE_PIXELS)
        .zip(files)
        .map(|(out, (_, path))| {
            let (pixels, changes) = png::read(path, ground)?;
            out.copy_from_slice(&pixels);
            Ok(changes)
        })
        .collect();
    let (mut resized, mut inverted) = (0, 0);
    // Going through them in order reports the same file, whichever thread failed first.
    for change in changes {
        let change = change?;
        resized += usize::from(change.resized);
        inverted += usize::from(change.inverted);
    }
    if resized > 0 {
        on_event(DataEvent::Resized { path: folder, images: resized });
    }
    if inverted > 0 {
        on_event(DataEvent::Inverted { path: folder, images: inverted });
    }
    Ok(Split { images, labels: files.iter().map(|(label, _)| *label).collect() })
}
