//! The public face stays what it is: what the prelude names has an example on its page, and every error enum can grow and
//! has a kind.
#![allow(clippy::unwrap_used, reason = "a test")]

mod rust_files;

use rust_files::rust_files;
use std::path::Path;

/// Every Rust file of the library, with its text.
fn sources() -> Vec<(String, String)> {
    rust_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"))
}

/// What stands directly above line `line`: documentation and attributes.
fn above(text: &str, line: usize) -> Vec<&str> {
    let lines: Vec<&str> = text.lines().collect();
    let is_above =
        |line: &&&str| matches!(line.trim_start().get(..3), Some("///" | "#[d" | "#[n" | "#[s" | "#[e" | "#[r"));
    lines[..line].iter().rev().take_while(is_above).copied().collect()
}

/// Path and name, as it is declared, of each item of the prelude: `crate::config::Layer`.
fn prelude() -> Vec<String> {
    let text = include_str!("../src/prelude.rs");
    let code: String = text.lines().filter(|line| !line.starts_with("//") && !line.starts_with("#[")).collect();
    let mut items = Vec::new();
    for statement in code.split(';').filter_map(|statement| statement.trim().strip_prefix("pub use ")) {
        let (path, names) = match statement.split_once('{') {
            Some((path, names)) => (path, names.trim_end_matches('}')),
            None => statement.rsplit_once("::").map(|(path, name)| (&statement[..path.len() + 2], name)).unwrap(),
        };
        let names = names.split(',').map(|name| name.split(" as ").next().unwrap().trim());
        items.extend(names.filter(|name| !name.is_empty()).map(|name| format!("{path}{name}")));
    }
    items
}

/// The file among `sources` and the line where an item is declared: the one whose path has most of the item's modules.
fn declaration<'a>(sources: &'a [(String, String)], item: &str) -> (&'a str, usize) {
    let (path, name) = item.rsplit_once("::").unwrap();
    let is_declared = |line: &str| {
        ["struct", "enum", "fn", "trait", "type"].iter().any(|what| {
            let rest = line.trim_start().strip_prefix("pub ").and_then(|line| line.strip_prefix(what));
            let rest = rest.and_then(|rest| rest.trim_start().strip_prefix(name));
            rest.is_some_and(|rest| !rest.starts_with(|next: char| next.is_alphanumeric() || next == '_'))
        })
    };
    let folder = path.strip_prefix("crate::").unwrap().split("::").next().unwrap();
    let mut found = Vec::new();
    for (file, text) in sources {
        // An item of another module that is declared elsewhere is looked for everywhere.
        let near = file.starts_with(folder);
        found.extend(text.lines().position(is_declared).map(|line| (near, text.as_str(), line)));
    }
    found.sort_by_key(|(near, _, _)| !near);
    let (_, text, line) = *found.first().unwrap_or_else(|| panic!("{item} is not declared anywhere"));
    (text, line)
}

#[test]
fn what_the_prelude_names_has_an_example_on_its_page() {
    let (sources, items) = (sources(), prelude());
    assert!((50..=80).contains(&items.len()), "{} items are not about sixty", items.len());
    let has_example = |docs: Vec<&str>| docs.iter().any(|line| line.trim_start().starts_with("/// ```"));
    let without: Vec<&String> = items
        .iter()
        // A module: its functions have examples.
        .filter(|item| !item.ends_with("::strokes"))
        .filter(|item| {
            let (text, line) = declaration(&sources, item);
            !has_example(above(text, line))
        })
        .collect();
    assert!(without.is_empty(), "no example: {without:?}");
}

#[test]
fn the_tour_of_the_prelude_names_all_of_it() {
    let text = include_str!("../src/prelude.rs");
    let tour: String = text.lines().filter(|line| line.starts_with("//!")).collect();
    let shown = |item: &String| match item.rsplit("::").next().unwrap() {
        // Under other names, since two modules have a plan.
        "Plan" if item.contains("generate") => "SetPlan".to_owned(),
        "Source" => "SetSource".to_owned(),
        "train" => "train_judge".to_owned(),
        name => name.to_owned(),
    };
    let missing: Vec<String> =
        prelude().iter().map(shown).filter(|name| !tour.contains(&format!("[`{name}"))).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn every_error_can_grow_and_has_a_kind() {
    let mut faults = Vec::new();
    let mut errors = 0;
    for (_, text) in sources() {
        for (line, found) in text.lines().enumerate() {
            let Some(name) = found.strip_prefix("pub enum ").and_then(|rest| rest.strip_suffix(" {")) else { continue };
            if !name.ends_with("Error") {
                continue;
            }
            errors += 1;
            if !above(&text, line).contains(&"#[non_exhaustive]") {
                faults.push(format!("{name} is not #[non_exhaustive]"));
            }
            let begins = format!("\nimpl {name} {{");
            let mut methods = text.split(&begins).skip(1).map(|rest| rest.split("\n}").next().unwrap());
            if !methods.any(|body| body.contains("pub fn kind(&self) -> ErrorKind")) {
                faults.push(format!("{name} has no kind"));
            }
        }
    }
    assert!(errors > 20 && faults.is_empty(), "of {errors}: {faults:#?}");
}
