//! Batch normalisation as a layer: statistics of a batch, running statistics, gradients. Or, in its place, a bias
//! alone.

use super::buffer::{Buffer, zeros};
use super::parameters::Parameters;
use super::slot::Slot;
use crate::engine::{StateError, Statistics, find};
use crate::model::{BATCH_NORM_EPSILON, BATCH_NORM_MOMENTUM, Tensor, TensorMap};
use digitgan_kernels::shape::MapLayout;
use digitgan_kernels::{GradientTerms, Normalisation};

pub(super) struct BatchNorm {
    name: &'static str,
    channels: usize,
    /// Pixels of a map.
    pixels: usize,
    /// `None`: a bias alone, nothing is normalised.
    weight: Option<Slot>,
    bias: Slot,
    /// Slope of the rectifier behind it, below zero.
    leak: f32,
    running_mean: Vec<f32>,
    running_var: Vec<f32>,
    mean: Vec<f32>,
    inverse_std: Vec<f32>,
    scale: Vec<f32>,
    shift: Vec<f32>,
    constant: Vec<f32>,
    slope: Vec<f32>,
    /// Each image's sums, `[batch, 2, channels]`: added up in the order of the images, whoever computed them.
    sums: Buffer,
    /// Their totals, `[2, channels]`.
    totals: Vec<f64>,
}

impl BatchNorm {
    pub(super) fn new(name: &'static str, parameters: &Parameters, layout: MapLayout, batch: usize) -> Self {
        let (weight, bias) = (format!("{name}.weight"), format!("{name}.bias"));
        Self::with(name, Some(parameters.slot(&weight)), parameters.slot(&bias), layout, batch)
    }

    /// The normalisation called `name` where `parameters` holds one, else the bias called `bias`; before a rectifier of
    /// slope `leak`.
    pub(super) fn or_bias(
        name: &'static str,
        bias: &str,
        leak: f32,
        parameters: &Parameters,
        layout: MapLayout,
        batch: usize,
    ) -> Self {
        let layer = match parameters.find(&format!("{name}.weight")) {
            Some(_) => Self::new(name, parameters, layout, batch),
            None => Self::with(name, None, parameters.slot(bias), layout, batch),
        };
        BatchNorm { leak, ..layer }
    }

    fn with(name: &'static str, weight: Option<Slot>, bias: Slot, layout: MapLayout, batch: usize) -> Self {
        let channels = layout.channels;
        let none = || vec![0.0; channels];
        BatchNorm {
            name,
            channels,
            pixels: layout.side * layout.side,
            weight,
            bias,
            leak: 0.0,
            running_mean: none(),
            running_var: vec![1.0; channels],
            mean: none(),
            inverse_std: none(),
            scale: none(),
            shift: none(),
            constant: none(),
            slope: none(),
            sums: zeros(batch * 2 * channels),
            totals: vec![0.0; 2 * channels],
        }
    }

    /// Room for the sums of each image, `[2, channels]` a chunk.
    pub(super) fn sums(&mut self) -> (&mut [f32], usize) {
        (&mut self.sums, 2 * self.channels)
    }

    /// What the layer computes, and beside it the room for sums: the backward pass needs both.
    pub(super) fn norm_and_sums(&mut self) -> (Normalisation<'_>, &mut [f32], usize) {
        let Self { mean, inverse_std, scale, shift, leak, .. } = self;
        let norm = Normalisation { mean, inverse_std, scale, shift, leak: *leak };
        (norm, &mut self.sums, 2 * self.channels)
    }

    pub(super) fn norm(&self) -> Normalisation<'_> {
        let Self { mean, inverse_std, scale, shift, leak, .. } = self;
        Normalisation { mean, inverse_std, scale, shift, leak: *leak }
    }

    pub(super) fn terms(&self) -> GradientTerms<'_> {
        GradientTerms { constant: &self.constant, slope: &self.slope }
    }

    /// Adds up the images' sums, in their order.
    fn add_up(&mut self) {
        self.totals.fill(0.0);
        for sums in self.sums.chunks_exact(2 * self.channels) {
            for (total, &sum) in self.totals.iter_mut().zip(sums) {
                *total += f64::from(sum);
            }
        }
    }

    fn values_per_channel(&self) -> f64 {
        (self.sums.len() / (2 * self.channels) * self.pixels) as f64
    }

    /// Decides by which statistics the layer normalises the batch whose sums it has.
    pub(super) fn finish(&mut self, parameters: &Parameters, statistics: Statistics) {
        match statistics {
            Statistics::Batch => self.finish_batch(parameters, true),
            Statistics::BatchAlone => self.finish_batch(parameters, false),
            Statistics::Running => self.freeze(parameters),
        }
    }

    /// Turns the sums of a batch into its statistics, and moves the running ones where `moves` says so.
    pub(super) fn finish_batch(&mut self, parameters: &Parameters, moves: bool) {
        if self.weight.is_none() {
            return self.freeze(parameters);
        }
        let count = self.values_per_channel();
        self.add_up();
        for channel in 0..self.channels {
            let (sum, squares) = (self.totals[channel], self.totals[self.channels + channel]);
            let mean = sum / count;
            let square = squares / count - mean * mean;
            // Rounding may bring a constant channel below zero; a NaN must stay one.
            let variance = if square < 0.0 { 0.0 } else { square };
            self.set(parameters, channel, mean, variance);
            if !moves {
                continue;
            }
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
        let (mean, inverse_std, scale) = match self.weight {
            Some(weight) => {
                let inverse_std = 1.0 / (variance + BATCH_NORM_EPSILON).sqrt();
                (mean, inverse_std, f64::from(parameters.value(weight)[channel]) * inverse_std)
            }
            None => (0.0, 1.0, 1.0),
        };
        self.mean[channel] = mean as f32;
        self.inverse_std[channel] = inverse_std as f32;
        self.scale[channel] = scale as f32;
        self.shift[channel] = (f64::from(parameters.value(self.bias)[channel]) - mean * scale) as f32;
    }

    /// Turns the backward sums of a batch into the terms of the input's gradient; adds the gradients of
    /// scale and shift to `gradients` if given.
    pub(super) fn finish_gradient(&mut self, mut gradients: Option<&mut [f32]>) {
        let count = self.values_per_channel();
        self.add_up();
        for channel in 0..self.channels {
            let (shift_gradient, scale_gradient) = (self.totals[channel], self.totals[self.channels + channel]);
            if let Some(gradients) = gradients.as_deref_mut() {
                if let Some(weight) = self.weight {
                    gradients[weight.range()][channel] += scale_gradient as f32;
                }
                gradients[self.bias.range()][channel] += shift_gradient as f32;
            }
            if self.weight.is_none() {
                // dy = dz: nothing depends on the rest of the batch.
                (self.slope[channel], self.constant[channel]) = (0.0, 0.0);
                continue;
            }
            let (scale, mean) = (f64::from(self.scale[channel]), f64::from(self.mean[channel]));
            let slope = scale * f64::from(self.inverse_std[channel]) * scale_gradient / count;
            self.slope[channel] = slope as f32;
            self.constant[channel] = (scale * shift_gradient / count - slope * mean) as f32;
        }
    }

    /// Its name, `bn1`.
    pub(super) fn name(&self) -> &'static str {
        self.name
    }

    /// Mean and variance for evaluation.
    pub(super) fn running(&self) -> [&[f32]; 2] {
        [&self.running_mean, &self.running_var]
    }

    pub(super) fn save(&self, network: &str, state: &mut TensorMap) {
        if self.weight.is_none() {
            return;
        }
        for (kind, values) in [("running_mean", &self.running_mean), ("running_var", &self.running_var)] {
            let tensor = Tensor { shape: vec![self.channels], values: values.clone() };
            state.insert(format!("{network}.{}.{kind}", self.name), tensor);
        }
    }

    pub(super) fn load(&mut self, prefix: &str, state: &TensorMap) -> Result<(), StateError> {
        if self.weight.is_none() {
            return Ok(());
        }
        for (kind, values) in [("running_mean", &mut self.running_mean), ("running_var", &mut self.running_var)] {
            values.copy_from_slice(find(state, &format!("{prefix}{}.{kind}", self.name), &[self.channels])?);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ModelSpec, Variant, generator_tensors};
    use digitgan_kernels::Kernels;

    const BATCH: usize = 2;
    const LAYOUT: MapLayout = MapLayout::BOTTOM;
    const CHANNELS: usize = LAYOUT.channels;
    const VALUES: usize = BATCH * LAYOUT.elements();

    /// Numbers in [-1, 1) that are not alike.
    fn numbers(count: usize, seed: u32) -> Vec<f32> {
        (0..count as u32)
            .map(|i| (i.wrapping_mul(2_654_435_761).wrapping_add(seed * 40_503) >> 8) as f32 / (1 << 23) as f32 - 1.0)
            .collect()
    }

    /// Σ weight · ReLU(γ·x̂ + β) over a batch, in f64.
    fn naive_loss(y: &[f64], scale: &[f64], shift: &[f64], weight: &[f32]) -> f64 {
        let count = (VALUES / CHANNELS) as f64;
        let mut loss = 0.0;
        for channel in 0..CHANNELS {
            let values = || y.iter().skip(channel).step_by(CHANNELS);
            let mean = values().sum::<f64>() / count;
            let variance = values().map(|v| (v - mean).powi(2)).sum::<f64>() / count;
            let weights = weight.iter().skip(channel).step_by(CHANNELS);
            for (v, &weight) in values().zip(weights) {
                let z = scale[channel] * (v - mean) / (variance + BATCH_NORM_EPSILON).sqrt() + shift[channel];
                loss += f64::from(weight) * z.max(0.0);
            }
        }
        loss
    }

    /// The layer's gradients of y, scale and shift.
    fn gradients(kernels: Kernels, y: &[f32], scale: &[f32], shift: &[f32], weight: &[f32]) -> [Vec<f32>; 3] {
        let spec = ModelSpec { variant: Variant::Gan, classes: 10 };
        let mut parameters = Parameters::new(kernels, generator_tensors(&spec));
        let mut layer = BatchNorm::new("bn1", &parameters, LAYOUT, BATCH);
        parameters.values[layer.weight.unwrap().range()].copy_from_slice(scale);
        parameters.values[layer.bias.range()].copy_from_slice(shift);
        let (sums, each) = layer.sums();
        for (map, sums) in y.chunks(LAYOUT.elements()).zip(sums.chunks_mut(each)) {
            kernels.channel_sums(map, sums);
        }
        layer.finish_batch(&parameters, true);
        let (norm, sums, each) = layer.norm_and_sums();
        let maps = y.chunks(LAYOUT.elements()).zip(weight.chunks(LAYOUT.elements()));
        for ((map, gradient), sums) in maps.clone().zip(sums.chunks_mut(each)) {
            kernels.gradient_sums(map, gradient, norm, sums);
        }
        layer.finish_gradient(Some(&mut parameters.gradients));
        let mut out = vec![0.0; VALUES];
        for ((map, gradient), out) in maps.zip(out.chunks_mut(LAYOUT.elements())) {
            kernels.normalise_gradient(map, gradient, layer.norm(), layer.terms(), out);
        }
        let of = |slot: Slot| parameters.gradients[slot.range()].to_vec();
        [out, of(layer.weight.unwrap()), of(layer.bias)]
    }

    #[test]
    fn gradients_are_the_slopes_of_the_loss() {
        let (y, weight) = (numbers(VALUES, 1), numbers(VALUES, 2));
        let scale: Vec<f32> = numbers(CHANNELS, 3).iter().map(|v| 1.0 + 0.3 * v).collect();
        let shift = numbers(CHANNELS, 4);
        let wide = |values: &[f32]| values.iter().map(|&v| f64::from(v)).collect::<Vec<f64>>();
        let inputs = [wide(&y), wide(&scale), wide(&shift)];
        for kernels in Kernels::available() {
            let got = gradients(kernels, &y, &scale, &shift, &weight);
            for (which, got) in got.iter().enumerate() {
                let largest = got.iter().fold(0f32, |a, b| a.max(b.abs()));
                for at in (0..got.len()).step_by(if which == 0 { 61 } else { 7 }) {
                    let moved = |by: f64| {
                        let mut inputs = inputs.clone();
                        inputs[which][at] += by;
                        naive_loss(&inputs[0], &inputs[1], &inputs[2], &weight)
                    };
                    let slope = (moved(1e-6) - moved(-1e-6)) / 2e-6;
                    let error = (f64::from(got[at]) - slope).abs() / f64::from(largest);
                    assert!(error < 1e-4, "{kernels:?}, input {which}[{at}]: {} against {slope}", got[at]);
                }
            }
        }
    }
}
