//! Data sets that other programs wrote (`reference/data_formats.py`), read by their folders, pixel by pixel; and what is
//! converted here, read again. `.ci/data-formats` has other programs read what is converted, and write random sets.
#![allow(clippy::unwrap_used, reason = "a test")]

use digitgan::prelude::*;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::Command;

const NAMES: [&str; 3] = ["zero", "one", "two"];
const TRAIN: usize = 9;
const TEST: usize = 3;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/data_formats")
}

/// The formula of `reference/data_formats.py`: a patch of ink in the middle.
fn pixel(image: usize, row: usize, column: usize, side: usize) -> u8 {
    let ink = 3 * side / 8..5 * side / 8;
    let inside = ink.contains(&row) && ink.contains(&column);
    if inside { ((image * 37 + row * 11 + column * 5) % 255 + 1) as u8 } else { 0 }
}

fn images(first: usize, count: usize) -> Vec<u8> {
    let image = |number: usize| (0..28 * 28).map(move |index| pixel(number, index / 28, index % 28, 28));
    (first..first + count).flat_map(image).collect()
}

/// How images are stored, and so how exact they can be.
#[derive(Clone, Copy, PartialEq)]
enum Pixels {
    Exact,
    /// Above the middle or not.
    OneBit,
    /// JPEG.
    Near(u8),
    /// 8×8, brought to 28×28.
    Small,
}

/// Whether a folder names its classes, numbers them, or sorts their names.
#[derive(Clone, Copy, PartialEq)]
enum Classes {
    Numbered,
    Named,
    /// By folder or by text: in the order of their names.
    Sorted,
}

use Classes::{Named, Numbered, Sorted};
use Pixels::{Exact, Near, OneBit, Small};

const DATA_SETS: [(&str, Pixels, Classes); 25] = [
    ("idx_torchvision", Exact, Numbered),
    ("idx_torchvision/MNIST", Exact, Numbered),
    ("idx_torchvision/MNIST/raw", Exact, Numbered),
    ("idx_qmnist", Exact, Numbered),
    ("npz_keras", Exact, Numbered),
    ("npz_keras/mnist.npz", Exact, Numbered),
    ("npz_orders", Exact, Numbered),
    ("npz_floats", Exact, Numbered),
    ("npz_medmnist", Exact, Numbered),
    ("npz_kannada", Exact, Numbered),
    ("npz_small", Small, Numbered),
    ("npy", Exact, Numbered),
    ("csv_kaggle", Exact, Numbered),
    ("csv_bare", Exact, Numbered),
    ("csv_index", Exact, Numbered),
    ("csv_names", Exact, Sorted),
    ("pictures_palette", Exact, Sorted),
    ("pictures_16_bits", Exact, Sorted),
    ("pictures_1_bit", OneBit, Sorted),
    ("pictures_jpeg", Near(24), Sorted),
    ("pictures_tiff", Exact, Sorted),
    ("parquet_datasets", Exact, Named),
    ("parquet_binary", Exact, Numbered),
    ("parquet_16_bits", Exact, Named),
    ("parquet_reals", Exact, Named),
];
/// More in Parquet.
const PARQUET: [(&str, Pixels, Classes); 3] =
    [("parquet_polars", Exact, Numbered), ("parquet_duckdb", Exact, Numbered), ("parquet_lists", Exact, Sorted)];

fn names(classes: Classes) -> Vec<String> {
    let mut names: Vec<String> = match classes {
        Numbered => (0..NAMES.len()).map(|class| class.to_string()).collect(),
        Named | Sorted => NAMES.map(str::to_owned).to_vec(),
    };
    if classes == Sorted {
        names.sort();
    }
    names
}

/// What is wrong with a split, of which the images come by class where classes are folders.
fn problem(split: &Split, first: usize, count: usize, pixels: Pixels, dataset: &Dataset, name: &str) -> Option<String> {
    let by_folder = name.starts_with("pictures");
    let mut order: Vec<usize> = (first..first + count).collect();
    let class_of = |image: usize| {
        let name = if dataset.class_names[0] == "0" { (image % 3).to_string() } else { NAMES[image % 3].to_owned() };
        dataset.class_names.iter().position(|known| *known == name).unwrap_or(99) as u8
    };
    if by_folder {
        order.sort_by_key(|&image| class_of(image));
    }
    let labels: Vec<u8> = order.iter().map(|&image| class_of(image)).collect();
    if split.labels != labels {
        return Some(format!("labels {:?}, not {labels:?}", split.labels));
    }
    let expected: Vec<u8> = order.iter().flat_map(|&image| images(image, 1)).collect();
    let wrong = |(&found, &expected): (&u8, &u8)| match pixels {
        Exact => found != expected,
        OneBit => found != if expected > 127 { 255 } else { 0 },
        Near(most) => found.abs_diff(expected) > most,
        Small => false,
    };
    let wrong = split.images.iter().zip(&expected).filter(|&pair| wrong(pair)).count();
    (wrong > 0 || split.images.len() != expected.len()).then(|| format!("{wrong} pixels differ"))
}

fn read(path: &Path) -> Result<Dataset, String> {
    let source = DataSource::Path(path.to_owned());
    load(&source, &Reading::default(), path, &|_| ()).map(|loaded| loaded.dataset).map_err(|error| error.to_string())
}

#[test]
fn what_other_programs_wrote_is_read() {
    let mut problems = Vec::new();
    let parquet = if cfg!(feature = "parquet") { &PARQUET[..] } else { &[] };
    let cases = DATA_SETS.iter().filter(|(name, ..)| cfg!(feature = "parquet") || !name.starts_with("parquet"));
    for &(name, pixels, classes) in cases.chain(parquet) {
        let dataset = match read(&fixtures().join(name)) {
            Ok(dataset) => dataset,
            Err(error) => {
                problems.push(format!("{name}: {error}"));
                continue;
            }
        };
        if dataset.class_names != names(classes) {
            problems.push(format!("{name}: classes {:?}", dataset.class_names));
        }
        let train = problem(&dataset.train, 0, TRAIN, pixels, &dataset, name);
        let test = problem(&dataset.test, TRAIN, TEST, pixels, &dataset, name);
        problems.extend(train.map(|problem| format!("{name}, train: {problem}")));
        problems.extend(test.map(|problem| format!("{name}, test: {problem}")));
    }
    assert!(problems.is_empty(), "\n{}", problems.join("\n"));
}

/// The data set of the formula, as it is in memory.
fn dataset(names: [&str; 3]) -> Dataset {
    let split = |first: usize, count: usize| {
        Split::new(images(first, count), (first..first + count).map(|image| (image % 3) as u8).collect()).unwrap()
    };
    Dataset::new("set", names.map(str::to_owned).to_vec(), split(0, TRAIN), split(TRAIN, TEST)).unwrap()
}

fn converted(dataset: &Dataset, out: &Path, layout: ConvertLayout) {
    convert(dataset, out, layout, &mut |_, _| ControlFlow::Continue(())).unwrap();
}

#[test]
fn what_is_converted_reads_back() {
    let folder = tempfile::tempdir().unwrap();
    for names in [["0", "1", "2"], ["a", "b", "x, \"y\""], ["1", "3", "5"]] {
        let expected = dataset(names);
        let parquet = |layout: &ConvertLayout| cfg!(feature = "parquet") || *layout != ConvertLayout::Parquet;
        for layout in ConvertLayout::ALL.into_iter().filter(parquet) {
            if layout == ConvertLayout::Folders && names[2].contains('"') {
                continue;
            }
            let name = if layout.is_file() { "set.npz" } else { "set" };
            let place = folder.path().join(names[0]).join(layout.name());
            std::fs::create_dir_all(&place).unwrap();
            let out = place.join(name);
            converted(&expected, &out, layout);
            let found = read(&out).unwrap_or_else(|error| panic!("{layout}: {error}"));
            assert_eq!(found.class_names, expected.class_names, "{layout}");
            let by_class = layout == ConvertLayout::Folders;
            assert!(by_class || found.train == expected.train && found.test == expected.test, "{layout}");
            assert_eq!(found.train.class_counts(3), expected.train.class_counts(3), "{layout}");
        }
    }
}

/// Writes each layout into the folder `DIGITGAN_CONVERTED`, for `.ci/data-formats`.
#[test]
#[ignore = "part of .ci/data-formats"]
fn write_for_other_programs() {
    let folder = PathBuf::from(std::env::var_os("DIGITGAN_CONVERTED").unwrap());
    for layout in [ConvertLayout::Idx, ConvertLayout::Npz, ConvertLayout::Csv, ConvertLayout::Parquet] {
        converted(&dataset(NAMES), &folder.join(layout.name()), layout);
    }
}

/// What is wrong with how a random set was read: `about.json` and the files beside it say what must be read.
fn random_problem(folder: &Path) -> Option<String> {
    let about: serde_json::Value = serde_json::from_slice(&std::fs::read(folder.join("about.json")).unwrap()).unwrap();
    let bound = about["bound"].as_u64().unwrap();
    let found = match read(&folder.join("set")) {
        Ok(found) => found,
        Err(error) => return Some(error),
    };
    if serde_json::json!(found.class_names) != about["names"] {
        return Some(format!("classes {:?}, not {}", found.class_names, about["names"]));
    }
    let differs = |(name, split): (&str, &Split)| {
        let expected = |what: &str| std::fs::read(folder.join(format!("{name}.{what}"))).unwrap();
        let (pixels, labels) = (expected("pixels"), expected("labels"));
        if split.labels != labels {
            return Some(format!("{name}: labels {:?}, not {labels:?}", split.labels));
        }
        assert_eq!(split.images.len(), pixels.len(), "{}", folder.display());
        let by: Vec<u8> = split.images.iter().zip(&pixels).map(|(&found, &pixel)| found.abs_diff(pixel)).collect();
        let wrong = by.iter().filter(|&&by| u64::from(by) > bound).count();
        (wrong > 0).then(|| format!("{name}: {wrong} pixels differ by up to {:?}, not {bound}", by.iter().max()))
    };
    [("train", &found.train), ("test", &found.test)].into_iter().find_map(differs)
}

/// Has Python write as many random sets of each format as `DIGITGAN_RANDOM_SETS` says, and reads them.
#[test]
#[ignore = "part of .ci/data-formats"]
fn random_sets_are_read_as_their_programs_wrote_them() {
    let variable = |name: &str| std::env::var(name).unwrap_or_else(|_| panic!("{name} must be set"));
    let folder = tempfile::tempdir().unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../reference/data_formats.py");
    let mut python = Command::new(variable("DIGITGAN_PYTHON"));
    python.arg(script).args(["--random", "0", "--count", &variable("DIGITGAN_RANDOM_SETS"), "--out"]);
    assert!(python.arg(folder.path()).status().unwrap().success());
    let within = |folder: &Path| -> Vec<PathBuf> {
        let mut paths: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        paths
    };
    let sets: Vec<PathBuf> = within(folder.path()).iter().flat_map(|seed| within(seed)).collect();
    let of_this_build = |set: &&PathBuf| cfg!(feature = "parquet") || !set.to_string_lossy().contains("parquet");
    let shown = |set: &Path| set.strip_prefix(folder.path()).unwrap().display().to_string();
    let problem = |set: &PathBuf| random_problem(set).map(|problem| format!("{}: {problem}", shown(set)));
    let problems: Vec<String> = sets.iter().filter(of_this_build).filter_map(problem).collect();
    assert!(problems.is_empty() && !sets.is_empty(), "of {} sets:\n{}", sets.len(), problems.join("\n"));
}
