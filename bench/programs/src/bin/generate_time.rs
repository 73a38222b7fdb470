//! Prints how many images a second a generator draws, as JSON, for side-by-side comparisons (`bench/run`):
//! `generate_time VARIANT BATCH THREADS CALLS`.

use digitgan::IMAGE_PIXELS;
use digitgan::engine::cpu::{CpuSampler, kernels};
use digitgan::model::{ModelSpec, Variant, initial_state};
use digitgan::sample::{fill_classes, latents};
use digitgan::seed::Purpose;
use digitgan::weights::GeneratorFile;
use digitgan_bench::{SEED, print, sorted_times};
use std::convert::Infallible;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [variant, batch, threads, calls] = arguments.as_slice() else {
        return Err("usage: generate_time VARIANT BATCH THREADS CALLS".into());
    };
    let spec = ModelSpec { variant: variant.parse::<Variant>()?, classes: 10 };
    let (batch, threads, calls): (usize, usize, usize) = (batch.parse()?, threads.parse()?, calls.parse()?);
    let kernels = kernels()?;
    let generator = GeneratorFile::from_state(&initial_state(&spec, SEED), spec, &[], "", 0);
    let sampler = CpuSampler::new(kernels, &spec, &generator.tensors)?;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build()?;
    let times = pool.install(|| time_calls(sampler, &spec, batch, calls));
    let median = times[times.len() / 2];
    print(&serde_json::json!({
        "engine": format!("digitgan cpu ({})", kernels.name()), "variant": spec.variant, "batch": batch,
        "threads": threads, "median_call_ms": median, "fastest_call_ms": times[0],
        "images_per_second": batch as f64 / median * 1e3,
    }));
    Ok(())
}

/// Milliseconds of each call that draws a batch; noise and classes are prepared before.
fn time_calls(sampler: CpuSampler, spec: &ModelSpec, batch: usize, calls: usize) -> Vec<f64> {
    let noise = latents(SEED, Purpose::SampleLatent, 0, batch).expect("a batch of latents fits");
    let mut labels = vec![0; batch];
    fill_classes(SEED, Purpose::TrainingClass, 0, spec.classes, &mut labels);
    let mut images = vec![0.0; batch * IMAGE_PIXELS];
    let draw = || -> Result<(), Infallible> {
        sampler.generate(&noise, &labels, &mut images);
        Ok(())
    };
    sorted_times(calls, draw).unwrap_or_else(|never| match never {})
}
