//! The files that images and labels are written into, by the layout of the data set: each format knows how to begin a file
//! of a part, to go on behind the chunks that an earlier call left there, and to end it.

mod idx;
mod npz;
#[cfg(feature = "parquet")]
mod parquet;
mod png;
mod reading;
mod set_file;
mod streams;
mod webdataset;
mod zip;

pub(super) use reading::PieceReader;
pub(super) use set_file::SetFile;

use super::error::GenerateError;
use super::plan::{Part, Plan};
use crate::load::generated::Layout;
use set_file::LATENTS;
use std::collections::BTreeSet;
use std::path::Path;

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
