//! Prints how many digits a second the built-in generator draws from seeds, noise and bytes included, as JSON, for side-by-side
//! comparisons (`bench/python`): `sample_time BATCH CALLS`.

use digitgan::built_in::BuiltIn;
use digitgan::engine::{Device, EngineError};
use digitgan::sample::Sampler;
use digitgan_bench::{SEED, print, sorted_times};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [batch, calls] = arguments.as_slice() else {
        return Err("usage: sample_time BATCH CALLS".into());
    };
    let (batch, calls): (usize, usize) = (batch.parse()?, calls.parse()?);
    let device = Device::cpu(None)?;
    let mut sampler = Sampler::new(&device, &BuiltIn::Acgan.generator())?;
    let labels: Vec<u8> = (0..batch).map(|image| (image % 10) as u8).collect();
    let times = sorted_times(calls, || -> Result<(), EngineError> { sampler.draw(SEED, &labels).map(drop) })?;
    let median = times[times.len() / 2];
    print(&serde_json::json!({
        "engine": format!("digitgan {device}"), "batch": batch, "threads": device.threads().count(),
        "median_call_ms": median, "images_per_second": batch as f64 / median * 1e3,
    }));
    Ok(())
}
