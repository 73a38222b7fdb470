//! Two tables of a label and 784 pixels, as Kaggle has MNIST.

use super::error::ConvertError;
use super::parts::{Failed, Part, Progress, chunks, names_are_numbers};
use crate::IMAGE_PIXELS;
use crate::data::{Dataset, Split};
use rayon::prelude::*;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// Images that one thread writes at a time.
const PIECE_IMAGES: usize = 256;

pub(super) fn write(dataset: &Dataset, folder: &Path, progress: &mut Progress<'_>) -> Result<(), ConvertError> {
    let numbers = names_are_numbers(&dataset.class_names);
    let label = |(class, name): (usize, &String)| if numbers { class.to_string() } else { quoted(name) };
    let labels: Vec<String> = dataset.class_names.iter().enumerate().map(label).collect();
    for part in Part::ALL {
        let split = part.of(dataset);
        if !split.is_empty() {
            let path = folder.join(format!("{}.csv", part.name()));
            write_table(&path, split, &labels, progress).map_err(|failed| failed.at(&path))?;
        }
    }
    Ok(())
}

/// Checks that each class has a label that reads back as that class: fields are trimmed, lines end where a text does, and
/// labels that are all numbers are told apart by their values, which must be whole and without gaps.
pub(super) fn check_names(class_names: &[String]) -> Result<(), ConvertError> {
    let refused = |name: &String| Err(ConvertError::ClassName { name: name.clone() });
    let value = |name: &String| name.trim().parse::<f64>().ok();
    let values: Option<Vec<f64>> = class_names.iter().map(value).collect();
    let lowest = values.iter().flatten().copied().reduce(f64::min).unwrap_or_default();
    let mut seen = BTreeSet::new();
    for (class, name) in class_names.iter().enumerate() {
        let label = match &values {
            // Without gaps and without two alike, the highest is as far from the lowest as there are classes between.
            Some(values) if values[class].fract() != 0.0 || values[class] - lowest >= values.len() as f64 => {
                return refused(name);
            }
            Some(values) => values[class].to_string(),
            None => name.trim().to_owned(),
        };
        if label.is_empty() || name.contains(['\n', '\r']) || !seen.insert(label) {
            return refused(name);
        }
    }
    Ok(())
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
    if text.contains([',', '"', '\n', '\r']) || text.trim() != text {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}
