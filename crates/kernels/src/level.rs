//! Which instruction set the kernels run on.
//!
//! x86-64 and ARM processors are asked at run time. WebAssembly cannot be asked: an engine refuses a whole module that
//! holds one instruction it does not know. So there the compiler decides: SIMD with `-C target-feature=+simd128`, else
//! scalar code.

use pulp::{Scalar256b, Simd, WithSimd};
use std::fmt;

/// The environment variable that forces an instruction set: `avx512`, `avx2`, `neon`, `simd128` or `scalar`.
pub const SIMD_VARIABLE: &str = "DIGITGAN_SIMD";

/// The kernels, bound to an instruction set that this processor has.
///
/// A copyable handle: every kernel is a method. Only [`Kernels::available`] and
/// [`Kernels::detect`] make one, so holding it proves that its instructions may be executed.
#[derive(Clone, Copy)]
pub struct Kernels(Level);

#[derive(Clone, Copy)]
enum Level {
    #[cfg(target_arch = "x86_64")]
    Avx512(pulp::x86::V4),
    #[cfg(target_arch = "x86_64")]
    Avx2(pulp::x86::V3),
    #[cfg(target_arch = "aarch64")]
    Neon(pulp::aarch64::Neon),
    #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
    Simd128(pulp::wasm::Simd128),
    Scalar,
}

/// An instruction set was asked for that this processor does not have, or that does not exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownSimd {
    asked: String,
    available: Vec<&'static str>,
}

impl fmt::Display for UnknownSimd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{SIMD_VARIABLE}={} is not an instruction set of this machine; it has {} (unset the variable to use the fastest)",
            self.asked,
            self.available.join(", ")
        )
    }
}

impl std::error::Error for UnknownSimd {}

impl Kernels {
    /// The kernels of every instruction set that this processor has, fastest first.
    pub fn available() -> Vec<Kernels> {
        let mut levels = Vec::new();
        #[cfg(target_arch = "x86_64")]
        {
            levels.extend(pulp::x86::V4::try_new().map(Level::Avx512));
            levels.extend(pulp::x86::V3::try_new().map(Level::Avx2));
        }
        #[cfg(target_arch = "aarch64")]
        levels.extend(pulp::aarch64::Neon::try_new().map(Level::Neon));
        #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
        levels.extend(pulp::wasm::Simd128::try_new().map(Level::Simd128));
        levels.push(Level::Scalar);
        levels.into_iter().map(Kernels).collect()
    }

    /// The fastest kernels of this processor, or those that [`SIMD_VARIABLE`] asks for.
    ///
    /// # Errors
    /// When the variable names an instruction set that is not there.
    pub fn detect() -> Result<Kernels, UnknownSimd> {
        let available = Self::available();
        let asked = std::env::var_os(SIMD_VARIABLE).unwrap_or_default().to_string_lossy().into_owned();
        match asked.as_str() {
            // An empty variable is one that is not set.
            "" => Ok(available[0]),
            name => Self::named(name).ok_or_else(|| UnknownSimd {
                available: available.iter().map(|kernels| kernels.name()).collect(),
                asked,
            }),
        }
    }

    /// The kernels of the instruction set called `name`, if this processor has it.
    pub fn named(name: &str) -> Option<Kernels> {
        Self::available().into_iter().find(|kernels| kernels.name() == name)
    }

    /// The name of the instruction set: `avx512`, `avx2`, `neon`, `simd128` (WebAssembly) or `scalar`.
    pub fn name(self) -> &'static str {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            Level::Avx512(_) => "avx512",
            #[cfg(target_arch = "x86_64")]
            Level::Avx2(_) => "avx2",
            #[cfg(target_arch = "aarch64")]
            Level::Neon(_) => "neon",
            #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
            Level::Simd128(_) => "simd128",
            Level::Scalar => "scalar",
        }
    }

    /// Runs a kernel compiled for this instruction set.
    #[inline(always)]
    pub(crate) fn run<K: WithSimd>(self, kernel: K) -> K::Output {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            Level::Avx512(simd) => Simd::vectorize(simd, kernel),
            #[cfg(target_arch = "x86_64")]
            Level::Avx2(simd) => Simd::vectorize(simd, kernel),
            #[cfg(target_arch = "aarch64")]
            Level::Neon(simd) => Simd::vectorize(simd, kernel),
            #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
            Level::Simd128(simd) => Simd::vectorize(simd, kernel),
            // Eight plain floats at a time: the compiler maps them to whatever the target always has.
            Level::Scalar => Simd::vectorize(Scalar256b, kernel),
        }
    }
}

impl fmt::Debug for Kernels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Kernels({})", self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_level_is_found_by_its_name_and_scalar_is_always_there() {
        let available = Kernels::available();
        assert_eq!(available.last().map(|kernels| kernels.name()), Some("scalar"));
        for kernels in available {
            assert_eq!(Kernels::named(kernels.name()).map(Kernels::name), Some(kernels.name()));
        }
        assert!(Kernels::named("mmx").is_none());
    }
}
