//! Mistakes in how the program was called.

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

/// Refuses `--json` beside an argument that is not UTF-8: JSON could only say a path that is not the one given.
pub(crate) fn check_texts() -> anyhow::Result<()> {
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    let odd = arguments.iter().find(|argument| argument.to_str().is_none());
    match odd {
        Some(odd) if arguments.iter().any(|argument| argument == "--json") => Err(Usage(format!(
            "--json can only print UTF-8, which {} is not: give another path, or leave --json out",
            odd.display()
        ))
        .into()),
        _ => Ok(()),
    }
}
