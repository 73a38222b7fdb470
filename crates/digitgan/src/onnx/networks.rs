//! The networks, operator by operator.

use super::graph::{Graph, float, int, ints};
use crate::IMAGE_SIDE;
use crate::model::{
    BATCH_NORM_EPSILON, CLASSIFIER_FEATURES, ClassInput, Design, LATENT, ModelSpec, SourceHead, Tensor, TensorMap,
    TensorSpec, classifier_tensors, discriminator_tensors, generator_tensors,
};
use crate::weights::{ClassifierFile, GeneratorFile, WeightsError};
use onnx_rs::ast::{Attribute, OpType};

/// Features of an image behind the convolutions: 64 maps of 7×7.
const FEATURES: usize = 64 * 7 * 7;
/// No weight is divided by less, as in the engine.
const SMALLEST_NORM: f64 = 1e-12;
/// What D and the judge look at.
const IMAGE_DOC: &str = "images, -1 where there is no ink, 1 where there is most";

/// A network while it is put together: its tensors beside its graph.
struct Network<'a> {
    graph: Graph,
    tensors: &'a TensorMap,
}

pub(super) fn generator(file: &GeneratorFile) -> Result<Graph, WeightsError> {
    check("generator", &generator_tensors(&file.spec), &file.tensors)?;
    let mut network = Network { graph: Graph::default(), tensors: &file.tensors };
    let x = network.first_layer(&file.spec);
    let x = network.batch_norm("bn1", x);
    let x = network.graph.node(OpType::Relu, &[x], "relu1", vec![]);
    let x = network.deconvolution("deconv2", &["deconv2.weight"], x);
    let x = network.batch_norm("bn2", x);
    let x = network.graph.node(OpType::Relu, &[x], "relu2", vec![]);
    let x = network.deconvolution("deconv3", &["deconv3.weight", "deconv3.bias"], x);
    network.graph.node(OpType::Tanh, &[x], "image", vec![]);
    network.graph.output("image", &[1, IMAGE_SIDE, IMAGE_SIDE], IMAGE_DOC);
    Ok(network.graph)
}

pub(super) fn discriminator(spec: &ModelSpec, design: &Design, tensors: &TensorMap) -> Result<Graph, WeightsError> {
    check("discriminator", &discriminator_tensors(spec, design), tensors)?;
    let mut network = Network { graph: Graph::default(), tensors };
    network.graph.input("image", &[design.pack, IMAGE_SIDE, IMAGE_SIDE], IMAGE_DOC);
    let told = design.told_class(spec.variant.wiring());
    let class = told.map(|_| network.graph.class_input());
    let plane = class.filter(|_| told == Some(ClassInput::Plane));
    let projected = class.filter(|_| told == Some(ClassInput::Projection));
    let features = network.trunk(design.leak, plane);
    let logit = match design.head {
        SourceHead::Linear => network.linear_source(features, projected),
        SourceHead::Hidden => network.hidden_source(features, projected),
    };
    let shape = network.graph.integers("one_number", &[-1]);
    network.graph.node(OpType::Reshape, &[logit, shape], "logit", vec![]);
    network.graph.output("logit", &[], "how real each looks: real above 0");
    if spec.variant.wiring().discriminator_predicts_class {
        network.class_head(features, "class_hidden.relu", "class_logits");
        network.graph.output("class_logits", &[spec.classes], "how much each looks like each class");
    }
    Ok(network.graph)
}

pub(super) fn classifier(file: &ClassifierFile) -> Result<Graph, WeightsError> {
    let classes = file.identity.classes;
    check("judge", &classifier_tensors(classes), &file.tensors)?;
    let mut network = Network { graph: Graph::default(), tensors: &file.tensors };
    network.graph.input("image", &[1, IMAGE_SIDE, IMAGE_SIDE], IMAGE_DOC);
    let features = network.trunk(0.0, None);
    let logits = network.class_head(features, "features", "logits");
    network.graph.node(OpType::Softmax, &[logits], "probabilities", vec![int("axis", 1)]);
    network.graph.output("probabilities", &[classes], "how probable each class is");
    network.graph.output("logits", &[classes], "the same before softmax");
    network.graph.output("features", &[CLASSIFIER_FEATURES], "the last hidden layer");
    Ok(network.graph)
}

/// Refuses tensors that are not those of the network.
fn check(kind: &'static str, expected: &[TensorSpec], tensors: &TensorMap) -> Result<(), WeightsError> {
    let wrong = |spec: &&TensorSpec| tensors.get(spec.name).is_none_or(|found| found.shape != spec.shape);
    match expected.iter().find(wrong) {
        None => Ok(()),
        Some(spec) => {
            let found = tensors.get(spec.name).map_or("is missing".to_owned(), |t| format!("has shape {:?}", t.shape));
            let reason = format!("tensor {} {found}, expected shape {:?}", spec.name, spec.shape);
            Err(WeightsError::Foreign { kind, reason })
        }
    }
}

impl Network<'_> {
    /// A tensor of the network as the passes see it.
    fn weight(&mut self, name: &'static str) -> &'static str {
        let Tensor { shape, values } = self.seen(name);
        self.graph.floats(name, &shape, &values)
    }

    /// A tensor as a matrix with one row for each of its first axis.
    fn matrix(&mut self, name: &'static str) -> &'static str {
        let Tensor { shape, values } = self.seen(name);
        self.graph.floats(name, &[shape[0], values.len() / shape[0]], &values)
    }

    /// A tensor, divided by its largest singular value where the network knows that value's vector.
    fn seen(&self, name: &str) -> Tensor {
        let tensor = self.tensors[name].clone();
        match self.tensors.get(&format!("{name}_u")) {
            Some(u) => divided_by_sigma(tensor, &u.values),
            None => tensor,
        }
    }

    /// G's first layer: what the noise adds up to, and what the class adds.
    fn first_layer(&mut self, spec: &ModelSpec) -> &'static str {
        let weight = &self.tensors["deconv1.weight"].values;
        let (of_noise, of_classes) = weight.split_at(LATENT * FEATURES);
        self.graph.input("noise", &[LATENT], "normal random numbers");
        let weight = self.graph.floats("deconv1.weight", &[LATENT, FEATURES], of_noise);
        let mut x = self.graph.node(OpType::MatMul, &["noise", weight], "deconv1.noise", vec![]);
        if spec.variant.wiring().generator_sees_class {
            let class = self.graph.class_input();
            let table = self.graph.floats("deconv1.classes", &[spec.classes, FEATURES], of_classes);
            let row = self.graph.node(OpType::Gather, &[table, class], "deconv1.class", vec![]);
            x = self.graph.node(OpType::Add, &[x, row], "deconv1.sum", vec![]);
        }
        let shape = self.graph.integers("maps", &[-1, 64, 7, 7]);
        self.graph.node(OpType::Reshape, &[x, shape], "deconv1", vec![])
    }

    /// Images to features, `[batch, 3136]`; the class is told as a plane beside the first maps, if it is.
    fn trunk(&mut self, leak: f32, class: Option<&'static str>) -> &'static str {
        let x = self.convolution("conv1", ["conv1.weight", "conv1.bias"], "image");
        let x = self.batch_norm("bn1", x);
        let mut x = self.rectifier(leak, x, "relu1");
        if let Some(class) = class {
            let plane = self.class_plane(class);
            x = self.graph.node(OpType::Concat, &[x, plane], "with_class", vec![int("axis", 1)]);
        }
        let x = self.convolution("conv2", ["conv2.weight", "conv2.bias"], x);
        let x = self.batch_norm("bn2", x);
        let x = self.rectifier(leak, x, "relu2");
        self.graph.node(OpType::Flatten, &[x], "flat", vec![int("axis", 1)])
    }

    /// The learned picture of a class, convolved.
    fn class_plane(&mut self, class: &'static str) -> &'static str {
        let table = self.weight("class_embedding.weight");
        let row = self.graph.node(OpType::Gather, &[table, class], "class_picture", vec![]);
        let shape = self.graph.integers("picture", &[-1, 1, IMAGE_SIDE as i64, IMAGE_SIDE as i64]);
        let plane = self.graph.node(OpType::Reshape, &[row, shape], "class_plane", vec![]);
        self.convolution("class_conv", ["class_conv.weight", "class_conv.bias"], plane)
    }

    /// A linear logit, `[batch, 1]`, to which the class's inner product with the features is added.
    fn linear_source(&mut self, features: &'static str, class: Option<&'static str>) -> &'static str {
        let weight = self.matrix("source.weight");
        let bias = self.weight("source.bias");
        let logit = self.graph.node(OpType::Gemm, &[features, weight, bias], "source", vec![int("transB", 1)]);
        match class {
            None => logit,
            Some(class) => {
                let table = self.matrix("class_projection.weight");
                let product = self.product(features, table, class);
                self.graph.node(OpType::Add, &[logit, product], "source_of_class", vec![])
            }
        }
    }

    /// A logit of a hidden layer, `[batch, 1]`; where the class is projected, by the class's own vector and bias.
    fn hidden_source(&mut self, features: &'static str, class: Option<&'static str>) -> &'static str {
        let names = ["source_hidden.weight", "source_hidden.bias"];
        let hidden = self.linear("source_hidden", names, features);
        let hidden = self.graph.node(OpType::Relu, &[hidden], "source_hidden.relu", vec![]);
        let Some(class) = class else {
            return self.linear("source_output", ["source_output.weight", "source_output.bias"], hidden);
        };
        let table = self.weight("source_output.weight");
        let product = self.product(hidden, table, class);
        let Tensor { shape, values } = self.seen("source_output.bias");
        let biases = self.graph.floats("source_output.bias", &[shape[0], 1], &values);
        let bias = self.graph.node(OpType::Gather, &[biases, class], "class_bias", vec![]);
        self.graph.node(OpType::Add, &[product, bias], "source_output", vec![])
    }

    /// The inner product, `[batch, 1]`, of `[batch, n]` with the class's row of a table.
    fn product(&mut self, x: &'static str, table: &'static str, class: &'static str) -> &'static str {
        let row = self.graph.node(OpType::Gather, &[table, class], "class_vector", vec![]);
        let product = self.graph.node(OpType::Mul, &[x, row], "class_products", vec![]);
        let axis = self.graph.integers("last_axis", &[1]);
        self.graph.node(OpType::ReduceSum, &[product, axis], "class_product", vec![int("keepdims", 1)])
    }

    /// Features to the logits of the classes, by a hidden layer, both of which are named.
    fn class_head(&mut self, features: &'static str, hidden: &'static str, logits: &'static str) -> &'static str {
        let x = self.linear("class_hidden", ["class_hidden.weight", "class_hidden.bias"], features);
        let x = self.graph.node(OpType::Relu, &[x], hidden, vec![]);
        self.linear(logits, ["class_output.weight", "class_output.bias"], x)
    }

    fn linear(&mut self, output: &'static str, names: [&'static str; 2], x: &'static str) -> &'static str {
        let [weight, bias] = names.map(|name| self.weight(name));
        self.graph.node(OpType::Gemm, &[x, weight, bias], output, vec![int("transB", 1)])
    }

    /// A convolution that halves the sides, with a bias where it has one.
    fn convolution(&mut self, output: &'static str, names: [&'static str; 2], x: &'static str) -> &'static str {
        let mut inputs = vec![x];
        for name in names {
            if self.tensors.contains_key(name) {
                inputs.push(self.weight(name));
            }
        }
        self.graph.node(OpType::Conv, &inputs, output, window())
    }

    /// A transposed convolution that doubles the sides.
    fn deconvolution(&mut self, output: &'static str, names: &[&'static str], x: &'static str) -> &'static str {
        let weights = names.iter().map(|name| self.weight(name));
        let inputs: Vec<&'static str> = std::iter::once(x).chain(weights).collect();
        self.graph.node(OpType::ConvTranspose, &inputs, output, window())
    }

    /// A batch normalisation by the running statistics, where the network has this one.
    fn batch_norm(&mut self, output: &'static str, x: &'static str) -> &'static str {
        let names = match output {
            "bn1" => ["bn1.weight", "bn1.bias", "bn1.running_mean", "bn1.running_var"],
            _ => ["bn2.weight", "bn2.bias", "bn2.running_mean", "bn2.running_var"],
        };
        if !self.tensors.contains_key(names[0]) {
            return x;
        }
        let [scale, shift, mean, variance] = names.map(|name| self.weight(name));
        let epsilon = float("epsilon", BATCH_NORM_EPSILON as f32);
        self.graph.node(OpType::BatchNormalization, &[x, scale, shift, mean, variance], output, vec![epsilon])
    }

    fn rectifier(&mut self, leak: f32, x: &'static str, output: &'static str) -> &'static str {
        match leak {
            0.0 => self.graph.node(OpType::Relu, &[x], output, vec![]),
            leak => self.graph.node(OpType::LeakyRelu, &[x], output, vec![float("alpha", leak)]),
        }
    }
}

/// Windows of 4×4, two pixels apart, with one pixel around the image.
fn window() -> Vec<Attribute<'static>> {
    vec![ints("kernel_shape", &[4, 4]), ints("strides", &[2, 2]), ints("pads", &[1, 1, 1, 1])]
}

/// W / σ with σ = ‖Wᵀu‖, one row of W per output.
fn divided_by_sigma(mut tensor: Tensor, u: &[f32]) -> Tensor {
    let columns = tensor.values.len() / u.len();
    let column = |c: usize| -> f64 {
        let products = u.iter().enumerate().map(|(row, &u)| f64::from(u) * f64::from(tensor.values[row * columns + c]));
        products.sum()
    };
    let sigma = (0..columns).map(|c| column(c).powi(2)).sum::<f64>().sqrt().max(SMALLEST_NORM);
    tensor.values.iter_mut().for_each(|value| *value = (f64::from(*value) / sigma) as f32);
    tensor
}
