//! Wrong classes, counts, shapes and lengths are answered with an error that says what was wrong: never with a panic, and
//! never by doing something else.
#![allow(clippy::unwrap_used, reason = "a test")]

use digitgan::data::augment::apply;
use digitgan::judge::{Reader, training};
use digitgan::metrics::frechet::class_frechet;
use digitgan::metrics::histogram::{ClassHistogram, Confusion};
use digitgan::model::{Tensor, TensorMap};
use digitgan::picture::ConfusionPicture;
use digitgan::prelude::*;
use digitgan::session::evaluations;
use std::error::Error;
use std::ops::ControlFlow;

type Answer = Result<(), Box<dyn Error>>;
/// What is called, the call, and what the answer says.
type Case<'a> = (&'a str, Box<dyn FnOnce() -> Answer + 'a>, &'a str);

/// A case of a call that returns any result.
macro_rules! case {
    ($call:expr => $says:literal) => {
        (
            stringify!($call),
            Box::new(|| {
                $call?;
                Ok(())
            }),
            $says,
        )
    };
}

fn check(cases: Vec<Case<'_>>) {
    for (call, make, says) in cases {
        let answer = make();
        let error = answer.err().unwrap_or_else(|| panic!("{call}: no error")).to_string();
        assert!(error.contains(says) && !error.contains('\n'), "{call}: {error:?} does not say {says:?}");
    }
}

fn device() -> Device {
    Device::cpu(Some(1)).unwrap()
}

fn names(count: usize) -> Vec<String> {
    (0..count).map(|class| class.to_string()).collect()
}

/// Ten images whose labels go beyond the two classes: it can be put together, as its fields are public.
fn mislabelled() -> Dataset {
    let train = Split { images: vec![0; 10 * 784], labels: (0..10).collect() };
    Dataset { name: "wrong".to_owned(), classes: 2, class_names: names(2), train, test: Split::default() }
}

/// More labels than images.
fn short() -> Dataset {
    Dataset { train: Split { images: vec![0; 784], labels: vec![0; 10] }, ..mislabelled() }
}

fn config() -> TrainConfig {
    TrainConfig { batch_size: 5, epochs: 1, ..TrainConfig::default() }
}

#[test]
fn data_sets() {
    let split = || Split::new(vec![0; 2 * 784], vec![0, 1]).unwrap();
    let mut out = [0; 784];
    let mut small = [0; 783];
    check(vec![
        case!(Split::new(vec![0; 783], vec![0]) => "783 numbers, expected 784"),
        case!(Dataset::new("one", names(1), split(), Split::default()) => "1 classes are not from 2 to 100"),
        case!(Dataset::new("many", names(101), split(), Split::default()) => "101 classes"),
        case!(Dataset::new("none", names(2), Split::default(), split()) => "training images: 0 are too few"),
        case!(mislabelled().check() => "class 2 (number 2, counted from 0) is none of the 2 classes"),
        case!(short().check() => "784 numbers, expected 7840"),
        case!(Dataset { class_names: names(3), ..strokes::some(10, 0)? }.check() => "class names, [classes]: 3"),
        case!(strokes::some(0, 10) => "training images: 0 are too few"),
        case!(strokes::some(60_001, 0) => "60001 are asked for, but there can be at most 60000"),
        case!(strokes::some(1, usize::MAX) => "at most 10000"),
        case!(apply(&[Augment::Affine], 1, 0, &[0; 783], &mut out) => "[28, 28]: 783"),
        case!(apply(&[], 1, 0, &[0; 784], &mut small) => "[28, 28]: 783"),
    ]);
    assert_eq!(split().image(2), None);
    assert_eq!(split().image(usize::MAX), None);
    // Every place is one.
    assert!(strokes::draw(1, u64::MAX).label < 10);
}

#[test]
fn models_and_drawing() {
    let file = GeneratorFile::untrained(Variant::Cgan, 10, 1).unwrap();
    let sampler = || Sampler::new(&device(), &file).unwrap();
    let with = |change: &dyn Fn(&mut GeneratorFile)| {
        let mut changed = file.clone();
        change(&mut changed);
        changed
    };
    let no_classes = with(&|file| file.spec.classes = 0);
    let nameless = with(&|file| file.class_names.clear());
    let plan = SetPlan { train: 1, test: 0, seed: 1, ..SetPlan::default() };
    let set_of = |file: &GeneratorFile| {
        let source = SetSource { file, sha256: "", device: &device(), judge: None };
        generate("never/written".as_ref(), &plan, source, &mut |_, _| ControlFlow::Continue(()))
    };
    let torn = with(&|file| file.tensors.get_mut("bn1.bias").unwrap().values.truncate(1));
    let engine = |classes, batch, pack| {
        let mut protocol = digitgan::engine::Protocol::default();
        protocol.design.pack = pack;
        device().engine(&ModelSpec { variant: Variant::Gan, classes }, batch, protocol).map(drop)
    };
    check(vec![
        case!(ModelSpec::new(Variant::Acgan, 0) => "0 classes are not from 2 to 100"),
        case!(ModelSpec::new(Variant::Acgan, 101) => "101 classes"),
        case!(GeneratorFile::untrained(Variant::Gan, 1, 1) => "1 classes"),
        case!(Sampler::new(&device(), &no_classes) => "0 classes"),
        case!(Sampler::new(&device(), &torn) => "tensor bn1.bias holds 1 numbers, but its shape says 64"),
        case!(set_of(&nameless) => "class names, [classes]: 0 numbers, expected 10"),
        case!(set_of(&no_classes) => "0 classes"),
        case!(sampler().draw(1, &[12]) => "class 12"),
        case!(sampler().draw_at(1, u64::MAX, &[1, 2]) => "go beyond the last place"),
        case!(sampler().draw_places(1, &[1], &[1, 2]) => "places, [labels]: 1"),
        case!(sampler().draw_latents(&[0.0; 99], &[1]) => "latents, [count, 100]: 99"),
        case!(latents(1, Purpose::SampleLatent, 0, usize::MAX) => "at most 1000000"),
        case!(latents(1, Purpose::SampleLatent, u64::MAX, 2) => "go beyond the last place"),
        case!(engine(0, 4, 1) => "0 classes"),
        case!(engine(10, 0, 1) => "a batch of 0"),
        case!(engine(10, usize::MAX, 1) => "at most 32768"),
        case!(engine(10, 10, 5) => "in packs of 5"),
        case!(Threads::start(Some(0)) => "cannot start 0 threads: give 1 to 1024"),
        case!(Threads::start(Some(usize::MAX)) => "give 1 to 1024"),
        case!(Device::cpu(Some(0)) => "cannot start 0 threads"),
    ]);
    assert_eq!(sampler().draw(1, &[]).unwrap(), Vec::<u8>::new());
}

#[test]
fn training() {
    let state = || Snapshot::first(&config(), 2).unwrap();
    let start = |dataset: &Dataset, first| Training::new(config(), dataset, device(), first).map(drop);
    let monitor = |classes, dataset: &Dataset| {
        let spec = ModelSpec { variant: Variant::Cgan, classes };
        Monitor::new(Judge::of_mnist(&device()), spec, dataset, 1, Vec::new()).map(drop)
    };
    let two = Dataset { train: Split { labels: vec![0; 10], ..mislabelled().train }, ..mislabelled() };
    let ten = strokes::some(10, 0).unwrap();
    check(vec![
        case!(Snapshot::first(&config(), 0) => "0 classes"),
        case!(Snapshot::first(&TrainConfig { batch_size: 0, ..config() }, 10) => "`batch-size` is 0"),
        case!(start(&mislabelled(), state()) => "class 2"),
        case!(start(&short(), state()) => "784 numbers, expected 7840"),
        case!(start(&ten, state()) => "has shape"),
        case!(start(&two, Snapshot { rollbacks: u32::MAX, ..state() }) => "ways back"),
        case!(start(&two, Snapshot { state: TensorMap::new(), ..state() }) => "is missing"),
        case!(monitor(0, &ten) => "0 classes"),
        case!(monitor(2, &two) => "the judge has 10 classes, expected 2"),
        case!(monitor(10, &two) => "the data set has 2 classes, expected 10"),
        case!(monitor(10, &mislabelled()) => "class 2"),
    ]);
    let endless = TrainConfig { batch_size: 0, ..config() };
    assert_eq!((endless.scheduled_steps(100), endless.total_steps(100)), (0, 0), "batches of nothing make no step");
}

#[test]
fn judging() {
    let judge = || Judge::of_mnist(&device());
    let dataset = strokes::some(40, 20).unwrap();
    let identity = dataset.identity();
    let plan = || TrainingPlan { epochs: 1, least_steps: 1, batch: 10, ..TrainingPlan::fresh(1) };
    let file = train_judge(&device(), &dataset, &identity, &plan(), &mut |_, _| ()).unwrap();
    let empty = || ClassifierFile { tensors: TensorMap::new(), ..file.clone() };
    let mut other = file.clone();
    other.identity.classes = 5;
    let train =
        |split: &Split, classes, plan| training::train(&device(), split, classes, &plan, &mut |_, _, _| ()).map(drop);
    let small = Plan { samples: 20, repeats: 2, gan_train: false, ..Plan::default() };
    let evaluator =
        |dataset: &Dataset, plan| Evaluator::new(device(), judge(), dataset, plan, &mut |_, _, _| ()).map(drop);
    let mut measured = Evaluator::new(device(), judge(), &dataset, small, &mut |_, _, _| ()).unwrap();
    let generator = GeneratorFile::untrained(Variant::Gan, 10, 1).unwrap();
    let (evaluation, neighbours) = measured.evaluate(&generator, &mut |_, _, _| ()).unwrap();
    check(vec![
        case!(judge().read(&[0; 785]) => "785 pixels are not whole"),
        case!(Judge::new(&device(), empty()) => "is missing"),
        case!(Judge::new(&device(), other) => "has shape"),
        case!(Reader::new(&device(), TensorMap::new(), 0) => "0 classes"),
        case!(Reader::new(&device(), file.tensors.clone(), 10)?.correct(&short().train) => "[count]: 10"),
        case!(train(&dataset.train, 0, plan()) => "0 classes"),
        case!(train(&dataset.train, usize::MAX, plan()) => "classes are not from"),
        case!(train(&dataset.train, 5, plan()) => "is none of the 5 classes"),
        case!(train(&short().train, 10, plan()) => "10 numbers, expected 1"),
        case!(train(&dataset.train, 10, TrainingPlan { batch: 0, ..plan() }) => "a batch of 0"),
        case!(train_judge(&device(), &mislabelled(), &identity, &plan(), &mut |_, _| ()) => "class 2"),
        case!(evaluator(&dataset, Plan { repeats: 0, ..small }) => "found 0 repeated measurements"),
        case!(evaluator(&dataset, Plan { repeats: 1, ..small }) => "found 1 repeated measurements"),
        case!(evaluator(&dataset, Plan { samples: 0, ..small }) => "needs at least 20"),
        case!(evaluator(&mislabelled(), small) => "class 2"),
        case!(evaluations::write("never/written".as_ref(), &evaluation, &neighbours, &strokes::some(1, 0)?)
            => "not among these 1 training images"),
        case!(Choice::new(&device(), judge(), &Dataset { classes: 0, ..dataset.clone() }, 1) => "0 classes"),
        case!(Choice::new(&device(), judge(), &short(), 1) => "784 numbers, expected 7840"),
    ]);
    assert_eq!(judge().read(&[]).unwrap(), Readings::default());
}

#[test]
fn metrics_and_pictures() {
    let features = || Features::new(vec![0.0; 4], 4, 1).unwrap();
    let matrix = |rows: Vec<Vec<u64>>, class_names: Vec<String>| {
        let picture = ConfusionPicture { title: "", counts: &rows, class_names: &class_names };
        picture.write_png("never/written.png".as_ref(), &[])
    };
    check(vec![
        case!(features().select([4]) => "sample 4 of a set of 4"),
        case!(ClassHistogram::of(&[0], usize::MAX) => "more than the 256"),
        case!(Confusion::of(&[0], &[0], usize::MAX) => "more than the 256"),
        case!(class_frechet(&features(), &[0; 4], &features(), &[0; 4], usize::MAX) => "more than the 256"),
        case!(matrix(vec![vec![1, 2], vec![3, 4]], names(1)) => "1 counts or names where there are 2"),
        case!(matrix(vec![vec![1], vec![3, 4]], names(2)) => "1 counts or names"),
        case!(matrix(vec![], names(0)) => "no image"),
        case!(matrix(vec![vec![0; 101]; 101], names(101)) => "too large"),
        case!(preview(&[0; 785], 80, TerminalStyle::Ascii) => "785 bytes"),
        case!(Grid::new(0).draw(&[0; 784]) => "0 columns"),
    ]);
    assert_eq!(features().sample(4), None);
}

#[test]
fn states_whose_tensors_are_torn() {
    let spec = ModelSpec::new(Variant::Gan, 10).unwrap();
    let first = Snapshot::first(&TrainConfig { model: Variant::Gan, ..config() }, 10).unwrap();
    let restore = |change: &dyn Fn(&mut Tensor)| {
        let mut state = first.state.clone();
        change(state.get_mut("discriminator.bn1.bias").unwrap());
        device().engine(&spec, 4, digitgan::engine::Protocol::default())?.restore(&state, 0)
    };
    check(vec![
        case!(restore(&|tensor| tensor.values.clear()) => "holds 0 numbers, but its shape says 32"),
        case!(restore(&|tensor| tensor.shape.clear()) => "has shape []"),
    ]);
}
