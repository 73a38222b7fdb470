//! The pictures that a training leaves in its run directory. They are not its result: one that cannot be drawn or written is
//! told of, once, and the training goes on.

use crate::config::TrainConfig;
use crate::files::{atomic, capped};
use crate::picture::{Animation, CollapseCurves, CurvePoint, Frame, GreyPicture, Grid, LossCurves, PictureError};
use crate::run::{Note, RunDirectory};
use crate::train::{CollapseRecord, LossRecord};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// What every picture says of who made it.
const SOFTWARE: (&str, &str) = ("Software", "digitgan");

/// Draws a run's pictures.
pub(super) struct Pictures {
    run: RunDirectory,
    /// Those that could not be written.
    unwritten: BTreeSet<PathBuf>,
    notes: Vec<Note>,
}

/// A picture as a PNG file in memory.
pub(super) struct Png {
    pub(super) bytes: Vec<u8>,
    pub(super) width: usize,
    pub(super) height: usize,
}

impl Pictures {
    pub(super) fn new(run: &RunDirectory) -> Self {
        Pictures { run: run.clone(), unwritten: BTreeSet::new(), notes: Vec::new() }
    }

    /// What is to be told since this was last asked.
    pub(super) fn take_notes(&mut self) -> Vec<Note> {
        std::mem::take(&mut self.notes)
    }

    /// Draws the losses so far; `title` stands above them.
    pub(super) fn draw_losses(&mut self, title: &str, records: &[LossRecord]) {
        let points: Vec<CurvePoint> = records.iter().map(point).collect();
        let curves = LossCurves { title, points: &points };
        self.write(self.run.loss_curves(), |path| curves.write_png(path, &[SOFTWARE]));
    }

    /// Draws what the collapse monitor saw so far, after `last_step` steps.
    pub(super) fn draw_looks(&mut self, title: &str, records: &[CollapseRecord], last_step: u64) {
        let curves = CollapseCurves { title, records, last_step };
        self.write(self.run.watch_curves(), |path| curves.write_png(path, &[SOFTWARE]));
    }

    /// Writes the sample grid of an epoch, and returns its file's bytes if there are any.
    pub(super) fn draw_grid(&mut self, config: &TrainConfig, epoch: u32, images: &[u8], columns: usize) -> Option<Png> {
        let path = self.run.sample(epoch);
        let (epoch, seed) = (epoch.to_string(), config.seed.to_string());
        let facts = [SOFTWARE, ("model", config.model.name()), ("epoch", &epoch), ("seed", &seed)];
        let png = match png(images, columns, &facts) {
            Ok(png) => png,
            Err(error) => {
                self.leave_out(path, &error);
                return None;
            }
        };
        self.write(path, |path| Ok(atomic::write(path, |out| out.write_all(&png.bytes))?));
        Some(png)
    }

    /// Makes one animation of the sample grids of the first `epochs` epochs, as they lie in the run. One that somebody took
    /// away is left out, as is one that cannot be read, which is told.
    pub(super) fn animate(&mut self, epochs: u32) {
        let there = match self.run.sample_epochs() {
            Ok(there) => there,
            Err(error) => return self.leave_out(self.run.animation(), &error.into()),
        };
        let mut frames = Vec::new();
        for epoch in there.into_iter().filter(|epoch| (1..=epochs).contains(epoch)) {
            let path = self.run.sample(epoch);
            if !path.exists() || self.unwritten.contains(&path) {
                continue;
            }
            match GreyPicture::read_png(&path) {
                Ok(picture) => frames.push(Frame { epoch, picture }),
                Err(error) => {
                    let (of, problem) = ("the animation", problem(&error));
                    self.notes.push(Note::LeftOut { path, of, problem });
                }
            }
        }
        if !frames.is_empty() {
            self.write(self.run.animation(), |path| Animation::default().write_gif(path, &frames));
        }
    }

    /// Writes a picture, unless something else is in its place.
    fn write(&mut self, path: PathBuf, write: impl FnOnce(&Path) -> Result<(), PictureError>) {
        let free = capped::check_regular(&path).map_err(PictureError::from);
        if let Err(error) = free.and_then(|()| write(&path)) {
            self.leave_out(path, &error);
        }
    }

    /// Tells of a picture that cannot be written, if it was not told yet.
    fn leave_out(&mut self, path: PathBuf, error: &PictureError) {
        if self.unwritten.insert(path.clone()) {
            self.notes.push(Note::Unwritten { path, problem: problem(error) });
        }
    }
}

/// What is wrong, where what was tried is known.
fn problem(error: &PictureError) -> String {
    match error {
        PictureError::Io(source) => source.to_string(),
        error => error.to_string(),
    }
}

/// A sample grid as a PNG file.
fn png(images: &[u8], columns: usize, facts: &[(&str, &str)]) -> Result<Png, PictureError> {
    let picture = Grid::new(columns).draw(images)?;
    Ok(Png { bytes: picture.png(facts)?, width: picture.width(), height: picture.height() })
}

fn point(record: &LossRecord) -> CurvePoint {
    CurvePoint { step: record.step, d_loss: record.d_loss, g_loss: record.g_loss }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_picture_that_cannot_be_written_is_told_of_once() {
        let folder = tempfile::tempdir().unwrap();
        let run = RunDirectory::new(folder.path());
        let mut pictures = Pictures::new(&run);
        fs::create_dir(run.loss_curves()).unwrap();
        for told in [1, 0] {
            pictures.draw_losses("t", &[]);
            assert_eq!(pictures.take_notes().len(), told);
        }
        fs::remove_dir(run.loss_curves()).unwrap();
        pictures.draw_losses("t", &[]);
        assert!(run.loss_curves().is_file() && pictures.take_notes().is_empty());
    }
}
