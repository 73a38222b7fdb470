//! Batch normalisation with ReLU, alone and while a map is read.

use crate::support::{assert_close, numbers};
use digitgan_kernels::shape::*;
use digitgan_kernels::winograd::{TRANSFORMED_LOWER, TRANSFORMED_UPPER};
use digitgan_kernels::{GradientTerms, Kernels, MapInput, Normalisation};

#[test]
fn batch_normalisation() {
    for (layout, flat, leak) in [
        (MapLayout::MIDDLE, MapLayout::MIDDLE, 0.0),
        (MapLayout::PADDED_BOTTOM, MapLayout::BOTTOM, 0.0),
        (MapLayout::BOTTOM, MapLayout::BOTTOM, 0.0),
        (MapLayout::MIDDLE, MapLayout::MIDDLE, 0.2),
        (MapLayout::BOTTOM, MapLayout::BOTTOM, 0.2),
    ] {
        let c = layout.channels;
        let (map, gradient) = (numbers(flat.elements(), 13), numbers(flat.elements(), 14));
        let (mean, shift) = (numbers(c, 15), numbers(c, 16));
        let [inverse_std, scale, constant, slope] = [17, 18, 19, 20].map(|seed| numbers(c, seed));
        let norm = Normalisation { mean: &mean, inverse_std: &inverse_std, scale: &scale, shift: &shift, leak };
        let wide = |v: f32| f64::from(v);
        let z = |i: usize| wide(map[i]) * wide(scale[i % c]) + wide(shift[i % c]);
        let dz = |i: usize| wide(gradient[i]) * if z(i) > 0.0 { 1.0 } else { wide(leak) };
        let place = |values: Vec<f64>| {
            let mut out = vec![0.0; layout.elements()];
            for y in 0..layout.side {
                out[layout.row_start(y)..][..layout.row()].copy_from_slice(&values[y * layout.row()..][..layout.row()]);
            }
            out
        };
        let sum = |term: &dyn Fn(usize) -> f64| -> Vec<f64> {
            (0..c).map(|channel| (channel..map.len()).step_by(c).map(term).sum()).collect()
        };
        let expected_sums = [sum(&|i| wide(map[i])), sum(&|i| wide(map[i]) * wide(map[i]))].concat();
        let normalised = |i: usize| (wide(map[i]) - wide(mean[i % c])) * wide(inverse_std[i % c]);
        let expected_gradient_sums = [sum(&dz), sum(&|i| dz(i) * normalised(i))].concat();
        let expected_h = place((0..map.len()).map(|i| z(i).max(wide(leak) * z(i))).collect());
        let expected_dy: Vec<f64> = (0..map.len())
            .map(|i| wide(scale[i % c]) * dz(i) - wide(constant[i % c]) - wide(slope[i % c]) * wide(map[i]))
            .collect();
        for kernels in Kernels::available() {
            let mut sums = vec![f32::NAN; 2 * c];
            kernels.channel_sums(&map, &mut sums);
            assert_close("channel_sums", kernels, &sums, &expected_sums);
            kernels.gradient_sums(&map, &gradient, norm, &mut sums);
            assert_close("gradient_sums", kernels, &sums, &expected_gradient_sums);
            let mut out = vec![0.0; layout.elements()];
            kernels.normalise_relu(&map, norm, &mut out, layout);
            assert_close("normalise_relu", kernels, &out, &expected_h);
            let terms = GradientTerms { constant: &constant, slope: &slope };
            let mut dy = vec![f32::NAN; map.len()];
            kernels.normalise_gradient(&map, &gradient, norm, terms, &mut dy);
            assert_close("normalise_gradient", kernels, &dy, &expected_dy);
        }
    }
}

/// A map that is normalised while it is read gives the bits of one that is normalised before.
#[test]
fn while_a_map_is_read() {
    for (elements, channels, upper) in [(MIDDLE, MIDDLE_CHANNELS, true), (BOTTOM, BOTTOM_CHANNELS, false)] {
        let (map, gradient) = (numbers(elements, 40), numbers(elements, 41));
        let [mean, inverse_std, scale, shift, constant, slope] =
            [42, 43, 44, 45, 46, 47].map(|seed| numbers(channels, seed));
        let norm = Normalisation { mean: &mean, inverse_std: &inverse_std, scale: &scale, shift: &shift, leak: 0.1 };
        let terms = GradientTerms { constant: &constant, slope: &slope };
        for kernels in Kernels::available() {
            let transformed = |input: MapInput<'_>| {
                let mut transformed = vec![0.0; if upper { TRANSFORMED_UPPER } else { TRANSFORMED_LOWER }];
                if upper {
                    kernels.winograd_input_transform(input, &mut transformed);
                } else {
                    kernels.winograd_output_adjoint(input, &mut transformed);
                }
                transformed
            };
            let mut before = vec![0.0; elements];
            let layout = if upper { MapLayout::MIDDLE } else { MapLayout::BOTTOM };
            kernels.normalise_relu(&map, norm, &mut before, layout);
            assert_eq!(transformed(MapInput::Plain(&before)), transformed(MapInput::NormaliseRelu { map: &map, norm }));
            kernels.normalise_gradient(&map, &gradient, norm, terms, &mut before);
            let input = MapInput::NormaliseGradient { map: &map, gradient: &gradient, norm, terms };
            assert_eq!(transformed(MapInput::Plain(&before)), transformed(input), "{kernels:?}");
        }
    }
}
