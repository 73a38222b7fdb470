//! The numbers behind a loss curve: what to draw of twenty thousand noisy points.

/// A finite value at a step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Sample {
    pub(super) step: u64,
    pub(super) value: f64,
}

/// The values between gaps, where `is_gap` says of two neighbours' steps whether something is missing between them.
pub(super) fn pieces(samples: &[Sample], is_gap: impl Fn(u64, u64) -> bool) -> Vec<&[Sample]> {
    samples.chunk_by(|a, b| !is_gap(a.step, b.step)).collect()
}

/// The values between gaps, where the usual distance may change: a gap is at least twice as long as the distances on both
/// its sides.
pub(super) fn uneven_pieces(samples: &[Sample]) -> Vec<&[Sample]> {
    let distances: Vec<u64> = samples.windows(2).map(|pair| pair[1].step.saturating_sub(pair[0].step)).collect();
    let is_gap = |place: usize| {
        let before = place.checked_sub(1).map(|before| distances[before]);
        let usual = before.into_iter().chain(distances.get(place + 1).copied()).max();
        usual.is_some_and(|usual| distances[place] >= usual.saturating_mul(2))
    };
    let mut pieces = Vec::new();
    let mut first = 0;
    for end in (0..distances.len()).filter(|&place| is_gap(place)).map(|place| place + 1).chain([samples.len()]) {
        pieces.push(&samples[first..end]);
        first = end;
    }
    pieces
}

/// The least distance between neighbours of rising `steps`: that of records of which none is missing.
pub(super) fn spacing(steps: impl Iterator<Item = u64> + Clone) -> u64 {
    let next = steps.clone().skip(1);
    steps.zip(next).map(|(step, next)| next.saturating_sub(step)).filter(|&distance| distance > 0).min().unwrap_or(1)
}

/// Steps in the running median: one in a hundred shows the trend and keeps its turns. A short run
/// takes up to one in ten, for a median of three is as noisy as what it is of.
pub(super) fn median_window(samples: usize) -> usize {
    (samples / 100).max((samples / 10).min(20)) | 1
}

/// The running median of `samples`, at no more than `most` of them, first and last included.
///
/// The window is cut off at the ends. A median and not a mean: one spike must not bend the line.
pub(super) fn smooth(samples: &[Sample], window: usize, most: usize) -> Vec<Sample> {
    let Some(last) = samples.len().checked_sub(1) else {
        return Vec::new();
    };
    let count = samples.len().min(most.max(2));
    let mut values = Vec::with_capacity(window);
    let median_at = |index: usize| {
        let first = index.saturating_sub(window / 2);
        let end = (index + window / 2 + 1).min(samples.len());
        values.clear();
        values.extend(samples[first..end].iter().map(|sample| sample.value));
        let middle = values.len() / 2;
        let (_, &mut value, _) = values.select_nth_unstable_by(middle, f64::total_cmp);
        Sample { step: samples[index].step, value }
    };
    (0..count).map(|i| i * last / (count - 1).max(1)).map(median_at).collect()
}

/// The least and the greatest value of one pixel column.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Span {
    pub(super) least: f64,
    pub(super) greatest: f64,
}

/// The span of values in each of `columns` equal parts of the steps from `first` to `last`: of those in it and of the one
/// before in its piece, from which a line would come. So columns of a single value join their neighbours.
pub(super) fn envelope(pieces: &[&[Sample]], (first, last): (u64, u64), columns: usize) -> Vec<Option<Span>> {
    let mut spans: Vec<Option<Span>> = vec![None; columns];
    let width = (last.saturating_sub(first) as f64 + 1.0) / columns as f64;
    for piece in pieces {
        let mut before = None;
        for &Sample { step, value } in *piece {
            let column = (step.saturating_sub(first) as f64 / width) as usize;
            let span = &mut spans[column.min(columns - 1)];
            let from = before.replace(value).unwrap_or(value);
            let old = span.unwrap_or(Span { least: from, greatest: from });
            *span = Some(Span { least: old.least.min(value), greatest: old.greatest.max(value) });
        }
    }
    spans
}

/// The values that an axis shows, and how many it does not.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Axis {
    pub(super) low: f64,
    pub(super) high: f64,
    /// Values outside; the picture must say so.
    pub(super) outside: usize,
    /// The outside value farthest from zero, 0 where there is none.
    pub(super) farthest: f64,
}

/// The axis for `values`, all finite.
///
/// Shows everything unless a few spikes would squeeze the rest: where all values span more than
/// twice what 99 in 100 do, those 99 set the axis. Values that are not negative get an axis from 0.
pub(super) fn axis(mut values: Vec<f64>) -> Axis {
    values.sort_unstable_by(f64::total_cmp);
    let (Some(&least), Some(&greatest)) = (values.first(), values.last()) else {
        return Axis { low: 0.0, high: 1.0, outside: 0, farthest: 0.0 };
    };
    let last = values.len() - 1;
    let floor = |low: f64| if least >= 0.0 { 0.0 } else { low };
    let tail = values.len() / 200;
    let common = (floor(values[tail]), values[last - tail]);
    let all = (floor(least), greatest);
    let squeezed = all.1 - all.0 > 2.0 * (common.1 - common.0) && common.1 > common.0;
    // Seen from the common values, a cut-off axis needs some room for their ordinary noise.
    let generous = common.1 + 0.2 * (common.1 - common.0);
    let shown = if squeezed { (common.0, generous) } else { all };
    let (low, high) = padded(shown, least >= 0.0);
    let outside = values.iter().filter(|value| !(low..=high).contains(*value));
    let farthest = outside.clone().fold(0.0, |a: f64, &b| if b.abs() > a.abs() { b } else { a });
    Axis { low, high, outside: outside.count(), farthest }
}

/// Room around the values, and an axis of some length where they are all the same.
fn padded((low, high): (f64, f64), from_zero: bool) -> (f64, f64) {
    let shortest = (low.abs().max(high.abs()) * 1e-6).max(1e-9);
    let span = (high - low).max(shortest);
    let below = if from_zero { 0.0 } else { 0.05 * span };
    (low - below, low + 1.06 * span)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn samples(values: &[f64]) -> Vec<Sample> {
        (1..).zip(values).map(|(step, &value)| Sample { step, value }).collect()
    }

    fn values(samples: &[Sample]) -> Vec<f64> {
        samples.iter().map(|sample| sample.value).collect()
    }

    #[test]
    fn the_median_follows_trends_and_ignores_spikes() {
        let mut ramp: Vec<f64> = (0..21).map(f64::from).collect();
        assert_eq!(values(&smooth(&samples(&ramp), 5, 100))[2..19], ramp[2..19]);
        ramp[10] = 1e9;
        let smoothed = values(&smooth(&samples(&ramp), 5, 100));
        assert_eq!(smoothed[10], 11.0);
        assert!(smoothed.iter().all(|&value| value <= 20.0));
    }

    #[test]
    fn smoothing_keeps_the_ends_and_bounds_the_count() {
        let many: Vec<f64> = (0..20_000).map(|i| f64::from(i % 7)).collect();
        let smoothed = smooth(&samples(&many), median_window(many.len()), 500);
        assert_eq!(smoothed.len(), 500);
        assert_eq!((smoothed[0].step, smoothed[499].step), (1, 20_000));
        assert!(smoothed.iter().all(|sample| sample.value == 3.0));
        assert_eq!(smooth(&[], 1, 500), []);
        assert_eq!(smooth(&samples(&[4.0]), 1, 500), samples(&[4.0]));
        assert_eq!([0, 9, 99, 300, 5_000, 20_000].map(median_window), [1, 1, 9, 21, 51, 201]);
    }

    #[test]
    fn an_envelope_holds_every_value() {
        let spans = envelope(&[&samples(&[1.0, 5.0, 2.0, 2.0, 9.0, -1.0])[..]], (1, 6), 3);
        let span = |least, greatest| Some(Span { least, greatest });
        assert_eq!(spans, [span(1.0, 5.0), span(2.0, 5.0), span(-1.0, 9.0)]);
        let sparse = envelope(&[&samples(&[1.0, 2.0])[..]], (1, 2), 4);
        assert_eq!(sparse, [span(1.0, 1.0), None, span(1.0, 2.0), None]);
        let far = [Sample { step: u64::MAX, value: 1.0 }];
        assert_eq!(envelope(&[&far[..]], (0, u64::MAX), 2), [None, span(1.0, 1.0)]);
    }

    #[test]
    fn a_gap_parts_what_is_on_its_sides() {
        let at = |steps: &[u64]| steps.iter().map(|&step| Sample { step, value: step as f64 }).collect::<Vec<_>>();
        let gappy = at(&[1, 2, 5, 6, 9]);
        assert_eq!(spacing([1, 2, 5, 6, 9].into_iter()), 1);
        assert_eq!(
            [spacing([].into_iter()), spacing([7].into_iter()), spacing([0, 50, 100, 300].into_iter())],
            [1, 1, 50]
        );
        let pieces = pieces(&gappy, |a, b| b - a > 1);
        assert_eq!(pieces, [&at(&[1, 2])[..], &at(&[5, 6]), &at(&[9])]);
        let span = |least, greatest| Some(Span { least, greatest });
        assert_eq!(
            envelope(&pieces, (1, 9), 9),
            [span(1.0, 1.0), span(1.0, 2.0), None, None, span(5.0, 5.0), span(5.0, 6.0), None, None, span(9.0, 9.0)]
        );
    }

    #[test]
    fn a_change_of_distance_is_no_gap() {
        let lengths = |steps: &[u64]| {
            let samples: Vec<Sample> = steps.iter().map(|&step| Sample { step, value: 1.0 }).collect();
            uneven_pieces(&samples).into_iter().map(<[Sample]>::len).collect::<Vec<_>>()
        };
        let cases: [(&[u64], &[usize]); 7] = [
            (&[], &[0]),
            (&[5], &[1]),
            (&[5, 900], &[2]),
            (&[200, 400, 600, 650, 700], &[5]),
            (&[50, 100, 300, 500], &[4]),
            (&[200, 400, 800, 1000], &[2, 2]),
            (&[0, u64::MAX - 1, u64::MAX], &[1, 2]),
        ];
        for (steps, expected) in cases {
            assert_eq!(lengths(steps), expected, "{steps:?}");
        }
    }

    #[test]
    fn an_axis_shows_all_but_squeezing_spikes() {
        let shown = axis((0..1000).map(|i| f64::from(i) / 500.0).collect());
        assert_eq!((shown.low, shown.outside), (0.0, 0));
        assert!(shown.high > 1.998 && shown.high < 2.6, "{shown:?}");

        let mut spiky: Vec<f64> = (0..1000).map(|i| f64::from(i) / 500.0).collect();
        spiky[3] = 70.0;
        spiky[500] = 60.0;
        let shown = axis(spiky);
        assert!(shown.high < 2.6, "{shown:?}");
        assert_eq!((shown.outside, shown.farthest), (2, 70.0));

        let negative = axis(vec![-3.0, -1.0]);
        assert!(negative.low < -3.0 && negative.high > -1.0 && negative.outside == 0);
    }

    proptest! {
        #[test]
        fn axes_are_never_empty_and_count_what_they_leave_out(
            values in prop::collection::vec(
                any::<f32>().prop_filter("finite", |v| v.is_finite()), 0..300),
        ) {
            let values: Vec<f64> = values.into_iter().map(f64::from).collect();
            let shown = axis(values.clone());
            prop_assert!(shown.low < shown.high, "{:?}", shown);
            prop_assert!(shown.low.is_finite() && shown.high.is_finite());
            let outside = values.iter().filter(|v| **v < shown.low || **v > shown.high).count();
            prop_assert_eq!(shown.outside, outside);
        }
    }
}
