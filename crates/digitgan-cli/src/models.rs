//! `digitgan models`

use crate::exit::ExitCode;
use crate::runs::RUNS;
use crate::suggestion::Suggestion;
use crate::{evaluate, output};
use digitgan::built_in::{BuiltIn, Card};
use digitgan::evaluation::{Evaluation, percent};
use digitgan::run::RunDirectory;
use digitgan::run::evaluation_files;
use digitgan::run::manifest::Manifest;
use digitgan::weights::GeneratorFile;
use serde_json::json;
use std::path::{Path, PathBuf};

/// List the generators that are there, built in and of your own, with how good they are
///
/// Those that are built in need no training and no network: every verb that draws takes them by their names, and the first of
/// them where none is named. Runs are those in runs/. With a name, the card of a built-in one: how it came to be, and all metrics.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  digitgan models            all of them
  digitgan models acgan      the card of one that is built in
  digitgan models --json     for programs")]
pub(crate) struct Args {
    /// One that is built in: acgan or cgan
    #[arg(value_name = "NAME", value_parser = built_in)]
    name: Option<BuiltIn>,
    /// The folder whose runs are listed
    #[arg(long, value_name = "DIR", default_value = RUNS)]
    runs: PathBuf,
    /// Print the result as one JSON object
    #[arg(long)]
    json: bool,
}

fn built_in(name: &str) -> Result<BuiltIn, String> {
    BuiltIn::named(name).ok_or_else(|| format!("built in are {}", BuiltIn::ALL.map(BuiltIn::name).join(" and ")))
}

/// A generator in the list.
struct Model {
    name: String,
    model: &'static str,
    data: String,
    step: u64,
    evaluation: Option<Evaluation>,
    /// Whether the evaluation is of this generator, and not of one before it.
    is_current: bool,
}

pub(crate) fn run(args: Args) -> anyhow::Result<ExitCode> {
    match args.name {
        Some(built_in) => tell_card(&built_in.card(), args.json)?,
        None => list(&args.runs, args.json)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn list(folder: &Path, as_json: bool) -> anyhow::Result<()> {
    let built_in: Vec<Model> = BuiltIn::ALL.into_iter().map(of_card).collect();
    let local = local(folder)?;
    if as_json {
        let list = |models: &[Model]| models.iter().map(as_value).collect::<Vec<_>>();
        return Ok(output::json(&json!({ "built_in": list(&built_in), "runs": list(&local) }))?);
    }
    let rows: Vec<[String; 9]> = built_in.iter().chain(&local).map(row).collect();
    let heading =
        ["", "model", "digits of", "steps", "read as asked", "GAN-train", "Fréchet, × real", "precision", "recall"];
    output::table(heading, &rows)?;
    if local.is_empty() {
        output::note(&format!("{} holds no run with a generator", folder.display()));
    }
    for model in local.iter().filter(|model| !model.is_current) {
        let evaluate = Suggestion::new("evaluate").path(Path::new(&model.name));
        output::note(&format!("{} has no evaluation of its newest generator: `{evaluate}` makes one", model.name));
    }
    Ok(())
}

fn of_card(built_in: BuiltIn) -> Model {
    let card = built_in.card();
    Model {
        name: built_in.to_string(),
        model: built_in.name(),
        data: card.data.identity.name,
        step: card.evaluation.step,
        evaluation: Some(card.evaluation),
        is_current: true,
    }
}

/// The runs in a folder that have a generator, by their names. What cannot be read is told, and left out.
fn local(folder: &Path) -> anyhow::Result<Vec<Model>> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Ok(Vec::new()) };
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    let mut models = Vec::new();
    for path in paths {
        let run = RunDirectory::new(&path);
        if !run.manifest().exists() || !run.generator().exists() {
            continue;
        }
        match of_run(&run) {
            Ok(model) => models.push(model),
            Err(error) => output::note(&format!("{} is left out: {error}", path.display())),
        }
    }
    Ok(models)
}

fn of_run(run: &RunDirectory) -> anyhow::Result<Model> {
    let manifest = Manifest::read(&run.manifest())?;
    let generator = GeneratorFile::read(&run.generator())?;
    let evaluation = evaluation_files::read(run.path())?;
    Ok(Model {
        name: run.path().display().to_string(),
        model: manifest.config.model.name(),
        data: manifest.dataset.identity.name,
        step: generator.step,
        is_current: evaluation.as_ref().is_some_and(|evaluation| evaluation.step == generator.step),
        evaluation,
    })
}

fn row(model: &Model) -> [String; 9] {
    let figure = |of: &dyn Fn(&Evaluation) -> Option<String>| {
        let text = model.evaluation.as_ref().filter(|_| model.is_current).and_then(of);
        text.unwrap_or_else(|| "–".to_owned())
    };
    [
        model.name.clone(),
        model.model.to_owned(),
        model.data.clone(),
        output::thousands(model.step),
        figure(&|evaluation| Some(percent(evaluation.agreement?.mean))),
        figure(&|evaluation| Some(percent(evaluation.gan_train?.generated.share))),
        figure(&|evaluation| evaluation.frechet.times_real().map(|times| format!("{times:.2}"))),
        figure(&|evaluation| Some(format!("{:.3}", evaluation.precision.generated.mean))),
        figure(&|evaluation| Some(format!("{:.3}", evaluation.recall.generated.mean))),
    ]
}

fn as_value(model: &Model) -> serde_json::Value {
    json!({
        "name": model.name, "model": model.model, "dataset": model.data, "step": model.step,
        "evaluation": model.evaluation, "evaluation_is_current": model.is_current,
    })
}

/// Says all that is known of a generator that is built in.
fn tell_card(card: &Card, as_json: bool) -> anyhow::Result<()> {
    if as_json {
        return Ok(output::json(&serde_json::to_value(card)?)?);
    }
    let seeds = &card.selection.candidates;
    output::facts(&[
        ("name", card.name.clone()),
        ("model", card.config.model.title().to_owned()),
        ("trained by", card.command.clone()),
        (
            "chosen",
            format!(
                "seed {} of {}, after epoch {}: {}",
                card.config.seed,
                seeds.len(),
                card.epoch,
                card.selection.rule
            ),
        ),
        ("data", format!("{} ({})", card.data.source, card.data.licence)),
        ("data's hash", card.data.identity.sha256.clone()),
        ("file's hash", card.sha256.clone()),
        ("judge", card.evaluation.judge.to_string()),
    ])?;
    Ok(output::table(["", "generated", "real digits"], &evaluate::metric_rows(&card.evaluation))?)
}
