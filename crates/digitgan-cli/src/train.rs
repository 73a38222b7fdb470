//! `digitgan train`

mod config_file;
mod options;
#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test")]
mod readme;

use crate::dataset::{self, DataDir};
use crate::device::DeviceArg;
use crate::exit::ExitCode;
use crate::further::{further, is_whole};
use crate::progress::TrainingProgress;
use crate::stop::{self, STOPPED};
use crate::suggestion::Suggestion;
use crate::usage::Usage;
use crate::{flags, judge, output, place, runs};
use digitgan::config::{ConfigError, Layer, OnCollapse, Setting, ThreadCount};
use digitgan::data::DataSource;
use digitgan::engine::Precision;
use digitgan::run::RunDirectory;
use digitgan::run::manifest::Manifest;
use digitgan::session::{self, Session, SessionError, manifest};
use digitgan::train::{Event, Outcome};
use options::Options;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// What a training does before it stops.
pub(crate) const STILL_DONE: &str = "finishing this step, then saving";

/// Train a model on real digits: GAN, cGAN or ACGAN
///
/// Writes a run directory with sample pictures, losses, checkpoints and the trained generator. Stop it with
/// Ctrl-C and go on with --resume: the result is the same, bit for bit.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  digitgan train                            ACGAN on MNIST, 20 epochs
  digitgan train gan --recipe paper         under the protocol of Peng & Yang (2020)
  digitgan train cgan --epochs 5            a conditional GAN, fewer epochs
  digitgan train gan --data strokes         without network or MNIST
  digitgan train --resume runs/acgan-mnist  go on with an interrupted run
  digitgan train --config my.toml --seed 7  settings from a file, one of them changed")]
pub(crate) struct Args {
    /// The run to go on with: its directory, or its name under runs/
    #[arg(long, value_name = "RUN", conflicts_with = "config")]
    resume: Option<PathBuf>,
    /// A TOML file with settings by the names of these options, which override it. A run's run.toml works too
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(flatten)]
    options: Options,
    #[command(flatten)]
    device: DeviceArg,
    #[command(flatten)]
    place: DataDir,
    /// Print the result as one JSON object
    #[arg(long)]
    json: bool,
}

impl Args {
    /// What the command line says of the settings.
    fn said(&self) -> Layer {
        Layer { data_dir: self.place.data_dir.clone(), ..self.options.0.clone() }
    }

    /// The same call with the data of the run in another place.
    fn with_other_data(&self, run: &RunDirectory) -> Suggestion {
        let said = self.said();
        let anew = Suggestion::new("train").word("--resume").path(run.path()).in_new_place();
        let others = Setting::all().filter(|setting| setting.name != "data");
        let settings = others.filter_map(|setting| Some((setting, setting.text(&said)?)));
        let command = settings.fold(anew, |command, (setting, text)| options::given(command, setting, &text));
        let command = self.device.given_to(command);
        if self.json { command.word("--json") } else { command }
    }
}

pub(crate) fn run(args: Args) -> anyhow::Result<ExitCode> {
    match args.resume.clone() {
        Some(run) => resume(&args, &run),
        None => start(args),
    }
}

fn start(args: Args) -> anyhow::Result<ExitCode> {
    let file = args.config.as_deref().map(|path| config_file::read(path, &is_option)).transpose()?.unwrap_or_default();
    let by_flags = args.said();
    let said = by_flags.clone().over(file);
    let config = said.config().map_err(|error| config_file::mistake(error, &by_flags, args.config.as_deref()))?;
    manifest::check_recordable(&config.data, said.data_dir.as_deref())?;
    let place = said.out.clone().or(said.name.as_deref().map(named).transpose()?);
    // Before data is loaded, which can take long.
    match &place {
        Some(place) => session::check_free(&RunDirectory::new(place))?,
        None => place::check_folder(Path::new(runs::RUNS))?,
    }
    let device = args.device.open(said.threads.map(ThreadCount::get))?;
    let loaded = dataset::load(&device, &config.data, &config.reading(), said.data_dir.clone())?;
    let manifest = manifest::new(config, &loaded, said.data_dir, &device)?;
    let judge = judge::for_training(&device, &loaded.dataset, &manifest)?;
    let place = place.unwrap_or_else(|| runs::unnamed(manifest.config.model.name(), &loaded.dataset.name));
    let stop = stop::at_safe_point(STILL_DONE);
    let session = Session::start(RunDirectory::new(place), manifest, &loaded.dataset, device, judge)?;
    train(session, stop, args.json)
}

/// Whether an option of this verb has this name.
fn is_option(name: &str) -> bool {
    let command = <Args as clap::Args>::augment_args(clap::Command::new("train"));
    command.get_arguments().any(|argument| argument.get_long() == Some(name))
}

fn named(name: &str) -> anyhow::Result<PathBuf> {
    let plain = !name.is_empty() && !name.starts_with('.') && !name.contains(['/', '\\', '\0']);
    if plain {
        Ok(runs::named(name))
    } else {
        Err(Usage(format!("--name {name:?} is no plain name: for a path, give --out")).into())
    }
}

fn resume(args: &Args, run: &Path) -> anyhow::Result<ExitCode> {
    let run = runs::find(run);
    let mut manifest = Manifest::read(&run.manifest())?;
    place::check_folder(run.path())?;
    session::check_resumable(&run)?;
    let said = args.said();
    let recorded = manifest.config.data.clone();
    manifest.config = manifest.config.resumed_with(&said).map_err(|error| refused(&run, error))?;
    manifest.dataset.data_dir = said.data_dir.or(manifest.dataset.data_dir);
    manifest::check_recordable(&manifest.config.data, manifest.dataset.data_dir.as_deref())?;
    let device = args.device.open(said.threads.map(ThreadCount::get))?;
    let data_dir = manifest.dataset.data_dir.clone();
    let loaded =
        dataset::load_of_run(&device, &manifest, data_dir).map_err(dataset::moved(&run, args.with_other_data(&run)))?;
    manifest = match &said.data {
        Some(data) => {
            manifest::moved(&run, manifest, &loaded).map_err(|error| other_data(&run, error, data, &recorded))?
        }
        None => {
            manifest::same_data(&run, &manifest, &loaded.dataset.identity())?;
            manifest
        }
    };
    let judge = judge::for_training(&device, &loaded.dataset, &manifest)?;
    let stop = stop::at_safe_point(STILL_DONE);
    let session = Session::resume(run, manifest, &loaded.dataset, device, judge)?;
    let training = session.training();
    if training.step() == 0 {
        let run = session.run_directory().path().display();
        output::note(&format!("{run} has no checkpoint: it begins again, and so do its losses"));
    }
    if training.step() >= training.total_steps() && !args.json {
        let more = match is_whole(session.manifest(), training.step()) {
            true if training.config().is_scheduled() => "",
            true => "; for more, give --epochs",
            false => "; for more, give --max-steps or --epochs",
        };
        output::note(&format!("all {} steps were done before{more}", output::thousands(training.step())));
    }
    train(session, stop, args.json)
}

/// Why a run cannot go on with another value of a setting, and what can be done.
fn refused(run: &RunDirectory, error: ConfigError) -> anyhow::Error {
    let Some(setting) = Setting::named(error.setting()) else { return error.into() };
    let (path, record, flag) = (run.path().display(), run.manifest(), flags::flag(setting));
    let anew = |found: &str| {
        let command = options::given(Suggestion::new("train").word("--config").path(&record), setting, found);
        format!("train anew with `{}`", command.option("--name", "NEW"))
    };
    let text = match &error {
        ConfigError::Planned { found, recorded, .. } => format!(
            "{path} was planned to end after epoch {recorded}, and its learning rates or its noise fall towards that end, so it \
             cannot have another: {}",
            anew(found)
        ),
        ConfigError::Fixed { found, recorded: Some(recorded), .. } if found == recorded => {
            format!("{flag} cannot be given with --resume: {path} has {recorded} anyway, so leave it out")
        }
        ConfigError::Fixed { found, recorded: Some(recorded), .. } => {
            let recorded = if recorded.is_empty() { "none" } else { recorded };
            format!(
                "{flag} cannot change with --resume: {path} was begun with {recorded}; for another, {}",
                anew(found)
            )
        }
        ConfigError::Fixed { recorded: None, .. } => {
            format!("{flag} cannot be given with --resume: {path} stays where it is and goes on by its own settings")
        }
        _ => return error.into(),
    };
    Usage(text).into()
}

/// Why a run cannot go on with the data that was given.
fn other_data(run: &RunDirectory, error: SessionError, given: &DataSource, recorded: &DataSource) -> anyhow::Error {
    match error {
        SessionError::OtherData { .. } => {
            let (found, recorded) = (given.to_string(), Some(recorded.to_string()));
            refused(run, ConfigError::Fixed { setting: "data", found, recorded })
        }
        error => error.into(),
    }
}

/// What came of a session.
pub(crate) struct Trained {
    pub(crate) outcome: Outcome,
    time: Duration,
    images_per_second: f64,
    /// Whether an earlier session had begun it.
    resumed: bool,
}

/// Trains to the end or until stopped, with progress shown.
pub(crate) fn train_visibly(session: &mut Session<'_>, stop: &AtomicBool) -> anyhow::Result<Trained> {
    announce(session);
    say_notes(session);
    let training = session.training();
    let mut progress = TrainingProgress::new(training);
    let outcome = session.run(stop, &mut |event: &Event<'_>| {
        match *event {
            Event::Step { step, epoch, report } => progress.step(step, epoch, report),
            Event::Epoch { step, epoch, .. } => progress.epoch_done(step, epoch),
            Event::Collapsed { step, complaint, back_to, .. } => {
                progress.aside(|| warn_collapse(step, complaint, back_to));
            }
            _ => {}
        }
        Ok(())
    });
    let (time, images_per_second) = progress.finish(session.training().step());
    say_notes(session);
    Ok(Trained { outcome: outcome?, time, images_per_second, resumed: progress.first_step() > 0 })
}

/// Says what was not as it should be in the run's directory.
fn say_notes(session: &mut Session<'_>) {
    session.take_notes().iter().for_each(|found| output::note(&found.to_string()));
}

/// Trains to the end or until stopped, and says what came of it.
fn train(mut session: Session<'_>, stop: &AtomicBool, json: bool) -> anyhow::Result<ExitCode> {
    let Trained { outcome, time, images_per_second, resumed } = train_visibly(&mut session, stop)?;
    if json {
        let (run, training) = (session.run_directory(), session.training());
        let result = serde_json::json!({
            "run": run.path(),
            "finished": outcome == Outcome::Finished,
            "collapse": session.collapse(),
            "step": training.step(),
            "total_steps": training.total_steps(),
            "seconds": time.as_secs_f64(),
            "images_per_second": images_per_second,
            "generator": run.generator(),
        });
        output::json(&result)?;
    } else {
        let part = if resumed { "; those of this part" } else { "" };
        let told = conclude(&mut session, outcome, &format!("{part} in {}", output::duration(time)));
        // What was saved is saved, also where the terminal that would show it is gone.
        if outcome != Outcome::Stopped {
            told?;
        }
    }
    if let Some(reason) = &session.manifest().dataset.fallback {
        dataset::warn_fallback(reason);
    }
    Ok(match outcome {
        Outcome::Finished => ExitCode::SUCCESS,
        Outcome::Stopped => ExitCode::from(STOPPED),
        Outcome::Collapsed => ExitCode::FAILURE,
    })
}

/// Says that the generator collapsed, and what is done about it.
fn warn_collapse(step: u64, complaint: &str, back_to: Option<u64>) {
    let then = back_to.map(|back_to| {
        format!(
            "Going back to step {}, and on with other noise and half the learning rates.",
            output::thousands(back_to)
        )
    });
    let heading = format!("The generator has collapsed at step {}:", output::thousands(step));
    let lines: Vec<&str> = [heading.as_str(), complaint].into_iter().chain(then.as_deref()).collect();
    output::warning(&lines);
}

/// Says what is about to be done.
fn announce(session: &Session<'_>) {
    let Manifest { config, dataset, .. } = session.manifest();
    let (identity, training) = (&dataset.identity, session.training());
    let (step, device) = (training.step(), training.device());
    let from = if step == 0 { String::new() } else { format!(" from step {}", output::thousands(step)) };
    output::note(&format!(
        "training {} on {} ({} images, {} classes){from}, {} steps in all, on {device}; run: {}",
        config.model.title(),
        identity.name,
        output::thousands(identity.train_images),
        identity.classes,
        output::thousands(training.total_steps()),
        session.run_directory().path().display()
    ));
    if let Some(judge) = session.judge() {
        output::note(&format!(
            "watched for mode collapse by a judge that reads {} (SHA-256 {})",
            judge::reads(judge),
            judge.sha256
        ));
    }
    if session.judge().is_none() && config.on_collapse != OnCollapse::Continue {
        output::note("--on-collapse has no effect here: nobody looks for a collapse");
    }
    if config.precision == Precision::Bf16 && device.is_cpu() && !device.kernels().multiplies_pairs() {
        output::note(&format!(
            "--precision bf16 makes training slower here, not faster: {device} has no instruction for it",
        ));
    }
    let rest = identity.train_images % config.batch_size;
    if rest > 0 {
        output::note(&format!(
            "the last, short batch of an epoch is dropped: {rest} of {} images, others in every epoch",
            output::thousands(identity.train_images)
        ));
    }
}

/// The newest checkpoint of a run.
fn last_good(run: &RunDirectory) -> anyhow::Result<String> {
    let steps = run.checkpoint_steps()?;
    Ok(steps.last().map_or("none".to_owned(), |&step| run.checkpoint(step).display().to_string()))
}

/// A class to draw: a seven, if that is one.
fn example(class_names: &[String]) -> Option<&str> {
    class_names.iter().find(|name| *name == "7").or(class_names.first()).map(String::as_str)
}

/// Says what was done, and what can be done next.
fn conclude(session: &mut Session<'_>, outcome: Outcome, took: &str) -> anyhow::Result<()> {
    let (digits, columns) = session.preview()?;
    output::show_digits(&digits, columns, 2)?;
    let (manifest, run, training) = (session.manifest(), session.run_directory(), session.training());
    let (model, data) = (manifest.config.model.title(), &manifest.dataset.identity.name);
    let (step, total) = (output::thousands(training.step()), output::thousands(training.total_steps()));
    let resume = Suggestion::new("train").word("--resume").path(run.path());
    let sample = Suggestion::new("sample").path(run.path());
    let sample = match example(&manifest.dataset.class_names) {
        Some(class) if manifest.config.model.wiring().generator_sees_class => sample.option("--digit", class),
        _ => sample,
    }
    .to_string();
    match outcome {
        Outcome::Finished => {
            output::heading(&format!("{model} on {data}: {step} steps done{took}"))?;
            let epochs = training.step() / training.steps_per_epoch();
            let mut rows = Vec::new();
            // A picture that could not be written is none to look at.
            let files = |paths: [PathBuf; 2]| {
                let there = paths.iter().filter(|path| path.is_file()).map(|path| path.display().to_string());
                there.collect::<Vec<_>>().join("  ")
            };
            if epochs > 0 {
                rows.push(("pictures", files([run.sample(epochs as u32), run.animation()])));
            }
            rows.push(("losses", files([run.loss_curves(), run.losses()])));
            rows.push(("watch", files([run.watch_curves(), run.watch()])));
            rows.retain(|(_, files)| !files.is_empty());
            rows.push(("generator", run.generator().display().to_string()));
            rows.push(("draw digits", sample));
            rows.extend(further(run, manifest, training.step()).map(|(what, command)| (what, command.to_string())));
            output::facts(&rows)?;
        }
        Outcome::Collapsed => {
            output::heading(&format!("{model} on {data}: the generator collapsed at step {step} of {total}; stopped"))?;
            let watch = format!("{}  {}", run.watch_curves().display(), run.watch().display());
            output::facts(&[("watch", watch), ("last good", last_good(run)?), ("draw digits", sample)])?;
        }
        Outcome::Stopped => {
            output::heading(&format!("{model} on {data}: stopped and saved after step {step} of {total}"))?;
            output::facts(&[("go on", resume.to_string()), ("draw digits", sample)])?;
        }
    }
    Ok(())
}
