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
use super::listing::{self, file_name, list};
use super::names::{SplitName, are_classes, split_of_folder};
use super::picture;
use super::place::{Place, check_number};
use super::report::{LeftOut, Unused};
use super::sets::{Found, left_out};
use crate::data::{MAX_CLASSES, MIN_CLASSES};
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

const FORMAT: &str = "PNG, JPEG or TIFF";

/// Finds the class folders in a folder; none if no folder in it holds a picture.
///
/// # Errors
/// If there are fewer than 2 or more than 100, or one that looks like a class holds no picture, or the test images have a
/// class of their own.
pub(super) fn find(folder: &Path) -> Result<Option<Found>, DataError> {
    let (layers, unused) = layers(folder, |path| Ok(!folders(path)?.is_empty()))?;
    let root = layers.train.as_deref().unwrap_or(folder);
    let mut beside = layers.beside(folder, &unused)?;
    let mut seen = BTreeSet::new();
    let classes = classes(root, &mut seen, &mut beside)?;
    if classes.is_empty() {
        return Ok(None);
    }
    if !(MIN_CLASSES..=MAX_CLASSES).contains(&classes.len()) {
        return Err(DataError::ClassCount { path: root.to_owned(), found: classes.len() });
    }
    let test = match &layers.test {
        Some(test) => Some(test_files(test, &classes, &mut seen, &mut beside)?),
        None => None,
    };
    Ok(Some(found(folder, root, in_order(classes), layers.test, test, beside, unused)?))
}

/// Finds pictures whose names begin with their class, in the folder or in its folders for splits.
pub(super) fn find_by_name(folder: &Path) -> Result<Option<Found>, DataError> {
    let (layers, unused) = layers(folder, |path| Ok(!pictures(path)?.0.is_empty()))?;
    let root = layers.train.as_deref().unwrap_or(folder);
    let mut beside = layers.beside(folder, &unused)?;
    let files = labelled_by_name(root, &mut beside)?;
    if files.is_empty() {
        return Ok(None);
    }
    let tests = match &layers.test {
        Some(test) => Some(labelled_by_name(test, &mut beside)?),
        None => None,
    };
    Ok(Some(found(folder, root, files, layers.test, tests, beside, unused)?))
}

/// [`find`], in the folders below, if just one holds class folders.
pub(super) fn find_below(folder: &Path) -> Result<Option<Found>, DataError> {
    let mut found = Vec::new();
    for below in folders(folder)? {
        let here = find(&below)?;
        let deeper = if here.is_none() { find_below_once(&below)? } else { here };
        let alone =
            split_of_folder(&file_name(&below)).map(|(split, _)| split).filter(|&split| split != SplitName::Train);
        found.extend(deeper.map(|found| Found { alone, ..found }));
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
        alone: None,
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

impl Layers {
    /// What lies beside the layers in `folder`, if there are any.
    fn beside(&self, folder: &Path, unused: &[Unused]) -> Result<Vec<LeftOut>, DataError> {
        if self.train.is_none() {
            return Ok(Vec::new());
        }
        let known = [&self.train, &self.test].into_iter().flatten().chain(unused.iter().map(|unused| &unused.path));
        let known: Vec<&PathBuf> = known.collect();
        let (mut others, hidden) = listing::entries(folder)?;
        others.extend(hidden);
        others.retain(|path| !known.iter().any(|layer| layer.starts_with(path)));
        Ok(left_out(&others, ""))
    }
}

/// Folders named for a split, if they hold what `holds` looks for: others are classes that happen to be called so, or loose
/// files. Where some are called by the split alone, those with other words in their names are none; else they must be of
/// one set.
fn layers(folder: &Path, holds: impl Fn(&Path) -> Result<bool, DataError>) -> Result<(Layers, Vec<Unused>), DataError> {
    let mut named: Vec<(SplitName, String, PathBuf)> = Vec::new();
    for path in folders(folder)? {
        let Some((split, set)) = split_of_folder(&file_name(&path)) else { continue };
        let path = looked_through(path)?;
        if holds(&path)? {
            named.push((split, set, path));
        }
    }
    if named.iter().any(|(_, set, _)| set.is_empty()) {
        named.retain(|(_, set, _)| set.is_empty());
    }
    let is_training = |(split, ..): &&(SplitName, String, PathBuf)| *split == SplitName::Train;
    if named.iter().any(|(_, set, _)| *set != named[0].1) && named.iter().any(|one| is_training(&one)) {
        let choices = named.iter().filter(is_training).map(|(_, _, path)| path.clone()).collect();
        return Err(DataError::SeveralSets { folder: folder.to_owned(), choices });
    }
    let mut found: BTreeMap<SplitName, PathBuf> = BTreeMap::new();
    let mut unused = Vec::new();
    let paths: Vec<PathBuf> = named.iter().map(|(_, _, path)| path.clone()).collect();
    let again = again(&paths, &mut BTreeSet::new());
    for (split, _, path) in named {
        if again.contains(&path) {
            unused.push(Unused { path, why: "it is a link to another folder of the set" });
        } else if let Entry::Vacant(place) = found.entry(split) {
            place.insert(path);
        } else {
            unused.push(Unused { path, why: "another folder is of the same split" });
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
    unused.sort_by(|a, b| a.path.cmp(&b.path));
    Ok((Layers { train, test: test.or(validation) }, unused))
}

/// The folder of the same name within, if there is nothing else: some archives unpack so.
fn looked_through(folder: PathBuf) -> Result<PathBuf, DataError> {
    let within = folder.join(folder.file_name().unwrap_or_default());
    Ok(if list(&folder)? == [within.clone()] && within.is_dir() { within } else { folder })
}

/// The folders that were `seen` before, or are links to others of them.
fn again(folders: &[PathBuf], seen: &mut BTreeSet<PathBuf>) -> BTreeSet<PathBuf> {
    let (links, real): (Vec<&PathBuf>, Vec<&PathBuf>) = folders.iter().partition(|path| path.is_symlink());
    let place = |path: &PathBuf| fs::canonicalize(path).unwrap_or_else(|_| path.clone());
    real.into_iter().chain(links).filter(|path| !seen.insert(place(path))).cloned().collect()
}

/// The folders within `folder`, in order.
fn folders(folder: &Path) -> Result<Vec<PathBuf>, DataError> {
    let mut paths = list(folder)?;
    paths.retain(|path| path.is_dir());
    Ok(paths)
}

/// A class and its files, in order.
type Class = (String, Vec<PathBuf>);

/// The classes in `root`, but for folders that were `seen`; what is none is added to `beside`. None at all if no folder
/// holds a picture.
fn classes(root: &Path, seen: &mut BTreeSet<PathBuf>, beside: &mut Vec<LeftOut>) -> Result<Vec<Class>, DataError> {
    let (shown, hidden) = listing::entries(root)?;
    let (folders, files): (Vec<PathBuf>, Vec<PathBuf>) = shown.into_iter().partition(|path| path.is_dir());
    let again = again(&folders, seen);
    let mut candidates = Vec::new();
    for folder in folders.into_iter().filter(|folder| !again.contains(folder)) {
        let (pictures, others) = pictures(&folder)?;
        candidates.push((folder, pictures, others));
    }
    if candidates.iter().all(|(_, pictures, _)| pictures.is_empty()) {
        return Ok(Vec::new());
    }
    check_splits(root, &candidates)?;
    let named: Vec<(String, bool)> =
        candidates.iter().map(|(folder, pictures, _)| (file_name(folder), !pictures.is_empty())).collect();
    let (mut classes, mut passed_over) = (Vec::new(), files);
    let (mut out, hidden): (Vec<PathBuf>, Vec<PathBuf>) = hidden.into_iter().partition(|path| path.is_dir());
    passed_over.extend(hidden);
    for ((folder, pictures, others), is_class) in candidates.into_iter().zip(are_classes(&named)) {
        if !is_class {
            out.push(folder);
        } else if pictures.is_empty() {
            return Err(not_read(&folder, &others).unwrap_or(DataError::EmptyClass { folder }));
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
    let folder = |path: &PathBuf, why| LeftOut { what: file_name(path), number: 1, why };
    beside.extend(out.iter().map(|path| folder(path, "a folder that is no class")));
    beside.extend(again.iter().map(|path| folder(path, "the same folder as another class")));
    beside.extend(left_out(&passed_over, ""));
    Ok(classes)
}

/// A folder with its pictures and what else it holds.
type Candidate = (PathBuf, Vec<PathBuf>, Vec<PathBuf>);

/// Loose pictures of the splits of one set are refused: their classes are somewhere else.
fn check_splits(root: &Path, candidates: &[Candidate]) -> Result<(), DataError> {
    let sets: Option<BTreeSet<String>> =
        candidates.iter().map(|(folder, ..)| split_of_folder(&file_name(folder)).map(|(_, set)| set)).collect();
    if sets.is_none_or(|sets| sets.len() != 1) {
        return Ok(());
    }
    let pictures = candidates.iter().map(|(_, pictures, _)| pictures.len()).sum();
    Err(DataError::Flat { folder: root.to_owned(), pictures })
}

/// The pictures in a folder, and what else is there, hidden or not.
fn pictures(folder: &Path) -> Result<(Vec<PathBuf>, Vec<PathBuf>), DataError> {
    let is_picture = |path: &PathBuf| format::of(path) == Some(Format::Picture);
    let (shown, hidden) = listing::entries(folder)?;
    let (pictures, mut others): (Vec<PathBuf>, Vec<PathBuf>) = shown.into_iter().partition(is_picture);
    others.extend(hidden);
    Ok((pictures, others))
}

/// That pictures of kinds that are not read lie among `files`.
fn not_read(folder: &Path, files: &[PathBuf]) -> Option<DataError> {
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for kind in files.iter().filter_map(|path| format::other_picture(path)) {
        *kinds.entry(kind).or_default() += 1;
    }
    let numbers: Vec<String> = kinds.iter().map(|(kind, number)| format!("{number} {kind}")).collect();
    let pictures = if kinds.values().sum::<usize>() == 1 { "picture" } else { "pictures" };
    let found = format!("it holds {} {pictures} and none of another kind", numbers.join(" and "));
    let readable = picture::READABLE;
    (!kinds.is_empty()).then(|| DataError::Contents { path: folder.to_owned(), found, readable })
}

/// Refuses a folder whose pictures, as far below as classes of splits lie, are of kinds that are not read.
pub(super) fn check_readable(folder: &Path) -> Result<(), DataError> {
    let mut files = list(folder)?;
    for _ in ["splits", "classes"] {
        let (below, mut here): (Vec<PathBuf>, Vec<PathBuf>) = files.into_iter().partition(|path| path.is_dir());
        for folder in below {
            here.extend(list(&folder)?);
        }
        files = here;
    }
    not_read(folder, &files).map_or(Ok(()), Err)
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
fn test_files(
    folder: &Path,
    known: &[Class],
    seen: &mut BTreeSet<PathBuf>,
    beside: &mut Vec<LeftOut>,
) -> Result<Vec<Labelled>, DataError> {
    let test = classes(folder, seen, beside)?;
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
