//! From labels as they are stored to classes 0, 1, 2 … with names.

use super::error::DataError;
use super::report::{LabelGaps, RareClass};
use super::stored::Labels;
use crate::data::{MAX_CLASSES, MIN_CLASSES};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// A class is rare that has less than one image where others have so many.
const RARE: usize = 100;

/// What is known of the names of classes beside the labels themselves.
pub(super) type KnownNames = BTreeMap<i64, String>;

/// The classes of training labels.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Classes {
    pub(super) names: Vec<String>,
    by_number: BTreeMap<i64, u8>,
    by_name: BTreeMap<String, u8>,
}

impl Classes {
    /// The classes that training labels name: numbers in their order, called by themselves if nothing else is known; or
    /// names, in the order of their bytes, or of their values if all of them are numbers.
    pub(super) fn of(train: &Labels, known: &KnownNames, path: &Path) -> Result<Classes, DataError> {
        match train {
            Labels::Numbers(labels) => Classes::of_numbers(labels, known, path),
            Labels::Names(labels) => Classes::of_names(labels, path),
        }
    }

    fn of_numbers(labels: &[i64], known: &KnownNames, path: &Path) -> Result<Classes, DataError> {
        check_numbers(labels, path)?;
        let numbers: BTreeSet<i64> = labels.iter().copied().collect();
        check_count(numbers.len(), path)?;
        let name = |number: &i64| known.get(number).cloned().unwrap_or_else(|| number.to_string());
        let names: Vec<String> = numbers.iter().map(name).collect();
        let by_name = names.iter().cloned().zip(0..).collect();
        Ok(Classes { names, by_number: numbers.into_iter().zip(0..).collect(), by_name })
    }

    fn of_names(labels: &[String], path: &Path) -> Result<Classes, DataError> {
        // Control characters could break lines and terminals.
        let odd = labels.iter().position(|name| name.contains(char::is_control));
        if let Some(index) = odd {
            return Err(DataError::ClassName { path: path.to_owned(), name: labels[index].clone() });
        }
        let names: BTreeSet<&String> = labels.iter().collect();
        check_count(names.len(), path)?;
        let mut names: Vec<String> = names.into_iter().cloned().collect();
        if names.iter().all(|name| name.parse::<u64>().is_ok()) {
            names.sort_by_key(|name| name.parse::<u64>().ok());
        }
        let number = |(name, class): (&String, u8)| {
            let number: i64 = name.parse().ok()?;
            (number.to_string() == *name).then_some((number, class))
        };
        let by_number = names.iter().zip(0..).filter_map(number).collect();
        Ok(Classes { by_name: names.iter().cloned().zip(0..).collect(), by_number, names })
    }

    /// The class of each label. The number 7 and the text `7` are the same.
    pub(super) fn number(&self, labels: &Labels, path: &Path) -> Result<Vec<u8>, DataError> {
        match labels {
            Labels::Numbers(labels) => {
                check_numbers(labels, path)?;
                all_known(labels, |label| self.by_number.get(label).copied(), path)
            }
            Labels::Names(labels) => {
                let by_number = |label: &String| self.by_number.get(&label.parse().ok()?);
                all_known(labels, |label| self.by_name.get(label).or_else(|| by_number(label)).copied(), path)
            }
        }
    }

    /// Which numbers do not occur between the first and the last, if the classes are numbers.
    pub(super) fn gaps(&self, labels: &Labels) -> Option<LabelGaps> {
        let numbers: Vec<u64> = match labels {
            Labels::Numbers(_) => self.by_number.keys().map(|number| number.unsigned_abs()).collect(),
            Labels::Names(_) => self.names.iter().map(|name| name.parse().ok()).collect::<Option<_>>()?,
        };
        let between = |pair: &[u64]| pair[0].saturating_add(1)..=pair[1].saturating_sub(1);
        let missing: Vec<_> = numbers.windows(2).map(between).filter(|gap| !gap.is_empty()).collect();
        let (&first, &last) = numbers.first().zip(numbers.last())?;
        (!missing.is_empty()).then_some(LabelGaps { first, last, missing })
    }
}

/// Classes of less than a hundredth of the images that the middle one of all classes has: a damaged or misspelt label
/// makes one.
pub(super) fn rare(numbered: &[u8], names: &[String]) -> Vec<RareClass> {
    let mut counts = vec![0; names.len()];
    numbered.iter().for_each(|&class| counts[usize::from(class)] += 1);
    let mut sorted = counts.clone();
    sorted.sort_unstable();
    let middle = sorted.get(sorted.len() / 2).copied().unwrap_or_default();
    let classes = names.iter().zip(counts).filter(|&(_, images)| images * RARE < middle);
    classes.map(|(name, images)| RareClass { name: name.clone(), images }).collect()
}

fn all_known<L: ToString + PartialEq>(
    labels: &[L],
    class: impl Fn(&L) -> Option<u8>,
    path: &Path,
) -> Result<Vec<u8>, DataError> {
    let unknown = |label: &L| DataError::UnknownClass {
        path: path.to_owned(),
        class: label.to_string(),
        images: labels.iter().filter(|other| *other == label).count(),
    };
    labels.iter().map(|label| class(label).ok_or_else(|| unknown(label))).collect()
}

fn check_numbers(labels: &[i64], path: &Path) -> Result<(), DataError> {
    match labels.iter().position(|&label| label < 0) {
        Some(index) => Err(DataError::Label { path: path.to_owned(), index, label: labels[index] }),
        None => Ok(()),
    }
}

fn check_count(found: usize, path: &Path) -> Result<(), DataError> {
    if (MIN_CLASSES..=MAX_CLASSES).contains(&found) {
        Ok(())
    } else {
        Err(DataError::ClassCount { path: path.to_owned(), found })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names_become_classes() {
        let path = Path::new("labels");
        let of = |labels: &Labels, known: &[(i64, &str)]| {
            let known = known.iter().map(|(number, name)| (*number, (*name).to_owned())).collect();
            let classes = Classes::of(labels, &known, path)?;
            let numbers = classes.number(labels, path)?;
            Ok::<_, DataError>((classes.names, numbers))
        };
        let names = |names: &[&str]| Labels::Names(names.iter().map(|&name| name.to_owned()).collect());
        let numbers = |numbers: &[i64]| Labels::Numbers(numbers.to_vec());
        for (labels, known, expected_names, expected) in [
            (numbers(&[1, 0, 2]), vec![], vec!["0", "1", "2"], vec![1, 0, 2]),
            (numbers(&[1, 2]), vec![(1, "Aa"), (2, "Bb"), (3, "Cc")], vec!["Aa", "Bb"], vec![0, 1]),
            (names(&["b", "a", "b"]), vec![], vec!["a", "b"], vec![1, 0, 1]),
            (names(&["10", "9"]), vec![], vec!["9", "10"], vec![1, 0]),
            (numbers(&[5, 1, 3, 1]), vec![], vec!["1", "3", "5"], vec![2, 0, 1, 0]),
            (numbers(&[9, 0]), vec![(0, "Aa"), (1, "Bb"), (9, "Cc")], vec!["Aa", "Cc"], vec![1, 0]),
        ] {
            let (found, classes) = of(&labels, &known).unwrap();
            assert_eq!(
                (found.iter().map(String::as_str).collect::<Vec<_>>(), classes),
                (expected_names, expected),
                "{labels:?}"
            );
        }
        for (labels, expected) in [
            (numbers(&[3, 3]), "has 1 classes"),
            (numbers(&[0, 1, -1]), "image 2 has the label -1"),
            (numbers(&(0..101).collect::<Vec<_>>()), "has 101 classes"),
            (names(&[]), "has 0 classes"),
        ] {
            let error = of(&labels, &[]).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
        let classes = Classes::of(&numbers(&[0, 1]), &KnownNames::new(), path).unwrap();
        assert!(matches!(classes.number(&numbers(&[2]), path), Err(DataError::UnknownClass { .. })));
    }

    #[test]
    fn what_a_damaged_label_does_is_seen() {
        let gaps = |labels: Labels| {
            let classes = Classes::of(&labels, &KnownNames::new(), Path::new("labels")).unwrap();
            classes.gaps(&labels)
        };
        let names = |names: &[&str]| Labels::Names(names.iter().map(|&name| name.to_owned()).collect());
        let found = |first, last, missing: &[(u64, u64)]| {
            Some(LabelGaps { first, last, missing: missing.iter().map(|&(from, to)| from..=to).collect() })
        };
        for (labels, expected) in [
            (Labels::Numbers(vec![3, 1, 5]), found(1, 5, &[(2, 2), (4, 4)])),
            (Labels::Numbers(vec![0, 77, 1]), found(0, 77, &[(2, 76)])),
            (Labels::Numbers(vec![0, i64::MAX]), found(0, i64::MAX as u64, &[(1, i64::MAX as u64 - 1)])),
            (names(&["7", "9"]), found(7, 9, &[(8, 8)])),
            (names(&["7", "9", "a"]), None),
            (Labels::Numbers(vec![1, 2]), None),
        ] {
            assert_eq!(gaps(labels.clone()), expected, "{labels:?}");
        }
        let names = ["0", "1", "77"].map(str::to_owned);
        for (counts, expected) in [([300, 200, 1], vec![("77", 1)]), ([300, 100, 1], vec![]), ([2, 2, 1], vec![])] {
            let numbered: Vec<u8> = (0..).zip(counts).flat_map(|(class, count)| vec![class; count]).collect();
            let found = rare(&numbered, &names);
            let found: Vec<(&str, usize)> = found.iter().map(|rare| (rare.name.as_str(), rare.images)).collect();
            assert_eq!(found, expected, "{counts:?}");
        }
    }

    #[test]
    fn a_number_and_its_text_are_one_class() {
        let path = Path::new("labels");
        let names = |names: &[&str]| Labels::Names(names.iter().map(|&name| name.to_owned()).collect());
        let known: KnownNames = [(1, "Aa".to_owned()), (7, "Bb".to_owned())].into();
        for (train, test, known, expected) in [
            (names(&["7", "a"]), Labels::Numbers(vec![7, 7]), KnownNames::new(), Some(vec![0, 0])),
            (Labels::Numbers(vec![7, 9]), names(&["9", "7"]), KnownNames::new(), Some(vec![1, 0])),
            (Labels::Numbers(vec![7, 1]), names(&["Bb", "1"]), known, Some(vec![1, 0])),
            (names(&["07", "a"]), Labels::Numbers(vec![7]), KnownNames::new(), None),
            (Labels::Numbers(vec![7, 9]), names(&["b"]), KnownNames::new(), None),
        ] {
            let classes = Classes::of(&train, &known, path).unwrap();
            assert_eq!(classes.number(&test, path).ok(), expected, "{train:?} {test:?}");
        }
    }
}
