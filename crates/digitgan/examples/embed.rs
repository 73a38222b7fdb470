//! A generator inside another program, here a clock that writes the time by hand into the terminal:
//!
//!     cargo run --release --example embed [HH:MM]
//!
//! No file, no network, no training: the generator is part of the library, and no feature of it is needed.
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use digitgan::IMAGE_SIDE;
use digitgan::built_in::BuiltIn;
use digitgan::engine::Device;
use digitgan::sample::Sampler;
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let time = std::env::args().nth(1).unwrap_or_else(|| "23:59".to_owned());
    println!("{}", written(&time, 7)?);
    Ok(())
}

/// The digits of a text side by side, in letters that are as dark as their ink.
fn written(text: &str, seed: u64) -> Result<String, Box<dyn Error>> {
    let digits: Vec<u8> = text.chars().filter_map(|letter| Some(letter.to_digit(10)? as u8)).collect();
    // One thread is enough for some digits. The same seed draws the same, on any machine.
    let images = Sampler::new(&Device::cpu(Some(1))?, &BuiltIn::Acgan.generator())?.draw(seed, &digits)?;
    let letter = |grey: &u8| [' ', '.', '+', '#'][usize::from(grey / 64)];
    let row =
        |y: usize| images.chunks(IMAGE_SIDE).skip(y).step_by(IMAGE_SIDE).flatten().map(letter).collect::<String>();
    Ok((0..IMAGE_SIDE).map(row).collect::<Vec<_>>().join("\n"))
}

#[test]
fn digits_stand_side_by_side() -> Result<(), Box<dyn Error>> {
    let text = written("1:0", 7)?;
    assert_eq!((text.lines().count(), text.lines().next().map(str::len)), (28, Some(56)));
    assert!(text.contains('#') && written("1:0", 7)? == text && written("1:0", 8)? != text);
    assert!(written("none", 7).is_ok());
    Ok(())
}
