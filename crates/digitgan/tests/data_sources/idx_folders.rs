//! Folders of IDX files.

use crate::support::{assert_message, gzip, idx_images, idx_labels, pixels, write, write_idx_set};
use digitgan::data::{DataSource, Dataset, Orientation, ReadAs, Reading};
use digitgan::load::{ArrayError, DataError, LoadReport, load};
use std::fs;
use std::path::Path;
use tempfile::tempdir;

fn load_path(path: &Path) -> Result<Dataset, DataError> {
    let source = DataSource::Path(path.to_owned());
    load(&source, &Reading::default(), Path::new("unused"), &|_| ()).map(|loaded| loaded.dataset)
}

/// The data set, and what was decided and left out.
fn reported(path: &Path) -> (Dataset, LoadReport) {
    let source = DataSource::Path(path.to_owned());
    let loaded = load(&source, &Reading::default(), Path::new("unused"), &|_| ()).unwrap();
    assert_eq!(loaded.fallback, None);
    (loaded.dataset, loaded.report.unwrap())
}

#[test]
fn four_files_are_a_data_set_gzipped_or_not() {
    let plain = tempdir().unwrap();
    write_idx_set(plain.path());
    let gzipped = tempdir().unwrap();
    for entry in fs::read_dir(plain.path()).unwrap() {
        let entry = entry.unwrap();
        let name = format!("{}.gz", entry.file_name().to_str().unwrap());
        write(gzipped.path(), &name, &gzip(&fs::read(entry.path()).unwrap()));
    }
    let (dataset, report) = reported(plain.path());
    assert_eq!(
        (report.format, report.read_as, report.left_out.len(), report.unused.len()),
        ("IDX", ReadAs::PLAIN, 0, 0)
    );
    assert_eq!(dataset.name, plain.path().file_name().unwrap().to_str().unwrap());
    assert_eq!((dataset.classes, dataset.train.len(), dataset.test.len()), (3, 30, 6));
    assert_eq!(dataset.class_names, ["0", "1", "2"]);
    assert_eq!(dataset.train.images, pixels(30));
    assert_eq!(dataset.test.labels, [0, 1, 2, 0, 1, 2]);
    let other = load_path(gzipped.path()).unwrap();
    assert_eq!((other.train, other.test), (dataset.train, dataset.test));
}

#[test]
fn emnist_is_put_upright() {
    let folder = tempdir().unwrap();
    let labels: Vec<u8> = (0..4).collect();
    for (split, count) in [("train", 4), ("test", 2)] {
        let name = |kind| format!("emnist-digits-{split}-{kind}-ubyte.gz");
        let images = idx_images(28, 28, &pixels(count));
        write(folder.path(), &name("images-idx3"), &gzip(&images));
        write(folder.path(), &name("labels-idx1"), &gzip(&idx_labels(&labels[..count])));
    }
    let (dataset, report) = reported(folder.path());
    assert_eq!(dataset.train.images[5 * 28 + 3], pixels(1)[3 * 28 + 5]);
    assert_eq!(report.read_as.orientation, Orientation::Transposed);
}

#[test]
fn other_sizes_are_resized_and_told() {
    let folder = tempdir().unwrap();
    write_idx_set(folder.path());
    write(folder.path(), "t10k-images-idx3-ubyte", &idx_images(16, 16, &[9; 6 * 256]));
    let (dataset, report) = reported(folder.path());
    assert_eq!(dataset.test.images, [9; 6 * 784]);
    assert_eq!(report.resized, 6);
}

#[test]
fn numbers_with_gaps_are_classes_that_are_called_so() {
    let folder = tempdir().unwrap();
    write_idx_set(folder.path());
    let (plain, report) = reported(folder.path());
    assert_eq!((report.label_gaps, report.rare), (None, vec![]));
    let labels: Vec<u8> = (0..30).map(|index| [1, 3, 5][index % 3]).collect();
    write(folder.path(), "train-labels-idx1-ubyte", &idx_labels(&labels));
    write(folder.path(), "t10k-labels-idx1-ubyte", &idx_labels(&labels[..6]));
    let (dataset, report) = reported(folder.path());
    assert_eq!(dataset.class_names, ["1", "3", "5"]);
    assert_eq!((dataset.train.labels, dataset.test.labels), (plain.train.labels, plain.test.labels));
    let gaps = report.label_gaps.unwrap();
    assert_eq!((gaps.first, gaps.last, gaps.missing), (1, 5, vec![2..=2, 4..=4]));
}

type Check = fn(&DataError) -> bool;

#[test]
fn bad_files_are_told_apart() {
    let images = |count| idx_images(28, 28, &pixels(count));
    let train_images = "train-images-idx3-ubyte";
    let train_labels = "train-labels-idx1-ubyte";
    let test_labels = "t10k-labels-idx1-ubyte";
    let labels = |modify: fn(usize) -> u8| idx_labels(&(0..30).map(modify).collect::<Vec<_>>());
    let cases: Vec<(&str, &str, Vec<u8>, Check)> = vec![
        ("cut", train_images, images(30)[..5000].to_vec(), |e| {
            matches!(e, DataError::Array { problem: ArrayError::Truncated { .. }, .. })
        }),
        ("trailing", train_images, [images(30), vec![0]].concat(), |e| {
            matches!(e, DataError::Array { problem: ArrayError::TrailingBytes { .. }, .. })
        }),
        ("magic", train_labels, images(30), |e| {
            matches!(e, DataError::Array { problem: ArrayError::Magic { .. }, .. })
        }),
        ("counts", train_images, images(29), |e| matches!(e, DataError::CountsDiffer { images: 29, labels: 30, .. })),
        ("one class", train_labels, labels(|_| 0), |e| matches!(e, DataError::ClassCount { found: 1, .. })),
        (
            "new class",
            test_labels,
            idx_labels(&[0, 1, 2, 3, 0, 1]),
            |e| matches!(e, DataError::UnknownClass { class, images: 1, .. } if class == "3"),
        ),
    ];
    for (name, file, bytes, check) in cases {
        let folder = tempdir().unwrap();
        write_idx_set(folder.path());
        write(folder.path(), file, &bytes);
        let error = load_path(folder.path()).unwrap_err();
        assert!(check(&error), "{name}: {error:?}");
        assert_message(&error, &folder.path().join(file));
    }
}

#[test]
fn a_missing_file_is_named() {
    for file in
        ["train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"]
    {
        let folder = tempdir().unwrap();
        write_idx_set(folder.path());
        fs::remove_file(folder.path().join(file)).unwrap();
        let error = load_path(folder.path()).unwrap_err();
        assert!(matches!(&error, DataError::MissingFile { file: found, .. } if found == file), "{error:?}");
        assert_message(&error, folder.path());
    }
}

#[test]
fn emnist_s_missing_files_have_emnist_s_names() {
    let folder = tempdir().unwrap();
    for part in ["train-images-idx3", "train-labels-idx1", "test-images-idx3"] {
        write(folder.path(), &format!("emnist-digits-{part}-ubyte"), b"");
    }
    let error = load_path(folder.path()).unwrap_err().to_string();
    assert!(error.contains("emnist-digits-test-labels-idx1-ubyte"), "{error}");
}

#[test]
fn two_data_sets_in_a_folder_are_one_too_many() {
    let folder = tempdir().unwrap();
    write_idx_set(folder.path());
    write(folder.path(), "emnist-digits-train-images-idx3-ubyte", b"");
    let error = load_path(folder.path()).unwrap_err();
    assert!(matches!(error, DataError::SeveralSets { .. }), "{error:?}");
    assert_message(&error, folder.path());
}

#[test]
fn no_training_image_is_an_error_and_no_test_image_is_none() {
    let folder = tempdir().unwrap();
    write_idx_set(folder.path());
    write(folder.path(), "t10k-images-idx3-ubyte", &idx_images(28, 28, &[]));
    write(folder.path(), "t10k-labels-idx1-ubyte", &idx_labels(&[]));
    assert!(load_path(folder.path()).unwrap().test.is_empty());
    write(folder.path(), "train-images-idx3-ubyte", &idx_images(28, 28, &[]));
    write(folder.path(), "train-labels-idx1-ubyte", &idx_labels(&[]));
    let error = load_path(folder.path()).unwrap_err();
    assert!(matches!(error, DataError::NoImages { .. }), "{error:?}");
}

#[test]
fn a_folder_in_the_place_of_a_file_is_an_error() {
    let folder = tempdir().unwrap();
    write_idx_set(folder.path());
    let path = folder.path().join("train-images-idx3-ubyte");
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    let error = load_path(folder.path()).unwrap_err();
    assert!(matches!(error, DataError::MissingFile { .. }), "{error:?}");
    assert_message(&error, folder.path());
}

#[test]
fn labels_that_are_all_less_than_none_are_no_labels() {
    let folder = tempdir().unwrap();
    write_idx_set(folder.path());
    let signed = |labels: [i8; 6]| {
        let bytes = labels.map(|label| label.to_be_bytes()[0]);
        [&[0, 0, 9, 1, 0, 0, 0, 6][..], &bytes].concat()
    };
    write(folder.path(), "t10k-labels-idx1-ubyte", &signed([-1; 6]));
    let (dataset, report) = reported(folder.path());
    assert_eq!((dataset.train.len() + dataset.test.len(), report.set_aside), (30, Some(dataset.test.len())));
    assert_eq!(report.unused.len(), 1);
    assert_eq!(report.unused[0].why, "its images have no labels");
    write(folder.path(), "t10k-labels-idx1-ubyte", &signed([0, 1, 2, 0, -1, 1]));
    let error = load_path(folder.path()).unwrap_err();
    assert!(matches!(error, DataError::Label { index: 4, label: -1, .. }), "{error:?}");
}
