//! Finding the generator that an argument names, and the classes to draw: shared by every verb that draws.

use crate::progress::StageProgress;
use crate::usage::Usage;
use digitgan::built_in::BuiltIn;
use digitgan::evaluation::Choice;
use digitgan::files;
use digitgan::run::RunDirectory;
use digitgan::run::manifest::{Manifest, ManifestError};
use digitgan::session::evaluations;
use digitgan::session::named::Named;
use digitgan::weights::GeneratorFile;
use serde::{Serialize, Serializer};
use std::fmt;
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

/// The generator, as an argument of the verbs that draw without one.
#[derive(clap::Args)]
pub(crate) struct GeneratorArg {
    /// A run (its directory, or its name under runs/), a generator's safetensors file, or one that is built in: acgan, cgan
    /// [default: the built-in acgan]
    #[arg(value_name = "RUN|FILE|NAME")]
    generator: Option<PathBuf>,
}

impl GeneratorArg {
    /// The generator that is named ([`named`]).
    pub(crate) fn read(&self) -> anyhow::Result<(GeneratorFile, Origin)> {
        named(self.generator.as_deref())
    }

    /// Where it comes from, for verbs that take one of a run's generators.
    pub(crate) fn subject(&self) -> anyhow::Result<Subject> {
        Subject::find(self.generator.as_deref())
    }
}

/// Where a generator comes from.
pub(crate) enum Subject {
    Run(RunDirectory, Box<Manifest>),
    File(PathBuf),
    BuiltIn(BuiltIn),
}

/// What a generator was read from.
#[derive(Clone, Debug)]
pub(crate) enum Origin {
    File(PathBuf),
    BuiltIn(BuiltIn),
}

impl Origin {
    /// SHA-256 of its file.
    pub(crate) fn sha256(&self) -> std::io::Result<String> {
        match self {
            Origin::File(path) => files::sha256(path),
            Origin::BuiltIn(built_in) => Ok(built_in.sha256()),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::File(path) => path.display().fmt(f),
            Origin::BuiltIn(built_in) => write!(f, "{built_in} (built in)"),
        }
    }
}

impl Serialize for Origin {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Origin::File(path) => path.serialize(serializer),
            Origin::BuiltIn(_) => serializer.collect_str(self),
        }
    }
}

impl Subject {
    pub(crate) fn find(given: Option<&Path>) -> anyhow::Result<Subject> {
        Ok(match Named::find(given) {
            Named::File(path) => Subject::File(path),
            Named::BuiltIn(built_in) => Subject::BuiltIn(built_in),
            Named::Run(run) => {
                let manifest = Manifest::read(&run.manifest())?;
                Subject::Run(run, Box::new(manifest))
            }
        })
    }

    pub(crate) fn run(&self) -> Option<&RunDirectory> {
        match self {
            Subject::Run(run, _) => Some(run),
            Subject::File(_) | Subject::BuiltIn(_) => None,
        }
    }

    /// The generator and where it was read; `choice` is asked for where the best one is.
    pub(crate) fn generator(
        &self,
        epoch: Epoch,
        choice: &mut dyn FnMut() -> anyhow::Result<Choice>,
    ) -> anyhow::Result<(GeneratorFile, Origin)> {
        let path = match (self, epoch) {
            (Subject::BuiltIn(built_in), Epoch::Last) => return Ok((built_in.generator(), Origin::BuiltIn(*built_in))),
            (Subject::File(path), Epoch::Last) => path.clone(),
            (Subject::File(_) | Subject::BuiltIn(_), _) => {
                return Err(Usage("--epoch is for runs: this is one generator".to_owned()).into());
            }
            (Subject::Run(run, _), Epoch::Last) => evaluations::newest(run)?,
            (Subject::Run(run, _), Epoch::Number(epoch)) => run.epoch_generator(epoch),
            (Subject::Run(run, _), Epoch::Best) => best(run, &mut choice()?)?,
        };
        Ok((GeneratorFile::read(&path)?, Origin::File(path)))
    }
}

/// The generator that is named: a file's, a run's newest, what is built in under this name or, where nothing is named, at all.
/// Of a run's other files none needs to be whole.
pub(crate) fn named(given: Option<&Path>) -> anyhow::Result<(GeneratorFile, Origin)> {
    let path = match Named::find(given) {
        Named::BuiltIn(built_in) => return Ok((built_in.generator(), Origin::BuiltIn(built_in))),
        Named::File(path) => path,
        Named::Run(run) if run.manifest().exists() => evaluations::newest(&run)?,
        Named::Run(run) => return Err(ManifestError::Missing { path: run.path().to_owned() }.into()),
    };
    Ok((GeneratorFile::read(&path)?, Origin::File(path)))
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

/// The class of this name.
pub(crate) fn class(name: &str, file: &GeneratorFile) -> anyhow::Result<u8> {
    let found = file.class_names.iter().position(|class| class == name);
    let class = found.map(|class| class as u8);
    class.ok_or_else(|| {
        Usage(format!("{name:?} is no class of this generator: it knows {}", file.class_names.join(", "))).into()
    })
}
