//! Generators whose tensors have other names: those of a checkpoint with more in it, or of somebody else's module.

use super::{GeneratorFile, TensorFile, WeightsError};
use crate::model::{LATENT, ModelSpec, TensorMap, TensorSpec, Variant, generator_tensors};
use std::collections::BTreeMap;

/// A generator that was taken from tensors with names of their own.
#[derive(Clone, Debug, PartialEq)]
pub struct Imported {
    /// The generator.
    pub generator: GeneratorFile,
    /// What each of its tensors was called.
    pub names: BTreeMap<String, String>,
}

impl GeneratorFile {
    /// Takes a generator from a file of tensors that others wrote: under its own names; under one prefix of all of them, such as
    /// `generator.`; or, where names differ, by shapes and the last parts of names, if only one tensor fits each. `prefix`: looks
    /// only at names that begin so.
    ///
    /// ```
    /// use digitgan::prelude::*;
    ///
    /// let bytes = GeneratorFile::untrained(Variant::Cgan, 10, 1)?.to_bytes();
    /// let imported = GeneratorFile::import(&bytes, None)?;
    /// assert_eq!(imported.names["deconv1.weight"], "deconv1.weight");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Bytes that cannot be read, tensors that are missing, and such as more than one could be meant by.
    pub fn import(bytes: &[u8], prefix: Option<&str>) -> Result<Imported, WeightsError> {
        let TensorFile { tensors, facts } = TensorFile::from_bytes(bytes)?;
        let prefix = prefix.unwrap_or("");
        let begins = |(name, tensor): (String, _)| name.starts_with(prefix).then_some((name, tensor));
        let tensors: TensorMap = tensors.into_iter().filter_map(begins).collect();
        let foreign = |reason: String| WeightsError::Foreign { kind: "generator", reason };
        let names = names(&tensors).map_err(foreign)?;
        let own = names.iter().map(|(own, theirs)| (own.clone(), tensors[theirs].clone())).collect();
        Ok(Imported { generator: GeneratorFile::from_file(TensorFile { tensors: own, facts })?, names })
    }
}

/// What each tensor of a generator is called among these.
fn names(tensors: &TensorMap) -> Result<BTreeMap<String, String>, String> {
    // The first layer says how many classes there are; the other names and shapes are the same for all.
    let firsts: Vec<(&String, usize)> = tensors
        .iter()
        .filter(|(_, tensor)| tensor.shape.len() == 4 && tensor.shape[0] >= LATENT && tensor.shape[1..] == [64, 7, 7])
        .map(|(name, tensor)| (name, tensor.shape[0]))
        .collect();
    let inputs = match firsts.as_slice() {
        [] => return Err(format!("no tensor has the shape of its first layer, [{LATENT} or more, 64, 7, 7]")),
        all => all[0].1,
    };
    let variant = Variant::of_generator(inputs > LATENT);
    let expected = generator_tensors(&ModelSpec { variant, classes: (inputs - LATENT).max(2) });
    let fits = |prefix: &str| {
        let named = |spec: &TensorSpec| {
            let name = format!("{prefix}{}", spec.name);
            let tensor = tensors.get(&name).filter(|tensor| tensor.shape == spec.shape)?;
            tensor.values.len().checked_sub(1).map(|_| (spec.name.to_owned(), name))
        };
        expected.iter().map(named).collect::<Option<BTreeMap<String, String>>>()
    };
    let prefixes: Vec<&str> = firsts.iter().filter_map(|(name, _)| name.strip_suffix("deconv1.weight")).collect();
    let whole: Vec<&str> = prefixes.into_iter().filter(|prefix| fits(prefix).is_some()).collect();
    match whole.as_slice() {
        [] => by_shape(tensors, &expected),
        [one] => fits(one).ok_or_else(|| "its tensors do not fit".to_owned()),
        [one, other, ..] => Err(format!("there is one called {one:?} and one called {other:?}: say the prefix of one")),
    }
}

/// For each tensor the only one of its shape whose name ends alike.
fn by_shape(tensors: &TensorMap, expected: &[TensorSpec]) -> Result<BTreeMap<String, String>, String> {
    let last = |name: &str| name.rsplit('.').next().unwrap_or(name).to_owned();
    let mut names = BTreeMap::new();
    for spec in expected {
        let fits = |(name, tensor): &(&String, &crate::model::Tensor)| {
            tensor.shape == spec.shape && last(name) == last(spec.name)
        };
        let found: Vec<&String> = tensors.iter().filter(fits).map(|(name, _)| name).collect();
        match found.as_slice() {
            [one] => drop(names.insert(spec.name.to_owned(), (*one).clone())),
            [] => {
                return Err(format!(
                    "no tensor fits {}, of shape {:?} and a name that ends in {}",
                    spec.name,
                    spec.shape,
                    last(spec.name)
                ));
            }
            [one, other, ..] => return Err(format!("{one} and {other} both fit {}", spec.name)),
        }
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::weights::Precision;

    fn renamed(rename: impl Fn(&str) -> Vec<String>) -> Result<Imported, WeightsError> {
        let mut tensors = TensorMap::new();
        for (name, tensor) in GeneratorFile::untrained(Variant::Cgan, 3, 1).unwrap().tensors {
            tensors.extend(rename(&name).into_iter().map(|name| (name, tensor.clone())));
        }
        GeneratorFile::import(&TensorFile { tensors, facts: BTreeMap::new() }.to_bytes(Precision::Single), None)
    }

    #[test]
    fn names_are_matched_where_that_is_clear() {
        let plain = GeneratorFile::untrained(Variant::Cgan, 3, 1).unwrap().tensors;
        // As it is, within a checkpoint, and as layers of a sequence are called.
        let numbered = |name: &str| {
            let layers = [("deconv1", "0"), ("bn1", "1"), ("deconv2", "3"), ("bn2", "4"), ("deconv3", "6")];
            let (layer, part) = name.split_once('.').unwrap();
            format!("net.{}.{part}", layers.iter().find(|(own, _)| *own == layer).unwrap().1)
        };
        for imported in [
            renamed(|name| vec![name.to_owned()]),
            renamed(|name| vec![format!("model.generator.{name}")]),
            renamed(|name| vec![numbered(name)]),
        ] {
            assert_eq!(imported.unwrap().generator.tensors, plain);
        }
        assert_eq!(renamed(|name| vec![numbered(name)]).unwrap().names["bn2.running_var"], "net.4.running_var");
    }

    #[test]
    fn what_is_not_clear_is_refused() {
        for (result, expected) in [
            (
                renamed(|name| vec![format!("g.{name}"), format!("ema.{name}")]),
                r#"one called "ema." and one called "g.""#,
            ),
            (renamed(|name| vec![format!("a.{name}x"), format!("b.{name}x")]), "no tensor fits deconv1.weight"),
            (
                renamed(|name| vec![name.replace("deconv", "a."), name.replace("deconv", "b.")]),
                "both fit deconv1.weight",
            ),
            (
                renamed(|name| vec![name.to_owned()].into_iter().filter(|n| n != "bn1.bias").collect()),
                "no tensor fits bn1.bias",
            ),
            (
                renamed(|name| vec![name.to_owned()].into_iter().filter(|n| n != "deconv1.weight").collect()),
                "first layer",
            ),
        ] {
            let error = result.unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
