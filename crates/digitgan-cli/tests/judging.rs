//! The judge, evaluations, and the monitor that sees a collapse.
#![allow(clippy::unwrap_used, reason = "a test")]

mod support;

use digitgan::run::step_log;
use digitgan::train::CollapseRecord;
use serde_json::Value;
use std::fs;
use support::{Place, differences, json, outcome, write_digits};

/// Images of the data set `many`.
const TRAIN: usize = 1000;
const TEST: usize = 100;
const JUDGE: &str = "judge train --data many --epochs 20";
/// A training that goes wrong: what it draws is one grey smear.
const COLLAPSING: &str =
    "train gan --recipe paper --data many --batch-size 8 --epochs 9 --lr 0.05 --beta1 0.9 --watch on --watch-steps 51";

#[test]
fn a_judge_is_trained_tested_and_the_same_every_time() {
    let place = place();
    let result = json(&place.succeed(&format!("{JUDGE} --out a.safetensors --json")).stdout);
    assert_eq!(result["judge"]["classes"], 10);
    assert_eq!(result["judge"]["test_images"], TEST);
    place.succeed(&format!("{JUDGE} --out b.safetensors --threads 1"));
    let [a, b] = ["a", "b"].map(|name| fs::read(place.path(&format!("{name}.safetensors"))).unwrap());
    assert!(a == b, "the same data gives the same judge");
    assert!(a.len() < 500_000, "{} bytes", a.len());

    let tested = json(&place.succeed("judge test a.safetensors --data many --json").stdout);
    assert_eq!(tested["judge"]["sha256"], result["judge"]["sha256"]);
    let accuracy = tested["accuracy"].as_f64().unwrap();
    assert_eq!((accuracy * TEST as f64).round() as u64, result["judge"]["test_correct"].as_u64().unwrap());
    assert!(accuracy > 0.9, "{tested}");
    let said = place.succeed("judge test a.safetensors --data many").stdout;
    assert!(said.contains("What was read (columns) of each class (rows)"), "{said}");
}

#[test]
fn an_evaluation_goes_into_the_run_and_is_the_same_for_any_number_of_threads() {
    let place = place();
    place.succeed(&format!("{JUDGE} --out judge.safetensors"));
    place.succeed("train acgan --data many --epochs 2 --name a");
    let evaluate = "evaluate a --judge judge.safetensors --samples 20 --repeats 2";
    let result = json(&place.succeed(&format!("{evaluate} --json")).stdout);
    let record = json(&fs::read_to_string(place.path("runs/a/evaluation.json")).unwrap());
    assert_eq!(result, record);
    assert_eq!((&record["format"], &record["model"], &record["samples"]), (&2.into(), &"acgan".into(), &20.into()));
    let classes = record["classes"].as_array().unwrap();
    assert_eq!(classes.len(), 10);
    for class in classes {
        for share in [&class["agreement"], &class["read"]["generated"], &class["read"]["real"]] {
            let [low, mean, high] = ["low", "mean", "high"].map(|end| share[end].as_f64().unwrap());
            assert!(low <= mean && mean <= high, "{class}");
        }
    }
    for metric in ["frechet", "kernel_distance", "digit_score", "precision", "recall", "density", "coverage"] {
        for set in ["generated", "real"] {
            let [low, mean, high] = ["low", "mean", "high"].map(|end| record[metric][set][end].as_f64().unwrap());
            assert!(low <= mean && mean <= high, "{metric} of {set}: {record}");
        }
    }
    assert_eq!(record["gan_train"]["images"], TRAIN);
    assert_eq!(record["gan_train"]["real"]["trials"], TEST);
    let counts = record["confusion"]["counts"].as_array().unwrap();
    assert_eq!(counts.iter().map(|row| row.as_array().unwrap().len()).sum::<usize>(), 100);
    for picture in ["confusion.png", "neighbours.png"] {
        assert!(place.path("runs/a/evaluation").join(picture).exists(), "{picture}");
    }
    let again = json(&place.succeed(&format!("{evaluate} --json --threads 1 --out other")).stdout);
    assert_eq!(again, record);
    assert!(place.path("other/evaluation.json").exists());

    let said = place.succeed(&format!("{evaluate} --epoch best --quick")).stdout;
    for text in ["read as asked for (GAN-test)", "Fréchet distance", "recall", "runs/a/generators/epoch-000", "SHA-256"]
    {
        assert!(said.contains(text), "{text}: {said}");
    }
    let of_file = json(
        &place
            .succeed("evaluate runs/a/generators/epoch-0001.safetensors --data many --judge judge.safetensors --samples 20 --json")
            .stdout,
    );
    assert_eq!(of_file["step"], 15);
}

#[test]
fn what_cannot_be_evaluated_is_said_in_one_line() {
    let place = place();
    place.succeed("train gan --data many --max-steps 1 --name g");
    place.succeed("train gan --data digits --batch-size 8 --max-steps 1 --name few");
    fs::write(place.path("text.safetensors"), "no tensors").unwrap();
    place.succeed(&format!("{JUDGE} --out judge.safetensors"));
    let cases = [
        ("evaluate nothing", 1, "is not a digitgan run"),
        ("evaluate text.safetensors", 1, "is not a whole safetensors file"),
        ("evaluate g --epoch 7", 1, "epoch-0007.safetensors"),
        ("evaluate g --epoch 0", 2, "choose last, best or an epoch's number"),
        ("evaluate g --judge text.safetensors", 1, "is not a whole safetensors file"),
        ("evaluate g --judge runs/g/generator.safetensors", 1, "is not a judge of digitgan"),
        ("evaluate runs/g/generator.safetensors", 2, "say where that data set is with --data"),
        ("evaluate runs/g/generator.safetensors --data many --epoch best", 2, "--epoch is for runs"),
        ("evaluate g --repeats 1", 2, "--repeats"),
        ("evaluate few --judge judge.safetensors", 1, "has 50 training and 10 test images"),
        ("judge test text.safetensors --data many", 1, "is not a whole safetensors file"),
        ("train gan --data many --on-collapse stop", 2, "give --watch on"),
        ("train gan --data many --on-collapse hope", 2, "rollback"),
    ];
    for (args, code, text) in cases {
        let said = place.digitgan(args);
        assert!(said.code == Some(code) && said.stderr.contains(text), "digitgan {args}: {said:?}");
        assert!(said.stdout.is_empty() && !said.stderr.contains("panicked"), "digitgan {args}: {said:?}");
    }
}

#[test]
fn a_collapse_is_told_marked_and_acted_on() {
    let place = place();
    going_back(&place);
    let said = place.digitgan(&format!("{COLLAPSING} --max-steps 1200 --on-collapse stop --name stop --json"));
    assert_eq!(said.code, Some(1), "{said:?}");
    assert_eq!(said.stderr.matches("The generator has collapsed at step").count(), 1, "{}", said.stderr);
    let result = json(&said.stdout);
    assert_eq!(result["finished"], false);
    let step = result["collapse"]["step"].as_u64().unwrap();
    assert_eq!(result["step"], step);
    let run = place.run_directory("stop");
    let manifest = fs::read_to_string(run.manifest()).unwrap();
    assert!(manifest.contains(&format!("[collapse]\nstep = {step}\n")), "{manifest}");
    assert!(run.watch().exists() && run.watch_curves().exists());

    // By default it is told, marked, and gone on.
    let said = place.succeed(&format!("{COLLAPSING} --max-steps 1200 --name on"));
    assert_eq!(said.stderr.matches("The generator has collapsed at step").count(), 1, "{}", said.stderr);
    assert!(fs::read_to_string(place.run_directory("on").manifest()).unwrap().contains("[collapse]"));
}

/// Going back after a collapse is bounded, and a run that was interrupted goes back as one that was not.
fn going_back(place: &Place) {
    let args = format!("{COLLAPSING} --on-collapse rollback --checkpoint-steps 100");
    let said = place.digitgan(&format!("{args} --max-steps 1100 --name whole"));
    assert_eq!(said.code, Some(1), "{said:?}");
    assert_eq!(said.stderr.matches("Going back to step").count(), 3, "{}", said.stderr);
    assert!(fs::read_to_string(place.run_directory("whole").manifest()).unwrap().contains("rollbacks = 3"));
    // What was forgotten is no longer there, and what is there are whole rows.
    step_log::read::<CollapseRecord>(&place.run_directory("whole").watch()).unwrap();

    place.succeed(&format!("{args} --name parts --max-steps 500"));
    let said = place.digitgan("train --resume parts --max-steps 1100 --watch on");
    assert_eq!(said.code, Some(1), "{said:?}");
    let [whole, parts] = ["whole", "parts"].map(|name| outcome(&place.run_directory(name)));
    // The first part came to its end, which draws the animation.
    assert_eq!(differences(&whole, &parts), ["samples.gif"]);
}

/// A place with a data set that a judge can learn from.
fn place() -> Place {
    let place = Place::new();
    write_digits(&place.path("many"), TRAIN, TEST);
    place
}

/// Two data sets of one's own, without a model: the classes are matched by their names, whatever their order.
#[test]
fn labelled_images_are_evaluated_as_generated_ones() {
    let place = Place::new();
    place.write_digits("a", 400, 200);
    place.succeed("generate --count 300 --out drawn");
    let judged = |set: &str, rest: &str| {
        let said = place.succeed(&format!("evaluate {set} --data a --quick --judge judge.safetensors --json {rest}"));
        json(&said.stdout)
    };
    place.succeed("judge train --data a --epochs 1 --out judge.safetensors");
    let own = judged("a", "");
    assert_eq!((&own["model"], &own["set"], &own["samples"]), (&Value::Null, &"a".into(), &120.into()));
    assert_eq!(own["frechet"]["generated"]["repeats"], 5, "600 images are five sets of 120");
    let mean = |of: &Value| of["frechet"]["generated"]["mean"].as_f64().unwrap();
    let drawn = judged("drawn", "--out e");
    assert!(mean(&drawn) > 2.0 * mean(&own), "strokes are nearer to strokes: {} and {}", mean(&drawn), mean(&own));
    assert!(place.path("e/evaluation.json").exists() && place.path("e/evaluation/confusion.png").exists());
    // Folders of some classes, in the order of their names.
    place.succeed("generate --count 120 --digits 83 --format png --out some");
    let some = judged("some", "");
    let counts: Vec<u64> = some["confusion"]["counts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row.as_array().unwrap().iter().map(|count| count.as_u64().unwrap()).sum())
        .collect();
    assert_eq!(counts, [0, 0, 0, 60, 0, 0, 0, 0, 60, 0], "{some}");
    for (args, code, says) in [
        ("evaluate a --data a --epoch best", 2, "--epoch is for runs"),
        ("evaluate nothing --data a", 1, "nothing is not a digitgan run"),
        ("evaluate a --data some --quick --judge judge.safetensors", 1, "classes are matched by their names"),
    ] {
        assert_eq!(support::complaint(&place.digitgan(args), code, &[says]), None, "{args}");
    }
}
