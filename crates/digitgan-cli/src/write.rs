//! `digitgan write`

mod options;
mod texts;

use crate::destination::{self, Destination};
use crate::device::DeviceArg;
use crate::exit::ExitCode;
use crate::generator::{self, Origin};
use crate::progress::Transfer;
use crate::stop::{self, STOPPED};
use crate::threads::Threads;
use crate::usage::Usage;
use crate::{output, text};
use anyhow::Context;
use digitgan::convert::ConvertError;
use digitgan::handwriting::{Colour, Distortion, Hand, Jitter, Line, Look, Script, Sheet, Style, Text};
use digitgan::written::{self, Boxes, Labels, PictureFormat, Texts, WrittenError, WrittenSet, write_set};
use options::{BoxFormat, Format, LabelFormat, Paper, StyleName};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::time::Instant;
use texts::TextArgs;

/// The file and the folder that are written where none is named.
const FILE: &str = "written.png";
const FOLDER: &str = "written";

/// Write a line of digits as a person does: one picture, or a data set of lines for programs that read digits
///
/// Digits, spaces and . , - / : + ( ) are written, by the generator that is built in or with one of your own. In style
/// consistent, one person writes all lines of a picture; in a data set, every line is another person's. The same seed and text
/// give the same line, whatever the number of threads and of other lines.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  digitgan write \"2026-11-27\"                                   into written.png
  digitgan write \"12,50\" \"(030) 12-34\" --seed 4 --out two.png   two lines by one person
  digitgan write 10:45 --paper transparent --ink navy --scale 8 --out time.svg
  digitgan write --template date:%d.%m.%Y --out - | display     a date of some day
  digitgan write --lines numbers.txt --distort rules,grain,perspective,blur --out page.jpg
  digitgan write --template amount:#.###,## --count 1000 --boxes coco --out amounts
  digitgan write --template postcode:##### --count 500 --distort grain,jpeg --out postcodes
Templates: date: and time: with %d %m %Y %y %j %H %M %S; amount: postcode: meter: and pattern: with # for a digit.
A text that begins with a hyphen is given behind --, as in: digitgan write -- -5")]
pub(crate) struct Args {
    #[command(flatten)]
    what: TextArgs,
    /// A data set of N lines, of the texts in turn [default: one picture of all texts]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=100_000_000))]
    count: Option<u64>,
    /// The picture's file (.png, .svg or .jpg; -: standard output), or the data set's new folder [default: written.png, or
    /// written]
    #[arg(long, value_name = "FILE|DIR")]
    out: Option<PathBuf>,
    /// A run, a generator's file, or one that is built in: acgan, cgan [default: the built-in acgan]
    #[arg(long, value_name = "RUN|FILE|NAME")]
    model: Option<PathBuf>,
    /// One person throughout, or every digit by another
    #[arg(long, default_value = "consistent")]
    style: StyleName,
    /// Which writers: every seed has others
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Height of the digits, before --scale
    #[arg(long, value_name = "PIXELS", default_value_t = 20.0)]
    height: f32,
    /// Times as large, with smooth edges
    #[arg(long, value_name = "N", default_value_t = 2)]
    scale: u32,
    /// How far apart characters stand: 1 is usual
    #[arg(long, value_name = "TIMES", default_value_t = 1.0)]
    spacing: f32,
    /// How much the hand strays, 0 to 4: 1 is usual, 0 a machine; of spacing, height, baseline, slant by themselves, as in
    /// baseline:0,slant:2
    #[arg(long, value_name = "TIMES|WHAT:TIMES,…", default_value = "1", value_parser = text::of(options::jitter))]
    jitter: Jitter,
    /// The ink: a name (black, blue, navy, red, green, pencil, …) or #rrggbb
    #[arg(long, value_name = "COLOUR", default_value = "black", value_parser = text::of(str::parse::<Colour>))]
    ink: Colour,
    /// The paper: a name (white, cream, yellow, …), #rrggbb, or transparent
    #[arg(long, value_name = "COLOUR|transparent", default_value = "white", value_parser = text::of(str::parse::<Paper>))]
    paper: Paper,
    /// What happens to the paper and in the camera, in this order: rules, grain, perspective, blur, jpeg, each with its
    /// strength from 0 to 3 if need be, as in blur:0.5
    #[arg(long, value_name = "WHAT[:TIMES],…", value_parser = text::of(str::parse::<Distortion>))]
    distort: Option<Distortion>,
    /// Files of a data set that say what each line says [default: paddleocr,easyocr]
    #[arg(long, value_name = "FOR,…", value_delimiter = ',')]
    labels: Vec<LabelFormat>,
    /// Files of a data set that say where each character is
    #[arg(long, value_name = "FORMAT,…", value_delimiter = ',')]
    boxes: Vec<BoxFormat>,
    /// The pictures of a data set [default: png]
    #[arg(long)]
    format: Option<Format>,
    #[command(flatten)]
    device: DeviceArg,
    #[command(flatten)]
    threads: Threads,
    /// Print what was written as one JSON object
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: Args) -> anyhow::Result<ExitCode> {
    let script = args.script();
    script.check().map_err(|error| Usage(error.to_string()))?;
    if args.is_set() { write_many(&args, script) } else { write_one(&args, script) }
}

impl Args {
    /// Whether a data set is asked for, rather than a picture.
    fn is_set(&self) -> bool {
        let folder =
            self.out.as_deref().is_some_and(|out| out.is_dir() || out.as_os_str().as_encoded_bytes().ends_with(b"/"));
        self.count.is_some() || !self.labels.is_empty() || !self.boxes.is_empty() || self.format.is_some() || folder
    }

    fn script(&self) -> Script {
        let style = match self.style {
            StyleName::Consistent => Style::Consistent,
            StyleName::Mixed => Style::Mixed,
        };
        Script { style, height: self.height, spacing: self.spacing, jitter: self.jitter, scale: self.scale }
    }

    fn look(&self) -> Look {
        Look { ink: self.ink, paper: self.paper.0, distortion: self.distort.unwrap_or_default() }
    }

    fn hand(&self) -> anyhow::Result<(Hand, Origin)> {
        let (file, origin) = generator::named(self.model.as_deref())?;
        let device = self.device.open(self.threads.threads)?;
        let hand = Hand::new(&device, &file).with_context(|| origin.to_string())?;
        Ok((hand, origin))
    }
}

/// One picture of all lines.
fn write_one(args: &Args, script: Script) -> anyhow::Result<ExitCode> {
    let out = args.out.clone().unwrap_or_else(|| FILE.into()).into_os_string();
    let out = Destination::from(out);
    let (format, kind) = options::format_of(&out);
    let look = args.look();
    format.check(&look).map_err(|error| Usage(error.to_string()))?;
    out.check_picture(kind, args.json, FILE)?;
    let texts = args.what.of_picture(args.seed, script.style == Style::Consistent)?;
    let (mut hand, origin) = args.hand()?;
    let lines = hand.write(args.seed, &script, &texts)?;
    let line = Line::stacked(&lines)?;
    let sheet = Sheet::new(&line, &look, args.seed, 0);
    let said: Vec<&str> = texts.iter().map(Text::text).collect();
    out.write(kind, &written::picture(&sheet, &look, format, &said.join("\n"))?)?;
    if args.json {
        let boxes: Vec<_> = sheet.boxes.iter().map(|at| (at.character, at.left, at.top, at.right, at.bottom)).collect();
        output::json(&serde_json::json!({
            "out": out, "generator": origin, "seed": args.seed, "texts": said,
            "width": sheet.width, "height": sheet.height, "boxes": boxes,
        }))?;
    } else {
        out.facts("picture", &[("size", format!("{} x {} pixels", sheet.width, sheet.height))])?;
    }
    Ok(ExitCode::SUCCESS)
}

/// A folder of many pictures.
fn write_many(args: &Args, script: Script) -> anyhow::Result<ExitCode> {
    let out = args.out.clone().unwrap_or_else(|| FOLDER.into());
    destination::check_folder_name(&out)?;
    let texts = args.what.of_set()?;
    let count = args.count.unwrap_or(match &texts {
        Texts::Given(texts) => texts.len() as u64,
        Texts::Template(_) => 1,
    });
    let labels: Vec<Labels> = match args.labels.is_empty() {
        true => vec![Labels::PaddleOcr, Labels::EasyOcr],
        false => args.labels.iter().map(|&label| label.into()).collect(),
    };
    let boxes: Vec<Boxes> = args.boxes.iter().map(|&boxes| boxes.into()).collect();
    let format = args.format.map_or(PictureFormat::Png, PictureFormat::from);
    let look = args.look();
    format.check(&look).map_err(|error| Usage(error.to_string()))?;
    let set = WrittenSet { count, texts, script, look, seed: args.seed, format, labels, boxes };
    written::check(&out, &set)?;
    let (mut hand, origin) = args.hand()?;
    let stop = stop::at_safe_point("removing what was written, then stopping");
    let mut progress = Transfer::new("writing lines", Some(count), false);
    let started = Instant::now();
    let made = write_set(&out, &set, &mut hand, &mut |done, _| {
        progress.advance(done);
        if stop.load(Ordering::Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    drop(progress);
    match made {
        Err(WrittenError::Place(stopped @ ConvertError::Stopped)) => {
            output::note(&stopped.to_string());
            return Ok(ExitCode::from(STOPPED));
        }
        made => made?,
    }
    let took = started.elapsed();
    let per_second = count as f64 / took.as_secs_f64().max(1e-9);
    if args.json {
        let labels: Vec<String> = set.labels.iter().map(|label| LabelFormat::from(*label).to_string()).collect();
        let boxes: Vec<String> = set.boxes.iter().map(|boxes| BoxFormat::from(*boxes).to_string()).collect();
        output::json(&serde_json::json!({
            "out": out, "generator": origin, "seed": args.seed, "lines": count,
            "labels": labels,
            "boxes": boxes,
            "seconds": took.as_secs_f64(), "lines_per_second": per_second,
        }))?;
        return Ok(ExitCode::SUCCESS);
    }
    output::facts(&[
        ("data set", out.display().to_string()),
        ("lines", output::thousands(count)),
        ("took", format!("{}, {} lines/s", output::duration(took), output::thousands(per_second as u64))),
    ])?;
    Ok(ExitCode::SUCCESS)
}
