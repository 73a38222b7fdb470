//! The pictures that a training leaves in its run directory.

use super::error::{Attempt, RecordError};
use crate::config::TrainConfig;
use crate::picture::{Animation, CollapseCurves, CurvePoint, Frame, GreyPicture, Grid, LossCurves};
use crate::run::{Note, RunDirectory};
use crate::train::{CollapseRecord, LossRecord};

/// What every picture says of who made it.
const SOFTWARE: (&str, &str) = ("Software", "digitgan");

/// A picture as a PNG file in memory.
pub(super) struct Png {
    pub(super) bytes: Vec<u8>,
    pub(super) width: usize,
    pub(super) height: usize,
}

/// Draws the losses so far; `title` stands above them.
pub(super) fn draw_losses(run: &RunDirectory, title: &str, records: &[LossRecord]) -> Result<(), RecordError> {
    let path = run.loss_curves();
    let points: Vec<CurvePoint> = records.iter().map(point).collect();
    LossCurves { title, points: &points }.write_png(&path, &[SOFTWARE]).attempt("write", &path)
}

/// Draws what the collapse monitor saw so far, after `last_step` steps.
pub(super) fn draw_looks(
    run: &RunDirectory,
    title: &str,
    records: &[CollapseRecord],
    last_step: u64,
) -> Result<(), RecordError> {
    let path = run.watch_curves();
    CollapseCurves { title, records, last_step }.write_png(&path, &[SOFTWARE]).attempt("draw", &path)
}

/// Writes the sample grid of an epoch, and returns its file's bytes.
pub(super) fn draw_grid(
    run: &RunDirectory,
    config: &TrainConfig,
    epoch: u32,
    images: &[u8],
    columns: usize,
) -> Result<Png, RecordError> {
    let path = run.sample(epoch);
    let picture = Grid::new(columns).draw(images).attempt("draw", &path)?;
    let (epoch, seed) = (epoch.to_string(), config.seed.to_string());
    let facts = [SOFTWARE, ("model", config.model.name()), ("epoch", &epoch), ("seed", &seed)];
    let bytes = picture.png(&facts).attempt("draw", &path)?;
    crate::files::atomic::write(&path, |out| out.write_all(&bytes)).attempt("write", &path)?;
    Ok(Png { bytes, width: picture.width(), height: picture.height() })
}

/// Makes one animation of the sample grids of the first `epochs` epochs, as they lie in the run. One that somebody took
/// away is left out, as is one that cannot be read, which is told.
pub(super) fn animate(run: &RunDirectory, epochs: u32) -> Result<Vec<Note>, RecordError> {
    let (mut frames, mut left_out) = (Vec::new(), Vec::new());
    let there = run.sample_epochs().attempt("list", &run.samples())?;
    for epoch in there.into_iter().filter(|epoch| (1..=epochs).contains(epoch)) {
        let path = run.sample(epoch);
        if !path.exists() {
            continue;
        }
        match GreyPicture::read_png(&path) {
            Ok(picture) => frames.push(Frame { epoch, picture }),
            Err(error) => left_out.push(Note::LeftOut { path, problem: error.to_string() }),
        }
    }
    let path = run.animation();
    if !frames.is_empty() {
        Animation::default().write_gif(&path, &frames).attempt("write", &path)?;
    }
    Ok(left_out)
}

fn point(record: &LossRecord) -> CurvePoint {
    CurvePoint { step: record.step, d_loss: record.d_loss, g_loss: record.g_loss }
}
