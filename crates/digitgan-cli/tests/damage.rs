//! A run goes on from its checkpoints alone: whatever is wrong with its other files is told, and nothing of them is lost.
#![allow(clippy::unwrap_used, reason = "a test")]

mod support;

use std::fs;
use std::path::Path;
use support::{Place, Said, copy, differences, files, outcome};

const SETTINGS: &str = "train gan --data digits --batch-size 8 --checkpoint-steps 2 --watch off";

/// The notes of a program, without those that every training has.
fn notes(said: &Said) -> Vec<String> {
    let lines = said.stderr.lines().filter_map(|line| line.strip_prefix("note: "));
    let usual = |line: &&str| line.starts_with("training ") || line.starts_with("the last, short batch");
    lines.filter(|line| !usual(line)).map(str::to_owned).collect()
}

fn change(path: &Path, change: impl Fn(&str) -> String) {
    let text = fs::read_to_string(path).unwrap();
    let changed = change(&text);
    assert_ne!(text, changed);
    fs::write(path, changed).unwrap();
}

/// Something wrong with the run in a folder.
struct Case<'a> {
    breaks: &'a dyn Fn(&Path),
    /// What the notes say, each its part.
    says: &'a [&'a str],
    /// What differs afterwards from a run that was never harmed.
    differs: &'a [&'a str],
}

#[test]
fn a_run_goes_on_whatever_is_wrong_with_its_records() {
    let losses = |run: &Path, new: &dyn Fn(&str) -> String| change(&run.join("losses.csv"), new);
    let first = |text: &str, lines: usize| text.lines().take(lines).map(|line| format!("{line}\n")).collect::<String>();
    let damaged: &[&str] = &["losses.csv", "losses.csv.damaged", "losses.png"];
    let watch = "step,entropy,agreement,distance\n1,0.9,,0.8\n3,0.91,,0.7\n4,0.99,,inf\n";
    let cases = [
        Case { breaks: &|_| {}, says: &[], differs: &[] },
        Case {
            breaks: &|run| fs::remove_file(run.join("losses.csv")).unwrap(),
            says: &["runs/case/losses.csv has no losses of steps 1 to 4"],
            differs: &["losses.csv", "losses.png"],
        },
        Case {
            breaks: &|run| losses(run, &|text| first(text, 3)),
            says: &["runs/case/losses.csv has no losses of steps 3 to 4"],
            differs: &["losses.csv", "losses.png"],
        },
        Case {
            breaks: &|run| losses(run, &|text| text.replace('\n', "\r\n")),
            says: &["was mended, and nothing"],
            differs: &[],
        },
        Case {
            breaks: &|run| losses(run, &|text| text.replace("\n3,", "\nthree,")),
            says: &[
                "losses.csv: line 4 is not a row of losses: \"three\" is no number for step",
                "has no losses of step 3",
            ],
            differs: damaged,
        },
        Case {
            breaks: &|run| losses(run, &|text| text.replace("\n3,1,", "\n3,1,inf,1e400,")),
            says: &["losses.csv: line 4 is not a row", "has no losses of step 3"],
            differs: damaged,
        },
        Case {
            breaks: &|run| losses(run, &|text| first(text, 2) + &"\0".repeat(5000)),
            says: &["has no losses of steps 2 to 4"],
            differs: &["losses.csv", "losses.png"],
        },
        Case {
            breaks: &|run| losses(run, &|text| first(text, 2) + "2,1,0.5" + &"\0".repeat(5000) + "\n"),
            says: &[
                "line 3 is not a row of losses: 3 fields instead of 9 in \"2,1,0.5\\0\"",
                "no losses of steps 2 to 4",
            ],
            differs: damaged,
        },
        Case {
            breaks: &|run| losses(run, &|text| "\0".repeat(text.len()) + "\n"),
            says: &["losses.csv: line 1 is \"\\0\", not the header", "has no losses of steps 1 to 4"],
            differs: damaged,
        },
        Case {
            breaks: &|run| {
                fs::remove_file(run.join("losses.csv")).unwrap();
                fs::create_dir(run.join("losses.csv")).unwrap();
            },
            says: &["losses.csv: it is a directory, not a regular file; what was there is now", "steps 1 to 4"],
            differs: &["losses.csv", "losses.csv.damaged/", "losses.png"],
        },
        Case {
            breaks: &|run| fs::write(run.join("watch.csv"), watch).unwrap(),
            says: &[
                "watch.csv: line 4 is not a row of looks of the collapse monitor: a number that is not finite",
                "watch.csv has no looks of the collapse monitor of step 4",
            ],
            differs: &["watch.csv", "watch.csv.damaged", "watch.png"],
        },
        Case {
            breaks: &|run| fs::remove_file(run.join("timing.json")).unwrap(),
            says: &["timing.json does not say how long steps 1 to 4 took"],
            differs: &[],
        },
        Case {
            breaks: &|run| change(&run.join("timing.json"), |text| text.replace("\"seconds\": ", "\"seconds\": -")),
            says: &["timing.json: no record of time (a session of -", "does not say how long"],
            differs: &["timing.json.damaged"],
        },
        Case { breaks: &|run| fs::remove_dir_all(run.join("tensorboard")).unwrap(), says: &[], differs: &[] },
        Case {
            breaks: &|run| {
                fs::remove_dir_all(run.join("samples")).unwrap();
                fs::write(run.join("samples"), "mine").unwrap();
            },
            says: &["samples: it is not a directory; what was there is now runs/case/samples.damaged"],
            differs: &["samples.damaged"],
        },
    ];
    let made = Place::new();
    made.succeed(&format!("{SETTINGS} --max-steps 4 --name case"));
    let mut failures = Vec::new();
    for (number, Case { breaks, says, differs }) in cases.iter().enumerate() {
        let place = Place::new();
        copy(&made.path("runs/case"), &place.path("runs/case"));
        copy(&made.path("runs/case"), &place.path("runs/whole"));
        (breaks)(&place.path("runs/case"));
        let resume = |name: &str| place.succeed(&format!("train --resume {name} --max-steps 9 --watch off"));
        resume("whole");
        let notes = notes(&resume("case"));
        let right = notes.len() == says.len() && notes.iter().zip(*says).all(|(note, part)| note.contains(part));
        let different = differences(&outcome(&place.run_directory("whole")), &outcome(&place.run_directory("case")));
        if !right || different != *differs {
            failures.push(format!("case {number}: {different:?} differ, {notes:#?}"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// Puts something into a place.
#[cfg(unix)]
type Put<'a> = &'a dyn Fn(&Path);

/// Something else stands where a file of the run belongs. A record moves away; in the place of anything else it is refused
/// before a step is done. What stands there stays whole, and in the end the run is as any other.
#[cfg(unix)]
#[test]
fn what_is_no_file_stands_where_one_belongs() {
    let pipe = |path: &Path| assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success());
    let put: [(&str, Put<'_>); 3] = [
        ("a directory", &|path| fs::create_dir(path).unwrap()),
        ("a named pipe", &pipe),
        ("a link that leads nowhere", &|path| std::os::unix::fs::symlink("no/where", path).unwrap()),
    ];
    let names = [
        ("losses.png", ""),
        ("watch.png", ""),
        ("samples.gif", ""),
        ("samples/epoch-0001.png", ""),
        ("losses.csv", "what was there is now runs/case/losses.csv.damaged"),
        ("watch.csv", "what was there is now runs/case/watch.csv.damaged"),
        ("timing.json", "what was there is now runs/case/timing.json.damaged"),
        ("samples", "what was there is now runs/case/samples.damaged"),
        ("generator.safetensors", ""),
        ("generators/epoch-0001.safetensors", ""),
        ("run.toml", ""),
    ];
    let made = Place::new();
    made.succeed(&format!("{SETTINGS} --max-steps 4 --name case"));
    copy(&made.path("runs/case"), &made.path("whole/runs/case"));
    let resume = "train --resume case --max-steps 9 --watch off";
    made.succeed(resume);
    let whole = outcome(&made.run_directory("case"));
    let mut failures = Vec::new();
    for ((what, put), (name, says)) in put.iter().flat_map(|put| names.iter().map(move |name| (put, name))) {
        if name == &"samples" && what == &"a directory" {
            continue;
        }
        let run = made.run_directory("case");
        fs::remove_dir_all(run.path()).unwrap();
        copy(&made.path("whole/runs/case"), run.path());
        let place = run.path().join(name);
        let _ = fs::remove_file(&place).or_else(|_| fs::remove_dir_all(&place));
        put(&place);
        let said = made.within_a_minute(resume);
        let notes = notes(&said);
        let told =
            notes.iter().filter(|note| note.contains(&format!("runs/case/{name}")) && note.contains(says)).count();
        let moved = says.contains("damaged");
        let right = match says.is_empty() {
            true => {
                said.code == Some(1)
                    && said.stderr.contains(&format!("runs/case/{name}"))
                    && said.stderr.contains(&format!("is {what}, not a regular file"))
            }
            false => said.code == Some(0) && told == 1,
        };
        let there = if moved { run.path().join(format!("{name}.damaged")) } else { place.clone() };
        let stays = there.symlink_metadata().is_ok_and(|found| !found.is_file());
        if stays {
            fs::remove_dir(&there).or_else(|_| fs::remove_file(&there)).unwrap();
        }
        if *name == "run.toml" {
            fs::copy(made.path("whole/runs/case/run.toml"), &place).unwrap();
        }
        if says.is_empty() {
            made.succeed(resume);
        }
        let different = differences(&whole, &outcome(&run));
        let expected = match *name {
            "losses.csv" => vec!["losses.csv", "losses.png"],
            _ => Vec::new(),
        };
        if !right || !stays || different != expected {
            failures.push(format!("{name}, {what}: stays {stays}, {different:?} differ, {said:?}"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// A process that ended between a checkpoint and its generator left an older one, or none.
#[test]
fn the_newest_generator_is_made_again() {
    let place = Place::new();
    place.succeed(&format!("{SETTINGS} --max-steps 9 --name case"));
    let run = place.run_directory("case");
    let whole = outcome(&run);
    let older = fs::read(run.epoch_generator(1)).unwrap();
    for there in [None, Some(&older[..]), Some(b"nothing"), Some(&older[..100])] {
        match there {
            None => fs::remove_file(run.generator()).unwrap(),
            Some(bytes) => fs::write(run.generator(), bytes).unwrap(),
        }
        place.succeed("train --resume case --watch off");
        assert_eq!(differences(&whole, &outcome(&run)), [""; 0]);
    }
}

#[test]
fn a_picture_that_cannot_be_read_is_left_out_of_the_animation() {
    let place = Place::new();
    place.succeed(&format!("{SETTINGS} --epochs 2 --max-steps 7 --name case"));
    fs::write(place.path("runs/case/samples/epoch-0001.png"), "no picture").unwrap();
    let said = place.succeed("train --resume case --max-steps 12 --watch off");
    let notes = notes(&said);
    assert!(notes[0].contains("samples/epoch-0001.png is left out of the animation: "), "{notes:?}");
    assert!(place.path("runs/case/samples.gif").exists());
}

/// Looks that are gone are told of a run that was watched.
#[test]
fn looks_that_are_gone_are_told() {
    let place = Place::new();
    place.succeed("train gan --data digits --batch-size 8 --watch on --watch-steps 2 --max-steps 4 --name case");
    place.succeed("train --resume case --max-steps 6");
    fs::remove_file(place.path("runs/case/watch.csv")).unwrap();
    let notes = notes(&place.succeed("train --resume case --max-steps 8"));
    assert!(
        notes.iter().any(|note| note.ends_with("watch.csv has no looks of the collapse monitor of steps 1 to 6")),
        "{notes:?}"
    );
}

/// That nobody looked is no damage, and is not told at every resume.
#[test]
fn looks_that_were_never_made_are_not_missing() {
    let place = Place::new();
    place.succeed("train gan --data digits --batch-size 8 --watch on --watch-steps 2 --max-steps 4 --name case");
    // What follows, and what is told.
    for (resume, says) in [
        ("--max-steps 7 --watch off", None),
        ("--max-steps 9 --watch off", None),
        ("--max-steps 9", None),
        ("--max-steps 12 --watch on", None),
        ("--max-steps 14", None),
    ] {
        let notes = notes(&place.succeed(&format!("train --resume case {resume}")));
        let missing = notes.iter().find(|note| note.contains("has no looks"));
        assert_eq!(missing.map(String::as_str), says, "{resume}");
    }
    let watch = place.path("runs/case/watch.csv");
    let steps = |text: &str| text.lines().skip(1).map(|line| line.split(',').next().unwrap().to_owned()).collect();
    let looks: Vec<String> = steps(&fs::read_to_string(&watch).unwrap());
    assert_eq!(looks, ["2", "4", "10", "12", "14"]);
    // Looks that are gone are told, and once where nobody makes others.
    change(&watch, |text| text.lines().take(4).map(|line| format!("{line}\n")).collect());
    for says in [Some("runs/case/watch.csv has no looks of the collapse monitor of steps 11 to 14"), None] {
        let notes = notes(&place.succeed("train --resume case --watch off"));
        assert_eq!(notes.iter().find(|note| note.contains("has no looks")).map(String::as_str), says);
    }
}

/// All images are alike: the monitor's distances are shares of nothing. The training goes on, draws and ends.
#[test]
fn a_constant_data_set_is_trained_on_to_the_end() {
    let place = Place::new();
    let digits = place.path("digits");
    for (name, count) in [("train", support::TRAIN_IMAGES), ("t10k", 10)] {
        let images = support::idx_images(&vec![128; count * digitgan::IMAGE_PIXELS]);
        fs::write(digits.join(format!("{name}-images-idx3-ubyte")), images).unwrap();
    }
    for model in ["gan", "acgan --recipe paper"] {
        let name = &model[..3];
        let train =
            format!("train {model} --data digits --batch-size 8 --epochs 2 --watch on --watch-steps 3 --name {name}");
        let said = place.within_a_minute(&train);
        assert_eq!(said.code, Some(0), "{said:?}");
        assert!(place.path(&format!("runs/{name}/watch.png")).exists());
        assert_eq!(place.within_a_minute(&format!("train --resume {name}")).code, Some(0));
    }
}

/// Every file of a run in turn is a pipe that nobody writes into: every verb ends, and what it cannot do without it names.
#[cfg(unix)]
#[test]
fn no_file_of_a_run_that_is_a_pipe_is_waited_for() {
    const DATA: &str = "--data-dir data";
    let made = Place::new();
    made.write_digits("digits", 50, 20);
    made.succeed(
        "train cgan --recipe paper --data digits --batch-size 8 --max-steps 6 --watch on --watch-steps 3 --name case",
    );
    made.succeed(&format!("page case --quick --out page {DATA}"));
    let names: Vec<String> = files(&made.path("runs/case")).into_keys().filter(|name| !name.ends_with('/')).collect();
    for expected in
        ["run.toml", "losses.csv", "watch.csv", "watch.png", "timing.json", "evaluation.json", ".digitgan.lock"]
    {
        assert!(names.iter().any(|name| name == expected), "{expected} is not among {names:?}");
    }
    let page = "page/index.html".to_owned();
    let mut failures = Vec::new();
    for name in names.iter().map(|name| format!("runs/case/{name}")).chain([page]) {
        for verb in [
            "train --resume case --max-steps 7",
            "sample case --count 1",
            "page case --out page --data-dir data",
            "evaluate case --epoch best --samples 20 --repeats 2 --quick --data-dir data --out e",
        ] {
            // It takes long, and reads no other.
            if verb.starts_with("evaluate")
                && !["run.toml", "generator", "evaluation.json"].iter().any(|part| name.contains(part))
            {
                continue;
            }
            let saved = made.path("saved");
            let _ = fs::remove_dir_all(&saved);
            copy(&made.path("runs/case"), &saved);
            let pipe = made.path(&name);
            let bytes = fs::read(&pipe).unwrap();
            fs::remove_file(&pipe).unwrap();
            assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
            let said = made.within_a_minute(verb);
            let named = said.stderr.contains(&name) && said.stderr.contains("a named pipe");
            if said.code != Some(0) && !(said.code == Some(1) && named) {
                failures.push(format!("{name}, {verb}: {said:?}"));
            }
            fs::remove_dir_all(made.path("runs/case")).unwrap();
            copy(&saved, &made.path("runs/case"));
            let _ = fs::remove_file(&pipe);
            fs::write(&pipe, bytes).unwrap();
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
