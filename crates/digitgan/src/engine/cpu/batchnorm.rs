//! Batch normalisation as a layer: statistics of a batch, running statistics, gradients.

use super::parameters::{Parameters, Slot, find};
use crate::engine::StateError;
use crate::model::{BATCH_NORM_EPSILON, BATCH_NORM_MOMENTUM, Tensor, TensorMap};
use digitgan_kernels::shape::MapLayout;
use digitgan_kernels::{GradientTerms, Normalisation};

pub(super) struct BatchNorm {
    name: &'static str,
    channels: usize,
    /// Pixels of a map.
    pixels: usize,
    weight: Slot,
    bias: Slot,
    running_mean: Vec<f32>,
    running_var: Vec<f32>,
    mean: Vec<f32>,
    inverse_std: Vec<f32>,
    scale: Vec<f32>,
    shift: Vec<f32>,
    constant: Vec<f32>,
    slope: Vec<f32>,
    /// Each image's sums, `[batch, 2, channels]`: added up in the order of the images, whoever computed them.
    sums: Vec<f32>,
}

impl BatchNorm {
    pub(super) fn new(name: &'static str, parameters: &Parameters, layout: MapLayout, batch: usize) -> Self {
        let channels = layout.channels;
        let zeros = || vec![0.0; channels];
        BatchNorm {
            name,
            channels,
            pixels: layout.side * layout.side,
            weight: parameters.slot(&format!("{name}.weight")),
            bias: parameters.slot(&format!("{name}.bias")),
            running_mean: zeros(),
            running_var: vec![1.0; channels],
            mean: zeros(),
            inverse_std: zeros(),
            scale: zeros(),
            shift: zeros(),
            constant: zeros(),
            slope: zeros(),
            sums: vec![0.0; batch * 2 * channels],
        }
    }

    /// Room for the sums of each image, `[2, channels]` a chunk.
    pub(super) fn sums(&mut self) -> (&mut [f32], usize) {
        (&mut self.sums, 2 * self.channels)
    }

    /// What the layer computes, and beside it the room for sums: the backward pass needs both.
    pub(super) fn norm_and_sums(&mut self) -> (Normalisation<'_>, &mut [f32], usize) {
        let norm =
            Normalisation { mean: &self.mean, inverse_std: &self.inverse_std, scale: &self.scale, shift: &self.shift };
        (norm, &mut self.sums, 2 * self.channels)
    }

    pub(super) fn norm(&self) -> Normalisation<'_> {
        Normalisation { mean: &self.mean, inverse_std: &self.inverse_std, scale: &self.scale, shift: &self.shift }
    }

    pub(super) fn terms(&self) -> GradientTerms<'_> {
        GradientTerms { constant: &self.constant, slope: &self.slope }
    }

    fn totals(&self, channel: usize) -> (f64, f64) {
        self.sums.chunks_exact(2 * self.channels).fold((0.0, 0.0), |(first, second), sums| {
            (first + f64::from(sums[channel]), second + f64::from(sums[self.channels + channel]))
        })
    }

    fn values_per_channel(&self) -> f64 {
        (self.sums.len() / (2 * self.channels) * self.pixels) as f64
    }

    /// Turns the sums of a batch into its statistics, and moves the running ones.
    pub(super) fn finish_batch(&mut self, parameters: &Parameters) {
        let count = self.values_per_channel();
        for channel in 0..self.channels {
            let (sum, squares) = self.totals(channel);
            let mean = sum / count;
            let square = squares / count - mean * mean;
            // Rounding may bring a constant channel below zero; a NaN must stay one.
            let variance = if square < 0.0 { 0.0 } else { square };
            self.set(parameters, channel, mean, variance);
            let unbiased = (variance * count / (count - 1.0)) as f32;
            for (running, new) in
                [(&mut self.running_mean[channel], mean as f32), (&mut self.running_var[channel], unbiased)]
            {
                *running = (1.0 - BATCH_NORM_MOMENTUM) * *running + BATCH_NORM_MOMENTUM * new;
            }
        }
    }

    /// Normalises by the running statistics from now on.
    pub(super) fn freeze(&mut self, parameters: &Parameters) {
        for channel in 0..self.channels {
            let (mean, variance) = (self.running_mean[channel], self.running_var[channel]);
            self.set(parameters, channel, f64::from(mean), f64::from(variance));
        }
    }

    fn set(&mut self, parameters: &Parameters, channel: usize, mean: f64, variance: f64) {
        let inverse_std = 1.0 / (variance + BATCH_NORM_EPSILON).sqrt();
        let scale = f64::from(parameters.value(self.weight)[channel]) * inverse_std;
        self.mean[channel] = mean as f32;
        self.inverse_std[channel] = inverse_std as f32;
        self.scale[channel] = scale as f32;
        self.shift[channel] = (f64::from(parameters.value(self.bias)[channel]) - mean * scale) as f32;
    }

    /// Turns the backward sums of a batch into the terms of the input's gradient; adds the gradients of
    /// scale and shift to `gradients` if given.
    pub(super) fn finish_gradient(&mut self, mut gradients: Option<&mut [f32]>) {
        let count = self.values_per_channel();
        for channel in 0..self.channels {
            let (shift_gradient, scale_gradient) = self.totals(channel);
            if let Some(gradients) = gradients.as_deref_mut() {
                gradients[self.weight.range()][channel] += scale_gradient as f32;
                gradients[self.bias.range()][channel] += shift_gradient as f32;
            }
            let (scale, mean) = (f64::from(self.scale[channel]), f64::from(self.mean[channel]));
            let slope = scale * f64::from(self.inverse_std[channel]) * scale_gradient / count;
            self.slope[channel] = slope as f32;
            self.constant[channel] = (scale * shift_gradient / count - slope * mean) as f32;
        }
    }

    pub(super) fn save(&self, network: &str, state: &mut TensorMap) {
        for (kind, values) in [("running_mean", &self.running_mean), ("running_var", &self.running_var)] {
            let tensor = Tensor { shape: vec![self.channels], values: values.clone() };
            state.insert(format!("{network}.{}.{kind}", self.name), tensor);
        }
    }

    pub(super) fn load(&mut self, prefix: &str, state: &TensorMap) -> Result<(), StateError> {
        for (kind, values) in [("running_mean", &mut self.running_mean), ("running_var", &mut self.running_var)] {
            values.copy_from_slice(find(state, &format!("{prefix}{}.{kind}", self.name), &[self.channels])?);
        }
        Ok(())
    }
}
