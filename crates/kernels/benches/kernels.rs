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
fn inner_up(bencher: Bencher, level: &str) {
    let (down, phases) = (vec![0.5; PADDED_BOTTOM], vec![0.5; INNER_WEIGHTS]);
    let mut up = vec![0.0; MIDDLE];
    bencher.counter(ItemsCount::new(INNER_FLOP)).bench_local(|| kernels(level).inner_up(&down, &phases, &mut up));
}

#[divan::bench(args = levels())]
fn outer_down(bencher: Bencher, level: &str) {
    let (up, weights) = (vec![0.5; PADDED_IMAGE], vec![0.5; OUTER_WEIGHTS]);
    let mut down = vec![0.0; MIDDLE];
    bencher.counter(ItemsCount::new(OUTER_FLOP)).bench_local(|| kernels(level).outer_down(&up, &weights, &mut down));
}

#[divan::bench(args = levels())]
fn outer_up(bencher: Bencher, level: &str) {
    let (down, transposed) = (vec![0.5; MIDDLE], vec![0.5; OUTER_WEIGHTS]);
    let mut up = vec![0.0; PADDED_IMAGE];
    bencher.counter(ItemsCount::new(OUTER_FLOP)).bench_local(|| kernels(level).outer_up(&down, &transposed, &mut up));
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
    let (a, b) = (vec![0.5; IMAGES * BOTTOM], vec![0.5; BOTTOM * 128]);
    let mut c = vec![0.0; IMAGES * 128];
    bencher
        .counter(ItemsCount::new(2 * IMAGES * BOTTOM * 128))
        .bench_local(|| kernels(level).matrix_product(&a, &b, &mut c, 128));
}

/// G's first layer for 16 images: `[16, 110] · [110, 3136]`.
#[divan::bench(args = levels())]
fn matrix_product_wide(bencher: Bencher, level: &str) {
    let (a, b) = (vec![0.5; IMAGES * 110], vec![0.5; 110 * BOTTOM]);
    let mut c = vec![0.0; IMAGES * BOTTOM];
    bencher
        .counter(ItemsCount::new(2 * IMAGES * 110 * BOTTOM))
        .bench_local(|| kernels(level).matrix_product(&a, &b, &mut c, BOTTOM));
}

/// The gradient of the class head's hidden weights over 16 images.
#[divan::bench(args = levels())]
fn matrix_gradient(bencher: Bencher, level: &str) {
    let (a, b) = (vec![0.5; IMAGES * 128], vec![0.5; IMAGES * BOTTOM]);
    let mut gradient = vec![0.0; 128 * BOTTOM];
    bencher
        .counter(ItemsCount::new(2 * IMAGES * BOTTOM * 128))
        .bench_local(|| kernels(level).matrix_gradient(&a, &b, IMAGES, 0, true, &mut gradient));
}

#[divan::bench(args = levels())]
fn normalise_relu(bencher: Bencher, level: &str) {
    let (map, vector) = (vec![0.5; MIDDLE], vec![0.5; MIDDLE_CHANNELS]);
    let norm = Normalisation { mean: &vector, inverse_std: &vector, scale: &vector, shift: &vector, leak: 0.0 };
    let mut out = vec![0.0; MIDDLE];
    bencher
        .counter(ItemsCount::new(MIDDLE))
        .bench_local(|| kernels(level).normalise_relu(&map, norm, &mut out, MapLayout::MIDDLE));
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

/// Floating-point operations of the products of one image in the Winograd domain: those of the direct convolution are 196/81 as many.
const WINOGRAD_FLOP: usize = 2 * 81 * 128 * 64;
const GROUP: usize = winograd::IMAGES_TOGETHER;

#[divan::bench(args = levels())]
fn winograd_down(bencher: Bencher, level: &str) {
    let (upper, weights) = (vec![0.5; GROUP * winograd::TRANSFORMED_UPPER], vec![0.5; winograd::TRANSFORMED_WEIGHTS]);
    let mut lower = vec![0.0; GROUP * winograd::TRANSFORMED_LOWER];
    bencher
        .counter(ItemsCount::new(GROUP * WINOGRAD_FLOP))
        .bench_local(|| kernels(level).winograd_down(&upper, &weights, &mut lower));
}

#[divan::bench(args = levels())]
fn winograd_up(bencher: Bencher, level: &str) {
    let (lower, weights) = (vec![0.5; GROUP * winograd::TRANSFORMED_LOWER], vec![0.5; winograd::TRANSFORMED_WEIGHTS]);
    let mut upper = vec![0.0; GROUP * winograd::TRANSFORMED_UPPER];
    bencher
        .counter(ItemsCount::new(GROUP * WINOGRAD_FLOP))
        .bench_local(|| kernels(level).winograd_up(&lower, &weights, &mut upper));
}

#[divan::bench(args = levels())]
fn winograd_filter_gradient(bencher: Bencher, level: &str) {
    let (upper, lower) =
        (vec![0.5; IMAGES * winograd::TRANSFORMED_UPPER], vec![0.5; IMAGES * winograd::TRANSFORMED_LOWER]);
    let mut gradient = vec![0.0; winograd::TRANSFORMED_WEIGHTS];
    bencher.counter(ItemsCount::new(IMAGES * WINOGRAD_FLOP)).bench_local(|| {
        for (point, gradient) in gradient.chunks_exact_mut(winograd::POINT_WEIGHTS).enumerate() {
            kernels(level).winograd_filter_gradient(&upper, &lower, point, true, gradient);
        }
    });
}

// The transforms move more than they compute: an item is a number of the map.

#[divan::bench(args = levels())]
fn winograd_input_transform(bencher: Bencher, level: &str) {
    let (map, mut transformed) = (vec![0.5; MIDDLE], vec![0.0; winograd::TRANSFORMED_UPPER]);
    bencher
        .counter(ItemsCount::new(MIDDLE))
        .bench_local(|| kernels(level).winograd_input_transform(MapInput::Plain(&map), &mut transformed));
}

#[divan::bench(args = levels())]
fn winograd_input_adjoint(bencher: Bencher, level: &str) {
    let (mut map, transformed) = (vec![0.0; MIDDLE], vec![0.5; winograd::TRANSFORMED_UPPER]);
    bencher
        .counter(ItemsCount::new(MIDDLE))
        .bench_local(|| kernels(level).winograd_input_adjoint(&transformed, &mut map));
}

#[divan::bench(args = levels())]
fn winograd_output_adjoint(bencher: Bencher, level: &str) {
    let (map, mut transformed) = (vec![0.5; BOTTOM], vec![0.0; winograd::TRANSFORMED_LOWER]);
    bencher
        .counter(ItemsCount::new(BOTTOM))
        .bench_local(|| kernels(level).winograd_output_adjoint(MapInput::Plain(&map), &mut transformed));
}

#[divan::bench(args = levels())]
fn winograd_output_transform(bencher: Bencher, level: &str) {
    let (mut map, transformed) = (vec![0.0; BOTTOM], vec![0.5; winograd::TRANSFORMED_LOWER]);
    bencher
        .counter(ItemsCount::new(BOTTOM))
        .bench_local(|| kernels(level).winograd_output_transform(&transformed, &mut map));
}

#[divan::bench(args = levels())]
fn winograd_filter_transform(bencher: Bencher, level: &str) {
    let (weights, mut transformed) = (vec![0.5; INNER_WEIGHTS], vec![0.0; winograd::TRANSFORMED_WEIGHTS]);
    bencher
        .counter(ItemsCount::new(INNER_WEIGHTS))
        .bench_local(|| kernels(level).winograd_filter_transform(&weights, &mut transformed));
}

#[divan::bench(args = levels())]
fn winograd_filter_adjoint(bencher: Bencher, level: &str) {
    let (mut weights, transformed) = (vec![0.0; INNER_WEIGHTS], vec![0.5; winograd::TRANSFORMED_WEIGHTS]);
    bencher.counter(ItemsCount::new(INNER_WEIGHTS)).bench_local(|| {
        for (phase, taps) in winograd::phases(&mut weights).into_iter().enumerate() {
            kernels(level).winograd_filter_adjoint(&transformed, phase, taps);
        }
    });
}
