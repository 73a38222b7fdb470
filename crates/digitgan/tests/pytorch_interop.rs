//! The real PyTorch draws the same pictures as we do, with our weights and with its own.
//!
//! Ignored by default, for it needs Python with PyTorch: `.ci/interop`.
#![allow(clippy::unwrap_used, reason = "a test")]

use digitgan::engine::cpu::CpuSampler;
use digitgan::model::{ModelSpec, Tensor, TensorMap, Variant, initial_state};
use digitgan::sample::latents;
use digitgan::seed::Purpose;
use digitgan::weights::{GeneratorFile, TensorFile};
use digitgan_kernels::Kernels;
use std::path::{Path, PathBuf};
use std::process::Command;

const COUNT: usize = 20;
const CLASSES: usize = 10;

fn python(script: &str, arguments: &[&Path]) {
    let python = std::env::var("DIGITGAN_PYTHON").expect("DIGITGAN_PYTHON names a Python that has PyTorch");
    let reference = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../reference");
    let mut command = Command::new(python);
    let status = match script.ends_with(".py") {
        true => command.arg(reference.join(script)),
        false => command.args(["-c", script]),
    };
    assert!(status.args(arguments).current_dir(&reference).status().unwrap().success());
}

fn our_pictures(file: &GeneratorFile, noise: &[f32], labels: &[u8]) -> Vec<f32> {
    let sampler = CpuSampler::new(Kernels::detect().unwrap(), &file.spec, &file.tensors).unwrap();
    let mut images = vec![0.0; labels.len() * 784];
    sampler.generate(noise, labels, &mut images);
    images
}

fn write(path: &Path, tensors: &[(&str, &[usize], Vec<f32>)]) {
    let tensor = |shape: &[usize], values: &Vec<f32>| Tensor { shape: shape.to_vec(), values: values.clone() };
    let tensors: TensorMap = tensors.iter().map(|(name, shape, v)| ((*name).to_owned(), tensor(shape, v))).collect();
    TensorFile { tensors, facts: Default::default() }.write(path).unwrap();
}

#[test]
#[ignore = "needs Python with PyTorch"]
fn pytorch_draws_what_we_draw() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let noise = latents(5, Purpose::SampleLatent, 0, COUNT).unwrap();
    let labels: Vec<u8> = (0..COUNT).map(|i| (i % CLASSES) as u8).collect();
    let floats = labels.iter().map(|&label| f32::from(label)).collect();
    write(&path("latents"), &[("latents", &[COUNT, 100], noise.clone()), ("labels", &[COUNT], floats)]);
    for variant in Variant::ALL {
        let spec = ModelSpec { variant, classes: CLASSES };
        let names: Vec<String> = (0..CLASSES).map(|class| class.to_string()).collect();
        let mut file = GeneratorFile::from_state(&initial_state(&spec, 3), spec, &names, "none", 0);
        // First weights draw nearly nothing; larger ones, and statistics of its own, make a mistake visible.
        for (name, tensor) in &mut file.tensors {
            let factor = if name.contains("running_mean") { 0.0 } else { 4.0 };
            tensor.values.iter_mut().enumerate().for_each(|(i, v)| *v = *v * factor + 0.01 * (i % 7) as f32);
        }
        let generator = path("generator");
        file.write(&generator).unwrap();
        write(&path("images"), &[("images", &[COUNT, 1, 28, 28], our_pictures(&file, &noise, &labels))]);
        let (with, against) = (path("latents"), path("images"));
        python("check_generator.py", &[&generator, Path::new("--latents"), &with, Path::new("--images"), &against]);
    }
}

#[test]
#[ignore = "needs Python with PyTorch"]
fn wrapped_models_and_other_precisions_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    // Each as PyTorch keeps it, and the same in the plain names and the floats that are read here.
    let script = "
import sys, torch
from safetensors.torch import save_file
from models import Generator
from torch.optim.swa_utils import AveragedModel
torch.manual_seed(1)
def save(model, name): save_file({k: v.contiguous().clone() for k, v in model.state_dict().items()}, sys.argv[1] + name)
def plain(): return Generator('cgan', 10)
for name, change in {'f64': torch.nn.Module.double, 'f16': torch.nn.Module.half, 'bf16': torch.nn.Module.bfloat16}.items():
    # Numbers that 32 bits cannot hold.
    g = plain().double()
    with torch.no_grad():
        for p in g.parameters(): p.add_(torch.randn_like(p) * 1e-3)
    g = change(g)
    save(g, name)
    save(g.float(), name + '-expected')
for name, wrap in {
    'compiled': torch.compile,
    'parallel': torch.nn.DataParallel,
    'compiled-parallel': lambda g: torch.compile(torch.nn.DataParallel(g)),
    'parallel-compiled': lambda g: torch.nn.DataParallel(torch.compile(g)),
    'averaged': AveragedModel,
}.items():
    g = plain()
    save(wrap(g), name)
    save(g, name + '-expected')
";
    python(script, &[&path("")]);
    for name in ["f64", "f16", "bf16", "compiled", "parallel", "compiled-parallel", "parallel-compiled", "averaged"] {
        let [read, expected] =
            ["", "-expected"].map(|end| GeneratorFile::read(&path(&format!("{name}{end}"))).unwrap());
        assert_eq!(read, expected, "{name}");
    }
}

#[test]
#[ignore = "needs Python with PyTorch"]
fn we_draw_what_pytorch_draws() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let script = "
import sys, torch
from safetensors.torch import save_file
from models import Generator
torch.manual_seed(1)
g = Generator('cgan', 10)
for _ in range(3): g(torch.randn(16, 100), torch.randint(0, 10, (16,)))  # moves the running statistics
g.eval()
z = torch.randn(20, 100); labels = torch.arange(20) % 10
save_file({k: v.contiguous() for k, v in g.state_dict().items()}, sys.argv[1])
save_file({'latents': z, 'images': g(z, labels).detach().contiguous()}, sys.argv[2])
torch.save({'epoch': 3, 'generator': g.state_dict(), 'optimizer': torch.optim.Adam(g.parameters()).state_dict()}, sys.argv[3])
torch.save(torch.nn.Sequential(*[getattr(g, n) for n in ['deconv1', 'bn1', 'deconv2', 'bn2', 'deconv3']]).half().state_dict(), sys.argv[4])
torch.save(g, sys.argv[5])
";
    let [generator, pictures, checkpoint, halves, module] =
        ["generator", "pictures", "checkpoint.pt", "halves.pth", "module.pt"].map(path);
    python(script, &[&generator, &pictures, &checkpoint, &halves, &module]);
    let file = GeneratorFile::read(&generator).unwrap();
    // What `torch.save` wrote: within a checkpoint exactly, in halves and by other names nearly; a module would have to be run.
    assert_eq!(GeneratorFile::import_file(&checkpoint, None).unwrap().generator, file);
    let near = GeneratorFile::import_file(&halves, None).unwrap();
    assert_eq!(near.names["bn2.running_var"], "3.running_var");
    for (name, tensor) in &near.generator.tensors {
        let close = |(a, b): (&f32, &f32)| (a - b).abs() <= b.abs() / 1024.0 + 1e-7;
        assert!(tensor.values.iter().zip(&file.tensors[name].values).all(close), "{name}");
    }
    let refused = GeneratorFile::import_file(&module, None).unwrap_err().to_string();
    assert!(refused.contains("models.Generator") && refused.contains("state dict alone"), "{refused}");
    let given = TensorFile::read(&pictures).unwrap().tensors;
    let labels: Vec<u8> = (0..20).map(|i| i % 10).collect();
    let ours = our_pictures(&file, &given["latents"].values, &labels);
    let worst = ours.iter().zip(&given["images"].values).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(worst < 1e-5, "largest difference {worst}");
}

#[test]
#[ignore = "needs Python with PyTorch"]
fn the_documented_module_loads_our_weights_and_draws_what_we_draw() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let page = include_str!("../../../docs/other-programs.md");
    let module = page.split("```python\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let file = digitgan::built_in::BuiltIn::Acgan.generator();
    file.write(&path("generator.safetensors")).unwrap();
    let noise = latents(5, Purpose::SampleLatent, 0, COUNT).unwrap();
    write(&path("latents"), &[("latents", &[COUNT, 100], noise.clone())]);
    let script = format!(
        "import os, sys\nos.chdir(sys.argv[1])\n{module}
from safetensors.torch import save_file
images = generator(load_file('latents')['latents'], torch.arange({COUNT}) % {CLASSES})
save_file({{'images': images.detach().contiguous()}}, 'images')
"
    );
    python(&script, &[folder.path()]);
    let labels: Vec<u8> = (0..COUNT).map(|i| (i % CLASSES) as u8).collect();
    let (ours, theirs) = (our_pictures(&file, &noise, &labels), TensorFile::read(&path("images")).unwrap().tensors);
    let worst = ours.iter().zip(&theirs["images"].values).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(worst < 1e-5, "largest difference {worst}");
}
