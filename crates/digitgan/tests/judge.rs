//! The judge of MNIST that comes with the program, on real test images, and files that are no judges.
#![allow(clippy::unwrap_used, reason = "a test")]

use digitgan::engine::{Device, Threads};
use digitgan::judge::{ClassifierFile, Judge};
use digitgan::load::{idx, open};
use digitgan::model::initial_classifier;
use digitgan::weights::{Precision, TensorFile};
use digitgan_kernels::Kernels;
use std::path::{Path, PathBuf};

/// What a judge must read to be believed.
const LEAST_ACCURACY: f64 = 0.994;

/// The folder of real MNIST, if this machine has it; where `CI` is set it must.
fn real_mnist() -> Option<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = match std::env::var_os("DIGITGAN_TEST_MNIST") {
        Some(folder) => PathBuf::from(folder),
        None => here.join("../../../shared/data/mnist"),
    };
    assert!(folder.exists() || std::env::var_os("CI").is_none(), "no MNIST in {}", folder.display());
    folder.exists().then_some(folder)
}

#[test]
fn the_built_in_judge_reads_as_well_as_it_says() {
    let Some(mnist) = real_mnist() else { return };
    let images = idx::read_images(open::open(&mnist.join("t10k-images-idx3-ubyte.gz")).unwrap()).unwrap();
    let labels = idx::read_labels(open::open(&mnist.join("t10k-labels-idx1-ubyte.gz")).unwrap()).unwrap();
    let threads = Threads::start(None).unwrap();
    for kernels in Kernels::available() {
        let mut judge = Judge::of_mnist(&Device::with_kernels(kernels, threads.clone()));
        let readings = judge.read(&images).unwrap();
        let correct = readings.labels.iter().zip(&labels).filter(|(read, label)| read == label).count();
        let identity = judge.identity();
        assert!(identity.accuracy().unwrap() >= LEAST_ACCURACY);
        // Scalar code rounds otherwise; an image on the edge may fall to the other side.
        assert!(correct.abs_diff(identity.test_correct) <= 1, "{kernels:?}: {correct}, {identity:?}");
        let sums = readings.probabilities.chunks_exact(10).map(|row| row.iter().sum::<f32>());
        assert!(sums.into_iter().all(|sum| (sum - 1.0).abs() < 1e-5), "{kernels:?}");
        // An image is read alike alone and among others.
        assert_eq!(judge.read(&images[..784]).unwrap().features, readings.features[..64], "{kernels:?}");
    }
}

#[test]
fn files_that_are_no_judges_say_why() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("j.safetensors");
    let good = || {
        let state = initial_classifier(3, 1);
        let own =
            |name: &String| Some(name.strip_prefix("classifier.")?.to_owned()).filter(|n| !n.starts_with("adam."));
        let tensors = state.iter().filter_map(|(name, tensor)| Some((own(name)?, tensor.clone()))).collect();
        let facts = [
            ("format", "digitgan-judge-1"),
            ("dataset", "letters"),
            ("dataset_sha256", "00"),
            ("classes", "3"),
            ("test_correct", "5"),
            ("test_images", "7"),
        ];
        TensorFile { tensors, facts: facts.map(|(key, value)| (key.to_owned(), value.to_owned())).into() }
    };
    good().write_as(&path, Precision::Half).unwrap();
    let identity = ClassifierFile::read(&path).unwrap().identity;
    assert_eq!((identity.classes, identity.test_correct, identity.test_images), (3, 5, 7));
    assert!(std::fs::read(&path).unwrap().windows(64).any(|text| text == identity.sha256.as_bytes()));

    type Change<'a> = (&'a dyn Fn(&mut TensorFile), &'a str);
    let cases: [Change<'_>; 6] = [
        (&|file| drop(file.facts.insert("format".into(), "digitgan-generator-1".into())), "its format is"),
        (&|file| drop(file.facts.remove("test_images")), "it does not say its test_images"),
        (&|file| drop(file.facts.insert("classes".into(), "four".into())), "which is no number"),
        (&|file| drop(file.facts.insert("classes".into(), "1000000".into())), "expected 2 to 100"),
        (&|file| drop(file.tensors.remove("conv2.weight")), "conv2.weight is missing"),
        (&|file| file.tensors.get_mut("bn1.bias").unwrap().values[0] = f32::NAN, "not finite"),
    ];
    for (change, expected) in cases {
        let mut file = good();
        change(&mut file);
        file.write_as(&path, Precision::Half).unwrap();
        let error = ClassifierFile::read(&path).unwrap_err().to_string();
        assert!(error.contains(expected) && !error.contains('\n'), "{error}");
    }
}
