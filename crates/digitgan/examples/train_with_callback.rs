//! Trains with a callback that prints losses and stops the training half-way; then goes on in a new training, and ends
//! with the same numbers as if nothing had happened:
//!
//!     cargo run --release --example train_with_callback
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use digitgan::config::{Layer, TrainConfig};
use digitgan::data::{Dataset, strokes};
use digitgan::engine::Device;
use digitgan::train::{Event, Snapshot, Training};
use std::error::Error;
use std::sync::atomic::{AtomicBool, Ordering};

fn main() -> Result<(), Box<dyn Error>> {
    let digits = strokes::some(2_000, 0)?;
    // Two epochs of 31 batches; all else, the model too, as `digitgan train` has it.
    let config = Layer { epochs: Some(2), ..Layer::default() }.config()?;
    let first = Snapshot::first(&config, digits.classes)?;

    let stopped = train(&config, &digits, first.clone(), Some(40))?;
    println!("stopped after {} steps", stopped.step);
    let resumed = train(&config, &digits, stopped, None)?;
    println!("ended after {} steps", resumed.step);

    // A snapshot is weights, statistics and Adam's moments. There is no state of a random number generator to keep: noise
    // and batches follow from the seed and the number of the step.
    let uninterrupted = train(&config, &digits, first, None)?;
    assert_eq!(resumed, uninterrupted, "the same to the last bit");
    println!("the same as in one go, to the last bit");
    Ok(())
}

/// Trains from `start` to the end, or until `stop_after` steps are done. Returns the last snapshot.
fn train(
    config: &TrainConfig,
    digits: &Dataset,
    start: Snapshot,
    stop_after: Option<u64>,
) -> Result<Snapshot, Box<dyn Error>> {
    // The training looks at this before every step. A program may set it from another thread, or on Ctrl-C.
    let stop = AtomicBool::new(false);
    let mut newest = start.clone();
    let mut callback = |event: &Event<'_>| {
        match event {
            Event::Step { step, epoch, report } => {
                if step % 10 == 0 {
                    println!("epoch {epoch}, step {step}: D {:.3}, G {:.3}", report.d_loss, report.g_loss);
                }
                if stop_after == Some(*step) {
                    stop.store(true, Ordering::Relaxed);
                }
            }
            // Told after every epoch, and when the training stops.
            Event::Checkpoint { snapshot, .. } => newest.clone_from(snapshot),
            _ => {}
        }
        Ok(())
    };
    Training::new(config.clone(), digits, Device::cpu(None)?, start)?.run(&stop, &mut callback)?;
    Ok(newest)
}

#[test]
fn a_stopped_training_goes_on_as_if_nothing_had_been() -> Result<(), Box<dyn Error>> {
    main()
}
