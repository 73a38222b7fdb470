//! One folder of PNG files per class.

use super::error::ConvertError;
use super::parts::{Part, Progress, chunks, record};
use crate::data::Dataset;
use crate::load::are_classes;
use crate::load::generated::Layout;
use crate::picture::encode_with;
use crate::{IMAGE_PIXELS, IMAGE_SIDE};
use png::{ColorType, Filter};
use rayon::prelude::*;
use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

pub(super) fn write(dataset: &Dataset, folder: &Path, progress: &mut Progress<'_>) -> Result<(), ConvertError> {
    for part in Part::ALL {
        let split = part.of(dataset);
        let folder = folder.join(part.name());
        let classes: Vec<PathBuf> = dataset.class_names.iter().map(|name| folder.join(name)).collect();
        for (class, count) in classes.iter().zip(split.class_counts(dataset.classes)) {
            // Loaders refuse empty ones.
            if count > 0 {
                fs::create_dir_all(class).map_err(ConvertError::write(class))?;
            }
        }
        let mut first = 0;
        for (pixels, labels) in chunks(split) {
            let images = pixels.par_chunks_exact(IMAGE_PIXELS).zip(labels).enumerate();
            images.try_for_each(|(index, (image, &label))| {
                // Numbers of one length are in order by their bytes too, as loaders take them.
                let path = classes[usize::from(label)].join(format!("{:08}.png", first + index));
                encode(image).and_then(|png| fs::write(&path, png)).map_err(ConvertError::write(&path))
            })?;
            first += labels.len();
            progress.advance(labels.len())?;
        }
    }
    record(dataset, Layout::Png, folder)
}

/// A grey PNG file of one image, `[28, 28]`, that is written and read fast: 2 µs for 408 bytes. The next level takes 40 µs
/// for 335, which no disk gives back: a file takes a block of 4 kB or so. Filters only make digits larger.
pub(crate) fn encode(image: &[u8]) -> io::Result<Vec<u8>> {
    encode_with((IMAGE_SIDE as u32, IMAGE_SIDE as u32), ColorType::Grayscale, image, |encoder| {
        encoder.set_compression(png::Compression::Fastest);
        encoder.set_filter(Filter::NoFilter);
        Ok(())
    })
}

/// Checks that each class can have a folder of its name, that loaders take for a class, within the folder that it should be
/// in.
pub(super) fn check_names(class_names: &[String]) -> Result<(), ConvertError> {
    let mut seen = BTreeSet::new();
    for name in class_names {
        let harmless = |c: char| !c.is_control() && !r#"/\:*?"<>|"#.contains(c);
        // Some file systems take upper and lower case for the same, and drop what stands at the end.
        let is_folder = (1..=200).contains(&name.len())
            && name.chars().all(harmless)
            && !name.starts_with('.')
            && !name.ends_with(['.', ' '])
            && seen.insert(name.to_lowercase());
        if !is_folder {
            return Err(ConvertError::ClassName { name: name.clone() });
        }
    }
    // Loaders leave out folders called `test` or `unknown` beside those of other classes.
    let folders: Vec<(String, bool)> = class_names.iter().map(|name| (name.clone(), true)).collect();
    match are_classes(&folders).iter().position(|is_class| !is_class) {
        Some(left_out) => Err(ConvertError::ClassName { name: class_names[left_out].clone() }),
        None => Ok(()),
    }
}
