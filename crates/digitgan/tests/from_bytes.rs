//! Digits from weights that are given as bytes, without a file: natively and in WebAssembly (`.ci/wasm` runs this under
//! Node), the same but for the rounding of a product and a sum that are not fused there.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test, which says what it measured")]

use digitgan::engine::{Device, DeviceSampler};
use digitgan::model::{LATENT, ModelSpec, TensorMap, Variant, initial_state};
use digitgan::sample::{self, Sampler};
use digitgan::seed::Purpose;
use digitgan::weights::GeneratorFile;

/// What AVX-512 drew natively: class 3 of seed 5 from these weights, as little-endian 32-bit floats, `[28, 28]`. Made by
/// `DIGITGAN_WRITE_FIXTURE=1 cargo test -p digitgan --test from_bytes`.
const NATIVE: &[u8] = include_bytes!("fixtures/drawn-natively.bin");
/// How far a number in [-1, 1] may be from the native one: sums are of up to 2048 products, each rounded to 24 bits.
const BOUND: f32 = 5e-6;

/// The bytes of a generator whose weights nobody trained, made larger so that its pictures have black and white.
fn generator_bytes() -> Vec<u8> {
    let spec = ModelSpec { variant: Variant::Cgan, classes: 10 };
    let names: Vec<String> = (0..10).map(|class: u8| class.to_string()).collect();
    let mut file = GeneratorFile::from_state(&initial_state(&spec, 1), spec, &names, "none", 0);
    enlarge(&mut file.tensors, "deconv2.weight", 4.0);
    enlarge(&mut file.tensors, "deconv3.weight", 40.0);
    file.to_bytes()
}

fn enlarge(tensors: &mut TensorMap, name: &str, by: f32) {
    tensors.get_mut(name).unwrap().values.iter_mut().for_each(|value| *value *= by);
}

#[test]
fn a_digit_drawn_from_bytes_is_the_native_one() {
    let file = GeneratorFile::from_bytes(&generator_bytes()).unwrap();
    let device = Device::cpu(None).unwrap();
    let mut sampler: DeviceSampler = device.sampler(&file.spec, &file.tensors).unwrap();
    let latents = sample::latents(5, Purpose::SampleLatent, 0, 1).unwrap();
    assert_eq!(latents.len(), LATENT);
    let mut image = vec![0.0; 784];
    sampler.generate(&latents, &[3], &mut image).unwrap();
    if std::env::var_os("DIGITGAN_WRITE_FIXTURE").is_some() {
        let bytes: Vec<u8> = image.iter().flat_map(|pixel| pixel.to_le_bytes()).collect();
        std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/drawn-natively.bin"), bytes).unwrap();
        return;
    }
    let native: Vec<f32> = NATIVE.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
    assert!(native.iter().any(|pixel| *pixel > 0.9) && native.iter().any(|pixel| *pixel < -0.9), "a picture of greys");
    let apart = image.iter().zip(&native).map(|(here, there)| (here - there).abs()).fold(0.0, f32::max);
    println!("{device}: at most {apart:e} from the native picture");
    assert!(apart <= BOUND, "{device}: {apart:e} from the native picture, more than {BOUND:e}");

    // And as bytes, through the front door.
    let drawn = Sampler::new(&device, &file).unwrap().draw(5, &[3]).unwrap();
    let bytes = native.iter().map(|&pixel| digitgan::pixel::to_byte(pixel));
    assert!(drawn.iter().zip(bytes).all(|(&here, there)| here.abs_diff(there) <= 1));
}
