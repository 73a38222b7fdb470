//! Whole numbers for people.

use indicatif::HumanCount;

/// A whole number with its thousands apart: 18,740.
pub(crate) fn thousands<N: TryInto<u64>>(number: N) -> String {
    // Counts fit.
    HumanCount(number.try_into().unwrap_or(u64::MAX)).to_string()
}
