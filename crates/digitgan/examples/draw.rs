//! Draws every digit with a trained generator, in the terminal and into a PNG file:
//!
//!     cargo run --release --example draw [GENERATOR [PICTURE]]
//!
//! `GENERATOR` is a `generator.safetensors` of a run; without one, a conditional GAN is trained for some seconds first.
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use digitgan::config::Layer;
use digitgan::data::strokes;
use digitgan::engine::Device;
use digitgan::model::Variant;
use digitgan::picture::{Grid, TerminalStyle, preview};
use digitgan::sample::Sampler;
use digitgan::train::{Event, Snapshot, Training};
use digitgan::weights::GeneratorFile;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    // Threads and SIMD kernels of this machine; `None`: a thread for each processor.
    let device = Device::cpu(None)?;
    let generator = match arguments.next() {
        Some(path) => GeneratorFile::read(&path)?,
        None => trained(&device)?,
    };
    draw(&device, &generator, arguments.next().as_deref())
}

fn draw(device: &Device, generator: &GeneratorFile, picture: Option<&Path>) -> Result<(), Box<dyn Error>> {
    let labels: Vec<u8> = (0..generator.spec.classes as u8).collect();
    // Bytes, [labels, 28, 28]. The same seed draws the same digits, on any machine and any number of threads.
    let images = Sampler::new(device, generator)?.draw(1, &labels)?;
    println!("{}", preview(&images, 80, TerminalStyle::Shades)?);
    if let Some(path) = picture {
        Grid::new(5).draw(&images)?.write_png(path, &[])?;
    }
    Ok(())
}

/// A generator that was trained on a few of the built-in digits, all in memory.
fn trained(device: &Device) -> Result<GeneratorFile, Box<dyn Error>> {
    let digits = strokes::some(4_000, 0)?;
    // What is not said here is as `digitgan train` has it.
    let config = Layer { model: Some(Variant::Cgan), epochs: Some(6), ..Layer::default() }.config()?;
    let start = Snapshot::first(&config, digits.classes)?;
    let mut training = Training::new(config, &digits, device.clone(), start)?;
    // Another thread could set this to stop the training early.
    let stop = AtomicBool::new(false);
    training.run(&stop, &mut |event: &Event<'_>| {
        if let Event::Epoch { epoch, step, .. } = event {
            println!("epoch {epoch}: {step} steps done");
        }
        Ok(())
    })?;
    Ok(training.generator()?)
}

#[test]
fn a_generator_draws_the_same_from_its_file() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let [file, first, again] = ["g.safetensors", "1.png", "2.png"].map(|name| folder.path().join(name));
    let device = Device::cpu(None)?;
    let generator = trained(&device)?;
    draw(&device, &generator, Some(&first))?;
    generator.write(&file)?;
    draw(&device, &GeneratorFile::read(&file)?, Some(&again))?;
    assert_eq!(std::fs::read(first)?, std::fs::read(again)?);
    Ok(())
}
