//! Prints the median time of a training step as JSON, for side-by-side comparisons (`bench/run`):
//! `step_time VARIANT BATCH THREADS STEPS [PRECISION]`.

use digitgan::engine::cpu::{CpuEngine, kernels};
use digitgan::engine::{Engine, Protocol, RealImages, StepInput};
use digitgan::model::{ModelSpec, Variant, initial_state};
use digitgan::sample::{fill_classes, latents};
use digitgan::seed::Purpose;
use std::time::{Duration, Instant};

/// Steps before the clock runs.
const WARM_UP: usize = 10;
/// For how long, at least: a processor that was idle takes a while to reach its clock.
const WARM_UP_TIME: Duration = Duration::from_secs(1);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (variant, batch, threads, steps, precision) = match arguments.as_slice() {
        [variant, batch, threads, steps] => (variant, batch, threads, steps, "f32"),
        [variant, batch, threads, steps, precision] => (variant, batch, threads, steps, precision.as_str()),
        _ => return Err("usage: step_time VARIANT BATCH THREADS STEPS [PRECISION]".into()),
    };
    let spec = ModelSpec { variant: variant.parse::<Variant>()?, classes: 10 };
    let (batch, threads, steps): (usize, usize, usize) = (batch.parse()?, threads.parse()?, steps.parse()?);
    let kernels = kernels()?;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build()?;
    let protocol = Protocol { precision: serde_json::from_value(precision.into())?, ..Protocol::default() };
    let mut times =
        pool.install(|| time_steps(CpuEngine::new(kernels, &spec, batch, protocol), &spec, batch, steps))?;
    times.sort_by(f64::total_cmp);
    let median = times[times.len() / 2];
    let result = serde_json::json!({
        "engine": format!("digitgan cpu ({}, {precision})", kernels.name()), "variant": spec.variant, "batch": batch,
        "threads": threads, "median_step_ms": median, "fastest_step_ms": times[0], "images_per_second": batch as f64 / median * 1e3,
    });
    #[allow(clippy::print_stdout, reason = "the result of this program")]
    {
        println!("{result}");
    }
    Ok(())
}

/// Milliseconds of each step, with data prepared before.
fn time_steps(mut engine: CpuEngine, spec: &ModelSpec, batch: usize, steps: usize) -> Result<Vec<f64>, String> {
    engine.restore(&initial_state(spec, 1), 0).map_err(|error| error.to_string())?;
    let mut labels = vec![0; batch];
    fill_classes(1, Purpose::TrainingClass, 0, spec.classes, &mut labels);
    let noise = latents(1, Purpose::TrainingLatent, 0, batch).map_err(|error| error.to_string())?;
    let images: Vec<f32> = latents(1, Purpose::Show, 0, batch * 8).map_err(|error| error.to_string())?[..batch * 784]
        .iter()
        .map(|v| v.tanh())
        .collect();
    let input = StepInput {
        real: RealImages::Given { images: &images, labels: &labels },
        latents: &noise,
        fake_labels: &labels,
        generator_rate: 1e-3,
        discriminator_rate: 1e-3,
        noise: None,
    };
    let mut times = Vec::with_capacity(steps);
    let (begin, mut done) = (Instant::now(), 0);
    while times.len() < steps {
        let start = Instant::now();
        engine.step(input).map_err(|error| error.to_string())?;
        if done >= WARM_UP && start - begin >= WARM_UP_TIME {
            times.push(start.elapsed().as_secs_f64() * 1e3);
        }
        done += 1;
    }
    Ok(times)
}
