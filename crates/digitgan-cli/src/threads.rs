//! How many threads the work is split over.

use crate::flags;
use digitgan::engine::Device;

/// Threads, as an option of every verb that computes.
#[derive(clap::Args, Clone, Copy, Debug)]
pub(crate) struct Threads {
    #[arg(long, help = flags::help_of("threads"), value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) threads: Option<u16>,
}

impl Threads {
    /// The CPU with as many threads as asked for, or as there are processors.
    pub(crate) fn cpu(self) -> anyhow::Result<Device> {
        Ok(Device::cpu(self.threads.map(usize::from))?)
    }
}
