//! Weights and data from an integer hash: `reference/README.md` states the rules.

use crate::{Batch, CLASSES, LATENT, PIXELS};

/// A weight's first values, in PyTorch's layout.
pub fn weights(name: &str, shape: &[usize]) -> Vec<f32> {
    let (centre, deviation) = distribution(name, shape);
    uniform(name, shape.iter().product()).map(|u| (centre + (2.0 * u - 1.0) * deviation) as f32).collect()
}

/// The middle and half the width of the interval that a weight is drawn from.
fn distribution(name: &str, shape: &[usize]) -> (f64, f64) {
    let fan_in = shape.last().copied().unwrap_or(1) as f64;
    match name {
        _ if name.ends_with(".bias") => (0.0, 0.1),
        _ if name.contains(".bn") => (1.0, 0.1),
        _ if name.contains("class_hidden") || name.contains("class_output") => (0.0, 1.0 / fan_in.sqrt()),
        _ if name.contains("class_embedding") => (0.0, 1.0),
        _ => (0.0, 0.05),
    }
}

/// The data of step `step`.
pub fn batch(prefix: &str, step: usize, batch: usize) -> Batch {
    let name = |what: &str| format!("{prefix}step{step}.{what}");
    let classes = |what| uniform(&name(what), batch).map(|u| (u * CLASSES as f64).floor() as u32).collect();
    Batch {
        images: uniform(&name("real"), batch * PIXELS).map(|u| (2.0 * u - 1.0) as f32).collect(),
        labels: classes("labels"),
        latents: uniform(&name("z"), batch * LATENT).map(|u| ((u - 0.5) * 3.4641) as f32).collect(),
        fake_labels: classes("fake_labels"),
    }
}

/// `count` numbers in [0, 1), a function of the name and the index.
fn uniform(name: &str, count: usize) -> impl Iterator<Item = f64> {
    let id = u64::from(tensor_id(name)) << 32;
    (0..count as u64).map(move |index| (mix(id | index) >> 40) as f64 / (1u64 << 24) as f64)
}

/// FNV-1a of the name.
fn tensor_id(name: &str) -> u32 {
    name.bytes().fold(0x811C_9DC5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

/// SplitMix64.
fn mix(x: u64) -> u64 {
    let z = x.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_that_of_the_reference() {
        assert_eq!(tensor_id("generator.deconv1.weight"), 2_194_158_770);
        let first: Vec<f64> = uniform("generator.deconv1.weight", 4).collect();
        let expected = [374_476.0, 2_348_592.0, 16_072_517.0, 5_732_987.0].map(|n| n / f64::from(1 << 24));
        assert_eq!(first, expected);
    }
}
