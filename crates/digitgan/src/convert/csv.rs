//! Two tables of a label and 784 pixels, as Kaggle has MNIST.

use super::error::ConvertError;
use super::parts::{Failed, Part, Progress, chunks};
use crate::IMAGE_PIXELS;
use crate::data::{Dataset, Split};
use crate::load::label_text::LabelText;
use rayon::prelude::*;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// Images that one thread writes at a time.
const PIECE_IMAGES: usize = 256;

pub(super) fn write(dataset: &Dataset, folder: &Path, progress: &mut Progress<'_>) -> Result<(), ConvertError> {
    let labels: Vec<String> = dataset.class_names.iter().map(|name| quoted(name)).collect();
    for part in Part::ALL {
        let split = part.of(dataset);
        if !split.is_empty() {
            let path = folder.join(format!("{}.csv", part.name()));
            write_table(&path, split, &labels, progress).map_err(|failed| failed.at(&path))?;
        }
    }
    Ok(())
}

/// Checks that each class has a label that reads back as its name, and breaks no line.
pub(super) fn check_names(class_names: &[String]) -> Result<(), ConvertError> {
    let mut seen = BTreeSet::new();
    let mut is_label = |name: &&String| {
        let same = match LabelText::read(name.as_bytes()) {
            Ok(LabelText::Number(number)) => number >= 0 && number.to_string() == **name,
            Ok(LabelText::Name(text)) => text == *name,
            Err(_) => false,
        };
        same && !name.contains(char::is_control) && seen.insert((*name).clone())
    };
    match class_names.iter().find(|name| !is_label(name)) {
        Some(name) => Err(ConvertError::ClassName { name: name.clone() }),
        None => Ok(()),
    }
}

fn write_table(path: &Path, split: &Split, labels: &[String], progress: &mut Progress<'_>) -> Result<(), Failed> {
    let mut out = BufWriter::new(File::create_new(path)?);
    let names: Vec<String> = (0..IMAGE_PIXELS).map(|pixel| format!("pixel{pixel}")).collect();
    writeln!(out, "label,{}", names.join(","))?;
    let pixel_texts: Vec<String> = (0..=u8::MAX).map(|value| format!(",{value}")).collect();
    for (pixels, classes) in chunks(split) {
        let pieces = pixels.par_chunks(PIECE_IMAGES * IMAGE_PIXELS).zip(classes.par_chunks(PIECE_IMAGES));
        let texts: Vec<String> = pieces.map(|(pixels, classes)| lines(pixels, classes, labels, &pixel_texts)).collect();
        for text in texts {
            out.write_all(text.as_bytes())?;
        }
        progress.advance(classes.len())?;
    }
    Ok(out.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?)
}

fn lines(pixels: &[u8], classes: &[u8], labels: &[String], pixel_texts: &[String]) -> String {
    // Most pixels are 0: two bytes.
    let mut text = String::with_capacity(3 * pixels.len());
    for (image, &class) in pixels.chunks_exact(IMAGE_PIXELS).zip(classes) {
        text.push_str(&labels[usize::from(class)]);
        image.iter().for_each(|&pixel| text.push_str(&pixel_texts[usize::from(pixel)]));
        text.push('\n');
    }
    text
}

/// A field, in quotes where it would be read otherwise without.
fn quoted(text: &str) -> String {
    if text.contains([',', '"']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}
