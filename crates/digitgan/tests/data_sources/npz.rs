//! NPZ files: archives of arrays, by the names that people give those.

use crate::support::{assert_message, npy, pixels, write};
use digitgan::data::{DataSource, Dataset, Reading};
use digitgan::load::{DataError, LoadReport, load};
use std::fs;
use std::io::{Cursor, Write};
use std::path::Path;
use tempfile::tempdir;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

fn load_path(path: &Path) -> Result<(Dataset, LoadReport), DataError> {
    let loaded = load(&DataSource::Path(path.to_owned()), &Reading::default(), Path::new("unused"), &|_| ())?;
    Ok((loaded.dataset, loaded.report.unwrap()))
}

fn npz(arrays: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in arrays {
        archive.start_file(format!("{name}.npy"), SimpleFileOptions::default()).unwrap();
        archive.write_all(bytes).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

fn images(count: usize) -> Vec<u8> {
    npy("|u1", &format!("({count}, 28, 28)"), &pixels(count))
}

fn labels(labels: &[i64]) -> Vec<u8> {
    let bytes: Vec<u8> = labels.iter().flat_map(|label| label.to_le_bytes()).collect();
    npy("<i8", &format!("({},)", labels.len()), &bytes)
}

#[test]
fn arrays_of_unknown_names_are_listed() {
    for (arrays, said) in [
        (
            vec![("digits", images(3)), ("classes", labels(&[0, 1, 2]))],
            "its arrays digits (uint8 [3, 28, 28]), classes (int64 [3]) have names that say neither images nor labels; \
             names such as x_train and y_train, or images and labels, are understood",
        ),
        (
            vec![("train_digits", images(2)), ("test_digits", images(2)), ("meta", npy("|O", "()", b"x"))],
            "train_digits (uint8 [2, 28, 28]), test_digits (uint8 [2, 28, 28]), meta (Python objects [])",
        ),
        (
            vec![("images", images(2)), ("answers", labels(&[0, 1]))],
            "it has an array images and none called labels (and answers)",
        ),
    ] {
        let folder = tempdir().unwrap();
        write(folder.path(), "a.npz", &npz(&arrays));
        let file = folder.path().join("a.npz");
        for path in [folder.path(), &file] {
            let error = load_path(path).unwrap_err();
            assert_message(&error, &file);
            assert!(error.to_string().contains(said), "{error}");
        }
    }
    // Arrays in files of their own.
    let folder = tempdir().unwrap();
    write(folder.path(), "digits.npy", &images(3));
    let error = load_path(folder.path()).unwrap_err();
    assert!(error.to_string().contains("digits.npy (uint8 [3, 28, 28])"), "{error}");
    // They may lie beside class folders.
    for class in ["0", "1"] {
        let mut bytes = Cursor::new(Vec::new());
        image::GrayImage::new(28, 28).write_to(&mut bytes, image::ImageFormat::Png).unwrap();
        write(folder.path(), &format!("{class}/a.png"), bytes.get_ref());
    }
    assert_eq!(load_path(folder.path()).unwrap().0.classes, 2);
    fs::create_dir_all(folder.path().join("set")).unwrap();
    for name in ["0", "1"] {
        fs::rename(folder.path().join(name), folder.path().join("set").join(name)).unwrap();
    }
    fs::create_dir_all(folder.path().join("features")).unwrap();
    fs::rename(folder.path().join("digits.npy"), folder.path().join("features/digits.npy")).unwrap();
    assert_eq!(load_path(folder.path()).unwrap().0.classes, 2);
}

#[test]
fn what_is_damaged_or_unused_is_named_by_its_array() {
    let whole = [
        ("x_train", images(4)),
        ("y_train", labels(&[0, 1, 0, 1])),
        ("x_test", images(2)),
        ("y_test", labels(&[-1, -1])),
    ];
    let folder = tempdir().unwrap();
    let file = folder.path().join("set.npz");
    let unused = |arrays: &[(&str, Vec<u8>)]| {
        fs::write(&file, npz(arrays)).unwrap();
        let (dataset, report) = load_path(&file).unwrap();
        assert_eq!(dataset.train.len() + dataset.test.len(), 4);
        report.unused.into_iter().map(|unused| unused.path).collect::<Vec<_>>()
    };
    assert_eq!(unused(&whole), [file.join("x_test")], "without labels by -1");
    assert_eq!(unused(&whole[..3]), [file.join("x_test")], "without labels");
    let bytes = npz(&whole);
    let mut damaged = bytes.clone();
    damaged[200] ^= 0xff;
    fs::write(&file, &damaged).unwrap();
    let error = load_path(&file).unwrap_err();
    assert!(matches!(error, DataError::Array { .. }), "{error}");
    assert_message(&error, &file.join("x_train"));
    for (at, shorter) in [("x_train", images(4)[..1000].to_vec()), ("y_train", labels(&[0; 4])[..20].to_vec())] {
        let arrays: Vec<(&str, Vec<u8>)> = whole
            .iter()
            .map(|(name, bytes)| (*name, if *name == at { shorter.clone() } else { bytes.clone() }))
            .collect();
        fs::write(&file, npz(&arrays)).unwrap();
        let error = load_path(&file).unwrap_err();
        assert_message(&error, &file.join(at));
    }
    fs::write(&file, &bytes[..bytes.len() - 30]).unwrap();
    let error = load_path(&file).unwrap_err();
    assert!(matches!(error, DataError::Array { .. }), "{error}");
    assert_message(&error, &file);
}

#[test]
fn names_that_differ_in_capitals_alone_can_be_chosen() {
    let folder = tempdir().unwrap();
    let set = |count: i64| {
        let numbers: Vec<i64> = (0..count).map(|index| index % 2).collect();
        [("x_train", images(numbers.len())), ("y_train", labels(&numbers))]
    };
    let (small, large) = (npz(&set(2)), npz(&set(4)));
    write(folder.path(), "out.npz", &small);
    write(folder.path(), "out.NPZ", &large);
    if fs::read(folder.path().join("out.npz")).unwrap() != small {
        // This file system takes both for one name.
        return;
    }
    let DataError::SeveralSets { choices, .. } = load_path(folder.path()).unwrap_err() else { panic!("one of two") };
    assert_eq!(choices, ["out.NPZ", "out.npz"].map(|name| folder.path().join(name)));
    let counts = choices.iter().map(|choice| load_path(choice).unwrap().0.train.len());
    assert_eq!(counts.collect::<Vec<_>>(), [4, 2]);
    // Also where images and labels are in two files.
    let folder = tempdir().unwrap();
    for (name, count) in [("x.npz", 2), ("x.NPZ", 3)] {
        write(folder.path(), name, &npz(&[("arr_0", images(count))]));
    }
    write(folder.path(), "y.npz", &npz(&[("arr_0", labels(&[0, 1]))]));
    assert_eq!(load_path(&folder.path().join("x.npz")).unwrap().0.train.len(), 2);
}
