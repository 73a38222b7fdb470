//! ACGAN's second head: which class D takes a picture for.

use super::parameters::{Parameters, Slot};
use super::{ROWS_AT_ONCE, share};
use crate::model::CLASS_HIDDEN;
use digitgan_kernels::shape::BOTTOM;
use digitgan_kernels::{Kernels, Strided, transpose_columns};
use rayon::prelude::*;

/// `features (3136) ─hidden→ 128 ─ReLU─output→ classes`
pub(super) struct ClassHead {
    kernels: Kernels,
    classes: usize,
    hidden_weight: Slot,
    hidden_bias: Slot,
    output_weight: Slot,
    output_bias: Slot,
    /// The hidden layer's weights, `[3136, 128]`.
    hidden_transposed: Vec<f32>,
    /// After ReLU, `[batch, 128]`.
    hidden: Vec<f32>,
    /// `[batch, classes]`.
    pub(super) logits: Vec<f32>,
    /// Their gradients: whoever computes the loss writes them.
    pub(super) logit_gradients: Vec<f32>,
    hidden_gradients: Vec<f32>,
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
            hidden_transposed: vec![0.0; BOTTOM * CLASS_HIDDEN],
            hidden: vec![0.0; batch * CLASS_HIDDEN],
            logits: vec![0.0; batch * classes],
            logit_gradients: vec![0.0; batch * classes],
            hidden_gradients: vec![0.0; batch * CLASS_HIDDEN],
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
                let features = Strided { data: features, row_step: BOTTOM, column_step: 1 };
                kernels.matrix_product(features, hidden_transposed, hidden, CLASS_HIDDEN, false);
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
        let gradients = &self.hidden_gradients[first * CLASS_HIDDEN..];
        let gradients = Strided { data: gradients, row_step: CLASS_HIDDEN, column_step: 1 };
        let weights = parameters.value(self.hidden_weight);
        self.kernels.matrix_product(gradients, weights, feature_gradients, BOTTOM, false);
    }

    /// Adds to the gradients of the head's weights.
    ///
    /// # Shapes
    /// `features`: `[batch, 3136]`.
    pub(super) fn weight_gradients(&self, parameters: &mut Parameters, features: &[f32]) {
        let Self { kernels, classes, hidden, logit_gradients, hidden_gradients, .. } = self;
        let (kernels, classes) = (*kernels, *classes);
        let gradients = &mut parameters.gradients;
        let rows = share(CLASS_HIDDEN);
        gradients[self.hidden_weight.range()].par_chunks_mut(rows * BOTTOM).enumerate().for_each(
            |(chunk, gradient)| {
                let transposed =
                    Strided { data: &hidden_gradients[chunk * rows..], row_step: 1, column_step: CLASS_HIDDEN };
                kernels.matrix_product(transposed, features, gradient, BOTTOM, true);
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

    pub(super) fn prepare(&mut self, parameters: &Parameters) {
        const COLUMNS: usize = BOTTOM / 7;
        let weights = parameters.value(self.hidden_weight);
        self.hidden_transposed
            .par_chunks_mut(COLUMNS * CLASS_HIDDEN)
            .enumerate()
            .for_each(|(chunk, rows)| transpose_columns(weights, CLASS_HIDDEN, BOTTOM, chunk * COLUMNS, rows));
    }
}
