//! Prints how long a training step takes on a device as JSON, for side-by-side comparisons (`bench/gpu`):
//! `device_step DEVICE VARIANT BATCH STEPS BLOCKS`.
//!
//! A block is `STEPS` steps, from the first one's data to the moment when all reports are there; in between the device is
//! waited for where a training waits. Noise, classes and places of images are drawn for each step, as in a training. The
//! images are noise too: what is in them changes no time. A block more is run before the first that counts.

use digitgan::IMAGE_PIXELS;
use digitgan::config::{Layer, Recipe, TrainConfig};
use digitgan::data::Split;
use digitgan::engine::{Device, Engine, EngineError};
use digitgan::model::{ModelSpec, Variant};
use digitgan::sample::fill_classes;
use digitgan::seed::Purpose;
use digitgan::train::{Feed, Snapshot};
use digitgan_bench::{SEED, WARM_UP_TIME, print};
use std::time::Instant;

/// Images that are trained on: as many as MNIST has.
const IMAGES: usize = 60_000;
const CLASSES: usize = 10;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [device, variant, batch, steps, blocks] = arguments.as_slice() else {
        return Err("usage: device_step DEVICE VARIANT BATCH STEPS BLOCKS".into());
    };
    let (variant, batch): (Variant, usize) = (variant.parse()?, batch.parse()?);
    let (steps, blocks): (u64, usize) = (steps.parse()?, blocks.parse()?);
    let mut told = String::new();
    let device = Device::open(device.parse()?, None, |why: &str| why.clone_into(&mut told))?;
    if !told.is_empty() {
        return Err(told.into());
    }
    let (recipe, model, seed, batch_size) = (Some(Recipe::Paper), Some(variant), Some(SEED), Some(batch));
    let config = Layer { recipe, model, seed, batch_size, ..Layer::default() }.config()?;
    let split = images();
    let mut training = Training::new(&device, &config, &split)?;
    let mut times = device.install(|| training.time(steps, blocks))?;
    times.sort_by(f64::total_cmp);
    let median = times[times.len() / 2];
    print(&serde_json::json!({
        "engine": format!("digitgan {device}"), "variant": variant, "batch": batch, "steps": training.step,
        "median_step_ms": median, "fastest_step_ms": times[0], "images_per_second": batch as f64 / median * 1e3,
        "last_d_loss": training.d_loss,
    }));
    Ok(())
}

/// Images of noise, with classes.
fn images() -> Split {
    let mut labels = vec![0; IMAGES];
    fill_classes(SEED, Purpose::Show, 0, CLASSES, &mut labels);
    let pixel = |i: usize| (i.wrapping_mul(2_654_435_761) >> 24) as u8;
    Split { images: (0..IMAGES * IMAGE_PIXELS).map(pixel).collect(), labels }
}

/// A training without its records.
struct Training<'a> {
    engine: Box<dyn Engine + Send>,
    feed: Feed<'a>,
    step: u64,
    d_loss: f64,
}

impl<'a> Training<'a> {
    fn new(device: &Device, config: &TrainConfig, split: &'a Split) -> Result<Self, EngineError> {
        let spec = ModelSpec { variant: config.model, classes: CLASSES };
        let mut engine = device.engine(&spec, config.batch_size, config.protocol())?;
        engine.restore(&Snapshot::first(config, CLASSES).expect("so many classes are possible").state, 0)?;
        let feed = Feed::new(config, &spec, split, engine.as_mut())?;
        Ok(Training { engine, feed, step: 0, d_loss: 0.0 })
    }

    /// Milliseconds a step of each block.
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
            self.feed.begin(self.engine.as_mut(), self.step, 0)?;
            self.step += 1;
            if done % self.engine.steps_in_flight() == 0 || done == steps {
                let d_loss = &mut self.d_loss;
                self.engine.reports(&mut |report| *d_loss = report.d_loss)?;
            }
        }
        Ok(())
    }
}
