//! An engine that runs on its device's own threads and checks its inputs.

use super::{Engine, EngineError, RealImages, StepInput, StepReport, Threads};
use crate::IMAGE_PIXELS;
use crate::input::{InputError, check_classes, check_drawing, check_length, count_images};
use crate::model::{LATENT, TensorMap};

/// Runs an engine on threads of its own. What comes from outside is checked here, so that what is behind never is asked
/// for what it cannot do.
pub(super) struct Pooled<E> {
    engine: E,
    threads: Threads,
    classes: usize,
    batch: usize,
    /// Images that D sees together.
    pack: usize,
    /// Images that the engine keeps.
    kept: usize,
}

impl<E: Engine + Send> Pooled<E> {
    pub(super) fn new(engine: E, threads: Threads, classes: usize, batch: usize, pack: usize) -> Self {
        Pooled { engine, threads, classes, batch, pack, kept: 0 }
    }

    fn check_step(&self, input: &StepInput<'_>) -> Result<(), InputError> {
        let (batch, classes) = (self.batch, self.classes);
        check_length("classes of the fakes, [batch]", input.fake_labels.len(), batch)?;
        check_classes(input.fake_labels, classes)?;
        check_length("latents, [batch, 100]", input.latents.len(), batch * LATENT)?;
        match input.real {
            RealImages::Given { images, labels } => {
                check_length("real images, [batch, 28, 28]", images.len(), batch * IMAGE_PIXELS)?;
                check_length("classes of the real images, [batch]", labels.len(), batch)?;
                check_classes(labels, classes)
            }
            RealImages::Kept(rows) => {
                check_length("places of the real images, [batch]", rows.len(), batch)?;
                let images = self.kept;
                match rows.iter().find(|&&row| row as usize >= images) {
                    Some(&found) => Err(InputError::Place { found, images }),
                    None => Ok(()),
                }
            }
        }
    }
}

impl<E: Engine + Send> Engine for Pooled<E> {
    fn begin(&mut self, input: StepInput<'_>) -> Result<(), EngineError> {
        self.check_step(&input)?;
        let engine = &mut self.engine;
        self.threads.install(|| engine.begin(input))
    }

    fn keep(&mut self, images: &[u8], labels: &[u8]) -> Result<bool, EngineError> {
        let count = count_images(images.len())?;
        check_length("classes, [count]", labels.len(), count)?;
        check_classes(labels, self.classes)?;
        let engine = &mut self.engine;
        let kept = self.threads.install(|| engine.keep(images, labels))?;
        self.kept = if kept { count } else { 0 };
        Ok(kept)
    }

    fn reports(&mut self, tell: &mut dyn FnMut(StepReport)) -> Result<(), EngineError> {
        self.engine.reports(tell)
    }

    fn steps_in_flight(&self) -> u64 {
        self.engine.steps_in_flight()
    }

    fn generate(&mut self, latents: &[f32], labels: &[u8], images: &mut [f32]) -> Result<(), EngineError> {
        check_drawing(latents, labels, self.classes)?;
        check_length("images, [count, 28, 28]", images.len(), labels.len() * IMAGE_PIXELS)?;
        let engine = &mut self.engine;
        self.threads.install(|| engine.generate(latents, labels, images))
    }

    fn discriminate(&mut self, images: &[f32], labels: &[u8], probabilities: &mut [f32]) -> Result<(), EngineError> {
        if self.pack > 1 {
            return Err(InputError::Packed { pack: self.pack }.into());
        }
        let count = count_images(images.len())?;
        check_length("classes, [count]", labels.len(), count)?;
        check_length("probabilities, [count]", probabilities.len(), count)?;
        check_classes(labels, self.classes)?;
        let engine = &mut self.engine;
        self.threads.install(|| engine.discriminate(images, labels, probabilities))
    }

    fn state(&self) -> Result<TensorMap, EngineError> {
        self.engine.state()
    }

    fn restore(&mut self, state: &TensorMap, step: u64) -> Result<(), EngineError> {
        let engine = &mut self.engine;
        self.threads.install(|| engine.restore(state, step))
    }

    fn gradients(&self) -> Result<TensorMap, EngineError> {
        self.engine.gradients()
    }
}
