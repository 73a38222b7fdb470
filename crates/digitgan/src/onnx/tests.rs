//! Models are decoded again, and looked at. That runtimes compute the same as we do: `.ci/onnx`.

use super::*;
use crate::built_in::BuiltIn;
use crate::model::{
    ClassInput, Normaliser, SourceHead, Variant, discriminator_tensors, initial_classifier, initial_state_of,
};
use onnx_rs::ast::{DataType, Dimension, Graph, Model, OpType, TypeValue, ValueInfo};

/// Inputs or outputs as `name: float[batch, 100]`.
fn declared(values: &[ValueInfo<'_>]) -> Vec<String> {
    let declare = |value: &ValueInfo<'_>| {
        let Some(TypeValue::Tensor(tensor)) = &value.r#type.as_ref().unwrap().value else { panic!("no tensor") };
        let kind = match tensor.elem_type {
            DataType::Float => "float",
            DataType::Int64 => "int64",
            other => panic!("{other:?}"),
        };
        let lengths = tensor.shape.as_ref().unwrap().dim.iter().map(|dim| match dim.value {
            Dimension::Value(length) => length.to_string(),
            Dimension::Param(name) => name.to_owned(),
        });
        format!("{}: {kind}[{}]", value.name, lengths.collect::<Vec<_>>().join(", "))
    };
    values.iter().map(declare).collect()
}

fn operators(graph: &Graph<'_>) -> String {
    graph.node.iter().map(|node| node.op_type.as_str()).collect::<Vec<_>>().join(" ")
}

/// Every name that is used is an input, a weight or made before.
fn check_names(graph: &Graph<'_>) {
    let mut known: Vec<&str> = graph.input.iter().map(|input| input.name).collect();
    known.extend(graph.initializer.iter().map(|tensor| tensor.name()));
    for node in &graph.node {
        let unknown = node.input.iter().find(|name| !known.contains(name));
        assert_eq!(unknown, None, "{}", node.name);
        assert!(node.output.iter().all(|name| !known.contains(name)), "{} is made twice", node.name);
        known.extend(&node.output);
        assert_ne!(node.op_type, OpType::OneHot);
    }
    assert!(graph.output.iter().all(|output| known.contains(&output.name)));
}

fn said<'a>(model: &Model<'a>, key: &str) -> Option<&'a str> {
    model.metadata_props.iter().find(|entry| entry.key == key).map(|entry| entry.value)
}

#[test]
fn a_generator_takes_noise_and_a_class() {
    for (variant, inputs, first) in [
        (Variant::Gan, &["noise: float[batch, 100]"][..], "MatMul"),
        (Variant::Acgan, &["noise: float[batch, 100]", "class: int64[batch]"], "MatMul Gather Add"),
    ] {
        let file = GeneratorFile::untrained(variant, 3, 1).unwrap();
        let bytes = generator(&file, &[("seed", "1")]).unwrap();
        let model = onnx_rs::parse(&bytes).unwrap();
        let graph = model.graph.as_ref().unwrap();
        assert_eq!((model.ir_version, model.opset_import[0].version, model.producer_name), (7, 14, "digitgan"));
        assert_eq!(declared(&graph.input), inputs);
        assert_eq!(declared(&graph.output), ["image: float[batch, 1, 28, 28]"]);
        let rest = "Reshape BatchNormalization Relu ConvTranspose BatchNormalization Relu ConvTranspose Tanh";
        assert_eq!(operators(graph), format!("{first} {rest}"));
        check_names(graph);
        for (key, value) in
            [("seed", "1"), ("model", variant.name()), ("class_names", r#"["0","1","2"]"#), ("data", "none")]
        {
            assert_eq!(said(&model, key), Some(value));
        }
        assert!(model.doc_string.contains(variant.title()) && !graph.input[0].doc_string.is_empty());
        assert_eq!(generator(&file, &[("seed", "1")]).unwrap(), bytes, "equal content is equal bytes");
    }
}

#[test]
fn discriminators_of_every_design() {
    let every = |variant| {
        let mut designs = Vec::new();
        for normaliser in [Normaliser::Batch, Normaliser::Spectral] {
            for class_input in [ClassInput::Plane, ClassInput::Projection] {
                for head in [SourceHead::Linear, SourceHead::Hidden] {
                    designs.push((variant, Design { leak: 0.2, normaliser, class_input, head, pack: 1 }));
                }
            }
        }
        designs
    };
    for (variant, design) in Variant::ALL.into_iter().flat_map(every) {
        let (spec, tensors) = (ModelSpec { variant, classes: 3 }, tensors_of(variant, &design));
        let bytes = discriminator(&spec, &design, &tensors, &[]).unwrap();
        let model = onnx_rs::parse(&bytes).unwrap();
        let graph = model.graph.as_ref().unwrap();
        check_names(graph);
        let told = design.told_class(variant.wiring()).is_some();
        assert_eq!(declared(&graph.input).len(), 1 + usize::from(told), "{variant} {design:?}");
        let mut outputs = vec!["logit: float[batch]"];
        outputs.extend(variant.wiring().discriminator_predicts_class.then_some("class_logits: float[batch, 3]"));
        assert_eq!(declared(&graph.output), outputs);
        let operators = operators(graph);
        assert_eq!(operators.contains("BatchNormalization"), design.normaliser == Normaliser::Batch);
        assert!(operators.contains("LeakyRelu") && operators.contains("Gather") == told, "{operators}");
    }
    // Packs, ReLU, and tensors of another design.
    let (spec, design) = (ModelSpec { variant: Variant::Gan, classes: 3 }, Design { pack: 2, ..Design::PAPER });
    let bytes = discriminator(&spec, &design, &tensors_of(Variant::Gan, &design), &[]).unwrap();
    let model = onnx_rs::parse(&bytes).unwrap();
    assert_eq!(declared(&model.graph.as_ref().unwrap().input), ["image: float[batch, 2, 28, 28]"]);
    assert!(!operators(model.graph.as_ref().unwrap()).contains("LeakyRelu"));
    let error = discriminator(&spec, &Design::PAPER, &tensors_of(Variant::Gan, &design), &[]).unwrap_err().to_string();
    assert_eq!(
        error,
        "not a discriminator of digitgan: tensor conv1.weight has shape [32, 2, 4, 4], expected shape [32, 1, 4, 4]"
    );
}

fn tensors_of(variant: Variant, design: &Design) -> TensorMap {
    let spec = ModelSpec { variant, classes: 3 };
    let state = initial_state_of(&spec, design, false, 1);
    let names = discriminator_tensors(&spec, design).into_iter().map(|tensor| tensor.name.to_owned());
    names.map(|name| (name.clone(), state[&format!("discriminator.{name}")].clone())).collect()
}

#[test]
fn a_spectral_weight_has_a_largest_singular_value_of_one() {
    let design = Design { normaliser: Normaliser::Spectral, ..Design::PAPER };
    let mut tensors = tensors_of(Variant::Gan, &design);
    // One row of ones, and the others of zeros: σ is the root of its length, 16.
    let weight = tensors.get_mut("conv1.weight").unwrap();
    weight.values.iter_mut().enumerate().for_each(|(i, value)| *value = f32::from(u8::from(i < 16)));
    let u = tensors.get_mut("conv1.weight_u").unwrap();
    u.values.iter_mut().enumerate().for_each(|(i, value)| *value = f32::from(u8::from(i == 0)));
    let bytes = discriminator(&ModelSpec { variant: Variant::Gan, classes: 3 }, &design, &tensors, &[]).unwrap();
    let model = onnx_rs::parse(&bytes).unwrap();
    let graph = model.graph.unwrap();
    let weight = graph.initializer.iter().find(|tensor| tensor.name() == "conv1.weight").unwrap();
    assert_eq!(weight.as_f32().unwrap()[..17], [[0.25; 16].as_slice(), &[0.0]].concat());
}

#[test]
fn a_classifier_tells_probabilities_and_features() {
    let own = |(name, tensor): (String, _)| Some((name.strip_prefix("classifier.")?.to_owned(), tensor));
    let tensors = initial_classifier(3, 1).into_iter().filter_map(own).collect();
    let data = crate::data::DatasetIdentity {
        name: "d".into(),
        sha256: "00".into(),
        classes: 3,
        train_images: 9,
        test_images: 9,
    };
    let file = ClassifierFile::new(ClassifierFile::rounded(tensors), &data, 7);
    let bytes = classifier(&file, &[]).unwrap();
    let model = onnx_rs::parse(&bytes).unwrap();
    let graph = model.graph.as_ref().unwrap();
    check_names(graph);
    assert_eq!(
        declared(&graph.output),
        ["probabilities: float[batch, 3]", "logits: float[batch, 3]", "features: float[batch, 64]"]
    );
    assert_eq!(said(&model, "judge"), Some(file.identity.sha256.as_str()));
}

#[test]
fn what_is_no_generator_is_refused() {
    let mut file = BuiltIn::Acgan.generator();
    file.tensors.remove("bn2.bias");
    let error = generator(&file, &[]).unwrap_err().to_string();
    assert_eq!(error, "not a generator of digitgan: tensor bn2.bias is missing, expected shape [32]");
}
