//! Paths that are not UTF-8 work, or are refused before anything is done; an empty environment variable is one that is
//! not set.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test")]

mod support;

use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;
use support::{Place, Said, complaint, copy, differences, files, said};

const TRAIN: &str = "train gan --batch-size 8 --max-steps 1 --watch off --data";

/// `start`, a byte that no UTF-8 has, and `end`.
fn odd(start: &str, end: &str) -> OsString {
    OsString::from_vec([start.as_bytes(), b"\xff", end.as_bytes()].concat())
}

/// Runs the program with `{}` replaced by a name that is not UTF-8 where that stands in an argument.
fn run(place: &Place, args: &str) -> Said {
    let mut command = place.command("");
    for arg in args.split_whitespace() {
        match arg.split_once("{}") {
            Some((start, end)) => command.arg(odd(start, end)),
            None => command.arg(arg),
        };
    }
    said(command)
}

/// A place with a run, its generator, a judge, settings and a folder, all of names that are not UTF-8.
fn place() -> Place {
    let place = Place::new();
    place.succeed(&format!("{TRAIN} digits --name g"));
    place.succeed("judge train --data digits --epochs 1 --out judge.safetensors");
    let at = |name: OsString| place.path("").join(name);
    fs::copy(place.path("runs/g/generator.safetensors"), at(odd("g", ".safetensors"))).unwrap();
    fs::rename(place.path("judge.safetensors"), at(odd("j", ".safetensors"))).unwrap();
    copy(&place.path("runs/g"), &at(odd("runs/r", "")));
    fs::write(at(odd("c", ".toml")), "model = \"gan\"\n").unwrap();
    fs::create_dir(at(odd("d", ""))).unwrap();
    place
}

#[test]
fn odd_paths_work_or_are_refused_beforehand() {
    let place = place();
    for (args, makes) in [
        ("sample r{} --out s{}.png", "s{}.png"),
        ("sample g{}.safetensors --out t{}.png", "t{}.png"),
        ("data show --data digits --data-dir d{} --out u{}.png", "u{}.png"),
        ("data info --data digits --data-dir d{}", ""),
        ("train --config c{}.toml --data digits --batch-size 8 --max-steps 1 --watch off --out v{}", "v{}/run.toml"),
        ("train --resume r{} --max-steps 2 --watch off", ""),
        ("generate r{} --count 10 --judge j{}.safetensors --out w{}", "w{}/dataset.json"),
        ("judge train --data digits --epochs 1 --out x{}.safetensors", "x{}.safetensors"),
        ("judge test j{}.safetensors --data digits", ""),
        (
            "evaluate r{} --quick --samples 20 --repeats 2 --judge j{}.safetensors --data-dir d{} --out y{}",
            "y{}/evaluation.json",
        ),
    ] {
        let said = run(&place, args);
        // With the few images of this set not all can be measured: then it is said in one line.
        assert!(said.code == Some(0) || complaint(&said, 1, &[]).is_none(), "{args}: {said:?}");
        if let (Some(0), Some((start, end))) = (said.code, makes.split_once("{}")) {
            assert!(place.path("").join(odd(start, end)).exists(), "{args}");
        }
        assert!(said.code == Some(0) || args.starts_with("evaluate"), "{args}: {said:?}");
    }
    let before = listing(&place);
    for args in [
        &format!("{TRAIN} digits --data-dir d{{}}"),
        "train --resume r{} --data-dir d{}",
        "reproduce --data digits --data-dir d{} --quick --out z",
    ] {
        let said = run(&place, args);
        assert_eq!(complaint(&said, 2, &["--data-dir is ", "not UTF-8"]), None, "{args}: {said:?}");
    }
    for verb in [
        "train gan",
        "train --resume g",
        "data show",
        "data info",
        "judge train",
        "judge test",
        "evaluate g",
        "page g",
        "reproduce",
    ] {
        let said = run(&place, &format!("{verb} --data d{{}}"));
        assert_eq!(said.code, Some(2), "{verb}: {said:?}");
        let says = ["--data is d\u{fffd}, which is not UTF-8"];
        assert_eq!(complaint(&said, 2, &says), None, "{verb}: {said:?}");
    }
    for (args, says) in [
        ("data convert d{} x", "IN is d\u{fffd}, which is not UTF-8"),
        ("train gan --name n{}", "--name is n\u{fffd}, which is not UTF-8"),
        ("train gan --augment a{}", "--augment is a\u{fffd}, which is not UTF-8"),
        ("train g{}", "MODEL is g\u{fffd}, which is not UTF-8"),
        ("sample g --digit 7{}", "--digit is 7\u{fffd}, which is not UTF-8"),
        ("generate g --count 10 --digits=7{}", "--digits is 7\u{fffd}, which is not UTF-8"),
    ] {
        let said = run(&place, args);
        assert_eq!(complaint(&said, 2, &[says]), None, "{args}: {said:?}");
    }
    for args in [
        "sample r{} --json",
        "sample g --out s2{}.png --json",
        "generate g --count 10 --out w2{} --json",
        "evaluate r{} --json",
        "page r{} --json",
        "reproduce --out z{} --json",
        "data show --out s2{}.png --json",
        "data info --data-dir d{} --json",
        "judge train --data digits --out x2{} --json",
        "judge test j{} --json",
        "train gan --data digits --out v2{} --json",
        "train --resume r{} --json",
    ] {
        let said = run(&place, args);
        assert_eq!(complaint(&said, 2, &["--json can only print UTF-8"]), None, "{args}: {said:?}");
    }
    assert_eq!(listing(&place), before);
}

/// Every path below the place.
fn listing(place: &Place) -> Vec<PathBuf> {
    let (mut found, mut folders) = (Vec::new(), vec![place.path("")]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            found.push(path.clone());
            folders.extend(Some(path).filter(|path| path.is_dir()));
        }
    }
    found.sort();
    found
}

#[test]
fn a_run_is_not_begun_where_its_data_could_not_be_found_again() {
    let place = Place::new();
    let folder = place.path("").join(odd("here", ""));
    fs::create_dir(&folder).unwrap();
    copy(&place.path("digits"), &folder.join("digits"));
    let mut command = place.command(&format!("{TRAIN} digits --name x"));
    command.current_dir(&folder);
    let said = said(command);
    assert_eq!(complaint(&said, 2, &["--data is ", "not UTF-8", "cannot be recorded"]), None, "{said:?}");
    assert!(!folder.join("runs").exists());
}

#[test]
fn empty_variables_are_not_set() {
    let place = Place::new();
    let variables = ["DIGITGAN_DATA_DIR", "DIGITGAN_SIMD", "NO_COLOR", "XDG_CACHE_HOME", "COLORTERM", "TERM"];
    for args in ["data info --data digits --json", &format!("{TRAIN} digits --name a --json")] {
        let mut command = place.command(args);
        command.envs(variables.map(|variable| (variable, "")));
        let said = said(command);
        assert_eq!(said.code, Some(0), "{args}: {said:?}");
    }
    // What is given as nothing is a mistake.
    let before = files(&place.path(""));
    let mut command = place.command("data info --data digits --data-dir=");
    command.env("DIGITGAN_DATA_DIR", "digits");
    let said = said(command);
    assert_eq!(said.code, Some(2), "{said:?}");
    assert_eq!(differences(&before, &files(&place.path(""))), [""; 0]);
}

/// clap's own tip, `-- -x`, would put the path elsewhere.
#[test]
fn the_tip_about_paths_that_begin_with_a_dash_helps() {
    let place = Place::new();
    place.write_digits("-x", 50, 10);
    for args in ["data info --data", "train gan --batch-size 8 --watch off --max-steps 1 --data"] {
        let said = place.digitgan(&format!("{args} -x"));
        assert_eq!(complaint(&said, 2, &["unexpected argument '-x'"]), None, "{said:?}");
        assert!(said.stderr.contains("tip: ") == args.starts_with("train"), "{said:?}");
        assert!(!said.stderr.contains("-- -x"), "{said:?}");
        place.succeed(&format!("{args} ./-x"));
    }
    let said = place.digitgan("sample -x");
    assert!(said.stderr.contains("tip: a path that begins with a dash is given with ./ before it"), "{said:?}");
}
