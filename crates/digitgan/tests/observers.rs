//! A training without a file: what it tells, in which order, and that it goes on from what it told. And two devices that
//! live in one process.
#![allow(clippy::unwrap_used, reason = "a test")]

use digitgan::config::TrainConfig;
use digitgan::data::{Dataset, Split, strokes};
use digitgan::engine::Device;
use digitgan::model::Variant;
use digitgan::train::{Event, ObserverError, Outcome, Snapshot, TrainError, Training};
use std::sync::atomic::{AtomicBool, Ordering};

/// Some of the built-in digits.
fn dataset(images: usize) -> Dataset {
    let mut train = Split::default();
    for index in 0..images as u64 {
        let drawing = strokes::draw(strokes::SEED, index);
        train.images.extend(drawing.image);
        train.labels.push(drawing.label);
    }
    let class_names = (0..10).map(|class: u8| class.to_string()).collect();
    Dataset { name: "some strokes".to_owned(), classes: 10, class_names, train, test: Split::default() }
}

fn config(model: Variant) -> TrainConfig {
    TrainConfig { model, batch_size: 8, epochs: 2, checkpoint_steps: Some(3), ..TrainConfig::default() }
}

fn device(threads: usize) -> Device {
    Device::cpu(Some(threads)).unwrap()
}

/// Trains from `start`, and returns what came of it and the last snapshot that was told.
fn trained(
    config: &TrainConfig,
    dataset: &Dataset,
    device: Device,
    start: Snapshot,
    stop_after: u64,
) -> (Outcome, Snapshot) {
    let mut training = Training::new(config.clone(), dataset, device, start).unwrap();
    let (stop, mut last) = (AtomicBool::new(false), None);
    let outcome = training.run(&stop, &mut |event: &Event<'_>| {
        match event {
            Event::Step { step, .. } if *step == stop_after => stop.store(true, Ordering::Relaxed),
            Event::Checkpoint { snapshot, .. } => last = Some((*snapshot).clone()),
            _ => {}
        }
        Ok(())
    });
    (outcome.unwrap(), last.unwrap())
}

#[test]
fn everything_is_told_in_an_order_that_can_be_relied_on() {
    let (data, config) = (dataset(40), config(Variant::Acgan));
    let first = Snapshot::first(&config, data.classes).unwrap();
    let mut training = Training::new(config, &data, device(2), first).unwrap();
    let mut told = Vec::new();
    let mut last_step = 0;
    let outcome = training.run(&AtomicBool::new(false), &mut |event: &Event<'_>| {
        told.push(match *event {
            Event::Begun { step, total_steps } => format!("begun {step} of {total_steps}"),
            Event::Step { step, epoch, report } => {
                assert_eq!(step, last_step + 1, "no step is left out");
                assert!(report.d_loss.is_finite() && report.d_class.is_some());
                last_step = step;
                format!("step {step} of epoch {epoch}")
            }
            Event::Epoch { epoch, step, grid, columns, generator } => {
                assert_eq!((grid.len(), columns, generator.step), (100 * 784, 10, step));
                format!("epoch {epoch} after {step}")
            }
            Event::Checkpoint { snapshot, generator } => {
                assert_eq!(snapshot.step, last_step, "every step before a checkpoint was told before it");
                assert_eq!(generator.step, snapshot.step);
                format!("checkpoint {}", snapshot.step)
            }
            Event::Ended { outcome, step } => format!("{outcome:?} after {step}"),
            ref other => format!("{other:?}"),
        });
        Ok(())
    });
    assert_eq!(outcome.unwrap(), Outcome::Finished);
    let steps = |from: u64, to, epoch| (from..=to).map(move |step| format!("step {step} of epoch {epoch}"));
    let lines = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    let expected: Vec<String> = lines(&["begun 0 of 10"])
        .into_iter()
        .chain(steps(1, 3, 1))
        .chain(lines(&["checkpoint 3"]))
        .chain(steps(4, 5, 1))
        .chain(lines(&["epoch 1 after 5", "checkpoint 5"]))
        .chain(steps(6, 6, 2))
        .chain(lines(&["checkpoint 6"]))
        .chain(steps(7, 9, 2))
        .chain(lines(&["checkpoint 9"]))
        .chain(steps(10, 10, 2))
        .chain(lines(&["epoch 2 after 10", "checkpoint 10", "Finished after 10"]))
        .collect();
    assert_eq!(told, expected);
}

#[test]
fn a_training_goes_on_from_a_snapshot_to_the_same_bits() {
    let data = dataset(40);
    for model in Variant::ALL {
        let config = config(model);
        let first = || Snapshot::first(&config, data.classes).unwrap();
        let whole = trained(&config, &data, device(2), first(), 0);
        let (outcome, stopped) = trained(&config, &data, device(1), first(), 4);
        assert_eq!((outcome, stopped.step), (Outcome::Stopped, 4));
        assert_eq!(trained(&config, &data, device(3), stopped, 0), whole, "{model}");
    }
}

#[test]
fn an_observer_that_cannot_go_on_ends_the_training_with_its_own_error() {
    let (data, config) = (dataset(40), config(Variant::Gan));
    let mut training = Training::new(config.clone(), &data, device(1), Snapshot::first(&config, 10).unwrap()).unwrap();
    let mut seen = 0;
    let ended = training.run(&AtomicBool::new(false), &mut |event: &Event<'_>| {
        if let Event::Step { step: 2, .. } = event {
            return Err(ObserverError::from("the disk is full"));
        }
        seen += 1;
        Ok(())
    });
    assert!(matches!(&ended, Err(TrainError::Observer(why)) if why.to_string() == "the disk is full"), "{ended:?}");
    assert_eq!(seen, 2, "the beginning and one step");
}

#[test]
fn two_devices_in_one_process_do_not_meet() {
    let (data, gan, acgan) = (dataset(40), config(Variant::Gan), config(Variant::Acgan));
    let alone = |config: &TrainConfig| trained(config, &data, device(1), Snapshot::first(config, 10).unwrap(), 0);
    let (gan_alone, acgan_alone) = (alone(&gan), alone(&acgan));
    let (three, two) = (device(3), device(2));
    // At the same time, called from threads that belong to neither, and from within each other's.
    std::thread::scope(|scope| {
        let first = scope.spawn(|| trained(&gan, &data, three.clone(), Snapshot::first(&gan, 10).unwrap(), 0));
        let second = scope.spawn(|| trained(&acgan, &data, two.clone(), Snapshot::first(&acgan, 10).unwrap(), 0));
        assert_eq!((first.join().unwrap(), second.join().unwrap()), (gan_alone.clone(), acgan_alone));
    });
    let within = two.install(|| trained(&gan, &data, three.clone(), Snapshot::first(&gan, 10).unwrap(), 0));
    assert_eq!(within, gan_alone);
}
