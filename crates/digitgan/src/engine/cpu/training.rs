//! The training engine: one step of D, then one of G.

use super::buffer::{Buffer, zeros};
use super::checks::{check_gradient, check_loss};
use super::discriminator::{Discriminator, Wanted};
use super::generator::Generator;
use super::padding::pad_all;
use super::parameters::adam_step;
use super::sampler::CpuSampler;
use super::threads::{EqualShares, keep_awake};
use super::workspace::Workspace;
use crate::engine::{
    Engine, EngineError, InstanceNoise, NotFinite, Protocol, Statistics, StepInput, StepReport, expect_nothing_else,
};
use crate::loss::{self, Target};
use crate::model::{Design, LATENT, ModelSpec, TensorMap, discriminator_tensors};
use crate::{IMAGE_PIXELS, IMAGE_SIDE};
use digitgan_kernels::shape::PADDED_IMAGE;
use digitgan_kernels::{Kernels, UnknownSimd};
use rayon::prelude::*;

/// Trains one model on the CPU.
pub struct CpuEngine {
    kernels: Kernels,
    spec: ModelSpec,
    protocol: Protocol,
    generator: Generator,
    discriminator: Discriminator,
    workspace: Workspace,
    /// The real images, padded.
    images: Buffer,
    /// The fakes with noise added, padded, where D sees them so.
    noisy_fakes: Option<Buffer>,
    /// Where the loss compares real images with fakes (relativistic loss): D's logits of those that the pass is not
    /// about.
    opponent_logits: Buffer,
    steps: u64,
    /// The report of the last step, until it is asked for.
    found: Option<StepReport>,
}

impl CpuEngine {
    /// Makes room for training `spec` in batches of `batch` images (about 0.25 MiB per image). All weights are zero:
    /// [`Engine::restore`] a state first, such as [`crate::model::initial_state`].
    pub fn new(kernels: Kernels, spec: &ModelSpec, batch: usize, protocol: Protocol) -> Self {
        let Design { pack, leak, .. } = protocol.design;
        assert!(batch > 0 && batch.is_multiple_of(pack), "a batch holds whole packs, at least one");
        let tensors = discriminator_tensors(spec, &protocol.design);
        CpuEngine {
            kernels,
            spec: *spec,
            protocol,
            generator: Generator::new(kernels, spec, &protocol, batch),
            discriminator: Discriminator::new(kernels, tensors, leak, protocol.precision, batch / pack),
            workspace: Workspace::new(batch),
            images: zeros(batch * PADDED_IMAGE),
            noisy_fakes: None,
            opponent_logits: zeros(batch / pack),
            steps: 0,
            found: None,
        }
    }

    fn whole_state(&self) -> TensorMap {
        let mut state = TensorMap::new();
        self.generator.save(&mut state);
        self.discriminator.save("discriminator", &mut state);
        state
    }

    /// D's part of a step. Reports D's loss, its class part, D(x) and D(G(z)).
    fn step_discriminator(&mut self, input: StepInput<'_>) -> Result<StepReport, NotFinite> {
        let Self { discriminator, generator, workspace, images, noisy_fakes, opponent_logits, protocol, .. } = self;
        let compares = protocol.losses.adversarial.compares();
        discriminator.parameters.clear_gradients();
        let mut report = StepReport::default();
        let fakes = noisy_fakes.as_ref().unwrap_or(&generator.images);
        if compares {
            discriminator.read_logits(fakes, input.fake_labels, opponent_logits, workspace);
        }
        for (images, labels, target) in
            [(&*images, input.real.given().1, Target::Real), (fakes, input.fake_labels, Target::Fake)]
        {
            // A pack's images are of one class wherever anybody asks.
            let labels = &labels[..discriminator.batch];
            discriminator.forward(images, labels, Statistics::Batch, Wanted::WeightGradients, workspace);
            let probability = loss::mean_probability(&discriminator.logits);
            match target {
                Target::Real => report.d_real = probability,
                Target::Fake => report.d_fake = probability,
            }
            let Discriminator { logits, logit_gradients, .. } = discriminator;
            report.d_loss += protocol.losses.discriminator_loss(logits, opponent_logits, target, logit_gradients);
            if compares {
                opponent_logits.copy_from_slice(logits);
            }
            if let Some(head) = &mut discriminator.head {
                let weight = protocol.losses.class_weight(target);
                let loss = loss::class_loss(&head.logits, labels, weight, &mut head.logit_gradients);
                report.d_loss += loss;
                *report.d_class.get_or_insert(0.0) += loss;
            }
            discriminator.backward(images, labels, Wanted::WeightGradients, workspace);
        }
        discriminator.finish_gradients();
        check_loss("D", report.d_loss)?;
        let constants = adam_step(protocol, input.discriminator_rate, self.steps);
        let finite = discriminator.parameters.update(constants);
        check_gradient("discriminator", finite)?;
        discriminator.prepare();
        Ok(report)
    }

    /// G's part of a step. Adds G's loss and D(G(z)) to `report`.
    fn step_generator(&mut self, input: StepInput<'_>, report: &mut StepReport) -> Result<(), NotFinite> {
        let Self { discriminator, generator, workspace, images, noisy_fakes, opponent_logits, protocol, .. } = self;
        if protocol.losses.adversarial.compares() {
            discriminator.read_logits(images, input.real.given().1, opponent_logits, workspace);
        }
        let (images, wanted) = (noisy_fakes.as_ref().unwrap_or(&generator.images), Wanted::ImageGradients);
        let labels = &input.fake_labels[..discriminator.batch];
        discriminator.forward(images, labels, Statistics::Batch, wanted, workspace);
        report.d_fake_after = loss::mean_probability(&discriminator.logits);
        let Discriminator { logits, logit_gradients, .. } = discriminator;
        report.g_loss = protocol.losses.generator_loss(logits, opponent_logits, logit_gradients);
        if let Some(head) = &mut discriminator.head {
            let weight = protocol.losses.class_weight(Target::Fake);
            let loss = loss::class_loss(&head.logits, labels, weight, &mut head.logit_gradients);
            report.g_loss += loss;
            report.g_class = Some(loss);
        }
        check_loss("G", report.g_loss)?;
        discriminator.backward(images, labels, wanted, workspace);
        generator.backward(&mut discriminator.image_gradients, workspace);
        let constants = adam_step(protocol, input.generator_rate, self.steps);
        let finite = generator.parameters.update(constants);
        check_gradient("generator", finite)?;
        generator.prepare();
        generator.follow(self.steps);
        Ok(())
    }

    /// Adds the step's instance noise, if there is any, to the real images and to a copy of the fakes.
    fn lay_noise(&mut self, noise: Option<InstanceNoise>) {
        let Some(noise) = noise else {
            self.noisy_fakes = None;
            return;
        };
        let fakes = self.noisy_fakes.get_or_insert_with(|| zeros(self.images.len()));
        fakes.copy_from_slice(&self.generator.images);
        let (step, batch) = (self.steps, self.generator.batch);
        let images = self.images.par_chunks_mut(PADDED_IMAGE).chain(fakes.par_chunks_mut(PADDED_IMAGE));
        images.enumerate().in_equal_shares().for_each(|(image, padded)| {
            let mut of_image = [0.0; IMAGE_PIXELS];
            noise.fill(step, batch, image, &mut of_image);
            let rows = padded.chunks_exact_mut(IMAGE_SIDE + 2).skip(1);
            for (row, of_row) in rows.zip(of_image.chunks_exact(IMAGE_SIDE)) {
                for (pixel, value) in row[1..].iter_mut().zip(of_row) {
                    *pixel += noise.deviation * value;
                }
            }
        });
    }
}

impl Engine for CpuEngine {
    fn begin(&mut self, input: StepInput<'_>) -> Result<(), EngineError> {
        let batch = self.generator.batch;
        let (images, labels) = input.real.given();
        assert_eq!((images.len(), labels.len()), (batch * IMAGE_PIXELS, batch));
        assert_eq!((input.latents.len(), input.fake_labels.len()), (batch * LATENT, batch));
        self.steps += 1;
        pad_all(images, &mut self.images);
        let report = keep_awake(|| {
            self.generator.forward(input.latents, input.fake_labels);
            self.lay_noise(input.noise);
            let mut report = self.step_discriminator(input)?;
            self.step_generator(input, &mut report)?;
            Ok::<_, NotFinite>(report)
        })?;
        self.found = Some(report);
        Ok(())
    }

    fn reports(&mut self, tell: &mut dyn FnMut(StepReport)) -> Result<(), EngineError> {
        self.found.take().into_iter().for_each(tell);
        Ok(())
    }

    fn generate(&mut self, latents: &[f32], labels: &[u8], images: &mut [f32]) -> Result<(), EngineError> {
        let mut weights = TensorMap::new();
        self.generator.save(&mut weights);
        let sampler = CpuSampler::with_prefix(self.kernels, &self.spec, self.generator.drawing(), &weights);
        sampler.expect("the engine's own weights fit its model").generate(latents, labels, images);
        Ok(())
    }

    fn discriminate(&mut self, images: &[f32], labels: &[u8], probabilities: &mut [f32]) -> Result<(), EngineError> {
        let batch = self.discriminator.batch;
        assert_eq!(self.protocol.design.pack, 1, "a D that sees packs has no logit for one image");
        let batches = images.chunks(batch * IMAGE_PIXELS).zip(labels.chunks(batch));
        for ((images, labels), probabilities) in batches.zip(probabilities.chunks_mut(batch)) {
            pad_all(images, &mut self.images);
            let (statistics, wanted) = (Statistics::Running, Wanted::Logits);
            self.discriminator.forward(&self.images, labels, statistics, wanted, &mut self.workspace);
            for (probability, &logit) in probabilities.iter_mut().zip(self.discriminator.logits.iter()) {
                *probability = loss::sigmoid(logit);
            }
        }
        Ok(())
    }

    fn state(&self) -> Result<TensorMap, EngineError> {
        Ok(self.whole_state())
    }

    fn restore(&mut self, state: &TensorMap, step: u64) -> Result<(), EngineError> {
        self.generator.load(state)?;
        self.discriminator.load("discriminator", state, true)?;
        expect_nothing_else(state, &self.whole_state())?;
        self.found = None;
        self.steps = step;
        Ok(())
    }

    fn gradients(&self) -> Result<TensorMap, EngineError> {
        let mut map = TensorMap::new();
        self.generator.parameters.save_gradients("generator", &mut map);
        self.discriminator.parameters.save_gradients("discriminator", &mut map);
        Ok(map)
    }
}

/// The kernels of this machine, or those that the environment asks for.
///
/// # Errors
/// When the environment asks for an instruction set that the machine does not have.
pub fn kernels() -> Result<Kernels, UnknownSimd> {
    Kernels::detect()
}

#[cfg(test)]
mod tests;
