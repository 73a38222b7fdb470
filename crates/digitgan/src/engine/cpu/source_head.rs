//! D's first head: how real a picture is.

use super::parameters::{Parameters, Slot};
use digitgan_kernels::Kernels;
use digitgan_kernels::shape::BOTTOM;
use rayon::prelude::*;

/// Columns of the weights that a task adds up.
const COLUMNS: usize = BOTTOM / 7;

/// `features (3136) ─source→ logit`
pub(super) struct SourceHead {
    kernels: Kernels,
    weight: Slot,
    bias: Slot,
}

impl SourceHead {
    /// The head whose layer `parameters` holds, if it holds one.
    pub(super) fn new(kernels: Kernels, parameters: &Parameters) -> Option<Self> {
        let (_, weight) = parameters.find("source.weight")?;
        Some(SourceHead { kernels, weight, bias: parameters.slot("source.bias") })
    }

    /// The logit of a picture with these features.
    pub(super) fn logit(&self, parameters: &Parameters, features: &[f32]) -> f32 {
        self.kernels.dot(features, parameters.value(self.weight)) + parameters.value(self.bias)[0]
    }

    /// Adds to the gradient of the features, from that of the logit.
    pub(super) fn add_feature_gradients(&self, parameters: &Parameters, logit_gradient: f32, gradient: &mut [f32]) {
        self.kernels.add_scaled(logit_gradient, parameters.value(self.weight), gradient);
    }

    /// Adds to the gradients of the head's weights.
    ///
    /// # Shapes
    /// `features`: `[batch, 3136]`; `logit_gradients`: `[batch]`.
    pub(super) fn add_weight_gradients(&self, features: &[f32], logit_gradients: &[f32], gradients: &mut [f32]) {
        gradients[self.weight.range()].par_chunks_mut(COLUMNS).enumerate().for_each(|(chunk, gradient)| {
            for (features, &logit_gradient) in features.chunks_exact(BOTTOM).zip(logit_gradients) {
                self.kernels.add_scaled(logit_gradient, &features[chunk * COLUMNS..][..COLUMNS], gradient);
            }
        });
        gradients[self.bias.range()][0] += logit_gradients.iter().sum::<f32>();
    }
}
