//! The settings of a training, checked once: deeper code relies on them.
//!
//! Every setting is declared once, in `settings.rs`, with its help, range, defaults, and what resuming and checkpoints do
//! with it. Front ends read the declarations ([`Setting::all`]), make one [`Layer`] per source of settings (flags, a file),
//! lay one [over](Layer::over) the other, and get one checked [`TrainConfig`]:
//!
//! ```
//! use digitgan::config::{Layer, Recipe};
//!
//! let file = Layer { epochs: Some(5), lr: Some(0.002), ..Layer::default() };
//! let flags = Layer { recipe: Some(Recipe::Paper), epochs: Some(10), ..Layer::default() };
//! let config = flags.over(file).config()?;
//! assert_eq!((config.epochs, config.lr, config.lr_d, config.beta1), (10, 0.002, 0.002, 0.5));
//! # Ok::<(), digitgan::config::ConfigError>(())
//! ```

mod error;
mod layer;
mod limits;
mod lookup;
mod on_collapse;
mod recipe;
mod setting;
mod settings;
#[cfg(test)]
mod tests;
mod train_config;
mod value;
mod watch;

pub use crate::engine::MAX_BATCH;
pub use error::ConfigError;
pub use limits::MAX_SEED;
pub use on_collapse::OnCollapse;
pub use recipe::Recipe;
pub use setting::{Condition, Declared, Held, OnResume};
pub use settings::{Layer, Rule, Setting, TrainConfig};
pub use value::{Kind, ThreadCount};
pub use watch::Watch;
