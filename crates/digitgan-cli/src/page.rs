//! `digitgan page`

use crate::dataset::{self, DataArgs};
use crate::exit::ExitCode;
use crate::suggestion::Suggestion;
use crate::threads::Threads;
use crate::{destination, evaluate, output, runs, stop};
use digitgan::data::Dataset;
use digitgan::engine::Device;
use digitgan::evaluation::Plan;
use digitgan::page::claims::claims;
use digitgan::page::{Page, RealDigits, Written, check_free};
use digitgan::run::RunDirectory;
use digitgan::run::evaluation_files;
use digitgan::run::manifest::Manifest;
use digitgan::session::evaluations;
use digitgan::session::manifest::same_data;
use digitgan::weights::GeneratorFile;
use serde_json::json;
use std::collections::HashSet;
use std::path::PathBuf;

/// Put runs on one HTML page: digits, losses, metrics, and what the paper claims
///
/// The page follows the paper by Peng & Yang, figure by figure, and says which of its claims hold by the numbers. It
/// needs no other file and no network. Runs that were not evaluated are evaluated first.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  digitgan page acgan-mnist                             one run, into report/index.html
  digitgan page runs/gan-mnist runs/cgan-mnist --out r  two of them side by side, into r/
  digitgan page acgan-mnist --quick                     with a small evaluation, if there is none yet")]
pub(crate) struct Args {
    /// Runs: their directories, or their names under runs/
    #[arg(value_name = "RUN", required = true)]
    runs: Vec<PathBuf>,
    /// Where the page goes, and the pictures beside it
    #[arg(long, value_name = "DIR", default_value = "report", value_parser = destination::folder())]
    out: PathBuf,
    /// Evaluate with sets of 2,000 digits, and no training of classifiers on generated digits
    #[arg(long)]
    quick: bool,
    #[command(flatten)]
    data: DataArgs,
    #[command(flatten)]
    threads: Threads,
    /// Print what was written as one JSON object
    #[arg(long)]
    json: bool,
}

/// A run that goes onto a page.
struct RunOnPage {
    run: RunDirectory,
    manifest: Manifest,
}

/// Runs that were trained on the same data.
struct Group {
    dataset: Dataset,
    data_dir: Option<PathBuf>,
    /// Those that are to be evaluated.
    missing: Vec<RunDirectory>,
}

pub(crate) fn run(args: Args) -> anyhow::Result<ExitCode> {
    let subjects = find(&args.runs)?;
    check_free(&args.out)?;
    let device = args.threads.cpu()?;
    let plan = evaluate::default_plan(args.quick);
    let groups = groups(&device, &subjects, &args.data, plan)?;
    stop::at_once("evaluations that were finished are in their runs");
    let mut real = Vec::new();
    for Group { dataset, data_dir, missing } in &groups {
        evaluate::evaluate_runs(&device, missing, dataset, data_dir.as_deref(), plan)?;
        real.push(RealDigits::of(dataset, real.len())?);
    }
    let runs: Vec<RunDirectory> = subjects.iter().map(|subject| subject.run.clone()).collect();
    let page = Page::read(&device, "Digits drawn by GANs", &runs, real)?;
    let written = stop::undivided(|| page.write(&args.out))?;
    say(&page, &written, &args.data, args.json)?;
    Ok(ExitCode::SUCCESS)
}

/// The runs that a person means, each once.
fn find(paths: &[PathBuf]) -> anyhow::Result<Vec<RunOnPage>> {
    let mut seen = HashSet::new();
    let mut subjects = Vec::new();
    for path in paths {
        let run = runs::find(path);
        let manifest = Manifest::read(&run.manifest())?;
        // Here and now, and not after the minutes of another run's evaluation.
        GeneratorFile::read(&evaluations::newest(&run)?)?;
        if seen.insert(run.path().canonicalize().unwrap_or_else(|_| run.path().to_owned())) {
            subjects.push(RunOnPage { run, manifest });
        }
    }
    Ok(subjects)
}

/// The runs in groups that were trained on the same data.
fn by_data(subjects: &[RunOnPage]) -> Vec<Vec<&RunOnPage>> {
    let mut groups: Vec<Vec<&RunOnPage>> = Vec::new();
    for subject in subjects {
        let hash = &subject.manifest.dataset.identity.sha256;
        match groups.iter_mut().find(|group| group[0].manifest.dataset.identity.sha256 == *hash) {
            Some(group) => group.push(subject),
            None => groups.push(vec![subject]),
        }
    }
    groups
}

/// The runs by their data, which is loaded; everything is looked at before the first evaluation, which takes minutes.
fn groups(device: &Device, subjects: &[RunOnPage], data: &DataArgs, plan: Plan) -> anyhow::Result<Vec<Group>> {
    let mut groups = Vec::new();
    let by_data = by_data(subjects);
    let is_one = by_data.len() == 1;
    for subjects in by_data {
        let run = &subjects[0].run;
        // One place of data is for all runs; of several each must remember its own.
        let anew = match is_one {
            true => subjects.iter().fold(Suggestion::new("page"), |page, subject| page.path(subject.run.path())),
            false => Suggestion::new("train").word("--resume").path(run.path()),
        }
        .in_new_place();
        let dataset = load(device, subjects[0], data).map_err(dataset::moved(run, anew))?;
        for subject in &subjects {
            same_data(&subject.run, &subject.manifest, &dataset.identity())?;
        }
        let data_dir = data.place.data_dir.clone().or(subjects[0].manifest.dataset.data_dir.clone());
        let missing = not_evaluated(&subjects)?;
        if !missing.is_empty() {
            evaluate::check(device, &dataset, data_dir.as_deref(), plan)?;
        }
        missing.iter().try_for_each(|run| evaluations::check_place(run.path()))?;
        groups.push(Group { dataset, data_dir, missing });
    }
    Ok(groups)
}

/// The data that a run was trained on, from where it was then or from where it is said to be now.
fn load(device: &Device, subject: &RunOnPage, data: &DataArgs) -> anyhow::Result<Dataset> {
    let manifest = &subject.manifest;
    let data_dir = data.place.data_dir.clone().or(manifest.dataset.data_dir.clone());
    match &data.data {
        Some(source) => Ok(dataset::load(device, source, &data.reading(), data_dir)?.dataset),
        None => Ok(dataset::load_of_run(device, manifest, data_dir)?.dataset),
    }
}

/// The runs that have no evaluation.
fn not_evaluated(subjects: &[&RunOnPage]) -> anyhow::Result<Vec<RunDirectory>> {
    let mut missing = Vec::new();
    for subject in subjects {
        if evaluation_files::read(subject.run.path())?.is_none() {
            missing.push(subject.run.clone());
        }
    }
    Ok(missing)
}

/// Says what was written.
pub(crate) fn say(page: &Page, written: &Written, data: &DataArgs, as_json: bool) -> anyhow::Result<()> {
    let claims = claims(&page.runs);
    page.runs.iter().flat_map(|run| &run.notes).for_each(|found| output::note(&found.to_string()));
    for run in page.runs.iter().filter(|run| run.evaluation.step != run.step) {
        output::note(&format!(
            "{} was evaluated after step {}, but has a generator of step {} by now: `{}` evaluates that",
            run.path.display(),
            output::thousands(run.evaluation.step),
            output::thousands(run.step),
            data.given_to(Suggestion::new("evaluate").path(&run.path))
        ));
    }
    if as_json {
        let claims: Vec<_> = claims
            .iter()
            .map(|claim| json!({ "claim": claim.claim, "holds": claim.holds, "numbers": claim.numbers }))
            .collect();
        let runs: Vec<_> = page.runs.iter().map(|run| &run.path).collect();
        let result = json!({ "page": written.page, "pictures": written.pictures, "runs": runs, "claims": claims });
        return Ok(output::json(&result)?);
    }
    for claim in &claims {
        output::facts(&[(if claim.holds { "holds         " } else { "does not hold " }, claim.claim.clone())])?;
    }
    let pictures = format!("{} pictures beside it", written.pictures.len());
    Ok(output::facts(&[("page", written.page.display().to_string()), ("with", pictures)])?)
}
