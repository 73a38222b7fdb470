//! Prints how many images a second a generator draws, as JSON, for side-by-side comparisons (`bench/run`):
//! `generate_time VARIANT BATCH THREADS CALLS`.

use digitgan::IMAGE_PIXELS;
use digitgan::engine::cpu::{CpuSampler, kernels};
use digitgan::model::{ModelSpec, TensorMap, Variant, initial_state};
use digitgan::sample::{fill_classes, latents};
use digitgan::seed::Purpose;
use std::time::{Duration, Instant};

/// Calls before the clock runs.
const WARM_UP: usize = 10;
/// For how long, at least: a processor that was idle takes a while to reach its clock.
const WARM_UP_TIME: Duration = Duration::from_secs(1);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [variant, batch, threads, calls] = arguments.as_slice() else {
        return Err("usage: generate_time VARIANT BATCH THREADS CALLS".into());
    };
    let spec = ModelSpec { variant: variant.parse::<Variant>()?, classes: 10 };
    let (batch, threads, calls): (usize, usize, usize) = (batch.parse()?, threads.parse()?, calls.parse()?);
    let kernels = kernels()?;
    let sampler = CpuSampler::new(kernels, &spec, &generator_weights(&spec))?;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build()?;
    let mut times = pool.install(|| time_calls(sampler, &spec, batch, calls));
    times.sort_by(f64::total_cmp);
    let median = times[times.len() / 2];
    let result = serde_json::json!({
        "engine": format!("digitgan cpu ({})", kernels.name()), "variant": spec.variant, "batch": batch,
        "threads": threads, "median_call_ms": median, "fastest_call_ms": times[0],
        "images_per_second": batch as f64 / median * 1e3,
    });
    #[allow(clippy::print_stdout, reason = "the result of this program")]
    {
        println!("{result}");
    }
    Ok(())
}

/// The tensors of G that a training starts with, by their names in a generator's file.
fn generator_weights(spec: &ModelSpec) -> TensorMap {
    let state = initial_state(spec, 1);
    let own = |(name, tensor): (String, _)| Some((name.strip_prefix("generator.")?.to_owned(), tensor));
    state.into_iter().filter_map(own).collect()
}

/// Milliseconds of each call that draws a batch; noise and classes are prepared before.
fn time_calls(sampler: CpuSampler, spec: &ModelSpec, batch: usize, calls: usize) -> Vec<f64> {
    let noise = latents(1, Purpose::SampleLatent, 0, batch).expect("so many pictures are no trouble");
    let mut labels = vec![0; batch];
    fill_classes(1, Purpose::TrainingClass, 0, spec.classes, &mut labels);
    let mut images = vec![0.0; batch * IMAGE_PIXELS];
    let mut times = Vec::with_capacity(calls);
    let (begin, mut done) = (Instant::now(), 0);
    while times.len() < calls {
        let start = Instant::now();
        sampler.generate(&noise, &labels, &mut images);
        if done >= WARM_UP && start - begin >= WARM_UP_TIME {
            times.push(start.elapsed().as_secs_f64() * 1e3);
        }
        done += 1;
    }
    times
}
