//! The pictures that a training leaves in its run directory. Their points are kept in memory: nothing is read back while a
//! training goes on.

use super::error::{Attempt, RecordError};
use crate::config::TrainConfig;
use crate::picture::{Animation, CollapseCurves, CurvePoint, Frame, GreyPicture, Grid, LossCurves};
use crate::run::RunDirectory;
use crate::run::losses::LossRecord;
use crate::train::CollapseRecord;

/// What every picture says of who made it.
const SOFTWARE: (&str, &str) = ("Software", "digitgan");

/// What the curves of a training are drawn from.
#[derive(Debug, Default)]
pub(super) struct Pictures {
    losses: Vec<CurvePoint>,
    looks: Vec<CollapseRecord>,
}

/// A picture as a PNG file in memory.
pub(super) struct Png {
    pub(super) bytes: Vec<u8>,
    pub(super) width: usize,
    pub(super) height: usize,
}

impl Pictures {
    /// Those of a training that goes on.
    pub(super) fn resume(losses: &[LossRecord], looks: &[CollapseRecord]) -> Self {
        Pictures { losses: losses.iter().map(point).collect(), looks: looks.to_vec() }
    }

    pub(super) fn step(&mut self, record: &LossRecord) {
        self.losses.push(point(record));
    }

    pub(super) fn look(&mut self, record: &CollapseRecord) {
        self.looks.push(*record);
    }

    /// Forgets what came after `step` steps.
    pub(super) fn cut_back(&mut self, step: u64) {
        self.losses.retain(|point| point.step <= step);
        self.looks.retain(|look| look.step <= step);
    }

    /// Draws the curves so far, after `step` steps; `title` stands above them, and `judge` is who looked.
    pub(super) fn draw(&self, run: &RunDirectory, title: &str, judge: &str, step: u64) -> Result<(), RecordError> {
        let path = run.loss_curves();
        LossCurves { title: &format!("{title}: losses"), points: &self.losses }
            .write_png(&path, &[SOFTWARE])
            .attempt("write", &path)?;
        if self.looks.is_empty() {
            return Ok(());
        }
        let path = run.watch_curves();
        CollapseCurves { title: &format!("{title}: mode-collapse watch{judge}"), records: &self.looks, last_step: step }
            .write_png(&path, &[SOFTWARE])
            .attempt("draw", &path)
    }
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
/// away is left out.
pub(super) fn animate(run: &RunDirectory, epochs: u32) -> Result<(), RecordError> {
    let mut frames = Vec::new();
    for epoch in 1..=epochs {
        let path = run.sample(epoch);
        if path.exists() {
            frames.push(Frame { epoch, picture: GreyPicture::read_png(&path).attempt("read", &path)? });
        }
    }
    let path = run.animation();
    if frames.is_empty() { Ok(()) } else { Animation::default().write_gif(&path, &frames).attempt("write", &path) }
}

fn point(record: &LossRecord) -> CurvePoint {
    CurvePoint { step: record.step, d_loss: record.d_loss, g_loss: record.g_loss }
}
