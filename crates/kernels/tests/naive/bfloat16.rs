//! Products in bfloat16 against plain sums over rounded numbers.

use crate::support::{assert_same_bits, assert_within, numbers};
use digitgan_kernels::Kernels;
use digitgan_kernels::winograd::*;

/// More than a tile's rows, and no multiple of them.
const IMAGES: usize = 11;
const PRODUCTS: usize = 81;
const UPPER: usize = TRANSFORMED_UPPER / PRODUCTS;
const LOWER: usize = TRANSFORMED_LOWER / PRODUCTS;
const UPPER_CHANNELS: usize = 128;
const LOWER_CHANNELS: usize = 64;
const PANEL: usize = 32;
const RUBBISH: u32 = 0x4242_4242;

/// The nearest of all bfloat16, by trying the two around it.
fn nearest(value: f32) -> f32 {
    let below = f32::from_bits(value.to_bits() & 0xffff_0000);
    let above = f32::from_bits((value.to_bits() & 0xffff_0000) + 0x1_0000);
    let (to_below, to_above) = ((value - below).abs(), (above - value).abs());
    let even = below.to_bits() & 0x1_0000 == 0;
    if to_below < to_above || (to_below == to_above && even) { below } else { above }
}

/// The point that each product belongs to, counted `5y + x`: tiles of four meet all points of an axis, tiles of three all
/// but the middle one.
fn point_of_product() -> Vec<usize> {
    let tiles = [2, 2, 1, 2, 2];
    (0..25).flat_map(|point| std::iter::repeat_n(point, tiles[point / 5] * tiles[point % 5])).collect()
}

/// `rows · weights` at every point, in 64 bits over rounded numbers; where nothing is written there are zeros.
fn plain(rows: &[f32], depth: usize, weights: &[f32], columns: usize) -> Vec<f64> {
    let (row, out_row, point_weights) = (depth + 16, columns + 16, weights.len() / 25);
    let mut out = vec![0.0; rows.len() / row * out_row];
    let points = point_of_product();
    for (place, (row, out)) in rows.chunks(row).zip(out.chunks_mut(out_row)).enumerate() {
        let weights = &weights[points[place % PRODUCTS] * point_weights..];
        for (column, out) in out[..columns].iter_mut().enumerate() {
            let panel = &weights[column / PANEL * depth * PANEL..];
            for (k, &value) in row[..depth].iter().enumerate() {
                *out += f64::from(nearest(value)) * f64::from(nearest(panel[k * PANEL + column % PANEL]));
            }
        }
    }
    out
}

/// What the kernels make of it, with zeros in the gaps.
fn packed(kernels: Kernels, down: bool, rows: &[f32], weights: &[f32]) -> Vec<f32> {
    let mut packed_weights = vec![RUBBISH; PACKED_WEIGHTS];
    kernels.pack_weights(weights, &mut packed_weights);
    if down {
        let (mut words, mut out) = (vec![RUBBISH; IMAGES * PACKED_UPPER], vec![0.0; IMAGES * TRANSFORMED_LOWER]);
        kernels.pack_upper(rows, &mut words);
        kernels.packed_winograd_down(&words, &packed_weights, &mut out);
        out
    } else {
        let (mut words, mut out) = (vec![RUBBISH; IMAGES * PACKED_LOWER], vec![0.0; IMAGES * TRANSFORMED_UPPER]);
        kernels.pack_lower(rows, &mut words);
        kernels.packed_winograd_up(&words, &packed_weights, &mut out);
        out
    }
}

#[test]
fn products_are_those_of_rounded_numbers_and_the_same_bits_with_and_without_the_instruction() {
    let weights = numbers(TRANSFORMED_WEIGHTS, 1);
    for (down, row, depth, columns) in
        [(true, UPPER, UPPER_CHANNELS, LOWER_CHANNELS), (false, LOWER, LOWER_CHANNELS, UPPER_CHANNELS)]
    {
        let rows = numbers(IMAGES * PRODUCTS * row, 2);
        let expected = plain(&rows, depth, &weights, columns);
        let results: Vec<_> =
            Kernels::available().into_iter().map(|kernels| (kernels, packed(kernels, down, &rows, &weights))).collect();
        for (kernels, result) in &results {
            assert_within(1e-6, "products", *kernels, result, &expected);
        }
        assert_same_bits(if down { "down" } else { "up" }, &results);
    }
}

#[test]
fn what_is_no_ordinary_number_stays_what_it_is_and_what_is_too_small_becomes_zero() {
    let mut weights = vec![0.0; TRANSFORMED_WEIGHTS];
    // The first word of the first point: its second number is the next row's.
    for kernels in Kernels::available() {
        for (value, expected) in [
            (1.0, 1.0),
            (-0.0, -0.0),
            (f32::INFINITY, f32::INFINITY),
            (f32::NEG_INFINITY, f32::NEG_INFINITY),
            (f32::MAX, f32::INFINITY),
            (1e-40, 0.0),
            (1.0 + 1.0 / 256.0, 1.0),
            (1.0 + 3.0 / 256.0, 1.015_625),
        ] {
            weights[0] = value;
            weights[PANEL] = -2.0;
            let mut words = vec![RUBBISH; PACKED_WEIGHTS];
            kernels.pack_weights(&weights, &mut words);
            assert_eq!(f32::from_bits(words[0] << 16).to_bits(), f32::to_bits(expected), "{kernels:?}: {value}");
            assert_eq!(f32::from_bits(words[0] & 0xffff_0000), -2.0, "{kernels:?}: {value}");
        }
        weights[0] = f32::from_bits(0x7fff_ffff);
        let mut words = vec![RUBBISH; PACKED_WEIGHTS];
        kernels.pack_weights(&weights, &mut words);
        assert!(f32::from_bits(words[0] << 16).is_nan(), "{kernels:?}");
    }
}
