//! `digitgan judge`

use crate::dataset::DataArgs;
use crate::destination::Destination;
use crate::exit::ExitCode;
use crate::output;
use crate::progress::{self, Transfer};
use crate::threads::Threads;
use digitgan::engine::Device;
use digitgan::files::output::FileKind;
use digitgan::judge::training::TrainingPlan;
use digitgan::judge::{ClassifierFile, Judge, JudgeIdentity};
use digitgan::load::default_data_dir;
use digitgan::metrics::histogram::Confusion;
use digitgan::run::manifest::Manifest;
use digitgan::session::judges::{self, JudgeEvent};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Bytes that a judge's file takes at least; that of ten classes takes 470,912.
const LEAST_BYTES: u64 = 460_000;

/// Train and test the classifier that reads generated digits
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    Train(TrainArgs),
    Test(TestArgs),
}

/// Train a judge on real digits
///
/// The judge of MNIST comes with the program, and that of another data set is trained when `evaluate` first needs it.
/// This command trains one explicitly. The same data gives the same judge, bit for bit.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  digitgan judge train                            a judge of MNIST, into judge.safetensors
  digitgan judge train --data my/letters --out letters.safetensors")]
struct TrainArgs {
    #[command(flatten)]
    data: DataArgs,
    /// The judge's file; -: standard output
    #[arg(long, value_name = "FILE.safetensors", default_value = "judge.safetensors")]
    out: Destination,
    /// Passes over the training images
    #[arg(long, value_name = "N", default_value_t = TrainingPlan::judge().epochs, value_parser = clap::value_parser!(u64).range(1..=1000))]
    epochs: u64,
    /// Every random number follows from it
    #[arg(long, value_name = "N", default_value_t = TrainingPlan::judge().seed)]
    seed: u64,
    #[command(flatten)]
    threads: Threads,
    /// Print the result as one JSON object
    #[arg(long)]
    json: bool,
}

/// Let a judge read test images
#[derive(clap::Args)]
#[command(after_help = "Examples:
  digitgan judge test                        the built-in judge reads MNIST's test images
  digitgan judge test letters.safetensors --data my/letters
  digitgan judge test --json                 for programs")]
struct TestArgs {
    /// A judge's file [default: the data set's judge: built in, kept, or trained now]
    #[arg(value_name = "FILE")]
    judge: Option<PathBuf>,
    #[command(flatten)]
    data: DataArgs,
    #[command(flatten)]
    threads: Threads,
    /// Print the result as one JSON object
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: Args) -> anyhow::Result<ExitCode> {
    match args.command {
        Command::Train(args) => train(&args)?,
        Command::Test(args) => test(&args)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn train(args: &TrainArgs) -> anyhow::Result<()> {
    args.out.check_in_new_folder(FileKind::Safetensors, args.json)?;
    args.out.check_room("a judge", LEAST_BYTES)?;
    args.out.refuse_other_weights("a judge's", |path| ClassifierFile::read(path).is_ok())?;
    let device = args.threads.cpu()?;
    let loaded = args.data.load(&device)?;
    let identity = loaded.dataset.identity();
    let plan = TrainingPlan { epochs: args.epochs, seed: args.seed, ..TrainingPlan::judge() };
    let started = Instant::now();
    let mut watch = JudgeProgress::new(&loaded.dataset.name);
    let judge = digitgan::judge::train(&device, &loaded.dataset, &identity, &plan, &mut |done, all| {
        watch.step(done, all);
    })?;
    watch.finish();
    // What was trained in minutes is told also where it cannot be written.
    let kept = args.out.make_folder().map_err(anyhow::Error::from);
    let kept = kept.and_then(|()| args.out.write(FileKind::Safetensors, &judge.to_bytes()));
    let (who, seconds) = (&judge.identity, started.elapsed());
    let others = [("reads", reads(who)), ("hash", who.sha256.clone()), ("took", output::duration(seconds))];
    if args.json {
        output::json(&json!({
            "judge": who, "accuracy": who.accuracy(), "out": kept.is_ok().then_some(&args.out),
            "seconds": seconds.as_secs_f64(),
        }))?;
    } else if kept.is_ok() {
        args.out.facts("judge", &others)?;
    } else {
        output::facts(&[&[("judge", "could not be written".to_owned())], others.as_slice()].concat())?;
    }
    kept
}

fn test(args: &TestArgs) -> anyhow::Result<()> {
    let device = args.threads.cpu()?;
    let loaded = args.data.load(&device)?;
    let dataset = &loaded.dataset;
    anyhow::ensure!(!dataset.test.is_empty(), "{} has no test images to read", dataset.name);
    let mut judge = given_or_of(&device, args.judge.as_deref(), dataset, args.data.place.data_dir.as_deref())?;
    anyhow::ensure!(
        judge.identity().classes == dataset.classes,
        "the judge knows {} classes, but {} has {}: give the judge of this data set",
        judge.identity().classes,
        dataset.name,
        dataset.classes
    );
    let read = judge.read(&dataset.test.images)?;
    let confusion = Confusion::of(&dataset.test.labels, &read.labels, dataset.classes)?;
    if args.json {
        let (judge, agreement) = (judge.identity(), confusion.agreement());
        return Ok(output::json(&json!({ "judge": judge, "accuracy": agreement, "confusion": confusion }))?);
    }
    output::facts(&[
        ("judge", format!("of {}, {}", judge.identity().dataset, judge.identity().sha256)),
        (
            "read",
            format!(
                "{} of {} test images as labelled",
                output::thousands((0..dataset.classes).map(|class| confusion.counts()[class][class]).sum::<u64>()),
                output::thousands(dataset.test.len())
            ),
        ),
        ("accuracy", format!("{:.2} %", 100.0 * confusion.agreement())),
    ])?;
    output::heading("What was read (columns) of each class (rows)")?;
    output::confusion(&confusion, &dataset.class_names)?;
    Ok(())
}

/// The judge of a data set, if it is at hand.
pub(crate) fn at_hand(
    device: &Device,
    identity: &digitgan::data::DatasetIdentity,
    data_dir: Option<&Path>,
) -> anyhow::Result<Option<Judge>> {
    Ok(judges::at_hand(device, identity, &folder(data_dir)?)?)
}

/// The file of the judge of a data set, if it is at hand.
#[cfg(feature = "onnx")]
pub(crate) fn file_at_hand(
    identity: &digitgan::data::DatasetIdentity,
    data_dir: Option<&Path>,
) -> anyhow::Result<Option<ClassifierFile>> {
    Ok(judges::file_at_hand(identity, &folder(data_dir)?)?)
}

/// Who looks for a collapse in a training, if anybody; shows the training of a judge, where one must be trained first.
pub(crate) fn for_training(
    device: &Device,
    dataset: &digitgan::data::Dataset,
    manifest: &Manifest,
) -> anyhow::Result<Option<Judge>> {
    let mut progress = JudgeProgress::new(&dataset.name);
    let mut watch = |event: JudgeEvent<'_>| progress.tell(event);
    let folder = folder(manifest.dataset.data_dir.as_deref())?;
    let judge = judges::for_training(device, dataset, manifest, &folder, &mut watch)?;
    progress.finish();
    Ok(judge)
}

/// Checks that the judge of a data set is at hand, or that a new one could be kept.
pub(crate) fn check(device: &Device, dataset: &digitgan::data::Dataset, data_dir: Option<&Path>) -> anyhow::Result<()> {
    Ok(judges::check(device, &dataset.identity(), &folder(data_dir)?)?)
}

/// The folder where judges are kept.
fn folder(data_dir: Option<&Path>) -> anyhow::Result<PathBuf> {
    let data = match data_dir {
        Some(folder) => folder.to_owned(),
        None => default_data_dir()?,
    };
    Ok(data.join("judges"))
}

/// The judge in a file, or else that of a data set.
pub(crate) fn given_or_of(
    device: &Device,
    given: Option<&Path>,
    dataset: &digitgan::data::Dataset,
    data_dir: Option<&Path>,
) -> anyhow::Result<Judge> {
    match given {
        Some(path) => Ok(Judge::new(device, ClassifierFile::read(path)?)?),
        None => of_dataset(device, dataset, data_dir),
    }
}

/// The judge of a data set; shows its training where it must be trained first.
pub(crate) fn of_dataset(
    device: &Device,
    dataset: &digitgan::data::Dataset,
    data_dir: Option<&Path>,
) -> anyhow::Result<Judge> {
    let mut progress = JudgeProgress::new(&dataset.name);
    let mut watch = |event: JudgeEvent<'_>| progress.tell(event);
    let judge = judges::of_dataset(device, dataset, &dataset.identity(), &folder(data_dir)?, &mut watch)?;
    progress.finish();
    Ok(judge)
}

/// How well a judge reads, and what.
pub(crate) fn reads(judge: &JudgeIdentity) -> String {
    match judge.accuracy() {
        Some(accuracy) => format!("{:.2} % of the test images of {} as labelled", 100.0 * accuracy, judge.dataset),
        None => format!("{}, untested: it has no test images", judge.dataset),
    }
}

/// Shows how a judge's training goes on, if there is one.
struct JudgeProgress {
    dataset: String,
    progress: Option<Transfer>,
}

impl JudgeProgress {
    fn new(dataset: &str) -> Self {
        JudgeProgress { dataset: dataset.to_owned(), progress: None }
    }

    fn tell(&mut self, event: JudgeEvent<'_>) {
        match event {
            JudgeEvent::Step { done, all } => self.step(done, all),
            JudgeEvent::NotKept(error) => {
                self.finish();
                output::note(&format!("the judge is used now, but the next time it must be trained again: {error}"));
            }
        }
    }

    fn step(&mut self, done: u64, all: u64) {
        let progress = self.progress.get_or_insert_with(|| {
            if !progress::visible() {
                output::note(&format!("training a judge of {}, once", self.dataset));
            }
            Transfer::new(&format!("training a judge of {}", self.dataset), Some(all), false)
        });
        progress.advance(done);
    }

    fn finish(&mut self) {
        self.progress = None;
    }
}
