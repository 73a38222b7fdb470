//! What a file of a data set is: images or labels, of which split, of which set.

use super::error::one_line;
use super::format::{self, Format};
use super::listing::file_name;
use super::names::{Meaning, meaning, meaning_of_path, split_alone};
use super::npz;
use super::place::ArrayFile;
use std::path::{Path, PathBuf};

/// The array of an archive that says what classes are called.
pub(crate) const CLASS_NAMES: &str = "class_names";

/// A file, or an array within one, that is images or labels.
#[derive(Clone)]
pub(super) struct Member {
    pub(super) path: PathBuf,
    /// The folder of its set: above one that is named for a split, or for the file alone.
    pub(super) home: PathBuf,
    /// The array within the file.
    pub(super) entry: Option<String>,
    pub(super) format: Format,
    pub(super) meaning: Meaning,
    /// How many words of the array's name say nothing that is known.
    pub(super) rest: usize,
}

/// How the files of a set hold images.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Arrays,
    Parquet,
    Csv,
}

impl Member {
    pub(super) fn kind(&self) -> Kind {
        match self.format {
            Format::Parquet => Kind::Parquet,
            Format::Csv => Kind::Csv,
            Format::Idx | Format::Npy | Format::Npz | Format::Picture => Kind::Arrays,
        }
    }

    /// Whether it is another's file, but for compression.
    pub(super) fn is_copy_of(&self, other: Option<&Member>) -> bool {
        let name = |member: &Member| member.path.to_string_lossy().trim_end_matches(".gz").replace(".idx", "-idx");
        let stem = |member: &Member| {
            let name = name(member);
            // Kaggle's archives unpack each file into a folder of its own name.
            name.rsplit('/').next().unwrap_or_default().to_owned()
        };
        other.is_some_and(|other| self.entry == other.entry && stem(self) == stem(other))
    }

    pub(super) fn array(&self) -> ArrayFile {
        ArrayFile { path: self.path.clone(), format: self.format, entry: self.entry.clone() }
    }

    /// Whether it is what classes are called, as [`crate::convert`] writes it.
    pub(super) fn is_names(&self) -> bool {
        self.entry.as_deref() == Some(CLASS_NAMES)
    }

    /// What it is called: the array, or the file.
    pub(super) fn name(&self) -> String {
        self.entry.as_deref().map_or_else(|| file_name(&self.path), one_line)
    }

    /// Its path, and the array within.
    pub(super) fn shown(&self) -> PathBuf {
        self.array().shown()
    }
}

/// The members among files in the folder `given`, or below it, and what else there is.
pub(super) fn members(given: &Path, paths: Vec<PathBuf>) -> (Vec<Member>, Vec<PathBuf>) {
    let (mut members, mut others) = (Vec::new(), Vec::new());
    for path in paths {
        // Some archives unpack each file into a folder of its own name.
        let inner = only_file_of_that_name(&path);
        let path = inner.unwrap_or(path);
        match format::of(&path) {
            Some(Format::Picture) | None => others.push(path),
            Some(Format::Npz) => members.extend(arrays_within(given, &path)),
            Some(format) => {
                let (meaning, home) = (meaning_of_path(given, &path), home(given, &path));
                members.push(Member { path, home, entry: None, format, meaning, rest: 0 });
            }
        }
    }
    (members, others)
}

/// The folder of a file's set; the name of the folder that was given says nothing.
fn home(given: &Path, path: &Path) -> PathBuf {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let is_named_for = split_alone(&file_name(folder)).is_some() || folder.file_name() == path.file_name();
    match folder.parent() {
        Some(above) if folder != given && is_named_for => above.to_owned(),
        _ => folder.to_owned(),
    }
}

fn only_file_of_that_name(folder: &Path) -> Option<PathBuf> {
    let within = folder.join(folder.file_name()?);
    (folder.is_dir() && within.is_file()).then_some(within)
}

/// The arrays of an archive. What the name of one does not say, the name of the archive may.
fn arrays_within(given: &Path, path: &Path) -> Vec<Member> {
    let (of_file, home) = (meaning_of_path(given, path), home(given, path));
    let entries = npz::entries(path).unwrap_or_default();
    let member = |entry: String| {
        let of_entry = meaning(&entry);
        let meaning = Meaning {
            split: of_entry.split.or(of_file.split),
            content: of_entry.content.or(of_file.content),
            set: of_file.set.clone(),
        };
        let rest = of_entry.set.split(' ').filter(|word| !word.is_empty()).count();
        let (path, home) = (path.to_owned(), home.clone());
        Member { path, home, entry: Some(entry), format: Format::Npz, meaning, rest }
    };
    if entries.is_empty() {
        // Reading it says what is wrong.
        let path = path.to_owned();
        return vec![Member { path, home, entry: None, format: Format::Npz, meaning: of_file, rest: 0 }];
    }
    entries.into_iter().map(member).collect()
}
