//! A training's files depend on its settings and data alone: not on interruptions, nor on the number of threads.
#![allow(clippy::unwrap_used, reason = "a test")]

mod support;

use digitgan::run::timing::Timing;
use std::fs;
use std::time::{Duration, Instant};
use support::{Place, differences, outcome};

/// Steps of the whole training: three epochs of six, less one step, so that it ends within an epoch.
const STEPS: u64 = 17;

/// The settings that must not matter are left out.
fn settings(model: &str, augment: bool) -> String {
    let augment = if augment { "--augment affine,elastic" } else { "" };
    format!("train {model} --data digits --epochs 3 --batch-size 8 {augment}")
}

/// Trains in one go.
fn whole(place: &Place, settings: &str, name: &str) {
    place.succeed(&format!("{settings} --name {name} --max-steps {STEPS}"));
}

#[test]
fn a_run_stopped_at_any_step_comes_to_the_same_bytes() {
    let place = Place::new();
    let mut failures = Vec::new();
    // Within the first epoch, at its end, after the first step of all, just before the end, and often.
    let stops: [(&str, bool, &[&[u64]]); 7] = [
        ("gan", false, &[&[1], &[6], &[16]]),
        ("gan --recipe paper", false, &[&[6]]),
        ("cgan", false, &[&[7]]),
        ("cgan --recipe paper", false, &[&[7]]),
        ("acgan", false, &[&[12], &[2, 3, 9, 13]]),
        ("acgan --recipe paper", false, &[&[12]]),
        ("acgan", true, &[&[5, 11]]),
    ];
    for (row, (model, augment, runs)) in stops.into_iter().enumerate() {
        let settings = settings(model, augment);
        let reference = format!("whole-{row}");
        whole(&place, &settings, &reference);
        let reference = outcome(&place.run_directory(&reference));
        for (column, stops) in runs.iter().enumerate() {
            let name = format!("stopped-{row}-{column}");
            for (i, stop) in stops.iter().chain([&STEPS]).enumerate() {
                place.succeed(&match i {
                    0 => format!("{settings} --name {name} --max-steps {stop} --threads 1"),
                    _ => format!("train --resume {name} --max-steps {stop} --threads 2"),
                });
            }
            let different = differences(&reference, &outcome(&place.run_directory(&name)));
            if !different.is_empty() {
                failures.push(format!("{model}, augmented {augment}, stopped at {stops:?}: {different:?}"));
            }
        }
    }
    assert!(failures.is_empty(), "{failures:#?}");
}

#[test]
fn threads_do_not_matter_and_the_seed_does() {
    let place = Place::new();
    let mut failures = Vec::new();
    for model in ["gan", "cgan", "acgan"] {
        let runs = ["--threads 1", "--threads 1", "--threads 2", "--threads 3", "--threads 2 --seed 2"];
        let outcomes = runs.iter().enumerate().map(|(i, options)| {
            let settings = settings(model, model == "cgan");
            place.succeed(&format!("{settings} --max-steps 8 --name {model}-{i} {options}"));
            outcome(&place.run_directory(&format!("{model}-{i}")))
        });
        let outcomes: Vec<_> = outcomes.collect();
        for (options, other) in runs.iter().zip(&outcomes).skip(1) {
            let different = differences(&outcomes[0], other);
            let all: Vec<_> = other.keys().filter(|name| !name.ends_with('/')).cloned().collect();
            let expected = if options.contains("seed") { all } else { Vec::new() };
            if different != expected {
                failures.push(format!("{model} {options}: {expected:?} should differ, but {different:?} do"));
            }
        }
    }
    assert!(failures.is_empty(), "{failures:#?}");
}

#[test]
fn the_record_of_time_spans_all_sessions() {
    let place = Place::new();
    place.succeed(&format!("{} --name t --max-steps 4 --threads 1", settings("gan", false)));
    place.succeed("train --resume t --max-steps 9 --threads 2");
    let timing = Timing::read(&place.run_directory("t").timing()).unwrap().unwrap();
    let sessions: Vec<_> = timing.sessions.iter().map(|s| (s.first_step, s.last_step, s.threads)).collect();
    assert_eq!(sessions, [(0, 4, 1), (4, 9, 2)]);
    assert!(timing.sessions.iter().all(|session| session.seconds > 0.0 && session.device.starts_with("cpu (")));
}

#[cfg(unix)]
#[test]
fn ctrl_c_at_any_time_saves_and_says_how_to_go_on() {
    let place = Place::new();
    // Long enough that the program is still training when the signal comes.
    let settings = "train gan --data digits --epochs 6 --batch-size 8 --checkpoint-steps 4";
    place.succeed(&format!("{settings} --name whole"));
    let reference = outcome(&place.run_directory("whole"));
    let moments = ["run.toml", "losses.csv", "checkpoints/step-00000004.safetensors", "samples/epoch-0002.png"];
    for (i, file) in moments.into_iter().enumerate() {
        let run = place.run_directory(&format!("stopped-{i}"));
        let child = place.spawn(&format!("{settings} --name stopped-{i}"));
        let started = Instant::now();
        while !run.path().join(file).exists() {
            assert!(started.elapsed() < Duration::from_secs(60), "{file} does not come");
            std::thread::sleep(Duration::from_millis(1));
        }
        let killed = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
        assert!(killed.success());
        let output = child.wait_with_output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(130), "at {file}: {stderr}");
        assert!(stderr.contains("note: finishing this step, then saving"), "{stderr}");
        let stopped_at = *run.checkpoint_steps().unwrap().last().unwrap();
        assert!(stopped_at < 36, "it stopped at {stopped_at}");
        place.succeed(&format!("train --resume {}", run.path().display()));
        assert_eq!(differences(&reference, &outcome(&run)), [""; 0], "stopped at {file}, step {stopped_at}");
    }
}

#[test]
fn a_run_does_not_go_back() {
    let place = Place::new();
    place.succeed("train gan --data digits --batch-size 8 --epochs 3 --max-steps 10 --name run");
    let before = outcome(&place.run_directory("run"));
    let said = place.digitgan("train --resume run --max-steps 4");
    let says =
        ["runs/run has 10 steps done already, and is to have 4 in all", "--max-steps above 10", "digitgan sample"];
    assert_eq!(support::complaint(&said, 1, &says), None, "{said:?}");
    assert_eq!(differences(&before, &outcome(&place.run_directory("run"))), [""; 0]);
    // Nothing is left to do, and no file of events is begun for it.
    let events = || fs::read_dir(place.run_directory("run").tensorboard()).unwrap().count();
    place.succeed("train --resume run --max-steps 10");
    assert_eq!(events(), 1);
    place.succeed("train --resume run --max-steps 12");
    assert_eq!(events(), 2);
}

#[test]
fn whether_somebody_watches_is_remembered() {
    let place = Place::new();
    let settings = "train gan --data digits --data-dir store --batch-size 8 --max-steps 1";
    // Leaves a judge, which would watch whatever comes next.
    place.succeed(&format!("{settings} --watch on --name first"));
    for (args, watched) in [
        (&*format!("{settings} --watch off --name run"), false),
        ("train --resume run --max-steps 2", false),
        ("train --config runs/run/run.toml --name same", false),
        ("train --resume run --max-steps 3 --watch auto", true),
        ("train --resume run --max-steps 4", true),
    ] {
        let said = place.succeed(args);
        assert_eq!(said.stderr.contains("watched for mode collapse"), watched, "{args}: {said:?}");
    }
}

/// However many threads are asked for, as many are started as the processors bear.
#[test]
fn a_thousand_threads_come_to_an_end() {
    let place = Place::new();
    let settings = "train gan --data digits --batch-size 8 --max-steps 3";
    place.succeed(&format!("{settings} --name few --threads 2"));
    let said = place.succeed(&format!("{settings} --name many --threads 1000"));
    let processors = std::thread::available_parallelism().unwrap().get();
    assert_eq!(said.stderr.contains("threads, not 1000: more would only"), processors < 32, "{}", said.stderr);
    let [few, many] = ["few", "many"].map(|name| outcome(&place.run_directory(name)));
    assert_eq!(differences(&few, &many), [""; 0]);
}

#[test]
fn a_run_without_a_checkpoint_begins_again_and_says_so() {
    let place = Place::new();
    let settings = "train gan --data digits --batch-size 8 --epochs 1 --max-steps 4";
    let first = place.succeed(&format!("{settings} --name run"));
    assert!(!first.stderr.contains("begins again"), "{}", first.stderr);
    let run = place.run_directory("run");
    let whole = outcome(&run);
    let again = place.succeed("train --resume run");
    assert!(!again.stderr.contains("begins again"), "{}", again.stderr);
    fs::remove_dir_all(run.checkpoints()).unwrap();
    let again = place.succeed("train --resume run");
    assert!(again.stderr.contains("runs/run has no checkpoint: it begins again"), "{}", again.stderr);
    assert_eq!(differences(&whole, &outcome(&run)), Vec::<String>::new());
}
