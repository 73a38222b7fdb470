//! What a training run leaves behind.

pub mod losses;
pub mod tensorboard;
