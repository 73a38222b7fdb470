//! Command line of digitgan.
fn main() {}
