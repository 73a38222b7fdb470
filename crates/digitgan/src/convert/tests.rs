//! What is written: whole, as said, or not at all. That it reads back: `tests/data_formats`.

use super::{ConvertError, ConvertLayout, convert};
use crate::IMAGE_PIXELS;
use crate::data::{Dataset, Split};
use std::collections::BTreeSet;
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

fn dataset(names: [&str; 3]) -> Dataset {
    let images = |count: usize| (0..count * IMAGE_PIXELS).map(|index| (index * 7 % 256) as u8).collect();
    let labels = |count: usize| (0..count).map(|index| (index % 3) as u8).collect();
    let split = |count| Split { images: images(count), labels: labels(count) };
    Dataset::new("set", names.map(str::to_owned).to_vec(), split(7), split(4)).unwrap()
}

fn go_on(_: usize, _: usize) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

/// The files below a folder, by their paths within it.
fn files(folder: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut left = vec![folder.to_owned()];
    while let Some(path) = left.pop() {
        if path.is_dir() {
            left.extend(fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
        } else {
            let name = path.strip_prefix(folder).unwrap().components().map(|part| part.as_os_str().to_string_lossy());
            found.insert(name.collect::<Vec<_>>().join("/"));
        }
    }
    found
}

#[test]
fn each_layout_has_its_files() {
    let folder = tempfile::tempdir().unwrap();
    let images = |part: &str, count: usize| -> Vec<String> {
        (0..count).map(|index| format!("{part}/{}/{index:08}.png", ["0", "1", "2"][index % 3])).collect()
    };
    let named = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
    let of = |layout: ConvertLayout| match layout {
        ConvertLayout::Idx => named(&[
            "dataset.json",
            "t10k-images-idx3-ubyte.gz",
            "t10k-labels-idx1-ubyte.gz",
            "train-images-idx3-ubyte.gz",
            "train-labels-idx1-ubyte.gz",
        ]),
        ConvertLayout::Npz => vec![],
        ConvertLayout::Csv => named(&["test.csv", "train.csv"]),
        ConvertLayout::Parquet => named(&["data/test-00000-of-00001.parquet", "data/train-00000-of-00001.parquet"]),
        ConvertLayout::Folders => [named(&["dataset.json"]), images("train", 7), images("test", 4)].concat(),
    };
    for layout in
        ConvertLayout::ALL.into_iter().filter(|layout| cfg!(feature = "parquet") || *layout != ConvertLayout::Parquet)
    {
        let out = folder.path().join("new").join(layout.name());
        let mut told = Vec::new();
        let mut watch = |done, all| {
            told.push((done, all));
            ControlFlow::Continue(())
        };
        convert(&dataset(["0", "1", "2"]), &out, layout, &mut watch)
            .unwrap_or_else(|error| panic!("{layout}: {error}"));
        assert_eq!(told, [(7, 11), (11, 11)], "{layout}");
        assert_eq!(out.is_file(), layout.is_file(), "{layout}");
        if !layout.is_file() {
            assert_eq!(files(&out), of(layout).into_iter().collect(), "{layout}");
        }
        let error = convert(&dataset(["0", "1", "2"]), &out, layout, &mut go_on).unwrap_err();
        assert!(matches!(&error, ConvertError::NotVacant { path } if *path == out), "{layout}: {error}");
        assert_eq!(layout.name().parse(), Ok(layout));
    }
    assert!("png".parse::<ConvertLayout>().is_err());
}

#[test]
fn what_fails_or_is_stopped_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let left = || fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect::<Vec<PathBuf>>();
    let out = folder.path().join("out");
    for layout in ConvertLayout::ALL {
        let stop = &mut |done, _| if done < 11 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) };
        let error = convert(&dataset(["0", "1", "2"]), &out, layout, stop).unwrap_err();
        assert!(matches!(error, ConvertError::Stopped | ConvertError::NotBuilt), "{layout}: {error}");
        assert_eq!(left(), Vec::<PathBuf>::new(), "{layout}");
    }
    let deep = out.join("deep");
    for (layout, first, names) in [
        (ConvertLayout::Folders, "a", &["", "..", "a/b", "a\\b", "A", "a ", "c:", "a\n", "unknown", "Test"][..]),
        (ConvertLayout::Csv, "a", &["", " ", "a", " a", "a\t", "x\ny", "00", "+0", "-1", " c", "07", "1e300", "7.0"]),
        (ConvertLayout::Csv, "1", &["1.0", "01", " 1", "1.5", "-1", "9223372036854775808"]),
    ] {
        let last = if first == "a" { "b" } else { "2" };
        for &name in names {
            let error = convert(&dataset([first, name, last]), &deep, layout, &mut go_on).unwrap_err();
            assert!(matches!(&error, ConvertError::ClassName { name: found } if found == name), "{name:?}: {error}");
            assert_eq!(left(), Vec::<PathBuf>::new(), "{name:?}");
        }
    }
}

#[test]
fn names_that_are_no_numbers_are_labels_in_a_table() {
    let folder = tempfile::tempdir().unwrap();
    let first_labels = |names| {
        let out = folder.path().join("out");
        convert(&dataset(names), &out, ConvertLayout::Csv, &mut go_on).unwrap();
        let table = fs::read_to_string(out.join("train.csv")).unwrap();
        fs::remove_dir_all(out).unwrap();
        table.lines().skip(1).take(3).map(|line| line.rsplitn(785, ',').last().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(first_labels(["0", "1", "2"]), ["0", "1", "2"]);
    assert_eq!(first_labels(["ka", "x, \"y\"", "2"]), ["ka", "\"x, \"\"y\"\"\"", "2"]);
}
