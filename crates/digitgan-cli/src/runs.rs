//! Finding the directory of a run by its path or name.

use digitgan::run::RunDirectory;
use std::path::{Path, PathBuf};

/// The folder of runs that have a name.
pub(crate) const RUNS: &str = "runs";

/// The run that a person means by a path or a name. A folder that is no run does not hide a run of that name.
pub(crate) fn find(text: &Path) -> RunDirectory {
    let (given, named) = (RunDirectory::new(text), RunDirectory::new(Path::new(RUNS).join(text)));
    let is_run = |run: &RunDirectory| run.manifest().exists();
    let by_name = if is_run(&given) { false } else { is_run(&named) || !text.exists() && named.path().exists() };
    if by_name { named } else { given }
}

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
