//! The judge.
pub mod training;
