//! Networks as ONNX models, for programs that know nothing of this one: bytes out.
//!
//! Nothing is frozen: noise, class and image are inputs, and the batch is a dimension with a name. A class is looked up with
//! `Gather` in a table of what it adds; `OneHot` would draw a picture of no class for one that there is not, where `Gather`
//! refuses it. (It takes negative numbers, and counts them from the last class back.)
//!
//! A batch normalisation uses the running statistics, as PyTorch's `eval()` does, and a spectrally normalised weight is
//! stored divided by its largest singular value.

mod graph;
mod networks;

pub use graph::{IR_VERSION, OPSET};

use crate::model::{Design, ModelSpec, TensorMap};
use crate::weights::{ClassifierFile, GeneratorFile, WeightsError};
use graph::Facts;
use std::collections::BTreeMap;

/// A generator: `noise` `[batch, 100]` and, where it sees the class, `class` `[batch]` (int64) to `image` `[batch, 1, 28, 28]`
/// in [-1, 1]. `more` is said in the model's metadata, beside what the file knows.
///
/// ```
/// use digitgan::built_in::BuiltIn;
/// use digitgan::onnx;
///
/// let model = onnx::generator(&BuiltIn::Acgan.generator(), &[("seed", "1")])?;
/// assert!(model.len() > 1_500_000);
/// # Ok::<(), digitgan::weights::WeightsError>(())
/// ```
///
/// # Errors
/// Tensors that are not those of the generator that the file says it is.
pub fn generator(file: &GeneratorFile, more: &[(&str, &str)]) -> Result<Vec<u8>, WeightsError> {
    let graph = networks::generator(file)?;
    let step = file.step.to_string();
    let known = [("part", "generator"), ("data", file.dataset.as_str()), ("steps", &step)];
    let doc = format!("Draws 28x28 digits: generator of {}, trained on {}.", file.spec.variant.title(), file.dataset);
    let facts = facts(&known, more, Some(&file.spec), Some(&file.class_names));
    Ok(graph.to_bytes("generator", &doc, &facts))
}

/// A discriminator, from its tensors by their own names: `image` `[batch, 1, 28, 28]` (of packs, `[batch, pack, 28, 28]`, all of one
/// class) and, where it is told the class, `class` `[batch]` to `logit` `[batch]`, positive for real, and in ACGAN
/// `class_logits` `[batch, classes]`.
///
/// ```
/// use digitgan::model::{Design, TensorMap};
/// use digitgan::onnx;
/// use digitgan::prelude::*;
///
/// let config = TrainConfig::default();
/// let state = Snapshot::first(&config, 10)?.state;
/// let own = |(name, tensor): (String, _)| Some((name.strip_prefix("discriminator.")?.to_owned(), tensor));
/// let tensors: TensorMap = state.into_iter().filter_map(own).collect();
/// let spec = ModelSpec::new(config.model, 10)?;
/// assert!(!onnx::discriminator(&spec, &config.design(), &tensors, &[("seed", "1")])?.is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// Tensors that are not those of such a discriminator.
pub fn discriminator(
    spec: &ModelSpec,
    design: &Design,
    tensors: &TensorMap,
    more: &[(&str, &str)],
) -> Result<Vec<u8>, WeightsError> {
    let graph = networks::discriminator(spec, design, tensors)?;
    let doc = format!("Tells real 28x28 digits from drawn ones: discriminator of {}.", spec.variant.title());
    Ok(graph.to_bytes("discriminator", &doc, &facts(&[("part", "discriminator")], more, Some(spec), None)))
}

/// A classifier of digits: `image` `[batch, 1, 28, 28]` in [-1, 1] to `probabilities` and `logits` `[batch, classes]` and `features`
/// `[batch, 64]`, in which [`crate::metrics`] measures distances.
///
/// # Errors
/// Tensors that are not those of such a classifier.
pub fn classifier(file: &ClassifierFile, more: &[(&str, &str)]) -> Result<Vec<u8>, WeightsError> {
    let graph = networks::classifier(file)?;
    let who = &file.identity;
    let classes = who.classes.to_string();
    let known = [("part", "classifier"), ("data", &who.dataset), ("classes", &classes), ("judge", &who.sha256)];
    let doc = format!("Reads 28x28 digits: {who}, trained on {}.", who.dataset);
    Ok(graph.to_bytes("classifier", &doc, &facts(&known, more, None, None)))
}

/// What the metadata says, by its key.
fn facts(
    known: &[(&str, &str)],
    more: &[(&str, &str)],
    spec: Option<&ModelSpec>,
    class_names: Option<&[String]>,
) -> Facts {
    let owned = |&(key, value): &(&str, &str)| (key.to_owned(), value.to_owned());
    let mut facts: BTreeMap<String, String> = more.iter().chain(known).map(owned).collect();
    if let Some(spec) = spec {
        facts.insert("model".to_owned(), spec.variant.to_string());
        facts.insert("classes".to_owned(), spec.classes.to_string());
    }
    if let Some(names) = class_names {
        facts.insert("class_names".to_owned(), serde_json::to_string(names).expect("names can be written"));
    }
    facts
}

#[cfg(test)]
mod tests;
