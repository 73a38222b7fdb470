//! `digitgan morph`

use crate::destination::Destination;
use crate::device::DeviceArg;
use crate::exit::ExitCode;
use crate::generator::{self, GeneratorArg, Origin};
use crate::threads::Threads;
use crate::usage::Usage;
use crate::{output, place, stop, text};
use anyhow::Context;
use digitgan::IMAGE_PIXELS;
use digitgan::files::output::FileKind;
use digitgan::picture::{Film, GreyPicture, Grid};
use digitgan::sample::Morph;
use digitgan::weights::GeneratorFile;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Most frames of a strip in a row.
const STRIP_COLUMNS: usize = 12;

/// Turn one digit into another, as an animation or a strip
///
/// Between two digits the noise goes along an arc and the class along a line, so that every picture on the way is one that the
/// generator could draw. The way leads back to where it began, so that the animation loops without a jump. The digits on the way
/// are those of `digitgan sample` with the same seed.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  digitgan morph --from 3 --to 8                           morph.gif: a three becomes an eight and a three again
  digitgan morph --digits 0123456789 --rows 4              all digits, four hands side by side
  digitgan morph --digits 38 --out morph.apng              256 greys and sharper than many GIF viewers
  digitgan morph --from 3 --to 8 --format strip --out s.png    the way as one picture, for a page
  digitgan morph --digits 38 --format frames --out frames      a PNG file a frame, for a video program
  digitgan morph runs/gan-mnist --stops 5                  a GAN goes from digit to digit as it likes")]
pub(crate) struct Args {
    #[command(flatten)]
    generator: GeneratorArg,
    /// The digit to begin with (a class's name, in other data sets)
    #[arg(long, value_name = "D", requires = "to", value_parser = text::any())]
    from: Option<String>,
    /// The digit to end with
    #[arg(long, value_name = "D", requires = "from", value_parser = text::any())]
    to: Option<String>,
    /// The digits to come by: 0123456789, or names with commas [default: all]
    #[arg(long, value_name = "DIGITS", conflicts_with_all = ["from", "to"], value_parser = text::any())]
    digits: Option<String>,
    /// Of a GAN, which chooses its digits itself: how many to come by [default: 5]
    #[arg(long, value_name = "N", conflicts_with_all = ["from", "digits"], value_parser = clap::value_parser!(u8).range(2..=100))]
    stops: Option<u8>,
    /// Frames from one digit to the next
    #[arg(long, value_name = "N", default_value_t = 24, value_parser = clap::value_parser!(u32).range(1..=1000))]
    steps: u32,
    /// Ways side by side, each in another hand
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100))]
    rows: u32,
    /// End at the last digit rather than where it began
    #[arg(long)]
    open: bool,
    /// Which digits: every seed draws others
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// What is written [default: by the ending of --out: .gif, .apng; .png is a strip]
    #[arg(long)]
    format: Option<Format>,
    /// The file, or the folder of frames; -: standard output
    #[arg(long, value_name = "FILE|DIR", default_value = "morph.gif")]
    out: Destination,
    /// Milliseconds that a frame is shown; GIF counts in steps of 10
    #[arg(long, value_name = "MS", default_value_t = 40, value_parser = clap::value_parser!(u32).range(10..=60_000))]
    frame_ms: u32,
    /// Milliseconds that a digit is shown before it changes
    #[arg(long, value_name = "MS", default_value_t = 400, value_parser = clap::value_parser!(u32).range(10..=60_000))]
    hold_ms: u32,
    /// Picture pixels per side of a digit's pixel [default: 6; of a strip, 2]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=16))]
    scale: Option<u8>,
    #[command(flatten)]
    device: DeviceArg,
    #[command(flatten)]
    threads: Threads,
    /// Print what was made as one JSON object
    #[arg(long)]
    json: bool,
}

/// What is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, serde::Serialize)]
#[serde(rename_all = "lowercase")]
enum Format {
    /// An animated GIF
    Gif,
    /// An animated PNG
    Apng,
    /// All frames in one PNG
    Strip,
    /// A folder with a PNG per frame
    Frames,
}

impl Format {
    /// What the file at `out` is. An animated PNG is a PNG, and may be called so.
    fn kind(self, out: &Destination) -> FileKind {
        let is_png = |path: &Path| path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("png"));
        match (self, out) {
            (Format::Gif, _) => FileKind::Gif,
            (Format::Apng, Destination::File(path)) if is_png(path) => FileKind::Png,
            (Format::Apng, _) => FileKind::Apng,
            (Format::Strip | Format::Frames, _) => FileKind::Png,
        }
    }
}

pub(crate) fn run(args: Args) -> anyhow::Result<ExitCode> {
    let format = args.format();
    args.check_place(format)?;
    let (file, origin) = args.generator.read()?;
    let morph = args.morph(&file)?;
    let device = args.device.open(args.threads.threads)?;
    let images = morph.draw(&device, &file).with_context(|| origin.to_string())?;
    let frames: Vec<&[u8]> = images.chunks_exact(morph.rows * IMAGE_PIXELS).collect();
    let kind = format.kind(&args.out);
    let text = [("Software", "digitgan"), ("model", file.spec.variant.name())];
    match format {
        Format::Gif => args.out.write(kind, &args.film(&frames, &morph)?.gif()?)?,
        Format::Apng => args.out.write(kind, &args.film(&frames, &morph)?.apng(&text)?)?,
        Format::Strip => args.out.write(kind, &args.strip(&images, &morph)?.png(&text)?)?,
        Format::Frames => stop::undivided(|| args.film(&frames, &morph).and_then(|film| args.write_frames(&film)))?,
    }
    args.tell(&file, &origin, &morph, format, &images)?;
    Ok(ExitCode::SUCCESS)
}

impl Args {
    fn format(&self) -> Format {
        let by_name = match &self.out {
            Destination::File(path) => path.extension().and_then(|extension| extension.to_str()).map(str::to_lowercase),
            Destination::StandardOutput => None,
        };
        self.format.unwrap_or(match by_name.as_deref() {
            Some("apng") => Format::Apng,
            Some("png") => Format::Strip,
            _ => Format::Gif,
        })
    }

    /// Refuses, before the work, a place where it cannot go.
    fn check_place(&self, format: Format) -> anyhow::Result<()> {
        match (&self.out, format) {
            (Destination::File(path), Format::Frames) => {
                place::check_folder(path)?;
                let is_empty = std::fs::read_dir(path).map_or(true, |mut entries| entries.next().is_none());
                anyhow::ensure!(is_empty, "{} is not empty: frames go to a new or an empty folder", path.display());
                Ok(())
            }
            (Destination::StandardOutput, Format::Frames) => {
                Err(Usage("frames are a folder, which cannot go to standard output: give --out DIR".to_owned()).into())
            }
            (out, format) => out.check_picture(format.kind(out), self.json, "morph.gif"),
        }
    }

    fn morph(&self, file: &GeneratorFile) -> anyhow::Result<Morph> {
        let sees_class = file.spec.variant.wiring().generator_sees_class;
        if sees_class && self.stops.is_some() {
            return Err(
                Usage("--stops is for a GAN: this generator takes --from and --to, or --digits".to_owned()).into()
            );
        }
        let digits = match (&self.from, &self.to) {
            (Some(from), Some(to)) => Some(format!("{from},{to}")),
            _ => self.digits.clone(),
        };
        let stops = match generator::asked(None, digits.as_deref(), file)? {
            Some(stops) => stops,
            None if sees_class => (0..file.spec.classes as u8).collect(),
            None => vec![0; usize::from(self.stops.unwrap_or(5))],
        };
        if stops.len() < 2 {
            return Err(Usage("a way has two digits at least: give --digits more of them".to_owned()).into());
        }
        let (steps, rows) = (self.steps as usize, self.rows as usize);
        Ok(Morph { stops, steps, rows, closed: !self.open, seed: self.seed })
    }

    fn scale(&self, default: u8) -> usize {
        usize::from(self.scale.unwrap_or(default))
    }

    /// One picture a frame: as many hands as there are rows, side by side.
    fn film(&self, frames: &[&[u8]], morph: &Morph) -> anyhow::Result<Film> {
        let gap = if morph.rows > 1 { 2 } else { 0 };
        let columns = morph.rows.div_ceil((morph.rows as f64).sqrt().floor() as usize);
        let grid = Grid { scale: self.scale(6), gap, columns };
        let pictures = frames.iter().map(|frame| grid.draw(frame)).collect::<Result<Vec<GreyPicture>, _>>()?;
        let is_stop = |frame: usize| frame.is_multiple_of(morph.steps);
        let show_ms = (0..pictures.len()).map(|frame| if is_stop(frame) { self.hold_ms } else { self.frame_ms });
        Ok(Film { show_ms: show_ms.collect(), pictures })
    }

    /// All frames in one picture. Of several ways each is a row, else a way goes on in the next row.
    fn strip(&self, images: &[u8], morph: &Morph) -> anyhow::Result<GreyPicture> {
        let frames = morph.frames();
        if morph.rows == 1 {
            let columns = if frames <= 2 * STRIP_COLUMNS { frames } else { STRIP_COLUMNS };
            return Ok(Grid { scale: self.scale(2), ..Grid::new(columns) }.draw(images)?);
        }
        let image = |row: usize, frame: usize| &images[(frame * morph.rows + row) * IMAGE_PIXELS..][..IMAGE_PIXELS];
        let by_row = (0..morph.rows).flat_map(|row| (0..frames).flat_map(move |frame| image(row, frame)));
        let by_row: Vec<u8> = by_row.copied().collect();
        Ok(Grid { scale: self.scale(2), ..Grid::new(frames) }.draw(&by_row)?)
    }

    /// Writes the frames under a hidden name beside the folder, which they take when all are there: some would look like all.
    fn write_frames(&self, film: &Film) -> anyhow::Result<()> {
        let Destination::File(folder) = &self.out else { return Ok(()) };
        let hidden = hidden(folder)?;
        let written = write_all(&hidden, film).and_then(|()| {
            // An empty folder stands in the way on some systems.
            let _ = std::fs::remove_dir(folder);
            std::fs::rename(&hidden, folder).with_context(|| format!("cannot write {}", folder.display()))
        });
        if written.is_err() {
            let _ = std::fs::remove_dir_all(&hidden);
        }
        written
    }

    fn tell(
        &self,
        file: &GeneratorFile,
        origin: &Origin,
        morph: &Morph,
        format: Format,
        images: &[u8],
    ) -> anyhow::Result<()> {
        let sees_class = file.spec.variant.wiring().generator_sees_class;
        let name = |stop: &u8| file.class_names[usize::from(*stop)].as_str();
        let names: Option<Vec<&str>> = sees_class.then(|| morph.stops.iter().map(name).collect());
        if self.json {
            return Ok(output::json(&serde_json::json!({
                "out": self.out, "generator": origin, "model": file.spec.variant, "format": format, "digits": names,
                "frames": morph.frames(), "rows": morph.rows, "seed": morph.seed,
            }))?);
        }
        if self.out.is_file() {
            let frame =
                |part: usize| &images[part * (morph.frames() - 1) / 7 * morph.rows * IMAGE_PIXELS..][..IMAGE_PIXELS];
            let some: Vec<u8> = (0..8).flat_map(frame).copied().collect();
            output::show_digits(&some, 8, 1)?;
        }
        let what = if format == Format::Frames { "folder" } else { "picture" };
        Ok(self.out.facts(what, &[("frames", output::thousands(morph.frames()))])?)
    }
}

/// A new folder beside the one that is to come; what a process that was killed left there is gone.
fn hidden(folder: &Path) -> anyhow::Result<PathBuf> {
    let name = folder.file_name().with_context(|| format!("{} is no name of a folder", folder.display()))?;
    let mut hidden_name = OsString::from(".unfinished-");
    hidden_name.push(name);
    let hidden = folder.with_file_name(hidden_name);
    let _ = std::fs::remove_dir_all(&hidden);
    std::fs::create_dir_all(&hidden).with_context(|| format!("cannot make {}", hidden.display()))?;
    Ok(hidden)
}

fn write_all(folder: &Path, film: &Film) -> anyhow::Result<()> {
    for (frame, picture) in film.pictures.iter().enumerate() {
        let path = folder.join(format!("{frame:05}.png"));
        picture.write_png(&path, &[]).with_context(|| path.display().to_string())?;
    }
    Ok(())
}
