//! `digitgan data measure`
#![allow(clippy::unwrap_used, reason = "a test")]

mod support;

use std::fs;
use std::io::Cursor;
use support::{Place, complaint, json};

#[test]
fn measures_are_a_table_a_picture_and_a_summary() {
    let place = Place::new();
    // One image of one grey, which has no shape.
    let path = place.path("digits/train-images-idx3-ubyte");
    let mut bytes = fs::read(&path).unwrap();
    bytes[16..16 + 784].fill(0);
    fs::write(&path, bytes).unwrap();
    let said = place.succeed("data measure --data digits --threads 1");
    assert!(said.stdout.contains("slant, °") && said.stdout.contains("measures.png"), "{}", said.stdout);
    let table = fs::read_to_string(place.path("measures.csv")).unwrap();
    let rows: Vec<Vec<&str>> = table.lines().map(|line| line.split(',').collect()).collect();
    assert_eq!(rows[0], ["split", "index", "class", "slant", "thickness", "width", "height"]);
    assert_eq!(rows[1][..2], ["train", "0"]);
    assert_eq!(rows[1][3..], [""; 4]);
    assert!(rows[2..].iter().all(|row| row[3..].iter().all(|number| number.parse::<f64>().is_ok())));
    let picture = png::Decoder::new(Cursor::new(fs::read(place.path("measures.png")).unwrap())).read_info().unwrap();
    assert!(picture.info().width > 800 && picture.info().height > 400);

    // The same numbers for any number of threads, into a pipe, and summed up.
    let again = place.succeed("data measure --data digits --threads 2 --out - --picture p.png");
    assert_eq!(again.stdout, table);
    let sum = json(&place.succeed("data measure --data digits --out t.csv --json").stdout);
    let slants: Vec<f64> = rows[1..].iter().filter_map(|row| row[3].parse().ok()).collect();
    assert_eq!((sum["images"].as_u64(), sum["unknown"].as_u64()), (Some(rows.len() as u64 - 1), Some(1)));
    let all = &sum["measures"]["slant"]["all"];
    let mean = slants.iter().sum::<f64>() / slants.len() as f64;
    assert_eq!(all["count"].as_u64(), Some(slants.len() as u64));
    assert!((all["mean"].as_f64().unwrap() - mean).abs() < 1e-3, "{all} {mean}");
    assert!(
        sum["measures"]["width"]["classes"]["1"]["mean"].as_f64() < sum["measures"]["width"]["all"]["mean"].as_f64()
    );
}

#[test]
fn places_that_are_no_tables_are_refused() {
    let place = Place::new();
    let table = "label,pixel0\n3,0\n";
    fs::write(place.path("train.csv"), table).unwrap();
    for (call, code, says) in [
        ("data measure --data digits --out train.csv", 1, "train.csv is a text, not a table of measures"),
        ("data measure --data digits --out table.txt", 2, "must end in .csv"),
        ("data measure --data digits --out - --json", 2, "--json"),
        ("data measure --data digits --out - --picture -", 2, "cannot both go to standard output"),
        ("data measure --data digits --picture measures.gif", 2, "must end in .png"),
    ] {
        assert_eq!(complaint(&place.digitgan(call), code, &[says]), None, "{call}");
    }
    assert_eq!(fs::read_to_string(place.path("train.csv")).unwrap(), table);
    assert!(!place.path("measures.png").exists());
}
