//! The tensors of one network on a device: parameters with Adam's moments, running statistics, singular vectors.

use super::BurnDevice;
use crate::engine::{SMALLEST_NORM, StateError, find};
use crate::model::{self, TensorMap, TensorSpec};
use burn_tensor::{Gradients, Tensor, TensorData};
use std::collections::BTreeMap;

/// One tensor, flat, in PyTorch's layout.
struct Entry {
    spec: TensorSpec,
    value: Tensor<1>,
    /// Adam's moments, of what is trained.
    moments: Option<[Tensor<1>; 2]>,
}

/// All tensors of a network by their names. None of them is tracked: what a pass differentiates by are the leaves of its
/// [`Weights`].
pub(super) struct Parameters {
    device: BurnDevice,
    entries: BTreeMap<&'static str, Entry>,
    /// The right singular vectors of the weights that are normalised, by the weights' names.
    right_vectors: BTreeMap<&'static str, Tensor<1>>,
    /// Those of the last update.
    gradients: BTreeMap<&'static str, Tensor<1>>,
}

impl Parameters {
    /// Zeros.
    pub(super) fn new(device: &BurnDevice, tensors: Vec<TensorSpec>) -> Self {
        let zeros = |count| Tensor::<1>::zeros([count], device.handle());
        let entries = tensors.into_iter().map(|spec| {
            let count = spec.elements();
            let moments = spec.trainable.then(|| [zeros(count), zeros(count)]);
            (spec.name, Entry { value: zeros(count), spec, moments })
        });
        Parameters {
            device: device.clone(),
            entries: entries.collect(),
            right_vectors: BTreeMap::new(),
            gradients: BTreeMap::new(),
        }
    }

    /// The weights as the passes of one half of a step see them; `tracked` if their gradients are wanted.
    pub(super) fn weights(&self, tracked: bool) -> Weights {
        let trained = self.entries.values().filter(|entry| entry.spec.trainable);
        let leaves: BTreeMap<_, _> = trained
            .map(|Entry { spec, value, .. }| {
                let leaf = if tracked { value.clone().autodiff().require_grad() } else { value.clone() };
                (spec.name, leaf)
            })
            .collect();
        let mut seen = leaves.clone();
        for (name, right) in &self.right_vectors {
            let weight = leaves[name].clone();
            let (outputs, inputs) = (self.entries[name].spec.shape[0], right.dims()[0]);
            let left = self.singular_vector(name).clone().reshape([outputs, 1]);
            // σ = uᵀWv; u and v are constants to its gradient.
            let along = weight.clone().reshape([outputs, inputs]) * left * right.clone().reshape([1, inputs]);
            seen.insert(name, weight / along.sum());
        }
        let shapes = self.entries.iter().map(|(&name, entry)| (name, entry.spec.shape.clone())).collect();
        Weights { leaves, seen, shapes }
    }

    /// u of a weight that is normalised.
    fn singular_vector(&self, weight: &str) -> &Tensor<1> {
        &self.entries[format!("{weight}_u").as_str()].value
    }

    /// A running statistic.
    pub(super) fn statistic(&self, name: &str) -> &Tensor<1> {
        &self.entries[name].value
    }

    /// Moves a running statistic towards a batch's.
    pub(super) fn follow(&mut self, name: &str, batch: Tensor<1>) {
        let entry = self.entries.get_mut(name).expect("a network knows its statistics");
        let momentum = model::BATCH_NORM_MOMENTUM;
        entry.value = entry.value.clone() * (1.0 - momentum) + batch.inner() * momentum;
    }

    /// One Adam step from the gradients of these leaves.
    pub(super) fn update(&mut self, weights: &Weights, gradients: &mut Gradients, adam: Adam) {
        for (&name, leaf) in &weights.leaves {
            let entry = self.entries.get_mut(name).expect("the leaves are those of this network");
            // What no pass used has no gradient.
            let gradient = leaf.grad_remove(gradients).unwrap_or_else(|| entry.value.zeros_like());
            let [first, second] = entry.moments.take().expect("only what is trained is a leaf");
            let first = first * adam.beta1 + gradient.clone() * (1.0 - adam.beta1);
            let second = second * adam.beta2 + gradient.clone() * gradient.clone() * (1.0 - adam.beta2);
            let root = second.clone().sqrt() * adam.root_scale + adam.epsilon;
            entry.value = entry.value.clone() - first.clone() * adam.step / root;
            entry.moments = Some([first, second]);
            self.gradients.insert(name, gradient);
        }
        self.iterate();
    }

    /// Lets u and v follow the weights' new values: u ← Wv / ‖Wv‖, then [`Parameters::align`].
    fn iterate(&mut self) {
        let names: Vec<&'static str> = self.right_vectors.keys().copied().collect();
        for name in names {
            let right = self.right_vectors[name].clone();
            let Entry { spec, value, .. } = &self.entries[name];
            let outputs = spec.shape[0];
            let matrix = value.clone().reshape([outputs, right.dims()[0]]);
            let left = normalised((matrix * right.unsqueeze_dim::<2>(0)).sum_dim(1).reshape([outputs]));
            let vector = format!("{name}_u");
            self.entries.get_mut(vector.as_str()).expect("a weight that is normalised has a vector").value = left;
        }
        self.align();
    }

    /// v = Wᵀu / ‖Wᵀu‖.
    fn align(&mut self) {
        let vectors = self.entries.keys().filter_map(|name| name.strip_suffix("_u"));
        let aligned = vectors.map(|weight| {
            let (&name, Entry { spec, value, .. }) =
                self.entries.get_key_value(weight).expect("a singular vector is that of a weight");
            let (outputs, inputs) = (spec.shape[0], spec.elements() / spec.shape[0]);
            let matrix = value.clone().reshape([outputs, inputs]);
            let left = self.singular_vector(name).clone().reshape([outputs, 1]);
            (name, normalised((matrix * left).sum_dim(0).reshape([inputs])))
        });
        self.right_vectors = aligned.collect();
    }

    /// Reads tensors by `prefix` and their names, Adam's moments too where `moments` says so.
    pub(super) fn load(&mut self, prefix: &str, state: &TensorMap, moments: bool) -> Result<(), StateError> {
        for entry in self.entries.values_mut() {
            let read = |name: String| {
                let values = find(state, &name, &entry.spec.shape)?;
                Ok(Tensor::<1>::from_data(TensorData::new(values.to_vec(), [values.len()]), self.device.handle()))
            };
            let name = entry.spec.name;
            let value = read(format!("{prefix}{name}"))?;
            if moments && entry.moments.is_some() {
                let moment = |which: &str| read(format!("{prefix}adam.{which}.{name}"));
                entry.moments = Some([moment("first_moment")?, moment("second_moment")?]);
            }
            entry.value = value;
        }
        self.align();
        Ok(())
    }

    /// Writes what [`Parameters::load`] reads.
    pub(super) fn save(&self, prefix: &str, moments: bool, state: &mut TensorMap) {
        for Entry { spec, value, moments: both } in self.entries.values() {
            let mut write = |name: String, tensor: &Tensor<1>| {
                state.insert(name, model::Tensor { shape: spec.shape.clone(), values: values(tensor) });
            };
            write(format!("{prefix}{}", spec.name), value);
            if let (true, Some([first, second])) = (moments, both) {
                write(format!("{prefix}adam.first_moment.{}", spec.name), first);
                write(format!("{prefix}adam.second_moment.{}", spec.name), second);
            }
        }
    }

    /// Writes the gradients of the last update.
    pub(super) fn save_gradients(&self, prefix: &str, map: &mut TensorMap) {
        for (name, gradient) in &self.gradients {
            let shape = self.entries[name].spec.shape.clone();
            map.insert(format!("{prefix}{name}"), model::Tensor { shape, values: values(gradient) });
        }
    }

    /// Moves every tensor a share of the way to that of `other`, a network of the same tensors.
    pub(super) fn approach(&mut self, other: &Parameters, share: f64) {
        for (name, entry) in &mut self.entries {
            let target = other.entries[name].value.clone();
            entry.value = entry.value.clone() + (target - entry.value.clone()) * share;
        }
    }
}

/// The numbers of one Adam step (Kingma & Ba 2015) but for the gradients.
#[derive(Clone, Copy)]
pub(super) struct Adam {
    beta1: f64,
    beta2: f64,
    epsilon: f64,
    /// rate / (1 − β₁ᵗ)
    step: f64,
    /// 1 / √(1 − β₂ᵗ)
    root_scale: f64,
}

impl Adam {
    /// The `step`-th, counted from 1.
    pub(super) fn new(rate: f64, [beta1, beta2]: [f64; 2], epsilon: f64, step: u64) -> Self {
        let left = |beta: f64| 1.0 - beta.powf(step as f64);
        Adam { beta1, beta2, epsilon, step: rate / left(beta1), root_scale: 1.0 / left(beta2).sqrt() }
    }
}

/// A network's weights for the passes of one half of a step.
pub(super) struct Weights {
    leaves: BTreeMap<&'static str, Tensor<1>>,
    /// The same, with those divided by their largest singular value that are to be.
    seen: BTreeMap<&'static str, Tensor<1>>,
    shapes: BTreeMap<&'static str, Vec<usize>>,
}

impl Weights {
    /// The weight called `name`, if the network has it.
    pub(super) fn find<const D: usize>(&self, name: &str) -> Option<Tensor<D>> {
        let shape: [usize; D] =
            self.shapes.get(name)?.as_slice().try_into().expect("a weight has the axes of its layer");
        Some(self.seen[name].clone().reshape(shape))
    }

    /// The weight called `name`. Panics if the network has none: a bug.
    pub(super) fn get<const D: usize>(&self, name: &str) -> Tensor<D> {
        self.find(name).unwrap_or_else(|| panic!("no parameter {name}"))
    }

    /// The weight called `name` as a matrix, one row per output.
    pub(super) fn matrix(&self, name: &str) -> Tensor<2> {
        let outputs = self.shapes[name][0] as i32;
        self.seen[name].clone().reshape([outputs, -1])
    }
}

/// A vector divided by its norm.
fn normalised(vector: Tensor<1>) -> Tensor<1> {
    let norm = (vector.clone() * vector.clone()).sum().sqrt().clamp_min(SMALLEST_NORM);
    vector / norm
}

/// Reads a tensor back: waits for the device. Panics with the device's own words if it failed, for
/// [`crate::engine::failure::quietly`].
pub(super) fn values<const D: usize>(tensor: &Tensor<D>) -> Vec<f32> {
    let data = tensor.clone().try_into_data().unwrap_or_else(|error| panic!("{error}"));
    data.convert::<f32>().try_into_vec().expect("floats, as was asked for")
}
