//! All parameters of a network in one flat buffer, with gradients and Adam's moments in equal ones.

use super::buffer::{Buffer, zeros};
use super::slot::Slot;
use super::spectral::SpectralNorm;
use super::threads::EqualShares;
use crate::engine::{Protocol, StateError, find};
use crate::model::{Tensor, TensorMap, TensorSpec};
use digitgan_kernels::{AdamStep, Kernels, PANEL, VECTOR_STEP};
use rayon::prelude::*;

/// How many parameters a thread updates at a time.
const ADAM_CHUNK: usize = 16 * 1024;

/// The parameters of one network.
pub(super) struct Parameters {
    kernels: Kernels,
    entries: Vec<(TensorSpec, Slot)>,
    pub(super) values: Buffer,
    /// The values that the passes use where some weights are normalised (spectral normalisation): a copy in which those
    /// weights are divided by their singular value.
    normalised: Option<Buffer>,
    spectral: Vec<SpectralNorm>,
    pub(super) gradients: Buffer,
    first_moments: Buffer,
    second_moments: Buffer,
}

impl Parameters {
    pub(super) fn new(kernels: Kernels, tensors: Vec<TensorSpec>) -> Self {
        let mut end = 0;
        let mut entries = Vec::new();
        let (trainable, others): (Vec<_>, Vec<_>) = tensors.into_iter().partition(|tensor| tensor.trainable);
        for tensor in trainable {
            let slot = Slot::new(end, tensor.elements());
            end = slot.range().end.next_multiple_of(VECTOR_STEP);
            entries.push((tensor, slot));
        }
        let [values, gradients, first_moments, second_moments] = std::array::from_fn(|_| zeros(end));
        let (normalised, spectral) = (None, Vec::new());
        let mut parameters =
            Parameters { kernels, entries, values, normalised, spectral, gradients, first_moments, second_moments };
        for tensor in others {
            let Some(weight) = tensor.name.strip_suffix("_u") else { continue };
            let (weight, slot) = parameters.find(weight).expect("a singular vector is that of a weight");
            let (outputs, together) = Layout::of(weight).outputs();
            parameters.spectral.push(SpectralNorm::new(kernels, tensor.name, slot, outputs, together));
            parameters.normalised = Some(zeros(end));
        }
        parameters
    }

    /// The place of the parameter called `name`. Panics if the network has none: a bug.
    pub(super) fn slot(&self, name: &str) -> Slot {
        self.find(name).unwrap_or_else(|| panic!("no parameter {name}")).1
    }

    /// The parameter called `name` and its place, if the network has it.
    pub(super) fn find(&self, name: &str) -> Option<(&TensorSpec, Slot)> {
        self.entries.iter().find(|(tensor, _)| tensor.name == name).map(|(tensor, slot)| (tensor, *slot))
    }

    /// A parameter as the passes use it, in the engine's layout.
    pub(super) fn value(&self, slot: Slot) -> &[f32] {
        &self.normalised.as_ref().unwrap_or(&self.values)[slot.range()]
    }

    /// Recomputes the normalised copy from new values.
    fn normalise(&mut self) {
        let Some(normalised) = &mut self.normalised else { return };
        let weights = &mut self.spectral;
        for slot in self.entries.iter().map(|(_, slot)| slot.range()) {
            if !weights.iter().any(|weight| weight.range() == slot) {
                normalised[slot.clone()].copy_from_slice(&self.values[slot]);
            }
        }
        weights.iter_mut().for_each(|weight| weight.normalise(&self.values, normalised));
    }

    /// Turns the gradients with respect to normalised weights into those with respect to the weights themselves.
    pub(super) fn finish_gradients(&mut self) {
        if let Some(normalised) = &self.normalised {
            self.spectral.iter_mut().for_each(|weight| weight.gradient(normalised, &mut self.gradients));
        }
    }

    /// Sets all gradients to zero.
    pub(super) fn clear_gradients(&mut self) {
        self.gradients.par_chunks_mut(ADAM_CHUNK).in_equal_shares().for_each(|gradients| gradients.fill(0.0));
    }

    /// Sets all gradients to zero but those of `written`.
    pub(super) fn clear_gradients_but(&mut self, written: Slot) {
        let range = written.range();
        self.gradients[..range.start].fill(0.0);
        self.gradients[range.end..].fill(0.0);
    }

    /// One Adam step over everything. Returns whether all gradients were finite.
    pub(super) fn update(&mut self, step: AdamStep) -> bool {
        let kernels = self.kernels;
        let finite = self
            .values
            .par_chunks_mut(ADAM_CHUNK)
            .zip(self.gradients.par_chunks(ADAM_CHUNK))
            .zip(self.first_moments.par_chunks_mut(ADAM_CHUNK))
            .zip(self.second_moments.par_chunks_mut(ADAM_CHUNK))
            .in_equal_shares()
            .map(|(((values, gradients), first), second)| kernels.adam(step, values, gradients, first, second))
            .reduce(|| true, |a, b| a & b);
        self.spectral.iter_mut().for_each(|weight| weight.iterate(&self.values));
        self.normalise();
        finite
    }

    /// Writes values and moments to `state`, in PyTorch's layouts.
    pub(super) fn save(&self, network: &str, state: &mut TensorMap) {
        for (name, buffer) in [
            (String::new(), &*self.values),
            ("adam.first_moment.".to_owned(), &*self.first_moments),
            ("adam.second_moment.".to_owned(), &*self.second_moments),
        ] {
            self.export(&format!("{network}.{name}"), buffer, state);
        }
        self.spectral.iter().for_each(|weight| weight.save(network, state));
    }

    /// Writes the gradients to `map`, in PyTorch's layouts.
    pub(super) fn save_gradients(&self, network: &str, map: &mut TensorMap) {
        self.export(&format!("{network}."), &self.gradients, map);
    }

    /// Writes numbers that lie as the values do to `map`, in PyTorch's layouts.
    pub(super) fn export(&self, prefix: &str, buffer: &[f32], map: &mut TensorMap) {
        for (tensor, slot) in &self.entries {
            let mut values = vec![0.0; slot.range().len()];
            let engine = &buffer[slot.range()];
            Layout::of(tensor).for_each(|canonical, ours| values[canonical] = engine[ours]);
            map.insert(format!("{prefix}{}", tensor.name), Tensor { shape: tensor.shape.clone(), values });
        }
    }

    /// Reads values, and the moments where `moments` says so, from `state`.
    pub(super) fn load(&mut self, prefix: &str, state: &TensorMap, moments: bool) -> Result<(), StateError> {
        let buffers = [
            ("", &mut self.values),
            ("adam.first_moment.", &mut self.first_moments),
            ("adam.second_moment.", &mut self.second_moments),
        ];
        for (kind, buffer) in buffers.into_iter().take(if moments { 3 } else { 1 }) {
            import(&self.entries, &format!("{prefix}{kind}"), state, buffer)?;
        }
        for weight in &mut self.spectral {
            weight.load(prefix, state)?;
        }
        self.normalise();
        Ok(())
    }

    /// Reads numbers that are to lie as the values do from `state`.
    pub(super) fn import(&self, prefix: &str, state: &TensorMap, buffer: &mut [f32]) -> Result<(), StateError> {
        import(&self.entries, prefix, state, buffer)
    }
}

/// The constants of Adam's step `step`, counted from 1, at learning rate `rate`.
pub(super) fn adam_step(protocol: &Protocol, rate: f64, step: u64) -> AdamStep {
    AdamStep::new(rate, protocol.beta1, protocol.beta2, protocol.epsilon, step)
}

fn import(
    entries: &[(TensorSpec, Slot)],
    prefix: &str,
    state: &TensorMap,
    buffer: &mut [f32],
) -> Result<(), StateError> {
    for (tensor, slot) in entries {
        let values = find(state, &format!("{prefix}{}", tensor.name), &tensor.shape)?;
        let engine = &mut buffer[slot.range()];
        Layout::of(tensor).for_each(|canonical, ours| engine[ours] = values[canonical]);
    }
    Ok(())
}

/// The engine's layout of a parameter: PyTorch's tensor viewed with four axes, and the order in which the engine nests
/// them. The engine is channels-last, PyTorch's weights are channels-first.
struct Layout {
    axes: [usize; 4],
    order: [usize; 4],
}

impl Layout {
    fn of(tensor: &TensorSpec) -> Layout {
        match (tensor.name, tensor.shape.as_slice()) {
            // D's first convolution: one behind the other for each image of a pack, [b, 4·4, a].
            ("conv1.weight", &[a, b, 4, 4]) => Layout { axes: [a, b, 1, 16], order: [1, 3, 2, 0] },
            // One class's vector behind the other, each as the features lie: [n, 7·7, 64].
            ("class_projection.weight", &[n, 64, 7, 7]) => Layout { axes: [n, 64, 1, 49], order: [0, 3, 2, 1] },
            // [a, b, 4, 4] → [4·4, b, a]. Where D has class planes, its conv2 has 64 input channels: they are stored as two
            // tensors of 32 channels, the image's features first, then the class's.
            (_, &[a, b, 4, 4]) => {
                let halves = b.div_ceil(32);
                Layout { axes: [a, halves, b / halves, 16], order: [1, 3, 2, 0] }
            }
            // [n, 64, 7, 7], in a hidden layer's weight flattened → panels of 32 channels, [7·7·2, n, 32]
            (_, &[n, 64, 7, 7]) | ("source_hidden.weight" | "class_hidden.weight", &[n, _]) => {
                Layout { axes: [n, 64 / PANEL, PANEL, 49], order: [3, 1, 0, 2] }
            }
            ("source_output.weight", &[n, units]) => Layout { axes: [n, 1, 1, units], order: [0, 1, 2, 3] },
            _ => Layout { axes: [1, 1, 1, tensor.elements()], order: [0, 1, 2, 3] },
        }
    }

    /// How many outputs a weight has, PyTorch's first axis, and how many numbers of each lie together.
    fn outputs(&self) -> (usize, usize) {
        let place = self.order.iter().position(|&axis| axis == 0).expect("all axes are in the order");
        (self.axes[0], self.order[place + 1..].iter().map(|&axis| self.axes[axis]).product())
    }

    /// Calls `visit(index in PyTorch's layout, index in the engine's)` for every element.
    fn for_each(&self, mut visit: impl FnMut(usize, usize)) {
        let [_, b, c, d] = self.axes;
        let strides = [b * c * d, c * d, d, 1];
        let [o0, o1, o2, o3] = self.order;
        let mut ours = 0;
        for i0 in 0..self.axes[o0] {
            for i1 in 0..self.axes[o1] {
                for i2 in 0..self.axes[o2] {
                    for i3 in 0..self.axes[o3] {
                        visit(i0 * strides[o0] + i1 * strides[o1] + i2 * strides[o2] + i3 * strides[o3], ours);
                        ours += 1;
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Design, ModelSpec, Variant, discriminator_tensors, generator_tensors, initial_state};

    #[test]
    fn layouts_are_permutations_and_states_come_back_as_they_went() {
        for variant in Variant::ALL {
            let spec = ModelSpec { variant, classes: 7 };
            let start = initial_state(&spec, 5);
            for (network, tensors) in [
                ("generator", generator_tensors(&spec)),
                ("discriminator", discriminator_tensors(&spec, &Design::PAPER)),
            ] {
                let mut parameters = Parameters::new(Kernels::available()[0], tensors);
                for (tensor, slot) in &parameters.entries {
                    let mut seen = vec![false; slot.range().len()];
                    Layout::of(tensor).for_each(|canonical, _| seen[canonical] = true);
                    assert!(seen.iter().all(|&seen| seen), "{}", tensor.name);
                }
                parameters.load(&format!("{network}."), &start, true).unwrap();
                let mut saved = TensorMap::new();
                parameters.save(network, &mut saved);
                assert!(!saved.is_empty() && saved.iter().all(|(name, tensor)| &start[name] == tensor));
            }
        }
    }

    #[test]
    fn a_weight_lies_where_the_kernels_look_for_it() {
        let spec = ModelSpec { variant: Variant::Cgan, classes: 10 };
        let mut parameters = Parameters::new(Kernels::available()[0], discriminator_tensors(&spec, &Design::PAPER));
        let mut state = initial_state(&spec, 5);
        // conv2.weight[out 3, in 32 + 5, i 1, j 2]: the class half, tap 6.
        let at = ((3 * 64 + 37) * 4 + 1) * 4 + 2;
        state.get_mut("discriminator.conv2.weight").unwrap().values[at] = 42.0;
        parameters.load("discriminator.", &state, true).unwrap();
        let conv2 = parameters.value(parameters.slot("conv2.weight"));
        assert_eq!(conv2[16 * 32 * 64 + (6 * 32 + 5) * 64 + 3], 42.0);
    }
}
