//! `digitgan data`

use crate::dataset::DataArgs;
use crate::output;
use crate::threads::Threads;
use anyhow::Context;
use digitgan::IMAGE_PIXELS;
use digitgan::data::{Augment, Dataset, Split, augment};
use digitgan::engine::InputError;
use digitgan::load::Loaded;
use digitgan::picture::{GreyPicture, Grid};
use digitgan::seed::{Purpose, below, stream};
use rand_chacha::rand_core::Rng;
use std::path::PathBuf;
use std::process::ExitCode;

/// Look at real digits
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    Show(ShowArgs),
    Info(InfoArgs),
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
    /// The picture's file
    #[arg(long, value_name = "FILE.png", default_value = "data.png")]
    out: PathBuf,
    #[command(flatten)]
    threads: Threads,
    /// Print what was drawn as one JSON object
    #[arg(long)]
    json: bool,
}

/// Tell what a data set is: counts, classes, hash
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
    }
    Ok(ExitCode::SUCCESS)
}

fn load(data: &DataArgs, threads: Threads) -> anyhow::Result<Loaded> {
    data.load(&threads.cpu()?)
}

fn show(args: ShowArgs) -> anyhow::Result<()> {
    let Loaded { dataset, .. } = load(&args.data, args.threads)?;
    let (columns, chosen) = choose(&dataset, usize::from(args.rows), args.seed);
    let digits = seen(&dataset, &chosen, &args.augment, args.seed)?;
    Grid::new(columns)
        .draw(&digits)?
        .write_png(&args.out, &[("Software", "digitgan"), ("data", &dataset.name)])
        .with_context(|| format!("cannot write {}", args.out.display()))?;
    if args.json {
        let labels: Vec<&str> = chosen
            .iter()
            .map(|&image| dataset.class_names[usize::from(dataset.train.labels[image])].as_str())
            .collect();
        output::json(
            &serde_json::json!({ "out": args.out, "data": dataset.name, "columns": columns, "labels": labels }),
        )?;
    } else {
        output::show_digits(&digits, columns, 2)?;
        output::facts(&[("picture", args.out.display().to_string())])?;
    }
    Ok(())
}

/// A grid of real digits, ten rows.
pub(crate) fn grid(dataset: &Dataset, seed: u64) -> anyhow::Result<GreyPicture> {
    let (columns, chosen) = choose(dataset, 10, seed);
    Ok(Grid::new(columns).draw(&seen(dataset, &chosen, &[], seed)?)?)
}

/// Training images as training sees them.
fn seen(dataset: &Dataset, chosen: &[usize], augmentations: &[Augment], seed: u64) -> Result<Vec<u8>, InputError> {
    let mut digits = vec![0; chosen.len() * IMAGE_PIXELS];
    for (index, (&image, digit)) in chosen.iter().zip(digits.chunks_exact_mut(IMAGE_PIXELS)).enumerate() {
        let image = dataset.train.image(image).unwrap_or_default();
        augment::apply(augmentations, seed, index as u64, image, digit)?;
    }
    Ok(digits)
}

/// Training images for a grid: a column a class, if the classes fit side by side, else any.
fn choose(dataset: &Dataset, rows: usize, seed: u64) -> (usize, Vec<usize>) {
    /// Classes that fit side by side.
    const MOST_COLUMNS: usize = 26;
    let by_class = dataset.classes <= MOST_COLUMNS;
    let columns = if by_class { dataset.classes } else { 10 };
    let of_class = |class: usize| -> Vec<usize> {
        (0..dataset.train.len()).filter(|&i| !by_class || usize::from(dataset.train.labels[i]) == class).collect()
    };
    let pools: Vec<Vec<usize>> = if by_class { (0..columns).map(of_class).collect() } else { vec![of_class(0)] };
    let pick = |cell: usize| {
        let pool = &pools[cell % columns % pools.len()];
        pool[below(stream(seed, Purpose::Show, cell as u64).next_u32(), pool.len())]
    };
    (columns, (0..rows * columns).map(pick).collect())
}

fn info(args: InfoArgs) -> anyhow::Result<()> {
    let Loaded { dataset, fallback, .. } = load(&args.data, args.threads)?;
    let identity = dataset.identity();
    let (train, test) = (counts(&dataset.train, dataset.classes), counts(&dataset.test, dataset.classes));
    if args.json {
        let result = serde_json::json!({
            "name": identity.name, "sha256": identity.sha256, "classes": identity.classes,
            "class_names": dataset.class_names, "train_images": identity.train_images,
            "test_images": identity.test_images, "train_counts": train, "test_counts": test, "fallback": fallback,
        });
        output::json(&result)?;
        return Ok(());
    }
    output::facts(&[
        ("name", identity.name),
        ("train images", output::thousands(identity.train_images)),
        ("test images", output::thousands(identity.test_images)),
        ("classes", identity.classes.to_string()),
        ("sha256", identity.sha256),
        ("mean ink", format!("{:.4} of white, in the training images", mean_ink(&dataset.train))),
    ])?;
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

/// Images of each class.
fn counts(split: &Split, classes: usize) -> Vec<usize> {
    let mut counts = vec![0; classes];
    for &label in &split.labels {
        counts[usize::from(label)] += 1;
    }
    counts
}

/// Mean pixel, of 1.
fn mean_ink(split: &Split) -> f64 {
    let sum: u64 = split.images.iter().map(|&pixel| u64::from(pixel)).sum();
    sum as f64 / split.images.len().max(1) as f64 / 255.0
}
