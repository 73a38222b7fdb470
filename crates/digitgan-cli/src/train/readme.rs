//! A test that the table of options in README.md is the one made from the declared settings.
//!
//! `DIGITGAN_UPDATE_README=1 cargo test -p digitgan-cli readme` writes it.

use crate::flags;
use digitgan::config::{Kind, OnResume, Recipe, Setting};
use std::fs;
use std::path::Path;

const BEGIN: &str = "<!-- settings: made of crates/digitgan/src/config/settings.rs -->\n";
const END: &str = "<!-- end of settings -->\n";

/// A text of the library, with flags in backticks.
fn markdown(text: &str) -> String {
    let parts = text.split('`').enumerate();
    let quoted = parts.map(|(i, part)| match (i % 2 == 1, Setting::named(part)) {
        (true, Some(setting)) => format!("`{}`", flags::flag(setting)),
        (true, None) => format!("`{part}`"),
        (false, _) => part.to_owned(),
    });
    quoted.collect()
}

/// A default, as code where it is a name.
fn value(setting: &Setting, recipe: Recipe) -> String {
    let default = setting.default(recipe).unwrap_or_default();
    let is_name = setting.kind == Kind::Choice || setting.name == "data";
    if is_name { format!("`{default}`") } else { markdown(&default) }
}

fn row(setting: &Setting) -> String {
    let rules: Vec<String> = setting.rules.iter().map(|rule| markdown(rule.expected)).collect();
    let [modern, paper] = [Recipe::Modern, Recipe::Paper].map(|recipe| value(setting, recipe));
    let default = if modern == paper { modern } else { format!("{modern} (paper: {paper})") };
    let resume = match setting.resume {
        OnResume::Fixed => "",
        OnResume::MayChange => "yes",
        OnResume::MayMove => "to where the same data lies",
        OnResume::MayChangeUnlessScheduled => "unless a rate or noise falls",
    };
    let cells =
        [format!("`{}`", flags::flag(setting)), markdown(setting.help), rules.join("; "), default, resume.to_owned()];
    format!("| {} |\n", cells.join(" | "))
}

fn table() -> String {
    let heading =
        "| option | meaning | must be | default | may change with `--resume` |\n| --- | --- | --- | --- | --- |\n";
    Setting::all().map(row).fold(heading.to_owned(), |table, row| table + &row)
}

#[test]
fn the_readme_has_the_table_of_the_settings() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md");
    let text = fs::read_to_string(&path).unwrap();
    let (before, rest) = text.split_once(BEGIN).expect("README.md marks where the table begins");
    let (found, after) = rest.split_once(END).expect("README.md marks where the table ends");
    let expected = table();
    if found != expected && std::env::var_os("DIGITGAN_UPDATE_README").is_some() {
        fs::write(&path, [before, BEGIN, &expected, END, after].concat()).unwrap();
    } else {
        assert_eq!(found, expected, "DIGITGAN_UPDATE_README=1 cargo test -p digitgan-cli readme writes it");
    }
}
