//! Every kernel, on every instruction set of this machine, against its naive twin in f64.

use digitgan_kernels::shape::*;
use digitgan_kernels::*;
use proptest::prelude::*;

/// Largest allowed difference, relative to the largest value of the result. Sums have at most a few
/// thousand terms of size about one; f32 rounding stays well below this.
const TOLERANCE: f64 = 3e-6;

/// Deterministic numbers in [-1, 1) that are not all alike.
fn numbers(count: usize, seed: u64) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    (0..count)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 40) as f32 / (1u64 << 23) as f32 - 1.0
        })
        .collect()
}

/// Numbers laid out as `layout` says, with zeros in the ring.
fn padded(layout: MapLayout, images: usize, seed: u64) -> Vec<f32> {
    let inside = numbers(images * layout.side * layout.row(), seed);
    let mut out = vec![0.0; images * layout.elements()];
    for image in 0..images {
        for y in 0..layout.side {
            let from = (image * layout.side + y) * layout.row();
            let to = image * layout.elements() + layout.row_start(y);
            out[to..to + layout.row()].copy_from_slice(&inside[from..from + layout.row()]);
        }
    }
    out
}

const PADDED_PICTURE: MapLayout = MapLayout { side: IMAGE_SIDE, channels: 1, ring: 1 };

/// A map read as f64, zero outside.
struct Map<'a>(&'a [f32], MapLayout);

impl Map<'_> {
    fn at(&self, y: isize, x: isize, channel: usize) -> f64 {
        let side = self.1.side as isize;
        if y < 0 || x < 0 || y >= side || x >= side {
            return 0.0;
        }
        f64::from(self.0[self.1.row_start(y as usize) + x as usize * self.1.channels + channel])
    }
}

/// Calls `visit(lower y, lower x, upper y, upper x, tap)` for each pair of pixels that a 4×4, stride 2,
/// padding 1 convolution joins.
fn for_each_tap(lower_side: usize, mut visit: impl FnMut(usize, usize, isize, isize, usize)) {
    for y in 0..lower_side {
        for x in 0..lower_side {
            for i in 0..4 {
                for j in 0..4 {
                    visit(y, x, (2 * y + i) as isize - 1, (2 * x + j) as isize - 1, i * 4 + j);
                }
            }
        }
    }
}

fn naive_down(up: Map, weights: &[f32], lower: MapLayout) -> Vec<f64> {
    let (u, d) = (up.1.channels, lower.channels);
    let mut out = vec![0.0; lower.side * lower.row()];
    for_each_tap(lower.side, |y, x, up_y, up_x, tap| {
        for a in 0..u {
            for b in 0..d {
                out[(y * lower.side + x) * d + b] += up.at(up_y, up_x, a) * f64::from(weights[(tap * u + a) * d + b]);
            }
        }
    });
    out
}

fn naive_up(down: Map, weights: &[f32], upper: MapLayout) -> Vec<f64> {
    let (u, d) = (upper.channels, down.1.channels);
    let mut out = vec![0.0; upper.side * upper.row()];
    let side = upper.side as isize;
    for_each_tap(down.1.side, |y, x, up_y, up_x, tap| {
        if up_y < 0 || up_x < 0 || up_y >= side || up_x >= side {
            return;
        }
        for a in 0..u {
            for b in 0..d {
                out[(up_y * side + up_x) as usize * u + a] +=
                    down.at(y as isize, x as isize, b) * f64::from(weights[(tap * u + a) * d + b]);
            }
        }
    });
    out
}

fn naive_weights(up: Map, down: Map, out: &mut [f64]) {
    let (u, d) = (up.1.channels, down.1.channels);
    for_each_tap(down.1.side, |y, x, up_y, up_x, tap| {
        for a in 0..u {
            for b in 0..d {
                out[(tap * u + a) * d + b] += up.at(up_y, up_x, a) * down.at(y as isize, x as isize, b);
            }
        }
    });
}

fn assert_close(what: &str, kernels: Kernels, got: &[f32], expected: &[f64]) {
    assert_eq!(got.len(), expected.len(), "{what} on {kernels:?}");
    let size = expected.iter().fold(1e-30f64, |a, b| a.max(b.abs()));
    for (i, (&g, &e)) in got.iter().zip(expected).enumerate() {
        let error = (f64::from(g) - e).abs() / size;
        assert!(error <= TOLERANCE, "{what} on {kernels:?}: [{i}] is {g}, expected {e} (error {error:.1e})");
    }
}

#[test]
fn inner_convolution() {
    let up = padded(MapLayout::PADDED_MIDDLE, 1, 1);
    let down = padded(MapLayout::PADDED_BOTTOM, 1, 2);
    let weights = numbers(INNER_WEIGHTS, 3);
    let expected_down = naive_down(Map(&up, MapLayout::PADDED_MIDDLE), &weights, MapLayout::BOTTOM);
    let expected_up = naive_up(Map(&down, MapLayout::PADDED_BOTTOM), &weights, MapLayout::MIDDLE);
    let mut phases = vec![0.0; INNER_WEIGHTS];
    inner_phases(&weights, &mut phases);
    for kernels in Kernels::available() {
        let mut out = vec![f32::NAN; BOTTOM];
        kernels.inner_down(&up, &weights, &mut out);
        assert_close("inner_down", kernels, &out, &expected_down);
        let mut out = vec![f32::NAN; MIDDLE];
        kernels.inner_up(&down, &phases, &mut out);
        assert_close("inner_up", kernels, &out, &expected_up);
    }
}

#[test]
fn inner_weight_gradient_in_any_split() {
    const IMAGES: usize = 6; // one and a half blocks of images that are kept in cache
    let up = padded(MapLayout::PADDED_MIDDLE, IMAGES, 4);
    let down = padded(MapLayout::PADDED_BOTTOM, IMAGES, 5);
    let before = numbers(INNER_WEIGHTS, 6);
    let mut expected: Vec<f64> = before.iter().map(|&v| f64::from(v)).collect();
    for (up, down) in up.chunks(PADDED_MIDDLE).zip(down.chunks(PADDED_BOTTOM)) {
        naive_weights(Map(up, MapLayout::PADDED_MIDDLE), Map(down, MapLayout::PADDED_BOTTOM), &mut expected);
    }
    for kernels in Kernels::available() {
        let mut whole = before.clone();
        kernels.inner_weights(&up, &down, 0, &mut whole);
        assert_close("inner_weights", kernels, &whole, &expected);
        let mut split = before.clone();
        for (i, part) in split.chunks_mut(3 * INNER_WEIGHT_ROWS * BOTTOM_CHANNELS).enumerate() {
            kernels.inner_weights(&up, &down, i * 3 * INNER_WEIGHT_ROWS, part);
        }
        assert_eq!(whole, split, "{kernels:?}: a split changes bits");
    }
}

#[test]
fn outer_convolution() {
    const IMAGES: usize = 3;
    let up = padded(PADDED_PICTURE, IMAGES, 7);
    let down = numbers(IMAGES * MIDDLE, 8);
    let weights = numbers(OUTER_WEIGHTS, 9);
    let mut taps = vec![0.0; OUTER_WEIGHTS];
    transpose(&weights, TAPS, MIDDLE_CHANNELS, &mut taps);
    let expected_down = naive_down(Map(&up[..PADDED_IMAGE], PADDED_PICTURE), &weights, MapLayout::MIDDLE);
    let upper = MapLayout { ring: 0, ..PADDED_PICTURE };
    let inside = naive_up(Map(&down[..MIDDLE], MapLayout::MIDDLE), &weights, upper);
    let mut expected_up = vec![0.0; PADDED_IMAGE];
    for y in 0..IMAGE_SIDE {
        expected_up[PADDED_PICTURE.row_start(y)..][..IMAGE_SIDE]
            .copy_from_slice(&inside[y * IMAGE_SIDE..][..IMAGE_SIDE]);
    }
    let mut expected_weights = vec![0.0; OUTER_WEIGHTS];
    for (up, down) in up.chunks(PADDED_IMAGE).zip(down.chunks(MIDDLE)) {
        naive_weights(Map(up, PADDED_PICTURE), Map(down, MapLayout::MIDDLE), &mut expected_weights);
    }
    for kernels in Kernels::available() {
        let mut out = vec![f32::NAN; MIDDLE];
        kernels.outer_down(&up[..PADDED_IMAGE], &weights, &mut out);
        assert_close("outer_down", kernels, &out, &expected_down);
        let mut out = vec![0.0; PADDED_IMAGE];
        kernels.outer_up(&down[..MIDDLE], &taps, &mut out);
        assert_close("outer_up", kernels, &out, &expected_up);
        let mut out = vec![f32::NAN; OUTER_WEIGHTS];
        kernels.outer_weights(&up, &down, &mut out);
        assert_close("outer_weights", kernels, &out, &expected_weights);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn matrix_product_of_any_size(
        rows in 1usize..21, depth in 1usize..1100, strips in 1usize..4, by_columns: bool, accumulate: bool,
    ) {
        let columns = strips * COLUMN_STEP;
        let data = numbers(rows * depth, 10);
        let (row_step, column_step) = if by_columns { (1, rows) } else { (depth, 1) };
        let a = Strided { data: &data, row_step, column_step };
        let b = numbers(depth * columns, 11);
        let before = numbers(rows * columns, 12);
        let expected: Vec<f64> = (0..rows * columns)
            .map(|i| {
                let (m, n) = (i / columns, i % columns);
                let sum: f64 = (0..depth)
                    .map(|k| f64::from(data[m * row_step + k * column_step]) * f64::from(b[k * columns + n]))
                    .sum();
                sum + if accumulate { f64::from(before[i]) } else { 0.0 }
            })
            .collect();
        for kernels in Kernels::available() {
            let mut c = before.clone();
            kernels.matrix_product(a, &b, &mut c, columns, accumulate);
            assert_close("matrix_product", kernels, &c, &expected);
            // A row alone gives the same bits as among others.
            let mut last = before[(rows - 1) * columns..].to_vec();
            let alone = Strided { data: &data[(rows - 1) * row_step..], ..a };
            kernels.matrix_product(alone, &b, &mut last, columns, accumulate);
            prop_assert_eq!(&last, &c[(rows - 1) * columns..]);
        }
    }
}

#[test]
fn batch_normalisation() {
    for (layout, flat) in [
        (MapLayout::PADDED_MIDDLE, MapLayout::MIDDLE),
        (MapLayout::PADDED_BOTTOM, MapLayout::BOTTOM),
        (MapLayout::BOTTOM, MapLayout::BOTTOM),
    ] {
        let c = layout.channels;
        let (map, gradient) = (numbers(flat.elements(), 13), numbers(flat.elements(), 14));
        let (mean, shift) = (numbers(c, 15), numbers(c, 16));
        let [inverse_std, scale, constant, slope] = [17, 18, 19, 20].map(|seed| numbers(c, seed));
        let norm = Normalisation { mean: &mean, inverse_std: &inverse_std, scale: &scale, shift: &shift };
        let wide = |v: f32| f64::from(v);
        let z = |i: usize| wide(map[i]) * wide(scale[i % c]) + wide(shift[i % c]);
        let dz = |i: usize| if z(i) > 0.0 { wide(gradient[i]) } else { 0.0 };
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
        let expected_h = place((0..map.len()).map(|i| z(i).max(0.0)).collect());
        let expected_dy = place(
            (0..map.len())
                .map(|i| wide(scale[i % c]) * dz(i) - wide(constant[i % c]) - wide(slope[i % c]) * wide(map[i]))
                .collect(),
        );
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
            kernels.normalise_gradient(&map, &gradient, norm, terms, &mut out, layout);
            assert_close("normalise_gradient", kernels, &out, &expected_dy);
        }
    }
}

#[test]
fn relu_and_tanh_let_a_nan_through() {
    let ones = [1.0; BOTTOM_CHANNELS];
    let norm = Normalisation { mean: &ones, inverse_std: &ones, scale: &ones, shift: &ones };
    let mut map = numbers(BOTTOM, 21);
    map[100] = f32::NAN;
    for kernels in Kernels::available() {
        let mut out = vec![0.0; BOTTOM];
        kernels.normalise_relu(&map, norm, &mut out, MapLayout::BOTTOM);
        assert_eq!(out.iter().filter(|v| v.is_nan()).count(), 1, "{kernels:?}");
        let mut values = [0.5, f32::NAN, f32::INFINITY, f32::NEG_INFINITY];
        kernels.tanh(0.0, &mut values);
        assert!(values[1].is_nan() && values[2] == 1.0 && values[3] == -1.0, "{kernels:?}: {values:?}");
    }
}

#[test]
fn tanh_everywhere() {
    let inputs: Vec<f32> = (-120_000..120_000).map(|i| i as f32 * 1e-4).collect();
    for kernels in Kernels::available() {
        let mut values = inputs.clone();
        kernels.tanh(0.25, &mut values);
        for (x, y) in inputs.iter().zip(&values) {
            let expected = (f64::from(*x) + 0.25).tanh();
            assert!((f64::from(*y) - expected).abs() < 3e-7, "{kernels:?}: tanh({x} + 0.25) = {y}, not {expected}");
        }
    }
}

#[test]
fn a_matrix_is_transposed_whole_and_in_parts() {
    const ROWS: usize = 21;
    const COLUMNS: usize = 37;
    let matrix = numbers(ROWS * COLUMNS, 30);
    let mut whole = vec![0.0; ROWS * COLUMNS];
    transpose(&matrix, ROWS, COLUMNS, &mut whole);
    for (i, &value) in matrix.iter().enumerate() {
        assert_eq!(whole[i % COLUMNS * ROWS + i / COLUMNS], value);
    }
    let mut part = vec![0.0; 5 * ROWS];
    transpose_columns(&matrix, ROWS, COLUMNS, 30, &mut part);
    assert_eq!(part, whole[30 * ROWS..35 * ROWS]);
}

#[test]
fn vectors() {
    for length in [1, 15, 16, 17, 128, 3136] {
        let (a, b) = (numbers(length, 22), numbers(length, 23));
        let expected: f64 = a.iter().zip(&b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum();
        let expected_sum: Vec<f64> = a.iter().zip(&b).map(|(&a, &b)| 0.5 * f64::from(a) + f64::from(b)).collect();
        for kernels in Kernels::available() {
            let got = kernels.dot(&a, &b);
            assert!((f64::from(got) - expected).abs() < 1e-5 * (length as f64).sqrt(), "{kernels:?} at {length}");
            let mut sum = b.clone();
            kernels.add_scaled(0.5, &a, &mut sum);
            assert_close("add_scaled", kernels, &sum, &expected_sum);
            let mut gradient = b.clone();
            let total = kernels.tanh_gradient(&a, &mut gradient);
            let slope = |v: f32| 1.0 - f64::from(v) * f64::from(v);
            let expected: Vec<f64> = a.iter().zip(&b).map(|(&a, &b)| f64::from(b) * slope(a)).collect();
            assert_close("tanh_gradient", kernels, &gradient, &expected);
            let error = (f64::from(total) - expected.iter().sum::<f64>()).abs();
            assert!(error < 1e-5 * (length as f64).sqrt(), "{kernels:?} at {length}: {error}");
        }
    }
}

#[test]
fn adam_steps_and_sees_what_is_not_finite() {
    const LENGTH: usize = 64;
    for kernels in Kernels::available() {
        let mut parameters = numbers(LENGTH, 24);
        let (mut first, mut second) = (vec![0.0; LENGTH], vec![0.0; LENGTH]);
        let mut expected: Vec<[f64; 3]> = parameters.iter().map(|&p| [f64::from(p), 0.0, 0.0]).collect();
        for step in 1..=10u64 {
            let mut gradients = numbers(LENGTH, 100 + step);
            gradients[0] = 0.0;
            gradients[1] *= 1e-12;
            let constants = AdamStep::new(1e-3, 0.5, 0.999, 1e-8, step);
            assert!(kernels.adam(constants, &mut parameters, &gradients, &mut first, &mut second));
            for ([p, m, v], &g) in expected.iter_mut().zip(&gradients) {
                let g = f64::from(g);
                *m = 0.5 * *m + 0.5 * g;
                *v = 0.999 * *v + 0.001 * g * g;
                let (m, v) = (*m / (1.0 - 0.5f64.powf(step as f64)), *v / (1.0 - 0.999f64.powf(step as f64)));
                *p -= 1e-3 * m / (v.sqrt() + 1e-8);
            }
        }
        let expected: Vec<f64> = expected.iter().map(|[p, ..]| *p).collect();
        assert_close("adam", kernels, &parameters, &expected);
        for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let mut gradients = numbers(LENGTH, 25);
            gradients[LENGTH - 1] = bad;
            let constants = AdamStep::new(1e-3, 0.5, 0.999, 1e-8, 11);
            assert!(!kernels.adam(
                constants,
                &mut parameters.clone(),
                &gradients,
                &mut first.clone(),
                &mut second.clone()
            ));
        }
    }
}

#[test]
fn fused_instruction_sets_agree_bit_for_bit() {
    let up = padded(MapLayout::PADDED_MIDDLE, 1, 26);
    let weights = numbers(INNER_WEIGHTS, 27);
    let results: Vec<Vec<f32>> = Kernels::available()
        .into_iter()
        .filter(|kernels| kernels.name() != "scalar")
        .map(|kernels| {
            let mut out = vec![0.0; BOTTOM];
            kernels.inner_down(&up, &weights, &mut out);
            out
        })
        .collect();
    assert!(results.windows(2).all(|pair| pair[0] == pair[1]));
}
