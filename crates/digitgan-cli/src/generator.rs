//! Finding the trained generator that an argument names, and the classes to draw: shared by `sample`, `generate` and
//! `evaluate`.

use crate::progress::StageProgress;
use crate::runs;
use crate::usage::Usage;
use digitgan::evaluation::Choice;
use digitgan::run::RunDirectory;
use digitgan::run::manifest::{Manifest, ManifestError};
use digitgan::session::evaluations;
use digitgan::weights::GeneratorFile;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// Which of a run's generators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Epoch {
    Last,
    Best,
    Number(u32),
}

impl FromStr for Epoch {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "last" => Ok(Epoch::Last),
            "best" => Ok(Epoch::Best),
            number => {
                let number = number.parse().ok().filter(|&number| number > 0);
                number.map(Epoch::Number).ok_or_else(|| "choose last, best or an epoch's number".to_owned())
            }
        }
    }
}

/// Where a generator comes from.
pub(crate) enum Subject {
    Run(RunDirectory, Box<Manifest>),
    File(PathBuf),
}

impl Subject {
    pub(crate) fn find(text: &Path) -> anyhow::Result<Subject> {
        if text.is_file() {
            return Ok(Subject::File(text.to_owned()));
        }
        let run = runs::find(text);
        let manifest = Manifest::read(&run.manifest())?;
        Ok(Subject::Run(run, Box::new(manifest)))
    }

    pub(crate) fn run(&self) -> Option<&RunDirectory> {
        match self {
            Subject::Run(run, _) => Some(run),
            Subject::File(_) => None,
        }
    }

    /// The generator and its file; `choice` is asked for where the best one is.
    pub(crate) fn generator(
        &self,
        epoch: Epoch,
        choice: &mut dyn FnMut() -> anyhow::Result<Choice>,
    ) -> anyhow::Result<(GeneratorFile, PathBuf)> {
        let path = match (self, epoch) {
            (Subject::File(path), Epoch::Last) => path.clone(),
            (Subject::File(_), _) => {
                return Err(Usage("--epoch is for runs: a file is one generator".to_owned()).into());
            }
            (Subject::Run(run, _), Epoch::Last) => evaluations::newest(run)?,
            (Subject::Run(run, _), Epoch::Number(epoch)) => run.epoch_generator(epoch),
            (Subject::Run(run, _), Epoch::Best) => best(run, &mut choice()?)?,
        };
        Ok((GeneratorFile::read(&path)?, path))
    }
}

/// The newest generator's file in a run, or the file itself. Of the run's other files none needs to be whole.
pub(crate) fn path(given: &Path) -> anyhow::Result<PathBuf> {
    if given.is_file() {
        return Ok(given.to_owned());
    }
    let run = runs::find(given);
    if !run.manifest().exists() {
        return Err(ManifestError::Missing { path: run.path().to_owned() }.into());
    }
    Ok(evaluations::newest(&run)?)
}

/// The generator of a run whose digits are nearest to the training images.
fn best(run: &RunDirectory, choice: &mut Choice) -> anyhow::Result<PathBuf> {
    let mut progress = StageProgress::default();
    let mut watch = |done, all| progress.show("choosing an epoch by the training images", done, all);
    let best = evaluations::best(run, choice, &mut watch)?;
    progress.finish();
    Ok(best)
}

/// The classes that `--digit` or `--digits` names, in their order; `None` where neither is given.
///
/// # Errors
/// When the generator does not see the class, or does not know one of them.
pub(crate) fn asked(
    digit: Option<&str>,
    digits: Option<&str>,
    file: &GeneratorFile,
) -> anyhow::Result<Option<Vec<u8>>> {
    if digit.or(digits).is_some() && !file.spec.variant.wiring().generator_sees_class {
        anyhow::bail!(
            "this generator is a GAN, which draws what it likes: for digits of your choice, train cgan or acgan"
        );
    }
    Ok(match (digit, digits) {
        (Some(digit), _) => Some(vec![class(digit, file)?]),
        (None, Some(digits)) => Some(classes(digits, file)?),
        (None, None) => None,
    })
}

/// Several classes: names with commas, or a character each.
fn classes(text: &str, file: &GeneratorFile) -> anyhow::Result<Vec<u8>> {
    let names: Vec<String> = match text.contains(',') {
        true => text.split(',').map(|name| name.trim().to_owned()).collect(),
        false => text.chars().map(String::from).collect(),
    };
    if names.is_empty() {
        return Err(Usage("--digits is empty: give at least one".to_owned()).into());
    }
    names.iter().map(|name| class(name, file)).collect()
}

fn class(name: &str, file: &GeneratorFile) -> anyhow::Result<u8> {
    let found = file.class_names.iter().position(|class| class == name);
    let class = found.map(|class| class as u8);
    class.ok_or_else(|| {
        Usage(format!("{name:?} is no class of this generator: it knows {}", file.class_names.join(", "))).into()
    })
}
