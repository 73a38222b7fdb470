//! Data sets of PNG, JPEG and TIFF files: one folder per class, or the class at the beginning of each file's name.
//!
//! ```text
//! digits/3/*.png …              one image in seven of each class is set aside to test on
//! digits/train/3/*.png …        with train/ and test/, each class as it is there
//! digits/test/3/*.png …
//! digits/3_0001.png …           where it is asked for
//! ```
//!
//! Folders are classes in the order of the bytes of their names, or of their values if all of them
//! are numbers; files within a class are ordered by the bytes of their names.

use super::error::DataError;
use super::format::{self, Format};
use super::listing::{file_name, hidden_folders, list};
use super::names::{SplitName, are_classes, split_of_folder, split_of_word};
use super::place::{Place, check_number};
use super::report::{LeftOut, Unused};
use super::sets::{Found, left_out};
use crate::data::{MAX_CLASSES, MIN_CLASSES};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

const FORMAT: &str = "PNG, JPEG or TIFF";

/// Finds the class folders in a folder; none if no folder in it holds a picture.
///
/// # Errors
/// If there are fewer than 2 or more than 100, or one that looks like a class holds no picture, or the test images have a
/// class of their own.
pub(super) fn find(folder: &Path) -> Result<Option<Found>, DataError> {
    let entries = list(folder)?;
    let (layers, mut unused) = layers(folder, &entries)?;
    let root = layers.train.as_deref().unwrap_or(folder);
    let mut beside = if layers.train.is_some() {
        let is_layer = |path: &PathBuf| [&layers.train, &layers.test].contains(&&Some(path.clone()));
        let others: Vec<PathBuf> =
            entries.iter().filter(|path| !is_layer(path) && !is_unused(&unused, path)).cloned().collect();
        left_out(&others, "")
    } else {
        Vec::new()
    };
    let classes = classes(root, &mut beside)?;
    if classes.is_empty() {
        return Ok(None);
    }
    if !(MIN_CLASSES..=MAX_CLASSES).contains(&classes.len()) {
        return Err(DataError::ClassCount { path: root.to_owned(), found: classes.len() });
    }
    let test = match &layers.test {
        Some(test) => Some(test_files(test, &classes, &mut beside)?),
        None => None,
    };
    unused.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(Some(found(folder, root, in_order(classes), layers.test, test, beside, unused)?))
}

/// Finds pictures whose names begin with their class, in the folder or in its folders for splits.
pub(super) fn find_by_name(folder: &Path) -> Result<Option<Found>, DataError> {
    let entries = list(folder)?;
    let of_split = |split| {
        let is = |path: &&PathBuf| path.is_dir() && split_of_word(&file_name(path)) == Some(split);
        entries.iter().find(is).cloned()
    };
    let train = of_split(SplitName::Train);
    let test = train.as_ref().and_then(|_| of_split(SplitName::Test).or_else(|| of_split(SplitName::Validation)));
    let root = train.unwrap_or_else(|| folder.to_owned());
    let used = |path: &PathBuf| *path == root || test.as_ref() == Some(path) || !path.is_dir();
    let mut beside: Vec<LeftOut> = Vec::new();
    if root != folder {
        let others: Vec<PathBuf> = entries.iter().filter(|path| !used(path)).cloned().collect();
        beside.extend(left_out(&others, ""));
    }
    let files = labelled_by_name(&root, &mut beside)?;
    if files.is_empty() {
        return Ok(None);
    }
    let tests = match &test {
        Some(test) => Some(labelled_by_name(test, &mut beside)?),
        None => None,
    };
    Ok(Some(found(folder, &root, files, test, tests, beside, Vec::new())?))
}

/// [`find`], in the folders below, if just one holds class folders.
pub(super) fn find_below(folder: &Path) -> Result<Option<Found>, DataError> {
    let mut found = Vec::new();
    for below in folders(folder)? {
        let here = find(&below)?;
        let deeper = if here.is_none() { find_below_once(&below)? } else { here };
        found.extend(deeper);
    }
    if found.len() > 1 {
        let choices = found.into_iter().map(|found| found.home).collect();
        return Err(DataError::SeveralSets { folder: folder.to_owned(), choices });
    }
    Ok(found.pop())
}

fn find_below_once(folder: &Path) -> Result<Option<Found>, DataError> {
    let folders = folders(folder)?;
    match folders.as_slice() {
        [only] => find(only),
        _ => Ok(None),
    }
}

/// A picture and its class.
type Labelled = (String, PathBuf);

fn found(
    folder: &Path,
    root: &Path,
    train: Vec<Labelled>,
    test_folder: Option<PathBuf>,
    test: Option<Vec<Labelled>>,
    left_out: Vec<LeftOut>,
    unused: Vec<Unused>,
) -> Result<Found, DataError> {
    check_number(folder, train.len() + test.as_ref().map_or(0, Vec::len))?;
    let place = |folder: PathBuf, files| Place::Pictures { folder, files };
    Ok(Found {
        format: FORMAT,
        set: String::new(),
        train: place(root.to_owned(), train),
        test: test_folder.zip(test).map(|(folder, files)| place(folder, files)),
        spare: None,
        home: folder.to_owned(),
        left_out,
        unused,
    })
}

/// Where the class folders lie.
struct Layers {
    /// None if they lie in the folder itself.
    train: Option<PathBuf>,
    /// None if test images are to be set aside from the others.
    test: Option<PathBuf>,
}

/// Folders named for a split, if they hold folders: others are classes that happen to be called so, or loose files. Where
/// some are called by the split alone, those with other words in their names are none; else they must be of one set.
fn layers(folder: &Path, entries: &[PathBuf]) -> Result<(Layers, Vec<Unused>), DataError> {
    let mut named: Vec<(SplitName, String, &PathBuf)> = Vec::new();
    for path in entries.iter().filter(|path| path.is_dir()) {
        let Some((split, set)) = split_of_folder(&file_name(path)) else { continue };
        if !folders(path)?.is_empty() {
            named.push((split, set, path));
        }
    }
    if named.iter().any(|(_, set, _)| set.is_empty()) {
        named.retain(|(_, set, _)| set.is_empty());
    }
    let is_training = |(split, ..): &&(SplitName, String, &PathBuf)| *split == SplitName::Train;
    if named.iter().any(|(_, set, _)| *set != named[0].1) && named.iter().any(|one| is_training(&one)) {
        let choices = named.iter().filter(is_training).map(|(_, _, path)| (*path).clone()).collect();
        return Err(DataError::SeveralSets { folder: folder.to_owned(), choices });
    }
    let mut found: BTreeMap<SplitName, PathBuf> = BTreeMap::new();
    let mut unused = Vec::new();
    for (split, _, path) in named {
        match found.entry(split) {
            std::collections::btree_map::Entry::Vacant(place) => {
                place.insert(path.clone());
            }
            std::collections::btree_map::Entry::Occupied(_) => {
                unused.push(Unused { path: path.clone(), why: "another folder is of the same split" });
            }
        }
    }
    let train = found.remove(&SplitName::Train);
    let (test, validation) = (found.remove(&SplitName::Test), found.remove(&SplitName::Validation));
    if train.is_none() {
        return Ok((Layers { train: None, test: None }, Vec::new()));
    }
    if let (Some(_), Some(path)) = (&test, &validation) {
        unused.push(Unused { path: path.clone(), why: "the test split is used" });
    }
    Ok((Layers { train, test: test.or(validation) }, unused))
}

fn is_unused(unused: &[Unused], path: &Path) -> bool {
    unused.iter().any(|unused| unused.path == path)
}

/// The folders within `folder`, in order.
fn folders(folder: &Path) -> Result<Vec<PathBuf>, DataError> {
    let mut paths = list(folder)?;
    paths.retain(|path| path.is_dir());
    Ok(paths)
}

/// A class and its files, in order.
type Class = (String, Vec<PathBuf>);

/// The classes in `root`; what is none is added to `beside`. None at all if no folder holds a picture.
fn classes(root: &Path, beside: &mut Vec<LeftOut>) -> Result<Vec<Class>, DataError> {
    let entries = list(root)?;
    let (folders, files): (Vec<PathBuf>, Vec<PathBuf>) = entries.into_iter().partition(|path| path.is_dir());
    let mut candidates = Vec::new();
    for folder in folders {
        let (pictures, others) = pictures(&folder)?;
        candidates.push((folder, pictures, others));
    }
    if candidates.iter().all(|(_, pictures, _)| pictures.is_empty()) {
        return Ok(Vec::new());
    }
    // Loose pictures of splits: their classes are somewhere else.
    if candidates.iter().all(|(folder, ..)| split_of_word(&file_name(folder)).is_some()) {
        let pictures = candidates.iter().map(|(_, pictures, _)| pictures.len()).sum();
        return Err(DataError::Flat { folder: root.to_owned(), pictures });
    }
    let named: Vec<(String, bool)> =
        candidates.iter().map(|(folder, pictures, _)| (file_name(folder), !pictures.is_empty())).collect();
    let (mut classes, mut out, mut passed_over) = (Vec::new(), hidden_folders(root)?, files);
    for ((folder, pictures, others), is_class) in candidates.into_iter().zip(are_classes(&named)) {
        if !is_class {
            out.push(folder);
        } else if pictures.is_empty() {
            return Err(DataError::EmptyClass { folder });
        } else {
            let name = file_name(&folder);
            // A name that is no text, or breaks lines, can look like another's.
            if folder.file_name().and_then(|name| name.to_str()) != Some(&name) {
                return Err(DataError::ClassName { path: folder, name });
            }
            classes.push((name, pictures));
            passed_over.extend(others);
        }
    }
    beside.extend(out.iter().map(|path| LeftOut {
        what: file_name(path),
        number: 1,
        why: "a folder that is no class",
    }));
    beside.extend(left_out(&passed_over, ""));
    Ok(classes)
}

/// The pictures in a folder, and what else is there.
fn pictures(folder: &Path) -> Result<(Vec<PathBuf>, Vec<PathBuf>), DataError> {
    let is_picture = |path: &PathBuf| format::of(path) == Some(Format::Picture);
    Ok(list(folder)?.into_iter().partition(is_picture))
}

/// The files of all classes, class by class.
fn in_order(mut classes: Vec<Class>) -> Vec<Labelled> {
    let value = |(name, _): &Class| name.parse::<u64>().ok();
    if classes.iter().all(|class| value(class).is_some()) {
        classes.sort_by_key(value);
    }
    let labelled = |(name, files): Class| files.into_iter().map(move |file| (name.clone(), file));
    classes.into_iter().flat_map(labelled).collect()
}

/// The files of the test folder, whose classes must be known.
fn test_files(folder: &Path, known: &[Class], beside: &mut Vec<LeftOut>) -> Result<Vec<Labelled>, DataError> {
    let test = classes(folder, beside)?;
    if test.is_empty() {
        return Err(DataError::EmptyClass { folder: folder.to_owned() });
    }
    if let Some((class, files)) = test.iter().find(|(name, _)| !known.iter().any(|(known, _)| known == name)) {
        let (path, class, images) = (folder.join(class), class.clone(), files.len());
        return Err(DataError::UnknownClass { path, class, images });
    }
    Ok(in_order(test))
}

fn labelled_by_name(folder: &Path, beside: &mut Vec<LeftOut>) -> Result<Vec<Labelled>, DataError> {
    let (pictures, others) = pictures(folder)?;
    beside.extend(left_out(&others, ""));
    let class = |path: &PathBuf| {
        let name = file_name(path);
        name.split(['_', '-', '.', ' ']).next().unwrap_or_default().to_owned()
    };
    let mut files: Vec<Labelled> = pictures.into_iter().map(|path| (class(&path), path)).collect();
    files.sort();
    if let Some((_, path)) = files.iter().find(|(class, _)| class.is_empty()) {
        return Err(DataError::UnknownClass { path: path.clone(), class: String::new(), images: 1 });
    }
    Ok(files)
}
