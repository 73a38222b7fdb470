//! Prints the median time of a training step as JSON, for side-by-side comparisons (`bench/run`):
//! `step_time VARIANT BATCH THREADS STEPS [PRECISION]`.

use digitgan::engine::cpu::{CpuEngine, kernels};
use digitgan::engine::{Engine, EngineError, Protocol};
use digitgan::model::{ModelSpec, Variant, initial_state};
use digitgan_bench::{SEED, StepData, print, sorted_times};

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
    let times = pool.install(|| time_steps(CpuEngine::new(kernels, &spec, batch, protocol), &spec, batch, steps))?;
    let median = times[times.len() / 2];
    print(&serde_json::json!({
        "engine": format!("digitgan cpu ({}, {precision})", kernels.name()), "variant": spec.variant, "batch": batch,
        "threads": threads, "median_step_ms": median, "fastest_step_ms": times[0], "images_per_second": batch as f64 / median * 1e3,
    }));
    Ok(())
}

/// Milliseconds of each step, with data prepared before.
fn time_steps(mut engine: CpuEngine, spec: &ModelSpec, batch: usize, steps: usize) -> Result<Vec<f64>, EngineError> {
    engine.restore(&initial_state(spec, SEED), 0)?;
    let data = StepData::new(spec, batch);
    sorted_times(steps, || engine.step(data.input()).map(drop))
}
