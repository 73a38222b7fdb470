//! What an evaluation leaves in a run: `evaluation.json` and two pictures.

use super::directory::{RunDirectory, evaluation_pictures, evaluation_record};
use super::tensorboard;
use crate::IMAGE_PIXELS;
use crate::data::{MAX_CLASSES, MIN_CLASSES, Split};
use crate::error::ErrorKind;
use crate::evaluation::{ClassMetrics, Compared, Evaluation, FORMAT, Neighbours};
use crate::files::{atomic, capped, check_file, check_folder};
use crate::metrics::interval::Repeated;
use crate::picture::{ConfusionPicture, Grid, PictureError};
use std::io;
use std::path::{Path, PathBuf};

/// Largest record that is read.
const MAX_BYTES: u64 = 4 << 20;
/// Largest count that is believed, and the number farthest from zero.
const MAX_COUNT: u64 = 1 << 40;
const MAX_NUMBER: f64 = 1e12;
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

/// Why an evaluation cannot be read or written.
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
    /// A folder takes no files.
    #[error("cannot write into {path}: {source}")]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A file cannot be written.
    #[error("cannot write {path}: {}", reason(source))]
    Write {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: PictureError,
    },
}

/// Why a picture cannot be written, where it is known which.
fn reason(error: &PictureError) -> String {
    match error {
        PictureError::Io(source) => source.to_string(),
        error => error.to_string(),
    }
}

impl EvaluationFileError {
    fn folder(path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| EvaluationFileError::Folder { path: path.to_owned(), source }
    }

    fn write<E: Into<PictureError>>(path: &Path) -> impl FnOnce(E) -> Self {
        move |source| EvaluationFileError::Write { path: path.to_owned(), source: source.into() }
    }

    /// What it is about.
    pub fn kind(&self) -> ErrorKind {
        match self {
            EvaluationFileError::Io { .. } | EvaluationFileError::Folder { .. } => ErrorKind::Files,
            EvaluationFileError::Write { source, .. } => source.kind(),
            EvaluationFileError::Format { .. } => ErrorKind::Damaged,
        }
    }
}

/// The record of an evaluation in `folder`.
pub fn record(folder: &Path) -> PathBuf {
    evaluation_record(folder)
}

/// The picture of what was read where each class was asked for; there is none where G knows no classes.
pub fn confusion_picture(folder: &Path) -> PathBuf {
    evaluation_pictures(folder).join("confusion.png")
}

/// The picture of the digits nearest to training digits.
pub fn neighbours_picture(folder: &Path) -> PathBuf {
    evaluation_pictures(folder).join("neighbours.png")
}

/// Checks that an evaluation can be written into `folder`, which need not be there yet. Leaves no trace.
///
/// # Errors
/// The folder or the file that cannot be written.
pub fn check_place(folder: &Path) -> Result<(), EvaluationFileError> {
    for folder in [folder, &evaluation_pictures(folder)] {
        check_folder(folder).map_err(EvaluationFileError::folder(folder))?;
    }
    let files = [record(folder), confusion_picture(folder), neighbours_picture(folder)];
    let whose_folder_is_there = |path: &&PathBuf| path.parent().is_some_and(Path::exists);
    let mut there = files.iter().filter(whose_folder_is_there);
    there.try_for_each(|path| check_file(path).map_err(EvaluationFileError::write(path)))
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
) -> Result<Written, EvaluationFileError> {
    let path = neighbours_picture(folder);
    check_neighbours(neighbours, training).map_err(EvaluationFileError::write(&path))?;
    let below = evaluation_pictures(folder);
    std::fs::create_dir_all(&below).map_err(EvaluationFileError::folder(&below))?;
    let mut written = Vec::new();
    if let Some(confusion) = &evaluation.confusion {
        let path = confusion_picture(folder);
        let title = format!("{}: read as asked for, in percent", evaluation.title());
        let picture =
            ConfusionPicture { title: &title, counts: confusion.counts(), class_names: &evaluation.class_names };
        let drawn = picture.write_png(&path, &[("Software", "digitgan")]);
        drawn.map_err(EvaluationFileError::write(&path))?;
        written.push(path);
    }
    let columns = evaluation.class_names.len().min(MAX_COLUMNS);
    let digits = nearest_of_classes(neighbours, training, columns);
    let drawn = Grid::new(columns).draw(&digits);
    let drawn = drawn.and_then(|picture| picture.write_png(&path, &[("Software", "digitgan")]));
    drawn.map_err(EvaluationFileError::write(&path))?;
    written.push(path);
    let path = record(folder);
    let text = serde_json::to_string_pretty(evaluation).map_err(io::Error::other);
    let recorded = text.and_then(|text| atomic::write(&path, |out| writeln!(out, "{text}")));
    recorded.map_err(EvaluationFileError::write(&path))?;
    // Of a run, also where its losses are seen. Without one there is none.
    let run = RunDirectory::new(folder);
    if evaluation.model.is_some() && run.tensorboard().is_dir() {
        let events = run.tensorboard_evaluations();
        let scalars = scalars(evaluation);
        let written = tensorboard::write_scalars(&events, evaluation.step, tensorboard::now(), &scalars);
        written.map_err(EvaluationFileError::folder(&events))?;
    }
    Ok(Written { record: path, pictures: written })
}

/// The metrics as numbers by step.
fn scalars(evaluation: &Evaluation) -> Vec<(&'static str, f32)> {
    let one = |both: &Compared| Some(both.generated.mean);
    let metrics = [
        ("evaluation/GAN-test", evaluation.agreement.as_ref().map(|agreement| agreement.mean)),
        ("evaluation/GAN-train", evaluation.gan_train.as_ref().map(|both| both.generated.share)),
        ("evaluation/Frechet distance", one(&evaluation.frechet)),
        ("evaluation/Frechet distance, times real", evaluation.frechet.times_real()),
        ("evaluation/kernel distance", one(&evaluation.kernel_distance)),
        ("evaluation/digit score", one(&evaluation.digit_score)),
        ("evaluation/precision", one(&evaluation.precision)),
        ("evaluation/recall", one(&evaluation.recall)),
        ("evaluation/density", one(&evaluation.density)),
        ("evaluation/coverage", one(&evaluation.coverage)),
        ("evaluation/KL of classes from uniform", one(&evaluation.divergence_from_uniform)),
    ];
    metrics.into_iter().filter_map(|(tag, value)| Some((tag, value? as f32))).collect()
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
    if evaluation.format != FORMAT {
        return Err(format(format!("it has format {}", evaluation.format)));
    }
    check_counts(&evaluation).and_then(|()| check_numbers(&evaluation)).map_err(format)?;
    Ok(Some(evaluation))
}

/// Whether there is one of everything for each class, and no count is too large to be one: if not, what is wrong.
fn check_counts(evaluation: &Evaluation) -> Result<(), String> {
    let classes = evaluation.class_names.len();
    if !(MIN_CLASSES..=MAX_CLASSES).contains(&classes) {
        return Err(format!("{classes} classes, expected {MIN_CLASSES} to {MAX_CLASSES}"));
    }
    let histogram = &evaluation.histogram.counts;
    let confusion = evaluation.confusion.iter().flat_map(|confusion| confusion.counts());
    let rows = confusion.chain([histogram]);
    let lengths =
        rows.clone().map(Vec::len).chain(evaluation.confusion.iter().map(|confusion| confusion.counts().len()));
    if let Some(length) = lengths.clone().find(|&length| length != classes) {
        return Err(format!("counts of {length} classes, expected {classes}"));
    }
    match rows.flatten().find(|&&count| count > MAX_COUNT) {
        Some(count) => Err(format!("a count of {count}, expected at most {MAX_COUNT}")),
        None => Ok(()),
    }
}

/// Whether every number is in its range: if not, which is not.
fn check_numbers(evaluation: &Evaluation) -> Result<(), String> {
    const SHARE: (f64, f64) = (0.0, 1.0);
    const LENGTH: (f64, f64) = (0.0, MAX_NUMBER);
    const ANY: (f64, f64) = (-MAX_NUMBER, MAX_NUMBER);
    let e = evaluation;
    let both = |name, of: &Compared, range| [(name, of.generated, range), (name, of.real, range)];
    let once = |name, of: Option<Repeated>, range| of.map(|of| (name, of, range));
    let compared = [
        both("divergence_from_uniform", &e.divergence_from_uniform, LENGTH),
        both("frechet", &e.frechet, LENGTH),
        both("kernel_distance", &e.kernel_distance, ANY),
        both("digit_score", &e.digit_score, LENGTH),
        both("precision", &e.precision, SHARE),
        both("recall", &e.recall, SHARE),
        both("density", &e.density, LENGTH),
        both("coverage", &e.coverage, SHARE),
    ];
    let of_class = |class: &ClassMetrics| {
        let frechet = class.frechet.as_ref().map(|frechet| both("frechet of a class", frechet, LENGTH));
        let read = both("read", &class.read, SHARE);
        read.into_iter().chain(frechet.into_iter().flatten()).chain(once(
            "agreement of a class",
            class.agreement,
            SHARE,
        ))
    };
    let others = [
        once("agreement", e.agreement, SHARE),
        once("class_frechet", e.class_frechet.map(|both| both.generated), LENGTH),
        once("class_frechet", e.class_frechet.map(|both| both.real), LENGTH),
        once("generated_median", Some(e.memorisation.generated_median), LENGTH),
        once("near_share", Some(e.memorisation.near_share), SHARE),
    ];
    let repeated = compared.into_iter().flatten().chain(others.into_iter().flatten());
    for (name, Repeated { mean, deviation, low, high, .. }, (least, most)) in
        repeated.chain(e.classes.iter().flat_map(of_class))
    {
        // Rounding may take a mean of shares of 1 a little beyond.
        let slack = 1e-9 * most;
        if !(least - slack..=most + slack).contains(&mean) {
            return Err(format!("{name} is {mean:e}, expected {least:e} to {most:e}"));
        }
        if let Some(odd) = [deviation, low, high].into_iter().find(|number| number.abs() > 100.0 * MAX_NUMBER) {
            return Err(format!("the interval of {name} has {odd:e}, which is too far away"));
        }
    }
    let medians = [("test_median", e.memorisation.test_median), ("near", e.memorisation.near)];
    match medians.into_iter().find(|(_, value)| !(0.0..=MAX_NUMBER).contains(value)) {
        Some((name, value)) => Err(format!("{name} is {value:e}, expected 0 to {MAX_NUMBER:e}")),
        None => Ok(()),
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
