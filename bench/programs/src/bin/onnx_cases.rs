//! Models with inputs and the outputs that this project computes of them, for runtimes to be held to (`.ci/onnx`):
//! `onnx_cases OUT` writes a folder for each, with `model.onnx`, `case.json` and numbers in files, little-endian and row-major.
//!
//! What a discriminator answers is PyTorch's to say, of the weights that lie beside it: here none is ever asked by itself.

use digitgan::built_in::BuiltIn;
use digitgan::engine::Device;
use digitgan::engine::cpu::CpuSampler;
use digitgan::judge::Judge;
use digitgan::model::{
    ClassInput, Design, ModelSpec, Normaliser, SourceHead, TensorMap, Variant, discriminator_tensors, initial_state_of,
};
use digitgan::onnx;
use digitgan::pixel::to_signed;
use digitgan::sample::{Sampler, latents};
use digitgan::seed::Purpose;
use digitgan::weights::{GeneratorFile, Precision, TensorFile};
use serde_json::{Value, json};
use std::error::Error;
use std::fs;
use std::path::Path;

const COUNT: usize = 8;
const PIXELS: usize = 784;

fn main() -> Result<(), Box<dyn Error>> {
    let out = std::env::args().nth(1).ok_or("usage: onnx_cases OUT")?;
    let out = Path::new(&out);
    for built_in in BuiltIn::ALL {
        generator(&out.join(built_in.name()), &built_in.generator())?;
    }
    generator(&out.join("gan"), &lively(GeneratorFile::untrained(Variant::of_generator(false), 10, 3)?))?;
    classifier(&out.join("classifier"))?;
    let digits = Sampler::new(&Device::cpu(None)?, &BuiltIn::Cgan.generator())?.draw(2, &labels(3 * COUNT))?;
    for variant in Variant::ALL {
        for normaliser in [Normaliser::Batch, Normaliser::Spectral] {
            for class_input in [ClassInput::Plane, ClassInput::Projection] {
                for head in [SourceHead::Linear, SourceHead::Hidden] {
                    discriminator(out, &digits, variant, Design { leak: 0.2, normaliser, class_input, head, pack: 1 })?;
                }
            }
        }
        discriminator(out, &digits, variant, Design { pack: 3, ..Design::PAPER })?;
    }
    Ok(())
}

fn labels(count: usize) -> Vec<u8> {
    (0..count).map(|i| (i % 10) as u8).collect()
}

/// First weights draw nearly nothing: larger ones, and statistics of their own, make a mistake visible.
fn lively(mut file: GeneratorFile) -> GeneratorFile {
    enliven(&mut file.tensors);
    file
}

fn enliven(tensors: &mut TensorMap) {
    for (name, tensor) in tensors {
        let factor = if name.contains("running_mean") { 0.0 } else { 2.0 };
        tensor.values.iter_mut().enumerate().for_each(|(i, v)| *v = *v * factor + 0.01 * (i % 7) as f32);
    }
}

/// A folder with a model, and what is put in and comes out.
struct Case<'a> {
    folder: &'a Path,
    inputs: Vec<Value>,
    outputs: Vec<Value>,
}

impl Case<'_> {
    fn new<'a>(folder: &'a Path, model: &[u8]) -> Result<Case<'a>, Box<dyn Error>> {
        fs::create_dir_all(folder)?;
        fs::write(folder.join("model.onnx"), model)?;
        Ok(Case { folder, inputs: vec![], outputs: vec![] })
    }

    fn floats(&self, name: &str, shape: &[usize], values: &[f32]) -> Result<Value, Box<dyn Error>> {
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        fs::write(self.folder.join(name), bytes)?;
        Ok(json!({ "name": name, "type": "float32", "shape": shape }))
    }

    fn input(&mut self, name: &str, shape: &[usize], values: &[f32]) -> Result<(), Box<dyn Error>> {
        let value = self.floats(name, shape, values)?;
        self.inputs.push(value);
        Ok(())
    }

    fn classes(&mut self, labels: &[u8]) -> Result<(), Box<dyn Error>> {
        let bytes: Vec<u8> = labels.iter().flat_map(|&label| i64::from(label).to_le_bytes()).collect();
        fs::write(self.folder.join("class"), bytes)?;
        self.inputs.push(json!({ "name": "class", "type": "int64", "shape": [labels.len()] }));
        Ok(())
    }

    fn output(&mut self, name: &str, shape: &[usize], values: &[f32]) -> Result<(), Box<dyn Error>> {
        let value = self.floats(name, shape, values)?;
        self.outputs.push(value);
        Ok(())
    }

    fn finish(self, more: Value) -> Result<(), Box<dyn Error>> {
        let case = json!({ "inputs": self.inputs, "outputs": self.outputs, "discriminator": more });
        Ok(fs::write(self.folder.join("case.json"), format!("{case:#}\n"))?)
    }
}

fn generator(folder: &Path, file: &GeneratorFile) -> Result<(), Box<dyn Error>> {
    let mut case = Case::new(folder, &onnx::generator(file, &[])?)?;
    let noise = latents(5, Purpose::SampleLatent, 0, COUNT)?;
    case.input("noise", &[COUNT, 100], &noise)?;
    if file.spec.variant.wiring().generator_sees_class {
        case.classes(&labels(COUNT))?;
    }
    let mut images = vec![0.0; COUNT * PIXELS];
    let sampler = CpuSampler::new(Device::cpu(Some(1))?.kernels(), &file.spec, &file.tensors)?;
    sampler.generate(&noise, &labels(COUNT), &mut images);
    case.output("image", &[COUNT, 1, 28, 28], &images)?;
    case.finish(Value::Null)
}

fn classifier(folder: &Path) -> Result<(), Box<dyn Error>> {
    let device = Device::cpu(Some(1))?;
    let mut case = Case::new(folder, &onnx::classifier(&Judge::mnist_file(), &[])?)?;
    let digits = Sampler::new(&device, &BuiltIn::Acgan.generator())?.draw(7, &labels(COUNT))?;
    let mut images = vec![0.0; digits.len()];
    to_signed(&digits, &mut images);
    let read = Judge::of_mnist(&device).read(&digits)?;
    case.input("image", &[COUNT, 1, 28, 28], &images)?;
    case.output("probabilities", &[COUNT, 10], &read.probabilities)?;
    case.output("features", &[COUNT, 64], &read.features)?;
    case.finish(Value::Null)
}

fn discriminator(out: &Path, digits: &[u8], variant: Variant, design: Design) -> Result<(), Box<dyn Error>> {
    let spec = ModelSpec::new(variant, 10)?;
    let state = initial_state_of(&spec, &design, false, 1);
    let names = discriminator_tensors(&spec, &design).into_iter().map(|tensor| tensor.name);
    let mut tensors: TensorMap =
        names.map(|name| (name.to_owned(), state[&format!("discriminator.{name}")].clone())).collect();
    enliven(&mut tensors);
    let words = [json!(design.normaliser), json!(design.class_input), json!(design.head), json!(design.pack)];
    let words = words.map(|word| word.as_str().map_or_else(|| format!("pack{word}"), str::to_owned));
    let folder = out.join(format!("d-{variant}-{}", words.join("-")));
    let mut case = Case::new(&folder, &onnx::discriminator(&spec, &design, &tensors, &[])?)?;
    let mut images = vec![0.0; COUNT * design.pack * PIXELS];
    to_signed(&digits[..images.len()], &mut images);
    case.input("image", &[COUNT, design.pack, 28, 28], &images)?;
    if design.told_class(variant.wiring()).is_some() {
        case.classes(&labels(COUNT))?;
    }
    fs::write(
        folder.join("weights.safetensors"),
        TensorFile { tensors, facts: Default::default() }.to_bytes(Precision::Single),
    )?;
    case.finish(json!({
        "variant": variant, "leak": design.leak, "spectral": design.normaliser == Normaliser::Spectral,
        "projection": design.class_input == ClassInput::Projection, "hidden": design.head == SourceHead::Hidden,
        "pack": design.pack,
    }))
}
