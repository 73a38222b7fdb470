//! ACGAN's second head: which class D takes a picture for.

use super::buffer::{Buffer, zeros};
use super::parameters::{Parameters, Slot};
use super::{ROWS_AT_ONCE, share};
use crate::model::CLASS_HIDDEN;
use digitgan_kernels::shape::BOTTOM;
use digitgan_kernels::{Kernels, PANEL, transpose_panels};
use rayon::prelude::*;

/// `features (3136) ─hidden→ 128 ─ReLU─output→ classes`
pub(super) struct ClassHead {
    kernels: Kernels,
    classes: usize,
    hidden_weight: Slot,
    hidden_bias: Slot,
    output_weight: Slot,
    output_bias: Slot,
    /// The hidden layer's weights transposed, `[3136, 128]` in panels.
    hidden_transposed: Buffer,
    /// After ReLU, `[batch, 128]`.
    hidden: Buffer,
    /// `[batch, classes]`.
    pub(super) logits: Buffer,
    /// Their gradients: whoever computes the loss writes them.
    pub(super) logit_gradients: Buffer,
    hidden_gradients: Buffer,
}

impl ClassHead {
    pub(super) fn new(kernels: Kernels, parameters: &Parameters, classes: usize, batch: usize) -> Self {
        ClassHead {
            kernels,
            classes,
            hidden_weight: parameters.slot("class_hidden.weight"),
            hidden_bias: parameters.slot("class_hidden.bias"),
            output_weight: parameters.slot("class_output.weight"),
            output_bias: parameters.slot("class_output.bias"),
            hidden_transposed: zeros(BOTTOM * CLASS_HIDDEN),
            hidden: zeros(batch * CLASS_HIDDEN),
            logits: zeros(batch * classes),
            logit_gradients: zeros(batch * classes),
            hidden_gradients: zeros(batch * CLASS_HIDDEN),
        }
    }

    /// # Shapes
    /// `features`: `[count, 3136]`.
    pub(super) fn forward(&mut self, parameters: &Parameters, features: &[f32]) {
        let Self { kernels, classes, hidden_transposed, hidden, logits, .. } = self;
        let (kernels, classes) = (*kernels, *classes);
        let hidden_bias = parameters.value(self.hidden_bias);
        let output_weight = parameters.value(self.output_weight);
        let output_bias = parameters.value(self.output_bias);
        let together = share(features.len() / BOTTOM);
        features
            .par_chunks(together * BOTTOM)
            .zip(hidden.par_chunks_mut(together * CLASS_HIDDEN))
            .zip(logits.par_chunks_mut(together * classes))
            .for_each(|((features, hidden), logits)| {
                let images = features.len() / BOTTOM;
                let hidden = &mut hidden[..images * CLASS_HIDDEN];
                kernels.matrix_product(features, hidden_transposed, hidden, CLASS_HIDDEN);
                for (hidden, logits) in hidden.chunks_exact_mut(CLASS_HIDDEN).zip(logits.chunks_exact_mut(classes)) {
                    for (hidden, bias) in hidden.iter_mut().zip(hidden_bias) {
                        let sum = *hidden + bias;
                        *hidden = if sum <= 0.0 { 0.0 } else { sum };
                    }
                    let rows = output_weight.chunks_exact(CLASS_HIDDEN).zip(output_bias);
                    for (logit, (row, bias)) in logits.iter_mut().zip(rows) {
                        *logit = kernels.dot(hidden, row) + bias;
                    }
                }
            });
    }

    /// From the gradients of the logits to those of the hidden units.
    pub(super) fn backward_hidden(&mut self, parameters: &Parameters) {
        let Self { kernels, classes, hidden, logit_gradients, hidden_gradients, .. } = self;
        let kernels = *kernels;
        let output_weight = parameters.value(self.output_weight);
        hidden_gradients
            .par_chunks_mut(CLASS_HIDDEN)
            .zip(hidden.par_chunks(CLASS_HIDDEN))
            .zip(logit_gradients.par_chunks(*classes))
            .with_min_len(ROWS_AT_ONCE)
            .for_each(|((gradient, hidden), logit_gradients)| {
                gradient.fill(0.0);
                for (row, &logit_gradient) in output_weight.chunks_exact(CLASS_HIDDEN).zip(logit_gradients) {
                    kernels.add_scaled(logit_gradient, row, gradient);
                }
                for (gradient, &hidden) in gradient.iter_mut().zip(hidden) {
                    if hidden <= 0.0 {
                        *gradient = 0.0;
                    }
                }
            });
    }

    /// From the hidden units' gradients to those of the features of some images, from `first` on.
    pub(super) fn backward_features(&self, parameters: &Parameters, first: usize, feature_gradients: &mut [f32]) {
        let images = feature_gradients.len() / BOTTOM;
        let gradients = &self.hidden_gradients[first * CLASS_HIDDEN..][..images * CLASS_HIDDEN];
        self.kernels.matrix_product(gradients, parameters.value(self.hidden_weight), feature_gradients, BOTTOM);
    }

    /// Adds to the gradients of the head's weights.
    ///
    /// # Shapes
    /// `features`: `[batch, 3136]`.
    pub(super) fn weight_gradients(&self, parameters: &mut Parameters, features: &[f32]) {
        let Self { kernels, classes, hidden, logit_gradients, hidden_gradients, .. } = self;
        let (kernels, classes) = (*kernels, *classes);
        let gradients = &mut parameters.gradients;
        let images = features.len() / BOTTOM;
        let panels = share(BOTTOM / PANEL);
        gradients[self.hidden_weight.range()].par_chunks_mut(panels * CLASS_HIDDEN * PANEL).enumerate().for_each(
            |(chunk, gradient)| {
                kernels.matrix_gradient(hidden_gradients, features, images, chunk * panels, gradient);
            },
        );
        for gradient in hidden_gradients.chunks_exact(CLASS_HIDDEN) {
            kernels.add_scaled(1.0, gradient, &mut gradients[self.hidden_bias.range()]);
        }
        for (hidden, logit_gradients) in hidden.chunks_exact(CLASS_HIDDEN).zip(logit_gradients.chunks_exact(classes)) {
            let rows = gradients[self.output_weight.range()].chunks_exact_mut(CLASS_HIDDEN);
            for (row, &logit_gradient) in rows.zip(logit_gradients) {
                kernels.add_scaled(logit_gradient, hidden, row);
            }
            kernels.add_scaled(1.0, logit_gradients, &mut gradients[self.output_bias.range()]);
        }
    }

    /// Takes up new weights.
    pub(super) fn prepare(&mut self, parameters: &Parameters) {
        const BLOCKS: usize = 7;
        let weights = parameters.value(self.hidden_weight);
        self.hidden_transposed
            .par_chunks_mut(BLOCKS * PANEL * PANEL)
            .enumerate()
            .for_each(|(chunk, blocks)| transpose_panels(weights, CLASS_HIDDEN, chunk * BLOCKS, blocks));
    }
}
