//! Rules that the sources keep, and that no compiler knows.
#![allow(clippy::unwrap_used, reason = "a test")]

mod rust_files;

use digitgan::model::Variant;
use rust_files::rust_files;
use std::path::Path;

/// Where a model may be named: in the table of the models, and where a person's wish has a default.
const MAY_NAME_MODELS: [&str; 2] = ["crates/digitgan/src/model/", "crates/digitgan/src/config/settings.rs"];
/// Where code may be unsafe: in the kernels, and in a test that needs an allocator.
const MAY_BE_UNSAFE: [&str; 2] = ["crates/kernels/", "crates/digitgan/tests/steady_state.rs"];

/// Every Rust file of the workspace: its path from the workspace's folder, and its text.
fn sources() -> Vec<(String, String)> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
    let below = |folder: &'static str| {
        rust_files(&workspace.join(folder)).into_iter().map(move |(name, text)| (format!("{folder}/{name}"), text))
    };
    let found: Vec<_> = ["crates", "bench/programs"].into_iter().flat_map(below).collect();
    assert!(found.len() > 50, "the sources should be here: {}", workspace.display());
    found
}

/// The lines that hold `forbidden`, outside of the files that begin with one of `allowed`.
fn offences(allowed: &[&str], lines: impl Fn(&str, &str) -> usize, forbidden: impl Fn(&str) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    for (name, text) in sources() {
        let judged = lines(&name, &text);
        if allowed.iter().any(|allowed| name.starts_with(allowed)) {
            continue;
        }
        for (index, line) in text.lines().enumerate().take(judged) {
            if forbidden(line) {
                found.push(format!("{name}:{}: {}", index + 1, line.trim()));
            }
        }
    }
    found
}

#[test]
fn no_code_outside_the_table_names_a_model() {
    // Tests may: they stand at the end of a file, or in a folder of their own.
    let judged = |name: &str, text: &str| match name.contains("/src/") && !name.ends_with("/tests.rs") {
        true => text.lines().position(|line| line == "#[cfg(test)]").unwrap_or(usize::MAX),
        false => 0,
    };
    // Examples in documentation may: they are what users write.
    let is_code = |line: &str| !line.trim_start().starts_with("//");
    let names = Variant::ALL.map(|variant| format!("Variant::{variant:?}"));
    let found = offences(&MAY_NAME_MODELS, judged, |line| {
        is_code(line) && names.iter().any(|name| line.contains(name.as_str()))
    });
    assert!(found.is_empty(), "ask Variant::wiring instead:\n{}", found.join("\n"));
}

#[test]
fn only_the_kernels_are_unsafe() {
    let word = concat!("un", "safe");
    let found = offences(
        &MAY_BE_UNSAFE,
        |_, _| usize::MAX,
        |line| {
            let code = line.split("//").next().unwrap_or_default();
            code.split(|c: char| !c.is_alphanumeric() && c != '_').any(|found| found == word)
        },
    );
    assert!(found.is_empty(), "put it into the kernels:\n{}", found.join("\n"));
}
