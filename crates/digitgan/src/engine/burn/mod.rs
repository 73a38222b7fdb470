//! An engine on Burn: the same models on GPUs (CUDA, Vulkan, Metal, WebGPU), with gradients found by Burn. On Burn's CPU
//! backend, `flex`, every machine can check the results of [`super::cpu`] against it.
//!
//! The training images are kept on the device; other inputs are sent for many steps at once (`supply`).
//! A step is only put on the device's queue: nothing is read back before [`Engine::reports`] asks for it. Noise and classes
//! are drawn on the host, from the same numbers as for the CPU, so a training can be resumed on another device.

mod device;
mod loss;
mod networks;
mod parameters;
mod supply;

use super::{Engine, EngineError, NotFinite, Protocol, RealImages, Statistics, StepInput, StepReport};
use crate::loss::Target;
use crate::model::{LATENT, ModelSpec, TensorMap, discriminator_tensors, generator_tensors};
use crate::{IMAGE_PIXELS, IMAGE_SIDE};
use burn_tensor::activation::sigmoid;
use burn_tensor::{Tensor, TensorData};
pub use device::BurnDevice;
use networks::{DiscriminatorLogits, discriminate, generate};
use parameters::{Adam, Parameters, Weights, values};
use supply::{Batch, Rates, Supply, classes_of};

/// Steps that may be on the queue before their reports are read.
const STEPS_IN_FLIGHT: u64 = 50;
/// Images that G draws or D sees at once.
const IMAGES_AT_ONCE: usize = 1024;
/// Numbers that a step finds: those of D's part, then those of G's.
const REPORTED: usize = 7;

/// Trains one model on a device of Burn's.
pub struct BurnEngine {
    device: BurnDevice,
    spec: ModelSpec,
    batch: usize,
    protocol: Protocol,
    generator: Parameters,
    /// The average of G, if it is to draw in its place.
    average: Option<Parameters>,
    discriminator: Parameters,
    /// Steps on their way to the device.
    supply: Supply,
    /// Steps that were put on the queue.
    steps: u64,
    /// What the steps since the last reading found, [`REPORTED`] numbers each.
    found: Vec<Tensor<1>>,
}

impl BurnEngine {
    /// Makes room for training `spec` in batches of `batch` images. All weights are zero: [`Engine::restore`] a state first.
    ///
    /// # Errors
    /// When the device fails.
    pub fn new(device: &BurnDevice, spec: &ModelSpec, batch: usize, protocol: Protocol) -> Result<Self, EngineError> {
        assert!(batch > 0 && batch.is_multiple_of(protocol.design.pack), "a batch holds whole packs, at least one");
        device.guard(|| {
            let generator = || Parameters::new(device, generator_tensors(spec));
            BurnEngine {
                device: device.clone(),
                spec: *spec,
                batch,
                protocol,
                generator: generator(),
                average: protocol.average.map(|_| generator()),
                discriminator: Parameters::new(device, discriminator_tensors(spec, &protocol.design)),
                supply: Supply::new(device, batch, spec.classes),
                steps: 0,
                found: Vec::new(),
            }
        })
    }

    /// Sends the device the steps that were taken in, and puts them on its queue.
    fn send(&mut self) -> Result<(), EngineError> {
        if self.supply.waiting() == 0 {
            return Ok(());
        }
        let device = self.device.clone();
        device.guard(|| {
            let steps = self.supply.send().steps();
            steps.for_each(|(batch, rates)| self.enqueue(batch, rates));
        })
    }

    /// All steps that were begun show in what is asked for now.
    fn expect_nothing_waits(&self) {
        assert_eq!(self.supply.waiting(), 0, "the reports of steps are asked for before anything else is");
    }

    /// One step, put on the queue.
    fn enqueue(&mut self, mut batch: Batch, rates: Rates) {
        self.steps += 1;
        let g_weights = self.generator.weights(true);
        let asked = self.spec.variant.wiring().generator_sees_class.then(|| batch.fake_classes.clone());
        let mut fakes = generate(batch.latents.clone(), asked, &g_weights, &mut self.generator, Statistics::Batch);
        if let Some([over_real, over_fakes]) = batch.noise.take() {
            batch.real = batch.real + over_real;
            fakes = fakes + over_fakes;
        }
        let of_discriminator = self.step_discriminator(&batch, fakes.clone().inner(), rates.discriminator);
        let of_generator = self.step_generator(&batch, fakes, &g_weights, rates.generator);
        if let (Some(average), Some(decay)) = (&mut self.average, self.protocol.average) {
            average.approach(&self.generator, super::average_share(decay, self.steps));
        }
        let numbers = of_discriminator.into_iter().chain(of_generator).collect();
        self.found.push(Tensor::cat(numbers, 0));
    }

    /// D's part of a step, on fakes as they stand. Returns D's loss, its class part, D(x) and D(G(z)).
    fn step_discriminator(&mut self, batch: &Batch, fakes: Tensor<4>, rate: f64) -> [Tensor<1>; 4] {
        let adam = self.adam(rate);
        let Self { protocol, discriminator, device, .. } = self;
        let Protocol { losses, design, .. } = protocol;
        let weights = discriminator.weights(true);
        let mut look =
            |images, classes: &_| discriminate(images, classes, design, &weights, discriminator, Statistics::Batch);
        let real = look(batch.real.clone(), &batch.classes);
        let fake = look(fakes, &batch.fake_classes);
        let class_losses = [
            loss::class_loss(losses, &real, &batch.classes, Target::Real),
            loss::class_loss(losses, &fake, &batch.fake_classes, Target::Fake),
        ];
        let class = class_losses.into_iter().flatten().reduce(|real, fake| real + fake);
        let probabilities = [mean_probability(&real), mean_probability(&fake)];
        let loss = with_class(loss::discriminator_loss(losses, real.source, fake.source), class.as_ref());
        discriminator.update(&weights, &mut loss.backward(), adam);
        let [d_real, d_fake] = probabilities;
        [loss.inner(), or_zero(class, device), d_real, d_fake]
    }

    /// G's part of a step, through the new D, whose weights are constants now. Returns G's loss, its class
    /// part and D(G(z)).
    fn step_generator(&mut self, batch: &Batch, fakes: Tensor<4>, g_weights: &Weights, rate: f64) -> [Tensor<1>; 3] {
        let adam = self.adam(rate);
        let Self { protocol, generator, discriminator, device, .. } = self;
        let Protocol { losses, design, .. } = protocol;
        let weights = discriminator.weights(false);
        let mut look = |images, classes: &_, statistics| {
            discriminate(images, classes, design, &weights, discriminator, statistics)
        };
        let real = losses
            .adversarial
            .compares()
            .then(|| look(batch.real.clone(), &batch.classes, Statistics::BatchAlone).source);
        let logits = look(fakes, &batch.fake_classes, Statistics::Batch);
        let class = loss::class_loss(losses, &logits, &batch.fake_classes, Target::Fake);
        let d_fake = mean_probability(&logits);
        let loss = with_class(loss::generator_loss(losses, logits.source, real), class.as_ref());
        generator.update(g_weights, &mut loss.backward(), adam);
        [loss.inner(), or_zero(class, device), d_fake]
    }

    /// The optimiser's numbers for this step.
    fn adam(&self, rate: f64) -> Adam {
        let Protocol { beta1, beta2, epsilon, .. } = self.protocol;
        Adam::new(rate, [beta1, beta2], epsilon, self.steps)
    }

    /// What the numbers of a step say. A gradient that is not finite makes the next step's losses so; a look at every gradient
    /// would cost a GPU more than the step gains by it.
    fn report(&self, numbers: &[f32]) -> Result<StepReport, NotFinite> {
        let &[d_loss, d_class, d_real, d_fake, g_loss, g_class, d_fake_after] = numbers else {
            unreachable!("a report has {REPORTED} numbers")
        };
        for (whose, loss) in [("D", d_loss), ("G", g_loss)] {
            if !loss.is_finite() {
                return Err(NotFinite(format!("{whose}'s loss is {loss}")));
            }
        }
        let class = |loss: f32| self.spec.variant.wiring().discriminator_predicts_class.then_some(f64::from(loss));
        let (d_class, g_class) = (class(d_class), class(g_class));
        Ok(StepReport {
            d_loss: f64::from(d_loss),
            g_loss: f64::from(g_loss),
            d_real,
            d_fake,
            d_fake_after,
            d_class,
            g_class,
        })
    }

    /// Draws with the generator that draws.
    fn draw(&mut self, latents: &[f32], labels: &[u8], images: &mut [f32]) {
        let drawing = self.average.as_mut().unwrap_or(&mut self.generator);
        draw(&self.device, &self.spec, drawing, latents, labels, images);
    }
}

/// Draws images, some at once.
fn draw(
    device: &BurnDevice,
    spec: &ModelSpec,
    parameters: &mut Parameters,
    latents: &[f32],
    labels: &[u8],
    images: &mut [f32],
) {
    let weights = parameters.weights(false);
    let chunks = latents.chunks(IMAGES_AT_ONCE * LATENT).zip(labels.chunks(IMAGES_AT_ONCE));
    for ((latents, labels), images) in chunks.zip(images.chunks_mut(IMAGES_AT_ONCE * IMAGE_PIXELS)) {
        let latents = TensorData::new(latents.to_vec(), [labels.len(), LATENT]);
        let latents = Tensor::<2>::from_data(latents, device.handle());
        let classes = spec.variant.wiring().generator_sees_class.then(|| classes_of(device, labels, spec.classes));
        let drawn = generate(latents, classes, &weights, parameters, Statistics::Running);
        images.copy_from_slice(&values(&drawn));
    }
}

/// A loss and, where there is one, that of the classes.
fn with_class(loss: Tensor<1>, class: Option<&Tensor<1>>) -> Tensor<1> {
    class.into_iter().fold(loss, |sum, class| sum + class.clone())
}

/// A loss for the step report.
fn or_zero(loss: Option<Tensor<1>>, device: &BurnDevice) -> Tensor<1> {
    loss.map_or_else(|| Tensor::zeros([1], device.handle()), Tensor::inner)
}

fn mean_probability(logits: &DiscriminatorLogits) -> Tensor<1> {
    sigmoid(logits.source.clone().inner()).mean()
}

impl Engine for BurnEngine {
    /// Takes a step in. The device gets it with others, at the latest when their reports are asked for.
    fn begin(&mut self, input: StepInput<'_>) -> Result<(), EngineError> {
        let batch = self.batch;
        match input.real {
            RealImages::Given { images, labels } => {
                assert_eq!((images.len(), labels.len()), (batch * IMAGE_PIXELS, batch))
            }
            RealImages::Kept(rows) => assert_eq!(rows.len(), batch),
        }
        assert_eq!((input.latents.len(), input.fake_labels.len()), (batch * LATENT, batch));
        if self.supply.parts_from(&input) {
            self.send()?;
        }
        self.supply.add(self.steps + self.supply.waiting() as u64 + 1, &input);
        if self.supply.is_full() { self.send() } else { Ok(()) }
    }

    fn keep(&mut self, images: &[u8], labels: &[u8]) -> Result<bool, EngineError> {
        let device = self.device.clone();
        device.guard(|| self.supply.keep(images, labels))?;
        Ok(true)
    }

    fn reports(&mut self, tell: &mut dyn FnMut(StepReport)) -> Result<(), EngineError> {
        self.send()?;
        if self.found.is_empty() {
            return Ok(());
        }
        let found = std::mem::take(&mut self.found);
        let numbers = self.device.guard(|| values(&Tensor::cat(found, 0)))?;
        for numbers in numbers.chunks_exact(REPORTED) {
            tell(self.report(numbers)?);
        }
        Ok(())
    }

    fn steps_in_flight(&self) -> u64 {
        STEPS_IN_FLIGHT
    }

    fn generate(&mut self, latents: &[f32], labels: &[u8], images: &mut [f32]) -> Result<(), EngineError> {
        self.expect_nothing_waits();
        let device = self.device.clone();
        device.guard(|| self.draw(latents, labels, images))
    }

    fn discriminate(&mut self, images: &[f32], labels: &[u8], probabilities: &mut [f32]) -> Result<(), EngineError> {
        self.expect_nothing_waits();
        assert_eq!(self.protocol.design.pack, 1, "a D that takes packs has no logit of one image");
        let Self { device, spec, protocol, discriminator, .. } = self;
        let weights = discriminator.weights(false);
        let batches = images.chunks(IMAGES_AT_ONCE * IMAGE_PIXELS).zip(labels.chunks(IMAGES_AT_ONCE));
        for ((images, labels), probabilities) in batches.zip(probabilities.chunks_mut(IMAGES_AT_ONCE)) {
            let said = device.guard(|| {
                let images = TensorData::new(images.to_vec(), [labels.len(), 1, IMAGE_SIDE, IMAGE_SIDE]);
                let images = Tensor::from_data(images, device.handle());
                let classes = classes_of(device, labels, spec.classes);
                let (design, statistics) = (&protocol.design, Statistics::Running);
                values(&sigmoid(discriminate(images, &classes, design, &weights, discriminator, statistics).source))
            })?;
            probabilities.copy_from_slice(&said);
        }
        Ok(())
    }

    fn state(&self) -> Result<TensorMap, EngineError> {
        self.expect_nothing_waits();
        self.device.guard(|| {
            let mut state = TensorMap::new();
            self.generator.save("generator.", true, &mut state);
            if let Some(average) = &self.average {
                average.save("generator.average.", false, &mut state);
            }
            self.discriminator.save("discriminator.", true, &mut state);
            state
        })
    }

    fn restore(&mut self, state: &TensorMap, step: u64) -> Result<(), EngineError> {
        let Self { device, generator, average, discriminator, supply, .. } = self;
        supply.clear();
        device.guard(|| {
            generator.load("generator.", state, true)?;
            if let Some(average) = average {
                average.load("generator.average.", state, false)?;
            }
            discriminator.load("discriminator.", state, true)
        })??;
        super::expect_nothing_else(state, &self.state()?)?;
        self.found.clear();
        self.steps = step;
        Ok(())
    }

    fn gradients(&self) -> Result<TensorMap, EngineError> {
        self.expect_nothing_waits();
        self.device.guard(|| {
            let mut map = TensorMap::new();
            self.generator.save_gradients("generator.", &mut map);
            self.discriminator.save_gradients("discriminator.", &mut map);
            map
        })
    }
}

/// A generator alone on a device, for drawing.
pub struct BurnSampler {
    device: BurnDevice,
    spec: ModelSpec,
    parameters: Parameters,
}

impl BurnSampler {
    /// Takes the weights of a generator: the tensors of [`generator_tensors`] by their names.
    ///
    /// # Errors
    /// When a tensor is missing or has another shape, or the device fails.
    pub fn new(device: &BurnDevice, spec: &ModelSpec, weights: &TensorMap) -> Result<Self, EngineError> {
        let mut parameters = device.guard(|| Parameters::new(device, generator_tensors(spec)))?;
        device.guard(|| parameters.load("", weights, false))??;
        Ok(BurnSampler { device: device.clone(), spec: *spec, parameters })
    }

    /// Draws images; an image depends on its own noise and class alone.
    ///
    /// # Shapes
    /// `latents`: `[count, 100]`; `labels`: `[count]`; `images`: `[count, 28, 28]`, in [-1, 1].
    ///
    /// # Errors
    /// When the device fails.
    pub fn generate(&mut self, latents: &[f32], labels: &[u8], images: &mut [f32]) -> Result<(), EngineError> {
        let Self { device, spec, parameters } = self;
        device.guard(|| draw(device, spec, parameters, latents, labels, images))
    }
}
