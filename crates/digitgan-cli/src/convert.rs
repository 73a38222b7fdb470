//! `digitgan data convert`

use crate::dataset::{DataArgs, DataDir, ReadingArgs};
use crate::destination;
use crate::exit::ExitCode;
use crate::output;
use crate::progress::Transfer;
use crate::stop::{self, STOPPED};
use crate::text;
use crate::threads::Threads;
use crate::usage::Usage;
use digitgan::convert::{self, ConvertError, ConvertLayout, convert};
use digitgan::data::DataSource;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::atomic::Ordering;

/// Write a data set in another format, exactly
#[derive(clap::Args)]
#[command(after_help = "Examples:
  digitgan data convert mnist mnist.npz                    as Keras has it
  digitgan data convert mnist pictures --to folders        one folder of PNG files per class
  digitgan data convert scans digits --to parquet          as Hugging Face has it
  digitgan data convert digits.npz digits --to idx         as MNIST has it
Images are written as they are read: 28x28 bytes, light ink on black.")]
pub(crate) struct Args {
    /// The data set: mnist, strokes, or a folder or file of digits of your own
    #[arg(value_name = "IN", value_parser = text::of(|text: &str| text.parse::<DataSource>()))]
    data: DataSource,
    /// The new folder, or file with --to npz
    #[arg(value_name = "OUT", value_parser = destination::folder())]
    out: PathBuf,
    /// Its format: idx, npz, csv, parquet or folders [default: npz if OUT ends in .npz; idx if it is a folder's name]
    #[arg(long, value_name = "FORMAT")]
    to: Option<ConvertLayout>,
    #[command(flatten)]
    reading: ReadingArgs,
    #[command(flatten)]
    place: DataDir,
    #[command(flatten)]
    threads: Threads,
    /// Print what was written as one JSON object
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: Args) -> anyhow::Result<ExitCode> {
    let layout = layout(&args)?;
    convert::check(&args.out, layout)?;
    let device = args.threads.cpu()?;
    let data = DataArgs { data: Some(args.data), reading: args.reading, place: args.place };
    let dataset = data.load(&device)?.dataset;
    let stop = stop::at_safe_point("removing what was written, then stopping");
    let mut progress = Transfer::new("writing images", Some((dataset.train.len() + dataset.test.len()) as u64), false);
    let written = device.install(|| {
        convert(&dataset, &args.out, layout, &mut |done, _| {
            progress.advance(done as u64);
            if stop.load(Ordering::Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })
    });
    drop(progress);
    match written {
        Err(stopped @ ConvertError::Stopped) => {
            output::note(&stopped.to_string());
            return Ok(ExitCode::from(STOPPED));
        }
        written => written?,
    }
    let (train, test) = (dataset.train.len(), dataset.test.len());
    if args.json {
        output::json(&serde_json::json!({
            "out": args.out, "format": layout.name(), "classes": dataset.classes, "class_names": dataset.class_names,
            "train_images": train, "test_images": test, "sha256": dataset.identity().sha256,
        }))?;
        return Ok(ExitCode::SUCCESS);
    }
    output::facts(&[
        ("data set", args.out.display().to_string()),
        ("format", layout.to_string()),
        ("train images", output::thousands(train)),
        ("test images", output::thousands(test)),
        ("classes", dataset.classes.to_string()),
    ])?;
    Ok(ExitCode::SUCCESS)
}

/// The format that was asked for, or that the name of the place says.
fn layout(args: &Args) -> anyhow::Result<ConvertLayout> {
    let ending = args.out.extension().map(|ending| ending.to_string_lossy().to_lowercase());
    let said = ending.as_deref().and_then(|ending| ending.parse::<ConvertLayout>().ok());
    let place = args.out.display();
    match (args.to, said) {
        (Some(layout), _) if layout.is_file() && said != Some(layout) => {
            Err(Usage(format!("{place}: a file of arrays is written, so the name must end in .{layout}")).into())
        }
        (Some(layout), Some(said)) if said.is_file() && !layout.is_file() => {
            Err(Usage(format!("{place}: --to {layout} writes a folder: give it another name")).into())
        }
        (Some(layout), _) => Ok(layout),
        (None, Some(said)) if !said.is_file() => Err(Usage(format!(
            "{place}: a folder is written, with files for training and testing: give the name of a folder, and --to {said}"
        ))
        .into()),
        (None, Some(said)) => Ok(said),
        (None, None) => match ending.filter(|ending| is_of_a_file(ending)) {
            Some(ending) => Err(Usage(format!(
                "{place}: no .{ending} file is written, but one that ends in .npz, or a folder of files: for a folder of \
                 that name, give --to idx, csv, parquet or folders"
            ))
            .into()),
            None => Ok(ConvertLayout::Idx),
        },
    }
}

/// Whether an ending is that of a file's name, and not a part of a folder's such as `v1.2`.
fn is_of_a_file(ending: &str) -> bool {
    const LONG: [&str; 6] = ["jsonl", "pickle", "feather", "arrow", "sqlite", "safetensors"];
    let short = ending.len() <= 4 && ending.chars().all(|letter| letter.is_ascii_alphanumeric());
    LONG.contains(&ending) || short && ending.starts_with(|letter: char| letter.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endings_of_files_are_told_from_names_of_folders() {
        for ending in ["jpg", "jpeg", "png", "gz", "zip", "txt", "pt", "h5", "tar", "json", "foo", "safetensors"] {
            assert!(is_of_a_file(ending), "{ending}");
        }
        for ending in ["2", "25", "0rc1", "", "digits", "of-mine", "ö"] {
            assert!(!is_of_a_file(ending), "{ending}");
        }
    }
}
