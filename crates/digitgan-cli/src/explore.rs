//! `digitgan explore`

use crate::destination::Destination;
use crate::device::DeviceArg;
use crate::exit::ExitCode;
use crate::generator::{self, GeneratorArg};
use crate::threads::Threads;
use crate::usage::Usage;
use crate::{output, text};
use anyhow::Context;
use digitgan::files::output::FileKind;
use digitgan::picture::{GreyPicture, Grid, labelled_rows};
use digitgan::sample::{Change, Direction, Sampler, directions, latents, moved_along};
use digitgan::seed::Purpose;

/// Changes of at least so many standard deviations are named.
const NAMED: f64 = 0.5;
/// The class that is shown where none is asked for: a two, whose loops and lines show most.
const SHOWN: usize = 2;

/// Show what a generator's noise does: the directions that change its digits most
///
/// A row a direction, from three standard deviations of the noise below to three above, the rest of the noise as it was. Above each
/// row stands its share of all change of pixels, and what changes between two below and two above, measured on 200 digits of
/// all classes: slant (positive leans right), stroke thickness, width, height.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  digitgan explore                               the built-in acgan, into explore.png
  digitgan explore runs/acgan-mnist --digit 8    a generator of your own
  digitgan explore cgan --digits 27 --directions 12
  digitgan explore --json                        the directions as numbers, for programs")]
pub(crate) struct Args {
    #[command(flatten)]
    generator: GeneratorArg,
    /// The digit to show (a class's name, in other data sets) [default: 2, or the third class]
    #[arg(long, value_name = "D", conflicts_with = "digits", value_parser = text::any())]
    digit: Option<String>,
    /// The digits to show, side by side
    #[arg(long, value_name = "DIGITS", value_parser = text::any())]
    digits: Option<String>,
    /// How many directions, the strongest first
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u8).range(1..=100))]
    directions: u8,
    /// Pictures of each digit in a row; an odd number has the mean in its middle
    #[arg(long, value_name = "N", default_value_t = 9, value_parser = clap::value_parser!(u8).range(2..=40))]
    steps: u8,
    /// How far a row reaches either way, in standard deviations of the noise
    #[arg(long, value_name = "R", default_value_t = 3.0)]
    reach: f32,
    /// Which noise: every seed shows others
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// The picture's file; -: standard output
    #[arg(long, value_name = "FILE.png", default_value = "explore.png")]
    out: Destination,
    /// Picture pixels per side of a digit's pixel
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=16))]
    scale: u8,
    #[command(flatten)]
    device: DeviceArg,
    #[command(flatten)]
    threads: Threads,
    /// Print the directions as one JSON object
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: Args) -> anyhow::Result<ExitCode> {
    if !(args.reach > 0.0 && args.reach <= 100.0) {
        return Err(Usage(format!("--reach {} is not from 0 to 100", args.reach)).into());
    }
    args.out.check_picture(FileKind::Png, args.json, "explore.png")?;
    let (file, origin) = args.generator.read()?;
    let asked = generator::asked(args.digit.as_deref(), args.digits.as_deref(), &file)?;
    let shown = asked.unwrap_or_else(|| vec![SHOWN.min(file.spec.classes - 1) as u8]);
    let device = args.device.open(args.threads.threads)?;
    let found =
        directions(&device, &file, &[], usize::from(args.directions), args.seed).with_context(|| origin.to_string())?;
    let mut sampler = Sampler::new(&device, &file)?;
    let rows: Vec<(String, GreyPicture)> = (1..)
        .zip(&found)
        .map(|(number, direction)| Ok((line(number, direction), args.row(&mut sampler, direction, &shown)?)))
        .collect::<anyhow::Result<_>>()?;
    let facts = [("Software", "digitgan"), ("model", file.spec.variant.name())];
    args.out.write(FileKind::Png, &labelled_rows(&rows)?.png(&facts)?)?;
    if args.json {
        let found: Vec<_> = found.iter().map(as_value).collect();
        let result = serde_json::json!({
            "out": args.out, "generator": origin, "model": file.spec.variant, "seed": args.seed, "directions": found,
        });
        output::json(&result)?;
        return Ok(ExitCode::SUCCESS);
    }
    if args.out.is_file() {
        let names: Vec<String> = (1..=found.len()).map(|number| format!("direction {number}")).collect();
        let texts =
            found.iter().map(|direction| format!("{:>6} of all change; {}", share(direction), changes(direction)));
        output::facts(&names.iter().map(String::as_str).zip(texts).collect::<Vec<_>>())?;
    }
    args.out.facts("picture", &[])?;
    Ok(ExitCode::SUCCESS)
}

impl Args {
    /// One direction: each digit from far below to far above.
    fn row(&self, sampler: &mut Sampler, direction: &Direction, shown: &[u8]) -> anyhow::Result<GreyPicture> {
        let noise = latents(self.seed, Purpose::SampleLatent, 0, shown.len())?;
        let steps = usize::from(self.steps);
        let (mut moved, mut labels) = (Vec::new(), Vec::new());
        for (noise, &label) in noise.chunks_exact(noise.len() / shown.len()).zip(shown) {
            for step in 0..steps {
                let reach = self.reach * (2.0 * step as f32 / (steps - 1) as f32 - 1.0);
                moved.extend(moved_along(noise, &direction.vector, reach));
                labels.push(label);
            }
        }
        let images = sampler.draw_latents(&moved, &labels)?;
        Ok(Grid { scale: usize::from(self.scale), ..Grid::new(labels.len()) }.draw(&images)?)
    }
}

fn share(direction: &Direction) -> String {
    format!("{:.1} %", 100.0 * direction.share)
}

fn line(number: usize, direction: &Direction) -> String {
    format!("{number}: {} of all change; {}", share(direction), changes(direction))
}

/// What a direction changes by more than little.
fn changes(direction: &Direction) -> String {
    let named = direction.changes.iter().filter(|change| change.deviations.abs() >= NAMED);
    let named: Vec<String> =
        named.map(|change| format!("{} {:+.1}{}", change.measure, change.amount, change.unit)).collect();
    if named.is_empty() { "its form".to_owned() } else { named.join(", ") }
}

fn as_value(direction: &Direction) -> serde_json::Value {
    let change = |change: &Change| serde_json::json!({ "measure": change.measure, "amount": change.amount, "deviations": change.deviations });
    let changes: Vec<_> = direction.changes.iter().map(change).collect();
    serde_json::json!({ "share": direction.share, "changes": changes, "vector": direction.vector })
}
