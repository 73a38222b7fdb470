//! The training step in candle on its CPU backend.
//!
//! The 1×1 → 7×7 and 7×7 → 1×1 layers are matrix products, and D's weights are detached in G's half. What
//! candle leaves no choice in: the gradient of a convolution always computes both its parts, that of the input and
//! that of the weights, whoever wants them; and its transposed convolution is a direct loop, not a matrix product.

use candle_core::{D, Device, Result, Tensor, Var};
use candle_nn::{AdamW, BatchNorm, Optimizer, ParamsAdamW, loss::cross_entropy};
use digitgan_peers::{
    ADAM_EPSILON, BETA_1, BETA_2, Batch, CLASS_HIDDEN, CLASSES, FEATURES, Failure, LATENT, LEARNING_RATE, Losses,
    NORM_EPSILON, PIXELS, Peer, SIDE, Wiring, hashed,
};

fn main() -> std::result::Result<(), Failure> {
    digitgan_peers::main::<Candle>()
}

/// A network's parameters and running statistics by name. Whoever asks for them twice gets the same ones.
struct Parameters {
    network: &'static str,
    trainable: Vec<(String, Var)>,
    statistics: Vec<(String, Var)>,
}

impl Parameters {
    fn new(network: &'static str) -> Self {
        Parameters { network, trainable: Vec::new(), statistics: Vec::new() }
    }

    /// The parameter called `name`, in the shape of PyTorch's layer; detached, no gradient goes there.
    fn get(&mut self, name: &str, shape: &[usize], detached: bool) -> Result<Tensor> {
        let found = match self.trainable.iter().find(|(known, _)| known == name) {
            Some((_, var)) => var.clone(),
            None => {
                let values = hashed::weights(&format!("{}.{name}", self.network), shape);
                let var = Var::from_vec(values, shape, &Device::Cpu)?;
                self.trainable.push((name.to_owned(), var.clone()));
                var
            }
        };
        Ok(if detached { found.as_detached_tensor() } else { found.as_tensor().clone() })
    }

    fn statistic(&mut self, name: String, first: f32, channels: usize) -> Result<Tensor> {
        if let Some((_, var)) = self.statistics.iter().find(|(known, _)| *known == name) {
            return Ok(var.as_tensor().clone());
        }
        let var = Var::from_vec(vec![first; channels], channels, &Device::Cpu)?;
        self.statistics.push((name, var.clone()));
        Ok(var.as_tensor().clone())
    }

    fn batch_norm(&mut self, name: &str, channels: usize, detached: bool) -> Result<BatchNorm> {
        let mean = self.statistic(format!("{name}.running_mean"), 0.0, channels)?;
        let variance = self.statistic(format!("{name}.running_var"), 1.0, channels)?;
        let scale = self.get(&format!("{name}.weight"), &[channels], detached)?;
        let shift = self.get(&format!("{name}.bias"), &[channels], detached)?;
        BatchNorm::new(channels, mean, variance, scale, shift, NORM_EPSILON)
    }

    fn adam(&self) -> Result<AdamW> {
        let settings = ParamsAdamW {
            lr: LEARNING_RATE,
            beta1: BETA_1,
            beta2: BETA_2,
            eps: ADAM_EPSILON,
            weight_decay: 0.0, // which makes it plain Adam
        };
        AdamW::new(self.trainable.iter().map(|(_, var)| var.clone()).collect(), settings)
    }
}

struct Generator {
    deconv1: Tensor,
    bn1: BatchNorm,
    deconv2: Tensor,
    bn2: BatchNorm,
    deconv3: Tensor,
    deconv3_bias: Tensor,
}

impl Generator {
    fn new(wiring: Wiring, parameters: &mut Parameters) -> Result<Self> {
        Ok(Generator {
            deconv1: parameters.get("deconv1.weight", &[wiring.generator_inputs(), 64, 7, 7], false)?,
            bn1: parameters.batch_norm("bn1", 64, false)?,
            deconv2: parameters.get("deconv2.weight", &[64, 32, 4, 4], false)?,
            bn2: parameters.batch_norm("bn2", 32, false)?,
            deconv3: parameters.get("deconv3.weight", &[32, 1, 4, 4], false)?,
            deconv3_bias: parameters.get("deconv3.bias", &[1], false)?,
        })
    }

    /// `[batch, inputs]` → `[batch, 1, 28, 28]`
    fn forward(&self, input: &Tensor) -> Result<Tensor> {
        let x = input.matmul(&self.deconv1.flatten_from(1)?)?.reshape(((), 64, 7, 7))?;
        let x = self.bn1.forward_train(&x)?.relu()?;
        let x = x.conv_transpose2d(&self.deconv2, 1, 0, 2, 1)?;
        let x = self.bn2.forward_train(&x)?.relu()?;
        let x = x.conv_transpose2d(&self.deconv3, 1, 0, 2, 1)?;
        x.broadcast_add(&self.deconv3_bias.reshape((1, 1, 1, 1))?)?.tanh()
    }
}

struct Discriminator {
    conv1: Tensor,
    bn1: BatchNorm,
    conv2: Tensor,
    bn2: BatchNorm,
    source: Tensor,
    source_bias: Tensor,
    class_plane: Option<ClassPlane>,
    class_head: Option<ClassHead>,
}

/// A learned picture of the class, through a convolution of its own (cGAN).
struct ClassPlane {
    embedding: Tensor,
    conv: Tensor,
    bias: Tensor,
}

/// Two linear layers from features to class logits (ACGAN).
struct ClassHead {
    hidden: Tensor,
    hidden_bias: Tensor,
    output: Tensor,
    output_bias: Tensor,
}

impl Discriminator {
    fn new(wiring: Wiring, parameters: &mut Parameters, detached: bool) -> Result<Self> {
        let mut get = |name: &str, shape: &[usize]| parameters.get(name, shape, detached);
        let conv1 = get("conv1.weight", &[32, 1, 4, 4])?;
        let conv2 = get("conv2.weight", &[64, wiring.middle_channels(), 4, 4])?;
        let source = get("source.weight", &[1, 64, 7, 7])?;
        let source_bias = get("source.bias", &[1])?;
        let class_plane = match wiring.discriminator_sees_class {
            true => Some(ClassPlane {
                embedding: get("class_embedding.weight", &[CLASSES, PIXELS])?,
                conv: get("class_conv.weight", &[32, 1, 4, 4])?,
                bias: get("class_conv.bias", &[32])?,
            }),
            false => None,
        };
        let class_head = match wiring.discriminator_predicts_class {
            true => Some(ClassHead {
                hidden: get("class_hidden.weight", &[CLASS_HIDDEN, FEATURES])?,
                hidden_bias: get("class_hidden.bias", &[CLASS_HIDDEN])?,
                output: get("class_output.weight", &[CLASSES, CLASS_HIDDEN])?,
                output_bias: get("class_output.bias", &[CLASSES])?,
            }),
            false => None,
        };
        let bn1 = parameters.batch_norm("bn1", 32, detached)?;
        let bn2 = parameters.batch_norm("bn2", 64, detached)?;
        Ok(Discriminator { conv1, bn1, conv2, bn2, source, source_bias, class_plane, class_head })
    }

    /// `[batch, 1, 28, 28]`, `[batch]` → source logits `[batch, 1]`, class logits `[batch, classes]` where there are any.
    fn forward(&self, images: &Tensor, labels: &Tensor) -> Result<(Tensor, Option<Tensor>)> {
        let x = self.bn1.forward_train(&halve(images, &self.conv1)?)?.relu()?;
        let x = match &self.class_plane {
            Some(plane) => {
                let picture = plane.embedding.index_select(labels, 0)?.reshape(((), 1, SIDE, SIDE))?;
                let picture = halve(&picture, &plane.conv)?.broadcast_add(&plane.bias.reshape((1, 32, 1, 1))?)?;
                Tensor::cat(&[x, picture], 1)?
            }
            None => x,
        };
        let features = self.bn2.forward_train(&halve(&x, &self.conv2)?)?.relu()?.flatten_from(1)?;
        let source = linear(&features, &self.source.flatten_from(1)?, &self.source_bias)?;
        let class = match &self.class_head {
            Some(head) => {
                let hidden = linear(&features, &head.hidden, &head.hidden_bias)?.relu()?;
                Some(linear(&hidden, &head.output, &head.output_bias)?)
            }
            None => None,
        };
        Ok((source, class))
    }
}

/// A 4×4 convolution with stride 2 and padding 1.
fn halve(x: &Tensor, weight: &Tensor) -> Result<Tensor> {
    x.conv2d(weight, 1, 2, 1, 1)
}

fn linear(x: &Tensor, weight: &Tensor, bias: &Tensor) -> Result<Tensor> {
    x.matmul(&weight.t()?)?.broadcast_add(bias)
}

/// Mean binary cross-entropy against "real" or "fake", from logits: softplus without overflow.
fn source_loss(logits: &Tensor, is_real: bool) -> Result<Tensor> {
    let x = if is_real { logits.neg()? } else { logits.clone() };
    let rest = (x.abs()?.neg()?.exp()? + 1.0)?.log()?;
    (x.relu()? + rest)?.mean_all()
}

/// The source's loss and, where there are class logits, theirs.
fn whole_loss((source, class): (Tensor, Option<Tensor>), labels: &Tensor, is_real: bool) -> Result<Tensor> {
    let loss = source_loss(&source, is_real)?;
    match class {
        Some(logits) => loss + cross_entropy(&logits, labels)?,
        None => Ok(loss),
    }
}

struct Input {
    images: Tensor,
    labels: Tensor,
    generator_input: Tensor,
    fake_labels: Tensor,
}

struct Candle {
    wiring: Wiring,
    generator: Generator,
    discriminator: Discriminator,
    /// The same weights, out of reach of gradients.
    frozen: Discriminator,
    generator_adam: AdamW,
    discriminator_adam: AdamW,
}

impl Peer for Candle {
    const NAME: &'static str = "candle 0.11.1";
    type Input = Input;

    fn new(wiring: Wiring) -> std::result::Result<Self, Failure> {
        let (mut g, mut d) = (Parameters::new("generator"), Parameters::new("discriminator"));
        Ok(Candle {
            wiring,
            generator: Generator::new(wiring, &mut g)?,
            discriminator: Discriminator::new(wiring, &mut d, false)?,
            frozen: Discriminator::new(wiring, &mut d, true)?,
            generator_adam: g.adam()?,
            discriminator_adam: d.adam()?,
        })
    }

    fn input(&self, batch: &Batch) -> std::result::Result<Input, Failure> {
        let (count, cpu) = (batch.labels.len(), &Device::Cpu);
        let latents = Tensor::from_slice(&batch.latents, (count, LATENT), cpu)?;
        let fake_labels = Tensor::from_slice(&batch.fake_labels, count, cpu)?;
        let generator_input = match self.wiring.generator_sees_class {
            true => {
                let one_hot = candle_nn::encoding::one_hot(fake_labels.clone(), CLASSES, 1f32, 0f32)?;
                Tensor::cat(&[latents, one_hot], D::Minus1)?
            }
            false => latents,
        };
        Ok(Input {
            images: Tensor::from_slice(&batch.images, (count, 1, SIDE, SIDE), cpu)?,
            labels: Tensor::from_slice(&batch.labels, count, cpu)?,
            generator_input,
            fake_labels,
        })
    }

    fn step(&mut self, input: &Input) -> std::result::Result<Losses, Failure> {
        let fake = self.generator.forward(&input.generator_input)?;

        let real_logits = self.discriminator.forward(&input.images, &input.labels)?;
        let fake_logits = self.discriminator.forward(&fake.detach(), &input.fake_labels)?;
        let d_loss =
            (whole_loss(real_logits, &input.labels, true)? + whole_loss(fake_logits, &input.fake_labels, false)?)?;
        self.discriminator_adam.step(&d_loss.backward()?)?;

        let after = self.frozen.forward(&fake, &input.fake_labels)?;
        let g_loss = whole_loss(after, &input.fake_labels, true)?;
        self.generator_adam.step(&g_loss.backward()?)?;
        Ok(Losses { d_loss: d_loss.to_scalar()?, g_loss: g_loss.to_scalar()? })
    }
}
