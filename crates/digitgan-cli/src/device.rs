//! The option `--device`: what to compute on.

use crate::output;
use crate::suggestion::Suggestion;
use crate::threads::tell_capped;
use digitgan::engine::{Device, DeviceName};

/// The device, as an option of every verb that trains or draws.
#[derive(clap::Args, Clone, Copy, Debug)]
pub(crate) struct DeviceArg {
    /// What to compute on: cpu, or in builds that have them cuda, vulkan, metal, webgpu (the first such device, or
    /// :N for another), flex (the GPU engine on the CPU); auto: the first GPU that is found, else cpu
    #[arg(long, value_name = "DEVICE", default_value = "cpu", value_parser = str::parse::<DeviceName>)]
    device: DeviceName,
}

impl DeviceArg {
    /// Opens the device that is asked for, with so many threads, or as many as there are processors; says so where `auto` finds none but the CPU.
    pub(crate) fn open(self, threads: Option<u16>) -> anyhow::Result<Device> {
        let device = Device::open(self.device, threads.map(usize::from), output::note)?;
        tell_capped(&device, threads);
        Ok(device)
    }

    /// A command on the same device.
    pub(crate) fn given_to(self, command: Suggestion) -> Suggestion {
        if self.device == DeviceName::default() {
            command
        } else {
            command.option("--device", &self.device.to_string())
        }
    }
}
