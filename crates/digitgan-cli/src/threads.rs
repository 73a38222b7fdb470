//! How many threads the work is split over.

use crate::flags;
use anyhow::Context;

/// Threads, as an option of every verb that computes.
#[derive(clap::Args, Clone, Copy, Debug)]
pub(crate) struct Threads {
    #[arg(long, help = flags::help_of("threads"), value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) threads: Option<u16>,
}

/// Runs `work` in a pool of as many threads as asked for, or as there are processors.
pub(crate) fn with_threads<T: Send>(threads: Option<u16>, work: impl FnOnce() -> T + Send) -> anyhow::Result<T> {
    // Zero lets the pool count the processors.
    let threads = threads.map_or(0, usize::from);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().context("cannot start threads")?;
    Ok(pool.install(work))
}
