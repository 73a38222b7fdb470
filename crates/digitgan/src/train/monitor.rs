//! The collapse monitor: every so many steps the judge reads digits drawn from the same noise.
//!
//! A generator has collapsed when it draws only a few different digits, which fool D. Then few classes are read, or the
//! digits of a class are alike, or the digits are no longer those that were asked for. So three numbers are recorded: the
//! entropy of the classes read, the share of digits read as asked for, and the mean distance between two digits (of
//! one class, where G is told the class) in the judge's features, as a share of that of real digits.
//!
//! At first every generator draws noise. So the monitor raises no alarm until it is armed: after [`ARMED_AFTER_LOOKS`]
//! healthy looks or after [`ARMED_AFTER_STEPS`], whichever comes first.

use super::records::CollapseRecord;
use crate::data::Dataset;
use crate::engine::{Engine, EngineError, InputError};
use crate::judge::{Judge, JudgeIdentity, Readings};
use crate::metrics::histogram::ClassHistogram;
use crate::model::{CLASSIFIER_FEATURES, LATENT, ModelSpec};
use crate::pixel::to_byte;
use crate::seed::{Purpose, index, permutation};
use crate::{IMAGE_PIXELS, sample};

/// Digits that are drawn, at least; with many classes [`OF_A_CLASS`] of each.
const DIGITS: usize = 200;
/// Digits of each class, at least.
const OF_A_CLASS: usize = 5;
/// Below this share of the entropy of uniform classes, classes are missing.
pub const LEAST_ENTROPY: f64 = 0.75;
/// Below this share of digits read as asked for, G does not draw what it is asked for.
pub const LEAST_AGREEMENT: f64 = 0.6;
/// Below this share of the distance between real digits, digits are alike.
pub const LEAST_DISTANCE: f64 = 0.5;
/// Healthy looks after which the monitor is armed.
pub const ARMED_AFTER_LOOKS: usize = 5;
/// Steps after which it is armed in any case.
pub const ARMED_AFTER_STEPS: u64 = 1000;

/// Monitors one training.
///
/// ```
/// use digitgan::prelude::*;
///
/// # let config = TrainConfig { epochs: 1, watch_steps: 2, batch_size: 10, ..Recipe::Paper.config(Variant::Cgan) };
/// # let dataset = strokes::some(20, 0)?;
/// # let first = Snapshot::first(&config, dataset.classes)?;
/// # let mut training = Training::new(config, &dataset, Device::cpu(Some(1))?, first)?;
/// # let stop = std::sync::atomic::AtomicBool::new(false);
///
/// let judge = Judge::of_mnist(training.device());
/// let monitor = Monitor::new(judge, training.spec(), &dataset, 1, Vec::new())?;
/// training.look_for_collapse(monitor);
/// let mut looks = 0;
/// training.run(&stop, &mut |event: &Event<'_>| {
///     looks += u32::from(matches!(event, Event::Looked { .. }));
///     Ok(())
/// })?;
/// assert_eq!(looks, 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Monitor {
    judge: Judge,
    spec: ModelSpec,
    latents: Vec<f32>,
    labels: Vec<u8>,
    /// The mean distance between two real digits.
    real_distance: f64,
    /// All looks so far, by rising step.
    records: Vec<CollapseRecord>,
}

impl Monitor {
    /// Prepares the digits to be drawn under `seed`, and measures real ones. `records` are the looks of a training that
    /// goes on.
    ///
    /// # Errors
    /// Images that are not whole, or a judge or a data set of other classes than the model.
    pub fn new(
        mut judge: Judge,
        spec: ModelSpec,
        dataset: &Dataset,
        seed: u64,
        records: Vec<CollapseRecord>,
    ) -> Result<Self, InputError> {
        spec.check()?;
        dataset.check()?;
        for (what, found) in [("the judge", judge.identity().classes), ("the data set", dataset.classes)] {
            if found != spec.classes {
                return Err(InputError::OtherClasses { what, found, expected: spec.classes });
            }
        }
        let digits = DIGITS.max(OF_A_CLASS * spec.classes).next_multiple_of(spec.classes);
        let labels: Vec<u8> = (0..digits).map(|digit| (digit % spec.classes) as u8).collect();
        let latents = sample::latents(seed, Purpose::MonitorLatent, 0, digits)?;
        let (images, real_labels) = real_digits(dataset, digits, seed);
        let readings = judge.read(&images)?;
        let real_distance = mean_distance(&readings, &real_labels, &spec);
        Ok(Monitor { judge, spec, latents, labels, real_distance, records })
    }

    /// Looks at the generator as it stands after `step` steps, and remembers what it saw. The second value is a complaint,
    /// if a collapse begins here; one that lasts was told before.
    pub(super) fn look(
        &mut self,
        engine: &mut dyn Engine,
        step: u64,
    ) -> Result<(CollapseRecord, Option<String>), EngineError> {
        let record = self.see(engine, step)?;
        self.records.push(record);
        let collapsed = collapsed(&self.records);
        let begins = collapsed.ends_with(&[true]) && !collapsed.ends_with(&[true, true]);
        Ok((record, record.complaint().filter(|_| begins)))
    }

    /// Whether the generator, as it stands after `step` steps, has not collapsed. Nothing of it is remembered.
    pub(super) fn is_healthy(&mut self, engine: &mut dyn Engine, step: u64) -> Result<bool, EngineError> {
        let mut records = self.records.clone();
        if records.last().is_none_or(|last| last.step < step) {
            records.push(self.see(engine, step)?);
        }
        Ok(collapsed(&records).last() != Some(&true))
    }

    /// Forgets what it saw after `step` steps.
    pub(super) fn go_back_to(&mut self, step: u64) {
        self.records.retain(|record| record.step <= step);
    }

    /// Who reads the digits.
    pub fn judge(&self) -> &JudgeIdentity {
        self.judge.identity()
    }

    fn see(&mut self, engine: &mut dyn Engine, step: u64) -> Result<CollapseRecord, EngineError> {
        let mut images = vec![0.0; self.latents.len() / LATENT * IMAGE_PIXELS];
        engine.generate(&self.latents, &self.labels, &mut images)?;
        let bytes: Vec<u8> = images.into_iter().map(to_byte).collect();
        let readings = self.judge.read(&bytes)?;
        let histogram = ClassHistogram::of(&readings.labels, self.spec.classes).expect("the judge reads these classes");
        let divergence = histogram.divergence_from_uniform().expect("some digits were drawn");
        let asked = self.spec.variant.wiring().generator_sees_class;
        let agreed = readings.labels.iter().zip(&self.labels).filter(|(read, asked)| read == asked).count();
        Ok(CollapseRecord {
            step,
            entropy: 1.0 - (divergence / (self.spec.classes as f64).ln()) as f32,
            agreement: asked.then_some(agreed as f32 / self.labels.len() as f32),
            distance: share_of(mean_distance(&readings, &self.labels, &self.spec), self.real_distance),
        })
    }
}

/// A distance as a share of that of real digits. Where those are all alike, such as one of each class, no digits can be
/// less various; where they nearly are, the share is large, and no larger than can be recorded.
fn share_of(distance: f64, real: f64) -> f32 {
    if real > 0.0 { ((distance / real) as f32).min(f32::MAX) } else { 1.0 }
}

/// Which looks found a collapse: those with a complaint, once the monitor is armed. One per record.
pub fn collapsed(records: &[CollapseRecord]) -> Vec<bool> {
    let mut healthy = 0;
    let collapsed = records.iter().map(|record| {
        let complains = record.complaint().is_some();
        let armed = healthy >= ARMED_AFTER_LOOKS || record.step > ARMED_AFTER_STEPS;
        healthy += usize::from(!complains);
        complains && armed
    });
    collapsed.collect()
}

impl CollapseRecord {
    /// What is wrong, in words; nothing of a healthy generator.
    pub fn complaint(&self) -> Option<String> {
        let complaints = [
            (Some(self.entropy), LEAST_ENTROPY, "entropy of the classes drawn, as a share of that of all classes,"),
            (self.agreement, LEAST_AGREEMENT, "share of digits that are read as asked for"),
            (Some(self.distance), LEAST_DISTANCE, "distance between two digits, as a share of that of real ones,"),
        ];
        let low = |(value, least, what): (Option<f32>, f64, &str)| {
            let value = value.filter(|&value| f64::from(value) < least)?;
            Some(format!("the {what} is {value:.2}, below {least}"))
        };
        let complaints: Vec<String> = complaints.into_iter().filter_map(low).collect();
        (!complaints.is_empty()).then(|| complaints.join("; "))
    }
}

/// As many training digits, the same number of each class as far as there are.
fn real_digits(dataset: &Dataset, digits: usize, seed: u64) -> (Vec<u8>, Vec<u8>) {
    let train = &dataset.train;
    let order = permutation(seed, Purpose::MonitorLatent, index::MONITOR_REAL_DIGITS, train.len());
    let mut missing = vec![digits / dataset.classes; dataset.classes];
    let (mut images, mut labels) = (Vec::new(), Vec::new());
    for place in order {
        let label = train.labels[place as usize];
        if missing[usize::from(label)] > 0 {
            missing[usize::from(label)] -= 1;
            images.extend_from_slice(train.pixels(place as usize));
            labels.push(label);
        }
    }
    (images, labels)
}

/// The mean distance between two digits, of one class where G is told the class.
fn mean_distance(readings: &Readings, labels: &[u8], spec: &ModelSpec) -> f64 {
    let by_class = spec.variant.wiring().generator_sees_class;
    let features: Vec<&[f32]> = readings.features.chunks_exact(CLASSIFIER_FEATURES).collect();
    let (mut sum, mut pairs) = (0.0, 0u32);
    for first in 0..features.len() {
        for second in first + 1..features.len() {
            if by_class && labels[first] != labels[second] {
                continue;
            }
            let squares = features[first].iter().zip(features[second]).map(|(a, b)| f64::from(a - b).powi(2));
            sum += squares.sum::<f64>().sqrt();
            pairs += 1;
        }
    }
    sum / f64::from(pairs.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(step: u64, distance: f32) -> CollapseRecord {
        CollapseRecord { step, entropy: 0.9, agreement: Some(0.9), distance }
    }

    #[test]
    fn a_collapse_is_a_fall_from_health_or_health_that_never_comes() {
        // Ill, then five healthy looks, then a fall and a recovery.
        let distances = [0.1, 0.1, 0.9, 0.9, 0.4, 0.9, 0.9, 0.9, 0.4, 0.9];
        let records: Vec<CollapseRecord> = (1..).zip(distances).map(|(look, d)| record(50 * look, d)).collect();
        let expected = [false, false, false, false, false, false, false, false, true, false];
        assert_eq!(collapsed(&records), expected);
        let never: Vec<CollapseRecord> = (1..=4).map(|look| record(400 * look, 0.1)).collect();
        assert_eq!(collapsed(&never), [false, false, true, true]);
    }

    #[test]
    fn real_digits_that_are_all_alike_ask_for_no_variety() {
        assert_eq!([share_of(1.0, 4.0), share_of(0.0, 0.0), share_of(3.0, 0.0)], [0.25, 1.0, 1.0]);
        assert_eq!([share_of(1.0, 1e-45), share_of(1.0, 1e-320)], [f32::MAX; 2]);
    }

    #[test]
    fn complaints_name_what_is_too_low() {
        assert_eq!(record(1, 0.5).complaint(), None);
        let all = CollapseRecord { step: 1, entropy: 0.1, agreement: Some(0.2), distance: 0.3 }.complaint().unwrap();
        for text in ["entropy", "0.10, below 0.75", "read as asked for", "0.20, below 0.6", "0.30, below 0.5"] {
            assert!(all.contains(text), "{all}");
        }
        assert_eq!(CollapseRecord { agreement: None, ..record(1, 0.9) }.complaint(), None);
    }
}
