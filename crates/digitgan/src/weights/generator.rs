//! A trained generator: its tensors as in PyTorch's state dict, and facts about it.

use super::WeightsError;
use super::tensor_file::{Precision, TensorFile, encode};
use crate::input::{InputError, MAX_CLASSES, MIN_CLASSES};
use crate::model::{LATENT, ModelSpec, TensorMap, Variant, generator_tensors, initial_state};
use std::collections::BTreeMap;

/// What the file says it is.
const FORMAT: &str = "digitgan-generator-1";

/// What PyTorch puts before every name when a model is wrapped: for several devices, and by its compiler.
const WRAPPERS: [&str; 2] = ["module.", "_orig_mod."];

/// A trained generator and what is known of it.
///
/// ```
/// use digitgan::prelude::*;
///
/// let generator = GeneratorFile::untrained(Variant::Cgan, 10, 1)?;
/// let bytes = generator.to_bytes(); // a safetensors file, as PyTorch reads it
/// assert_eq!(GeneratorFile::from_bytes(&bytes)?, generator);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct GeneratorFile {
    /// The model.
    pub spec: ModelSpec,
    /// The classes' names.
    pub class_names: Vec<String>,
    /// The data set that it was trained on.
    pub dataset: String,
    /// Steps that it was trained for.
    pub step: u64,
    /// Weights and running statistics by their names in the state dict.
    pub tensors: TensorMap,
}

impl GeneratorFile {
    /// A generator as it is before its first step under `seed`: it draws grey noise. Good for trying out whatever takes a
    /// generator. Classes are named by their numbers.
    ///
    /// ```
    /// use digitgan::prelude::*;
    ///
    /// let generator = GeneratorFile::untrained(Variant::Acgan, 10, 1)?;
    /// assert_eq!((generator.step, generator.class_names[9].as_str()), (0, "9"));
    /// # Ok::<(), InputError>(())
    /// ```
    ///
    /// # Errors
    /// Fewer than 2 classes, or more than 100.
    pub fn untrained(variant: Variant, classes: usize, seed: u64) -> Result<GeneratorFile, InputError> {
        let spec = ModelSpec::new(variant, classes)?;
        let class_names: Vec<String> = (0..classes).map(|class| class.to_string()).collect();
        Ok(GeneratorFile::from_state(&initial_state(&spec, seed), spec, &class_names, "none", 0))
    }

    /// Takes G out of a training's state: the average of its weights where there is one.
    pub fn from_state(
        state: &TensorMap,
        spec: ModelSpec,
        class_names: &[String],
        dataset: &str,
        step: u64,
    ) -> GeneratorFile {
        let averaged = state.keys().any(|name| name.starts_with("generator.average."));
        let prefix = if averaged { "generator.average." } else { "generator." };
        let own = |name: &String| Some(name.strip_prefix(prefix)?.to_owned()).filter(|n| !n.starts_with("adam."));
        let tensors = state.iter().filter_map(|(name, tensor)| Some((own(name)?, tensor.clone()))).collect();
        GeneratorFile { spec, class_names: class_names.to_vec(), dataset: dataset.to_owned(), step, tensors }
    }

    /// The bytes of its file.
    pub fn to_bytes(&self) -> Vec<u8> {
        encode(&self.tensors, &self.facts(), Precision::Single)
    }

    /// The bytes of a file of half the size, with numbers rounded to 16 bits: pixels then differ by a grey or two at most.
    ///
    /// ```
    /// use digitgan::prelude::*;
    ///
    /// let generator = GeneratorFile::untrained(Variant::Cgan, 10, 1)?;
    /// let (whole, half) = (generator.to_bytes(), generator.to_half_bytes());
    /// assert!(half.len() < whole.len() * 51 / 100);
    /// assert_eq!(GeneratorFile::from_bytes(&half)?.to_half_bytes(), half, "rounded once");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn to_half_bytes(&self) -> Vec<u8> {
        encode(&self.tensors, &self.facts(), Precision::Half)
    }

    /// What the file says of itself.
    fn facts(&self) -> BTreeMap<String, String> {
        let facts = [
            ("format", FORMAT.to_owned()),
            ("variant", self.spec.variant.to_string()),
            ("classes", self.spec.classes.to_string()),
            ("latent", LATENT.to_string()),
            ("class_names", serde_json::to_string(&self.class_names).expect("names can be written")),
            ("dataset", self.dataset.clone()),
            ("step", self.step.to_string()),
            ("digitgan", env!("CARGO_PKG_VERSION").to_owned()),
        ];
        facts.map(|(key, value)| (key.to_owned(), value)).into()
    }

    /// Reads the bytes of a file. A state dict that PyTorch wrote, without facts, will do, also one of a model that was
    /// compiled or wrapped (`module.`, `_orig_mod.` before every name): classes then follow from the shapes.
    ///
    /// # Errors
    /// When it is not the state dict of a generator.
    pub fn from_bytes(bytes: &[u8]) -> Result<GeneratorFile, WeightsError> {
        GeneratorFile::from_file(TensorFile::from_bytes(bytes)?)
    }

    /// [`GeneratorFile::from_bytes`], of tensors and facts.
    pub(super) fn from_file(file: TensorFile) -> Result<GeneratorFile, WeightsError> {
        let TensorFile { tensors, facts } = file;
        let foreign = |reason: String| WeightsError::Foreign { kind: "generator", reason };
        let tensors = unwrapped(tensors).map_err(foreign)?;
        let spec = spec_of(&tensors, &facts).map_err(foreign)?;
        for expected in generator_tensors(&spec) {
            let found = tensors.get(expected.name).map(|tensor| &tensor.shape);
            match found {
                None => return Err(foreign(format!("tensor {} is missing", expected.name))),
                Some(shape) if *shape != expected.shape => {
                    let expected_shape = expected.shape;
                    return Err(foreign(format!(
                        "tensor {} has shape {shape:?}, expected {expected_shape:?}",
                        expected.name
                    )));
                }
                Some(_) => {}
            }
        }
        if let Some((name, _)) = tensors.iter().find(|(_, tensor)| tensor.values.iter().any(|v| !v.is_finite())) {
            return Err(foreign(format!("tensor {name} holds a number that is not finite")));
        }
        let names: Option<Vec<String>> = facts.get("class_names").and_then(|names| serde_json::from_str(names).ok());
        let class_names = names
            .filter(|names| names.len() == spec.classes)
            .unwrap_or_else(|| (0..spec.classes).map(|class| class.to_string()).collect());
        Ok(GeneratorFile {
            spec,
            class_names,
            dataset: facts.get("dataset").cloned().unwrap_or_default(),
            step: facts.get("step").and_then(|step| step.parse().ok()).unwrap_or(0),
            tensors,
        })
    }
}

/// Tensors by their names without the wrappers' prefix, which all of them have or none.
fn unwrapped(tensors: TensorMap) -> Result<TensorMap, String> {
    // How long the prefix of a name is.
    let prefix_length = |name: &str| {
        let mut own = name;
        while let Some(inner) = WRAPPERS.iter().find_map(|wrapper| own.strip_prefix(wrapper)) {
            own = inner;
        }
        name.len() - own.len()
    };
    let Some(first) = tensors.keys().next() else { return Ok(tensors) };
    let prefix = first[..prefix_length(first)].to_owned();
    if let Some(other) = tensors.keys().find(|name| name[..prefix_length(name)] != prefix) {
        return Err(format!("tensors {first} and {other} are of models wrapped in different ways"));
    }
    Ok(tensors.into_iter().map(|(name, tensor)| (name[prefix.len()..].to_owned(), tensor)).collect())
}

/// The model that the facts name, or that the shape of the first layer implies.
fn spec_of(tensors: &TensorMap, facts: &BTreeMap<String, String>) -> Result<ModelSpec, String> {
    let first = tensors.get("deconv1.weight").ok_or("tensor deconv1.weight is missing")?;
    let inputs = first.shape.first().copied().unwrap_or(0);
    let implied_classes =
        inputs.checked_sub(LATENT).ok_or(format!("its input has {inputs} numbers, fewer than {LATENT}"))?;
    let variant = match facts.get("variant") {
        Some(name) => name.parse::<Variant>()?,
        None => Variant::of_generator(implied_classes > 0),
    };
    let classes = match facts.get("classes").map(|classes| classes.parse::<usize>()) {
        Some(Ok(classes)) if (MIN_CLASSES..=MAX_CLASSES).contains(&classes) => classes,
        Some(_) => return Err(format!("its number of classes is not one from {MIN_CLASSES} to {MAX_CLASSES}")),
        None if implied_classes == 0 => 10,
        None => implied_classes,
    };
    let spec = ModelSpec { variant, classes };
    match spec.generator_inputs() == inputs && classes <= MAX_CLASSES {
        true => Ok(spec),
        false => Err(format!("its input has {inputs} numbers, which does not fit a {variant} of {classes} classes")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example(variant: Variant) -> GeneratorFile {
        let spec = ModelSpec { variant, classes: 3 };
        let names = ["a", "b", "c"].map(str::to_owned);
        GeneratorFile::from_state(&initial_state(&spec, 1), spec, &names, "letters", 42)
    }

    #[test]
    fn what_is_written_is_read_with_or_without_facts() {
        for variant in [Variant::Gan, Variant::Cgan, Variant::Acgan] {
            assert_eq!(GeneratorFile::from_bytes(&example(variant).to_bytes()).unwrap(), example(variant));
        }
        let bare = TensorFile { tensors: example(Variant::Cgan).tensors, facts: BTreeMap::new() };
        let read = GeneratorFile::from_bytes(&bare.to_bytes(Precision::Single)).unwrap();
        assert_eq!(read.spec, ModelSpec { variant: Variant::Cgan, classes: 3 });
    }

    #[test]
    fn wrapped_models_are_read_by_their_own_names() {
        let plain = example(Variant::Cgan).tensors;
        let named = |prefix: &dyn Fn(usize) -> &'static str| {
            let names =
                plain.iter().enumerate().map(|(i, (name, tensor))| (format!("{}{name}", prefix(i)), tensor.clone()));
            let bare = TensorFile { tensors: names.collect(), facts: BTreeMap::new() };
            GeneratorFile::from_bytes(&bare.to_bytes(Precision::Single))
        };
        for prefix in ["module.", "_orig_mod.", "module._orig_mod.", "_orig_mod.module."] {
            assert_eq!(named(&|_| prefix).unwrap().tensors, plain, "{prefix}");
        }
        let mixed = named(&|i| if i == 3 { "module." } else { "" }).unwrap_err().to_string();
        assert!(mixed.contains("wrapped in different ways") && mixed.contains(" and module."), "{mixed}");
        assert!(named(&|_| "generator.").unwrap_err().to_string().contains("deconv1.weight is missing"));
    }

    #[test]
    fn what_is_no_generator_is_refused_in_one_line() {
        let break_it = |change: &dyn Fn(&mut TensorFile)| {
            let mut file = TensorFile::from_bytes(&example(Variant::Acgan).to_bytes()).unwrap();
            change(&mut file);
            GeneratorFile::from_bytes(&file.to_bytes(Precision::Single)).unwrap_err().to_string()
        };
        type Change<'a> = &'a dyn Fn(&mut TensorFile);
        let cases: [(Change<'_>, &str); 5] = [
            (&|file| drop(file.tensors.remove("deconv1.weight")), "deconv1.weight is missing"),
            (&|file| drop(file.tensors.remove("bn2.running_var")), "bn2.running_var is missing"),
            (&|file| drop(file.facts.insert("classes".into(), "1000000000".into())), "number of classes"),
            (&|file| drop(file.facts.insert("classes".into(), "5".into())), "does not fit"),
            (&|file| file.tensors.get_mut("bn1.bias").unwrap().values[0] = f32::NAN, "not finite"),
        ];
        for (change, expected) in cases {
            let error = break_it(change);
            assert!(error.contains(expected) && !error.contains('\n'), "{error}");
        }
    }
}
