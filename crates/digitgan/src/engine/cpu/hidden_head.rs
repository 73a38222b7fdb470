//! A head of D with a hidden layer. It computes class logits, in ACGAN's D and in a classifier; or the discriminator
//! logit, where that is to depend on more than each feature by itself.

use super::buffer::{Buffer, Scratch, zeros};
use super::parameters::Parameters;
use super::shares::{ROWS_AT_ONCE, share, share_of_panels};
use super::slot::Slot;
use super::threads::EqualShares;
use digitgan_kernels::shape::BOTTOM;
use digitgan_kernels::{Kernels, PANEL, transpose_panels};
use rayon::prelude::*;

/// `features (3136) ─hidden→ units ─ReLU─output→ outputs`
pub(super) struct HiddenHead {
    kernels: Kernels,
    outputs: usize,
    /// Hidden units.
    units: usize,
    hidden_weight: Slot,
    hidden_bias: Slot,
    output_weight: Slot,
    output_bias: Slot,
    /// The hidden layer's weights transposed, `[3136, units]` in panels.
    hidden_transposed: Buffer,
    /// After ReLU, `[batch, units]`.
    pub(super) hidden: Buffer,
    /// `[batch, outputs]`.
    pub(super) logits: Buffer,
    /// Their gradients, which the code that computes the loss writes.
    pub(super) logit_gradients: Buffer,
    hidden_gradients: Buffer,
}

impl HiddenHead {
    /// The head called `name`, if `parameters` holds its layers.
    pub(super) fn new(name: &str, kernels: Kernels, parameters: &Parameters, batch: usize) -> Option<Self> {
        let (output, output_weight) = parameters.find(&format!("{name}_output.weight"))?;
        let slot = |layer: &str| parameters.slot(&format!("{name}_{layer}"));
        let (outputs, units) = (output.shape[0], output.shape[1]);
        Some(HiddenHead {
            kernels,
            outputs,
            units,
            hidden_weight: slot("hidden.weight"),
            hidden_bias: slot("hidden.bias"),
            output_weight,
            output_bias: slot("output.bias"),
            hidden_transposed: zeros(BOTTOM * units),
            hidden: zeros(batch * units),
            logits: zeros(batch * outputs),
            logit_gradients: zeros(batch * outputs),
            hidden_gradients: zeros(batch * units),
        })
    }

    /// # Shapes
    /// `features`: `[count, 3136]`.
    pub(super) fn forward(&mut self, parameters: &Parameters, features: &[f32]) {
        let Self { kernels, outputs, units, hidden_transposed, hidden, logits, .. } = self;
        let (kernels, outputs, units) = (*kernels, *outputs, *units);
        let hidden_bias = parameters.value(self.hidden_bias);
        let output_weight = parameters.value(self.output_weight);
        let output_bias = parameters.value(self.output_bias);
        let together = share(features.len() / BOTTOM);
        features
            .par_chunks(together * BOTTOM)
            .zip(hidden.par_chunks_mut(together * units))
            .zip(logits.par_chunks_mut(together * outputs))
            .for_each(|((features, hidden), logits)| {
                let images = features.len() / BOTTOM;
                let hidden = &mut hidden[..images * units];
                kernels.matrix_product(features, hidden_transposed, hidden, units);
                for (hidden, logits) in hidden.chunks_exact_mut(units).zip(logits.chunks_exact_mut(outputs)) {
                    for (hidden, bias) in hidden.iter_mut().zip(hidden_bias) {
                        let sum = *hidden + bias;
                        *hidden = if sum <= 0.0 { 0.0 } else { sum };
                    }
                    let rows = output_weight.chunks_exact(units).zip(output_bias);
                    for (logit, (row, bias)) in logits.iter_mut().zip(rows) {
                        *logit = kernels.dot(hidden, row) + bias;
                    }
                }
            });
    }

    /// From the gradients of the logits to those of the hidden units.
    pub(super) fn backward_hidden(&mut self, parameters: &Parameters) {
        let Self { kernels, outputs, units, hidden, logit_gradients, hidden_gradients, .. } = self;
        let (kernels, units) = (*kernels, *units);
        let output_weight = parameters.value(self.output_weight);
        hidden_gradients
            .par_chunks_mut(units)
            .zip(hidden.par_chunks(units))
            .zip(logit_gradients.par_chunks(*outputs))
            .in_equal_shares()
            .for_each(|((gradient, hidden), logit_gradients)| {
                gradient.fill(0.0);
                for (row, &logit_gradient) in output_weight.chunks_exact(units).zip(logit_gradients) {
                    kernels.add_scaled(logit_gradient, row, gradient);
                }
                for (gradient, &hidden) in gradient.iter_mut().zip(hidden) {
                    if hidden <= 0.0 {
                        *gradient = 0.0;
                    }
                }
            });
    }

    /// The output for class `label`: there is one for each class, or one for all.
    fn output_of(&self, label: u8) -> usize {
        if self.outputs == 1 { 0 } else { usize::from(label) }
    }

    /// Writes to `logits` the output for each image's class.
    pub(super) fn read(&self, labels: &[u8], logits: &mut [f32]) {
        for ((logit, outputs), &label) in logits.iter_mut().zip(self.logits.chunks_exact(self.outputs)).zip(labels) {
            *logit = outputs[self.output_of(label)];
        }
    }

    /// Sets the gradients of the outputs from those of the logits that [`HiddenHead::read`] wrote; the other outputs'
    /// are zero.
    pub(super) fn write_gradients(&mut self, labels: &[u8], gradients: &[f32]) {
        self.logit_gradients.fill(0.0);
        for (place, (&gradient, &label)) in gradients.iter().zip(labels).enumerate() {
            let output = place * self.outputs + self.output_of(label);
            self.logit_gradients[output] = gradient;
        }
    }

    /// From the hidden units' gradients to those of the features of some images, from `first` on.
    pub(super) fn backward_features(&self, parameters: &Parameters, first: usize, feature_gradients: &mut [f32]) {
        let images = feature_gradients.len() / BOTTOM;
        let gradients = &self.hidden_gradients[first * self.units..][..images * self.units];
        self.kernels.matrix_product(gradients, parameters.value(self.hidden_weight), feature_gradients, BOTTOM);
    }

    /// As [`HiddenHead::backward_features`], but adds to what is there.
    pub(super) fn add_feature_gradients(
        &self,
        parameters: &Parameters,
        first: usize,
        feature_gradients: &mut [f32],
        scratch: &Scratch,
    ) {
        scratch.lend(|room| {
            for (group, gradients) in feature_gradients.chunks_mut(ROWS_AT_ONCE * BOTTOM).enumerate() {
                let room = &mut room[..gradients.len()];
                self.backward_features(parameters, first + group * ROWS_AT_ONCE, room);
                self.kernels.add_scaled(1.0, room, gradients);
            }
        });
    }

    /// Adds to the gradients of the head's weights.
    ///
    /// # Shapes
    /// `features`: `[batch, 3136]`.
    pub(super) fn weight_gradients(&self, parameters: &mut Parameters, features: &[f32]) {
        let Self { kernels, outputs, units, hidden, logit_gradients, hidden_gradients, .. } = self;
        let (kernels, outputs, units) = (*kernels, *outputs, *units);
        let gradients = &mut parameters.gradients;
        let images = features.len() / BOTTOM;
        let panels = share_of_panels(BOTTOM);
        gradients[self.hidden_weight.range()].par_chunks_mut(panels * units * PANEL).enumerate().for_each(
            |(chunk, gradient)| {
                kernels.matrix_gradient(hidden_gradients, features, images, chunk * panels, true, gradient);
            },
        );
        for gradient in hidden_gradients.chunks_exact(units) {
            kernels.add_scaled(1.0, gradient, &mut gradients[self.hidden_bias.range()]);
        }
        for (hidden, logit_gradients) in hidden.chunks_exact(units).zip(logit_gradients.chunks_exact(outputs)) {
            let rows = gradients[self.output_weight.range()].chunks_exact_mut(units);
            for (row, &logit_gradient) in rows.zip(logit_gradients) {
                kernels.add_scaled(logit_gradient, hidden, row);
            }
        }
        // A batch's sum is added as one number: where real images and fakes pull a bias with equal force, nothing is
        // left, not even a rounding, which Adam would take for a gradient.
        for (output, bias) in gradients[self.output_bias.range()].iter_mut().enumerate() {
            *bias += logit_gradients.iter().skip(output).step_by(outputs).sum::<f32>();
        }
    }

    /// Transposes the weights. Call after every change of them.
    pub(super) fn prepare(&mut self, parameters: &Parameters) {
        const BLOCKS: usize = 7;
        let (weights, units) = (parameters.value(self.hidden_weight), self.units);
        self.hidden_transposed
            .par_chunks_mut(BLOCKS * PANEL * PANEL)
            .enumerate()
            .for_each(|(chunk, blocks)| transpose_panels(weights, units, chunk * BLOCKS, blocks));
    }
}
