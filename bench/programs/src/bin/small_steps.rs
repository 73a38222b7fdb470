//! Trains a few small steps on one thread and says nothing: work that is the same every time, for counting its
//! instructions (`.ci/instructions`). `small_steps VARIANT STEPS`.

use digitgan::engine::cpu::{CpuEngine, kernels};
use digitgan::engine::{Engine, EngineError, Protocol};
use digitgan::model::{ModelSpec, Variant, initial_state};
use digitgan_bench::{SEED, StepData};

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

fn train(mut engine: CpuEngine, spec: &ModelSpec, steps: usize) -> Result<(), EngineError> {
    engine.restore(&initial_state(spec, SEED), 0)?;
    let data = StepData::new(spec, BATCH);
    for _ in 0..steps {
        engine.step(data.input())?;
    }
    Ok(())
}
