//! The engine on Burn beside the CPU engine: the same steps, the same states, a training that goes on on the other.
//! On Burn's CPU backend or, where `DIGITGAN_TEST_DEVICE` names one, on a GPU.

#![cfg(feature = "gpu")]
#![allow(clippy::unwrap_used, reason = "a test")]

use digitgan::config::{Recipe, TrainConfig};
use digitgan::engine::{
    Api, Device, DeviceError, DeviceName, Engine, EngineError, InstanceNoise, Precision, Protocol, RealImages,
    StepInput, StepReport,
};
use digitgan::loss::AdversarialLoss;
use digitgan::model::{ModelSpec, TensorMap, Variant, initial_state_of};
use digitgan::pixel::to_signed;
use digitgan::sample::{fill_classes, latents};
use digitgan::seed::Purpose;

/// Of a loss, relative; of a weight, a gradient or a statistic, beside the largest of its tensor.
const TOLERANCE: f64 = 1e-4;
/// Adam's ε here. It divides a gradient by its size: with 1e-8, where a gradient is about zero, its rounding decides which way
/// a weight goes, and two engines part after few steps.
const EPSILON: f64 = 1e-2;
const BATCH: usize = 12;
/// Seeds of data. A rectifier whose input is within a rounding of zero may be open in one engine and shut in the other. That
/// is no error of either, and shows, so two of these trials must agree.
const TRIALS: std::ops::RangeInclusive<u64> = 1..=6;
const PIXELS: usize = 784;

fn cpu() -> Device {
    Device::cpu(None).unwrap()
}

fn other() -> Device {
    let name = std::env::var("DIGITGAN_TEST_DEVICE").unwrap_or_else(|_| "flex".to_owned());
    Device::open(name.parse().unwrap(), None, |_| ()).unwrap()
}

fn spec(variant: Variant) -> ModelSpec {
    ModelSpec { variant, classes: 10 }
}

/// An engine for a training, before its first step.
fn start(device: &Device, config: &TrainConfig) -> Box<dyn Engine + Send> {
    start_with(device, config, BATCH)
}

/// The same with another batch.
fn start_with(device: &Device, config: &TrainConfig, batch: usize) -> Box<dyn Engine + Send> {
    let (spec, protocol) = (spec(config.model), Protocol { epsilon: EPSILON, ..config.protocol() });
    let mut engine = device.engine(&spec, batch, protocol).unwrap();
    engine.restore(&initial_state_of(&spec, &config.design(), config.ema > 0.0, config.seed), 0).unwrap();
    engine
}

/// The data of a step.
struct Data {
    images: Vec<f32>,
    labels: Vec<u8>,
    noise: Vec<f32>,
    fake_labels: Vec<u8>,
}

impl Data {
    fn of(seed: u64, step: u64) -> Data {
        Data::of_size(BATCH, seed, step)
    }

    fn of_size(batch: usize, seed: u64, step: u64) -> Data {
        let classes = |purpose| {
            let mut labels = vec![0; batch];
            fill_classes(seed, purpose, step * batch as u64, 10, &mut labels);
            labels
        };
        let numbers = latents(seed, Purpose::Show, step * 1000, batch * 8).unwrap();
        Data {
            images: numbers[..batch * PIXELS].iter().map(|v| v.tanh()).collect(),
            labels: classes(Purpose::Show),
            noise: latents(seed, Purpose::TrainingLatent, step * batch as u64, batch).unwrap(),
            fake_labels: classes(Purpose::TrainingClass),
        }
    }

    fn input(&self, config: &TrainConfig) -> StepInput<'_> {
        let Data { images, labels, noise: latents, fake_labels } = self;
        let (generator_rate, discriminator_rate) = (config.lr, config.lr_d);
        let noise = config.noise(0.5);
        let real = RealImages::Given { images, labels };
        StepInput { real, latents, fake_labels, generator_rate, discriminator_rate, noise }
    }
}

fn steps(engine: &mut dyn Engine, config: &TrainConfig, seed: u64, range: std::ops::Range<u64>) -> Vec<StepReport> {
    range.map(|step| engine.step(Data::of(seed, step).input(config)).unwrap()).collect()
}

/// The largest difference between the tensors of two states, beside the largest number of the tensor.
fn difference(ours: &TensorMap, theirs: &TensorMap) -> f64 {
    assert!(ours.keys().eq(theirs.keys()), "{:?} and {:?}", ours.keys(), theirs.keys());
    let worst = ours.iter().map(|(name, tensor)| {
        assert_eq!(tensor.shape, theirs[name].shape, "{name}");
        let scale = tensor.values.iter().fold(1e-6f32, |most, value| most.max(value.abs()));
        largest(tensor.values.iter().zip(&theirs[name].values).map(|(a, b)| f64::from((a - b) / scale)))
    });
    largest(worst)
}

/// The largest difference between what steps found, relative.
fn apart(ours: &[StepReport], theirs: &[StepReport]) -> f64 {
    let fields = |report: &StepReport| {
        let always = [report.d_loss, report.g_loss].into_iter();
        let probabilities = [report.d_real, report.d_fake, report.d_fake_after].map(f64::from);
        always.chain(probabilities).chain(report.d_class).chain(report.g_class).collect::<Vec<f64>>()
    };
    let numbers = |reports: &[StepReport]| reports.iter().flat_map(fields).collect::<Vec<f64>>();
    let (ours, theirs) = (numbers(ours), numbers(theirs));
    assert_eq!(ours.len(), theirs.len());
    largest(ours.iter().zip(theirs).map(|(a, b)| (a - b) / a.abs().max(0.1)))
}

/// The largest size; a NaN is larger than anything.
fn largest(numbers: impl Iterator<Item = f64>) -> f64 {
    numbers.fold(0.0, |most: f64, next| if next.is_nan() { f64::INFINITY } else { most.max(next.abs()) })
}

/// Tries every training with several seeds; `trial` says how far the engines are apart.
fn check(trial: impl Fn(&TrainConfig, u64) -> f64) {
    for config in trainings() {
        let trials: Vec<f64> = TRIALS.map(|seed| trial(&config, seed)).collect();
        let agreeing = trials.iter().filter(|&&trial| trial <= TOLERANCE).count();
        let what = format!("{} by {:?} and {:?}", config.model, config.loss, config.design());
        assert!(agreeing >= 2, "{what}: {trials:?}");
    }
}

/// Every model by both recipes, and options that neither has.
fn trainings() -> Vec<TrainConfig> {
    let mut trainings: Vec<TrainConfig> = [Recipe::Paper, Recipe::Modern]
        .into_iter()
        .flat_map(|recipe| Variant::ALL.map(|model| TrainConfig { lr: 1e-3, lr_d: 1e-3, ..recipe.config(model) }))
        .collect();
    let paper = |model| TrainConfig { model, ..TrainConfig::default() };
    trainings.push(TrainConfig { instance_noise: 0.3, label_smoothing: 0.1, ema: 0.9, ..paper(Variant::Cgan) });
    trainings.push(TrainConfig { loss: AdversarialLoss::Hinge, pack: 3, d_leak: 0.1, ..paper(Variant::Gan) });
    trainings
}

#[test]
fn steps_are_those_of_the_cpu_engine() {
    let (cpu, other) = (cpu(), other());
    check(|config, seed| {
        let (mut ours, mut theirs) = (start(&cpu, config), start(&other, config));
        let mut go = |range: std::ops::Range<u64>| {
            let both = [ours.as_mut(), theirs.as_mut()].map(|engine| steps(engine, config, seed, range.clone()));
            apart(&both[0], &both[1]).max(difference(&ours.gradients().unwrap(), &theirs.gradients().unwrap()))
        };
        let reports = go(0..1).max(go(1..2));
        reports.max(difference(&ours.state().unwrap(), &theirs.state().unwrap()))
    });
}

#[test]
fn a_training_goes_on_on_another_device() {
    let (cpu, other) = (cpu(), other());
    check(|config, seed| {
        let mut there = start(&other, config);
        steps(there.as_mut(), config, seed, 0..3);
        let state = there.state().unwrap();
        let mut here = start(&cpu, config);
        here.restore(&state, 3).unwrap();
        assert_eq!(difference(&state, &here.state().unwrap()), 0.0, "a state is the same numbers everywhere");
        let on = [here.as_mut(), there.as_mut()].map(|engine| steps(engine, config, seed, 3..5));
        // And back: what the CPU made of it.
        let state = here.state().unwrap();
        there.restore(&state, 5).unwrap();
        assert_eq!(difference(&state, &there.state().unwrap()), 0.0);
        let noise = latents(2, Purpose::SampleLatent, 0, 20).unwrap();
        let labels: Vec<u8> = (0..20).map(|label| label % 10).collect();
        let [ours, theirs] = [here, there].map(|mut engine| {
            let mut images = vec![0.0; 20 * PIXELS];
            engine.generate(&noise, &labels, &mut images).unwrap();
            images
        });
        let pictures = largest(ours.iter().zip(&theirs).map(|(a, b)| f64::from(a - b)));
        assert!(pictures < TOLERANCE, "pictures differ by {pictures}");
        apart(&on[0], &on[1])
    });
}

#[test]
fn reports_come_in_order_however_late_they_are_asked_for() {
    let config = Recipe::Modern.config(Variant::Acgan);
    let (mut at_once, mut later) = (start(&other(), &config), start(&other(), &config));
    let expected = steps(at_once.as_mut(), &config, 1, 0..4);
    let mut found = Vec::new();
    later.reports(&mut |report| found.push(report)).unwrap();
    assert!(found.is_empty());
    (0..4).for_each(|step| later.begin(Data::of(1, step).input(&config)).unwrap());
    later.reports(&mut |report| found.push(report)).unwrap();
    assert_eq!(found, expected);
    later.reports(&mut |_| panic!("told twice")).unwrap();
    assert!(later.steps_in_flight() > 1);
}

#[test]
fn steps_on_kept_images_are_those_on_the_same_images_brought_along() {
    // Bytes, as a data set has them; each image's class is its place's.
    let bytes: Vec<u8> = (0..3 * BATCH * PIXELS).map(|i| (i * 31 % 256) as u8).collect();
    let labels: Vec<u8> = (0..3 * BATCH).map(|i| (i % 10) as u8).collect();
    let rows = |step: usize| -> Vec<u32> { (0..BATCH).map(|i| ((i * 7 + step * 5) % (3 * BATCH)) as u32).collect() };
    let noisy = TrainConfig { instance_noise: 0.3, ..Recipe::Paper.config(Variant::Cgan) };
    for config in [Recipe::Paper.config(Variant::Acgan), Recipe::Modern.config(Variant::Gan), noisy] {
        let (mut brought, mut kept) = (start(&other(), &config), start(&other(), &config));
        assert!(kept.keep(&bytes, &labels).unwrap(), "it has memory of its own");
        let (mut expected, mut found) = (Vec::new(), Vec::new());
        for step in 0..3 {
            let mut data = Data::of(1, step as u64);
            data.labels = rows(step).iter().map(|&row| labels[row as usize]).collect();
            for (image, row) in data.images.chunks_exact_mut(PIXELS).zip(rows(step)) {
                to_signed(&bytes[row as usize * PIXELS..][..PIXELS], image);
            }
            let input = data.input(&config);
            expected.push(brought.step(input).unwrap());
            // The second step brings its images although others are kept.
            match step {
                1 => kept.begin(input).unwrap(),
                _ => kept.begin(StepInput { real: RealImages::Kept(&rows(step)), ..input }).unwrap(),
            }
        }
        kept.reports(&mut |report| found.push(report)).unwrap();
        let (ours, theirs) = (kept.state().unwrap(), brought.state().unwrap());
        assert!(apart(&found, &expected) <= TOLERANCE, "{found:?} and {expected:?}");
        assert!(difference(&ours, &theirs) <= TOLERANCE);
    }
    let config = TrainConfig { model: Variant::Gan, ..TrainConfig::default() };
    assert!(!start(&cpu(), &config).keep(&bytes, &labels).unwrap(), "the CPU engine reads them where they are");
}

#[test]
fn what_was_begun_before_a_state_is_taken_up_is_forgotten() {
    let config = TrainConfig { model: Variant::Gan, ..TrainConfig::default() };
    let mut engine = start(&other(), &config);
    steps(engine.as_mut(), &config, 1, 0..1);
    let state = engine.state().unwrap();
    engine.begin(Data::of(1, 1).input(&config)).unwrap();
    engine.restore(&state, 1).unwrap();
    engine.reports(&mut |_| panic!("its report is not wanted any more")).unwrap();
    assert_eq!(difference(&state, &engine.state().unwrap()), 0.0);
}

#[test]
fn a_step_of_a_large_batch_is_that_of_the_cpu_engine() {
    let config = Recipe::Paper.config(Variant::Acgan);
    let data = Data::of_size(1024, 1, 0);
    let [ours, theirs] =
        [cpu(), other()].map(|device| [start_with(&device, &config, 1024).step(data.input(&config)).unwrap()]);
    assert!(apart(&ours, &theirs) <= TOLERANCE, "{ours:?} and {theirs:?}");
}

#[test]
fn more_steps_than_may_be_in_flight_are_told_of_too() {
    let config = TrainConfig { model: Variant::Gan, ..TrainConfig::default() };
    let mut engine = start(&other(), &config);
    let steps = engine.steps_in_flight() + 2;
    (0..steps).for_each(|step| engine.begin(Data::of(1, step).input(&config)).unwrap());
    let mut told = 0;
    engine.reports(&mut |_| told += 1).unwrap();
    assert_eq!(told, steps);
}

#[test]
fn a_number_that_is_not_finite_is_found_in_its_step() {
    let config = TrainConfig { model: Variant::Gan, ..TrainConfig::default() };
    let mut engine = start(&other(), &config);
    let (good, mut bad) = (Data::of(1, 0), Data::of(1, 1));
    bad.images[100] = f32::NAN;
    engine.begin(good.input(&config)).unwrap();
    engine.begin(bad.input(&config)).unwrap();
    engine.begin(good.input(&config)).unwrap();
    let mut told = 0;
    let error = engine.reports(&mut |_| told += 1).unwrap_err();
    assert!(matches!(&error, EngineError::NotFinite(what) if what.0 == "D's loss is NaN"), "{error}");
    assert_eq!(told, 1, "the step before is told");
}

#[test]
fn a_state_that_does_not_fit_is_refused() {
    let paper = TrainConfig { model: Variant::Cgan, ..TrainConfig::default() };
    let averaged = TrainConfig { ema: 0.9, ..paper.clone() };
    let state = |config: &TrainConfig| start(&cpu(), config).state().unwrap();
    let refused =
        |config: &TrainConfig, state: &TensorMap| start(&other(), config).restore(state, 0).unwrap_err().to_string();
    assert_eq!(refused(&averaged, &state(&paper)), "tensor generator.average.bn1.bias is missing");
    assert_eq!(refused(&paper, &state(&averaged)), "tensor generator.average.bn1.bias does not belong to this model");
    let mut other = state(&paper);
    other.get_mut("discriminator.conv1.weight").unwrap().shape = vec![32, 2, 4, 4];
    assert!(refused(&paper, &other).contains("has shape [32, 2, 4, 4], expected [32, 1, 4, 4]"));
}

#[test]
fn instance_noise_is_that_of_the_cpu_engine() {
    // Alone and large, so that a sign or an order that is wrong shows.
    let config = TrainConfig { model: Variant::Gan, ..TrainConfig::default() };
    let data = Data::of(1, 0);
    let noise = Some(InstanceNoise { deviation: 1.0, seed: 5 });
    let [ours, theirs] = [cpu(), other()].map(|device| {
        let mut engine = start(&device, &config);
        [engine.step(StepInput { noise, ..data.input(&config) }).unwrap()]
    });
    assert!(apart(&ours, &theirs) <= TOLERANCE, "{ours:?} and {theirs:?}");
}

#[test]
fn other_numbers_than_its_own_are_refused_in_one_line() {
    let config = TrainConfig { precision: Precision::Bf16, ..TrainConfig::default() };
    let error = other().engine(&spec(config.model), BATCH, config.protocol()).err().unwrap().to_string();
    assert!(error.contains("precision bf16 is the CPU engine's alone") && !error.contains('\n'), "{error}");
}

#[test]
fn a_device_that_is_not_there_is_named() {
    let open = |api, index| Device::open(DeviceName::Burn(api, index), None, |_| ());
    let error = open(Api::Flex, 1).err().unwrap();
    assert_eq!(error, DeviceError::Missing { api: Api::Flex, index: 1, found: 1 });
    assert_eq!(error.to_string(), "device flex:1: there is one flex device only, flex:0");
    for api in Api::ALL {
        match open(api, 99).err().unwrap() {
            DeviceError::Missing { api: missing, index: 99, found } => assert!(missing == api && found < 99),
            DeviceError::NotBuilt { api: missing, .. } => assert_eq!(missing, api),
            other => panic!("{api}: {other}"),
        }
    }
}
