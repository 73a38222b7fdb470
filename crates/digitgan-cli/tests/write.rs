//! `digitgan write`: pictures and data sets of handwritten lines.
#![allow(clippy::unwrap_used, reason = "a test")]

mod support;

use std::fs;
use std::io::Write;
use std::process::Stdio;
use support::{Place, Said, complaint, differences, files, said_in};

/// The program with these arguments, which may hold spaces, and something on its standard input.
fn with_input(place: &Place, args: &[&str], input: &str) -> Said {
    let mut command = place.command("write");
    let child = command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = child.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    said_in(child.wait_with_output().unwrap())
}

fn write(place: &Place, args: &[&str]) -> Said {
    with_input(place, args, "")
}

#[test]
fn a_text_becomes_a_picture() {
    let place = Place::new();
    let said = write(&place, &["2026-11-27"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.stdout.contains("written.png"), "{said:?}");
    let first = fs::read(place.path("written.png")).unwrap();
    let (width, pixels) = support::png_bytes(&first);
    assert!(width > 200 && pixels.contains(&0) && pixels.contains(&255));
    // Again, with other threads and to other places.
    for args in
        [&["2026-11-27", "--threads", "1", "--out", "a.png"][..], &["2026-11-27", "--model", "acgan", "--out", "b.png"]]
    {
        assert_eq!(write(&place, args).code, Some(0));
        assert_eq!(fs::read(place.path(args[args.len() - 1])).unwrap(), first);
    }
    for (name, begins) in [("x.svg", &b"<svg"[..]), ("x.jpg", b"\xff\xd8\xff"), ("x", b"\x89PNG")] {
        let said =
            write(&place, &["(030) 12-34", "7", "--ink", "#102030", "--distort", "grain,blur:0.5", "--out", name]);
        assert_eq!(said.code, Some(0), "{said:?}");
        assert!(fs::read(place.path(name)).unwrap().starts_with(begins), "{name}");
    }
    let json = write(&place, &["--json", "--out", "j.png", "--", "-5"]);
    let json: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!((json["texts"][0].as_str(), json["boxes"].as_array().unwrap().len()), (Some("-5"), 2));
    // What is there in the place of a picture stays, unless it is one.
    fs::write(place.path("notes.png"), "mine").unwrap();
    let said = write(&place, &["1", "--out", "notes.png"]);
    assert_eq!(complaint(&said, 1, &["notes.png is a text, not a PNG file", "choose another --out"]), None, "{said:?}");
}

#[test]
fn lines_and_templates_become_data_sets() {
    let place = Place::new();
    fs::write(place.path("lines.txt"), "\u{feff}12,50\r\n\n3+4\n").unwrap();
    place.succeed(
        "write --lines lines.txt --count 5 --out set --boxes coco,yolo,voc,csv --labels paddleocr,easyocr,tesseract",
    );
    let gt = fs::read_to_string(place.path("set/gt.txt")).unwrap();
    assert_eq!(gt.lines().nth(2), Some("images/000002.png\t12,50"));
    assert_eq!(files(&place.path("set/images")).len(), 10);
    // From a pipe into a folder that is there, without a count: each line once.
    fs::create_dir(place.path("empty")).unwrap();
    assert_eq!(with_input(&place, &["--lines", "-", "--out", "empty"], "1\n2\n").code, Some(0));
    assert_eq!(fs::read_to_string(place.path("empty/labels.csv")).unwrap().lines().count(), 3);
    let said = place.succeed("write --template date:%d.%m.%Y --count 300 --scale 1 --format jpg --json");
    let json: serde_json::Value = serde_json::from_str(&said.stdout).unwrap();
    assert_eq!((json["out"].as_str(), json["lines"].as_u64()), (Some("written"), Some(300)));
    place.succeed("write --template date:%d.%m.%Y --count 3 --scale 1 --format jpg --threads 1 --out three");
    for line in 0..3 {
        let name = format!("images/{line:06}.jpg");
        let read = |folder: &str| fs::read(place.path(folder).join(&name)).unwrap();
        assert_eq!(read("written"), read("three"), "{name}");
    }
    let dates = fs::read_to_string(place.path("written/gt.txt")).unwrap();
    assert!(dates.lines().all(|line| line.split('\t').nth(1).unwrap().len() == 10));
}

#[test]
fn what_cannot_be_written_is_one_line_and_leaves_nothing() {
    let place = Place::new();
    place.succeed("train gan --data digits --batch-size 8 --max-steps 1 --name gan");
    fs::write(place.path("letters.txt"), "12\nabc\n").unwrap();
    fs::write(place.path("blank.txt"), "\n \n").unwrap();
    fs::write(place.path("bytes.txt"), b"\xff\xfe1\0").unwrap();
    fs::create_dir_all(place.path("full")).unwrap();
    fs::write(place.path("full/file"), "mine").unwrap();
    let before = files(&place.path(""));
    let (long, large) = ("1".repeat(201), "8".repeat(200));
    let (long, large) = ([long.as_str()], [large.as_str(), "--height", "400", "--scale", "16"]);
    let cases: Vec<(&[&str], i32, &[&str])> = vec![
        (&[], 2, &["there is nothing to write", "--lines"]),
        (&["12a"], 2, &["'a' (character 3 of \"12a\") cannot be written"]),
        (&["   "], 2, &["there is nothing to write"]),
        (&long, 2, &["201 characters are too many"]),
        (&["1", "--lines", "letters.txt"], 2, &["cannot be used with"]),
        (&["--lines", "letters.txt"], 1, &["line 2 of letters.txt: 'a' (character 1"]),
        (&["--lines", "blank.txt"], 1, &["blank.txt has no lines"]),
        (&["--lines", "bytes.txt"], 1, &["bytes.txt is no text in UTF-8"]),
        (&["--lines", "nosuch.txt"], 1, &["cannot read nosuch.txt"]),
        (&["--template", "date:%d.%q"], 2, &["has the field %q, which there is not: there is %d day"]),
        (&["--template", "datum:%d"], 2, &["begins with none of date, time, amount"]),
        (&["1", "--ink", "mauve"], 2, &["the colour \"mauve\" is not known: give black, white"]),
        (&["1", "--distort", "rain"], 2, &["\"rain\" is no distortion: there are rules, grain"]),
        (&["1", "--jitter", "9"], 2, &["\"9\" is neither a number from 0 to 4"]),
        (&["1", "--height", "5"], 2, &["height: 5 is not from 12 to 400"]),
        (&["1", "--height", "nan"], 2, &["height: NaN is not from 12 to 400"]),
        (&["1", "--scale", "17"], 2, &["scale: 17 is not from 1 to 16"]),
        (&["1", "--spacing=-1"], 2, &["spacing: -1 is not from 0 to 8"]),
        (&["1", "--paper", "transparent", "--out", "x.jpg"], 2, &["a JPEG file needs a paper"]),
        (&["1", "--paper", "transparent", "--distort", "grain"], 2, &["a distortion needs a paper"]),
        (&["1", "--out", "x.gif"], 2, &["x.gif: a PNG file is written, so the name must end in .png"]),
        (&["1", "--out", "no/x.png"], 1, &["cannot write no/x.png"]),
        (&["1", "--model", "gan"], 1, &["this generator draws what it likes"]),
        (&["1", "--model", "nosuch"], 1, &["nosuch is not a digitgan run"]),
        (&["1", "--count", "0"], 2, &["0 is not in 1..=100000000"]),
        (
            &["1", "--count", "100000000", "--boxes", "yolo,voc", "--labels", "tesseract"],
            1,
            &["has room for", "100000000 lines need about"],
        ),
        (&["1", "--count", "2", "--out", "full"], 1, &["full is there already"]),
        (&["1", "--count", "2", "--out", "letters.txt/x"], 1, &["letters.txt"]),
        (&["1", "--count", "2", "--out", "x.png"], 2, &["x.png: a data set is a folder"]),
        (&["1", "--count", "2", "--out", "-"], 2, &["cannot go to standard output"]),
        (&["1", "--out", "-", "--json"], 2, &["--json and the file cannot both"]),
        (&large, 1, &["is too large: write fewer lines, or at a smaller scale"]),
    ];
    let mut failures = Vec::new();
    for (args, code, says) in cases {
        let said = write(&place, args);
        if let Some(complaint) = complaint(&said, code, says) {
            failures.push(format!("{args:?}: {complaint}\n{}", said.stderr));
        }
    }
    let changed = differences(&before, &files(&place.path("")));
    assert!(failures.is_empty() && changed.is_empty(), "{changed:?}\n{}", failures.join("\n"));
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_device_and_a_full_disk_are_told() {
    let place = Place::new();
    let said = write(&place, &["12", "--out", "/dev/full"]);
    assert_eq!(complaint(&said, 1, &["cannot write /dev/full", "No space left"]), None, "{said:?}");
    // A shell's limit on the size of files stands for a disk that fills up: the signal is ignored, writing fails.
    let said = place.shell("trap '' XFSZ; ulimit -f 8", "write 12345 --count 2000 --out set");
    assert_eq!(complaint(&said, 1, &["cannot write ", "nothing is left there"]), None, "{said:?}");
    let said = place.shell("trap '' XFSZ; ulimit -f 8", "write 12345 --scale 16 --distort grain --out big.png");
    assert_eq!(complaint(&said, 1, &["cannot write big.png"]), None, "{said:?}");
    let names: Vec<_> = fs::read_dir(place.path("")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names.len(), 1, "{names:?}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_data_set_that_is_interrupted_leaves_nothing() {
    let place = Place::new();
    let mut child = place.spawn("write 0123456789 --count 1000000 --scale 1 --out set");
    let begun = || {
        fs::read_dir(place.path("")).unwrap().any(|entry| {
            let entry = entry.unwrap();
            entry.file_name().to_string_lossy().ends_with(".unfinished")
                && entry.path().join("images/000600.png").exists()
        })
    };
    while !begun() {
        assert_eq!(child.try_wait().unwrap(), None);
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    assert!(std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let said = said_in(child.wait_with_output().unwrap());
    assert_eq!(said.code, Some(130), "{said:?}");
    assert!(said.stderr.contains("stopped; nothing is left of it"), "{said:?}");
    let names: Vec<_> = fs::read_dir(place.path("")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["digits"]);
}
