//! The inner convolution in the Winograd domain, against the same naive convolution.

use crate::convolutions::{Map, naive_down, naive_up, naive_weights};
use crate::support::{assert_same_bits, assert_within, numbers};
use digitgan_kernels::shape::*;
use digitgan_kernels::winograd::*;
use digitgan_kernels::{Kernels, MapInput};

/// Products in the Winograd domain cancel where direct sums do not: see the module's page.
const TOLERANCE: f64 = 1e-5;
/// More than a tile's rows, and no multiple of them.
const IMAGES: usize = 11;
/// Numbers that nothing may depend on.
const RUBBISH: f32 = 1e9;

/// Maps and weights, and both walks' maps in the Winograd domain.
struct Case {
    up: Vec<f32>,
    down: Vec<f32>,
    weights: Vec<f32>,
}

impl Case {
    fn new() -> Self {
        Case { up: numbers(IMAGES * MIDDLE, 1), down: numbers(IMAGES * BOTTOM, 2), weights: numbers(INNER_WEIGHTS, 3) }
    }

    fn transformed_upper(&self, kernels: Kernels) -> Vec<f32> {
        let mut transformed = vec![RUBBISH; IMAGES * TRANSFORMED_UPPER];
        for (map, transformed) in self.up.chunks(MIDDLE).zip(transformed.chunks_mut(TRANSFORMED_UPPER)) {
            kernels.winograd_input_transform(MapInput::Plain(map), transformed);
        }
        transformed
    }

    fn transformed_lower(&self, kernels: Kernels) -> Vec<f32> {
        let mut transformed = vec![RUBBISH; IMAGES * TRANSFORMED_LOWER];
        for (map, transformed) in self.down.chunks(BOTTOM).zip(transformed.chunks_mut(TRANSFORMED_LOWER)) {
            kernels.winograd_output_adjoint(MapInput::Plain(map), transformed);
        }
        transformed
    }

    /// The convolution of the upper maps, down.
    fn walk_down(&self, kernels: Kernels) -> Vec<f32> {
        let mut weights = vec![RUBBISH; TRANSFORMED_WEIGHTS];
        kernels.winograd_filter_transform(&self.weights, &mut weights);
        let mut products = vec![RUBBISH; IMAGES * TRANSFORMED_LOWER];
        kernels.winograd_down(&self.transformed_upper(kernels), &weights, &mut products);
        let mut out = vec![RUBBISH; IMAGES * BOTTOM];
        for (products, out) in products.chunks(TRANSFORMED_LOWER).zip(out.chunks_mut(BOTTOM)) {
            kernels.winograd_output_transform(products, out);
        }
        out
    }

    /// The transposed convolution of the lower maps, up.
    fn walk_up(&self, kernels: Kernels) -> Vec<f32> {
        let (mut transposed, mut weights) = (vec![RUBBISH; INNER_WEIGHTS], vec![RUBBISH; TRANSFORMED_WEIGHTS]);
        transpose_filter_taps(&self.weights, &mut transposed);
        kernels.winograd_transposed_filter_transform(&transposed, &mut weights);
        let mut products = vec![RUBBISH; IMAGES * TRANSFORMED_UPPER];
        kernels.winograd_up(&self.transformed_lower(kernels), &weights, &mut products);
        let mut out = vec![RUBBISH; IMAGES * MIDDLE];
        for (products, out) in products.chunks(TRANSFORMED_UPPER).zip(out.chunks_mut(MIDDLE)) {
            kernels.winograd_input_adjoint(products, out);
        }
        out
    }

    /// The gradient of the weights for the images twice, added to `before`.
    fn weight_gradient(&self, kernels: Kernels, before: &[f32]) -> Vec<f32> {
        let (upper, lower) = (self.transformed_upper(kernels), self.transformed_lower(kernels));
        let mut transformed = vec![RUBBISH; TRANSFORMED_WEIGHTS];
        for adds in [false, true] {
            for (point, gradient) in transformed.chunks_mut(POINT_WEIGHTS).enumerate() {
                kernels.winograd_filter_gradient(&upper, &lower, point, adds, gradient);
            }
        }
        let mut gradient = before.to_vec();
        for (phase, taps) in phases(&mut gradient).into_iter().enumerate() {
            kernels.winograd_filter_adjoint(&transformed, phase, taps);
        }
        gradient
    }
}

#[test]
fn down_and_up() {
    let case = Case::new();
    let expected_down: Vec<f64> = case
        .up
        .chunks(MIDDLE)
        .flat_map(|up| naive_down(Map(up, MapLayout::MIDDLE), &case.weights, MapLayout::BOTTOM))
        .collect();
    let expected_up: Vec<f64> = case
        .down
        .chunks(BOTTOM)
        .flat_map(|down| naive_up(Map(down, MapLayout::BOTTOM), &case.weights, MapLayout::MIDDLE))
        .collect();
    for kernels in Kernels::available() {
        assert_within(TOLERANCE, "down", kernels, &case.walk_down(kernels), &expected_down);
        assert_within(TOLERANCE, "up", kernels, &case.walk_up(kernels), &expected_up);
    }
}

#[test]
fn weight_gradients() {
    let case = Case::new();
    let before = numbers(INNER_WEIGHTS, 4);
    let mut expected: Vec<f64> = before.iter().map(|&v| f64::from(v)).collect();
    for _ in 0..2 {
        for (up, down) in case.up.chunks(MIDDLE).zip(case.down.chunks(BOTTOM)) {
            naive_weights(Map(up, MapLayout::MIDDLE), Map(down, MapLayout::BOTTOM), &mut expected);
        }
    }
    for kernels in Kernels::available() {
        assert_within(TOLERANCE, "weight gradient", kernels, &case.weight_gradient(kernels, &before), &expected);
    }
}

#[test]
fn an_image_does_not_depend_on_its_neighbours() {
    let case = Case::new();
    let alone = Case { up: case.up[9 * MIDDLE..10 * MIDDLE].repeat(IMAGES), ..Case::new() };
    for kernels in Kernels::available() {
        let (among, alone) = (case.walk_down(kernels), alone.walk_down(kernels));
        assert_eq!(among[9 * BOTTOM..10 * BOTTOM], alone[..BOTTOM], "{kernels:?}");
    }
}

#[test]
fn instruction_sets_that_round_alike_agree_bit_for_bit() {
    let case = Case::new();
    let of_each =
        |kernels| (case.walk_down(kernels), case.walk_up(kernels), case.weight_gradient(kernels, &case.weights));
    let results: Vec<_> = Kernels::available().into_iter().map(|kernels| (kernels, of_each(kernels))).collect();
    assert_same_bits("the inner convolution", &results);
}
