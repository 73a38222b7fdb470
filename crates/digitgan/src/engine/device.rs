//! The device that trains a model and draws with it: the CPU, or one of Burn's devices where that feature is built in.

use super::api::{Api, DeviceError, DeviceName};
use super::cpu::{CpuEngine, CpuSampler};
use super::pooled::Pooled;
use super::{Engine, EngineError, MAX_BATCH, Protocol, Threads};
use crate::IMAGE_PIXELS;
use crate::input::{InputError, check_drawing, check_length};
use crate::model::{Design, ModelSpec, TensorMap};
use digitgan_kernels::Kernels;
use std::fmt;

#[cfg(feature = "gpu")]
use super::burn::{BurnDevice, BurnEngine, BurnSampler};

/// What computes: threads of its own, the kernels that they run, and behind them a device of Burn's, where one was asked
/// for. A clone stands for the same.
///
/// Everything that a device computes runs on its own threads, whatever pool its caller runs in, and two devices may live in
/// one process.
///
/// ```
/// use digitgan::prelude::*;
///
/// let device = Device::cpu(Some(1))?;
/// let generator = GeneratorFile::untrained(Variant::Acgan, 10, 1)?;
/// let digits = Sampler::new(&device, &generator)?.draw(1, &[3, 1, 4])?;
/// println!("{} pixels, drawn on {device}", digits.len());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Device {
    kernels: Kernels,
    threads: Threads,
    #[cfg(feature = "gpu")]
    burn: Option<BurnDevice>,
}

impl Device {
    /// The CPU engine on the fastest kernels of this processor and `threads` threads; `None`: as many as there are
    /// processors. Results do not depend on their number.
    ///
    /// # Errors
    /// When the environment asks for an instruction set that the processor does not have, or threads cannot be started.
    pub fn cpu(threads: Option<usize>) -> Result<Self, DeviceError> {
        Ok(Self::with_kernels(Kernels::detect()?, Threads::start(threads)?))
    }

    /// The CPU engine on these kernels and threads.
    pub fn with_kernels(kernels: Kernels, threads: Threads) -> Self {
        Device {
            kernels,
            threads,
            #[cfg(feature = "gpu")]
            burn: None,
        }
    }

    /// Opens the device called `name`, with `threads` threads for what the CPU does. Where `auto` finds no card, the reason
    /// is given to `tell` and the CPU taken.
    ///
    /// # Errors
    /// When there is no such device.
    pub fn open(name: DeviceName, threads: Option<usize>, tell: impl FnOnce(&str)) -> Result<Self, DeviceError> {
        let cpu = Self::cpu(threads)?;
        match name {
            DeviceName::Cpu => Ok(cpu),
            DeviceName::Auto => Ok(cpu.or_first_card(tell)),
            DeviceName::Burn(api, index) => cpu.with_burn(api, index),
        }
    }

    /// The same kernels and threads, without a device of Burn's behind them.
    pub fn host(&self) -> Device {
        Self::with_kernels(self.kernels, self.threads.clone())
    }

    /// The kernels of its CPU part.
    pub fn kernels(&self) -> Kernels {
        self.kernels
    }

    /// Its threads.
    pub fn threads(&self) -> &Threads {
        &self.threads
    }

    /// Does something on its threads, and waits for it.
    pub fn install<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        self.threads.install(work)
    }

    /// Whether the CPU engine computes, and no device of Burn's.
    pub fn is_cpu(&self) -> bool {
        #[cfg(feature = "gpu")]
        return self.burn.is_none();
        #[cfg(not(feature = "gpu"))]
        true
    }

    /// This CPU, before a device of Burn's that does the work.
    #[cfg(feature = "gpu")]
    fn with_burn(self, api: Api, index: usize) -> Result<Self, DeviceError> {
        Ok(Device { burn: Some(BurnDevice::open(api, index)?), ..self })
    }

    #[cfg(not(feature = "gpu"))]
    fn with_burn(self, api: Api, _: usize) -> Result<Self, DeviceError> {
        Err(api.not_built())
    }

    /// The first card that can be used, else the CPU alone.
    fn or_first_card(self, tell: impl FnOnce(&str)) -> Self {
        let mut complaints = Vec::new();
        for api in Api::ALL.into_iter().filter(|&api| api != Api::Flex) {
            match self.clone().with_burn(api, 0) {
                #[cfg(feature = "gpu")]
                Ok(device) if !device.burn.as_ref().is_some_and(BurnDevice::is_card) => {
                    complaints.push(format!("{device} is no card of its own"));
                }
                Ok(device) => return device,
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
        self
    }

    /// An engine that trains `spec` in batches of `batch` images. All weights are zero: [`Engine::restore`] a state first.
    ///
    /// # Errors
    /// A number of classes that no model has, a batch that is too large or not made of whole packs, bfloat16 where the engine does not know it, or a device that fails.
    pub fn engine(
        &self,
        spec: &ModelSpec,
        batch: usize,
        protocol: Protocol,
    ) -> Result<Box<dyn Engine + Send>, EngineError> {
        spec.check()?;
        if batch > MAX_BATCH {
            return Err(InputError::TooMany { what: "images in a batch", found: batch, most: MAX_BATCH }.into());
        }
        let pack = protocol.design.pack;
        if batch == 0 || !(1..=Design::MAX_PACK).contains(&pack) || !batch.is_multiple_of(pack) {
            return Err(InputError::Batch { batch, pack, images: batch }.into());
        }
        let threads = || self.threads.clone();
        #[cfg(feature = "gpu")]
        if let Some(device) = &self.burn {
            if protocol.precision != super::Precision::F32 {
                let reason = "precision bf16 is the CPU engine's alone: train on the device cpu";
                return Err(EngineError::Device { device: self.to_string(), reason: reason.to_owned() });
            }
            let engine = self.install(|| BurnEngine::new(device, spec, batch, protocol))?;
            return Ok(Box::new(Pooled::new(engine, threads(), spec.classes, batch, pack)));
        }
        let engine = self.install(|| CpuEngine::new(self.kernels, spec, batch, protocol));
        Ok(Box::new(Pooled::new(engine, threads(), spec.classes, batch, pack)))
    }

    /// Takes up the weights of a generator: the tensors of [`crate::model::generator_tensors`] by their names.
    ///
    /// # Errors
    /// When a tensor is missing or has another shape, or the device fails.
    pub fn sampler(&self, spec: &ModelSpec, weights: &TensorMap) -> Result<DeviceSampler, EngineError> {
        spec.check()?;
        let backend = self.install(|| self.backend(spec, weights))?;
        Ok(DeviceSampler { backend, threads: self.threads.clone(), classes: spec.classes })
    }

    fn backend(&self, spec: &ModelSpec, weights: &TensorMap) -> Result<Backend, EngineError> {
        #[cfg(feature = "gpu")]
        if let Some(device) = &self.burn {
            return Ok(Backend::Burn(Box::new(BurnSampler::new(device, spec, weights)?)));
        }
        Ok(Backend::Cpu(Box::new(CpuSampler::new(self.kernels, spec, weights)?)))
    }
}

impl fmt::Display for Device {
    /// For people: `cpu (avx512)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        #[cfg(feature = "gpu")]
        if let Some(device) = &self.burn {
            return device.fmt(f);
        }
        write!(f, "cpu ({})", self.kernels.name())
    }
}

/// A generator on a device, for drawing.
pub struct DeviceSampler {
    backend: Backend,
    threads: Threads,
    classes: usize,
}

/// What draws.
enum Backend {
    /// The CPU engine.
    Cpu(Box<CpuSampler>),
    /// A device of Burn's.
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
    /// Numbers that do not fit together, a class that there is not, or a device that fails.
    pub fn generate(&mut self, latents: &[f32], labels: &[u8], images: &mut [f32]) -> Result<(), EngineError> {
        check_drawing(latents, labels, self.classes)?;
        check_length("images, [count, 28, 28]", images.len(), labels.len() * IMAGE_PIXELS)?;
        let backend = &mut self.backend;
        self.threads.install(|| match backend {
            Backend::Cpu(sampler) => {
                sampler.generate(latents, labels, images);
                Ok(())
            }
            #[cfg(feature = "gpu")]
            Backend::Burn(sampler) => sampler.generate(latents, labels, images),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cpu_is_always_there_and_auto_says_what_it_takes() {
        let device = Device::open(DeviceName::Cpu, None, |_| panic!("nothing is to be told")).unwrap();
        assert!(device.to_string().starts_with("cpu ("));
        let mut told = String::new();
        let device = Device::open(DeviceName::Auto, None, |why| why.clone_into(&mut told)).unwrap();
        assert_eq!(device.to_string().starts_with("cpu"), told.ends_with("going on on the CPU"), "{device}: {told}");
    }

    #[cfg(not(feature = "gpu"))]
    #[test]
    fn what_is_not_built_in_is_named_with_its_feature() {
        let error = Device::open(DeviceName::Burn(Api::Vulkan, 0), None, |_| ()).err().unwrap();
        assert_eq!(error, Api::Vulkan.not_built());
        assert!(error.to_string().ends_with("built without it"), "{error}");
    }
}
