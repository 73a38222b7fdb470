//! What the benchmark programs share: data for steps, a stopwatch, and how results are told.

use digitgan::IMAGE_PIXELS;
use digitgan::engine::{RealImages, StepInput};
use digitgan::model::ModelSpec;
use digitgan::sample::{fill_classes, latents};
use digitgan::seed::Purpose;
use std::time::{Duration, Instant};

/// Everything that is drawn follows from it.
pub const SEED: u64 = 1;
/// Calls before the clock runs.
const WARM_UP: usize = 10;
/// For how long calls are made before the clock runs, at least: a processor that was idle takes a while to reach its
/// clock, and a device's kernels are compiled and tried out meanwhile.
pub const WARM_UP_TIME: Duration = Duration::from_secs(1);

/// The data of a step, for steps that are all alike: what is in the images changes no time.
pub struct StepData {
    images: Vec<f32>,
    labels: Vec<u8>,
    latents: Vec<f32>,
}

impl StepData {
    /// Noise for pictures, and classes that are real and fake images' alike.
    pub fn new(spec: &ModelSpec, batch: usize) -> StepData {
        let mut labels = vec![0; batch];
        fill_classes(SEED, Purpose::TrainingClass, 0, spec.classes, &mut labels);
        // Eight latents have more numbers than an image has pixels.
        let noise = |purpose, count| latents(SEED, purpose, 0, count).expect("batches of this size fit in memory");
        let numbers = noise(Purpose::Show, batch * 8);
        let images = numbers[..batch * IMAGE_PIXELS].iter().map(|value| value.tanh()).collect();
        StepData { images, labels, latents: noise(Purpose::TrainingLatent, batch) }
    }

    /// As an engine takes it.
    pub fn input(&self) -> StepInput<'_> {
        StepInput {
            real: RealImages::Given { images: &self.images, labels: &self.labels },
            latents: &self.latents,
            fake_labels: &self.labels,
            generator_rate: 1e-3,
            discriminator_rate: 1e-3,
            noise: None,
        }
    }
}

/// Milliseconds of each of `count` calls, the fastest first, after some that warm up.
///
/// # Errors
/// The first call's that fails.
pub fn sorted_times<E>(count: usize, mut call: impl FnMut() -> Result<(), E>) -> Result<Vec<f64>, E> {
    let mut times = Vec::with_capacity(count);
    let (begin, mut done) = (Instant::now(), 0);
    while times.len() < count {
        let start = Instant::now();
        call()?;
        if done >= WARM_UP && start - begin >= WARM_UP_TIME {
            times.push(start.elapsed().as_secs_f64() * 1e3);
        }
        done += 1;
    }
    times.sort_by(f64::total_cmp);
    Ok(times)
}

/// Prints what a program found, as one line of JSON.
pub fn print(result: &serde_json::Value) {
    #[allow(clippy::print_stdout, reason = "the result of a program")]
    {
        println!("{result}");
    }
}
