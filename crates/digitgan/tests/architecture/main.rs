//! The waterline: arithmetic below, files and front ends above; imports run one way, and in no circle. `ARCHITECTURE.md`
//! draws it, this keeps it so.
#![allow(clippy::unwrap_used, reason = "a test")]

mod imports;

use imports::{Sources, circles};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// What needs neither disk, network, clock nor flag. A module imports only what stands before it.
const BELOW: [&str; 17] = [
    "hash",
    "seed",
    "pixel",
    "model",
    "input",
    "data",
    "loss",
    "weights",
    "engine",
    "judge",
    "metrics",
    "sample",
    "config",
    "train",
    "evaluation",
    "kind",
    "prelude",
];
/// What does, in the same order.
const ABOVE: [&str; 7] = ["files", "load", "picture", "run", "generate", "page", "session"];
/// What code below the waterline may not name.
const NEEDS: [&str; 9] = [
    "std::fs",
    "std::net",
    "std::process",
    "std::time",
    "std::env",
    "println!",
    "print!",
    "Instant::now",
    "SystemTime",
];

fn crates() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn library() -> Sources {
    Sources::read(&crates().join("digitgan/src"))
}

/// Arrows that run upward in an order, in words.
fn upward(sources: &Sources, order: &[&str]) -> Vec<String> {
    let rank = |file: &str| {
        let module = Sources::module_of_file(file)?;
        Some((order.iter().position(|known| *known == module).unwrap_or(usize::MAX), module))
    };
    let mut found = Vec::new();
    for ((from, to), names) in sources.arrows() {
        // The root only declares modules; what it defines is everybody's.
        let (Some((from_rank, from_module)), Some((to_rank, to_module))) = (rank(&from), rank(&to)) else { continue };
        if from_rank < to_rank {
            let names = names.into_iter().collect::<Vec<_>>().join(", ");
            found.push(format!("{from_module} imports {to_module}, which stands above it: {from} names {names}"));
        }
    }
    found
}

fn in_circles(sources: &Sources) -> Vec<String> {
    let arrows = sources.arrows();
    let describe = |circle: &BTreeSet<String>| {
        let within = arrows.iter().filter(|((from, to), _)| circle.contains(from) && circle.contains(to));
        let lines = within.map(|((from, to), names)| {
            format!("    {from} -> {to}: {}", names.iter().cloned().collect::<Vec<_>>().join(", "))
        });
        format!("{} files:\n{}", circle.len(), lines.collect::<Vec<_>>().join("\n"))
    };
    circles(&arrows).iter().map(describe).collect()
}

#[test]
fn every_module_has_its_place_and_no_import_runs_upward() {
    let order: Vec<&str> = BELOW.into_iter().chain(ABOVE).collect();
    let sources = library();
    let known: BTreeSet<String> = order.iter().map(|module| (*module).to_owned()).collect();
    let nowhere: Vec<String> = sources.modules().difference(&known).cloned().collect();
    assert!(nowhere.is_empty(), "give these modules their place in the order: {nowhere:?}");
    let found = upward(&sources, &order);
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn no_files_import_each_other_in_a_circle() {
    for source in ["kernels/src", "digitgan/src", "digitgan-cli/src"] {
        let found = in_circles(&Sources::read(&crates().join(source)));
        assert!(found.is_empty(), "{source}: {}", found.join("\n"));
    }
}

#[test]
fn nothing_below_the_waterline_needs_disk_network_or_clock_and_no_library_error_names_a_flag() {
    let source = crates().join("digitgan/src");
    let mut found = Vec::new();
    let mut folders = vec![source.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path.strip_prefix(&source).unwrap().to_str().unwrap().replace('\\', "/");
            if name.ends_with("tests.rs") || !name.ends_with(".rs") {
                continue;
            }
            let below = Sources::module_of_file(&name).is_some_and(|module| BELOW.contains(&module.as_str()));
            let text = fs::read_to_string(&path).unwrap();
            let code = text.lines().take_while(|line| line.trim() != "#[cfg(test)]");
            for (number, line) in code.enumerate() {
                let line = line.trim();
                if line.starts_with("//") {
                    continue;
                }
                let needs = below && NEEDS.iter().any(|need| line.contains(need));
                if needs || names_a_flag(line) {
                    found.push(format!("{name}:{}: {line}", number + 1));
                }
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// Whether a string in a line of code names a flag of a command line. The style sheet of a page has variables that look so.
fn names_a_flag(line: &str) -> bool {
    let flag = |text: &str| {
        let mut parts = text.split("--").skip(1);
        parts.any(|after| after.starts_with(|c: char| c.is_ascii_lowercase()) && !after.starts_with("even"))
    };
    let recorded = "`digitgan train --config` takes this file";
    line.split('"').skip(1).step_by(2).any(|text| flag(text) && !text.contains(recorded))
}

#[test]
fn the_page_on_architecture_names_every_module() {
    let page = fs::read_to_string(crates().parent().unwrap().join("ARCHITECTURE.md")).unwrap();
    let missing: Vec<String> = library().modules().into_iter().filter(|m| !page.contains(&format!("`{m}`"))).collect();
    assert!(missing.is_empty(), "ARCHITECTURE.md does not name {missing:?}");
}

#[test]
fn the_checks_find_what_they_look_for() {
    let upward_import = [("low.rs", "use crate::high::Thing;"), ("high.rs", "pub struct Thing;")];
    let found = upward(&Sources::parse(upward_import), &["low", "high"]);
    assert_eq!(found, ["low imports high, which stands above it: low.rs names crate::high::Thing"]);
    assert!(upward(&Sources::parse(upward_import), &["high", "low"]).is_empty());

    // By a path in an expression, two and three files, through a name that is handed on.
    let two = [("m/a.rs", "pub fn a() { super::b::b() }"), ("m/b.rs", "use super::a::a; pub fn b() { a() }")];
    assert_eq!(in_circles(&Sources::parse(two)).len(), 1);
    let three = [
        ("m/mod.rs", "mod a; mod b; mod c; pub use c::C;"),
        ("m/a.rs", "use super::C; pub struct A;"),
        ("m/b.rs", "use super::a::A; pub struct B;"),
        ("m/c.rs", "pub struct C; impl C { fn c(b: super::b::B) {} }"),
    ];
    let circle = in_circles(&Sources::parse(three)).pop().unwrap();
    assert!(circle.starts_with("3 files") && circle.contains("m/a.rs -> m/c.rs: super::C"), "{circle}");

    // A parent that uses its child, which uses the parent; one that only hands on does not.
    let parent = [("m/mod.rs", "mod a; use a::A; pub const N: usize = 1;"), ("m/a.rs", "use super::N; pub struct A;")];
    assert_eq!(in_circles(&Sources::parse(parent)).len(), 1);
    let hands_on =
        [("m/mod.rs", "mod a; pub use a::A; pub const N: usize = 1;"), ("m/a.rs", "use super::N; pub struct A;")];
    assert!(in_circles(&Sources::parse(hands_on)).is_empty());
    // Tests may import what they like.
    let tests = [
        ("m/a.rs", "pub struct A; #[cfg(test)] mod tests { use super::super::b::B; }"),
        ("m/b.rs", "use super::a::A; pub struct B;"),
    ];
    assert!(in_circles(&Sources::parse(tests)).is_empty());

    assert!(names_a_flag(r#"#[error("--lr is {found}")]"#) && names_a_flag(r#"f("give --out")"#));
    assert!(!names_a_flag(r#"f("a -- b"); // "#) && !names_a_flag("a--b"));
}
