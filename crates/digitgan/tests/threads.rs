//! A step computes the same bits on any number of threads.
#![allow(clippy::unwrap_used, reason = "a test")]

use digitgan::IMAGE_PIXELS;
use digitgan::engine::cpu::CpuEngine;
use digitgan::engine::{Engine, InstanceNoise, Precision, Protocol, RealImages, StepInput};
use digitgan::loss::{AdversarialLoss, Losses};
use digitgan::model::{
    ClassInput, Design, LATENT, ModelSpec, Normaliser, SourceHead, TensorMap, Variant, initial_state_of,
};
use digitgan::sample::{fill_classes, fill_latents};
use digitgan::seed::{Purpose, fill_normal};
use digitgan_kernels::Kernels;
use proptest::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};

/// Steps of a case: after the second, all statistics and moments have moved.
const STEPS: u64 = 3;

/// What is trained.
#[derive(Clone, Copy, Debug)]
struct Training {
    spec: ModelSpec,
    batch: usize,
    seed: u64,
    protocol: Protocol,
    noise: Option<InstanceNoise>,
}

/// A training by the paper.
fn training() -> impl Strategy<Value = Training> {
    let variant = prop::sample::select(Variant::ALL.to_vec());
    (variant, 2usize..=13, 2usize..=26, 0u64..1000).prop_map(|(variant, classes, batch, seed)| Training {
        spec: ModelSpec { variant, classes },
        batch,
        seed,
        protocol: Protocol::default(),
        noise: None,
    })
}

/// A training that has every option on, one way or the other.
fn training_with_options() -> impl Strategy<Value = Training> {
    let normaliser = prop::sample::select(vec![Normaliser::Batch, Normaliser::Spectral]);
    let class_input = prop::sample::select(vec![ClassInput::Plane, ClassInput::Projection]);
    let head = prop::sample::select(vec![SourceHead::Linear, SourceHead::Hidden]);
    let adversarial = prop::sample::select(vec![
        AdversarialLoss::CrossEntropy,
        AdversarialLoss::Hinge,
        AdversarialLoss::Relativistic,
    ]);
    let design = (normaliser, class_input, head, 2..=Design::MAX_PACK);
    let precision = prop::sample::select(vec![Precision::F32, Precision::Bf16]);
    (training(), design, adversarial, precision).prop_map(
        |(training, (normaliser, class_input, head, pack), adversarial, precision)| Training {
            batch: training.batch * pack,
            protocol: Protocol {
                losses: Losses { adversarial, label_smoothing: 0.1, fake_class_weight: 0.3, ..Losses::default() },
                design: Design { leak: 0.2, normaliser, class_input, head, pack },
                average: Some(0.9),
                precision,
                ..Protocol::default()
            },
            noise: Some(InstanceNoise { deviation: 0.1, seed: training.seed }),
            ..training
        },
    )
}

/// The state after some steps, as bits: a −0 is no 0.
fn state(training: Training, kernels: Kernels, pool: &ThreadPool) -> Vec<(String, Vec<u32>)> {
    let Training { spec, batch, seed, protocol, noise } = training;
    let mut engine = CpuEngine::new(kernels, &spec, batch, protocol);
    engine.restore(&initial_state_of(&spec, &protocol.design, protocol.average.is_some(), seed), 0).unwrap();
    let (mut images, mut latents) = (vec![0.0; batch * IMAGE_PIXELS], vec![0.0; batch * LATENT]);
    let (mut labels, mut fake_labels) = (vec![0; batch], vec![0; batch]);
    for step in 0..STEPS {
        fill_normal(seed, Purpose::Augment, step, &mut images);
        images.iter_mut().for_each(|pixel| *pixel = pixel.clamp(-1.0, 1.0));
        let first = step * batch as u64;
        fill_classes(seed, Purpose::Shuffle, first, spec.classes, &mut labels);
        fill_classes(seed, Purpose::TrainingClass, first, spec.classes, &mut fake_labels);
        fill_latents(seed, Purpose::TrainingLatent, first, &mut latents);
        let input = StepInput {
            real: RealImages::Given { images: &images, labels: &labels },
            latents: &latents,
            fake_labels: &fake_labels,
            generator_rate: 1e-3,
            discriminator_rate: 1e-3,
            noise,
        };
        pool.install(|| engine.step(input)).unwrap();
    }
    let state: TensorMap = engine.state().unwrap();
    state
        .into_iter()
        .map(|(name, tensor)| (name, tensor.values.iter().map(|value| value.to_bits()).collect()))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10, ..ProptestConfig::default() })]

    #[test]
    fn any_number_of_threads_computes_the_same_bits(
        training in prop_oneof![training(), training_with_options()],
    ) {
        let pools = [1, 2, 3, 5].map(|threads| ThreadPoolBuilder::new().num_threads(threads).build().unwrap());
        let mut of_vectors: Option<(Kernels, Vec<_>)> = None;
        for kernels in Kernels::available() {
            let alone = state(training, kernels, &pools[0]);
            for pool in &pools[1..] {
                let together = state(training, kernels, pool);
                let different: Vec<_> = alone.iter().zip(&together).filter(|(a, b)| a != b).map(|(a, _)| &a.0).collect();
                prop_assert!(different.is_empty(), "{kernels:?}, {} threads: {different:?}", pool.current_num_threads());
            }
            // AVX-512 and AVX2 sum in the same order.
            if kernels.name().starts_with("avx") {
                match &of_vectors {
                    None => of_vectors = Some((kernels, alone)),
                    Some((other, state)) => prop_assert!(*state == alone, "{kernels:?} and {other:?}"),
                }
            }
        }
    }
}
