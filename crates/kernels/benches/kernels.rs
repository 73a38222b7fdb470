//! Speed of each kernel on each instruction set of this machine; an item is a floating-point operation,
//! so the item throughput is FLOP/s.

use digitgan_kernels::shape::*;
use digitgan_kernels::*;
use divan::Bencher;
use divan::counter::ItemsCount;

fn main() {
    divan::main();
}

fn levels() -> Vec<&'static str> {
    Kernels::available().into_iter().map(Kernels::name).collect()
}

fn kernels(name: &str) -> Kernels {
    Kernels::named(name).expect("listed as available")
}

const INNER_FLOP: usize = 2 * BOTTOM_SIDE * BOTTOM_SIDE * INNER_WEIGHTS;
const OUTER_FLOP: usize = 2 * MIDDLE_SIDE * MIDDLE_SIDE * OUTER_WEIGHTS;
const IMAGES: usize = 16;

#[divan::bench(args = levels())]
fn inner_down(bencher: Bencher, level: &str) {
    let (up, weights) = (vec![0.5; PADDED_MIDDLE], vec![0.5; INNER_WEIGHTS]);
    let mut down = vec![0.0; BOTTOM];
    bencher.counter(ItemsCount::new(INNER_FLOP)).bench_local(|| kernels(level).inner_down(&up, &weights, &mut down));
}

#[divan::bench(args = levels())]
fn inner_up(bencher: Bencher, level: &str) {
    let (down, phases) = (vec![0.5; PADDED_BOTTOM], vec![0.5; INNER_WEIGHTS]);
    let mut up = vec![0.0; MIDDLE];
    bencher.counter(ItemsCount::new(INNER_FLOP)).bench_local(|| kernels(level).inner_up(&down, &phases, &mut up));
}

#[divan::bench(args = levels())]
fn inner_weights(bencher: Bencher, level: &str) {
    let (up, down) = (vec![0.5; IMAGES * PADDED_MIDDLE], vec![0.5; IMAGES * PADDED_BOTTOM]);
    let mut gradient = vec![0.0; INNER_WEIGHTS];
    bencher
        .counter(ItemsCount::new(IMAGES * INNER_FLOP))
        .bench_local(|| kernels(level).inner_weights(&up, &down, 0, &mut gradient));
}

#[divan::bench(args = levels())]
fn outer_down(bencher: Bencher, level: &str) {
    let (up, weights) = (vec![0.5; PADDED_IMAGE], vec![0.5; OUTER_WEIGHTS]);
    let mut down = vec![0.0; MIDDLE];
    bencher.counter(ItemsCount::new(OUTER_FLOP)).bench_local(|| kernels(level).outer_down(&up, &weights, &mut down));
}

#[divan::bench(args = levels())]
fn outer_up(bencher: Bencher, level: &str) {
    let (down, taps) = (vec![0.5; MIDDLE], vec![0.5; OUTER_WEIGHTS]);
    let mut up = vec![0.0; PADDED_IMAGE];
    bencher.counter(ItemsCount::new(OUTER_FLOP)).bench_local(|| kernels(level).outer_up(&down, &taps, &mut up));
}

#[divan::bench(args = levels())]
fn outer_weights(bencher: Bencher, level: &str) {
    let (up, down) = (vec![0.5; IMAGES * PADDED_IMAGE], vec![0.5; IMAGES * MIDDLE]);
    let mut gradient = vec![0.0; OUTER_WEIGHTS];
    bencher
        .counter(ItemsCount::new(IMAGES * OUTER_FLOP))
        .bench_local(|| kernels(level).outer_weights(&up, &down, &mut gradient));
}

/// The class head's hidden layer for 16 images: `[16, 3136] · [3136, 128]`.
#[divan::bench(args = levels())]
fn matrix_product_deep(bencher: Bencher, level: &str) {
    let (a, b) = (vec![0.5; 16 * BOTTOM], vec![0.5; BOTTOM * 128]);
    let mut c = vec![0.0; 16 * 128];
    let a = Strided { data: &a, row_step: BOTTOM, column_step: 1 };
    bencher
        .counter(ItemsCount::new(2 * 16 * BOTTOM * 128))
        .bench_local(|| kernels(level).matrix_product(a, &b, &mut c, 128, false));
}

/// G's first layer for 16 images: `[16, 110] · [110, 3136]`.
#[divan::bench(args = levels())]
fn matrix_product_wide(bencher: Bencher, level: &str) {
    let (a, b) = (vec![0.5; 16 * 110], vec![0.5; 110 * BOTTOM]);
    let mut c = vec![0.0; 16 * BOTTOM];
    let a = Strided { data: &a, row_step: 110, column_step: 1 };
    bencher
        .counter(ItemsCount::new(2 * 16 * 110 * BOTTOM))
        .bench_local(|| kernels(level).matrix_product(a, &b, &mut c, BOTTOM, false));
}

#[divan::bench(args = levels())]
fn normalise_relu(bencher: Bencher, level: &str) {
    let (map, vector) = (vec![0.5; MIDDLE], vec![0.5; MIDDLE_CHANNELS]);
    let norm = Normalisation { mean: &vector, inverse_std: &vector, scale: &vector, shift: &vector };
    let mut out = vec![0.0; PADDED_MIDDLE];
    bencher
        .counter(ItemsCount::new(MIDDLE))
        .bench_local(|| kernels(level).normalise_relu(&map, norm, &mut out, MapLayout::PADDED_MIDDLE));
}

#[divan::bench(args = levels())]
fn tanh(bencher: Bencher, level: &str) {
    let mut values = vec![0.3; IMAGE_SIDE * IMAGE_SIDE];
    bencher.counter(ItemsCount::new(values.len())).bench_local(|| kernels(level).tanh(0.0, &mut values));
}

#[divan::bench(args = levels())]
fn adam(bencher: Bencher, level: &str) {
    const LENGTH: usize = 400_000;
    let gradients = vec![0.5; LENGTH];
    let (mut p, mut m, mut v) = (vec![0.5; LENGTH], vec![0.0; LENGTH], vec![0.0; LENGTH]);
    let step = AdamStep::new(1e-3, 0.5, 0.999, 1e-8, 10);
    bencher
        .counter(ItemsCount::new(LENGTH))
        .bench_local(|| kernels(level).adam(step, &mut p, &gradients, &mut m, &mut v));
}

#[divan::bench(args = levels())]
fn points_down(bencher: Bencher, level: &str) {
    let (upper, weights) = (vec![0.5; winograd::UPPER_POINTS], vec![0.5; winograd::WEIGHT_POINTS]);
    let mut lower = vec![0.0; winograd::LOWER_POINTS];
    bencher
        .counter(ItemsCount::new(POINTS_FLOP))
        .bench_local(|| kernels(level).points_down(&upper, &weights, &mut lower));
}

#[divan::bench(args = levels())]
fn points_up(bencher: Bencher, level: &str) {
    let (lower, weights) = (vec![0.5; winograd::LOWER_POINTS], vec![0.5; winograd::WEIGHT_POINTS]);
    let mut upper = vec![0.0; winograd::UPPER_POINTS];
    bencher
        .counter(ItemsCount::new(POINTS_FLOP))
        .bench_local(|| kernels(level).points_up(&lower, &weights, &mut upper));
}

#[divan::bench(args = levels())]
fn points_weights(bencher: Bencher, level: &str) {
    let (upper, lower) = (vec![0.5; 8 * winograd::UPPER_POINTS], vec![0.5; 8 * winograd::LOWER_POINTS]);
    let mut gradient = vec![0.0; winograd::WEIGHT_POINTS];
    bencher.counter(ItemsCount::new(8 * POINTS_FLOP)).bench_local(|| {
        for (panel, gradient) in gradient.chunks_exact_mut(winograd::WEIGHT_PANEL).enumerate() {
            kernels(level).points_weights(&upper, &lower, panel, gradient);
        }
    });
}

const POINTS_FLOP: usize = 2 * 8 * 81 * 128 * 64;

#[divan::bench(args = levels())]
fn upper_to_points(bencher: Bencher, level: &str) {
    let map = vec![0.5; MIDDLE];
    let mut points = vec![0.0; winograd::UPPER_POINTS];
    bencher.bench_local(|| for i in 0..8 { kernels(level).upper_to_points(MapInput::Plain(&map), i, &mut points) });
}

#[divan::bench(args = levels())]
fn points_to_upper(bencher: Bencher, level: &str) {
    let mut map = vec![0.5; MIDDLE];
    let points = vec![0.0; winograd::UPPER_POINTS];
    bencher.bench_local(|| for i in 0..8 { kernels(level).points_to_upper(&points, i, &mut map) });
}

#[divan::bench(args = levels())]
fn lower_to_points(bencher: Bencher, level: &str) {
    let map = vec![0.5; BOTTOM];
    let mut points = vec![0.0; winograd::LOWER_POINTS];
    bencher.bench_local(|| for i in 0..8 { kernels(level).lower_to_points(MapInput::Plain(&map), i, &mut points) });
}

#[divan::bench(args = levels())]
fn points_to_lower(bencher: Bencher, level: &str) {
    let mut map = vec![0.5; BOTTOM];
    let points = vec![0.0; winograd::LOWER_POINTS];
    bencher.bench_local(|| for i in 0..8 { kernels(level).points_to_lower(&points, i, &mut map) });
}

#[divan::bench(args = levels())]
fn weights_to_points(bencher: Bencher, level: &str) {
    let (weights, mut points) = (vec![0.5; INNER_WEIGHTS], vec![0.0; winograd::WEIGHT_POINTS]);
    bencher.bench_local(|| kernels(level).weights_to_points(&weights, &mut points));
}

#[divan::bench(args = levels())]
fn points_to_weights(bencher: Bencher, level: &str) {
    let (mut weights, points) = (vec![0.5; INNER_WEIGHTS], vec![0.0; winograd::WEIGHT_POINTS]);
    bencher.bench_local(|| kernels(level).points_to_weights(&points, &mut weights));
}
