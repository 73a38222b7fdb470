//! Fréchet distances that are known without computing them, and what rounding and degenerate sets do.

use super::*;
use crate::seed::{Purpose, fill_normal};
use proptest::prelude::*;

/// 19 samples in 8 dimensions with exactly this mean and standard deviation in each, uncorrelated:
/// 16 of them three deviations away along an axis, three in the middle: 2 · 3² / (19 − 1) = 1.
fn normal(mean: f32, deviation: f32) -> Features<'static> {
    let mut values = vec![mean; 19 * 8];
    for axis in 0..8 {
        values[axis * 8 + axis] += 3.0 * deviation;
        values[(8 + axis) * 8 + axis] -= 3.0 * deviation;
    }
    Features::new(values, 19, 8).unwrap()
}

fn random(seed: u64, count: usize, dimensions: usize) -> Features<'static> {
    let mut values = vec![0.0; count * dimensions];
    fill_normal(seed, Purpose::FixedLatent, 0, &mut values);
    Features::new(values, count, dimensions).unwrap()
}

#[test]
fn distances_that_are_known() {
    let cases = [
        ("moved by one in each dimension", normal(0.0, 1.0), normal(1.0, 1.0), 8.0),
        ("twice as wide", normal(0.0, 1.0), normal(0.0, 2.0), 8.0),
        ("both", normal(0.0, 1.0), normal(-2.0, 4.0), 8.0 * (4.0 + 9.0)),
        ("a point", normal(0.0, 0.0), normal(0.0, 1.0), 8.0),
        ("two points", normal(1.0, 0.0), normal(-1.0, 0.0), 32.0),
        ("equal sets", normal(0.5, 1.5), normal(0.5, 1.5), 0.0),
    ];
    for (name, first, second, expected) in cases {
        let found = frechet_distance(&first, &second).unwrap();
        assert!((found - expected).abs() < 1e-12 * (1.0 + expected), "{name}: {found} against {expected}");
        let swapped = frechet_distance(&second, &first).unwrap();
        assert!((found - swapped).abs() < 1e-12 * (1.0 + expected), "{name}: {found}, swapped {swapped}");
    }
}

#[test]
fn equal_sets_are_at_zero_however_singular() {
    for (count, dimensions) in [(2, 1), (5, 40), (200, 40)] {
        let set = random(3, count, dimensions);
        let found = frechet_distance(&set, &set).unwrap();
        assert!(found < 1e-12 * dimensions as f64, "{count} × {dimensions}: {found}");
    }
}

#[test]
fn dimensions_that_repeat_add_what_they_repeat() {
    let repeated = |set: &Features| {
        let values: Vec<f32> = set.rows().flat_map(|row| row.iter().chain(row).copied().chain([7.0])).collect();
        Features::new(values, set.count(), 2 * set.dimensions() + 1).unwrap()
    };
    let (first, second) = (random(1, 50, 6), random(2, 60, 6));
    let once = frechet_distance(&first, &second).unwrap();
    let twice = frechet_distance(&repeated(&first), &repeated(&second)).unwrap();
    assert!((twice - 2.0 * once).abs() < 1e-12, "{twice} against twice {once}");
}

#[test]
fn sizes_are_checked() {
    let two = Features::new(vec![0.0; 6], 2, 3).unwrap();
    let one = Features::new(vec![0.0; 3], 1, 3).unwrap();
    let wide = Features::new(vec![0.0; 8], 2, 4).unwrap();
    assert!(matches!(frechet_distance(&two, &one), Err(MetricError::TooFew { found: 1, needed: 2, .. })));
    let differ = MetricError::DimensionsDiffer { first: 3, second: 4 };
    assert_eq!(frechet_distance(&two, &wide), Err(differ.clone()));
    assert_eq!(Gaussian::of(&two).unwrap().distance(&Gaussian::of(&wide).unwrap()), Err(differ));
}

#[test]
fn each_class_by_itself() {
    let join = |sets: [Features; 2]| {
        let values: Vec<f32> = sets.iter().flat_map(|set| set.values()).copied().collect();
        Features::new(values, 38, 8).unwrap()
    };
    let real = join([normal(0.0, 1.0), normal(5.0, 1.0)]);
    let generated = join([normal(1.0, 1.0), normal(5.0, 2.0)]);
    let labels: Vec<u8> = (0..38).map(|i| u8::from(i >= 19)).collect();
    let found = class_frechet(&real, &labels, &generated, &labels, 2).unwrap();
    assert!((found.mean().unwrap() - 8.0).abs() < 1e-9, "{found:?}");

    let with_a_third = class_frechet(&real, &labels, &generated, &labels, 3).unwrap();
    assert!(with_a_third.classes[..2] == found.classes[..]);
    let missing = MetricError::ClassTooFew { set: "real", class: 2, found: 0, needed: 2 };
    assert_eq!((&with_a_third.classes[2], with_a_third.mean()), (&Err(missing.clone()), Err(missing)));

    let collapsed = class_frechet(&real, &labels, &generated, &[0; 38], 2).unwrap();
    assert!(matches!(collapsed.classes[1], Err(MetricError::ClassTooFew { set: "generated", class: 1, .. })));
    assert!(matches!(class_frechet(&real, &labels, &generated, &labels, 1), Err(MetricError::NoSuchClass { .. })));
    let few = class_frechet(&real, &labels[1..], &generated, &labels, 2);
    assert!(matches!(few, Err(MetricError::CountsDiffer { .. })));
}

proptest! {
    /// In two dimensions, tr √M = √(tr M + 2·√det M).
    #[test]
    fn two_dimensions_have_a_closed_form(
        seed in any::<u64>(),
        counts in (3usize..20, 3usize..20),
        scale in 1e-3f32..1e3,
    ) {
        let scaled = |set: Features| {
            let values: Vec<f32> = set.values().iter().map(|value| value * scale).collect();
            Features::new(values, set.count(), 2).unwrap()
        };
        let (first, second) = (scaled(random(seed, counts.0, 2)), scaled(random(seed ^ 1, counts.1, 2)));
        let ([ma, a], [mb, b]) = (moments(&first), moments(&second));
        let trace_of_product = a[0] * b[0] + 2.0 * a[1] * b[1] + a[2] * b[2];
        let determinant = (a[0] * a[2] - a[1] * a[1]) * (b[0] * b[2] - b[1] * b[1]);
        let root = (trace_of_product + 2.0 * determinant.max(0.0).sqrt()).sqrt();
        let total = a[0] + a[2] + b[0] + b[2];
        let expected = (ma[0] - mb[0]).powi(2) + (ma[1] - mb[1]).powi(2) + total - 2.0 * root;
        let found = frechet_distance(&first, &second).unwrap();
        prop_assert!((found - expected).abs() <= 1e-9 * total, "{found} against {expected}");
    }
}

/// Mean (and a 0), and covariance as its three numbers xx, xy, yy.
fn moments(set: &Features) -> [[f64; 3]; 2] {
    let n = set.count() as f64;
    let mean = |i: usize| set.rows().map(|row| f64::from(row[i])).sum::<f64>() / n;
    let (x, y) = (mean(0), mean(1));
    let covariance = |f: fn(f64, f64) -> f64| {
        set.rows().map(|row| f(f64::from(row[0]) - x, f64::from(row[1]) - y)).sum::<f64>() / (n - 1.0)
    };
    [[x, y, 0.0], [covariance(|x, _| x * x), covariance(|x, y| x * y), covariance(|_, y| y * y)]]
}
