//! The files that images and labels are written into, by the layout of the data set: each format knows how to begin a file
//! of a part, to go on behind the chunks that an earlier call left there, and to end it.

mod idx;
mod npz;
#[cfg(feature = "parquet")]
mod parquet;
mod png;
mod reading;
mod streams;
mod webdataset;
mod zip;

pub(super) use reading::PieceReader;

use super::error::GenerateError;
use super::journal::Chunk;
use super::labelled::Labelled;
use super::plan::{Part, Piece, Plan};
use crate::load::generated::Layout;
use std::collections::BTreeSet;
use std::path::Path;

/// One of the files of a data set, or what takes its place: all that lies in it of both parts, one after the other.
pub(super) trait SetFile: Send {
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
pub(super) struct Lengths {
    pub(super) pixels: u64,
    pub(super) labels: u64,
    pub(super) latents: u64,
}

/// Prepares one of the files in `folder`.
pub(super) fn open(plan: &Plan, folder: &Path, class_names: &[String]) -> Result<Box<dyn SetFile>, GenerateError> {
    Ok(match plan.layout {
        Layout::Idx => Box::new(idx::IdxFiles::new(folder, plan.latents)),
        Layout::Png => Box::new(png::PngFiles::new(folder, class_names, plan.latents)?),
        Layout::Npz => Box::new(npz::NpzFile::new(folder, class_names, plan.latents)),
        #[cfg(feature = "parquet")]
        Layout::Parquet => Box::new(parquet::ParquetFile::new(folder, class_names, plan.latents)?),
        #[cfg(not(feature = "parquet"))]
        Layout::Parquet => return Err(GenerateError::NotBuilt),
        Layout::WebDataset => Box::new(webdataset::TarFile::new(folder)),
    })
}

/// The names of what the data set consists of, in the order in which it may come to light: while one is missing, no loader
/// takes the others for a data set.
pub(super) fn names(plan: &Plan) -> Vec<String> {
    let (mut names, mut seen) = (Vec::new(), BTreeSet::new());
    let mut add = |name: String| {
        if seen.insert(name.clone()) {
            names.push(name);
        }
    };
    let beside = plan.latents && matches!(plan.layout, Layout::Idx | Layout::Png);
    if beside {
        add(LATENTS.to_owned());
    }
    for part in [Part::Test, Part::Train] {
        for piece in plan.pieces().filter(|piece| piece.part == part) {
            match plan.layout {
                Layout::Idx => idx::names(&piece).into_iter().for_each(&mut add),
                Layout::Png => add(part.name().to_owned()),
                Layout::Npz => add(npz::name(&piece)),
                Layout::Parquet => add("data".to_owned()),
                Layout::WebDataset => add(webdataset::name(&piece)),
            }
        }
    }
    names
}

/// The folder of latents, where they have files of their own: beside the others they would look like a data set.
const LATENTS: &str = "latents";

/// Least bytes that an image takes, if it is a digit.
pub(super) fn least_bytes(plan: &Plan) -> u64 {
    let (image, latent) = match plan.layout {
        // Usually 250. Noise can hardly be compressed.
        Layout::Idx | Layout::Npz => (150, 350),
        // A file of its own takes a block of the file system.
        Layout::Png => (4096, 400),
        Layout::Parquet => (250, 400),
        Layout::WebDataset => (2048, 1536),
    };
    image + if plan.latents { latent } else { 0 }
}

/// Checks that each class can have a folder of its name, that loaders find, within the folder that it should be in.
/// Names may come from anybody's file.
fn check_names(class_names: &[String]) -> Result<(), GenerateError> {
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
