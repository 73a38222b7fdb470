//! What `digitgan write` is to write: arguments, lines of a file, or a template.

use crate::text;
use crate::usage::Usage;
use anyhow::{Context, bail};
use digitgan::handwriting::{Template, Text, check_text};
use digitgan::written::Texts;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Lines of one picture, at most.
const MOST_LINES: usize = 200;
/// Bytes of a file of lines, at most.
const MOST_BYTES: u64 = 256 << 20;

/// What is to be written, as options.
#[derive(clap::Args)]
pub(super) struct TextArgs {
    /// What is written: each a line
    #[arg(value_name = "TEXT", value_parser = text::any(), conflicts_with_all = ["lines", "template"])]
    texts: Vec<String>,
    /// A file whose lines are written; -: standard input
    #[arg(long, value_name = "FILE|-", conflicts_with = "template")]
    lines: Option<PathBuf>,
    /// A template for what is written, each line another: date:%d.%m.%Y, time:%H:%M, amount:#.###,##, postcode:#####,
    /// meter:######, pattern:##-##
    #[arg(long, value_name = "TEMPLATE", value_parser = text::of(str::parse::<Template>))]
    template: Option<Template>,
}

impl TextArgs {
    /// The lines of one picture, by one person where they are to look so.
    pub(super) fn of_picture(&self, seed: u64, consistent: bool) -> anyhow::Result<Vec<Text>> {
        let texts = match self.of_set()? {
            Texts::Given(texts) => texts,
            Texts::Template(template) => vec![template.text(seed, 0)],
        };
        if texts.len() > MOST_LINES {
            let (found, most) = (texts.len(), MOST_LINES);
            return Err(Usage(format!(
                "{found} lines are too many for one picture, which holds {most}: for a data set, give --count {found}"
            ))
            .into());
        }
        let text = |(line, text): (u64, String)| {
            let text = Text::new(text, line)?;
            Ok(if consistent { text.by(0) } else { text })
        };
        (0..).zip(texts).map(text).collect()
    }

    /// What lines say; texts are checked.
    pub(super) fn of_set(&self) -> anyhow::Result<Texts> {
        if let Some(template) = &self.template {
            return Ok(Texts::Template(template.clone()));
        }
        if let Some(path) = &self.lines {
            return Ok(Texts::Given(read(path)?));
        }
        if self.texts.is_empty() {
            let what = "there is nothing to write: give a TEXT, such as 2026-11-27, or --lines, or --template";
            return Err(Usage(what.to_owned()).into());
        }
        self.texts.iter().try_for_each(|text| check_text(text)).map_err(|error| Usage(error.to_string()))?;
        Ok(Texts::Given(self.texts.clone()))
    }
}

/// The lines of a file; empty ones are passed over.
fn read(path: &Path) -> anyhow::Result<Vec<String>> {
    let named = if path.as_os_str() == "-" { "standard input".to_owned() } else { path.display().to_string() };
    let mut bytes = Vec::new();
    let read = match path.as_os_str() == "-" {
        true => std::io::stdin().lock().take(MOST_BYTES + 1).read_to_end(&mut bytes),
        false => File::open(path).and_then(|file| file.take(MOST_BYTES + 1).read_to_end(&mut bytes)),
    };
    read.with_context(|| format!("cannot read {named}"))?;
    if bytes.len() as u64 > MOST_BYTES {
        bail!("{named} has more than {} MiB: give some of its lines", MOST_BYTES >> 20);
    }
    let Ok(text) = String::from_utf8(bytes) else {
        bail!("{named} is no text in UTF-8: give a file of lines to write")
    };
    let mut lines = Vec::new();
    for (number, line) in (1..).zip(text.trim_start_matches('\u{feff}').lines()) {
        if line.trim().is_empty() {
            continue;
        }
        if let Err(error) = check_text(line) {
            bail!("line {number} of {named}: {error}");
        }
        lines.push(line.to_owned());
    }
    if lines.is_empty() {
        bail!("{named} has no lines to write");
    }
    Ok(lines)
}
