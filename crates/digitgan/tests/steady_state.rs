//! A training step allocates nothing once it has warmed up.
#![allow(clippy::unwrap_used, reason = "a test")]
#![allow(unsafe_code, reason = "an allocator that counts has to be an allocator, whose trait is unsafe")]

use digitgan::IMAGE_PIXELS;
use digitgan::engine::cpu::CpuEngine;
use digitgan::engine::{Engine, InstanceNoise, Precision, Protocol, RealImages, StepInput};
use digitgan::loss::{AdversarialLoss, Losses};
use digitgan::model::{ClassInput, Design, LATENT, ModelSpec, Normaliser, SourceHead, Variant, initial_state_of};
use digitgan_kernels::Kernels;
use rayon::ThreadPoolBuilder;
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicU64, Ordering};

/// Steps before counting begins.
const WARM_UP: usize = 5;
/// Steps that are counted.
const COUNTED: usize = 20;
/// Images in a batch: several pieces of work for each thread.
const BATCH: usize = 16;

/// The system's allocator, counting what all threads ask of it.
struct Counting;

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

// SAFETY: every call is handed on to the system's allocator as it is.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller keeps the promises that both have in common.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// One test, so that nothing else allocates meanwhile.
#[test]
fn steps_allocate_nothing() {
    let kernels = Kernels::available()[0];
    let mut found = Vec::new();
    for threads in [1, 2] {
        let pool = ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        for variant in Variant::ALL {
            for (options, protocol, noise) in protocols() {
                // All of it within the pool: handing work to a pool from outside goes through a queue that allocates.
                let allocations = pool.install(|| count(kernels, variant, protocol, noise));
                found.push((threads, variant.name(), options, allocations));
            }
        }
    }
    assert!(found.iter().all(|found| found.3 == 0), "threads, model, options, allocations: {found:?}");
}

/// The paper's training, the same in other numbers, and two that have every option between them.
fn protocols() -> [(&'static str, Protocol, Option<InstanceNoise>); 4] {
    let spectral = Design {
        leak: 0.2,
        normaliser: Normaliser::Spectral,
        class_input: ClassInput::Projection,
        head: SourceHead::Hidden,
        pack: 2,
    };
    let losses = Losses { adversarial: AdversarialLoss::Hinge, ..Losses::default() };
    let protocol = Protocol { average: Some(0.999), ..Protocol::default() };
    let noise = Some(InstanceNoise { deviation: 0.1, seed: 1 });
    [
        ("none", Protocol::default(), None),
        ("bfloat16", Protocol { precision: Precision::Bf16, ..Protocol::default() }, None),
        ("packs", Protocol { design: Design { pack: 2, ..Design::PAPER }, ..protocol }, noise),
        ("spectral", Protocol { design: spectral, losses, ..protocol }, noise),
    ]
}

/// Allocations of the counted steps.
fn count(kernels: Kernels, variant: Variant, protocol: Protocol, noise: Option<InstanceNoise>) -> u64 {
    let spec = ModelSpec { variant, classes: 10 };
    let mut engine = CpuEngine::new(kernels, &spec, BATCH, protocol);
    engine.restore(&initial_state_of(&spec, &protocol.design, protocol.average.is_some(), 1), 0).unwrap();
    let wave = |count: usize| -> Vec<f32> { (0..count).map(|i| (i as f32 * 0.37).sin()).collect() };
    let (images, latents) = (wave(BATCH * IMAGE_PIXELS), wave(BATCH * LATENT));
    let labels: Vec<u8> = (0..BATCH).map(|i| (i % 10) as u8).collect();
    let input = StepInput {
        real: RealImages::Given { images: &images, labels: &labels },
        latents: &latents,
        fake_labels: &labels,
        generator_rate: 1e-3,
        discriminator_rate: 1e-3,
        noise,
    };
    for _ in 0..WARM_UP {
        engine.step(input).unwrap();
    }
    let before = ALLOCATIONS.load(Ordering::Relaxed);
    for _ in 0..COUNTED {
        engine.step(input).unwrap();
    }
    ALLOCATIONS.load(Ordering::Relaxed) - before
}
