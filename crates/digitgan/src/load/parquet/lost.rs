//! Classes of which no image can be read: they must not vanish.

use crate::load::error::DataError;
use crate::load::gather::Unreadable;
use crate::load::stored::Labels;
use std::collections::{BTreeMap, BTreeSet};

/// The labels of images that cannot be read, each with the first of these.
pub(super) type Lost = BTreeMap<String, Unreadable>;

/// Checks that no class vanishes because none of its images can be read.
pub(super) fn check_classes(labels: &Labels, names: &[String], lost: Lost) -> Result<(), DataError> {
    if lost.is_empty() {
        return Ok(());
    }
    let readable: BTreeSet<String> = match labels {
        Labels::Numbers(labels) => labels.iter().collect::<BTreeSet<_>>().into_iter().map(i64::to_string).collect(),
        Labels::Names(labels) => labels.iter().cloned().collect(),
    };
    match lost.into_iter().find(|(label, _)| !readable.contains(label)) {
        Some((label, Unreadable { place, reason })) => {
            let name = label.parse::<usize>().ok().and_then(|class| names.get(class)).unwrap_or(&label);
            Err(DataError::Unreadable { path: place.into(), reason: format!("{reason}; its class is {name}") })
        }
        None => Ok(()),
    }
}
