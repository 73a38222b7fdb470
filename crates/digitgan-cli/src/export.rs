//! `digitgan export`

use crate::destination::{self, Destination};
use crate::exit::ExitCode;
use crate::generator::{Epoch, GeneratorArg, Subject};
use crate::judge;
use crate::usage::Usage;
use crate::{output, place};
use anyhow::{Context, bail, ensure};
use digitgan::config::TrainConfig;
use digitgan::files::output::FileKind;
use digitgan::judge::Judge;
use digitgan::model::{ModelSpec, TensorMap};
use digitgan::onnx;
use digitgan::run::checkpoint;
use digitgan::run::manifest::Manifest;
use digitgan::weights::{ClassifierFile, GeneratorFile, Precision, TensorFile};
use serde_json::json;
use std::path::{Path, PathBuf};

/// Write networks for other programs: as ONNX models, or as safetensors of PyTorch's state dicts
///
/// The generator is drawn with: noise (batch, 100) and class (batch) to image (batch, 1, 28, 28) from -1 to 1. Of a run there are also the
/// discriminator, from its newest checkpoint, and the classifier that reads such digits.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  digitgan export acgan                                    the built-in ACGAN, into generator.onnx
  digitgan export acgan-mnist --out g.onnx                 a run's newest generator
  digitgan export acgan-mnist --part all --out models      generator, discriminator and classifier
  digitgan export acgan --part classifier                  the judge of MNIST
  digitgan export judge.safetensors --out judge.onnx       a judge of your own
  digitgan export acgan-mnist --format safetensors --part discriminator")]
pub(crate) struct Args {
    #[command(flatten)]
    generator: GeneratorArg,
    /// Which network: generator, discriminator, classifier, or all that there are [default: generator; of a judge's file, classifier]
    #[arg(long, value_name = "PART")]
    part: Option<Parts>,
    /// The format: onnx, or safetensors, which PyTorch loads with load_state_dict
    #[arg(long, value_name = "FORMAT", default_value = "onnx")]
    format: Format,
    /// Which of a run's generators: last, or the number of its epoch
    #[arg(long, value_name = "N", default_value = "last")]
    epoch: Epoch,
    /// The file, -: standard output; with --part all, the folder [default: named by the part; the folder: models]
    #[arg(long, value_name = "FILE|DIR")]
    out: Option<PathBuf>,
    /// The folder of data sets, in which judges are kept
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Print what was written as one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Parts {
    Generator,
    Discriminator,
    Classifier,
    All,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Onnx,
    Safetensors,
}

impl Format {
    fn kind(self) -> FileKind {
        match self {
            Format::Onnx => FileKind::Onnx,
            Format::Safetensors => FileKind::Safetensors,
        }
    }
}

/// A network of a run, a file or the program.
enum Network {
    Generator(GeneratorFile),
    Discriminator(Box<Discriminator>),
    Classifier(ClassifierFile),
}

struct Discriminator {
    spec: ModelSpec,
    manifest: Manifest,
    step: u64,
    tensors: TensorMap,
}

/// What a model says of the training that it comes from.
type Facts = Vec<(&'static str, String)>;

pub(crate) fn run(args: Args) -> anyhow::Result<ExitCode> {
    let all = args.part == Some(Parts::All);
    let kind = args.format.kind();
    let folder = all.then(|| args.out.clone().unwrap_or_else(|| "models".into()));
    if let Some(folder) = &folder {
        destination::check_folder_name(folder)?;
        place::check_folder(folder)?;
    }
    let subject = args.generator.subject()?;
    let mut written = Vec::new();
    for (network, facts) in networks(&args, &subject)? {
        let name = format!("{}.{}", network.name(), kind.extension());
        let out = match (&folder, &args.out) {
            (Some(folder), _) => Destination::File(folder.join(name)),
            (None, Some(out)) => Destination::from(out.clone().into_os_string()),
            (None, None) => Destination::File(name.into()),
        };
        out.check_in_new_folder(kind, args.json)?;
        out.refuse_other_weights("such a network's", |path| network.may_replace(path))?;
        let bytes = network.bytes(args.format, &facts)?;
        written.push((network, out, bytes));
    }
    for (network, out, bytes) in &written {
        out.make_folder()?;
        out.write(kind, bytes)?;
        if !args.json {
            out.facts(network.name(), &[])?;
        }
    }
    if args.json {
        let entry = |(network, out, bytes): &(Network, Destination, Vec<u8>)| json!({ "part": network.name(), "out": out, "bytes": bytes.len() });
        let format = kind.extension();
        let versions = (args.format == Format::Onnx).then_some(json!({ "opset": onnx::OPSET, "ir": onnx::IR_VERSION }));
        output::json(
            &json!({ "format": format, "onnx": versions, "written": written.iter().map(entry).collect::<Vec<_>>() }),
        )?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The networks that are asked for.
fn networks(args: &Args, subject: &Subject) -> anyhow::Result<Vec<(Network, Facts)>> {
    let facts = facts(subject)?;
    let judge_file = match subject {
        Subject::File(path) if args.part.is_none_or(|part| part != Parts::Generator) => ClassifierFile::read(path).ok(),
        _ => None,
    };
    if let Some(judge) = judge_file {
        ensure!(args.part != Some(Parts::Discriminator), "this is a judge's file, which holds no discriminator");
        return Ok(vec![(Network::Classifier(judge), Facts::new())]);
    }
    let mut networks = Vec::new();
    let (part, all) = (args.part.unwrap_or(Parts::Generator), args.part == Some(Parts::All));
    if all || part == Parts::Generator {
        networks.push(Network::Generator(generator(args, subject)?));
    }
    if part == Parts::Discriminator || all && subject.run().is_some() {
        networks.push(Network::Discriminator(Box::new(discriminator(subject)?)));
    }
    if part == Parts::Classifier || all && !matches!(subject, Subject::File(_)) {
        match classifier(args, subject) {
            Ok(judge) => networks.push(Network::Classifier(judge)),
            Err(error) if all => output::note(&error.to_string()),
            Err(error) => return Err(error),
        }
    }
    Ok(networks.into_iter().map(|network| (network, facts.clone())).collect())
}

fn generator(args: &Args, subject: &Subject) -> anyhow::Result<GeneratorFile> {
    let mut no_choice = || Err(Usage("a generator is exported by last or by its epoch's number".to_owned()).into());
    Ok(subject.generator(args.epoch, &mut no_choice)?.0)
}

/// The discriminator of a run's newest checkpoint.
fn discriminator(subject: &Subject) -> anyhow::Result<Discriminator> {
    let Subject::Run(run, manifest) = subject else {
        bail!("only a run has a discriminator: a generator's file and what is built in come without");
    };
    let snapshot = checkpoint::read_newest(run, &manifest.config, &manifest.dataset.identity)?;
    let path = run.path().display();
    let snapshot = snapshot.with_context(|| format!("{path} has no checkpoint, which would hold the discriminator"))?;
    let spec = ModelSpec::new(manifest.config.model, manifest.dataset.identity.classes)?;
    let (step, tensors) = (snapshot.step, snapshot.discriminator());
    Ok(Discriminator { spec, manifest: Manifest::clone(manifest), step, tensors })
}

/// The classifier that reads such digits.
fn classifier(args: &Args, subject: &Subject) -> anyhow::Result<ClassifierFile> {
    match subject {
        Subject::BuiltIn(_) => Ok(Judge::mnist_file()),
        Subject::File(path) => Ok(ClassifierFile::read(path)?),
        Subject::Run(_, manifest) => {
            let data = &manifest.dataset;
            let folder = args.data_dir.as_deref().or(data.data_dir.as_deref());
            let found = judge::file_at_hand(&data.identity, folder)?;
            let name = &data.identity.name;
            found.with_context(|| {
                format!("no judge of {name} is kept: `digitgan judge train` makes one, whose file can be exported")
            })
        }
    }
}

/// What is known of the training.
fn facts(subject: &Subject) -> anyhow::Result<Facts> {
    let of_config = |config: &TrainConfig| -> anyhow::Result<Facts> {
        Ok(vec![("seed", config.seed.to_string()), ("settings", serde_json::to_string(config)?)])
    };
    match subject {
        Subject::File(_) => Ok(Facts::new()),
        Subject::Run(_, manifest) => of_config(&manifest.config),
        Subject::BuiltIn(built_in) => {
            let card = built_in.card();
            let mut facts = of_config(&card.config)?;
            facts.push(("command", card.command));
            Ok(facts)
        }
    }
}

impl Network {
    fn name(&self) -> &'static str {
        match self {
            Network::Generator(_) => "generator",
            Network::Discriminator(_) => "discriminator",
            Network::Classifier(_) => "classifier",
        }
    }

    /// Whether a file of weights holds such a network; of a discriminator that is not known.
    fn may_replace(&self, path: &Path) -> bool {
        match self {
            Network::Generator(_) => GeneratorFile::read(path).is_ok(),
            Network::Discriminator(_) => false,
            Network::Classifier(_) => ClassifierFile::read(path).is_ok(),
        }
    }

    fn bytes(&self, format: Format, facts: &Facts) -> anyhow::Result<Vec<u8>> {
        let borrowed: Vec<(&str, &str)> = facts.iter().map(|(key, value)| (*key, value.as_str())).collect();
        Ok(match (self, format) {
            (Network::Generator(file), Format::Onnx) => onnx::generator(file, &borrowed)?,
            (Network::Generator(file), Format::Safetensors) => file.to_bytes(),
            (Network::Discriminator(d), Format::Onnx) => d.onnx(&borrowed)?,
            (Network::Discriminator(d), Format::Safetensors) => d.safetensors(&borrowed),
            (Network::Classifier(file), Format::Onnx) => onnx::classifier(file, &borrowed)?,
            (Network::Classifier(file), Format::Safetensors) => file.to_bytes(),
        })
    }
}

impl Discriminator {
    fn onnx(&self, facts: &[(&str, &str)]) -> anyhow::Result<Vec<u8>> {
        let own = [("data", self.manifest.dataset.identity.name.as_str()), ("steps", &self.step.to_string())];
        let facts: Vec<(&str, &str)> = facts.iter().copied().chain(own).collect();
        Ok(onnx::discriminator(&self.spec, &self.manifest.config.design(), &self.tensors, &facts)?)
    }

    fn safetensors(&self, facts: &[(&str, &str)]) -> Vec<u8> {
        let owned = facts.iter().map(|&(key, value)| (key.to_owned(), value.to_owned())).collect();
        TensorFile { tensors: self.tensors.clone(), facts: owned }.to_bytes(Precision::Single)
    }
}
