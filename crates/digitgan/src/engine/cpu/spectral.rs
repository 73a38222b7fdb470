//! Spectral normalisation: D's passes use a weight W divided by its largest singular value σ (Miyato et al. 2018).
//!
//! Seen as a matrix with one row per output, W has σ = uᵀWv for its first singular vectors u and v. u is kept from
//! step to step and follows W by one power iteration per step:
//!
//! ```text
//! u ← Wv / ‖Wv‖      v = Wᵀu / ‖Wᵀu‖      σ = ‖Wᵀu‖      Ŵ = W / σ
//! dW = (dŴ − ⟨dŴ, Ŵ⟩·u·vᵀ) / σ
//! ```

use super::slot::Slot;
use super::threads::EqualShares;
use crate::engine::{SMALLEST_NORM, StateError, find};
use crate::model::{Tensor, TensorMap};
use digitgan_kernels::Kernels;
use rayon::prelude::*;
use std::ops::Range;

/// The spectral normalisation of one weight.
pub(super) struct SpectralNorm {
    kernels: Kernels,
    /// The tensor that holds u, `conv1.weight_u`.
    name: &'static str,
    slot: Slot,
    /// Outputs of the layer, and how many numbers of each lie together in the engine's layout,
    /// `[_, outputs, together]`.
    outputs: usize,
    together: usize,
    u: Vec<f32>,
    v: Vec<f32>,
    sigma: f32,
    /// Parts of ⟨dŴ, Ŵ⟩, added up in their order, whoever computed them.
    along: Vec<f64>,
}

/// Numbers of a weight that are summed in 32 bits; their sums are in 64.
const SUMMED_AT_ONCE: usize = 4096;

impl SpectralNorm {
    pub(super) fn new(kernels: Kernels, name: &'static str, slot: Slot, outputs: usize, together: usize) -> Self {
        let (u, v) = (vec![0.0; outputs], vec![0.0; slot.range().len() / outputs]);
        let along = vec![0.0; slot.range().len().div_ceil(SUMMED_AT_ONCE)];
        SpectralNorm { kernels, name, slot, outputs, together, u, v, sigma: 1.0, along }
    }

    /// Where its weight lies among the network's parameters.
    pub(super) fn range(&self) -> Range<usize> {
        self.slot.range()
    }

    /// One power iteration after an update of the weight: u ← Wv / ‖Wv‖.
    pub(super) fn iterate(&mut self, values: &[f32]) {
        let Self { kernels, slot, outputs, together, u, v, .. } = self;
        let weight = &values[slot.range()];
        if *together == 1 {
            u.fill(0.0);
            for (weights, &v) in weight.chunks_exact(*outputs).zip(v.iter()) {
                kernels.add_scaled(v, weights, u);
            }
        } else {
            let (kernels, outputs, together) = (*kernels, *outputs, *together);
            u.par_iter_mut().enumerate().in_equal_shares().for_each(|(output, u)| {
                let rows = weight.chunks_exact(together).skip(output).step_by(outputs);
                *u = rows.zip(v.chunks_exact(together)).fold(0.0, |sum, (row, v)| sum + kernels.dot(row, v));
            });
        }
        normalise(u);
    }

    /// Finds v = Wᵀu / ‖Wᵀu‖ and σ = ‖Wᵀu‖, and writes W / σ to its place in `used`.
    pub(super) fn normalise(&mut self, values: &[f32], used: &mut [f32]) {
        let Self { kernels, slot, outputs, together, u, v, sigma, .. } = self;
        let (kernels, outputs, together) = (*kernels, *outputs, *together);
        let weight = &values[slot.range()];
        let blocks = weight.par_chunks(outputs * together).zip(v.par_chunks_mut(together));
        blocks.with_min_len(SUMMED_AT_ONCE / together).for_each(|(block, v)| {
            if together == 1 {
                v[0] = kernels.dot(block, u);
            } else {
                v.fill(0.0);
                for (weights, &u) in block.chunks_exact(together).zip(u.iter()) {
                    kernels.add_scaled(u, weights, v);
                }
            }
        });
        *sigma = normalise(v);
        let factor = 1.0 / *sigma;
        let chunks = used[slot.range()].par_chunks_mut(SUMMED_AT_ONCE).zip(weight.par_chunks(SUMMED_AT_ONCE));
        chunks.for_each(|(used, weight)| {
            for (used, weight) in used.iter_mut().zip(weight) {
                *used = factor * weight;
            }
        });
    }

    /// Turns the gradient of W / σ into that of W.
    pub(super) fn gradient(&mut self, used: &[f32], gradients: &mut [f32]) {
        let Self { kernels, outputs, together, u, v, along, .. } = self;
        let (kernels, outputs, together) = (*kernels, *outputs, *together);
        let (used, gradient) = (&used[self.slot.range()], &mut gradients[self.slot.range()]);
        let parts = used.par_chunks(SUMMED_AT_ONCE).zip(gradient.par_chunks(SUMMED_AT_ONCE));
        along.par_iter_mut().zip(parts).for_each(|(along, (used, gradient))| {
            *along = f64::from(kernels.dot(used, gradient));
        });
        let along = along.iter().sum::<f64>() as f32;
        let factor = 1.0 / self.sigma;
        let blocks = gradient.par_chunks_mut(outputs * together).zip(v.par_chunks(together));
        blocks.with_min_len(SUMMED_AT_ONCE / together).for_each(|(block, v)| {
            if together == 1 {
                kernels.add_scaled(-along * v[0], u, block);
            } else {
                for (gradient, &u) in block.chunks_exact_mut(together).zip(u.iter()) {
                    kernels.add_scaled(-along * u, v, gradient);
                }
            }
            block.iter_mut().for_each(|gradient| *gradient *= factor);
        });
    }

    pub(super) fn save(&self, network: &str, state: &mut TensorMap) {
        let tensor = Tensor { shape: vec![self.outputs], values: self.u.clone() };
        state.insert(format!("{network}.{}", self.name), tensor);
    }

    pub(super) fn load(&mut self, prefix: &str, state: &TensorMap) -> Result<(), StateError> {
        self.u.copy_from_slice(find(state, &format!("{prefix}{}", self.name), &[self.outputs])?);
        Ok(())
    }
}

/// Divides a vector by its norm; returns the norm.
fn normalise(vector: &mut [f32]) -> f32 {
    let norm = vector.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>().sqrt().max(SMALLEST_NORM);
    vector.iter_mut().for_each(|x| *x = (f64::from(*x) / norm) as f32);
    norm as f32
}
