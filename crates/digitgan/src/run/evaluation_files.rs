//! What an evaluation leaves in a run: `evaluation.json` and two pictures.

use crate::IMAGE_PIXELS;
use crate::data::Split;
use crate::error::ErrorKind;
use crate::evaluation::{Evaluation, FORMAT, Neighbours};
use crate::files::{atomic, capped};
use crate::picture::{ConfusionPicture, Grid, PictureError};
use std::io;
use std::path::{Path, PathBuf};

/// Largest record that is read.
const MAX_BYTES: u64 = 4 << 20;
/// Classes in a row of the picture of neighbours, at most.
const MAX_COLUMNS: usize = 10;
/// Digits of each class there, each above its neighbour.
const ROWS: usize = 4;

/// The files that were written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The evaluation itself.
    pub record: PathBuf,
    /// Its pictures.
    pub pictures: Vec<PathBuf>,
}

/// Why an evaluation cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EvaluationFileError {
    /// The file system refused.
    #[error("cannot read {path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Not an evaluation.
    #[error("{path} is not an evaluation that this digitgan knows ({reason})")]
    Format {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
}

impl EvaluationFileError {
    /// What it is about.
    pub fn kind(&self) -> ErrorKind {
        match self {
            EvaluationFileError::Io { .. } => ErrorKind::Files,
            EvaluationFileError::Format { .. } => ErrorKind::Damaged,
        }
    }
}

/// The record of an evaluation in `folder`.
pub fn record(folder: &Path) -> PathBuf {
    folder.join("evaluation.json")
}

/// The folder of an evaluation's pictures.
fn pictures(folder: &Path) -> PathBuf {
    folder.join("evaluation")
}

/// The picture of what was read where each class was asked for; there is none where G knows no classes.
pub fn confusion_picture(folder: &Path) -> PathBuf {
    pictures(folder).join("confusion.png")
}

/// The picture of the digits nearest to training digits.
pub fn neighbours_picture(folder: &Path) -> PathBuf {
    pictures(folder).join("neighbours.png")
}

/// Writes an evaluation into `folder`, which is made if it is not there; `training` are the training images.
///
/// # Errors
/// Neighbours that are not among the training images, and those of writing.
pub fn write(
    folder: &Path,
    evaluation: &Evaluation,
    neighbours: &Neighbours,
    training: &Split,
) -> Result<Written, PictureError> {
    check_neighbours(neighbours, training)?;
    std::fs::create_dir_all(pictures(folder))?;
    let mut written = Vec::new();
    if let Some(confusion) = &evaluation.confusion {
        let path = confusion_picture(folder);
        let title = format!("{}: read as asked for, in percent", evaluation.model.title());
        let picture =
            ConfusionPicture { title: &title, counts: confusion.counts(), class_names: &evaluation.class_names };
        picture.write_png(&path, &[("Software", "digitgan")])?;
        written.push(path);
    }
    let path = neighbours_picture(folder);
    let columns = evaluation.class_names.len().min(MAX_COLUMNS);
    let digits = nearest_of_classes(neighbours, training, columns);
    Grid::new(columns).draw(&digits)?.write_png(&path, &[("Software", "digitgan")])?;
    written.push(path);
    let path = record(folder);
    let text = serde_json::to_string_pretty(evaluation).map_err(io::Error::other)?;
    atomic::write(&path, |out| writeln!(out, "{text}"))?;
    Ok(Written { record: path, pictures: written })
}

/// Reads the evaluation in `folder`; `None` if there is none.
///
/// # Errors
/// A file that cannot be read or is something else.
pub fn read(folder: &Path) -> Result<Option<Evaluation>, EvaluationFileError> {
    let path = record(folder);
    let text = match capped::read_text(&path, MAX_BYTES) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        other => other.map_err(|source| EvaluationFileError::Io { path: path.clone(), source })?,
    };
    let format = |reason: String| EvaluationFileError::Format { path: path.clone(), reason };
    let evaluation: Evaluation = serde_json::from_str(&text).map_err(|error| format(error.to_string()))?;
    match evaluation.format {
        FORMAT => Ok(Some(evaluation)),
        other => Err(format(format!("it has format {other}"))),
    }
}

fn check_neighbours(neighbours: &Neighbours, training: &Split) -> Result<(), PictureError> {
    let Neighbours { digits, read, nearest } = neighbours;
    let whole = nearest.len() == read.len() && digits.len() == read.len() * IMAGE_PIXELS;
    match whole && nearest.iter().all(|neighbour| training.image(neighbour.index).is_some()) {
        true => Ok(()),
        false => Err(PictureError::OtherImages { images: training.len() }),
    }
}

/// A column for each of the first classes: of the digits read as it those nearest to training digits, each above its
/// neighbour. What is not there is black.
fn nearest_of_classes(neighbours: &Neighbours, training: &Split, columns: usize) -> Vec<u8> {
    const BLACK: [u8; IMAGE_PIXELS] = [0; IMAGE_PIXELS];
    let of_class = |class: usize| -> Vec<usize> {
        let mut places: Vec<usize> =
            (0..neighbours.read.len()).filter(|&place| usize::from(neighbours.read[place]) == class).collect();
        places.sort_by(|&a, &b| neighbours.nearest[a].distance.total_cmp(&neighbours.nearest[b].distance));
        places
    };
    let classes: Vec<Vec<usize>> = (0..columns).map(of_class).collect();
    let mut pixels = Vec::new();
    for row in 0..ROWS {
        let places: Vec<Option<usize>> = classes.iter().map(|places| places.get(row).copied()).collect();
        for place in &places {
            pixels.extend(place.map_or(&BLACK[..], |place| &neighbours.digits[place * IMAGE_PIXELS..][..IMAGE_PIXELS]));
        }
        for place in &places {
            pixels.extend(place.map_or(&BLACK[..], |place| training.pixels(neighbours.nearest[place].index)));
        }
    }
    pixels
}
