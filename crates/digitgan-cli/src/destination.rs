//! Where a result goes that a person named: a file, or standard output.

use crate::usage::Usage;
use crate::{output, place, runs};
use anyhow::bail;
use clap::builder::{PathBufValueParser, TypedValueParser};
use digitgan::files;
use digitgan::files::output::{self as file, FileKind, OutputError};
use digitgan::weights::TensorFile;
use std::ffi::{OsStr, OsString};
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

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

    /// [`Destination::check`], for a picture or an animation, which does not take the place of a run's own; `instead`: another name.
    pub(crate) fn check_picture(&self, kind: FileKind, json: bool, instead: &str) -> anyhow::Result<()> {
        self.check(kind, json)?;
        match self {
            Destination::File(path) if runs::own(path) => {
                let path = path.display();
                bail!("{path} belongs to a run, which draws it itself: choose another --out, such as {instead}")
            }
            _ => Ok(()),
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

    /// Refuses the place of other weights, such as a run's checkpoint, which have the same ending; `own`: whether a file there holds
    /// such as are written.
    pub(crate) fn refuse_other_weights(&self, what: &str, own: impl FnOnce(&Path) -> bool) -> anyhow::Result<()> {
        match self {
            Destination::File(path) if TensorFile::read(path).is_ok() && !own(path) => {
                bail!("{} holds other weights than {what}, which are kept: choose another --out", path.display())
            }
            _ => Ok(()),
        }
    }

    /// Refuses, before the work, a place that has no room for a file of so many bytes.
    pub(crate) fn check_room(&self, what: &str, needed: u64) -> anyhow::Result<()> {
        match self {
            Destination::File(path) => refuse_full(path, files::free_bytes(path), what, needed),
            Destination::StandardOutput => Ok(()),
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

/// Refuses a place with less room than is needed, where the system tells how much there is. A device takes what comes.
fn refuse_full(path: &Path, free: Option<u64>, what: &str, needed: u64) -> anyhow::Result<()> {
    let free = free.filter(|free| *free < needed && path.metadata().map_or(true, |found| found.is_file()));
    free.map_or(Ok(()), |free| {
        let (path, free, needed) = (path.display(), output::thousands(free), output::thousands(needed));
        bail!("{path} has room for {free} bytes, and {what} needs {needed}: make room or choose another --out")
    })
}

/// Reads the value of `--out DIR`: a folder, which standard output is not.
pub(crate) fn folder() -> impl TypedValueParser<Value = PathBuf> {
    PathBufValueParser::new().try_map(|path| match STANDARD_OUTPUT.iter().find(|name| path.as_os_str() == **name) {
        Some(&"-") => Err("a folder is written, which cannot go to standard output: for one called -, give ./-"),
        Some(_) => Err("this writes a folder or a new file, which cannot go to standard output: give another place"),
        None => Ok(path),
    })
}

/// Refuses standard output, and the name of a picture's file, where a folder is written.
pub(crate) fn check_folder_name(path: &Path) -> anyhow::Result<()> {
    let is_picture =
        |ending: &OsStr| ["png", "svg", "jpg", "jpeg"].iter().any(|known| ending.eq_ignore_ascii_case(known));
    if STANDARD_OUTPUT.iter().any(|name| path.as_os_str() == *name) {
        return Err(
            Usage("a data set is a folder, which cannot go to standard output: give --out DIR".to_owned()).into()
        );
    }
    match path.extension().is_some_and(is_picture) {
        true => {
            Err(Usage(format!("{}: a data set is a folder: give its name, without an ending", path.display())).into())
        }
        false => Ok(()),
    }
}

/// Whether an error is a mistake in the call: a name that ends in the wrong extension.
pub(crate) fn is_misnamed(error: &(dyn std::error::Error + 'static)) -> bool {
    matches!(error.downcast_ref(), Some(OutputError::Extension { .. }))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test")]
mod tests {
    use super::*;

    #[test]
    fn places_without_room_are_refused() {
        let refused = |path: &str, free, needed| {
            refuse_full(Path::new(path), free, "a judge", needed).err().map(|error| error.to_string())
        };
        for (path, free, needed, fits) in [
            ("new", Some(99_999), 100_000, false),
            ("new", Some(100_000), 100_000, true),
            ("new", None, 100_000, true),
            ("/dev/null", Some(0), 100_000, true),
        ] {
            let refused = refused(path, free, needed);
            assert_eq!(refused.is_none(), fits || cfg!(not(unix)) && path != "new", "{path}: {refused:?}");
            let says = "new has room for 99,999 bytes, and a judge needs 100,000: make room or choose another --out";
            assert!(refused.is_none_or(|refused| refused == says));
        }
    }
}
