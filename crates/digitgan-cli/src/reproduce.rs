//! `digitgan reproduce`

use crate::dataset::{self, DataArgs};
use crate::exit::ExitCode;
use crate::page::say;
use crate::stop::{self, STOPPED};
use crate::threads::Threads;
use crate::train::{STILL_DONE, train_visibly};
use crate::{destination, evaluate, judge, output};
use digitgan::config::TrainConfig;
use digitgan::data::{Augment, Reading};
use digitgan::engine::Device;
use digitgan::load::Loaded;
use digitgan::model::Variant;
use digitgan::page::{Page, RealDigits, check_free};
use digitgan::run::RunDirectory;
use digitgan::session::{Session, evaluations, manifest};
use digitgan::train::Outcome;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

/// Epochs of each training of `--quick`: the fewest after which a judge can read the digits.
const QUICK_EPOCHS: u32 = 1;
/// What is there when a request ends it at once.
const KEPT: &str = "what is finished is kept, and the same command goes on";

/// Do the paper's experiments again: GAN, cGAN, ACGAN, ACGAN with augmentation
///
/// Trains all four under the paper's protocol, evaluates them, and puts them on one page that says which of the
/// paper's claims hold. Stop it with Ctrl-C and call it again: what is finished is kept, what is not goes on.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  digitgan reproduce                        everything, 20 epochs each, into reproduction/
  digitgan reproduce --quick --out try      one epoch each: about 80 seconds
  digitgan reproduce --epochs 5 --seed 2 --out five")]
pub(crate) struct Args {
    #[command(flatten)]
    data: DataArgs,
    /// Where the page goes, and the runs below it
    #[arg(long, value_name = "DIR", default_value = "reproduction", value_parser = destination::folder())]
    out: PathBuf,
    /// One epoch of each training, and small evaluations
    #[arg(long, conflicts_with = "epochs")]
    quick: bool,
    /// Passes over the training images [default: 20]
    #[arg(long, value_name = "N")]
    epochs: Option<u32>,
    /// Every random number of the trainings follows from it
    #[arg(long, value_name = "N", default_value_t = TrainConfig::default().seed)]
    seed: u64,
    #[command(flatten)]
    threads: Threads,
    /// Print what was written as one JSON object
    #[arg(long)]
    json: bool,
}

/// One of the four.
struct Experiment {
    run: RunDirectory,
    config: TrainConfig,
}

pub(crate) fn run(args: Args) -> anyhow::Result<ExitCode> {
    let experiments = experiments(&args);
    for experiment in &experiments {
        experiment.config.validate()?;
    }
    let data = args.data.data.clone().unwrap_or_default();
    manifest::check_recordable(&data, args.data.place.data_dir.as_deref())?;
    check_free(&args.out)?;
    reproduce(&args, &experiments)
}

/// What is to be trained: the three models, then the paper's own with augmentation.
fn experiments(args: &Args) -> Vec<Experiment> {
    let protocol = TrainConfig::default();
    let epochs = if args.quick { QUICK_EPOCHS } else { args.epochs.unwrap_or(protocol.epochs) };
    let data = args.data.data.clone().unwrap_or_default();
    let Reading { ground, orientation, range, labels } = args.data.reading();
    let config = TrainConfig { data, ground, orientation, range, labels, epochs, seed: args.seed, ..protocol };
    let runs = args.out.join("runs");
    let experiment = |name: &str, model, augment| Experiment {
        run: RunDirectory::new(runs.join(name)),
        config: TrainConfig { model, augment, ..config.clone() },
    };
    let plain = Variant::ALL.into_iter().map(|model| experiment(model.name(), model, Vec::new()));
    let augmented = experiment(&format!("{}-augmented", config.model), config.model, vec![Augment::Affine]);
    plain.chain([augmented]).collect()
}

fn reproduce(args: &Args, experiments: &[Experiment]) -> anyhow::Result<ExitCode> {
    stop::at_once(KEPT);
    let source = args.data.data.clone().unwrap_or_default();
    let device = args.threads.cpu()?;
    let loaded = dataset::load(&device, &source, &args.data.reading(), args.data.place.data_dir.clone())?;
    // What trainings and evaluations need, before hours of work.
    for Experiment { config, .. } in experiments {
        config.validate_for(&loaded.dataset.name, loaded.dataset.train.len())?;
    }
    evaluate::check(&device, &loaded.dataset, args.data.place.data_dir.as_deref(), evaluate::default_plan(args.quick))?;
    let stop = stop::at_safe_point(STILL_DONE);
    for (number, experiment) in (1..).zip(experiments) {
        output::note(&format!("experiment {number} of {}: {}", experiments.len(), experiment.run.path().display()));
        if train(&device, experiment, &loaded, &args.data, stop)? == Outcome::Stopped {
            return stopped();
        }
    }
    stop::at_once(KEPT);
    if stop.load(Ordering::Relaxed) {
        return stopped();
    }
    evaluate_all(&device, experiments, &loaded, args)?;
    let runs: Vec<RunDirectory> = experiments.iter().map(|experiment| experiment.run.clone()).collect();
    let title = "The experiments of the paper, done again";
    let page = Page::read(&device, title, &runs, vec![RealDigits::of(&loaded.dataset, 0)?])?;
    say(&page, &stop::undivided(|| page.write(&args.out))?, &args.data, args.json)?;
    if let Some(reason) = &loaded.fallback {
        dataset::warn_fallback(reason);
    }
    Ok(ExitCode::SUCCESS)
}

fn stopped() -> anyhow::Result<ExitCode> {
    output::note("stopped and saved; the same command goes on");
    Ok(ExitCode::from(STOPPED))
}

/// Trains one of the four from where it stands, unless it is finished.
fn train(
    device: &Device,
    experiment: &Experiment,
    loaded: &Loaded,
    data: &DataArgs,
    stop: &AtomicBool,
) -> anyhow::Result<Outcome> {
    let Experiment { run, config } = experiment;
    let wanted = manifest::new(config.clone(), loaded, data.place.data_dir.clone(), device)?;
    let begun = run.manifest().exists();
    let record = if begun { manifest::taken_up(run, &wanted)? } else { wanted };
    if begun && manifest::is_finished(run, &record) {
        output::note("it was trained before, and is kept");
        return Ok(Outcome::Finished);
    }
    let judge = judge::at_hand(device, &record.dataset.identity, record.dataset.data_dir.as_deref())?;
    let begin = if begun { Session::resume } else { Session::start };
    let mut session = begin(run.clone(), record, &loaded.dataset, device.clone(), judge)?;
    Ok(train_visibly(&mut session, stop)?.outcome)
}

/// Evaluates those that were not, or less thoroughly than is wanted now.
fn evaluate_all(device: &Device, experiments: &[Experiment], loaded: &Loaded, args: &Args) -> anyhow::Result<()> {
    let plan = evaluate::default_plan(args.quick);
    let mut left = Vec::new();
    for Experiment { run, .. } in experiments {
        if !evaluations::is_current(run, &plan)? {
            left.push(run.clone());
        }
    }
    let data_dir = args.data.place.data_dir.as_deref();
    evaluate::evaluate_runs(device, &left, &loaded.dataset, data_dir, plan)
}
