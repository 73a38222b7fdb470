//! The inputs of a step: real images, noise, and the classes of the fakes. All of it is a function of the settings,
//! the data and the step's number.

use super::schedule::Pace;
use crate::IMAGE_PIXELS;
use crate::config::TrainConfig;
use crate::data::Split;
use crate::data::batches::Batches;
use crate::engine::{Engine, EngineError, RealImages, StepInput};
use crate::model::{LATENT, ModelSpec};
use crate::sample;
use crate::seed::{Purpose, index};

/// The data of a training's steps, for [`super::Training`] and for loops of one's own over an [`Engine`].
pub struct Feed<'a> {
    config: TrainConfig,
    batches: Batches<'a>,
    train_images: usize,
    /// Whether the engine keeps the training images, so that a step only names its own.
    kept: bool,
    classes: usize,
    /// Images that D sees together, where they must be of one class: else 1.
    pack: usize,
    rows: Vec<u32>,
    images: Vec<f32>,
    labels: Vec<u8>,
    latents: Vec<f32>,
    fake_labels: Vec<u8>,
}

impl<'a> Feed<'a> {
    /// Feeds `engine` from a split, as `config` says. Images that are shown as they are, the engine may keep.
    ///
    /// # Errors
    /// A batch that the split cannot fill or that is not made of whole packs, or a device that fails.
    pub fn new(
        config: &TrainConfig,
        spec: &ModelSpec,
        split: &'a Split,
        engine: &mut dyn Engine,
    ) -> Result<Self, EngineError> {
        let (batch, of_one_class) = (config.batch_size, spec.variant.wiring().generator_sees_class);
        let batches = Batches::new(split, batch, config.seed, &config.augment)?.in_packs(config.pack, of_one_class)?;
        let kept = batches.are_plain() && engine.keep(&split.images, &split.labels)?;
        // Of what is kept only the place is told, of the rest everything but that.
        let (named, brought) = if kept { (batch, 0) } else { (0, batch) };
        Ok(Feed {
            config: config.clone(),
            batches,
            train_images: split.len(),
            kept,
            classes: spec.classes,
            pack: if of_one_class { config.pack } else { 1 },
            rows: vec![0; named],
            images: vec![0.0; brought * IMAGE_PIXELS],
            labels: vec![0; brought],
            latents: vec![0.0; batch * LATENT],
            fake_labels: vec![0; batch],
        })
    }

    /// Steps in an epoch.
    pub fn steps_per_epoch(&self) -> u64 {
        self.batches.per_epoch()
    }

    /// Begins step `step`, counted from 0, of a training that went back `rollbacks` times.
    ///
    /// # Errors
    /// As [`Engine::begin`].
    pub fn begin(&mut self, engine: &mut dyn Engine, step: u64, rollbacks: u32) -> Result<(), EngineError> {
        self.draw_fakes(step, rollbacks);
        let Pace { generator_rate, discriminator_rate, noise } =
            Pace::of(&self.config, self.train_images, step, rollbacks);
        let Self { batches, kept, rows, images, labels, latents, fake_labels, .. } = self;
        let real = if *kept {
            batches.rows(step, rows);
            RealImages::Kept(rows)
        } else {
            batches.fill(step, images, labels);
            RealImages::Given { images, labels }
        };
        engine.begin(StepInput { real, latents, fake_labels, generator_rate, discriminator_rate, noise })
    }

    /// Draws the noise and the classes behind a step's fakes.
    fn draw_fakes(&mut self, step: u64, rollbacks: u32) {
        let Self { config: TrainConfig { seed, .. }, classes, pack, latents, fake_labels, .. } = self;
        let batch = fake_labels.len();
        let first = index::training_fakes(rollbacks, step, batch);
        sample::fill_latents(*seed, Purpose::TrainingLatent, first, latents);
        sample::fill_classes(*seed, Purpose::TrainingClass, first, *classes, fake_labels);
        let (one, others) = fake_labels.split_at_mut(batch / *pack);
        others.chunks_exact_mut(one.len()).for_each(|other| other.copy_from_slice(one));
    }
}
