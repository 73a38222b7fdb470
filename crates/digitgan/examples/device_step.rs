//! Prints how long a training step takes on a device as JSON, for side-by-side comparisons (`bench/gpu`):
//! `device_step DEVICE VARIANT BATCH STEPS BLOCKS`.
//!
//! A block is `STEPS` steps, from the first one's data to the moment when all reports are there; in between the device is
//! waited for where a training waits. Noise, classes and places of images are drawn for each step, as in a training. The
//! images are noise too: what is in them changes no time. A block more is run before the first that counts.

use digitgan::IMAGE_PIXELS;
use digitgan::data::Split;
use digitgan::data::batches::Batches;
use digitgan::engine::{Device, Engine, EngineError, Protocol, RealImages, StepInput};
use digitgan::model::{LATENT, ModelSpec, Variant, initial_state};
use digitgan::sample::{fill_classes, fill_latents};
use digitgan::seed::Purpose;
use std::time::{Duration, Instant};

/// Images that are trained on: as many as MNIST has.
const IMAGES: usize = 60_000;
const SEED: u64 = 1;
/// For how long steps are run before the clock does, at least: kernels are compiled and tried out meanwhile.
const WARM_UP_TIME: Duration = Duration::from_secs(1);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [device, variant, batch, steps, blocks] = arguments.as_slice() else {
        return Err("usage: device_step DEVICE VARIANT BATCH STEPS BLOCKS".into());
    };
    let spec = ModelSpec { variant: variant.parse::<Variant>()?, classes: 10 };
    let (batch, steps, blocks): (usize, u64, usize) = (batch.parse()?, steps.parse()?, blocks.parse()?);
    let mut told = String::new();
    let device = Device::open(device.parse()?, None, |why: &str| why.clone_into(&mut told))?;
    if !told.is_empty() {
        return Err(told.into());
    }
    let split = images();
    let mut training = Training::new(&device, &spec, &split, batch)?;
    let mut times = training.time(steps, blocks)?;
    times.sort_by(f64::total_cmp);
    let median = times[times.len() / 2];
    let result = serde_json::json!({
        "engine": format!("digitgan {device}"), "variant": spec.variant, "batch": batch, "steps": training.step,
        "median_step_ms": median, "fastest_step_ms": times[0], "images_per_second": batch as f64 / median * 1e3,
        "last_d_loss": training.d_loss,
    });
    #[allow(clippy::print_stdout, reason = "the result of this program")]
    {
        println!("{result}");
    }
    Ok(())
}

/// As many images as MNIST has.
fn images() -> Split {
    let mut labels = vec![0; IMAGES];
    fill_classes(SEED, Purpose::Show, 0, 10, &mut labels);
    let pixel = |i: usize| (i.wrapping_mul(2_654_435_761) >> 24) as u8;
    Split { images: (0..IMAGES * IMAGE_PIXELS).map(pixel).collect(), labels }
}

/// A training without its records.
struct Training<'a> {
    engine: Box<dyn Engine + Send>,
    batches: Batches<'a>,
    /// Whether the engine keeps the images.
    kept: bool,
    classes: usize,
    step: u64,
    d_loss: f64,
    rows: Vec<u32>,
    images: Vec<f32>,
    labels: Vec<u8>,
    latents: Vec<f32>,
    fake_labels: Vec<u8>,
}

impl<'a> Training<'a> {
    fn new(device: &Device, spec: &ModelSpec, split: &'a Split, batch: usize) -> Result<Self, EngineError> {
        let mut engine = device.engine(spec, batch, Protocol::default())?;
        engine.restore(&initial_state(spec, SEED), 0)?;
        Ok(Training {
            kept: engine.keep(&split.images, &split.labels)?,
            engine,
            batches: Batches::new(split, batch, SEED, &[]).expect("a batch fits the split"),
            classes: spec.classes,
            step: 0,
            d_loss: 0.0,
            rows: vec![0; batch],
            images: vec![0.0; batch * IMAGE_PIXELS],
            labels: vec![0; batch],
            latents: vec![0.0; batch * LATENT],
            fake_labels: vec![0; batch],
        })
    }

    /// Milliseconds per step of each block.
    fn time(&mut self, steps: u64, blocks: usize) -> Result<Vec<f64>, EngineError> {
        let begin = Instant::now();
        self.block(steps)?;
        while begin.elapsed() < WARM_UP_TIME {
            self.block(steps)?;
        }
        (0..blocks)
            .map(|_| {
                let start = Instant::now();
                self.block(steps)?;
                Ok(start.elapsed().as_secs_f64() * 1e3 / steps as f64)
            })
            .collect()
    }

    /// So many steps, to the end of the last.
    fn block(&mut self, steps: u64) -> Result<(), EngineError> {
        for done in 1..=steps {
            self.begin()?;
            if done % self.engine.steps_in_flight() == 0 || done == steps {
                let d_loss = &mut self.d_loss;
                self.engine.reports(&mut |report| *d_loss = report.d_loss)?;
            }
        }
        Ok(())
    }

    fn begin(&mut self) -> Result<(), EngineError> {
        let Self { batches, classes, step, rows, images, labels, latents, fake_labels, .. } = self;
        let first = *step * fake_labels.len() as u64;
        fill_latents(SEED, Purpose::TrainingLatent, first, latents);
        fill_classes(SEED, Purpose::TrainingClass, first, *classes, fake_labels);
        let real = if self.kept {
            batches.rows(*step, rows);
            RealImages::Kept(rows)
        } else {
            batches.fill(*step, images, labels);
            RealImages::Given { images, labels }
        };
        *step += 1;
        let (generator_rate, discriminator_rate) = (1e-3, 1e-3);
        self.engine.begin(StepInput { real, latents, fake_labels, generator_rate, discriminator_rate, noise: None })
    }
}
