//! Data sets as people and other projects lay them out.

use crate::support::{assert_message, gzip, idx_images, idx_labels, pixels, write, write_idx_set};
use digitgan::data::{DataSource, Dataset, LabelPlace, OrAuto, Orientation, Reading};
use digitgan::load::{DataError, LoadReport, load};
use image::{GrayImage, ImageFormat, Luma};
use std::fs;
use std::io::Cursor;
use std::path::Path;
use tempfile::{TempDir, tempdir};

fn load_as(path: &Path, reading: Reading) -> Result<(Dataset, LoadReport), DataError> {
    let loaded = load(&DataSource::Path(path.to_owned()), &reading, Path::new("unused"), &|_| ())?;
    Ok((loaded.dataset, loaded.report.unwrap()))
}

const BY_NAME: Reading = Reading {
    labels: OrAuto::Given(LabelPlace::FileName),
    ground: OrAuto::Auto,
    range: OrAuto::Auto,
    orientation: OrAuto::Auto,
};

fn load_path(path: &Path) -> Result<(Dataset, LoadReport), DataError> {
    load_as(path, Reading::default())
}

/// The names of what was left out, with their numbers.
fn left_out(report: &LoadReport) -> Vec<(&str, usize)> {
    report.left_out.iter().map(|thing| (thing.what.as_str(), thing.number)).collect()
}

/// A light square on black.
fn picture(format: ImageFormat) -> Vec<u8> {
    let inside = |x, y| (10..18).contains(&x) && (10..18).contains(&y);
    let image = GrayImage::from_fn(28, 28, |x, y| Luma([if inside(x, y) { 250 } else { 0 }]));
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

fn folder_of(names: &[&str]) -> TempDir {
    let folder = tempdir().unwrap();
    for name in names {
        let format = if name.ends_with("jpg") { ImageFormat::Jpeg } else { ImageFormat::Png };
        write(folder.path(), name, &picture(format));
    }
    folder
}

/// The files of a set of IDX files with a prefix, a part of whose labels is `labels`.
fn write_set(folder: &Path, prefix: &str, labels: &[u8]) {
    for (split, count) in [("train", labels.len()), ("test", labels.len() / 2)] {
        let images = idx_images(28, 28, &pixels(count));
        write(folder, &format!("{prefix}{split}-images-idx3-ubyte.gz"), &gzip(&images));
        write(folder, &format!("{prefix}{split}-labels-idx1-ubyte.gz"), &gzip(&idx_labels(&labels[..count])));
    }
}

#[test]
fn emnist_holds_six_sets_and_one_is_chosen() {
    let folder = tempdir().unwrap();
    for set in ["balanced", "byclass", "bymerge", "digits", "letters", "mnist"] {
        let labels: &[u8] = if set == "letters" { &[1, 2, 3, 1, 2, 3] } else { &[0, 1, 2, 0, 1, 2] };
        write_set(folder.path(), &format!("emnist-{set}-"), labels);
    }
    write(folder.path(), "emnist-letters-mapping.txt", b"1 65 97\n2 66 98\n3 67 99\n4 68 100\n");
    let error = load_path(folder.path()).unwrap_err();
    assert_message(&error, folder.path());
    let DataError::SeveralSets { choices, .. } = error else { panic!("{error}") };
    assert_eq!(choices.len(), 6);
    for choice in &choices {
        let (dataset, report) = load_path(choice).unwrap();
        assert_eq!((dataset.train.len(), dataset.test.len(), report.unused.len()), (6, 3, 0), "{}", choice.display());
        assert_eq!(report.read_as.orientation, Orientation::Transposed);
    }
    let (letters, _) = load_path(&folder.path().join("emnist-letters")).unwrap();
    assert_eq!(letters.class_names, ["Aa", "Bb", "Cc"]);
    assert_eq!(letters.train.labels, [0, 1, 2, 0, 1, 2]);
    // A file of a set names it too.
    let (digits, _) = load_path(&folder.path().join("emnist-digits-train-images-idx3-ubyte.gz")).unwrap();
    assert_eq!(digits.class_names, ["0", "1", "2"]);
    let upright = Reading { orientation: OrAuto::Given(Orientation::Upright), ..Reading::default() };
    let (as_stored, _) = load_as(&folder.path().join("emnist-digits"), upright).unwrap();
    assert_eq!(as_stored.train.images, pixels(6));
}

#[test]
fn kaggle_s_folders_beside_files_are_no_files() {
    let folder = tempdir().unwrap();
    write_idx_set(folder.path());
    for entry in fs::read_dir(folder.path()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let bytes = fs::read(&path).unwrap();
        fs::remove_file(&path).unwrap();
        write(folder.path(), &name.replace("-idx", ".idx"), &bytes);
        write(folder.path(), &format!("{name}/{name}"), &bytes);
    }
    let (dataset, _) = load_path(folder.path()).unwrap();
    assert_eq!((dataset.train.len(), dataset.test.len()), (30, 6));
}

#[test]
fn sets_in_folders_below_are_found_if_there_is_one() {
    let folder = tempdir().unwrap();
    fs::create_dir_all(folder.path().join("MNIST/raw")).unwrap();
    write_idx_set(&folder.path().join("MNIST/raw"));
    assert_eq!(load_path(folder.path()).unwrap().0.train.len(), 30);
    fs::create_dir_all(folder.path().join("KMNIST/raw")).unwrap();
    write_idx_set(&folder.path().join("KMNIST/raw"));
    let error = load_path(folder.path()).unwrap_err();
    assert!(matches!(error, DataError::SeveralSets { .. }), "{error}");
    assert_eq!(load_path(&folder.path().join("KMNIST")).unwrap().0.train.len(), 30);
}

#[test]
fn a_set_without_test_files_gives_some_of_its_images() {
    let folder = tempdir().unwrap();
    write_idx_set(folder.path());
    for name in ["t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"] {
        fs::remove_file(folder.path().join(name)).unwrap();
    }
    let (dataset, report) = load_path(folder.path()).unwrap();
    assert_eq!((report.set_aside, dataset.test.labels.as_slice()), (Some(3), [0, 1, 2].as_slice()));
    assert_eq!(dataset.train.len(), 27);
}

/// Images to test on alone are read as a whole set, and told of; two such splits are not.
#[test]
fn a_test_split_alone_is_read_as_a_set_and_told_of() {
    let folder = tempdir().unwrap();
    write_idx_set(folder.path());
    let rename = |from: &str, to: &str| {
        for part in ["images-idx3-ubyte", "labels-idx1-ubyte"] {
            fs::rename(folder.path().join(format!("{from}-{part}")), folder.path().join(format!("{to}-{part}")))
                .unwrap();
        }
    };
    let all = |path: &Path| {
        let (dataset, report) = load_path(path).unwrap();
        (dataset.train.len() + dataset.test.len(), report.test_alone)
    };
    assert_eq!(all(folder.path()), (36, false));
    rename("train", "val");
    let error = load_path(folder.path()).unwrap_err().to_string();
    assert!(error.contains("images to test on and none to train on"), "{error}");
    for part in ["images-idx3-ubyte", "labels-idx1-ubyte"] {
        fs::remove_file(folder.path().join(format!("val-{part}"))).unwrap();
    }
    assert_eq!(all(folder.path()), (6, true));
    rename("t10k", "valid");
    assert_eq!(all(folder.path()), (6, true));
    let classes = ["0/a.png", "0/b.png", "1/a.png"];
    for (below, alone) in [("test", true), ("val", true), ("train", false), ("digits", false)] {
        let files = classes.map(|file| format!("{below}/{file}"));
        let folder = folder_of(&files.each_ref().map(String::as_str));
        assert_eq!(all(folder.path()), (3, alone), "{below}");
    }
}

/// Only names below the folder that was given say what is there.
#[test]
fn the_folder_that_was_given_may_be_called_as_a_split() {
    for name in ["train", "test", "dev", "val", "Training"] {
        let folder = tempdir().unwrap();
        let given = folder.path().join(name);
        write(folder.path(), "beside.csv", b"no part of it");
        write_idx_set(&given);
        let (dataset, report) = load_path(&given).unwrap();
        assert_eq!((dataset.train.len(), dataset.test.len(), report.left_out.len()), (30, 6, 0), "{name}");
        // One split alone, by its name and without one.
        for part in ["images-idx3", "labels-idx1"] {
            fs::remove_file(given.join(format!("t10k-{part}-ubyte"))).unwrap();
        }
        assert_eq!(load_path(&given).unwrap().1.set_aside, Some(3), "{name}");
        for part in ["images-idx3-ubyte", "labels-idx1-ubyte"] {
            fs::rename(given.join(format!("train-{part}")), given.join(part)).unwrap();
        }
        for path in [given.clone(), given.join("images-idx3-ubyte")] {
            let (dataset, report) = load_path(&path).unwrap();
            assert_eq!((dataset.train.len(), report.set_aside), (27, Some(3)), "{}", path.display());
        }
        let classes =
            folder_of(&["0/a.png", "1/a.png"].map(|file| format!("{name}/{file}")).each_ref().map(|s| s.as_str()));
        assert_eq!(load_path(&classes.path().join(name)).unwrap().0.class_names, ["0", "1"]);
    }
}

#[test]
fn splits_by_other_names() {
    for (train, test) in [
        ("training", "testing"),
        ("train", "val"),
        ("Train", "Valid"),
        ("TRAINING", "validation"),
        ("mnist_train", "mnist_test"),
        ("training_set", "test-set"),
        ("trainingSet", "testSet"),
        ("TrainImages", "ValImages"),
        // As Kaggle's archives unpack.
        ("trainingSet/trainingSet", "testSet/testSet"),
    ] {
        let names = [format!("{train}/0/a.png"), format!("{train}/1/a.jpg"), format!("{test}/1/b.jpeg.png")];
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let (dataset, report) = load_path(folder_of(&names).path()).unwrap();
        assert_eq!((dataset.train.len(), dataset.test.labels.as_slice()), (2, [1].as_slice()), "{train}");
        assert_eq!(left_out(&report), [], "{train}");
    }
    let folder = folder_of(&["train/0/a.png", "train/1/a.png", "test/0/a.png", "val/0/a.png", "val/1/a.png"]);
    let (dataset, report) = load_path(folder.path()).unwrap();
    assert_eq!(dataset.test.len(), 1);
    assert_eq!(report.unused.iter().map(|unused| unused.path.clone()).collect::<Vec<_>>(), [folder.path().join("val")]);
}

#[test]
fn a_test_split_without_labels_leaves_the_place_to_a_validation_split() {
    let labels: Vec<u8> = (0..6).map(|index| index % 3).collect();
    let files = |folder: &Path, split: &str, labelled: bool| {
        write(folder, &format!("{split}-images"), &idx_images(28, 28, &pixels(6)));
        if labelled {
            write(folder, &format!("{split}-labels"), &idx_labels(&labels));
        }
    };
    let table = |folder: &Path, split: &str, labelled: bool| {
        let line = |number: usize| -> String {
            let label = if labelled { labels[number].to_string() } else { "-1".to_owned() };
            pixels(6)[number * 784..][..784].iter().fold(label, |line, pixel| format!("{line},{pixel}")) + "\n"
        };
        let text: String = (0..6).map(line).collect();
        write(folder, &format!("{split}.csv"), text.as_bytes());
    };
    type Make<'m> = &'m dyn Fn(&Path, &str, bool);
    let kinds = [
        (&files as Make, "test-images", "it has no labels"),
        (&table as Make, "test.csv", "its images have no labels"),
    ];
    for (make, test, why) in kinds {
        for validation in [true, false] {
            let folder = tempdir().unwrap();
            make(folder.path(), "train", true);
            make(folder.path(), "test", false);
            if validation {
                make(folder.path(), "val", true);
            } else if test == "test-images" {
                continue;
            }
            let (dataset, report) = load_path(folder.path()).unwrap();
            assert_eq!(dataset.train.len(), 6, "{test}");
            assert_eq!(report.set_aside, (!validation).then_some(0), "{test}");
            assert_eq!(dataset.test.len(), if validation { 6 } else { 0 }, "{test}");
            let unused: Vec<_> = report.unused.iter().map(|unused| (unused.path.clone(), unused.why)).collect();
            assert_eq!(unused, [(folder.path().join(test), why)], "{test}");
        }
    }
}

#[test]
fn arrays_and_loose_pictures_by_names_in_camel_case() {
    let folder = tempdir().unwrap();
    write(folder.path(), "TrainImages", &idx_images(28, 28, &pixels(6)));
    write(folder.path(), "TrainLabels", &idx_labels(&[0, 1, 2, 0, 1, 2]));
    write(folder.path(), "testImages", &idx_images(28, 28, &pixels(3)));
    write(folder.path(), "testLabels", &idx_labels(&[0, 1, 2]));
    let (dataset, report) = load_path(folder.path()).unwrap();
    assert_eq!((dataset.train.len(), dataset.test.len(), report.unused.len()), (6, 3, 0));
    // Kaggle's digits, of which those to test on have no classes.
    let folder =
        folder_of(&["trainingSet/trainingSet/0/a.png", "trainingSet/trainingSet/1/a.png", "testSet/testSet/a.png"]);
    for path in [folder.path().to_owned(), folder.path().join("trainingSet")] {
        let (dataset, report) = load_path(&path).unwrap();
        assert_eq!((dataset.train.len(), report.set_aside), (2, Some(0)));
    }
    for names in [
        ["trainingSet/0_a.png", "trainingSet/1_a.png", "testSet/0_b.png"],
        ["train/0.png", "train/1.png", "test/1.png"],
    ] {
        let folder = folder_of(&names);
        let error = load_path(folder.path()).unwrap_err();
        assert!(matches!(error, DataError::Flat { pictures: 3, .. }), "{error}");
        let (dataset, _) = load_as(folder.path(), BY_NAME).unwrap();
        assert_eq!((dataset.train.len(), dataset.test.len()), (2, 1));
    }
    let classes = folder_of(&["test_tube/a.png", "test_strip/a.png"]);
    assert_eq!(load_path(classes.path()).unwrap().0.classes, 2);
}

#[test]
fn splits_of_several_sets_are_not_mixed() {
    for names in [
        ["fashion_train", "mnist_train", "mnist_test"].as_slice(),
        &["mnist_train", "fashion_test"],
        &["fashion_train", "fashion_test", "mnist_train", "mnist_test"],
        &["train-a", "train-b"],
    ] {
        let files: Vec<String> =
            names.iter().flat_map(|name| [0, 1].map(|class| format!("{name}/{class}/a.png"))).collect();
        let folder = folder_of(&files.iter().map(String::as_str).collect::<Vec<_>>());
        let error = load_path(folder.path()).unwrap_err();
        assert!(matches!(error, DataError::SeveralSets { .. }), "{names:?}: {error}");
    }
    // What is called by the split alone is the set.
    let folder =
        folder_of(&["mnist_train/0/a.png", "mnist_train/1/a.png", "train/0/a.png", "train/1/b.png", "test/1/a.png"]);
    let (dataset, report) = load_path(folder.path()).unwrap();
    assert_eq!((dataset.train.len(), dataset.test.len()), (2, 1));
    assert_eq!(left_out(&report), [("mnist_train", 1)]);
}

#[test]
fn what_is_no_class_is_left_out_and_named() {
    let folder = folder_of(&["0/a.png", "1/a.png", "test/a.png", "unlabelled/a.png", ".git/0/a.png"]);
    write(folder.path(), "__MACOSX/0/._a.png", b"x");
    write(folder.path(), "processed/training.pt", b"x");
    write(folder.path(), "0/notes.txt", b"x");
    let (dataset, report) = load_path(folder.path()).unwrap();
    assert_eq!(dataset.class_names, ["0", "1"]);
    let names = left_out(&report);
    for name in ["test", "unlabelled", ".git", "__MACOSX", "processed", ".txt"] {
        assert!(names.contains(&(name, 1)), "{name}: {names:?}");
    }
}

#[test]
fn hidden_files_and_those_of_systems_are_counted() {
    let folder = folder_of(&["0/a.png", "0/b.png", "1/a.png"]);
    for name in ["0/._a.png", "0/._b.png", "0/.DS_Store", "1/.DS_Store", "1/.swap.png", "0/Thumbs.db", "1/desktop.ini"]
    {
        write(folder.path(), name, b"x");
    }
    write(folder.path(), ".DS_Store", b"x");
    let (dataset, report) = load_path(folder.path()).unwrap();
    assert_eq!(dataset.train.len(), 3);
    let expected = [(".*.png", 1), (".DS_Store", 3), ("._*.png", 2), ("Thumbs.db", 1), ("desktop.ini", 1)];
    assert_eq!(left_out(&report), expected);
}

#[cfg(unix)]
#[test]
fn a_class_folder_that_is_a_link_to_another_is_counted_once() {
    use std::os::unix::fs::symlink;
    let elsewhere = folder_of(&["2/a.png"]);
    let folder = folder_of(&["train/0/a.png", "train/1/a.png", "test/0/a.png"]);
    let link = |to: &Path, name: &str| symlink(to, folder.path().join(name)).unwrap();
    link(Path::new("1"), "train/01");
    link(&elsewhere.path().join("2"), "train/2");
    link(&elsewhere.path().join("2"), "train/3");
    link(Path::new("../train/1"), "test/1");
    link(Path::new("train"), "Training");
    let (dataset, report) = load_path(folder.path()).unwrap();
    assert_eq!(dataset.class_names, ["0", "1", "2"]);
    assert_eq!((dataset.train.len(), dataset.test.len()), (3, 1));
    assert_eq!(left_out(&report), [("01", 1), ("3", 1), ("1", 1)]);
    assert_eq!(report.unused.len(), 1);
    assert!(report.unused[0].path.ends_with("Training"));
}

#[test]
fn pictures_of_other_kinds_are_named() {
    for (files, culprit, said) in [
        (vec!["0/a.bmp", "1/a.bmp", "1/b.GIF"], "", "it holds 2 BMP and 1 GIF pictures"),
        (vec!["train/0/a.webp", "train/1/a.webp"], "", "it holds 2 WebP pictures"),
        (vec!["a.bmp"], "", "it holds 1 BMP picture "),
        (vec!["0/a.png", "1/a.bmp"], "1", "it holds 1 BMP picture "),
        (vec!["0/a.png", "1/a.png"], "1/a.png", "it is a BMP picture"),
    ] {
        let folder = folder_of(&files);
        for name in files.iter().filter(|name| **name == culprit || !name.ends_with(".png")) {
            write(folder.path(), name, b"BM and more of it");
        }
        let error = load_path(folder.path()).unwrap_err();
        assert_message(&error, &folder.path().join(culprit));
        let message = error.to_string();
        assert!(message.contains(said) && message.contains("PNG, JPEG and TIFF are read"), "{message}");
    }
}

#[test]
fn the_class_may_stand_in_the_name_if_it_is_asked_for() {
    let folder = folder_of(&["7_001.png", "7-002.png", "3_001.jpg", "12 a.png", "12.b.png"]);
    let error = load_path(folder.path()).unwrap_err();
    assert!(matches!(error, DataError::Flat { pictures: 5, .. }), "{error}");
    let (dataset, report) = load_as(folder.path(), BY_NAME).unwrap();
    assert_eq!(dataset.class_names, ["3", "7", "12"]);
    assert_eq!((dataset.train.len(), report.set_aside), (5, Some(0)));
    let folder = folder_of(&["train/7_001.png", "train/3_001.png", "test/7_001.png"]);
    let (dataset, report) = load_as(folder.path(), BY_NAME).unwrap();
    assert_eq!((dataset.train.len(), dataset.test.len(), report.set_aside), (2, 1, None));
}

#[test]
fn pictures_that_cannot_be_read_are_missing_and_listed() {
    let folder = folder_of(&["0/a.png", "0/b.png", "1/a.jpg", "1/b.png"]);
    write(folder.path(), "0/b.png", b"");
    write(folder.path(), "1/b.png", &picture(ImageFormat::Png)[..60]);
    let (dataset, report) = load_path(folder.path()).unwrap();
    assert_eq!(dataset.train.labels, [0, 1]);
    let places: Vec<&str> = report.unreadable.iter().map(|one| one.place.as_str()).collect();
    let expected = ["0/b.png", "1/b.png"].map(|name| folder.path().join(name).to_str().unwrap().to_owned());
    assert_eq!(places, expected);
    assert_eq!(report.unreadable[0].reason, "it is empty");
}

#[test]
fn a_table_without_labels_is_an_unused_split() {
    let folder = tempdir().unwrap();
    let pixels: String = (0..784).map(|pixel| format!(",pixel{pixel}")).collect();
    let row = |label: &str| format!("{label}{}\n", ",0".repeat(300) + &",255".repeat(50) + &",0".repeat(434));
    let train = format!("label{pixels}\n{}{}", row("0"), row("1"));
    write(folder.path(), "train.csv", train.as_bytes());
    write(folder.path(), "test.csv", format!("{}\n{}", &pixels[1..], &row("")[1..]).as_bytes());
    write(folder.path(), "sample_submission.csv", b"ImageId,Label\n1,0\n");
    let (dataset, report) = load_path(folder.path()).unwrap();
    assert_eq!((dataset.train.len(), dataset.class_names.as_slice()), (2, ["0", "1"].map(str::to_owned).as_slice()));
    assert!(report.unused.iter().any(|unused| unused.path.ends_with("test.csv")), "{:?}", report.unused);
}

#[test]
fn folders_of_nothing_say_what_they_hold() {
    let folder = tempdir().unwrap();
    write(folder.path(), "archive.zip", b"PK");
    write(folder.path(), "docs/readme.md", b"x");
    let error = load_path(folder.path()).unwrap_err();
    assert_message(&error, folder.path());
    assert!(error.to_string().contains("holds 1 folder, 1 .zip (unpack it)"), "{error}");
    let file = folder.path().join("archive.zip");
    let error = load_path(&file).unwrap_err();
    assert_message(&error, &file);
}
