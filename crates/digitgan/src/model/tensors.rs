//! The tensors of G and D: names, shapes and first values, as PyTorch's state dict would have them.

use super::{CLASS_HIDDEN, CLASSIFIER_FEATURES, ClassInput, Design, ModelSpec, Normaliser, SOURCE_HIDDEN, SourceHead};
use crate::IMAGE_PIXELS;
use crate::seed::{self, Purpose};
use rand_chacha::rand_core::Rng;
use std::collections::BTreeMap;

/// Numbers and their shape, row-major.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    /// Lengths of the axes, outermost first.
    pub shape: Vec<usize>,
    /// The numbers; as many as the product of the shape.
    pub values: Vec<f32>,
}

/// Tensors by name, in the order of their names.
pub type TensorMap = BTreeMap<String, Tensor>;

/// A tensor of a network: what it is called, its shape, and what it starts as.
#[derive(Clone, Debug, PartialEq)]
pub struct TensorSpec {
    /// Name in the network's PyTorch state dict, such as `deconv1.weight`.
    pub name: &'static str,
    /// Lengths of the axes, outermost first, in PyTorch's layout.
    pub shape: Vec<usize>,
    /// Whether training changes it by its gradient; the others are running statistics.
    pub trainable: bool,
    start: Start,
}

/// How a tensor's first values are drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Start {
    Constant(f32),
    Normal { mean: f32, deviation: f32 },
    Uniform { limit: f32 },
}

/// Convolutions under the DCGAN protocol (Radford et al. 2016).
const CONVOLUTION: Start = Start::Normal { mean: 0.0, deviation: 0.02 };
/// Scales of batch normalisation under the same protocol.
const SCALE: Start = Start::Normal { mean: 1.0, deviation: 0.02 };
const ZERO: Start = Start::Constant(0.0);
const ONE: Start = Start::Constant(1.0);

impl TensorSpec {
    fn new(name: &'static str, shape: &[usize], start: Start) -> Self {
        TensorSpec { name, shape: shape.to_vec(), trainable: true, start }
    }

    /// Scale, shift and running statistics of a batch normalisation.
    fn batch_norm(names: [&'static str; 4], channels: usize) -> [Self; 4] {
        let [scale, shift, mean, variance] = names;
        let statistic = |name, start| TensorSpec { trainable: false, ..Self::new(name, &[channels], start) };
        [
            Self::new(scale, &[channels], SCALE),
            Self::new(shift, &[channels], ZERO),
            statistic(mean, ZERO),
            statistic(variance, ONE),
        ]
    }

    /// The bias of a convolution whose weights are normalised by their largest singular value, and that value's vector.
    fn spectral(names: [&'static str; 2], channels: usize) -> [Self; 2] {
        [Self::new(names[0], &[channels], ZERO), Self::singular_vector(names[1], channels)]
    }

    /// The left singular vector of a weight's largest singular value, as far as it is known: PyTorch's `weight_u`.
    fn singular_vector(name: &'static str, outputs: usize) -> Self {
        let start = Start::Constant(1.0 / (outputs as f32).sqrt());
        TensorSpec { trainable: false, ..Self::new(name, &[outputs], start) }
    }

    /// How many numbers it holds.
    pub fn elements(&self) -> usize {
        self.shape.iter().product()
    }

    /// Its first values under `seed`; `index` tells it from the other tensors of the run.
    fn draw(&self, seed: u64, index: u64) -> Vec<f32> {
        let mut values = vec![0.0; self.elements()];
        match self.start {
            Start::Constant(value) => values.fill(value),
            Start::Normal { mean, deviation } => {
                seed::fill_normal(seed, Purpose::InitialWeights, index, &mut values);
                values.iter_mut().for_each(|value| *value = mean + deviation * *value);
            }
            Start::Uniform { limit } => {
                let mut rng = seed::stream(seed, Purpose::InitialWeights, index);
                values.iter_mut().for_each(|value| *value = limit * (2.0 * unit(rng.next_u32()) - 1.0));
            }
        }
        values
    }
}

/// A number in [0, 1) from the upper 24 bits.
fn unit(bits: u32) -> f32 {
    (bits >> 8) as f32 / (1 << 24) as f32
}

const BN1: [&str; 4] = ["bn1.weight", "bn1.bias", "bn1.running_mean", "bn1.running_var"];
const BN2: [&str; 4] = ["bn2.weight", "bn2.bias", "bn2.running_mean", "bn2.running_var"];

/// The tensors of G (tables 1, 3 and 5).
pub fn generator_tensors(spec: &ModelSpec) -> Vec<TensorSpec> {
    let mut tensors = vec![TensorSpec::new("deconv1.weight", &[spec.generator_inputs(), 64, 7, 7], CONVOLUTION)];
    tensors.extend(TensorSpec::batch_norm(BN1, 64));
    tensors.push(TensorSpec::new("deconv2.weight", &[64, 32, 4, 4], CONVOLUTION));
    tensors.extend(TensorSpec::batch_norm(BN2, 32));
    tensors.push(TensorSpec::new("deconv3.weight", &[32, 1, 4, 4], CONVOLUTION));
    tensors.push(TensorSpec::new("deconv3.bias", &[1], ZERO));
    tensors
}

/// The convolutions that D and the judge have in common: `images` images to 64×7×7 features.
fn trunk(images: usize, conv2_inputs: usize, normaliser: Normaliser) -> Vec<TensorSpec> {
    let mut tensors = vec![TensorSpec::new("conv1.weight", &[32, images, 4, 4], CONVOLUTION)];
    match normaliser {
        Normaliser::Batch => tensors.extend(TensorSpec::batch_norm(BN1, 32)),
        Normaliser::Spectral => tensors.extend(TensorSpec::spectral(["conv1.bias", "conv1.weight_u"], 32)),
    }
    tensors.push(TensorSpec::new("conv2.weight", &[64, conv2_inputs, 4, 4], CONVOLUTION));
    match normaliser {
        Normaliser::Batch => tensors.extend(TensorSpec::batch_norm(BN2, 64)),
        Normaliser::Spectral => tensors.extend(TensorSpec::spectral(["conv2.bias", "conv2.weight_u"], 64)),
    }
    tensors
}

/// Weights and biases of two fully connected layers from features to `outputs` logits.
fn hidden_head(names: [&'static str; 4], units: usize, outputs: usize) -> [TensorSpec; 4] {
    // PyTorch's start of a linear layer: weights and biases uniform within 1/√inputs.
    let linear = |inputs: usize| Start::Uniform { limit: 1.0 / (inputs as f32).sqrt() };
    const FEATURES: usize = 64 * 7 * 7;
    [
        TensorSpec::new(names[0], &[units, FEATURES], linear(FEATURES)),
        TensorSpec::new(names[1], &[units], linear(FEATURES)),
        TensorSpec::new(names[2], &[outputs, units], linear(units)),
        TensorSpec::new(names[3], &[outputs], linear(units)),
    ]
}

const CLASS_HEAD: [&str; 4] = ["class_hidden.weight", "class_hidden.bias", "class_output.weight", "class_output.bias"];

/// The tensors of a classifier of digits: ACGAN's D with a narrower class head and no other.
pub fn classifier_tensors(classes: usize) -> Vec<TensorSpec> {
    let mut tensors = trunk(1, 32, Normaliser::Batch);
    tensors.extend(hidden_head(CLASS_HEAD, CLASSIFIER_FEATURES, classes));
    tensors
}

/// The tensors of D; in the paper's design those of tables 2, 4 and 6.
pub fn discriminator_tensors(spec: &ModelSpec, design: &Design) -> Vec<TensorSpec> {
    let wiring = spec.variant.wiring();
    let plane = design.told_class(wiring) == Some(ClassInput::Plane);
    let projection = design.told_class(wiring) == Some(ClassInput::Projection);
    let spectral = design.normaliser == Normaliser::Spectral;
    let mut tensors = trunk(design.pack, if plane { 64 } else { 32 }, design.normaliser);
    match design.head {
        SourceHead::Linear => {
            tensors.push(TensorSpec::new("source.weight", &[1, 64, 7, 7], CONVOLUTION));
            tensors.push(TensorSpec::new("source.bias", &[1], ZERO));
            if spectral {
                tensors.push(TensorSpec::singular_vector("source.weight_u", 1));
            }
            if projection {
                tensors.push(TensorSpec::new("class_projection.weight", &[spec.classes, 64, 7, 7], CONVOLUTION));
                if spectral {
                    tensors.push(TensorSpec::singular_vector("class_projection.weight_u", spec.classes));
                }
            }
        }
        SourceHead::Hidden => {
            let outputs = if projection { spec.classes } else { 1 };
            let names = ["source_hidden.weight", "source_hidden.bias", "source_output.weight", "source_output.bias"];
            tensors.extend(hidden_head(names, SOURCE_HIDDEN, outputs));
            if spectral {
                tensors.push(TensorSpec::singular_vector("source_hidden.weight_u", SOURCE_HIDDEN));
                tensors.push(TensorSpec::singular_vector("source_output.weight_u", outputs));
            }
        }
    }
    if plane {
        let normal = Start::Normal { mean: 0.0, deviation: 1.0 };
        tensors.push(TensorSpec::new("class_embedding.weight", &[spec.classes, IMAGE_PIXELS], normal));
        tensors.push(TensorSpec::new("class_conv.weight", &[32, 1, 4, 4], CONVOLUTION));
        tensors.push(TensorSpec::new("class_conv.bias", &[32], ZERO));
    }
    if wiring.discriminator_predicts_class {
        tensors.extend(hidden_head(CLASS_HEAD, CLASS_HIDDEN, spec.classes));
    }
    tensors
}

/// Everything that a training of `spec` starts from under `seed`: for each network its tensors
/// (`generator.deconv1.weight`, …) and, for each trainable one, Adam's moments at zero
/// (`generator.adam.first_moment.deconv1.weight`, …). Exactly these tensors make a checkpoint.
pub fn initial_state(spec: &ModelSpec, seed: u64) -> TensorMap {
    initial_state_of(spec, &Design::PAPER, false, seed)
}

/// [`initial_state`] for a design of D and, where `averaged`, with the average of G's weights
/// (`generator.average.deconv1.weight`, …).
pub fn initial_state_of(spec: &ModelSpec, design: &Design, averaged: bool, seed: u64) -> TensorMap {
    let mut state = TensorMap::new();
    start(&mut state, "generator", generator_tensors(spec), seed);
    if averaged {
        for tensor in generator_tensors(spec) {
            let value = state[&format!("generator.{}", tensor.name)].clone();
            state.insert(format!("generator.average.{}", tensor.name), value);
        }
    }
    start(&mut state, "discriminator", discriminator_tensors(spec, design), seed);
    state
}

/// Everything that a training of a classifier starts from under `seed`, as [`initial_state`], by `classifier.` and the
/// tensor's name.
pub fn initial_classifier(classes: usize, seed: u64) -> TensorMap {
    let mut state = TensorMap::new();
    start(&mut state, "classifier", classifier_tensors(classes), seed);
    state
}

fn start(state: &mut TensorMap, network: &str, tensors: Vec<TensorSpec>, seed: u64) {
    for tensor in tensors {
        let values = tensor.draw(seed, seed::index::tensor(network, tensor.name));
        if tensor.trainable {
            for moment in ["first_moment", "second_moment"] {
                let zeros = Tensor { shape: tensor.shape.clone(), values: vec![0.0; tensor.elements()] };
                state.insert(format!("{network}.adam.{moment}.{}", tensor.name), zeros);
            }
        }
        state.insert(format!("{network}.{}", tensor.name), Tensor { shape: tensor.shape, values });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Variant;

    #[test]
    fn parameter_counts_are_those_of_the_paper() {
        let count = |tensors: Vec<TensorSpec>| -> usize {
            tensors.iter().filter(|tensor| tensor.trainable).map(TensorSpec::elements).sum()
        };
        for (variant, generator, discriminator) in
            [(Variant::Gan, 347_073, 36_609), (Variant::Cgan, 378_433, 77_761), (Variant::Acgan, 378_433, 439_435)]
        {
            let spec = ModelSpec { variant, classes: 10 };
            assert_eq!(count(generator_tensors(&spec)), generator, "{variant} G");
            assert_eq!(count(discriminator_tensors(&spec, &Design::PAPER)), discriminator, "{variant} D");
        }
    }

    #[test]
    fn first_values_follow_the_protocol_and_the_seed() {
        let spec = ModelSpec { variant: Variant::Acgan, classes: 10 };
        let state = initial_state(&spec, 1);
        assert_eq!(state, initial_state(&spec, 1));
        assert_ne!(state, initial_state(&spec, 2));
        let deviation = |name: &str| {
            let values = &state[name].values;
            let mean = values.iter().sum::<f32>() / values.len() as f32;
            (mean, (values.iter().map(|v| (v - mean).powi(2)).sum::<f32>() / values.len() as f32).sqrt())
        };
        let (mean, spread) = deviation("generator.deconv1.weight");
        assert!(mean.abs() < 2e-4 && (spread - 0.02).abs() < 2e-4, "{mean} {spread}");
        let (_, spread) = deviation("discriminator.class_hidden.weight");
        assert!((spread - 1.0 / (3.0f32 * 3136.0).sqrt()).abs() < 1e-4, "{spread}");
        assert!(state["generator.bn1.running_var"].values.iter().all(|&v| v == 1.0));
        assert!(state["discriminator.adam.second_moment.conv2.weight"].values.iter().all(|&v| v == 0.0));
    }
}
