//! The metrics against torch-fidelity and prdc, by fixtures that `reference/make_metric_fixtures.py` made with them.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test")]

use digitgan::metrics::frechet::{class_frechet, frechet_distance};
use digitgan::metrics::kernel::{SubsetPair, kernel_distance_of};
use digitgan::metrics::manifold::manifold;
use digitgan::metrics::score::digit_score;
use digitgan::metrics::{Features, Probabilities};
use digitgan_kernels::Kernels;
use safetensors::{Dtype, SafeTensors};
use std::collections::HashMap;
use std::path::Path;

/// Relative to the reference. Ours and theirs are mostly nearer than a millionth.
const TOLERANCE: f64 = 1e-4;
const CASES: [&str; 4] = ["shifted", "singular", "few", "relu"];

struct Fixture {
    tensors: HashMap<String, (Vec<usize>, Vec<f64>)>,
    facts: HashMap<String, String>,
}

impl Fixture {
    fn read() -> Fixture {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../reference/fixtures/metrics.safetensors");
        let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let (_, header) = SafeTensors::read_metadata(&bytes).unwrap();
        let mut tensors = HashMap::new();
        for (name, view) in SafeTensors::deserialize(&bytes).unwrap().iter() {
            let data = view.data();
            let values = match view.dtype() {
                Dtype::F64 => data.as_chunks().0.iter().map(|&b| f64::from_le_bytes(b)).collect(),
                Dtype::F32 => data.as_chunks().0.iter().map(|&b| f64::from(f32::from_le_bytes(b))).collect(),
                Dtype::U16 => data.as_chunks().0.iter().map(|&b| f64::from(u16::from_le_bytes(b))).collect(),
                Dtype::U8 => data.iter().map(|&b| f64::from(b)).collect(),
                other => panic!("{name}: {other:?}"),
            };
            tensors.insert(name.to_owned(), (view.shape().to_vec(), values));
        }
        Fixture { tensors, facts: header.metadata().clone().unwrap() }
    }

    fn values(&self, name: &str) -> &[f64] {
        &self.tensors[name].1
    }

    fn features(&self, name: &str) -> Features<'static> {
        let (shape, values) = &self.tensors[name];
        Features::new(values.iter().map(|&value| value as f32).collect::<Vec<_>>(), shape[0], shape[1]).unwrap()
    }

    fn labels(&self, name: &str) -> Vec<u8> {
        self.values(name).iter().map(|&value| value as u8).collect()
    }

    fn subsets(&self, name: &str) -> Vec<SubsetPair> {
        let (shape, values) = &self.tensors[name];
        let indices: Vec<usize> = values.iter().map(|&value| value as usize).collect();
        let pair = |pair: &[usize]| {
            let (first, second) = pair.split_at(shape[2]);
            SubsetPair { first: first.to_vec(), second: second.to_vec() }
        };
        indices.chunks(2 * shape[2]).map(pair).collect()
    }

    fn number(&self, fact: &str) -> usize {
        self.facts[fact].parse().unwrap()
    }

    /// Holds numbers against those called `name`, and prints how near they are.
    fn compare(&self, name: &str, found: &[f64], failures: &mut Vec<String>) {
        let expected = self.values(name);
        assert_eq!(found.len(), expected.len(), "{name}");
        for (i, (found, expected)) in found.iter().zip(expected).enumerate() {
            let error = (found - expected).abs() / expected.abs().max(1e-12);
            println!("{name}[{i}]: {found:.9}, relative error {error:.1e}");
            if error.is_nan() || error > TOLERANCE {
                failures.push(format!("{name}[{i}]: {found} against {expected}"));
            }
        }
    }
}

#[test]
fn metrics_are_those_of_torch_fidelity_and_prdc() {
    let (fixture, mut failures) = (Fixture::read(), Vec::new());
    for case in CASES {
        let name = |what: &str| format!("{case}.{what}");
        let (real, generated) = (fixture.features(&name("real")), fixture.features(&name("generated")));
        fixture.compare(&name("fid"), &[frechet_distance(&real, &generated).unwrap()], &mut failures);
        for kernels in Kernels::available() {
            let subsets = fixture.subsets(&name("kid.subsets"));
            let kid = kernel_distance_of(kernels, &real, &generated, &subsets).unwrap();
            fixture.compare(&name("kid.mean"), &[kid.mean], &mut failures);
            fixture.compare(&name("kid.deviation"), &[kid.deviation], &mut failures);
            let balls = |nearest| manifold(kernels, &real, &generated, fixture.number(nearest)).unwrap();
            let prdc = balls("nearest_prdc");
            let four = [prdc.precision, prdc.recall, prdc.density, prdc.coverage];
            fixture.compare(&name("prdc"), &four, &mut failures);
            let prc = balls("nearest_prc");
            fixture.compare(&name("prc"), &[prc.precision, prc.recall], &mut failures);
        }
    }
    assert!(failures.is_empty(), "{failures:#?}");
}

#[test]
fn class_distances_are_those_of_torch_fidelity() {
    let (fixture, mut failures) = (Fixture::read(), Vec::new());
    let (real, generated) = (fixture.features("relu.real"), fixture.features("relu.generated"));
    let (real_labels, generated_labels) = (fixture.labels("relu.real_labels"), fixture.labels("relu.generated_labels"));
    let found = class_frechet(&real, &real_labels, &generated, &generated_labels, fixture.number("classes")).unwrap();
    let distances: Vec<f64> = found.classes.iter().map(|class| *class.as_ref().unwrap()).collect();
    fixture.compare("relu.class_fid", &distances, &mut failures);
    assert!(failures.is_empty(), "{failures:#?}");
}

#[test]
fn scores_are_those_of_torch_fidelity() {
    let (fixture, mut failures) = (Fixture::read(), Vec::new());
    let (shape, values) = &fixture.tensors["score.probabilities"];
    let values: Vec<f32> = values.iter().map(|&value| value as f32).collect();
    let probabilities = Probabilities::new(values, shape[0], shape[1]).unwrap();
    let splits: Vec<usize> = serde_json::from_str(&fixture.facts["splits"]).unwrap();
    let scores = splits.iter().map(|&splits| digit_score(&probabilities, splits).unwrap());
    let found: Vec<f64> = scores.flat_map(|score| [score.mean, score.deviation]).collect();
    fixture.compare("score.isc", &found, &mut failures);
    assert!(failures.is_empty(), "{failures:#?}");
}
