//! How a Parquet file is known.

/// What it begins with, and ends with.
pub(in crate::load) const MAGIC: &[u8; 4] = b"PAR1";
