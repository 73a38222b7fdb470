//! Finding and opening a device of Burn's.

use crate::engine::failure::{Failure, quietly};
use crate::engine::{Api, DeviceError, EngineError};
#[cfg(any(feature = "cuda", feature = "vulkan", feature = "metal", feature = "webgpu"))]
use burn_tensor::DeviceType;
use burn_tensor::{Device, Tensor};
use std::fmt;

/// A device that is open.
#[derive(Clone)]
pub struct BurnDevice {
    /// Burn's own name for it.
    handle: Device,
    api: Api,
    index: usize,
    /// What it calls itself.
    model: Option<String>,
    /// Whether it is a piece of hardware of its own, and no renderer on the CPU.
    is_card: bool,
}

impl BurnDevice {
    /// Opens the `index`-th device of `api`, and tries it.
    ///
    /// # Errors
    /// When this build does not have `api`, or the machine no such device.
    pub fn open(api: Api, index: usize) -> Result<Self, DeviceError> {
        let failed = |reason| DeviceError::Failed { api, index, reason };
        let devices = quietly(|| devices(api)).map_err(|failure| failed(failure.reason))?.ok_or(api.not_built())?;
        let found = devices.len();
        let handle = devices.into_iter().nth(index).ok_or(DeviceError::Missing { api, index, found })?;
        let tried = quietly(|| {
            let (model, is_card) = identity(&handle);
            // A device that computes nothing is none.
            let two = Tensor::<1>::ones([2], &handle).sum().into_scalar::<f32>();
            (two == 2.0).then_some(BurnDevice { handle, api, index, model, is_card })
        });
        tried
            .map_err(|failure| failed(failure.reason))?
            .ok_or_else(|| failed("it computes nothing sensible".to_owned()))
    }

    /// What Burn's tensors are made on.
    pub(super) fn handle(&self) -> &Device {
        &self.handle
    }

    /// Whether it is a piece of hardware of its own, and no renderer on the CPU.
    pub fn is_card(&self) -> bool {
        self.is_card
    }

    /// Does something on the device. Burn tells of what fails there, such as a lack of memory, by panics.
    pub(super) fn guard<T>(&self, work: impl FnOnce() -> T) -> Result<T, EngineError> {
        quietly(work).map_err(|Failure { reason, out_of_memory }| match out_of_memory {
            true => EngineError::OutOfMemory { device: self.to_string(), reason },
            false => EngineError::Device { device: self.to_string(), reason },
        })
    }
}

impl fmt::Display for BurnDevice {
    /// `cuda:0 (NVIDIA H200)`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.model {
            Some(model) => write!(f, "{}:{} ({model})", self.api, self.index),
            None => write!(f, "{} (Burn)", self.api),
        }
    }
}

/// All devices of `api`; `None` if this build does not have it.
fn devices(api: Api) -> Option<Vec<Device>> {
    match api {
        Api::Flex => Some(vec![Device::flex()]),
        #[cfg(feature = "cuda")]
        Api::Cuda => Some(Device::enumerate(DeviceType::Cuda).into_vec()),
        #[cfg(feature = "vulkan")]
        Api::Vulkan => Some(Device::enumerate(DeviceType::Vulkan).into_vec()),
        #[cfg(feature = "metal")]
        Api::Metal => Some(Device::enumerate(DeviceType::Metal).into_vec()),
        #[cfg(feature = "webgpu")]
        Api::WebGpu => Some(Device::enumerate(DeviceType::WebGpu).into_vec()),
        #[allow(unreachable_patterns, reason = "a build may have them all")]
        _ => None,
    }
}

/// What a device calls itself, and whether it is a card.
#[cfg(any(feature = "cuda", feature = "vulkan", feature = "metal", feature = "webgpu"))]
fn identity(device: &Device) -> (Option<String>, bool) {
    device.identity().map_or((None, false), |identity| (Some(identity.name), identity.physical.is_some()))
}

#[cfg(not(any(feature = "cuda", feature = "vulkan", feature = "metal", feature = "webgpu")))]
fn identity(_: &Device) -> (Option<String>, bool) {
    (None, false)
}
