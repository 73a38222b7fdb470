//! The discriminator D: from an image (and its class) to logits, and back to the gradients of weights or image.

use super::batchnorm::BatchNorm;
use super::buffer::{Buffer, Scratch, zeros};
use super::class_planes::ClassPlanes;
use super::hidden_head::HiddenHead;
use super::inner_convolution::InnerConvolution;
use super::outer_gradient::{OUTER_IMAGES, add_outer_sums, outer_sums};
use super::parameters::Parameters;
use super::shares::{ROWS_AT_ONCE, share};
use super::slot::Slot;
use super::source_head::SourceHead;
use super::threads::EqualShares;
use super::workspace::{Room, Workspace};
use crate::engine::{Precision, StateError, Statistics};
use crate::model::{TensorMap, TensorSpec};
use digitgan_kernels::shape::{
    BOTTOM, FILTER_TAPS, INNER_WEIGHTS, MIDDLE, MIDDLE_CHANNELS, MapLayout, OUTER_WEIGHTS, PADDED_IMAGE,
};
use digitgan_kernels::{Kernels, MapInput, transpose};
use rayon::prelude::*;

/// What a pass is for: D's own step needs the gradients of D's weights, G's step those of the images, and whoever asks
/// for logits alone neither.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    Logits,
    WeightGradients,
    ImageGradients,
}

/// The discriminator with its buffers for `batch` images, or packs of images that share one logit (PacGAN). Beyond the
/// two convolutions it has the parts whose tensors it is given.
///
/// ```text
/// images ─conv1→ y1 ─bn1,relu→ h1 ─conv2→ y2 ─bn2,relu→ h2 ─source→ logits
///                                    ↑ + class planes      └─class head→ class logits
/// ```
///
/// A pack's images are `batch` apart. `images` and `image_gradients` are padded. h1 and dy2 are stored in the Winograd
/// domain only; dy1 is not stored at all.
pub(super) struct Discriminator {
    kernels: Kernels,
    pub(super) batch: usize,
    pub(super) parameters: Parameters,
    /// Images in a pack.
    pack: usize,
    /// conv1's weights, `[pack, 16, 32]`.
    conv1: Slot,
    /// The weights of conv2 that act on the image's features.
    conv2: Slot,
    /// conv1's weights, transposed: `[pack, 32, 16]`.
    conv1_transposed: Vec<f32>,
    /// conv2 of the image's features.
    inner: InnerConvolution,
    planes: Option<ClassPlanes>,
    source: Option<SourceHead>,
    hidden_source: Option<HiddenHead>,
    pub(super) head: Option<HiddenHead>,
    y1: Buffer,
    bn1: BatchNorm,
    y2: Buffer,
    bn2: BatchNorm,
    h2: Buffer,
    /// The discriminator logits, `[batch]`: the larger, the more real.
    pub(super) logits: Buffer,
    /// Their gradients, which the code that computes the loss writes.
    pub(super) logit_gradients: Buffer,
    pub(super) image_gradients: Buffer,
    outer_sums: Buffer,
    /// dy1 of some images, or what one head adds to dh2 of some.
    scratch: Scratch,
}

impl Discriminator {
    /// The network of these tensors; `leak` is the slope of its rectifiers below zero.
    pub(super) fn new(
        kernels: Kernels,
        tensors: Vec<TensorSpec>,
        leak: f32,
        precision: Precision,
        batch: usize,
    ) -> Self {
        let parameters = Parameters::new(kernels, tensors);
        let conv1 = parameters.slot("conv1.weight");
        let pack = conv1.range().len() / OUTER_WEIGHTS;
        let norm = |name, bias, layout| BatchNorm::or_bias(name, bias, leak, &parameters, layout, batch);
        let room = |elements: usize| zeros(batch * elements);
        Discriminator {
            kernels,
            batch,
            pack,
            conv1,
            conv2: parameters.slot("conv2.weight").part(0, INNER_WEIGHTS),
            conv1_transposed: vec![0.0; pack * OUTER_WEIGHTS],
            inner: InnerConvolution::new(kernels, precision),
            planes: ClassPlanes::new(kernels, &parameters),
            source: SourceHead::new(kernels, &parameters),
            hidden_source: HiddenHead::new("source", kernels, &parameters, batch),
            head: HiddenHead::new("class", kernels, &parameters, batch),
            y1: room(MIDDLE),
            bn1: norm("bn1", "conv1.bias", MapLayout::MIDDLE),
            y2: room(BOTTOM),
            bn2: norm("bn2", "conv2.bias", MapLayout::BOTTOM),
            h2: room(BOTTOM),
            logits: room(1),
            logit_gradients: room(1),
            image_gradients: zeros(pack * batch * PADDED_IMAGE),
            outer_sums: outer_sums(batch),
            scratch: Scratch::new((OUTER_IMAGES * MIDDLE).max(ROWS_AT_ONCE * BOTTOM)),
            parameters,
        }
    }

    /// The forward pass: fills `logits` for as many images as there are labels, and the class head's logits where there
    /// is one.
    ///
    /// # Shapes
    /// `images`: padded, `[pack, count, 30, 30]`; `labels`: `[count]`; with the statistics of the batch, `count` is
    /// the batch.
    pub(super) fn forward(
        &mut self,
        images: &[f32],
        labels: &[u8],
        statistics: Statistics,
        wanted: Wanted,
        workspace: &mut Workspace,
    ) {
        let count = labels.len();
        assert!(count <= self.batch && (statistics == Statistics::Running || count == self.batch));
        self.forward_conv1(&images[..self.pack * count * PADDED_IMAGE], count);
        self.bn1.finish(&self.parameters, statistics);
        let transformed = (wanted == Wanted::WeightGradients).then_some(workspace.transformed_upper.as_mut_slice());
        self.forward_conv2(labels, transformed);
        self.bn2.finish(&self.parameters, statistics);
        self.forward_heads(labels);
    }

    /// Writes D's logits of a batch to `logits`, without moving D's running statistics.
    pub(super) fn read_logits(&mut self, images: &[f32], labels: &[u8], logits: &mut [f32], workspace: &mut Workspace) {
        let labels = &labels[..self.batch];
        self.forward(images, labels, Statistics::BatchAlone, Wanted::Logits, workspace);
        logits.copy_from_slice(&self.logits);
    }

    /// conv1.
    fn forward_conv1(&mut self, images: &[f32], count: usize) {
        let Self { kernels, parameters, conv1, y1, bn1, scratch, .. } = self;
        let (kernels, weights) = (*kernels, parameters.value(*conv1));
        let (first, others) = images.split_at(count * PADDED_IMAGE);
        let (first_weights, other_weights) = weights.split_at(OUTER_WEIGHTS);
        let (sums, per_image) = bn1.sums();
        let packs = first.par_chunks(PADDED_IMAGE).zip(y1.par_chunks_mut(MIDDLE)).zip(sums.par_chunks_mut(per_image));
        packs.enumerate().in_equal_shares().for_each(|(place, ((image, y1), sums))| {
            kernels.outer_down(image, first_weights, y1);
            let images = others.chunks_exact(PADDED_IMAGE).skip(place).step_by(count);
            for (image, weights) in images.zip(other_weights.chunks_exact(OUTER_WEIGHTS)) {
                scratch.lend(|share| {
                    let share = &mut share[..MIDDLE];
                    kernels.outer_down(image, weights, share);
                    kernels.add_scaled(1.0, share, y1);
                });
            }
            kernels.channel_sums(y1, sums);
        });
    }

    /// bn1, ReLU, conv2 of the image's features and, where D sees the class, of the class plane's.
    fn forward_conv2(&mut self, labels: &[u8], transformed: Option<&mut [f32]>) {
        let Self { kernels, inner, planes, y1, bn1, y2, bn2, .. } = self;
        let (kernels, norm, planes) = (*kernels, bn1.norm(), planes.as_ref());
        let (sums, per_image) = bn2.sums();
        let h1 = |image| MapInput::NormaliseRelu { map: &y1[image * MIDDLE..][..MIDDLE], norm };
        inner.down(
            h1,
            transformed,
            &mut y2[..labels.len() * BOTTOM],
            &mut sums[..labels.len() * per_image],
            |image, y2, sums| {
                if let Some(planes) = planes {
                    kernels.add_scaled(1.0, planes.contribution(labels[image]), y2);
                }
                kernels.channel_sums(y2, sums);
            },
        );
    }

    /// bn2, ReLU and the heads.
    fn forward_heads(&mut self, labels: &[u8]) {
        let count = labels.len();
        let Self { kernels, parameters, source, hidden_source, head, y2, bn2, h2, logits, .. } = self;
        let (kernels, norm, source) = (*kernels, bn2.norm(), source.as_ref());
        let maps = h2.par_chunks_mut(BOTTOM).zip(y2.par_chunks(BOTTOM));
        logits[..count].par_iter_mut().zip(labels).zip(maps).in_equal_shares().for_each(
            |((logit, &label), (h2, y2))| {
                kernels.normalise_relu(y2, norm, h2, MapLayout::BOTTOM);
                if let Some(source) = source {
                    *logit = source.logit(parameters, h2, label);
                }
            },
        );
        for head in [&mut *hidden_source, head].into_iter().flatten() {
            head.forward(parameters, &h2[..count * BOTTOM]);
        }
        if let Some(source) = hidden_source {
            source.read(labels, &mut logits[..count]);
        }
    }

    /// The backward pass of the last batch, whose images and labels these are. It starts from the gradients of the
    /// logits, and adds to the gradients of the weights or fills `image_gradients`.
    pub(super) fn backward(&mut self, images: &[f32], labels: &[u8], wanted: Wanted, workspace: &mut Workspace) {
        let weights = wanted == Wanted::WeightGradients;
        let mut room = workspace.room(self.batch);
        self.backward_heads(labels, room.bottom_gradients);
        self.bn2.finish_gradient(weights.then_some(self.parameters.gradients.as_mut_slice()));
        self.backward_conv2(weights, &mut room);
        self.bn1.finish_gradient(weights.then_some(self.parameters.gradients.as_mut_slice()));
        if weights {
            self.weight_gradients(images, labels, &room);
        } else {
            self.backward_conv1(room.middle_gradients);
        }
    }

    /// Back through the heads.
    fn backward_heads(&mut self, labels: &[u8], dh2: &mut [f32]) {
        let Self { kernels, batch, parameters, source, hidden_source, head, y2, bn2, logit_gradients, scratch, .. } =
            self;
        let (kernels, source) = (*kernels, source.as_ref());
        if let Some(source) = hidden_source {
            source.write_gradients(labels, logit_gradients);
        }
        for head in [&mut *hidden_source, head].into_iter().flatten() {
            head.backward_hidden(parameters);
        }
        let heads = [head.as_ref(), hidden_source.as_ref()];
        let (norm, sums, per_image) = bn2.norm_and_sums();
        let together = share(*batch);
        dh2.par_chunks_mut(together * BOTTOM)
            .zip(y2.par_chunks(together * BOTTOM))
            .zip(logit_gradients.par_chunks(together).zip(labels.par_chunks(together)))
            .zip(sums.par_chunks_mut(together * per_image))
            .enumerate()
            .for_each(|(chunk, (((dh2, y2), (logit_gradients, labels)), sums))| {
                let mut heads = heads.into_iter().flatten();
                match heads.next() {
                    Some(head) => head.backward_features(parameters, chunk * together, dh2),
                    None => dh2.fill(0.0),
                }
                for head in heads {
                    head.add_feature_gradients(parameters, chunk * together, dh2, scratch);
                }
                let maps = dh2.chunks_exact_mut(BOTTOM).zip(y2.chunks_exact(BOTTOM));
                let of_logits = logit_gradients.iter().zip(labels);
                for (((dh2, y2), (&gradient, &label)), sums) in
                    maps.zip(of_logits).zip(sums.chunks_exact_mut(per_image))
                {
                    if let Some(source) = source {
                        source.add_feature_gradients(parameters, gradient, label, dh2);
                    }
                    kernels.gradient_sums(y2, dh2, norm, sums);
                }
            });
    }

    /// Back through ReLU, bn2 and conv2.
    fn backward_conv2(&mut self, keep_transformed: bool, room: &mut Room<'_>) {
        let Self { kernels, inner, y1, bn1, y2, bn2, .. } = self;
        let Room { transformed_lower, middle_gradients: dh1, bottom_gradients: dh2, .. } = room;
        let (kernels, norm, terms) = (*kernels, bn2.norm(), bn2.terms());
        let dy2 = |image: usize| {
            let at = image * BOTTOM..(image + 1) * BOTTOM;
            MapInput::NormaliseGradient { map: &y2[at.clone()], gradient: &dh2[at], norm, terms }
        };
        let (norm1, sums, _) = bn1.norm_and_sums();
        let transformed = keep_transformed.then_some(&mut **transformed_lower);
        inner.up(dy2, transformed, dh1, sums, |image, dh1, sums| {
            kernels.gradient_sums(&y1[image * MIDDLE..][..MIDDLE], dh1, norm1, sums);
        });
    }

    /// Back through ReLU, bn1 and conv1.
    fn backward_conv1(&mut self, dh1: &[f32]) {
        let Self { kernels, batch, conv1_transposed, y1, bn1, image_gradients, scratch, .. } = self;
        let (kernels, norm, terms) = (*kernels, bn1.norm(), bn1.terms());
        // For each image of a pack anew what its gradient needs: packs are rare, and it is the smaller half.
        for (images, transposed) in
            image_gradients.chunks_exact_mut(*batch * PADDED_IMAGE).zip(conv1_transposed.chunks_exact(OUTER_WEIGHTS))
        {
            y1.par_chunks(MIDDLE)
                .zip(dh1.par_chunks(MIDDLE))
                .zip(images.par_chunks_mut(PADDED_IMAGE))
                .in_equal_shares()
                .for_each(|((y1, dh1), image)| {
                    scratch.lend(|dy1| {
                        let dy1 = &mut dy1[..MIDDLE];
                        kernels.normalise_gradient(y1, dh1, norm, terms, dy1);
                        kernels.outer_up(dy1, transposed, image);
                    });
                });
        }
    }

    /// Adds to the gradients of all weights.
    fn weight_gradients(&mut self, images: &[f32], labels: &[u8], room: &Room<'_>) {
        self.conv1_weight_gradient(images, room.middle_gradients);
        let Self { parameters, inner, source, h2, logit_gradients, .. } = self;
        inner.add_weight_gradient(room.transformed_upper, room.transformed_lower);
        if let Some(source) = source {
            source.add_weight_gradients(h2, labels, logit_gradients, &mut parameters.gradients);
        }
        if let Some(planes) = &mut self.planes {
            planes.add_contribution_gradients(room.transformed_lower, labels);
        }
        for head in [&self.hidden_source, &self.head].into_iter().flatten() {
            head.weight_gradients(parameters, h2);
        }
    }

    /// Back through ReLU and bn1 to the gradient of conv1's weights.
    fn conv1_weight_gradient(&mut self, images: &[f32], dh1: &[f32]) {
        let Self { kernels, batch, parameters, y1, bn1, outer_sums, scratch, .. } = self;
        let (kernels, norm, terms) = (*kernels, bn1.norm(), bn1.terms());
        let gradients = parameters.gradients[self.conv1.range()].chunks_exact_mut(OUTER_WEIGHTS);
        for (images, gradient) in images.chunks_exact(*batch * PADDED_IMAGE).zip(gradients) {
            images
                .par_chunks(OUTER_IMAGES * PADDED_IMAGE)
                .zip(y1.par_chunks(OUTER_IMAGES * MIDDLE))
                .zip(dh1.par_chunks(OUTER_IMAGES * MIDDLE))
                .zip(outer_sums.par_chunks_mut(OUTER_WEIGHTS))
                .in_equal_shares()
                .for_each(|(((images, y1), dh1), weight_sums)| {
                    scratch.lend(|dy1| {
                        let dy1 = &mut dy1[..y1.len()];
                        kernels.normalise_gradient(y1, dh1, norm, terms, dy1);
                        kernels.outer_weights(images, dy1, weight_sums);
                    });
                });
            add_outer_sums(kernels, outer_sums, gradient);
        }
    }

    /// Completes the gradients of a step: what was added up for all its batches together.
    pub(super) fn finish_gradients(&mut self) {
        self.inner.finish_weight_gradient(&mut self.parameters.gradients[self.conv2.range()]);
        if let Some(planes) = &mut self.planes {
            planes.backward(&mut self.parameters);
        }
        self.parameters.finish_gradients();
    }

    /// Prepares the forms of the weights that the passes use. Call after every change of them.
    pub(super) fn prepare(&mut self) {
        self.inner.prepare(self.parameters.value(self.conv2));
        let weights = self.parameters.value(self.conv1).chunks_exact(OUTER_WEIGHTS);
        for (weights, transposed) in weights.zip(self.conv1_transposed.chunks_exact_mut(OUTER_WEIGHTS)) {
            transpose(weights, FILTER_TAPS, MIDDLE_CHANNELS, transposed);
        }
        if let Some(planes) = &mut self.planes {
            planes.prepare(&self.parameters);
        }
        for head in [&mut self.hidden_source, &mut self.head].into_iter().flatten() {
            head.prepare(&self.parameters);
        }
    }

    /// Writes its tensors and Adam's moments to `state`, by `network.` and their names.
    pub(super) fn save(&self, network: &str, state: &mut TensorMap) {
        self.parameters.save(network, state);
        self.bn1.save(network, state);
        self.bn2.save(network, state);
    }

    /// Reads what [`Discriminator::save`] wrote; Adam's moments only where `moments` says so.
    pub(super) fn load(&mut self, network: &str, state: &TensorMap, moments: bool) -> Result<(), StateError> {
        let prefix = format!("{network}.");
        self.parameters.load(&prefix, state, moments)?;
        self.bn1.load(&prefix, state)?;
        self.bn2.load(&prefix, state)?;
        self.prepare();
        Ok(())
    }
}
