//! What stops a training: a loss or a gradient that is not a finite number.

use crate::engine::NotFinite;

/// Refuses a loss that is not finite; `whose` says whose it is.
pub(super) fn check_loss(whose: &str, loss: f64) -> Result<(), NotFinite> {
    if loss.is_finite() { Ok(()) } else { Err(NotFinite(format!("{whose}'s loss is {loss}"))) }
}

/// Refuses a step of `network` unless all its gradients were `finite`.
pub(super) fn check_gradient(network: &str, finite: bool) -> Result<(), NotFinite> {
    if finite { Ok(()) } else { Err(NotFinite(format!("a gradient of the {network} is not finite"))) }
}
