//! Numbers of other sizes as floats of 32 bits, and what is no number of a network.

use super::WeightsError;

/// The last parts of the names of PyTorch's counters, integers that nothing here needs: of batches, beside running
/// statistics, and of averaged models.
const COUNTERS: [&str; 2] = ["num_batches_tracked", "n_averaged"];

/// All numbers of so many bytes each.
pub(super) fn numbers<const BYTES: usize, N>(bytes: &[u8], number: impl Fn([u8; BYTES]) -> N) -> Vec<N> {
    bytes.as_chunks().0.iter().map(|&bytes| number(bytes)).collect()
}

/// Each number as the nearest of 32 bits.
pub(super) fn rounded(name: &str, values: &[f64]) -> Result<Vec<f32>, WeightsError> {
    let round = |&value: &f64| match value as f32 {
        // What is not finite stays so, and is judged as in any other tensor.
        rounded if rounded.is_finite() || !value.is_finite() => Ok(rounded),
        _ => Err(WeightsError::Overflow { name: name.to_owned(), found: format!("{value:e}") }),
    };
    values.iter().map(round).collect()
}

/// Whether a tensor of this name counts something.
pub(super) fn is_counter(name: &str) -> bool {
    COUNTERS.contains(&name.rsplit('.').next().unwrap_or(name))
}
