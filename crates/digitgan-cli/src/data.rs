//! `digitgan data`

use crate::dataset::DataArgs;
use crate::destination::Destination;
use crate::exit::ExitCode;
use crate::threads::Threads;
use crate::{convert, load_report, measure, output, shards};
use digitgan::data::{Augment, RealGrid};
use digitgan::files::output::FileKind;
use digitgan::load::{Loaded, looks_turned};
use digitgan::picture::Grid;

/// Look at digits, or write them in another format
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    Show(ShowArgs),
    Info(InfoArgs),
    Convert(convert::Args),
    Measure(measure::Args),
    Shards(shards::Args),
}

/// Draw a grid of real digits, as training sees them
#[derive(clap::Args)]
#[command(after_help = "Examples:
  digitgan data show                                   MNIST, ten of each digit
  digitgan data show --data strokes --out strokes.png  the built-in digits
  digitgan data show --augment affine,elastic          what augmentation does to them")]
struct ShowArgs {
    #[command(flatten)]
    data: DataArgs,
    /// Vary the images: affine, elastic or both
    #[arg(long, value_name = "affine|elastic", value_delimiter = ',')]
    augment: Vec<Augment>,
    /// Rows of the grid
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=100))]
    rows: u16,
    /// Which digits, and how they are varied
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// The picture's file; -: standard output
    #[arg(long, value_name = "FILE.png", default_value = "data.png")]
    out: Destination,
    #[command(flatten)]
    threads: Threads,
    /// Print what was drawn as one JSON object
    #[arg(long)]
    json: bool,
}

/// Describe a data set: counts, classes, hash
#[derive(clap::Args)]
#[command(after_help = "Examples:
  digitgan data info                      MNIST
  digitgan data info --data my/digits     a folder of your own
  digitgan data info --data mnist --json  for programs")]
struct InfoArgs {
    #[command(flatten)]
    data: DataArgs,
    #[command(flatten)]
    threads: Threads,
    /// Print it as one JSON object
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: Args) -> anyhow::Result<ExitCode> {
    match args.command {
        Command::Show(args) => show(args)?,
        Command::Info(args) => info(args)?,
        Command::Convert(args) => return convert::run(args),
        Command::Measure(args) => return measure::run(&args),
        Command::Shards(args) => return shards::run(&args),
    }
    Ok(ExitCode::SUCCESS)
}

fn load(data: &DataArgs, threads: Threads) -> anyhow::Result<Loaded> {
    data.load(&threads.cpu()?)
}

fn show(args: ShowArgs) -> anyhow::Result<()> {
    args.out.check_picture(FileKind::Png, args.json, "data.png")?;
    let Loaded { dataset, .. } = load(&args.data, args.threads)?;
    let RealGrid { columns, places, images } =
        RealGrid::new(&dataset, usize::from(args.rows), &args.augment, args.seed)?;
    let picture = Grid::new(columns).draw(&images)?.png(&[("Software", "digitgan"), ("data", &dataset.name)])?;
    args.out.write(FileKind::Png, &picture)?;
    if args.json {
        let labels: Vec<&str> = places
            .iter()
            .map(|&image| dataset.class_names[usize::from(dataset.train.labels[image])].as_str())
            .collect();
        output::json(
            &serde_json::json!({ "out": args.out, "data": dataset.name, "columns": columns, "labels": labels }),
        )?;
    } else {
        if args.out.is_file() {
            output::show_digits(&images, columns, 2)?;
        }
        args.out.facts("picture", &[])?;
    }
    Ok(())
}

fn info(args: InfoArgs) -> anyhow::Result<()> {
    let device = args.threads.cpu()?;
    let Loaded { dataset, fallback, report, .. } = args.data.load(&device)?;
    let identity = dataset.identity();
    let (train, test) = (dataset.train.class_counts(dataset.classes), dataset.test.class_counts(dataset.classes));
    if args.json {
        let files = report.as_ref().map(|report| {
            let turned = looks_turned(&dataset, &device)?;
            anyhow::Ok(load_report::json(report, turned))
        });
        let result = serde_json::json!({
            "name": identity.name, "sha256": identity.sha256, "classes": identity.classes,
            "class_names": dataset.class_names, "train_images": identity.train_images,
            "test_images": identity.test_images, "train_counts": train, "test_counts": test, "fallback": fallback,
            "files": files.transpose()?,
        });
        output::json(&result)?;
        return Ok(());
    }
    let mut facts = vec![
        ("name", identity.name),
        ("train images", output::thousands(identity.train_images)),
        ("test images", output::thousands(identity.test_images)),
        ("classes", identity.classes.to_string()),
        ("sha256", identity.sha256),
        ("mean ink", format!("{:.4} of white, in the training images", dataset.train.mean_ink())),
    ];
    if let Some(report) = &report {
        facts.push(("format", report.format.to_owned()));
        facts.push(("read as", report.read_as.to_string()));
    }
    output::facts(&facts)?;
    output::heading("class    train    test")?;
    let rows: Vec<(&str, String)> = dataset
        .class_names
        .iter()
        .zip(train.iter().zip(&test))
        .map(|(name, (train, test))| {
            (name.as_str(), format!("{:>8} {:>7}", output::thousands(*train), output::thousands(*test)))
        })
        .collect();
    Ok(output::facts(&rows)?)
}
