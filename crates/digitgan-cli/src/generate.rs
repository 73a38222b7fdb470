//! `digitgan generate`

use crate::choices::Choices;
use crate::dataset::{self, DataArgs, DataDir};
use crate::device::DeviceArg;
use crate::exit::ExitCode;
use crate::generator::{self, Epoch, GeneratorArg, Origin, Subject};
use crate::progress::DrawingProgress;
use crate::stop::{self, STOPPED};
use crate::suggestion::Suggestion;
use crate::threads::Threads;
use crate::usage::Usage;
use crate::{destination, judge, output, text};
use digitgan::engine::Device;
use digitgan::evaluation::Choice;
use digitgan::generate::record::{self, Labels, SetRecord};
use digitgan::generate::{self, GenerateError, Keep, Plan, Source};
use digitgan::judge::{ClassifierFile, Judge};
use digitgan::load::generated::Layout;
use digitgan::weights::GeneratorFile;
use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::time::Duration;

/// Make a labelled data set: with the generator that is built in, or with one that you trained
///
/// As many images of each digit, or as --classes says, in mixed order, in files that `digitgan train --data` and programs that
/// know MNIST read; dataset.json beside them records how they were made. Stop it with Ctrl-C: the same command goes on. The same seed gives the same images: the first thousand of a
/// million are those of a set of a thousand, whatever the format and the number of threads. A GAN does not know what it
/// draws, so a judge labels its digits.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  digitgan generate --count 60000                            four IDX files, without any training, into generated/
  digitgan generate runs/acgan-mnist --count 60000           with a generator of your own
  digitgan generate acgan-mnist --count 6000 --test-count 1000 --out small
  digitgan generate acgan-mnist --count 1000 --format png    PNG files in one folder per digit
  digitgan generate acgan-mnist --count 500 --digit 7        sevens alone
  digitgan generate acgan-mnist --count 500 --keep agreed    those that the judge reads as asked for
  digitgan generate gan-mnist --count 60000                  labelled by the judge
  digitgan generate --classes 0:6000,1:500 --format npz      so many of each, as NumPy arrays
  digitgan generate --count 1000000 --format parquet         for Hugging Face's load_dataset
  digitgan generate --count 60000 --reject-below 0.9         only those that the judge is sure of
  digitgan generate --count 1000000 --shard 3/8 --out big    the fourth of eight parts;
  digitgan data shards big --join all                        and all of them put together")]
pub(crate) struct Args {
    #[command(flatten)]
    generator: GeneratorArg,
    /// Which of a run's generators: last, best (nearest to the training images), or the one after epoch N
    #[arg(long, value_name = "last|best|N", default_value = "last")]
    epoch: Epoch,
    /// Training images, of all digits together
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), required_unless_present = "classes")]
    count: Option<u32>,
    /// Test images beside them
    #[arg(long, value_name = "N", default_value_t = 0)]
    test_count: u32,
    /// The only digit to draw (a class's name, in other data sets)
    #[arg(long, value_name = "D", conflicts_with = "digits", value_parser = text::any())]
    digit: Option<String>,
    /// The digits to draw, as many of each: 0123456789, or names with commas [default: all]
    #[arg(long, value_name = "DIGITS", value_parser = text::any())]
    digits: Option<String>,
    /// Which images: every seed draws others
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// The data set's folder: a new or an empty one, or that of the same command that was stopped
    #[arg(long, value_name = "DIR", default_value = "generated", value_parser = destination::folder())]
    out: PathBuf,
    /// Four gzipped IDX files named as MNIST's; one PNG file per image, in one folder per digit; one file of NumPy arrays; Parquet
    /// as Hugging Face has it; tar files for the package webdataset
    #[arg(long, default_value = "idx")]
    format: Format,
    #[command(flatten)]
    choices: Choices,
    /// All images, or only those that the judge reads as the digit asked for
    #[arg(long, default_value = "all")]
    keep: Kept,
    /// A judge's file, to label a GAN's images or for --keep agreed [default: the judge of the generator's data set, if
    /// it is built in or kept]
    #[arg(long, value_name = "FILE")]
    judge: Option<PathBuf>,
    #[command(flatten)]
    place: DataDir,
    #[command(flatten)]
    device: DeviceArg,
    #[command(flatten)]
    threads: Threads,
    /// Print what was made as one JSON object
    #[arg(long)]
    json: bool,
}

/// How the images lie in the folder.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Format {
    Idx,
    Png,
    Npz,
    Parquet,
    Webdataset,
}

/// Which images are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Kept {
    All,
    Agreed,
}

pub(crate) fn run(args: Args) -> anyhow::Result<ExitCode> {
    let args = &args;
    // Before an epoch is chosen, which can take long.
    let out = args.choices.place(&args.out);
    generate::check_vacant(&out)?;
    let device = args.device.open(args.threads.threads)?;
    let subject = args.generator.subject()?;
    let (file, origin) = subject.generator(args.epoch, &mut || choice(args, &device, &subject))?;
    let plan = args.plan(&file)?;
    let mut judge = judge(args, &device, &subject, &file)?;
    let sha256 = origin.sha256()?;
    let source = Source { file: &file, sha256: &sha256, device: &device, judge: judge.as_mut() };
    let stop = stop::at_safe_point("keeping what is drawn, then stopping");
    let mut progress = DrawingProgress::new();
    let made = generate::generate(&out, &plan, source, &mut |done, all| {
        progress.show(done, all);
        if stop.load(Ordering::Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    let took = progress.finish();
    match made {
        Err(stopped @ GenerateError::Stopped { .. }) => {
            output::note(&stopped.to_string());
            return Ok(ExitCode::from(STOPPED));
        }
        made => tell(args, &out, &origin, &made?, progress.first(), took)?,
    }
    Ok(ExitCode::SUCCESS)
}

impl Args {
    fn plan(&self, file: &GeneratorFile) -> anyhow::Result<Plan> {
        let asked = generator::asked(self.digit.as_deref(), self.digits.as_deref(), file)?;
        let classes = asked.as_ref().map(|asked| asked.iter().copied().collect::<BTreeSet<u8>>());
        if let (Some(asked), Some(classes)) = (&asked, &classes)
            && asked.len() != classes.len()
        {
            return Err(Usage("--digits names a digit twice: as many are drawn of each".to_owned()).into());
        }
        let layout = match self.format {
            Format::Idx => Layout::Idx,
            Format::Png => Layout::Png,
            Format::Npz => Layout::Npz,
            Format::Parquet => Layout::Parquet,
            Format::Webdataset => Layout::WebDataset,
        };
        let keep = match self.keep {
            Kept::All => Keep::All,
            Kept::Agreed => Keep::Agreed,
        };
        let plan = Plan { test: self.test_count, classes, seed: self.seed, layout, keep, ..Plan::default() };
        self.choices.apply(plan, self.count, file)
    }

    /// Where data sets and judges lie.
    fn data_dir<'a>(&'a self, subject: &'a Subject) -> Option<&'a Path> {
        let recorded = match subject {
            Subject::Run(_, manifest) => manifest.dataset.data_dir.as_deref(),
            Subject::File(_) | Subject::BuiltIn(_) => None,
        };
        self.place.data_dir.as_deref().or(recorded)
    }
}

/// What chooses the best of a run's generators: real digits, and their judge.
fn choice(args: &Args, device: &Device, subject: &Subject) -> anyhow::Result<Choice> {
    let Subject::Run(run, manifest) = subject else { anyhow::bail!("only a run has generators to choose from") };
    let data_dir = args.data_dir(subject);
    let loaded = dataset::load_of_run(device, manifest, data_dir.map(Path::to_owned));
    // This verb takes no data; the run remembers where it is.
    let anew = Suggestion::new("train").word("--resume").path(run.path()).in_new_place();
    let loaded = loaded.map_err(dataset::moved(run, anew))?;
    let judge = judge::given_or_of(device, args.judge.as_deref(), &loaded.dataset, data_dir)?;
    Ok(Choice::new(device, judge, &loaded.dataset, args.seed)?)
}

/// Who reads the images, where somebody must.
fn judge(args: &Args, device: &Device, subject: &Subject, file: &GeneratorFile) -> anyhow::Result<Option<Judge>> {
    let knows = file.spec.variant.wiring().generator_sees_class;
    if knows && args.keep == Kept::All && !args.choices.rejects() {
        return match &args.judge {
            Some(_) if args.epoch != Epoch::Best => Err(Usage(
                "--judge is for --keep agreed, --reject-below and the labels of a GAN: this generator is told its digits"
                    .to_owned(),
            )
            .into()),
            _ => Ok(None),
        };
    }
    if !knows && args.keep == Kept::Agreed {
        return Err(
            Usage("--keep agreed is for generators that are told their digits: this one is a GAN".to_owned()).into()
        );
    }
    let judge = match (&args.judge, subject) {
        (Some(path), _) => Some(Judge::new(device, ClassifierFile::read(path)?)?),
        (None, Subject::Run(_, manifest)) => {
            judge::at_hand(device, &manifest.dataset.identity, args.data_dir(subject))?
        }
        (None, Subject::BuiltIn(_)) => Some(Judge::of_mnist(device)),
        // As `evaluate` takes it: a file that does not say is of MNIST.
        (None, Subject::File(_)) if ["mnist", ""].contains(&file.dataset.as_str()) => Some(Judge::of_mnist(device)),
        (None, Subject::File(_)) => None,
    };
    let Some(judge) = judge else {
        let remedy = match subject {
            Subject::Run(_, manifest) => {
                let place = DataDir { data_dir: args.data_dir(subject).map(Path::to_owned) };
                let data = DataArgs::new(&manifest.config, place);
                let train = data.given_to(Suggestion::new("judge train")).word("--out").word("judge.safetensors");
                format!("make one with `{train}`, then give --judge judge.safetensors")
            }
            Subject::File(_) | Subject::BuiltIn(_) => {
                "give one with --judge, which digitgan judge train makes".to_owned()
            }
        };
        let why = match knows {
            true if args.keep == Kept::All => "--reject-below needs a judge to read the digits",
            true => "--keep agreed needs a judge to read the digits",
            false => "this generator is a GAN, which does not know what it draws, so a judge must label its digits",
        };
        anyhow::bail!("{why}, and there is none of {}: {remedy}", file.dataset);
    };
    if !knows {
        output::note(&format!(
            "this generator is a GAN, which does not know what it draws: labels are what a judge reads ({}), and classes \
             as uneven as they come",
            judge.identity()
        ));
    }
    Ok(Some(judge))
}

/// Says what was made.
fn tell(
    args: &Args,
    out: &Path,
    generator: &Origin,
    record: &SetRecord,
    before: u64,
    took: Duration,
) -> anyhow::Result<()> {
    let images = record.train.images + record.test.images;
    let images_per_second = images.saturating_sub(before) as f64 / took.as_secs_f64().max(1e-9);
    let obstacle = record.obstacle();
    if args.json {
        return Ok(output::json(&serde_json::json!({
            "out": out, "generator": generator, "dataset": record, "seconds": took.as_secs_f64(),
            "images_per_second": images_per_second, "obstacle": obstacle.map(|obstacle| obstacle.to_string()),
        }))?);
    }
    let counted = |count: u64, what: &str| format!("{} {what} images", output::thousands(count));
    let mut contents = counted(record.train.images, "training");
    if record.test.images > 0 {
        contents = format!("{contents}, {}", counted(record.test.images, "test"));
    }
    let labels = match (record.labels, &record.judge) {
        (Labels::Read, Some(judge)) => format!("read by the judge, who reads {}", judge::reads(judge)),
        _ => "what the generator was asked for".to_owned(),
    };
    let mut facts = vec![("data set", out.display().to_string()), ("holds", contents), ("labels", labels)];
    if let (Keep::Agreed, Some(judge)) = (record.keep, &record.judge) {
        facts.push((
            "kept",
            format!(
                "{:.2} % of the {} drawn: those read as asked for by the judge, who reads {}",
                100.0 * images as f64 / record.drawn as f64,
                output::thousands(record.drawn),
                judge::reads(judge)
            ),
        ));
    }
    if let (Some(least), Some(rejected), Some(judge)) = (record.reject_below, record.rejected, &record.judge) {
        facts.push((
            "rejected",
            format!(
                "{} of the {} drawn ({:.2} %): to their digit the judge, who reads {}, gave less than {least}",
                output::thousands(rejected),
                output::thousands(record.drawn),
                100.0 * rejected as f64 / record.drawn.max(1) as f64,
                judge::reads(judge)
            ),
        ));
    }
    if let Some(shard) = &record.shard {
        let whole = counted(u64::from(shard.train) + u64::from(shard.test), "").replace("  ", " ");
        facts.push(("shard", format!("{} of {}, counted from 0, of {whole}", shard.index, shard.of)));
    }
    facts.push(("record", record::path(out).display().to_string()));
    // Nothing was drawn where all was there.
    let rate = if before < images {
        format!(", {} images/s", output::thousands(images_per_second as u64))
    } else {
        String::new()
    };
    facts.push(("took", format!("{}{rate}", output::duration(took))));
    output::facts(&facts)?;
    let rows: Vec<[String; 3]> = (record.class_names.iter().zip(record.train.counts.iter().zip(&record.test.counts)))
        .map(|(name, (train, test))| [name.clone(), output::thousands(*train), output::thousands(*test)])
        .collect();
    output::table(["class", "train", "test"], &rows)?;
    if let Some(obstacle) = obstacle {
        output::note(&format!("digitgan will not train on this data set: {obstacle}"));
    }
    Ok(())
}
