//! Trains a few small steps on one thread and says nothing: work that is the same every time, for counting its
//! instructions (`.ci/instructions`). `small_steps VARIANT STEPS`.

use digitgan::IMAGE_PIXELS;
use digitgan::engine::cpu::{CpuEngine, kernels};
use digitgan::engine::{Engine, Protocol, RealImages, StepInput};
use digitgan::model::{ModelSpec, Variant, initial_state};
use digitgan::sample::{fill_classes, latents};
use digitgan::seed::Purpose;

/// Images in a batch: few, for the counter is slow.
const BATCH: usize = 8;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [variant, steps] = arguments.as_slice() else {
        return Err("usage: small_steps VARIANT STEPS".into());
    };
    let spec = ModelSpec { variant: variant.parse::<Variant>()?, classes: 10 };
    let (kernels, steps) = (kernels()?, steps.parse()?);
    // This thread alone: others would be counted too while they wait.
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).use_current_thread().build()?;
    Ok(pool.install(|| train(CpuEngine::new(kernels, &spec, BATCH, Protocol::default()), &spec, steps))?)
}

fn train(mut engine: CpuEngine, spec: &ModelSpec, steps: usize) -> Result<(), String> {
    engine.restore(&initial_state(spec, 1), 0).map_err(|error| error.to_string())?;
    let mut labels = [0; BATCH];
    fill_classes(1, Purpose::TrainingClass, 0, spec.classes, &mut labels);
    let noise = latents(1, Purpose::TrainingLatent, 0, BATCH).map_err(|error| error.to_string())?;
    let images: Vec<f32> = latents(1, Purpose::Show, 0, BATCH * 8).map_err(|error| error.to_string())?
        [..BATCH * IMAGE_PIXELS]
        .iter()
        .map(|value| value.tanh())
        .collect();
    let input = StepInput {
        real: RealImages::Given { images: &images, labels: &labels },
        latents: &noise,
        fake_labels: &labels,
        generator_rate: 1e-3,
        discriminator_rate: 1e-3,
        noise: None,
    };
    for _ in 0..steps {
        engine.step(input).map_err(|error| error.to_string())?;
    }
    Ok(())
}
