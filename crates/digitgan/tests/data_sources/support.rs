//! What the tests of data sources share: IDX writers, real MNIST, and a server that misbehaves.

use digitgan::load::DataError;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

/// The bytes of an IDX file of images; `pixels` is `[count, rows, columns]`.
pub(crate) fn idx_images(rows: usize, columns: usize, pixels: &[u8]) -> Vec<u8> {
    let count = pixels.len() / (rows * columns);
    let header = [0x0803, count, rows, columns].map(|word| (word as u32).to_be_bytes());
    [header.as_flattened(), pixels].concat()
}

/// The bytes of an IDX file of labels.
pub(crate) fn idx_labels(labels: &[u8]) -> Vec<u8> {
    let header = [0x0801, labels.len()].map(|word| (word as u32).to_be_bytes());
    [header.as_flattened(), labels].concat()
}

/// The bytes of an NPY file: the type and shape as NumPy writes them, and the numbers.
pub(crate) fn npy(descr: &str, shape: &str, numbers: &[u8]) -> Vec<u8> {
    let header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}\n");
    [b"\x93NUMPY\x01\0", (header.len() as u16).to_le_bytes().as_slice(), header.as_bytes(), numbers].concat()
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// `count` images of 28×28, each with pixels of its own.
pub(crate) fn pixels(count: usize) -> Vec<u8> {
    (0..count * 784).map(|index| (index * 31 % 251) as u8).collect()
}

/// Writes the four files of a small data set of three classes under MNIST's names.
pub(crate) fn write_idx_set(folder: &Path) {
    let labels: Vec<u8> = (0..30).map(|index| index % 3).collect();
    write(folder, "train-images-idx3-ubyte", &idx_images(28, 28, &pixels(30)));
    write(folder, "train-labels-idx1-ubyte", &idx_labels(&labels));
    write(folder, "t10k-images-idx3-ubyte", &idx_images(28, 28, &pixels(6)));
    write(folder, "t10k-labels-idx1-ubyte", &idx_labels(&labels[..6]));
}

/// Writes a file below `folder`, making the folders above it.
pub(crate) fn write(folder: &Path, name: &str, bytes: &[u8]) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

/// A message for people: one line that begins with `path`.
pub(crate) fn assert_message(error: &DataError, path: &Path) {
    let message = error.to_string();
    assert!(!message.contains(char::is_control), "not one line: {message:?}");
    let named = path.to_str().unwrap().trim_end_matches('/');
    assert!(message.starts_with(&format!("{named}: ")), "{message} is not about {named}");
}

/// The folder of real MNIST, if this machine has it; where `CI` is set it must.
pub(crate) fn real_mnist() -> Option<PathBuf> {
    let folder = match std::env::var_os("DIGITGAN_TEST_MNIST") {
        Some(folder) => PathBuf::from(folder),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/mnist"),
    };
    let found = folder.join("train-images-idx3-ubyte.gz").exists();
    assert!(
        found || std::env::var_os("CI").is_none(),
        "no MNIST in {}; let DIGITGAN_TEST_MNIST name the folder of its four .gz files",
        folder.display()
    );
    found.then_some(folder)
}
