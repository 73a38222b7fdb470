//! What every format does, and what several share.

use crate::generate::error::GenerateError;
use crate::generate::journal::Chunk;
use crate::generate::labelled::Labelled;
use crate::generate::plan::Piece;
use std::collections::BTreeSet;

/// One of the files of a data set, or what takes its place: all that lies in it of both parts, one after the other.
pub(in crate::generate) trait SetFile: Send {
    /// Begins a part, of which something may be there.
    fn begin(&mut self, piece: &Piece) -> Result<(), GenerateError>;

    /// The images of a chunk that was written before, from number `first` on, and goes on behind them; `None` if they are
    /// not there as they were written.
    fn read_back(&mut self, first: u64, chunk: &Chunk) -> Result<Option<Labelled>, GenerateError>;

    /// Writes images from number `first` on.
    fn write(&mut self, first: u64, some: &Labelled) -> Result<Lengths, GenerateError>;

    /// Ends the part.
    fn end(&mut self) -> Result<(), GenerateError>;

    /// Ends the file, when all parts are in it.
    fn finish(&mut self) -> Result<(), GenerateError> {
        Ok(())
    }

    /// Whether chunks can follow those that were read back; else a part of which one is missing is written from its
    /// beginning.
    fn goes_on(&self) -> bool {
        true
    }
}

/// How many bytes a chunk takes, where that is needed to find it again.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::generate) struct Lengths {
    pub(in crate::generate) pixels: u64,
    pub(in crate::generate) labels: u64,
    pub(in crate::generate) latents: u64,
}

/// The folder of latents, where they have files of their own: beside the others they would look like a data set.
pub(super) const LATENTS: &str = "latents";

/// Checks that each class can have a folder of its name, that loaders find, within the folder that it should be in.
/// Names may come from anybody's file.
pub(super) fn check_names(class_names: &[String]) -> Result<(), GenerateError> {
    let mut seen = BTreeSet::new();
    for name in class_names {
        let harmless = |c: char| !c.is_control() && !r#"/\:*?"<>|"#.contains(c);
        // Some file systems take upper and lower case for the same, and drop what stands at the end.
        let is_folder = !name.is_empty()
            && name.len() <= 200
            && name.chars().all(harmless)
            && !name.starts_with('.')
            && !name.ends_with(['.', ' '])
            && seen.insert(name.to_lowercase());
        if !is_folder {
            return Err(GenerateError::ClassName { name: name.clone() });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_lead_elsewhere_or_to_each_other_are_refused() {
        let checked = |names: &[&str]| check_names(&names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>());
        for good in [&["0", "1"][..], &["a b", "ü", "train"], &["x..y", "-"]] {
            assert!(checked(good).is_ok(), "{good:?}");
        }
        for bad in ["", "..", ".a", "a/b", "a\\b", "/etc", "c:", "a\n", "a\0", "a.", "a ", "A", &"n".repeat(201)] {
            let error = checked(&["a", bad]).unwrap_err();
            assert!(matches!(&error, GenerateError::ClassName { name } if name == bad), "{bad:?}: {error}");
        }
    }
}
