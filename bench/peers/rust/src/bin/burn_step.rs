//! The training step in Burn on its `flex` backend, the CPU backend that it recommends.
//!
//! The 1×1 → 7×7 and 7×7 → 1×1 layers are matrix products (as convolutions Burn runs them far slower), and D's
//! weights ask for no gradient in G's half. Batch normalisation is Burn's own layer; its running variance is the
//! biased one, which training never reads.

use burn::module::{Module, Param};
use burn::nn::loss::CrossEntropyLossConfig;
use burn::nn::{BatchNorm, BatchNormConfig};
use burn::optim::{AdamConfig, GradientsParams, ModuleOptimizer};
use burn::tensor::activation::{log_sigmoid, relu, tanh};
use burn::tensor::module::{conv_transpose2d, conv2d};
use burn::tensor::ops::{ConvOptions, ConvTransposeOptions};
use burn::tensor::{Device, Int, Tensor, TensorData};
use digitgan_peers::{
    ADAM_EPSILON, BETA_1, BETA_2, Batch, CLASS_HIDDEN, CLASSES, FEATURES, Failure, LATENT, LEARNING_RATE, Losses,
    NORM_EPSILON, PIXELS, Peer, SIDE, Wiring, hashed,
};

fn main() -> Result<(), Failure> {
    digitgan_peers::main::<Burn>()
}

#[derive(Module, Debug)]
struct Generator {
    /// `[inputs, 64 · 7 · 7]`
    deconv1: Param<Tensor<2>>,
    bn1: BatchNorm,
    deconv2: Param<Tensor<4>>,
    bn2: BatchNorm,
    deconv3: Param<Tensor<4>>,
    deconv3_bias: Param<Tensor<1>>,
}

impl Generator {
    fn new(wiring: Wiring, device: &Device) -> Self {
        let parameters = Parameters { network: "generator", device };
        let inputs = wiring.generator_inputs();
        Generator {
            deconv1: parameters.reshaped("deconv1.weight", [inputs, 64, 7, 7], [inputs, FEATURES]),
            bn1: parameters.batch_norm("bn1", 64),
            deconv2: parameters.get("deconv2.weight", [64, 32, 4, 4]),
            bn2: parameters.batch_norm("bn2", 32),
            deconv3: parameters.get("deconv3.weight", [32, 1, 4, 4]),
            deconv3_bias: parameters.get("deconv3.bias", [1]),
        }
    }

    /// `[batch, inputs]` → `[batch, 1, 28, 28]`
    fn forward(&self, input: Tensor<2>) -> Tensor<4> {
        let halved = ConvTransposeOptions::new([2, 2], [1, 1], [0, 0], [1, 1], 1);
        let x = input.matmul(self.deconv1.val()).reshape([-1, 64, 7, 7]);
        let x = relu(self.bn1.forward(x));
        let x = conv_transpose2d(x, self.deconv2.val(), None, halved.clone());
        let x = relu(self.bn2.forward(x));
        tanh(conv_transpose2d(x, self.deconv3.val(), Some(self.deconv3_bias.val()), halved))
    }
}

#[derive(Module, Debug)]
struct Discriminator {
    conv1: Param<Tensor<4>>,
    bn1: BatchNorm,
    conv2: Param<Tensor<4>>,
    bn2: BatchNorm,
    /// `[64 · 7 · 7, 1]`
    source: Param<Tensor<2>>,
    source_bias: Param<Tensor<1>>,
    class_plane: Option<ClassPlane>,
    class_head: Option<ClassHead>,
}

/// A learned picture of the class, through a convolution of its own (cGAN).
#[derive(Module, Debug)]
struct ClassPlane {
    /// `[classes, 28 · 28]`
    embedding: Param<Tensor<2>>,
    conv: Param<Tensor<4>>,
    bias: Param<Tensor<1>>,
}

/// Two linear layers from features to class logits (ACGAN).
#[derive(Module, Debug)]
struct ClassHead {
    /// `[features, hidden]`
    hidden: Param<Tensor<2>>,
    hidden_bias: Param<Tensor<1>>,
    /// `[hidden, classes]`
    output: Param<Tensor<2>>,
    output_bias: Param<Tensor<1>>,
}

impl Discriminator {
    fn new(wiring: Wiring, device: &Device) -> Self {
        let parameters = Parameters { network: "discriminator", device };
        Discriminator {
            conv1: parameters.get("conv1.weight", [32, 1, 4, 4]),
            bn1: parameters.batch_norm("bn1", 32),
            conv2: parameters.get("conv2.weight", [64, wiring.middle_channels(), 4, 4]),
            bn2: parameters.batch_norm("bn2", 64),
            source: parameters.reshaped("source.weight", [1, 64, 7, 7], [FEATURES, 1]),
            source_bias: parameters.get("source.bias", [1]),
            class_plane: wiring.discriminator_sees_class.then(|| ClassPlane {
                embedding: parameters.get("class_embedding.weight", [CLASSES, PIXELS]),
                conv: parameters.get("class_conv.weight", [32, 1, 4, 4]),
                bias: parameters.get("class_conv.bias", [32]),
            }),
            class_head: wiring.discriminator_predicts_class.then(|| ClassHead {
                hidden: parameters.transposed("class_hidden.weight", [CLASS_HIDDEN, FEATURES]),
                hidden_bias: parameters.get("class_hidden.bias", [CLASS_HIDDEN]),
                output: parameters.transposed("class_output.weight", [CLASSES, CLASS_HIDDEN]),
                output_bias: parameters.get("class_output.bias", [CLASSES]),
            }),
        }
    }

    /// `[batch, 1, 28, 28]`, `[batch]` → source logits `[batch, 1]`, class logits `[batch, classes]` where there are any.
    fn forward(&self, images: Tensor<4>, labels: &Tensor<1, Int>) -> (Tensor<2>, Option<Tensor<2>>) {
        let halving = || ConvOptions::new([2, 2], [1, 1], [1, 1], 1);
        let x = relu(self.bn1.forward(conv2d(images, self.conv1.val(), None, halving())));
        let x = match &self.class_plane {
            Some(plane) => {
                let picture =
                    plane.embedding.val().select(0, labels.clone()).reshape([-1, 1, SIDE as i32, SIDE as i32]);
                Tensor::cat(vec![x, conv2d(picture, plane.conv.val(), Some(plane.bias.val()), halving())], 1)
            }
            None => x,
        };
        let features = relu(self.bn2.forward(conv2d(x, self.conv2.val(), None, halving()))).flatten::<2>(1, 3);
        let source = features.clone().matmul(self.source.val()) + self.source_bias.val().unsqueeze();
        let class = self.class_head.as_ref().map(|head| {
            let hidden = relu(features.matmul(head.hidden.val()) + head.hidden_bias.val().unsqueeze());
            hidden.matmul(head.output.val()) + head.output_bias.val().unsqueeze()
        });
        (source, class)
    }
}

/// First values of a network's parameters.
struct Parameters<'a> {
    network: &'static str,
    device: &'a Device,
}

impl Parameters<'_> {
    fn tensor<const D: usize>(&self, name: &str, shape: [usize; D]) -> Tensor<D> {
        let values = hashed::weights(&format!("{}.{name}", self.network), &shape);
        Tensor::from_data(TensorData::new(values, shape), self.device)
    }

    fn get<const D: usize>(&self, name: &str, shape: [usize; D]) -> Param<Tensor<D>> {
        Param::from_tensor(self.tensor(name, shape))
    }

    fn reshaped(&self, name: &str, shape: [usize; 4], matrix: [usize; 2]) -> Param<Tensor<2>> {
        Param::from_tensor(self.tensor(name, shape).reshape(matrix))
    }

    /// A linear layer's weight with the inputs first; made anew from its values, so that it lies so in memory.
    fn transposed(&self, name: &str, shape: [usize; 2]) -> Param<Tensor<2>> {
        let values = self.tensor(name, shape).transpose().into_data();
        Param::from_data(values, self.device)
    }

    fn batch_norm(&self, name: &str, channels: usize) -> BatchNorm {
        let mut norm = BatchNormConfig::new(channels).with_epsilon(NORM_EPSILON).init(self.device);
        norm.gamma = self.get(&format!("{name}.weight"), [channels]);
        norm.beta = self.get(&format!("{name}.bias"), [channels]);
        norm
    }
}

/// Mean binary cross-entropy against "real" or "fake", from logits.
fn source_loss(logits: Tensor<2>, is_real: bool) -> Tensor<1> {
    -log_sigmoid(if is_real { logits } else { -logits }).mean()
}

/// The source's loss and, where there are class logits, theirs.
fn whole_loss((source, class): (Tensor<2>, Option<Tensor<2>>), labels: &Tensor<1, Int>, is_real: bool) -> Tensor<1> {
    let loss = source_loss(source, is_real);
    match class {
        Some(logits) => loss + CrossEntropyLossConfig::new().init(&logits.device()).forward(logits, labels.clone()),
        None => loss,
    }
}

struct Input {
    images: Tensor<4>,
    labels: Tensor<1, Int>,
    generator_input: Tensor<2>,
    fake_labels: Tensor<1, Int>,
}

struct Burn {
    wiring: Wiring,
    device: Device,
    /// Always there between steps: Burn's optimisers take the module and give it back.
    networks: Option<(Generator, Discriminator)>,
    generator_adam: ModuleOptimizer,
    discriminator_adam: ModuleOptimizer,
}

impl Peer for Burn {
    const NAME: &'static str = "Burn 0.22.1 flex";
    type Input = Input;

    fn new(wiring: Wiring) -> Result<Self, Failure> {
        let device = Device::flex().autodiff();
        let adam = || {
            let config = AdamConfig::new().with_beta_1(BETA_1 as f32).with_beta_2(BETA_2 as f32);
            config.with_epsilon(ADAM_EPSILON as f32).init()
        };
        let networks = Some((Generator::new(wiring, &device), Discriminator::new(wiring, &device)));
        Ok(Burn { wiring, device, networks, generator_adam: adam(), discriminator_adam: adam() })
    }

    fn input(&self, batch: &Batch) -> Result<Input, Failure> {
        let count = batch.labels.len();
        let labels = |labels: &[u32]| {
            let labels: Vec<i32> = labels.iter().map(|&label| label as i32).collect();
            Tensor::<1, Int>::from_data(TensorData::new(labels, [count]), &self.device)
        };
        let (real_labels, fake_labels) = (labels(&batch.labels), labels(&batch.fake_labels));
        let latents = Tensor::<2>::from_data(TensorData::new(batch.latents.clone(), [count, LATENT]), &self.device);
        let generator_input = match self.wiring.generator_sees_class {
            true => Tensor::cat(vec![latents, fake_labels.clone().one_hot::<2>(CLASSES).float()], 1),
            false => latents,
        };
        let images = TensorData::new(batch.images.clone(), [count, 1, SIDE, SIDE]);
        let images = Tensor::from_data(images, &self.device);
        Ok(Input { images, labels: real_labels, generator_input, fake_labels })
    }

    fn step(&mut self, input: &Input) -> Result<Losses, Failure> {
        let (generator, discriminator) = self.networks.take().ok_or("an earlier step failed")?;
        let fake = generator.forward(input.generator_input.clone());

        let real_logits = discriminator.forward(input.images.clone(), &input.labels);
        let fake_logits = discriminator.forward(fake.clone().detach(), &input.fake_labels);
        let d_loss = whole_loss(real_logits, &input.labels, true) + whole_loss(fake_logits, &input.fake_labels, false);
        let gradients = GradientsParams::from_grads(d_loss.backward(), &discriminator);
        let discriminator = self.discriminator_adam.step(LEARNING_RATE, discriminator, gradients);

        let frozen = discriminator.clone().no_grad();
        let g_loss = whole_loss(frozen.forward(fake, &input.fake_labels), &input.fake_labels, true);
        let gradients = GradientsParams::from_grads(g_loss.backward(), &generator);
        let generator = self.generator_adam.step(LEARNING_RATE, generator, gradients);
        self.networks = Some((generator, discriminator));
        Ok(Losses { d_loss: d_loss.into_scalar::<f32>(), g_loss: g_loss.into_scalar::<f32>() })
    }
}
