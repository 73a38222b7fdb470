//! Where a result goes that a person named: a file, or standard output.

use crate::usage::Usage;
use crate::{output, place};
use clap::builder::{PathBufValueParser, TypedValueParser};
use digitgan::files::output::{self as file, FileKind, OutputError};
use std::ffi::OsString;
use std::io::{IsTerminal, Write};
use std::path::PathBuf;

/// Names of standard output.
const STANDARD_OUTPUT: [&str; 4] = ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"];

/// Where one file goes: the value of `--out FILE`.
#[derive(Clone, Debug, serde::Serialize)]
#[serde(untagged)]
pub(crate) enum Destination {
    StandardOutput,
    File(PathBuf),
}

impl From<OsString> for Destination {
    fn from(text: OsString) -> Destination {
        match STANDARD_OUTPUT.iter().any(|name| text == *name) {
            true => Destination::StandardOutput,
            false => Destination::File(text.into()),
        }
    }
}

impl Destination {
    /// Refuses, before the work, a place where such a file cannot go; `json`: whether standard output has another task.
    pub(crate) fn check(&self, kind: FileKind, json: bool) -> anyhow::Result<()> {
        match self {
            Destination::StandardOutput if json => Err(Usage(
                "--json and the file cannot both go to standard output: give --out the name of a file".to_owned(),
            )
            .into()),
            Destination::StandardOutput if std::io::stdout().is_terminal() => Err(Usage(
                "standard output is a terminal, which cannot show such a file: send it to a file or a program"
                    .to_owned(),
            )
            .into()),
            Destination::StandardOutput => Ok(()),
            Destination::File(path) => Ok(file::check(path, kind)?),
        }
    }

    /// [`Destination::check`], for a file whose folder is made if it is not there.
    pub(crate) fn check_in_new_folder(&self, kind: FileKind, json: bool) -> anyhow::Result<()> {
        match self {
            Destination::File(path) => match path.parent() {
                Some(folder) if !folder.as_os_str().is_empty() && !folder.exists() => {
                    file::check_name(path, kind)?;
                    place::check_folder(folder)
                }
                _ => self.check(kind, json),
            },
            Destination::StandardOutput => self.check(kind, json),
        }
    }

    /// Makes the folder of the file, if it is not there.
    pub(crate) fn make_folder(&self) -> Result<(), OutputError> {
        match self {
            Destination::File(path) => match path.parent() {
                Some(folder) if !folder.as_os_str().is_empty() => {
                    std::fs::create_dir_all(folder).map_err(|source| OutputError::Write { path: path.clone(), source })
                }
                _ => Ok(()),
            },
            Destination::StandardOutput => Ok(()),
        }
    }

    /// Writes the bytes of the file.
    pub(crate) fn write(&self, kind: FileKind, bytes: &[u8]) -> anyhow::Result<()> {
        match self {
            Destination::StandardOutput => {
                let mut out = std::io::stdout().lock();
                Ok(out.write_all(bytes).and_then(|()| out.flush())?)
            }
            Destination::File(path) => Ok(file::write(path, kind, bytes)?),
        }
    }

    /// Says what was written: beside it on standard output, or on standard error where that holds the file itself.
    pub(crate) fn facts(&self, name: &str, others: &[(&str, String)]) -> std::io::Result<()> {
        let place = match self {
            Destination::StandardOutput => "on standard output".to_owned(),
            Destination::File(path) => path.display().to_string(),
        };
        let rows: Vec<(&str, String)> = std::iter::once((name, place)).chain(others.iter().cloned()).collect();
        if self.is_file() { output::facts(&rows) } else { output::facts_aside(&rows) }
    }

    /// Whether standard output is left for what people read.
    pub(crate) fn is_file(&self) -> bool {
        matches!(self, Destination::File(_))
    }
}

/// Reads the value of `--out DIR`: a folder, which standard output is not.
pub(crate) fn folder() -> impl TypedValueParser<Value = PathBuf> {
    let reason = "a folder is written, which cannot go to standard output: for one called -, give ./-";
    PathBufValueParser::new().try_map(move |path| if path.as_os_str() == "-" { Err(reason) } else { Ok(path) })
}

/// Whether an error is a mistake in the call: a name that ends in the wrong extension.
pub(crate) fn is_misnamed(error: &(dyn std::error::Error + 'static)) -> bool {
    matches!(error.downcast_ref(), Some(OutputError::Extension { .. }))
}
