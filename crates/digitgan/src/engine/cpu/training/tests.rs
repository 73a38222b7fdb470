//! What the engine's options beyond the paper store in states, and what they must not change. Whether they compute the
//! right numbers is tested against PyTorch.

use super::*;
use crate::engine::{Precision, RealImages, StateError};
use crate::loss::{AdversarialLoss, Losses};
use crate::model::{ClassInput, Normaliser, Tensor, Variant, generator_tensors, initial_state_of};
use crate::sample::{fill_classes, fill_latents};
use crate::seed::{self, Purpose};
use crate::weights::GeneratorFile;

const BATCH: usize = 6;
const SEED: u64 = 5;
const NOISE: Option<InstanceNoise> = Some(InstanceNoise { deviation: 0.1, seed: SEED });

/// An engine at the start of a training of so many classes, on the fastest kernels.
fn start(variant: Variant, protocol: Protocol) -> CpuEngine {
    let spec = ModelSpec { variant, classes: 3 };
    let mut engine = CpuEngine::new(Kernels::available()[0], &spec, BATCH, protocol);
    let state = initial_state_of(&spec, &protocol.design, protocol.average.is_some(), SEED);
    engine.restore(&state, 0).unwrap();
    engine
}

/// The next step, on data that depends on its number alone.
fn step(engine: &mut CpuEngine, noise: Option<InstanceNoise>) -> StepReport {
    let first = engine.steps * BATCH as u64;
    let (mut images, mut latents) = (vec![0.0; BATCH * IMAGE_PIXELS], vec![0.0; BATCH * LATENT]);
    let (mut labels, mut fake_labels) = ([0; BATCH], [0; BATCH]);
    seed::fill_normal(SEED, Purpose::Augment, first, &mut images);
    images.iter_mut().for_each(|pixel| *pixel = pixel.clamp(-1.0, 1.0));
    fill_latents(SEED, Purpose::TrainingLatent, first, &mut latents);
    fill_classes(SEED, Purpose::Shuffle, first, 3, &mut labels);
    fill_classes(SEED, Purpose::TrainingClass, first, 3, &mut fake_labels);
    let (images, latents, labels, fake_labels) = (&images, &latents, &labels, &fake_labels);
    let (generator_rate, discriminator_rate) = (1e-3, 1e-3);
    let real = RealImages::Given { images, labels };
    let input = StepInput { real, latents, fake_labels, generator_rate, discriminator_rate, noise };
    engine.step(input).unwrap()
}

/// The state as bits: a −0 is no 0.
fn bits(engine: &CpuEngine) -> Vec<(String, Vec<u32>)> {
    let bits = |tensor: Tensor| tensor.values.iter().map(|value| value.to_bits()).collect();
    engine.whole_state().into_iter().map(|(name, tensor)| (name, bits(tensor))).collect()
}

/// The gradients of a step after some others.
fn gradients(kernels: Kernels, variant: Variant, precision: Precision) -> TensorMap {
    const BEFORE: u64 = 30;
    let mut engine = start(variant, Protocol::default());
    for _ in 0..BEFORE {
        step(&mut engine, None);
    }
    let mut last = CpuEngine::new(kernels, &engine.spec, BATCH, Protocol { precision, ..Protocol::default() });
    last.restore(&engine.whole_state(), BEFORE).unwrap();
    step(&mut last, None);
    last.gradients().unwrap()
}

#[test]
fn bfloat16_is_near_and_the_same_on_every_instruction_set_that_fuses() {
    for variant in Variant::ALL {
        let fused = || Kernels::available().into_iter().filter(|kernels| kernels.name() != "scalar");
        let rounded: Vec<_> = fused().map(|kernels| gradients(kernels, variant, Precision::Bf16)).collect();
        assert!(rounded.windows(2).all(|pair| pair[0] == pair[1]), "{variant}");
        let (exact, Some(rounded)) = (gradients(fused().next().unwrap(), variant, Precision::F32), rounded.first())
        else {
            continue;
        };
        for network in ["generator.", "discriminator."] {
            let [mut apart, mut whole] = [0.0, 0.0];
            for (name, exact) in exact.iter().filter(|(name, _)| name.starts_with(network)) {
                for (&a, &b) in exact.values.iter().zip(&rounded[name].values) {
                    apart += f64::from(a - b).powi(2);
                    whole += f64::from(a).powi(2);
                }
            }
            // A number has eight digits, and batch normalisation takes away most of a gradient, not of its error.
            let error = (apart / whole).sqrt();
            assert!((1e-3..0.2).contains(&error), "{variant}, {network}: {error}");
        }
    }
}

/// Models with options that keep something from step to step.
fn trainings() -> [(Variant, Protocol); 4] {
    let design = Design { leak: 0.2, normaliser: Normaliser::Spectral, ..Design::PAPER };
    let hinge = Losses { adversarial: AdversarialLoss::Hinge, ..Losses::default() };
    let protocol = |design, average| Protocol { design, average, ..Protocol::default() };
    [
        (Variant::Gan, protocol(Design::PAPER, Some(0.9))),
        (Variant::Cgan, protocol(design, None)),
        (Variant::Acgan, protocol(Design { pack: 3, ..design }, Some(0.9))),
        (
            Variant::Cgan,
            Protocol {
                losses: hinge,
                ..protocol(Design { class_input: ClassInput::Projection, pack: 2, ..design }, Some(0.9))
            },
        ),
    ]
}

#[test]
fn a_restored_state_is_the_same_and_goes_on_the_same() {
    for (variant, protocol) in trainings() {
        let what = format!("{variant} {protocol:?}");
        let mut engine = start(variant, protocol);
        let before = engine.whole_state();
        for _ in 0..3 {
            step(&mut engine, NOISE);
        }
        let mut other = start(variant, protocol);
        let state = engine.whole_state();
        other.restore(&state, 3).unwrap();
        assert!(bits(&other) == bits(&engine), "{what}");
        let moved = |name: &str| before[name].values != state[name].values;
        if protocol.design.normaliser == Normaliser::Spectral {
            assert!(moved("discriminator.conv1.weight_u") && moved("discriminator.conv2.weight_u"), "{what}");
        }
        assert_eq!(step(&mut other, NOISE), step(&mut engine, NOISE), "{what}");
        assert!(bits(&other) == bits(&engine), "{what}");
    }
}

#[test]
fn a_state_must_have_what_the_options_need_and_no_more() {
    let paper = (Variant::Cgan, Protocol::default());
    let with = |design| (Variant::Cgan, Protocol { design, ..Protocol::default() });
    let averaged = (Variant::Cgan, Protocol { average: Some(0.9), ..Protocol::default() });
    let spectral = with(Design { normaliser: Normaliser::Spectral, ..Design::PAPER });
    let projection = with(Design { class_input: ClassInput::Projection, ..Design::PAPER });
    let pack = with(Design { pack: 2, ..Design::PAPER });
    let missing = |name: &str| StateError::Missing(name.to_owned());
    for (state, engine, expected) in [
        (paper, averaged, missing("generator.average.deconv1.weight")),
        (averaged, paper, StateError::Unknown("generator.average.bn1.bias".to_owned())),
        (paper, spectral, missing("discriminator.conv1.bias")),
        (spectral, paper, missing("discriminator.bn1.weight")),
        (
            projection,
            paper,
            StateError::Shape {
                name: "discriminator.conv2.weight".to_owned(),
                found: vec![64, 32, 4, 4],
                expected: vec![64, 64, 4, 4],
            },
        ),
        (
            paper,
            pack,
            StateError::Shape {
                name: "discriminator.conv1.weight".to_owned(),
                found: vec![32, 1, 4, 4],
                expected: vec![32, 2, 4, 4],
            },
        ),
    ] {
        let state = start(state.0, state.1).whole_state();
        assert_eq!(start(engine.0, engine.1).restore(&state, 0), Err(expected.into()));
    }
}

#[test]
fn u_becomes_the_singular_vector_of_weights_that_rest() {
    let design = Design { normaliser: Normaliser::Spectral, class_input: ClassInput::Projection, ..Design::PAPER };
    let mut engine = start(Variant::Cgan, Protocol { design, ..Protocol::default() });
    let at_rest = adam_step(&engine.protocol, 0.0, 1);
    let before = engine.whole_state();
    for _ in 0..1000 {
        engine.discriminator.parameters.update(at_rest);
    }
    let state = engine.whole_state();
    for name in ["conv1", "conv2", "source", "class_projection"].map(|name| format!("discriminator.{name}.weight")) {
        let (weight, u) = (&state[&name], &state[&format!("{name}_u")].values);
        assert_eq!(*weight, before[&name], "{name} rests");
        // W Wᵀ u = σ² u, in f64.
        let rows = || weight.values.chunks(weight.values.len() / u.len());
        let mut v = vec![0.0; weight.values.len() / u.len()];
        for (row, &u) in rows().zip(u) {
            v.iter_mut().zip(row).for_each(|(v, &w)| *v += f64::from(w) * f64::from(u));
        }
        let square = v.iter().map(|v| v * v).sum::<f64>();
        let length = u.iter().map(|&u| f64::from(u).powi(2)).sum::<f64>();
        assert!((length - 1.0).abs() < 1e-5, "{name}: |u|² = {length}");
        for (row, &u) in rows().zip(u) {
            let product: f64 = row.iter().zip(&v).map(|(&w, v)| f64::from(w) * v).sum();
            assert!((product / square - f64::from(u)).abs() < 1e-3, "{name}: {} against {u}", product / square);
        }
    }
}

#[test]
fn the_average_of_g_is_that_of_its_states() {
    // The decay is reached after step 4: (1 + 4) / (10 + 4) < 0.4 < (1 + 5) / (10 + 5).
    let (decay, steps) = (0.4, 8);
    let mut engine = start(Variant::Acgan, Protocol { average: Some(decay), ..Protocol::default() });
    let names: Vec<_> = generator_tensors(&engine.spec).iter().map(|tensor| tensor.name).collect();
    let values = |engine: &CpuEngine, name| -> Vec<f64> {
        engine.whole_state()[&format!("generator.{name}")].values.iter().map(|&value| f64::from(value)).collect()
    };
    let mut averages: Vec<Vec<f64>> = names.iter().map(|name| values(&engine, name)).collect();
    for t in 1..=steps {
        step(&mut engine, None);
        let t = f64::from(t);
        let kept = f64::min(decay, (1.0 + t) / (10.0 + t));
        for (name, average) in names.iter().zip(&mut averages) {
            let value = values(&engine, name);
            average
                .iter_mut()
                .zip(value)
                .for_each(|(average, value)| *average = kept * *average + (1.0 - kept) * value);
        }
    }
    let state = engine.whole_state();
    for (name, expected) in names.iter().zip(averages) {
        let got = &state[&format!("generator.average.{name}")].values;
        let scale = expected.iter().fold(0.0, |a: f64, b| a.max(b.abs()));
        let error = got.iter().zip(&expected).map(|(&g, e)| (f64::from(g) - e).abs()).fold(0.0, f64::max);
        assert!(error <= 1e-6 * scale, "{name}: {error:e} of {scale:e}");
        assert_ne!(*got, state[&format!("generator.{name}")].values, "{name}: an average is not its last value");
    }
}

#[test]
fn the_average_draws_in_gs_place_in_training_and_from_a_file() {
    let mut engine = start(Variant::Cgan, Protocol { average: Some(0.9), ..Protocol::default() });
    for _ in 0..4 {
        step(&mut engine, None);
    }
    let (state, spec) = (engine.whole_state(), engine.spec);
    let names = ["a", "b", "c"].map(str::to_owned);
    let file = GeneratorFile::from_state(&state, spec, &names, "test", 4);
    assert_eq!(file.tensors.len(), generator_tensors(&spec).len());
    for (name, tensor) in &file.tensors {
        assert_eq!(*tensor, state[&format!("generator.average.{name}")], "{name}");
    }
    let mut latents = vec![0.0; 2 * LATENT];
    fill_latents(SEED, Purpose::SampleLatent, 0, &mut latents);
    let mut drawn = [vec![0.0; 2 * IMAGE_PIXELS], vec![0.0; 2 * IMAGE_PIXELS], vec![0.0; 2 * IMAGE_PIXELS]];
    let [of_engine, of_file, of_last] = &mut drawn;
    engine.generate(&latents, &[0, 2], of_engine).unwrap();
    CpuSampler::new(engine.kernels, &spec, &file.tensors).unwrap().generate(&latents, &[0, 2], of_file);
    let last =
        state.iter().filter_map(|(name, tensor)| Some((name.strip_prefix("generator.")?.to_owned(), tensor.clone())));
    CpuSampler::new(engine.kernels, &spec, &last.collect()).unwrap().generate(&latents, &[0, 2], of_last);
    assert_eq!(of_engine, of_file);
    assert_ne!(of_engine, of_last);
}

/// The pixels of padded images; the padding must be zero.
fn insides(padded: &[f32]) -> Vec<f32> {
    const ROW: usize = IMAGE_SIDE + 2;
    let at = |index: usize| (index % PADDED_IMAGE / ROW, index % ROW);
    let inside = |index: usize| (1..=IMAGE_SIDE).contains(&at(index).0) && (1..=IMAGE_SIDE).contains(&at(index).1);
    assert!(padded.iter().enumerate().all(|(index, &value)| inside(index) || value == 0.0), "zero padding");
    padded.iter().enumerate().filter(|(index, _)| inside(*index)).map(|(_, &value)| value).collect()
}

/// What noise makes of real images and fakes that are all zero, in step `step`.
fn noise(step: u64, deviation: f32, seed: u64) -> [Vec<f32>; 2] {
    let mut engine = start(Variant::Gan, Protocol::default());
    engine.steps = step;
    engine.lay_noise(Some(InstanceNoise { deviation, seed }));
    assert!(engine.generator.images.iter().all(|&pixel| pixel == 0.0), "the fakes themselves stay as they are");
    [insides(&engine.images), insides(engine.noisy_fakes.as_ref().unwrap())]
}

#[test]
fn instance_noise_is_as_asked_and_depends_on_seed_step_and_place() {
    let [real, fake] = noise(1, 0.3, 1);
    for (name, values) in [("real", &real), ("fake", &fake)] {
        let count = values.len() as f64;
        let mean = values.iter().map(|&v| f64::from(v)).sum::<f64>() / count;
        let deviation = (values.iter().map(|&v| (f64::from(v) - mean).powi(2)).sum::<f64>() / count).sqrt();
        // Five standard errors of 6 · 784 numbers.
        assert!(mean.abs() < 0.022 && (deviation - 0.3).abs() < 0.016, "{name}: {mean} ± {deviation}");
    }
    assert_eq!(noise(1, 0.3, 1), [real.clone(), fake.clone()]);
    let mut images: Vec<_> = [&real, &fake, &noise(2, 0.3, 1)[0], &noise(1, 0.3, 2)[0]]
        .iter()
        .flat_map(|images| {
            images.chunks(IMAGE_PIXELS).map(|image| image.iter().map(|v| v.to_bits()).collect::<Vec<_>>())
        })
        .collect();
    images.sort_unstable();
    images.dedup();
    assert_eq!(images.len(), 4 * BATCH, "every image has noise of its own");
}

#[test]
fn noise_reaches_real_images_and_fakes_and_none_changes_no_bit() {
    let after = |noise| {
        let mut engine = start(Variant::Acgan, Protocol::default());
        let reports = [step(&mut engine, noise), step(&mut engine, noise)];
        (reports, bits(&engine))
    };
    let none = after(None);
    assert!(after(Some(InstanceNoise { deviation: 0.0, seed: SEED })) == none, "noise of no deviation");
    let ([noisy, _], state) = after(NOISE);
    let [plain, _] = none.0;
    assert!(noisy.d_real != plain.d_real && noisy.d_fake != plain.d_fake && state != none.1);
    assert!(after(NOISE).1 == state, "the same again");
    // One step with it leaves nothing behind for the next without.
    let mut engine = start(Variant::Acgan, Protocol::default());
    step(&mut engine, NOISE);
    let (mut other, state) = (start(Variant::Acgan, Protocol::default()), engine.whole_state());
    other.restore(&state, 1).unwrap();
    assert_eq!(step(&mut engine, None), step(&mut other, None));
    assert!(bits(&engine) == bits(&other));
}
