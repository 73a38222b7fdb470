//! The arithmetic of digitgan.
