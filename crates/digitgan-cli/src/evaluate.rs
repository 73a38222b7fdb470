//! `digitgan evaluate`

use crate::dataset::{self, DataArgs};
use crate::device::DeviceArg;
use crate::exit::ExitCode;
use crate::generator::{Epoch, Subject};
use crate::progress::StageProgress;
use crate::suggestion::Suggestion;
use crate::threads::Threads;
use crate::usage::Usage;
use crate::{destination, judge, output, runs, stop};
use digitgan::data::{DataSource, Dataset, Reading};
use digitgan::engine::Device;
use digitgan::evaluation::{Choice, Evaluation, Evaluator, MetricRow, Neighbours, Plan, check_generator, labelled_as};
use digitgan::files::output::{FileKind, is_of_kind};
use digitgan::run::RunDirectory;
use digitgan::run::evaluation_files::Written;
use digitgan::run::manifest::Manifest;
use digitgan::session::evaluations;
use digitgan::weights::GeneratorFile;
use std::path::{Path, PathBuf};

/// Judge a generator, or labelled images of any origin: how clear, how varied, how close to real digits
///
/// A small classifier, the judge, reads the digits, and they are compared with the test images. Beside each metric stands
/// its value for real training digits, which is the best to hope for. The result and its pictures go into the run. Instead of a
/// generator a data set can be judged, in any format that --data takes: all of its images, against those of --data.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  digitgan evaluate runs/acgan-mnist                the newest generator of a run
  digitgan evaluate acgan-mnist --epoch best        the one nearest to the training images
  digitgan evaluate generator.safetensors --out e   a file; the result goes to e/
  digitgan evaluate cgan-mnist --quick              fewer digits, no training of classifiers
  digitgan evaluate acgan --quick                   one that is built in
  digitgan evaluate drawings/ --data mnist          images in a folder, against MNIST
  digitgan evaluate a.npz --data b/ --out ab        any two data sets
  digitgan evaluate cgan-mnist --json               for programs")]
pub(crate) struct Args {
    /// A run (its directory, or its name under runs/), a generator's safetensors file, one that is built in (acgan, cgan), or a
    /// data set: a folder or file of labelled images
    #[arg(value_name = "RUN|FILE|NAME|SET")]
    generator: PathBuf,
    /// Which of a run's generators: last, best (nearest to the training images), or the one after epoch N
    #[arg(long, value_name = "last|best|N", default_value = "last")]
    epoch: Epoch,
    #[command(flatten)]
    data: DataArgs,
    /// A judge's file [default: the data set's judge: built in, kept, or trained now]
    #[arg(long, value_name = "FILE")]
    judge: Option<PathBuf>,
    /// Digits in a set, as many real ones
    #[arg(long, value_name = "N", default_value_t = Plan::default().samples as u32, value_parser = clap::value_parser!(u32).range(20..=100_000))]
    samples: u32,
    /// Sets of digits: each metric comes with the interval that they give
    #[arg(long, value_name = "N", default_value_t = Plan::default().repeats as u32, value_parser = clap::value_parser!(u32).range(2..=100))]
    repeats: u32,
    /// Which digits are drawn
    #[arg(long, value_name = "N", default_value_t = Plan::default().seed)]
    seed: u64,
    /// Sets of 2,000 digits at most, and no training of classifiers on generated digits
    #[arg(long)]
    quick: bool,
    /// Where the result goes [default: into the run]
    #[arg(long, value_name = "DIR", value_parser = destination::folder())]
    out: Option<PathBuf>,
    #[command(flatten)]
    device: DeviceArg,
    #[command(flatten)]
    threads: Threads,
    /// Print the result as one JSON object
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: Args) -> anyhow::Result<ExitCode> {
    evaluate(&args)?;
    Ok(ExitCode::SUCCESS)
}

impl Args {
    fn plan(&self) -> Plan {
        let plan =
            Plan { samples: self.samples as usize, repeats: self.repeats as usize, seed: self.seed, gan_train: true };
        if self.quick { quick(plan) } else { plan }
    }
}

/// The plan of an evaluation that nobody described closer.
pub(crate) fn default_plan(quick: bool) -> Plan {
    if quick { self::quick(Plan::default()) } else { Plan::default() }
}

/// The plan of `--quick`.
fn quick(plan: Plan) -> Plan {
    Plan { samples: plan.samples.min(2000), gan_train: false, ..plan }
}

/// Evaluates the newest generators of runs that one data set is right for, and writes the results into the runs. What
/// is known of the real digits is found out once.
pub(crate) fn evaluate_runs(
    device: &Device,
    runs: &[RunDirectory],
    dataset: &Dataset,
    data_dir: Option<&Path>,
    plan: Plan,
) -> anyhow::Result<()> {
    if runs.is_empty() {
        return Ok(());
    }
    check(device, dataset, data_dir, plan)?;
    let mut progress = StageProgress::default();
    let judge = judge::of_dataset(device, dataset, data_dir)?;
    let mut watch = |what: &str, done, all| progress.show(what, done, all);
    let mut evaluator = Evaluator::new(device.clone(), judge, dataset, plan, &mut watch)?;
    progress.finish();
    for run in runs {
        output::note(&format!("evaluating {}", run.path().display()));
        let mut progress = StageProgress::default();
        let mut watch = |what: &str, done, all| progress.show(what, done, all);
        let path = evaluations::newest(run)?;
        let result = evaluator.evaluate(&GeneratorFile::read(&path)?, &mut watch)?;
        progress.finish();
        write(run.path(), &result, dataset).or_else(|error| {
            // It took minutes.
            print(&result.0, ("generator", &path.display().to_string()), None)?;
            Err(error)
        })?;
    }
    Ok(())
}

/// Checks that evaluations with a data set can be made, before anything is trained or measured for them.
pub(crate) fn check(device: &Device, dataset: &Dataset, data_dir: Option<&Path>, plan: Plan) -> anyhow::Result<()> {
    plan.samples_of(dataset)?;
    judge::check(device, dataset, data_dir)
}

/// Writes an evaluation, all of its files.
fn write(folder: &Path, result: &(Evaluation, Neighbours), dataset: &Dataset) -> anyhow::Result<Written> {
    Ok(stop::undivided(|| evaluations::write(folder, &result.0, &result.1, dataset))?)
}

fn evaluate(args: &Args) -> anyhow::Result<()> {
    if is_set(&args.generator) {
        return evaluate_set(args);
    }
    let subject = Subject::find(Some(&args.generator))?;
    let folder = args.out.clone().or(subject.run().map(|run| run.path().to_owned()));
    folder.as_deref().map(evaluations::check_place).transpose()?;
    let (source, reading, data_dir) = data(&subject, &args.data)?;
    // Before data is loaded, which can take long.
    let device = args.device.open(args.threads.threads)?;
    let loaded = match &subject {
        Subject::Run(run, manifest) if args.data.data.is_none() => {
            let anew = Suggestion::new("evaluate").path(run.path()).in_new_place();
            dataset::load_of_run(&device, manifest, data_dir.clone()).map_err(dataset::moved(run, anew))?
        }
        _ => dataset::load(&device, &source, &reading, data_dir.clone())?,
    };
    let dataset = &loaded.dataset;
    args.plan().samples_of(dataset)?;
    let new_judge = || judge::given_or_of(&device, args.judge.as_deref(), dataset, data_dir.as_deref());
    let (file, origin) =
        subject.generator(args.epoch, &mut || Ok(Choice::new(&device, new_judge()?, dataset, args.seed)?))?;
    check_generator(&file, dataset)?;
    let mut progress = StageProgress::default();
    let mut watch = |what: &str, done, all| progress.show(what, done, all);
    let mut evaluator = Evaluator::new(device.clone(), new_judge()?, dataset, args.plan(), &mut watch)?;
    let result = evaluator.evaluate(&file, &mut watch)?;
    progress.finish();
    conclude(args, &result, ("generator", &origin.to_string()), folder.as_deref(), dataset)
}

/// Writes a result into `folder`, if there is one, and prints it; `subject`: what was evaluated, and its name.
fn conclude(
    args: &Args,
    result: &(Evaluation, Neighbours),
    subject: (&str, &str),
    folder: Option<&Path>,
    dataset: &Dataset,
) -> anyhow::Result<()> {
    let written = folder.map(|folder| write(folder, result, dataset)).transpose();
    // Whether or not it could be written: it took minutes.
    match args.json {
        true => output::json(&serde_json::to_value(&result.0)?)?,
        false => print(&result.0, subject, written.as_ref().ok().and_then(Option::as_ref))?,
    }
    written.map(drop)
}

/// Whether images are named rather than a generator: a folder that is no run, or a file that neither is called as weights are nor
/// begins as they do.
fn is_set(path: &Path) -> bool {
    if path.is_dir() {
        let run = runs::find(path);
        return ![run.manifest(), run.losses(), run.checkpoints(), run.generator()].iter().any(|part| part.exists());
    }
    let is_called_so = path.extension().is_some_and(|extension| extension == "safetensors");
    path.is_file() && !is_called_so && !is_of_kind(path, FileKind::Safetensors)
}

/// Evaluates images as if a generator had drawn them.
fn evaluate_set(args: &Args) -> anyhow::Result<()> {
    if args.epoch != Epoch::Last {
        return Err(Usage("--epoch is for runs: this is a data set".to_owned()).into());
    }
    args.out.as_deref().map(evaluations::check_place).transpose()?;
    let device = args.device.open(args.threads.threads)?;
    let source = DataSource::Path(args.generator.clone());
    let set = dataset::load(&device, &source, &Reading::default(), args.data.place.data_dir.clone())?.dataset;
    let loaded = args.data.load(&device)?;
    let dataset = &loaded.dataset;
    let images = labelled_as(&set, dataset)?;
    let plan = args.plan().for_images(images.len());
    plan.samples_of(dataset)?;
    let judge = judge::given_or_of(&device, args.judge.as_deref(), dataset, args.data.place.data_dir.as_deref())?;
    let mut progress = StageProgress::default();
    let mut watch = |what: &str, done, all| progress.show(what, done, all);
    let mut evaluator = Evaluator::new(device.clone(), judge, dataset, plan, &mut watch)?;
    let result = evaluator.evaluate_images(&set.name, &images, &mut watch)?;
    progress.finish();
    conclude(args, &result, ("images", &args.generator.display().to_string()), args.out.as_deref(), dataset)
}

/// The real digits to compare with: those asked for, or those that it was trained on.
fn data(subject: &Subject, asked: &DataArgs) -> anyhow::Result<(DataSource, Reading, Option<PathBuf>)> {
    let data_dir = asked.place.data_dir.clone();
    if let Some(source) = &asked.data {
        return Ok((source.clone(), asked.reading(), data_dir));
    }
    match subject {
        Subject::Run(_, manifest) => {
            let Manifest { config, dataset, .. } = &**manifest;
            Ok((config.data.clone(), config.reading(), data_dir.or(dataset.data_dir.clone())))
        }
        Subject::BuiltIn(_) => Ok((DataSource::Mnist, Reading::default(), data_dir)),
        Subject::File(path) => match GeneratorFile::read(path)?.dataset.as_str() {
            "mnist" | "" => Ok((DataSource::Mnist, Reading::default(), data_dir)),
            "strokes" => Ok((DataSource::Strokes, Reading::default(), data_dir)),
            other => Err(Usage(format!(
                "{} was trained on {other:?}: say where that data set is with --data",
                path.display()
            ))
            .into()),
        },
    }
}

/// Prints an evaluation for people.
fn print(evaluation: &Evaluation, subject: (&str, &str), written: Option<&Written>) -> anyhow::Result<()> {
    let Evaluation { samples, dataset, .. } = evaluation;
    output::heading(&format!(
        "{}, {} sets of {} digits against {dataset}",
        evaluation.title(),
        evaluation.frechet.generated.repeats,
        output::thousands(*samples)
    ))?;
    let first = if evaluation.set.is_some() { "these images" } else { "generated" };
    output::table(["", first, "real digits"], &metric_rows(evaluation))?;
    if let Some(confusion) = &evaluation.confusion {
        output::heading("What was read (columns) where each digit was meant (rows)")?;
        output::confusion(confusion, &evaluation.class_names)?;
    }
    output::heading("Class by class")?;
    let heading = ["", "read as asked for", "of all digits", "Fréchet distance", "times real"];
    output::table(heading, &evaluation.class_rows())?;
    output::heading("Digits read as each class")?;
    output::histogram(&evaluation.histogram, &evaluation.class_names)?;
    let mut facts = vec![
        (subject.0, subject.1.to_owned()),
        ("judge", format!("reads {}, SHA-256 {}", judge::reads(&evaluation.judge), evaluation.judge.sha256)),
    ];
    if let Some(Written { record, pictures }) = written {
        facts.push(("result", record.display().to_string()));
        facts.extend(pictures.iter().map(|picture| ("picture", picture.display().to_string())));
    }
    Ok(output::facts(&facts)?)
}

/// The table's rows: a metric's name, of generated digits, of real ones.
pub(crate) fn metric_rows(evaluation: &Evaluation) -> Vec<[String; 3]> {
    let row = |metric: MetricRow| Some([metric.name.to_owned(), metric.generated?, metric.real.unwrap_or_default()]);
    evaluation.metric_rows().into_iter().filter_map(row).collect()
}
