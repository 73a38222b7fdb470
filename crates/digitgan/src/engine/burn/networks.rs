//! The passes of G and D, written as the tables of the paper have them. Gradients are Burn's.
//!
//! The 1×1 → 7×7 and 7×7 → 1×1 layers are matrix products. Classes come one-hot, `[batch, classes]`, so that what a class
//! selects is a product too, and nothing is gathered or scattered.

use super::parameters::{Parameters, Weights};
use crate::engine::Statistics;
use crate::model::{BATCH_NORM_EPSILON, Design};
use crate::{IMAGE_PIXELS, IMAGE_SIDE};
use burn_tensor::Tensor;
use burn_tensor::activation::{leaky_relu, relu, tanh};
use burn_tensor::module::{batch_norm, batch_norm_train, conv_transpose2d, conv2d};
use burn_tensor::ops::{ConvOptions, ConvTransposeOptions};

/// Features behind D's and before G's convolutions: 64 maps of 7×7.
const FEATURES: usize = 64 * 7 * 7;

/// 4×4, stride 2, padding 1: half the side.
fn halved(images: Tensor<4>, weight: Tensor<4>, bias: Option<Tensor<1>>) -> Tensor<4> {
    conv2d(images, weight, bias, ConvOptions::new([2, 2], [1, 1], [1, 1], 1))
}

/// The same, transposed: twice the side.
fn doubled(maps: Tensor<4>, weight: Tensor<4>, bias: Option<Tensor<1>>) -> Tensor<4> {
    conv_transpose2d(maps, weight, bias, ConvTransposeOptions::new([2, 2], [1, 1], [0, 0], [1, 1], 1))
}

/// The batch normalisation called `name`, if the network has one there.
fn normalised(
    maps: Tensor<4>,
    name: &str,
    weights: &Weights,
    parameters: &mut Parameters,
    statistics: Statistics,
) -> Tensor<4> {
    let Some(scale) = weights.find::<1>(&format!("{name}.weight")) else { return maps };
    let shift = weights.get::<1>(&format!("{name}.bias"));
    let (mean_name, variance_name) = (format!("{name}.running_mean"), format!("{name}.running_var"));
    if statistics == Statistics::Running {
        let statistic = |name: &str| parameters.statistic(name).clone();
        return batch_norm(maps, scale, shift, statistic(&mean_name), statistic(&variance_name), BATCH_NORM_EPSILON);
    }
    let [images, _, height, width] = maps.dims();
    let count = (images * height * width) as f64;
    let done = batch_norm_train(maps, scale, shift, BATCH_NORM_EPSILON);
    if statistics == Statistics::Batch {
        parameters.follow(&mean_name, done.mean);
        // Burn's variance is the biased one; PyTorch's running one is not.
        parameters.follow(&variance_name, done.variance * (count / (count - 1.0)));
    }
    done.output
}

/// G: noise, and the class where it sees it, to images.
///
/// # Shapes
/// `latents`: `[batch, 100]`; `classes`: `[batch, classes]`. Returns `[batch, 1, 28, 28]`, in [-1, 1].
pub(super) fn generate(
    latents: Tensor<2>,
    classes: Option<Tensor<2>>,
    weights: &Weights,
    parameters: &mut Parameters,
    statistics: Statistics,
) -> Tensor<4> {
    let input = match classes {
        Some(classes) => Tensor::cat(vec![latents, classes], 1),
        None => latents,
    };
    let maps = input.matmul(weights.matrix("deconv1.weight")).reshape([-1, 64, 7, 7]);
    let maps = relu(normalised(maps, "bn1", weights, parameters, statistics));
    let maps = doubled(maps, weights.get("deconv2.weight"), None);
    let maps = relu(normalised(maps, "bn2", weights, parameters, statistics));
    tanh(doubled(maps, weights.get("deconv3.weight"), weights.find("deconv3.bias")))
}

/// D's logits of a batch.
pub(super) struct DiscriminatorLogits {
    /// Real or fake, `[batch]`.
    pub(super) source: Tensor<1>,
    /// Of the classes, `[batch, classes]`, where D predicts them.
    pub(super) classes: Option<Tensor<2>>,
}

/// D: images, or packs of images, to logits.
///
/// # Shapes
/// `images`: `[packs · pack, 1, 28, 28]`, a pack's images `packs` apart; `classes`: `[packs · pack, classes]`.
pub(super) fn discriminate(
    images: Tensor<4>,
    classes: &Tensor<2>,
    design: &Design,
    weights: &Weights,
    parameters: &mut Parameters,
    statistics: Statistics,
) -> DiscriminatorLogits {
    let packs = images.dims()[0] / design.pack;
    let images = match design.pack {
        1 => images,
        pack => images.reshape([pack, packs, IMAGE_SIDE, IMAGE_SIDE]).swap_dims(0, 1),
    };
    let classes = classes.clone().narrow(0, 0, packs);
    let rectified = |maps| if design.leak == 0.0 { relu(maps) } else { leaky_relu(maps, f64::from(design.leak)) };
    let maps = halved(images, weights.get("conv1.weight"), weights.find("conv1.bias"));
    let maps = rectified(normalised(maps, "bn1", weights, parameters, statistics));
    let maps = match weights.find::<2>("class_embedding.weight") {
        Some(embedding) => with_class_planes(maps, embedding, &classes, weights),
        None => halved(maps, weights.get("conv2.weight"), weights.find("conv2.bias")),
    };
    let maps = rectified(normalised(maps, "bn2", weights, parameters, statistics));
    let features: Tensor<2> = maps.reshape([packs, FEATURES]);
    let class_logits = weights.find::<2>("class_hidden.weight").map(|_| hidden_head(&features, "class", weights));
    let source = source_logits(features, &classes, weights).reshape([packs]);
    DiscriminatorLogits { source, classes: class_logits }
}

/// conv2 of the image's features with the class's picture stacked on them: the sum of two convolutions, of which the second
/// is that of the class alone, so that it is computed once per class.
fn with_class_planes(maps: Tensor<4>, embedding: Tensor<2>, classes: &Tensor<2>, weights: &Weights) -> Tensor<4> {
    let [known, _] = embedding.dims();
    debug_assert_eq!(embedding.dims()[1], IMAGE_PIXELS);
    let conv2: Tensor<4> = weights.get("conv2.weight");
    let planes = embedding.reshape([known, 1, IMAGE_SIDE, IMAGE_SIDE]);
    let planes = halved(planes, weights.get("class_conv.weight"), weights.find("class_conv.bias"));
    let each = halved(planes, conv2.clone().narrow(1, 32, 32), None).reshape([known, FEATURES]);
    let asked = classes.clone().matmul(each).reshape([-1, 64, 7, 7]);
    halved(maps, conv2.narrow(1, 0, 32), weights.find("conv2.bias")) + asked
}

/// D's logits, real or fake, from its features, `[batch, 1]`.
fn source_logits(features: Tensor<2>, classes: &Tensor<2>, weights: &Weights) -> Tensor<2> {
    if weights.find::<2>("source_hidden.weight").is_some() {
        let outputs = hidden_head(&features, "source", weights);
        return if outputs.dims()[1] == 1 { outputs } else { (outputs * classes.clone()).sum_dim(1) };
    }
    let bias = weights.get::<1>("source.bias").unsqueeze();
    let whole = (features.clone() * weights.matrix("source.weight")).sum_dim(1) + bias;
    match weights.find::<4>("class_projection.weight") {
        Some(_) => {
            let of_classes = features.matmul(weights.matrix("class_projection.weight").transpose());
            whole + (of_classes * classes.clone()).sum_dim(1)
        }
        None => whole,
    }
}

/// Features through a hidden layer to outputs, `[batch, outputs]`.
fn hidden_head(features: &Tensor<2>, name: &str, weights: &Weights) -> Tensor<2> {
    let layer = |input: Tensor<2>, layer: &str| {
        let weight = weights.matrix(&format!("{name}_{layer}.weight"));
        input.matmul(weight.transpose()) + weights.get::<1>(&format!("{name}_{layer}.bias")).unsqueeze()
    };
    layer(relu(layer(features.clone(), "hidden")), "output")
}
