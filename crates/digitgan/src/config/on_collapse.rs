//! What follows a collapse.

use serde::{Deserialize, Serialize};

/// What to do when the generator collapses; it is told and recorded in any case.
///
/// ```
/// use digitgan::prelude::*;
///
/// let layer = Layer { on_collapse: Some(OnCollapse::Rollback), ..Layer::default() };
/// assert_eq!(layer.config()?.on_collapse, OnCollapse::Rollback);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnCollapse {
    /// Go on: many generators recover.
    #[default]
    Continue,
    /// Stop, with the last checkpoint before it.
    Stop,
    /// Go back to the last checkpoint before it, and on from there with other noise and half the learning rates.
    Rollback,
}
