//! The average of G's weights over the steps of a training, exponentially weighted (Yazıcı et al. 2019).
//!
//! G never converges, since D keeps changing; the average of its weights draws better digits than the weights of any
//! one step. The running statistics of batch normalisation are averaged as well, so the average can draw as it is.

use super::batchnorm::BatchNorm;
use super::buffer::{Buffer, zeros};
use super::parameters::Parameters;
use super::threads::EqualShares;
use crate::engine::{StateError, average_share, find};
use crate::model::{Tensor, TensorMap};
use rayon::prelude::*;

/// Numbers that a thread averages at a time.
const CHUNK: usize = 16 * 1024;
/// The prefix of its tensors.
const PREFIX: &str = "generator.average.";
const KINDS: [&str; 2] = ["running_mean", "running_var"];

/// The average of a network with two batch normalisations.
pub(super) struct Average {
    decay: f64,
    values: Buffer,
    /// For each batch normalisation its running mean and variance.
    statistics: [[Vec<f32>; 2]; 2],
}

impl Average {
    pub(super) fn new(decay: f64, parameters: &Parameters, layers: [&BatchNorm; 2]) -> Self {
        let statistics = layers.map(|layer| layer.running().map(|values| vec![0.0; values.len()]));
        Average { decay, values: zeros(parameters.values.len()), statistics }
    }

    /// Moves towards the weights after step `step`, counted from 1.
    pub(super) fn update(&mut self, step: u64, parameters: &Parameters, layers: [&BatchNorm; 2]) {
        let share = average_share(self.decay, step) as f32;
        let follow = move |average: &mut [f32], values: &[f32]| {
            for (average, value) in average.iter_mut().zip(values) {
                *average += share * (value - *average);
            }
        };
        let values = parameters.values.par_chunks(CHUNK);
        let averages = self.values.par_chunks_mut(CHUNK).zip(values).in_equal_shares();
        averages.for_each(|(average, values)| follow(average, values));
        for (statistics, layer) in self.statistics.iter_mut().zip(layers) {
            for (average, running) in statistics.iter_mut().zip(layer.running()) {
                follow(average, running);
            }
        }
    }

    pub(super) fn save(&self, parameters: &Parameters, layers: [&BatchNorm; 2], state: &mut TensorMap) {
        parameters.export(PREFIX, &self.values, state);
        for (statistics, layer) in self.statistics.iter().zip(layers) {
            for (values, kind) in statistics.iter().zip(KINDS) {
                let tensor = Tensor { shape: vec![values.len()], values: values.clone() };
                state.insert(format!("{PREFIX}{}.{kind}", layer.name()), tensor);
            }
        }
    }

    pub(super) fn load(
        &mut self,
        parameters: &Parameters,
        layers: [&BatchNorm; 2],
        state: &TensorMap,
    ) -> Result<(), StateError> {
        parameters.import(PREFIX, state, &mut self.values)?;
        for (statistics, layer) in self.statistics.iter_mut().zip(layers) {
            for (values, kind) in statistics.iter_mut().zip(KINDS) {
                let shape = [values.len()];
                values.copy_from_slice(find(state, &format!("{PREFIX}{}.{kind}", layer.name()), &shape)?);
            }
        }
        Ok(())
    }
}
