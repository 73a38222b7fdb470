//! `digitgan data`, and trainings on digits of one's own.
#![allow(clippy::unwrap_used, reason = "a test")]

mod support;

use std::fs;
use std::path::Path;
use support::{Place, complaint, idx_images, idx_labels};

/// The digits of the place as class folders, each image changed.
fn write_pictures(place: &Place, name: &str, change: impl Fn(&[u8]) -> Vec<u8>, bits: png::BitDepth) {
    let read = |file: &str| fs::read(place.path("digits").join(file)).unwrap();
    let (images, labels) = (read("train-images-idx3-ubyte"), read("train-labels-idx1-ubyte"));
    for (index, (image, label)) in images[16..].chunks_exact(784).zip(&labels[8..]).take(200).enumerate() {
        let folder = place.path(name).join(label.to_string());
        fs::create_dir_all(&folder).unwrap();
        let file = fs::File::create(folder.join(format!("{index:05}.png"))).unwrap();
        let mut encoder = png::Encoder::new(file, 28, 28);
        encoder.set_color(png::ColorType::Grayscale);
        encoder.set_depth(bits);
        encoder.write_header().unwrap().write_image_data(&change(image)).unwrap();
    }
}

fn info(place: &Place, args: &str) -> serde_json::Value {
    serde_json::from_str(&place.succeed(&format!("data info --json --data {args}")).stdout).unwrap()
}

#[test]
fn what_was_decided_is_said_recorded_and_hashed() {
    let place = Place::new();
    write_pictures(&place, "plain", |image| image.to_vec(), png::BitDepth::Eight);
    write_pictures(&place, "paper", |image| image.iter().map(|value| 255 - value).collect(), png::BitDepth::Eight);
    write_pictures(
        &place,
        "sixteen",
        |image| image.iter().flat_map(|&value| [0, value]).collect(),
        png::BitDepth::Sixteen,
    );
    write_pictures(
        &place,
        "bits",
        |image| image.iter().map(|&value| u8::from(value > 127)).collect(),
        png::BitDepth::Eight,
    );
    let plain = info(&place, "plain");
    for (name, ground, range) in
        [("plain", "dark", "0..255"), ("paper", "light", "0..255"), ("sixteen", "dark", "0..255")]
    {
        let found = info(&place, name);
        assert_eq!(found["sha256"], plain["sha256"], "{name}");
        assert_eq!(found["files"]["read_as"]["ground"], ground, "{name}");
        assert_eq!(found["files"]["read_as"]["range"], range, "{name}");
    }
    assert_eq!(info(&place, "bits")["files"]["read_as"]["range"], "0..1");
    // Given, it is no longer decided.
    let inverted = info(&place, "plain --ground light --data-dir data");
    assert_ne!(inverted["sha256"], plain["sha256"]);
    assert_eq!(inverted["files"]["other_ground"], 50);
    assert!(place.path("data/reports/plain/other-ground.png").exists());

    let train = "train gan --data paper --watch off --batch-size 16 --threads 1 --max-steps 2 --name paper";
    assert!(place.succeed(train).stderr.contains("read as light ground"));
    let manifest = fs::read_to_string(place.run_directory("paper").manifest()).unwrap();
    assert!(manifest.contains("ground = \"light\""), "{manifest}");
    place.succeed("train --resume paper --max-steps 3 --threads 1 --watch off");
    let said = place.digitgan("train gan --data strokes --ground light --max-steps 2 --name no");
    assert_eq!(complaint(&said, 2, &["--ground", "light", "auto unless"]), None, "{}", said.stderr);
    let said = place.digitgan("data info --data strokes --ground light");
    assert_eq!(complaint(&said, 2, &["--ground", "PATH"]), None, "{}", said.stderr);
}

/// What versions did that knew no ground: bytes were taken as they are.
#[test]
fn runs_of_older_versions_read_their_data_as_they_did() {
    let place = Place::new();
    write_pictures(&place, "paper", |image| image.iter().map(|value| 255 - value).collect(), png::BitDepth::Eight);
    let train = "train gan --data paper --ground dark --watch off --batch-size 16 --threads 1 --max-steps 2 --name old";
    place.succeed(train);
    let manifest = place.run_directory("old").manifest();
    let text = fs::read_to_string(&manifest).unwrap();
    let (before, after) = text.split_once("[dataset.read_as]").unwrap();
    let (_, after) = after.split_once("\n[").unwrap();
    fs::write(&manifest, format!("{}[{after}", before.replacen("ground = \"dark\"\n", "", 1))).unwrap();
    let said = place.succeed("train --resume old --max-steps 3 --threads 1 --watch off");
    assert!(said.stderr.contains("begun by a version"), "{}", said.stderr);
    fs::rename(place.path("paper"), place.path("moved")).unwrap();
    let said = place.digitgan("train --resume old --max-steps 4 --threads 1 --watch off");
    assert_eq!(complaint(&said, 1, &["if it moved", "--data"]), None, "{}", said.stderr);
    place.succeed("train --resume old --data moved --max-steps 4 --threads 1 --watch off");
}

#[test]
fn classes_are_called_by_their_numbers_and_gaps_are_told() {
    let place = Place::new();
    let table = |name: &str, labels: &[&str]| {
        let names: String = (0..784).map(|index| format!(",pixel{index}")).collect();
        let line = |(row, label): (usize, &&str)| {
            (0..784).fold(format!("{row},{label}"), |line, index| format!("{line},{}", (index * 7 + row) % 256)) + "\n"
        };
        let text: String = labels.iter().enumerate().map(line).collect();
        fs::create_dir_all(place.path(name)).unwrap();
        fs::write(place.path(name).join("train.csv"), format!("id,label{names}\n{text}")).unwrap();
    };
    table("odd", &["1", "3", "5"].repeat(10));
    let said = place.succeed("data info --data odd --data-dir data");
    for expected in ["labels 1 to 5: no image has 2 or 4", "the column id was not used"] {
        assert!(said.stderr.contains(expected), "{expected}: {}", said.stderr);
    }
    let found = info(&place, "odd");
    assert_eq!(found["class_names"], serde_json::json!(["1", "3", "5"]));
    assert_eq!(found["files"]["label_gaps"], serde_json::json!({ "first": 1, "last": 5, "missing": [[2, 2], [4, 4]] }));
    assert_eq!(found["files"]["unused_columns"], serde_json::json!(["id"]));
    place.succeed("train cgan --data odd --watch off --batch-size 8 --threads 1 --max-steps 2 --name odd");
    let drawn = place.succeed("sample odd --digits 35 --count 1 --json --threads 1 --out odd.png").stdout;
    let drawn: serde_json::Value = serde_json::from_str(&drawn).unwrap();
    assert_eq!(drawn["digits"], serde_json::json!(["3", "5"]));
    let said = place.digitgan("sample odd --digit 2 --out no.png");
    assert_eq!(complaint(&said, 2, &["no class of this generator: it knows 1, 3, 5"]), None, "{}", said.stderr);

    // A damaged label among many, and more than can be named.
    let many: Vec<&str> = ["0"; 150].into_iter().chain(["1"; 150]).chain(["77"]).collect();
    table("damaged", &many);
    let said = place.succeed("data info --data damaged --data-dir data");
    for expected in ["labels 0 to 77: no image has 2 to 76", "may be a damaged label: 77 has 1"] {
        assert!(said.stderr.contains(expected), "{expected}: {}", said.stderr);
    }
    table("even", &["0", "2", "4", "6", "8", "10", "12", "14", "16"]);
    let said = place.succeed("data info --data even --data-dir data");
    assert!(said.stderr.contains("no image has 1, 3, 5, 7, 9, 11 or others (2 more gaps)"), "{}", said.stderr);
}

#[test]
fn digits_on_their_side_are_told_and_not_turned() {
    let place = Place::new();
    let turn = |image: &[u8]| -> Vec<u8> { (0..784).map(|index| image[28 * (index % 28) + index / 28]).collect() };
    write_pictures(&place, "plain", |image| image.to_vec(), png::BitDepth::Eight);
    write_pictures(&place, "side", turn, png::BitDepth::Eight);
    let said = place.succeed("data info --data side");
    assert!(said.stderr.contains("give --orientation transposed"), "{}", said.stderr);
    assert!(!place.succeed("data info --data plain").stderr.contains("--orientation"));
    let turned = info(&place, "side --orientation transposed");
    assert_eq!(turned["sha256"], info(&place, "plain")["sha256"]);
    assert_eq!(turned["files"]["turned"], serde_json::Value::Null);
}

#[test]
fn what_is_missing_is_listed() {
    let place = Place::new();
    write_pictures(&place, "some", |image| image.to_vec(), png::BitDepth::Eight);
    for index in 0..5 {
        fs::write(place.path(&format!("some/3/x{index}.png")), b"").unwrap();
    }
    fs::write(place.path("some/notes.txt"), b"x").unwrap();
    let said = place.succeed("data info --data some --data-dir data");
    assert!(
        said.stderr.contains("5 images could not be read") && said.stderr.contains("left out: .txt"),
        "{}",
        said.stderr
    );
    let list = fs::read_to_string(place.path("data/reports/some/unreadable.txt")).unwrap();
    assert_eq!(list.lines().count(), 5);
    let named = said.stderr.lines().find(|line| line.contains("could not be read")).unwrap();
    assert_eq!(named.matches("(it is empty)").count(), 3, "{named}");
}

#[test]
fn a_frame_is_told_with_the_ground_to_give() {
    let place = Place::new();
    let framed = |image: &[u8]| -> Vec<u8> {
        let is_frame = |index: usize| [index / 28, index % 28].iter().any(|at| !(2..26).contains(at));
        image.iter().enumerate().map(|(index, value)| if is_frame(index) { 0 } else { 255 - value }).collect()
    };
    write_pictures(&place, "framed", framed, png::BitDepth::Eight);
    let said = place.succeed("data info --data framed");
    assert!(
        said.stderr.contains("most are mostly light, so give --ground light (none is otherwise)"),
        "{}",
        said.stderr
    );
    let likely = &info(&place, "framed")["files"]["likely_ground"];
    assert_eq!(*likely, serde_json::json!({ "ground": "light", "otherwise": 0 }));
    let given = place.succeed("data info --data framed --ground light");
    assert!(!given.stderr.contains("do not tell"), "{}", given.stderr);
}

#[test]
fn a_folder_called_train_is_read_from_beside_it() {
    let place = Place::new();
    let before = info(&place, "digits");
    fs::rename(place.path("digits"), place.path("train")).unwrap();
    assert_eq!(info(&place, "train")["sha256"], before["sha256"]);
}

#[test]
fn a_data_set_goes_through_every_format() {
    let place = Place::new();
    let before = info(&place, "digits");
    let mut from = "digits".to_owned();
    for to in ["npz", "csv", "parquet", "idx"] {
        let out = if to == "npz" { "set.npz".to_owned() } else { format!("as-{to}") };
        place.succeed(&format!("data convert {from} {out} --to {to}"));
        assert_eq!(info(&place, &out)["sha256"], before["sha256"], "{to}");
        from = out;
    }
    place.succeed("data convert digits pictures --to folders");
    assert_eq!(info(&place, "pictures")["train_counts"], before["train_counts"]);
    for (args, code, says) in [
        ("digits as-csv", 1, vec!["as-csv is there already"]),
        ("digits set.npz", 1, vec!["set.npz is there already"]),
        ("digits new --to npz", 2, vec![".npz"]),
        ("digits new.npz --to csv", 2, vec!["another name"]),
        ("digits new.csv", 2, vec!["--to csv"]),
        ("digits g.jpg", 2, vec!["g.jpg: no .jpg file is written", ".npz", "give --to idx, csv, parquet or folders"]),
        ("digits x.foo", 2, vec!["x.foo: no .foo file is written"]),
        ("digits set.tar.gz", 2, vec!["no .gz file is written"]),
        ("digits -", 2, vec!["cannot go to standard output", "./-"]),
        ("digits /dev/stdout", 2, vec!["cannot go to standard output", "another place"]),
        ("nowhere new", 1, vec!["nowhere"]),
    ] {
        let said = place.digitgan(&format!("data convert {args}"));
        assert_eq!(complaint(&said, code, &says), None, "{args}");
    }
    for name in ["new", "new.npz", "new.csv", "g.jpg", "x.foo", "set.tar.gz"] {
        assert!(!place.path(name).exists(), "{name}");
    }
    if cfg!(unix) {
        let said = place.digitgan("data convert digits /dev/null");
        assert_eq!(complaint(&said, 1, &["/dev/null is a device", "choose another place"]), None);
    }
    for args in ["v1.2", "x.foo --to folders"] {
        place.succeed(&format!("data convert digits {args}"));
    }
}

#[test]
fn a_set_is_chosen_by_its_name() {
    let place = Place::new();
    let folder = place.path("emnist");
    fs::create_dir(&folder).unwrap();
    let (images, labels) = (idx_images(&[7; 784 * 4]), idx_labels(&[0, 1, 0, 1]));
    for set in ["digits", "letters"] {
        for split in ["train", "test"] {
            let path = |kind: &str| folder.join(format!("emnist-{set}-{split}-{kind}-ubyte"));
            fs::write(path("images-idx3"), &images).unwrap();
            fs::write(path("labels-idx1"), &labels).unwrap();
        }
    }
    let said = place.digitgan("data info --data emnist");
    assert_eq!(complaint(&said, 1, &["emnist/emnist-digits", "emnist/emnist-letters"]), None, "{}", said.stderr);
    assert_eq!(info(&place, "emnist/emnist-letters")["train_images"], 4);
    assert!(Path::new(&folder).exists());
}
