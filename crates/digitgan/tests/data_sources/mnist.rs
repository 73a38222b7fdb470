//! Real MNIST, where there is some, and files that only claim to be it.

use crate::support::{assert_message, gzip, idx_labels, real_mnist, write};
use digitgan::data::{DataSource, Reading};
use digitgan::load::mnist::{TEST_IMAGES, TEST_LABELS, TRAIN_IMAGES, TRAIN_LABELS};
use digitgan::load::{DataError, DataEvent, Loaded, Mirrors, load_from};
use std::fs;
use std::path::Path;
use tempfile::{TempDir, tempdir};

/// Loads without any mirror, so that nothing is ever fetched.
fn load_local(source: &DataSource, data_dir: &Path) -> Result<Loaded, DataError> {
    let mirrors = Mirrors { urls: vec![], ..Mirrors::patient() };
    load_from(source, &Reading::default(), data_dir, &mirrors, &|_| ())
}

/// A data folder with copies of the real files.
fn copy_of_mnist() -> Option<TempDir> {
    let real = real_mnist()?;
    let data_dir = tempdir().unwrap();
    for file in [TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS] {
        let name = format!("{}.gz", file.name);
        write(data_dir.path(), &format!("mnist/{name}"), &fs::read(real.join(name)).unwrap());
    }
    Some(data_dir)
}

#[test]
fn real_mnist_is_read_whole() {
    let Some(data_dir) = copy_of_mnist() else {
        return;
    };
    let on_event = |event: DataEvent| panic!("{event:?}");
    let mirrors = Mirrors::brief();
    let loaded = load_from(&DataSource::Auto, &Reading::default(), data_dir.path(), &mirrors, &on_event).unwrap();
    assert_eq!(loaded.fallback, None);
    let dataset = loaded.dataset;
    assert_eq!((dataset.name.as_str(), dataset.classes), ("mnist", 10));
    assert_eq!((dataset.train.len(), dataset.test.len()), (60_000, 10_000));
    assert_eq!(dataset.train.images.len(), 60_000 * 784);
    assert_eq!(dataset.train.labels[..10], [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]);
    assert_eq!(dataset.test.labels[..5], [7, 2, 1, 0, 4]);
    let ones = dataset.train.labels.iter().filter(|&&label| label == 1).count();
    assert_eq!(ones, 6742);
    let mean =
        dataset.train.images.iter().map(|&pixel| f64::from(pixel)).sum::<f64>() / dataset.train.images.len() as f64;
    assert!((mean / 255.0 - 0.1307).abs() < 1e-4, "{mean}");
}

#[test]
fn an_uncompressed_file_comes_before_a_gzipped_one() {
    let Some(data_dir) = copy_of_mnist() else {
        return;
    };
    // The wrong plain file is the one that is complained of.
    write(data_dir.path(), "mnist/t10k-labels-idx1-ubyte", &idx_labels(&[0; 10_000]));
    let error = load_local(&DataSource::Mnist, data_dir.path()).unwrap_err();
    assert_message(&error, &data_dir.path().join("mnist/t10k-labels-idx1-ubyte"));
    assert!(!error.to_string().contains(".gz"), "{error}");
}

#[test]
fn a_wrong_file_is_an_error_and_stays_even_for_auto() {
    let labels = idx_labels(&[3; 100]);
    let cases: [(&str, Vec<u8>, bool); 3] = [
        ("other contents", gzip(&labels), true),
        ("cut off", gzip(&labels)[..15].to_vec(), false),
        ("a web page", b"<html>".to_vec(), false),
    ];
    for (name, bytes, hashed) in cases {
        for source in [DataSource::Mnist, DataSource::Auto] {
            let data_dir = tempdir().unwrap();
            let files = [TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS];
            for file in files {
                write(data_dir.path(), &format!("mnist/{}.gz", file.name), &bytes);
            }
            let error = load_local(&source, data_dir.path()).unwrap_err();
            match &error {
                DataError::MnistHash { found, expected, .. } => {
                    assert!(hashed, "{name}: {error}");
                    assert_eq!((found.len(), *expected), (64, TRAIN_LABELS.sha256));
                }
                DataError::MnistDamaged { .. } => assert!(!hashed, "{name}: {error}"),
                other => panic!("{name}: {other:?}"),
            }
            let culprit = data_dir.path().join("mnist/train-labels-idx1-ubyte.gz");
            assert_message(&error, &culprit);
            assert!(error.to_string().contains("delete it"), "{error}");
            assert_eq!(fs::read(culprit).unwrap(), bytes, "{name}: it was replaced");
        }
    }
}

#[test]
fn files_by_kaggle_s_names_are_looked_at() {
    let data_dir = tempdir().unwrap();
    for name in [
        "train-labels.idx1-ubyte",
        "t10k-labels-idx1-ubyte/t10k-labels-idx1-ubyte",
        "train-images.idx3-ubyte",
        "t10k-images.idx3-ubyte.gz",
    ] {
        write(data_dir.path(), &format!("mnist/{name}"), &idx_labels(&[1, 2, 3]));
    }
    let error = load_local(&DataSource::Mnist, data_dir.path()).unwrap_err();
    assert!(error.to_string().contains("is not MNIST's file"), "{error}");
}
