//! `digitgan sample`

use crate::destination::Destination;
use crate::device::DeviceArg;
use crate::exit::ExitCode;
use crate::generator::{self, GeneratorArg};
use crate::threads::Threads;
use crate::usage::Usage;
use crate::{output, text};
use anyhow::Context;
use digitgan::files::output::FileKind;
use digitgan::picture::Grid;
use digitgan::sample::Sampler;
use digitgan::weights::GeneratorFile;

/// Most pictures at once.
const MAX_COUNT: u32 = 10_000;

/// Draw digits: with the generator that is built in, or with one that you trained
///
/// The same seed gives the same picture, whatever the number of threads and of other pictures.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  digitgan sample                                         ten of every digit, without any training
  digitgan sample runs/acgan-mnist                        ten of every digit
  digitgan sample runs/acgan-mnist --digit 7 --count 25   25 sevens
  digitgan sample acgan-mnist --digits 2026 --count 1     one row: 2 0 2 6
  digitgan sample runs/gan-mnist --seed 3 --out gan.png   a GAN chooses its digits itself
  digitgan sample generator.safetensors                   a generator's file works too
  digitgan sample acgan-mnist --out - | display           into another program")]
pub(crate) struct Args {
    #[command(flatten)]
    generator: GeneratorArg,
    /// The digit to draw (a class's name, in other data sets)
    #[arg(long, value_name = "D", conflicts_with = "digits", value_parser = text::any())]
    digit: Option<String>,
    /// The digits to draw, one column each: 0123456789, or names with commas
    #[arg(long, value_name = "DIGITS", value_parser = text::any())]
    digits: Option<String>,
    /// Pictures of each digit; of a GAN, pictures in all [default: 10; of a GAN, 100]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_COUNT)))]
    count: Option<u32>,
    /// Which pictures: every seed draws others
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// The picture's file; -: standard output
    #[arg(long, value_name = "FILE.png", default_value = "digits.png")]
    out: Destination,
    /// Picture pixels per side of a digit's pixel
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=16))]
    scale: u8,
    #[command(flatten)]
    device: DeviceArg,
    #[command(flatten)]
    threads: Threads,
    /// Print what was drawn as one JSON object
    #[arg(long)]
    json: bool,
}

/// What to draw: classes row by row.
struct Plan {
    labels: Vec<u8>,
    columns: usize,
}

pub(crate) fn run(args: Args) -> anyhow::Result<ExitCode> {
    args.out.check_picture(FileKind::Png, args.json, "digits.png")?;
    let (file, origin) = args.generator.read()?;
    let plan = plan(&args, &file)?;
    let device = args.device.open(args.threads.threads)?;
    let mut sampler = Sampler::new(&device, &file).with_context(|| origin.to_string())?;
    let digits = sampler.draw(args.seed, &plan.labels)?;
    let seed = args.seed.to_string();
    let facts = [("Software", "digitgan"), ("model", file.spec.variant.name()), ("seed", seed.as_str())];
    let picture = Grid { scale: usize::from(args.scale), ..Grid::new(plan.columns) }.draw(&digits)?;
    args.out.write(FileKind::Png, &picture.png(&facts)?)?;
    if args.json {
        let sees_class = file.spec.variant.wiring().generator_sees_class;
        let names: Option<Vec<&str>> = sees_class
            .then(|| plan.labels.iter().map(|&label| file.class_names[usize::from(label)].as_str()).collect());
        let result = serde_json::json!({
            "out": args.out, "generator": origin, "model": file.spec.variant, "seed": args.seed,
            "count": plan.labels.len(), "columns": plan.columns, "digits": names,
        });
        output::json(&result)?;
    } else {
        if args.out.is_file() {
            output::show_digits(&digits, plan.columns, 2)?;
        }
        args.out.facts("picture", &[])?;
    }
    Ok(ExitCode::SUCCESS)
}

fn plan(args: &Args, file: &GeneratorFile) -> anyhow::Result<Plan> {
    let asked = generator::asked(args.digit.as_deref(), args.digits.as_deref(), file)?;
    if !file.spec.variant.wiring().generator_sees_class {
        return Ok(Plan { labels: vec![0; args.count.unwrap_or(100) as usize], columns: 10 });
    }
    let row = asked.unwrap_or_else(|| (0..file.spec.classes as u8).collect());
    let count = args.count.unwrap_or(10);
    if row.len() * count as usize > MAX_COUNT as usize {
        let total = row.len() * count as usize;
        let (total, most) = (output::thousands(total), output::thousands(MAX_COUNT));
        return Err(Usage(format!("{total} pictures are too many for one file: ask for at most {most}")).into());
    }
    let columns = if row.len() == 1 { 10 } else { row.len() };
    Ok(Plan { labels: std::iter::repeat_n(row, count as usize).flatten().collect(), columns })
}
