//! The search against looking at everything, and the statistic on distances made by hand.

use super::*;
use crate::data::strokes;
use crate::seed::{Purpose, stream};
use rand_chacha::rand_core::Rng;

fn naive(query: &[u8], references: &[u8]) -> Neighbour {
    let squared =
        |image: &[u8]| -> u64 { query.iter().zip(image).map(|(a, b)| u64::from(a.abs_diff(*b)).pow(2)).sum() };
    let all = references.chunks(IMAGE_PIXELS).map(squared).enumerate();
    let (index, squared) = all.min_by_key(|&(index, squared)| (squared, index)).unwrap();
    Neighbour { index, distance: (squared as f64).sqrt() }
}

fn noise(seed: u64, count: usize) -> Vec<u8> {
    let mut bytes = vec![0; count * IMAGE_PIXELS];
    stream(seed, Purpose::Show, 0).fill_bytes(&mut bytes);
    bytes
}

#[test]
fn the_nearest_is_the_nearest() {
    let digits = |seed, count| (0..count).flat_map(|index| strokes::draw(seed, index).image).collect::<Vec<u8>>();
    let black_and_white = [[0u8; IMAGE_PIXELS], [255; IMAGE_PIXELS]].concat();
    let twice = [noise(1, 3), noise(1, 3)].concat();
    // From black, both are at 784 · 10² = 400 · 14²; of the even one the bounds say so too, and it comes first.
    let striped = std::array::from_fn(|i| if i % 2 == 0 || i >= 768 { 14 } else { 0 });
    let cases = [
        ("digits", digits(1, 30), digits(2, 300)),
        ("copies", digits(3, 20), digits(3, 60)),
        ("noise", noise(1, 10), noise(2, 100)),
        ("opposites", black_and_white.clone(), black_and_white[..IMAGE_PIXELS].to_vec()),
        ("a bound that is met", vec![0; IMAGE_PIXELS], [[10; IMAGE_PIXELS], striped].concat()),
        ("the first of equals", noise(1, 3), twice),
    ];
    for (name, queries, references) in cases {
        let expected: Vec<_> = queries.chunks(IMAGE_PIXELS).map(|query| naive(query, &references)).collect();
        assert_eq!(nearest(&queries, &references).unwrap(), expected, "{name}");
    }
}

#[test]
fn wrong_bytes_are_refused() {
    let image = vec![0; IMAGE_PIXELS];
    assert_eq!(nearest(&image[1..], &image), Err(MetricError::NotImages { found: 783, pixels: 784 }));
    assert!(matches!(nearest(&image, &[]), Err(MetricError::TooFew { what: "reference images", .. })));
    assert_eq!(nearest(&[], &image), Ok(Vec::new()));
}

fn at(distances: impl IntoIterator<Item = u32>) -> Vec<Neighbour> {
    distances.into_iter().map(|distance| Neighbour { index: 0, distance: f64::from(distance) }).collect()
}

#[test]
fn memorisation_by_hand() {
    let test = at((0..=200).rev().map(|i| 1000 + i)); // median 1100, 1 % quantile 1002
    let of = |generated: Vec<Neighbour>| Memorisation::of(&generated, &test).unwrap();
    let copies = of(at([0; 7]));
    assert_eq!((copies.ratio, copies.near_share, copies.near, copies.test_median), (0.0, 1.0, 1002.0, 1100.0));
    let honest = of(test.clone());
    assert_eq!((honest.ratio, honest.near_share), (1.0, 2.0 / 201.0));
    let mixed = of(at([0, 550, 1002, 2000]));
    assert_eq!((mixed.generated_median, mixed.near_share), (776.0, 0.5));
}

#[test]
fn memorisation_needs_test_digits_that_are_new() {
    assert_eq!(Memorisation::of(&at([1]), &at([0, 0, 0, 9])), Err(MetricError::TestInTraining));
    assert!(Memorisation::of(&at([1]), &at([0, 5, 9])).is_ok());
    for (generated, test) in [(at([]), at([1])), (at([1]), at([]))] {
        assert!(matches!(Memorisation::of(&generated, &test), Err(MetricError::TooFew { .. })));
    }
}
