//! Spectral normalisation: the passes of D see a weight W divided by its largest singular value σ (Miyato et al. 2018).
//!
//! With the weight as a matrix, a row an output, σ = uᵀWv for its singular vectors. u is kept from step to step and
//! follows W by one power iteration a step:
//!
//! ```text
//! u ← Wv / ‖Wv‖      v = Wᵀu / ‖Wᵀu‖      σ = ‖Wᵀu‖      Ŵ = W / σ
//! dW = (dŴ − ⟨dŴ, Ŵ⟩·u·vᵀ) / σ
//! ```

use super::parameters::{Slot, find};
use crate::engine::StateError;
use crate::model::{Tensor, TensorMap};

/// Below it, a norm is taken for this: a weight of zeros stays one.
const SMALLEST_NORM: f64 = 1e-12;

/// One weight's.
pub(super) struct SpectralNorm {
    /// The tensor that holds u, `conv1.weight_u`.
    name: &'static str,
    slot: Slot,
    /// Outputs of the layer, and how many numbers of each lie together in the engine's layout, `[_, outputs, together]`.
    outputs: usize,
    together: usize,
    u: Vec<f32>,
    v: Vec<f32>,
    sigma: f32,
    /// Room for the sums of one product, as long as the longer of u and v.
    sums: Vec<f64>,
}

impl SpectralNorm {
    pub(super) fn new(name: &'static str, slot: Slot, outputs: usize, together: usize) -> Self {
        let inputs = slot.range().len() / outputs;
        let (u, v, sums) = (vec![0.0; outputs], vec![0.0; inputs], vec![0.0; outputs.max(inputs)]);
        SpectralNorm { name, slot, outputs, together, u, v, sigma: 1.0, sums }
    }

    /// Calls `visit(output, input, place)` for every number of the weight.
    fn for_each(outputs: usize, together: usize, len: usize, mut visit: impl FnMut(usize, usize, usize)) {
        let mut place = 0;
        for block in 0..len / (outputs * together) {
            for output in 0..outputs {
                for input in block * together..(block + 1) * together {
                    visit(output, input, place);
                    place += 1;
                }
            }
        }
    }

    /// Lets u follow the weight's new values.
    pub(super) fn iterate(&mut self, values: &[f32]) {
        let Self { slot, outputs, together, u, v, sums, .. } = self;
        let weight = &values[slot.range()];
        let sums = &mut sums[..*outputs];
        sums.fill(0.0);
        Self::for_each(*outputs, *together, weight.len(), |output, input, place| {
            sums[output] += f64::from(weight[place]) * f64::from(v[input]);
        });
        normalise(sums, u);
    }

    /// Writes W / σ to its place in `used`.
    pub(super) fn normalise(&mut self, values: &[f32], used: &mut [f32]) {
        let Self { slot, outputs, together, u, v, sigma, sums, .. } = self;
        let weight = &values[slot.range()];
        let sums = &mut sums[..v.len()];
        sums.fill(0.0);
        Self::for_each(*outputs, *together, weight.len(), |output, input, place| {
            sums[input] += f64::from(weight[place]) * f64::from(u[output]);
        });
        *sigma = normalise(sums, v) as f32;
        for (used, &weight) in used[slot.range()].iter_mut().zip(weight) {
            *used = weight / *sigma;
        }
    }

    /// Turns the gradient of W / σ into that of W.
    pub(super) fn gradient(&self, used: &[f32], gradients: &mut [f32]) {
        let (used, gradient) = (&used[self.slot.range()], &mut gradients[self.slot.range()]);
        let along: f64 = used.iter().zip(gradient.iter()).map(|(&w, &g)| f64::from(w) * f64::from(g)).sum();
        Self::for_each(self.outputs, self.together, used.len(), |output, input, place| {
            let direction = along * f64::from(self.u[output]) * f64::from(self.v[input]);
            gradient[place] = ((f64::from(gradient[place]) - direction) / f64::from(self.sigma)) as f32;
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

/// Writes `sums` divided by their norm; returns the norm.
fn normalise(sums: &[f64], out: &mut [f32]) -> f64 {
    let norm = sums.iter().map(|sum| sum * sum).sum::<f64>().sqrt().max(SMALLEST_NORM);
    for (out, sum) in out.iter_mut().zip(sums) {
        *out = (sum / norm) as f32;
    }
    norm
}
