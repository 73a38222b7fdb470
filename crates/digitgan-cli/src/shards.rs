//! `digitgan data shards`

use crate::destination;
use crate::exit::ExitCode;
use crate::output;
use crate::progress::DrawingProgress;
use crate::stop::{self, STOPPED};
use crate::threads::Threads;
use digitgan::generate::GenerateError;
use digitgan::generate::shards::{self, Shards};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::atomic::Ordering;

/// Look at the shards of a generated data set: which are there, and which are missing
///
/// Reads all of their images. Ends with success only if all are there and whole, so that a script can wait for that.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  digitgan data shards generated                 those that `generate --shard` made in generated/
  digitgan data shards one two/shard-00003-of-00008
  digitgan data shards generated --join all      all of them as one data set, as one run would have made it")]
pub(crate) struct Args {
    /// Folders of shards, or folders that hold them
    #[arg(value_name = "DIR", default_value = "generated")]
    folders: Vec<PathBuf>,
    /// Put them together in a new folder
    #[arg(long, value_name = "DIR", value_parser = destination::folder())]
    join: Option<PathBuf>,
    #[command(flatten)]
    threads: Threads,
    /// Print what is there as one JSON object
    #[arg(long)]
    json: bool,
}

/// Numbers of missing shards that are printed.
const SHOWN: usize = 20;

pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let device = args.threads.cpu()?;
    let found = device.install(|| shards::look(&args.folders))?;
    tell(args, &found)?;
    let Some(out) = &args.join else {
        return Ok(if found.is_complete() { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    };
    let stop = stop::at_safe_point("keeping what is written, then stopping");
    let mut progress = DrawingProgress::new();
    let joined = device.install(|| {
        shards::join(out, &found, &mut |done, all| {
            progress.show(done, all);
            if stop.load(Ordering::Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })
    });
    progress.finish();
    match joined {
        Err(stopped @ GenerateError::Stopped { .. }) => {
            output::note(&stopped.to_string());
            return Ok(ExitCode::from(STOPPED));
        }
        joined => joined?,
    };
    if !args.json {
        output::facts(&[("data set", out.display().to_string())])?;
    }
    Ok(ExitCode::SUCCESS)
}

fn tell(args: &Args, found: &Shards) -> anyhow::Result<()> {
    if args.json {
        let others: Vec<_> =
            found.others.iter().map(|(path, why)| serde_json::json!({ "path": path, "why": why })).collect();
        let whole: Vec<_> = found.whole.iter().map(|(index, (path, _))| (index.to_string(), path)).collect();
        output::json(&serde_json::json!({
            "of": found.of, "whole": whole.into_iter().collect::<std::collections::BTreeMap<_, _>>(),
            "missing": found.missing, "unfinished": found.unfinished, "damaged": found.damaged, "others": others,
            "complete": found.is_complete(), "joined": args.join,
        }))?;
        return Ok(());
    }
    let mut facts = vec![("shards", format!("{} of {} are whole", found.whole.len(), found.of))];
    if let Some((train, test)) = found.images() {
        let (train, test) = (output::thousands(train), output::thousands(test));
        facts.push(("data set", format!("{train} training images, {test} test images")));
    }
    if !found.missing.is_empty() {
        let shown: Vec<String> = found.missing.iter().take(SHOWN).map(u32::to_string).collect();
        let more = found.missing.len().saturating_sub(SHOWN);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        facts.push(("missing", shown.join(", ") + &more));
    }
    output::facts(&facts)?;
    for path in &found.unfinished {
        output::note(&format!("{} is unfinished: the same command goes on with it", path.display()));
    }
    for path in &found.damaged {
        output::note(&format!(
            "{} is damaged: not all of its images are there as its record says; remove it and make it again",
            path.display()
        ));
    }
    for (path, why) in &found.others {
        output::note(&format!("{} is of another data set: {why}", path.display()));
    }
    Ok(())
}
