//! Every command that the program suggests can be run as it is printed.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test")]

mod support;

use digitgan::data::strokes;
use digitgan::picture::Grid;
use std::fs;
use std::process::{Command, Stdio};
use support::{Place, Said, complaint, copy, said};

const TRAIN: &str = "train cgan --batch-size 8 --watch off --recipe paper";

/// Writes a data set of PNG files in folders of these names, 24 images each.
fn write_classes(place: &Place, name: &str, classes: &[&str]) {
    for (class, folder) in classes.iter().enumerate() {
        fs::create_dir_all(place.path(name).join(folder)).unwrap();
        let drawings = (0..).map(|index| strokes::draw(strokes::SEED, index));
        let own = drawings.filter(|drawing| usize::from(drawing.label) == class);
        for (number, drawing) in own.take(24).enumerate() {
            let picture = Grid { scale: 1, gap: 0, ..Grid::new(1) }.draw(&drawing.image).unwrap();
            picture.write_png(&place.path(name).join(folder).join(format!("{number}.png")), &[]).unwrap();
        }
    }
}

/// The program with these arguments, as they are.
fn digitgan(place: &Place, args: &[&str]) -> Said {
    let mut command = place.command("");
    command.args(args);
    said(command)
}

/// The commands that a text suggests: to the end of the line, or between backticks.
fn commands(said: &Said) -> Vec<String> {
    let verbs = ["train", "sample", "generate", "evaluate", "page", "reproduce", "data", "judge"];
    let lines = said.stdout.lines().chain(said.stderr.lines());
    let ends = lines.flat_map(|line| line.match_indices("digitgan ").map(|(start, _)| line.split_at(start)));
    let whole = ends.map(|(before, rest)| if before.ends_with('`') { rest.split('`').next().unwrap() } else { rest });
    let named = whole.filter(|command| verbs.contains(&command.split(' ').nth(1).unwrap_or_default()));
    named.map(str::to_owned).collect()
}

/// Runs a command as a person would, in a shell.
fn run(place: &Place, command: &str) -> Said {
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(format!("digitgan() {{ \"$DIGITGAN\" \"$@\"; }}; {command}"));
    shell.env("DIGITGAN", env!("CARGO_BIN_EXE_digitgan")).env("XDG_CACHE_HOME", place.path("cache"));
    shell.env_remove("DIGITGAN_DATA_DIR").current_dir(place.path("")).stdin(Stdio::null());
    said(shell)
}

/// Runs what was suggested, which must be so many commands, and succeed.
fn follow(place: &Place, said: &Said, count: usize) {
    let commands = commands(said);
    assert_eq!(commands.len(), count, "{said:?}");
    for command in commands {
        let said = run(place, &command);
        assert_eq!(said.code, Some(0), "{command}\n{said:?}");
    }
}

#[test]
fn what_follows_a_training() {
    let place = Place::new();
    write_classes(&place, "my digits", &["a", "it's", "-x"]);
    // The run's name is that of the data: spaces, and classes that are no sevens.
    let mut args: Vec<&str> = TRAIN.split(' ').collect();
    args.extend(["--data", "my digits", "--epochs", "1", "--max-steps", "1"]);
    let trained = digitgan(&place, &args);
    assert_eq!(trained.code, Some(0), "{trained:?}");
    follow(&place, &trained, 2);
    assert!(place.path("runs/cgan-my digits/run.toml").exists() && place.path("digits.png").exists());
    // Every class can be asked for by its name.
    for class in ["a", "it's", "-x"] {
        let said = digitgan(&place, &["sample", "cgan-my digits", &format!("--digit={class}"), "--count", "1"]);
        assert_eq!(said.code, Some(0), "{said:?}");
    }
    // A place that looks like a flag, with more than a shell likes.
    let odd = "--out=-odd $HOME `x`\n'y'";
    let trained = digitgan(&place, &[&args[..], &[odd]].concat());
    assert_eq!(trained.code, Some(0), "{trained:?}");
    follow(&place, &trained, 2);
}

/// A training that --max-steps ended before its epochs were done goes on to them, whatever its learning rates do.
#[test]
fn what_follows_a_training_that_ended_early() {
    let place = Place::new();
    let train = "train gan --data digits --batch-size 8 --watch off --epochs 2";
    for (recipe, afterwards) in [("paper", 2), ("modern", 1)] {
        let trained = place.succeed(&format!("{train} --recipe {recipe} --max-steps 3 --name {recipe}"));
        assert!(trained.stdout.contains("go on") && !trained.stdout.contains("train on"), "{trained:?}");
        let again = place.succeed(&format!("train --resume {recipe} --watch off"));
        let back = place.digitgan(&format!("train --resume {recipe} --max-steps 1"));
        assert_eq!(complaint(&back, 1, &["--max-steps above 3 or with `"]), None, "{back:?}");
        assert!(again.stderr.contains("all 3 steps were done before; for more, give --max-steps"), "{again:?}");
        assert_eq!(commands(&again), commands(&trained));
        follow(&place, &trained, 2);
        let losses = fs::read_to_string(place.path("runs").join(recipe).join("losses.csv")).unwrap();
        assert_eq!(losses.lines().count(), 13, "{recipe}");
        // All of it is done now: what has a schedule is at its end.
        let whole = place.succeed(&format!("train --resume {recipe} --watch off"));
        assert!(!whole.stdout.contains("go on"), "{whole:?}");
        assert_eq!(whole.stderr.contains("were done before; for more, give --epochs"), afterwards == 2, "{whole:?}");
        follow(&place, &whole, afterwards);
        // Nor does a run go back, whatever it is told to do instead.
        let back = place.digitgan(&format!("train --resume {recipe} --max-steps 2"));
        assert_eq!(complaint(&back, 1, &["a run cannot go back; ", "draw with what it has"]), None, "{back:?}");
        assert!(!back.stderr.contains("--max-steps above"), "{back:?}");
        follow(&place, &back, afterwards);
    }
}

#[test]
fn what_is_refused_and_can_be_done_otherwise() {
    let place = Place::new();
    copy(&place.path("digits"), &place.path("my digits"));
    let train =
        [&TRAIN.split(' ').collect::<Vec<_>>()[..], &["--data", "my digits", "--max-steps", "1", "--out", "a b"]]
            .concat();
    assert_eq!(digitgan(&place, &train).code, Some(0));
    let again = digitgan(&place, &train);
    assert_eq!(complaint(&again, 1, &["a b is a run already"]), None, "{again:?}");
    follow(&place, &again, 1);
    for (setting, value) in
        [("--lr", "0.01"), ("--augment", ""), ("--augment", "affine"), ("--data", "digits 2"), ("--seed", "9")]
    {
        // Runs begun anew are called NEW.
        let _ = fs::remove_dir_all(place.path("runs/NEW"));
        place.write_digits("digits 2", 60, 10);
        let said = digitgan(&place, &["train", "--resume", "a b", setting, value]);
        if complaint(&said, 2, &[setting, "cannot change with --resume"]).is_none() {
            follow(&place, &said, 1);
            assert!(place.path("runs/NEW/run.toml").exists());
        } else {
            // What it is anyway.
            assert_eq!(complaint(&said, 2, &["leave it out"]), None, "{said:?}");
        }
    }
    // What would not do anywhere is not suggested.
    for value in ["nan", "-1"] {
        let said = digitgan(&place, &["train", "--resume", "a b", "--lr", value]);
        assert_eq!(complaint(&said, 2, &["--lr is ", "but must be"]), None, "{said:?}");
        assert_eq!(commands(&said), [""; 0]);
    }
}

#[test]
fn what_other_verbs_suggest() {
    let place = Place::new();
    copy(&place.path("digits"), &place.path("my digits"));
    let args = "train gan --batch-size 8 --watch off --recipe paper --max-steps 1 --name my+run --data";
    let trained = digitgan(&place, &[&args.split(' ').collect::<Vec<_>>()[..], &["my digits"]].concat());
    assert_eq!(trained.code, Some(0), "{trained:?}");
    let said = digitgan(&place, &["generate", "my+run", "--count", "10"]);
    assert_eq!(complaint(&said, 1, &["there is none of my digits", "--judge judge.safetensors"]), None, "{said:?}");
    follow(&place, &said, 1);
    place.succeed("generate my+run --count 10 --judge judge.safetensors");
    // Nothing of ours, and no room made where nothing was begun.
    let said = digitgan(&place, &["sample", "nothing here"]);
    assert_eq!(complaint(&said, 1, &["nothing here is not a digitgan run"]), None, "{said:?}");
    let said = digitgan(
        &place,
        &["train", "gan", "--data", "digits", "--batch-size", "8", "--watch", "off", "--out", "/proc/x"],
    );
    assert_eq!(complaint(&said, 1, &["/proc/x"]), None, "{said:?}");
    assert!(!said.stderr.contains("--resume"), "{said:?}");
}

#[test]
fn data_that_moved_can_be_given_again() {
    let place = Place::new();
    copy(&place.path("digits"), &place.path("here"));
    let trained = place.succeed("train gan --data here --batch-size 8 --watch off --max-steps 2 --name mv");
    let whole = place.succeed("train gan --data here --batch-size 8 --watch off --max-steps 4 --name whole");
    assert_eq!((trained.code, whole.code), (Some(0), Some(0)));
    fs::rename(place.path("here"), place.path("there")).unwrap();
    let record = || fs::read_to_string(place.path("runs/mv/run.toml")).unwrap();
    let before = record();
    let lost = place.digitgan("train --resume mv --max-steps 4 --watch off");
    assert_eq!(
        complaint(&lost, 1, &["here", "if it moved, give its new place", "--resume runs/mv --data"]),
        None,
        "{lost:?}"
    );
    place.write_digits("other", 60, 10);
    let other = place.digitgan("train --resume mv --max-steps 4 --watch off --data other");
    assert_eq!(complaint(&other, 2, &["--data cannot change with --resume", "here"]), None, "{other:?}");
    assert_eq!(record(), before);
    // What was given beside it is given again.
    let [again] = &commands(&lost)[..] else { panic!("{lost:?}") };
    assert!(again.contains("--max-steps 4") && again.contains("--watch off"), "{again}");
    assert_eq!(run(&place, &again.replace("PLACE", "there")).code, Some(0), "{again}");
    let there = place.path("there");
    assert!(record().contains(there.to_str().unwrap()), "{}", record());
    // From now on it is there, and the training is the one that it would have been.
    place.succeed("train --resume mv --max-steps 5 --watch off");
    let losses = |run: &str| fs::read_to_string(place.path("runs").join(run).join("losses.csv")).unwrap();
    assert!(losses("mv").starts_with(&losses("whole")));
}

/// So it is with the verbs that compare a run with its data.
#[test]
fn data_that_moved_can_be_given_to_every_verb() {
    let place = Place::new();
    for (data, test) in [("here", 20), ("other", 30)] {
        place.write_digits(data, 50, test);
        place.succeed(&format!("train gan --data {data} --batch-size 8 --watch off --max-steps 6 --name {data}"));
    }
    fs::rename(place.path("here"), place.path("there")).unwrap();
    let quick = "--quick --data-dir data";
    for (verb, suggested, more) in [
        ("evaluate here", "digitgan evaluate runs/here --data PLACE", format!("{quick} --samples 20 --repeats 2")),
        ("page here --out p", "digitgan page runs/here --data PLACE", format!("{quick} --out p")),
        // Of several places each run must remember its own.
        ("page other here --out q", "digitgan train --resume runs/here --data PLACE", "--watch off".to_owned()),
        ("page other here --out q --quick --data-dir data", "", String::new()),
    ] {
        if suggested.is_empty() {
            place.succeed(verb);
            continue;
        }
        let lost = place.digitgan(verb);
        let says = ["here: the data of runs/here is not there; if it moved, give its new place", suggested];
        assert_eq!(complaint(&lost, 1, &says), None, "{verb}: {lost:?}");
        let [command] = &commands(&lost)[..] else { panic!("{lost:?}") };
        let said = run(&place, &format!("{} {more}", command.replace("PLACE", "there")));
        assert_eq!(said.code, Some(0), "{command}: {said:?}");
    }
    fs::rename(place.path("other"), place.path("elsewhere")).unwrap();
    let lost = place.digitgan("generate other --epoch best --count 10 --out set");
    assert_eq!(complaint(&lost, 1, &["digitgan train --resume runs/other --data PLACE"]), None, "{lost:?}");
}

#[test]
fn an_empty_folder_hides_no_run() {
    let place = Place::new();
    place.succeed("train gan --data digits --batch-size 8 --watch off --max-steps 1 --name g");
    fs::create_dir(place.path("g")).unwrap();
    for args in ["sample g --count 1", "train --resume g --max-steps 2 --watch off"] {
        place.succeed(args);
    }
    assert_eq!(fs::read_dir(place.path("g")).unwrap().count(), 0);
}
