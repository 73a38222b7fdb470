//! Whether somebody looks for a collapse.

use serde::{Deserialize, Serialize};

/// Whether the collapse monitor looks at the generator while a model trains.
///
/// ```
/// use digitgan::prelude::*;
/// use digitgan::config::Watch;
///
/// let layer = Layer { watch: Some(Watch::Off), ..Layer::default() };
/// assert_eq!(layer.config()?.watch, Watch::Off);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Watch {
    /// Where a judge is at hand.
    #[default]
    Auto,
    /// Yes; where there is no judge, one is trained first.
    On,
    /// No.
    Off,
}
