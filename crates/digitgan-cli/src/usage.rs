//! Mistakes in how the program was called.

use clap::error::{ContextKind, ContextValue};
use std::ffi::OsString;

/// A mistake in how the program was called.
#[derive(Debug)]
pub(crate) struct Usage(pub(crate) String);

impl std::fmt::Display for Usage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Usage {}

/// A mistake that clap found, without its tip to put `--` before what begins with a dash: that helps where a path stands by
/// itself, but not after an option. `./` before it helps everywhere.
pub(crate) fn with_a_tip_that_helps(mut error: clap::Error) -> clap::Error {
    let Some(ContextValue::StyledStrs(tips)) = error.get(ContextKind::Suggested) else { return error };
    let is_false = |tip: &clap::builder::StyledStr| tip.to_string().contains(" as a value, use ");
    let mut tips = tips.clone();
    if tips.iter().any(is_false) {
        tips.retain(|tip| !is_false(tip));
        let is_number =
            |arg: &str| arg.strip_prefix('-').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
        if !matches!(error.get(ContextKind::InvalidArg), Some(ContextValue::String(arg)) if is_number(arg)) {
            tips.push("a path that begins with a dash is given with ./ before it".into());
        }
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(tips));
    }
    error
}

/// Refuses `--json` beside an argument that is not UTF-8: JSON could only say a path that is not the one given.
pub(crate) fn check_texts(arguments: &[OsString]) -> anyhow::Result<()> {
    let odd = arguments.iter().skip(1).find(|argument| argument.to_str().is_none());
    match odd {
        Some(odd) if arguments.iter().any(|argument| argument == "--json") => Err(Usage(format!(
            "--json can only print UTF-8, which {} is not: give another path, or leave --json out",
            odd.display()
        ))
        .into()),
        _ => Ok(()),
    }
}
