//! Places of runs.

use digitgan::run::RunDirectory;
pub(crate) use digitgan::session::named::{RUNS, run as find};
use std::path::{Path, PathBuf};

/// Whether a run has a file of its own at a place, or will have.
pub(crate) fn own(path: &Path) -> bool {
    // Links are followed, as whoever writes there follows them.
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let within = || Some(folder.canonicalize().ok()?.join(path.file_name()?));
    let Some(place) = path.canonicalize().ok().or_else(within) else { return false };
    // A run's files lie in its directory, or in a folder there.
    let owners = place.ancestors().skip(1).take(2).map(RunDirectory::new);
    owners.into_iter().any(|run| run.manifest().exists() && run.has_name(&place))
}

/// The directory of a run called `name`.
pub(crate) fn named(name: &str) -> PathBuf {
    Path::new(RUNS).join(name)
}

/// A directory for a run that was given no name: `runs/acgan-mnist`, or with the first number that is free.
pub(crate) fn unnamed(model: &str, data: &str) -> PathBuf {
    let base = format!("{model}-{data}");
    let numbered = (2..).map(|number| named(&format!("{base}-{number}")));
    std::iter::once(named(&base))
        .chain(numbered)
        .find(|path| path.symlink_metadata().is_err())
        .expect("numbers do not end")
}
