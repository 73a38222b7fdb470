//! How much of a matrix product one task computes. Results do not depend on it.

use super::threads;
use digitgan_kernels::PANEL;

/// Rows that the kernels compute at once: a share of work is a multiple of it.
pub(super) const ROWS_AT_ONCE: usize = 8;

/// How many of `rows` rows a task takes. Each task reads the other operand whole, so there is one task per thread.
pub(super) fn share(rows: usize) -> usize {
    rows.div_ceil(threads::count()).next_multiple_of(ROWS_AT_ONCE)
}

/// How many of the panels of `columns` columns a task takes, likewise.
pub(super) fn share_of_panels(columns: usize) -> usize {
    (columns / PANEL).div_ceil(threads::count())
}
