//! What follows a collapse.

use serde::{Deserialize, Serialize};

/// What to do when the generator collapses; it is told and recorded in any case.
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
