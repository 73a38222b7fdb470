//! Settings of a training in a TOML file.

use crate::usage::Usage;
use anyhow::Context;
use digitgan::config::{ConfigError, Kind, Layer, Setting};
use digitgan::run::manifest::Manifest;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use toml::{Spanned, Table, Value};

/// Largest file that is read.
const MAX_BYTES: u64 = 1 << 20;

/// Reads the settings of a file, or those of the run that a `run.toml` describes. `is_option` tells the names of options, which
/// people may take for settings.
pub(super) fn read(path: &Path, is_option: &dyn Fn(&str) -> bool) -> anyhow::Result<Layer> {
    let text = read_text(path).with_context(|| format!("cannot read {}", path.display()))?;
    let at = |start: usize, what: &str| {
        let line = 1 + text.as_bytes()[..start.min(text.len())].iter().filter(|&&byte| byte == b'\n').count();
        Usage(format!("{} line {line}: {what}", path.display()))
    };
    let torn =
        |error: toml::de::Error| at(error.span().map_or(0, |span| span.start), &error.message().replace('\n', " "));
    let table: BTreeMap<Spanned<String>, Spanned<Value>> = toml::from_str(&text).map_err(torn)?;
    if table.keys().any(|key| key.get_ref() == "format") {
        let Manifest { config, dataset, .. } = Manifest::read(path)?;
        return Ok(Layer { data_dir: dataset.data_dir, ..Layer::from(&config) });
    }
    for (key, value) in &table {
        check(key.get_ref(), value.get_ref(), is_option).map_err(|what| at(key.span().start, &what))?;
    }
    Ok(toml::from_str(&text).map_err(torn)?)
}

fn read_text(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(MAX_BYTES + 1).read_to_string(&mut text)?;
    match text.len() as u64 > MAX_BYTES {
        true => Err(io::Error::other(format!("it has more than the {MAX_BYTES} bytes that are read"))),
        false => Ok(text),
    }
}

/// An impossible setting, as a mistake of the file if that is where it was said, and else of the command line.
pub(super) fn mistake(error: ConfigError, said: &Layer, file: Option<&Path>) -> anyhow::Error {
    match (file, Setting::named(error.setting()).and_then(|setting| setting.text(said))) {
        (Some(file), None) => Usage(format!("{}: {}", file.display(), error.to_string().replace('`', ""))).into(),
        _ => error.into(),
    }
}

/// Refuses what is no setting, or no value of it, in words.
fn check(key: &str, value: &Value, is_option: &dyn Fn(&str) -> bool) -> Result<(), String> {
    let Some(setting) = Setting::named(key) else { return Err(unknown(key, is_option)) };
    let alone = Table::from_iter([(key.to_owned(), value.clone())]);
    match alone.try_into::<Layer>() {
        Ok(_) => Ok(()),
        Err(_) => Err(format!("{key} cannot be {value}: {}", expected(setting, value))),
    }
}

fn unknown(key: &str, is_option: &dyn Fn(&str) -> bool) -> String {
    let with_dashes = key.replace('_', "-");
    if Setting::named(&with_dashes).is_some() {
        format!("{key} is no setting: it is called {with_dashes}")
    } else if is_option(&with_dashes) {
        format!("{key} is no setting of a run, so it cannot stand in a file: give --{with_dashes} on the command line")
    } else {
        let names: Vec<&str> = Setting::all().map(|setting| setting.name).collect();
        format!("{key} is no setting; there are {}", names.join(", "))
    }
}

/// What a value of a setting must be, where this is none.
fn expected(setting: &Setting, value: &Value) -> String {
    let reason = |text: &str| match setting.set(&mut Layer::default(), text) {
        Err(ConfigError::Text { reason, .. }) => reason,
        _ => String::new(),
    };
    match (setting.kind, value) {
        (Kind::Whole, Value::Integer(0..)) => {
            reason(&value.to_string()).replace("number too large to fit in target type", "it is too large")
        }
        (Kind::Whole, _) => "give a whole number, 0 or more, without quotes".to_owned(),
        (Kind::Real, _) => "give a number, without quotes".to_owned(),
        (Kind::Choice | Kind::Text, Value::String(text)) => reason(text),
        (Kind::List, Value::Array(items)) if items.iter().all(Value::is_str) => {
            let names: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
            reason(&names.join(","))
        }
        (Kind::List, _) => {
            format!("give a list of names, such as [\"{}\"]", setting.value.split('|').next().unwrap_or_default())
        }
        (Kind::Choice, _) => format!("{}, in quotes", reason(&value.to_string())),
        _ => "give a text, in quotes".to_owned(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_a_file_is_said_in_words() {
        for (line, says) in [
            ("epochs = \"three\"", "epochs cannot be \"three\": give a whole number"),
            ("epochs = -1", "epochs cannot be -1: give a whole number, 0 or more"),
            ("epochs = 1.5", "epochs cannot be 1.5: give a whole number"),
            ("epochs = 5000000000", "epochs cannot be 5000000000: it is too large"),
            ("threads = 0", "threads cannot be 0: 0 is not in 1..=1024"),
            ("lr = \"fast\"", "lr cannot be \"fast\": give a number"),
            ("model = \"wgan\"", "model cannot be \"wgan\": "),
            ("loss = \"mse\"", "loss cannot be \"mse\": choose cross-entropy"),
            ("model = 3", "choose gan, cgan or acgan, in quotes"),
            ("data = \"\"", "data cannot be \"\": the data source is empty"),
            ("augment = \"affine\"", "augment cannot be \"affine\": give a list of names, such as [\"affine\"]"),
            ("augment = [\"blur\"]", "augment cannot be [\"blur\"]: "),
            ("out = 7", "out cannot be 7: give a text, in quotes"),
            ("batch_size = 8", "batch_size is no setting: it is called batch-size"),
            ("device = \"cpu\"", "give --device on the command line"),
            ("json = true", "give --json on the command line"),
            ("learning-rate = 1", "learning-rate is no setting; there are recipe, model"),
            ("[train]", "train is no setting"),
            ("epochs =", ""),
            ("epochs = 1\nepochs = 2", "duplicate key"),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("my.toml");
            std::fs::write(&path, format!("# mine\nseed = 3\n{line}\n")).unwrap();
            let error = read(&path, &|name| ["device", "json"].contains(&name)).unwrap_err();
            let text = error.to_string();
            assert!(error.is::<Usage>() && text.contains("my.toml line ") && text.contains(says), "{line}: {text}");
            assert!(!text.contains('\n') && !text.contains("invalid type"), "{text}");
        }
    }
}
