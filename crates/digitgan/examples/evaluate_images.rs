//! Says how good labelled images are, wherever they come from, beside real digits:
//!
//!     cargo run --release --example evaluate_images
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use digitgan::data::strokes;
use digitgan::engine::Device;
use digitgan::judge::{self, Judge, Readings, training::TrainingPlan};
use digitgan::metrics::frechet::frechet_distance;
use digitgan::metrics::histogram::Confusion;
use digitgan::metrics::manifold::{Manifold, NEAREST, manifold};
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let device = Device::cpu(None)?;
    let real = strokes::some(6_000, 1_000)?;
    // The judge is a classifier that learned from real digits; distances are between what its last hidden layer makes of
    // images. Digits like MNIST's need no training: `Judge::of_mnist`. For figures to quote, train by `TrainingPlan::judge`.
    let file = judge::train(&device, &real, &real.identity(), &TrainingPlan::fresh(1), &mut |_, _| ())?;
    let mut judge = Judge::new(&device, file)?;
    let test = judge.read(&real.test.images)?;

    // Yours: bytes, [count, 28, 28], 0 for background and 255 for ink, and the digit that each is meant to be.
    let drawings: Vec<_> = (0..1_000).map(|index| strokes::draw(2, index)).collect();
    let images: Vec<u8> = drawings.iter().flat_map(|drawing| drawing.image).collect();
    let labels: Vec<u8> = drawings.iter().map(|drawing| drawing.label).collect();
    // The same with grey where ink was: clear to a reader, but like no real digit.
    let pale: Vec<u8> = images.iter().map(|pixel| pixel / 2).collect();

    println!("{:14} {:>9} {:>9} {:>9} {:>9}", "", "agreement", "Fréchet", "precision", "recall");
    // Real digits say what is the best to hope for: no figure means much without it.
    let (real_images, real_labels) = (&real.train.images[..images.len()], &real.train.labels[..labels.len()]);
    let best = measure("real digits", &device, &test, real_labels, &judge.read(real_images)?)?;
    let yours = measure("yours", &device, &test, &labels, &judge.read(&images)?)?;
    let pale = measure("yours, pale", &device, &test, &labels, &judge.read(&pale)?)?;
    assert!(yours < 3.0 * best && pale > 10.0 * best, "Fréchet distances: {best}, {yours}, {pale}");
    Ok(())
}

/// Prints the figures of one set of images, and returns its Fréchet distance.
fn measure(
    name: &str,
    device: &Device,
    test: &Readings,
    labels: &[u8],
    read: &Readings,
) -> Result<f64, Box<dyn Error>> {
    // Agreement (GAN-test): the share that is read as what it is meant to be.
    let agreement = Confusion::of(labels, &read.labels, 10)?.agreement();
    let (real, yours) = (test.as_features()?, read.as_features()?);
    let frechet = frechet_distance(&real, &yours)?;
    // Precision: do yours look real? Recall: is all that is real among yours?
    let Manifold { precision, recall, .. } = manifold(device.kernels(), &real, &yours, NEAREST)?;
    println!("{name:14} {agreement:9.3} {frechet:9.3} {precision:9.3} {recall:9.3}");
    Ok(frechet)
}

#[test]
fn spoilt_images_are_told_from_good_ones() -> Result<(), Box<dyn Error>> {
    main()
}
