//! The pictures that a training leaves in its run directory.

use super::error::Attempt;
use super::{TrainError, Trainer, now};
use crate::picture::{Animation, CurvePoint, Frame, GreyPicture, Grid, LossCurves, WatchCurves};
use crate::run::generator_file::GeneratorFile;
use crate::run::records::LossRecord;
use crate::sample::{self, GridPlan, Sampler};

impl From<&LossRecord> for CurvePoint {
    fn from(record: &LossRecord) -> Self {
        Self { step: record.step, d_loss: record.d_loss, g_loss: record.g_loss }
    }
}

impl Trainer<'_> {
    /// Draws the sample grid of the epoch just finished and keeps its generator.
    pub(super) fn finish_epoch(&mut self) -> Result<(), TrainError> {
        let epoch = (self.step / self.steps_per_epoch()) as u32;
        let plan = GridPlan::new(&self.spec);
        let images = sample::draw_grid(self.engine.as_mut(), &plan, self.manifest.config.seed)?;
        let path = self.run.sample(epoch);
        let picture = Grid::new(plan.columns).draw(&images).attempt("draw", &path)?;
        let (epoch_text, seed_text) = (epoch.to_string(), self.manifest.config.seed.to_string());
        let facts = [
            ("Software", "digitgan"),
            ("model", self.spec.variant.name()),
            ("epoch", &epoch_text),
            ("seed", &seed_text),
        ];
        picture.write_png(&path, &facts).attempt("write", &path)?;
        let png = picture.png(&facts).attempt("draw", &path)?;
        self.events
            .image(self.step, now(), "samples", &png, picture.width(), picture.height())
            .attempt("write", &self.run.tensorboard())?;
        let path = self.run.epoch_generator(epoch);
        self.generator(&self.engine.state()?).write(&path).attempt("write", &path)?;
        self.draw_losses()?;
        self.draw_watch()
    }

    /// Draws the losses so far as a picture.
    pub(super) fn draw_losses(&mut self) -> Result<(), TrainError> {
        self.losses.flush().attempt("write", &self.run.losses())?;
        let points: Vec<CurvePoint> = self.losses.records().iter().map(CurvePoint::from).collect();
        let dataset = &self.manifest.dataset.identity.name;
        let title = format!("{} on {dataset}: losses", self.spec.variant.title());
        let path = self.run.loss_curves();
        LossCurves { title: &title, points: &points }
            .write_png(&path, &[("Software", "digitgan")])
            .attempt("write", &path)
    }

    /// Draws what the watch saw so far as a picture.
    pub(super) fn draw_watch(&self) -> Result<(), TrainError> {
        if self.watch_log.records().is_empty() {
            return Ok(());
        }
        let dataset = &self.manifest.dataset.identity.name;
        let judge = self.manifest.judge.as_ref().map_or(String::new(), |judge| format!(" ({judge})"));
        let title = format!("{} on {dataset}: mode-collapse watch{judge}", self.spec.variant.title());
        let path = self.run.watch_curves();
        WatchCurves { title: &title, records: self.watch_log.records(), last_step: self.step }
            .write_png(&path, &[("Software", "digitgan")])
            .attempt("draw", &path)
    }

    /// Draws the grids of all epochs anew, from their generators, as one animation.
    pub(super) fn animate(&self) -> Result<(), TrainError> {
        let epochs = (self.step / self.steps_per_epoch()) as u32;
        let frames: Vec<Frame> = (1..=epochs).map(|epoch| self.frame(epoch)).collect::<Result<_, _>>()?;
        let path = self.run.animation();
        if !frames.is_empty() {
            Animation::default().write_gif(&path, &frames).attempt("write", &path)?;
        }
        Ok(())
    }

    fn frame(&self, epoch: u32) -> Result<Frame, TrainError> {
        let path = self.run.epoch_generator(epoch);
        let file = GeneratorFile::read(&path)?;
        let mut sampler = Sampler::new(&self.device, &file).map_err(|error| TrainError::restoring(error, &path))?;
        let images = sampler.draw_grid(self.manifest.config.seed)?;
        let picture: GreyPicture = Grid::new(GridPlan::new(&self.spec).columns).draw(&images).attempt("draw", &path)?;
        Ok(Frame { epoch, picture })
    }

    /// The sample grid as it stands, as bytes `[count, 28, 28]`, and its number of columns.
    ///
    /// # Errors
    /// When the device fails.
    pub fn preview(&mut self) -> Result<(Vec<u8>, usize), TrainError> {
        let plan = GridPlan::new(&self.spec);
        Ok((sample::draw_grid(self.engine.as_mut(), &plan, self.manifest.config.seed)?, plan.columns))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_of_the_curves_is_a_step_and_its_two_losses() {
        let losses = LossRecord {
            step: 2,
            epoch: 1,
            d_loss: 0.5,
            g_loss: 2f32.sqrt(),
            d_real: 0.6,
            d_fake: 0.3,
            d_fake_after: 0.2,
            d_class: Some(7.0),
            g_class: None,
        };
        assert_eq!(CurvePoint::from(&losses), CurvePoint { step: 2, d_loss: 0.5, g_loss: 2f32.sqrt() });
    }
}
