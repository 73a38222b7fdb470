//! What a model is trained and drawn on: the CPU, or a device of Burn's where that is built in.

use super::cpu::{CpuEngine, CpuSampler};
use super::{Engine, EngineError, Protocol};
use crate::model::{ModelSpec, TensorMap};
use digitgan_kernels::{Kernels, UnknownSimd};
use std::fmt;
use std::str::FromStr;

#[cfg(feature = "gpu")]
use super::burn::{BurnDevice, BurnEngine, BurnSampler};

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

/// A device that cannot be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeviceError {
    /// The CPU engine on an instruction set that there is not.
    #[error(transparent)]
    Cpu(#[from] UnknownSimd),
    /// Left out of this build.
    #[error(
        "--device {api}: this digitgan was built without it; build it with `cargo build --release --features {feature}`"
    )]
    NotBuilt {
        /// What was asked for.
        api: Api,
        /// The cargo feature that builds it in.
        feature: &'static str,
    },
    /// No such device.
    #[error("--device {api}:{index}: {}", missing(*api, *found))]
    Missing {
        /// How it was looked for.
        api: Api,
        /// Its number.
        index: usize,
        /// How many there are.
        found: usize,
    },
    /// There, but not usable.
    #[error("--device {api}:{index} cannot be used: {reason}")]
    Failed {
        /// How it was looked for.
        api: Api,
        /// Its number.
        index: usize,
        /// What it says.
        reason: String,
    },
}

fn missing(api: Api, found: usize) -> String {
    match found {
        0 => format!("no {api} device was found (is its driver installed?); --device cpu needs none"),
        1 => format!("there is one {api} device only, {api}:0"),
        _ => format!("there are {found} {api} devices, {api}:0 to {api}:{}", found - 1),
    }
}

/// A device that is ready to compute.
#[derive(Clone)]
pub enum Device {
    /// The CPU engine.
    Cpu(Kernels),
    /// A device of Burn's.
    #[cfg(feature = "gpu")]
    Burn(BurnDevice),
}

impl Device {
    /// Opens the device called `name`. Where `auto` finds no card, the reason is given to `tell` and the CPU taken.
    ///
    /// # Errors
    /// When there is no such device.
    pub fn open(name: DeviceName, tell: impl FnOnce(&str)) -> Result<Self, DeviceError> {
        match name {
            DeviceName::Cpu => Ok(Device::Cpu(Kernels::detect()?)),
            DeviceName::Auto => Self::automatic(tell),
            DeviceName::Burn(api, index) => Self::open_burn(api, index),
        }
    }

    #[cfg(feature = "gpu")]
    fn open_burn(api: Api, index: usize) -> Result<Self, DeviceError> {
        BurnDevice::open(api, index).map(Device::Burn)
    }

    #[cfg(not(feature = "gpu"))]
    fn open_burn(api: Api, _: usize) -> Result<Self, DeviceError> {
        Err(api.not_built())
    }

    /// The first card that can be used, else the CPU.
    fn automatic(tell: impl FnOnce(&str)) -> Result<Self, DeviceError> {
        let mut complaints = Vec::new();
        for api in Api::ALL.into_iter().filter(|&api| api != Api::Flex) {
            match Self::open_burn(api, 0) {
                #[cfg(feature = "gpu")]
                Ok(Device::Burn(device)) if !device.is_card() => {
                    complaints.push(format!("{device} is no card of its own"));
                }
                Ok(device) => return Ok(device),
                Err(DeviceError::NotBuilt { .. }) => {}
                Err(DeviceError::Missing { .. }) => complaints.push(format!("no {api} device")),
                Err(error) => complaints.push(error.to_string()),
            }
        }
        let why = match complaints.len() {
            0 => "this digitgan was built for the CPU alone".to_owned(),
            _ => complaints.join("; "),
        };
        tell(&format!("no GPU to use ({why}): going on on the CPU"));
        Ok(Device::Cpu(Kernels::detect()?))
    }

    /// An engine that trains `spec` in batches of `batch` images. All weights are zero: [`Engine::restore`] a state first.
    ///
    /// # Errors
    /// When the device fails.
    pub fn engine(
        &self,
        spec: &ModelSpec,
        batch: usize,
        protocol: Protocol,
    ) -> Result<Box<dyn Engine + Send>, EngineError> {
        Ok(match self {
            Device::Cpu(kernels) => Box::new(CpuEngine::new(*kernels, spec, batch, protocol)),
            #[cfg(feature = "gpu")]
            Device::Burn(_) if protocol.precision != super::Precision::F32 => {
                let reason = "the setting --precision bf16 is the CPU engine's alone: train on --device cpu";
                return Err(EngineError::Device { device: self.to_string(), reason: reason.to_owned() });
            }
            #[cfg(feature = "gpu")]
            Device::Burn(device) => Box::new(BurnEngine::new(device, spec, batch, protocol)?),
        })
    }

    /// How many threads compute.
    pub fn threads(&self) -> usize {
        rayon::current_num_threads()
    }

    /// Takes up the weights of a generator: the tensors of [`crate::model::generator_tensors`] by their names.
    ///
    /// # Errors
    /// When a tensor is missing or has another shape, or the device fails.
    pub fn sampler(&self, spec: &ModelSpec, weights: &TensorMap) -> Result<DeviceSampler, EngineError> {
        Ok(match self {
            Device::Cpu(kernels) => DeviceSampler::Cpu(Box::new(CpuSampler::new(*kernels, spec, weights)?)),
            #[cfg(feature = "gpu")]
            Device::Burn(device) => DeviceSampler::Burn(Box::new(BurnSampler::new(device, spec, weights)?)),
        })
    }
}

impl fmt::Display for Device {
    /// For people: `cpu (avx512)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Device::Cpu(kernels) => write!(f, "cpu ({})", kernels.name()),
            #[cfg(feature = "gpu")]
            Device::Burn(device) => device.fmt(f),
        }
    }
}

/// A generator on a device, for drawing.
pub enum DeviceSampler {
    /// On the CPU engine.
    Cpu(Box<CpuSampler>),
    /// On a device of Burn's.
    #[cfg(feature = "gpu")]
    Burn(Box<BurnSampler>),
}

impl DeviceSampler {
    /// Draws images; an image depends on its own noise and class alone.
    ///
    /// # Shapes
    /// `latents`: `[count, 100]`; `labels`: `[count]`; `images`: `[count, 28, 28]`, in [-1, 1].
    ///
    /// # Errors
    /// When the device fails.
    pub fn generate(&mut self, latents: &[f32], labels: &[u8], images: &mut [f32]) -> Result<(), EngineError> {
        match self {
            DeviceSampler::Cpu(sampler) => sampler.generate(latents, labels, images),
            #[cfg(feature = "gpu")]
            DeviceSampler::Burn(sampler) => sampler.generate(latents, labels, images)?,
        }
        Ok(())
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

    #[test]
    fn the_cpu_is_always_there_and_auto_says_what_it_takes() {
        let device = Device::open(DeviceName::Cpu, |_| panic!("nothing is to be told")).unwrap();
        assert!(device.to_string().starts_with("cpu ("));
        let mut told = String::new();
        let device = Device::open(DeviceName::Auto, |why| why.clone_into(&mut told)).unwrap();
        assert_eq!(device.to_string().starts_with("cpu"), told.ends_with("going on on the CPU"), "{device}: {told}");
    }

    #[cfg(not(feature = "gpu"))]
    #[test]
    fn what_is_not_built_in_is_named_with_its_feature() {
        let error = Device::open(DeviceName::Burn(Api::Vulkan, 0), |_| ()).err().unwrap();
        assert_eq!(error, Api::Vulkan.not_built());
        assert!(error.to_string().ends_with("--features vulkan`"), "{error}");
    }
}
