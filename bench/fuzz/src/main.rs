//! Hands damaged bytes to everything that reads bytes from outside, and says what came of it:
//! `fuzz [READER…] [--inputs N] [--seconds S]`.
//!
//! Inputs are small whole files, damaged: bits, bytes, numbers at boundaries, cuts, repetitions, splices, odd words; within
//! gzip streams, archives, pictures and headers of tensors too, with checksums that are right again (`shell`). Input N of a
//! seed is always the same: `fuzz png --first N --inputs 1 --keep DIR` tries it again and keeps it.
//!
//! No input may panic, hold more than 256 MiB or take more than a second. Readers run in processes of their own
//! (`runner`), so an input that ends one is told like any other failure. The program fails where there was one.
#![allow(clippy::print_stdout)] // It is a program: printing is how it answers.

mod mutate;
mod random;
mod readers;
mod runner;
mod shell;
mod worker;

use anyhow::Context;
use clap::Parser;
use readers::READERS;
use runner::Plan;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use worker::Tally;

/// Where files that are read again and again cost no disk.
const MEMORY_FOLDER: &str = "/dev/shm";
/// How many failures of a reader are shown.
const SHOWN: usize = 10;

#[derive(Parser)]
#[command(about = "Hands damaged bytes to everything that reads bytes from outside")]
struct Arguments {
    /// Which readers; all if none is named
    readers: Vec<String>,
    /// How many inputs each
    #[arg(long, default_value_t = 1_000_000)]
    inputs: u64,
    /// After how many seconds a reader gets no more
    #[arg(long)]
    seconds: Option<u64>,
    /// Other inputs
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The number of the first input
    #[arg(long, default_value_t = 0)]
    first: u64,
    /// Processes at once [default: one for each processor]
    #[arg(long)]
    jobs: Option<usize>,
    /// A folder in which every input is kept: for few inputs
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
    /// Be one of the processes, in this folder
    #[arg(long, hide = true)]
    worker: Option<PathBuf>,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    match &arguments.worker {
        Some(folder) => work(&arguments, folder),
        None => try_all(&arguments),
    }
}

fn work(arguments: &Arguments, folder: &Path) -> anyhow::Result<()> {
    let [name] = arguments.readers.as_slice() else { anyhow::bail!("one reader at a time") };
    let reader = READERS.iter().find(|reader| reader.name == name).context("no such reader")?;
    let inputs = arguments.first..arguments.first + arguments.inputs;
    let places = (folder.join("own"), folder.join("progress"));
    let tally = worker::work(reader, (arguments.seed, inputs), (&places.0, &places.1), arguments.keep.as_deref())?;
    Ok(fs::write(folder.join("result"), serde_json::to_vec(&tally)?)?)
}

fn try_all(arguments: &Arguments) -> anyhow::Result<()> {
    if let Some(unknown) = arguments.readers.iter().find(|name| READERS.iter().all(|reader| reader.name != **name)) {
        let names: Vec<&str> = READERS.iter().map(|reader| reader.name).collect();
        anyhow::bail!("{unknown} is no reader; they are {}", names.join(", "));
    }
    let memory = Path::new(MEMORY_FOLDER);
    let folder = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }?;
    let processors = || std::thread::available_parallelism().map_or(1, usize::from);
    println!("| reader | inputs | read | failures | slowest ms (input) | most MiB (input) | s |");
    println!("| --- | ---: | ---: | ---: | ---: | ---: | ---: |");
    let mut failed = 0;
    let wanted = |name: &str| arguments.readers.is_empty() || arguments.readers.iter().any(|wanted| wanted == name);
    for reader in READERS.iter().filter(|reader| wanted(reader.name)) {
        let start = Instant::now();
        let plan = Plan {
            seed: arguments.seed,
            inputs: arguments.first..arguments.first + arguments.inputs,
            jobs: arguments.jobs.unwrap_or_else(processors).max(1),
            until: arguments.seconds.map(|seconds| start + Duration::from_secs(seconds)),
            keep: arguments.keep.clone(),
        };
        let tally = runner::run(reader.name, &plan, folder.path())?;
        print(reader.name, &tally, start.elapsed());
        failed += tally.failures.len();
    }
    anyhow::ensure!(failed == 0, "{failed} failures");
    Ok(())
}

fn print(name: &str, tally: &Tally, took: Duration) {
    let Tally { inputs, read, failures, slowest, largest } = tally;
    println!(
        "| {name} | {inputs} | {read} | {} | {:.1} ({}) | {:.1} ({}) | {:.0} |",
        failures.len(),
        1000.0 * slowest.0,
        slowest.1,
        largest.0 as f64 / f64::from(1 << 20),
        largest.1,
        took.as_secs_f64(),
    );
    for (input, how) in failures.iter().take(SHOWN) {
        println!("    {name} --first {input} --inputs 1: {how}");
    }
}
