//! Files of tensors: our own, with hashes, and state dicts without.

use super::Target;
use digitgan::config::TrainConfig;
use digitgan::data::DatasetIdentity;
use digitgan::model::{Tensor, Variant, initial_classifier};
use digitgan::run::{RunDirectory, checkpoint};
use digitgan::train::Snapshot;
use digitgan::weights::{ClassifierFile, GeneratorFile, Precision, TensorFile};
use std::fs;
use std::io::{Cursor, Read, Write};
use std::path::Path;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

const CLASSES: usize = 3;

/// The format by itself, with small tensors.
pub(super) fn tensors(_: &Path) -> anyhow::Result<Target> {
    let tensor = |shape: &[usize]| Tensor { shape: shape.to_vec(), values: vec![0.5; shape.iter().product()] };
    let tensors = [("conv.weight", &[2, 1, 3, 3][..]), ("conv.bias", &[2]), ("module.fc.weight", &[3, 2])];
    let tensors = tensors.map(|(name, shape)| (name.to_owned(), tensor(shape))).into();
    let facts = [("format".to_owned(), "of tensors".to_owned())].into();
    let file = TensorFile { tensors, facts };
    let inputs = [Precision::Single, Precision::Half].map(|precision| file.to_bytes(precision));
    Ok(Target::of(with_and_without_hash(inputs.to_vec()), |bytes| Ok(TensorFile::from_bytes(bytes).is_ok())))
}

/// By PyTorch: a dictionary with a state dict.
const STATE_DICT: &[u8] = include_bytes!("../../../../crates/digitgan/tests/fixtures/state_dict.pt");

/// What `torch.save` wrote.
pub(super) fn pytorch(_: &Path) -> anyhow::Result<Target> {
    Ok(Target::of(vec![STATE_DICT.to_vec()], |bytes| Ok(TensorFile::from_bytes(bytes).is_ok())))
}

/// Its pickle, in an archive whose checksums are right, with numbers enough.
pub(super) fn pickle(_: &Path) -> anyhow::Result<Target> {
    let mut archive = ZipArchive::new(Cursor::new(STATE_DICT))?;
    let mut pickle = Vec::new();
    archive.by_name("state_dict/data.pkl")?.read_to_end(&mut pickle)?;
    Ok(Target::of(vec![pickle], |pickle| {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
        zip.start_file("x/data.pkl", stored)?;
        zip.write_all(pickle)?;
        for storage in 0..10 {
            zip.start_file(format!("x/data/{storage}"), stored)?;
            zip.write_all(&[0; 256])?;
        }
        Ok(TensorFile::from_bytes(&zip.finish()?.into_inner()).is_ok())
    }))
}

/// Generators, and PyTorch's state dicts.
pub(super) fn generator(_: &Path) -> anyhow::Result<Target> {
    let of = |variant| GeneratorFile::untrained(variant, CLASSES, 1).map(|file| file.to_bytes());
    let inputs = vec![of(Variant::Gan)?, of(Variant::Acgan)?];
    Ok(Target::of(with_and_without_hash(inputs), |bytes| Ok(GeneratorFile::from_bytes(bytes).is_ok())))
}

pub(super) fn classifier(_: &Path) -> anyhow::Result<Target> {
    let own = |(name, tensor): (String, Tensor)| Some((name.strip_prefix("classifier.")?.to_owned(), tensor));
    let tensors = initial_classifier(CLASSES, 1).into_iter().filter_map(own).collect();
    let file = ClassifierFile::new(ClassifierFile::rounded(tensors), &dataset(), 1);
    Ok(Target::of(with_and_without_hash(vec![file.to_bytes()]), |bytes| Ok(ClassifierFile::from_bytes(bytes).is_ok())))
}

pub(super) fn checkpoint(folder: &Path) -> anyhow::Result<Target> {
    let run = RunDirectory::new(folder);
    run.create()?;
    let config = TrainConfig { model: Variant::Gan, ..TrainConfig::default() };
    let snapshot = Snapshot { step: 3, ..Snapshot::first(&config, CLASSES)? };
    checkpoint::write(&run, &snapshot, &config, &dataset())?;
    let inputs = with_and_without_hash(vec![fs::read(run.checkpoint(3))?]);
    Ok(Target::of(inputs, move |bytes| {
        fs::write(run.checkpoint(3), bytes)?;
        Ok(checkpoint::read_newest(&run, &config, &dataset()).is_ok())
    }))
}

fn dataset() -> DatasetIdentity {
    DatasetIdentity { name: "d".into(), sha256: "00".into(), classes: CLASSES, train_images: 100, test_images: 10 }
}

/// Files as they are, and with another key in place of the hash's, so that damage gets past it.
fn with_and_without_hash(mut files: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    const HASH: &[u8] = b"\"sha256\":";
    let without = |file: &Vec<u8>| {
        let mut file = file.clone();
        if let Some(at) = file.windows(HASH.len()).position(|window| window == HASH) {
            file[at..at + HASH.len()].copy_from_slice(b"\"no-sha\":");
        }
        file
    };
    let bare: Vec<Vec<u8>> = files.iter().map(without).collect();
    files.extend(bare);
    files
}
