//! How much a setting may ask for.

/// Largest seed: what a TOML file can hold.
pub const MAX_SEED: u64 = i64::MAX as u64;
