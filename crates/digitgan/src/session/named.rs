//! What a person means who names a run or a generator.

use crate::built_in::BuiltIn;
use crate::run::RunDirectory;
use std::path::{Path, PathBuf};

/// The folder of runs that have a name.
pub const RUNS: &str = "runs";

/// What names a generator.
#[derive(Clone, Debug)]
pub enum Named {
    /// A file.
    File(PathBuf),
    /// A run. Whether there is one was not looked at.
    Run(RunDirectory),
    /// One that comes with the library.
    BuiltIn(BuiltIn),
}

impl Named {
    /// What is built in where nothing is named. What a person has made goes before what is built in under its name.
    ///
    /// ```
    /// use digitgan::prelude::*;
    /// use digitgan::session::named::Named;
    ///
    /// assert!(matches!(Named::find(None), Named::BuiltIn(BuiltIn::Acgan)));
    /// assert!(matches!(Named::find(Some("runs/my-own".as_ref())), Named::Run(_)));
    /// ```
    pub fn find(given: Option<&Path>) -> Named {
        let Some(given) = given else { return Named::BuiltIn(BuiltIn::default()) };
        if given.is_file() {
            return Named::File(given.to_owned());
        }
        let run = run(given);
        match given.to_str().and_then(BuiltIn::named) {
            Some(built_in) if !run.manifest().exists() => Named::BuiltIn(built_in),
            _ => Named::Run(run),
        }
    }
}

/// The run that a person means by a path, or by a name of one of [`RUNS`]. A folder that is no run does not hide a run of that name.
pub fn run(text: &Path) -> RunDirectory {
    let (given, named) = (RunDirectory::new(text), RunDirectory::new(Path::new(RUNS).join(text)));
    let is_run = |run: &RunDirectory| run.manifest().exists();
    let by_name = if is_run(&given) { false } else { is_run(&named) || !text.exists() && named.path().exists() };
    if by_name { named } else { given }
}
