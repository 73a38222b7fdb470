//! What is recorded of a training, step by step: plain numbers. How they are stored is up to the observer.

use crate::engine::StepReport;
use serde::{Deserialize, Serialize, Serializer};
use std::io::Write;

/// The losses of one training step.
///
/// ```
/// use digitgan::prelude::*;
///
/// let report = digitgan::engine::StepReport { d_loss: 1.25, ..Default::default() };
/// let record = LossRecord::of(7, 1, &report);
/// assert_eq!((record.step, record.epoch, record.d_loss), (7, 1, 1.25));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LossRecord {
    /// Finished steps, this one included: the first step is 1.
    pub step: u64,
    /// The epoch that the step belongs to, from 1.
    pub epoch: u32,
    /// Loss of the discriminator, class loss included.
    #[serde(serialize_with = "shortest")]
    pub d_loss: f32,
    /// Loss of the generator, class loss included.
    #[serde(serialize_with = "shortest")]
    pub g_loss: f32,
    /// Mean of D(x), the probability that the discriminator gives to real images being real.
    #[serde(serialize_with = "shortest")]
    pub d_real: f32,
    /// Mean of D(G(z)) before the discriminator's update.
    #[serde(serialize_with = "shortest")]
    pub d_fake: f32,
    /// Mean of D(G(z)) after the discriminator's update.
    #[serde(serialize_with = "shortest")]
    pub d_fake_after: f32,
    /// The class part of the discriminator's loss, where it predicts classes.
    #[serde(serialize_with = "shortest_or_nothing")]
    pub d_class: Option<f32>,
    /// The class part of the generator's loss, where the discriminator predicts classes.
    #[serde(serialize_with = "shortest_or_nothing")]
    pub g_class: Option<f32>,
}

impl LossRecord {
    /// What a step of an epoch found, as 32-bit numbers.
    pub fn of(step: u64, epoch: u32, report: &StepReport) -> Self {
        LossRecord {
            step,
            epoch,
            d_loss: report.d_loss as f32,
            g_loss: report.g_loss as f32,
            d_real: report.d_real,
            d_fake: report.d_fake,
            d_fake_after: report.d_fake_after,
            d_class: report.d_class.map(|loss| loss as f32),
            g_class: report.g_class.map(|loss| loss as f32),
        }
    }
}

/// What one look at the generator saw.
///
/// ```
/// use digitgan::prelude::*;
/// use digitgan::train::CollapseRecord;
///
/// let healthy = CollapseRecord { step: 2000, entropy: 0.98, agreement: Some(0.95), distance: 0.9 };
/// assert_eq!(healthy.complaint(), None);
/// assert!(CollapseRecord { entropy: 0.3, ..healthy }.complaint().is_some());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CollapseRecord {
    /// Finished steps.
    pub step: u64,
    /// Entropy of the classes read, as a share of that of all classes alike.
    #[serde(serialize_with = "shortest")]
    pub entropy: f32,
    /// Share of digits read as asked for; none where G is not told the class.
    #[serde(serialize_with = "shortest_or_nothing")]
    pub agreement: Option<f32>,
    /// Mean distance between two digits in the judge's features, as a share of that of real ones.
    #[serde(serialize_with = "shortest")]
    pub distance: f32,
}

/// Writes the shortest text that reads back as the same number, with an exponent where that is shorter: what Rust's
/// `{:?}` makes of it. (What serde formats write by themselves differs between them, above 1e13.)
fn shortest<S: Serializer>(value: &f32, serializer: S) -> Result<S::Ok, S::Error> {
    // A step's losses are written in every step: no memory is asked for. 16 bytes are enough for every f32.
    let mut text = [0; 32];
    let mut rest = &mut text[..];
    write!(rest, "{value:?}").map_err(serde::ser::Error::custom)?;
    let length = 32 - rest.len();
    serializer.serialize_str(str::from_utf8(&text[..length]).map_err(serde::ser::Error::custom)?)
}

/// [`shortest`], or an empty field.
fn shortest_or_nothing<S: Serializer>(value: &Option<f32>, serializer: S) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) => shortest(value, serializer),
        None => serializer.serialize_none(),
    }
}
