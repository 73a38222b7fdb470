//! Data sets of lines: what is in them, and what never is.

use super::*;
use crate::built_in::BuiltIn;
use crate::convert::ConvertError;
use crate::engine::Device;
use crate::handwriting::{Hand, Look, Script, Sheet, Text};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

fn hand(threads: usize) -> Hand {
    Hand::new(&Device::cpu(Some(threads)).unwrap(), &BuiltIn::default().generator()).unwrap()
}

fn set(count: u64) -> WrittenSet {
    WrittenSet {
        count,
        texts: Texts::Given(vec!["12,5".to_owned(), "(7) 8".to_owned(), "2026-11-27".to_owned()]),
        script: Script { scale: 1, ..Script::default() },
        look: Look::default(),
        seed: 1,
        format: PictureFormat::Png,
        labels: vec![Labels::PaddleOcr, Labels::EasyOcr, Labels::Tesseract],
        boxes: vec![Boxes::Coco, Boxes::Yolo, Boxes::Voc, Boxes::Csv],
    }
}

fn write(out: &Path, set: &WrittenSet, threads: usize) {
    write_set(out, set, &mut hand(threads), &mut |_, _| ControlFlow::Continue(())).unwrap();
}

/// Every file below a folder, by its path.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false => drop(
                    found.insert(path.strip_prefix(folder).unwrap().display().to_string(), fs::read(&path).unwrap()),
                ),
            }
        }
    }
    found
}

#[test]
fn every_format_tells_of_every_line_and_every_character() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("set");
    write(&out, &set(4), 2);
    let files = files(&out);
    let text = |name: &str| String::from_utf8(files[name].clone()).unwrap();
    let names: Vec<&str> = files.keys().map(String::as_str).collect();
    let mut expected: Vec<String> =
        ["annotations.json", "boxes.csv", "classes.txt", "data.yaml", "gt.txt", "labels.csv"]
            .map(String::from)
            .to_vec();
    for line in 0..4 {
        let of_line = [("annotations", "xml"), ("images", "gt.txt"), ("images", "png"), ("labels", "txt")];
        expected.extend(of_line.map(|(within, ending)| format!("{within}/{line:06}.{ending}")));
    }
    expected.sort();
    assert_eq!(names, expected);
    assert_eq!(text("gt.txt").lines().nth(3), Some("images/000003.png\t12,5"));
    assert_eq!(text("labels.csv").lines().take(2).collect::<Vec<_>>(), ["filename,words", "images/000000.png,12,5"]);
    assert_eq!(text("images/000001.gt.txt"), "(7) 8\n");
    assert_eq!(text("classes.txt").lines().count(), 18);
    assert_eq!(text("boxes.csv").lines().count(), 1 + 4 + 4 + 10 + 4);
    assert!(text("boxes.csv").contains("images/000000.png,\",\","));
    let coco: Value = serde_json::from_str(&text("annotations.json")).unwrap();
    let list = |name: &str| coco[name].as_array().unwrap().clone();
    assert_eq!((list("images").len(), list("annotations").len(), list("categories").len()), (4, 22, 18));
    let table = text("boxes.csv");
    let mut rows = table.lines().skip(1);
    for found in list("annotations") {
        let image = &list("images")[found["image_id"].as_u64().unwrap() as usize - 1];
        let character = &list("categories")[found["category_id"].as_u64().unwrap() as usize - 1]["name"];
        let numbers: Vec<u64> = found["bbox"].as_array().unwrap().iter().map(|n| n.as_u64().unwrap()).collect();
        let character = character.as_str().unwrap().replace(',', "\",\"");
        let (right, bottom) = (numbers[0] + numbers[2], numbers[1] + numbers[3]);
        let row = format!(
            "{},{character},{},{},{right},{bottom}",
            image["file_name"].as_str().unwrap(),
            numbers[0],
            numbers[1]
        );
        assert_eq!(rows.next(), Some(row.as_str()));
        assert!(right <= image["width"].as_u64().unwrap() && bottom <= image["height"].as_u64().unwrap());
    }
    // The first character of the first line, by each.
    let first = &list("annotations")[0]["bbox"];
    let (x, y) = (first[0].as_u64().unwrap(), first[1].as_u64().unwrap());
    assert!(text("annotations/000000.xml").contains("<name>1</name>"));
    assert!(text("annotations/000000.xml").contains(&format!("<xmin>{}</xmin><ymin>{}</ymin>", x + 1, y + 1)));
    let yolo: Vec<f64> =
        text("labels/000000.txt").lines().next().unwrap().split(' ').map(|n| n.parse().unwrap()).collect();
    let width = list("images")[0]["width"].as_f64().unwrap();
    assert_eq!(yolo[0], 1.0);
    assert!(((yolo[1] - yolo[3] / 2.0) * width - x as f64).abs() < 0.01, "{yolo:?}");
}

#[test]
fn a_line_is_the_same_in_any_set_with_any_threads() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    write(&at("small"), &set(3), 1);
    write(&at("large"), &set(300), 2);
    let (small, large) = (files(&at("small")), files(&at("large")));
    for (name, bytes) in small.iter().filter(|(name, _)| name.contains('/')) {
        assert!(large[name] == *bytes, "{name}");
    }
    assert!(large["gt.txt"].starts_with(&small["gt.txt"]));
}

#[test]
fn nothing_is_left_of_what_was_stopped_and_nothing_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("new/set");
    let mut seen = Vec::new();
    let stopped = write_set(&out, &set(1000), &mut hand(2), &mut |done, all| {
        seen.push((done, all));
        ControlFlow::Break(())
    });
    assert!(matches!(stopped, Err(WrittenError::Place(ConvertError::Stopped))));
    assert_eq!(seen, [(256, 1000)]);
    assert_eq!(fs::read_dir(folder.path().join("new")).unwrap().count(), 0);
    fs::create_dir(&out).unwrap();
    fs::write(out.join("notes"), "mine").unwrap();
    let refused = write_set(&out, &set(2), &mut hand(1), &mut |_, _| ControlFlow::Continue(()));
    assert!(matches!(refused, Err(WrittenError::Place(ConvertError::NotVacant { .. }))));
    assert_eq!(fs::read_dir(&out).unwrap().count(), 1);
}

#[test]
fn what_does_not_fit_is_refused_beforehand() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("set");
    let glass = Look { paper: None, ..Look::default() };
    for (set, says) in [
        (set(0), "0 lines are not from 1 to 100000000"),
        (set(100_000_001), "100000001 lines are not from"),
        (WrittenSet { look: glass, format: PictureFormat::Jpeg, ..set(1) }, "a JPEG file needs a paper"),
        (WrittenSet { script: Script { scale: 99, ..Script::default() }, ..set(1) }, "scale: 99 is not from 1 to 16"),
    ] {
        assert!(check(&out, &set).unwrap_err().to_string().starts_with(says), "{says}");
    }
    if crate::files::free_bytes(folder.path()).is_some_and(|free| free < 100_000_000 * 4 * 4096) {
        assert!(matches!(check(&out, &set(100_000_000)), Err(WrittenError::NoRoom { .. })));
    }
    assert!(!out.exists());
}

#[test]
fn pictures_are_what_their_names_say() {
    let line = &hand(1).write(1, &Script::default(), &[Text::new("12:50", 0).unwrap()]).unwrap()[0];
    let glass = Look { paper: None, ink: "navy".parse().unwrap(), ..Look::default() };
    let photo = Look { distortion: "grain,jpeg:2".parse().unwrap(), ..Look::default() };
    for (look, format, begins) in [
        (Look::default(), PictureFormat::Png, &b"\x89PNG\r\n\x1a\n"[..]),
        (glass, PictureFormat::Png, b"\x89PNG\r\n\x1a\n"),
        (photo, PictureFormat::Png, b"\x89PNG\r\n\x1a\n"),
        (photo, PictureFormat::Jpeg, b"\xff\xd8\xff"),
        (Look::default(), PictureFormat::Jpeg, b"\xff\xd8\xff"),
        (glass, PictureFormat::Svg, b"<svg xmlns="),
    ] {
        let sheet = Sheet::new(line, &look, 1, 0);
        let bytes = picture(&sheet, &look, format, "12:50").unwrap();
        assert!(bytes.starts_with(begins), "{format:?}");
        if format != PictureFormat::Svg {
            let read = image::load_from_memory(&bytes).unwrap();
            assert_eq!((read.width() as usize, read.height() as usize), (sheet.width, sheet.height));
            assert_eq!(read.color().has_alpha(), look.paper.is_none());
        } else {
            let text = String::from_utf8(bytes).unwrap();
            let data = text.split("base64,").nth(1).unwrap().split('"').next().unwrap();
            let png = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, data).unwrap();
            assert_eq!(image::load_from_memory(&png).unwrap().to_rgba8().into_raw(), sheet.pixels);
            assert!(text.contains("<title>12:50</title>"));
        }
    }
}
