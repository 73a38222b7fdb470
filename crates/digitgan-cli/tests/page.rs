//! The HTML page, and the four experiments that `reproduce` puts on one.
#![allow(clippy::unwrap_used, reason = "a test")]

mod support;

use std::fs;
use std::time::{Duration, Instant};
use support::{Place, complaint, differences, files, json, outcome};

/// Evaluations of the small data set train a judge of it, which is kept here.
const DATA: &str = "--data-dir data";

/// Two small runs, `g` and `c`.
fn two_runs() -> Place {
    let place = Place::new();
    place.write_digits("digits", 50, 20);
    place.succeed("train gan --recipe paper --data digits --epochs 2 --batch-size 8 --name g");
    place.succeed("train cgan --data digits --epochs 1 --batch-size 8 --max-steps 4 --name c");
    place
}

#[test]
fn two_runs_on_one_page() {
    let place = two_runs();
    let said = place.succeed(&format!("page g runs/c g --quick --out page {DATA} --json"));
    let result = json(&said.stdout);
    assert_eq!(result["page"], "page/index.html");
    // A run that is named twice is shown once.
    assert_eq!(result["runs"], serde_json::json!(["runs/g", "runs/c"]));
    let names: Vec<String> = files(&place.path("page")).into_keys().collect();
    let expected = [
        "index.html",
        "pictures/",
        "pictures/c-confusion.png",
        "pictures/c-losses.png",
        "pictures/c-neighbours.png",
        "pictures/c-step-00000004.png",
        "pictures/g-epoch-0001.png",
        "pictures/g-epoch-0002.png",
        "pictures/g-losses.png",
        "pictures/g-neighbours.png",
        "pictures/real-digits.png",
    ];
    assert_eq!(names, expected);
    assert_eq!(result["pictures"].as_array().unwrap().len(), expected.len() - 2);
    // The last epoch's grid is what training drew.
    let same = ["runs/g/samples/epoch-0002.png", "page/pictures/g-epoch-0002.png"].map(|name| place.path(name));
    assert!(fs::read(&same[0]).unwrap() == fs::read(&same[1]).unwrap());
    for run in ["runs/g", "runs/c"] {
        assert!(said.stderr.contains(&format!("evaluating {run}")), "{}", said.stderr);
        assert!(place.path(run).join("evaluation.json").exists());
    }

    // What was evaluated is not evaluated again, and the page comes out the same, by the older name of the verb too.
    let page = fs::read(place.path("page/index.html")).unwrap();
    let said = place.succeed(&format!("report g c --out page {DATA}"));
    assert!(!said.stderr.contains("evaluating"), "{}", said.stderr);
    assert!(said.stdout.contains("page  page/index.html"), "{}", said.stdout);
    assert!(fs::read(place.path("page/index.html")).unwrap() == page);

    // What is wrong with the records of a run is told, and left as it is.
    let harmed = fs::read_to_string(place.path("runs/g/losses.csv")).unwrap().replace("\n3,", "\nthree,");
    let whole = fs::read(place.path("runs/g/losses.csv")).unwrap();
    fs::write(place.path("runs/g/losses.csv"), &harmed).unwrap();
    let time = fs::read(place.path("runs/g/timing.json")).unwrap();
    fs::write(place.path("runs/g/timing.json"), "{}").unwrap();
    let said = place.succeed(&format!("page g c --out harmed {DATA}"));
    for text in [
        "note: runs/g/losses.csv: line 4 is not a row of losses: \"three\" is no number",
        "note: runs/g/losses.csv has no losses of step 3",
        "note: runs/g/timing.json: no record of time (missing field",
    ] {
        assert!(said.stderr.contains(text), "{text}: {}", said.stderr);
    }
    assert!(!said.stderr.contains("runs/c/"), "{}", said.stderr);
    assert_eq!(fs::read_to_string(place.path("runs/g/losses.csv")).unwrap(), harmed);
    fs::write(place.path("runs/g/losses.csv"), whole).unwrap();
    fs::write(place.path("runs/g/timing.json"), time).unwrap();

    #[cfg(unix)]
    what_training_would_do_without(&place);

    // Numbers that cannot be are refused by name.
    let evaluation = fs::read_to_string(place.path("runs/g/evaluation.json")).unwrap();
    for (pointer, value, says) in [
        ("/frechet/generated/mean", serde_json::json!(1e300), "frechet is 1e300, expected 0e0 to 1e12"),
        ("/precision/real/mean", serde_json::json!(1.5), "precision is 1.5e0, expected 0e0 to 1e0"),
        ("/recall/real/high", serde_json::json!(1e200), "the interval of recall has 1e200"),
        ("/memorisation/near", serde_json::json!(-1), "near is -1e0, expected 0 to 1e12"),
        ("/histogram/counts/0", serde_json::json!(u64::MAX), "a count of 18446744073709551615, expected at most"),
        ("/histogram/counts", serde_json::json!([1]), "counts of 1 classes, expected 10"),
        ("/class_names", serde_json::json!([]), "0 classes, expected 2 to 100"),
    ] {
        let mut changed = json(&evaluation);
        *changed.pointer_mut(pointer).unwrap() = value;
        fs::write(place.path("runs/g/evaluation.json"), changed.to_string()).unwrap();
        let said = place.digitgan(&format!("page g --out never {DATA}"));
        assert_eq!(complaint(&said, 1, &["evaluation.json is not an evaluation", says]), None, "{pointer}: {said:?}");
    }
    fs::write(place.path("runs/g/evaluation.json"), evaluation).unwrap();

    // More training makes an evaluation one of the past, and that is said.
    place.succeed("train --resume g --epochs 3");
    let said = place.succeed(&format!("page g --out later {DATA}"));
    assert!(
        said.stderr.contains("note: runs/g was evaluated after step 12, but has a generator of step 18"),
        "{said:?}"
    );
}

/// Pictures of the run `g` that cannot be read are left out, and that is told.
#[cfg(unix)]
fn what_training_would_do_without(place: &Place) {
    let pictures = ["samples/epoch-0001.png", "losses.png", "evaluation/neighbours.png"].map(|name| {
        let path = place.path("runs/g").join(name);
        let whole = fs::read(&path).unwrap();
        fs::remove_file(&path).unwrap();
        (path, whole)
    });
    assert!(std::process::Command::new("mkfifo").arg(&pictures[0].0).status().unwrap().success());
    fs::create_dir(&pictures[1].0).unwrap();
    fs::write(&pictures[2].0, &pictures[2].1[..pictures[2].1.len() / 2]).unwrap();
    let said = place.succeed(&format!("page g --out fewer {DATA}"));
    for text in [
        "note: runs/g/samples/epoch-0001.png is left out of the page: it is a named pipe, not a regular file",
        "note: runs/g/losses.png is left out of the page: it is a directory, not a regular file",
        "note: runs/g/evaluation/neighbours.png is left out of the page: it is not a whole PNG picture",
    ] {
        assert!(said.stderr.contains(text), "{text}: {}", said.stderr);
    }
    assert!(place.path("fewer/pictures/g-epoch-0002.png").exists());
    fs::remove_dir(&pictures[1].0).unwrap();
    for (path, whole) in pictures {
        let _ = fs::remove_file(&path);
        fs::write(path, whole).unwrap();
    }
}

#[test]
fn what_is_wrong_is_said_in_one_line() {
    let place = two_runs();
    fs::write(place.path("file"), "mine").unwrap();
    fs::create_dir(place.path("site")).unwrap();
    fs::write(place.path("site/index.html"), "mine").unwrap();
    fs::create_dir_all(place.path("begun/generators")).unwrap();
    fs::copy(place.path("runs/g/run.toml"), place.path("begun/run.toml")).unwrap();
    support::copy(&place.path("runs/g"), &place.path("runs/spoiled"));
    fs::write(place.path("runs/spoiled/evaluation.json"), "{}").unwrap();
    let other = fs::read_to_string(place.path("runs/g/run.toml")).unwrap().replace("sha256 = \"", "sha256 = \"0");
    support::copy(&place.path("runs/g"), &place.path("runs/other"));
    fs::write(place.path("runs/other/run.toml"), other).unwrap();
    support::copy(&place.path("runs/g"), &place.path("runs/lost"));
    fs::remove_file(place.path("runs/lost/generator.safetensors")).unwrap();
    support::copy(&place.path("runs/g"), &place.path("runs/cut"));
    fs::write(place.path("runs/cut/generator.safetensors"), "").unwrap();
    let before = files(&place.path(""));
    let cases: [(&str, i32, &[&str]); 11] = [
        ("page", 2, &["required arguments were not provided"]),
        ("page nowhere", 1, &["nowhere is not a digitgan run"]),
        ("page g digits", 1, &["digits is not a digitgan run"]),
        ("page file", 1, &["file is not a digitgan run"]),
        ("page begun", 1, &["begun has no generator yet"]),
        ("page g --out file", 1, &["cannot write file: "]),
        (
            "page g --out site",
            1,
            &["site/index.html is there already and is no page of digitgan; choose another --out"],
        ),
        ("page g --out site --quik", 2, &["--quik"]),
        ("reproduce --data digits --out file", 1, &["cannot write file: "]),
        ("reproduce --data digits --out new --epochs 0", 2, &["--epochs is 0"]),
        ("reproduce --quick --epochs 3", 2, &["--quick", "--epochs"]),
    ];
    let mut failures = Vec::new();
    for (args, code, says) in cases {
        let said = place.digitgan(args);
        failures.extend(complaint(&said, code, says).map(|what| format!("{args}: {what}\n{}", said.stderr)));
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    for (args, says) in [
        ("page spoiled --out page", &["evaluation.json is not an evaluation", "digitgan evaluate"][..]),
        ("page other --out page", &["the data set digits is not the one that runs/other was trained on"]),
        (
            "page lost --out page",
            &[
                "runs/lost has no generator any more, but a checkpoint of step 12; `digitgan train --resume runs/lost` makes it",
            ],
        ),
        // Before the minutes of an evaluation of the others.
        ("page g cut --out page", &["runs/cut/generator.safetensors"]),
        ("reproduce --data digits --out page", &["--batch-size is 64", "choose at most 50"]),
    ] {
        let said = place.digitgan(args);
        assert_eq!(complaint(&said, 1, says), None, "{args}: {said:?}");
    }
    assert_eq!(differences(&before, &files(&place.path(""))), [""; 0]);
}

#[test]
fn the_four_experiments_quickly_and_then_longer() {
    let place = Place::new();
    place.write_digits("many", 130, 20);
    let reproduce = format!("reproduce --data many --out r {DATA}");
    let result = json(&place.succeed(&format!("{reproduce} --quick --json")).stdout);
    assert_eq!(
        result["runs"],
        serde_json::json!(["r/runs/gan", "r/runs/cgan", "r/runs/acgan", "r/runs/acgan-augmented"])
    );
    assert_eq!(result["claims"].as_array().unwrap().len(), 8);
    let page = fs::read_to_string(place.path("r/index.html")).unwrap();
    for figure in 5..=13 {
        assert!(page.contains(&format!("Figure {figure}.")), "Figure {figure}");
    }
    assert!(
        fs::read_to_string(place.path("r/runs/acgan-augmented/run.toml")).unwrap().contains("augment = [\"affine\"]")
    );

    // Once more: nothing is left to do, and nothing is done.
    let before = files(&place.path("r/runs"));
    let said = place.succeed(&format!("{reproduce} --quick"));
    assert_eq!(said.stderr.matches("it was trained before, and is kept").count(), 4, "{}", said.stderr);
    assert!(!said.stderr.contains("evaluating"), "{}", said.stderr);
    assert_eq!(differences(&before, &files(&place.path("r/runs"))), [""; 0]);

    // Other settings do not mix with these.
    let said = place.digitgan(&format!("{reproduce} --quick --seed 2"));
    assert_eq!(complaint(&said, 1, &["r/runs/gan was trained with other settings", "another --out"]), None, "{said:?}");
}

/// Interrupted between and within trainings, it comes to the same as if it had not been.
#[cfg(unix)]
#[test]
fn interrupted_experiments_go_on() {
    let place = Place::new();
    place.write_digits("many", 130, 20);
    let reproduce = |out: &str| format!("reproduce --data many --epochs 12 --out {out} {DATA}");
    // Leaves a judge of the data, which from then on watches every training: a run's record names it.
    place.succeed(&format!("reproduce --data many --quick --out before {DATA}"));
    place.succeed(&reproduce("whole"));
    let child = place.spawn(&reproduce("stopped"));
    let begun = Instant::now();
    while !place.path("stopped/runs/cgan/samples/epoch-0001.png").exists() {
        assert!(begun.elapsed() < Duration::from_secs(60), "cGAN does not begin");
        std::thread::sleep(Duration::from_millis(1));
    }
    assert!(std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(130), "{stderr}");
    assert!(stderr.contains("the same command goes on") && !place.path("stopped/index.html").exists(), "{stderr}");
    let said = place.succeed(&reproduce("stopped"));
    assert_eq!(said.stderr.matches("it was trained before, and is kept").count(), 1, "{}", said.stderr);
    for name in ["gan", "cgan", "acgan", "acgan-augmented"] {
        let [whole, stopped] = ["whole", "stopped"]
            .map(|out| outcome(&digitgan::run::RunDirectory::new(place.path(&format!("{out}/runs/{name}")))));
        assert_eq!(differences(&whole, &stopped), [""; 0], "{name}");
    }
}
