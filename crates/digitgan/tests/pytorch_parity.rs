//! The engines against PyTorch: whole training steps of each model, compared with fixtures that
//! `reference/make_fixtures.py` computed in float64. The CPU engine on every instruction set; with the feature `gpu` that on
//! Burn too, on its CPU backend or, where `DIGITGAN_TEST_DEVICE` names one, on a GPU. Inputs and weights come from a hash that both sides
//! know (`reference/README.md`), so the fixtures hold results alone.

#![allow(clippy::unwrap_used, reason = "a test")]

use digitgan::engine::{Device, Engine, Protocol, RealImages, StepInput, StepReport, Threads};
use digitgan::loss::{AdversarialLoss, GeneratorLoss, Losses};
use digitgan::model::{
    ClassInput, Design, ModelSpec, Normaliser, SourceHead, Tensor, TensorMap, Variant, initial_state_of,
};
use digitgan_kernels::Kernels;
use safetensors::{Dtype, SafeTensors};
use std::collections::{BTreeMap, HashMap};
use std::fmt::Debug;
use std::path::PathBuf;
use std::str::FromStr;

/// Losses, gradients and statistics of one step: largest error, relative to the largest value of the tensor.
const STEP_TOLERANCE: f64 = 1e-4;
/// Losses of ten consecutive steps, relative: Adam's first steps amplify rounding where a gradient is near zero.
const TEN_STEPS_TOLERANCE: f64 = 1e-3;
/// Adam on given gradients.
const ADAM_TOLERANCE: f64 = 1e-6;

struct Fixture {
    values: HashMap<String, Vec<f64>>,
    facts: HashMap<String, String>,
}

impl Fixture {
    fn read(name: &str) -> Fixture {
        let path =
            PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("../../reference/fixtures/{name}.safetensors"));
        let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let (_, header) = SafeTensors::read_metadata(&bytes).unwrap();
        let tensors = SafeTensors::deserialize(&bytes).unwrap();
        let values = tensors
            .iter()
            .map(|(name, view)| {
                let values = match view.dtype() {
                    Dtype::F32 => {
                        let floats = view.data().chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap()));
                        floats.map(f64::from).collect()
                    }
                    Dtype::F64 => {
                        view.data().chunks_exact(8).map(|b| f64::from_le_bytes(b.try_into().unwrap())).collect()
                    }
                    other => panic!("{name}: {other:?}"),
                };
                (name.to_owned(), values)
            })
            .collect();
        Fixture { values, facts: header.metadata().clone().unwrap_or_default() }
    }

    fn number(&self, fact: &str) -> usize {
        self.facts[fact].parse().unwrap()
    }

    /// A fact that the header states only where it is not the paper's.
    fn unless_stated<T: FromStr<Err: Debug>>(&self, fact: &str, otherwise: T) -> T {
        self.facts.get(fact).map_or(otherwise, |value| value.parse().unwrap())
    }

    fn spec(&self) -> ModelSpec {
        ModelSpec { variant: self.facts["variant"].parse::<Variant>().unwrap(), classes: self.number("classes") }
    }

    fn design(&self) -> Design {
        let is = |fact| self.unless_stated(fact, false);
        Design {
            leak: self.unless_stated("leak", 0.0),
            normaliser: if is("spectral") { Normaliser::Spectral } else { Normaliser::Batch },
            class_input: if is("projection") { ClassInput::Projection } else { ClassInput::Plane },
            head: if is("hidden") { SourceHead::Hidden } else { SourceHead::Linear },
            pack: self.unless_stated("pack", 1),
        }
    }

    fn losses(&self) -> Losses {
        let is = |fact| self.unless_stated(fact, false);
        Losses {
            adversarial: match (is("hinge"), is("relativistic")) {
                (true, _) => AdversarialLoss::Hinge,
                (_, true) => AdversarialLoss::Relativistic,
                _ => AdversarialLoss::CrossEntropy,
            },
            generator_loss: if is("saturating") { GeneratorLoss::Saturating } else { GeneratorLoss::NonSaturating },
            label_smoothing: self.unless_stated("label_smoothing", 0.0),
            fake_class_weight: self.unless_stated("fake_class_weight", 1.0),
        }
    }

    /// The labels called `name`; where the model knows classes, those of a pack are alike.
    fn labels(&self, name: &str) -> Vec<u8> {
        let (batch, wiring) = (self.number("batch"), self.spec().variant.wiring());
        let mut labels = labels(name, batch, self.number("classes"));
        if wiring.generator_sees_class {
            let packs = batch / self.design().pack;
            (packs..batch).for_each(|image| labels[image] = labels[image % packs]);
        }
        labels
    }
}

/// `count` numbers in [0, 1) for the tensor called `name`.
fn hashed(name: &str, count: usize) -> impl Iterator<Item = f64> + use<> {
    let id = name.bytes().fold(0x811C_9DC5u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    (0..count as u64).map(move |i| {
        let z = ((u64::from(id) << 32) | i).wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 40) as f64 / (1u64 << 24) as f64
    })
}

fn uniform(name: &str, count: usize, scale: f64, centre: f64) -> Vec<f32> {
    hashed(name, count).map(|u| (centre + (2.0 * u - 1.0) * scale) as f32).collect()
}

fn latents(name: &str, count: usize) -> Vec<f32> {
    hashed(name, count).map(|u| ((u - 0.5) * 3.4641) as f32).collect()
}

fn labels(name: &str, count: usize, classes: usize) -> Vec<u8> {
    hashed(name, count).map(|u| (u * classes as f64).floor() as u8).collect()
}

/// Plus and minus 1/√count.
fn unit_vector(name: &str, count: usize) -> Vec<f32> {
    let length = (count as f64).sqrt();
    hashed(name, count).map(|u| (if u >= 0.5 { 1.0 / length } else { -1.0 / length }) as f32).collect()
}

/// The hashed tensor called `name`, as `reference/hashed.py` has it.
fn parameter(name: &str, shape: &[usize], d_bias_scale: f64) -> Vec<f32> {
    let count = shape.iter().product();
    let (scale, centre) = match name {
        _ if name.ends_with(".weight_u") => return unit_vector(name, count),
        _ if name.ends_with(".bias") && name.starts_with("discriminator.") => (d_bias_scale, 0.0),
        _ if name.ends_with(".bias") => (0.1, 0.0),
        _ if name.contains(".bn") => (0.1, 1.0),
        _ if name.contains("_hidden") || name.contains("_output") => (1.0 / (shape[1] as f64).sqrt(), 0.0),
        _ if name.contains(".class_embedding") => (1.0, 0.0),
        _ => (0.05, 0.0),
    };
    uniform(name, count, scale, centre)
}

fn hashed_state(fixture: &Fixture) -> TensorMap {
    let mut state = initial_state_of(&fixture.spec(), &fixture.design(), false, 0);
    let d_bias_scale = fixture.unless_stated("d_bias_scale", 0.1);
    for (name, tensor) in &mut state {
        if !name.contains(".adam.") && !name.contains(".running_") {
            tensor.values = parameter(name, &tensor.shape, d_bias_scale);
        }
    }
    state
}

struct Check<'a> {
    /// What is checked, for people.
    name: String,
    fixture: &'a Fixture,
    failures: Vec<String>,
}

impl Check<'_> {
    fn compare(&mut self, name: &str, got: impl IntoIterator<Item = f64>, scale: Option<f64>, tolerance: f64) {
        let expected = &self.fixture.values[name];
        let got: Vec<f64> = got.into_iter().collect();
        assert_eq!(got.len(), expected.len(), "{name}");
        let scale = scale.unwrap_or_else(|| expected.iter().fold(1e-30, |a, b| a.max(b.abs())));
        let error = got.iter().zip(expected).map(|(g, e)| (g - e).abs() / scale).fold(0.0, |worst: f64, e| {
            // A NaN must not hide.
            if e.is_nan() { f64::INFINITY } else { worst.max(e) }
        });
        if error > tolerance {
            self.failures.push(format!("{name}: error {error:.2e} (scale {scale:.2e})"));
        }
    }

    fn finish(self) -> Option<String> {
        (!self.failures.is_empty()).then(|| format!("{}:\n{}", self.name, self.failures.join("\n")))
    }

    /// A small tensor whole; a large one by its samples, norm and projections.
    fn sketch(&mut self, name: &str, values: &[f32], tolerance: f64) {
        let wide = || values.iter().map(|&v| f64::from(v));
        if self.fixture.values.contains_key(name) {
            return self.compare(name, wide(), None, tolerance);
        }
        let samples = (0..1024).map(|j| f64::from(values[j * 7919 % values.len()]));
        self.compare(&format!("{name}.samples"), samples, None, tolerance);
        let norm = wide().map(|v| v * v).sum::<f64>().sqrt();
        self.compare(&format!("{name}.norm"), [norm], None, tolerance);
        let projections = (0..4).map(|k| {
            let signs = hashed(&format!("projection{k}"), values.len());
            wide().zip(signs).map(|(v, u)| if u >= 0.5 { v } else { -v }).sum::<f64>()
        });
        self.compare(&format!("{name}.projections"), projections, Some(norm), tolerance);
    }
}

fn step(engine: &mut dyn Engine, index: usize, fixture: &Fixture) -> StepReport {
    let batch = fixture.number("batch");
    let input = |what: &str| format!("{}step{index}.{what}", fixture.facts["input_prefix"]);
    engine
        .step(StepInput {
            real: RealImages::Given {
                images: &uniform(&input("real"), batch * 784, 1.0, 0.0),
                labels: &fixture.labels(&input("labels")),
            },
            latents: &latents(&input("z"), batch * 100),
            fake_labels: &fixture.labels(&input("fake_labels")),
            generator_rate: 1e-3,
            discriminator_rate: 1e-3,
            noise: None,
        })
        .unwrap()
}

fn check_first_step(check: &mut Check<'_>, engine: &dyn Engine, report: &StepReport) {
    for (field, value) in report_fields(report) {
        let expected = check.fixture.values[&format!("losses.{field}")][0];
        let error = (value - expected).abs() / expected.abs();
        if error.is_nan() || error > STEP_TOLERANCE {
            check.failures.push(format!("first {field} {value}, expected {expected}"));
        }
    }
    if let Some(d_class) = report.d_class {
        let part = |name| check.fixture.values[name][0];
        let expected = part("losses.d_class_real") + part("losses.d_class_fake");
        assert!((d_class - expected).abs() <= STEP_TOLERANCE * expected, "{}: {d_class}, {expected}", check.name);
    }
    for (name, Tensor { values, .. }) in engine.gradients().unwrap() {
        let (network, parameter) = name.split_once('.').unwrap();
        check.sketch(&format!("step0.{network}.grad.{parameter}"), &values, STEP_TOLERANCE);
    }
    // Adam divides its first gradient by its size, so where one is about zero, rounding decides; in the fixtures of
    // one step, which were made for it, nowhere enough to matter.
    let weights_too = check.fixture.number("steps") == 1;
    for (name, Tensor { values, .. }) in engine.state().unwrap() {
        let (network, tensor) = name.split_once('.').unwrap();
        let follows = tensor.contains("running_") || tensor.ends_with("_u");
        if follows || (weights_too && !tensor.starts_with("adam.")) {
            check.sketch(&format!("step0.{network}.after.{tensor}"), &values, STEP_TOLERANCE);
        }
    }
}

/// What both networks say in evaluation after all steps; `prefix` is that of the results.
fn check_evaluation(check: &mut Check<'_>, engine: &mut dyn Engine, prefix: &str, tolerance: f64) {
    let (batch, input) = (check.fixture.number("batch"), &check.fixture.facts["input_prefix"]);
    let asked = check.fixture.labels(&format!("{input}eval.labels"));
    let mut images = vec![0.0; batch * 784];
    engine.generate(&latents(&format!("{input}eval.z"), batch * 100), &asked, &mut images).unwrap();
    check.sketch(&format!("{prefix}eval.generated"), &images, tolerance);
    if check.fixture.design().pack > 1 {
        return; // Such a D has no logit of one image.
    }
    let images = uniform(&format!("{input}eval.images"), batch * 784, 1.0, 0.0);
    let mut probabilities = vec![0.0; batch];
    engine.discriminate(&images, &asked, &mut probabilities).unwrap();
    let logits = probabilities.iter().map(|&p| (f64::from(p) / (1.0 - f64::from(p))).ln());
    check.compare(&format!("{prefix}eval.source_logits"), logits, None, tolerance);
}

fn report_fields(report: &StepReport) -> Vec<(&'static str, f64)> {
    let mut fields = vec![
        ("d_loss", report.d_loss),
        ("g_loss", report.g_loss),
        ("d_real_mean", f64::from(report.d_real)),
        ("d_fake_mean_before", f64::from(report.d_fake)),
        ("d_fake_mean_after", f64::from(report.d_fake_after)),
    ];
    fields.extend(report.g_class.map(|loss| ("g_class", loss)));
    fields
}

/// An engine for a fixture's training, before its first step.
fn engine(device: &Device, fixture: &Fixture) -> Box<dyn Engine + Send> {
    let protocol = Protocol { losses: fixture.losses(), design: fixture.design(), ..Protocol::default() };
    let mut engine = device.engine(&fixture.spec(), fixture.number("batch"), protocol).unwrap();
    engine.restore(&hashed_state(fixture), 0).unwrap();
    engine
}

/// What is wrong with a fixture's training on a device, if anything is.
fn check_model(device: &Device, name: &str) -> Option<String> {
    let fixture = Fixture::read(name);
    let mut engine = engine(device, &fixture);
    let mut check = Check { name: format!("{name} on {device}"), fixture: &fixture, failures: Vec::new() };
    let mut curves: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for index in 0..fixture.number("steps") {
        let report = step(engine.as_mut(), index, &fixture);
        for (field, value) in report_fields(&report) {
            curves.entry(field).or_default().push(value);
        }
        if index == 0 {
            check_first_step(&mut check, engine.as_ref(), &report);
        }
    }
    let (prefix, tolerance) = match fixture.number("steps") {
        1 => ("step0.", STEP_TOLERANCE),
        _ => ("", TEN_STEPS_TOLERANCE),
    };
    for (field, values) in curves {
        check.compare(&format!("losses.{field}"), values, None, tolerance);
    }
    check_evaluation(&mut check, engine.as_mut(), prefix, tolerance);
    check.finish()
}

/// Every fixture on every device.
fn check_models(devices: impl IntoIterator<Item = Device>, names: &[&str]) {
    let devices = devices.into_iter();
    let complaints: Vec<String> =
        devices.flat_map(|device| names.iter().filter_map(move |name| check_model(&device, name))).collect();
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

/// Ten steps each, as the paper has them.
const WHOLE_STEPS: [&str; 6] = ["gan", "gan-saturating", "cgan", "cgan-7", "acgan", "acgan-7"];
/// A step each, with options beyond the paper.
const BEYOND_THE_PAPER: [&str; 11] = [
    "cgan-projection",
    "cgan-spectral",
    "gan-pack",
    "acgan-pack",
    "cgan-pack",
    "gan-hidden",
    "cgan-hidden",
    "acgan-hidden",
    "gan-relativistic",
    "cgan-modern",
    "acgan-modern",
];

/// Two threads with these kernels.
fn device_of(kernels: Kernels) -> Device {
    Device::with_kernels(kernels, Threads::start(Some(2)).unwrap())
}

#[test]
fn whole_steps_of_every_model_on_every_instruction_set() {
    check_models(Kernels::available().into_iter().map(device_of), &WHOLE_STEPS);
}

#[test]
fn a_step_beyond_the_report_on_every_instruction_set() {
    check_models(Kernels::available().into_iter().map(device_of), &BEYOND_THE_PAPER);
}

#[cfg(feature = "gpu")]
#[test]
fn whole_steps_and_steps_beyond_the_report_on_burn() {
    let name = std::env::var("DIGITGAN_TEST_DEVICE").unwrap_or_else(|_| "flex".to_owned());
    let device = Device::open(name.parse().unwrap(), None, |_| ()).unwrap();
    check_models([device], &[WHOLE_STEPS.as_slice(), &BEYOND_THE_PAPER].concat());
}

#[test]
fn adam_on_given_gradients() {
    let fixture = Fixture::read("adam");
    let count = 1000;
    for kernels in Kernels::available() {
        let room = || vec![0.0f32; 1008]; // a whole number of vectors
        let (mut parameters, mut first, mut second) = (room(), room(), room());
        parameters[..count].copy_from_slice(&uniform("adam.parameters", count, 1.0, 0.0));
        for step in 0..5 {
            let mut gradients = room();
            for (i, (gradient, u)) in
                gradients.iter_mut().zip(hashed(&format!("adam.gradient{step}"), count)).enumerate()
            {
                let scale = match i % 10 {
                    0 => 0.0,
                    1 => 1e-12,
                    2 => 1e-8,
                    3 => 1e-4,
                    4 if step % 2 == 0 => 0.0,
                    _ => 1.0,
                };
                *gradient = ((2.0 * u - 1.0) * scale) as f32;
            }
            let constants = digitgan_kernels::AdamStep::new(1e-3, 0.5, 0.999, 1e-8, step as u64 + 1);
            assert!(kernels.adam(constants, &mut parameters, &gradients, &mut first, &mut second));
            for (name, values) in [("parameters", &parameters), ("first_moment", &first), ("second_moment", &second)] {
                let expected = &fixture.values[&format!("{name}.float64")][step * count..(step + 1) * count];
                // Relative to the largest of those whose gradients are of one size: every tenth.
                let scale = |i: usize| expected.iter().skip(i % 10).step_by(10).fold(1e-30, |a: f64, b| a.max(b.abs()));
                for (i, (&got, &expected)) in values.iter().zip(expected).enumerate() {
                    let error = (f64::from(got) - expected).abs();
                    assert!(
                        error <= ADAM_TOLERANCE * scale(i),
                        "{kernels:?}, step {step}, {name}[{i}]: {got}, expected {expected}"
                    );
                }
            }
        }
    }
}
