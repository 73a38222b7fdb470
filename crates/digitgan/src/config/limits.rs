//! How much a setting may ask for.

/// Largest batch: 16 GiB of buffers would be needed beyond it.
pub const MAX_BATCH: usize = 32_768;
/// Largest seed: what a TOML file can hold.
pub const MAX_SEED: u64 = i64::MAX as u64;
