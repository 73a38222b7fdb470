//! Every setting that is declared can be given by flag and by file, and with `--resume` it is honoured or refused.
#![allow(clippy::unwrap_used, reason = "a test")]

mod support;

use digitgan::config::{Kind, OnResume, Setting};
use digitgan::picture::Grid;
use digitgan::run::RunDirectory;
use digitgan::run::timing::Timing;
use std::collections::BTreeMap;
use std::fs;
use support::{Place, complaint, copy, differences, files};

/// What the trainings here have in common.
const BASE: [(&str, &str); 8] = [
    ("recipe", "paper"),
    ("model", "gan"),
    ("data", "digits"),
    ("epochs", "2"),
    ("batch-size", "8"),
    ("max-steps", "1"),
    ("watch", "off"),
    ("threads", "1"),
];

/// For every setting, another value than it has there.
const OTHERS: [(&str, &str); 36] = [
    ("recipe", "modern"),
    ("model", "cgan"),
    ("data", "more"),
    ("ground", "light"),
    ("orientation", "transposed"),
    ("range", "0..100"),
    ("labels", "file-name"),
    ("augment", "elastic"),
    ("epochs", "3"),
    ("batch-size", "10"),
    ("lr", "0.01"),
    ("lr-d", "0.02"),
    ("beta1", "0.25"),
    ("g-loss", "saturating"),
    ("loss", "hinge"),
    ("label-smoothing", "0.1"),
    ("fake-class-weight", "0.5"),
    ("instance-noise", "0.25"),
    ("lr-decay", "0.5"),
    ("ema", "0.9"),
    ("d-leak", "0.1"),
    ("d-norm", "spectral"),
    ("d-class", "projection"),
    ("d-head", "hidden"),
    ("pack", "2"),
    ("precision", "bf16"),
    ("seed", "7"),
    ("watch", "auto"),
    ("watch-steps", "9"),
    ("on-collapse", "stop"),
    ("checkpoint-steps", "1"),
    ("max-steps", "3"),
    ("threads", "3"),
    ("data-dir", "elsewhere"),
    ("name", "named"),
    ("out", "placed"),
];

/// The setting as arguments.
fn flag(name: &str, value: &str) -> String {
    match name {
        "model" => value.to_owned(),
        name => format!("--{name} {value}"),
    }
}

/// The settings as a file.
fn file(settings: &BTreeMap<&str, &str>) -> String {
    let lines = settings.iter().map(|(name, value)| match Setting::named(name).unwrap().kind {
        Kind::Whole | Kind::Real => format!("{name} = {value}\n"),
        Kind::List => format!("{name} = [\"{value}\"]\n"),
        _ => format!("{name} = \"{value}\"\n"),
    });
    lines.collect()
}

/// A place with two data sets of IDX files, and pictures with their classes both in folders and in names.
fn place() -> Place {
    let place = Place::new();
    place.write_digits("more", 60, 10);
    let picture = Grid { scale: 1, ..Grid::new(1) }.draw(&[90; 784]).unwrap();
    for index in 0..10 {
        let name = format!("pictures/{}/{}_{index}.png", index % 2, index % 5);
        fs::create_dir_all(place.path(&name).parent().unwrap()).unwrap();
        picture.write_png(&place.path(&name), &[]).unwrap();
        fs::copy(place.path(&name), place.path(&format!("pictures/{}_{index}.png", index % 5))).unwrap();
    }
    place
}

/// All that settings decide of a run, but for its numbers: where it is, its record, on how many threads it ran.
fn traces(place: &Place, path: &str) -> String {
    let record = fs::read_to_string(place.path(path).join("run.toml")).unwrap();
    let timing = Timing::read(&RunDirectory::new(place.path(path)).timing()).unwrap().unwrap();
    let threads: Vec<usize> = timing.sessions.iter().map(|session| session.threads).collect();
    format!("{path}\n{}\n{threads:?}", record.replace(&*place.path("").to_string_lossy(), ""))
}

/// The traces of the only run of a place.
fn only_run(place: &Place) -> String {
    let records = files(&place.path("")).into_keys().filter(|name| name.ends_with("run.toml"));
    let paths: Vec<String> = records.map(|name| name.trim_end_matches("/run.toml").to_owned()).collect();
    assert_eq!(paths.len(), 1, "{paths:?}");
    traces(place, &paths[0])
}

#[test]
fn every_setting_has_a_case_here() {
    let cases: Vec<&str> = OTHERS.iter().map(|(name, _)| *name).collect();
    let settings: Vec<&str> = Setting::all().map(|setting| setting.name).collect();
    assert_eq!(cases, settings);
}

#[test]
fn flag_and_file_say_the_same_and_it_counts() {
    let base = BTreeMap::from(BASE);
    let train = |settings: &BTreeMap<&str, &str>, flags: &str| {
        let place = place();
        fs::write(place.path("my.toml"), file(settings)).unwrap();
        place.succeed(&format!("train --config my.toml {flags}"));
        only_run(&place)
    };
    let mut failures = Vec::new();
    for (name, value) in OTHERS {
        let mut settings = base.clone();
        if name == "labels" {
            settings.insert("data", "pictures");
        }
        let plain = train(&settings, "");
        let by_flag = train(&settings, &flag(name, value));
        settings.insert(name, value);
        let by_file = train(&settings, "");
        if by_flag != by_file {
            failures.push(format!("{name}: by flag\n{by_flag}\nby file\n{by_file}"));
        }
        if by_flag == plain {
            failures.push(format!("{name}: {value} changes nothing"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn resuming_honours_or_refuses_every_setting() {
    let place = place();
    fs::write(place.path("my.toml"), file(&BTreeMap::from(BASE))).unwrap();
    place.succeed("train --config my.toml --name case");
    let begun = files(&place.path("runs/case"));
    // Every run is called alike, so that all that differs is what was given.
    let resume = |flags: &str| {
        let _ = fs::remove_dir_all(place.path("runs/copy"));
        copy(&place.path("runs/case"), &place.path("runs/copy"));
        place.digitgan(&format!("train --resume copy {flags}"))
    };
    let more = "--max-steps 2";
    assert_eq!(resume(&format!("--threads 1 {more}")).code, Some(0));
    let plain = traces(&place, "runs/copy");
    let mut failures = Vec::new();
    for setting in Setting::all() {
        let value = BTreeMap::from(OTHERS)[setting.name];
        let given = flag(setting.name, value);
        let others = [("threads", "--threads 1"), ("max-steps", more)].into_iter();
        let others: String =
            others.filter(|(name, _)| *name != setting.name).map(|(_, flag)| format!(" {flag}")).collect();
        let said = resume(&format!("{given}{others}"));
        // The other data is elsewhere, and not the same.
        if matches!(setting.resume, OnResume::Fixed | OnResume::MayMove) {
            let named = if setting.name == "model" { "MODEL" } else { given.split(' ').next().unwrap() };
            if let Some(complaint) = complaint(&said, 2, &[named, "--resume", "runs/copy"]) {
                failures.push(format!("{given}: {complaint}: {said:?}"));
            }
            assert_eq!(differences(&begun, &files(&place.path("runs/copy"))), [""; 0], "{given}");
        } else if said.code != Some(0) {
            failures.push(format!("{given} is not honoured: {said:?}"));
        } else if traces(&place, "runs/copy") == plain {
            failures.push(format!("{given} is swallowed"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn the_old_name_of_a_recipe_is_still_known() {
    let place = place();
    let settings = "gan --data digits --batch-size 8 --max-steps 1";
    place.succeed(&format!("train {settings} --recipe report --name flag"));
    fs::write(place.path("my.toml"), "recipe = \"report\"\n").unwrap();
    place.succeed(&format!("train {settings} --config my.toml --name file"));
    place.succeed(&format!("train {settings} --recipe paper --name paper"));
    let [flag, file, paper] =
        ["flag", "file", "paper"].map(|name| fs::read_to_string(place.run_directory(name).manifest()).unwrap());
    assert_eq!((&flag, &file), (&paper, &paper));
    let help = place.succeed("train --help").stdout;
    assert!(help.contains("--recipe <modern|paper>") && !help.contains("report"), "{help}");
}
