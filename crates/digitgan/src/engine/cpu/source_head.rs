//! D's first head, one linear layer: the discriminator logit, how real an image looks.

use super::parameters::Parameters;
use super::slot::Slot;
use super::threads::EqualShares;
use digitgan_kernels::Kernels;
use digitgan_kernels::shape::BOTTOM;
use rayon::prelude::*;

/// Columns of the weights whose gradients one task sums.
const COLUMNS: usize = BOTTOM / 14;

/// `features (3136) ─source→ logit`. A projection discriminator (Miyato & Koyama 2018) adds the dot product of the
/// features and a learned vector for the class.
pub(super) struct SourceHead {
    kernels: Kernels,
    weight: Slot,
    bias: Slot,
    /// The projection's vectors, one for each class, `[classes, 3136]`.
    projection: Option<Slot>,
}

impl SourceHead {
    /// The head whose layer `parameters` holds, if it holds one.
    pub(super) fn new(kernels: Kernels, parameters: &Parameters) -> Option<Self> {
        let (_, weight) = parameters.find("source.weight")?;
        let projection = parameters.find("class_projection.weight").map(|(_, slot)| slot);
        Some(SourceHead { kernels, weight, bias: parameters.slot("source.bias"), projection })
    }

    /// The vector of class `label`, in a projection discriminator.
    fn class_vector(&self, label: u8) -> Option<Slot> {
        Some(self.projection?.part(usize::from(label) * BOTTOM, BOTTOM))
    }

    /// The logit of an image of class `label` with these features.
    pub(super) fn logit(&self, parameters: &Parameters, features: &[f32], label: u8) -> f32 {
        let class = self.class_vector(label).map(|vector| self.kernels.dot(features, parameters.value(vector)));
        let source = self.kernels.dot(features, parameters.value(self.weight)) + parameters.value(self.bias)[0];
        source + class.unwrap_or(0.0)
    }

    /// Adds to the gradient of the features, from that of the logit.
    pub(super) fn add_feature_gradients(
        &self,
        parameters: &Parameters,
        logit_gradient: f32,
        label: u8,
        gradient: &mut [f32],
    ) {
        self.kernels.add_scaled(logit_gradient, parameters.value(self.weight), gradient);
        if let Some(vector) = self.class_vector(label) {
            self.kernels.add_scaled(logit_gradient, parameters.value(vector), gradient);
        }
    }

    /// Adds to the gradients of the head's weights.
    ///
    /// # Shapes
    /// `features`: `[batch, 3136]`; `labels`, `logit_gradients`: `[batch]`.
    pub(super) fn add_weight_gradients(
        &self,
        features: &[f32],
        labels: &[u8],
        logit_gradients: &[f32],
        gradients: &mut [f32],
    ) {
        gradients[self.weight.range()].par_chunks_mut(COLUMNS).enumerate().in_equal_shares().for_each(
            |(chunk, gradient)| {
                for (features, &logit_gradient) in features.chunks_exact(BOTTOM).zip(logit_gradients) {
                    self.kernels.add_scaled(logit_gradient, &features[chunk * COLUMNS..][..COLUMNS], gradient);
                }
            },
        );
        if let Some(projection) = self.projection {
            gradients[projection.range()].par_chunks_mut(BOTTOM).enumerate().for_each(|(class, gradient)| {
                let images = features.chunks_exact(BOTTOM).zip(labels.iter().zip(logit_gradients));
                for (features, (_, &logit_gradient)) in images.filter(|(_, (label, _))| usize::from(**label) == class) {
                    self.kernels.add_scaled(logit_gradient, features, gradient);
                }
            });
        }
        gradients[self.bias.range()][0] += logit_gradients.iter().sum::<f32>();
    }
}
