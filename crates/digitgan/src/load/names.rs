//! What the names of files and arrays say: `emnist-letters-test-images-idx3-ubyte.gz` are the images of the test split of
//! the set `emnist letters`.
//!
//! Names are taken apart at whatever is neither letter nor digit. Known words say the split and the content; those that say
//! the format are dropped; the others, in their order, name the set.

use std::collections::BTreeSet;
use std::path::Path;

/// A part of a data set that has a purpose of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum SplitName {
    Train,
    Test,
    Validation,
}

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Content {
    Images,
    Labels,
}

impl Content {
    /// What a split is made of.
    pub(super) fn of_all() -> [Content; 2] {
        [Content::Images, Content::Labels]
    }
}

/// What a name says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Meaning {
    pub(super) split: Option<SplitName>,
    pub(super) content: Option<Content>,
    /// The rest, as words with spaces between them.
    pub(super) set: String,
}

/// Words that say the split. `t10k` is MNIST's.
const SPLITS: [(SplitName, &[&str]); 3] = [
    (SplitName::Train, &["train", "training"]),
    (SplitName::Test, &["test", "testing", "t10k"]),
    (SplitName::Validation, &["val", "valid", "validation", "dev"]),
];
/// Words that say the content, the surer ones first.
const CONTENTS: [(Content, &[&str]); 4] = [
    (Content::Labels, &["labels", "label", "lbls", "targets", "target"]),
    (Content::Images, &["images", "image", "imgs", "img", "pixels", "inputs"]),
    (Content::Labels, &["y"]),
    (Content::Images, &["x", "data"]),
];
/// Split and content in one word.
const GLUED: [(&str, &str, &str); 12] = [
    ("xtrain", "x", "train"),
    ("ytrain", "y", "train"),
    ("xtest", "x", "test"),
    ("ytest", "y", "test"),
    ("xval", "x", "val"),
    ("yval", "y", "val"),
    ("xvalid", "x", "valid"),
    ("yvalid", "y", "valid"),
    ("trainx", "x", "train"),
    ("trainy", "y", "train"),
    ("testx", "x", "test"),
    ("testy", "y", "test"),
];
/// Words that say the format, or how the files were made.
const FORMATS: [&str; 16] = [
    "idx", "idx1", "idx2", "idx3", "idx4", "ubyte", "byte", "int", "gz", "npy", "npz", "csv", "tsv", "parquet", "of",
    "zst",
];

/// The split that a word names.
fn split_of_word(word: &str) -> Option<SplitName> {
    let word = word.to_lowercase();
    SPLITS.iter().find(|(_, words)| words.contains(&word.as_str())).map(|(split, _)| *split)
}

/// The split that the name of a folder names, and the other words in it, which name the set: `mnist_train`, `trainingSet`.
pub(super) fn split_of_folder(name: &str) -> Option<(SplitName, String)> {
    let words = words(name);
    let mut splits = words.iter().filter_map(|word| split_of_word(word));
    let split = splits.next()?;
    let rest: Vec<&str> = words.iter().map(String::as_str).filter(|word| split_of_word(word).is_none()).collect();
    splits.all(|other| other == split).then(|| (split, rest.join(" ")))
}

/// The split that a folder is named for and no set: `train`, `trainingSet`.
pub(super) fn split_alone(name: &str) -> Option<SplitName> {
    split_of_folder(name).filter(|(_, set)| ["", "set"].contains(&set.as_str())).map(|(split, _)| split)
}

/// The words of a name in lower case. One in camel case is taken apart where a part of it names a split (`TrainImages`).
fn words(name: &str) -> Vec<String> {
    let mut words = Vec::new();
    for word in name.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
        let parts = parts_of_camel_case(word);
        if parts.iter().any(|part| split_of_word(part).is_some()) {
            words.extend(parts.iter().map(|part| part.to_lowercase()));
        } else {
            words.push(word.to_lowercase());
        }
    }
    words
}

/// `MNISTTrainImages` as `MNIST`, `Train`, `Images`.
fn parts_of_camel_case(word: &str) -> Vec<&str> {
    let letters: Vec<(usize, char)> = word.char_indices().collect();
    let begins = |at: &usize| {
        let (before, letter) = (letters[at - 1].1, letters[*at].1);
        let lower_follows = letters.get(at + 1).is_some_and(|(_, next)| next.is_lowercase());
        letter.is_uppercase() && (before.is_lowercase() || (before.is_uppercase() && lower_follows))
    };
    let starts: Vec<usize> = (1..letters.len()).filter(begins).map(|at| letters[at].0).collect();
    let ends = starts.iter().copied().chain([word.len()]);
    [0].into_iter().chain(starts.iter().copied()).zip(ends).map(|(start, end)| &word[start..end]).collect()
}

/// What the name of a file or an array says.
pub(super) fn meaning(name: &str) -> Meaning {
    let mut words: Vec<String> = words(name);
    for at in (0..words.len()).rev() {
        if let Some((_, content, split)) = GLUED.iter().find(|(glued, _, _)| *glued == words[at]) {
            words.splice(at..=at, [content, split].map(|&word| word.to_owned()));
        }
    }
    let mut meaning = Meaning::default();
    if let Some(at) = words.iter().position(|word| split_of_word(word).is_some()) {
        meaning.split = split_of_word(&words.remove(at));
    }
    for (content, known) in CONTENTS {
        if let Some(at) = words.iter().position(|word| known.contains(&word.as_str())) {
            words.remove(at);
            meaning.content = Some(content);
            break;
        }
    }
    drop_shard(&mut words);
    words.retain(|word| !FORMATS.contains(&word.as_str()));
    meaning.set = words.join(" ");
    meaning
}

/// Drops what numbers a shard: `00000-of-00002`, which may have a hash after it, or `0000` alone.
fn drop_shard(words: &mut Vec<String>) {
    let number = |word: &String| word.len() >= 4 && word.bytes().all(|byte| byte.is_ascii_digit());
    if let Some(at) = words.windows(3).position(|words| number(&words[0]) && words[1] == "of" && number(&words[2])) {
        words.drain(at..at + 3);
        let hash = |word: &String| word.len() == 16 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
        if words.get(at).is_some_and(hash) {
            words.remove(at);
        }
    } else if words.first().is_some_and(|word| number(word) && word.starts_with('0')) {
        words.remove(0);
    }
}

/// How many shards a name says there are: 2 in `00000-of-00002`.
pub(super) fn shards(name: &str) -> Option<usize> {
    let words: Vec<&str> = name.split(|c: char| !c.is_alphanumeric()).collect();
    let of = words.windows(3).find(|words| words[1] == "of" && words[0].parse::<usize>().is_ok())?;
    of[2].parse().ok()
}

/// What the name of the file at `path` says. Where it names no split, the folder may (`train/0000.parquet`), if it lies
/// below the folder that was given: the name of that says nothing.
pub(super) fn meaning_of_path(given: &Path, path: &Path) -> Meaning {
    let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut meaning = meaning(&name(path));
    let folder = path.parent().filter(|&folder| folder != given);
    meaning.split = meaning.split.or_else(|| split_alone(&name(folder?)));
    meaning
}

/// The folders that are classes, by their names and whether they hold pictures, in the order given.
///
/// Copies and downloads leave others beside them (`__MACOSX`, `processed`, a `test` of loose files). They are told by
/// their names, if the others look like classes: numbers, or single letters.
pub(crate) fn are_classes(folders: &[(String, bool)]) -> Vec<bool> {
    const NEVER: [&str; 8] =
        ["__macosx", "unlabelled", "unlabeled", "processed", "raw", "metadata", "annotations", "unknown"];
    let plain = |name: &str| name.parse::<u64>().is_ok() || name.chars().count() == 1;
    let never = |name: &str| NEVER.contains(&name.to_lowercase().as_str());
    let plain_ones: BTreeSet<&str> = folders.iter().map(|(name, _)| name.as_str()).filter(|name| plain(name)).collect();
    let others = folders.iter().filter(|(name, _)| !never(name)).count();
    let is_class = |(name, pictures): &(String, bool)| {
        if plain_ones.len() >= 2 {
            return plain(name) || (*pictures && !never(name) && split_of_folder(name).is_none());
        }
        others < 2 || !never(name)
    };
    folders.iter().map(is_class).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use Content::{Images, Labels};
    use SplitName::{Test, Train, Validation};

    #[test]
    fn names_as_people_give_them() {
        for (name, split, content, set) in [
            ("train-images-idx3-ubyte", Some(Train), Some(Images), ""),
            ("t10k-labels.idx1-ubyte.gz", Some(Test), Some(Labels), ""),
            ("emnist-letters-test-images-idx3-ubyte.gz", Some(Test), Some(Images), "emnist letters"),
            ("qmnist-train-labels-idx2-int.gz", Some(Train), Some(Labels), "qmnist"),
            ("xnist-images-idx3-ubyte.xz", None, Some(Images), "xnist xz"),
            ("X_kannada_MNIST_train.npz", Some(Train), Some(Images), "kannada mnist"),
            ("y_dig_MNIST.npz", None, Some(Labels), "dig mnist"),
            ("k49-train-imgs.npz", Some(Train), Some(Images), "k49"),
            ("x_test", Some(Test), Some(Images), ""),
            ("val_labels", Some(Validation), Some(Labels), ""),
            ("my-data-train-labels.npy", Some(Train), Some(Labels), "my data"),
            ("Xtrain.npy", Some(Train), Some(Images), ""),
            ("yvalid.npy", Some(Validation), Some(Labels), ""),
            ("Xval", Some(Validation), Some(Images), ""),
            ("train-00000-of-00002.parquet", Some(Train), None, ""),
            ("train-00001-of-00002-b42b8ae5e1d1d4fd.parquet", Some(Train), None, ""),
            ("train_1000.csv", Some(Train), None, "1000"),
            ("mnist_test.csv", Some(Test), None, "mnist"),
            ("TrainImages.npy", Some(Train), Some(Images), ""),
            ("testLabels", Some(Test), Some(Labels), ""),
            ("XTrain", Some(Train), Some(Images), ""),
            ("TestY", Some(Test), Some(Labels), ""),
            ("MNISTTrainImages", Some(Train), Some(Images), "mnist"),
            ("T10K-images", Some(Test), Some(Images), ""),
            ("myData", None, None, "mydata"),
            ("arr_0", None, None, "arr 0"),
            ("", None, None, ""),
        ] {
            let expected = Meaning { split, content, set: set.to_owned() };
            assert_eq!(meaning(name), expected, "{name}");
        }
        for (given, split) in [("mnist", Some(Train)), ("mnist/train", None)] {
            let meaning = meaning_of_path(Path::new(given), Path::new("mnist/train/0000.parquet"));
            assert_eq!((meaning.split, meaning.set.as_str()), (split, ""), "{given}");
        }
    }

    #[test]
    fn folders_that_are_no_classes() {
        let named = |names: &[&str]| -> Vec<String> {
            let folders: Vec<(String, bool)> =
                names.iter().map(|name| (name.trim_end_matches('!').to_owned(), !name.ends_with('!'))).collect();
            let kept = folders.iter().zip(are_classes(&folders)).filter(|(_, class)| *class);
            kept.map(|((name, _), _)| name.clone()).collect()
        };
        // An exclamation mark: a folder without pictures.
        for (folders, classes) in [
            (vec!["0", "1", "2", "test"], vec!["0", "1", "2"]),
            (vec!["0", "1", "__MACOSX", "processed!", "misc!"], vec!["0", "1"]),
            (vec!["0", "1!", "blank"], vec!["0", "1", "blank"]),
            (vec!["a", "b", "unlabelled"], vec!["a", "b"]),
            (vec!["ship", "train"], vec!["ship", "train"]),
            (vec!["cat", "dog", "unlabelled"], vec!["cat", "dog"]),
            (vec!["cat", "unknown"], vec!["cat", "unknown"]),
            (vec!["cat", "dog!"], vec!["cat", "dog"]),
        ] {
            let expected: Vec<&str> = classes.iter().map(|name| name.trim_end_matches('!')).collect();
            assert_eq!(named(&folders), expected, "{folders:?}");
        }
    }
}
