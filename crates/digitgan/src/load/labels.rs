//! From labels as they are stored to classes 0, 1, 2 … with names.

use super::error::DataError;
use super::stored::Labels;
use crate::data::{MAX_CLASSES, MIN_CLASSES};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

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
    /// The classes that training labels name: numbers without gaps from the lowest one on, called by themselves if
    /// nothing else is known; or names, in the order of their bytes, or of their values if all of them are numbers.
    pub(super) fn of(train: &Labels, known: &KnownNames, path: &Path) -> Result<Classes, DataError> {
        let classes = match train {
            Labels::Numbers(labels) => {
                check_numbers(labels, path)?;
                let numbers: BTreeSet<i64> = labels.iter().copied().collect();
                check_count(numbers.len(), path)?;
                let gap = numbers.iter().zip(numbers.iter().skip(1)).find(|(lower, higher)| *lower + 1 != **higher);
                if let (Some((lower, _)), Some(&highest)) = (gap, numbers.last()) {
                    let missing = (lower + 1) as usize;
                    return Err(DataError::LabelGap { path: path.to_owned(), missing, highest: highest as usize });
                }
                let name = |number: &i64| known.get(number).cloned().unwrap_or_else(|| number.to_string());
                Classes {
                    names: numbers.iter().map(name).collect(),
                    by_number: numbers.into_iter().zip(0..).collect(),
                    by_name: BTreeMap::new(),
                }
            }
            Labels::Names(labels) => {
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
                Classes { by_name: names.iter().cloned().zip(0..).collect(), by_number: BTreeMap::new(), names }
            }
        };
        Ok(classes)
    }

    /// The class of each label.
    pub(super) fn number(&self, labels: &Labels, path: &Path) -> Result<Vec<u8>, DataError> {
        let unknown = |class: String| DataError::UnknownClass { path: path.to_owned(), class };
        match labels {
            Labels::Numbers(labels) => {
                check_numbers(labels, path)?;
                let class = |label: &i64| self.by_number.get(label).copied().ok_or_else(|| unknown(label.to_string()));
                labels.iter().map(class).collect()
            }
            Labels::Names(labels) => {
                let class = |label: &String| self.by_name.get(label).copied().ok_or_else(|| unknown(label.clone()));
                labels.iter().map(class).collect()
            }
        }
    }
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
        ] {
            let (found, classes) = of(&labels, &known).unwrap();
            assert_eq!(
                (found.iter().map(String::as_str).collect::<Vec<_>>(), classes),
                (expected_names, expected),
                "{labels:?}"
            );
        }
        for (labels, expected) in [
            (numbers(&[0, 2]), "no image is labelled 1, although labels go up to 2"),
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
}
