//! The waterline: arithmetic below, files and front ends above; imports run one way, and in no circle. `ARCHITECTURE.md`
//! draws it, this keeps it so. `checks` tries what is used here on made-up sources.
#![allow(clippy::unwrap_used, reason = "a test")]

mod checks;
mod imports;
mod names;
#[path = "../rust_files/mod.rs"]
mod rust_files;

use imports::{Sources, circles, top_level_module};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// What needs neither disk, network, clock nor flag. A module imports only what stands before it.
const BELOW: [&str; 19] = [
    "hash",
    "error",
    "seed",
    "pixel",
    "input",
    "model",
    "data",
    "loss",
    "weights",
    "onnx",
    "engine",
    "metrics",
    "judge",
    "sample",
    "config",
    "train",
    "evaluation",
    "built_in",
    "handwriting",
];
/// What does, in the same order.
const ABOVE: [&str; 10] =
    ["files", "load", "picture", "run", "convert", "generate", "written", "page", "session", "prelude"];
/// What code below the waterline may not name.
const NEEDS: [&str; 6] = ["std::fs", "std::net", "std::process", "std::time", "std::env", "std::io::std"];
/// What it may not call.
const PRINTS: [&str; 5] = ["print", "println", "eprint", "eprintln", "dbg"];
/// Texts of the library that look as if they named a flag of the command line, and why they may.
const NO_FLAGS: [(&str, &str, &str); 2] = [
    ("page/tables.rs", "--even", "a variable of the page's style sheet"),
    ("run/manifest.rs", "digitgan train --config", "the head of run.toml: what users can do with that file"),
];

fn crates() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn library() -> Sources {
    Sources::read(&crates().join("digitgan/src"))
}

/// Arrows that run upward in an order, in words.
fn upward(sources: &Sources, order: &[&str]) -> Vec<String> {
    let rank = |module: &str| order.iter().position(|known| *known == module).unwrap_or(usize::MAX);
    let mut found = Vec::new();
    for ((from, to), names) in sources.arrows() {
        // The root only declares modules; what it defines is everybody's.
        let (Some(low), Some(high)) = (top_level_module(&from), top_level_module(&to)) else { continue };
        if rank(&low) < rank(&high) {
            let line = |(name, line)| format!("{from}:{line}: {low} imports {high}, which stands above it: {name}");
            found.extend(names.into_iter().map(line));
        }
    }
    found
}

/// The circles of files, in words.
fn in_circles(sources: &Sources) -> Vec<String> {
    let arrows = sources.arrows();
    let names = |ties: &BTreeMap<String, usize>| ties.keys().cloned().collect::<Vec<_>>().join(", ");
    let describe = |circle: &BTreeSet<String>| {
        let within = arrows.iter().filter(|((from, to), _)| circle.contains(from) && circle.contains(to));
        let lines = within.map(|((from, to), ties)| format!("\n    {from} -> {to}: {}", names(ties)));
        format!("{} files:{}", circle.len(), lines.collect::<String>())
    };
    circles(&arrows).iter().map(describe).collect()
}

/// Where code in one of these modules names what it may not need, or prints.
fn needs(sources: &Sources, modules: &[&str]) -> Vec<String> {
    let below = |module: Option<String>| module.is_some_and(|module| modules.contains(&module.as_str()));
    let mut found = Vec::new();
    for file in sources.files().filter(|file| below(file.top_level_module())) {
        let paths = file.names.paths.iter().map(|(line, path)| (line, file.spelled_out(path).join("::")));
        let needed = paths.filter(|(_, path)| NEEDS.iter().any(|need| path.starts_with(need)));
        found.extend(needed.map(|(line, path)| format!("{}:{line}: {path}", file.name)));
        let printed = file.names.macros.iter().filter(|(_, name)| PRINTS.contains(&name.as_str()));
        found.extend(printed.map(|(line, name)| format!("{}:{line}: {name}!", file.name)));
    }
    found
}

/// Texts that look as if they named a flag, `--` before a letter: file, line, text.
fn flags(sources: &Sources) -> Vec<(&str, usize, &str)> {
    let named = |text: &str| text.split("--").skip(1).any(|after| after.starts_with(|c: char| c.is_ascii_lowercase()));
    let mut found = Vec::new();
    for file in sources.files() {
        let texts = file.names.strings.iter().filter(|(_, text)| named(text));
        found.extend(texts.map(|(line, text)| (file.name.as_str(), *line, text.as_str())));
    }
    found
}

#[test]
fn every_module_has_its_place_and_no_import_runs_upward() {
    let order: Vec<&str> = BELOW.into_iter().chain(ABOVE).collect();
    let sources = library();
    let known: BTreeSet<String> = order.iter().map(|module| (*module).to_owned()).collect();
    assert_eq!(sources.modules(), known, "every module has its place in the order, and every place its module");
    let found = upward(&sources, &order);
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn no_files_import_each_other_in_a_circle() {
    let crates = ["kernels", "digitgan", "digitgan-cli", "digitgan-python"].map(|name| crates().join(name).join("src"));
    let found: Vec<String> = crates.iter().flat_map(|source| in_circles(&Sources::read(source))).collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn nothing_below_the_waterline_needs_disk_network_or_clock() {
    let found = needs(&library(), &BELOW);
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn the_library_names_no_flags() {
    let sources = library();
    let found = flags(&sources);
    let excepts =
        |exception: &(&str, &str, &str), file: &str, text: &str| file == exception.0 && text.contains(exception.1);
    let bad = found.iter().filter(|(file, _, text)| !NO_FLAGS.iter().any(|exception| excepts(exception, file, text)));
    let bad: Vec<String> = bad.map(|(file, line, text)| format!("{file}:{line}: {text:?}")).collect();
    assert!(bad.is_empty(), "name the setting, and let the command line add dashes:\n{}", bad.join("\n"));
    for exception in &NO_FLAGS {
        let used = found.iter().any(|(file, _, text)| excepts(exception, file, text));
        assert!(used, "there is nothing left to except: {exception:?}");
    }
}

#[test]
fn the_page_on_architecture_has_every_module_in_its_order() {
    let page = fs::read_to_string(crates().parent().unwrap().join("ARCHITECTURE.md")).unwrap();
    let rows = page.lines().skip_while(|line| !line.starts_with("| module |")).skip(2);
    let first = |row: &str| row.split('|').nth(1).unwrap_or_default().trim().trim_matches(['`', '*']).to_owned();
    let rows: Vec<String> = rows.take_while(|line| line.starts_with('|')).map(first).collect();
    let expected: Vec<&str> = BELOW.into_iter().chain(["the waterline"]).chain(ABOVE).collect();
    assert_eq!(rows, expected, "the table of modules in ARCHITECTURE.md");
}
