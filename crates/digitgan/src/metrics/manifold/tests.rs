//! The manifold against its definition, written down plainly, and sets whose answer is known.

use super::*;
use crate::seed::{Purpose, fill_normal};
use proptest::prelude::*;

/// The definition, with every distance in f64.
fn naive(real: &Features, generated: &Features, nearest: usize) -> Manifold {
    let balls = |set: &Features| -> Vec<f64> {
        let radius = |i: usize| {
            let others = (0..set.count()).filter(|&j| j != i);
            let mut distances: Vec<f64> = others.map(|j| squared_distance(set.row(i), set.row(j))).collect();
            distances.sort_by(f64::total_cmp);
            distances[nearest - 1]
        };
        (0..set.count()).map(radius).collect()
    };
    let (real_balls, generated_balls) = (balls(real), balls(generated));
    let distance = |r: usize, g: usize| squared_distance(real.row(r), generated.row(g));
    let (n, m) = (real.count(), generated.count());
    let around = |g: usize| (0..n).filter(|&r| distance(r, g) < real_balls[r]).count();
    let recalled = |r: &usize| (0..m).any(|g| distance(*r, g) < generated_balls[g]);
    let covered = |r: &usize| (0..m).any(|g| distance(*r, g) < real_balls[*r]);
    Manifold {
        precision: (0..m).filter(|&g| around(g) > 0).count() as f64 / m as f64,
        recall: (0..n).filter(recalled).count() as f64 / n as f64,
        density: (0..m).map(around).sum::<usize>() as f64 / (nearest * m) as f64,
        coverage: (0..n).filter(covered).count() as f64 / n as f64,
    }
}

fn on_all(real: &Features, generated: &Features, nearest: usize) -> Manifold {
    let all = Kernels::available();
    let answers: Vec<_> = all.iter().map(|&kernels| manifold(kernels, real, generated, nearest).unwrap()).collect();
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{all:?}: {answers:?}");
    answers[0]
}

/// Numbers around `centre`, some of them equal where `steps` rounds them.
fn set(seed: u64, count: usize, dimensions: usize, centre: f32, steps: Option<f32>) -> Features<'static> {
    let mut values = vec![0.0; count * dimensions];
    fill_normal(seed, Purpose::FixedLatent, 0, &mut values);
    let rounded = |value: f32| steps.map_or(value, |steps| (value * steps).round() / steps);
    values.iter_mut().for_each(|value| *value = rounded(*value) + centre);
    Features::new(values, count, dimensions).unwrap()
}

proptest! {
    #[test]
    fn it_is_as_defined(
        seed in any::<u64>(),
        counts in (8usize..90, 8usize..90),
        dimensions in 1usize..20,
        nearest in 1usize..8,
        // Far from zero f32 products lose most digits; coarse steps make many distances equal.
        centre in prop::sample::select(vec![0.0, 3.0, 1e4]),
        shift in 0.0f32..1.0,
        steps in prop::sample::select(vec![None, Some(1.0), Some(2.0)]),
    ) {
        let real = set(seed, counts.0, dimensions, centre, steps);
        let generated = set(!seed, counts.1, dimensions, centre + shift, steps);
        prop_assert_eq!(on_all(&real, &generated, nearest), naive(&real, &generated, nearest));
    }
}

#[test]
fn sets_whose_answer_is_known() {
    let line = |from: f32, count: usize| {
        Features::new((0..count).map(|i| from + i as f32).collect::<Vec<_>>(), count, 1).unwrap()
    };
    let point = Features::new(vec![5.0; 12], 12, 1).unwrap();
    let none = Manifold { precision: 0.0, recall: 0.0, density: 0.0, coverage: 0.0 };
    // Balls of radius 1 (edges outside) around whole numbers hold the numbers themselves and nothing else.
    let itself = Manifold { precision: 1.0, recall: 1.0, density: 1.0, coverage: 1.0 };
    assert_eq!(on_all(&line(0.0, 40), &line(0.0, 40), 1), itself, "equal sets");
    assert_eq!(on_all(&line(0.0, 40), &line(100.0, 40), 1), none, "far apart");
    assert_eq!(on_all(&point, &point, 5), none, "all samples equal: no ball has an inside");
    let collapsed = on_all(&line(0.0, 11), &point, 1);
    let expected = Manifold { precision: 1.0, recall: 0.0, density: 1.0, coverage: 1.0 / 11.0 };
    assert_eq!(collapsed, expected, "one real digit again and again");
}

#[test]
fn huge_and_tiny_numbers_do_not_overflow() {
    for scale in [1e-40, 1e-20, 1e30, 1e37] {
        let scaled = |seed, centre| {
            let set = set(seed, 40, 6, centre, Some(8.0));
            Features::new(set.values().iter().map(|value| value * scale).collect::<Vec<_>>(), 40, 6).unwrap()
        };
        let (real, generated) = (scaled(1, 0.0), scaled(2, 0.5));
        assert_eq!(on_all(&real, &generated, 3), naive(&real, &generated, 3), "{scale}");
    }
}

#[test]
fn what_cannot_be_compared_is_refused() {
    let kernels = Kernels::detect().unwrap();
    let (set, wide) = (Features::new(vec![0.0; 5], 5, 1).unwrap(), Features::new(vec![0.0; 12], 6, 2).unwrap());
    let few = |nearest| manifold(kernels, &set, &set, nearest);
    assert!(matches!(few(0), Err(MetricError::TooFew { what: "nearest neighbours", .. })));
    assert!(few(4).is_ok());
    assert!(matches!(few(5), Err(MetricError::TooFew { found: 5, needed: 6, .. })));
    assert!(matches!(few(usize::MAX), Err(MetricError::TooFew { .. })));
    assert_eq!(manifold(kernels, &set, &wide, 1), Err(MetricError::DimensionsDiffer { first: 1, second: 2 }));
}
