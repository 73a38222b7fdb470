//! What devices are called, and why one cannot be had.

use super::threads::ThreadsError;
use crate::error::ErrorKind;
use digitgan_kernels::UnknownSimd;
use std::fmt;
use std::str::FromStr;

/// By what means a device is reached that is not the CPU engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Api {
    /// NVIDIA's.
    Cuda,
    /// GPUs of all makers, on Linux and Windows.
    Vulkan,
    /// Apple's.
    Metal,
    /// What a browser would use.
    WebGpu,
    /// Burn's own CPU backend: slow here, a second opinion.
    Flex,
}

impl Api {
    /// All of them; those with cards first, by how well they serve.
    pub const ALL: [Api; 5] = [Api::Cuda, Api::Metal, Api::Vulkan, Api::WebGpu, Api::Flex];

    /// The name in commands, which is the feature's too that builds it in.
    pub const fn name(self) -> &'static str {
        match self {
            Api::Cuda => "cuda",
            Api::Vulkan => "vulkan",
            Api::Metal => "metal",
            Api::WebGpu => "webgpu",
            Api::Flex => "flex",
        }
    }

    /// The error where it is not built in.
    pub(super) const fn not_built(self) -> DeviceError {
        let feature = match self {
            Api::Flex => "gpu",
            other => other.name(),
        };
        DeviceError::NotBuilt { api: self, feature }
    }
}

impl fmt::Display for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Which device is asked for: `cpu`, `auto`, `cuda`, `vulkan:1`.
///
/// ```
/// use digitgan::prelude::*;
///
/// let name: DeviceName = "cpu".parse()?;
/// let device = Device::open(name, Some(1), |why| eprintln!("{why}"))?;
/// assert!(device.is_cpu());
/// assert!("gpu".parse::<DeviceName>().is_err(), "that is cuda, vulkan, metal or webgpu");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DeviceName {
    /// The CPU engine.
    #[default]
    Cpu,
    /// The first card that is found, else the CPU engine.
    Auto,
    /// A device of Burn's, by its number among those of its kind.
    Burn(Api, usize),
}

impl FromStr for DeviceName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, index) = text.split_once(':').map_or((text, None), |(name, index)| (name, Some(index)));
        let named = match name {
            "cpu" => DeviceName::Cpu,
            "auto" => DeviceName::Auto,
            _ => {
                let api = Api::ALL.into_iter().find(|api| api.name() == name);
                let api = api.ok_or_else(|| {
                    format!("{name:?} is no device: choose cpu, auto, cuda, vulkan, metal, webgpu or flex")
                })?;
                DeviceName::Burn(api, 0)
            }
        };
        match (named, index) {
            (named, None) => Ok(named),
            (DeviceName::Burn(api, _), Some(index)) => {
                let number =
                    index.parse().map_err(|_| format!("{index:?} is no number of a device, such as {api}:0"))?;
                Ok(DeviceName::Burn(api, number))
            }
            (_, Some(_)) => Err(format!("there is one {name} only: leave out \":{}\"", index.unwrap_or_default())),
        }
    }
}

impl fmt::Display for DeviceName {
    /// The text that reads back as this.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DeviceName::Cpu => f.write_str("cpu"),
            DeviceName::Auto => f.write_str("auto"),
            DeviceName::Burn(api, index) => write!(f, "{api}:{index}"),
        }
    }
}

/// A device that cannot be had.
///
/// ```
/// use digitgan::prelude::*;
///
/// let error = Device::cpu(Some(0)).err().unwrap();
/// assert!(matches!(error, DeviceError::Threads(_)));
/// assert_eq!(error.kind(), ErrorKind::Input);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DeviceError {
    /// The CPU engine on an instruction set that there is not.
    #[error(transparent)]
    Cpu(#[from] UnknownSimd),
    /// Its threads cannot be started.
    #[error(transparent)]
    Threads(#[from] ThreadsError),
    /// Left out of this build.
    #[error("device {api}: this digitgan was built without it")]
    NotBuilt {
        /// What was asked for.
        api: Api,
        /// The cargo feature that builds it in.
        feature: &'static str,
    },
    /// No such device.
    #[error("device {api}:{index}: {}", missing(*api, *found))]
    Missing {
        /// How it was looked for.
        api: Api,
        /// Its number.
        index: usize,
        /// How many there are.
        found: usize,
    },
    /// There, but not usable.
    #[error("device {api}:{index} cannot be used: {reason}")]
    Failed {
        /// How it was looked for.
        api: Api,
        /// Its number.
        index: usize,
        /// What it says.
        reason: String,
    },
}

impl DeviceError {
    /// What it is about.
    pub fn kind(&self) -> ErrorKind {
        match self {
            DeviceError::Cpu(_) | DeviceError::NotBuilt { .. } | DeviceError::Failed { .. } => ErrorKind::Device,
            DeviceError::Threads(error) => error.kind(),
            DeviceError::Missing { .. } => ErrorKind::Missing,
        }
    }
}

fn missing(api: Api, found: usize) -> String {
    match found {
        0 => format!("no {api} device was found (is its driver installed?)"),
        1 => format!("there is one {api} device only, {api}:0"),
        _ => format!("there are {found} {api} devices, {api}:0 to {api}:{}", found - 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_are_called_by_kind_and_number() {
        for (text, expected) in [
            ("cpu", DeviceName::Cpu),
            ("auto", DeviceName::Auto),
            ("cuda", DeviceName::Burn(Api::Cuda, 0)),
            ("vulkan:3", DeviceName::Burn(Api::Vulkan, 3)),
            ("flex", DeviceName::Burn(Api::Flex, 0)),
        ] {
            assert_eq!(text.parse(), Ok(expected), "{text}");
        }
        for (text, part) in [
            ("gpu", "choose cpu, auto, cuda"),
            ("", "choose cpu"),
            ("cuda:", "no number"),
            ("cuda:-1", "no number"),
            ("cuda:1:2", "no number"),
            ("cpu:0", "there is one cpu only"),
            ("auto:1", "there is one auto only"),
        ] {
            let error = text.parse::<DeviceName>().unwrap_err();
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
