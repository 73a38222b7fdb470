//! `digitgan evaluate`

use crate::dataset::{self, DataArgs};
use crate::device::DeviceArg;
use crate::threads::{Threads, with_threads};
use crate::{Usage, judge, output, progress, runs};
use anyhow::Context;
use digitgan::data::{DataSource, Dataset};
use digitgan::engine::cpu;
use digitgan::evaluation::{Choice, Evaluation, Evaluator, Figure, Neighbours, Plan};
use digitgan::judge::{Judge, JudgeFile};
use digitgan::run::RunDirectory;
use digitgan::run::evaluation_files::{self, Written};
use digitgan::run::generator_file::GeneratorFile;
use digitgan::run::manifest::Manifest;
use indicatif::ProgressBar;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::str::FromStr;

/// Judge a generator: how clear, how varied, how close to real digits
///
/// Digits are read by a small classifier, the judge, and compared with the test images; beside each figure stands that of
/// real training digits in their place, which is the best to hope for. Of a run, the result and its pictures go into the run.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  digitgan evaluate runs/acgan-mnist                the newest generator of a run
  digitgan evaluate acgan-mnist --epoch best        the one nearest to the training images
  digitgan evaluate generator.safetensors --out e   a file; the result goes to e/
  digitgan evaluate cgan-mnist --quick              fewer digits, no training of classifiers
  digitgan evaluate cgan-mnist --json               for programs")]
pub(crate) struct Args {
    /// A run (its directory, or its name under runs/), or a generator's safetensors file
    #[arg(value_name = "RUN|FILE")]
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
    /// Sets of digits: each figure comes with the interval that they give
    #[arg(long, value_name = "N", default_value_t = Plan::default().repeats as u32, value_parser = clap::value_parser!(u32).range(2..=100))]
    repeats: u32,
    /// Which digits are drawn
    #[arg(long, value_name = "N", default_value_t = Plan::default().seed)]
    seed: u64,
    /// Sets of 2,000 digits at most, and no training of classifiers on generated digits
    #[arg(long)]
    quick: bool,
    /// Where the result goes [default: into the run]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    #[command(flatten)]
    device: DeviceArg,
    #[command(flatten)]
    threads: Threads,
    /// Print the result as one JSON object
    #[arg(long)]
    json: bool,
}

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

pub(crate) fn run(args: Args) -> anyhow::Result<ExitCode> {
    with_threads(args.threads.threads, || evaluate(&args))??;
    Ok(ExitCode::SUCCESS)
}

impl Args {
    fn plan(&self) -> Plan {
        let plan =
            Plan { samples: self.samples as usize, repeats: self.repeats as usize, seed: self.seed, gan_train: true };
        if self.quick { quick(plan) } else { plan }
    }
}

/// The plan of `--quick`.
pub(crate) fn quick(plan: Plan) -> Plan {
    Plan { samples: plan.samples.min(2000), gan_train: false, ..plan }
}

/// Evaluates the newest generators of runs that one data set is right for, and writes the results into the runs. What
/// is known of the real digits is found out once. `begin` is told each run, and says whether to go on.
pub(crate) fn evaluate_runs(
    runs: &[RunDirectory],
    dataset: &Dataset,
    data_dir: Option<&Path>,
    plan: Plan,
    begin: &mut dyn FnMut(&RunDirectory) -> bool,
) -> anyhow::Result<()> {
    if runs.is_empty() {
        return Ok(());
    }
    let mut progress = StageProgress::default();
    let judge = judge::of_dataset(dataset, &dataset.identity(), data_dir)?;
    let mut watch = |what: &str, done, all| progress.show(what, done, all);
    let mut evaluator = Evaluator::new(cpu::kernels()?, judge, dataset, plan, &mut watch)?;
    progress.finish();
    for run in runs {
        if !begin(run) {
            break;
        }
        let mut progress = StageProgress::default();
        let mut watch = |what: &str, done, all| progress.show(what, done, all);
        let file = GeneratorFile::read(&run.generator())?;
        let (evaluation, neighbours) = evaluator.evaluate(&file, &mut watch)?;
        progress.finish();
        write(run.path(), &evaluation, &neighbours, dataset)?;
    }
    Ok(())
}

fn write(
    folder: &Path,
    evaluation: &Evaluation,
    neighbours: &Neighbours,
    dataset: &Dataset,
) -> anyhow::Result<Written> {
    evaluation_files::write(folder, evaluation, neighbours, &dataset.train)
        .with_context(|| format!("cannot write into {}", folder.display()))
}

fn evaluate(args: &Args) -> anyhow::Result<()> {
    let subject = Subject::find(&args.generator)?;
    let (source, data_dir) = subject.data(&args.data)?;
    // Before data is loaded, which can take long.
    let device = args.device.open()?;
    let loaded = dataset::load(&source, data_dir.clone())?;
    let dataset = &loaded.dataset;
    let new_judge = || match &args.judge {
        Some(path) => Ok(Judge::new(cpu::kernels()?, JudgeFile::read(path)?)),
        None => judge::of_dataset(dataset, &dataset.identity(), data_dir.as_deref()),
    };
    let (file, path) =
        subject.generator(args.epoch, &mut || Ok(Choice::new(cpu::kernels()?, new_judge()?, dataset, args.seed)?))?;
    let mut progress = StageProgress::default();
    let mut watch = |what: &str, done, all| progress.show(what, done, all);
    let mut evaluator =
        Evaluator::new(cpu::kernels()?, new_judge()?, dataset, args.plan(), &mut watch)?.drawing_on(device);
    let (evaluation, neighbours) = evaluator.evaluate(&file, &mut watch)?;
    progress.finish();
    let folder = args.out.clone().or(subject.run().map(|run| run.path().to_owned()));
    let written = folder.map(|folder| write(&folder, &evaluation, &neighbours, dataset)).transpose()?;
    if args.json {
        return Ok(output::json(&serde_json::to_value(&evaluation)?)?);
    }
    print(&evaluation, &path, written.as_ref())
}

/// What is evaluated.
enum Subject {
    Run(RunDirectory, Box<Manifest>),
    File(PathBuf),
}

impl Subject {
    fn find(text: &Path) -> anyhow::Result<Subject> {
        if text.is_file() {
            return Ok(Subject::File(text.to_owned()));
        }
        let run = runs::find(text);
        let manifest = Manifest::read(&run.manifest())?;
        Ok(Subject::Run(run, Box::new(manifest)))
    }

    fn run(&self) -> Option<&RunDirectory> {
        match self {
            Subject::Run(run, _) => Some(run),
            Subject::File(_) => None,
        }
    }

    /// The real digits to compare with: those asked for, or those that it was trained on.
    fn data(&self, asked: &DataArgs) -> anyhow::Result<(DataSource, Option<PathBuf>)> {
        let data_dir = asked.place.data_dir.clone();
        if let Some(source) = &asked.data {
            return Ok((source.clone(), data_dir));
        }
        match self {
            Subject::Run(_, manifest) => {
                Ok((manifest.config.data.clone(), data_dir.or(manifest.dataset.data_dir.clone())))
            }
            Subject::File(path) => match GeneratorFile::read(path)?.dataset.as_str() {
                "mnist" | "" => Ok((DataSource::Mnist, data_dir)),
                "strokes" => Ok((DataSource::Strokes, data_dir)),
                other => Err(Usage(format!(
                    "{} was trained on {other:?}: say where that data set is with --data",
                    path.display()
                ))
                .into()),
            },
        }
    }

    /// The generator and its file.
    fn generator(
        &self,
        epoch: Epoch,
        choice: &mut dyn FnMut() -> anyhow::Result<Choice>,
    ) -> anyhow::Result<(GeneratorFile, PathBuf)> {
        let path = match (self, epoch) {
            (Subject::File(path), Epoch::Last) => path.clone(),
            (Subject::File(_), _) => {
                return Err(Usage("--epoch is for runs: a file is one generator".to_owned()).into());
            }
            (Subject::Run(run, _), Epoch::Last) => run.generator(),
            (Subject::Run(run, _), Epoch::Number(epoch)) => run.epoch_generator(epoch),
            (Subject::Run(run, _), Epoch::Best) => best(run, &mut choice()?)?,
        };
        Ok((GeneratorFile::read(&path)?, path))
    }
}

/// The generator of a run whose digits are nearest to the training images.
fn best(run: &RunDirectory, choice: &mut Choice) -> anyhow::Result<PathBuf> {
    let epochs = run.generator_epochs().with_context(|| format!("cannot list {}", run.generators().display()))?;
    let mut progress = StageProgress::default();
    let mut best: Option<(f64, PathBuf)> = None;
    for (done, &epoch) in epochs.iter().enumerate() {
        progress.show("choosing an epoch by the training images", done as u64, epochs.len() as u64);
        let path = run.epoch_generator(epoch);
        let distance = choice.distance(&GeneratorFile::read(&path)?)?;
        if best.as_ref().is_none_or(|(least, _)| distance < *least) {
            best = Some((distance, path));
        }
    }
    progress.finish();
    let nothing = || anyhow::anyhow!("{} holds no generator: train an epoch first", run.generators().display());
    Ok(best.ok_or_else(nothing)?.1)
}

/// Prints an evaluation for people.
pub(crate) fn print(evaluation: &Evaluation, path: &Path, written: Option<&Written>) -> anyhow::Result<()> {
    let Evaluation { model, samples, plan, dataset, .. } = evaluation;
    output::heading(&format!(
        "{}, {} sets of {} digits against {dataset}",
        model.title(),
        plan.repeats,
        output::thousands(samples)
    ))?;
    output::table(["", "generated", "real digits"], &figures(evaluation))?;
    if let Some(confusion) = &evaluation.confusion {
        output::heading("What was read (columns) where each digit was asked for (rows)")?;
        output::confusion(confusion, &evaluation.class_names)?;
    }
    output::heading("Class by class")?;
    let heading = ["", "read as asked for", "of all digits", "Fréchet distance", "times real"];
    output::table(heading, &evaluation.class_figures())?;
    output::heading("Digits read as each class")?;
    output::histogram(&evaluation.histogram, &evaluation.class_names)?;
    let mut facts = vec![
        ("generator", path.display().to_string()),
        ("judge", format!("reads {}, SHA-256 {}", judge::reads(&evaluation.judge), evaluation.judge.sha256)),
    ];
    if let Some(Written { record, pictures }) = written {
        facts.push(("result", record.display().to_string()));
        facts.extend(pictures.iter().map(|picture| ("picture", picture.display().to_string())));
    }
    Ok(output::facts(&facts)?)
}

/// The table's rows: a figure's name, of generated digits, of real ones.
fn figures(evaluation: &Evaluation) -> Vec<[String; 3]> {
    let row = |figure: Figure| Some([figure.name.to_owned(), figure.generated?, figure.real.unwrap_or_default()]);
    evaluation.figures().into_iter().filter_map(row).collect()
}

/// Shows what is being done: a bar a stage, or a line where nobody sees bars.
#[derive(Default)]
pub(crate) struct StageProgress {
    stage: String,
    bar: Option<ProgressBar>,
}

impl StageProgress {
    pub(crate) fn show(&mut self, what: &str, done: u64, all: u64) {
        if self.stage != what {
            self.finish();
            if !progress::visible() {
                output::note(what);
            }
            self.stage = what.to_owned();
            self.bar = Some(progress::transfer(what, Some(all), false));
        }
        if let Some(bar) = &self.bar {
            bar.set_position(done);
        }
    }

    pub(crate) fn finish(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}
