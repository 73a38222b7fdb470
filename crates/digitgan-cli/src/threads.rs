//! How many threads the work is split over.

use crate::{flags, output};
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
        let device = Device::cpu(self.threads.map(usize::from))?;
        tell_capped(&device, self.threads);
        Ok(device)
    }
}

/// Says so where fewer threads were started than asked for.
pub(crate) fn tell_capped(device: &Device, asked: Option<u16>) {
    let started = device.threads().count();
    if let Some(asked) = asked.filter(|&asked| usize::from(asked) > started) {
        output::note(&format!(
            "{started} threads, not {asked}: more would only keep each other from the processors; the results are the same"
        ));
    }
}
