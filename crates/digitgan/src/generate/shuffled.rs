//! Numbers in an order that a seed shuffles, without a list of them: which place a number has is computed from it alone.
//!
//! A Feistel network turns numbers of an even count of bits into each other, each into another: the halves are exchanged in
//! rounds, one of them changed by a function of the other. Of those numbers the first `count` are shuffled; where one lands
//! behind them, it is sent on until it lands among them ("cycle walking", Black and Rogaway 2002), which it does soon, as fewer
//! than three in four are behind.

use crate::seed::{Purpose, index, stream};
use rand_chacha::rand_core::Rng;

/// Rounds: from four on, nobody tells the order from one by chance.
const ROUNDS: usize = 6;

/// The numbers below a count, shuffled.
pub(super) struct Shuffled {
    count: u64,
    half_bits: u32,
    keys: [u64; ROUNDS],
}

impl Shuffled {
    pub(super) fn new(seed: u64, count: u64) -> Self {
        let bits = u64::BITS - count.saturating_sub(1).leading_zeros();
        let mut rng = stream(seed, Purpose::SetClasses, index::COUNTED_CLASSES);
        Shuffled { count, half_bits: bits.div_ceil(2).max(1), keys: std::array::from_fn(|_| rng.next_u64()) }
    }

    /// The place of `number`, both below the count.
    pub(super) fn place(&self, number: u64) -> u64 {
        debug_assert!(number < self.count, "{number} of {}", self.count);
        let mut place = self.step(number);
        while place >= self.count {
            place = self.step(place);
        }
        place
    }

    fn step(&self, number: u64) -> u64 {
        let mask = (1 << self.half_bits) - 1;
        let halves = (number >> self.half_bits, number & mask);
        let (left, right) =
            self.keys.iter().fold(halves, |(left, right), key| (right, left ^ (mixed(key ^ right) & mask)));
        (left << self.half_bits) | right
    }
}

/// All bits mixed: the end of SplitMix64 (Steele et al. 2014).
fn mixed(bits: u64) -> u64 {
    let bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_is_taken_once() {
        for count in [1, 2, 3, 4, 5, 7, 64, 65, 1000, 4097, 65_537] {
            let order = Shuffled::new(1, count);
            let mut places: Vec<u64> = (0..count).map(|number| order.place(number)).collect();
            let moved = places.iter().zip(0..).filter(|(place, number)| **place != *number).count() as u64;
            assert!(count < 64 || moved > count - 20, "{moved} of {count}");
            places.sort_unstable();
            assert!(places.into_iter().eq(0..count), "{count}");
        }
        let (one, other) = (Shuffled::new(1, 1000), Shuffled::new(2, 1000));
        assert!((0..1000).filter(|&number| one.place(number) == other.place(number)).count() < 20);
        assert!(Shuffled::new(1, u64::from(u32::MAX)).place(u64::from(u32::MAX) - 1) < u64::from(u32::MAX));
    }
}
