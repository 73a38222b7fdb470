//! What holds of all metrics.

use super::*;
use crate::IMAGE_PIXELS;
use crate::seed::{Purpose, fill_normal};
use digitgan_kernels::Kernels;
use rayon::ThreadPoolBuilder;

const COUNT: usize = 137;

fn random(seed: u64, dimensions: usize) -> Vec<f32> {
    let mut values = vec![0.0; COUNT * dimensions];
    fill_normal(seed, Purpose::FixedLatent, 0, &mut values);
    values
}

/// Everything that is computed on several threads, printed: digits enough to tell each f64 from its neighbours.
fn everything() -> Vec<String> {
    let kernels = Kernels::detect().unwrap();
    let features = |seed| Features::new(random(seed, 33), COUNT, 33).unwrap();
    let (real, generated) = (features(1), features(2));
    let labels: Vec<u8> = (0..COUNT).map(|i| (i % 3) as u8).collect();
    let subsets = kernel::Subsets { count: 7, size: 50 };
    let bytes = |seed| random(seed, IMAGE_PIXELS).iter().map(|value| (value * 99.0) as u8).collect::<Vec<_>>();
    let found = neighbours::nearest(&bytes(3), &bytes(4)).unwrap();
    vec![
        format!("{:?}", frechet::frechet_distance(&real, &generated)),
        format!("{:?}", frechet::class_frechet(&real, &labels, &generated, &labels, 3)),
        format!("{:?}", kernel::kernel_distance(kernels, &real, &generated, subsets, 9)),
        format!("{:?}", manifold::manifold(kernels, &real, &generated, 5)),
        format!("{found:?}"),
    ]
}

#[test]
fn any_number_of_threads_computes_the_same_bits() {
    let on = |threads| ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(everything);
    let alone = on(1);
    assert!(alone[..4].iter().all(|answer| answer.starts_with("Ok(")), "{alone:?}");
    for threads in [2, 3, 8] {
        assert_eq!(on(threads), alone, "{threads} threads");
    }
}
