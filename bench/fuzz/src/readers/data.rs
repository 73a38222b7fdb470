//! Data sets: small ones that other programs wrote (`crates/digitgan/tests/fixtures`), with one file damaged; and folders
//! whose names are damaged.

use super::{Seed, Target};
use anyhow::Context;
use digitgan::data::{DataSource, LabelPlace, OrAuto, Reading, strokes};
use digitgan::load::{idx, load, open};
use digitgan::prelude::{ConvertLayout, convert};
use std::ffi::OsString;
use std::io::Read;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::{fs, io};

/// Where the data sets lie.
const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../crates/digitgan/tests/fixtures/data_formats");
/// How many bytes of a gzip stream are asked for.
const GZIP_BYTES: u64 = 64 << 20;
/// The most names of files in a folder.
const MAX_NAMES: usize = 64;

pub(super) fn idx_images(_: &Path) -> anyhow::Result<Target> {
    let read = |name: &str| fs::read(Path::new(FIXTURES).join("idx_torchvision/MNIST/raw").join(name));
    let floats = [&[0, 0, 13, 2, 0, 0, 0, 1, 0, 0, 3, 16][..], &0.5f32.to_be_bytes().repeat(784)].concat();
    let inputs = vec![read("t10k-images-idx3-ubyte")?, floats];
    Ok(Target::of(inputs, |bytes| Ok(idx::read_images(bytes).is_ok())))
}

pub(super) fn idx_labels(_: &Path) -> anyhow::Result<Target> {
    let plain = fs::read(Path::new(FIXTURES).join("idx_torchvision/MNIST/raw/train-labels-idx1-ubyte"))?;
    let mut columns = Vec::new();
    let gzipped = Path::new(FIXTURES).join("idx_qmnist/qmnist-train-labels-idx2-int.gz");
    open::open(&gzipped)?.read_to_end(&mut columns)?;
    Ok(Target::of(vec![plain, columns], |bytes| Ok(idx::read_labels(bytes).is_ok())))
}

pub(super) fn idx(folder: &Path) -> anyhow::Result<Target> {
    sets(folder, &["idx_torchvision", "idx_qmnist"])
}

pub(super) fn npy(folder: &Path) -> anyhow::Result<Target> {
    sets(folder, &["npy"])
}

pub(super) fn npz(folder: &Path) -> anyhow::Result<Target> {
    sets(folder, &["npz_floats", "npz_kannada", "npz_keras", "npz_medmnist", "npz_orders", "npz_small"])
}

pub(super) fn csv(folder: &Path) -> anyhow::Result<Target> {
    sets(folder, &["csv_bare", "csv_index", "csv_kaggle", "csv_names"])
}

pub(super) fn parquet(folder: &Path) -> anyhow::Result<Target> {
    sets(folder, &["parquet_binary", "parquet_datasets", "parquet_duckdb", "parquet_lists", "parquet_polars"])
}

pub(super) fn png(folder: &Path) -> anyhow::Result<Target> {
    let mut target = sets(folder, &["pictures_16_bits", "pictures_1_bit", "pictures_palette"])?;
    // 28×28 bytes of grey have a decoder of their own.
    let plain = folder.join("plain");
    convert(&strokes::some(20, 10)?, &plain, ConvertLayout::Folders, &mut |_, _| ControlFlow::Continue(()))?;
    target.seeds.extend(set(&plain)?);
    Ok(target)
}

pub(super) fn jpeg(folder: &Path) -> anyhow::Result<Target> {
    sets(folder, &["pictures_jpeg"])
}

pub(super) fn tiff(folder: &Path) -> anyhow::Result<Target> {
    sets(folder, &["pictures_tiff"])
}

pub(super) fn gzip(folder: &Path) -> anyhow::Result<Target> {
    let path = folder.join("file.gz");
    let names = ["csv_bare/train.csv.gz", "idx_qmnist/qmnist-test-images-idx3-ubyte.gz"];
    let mut inputs =
        names.iter().map(|name| fs::read(Path::new(FIXTURES).join(name))).collect::<Result<Vec<_>, _>>()?;
    inputs.push([&inputs[0][..], &inputs[1], &[0; 512]].concat());
    Ok(Target::of(inputs, move |bytes| {
        fs::write(&path, bytes)?;
        let read = open::open(&path).and_then(|reader| io::copy(&mut reader.take(GZIP_BYTES), &mut io::sink()));
        Ok(read.is_ok())
    }))
}

/// What the classes of an EMNIST set are called.
pub(super) fn mapping(folder: &Path) -> anyhow::Result<Target> {
    let set = folder.join("set");
    fs::create_dir(&set)?;
    for (part, name) in [("train", "train"), ("test", "t10k")] {
        for kind in ["images-idx3-ubyte", "labels-idx1-ubyte"] {
            let from = Path::new(FIXTURES).join("idx_torchvision/MNIST/raw").join(format!("{name}-{kind}"));
            fs::copy(from, set.join(format!("emnist-letters-{part}-{kind}")))?;
        }
    }
    let file = set.join("emnist-letters-mapping.txt");
    let inputs = vec![b"0 65 97\n1 66 98\n2 67 99\n".to_vec(), b"0 48\n1 49\n2 8364\n".to_vec()];
    Ok(Target::of(inputs, move |bytes| {
        fs::write(&file, bytes)?;
        Ok(is_read(&set))
    }))
}

/// The record beside a generated data set.
pub(super) fn record(folder: &Path) -> anyhow::Result<Target> {
    let set = folder.join("set");
    convert(&strokes::some(20, 10)?, &set, ConvertLayout::Idx, &mut |_, _| ControlFlow::Continue(()))?;
    let file = set.join("dataset.json");
    let mut inputs = vec![include_bytes!("../../corpus/dataset.json").to_vec()];
    inputs.extend(fs::read(&file).ok());
    Ok(Target::of(inputs, move |bytes| {
        fs::write(&file, bytes)?;
        Ok(is_read(&set))
    }))
}

/// Names of files and folders, one a line; the files hold pictures, arrays and tables in turn.
pub(super) fn names(folder: &Path) -> anyhow::Result<Target> {
    let contents: Vec<PathBuf> = [
        "pictures_1_bit/train/one/1.png",
        "idx_torchvision/MNIST/raw/train-images-idx3-ubyte",
        "idx_torchvision/MNIST/raw/train-labels-idx1-ubyte",
        "csv_bare/train.csv.gz",
        "npz_small/digits.npz",
        "parquet_duckdb/train.parquet",
    ]
    .iter()
    .enumerate()
    .map(|(number, name)| {
        let path = folder.join(number.to_string());
        fs::copy(Path::new(FIXTURES).join(name), &path).map(|_| path)
    })
    .collect::<Result<_, _>>()?;
    let root = folder.join("set");
    let seed = |names: &'static str, by_file_name: bool| {
        let (contents, root) = (contents.clone(), root.clone());
        let read = move |bytes: &[u8]| {
            if root.exists() {
                fs::remove_dir_all(&root)?;
            }
            fs::create_dir(&root)?;
            for name in bytes.split(|&byte| byte == b'\n').take(MAX_NAMES) {
                make(&root, name, &contents);
            }
            let labels = OrAuto::Given(LabelPlace::FileName);
            let reading = if by_file_name { Reading { labels, ..Reading::default() } } else { Reading::default() };
            Ok(load(&DataSource::Path(root.clone()), &reading, &root, &|_| ()).is_ok())
        };
        Seed { bytes: names.into(), read: Box::new(read) }
    };
    // The first character says what the file holds.
    Ok(Target {
        seeds: vec![
            seed(
                "0train/0/a.png\n0train/1/b.png\n0test/0/c.png\n0test/1/d.png\n0__MACOSX/x.png\n0processed/y.png",
                false,
            ),
            seed("0zero/a.png\n0one/b.png\n0one/c.jpeg\n0unlabelled/d.png", false),
            seed("0training/0/1.png\n0training/1/1.png\n0val/0/1.png\n0validation/1/1.png", false),
            seed(
                "1train-images-idx3-ubyte\n2train-labels-idx1-ubyte\n1t10k-images.idx3-ubyte\n2t10k-labels.idx1-ubyte",
                false,
            ),
            seed("1raw/qmnist-train-images-idx3-ubyte\n2raw/qmnist-train-labels-idx2-int", false),
            seed("3train.csv.gz\n3test.csv.gz\n0picture.png", false),
            seed("4digits.npz\n0notes.txt", false),
            seed("5data/train-00000-of-00001.parquet\n5data/test-00000-of-00001.parquet", false),
            seed("07_001.png\n07_002.png\n03_001.png\n03-2.png\n0label4 x.jpg", true),
        ],
    })
}

/// Makes the file that a line names, if it can be made.
fn make(root: &Path, line: &[u8], contents: &[PathBuf]) {
    let Some((kind, name)) = line.split_first() else { return };
    let parts = name.split(|&byte| byte == b'/').filter(|part| !matches!(*part, b"" | b"." | b".."));
    let path = parts.fold(root.to_owned(), |path, part| path.join(name_of(part)));
    // What no file system takes is no name: passed over.
    if path.parent().is_some_and(|folder| path != root && fs::create_dir_all(folder).is_ok()) {
        let _ = fs::hard_link(&contents[usize::from(kind.wrapping_sub(b'0')) % contents.len()], path);
    }
}

#[cfg(unix)]
fn name_of(bytes: &[u8]) -> OsString {
    std::os::unix::ffi::OsStringExt::from_vec(bytes.to_vec())
}

#[cfg(not(unix))]
fn name_of(bytes: &[u8]) -> OsString {
    String::from_utf8_lossy(bytes).into_owned().into()
}

/// Copies of data sets; each of their files is an input.
fn sets(folder: &Path, names: &[&str]) -> anyhow::Result<Target> {
    let mut seeds = Vec::new();
    for name in names {
        let copy = folder.join(name);
        copy_all(&Path::new(FIXTURES).join(name), &copy).with_context(|| format!("cannot copy {name}"))?;
        seeds.extend(set(&copy)?);
    }
    Ok(Target { seeds })
}

/// Each file of the data set in `folder` as an input.
fn set(folder: &Path) -> anyhow::Result<Vec<Seed>> {
    let seed = |path: PathBuf| -> anyhow::Result<Seed> {
        let (bytes, folder) = (fs::read(&path)?, folder.to_owned());
        let whole = Whole { path, bytes: bytes.clone() };
        let read = move |bytes: &[u8]| {
            fs::write(&whole.path, bytes)?;
            let _restored = Restored(&whole);
            Ok(is_read(&folder))
        };
        Ok(Seed { bytes, read: Box::new(read) })
    };
    files(folder)?.into_iter().map(seed).collect()
}

/// A file as it was.
struct Whole {
    path: PathBuf,
    bytes: Vec<u8>,
}

/// Makes a file as it was when it is dropped, also where its reader panics.
struct Restored<'a>(&'a Whole);

impl Drop for Restored<'_> {
    fn drop(&mut self) {
        // Where this fails, so does the next input.
        let _ = fs::write(&self.0.path, &self.0.bytes);
    }
}

fn is_read(folder: &Path) -> bool {
    load(&DataSource::Path(folder.to_owned()), &Reading::default(), folder, &|_| ()).is_ok()
}

/// All files in a folder and below.
fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() { found.extend(files(&path)?) } else { found.push(path) }
    }
    found.sort();
    Ok(found)
}

fn copy_all(from: &Path, to: &Path) -> io::Result<()> {
    for path in files(from)? {
        let copy = to.join(path.strip_prefix(from).map_err(io::Error::other)?);
        copy.parent().map_or(Ok(()), fs::create_dir_all)?;
        fs::copy(path, copy)?;
    }
    Ok(())
}
