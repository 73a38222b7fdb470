//! Speed of a whole training step of each model. An item is a real image, so the throughput is images/s.
//! Threads: all processors, or as many as RAYON_NUM_THREADS says.

use digitgan::engine::cpu::CpuEngine;
use digitgan::engine::{Engine, Protocol, RealImages, StepInput};
use digitgan::model::{LATENT, ModelSpec, Variant, initial_state};
use digitgan_kernels::Kernels;
use divan::Bencher;
use divan::counter::ItemsCount;

fn main() {
    divan::main();
}

fn cases() -> Vec<(Variant, usize, &'static str)> {
    let levels = || Kernels::available().into_iter().map(Kernels::name);
    let sizes = Variant::ALL.into_iter().flat_map(|variant| [(variant, 64), (variant, 256)]);
    sizes.flat_map(|(variant, batch)| levels().map(move |level| (variant, batch, level))).collect()
}

#[divan::bench(args = cases(), sample_count = 20, sample_size = 1)]
fn step(bencher: Bencher<'_, '_>, (variant, batch, level): (Variant, usize, &str)) {
    let spec = ModelSpec { variant, classes: 10 };
    let kernels = Kernels::named(level).expect("listed as available");
    let mut engine = CpuEngine::new(kernels, &spec, batch, Protocol::default());
    engine.restore(&initial_state(&spec, 1), 0).expect("a model's own state");
    let images: Vec<f32> = (0..batch * 784).map(|i| (i as f32 * 0.37).sin()).collect();
    let latents: Vec<f32> = (0..batch * LATENT).map(|i| (i as f32 * 0.73).sin()).collect();
    let labels: Vec<u8> = (0..batch).map(|i| (i % 10) as u8).collect();
    let input = StepInput {
        real: RealImages::Given { images: &images, labels: &labels },
        latents: &latents,
        fake_labels: &labels,
        generator_rate: 1e-3,
        discriminator_rate: 1e-3,
        noise: None,
    };
    bencher.counter(ItemsCount::new(batch)).bench_local(|| engine.step(input).expect("finite numbers"));
}
