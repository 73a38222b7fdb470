//! The one mapping between bytes and the numbers that the networks see, in both directions.
//!
//! A pixel is a byte, 0 for background and 255 for ink; the networks see and draw numbers in [-1, 1]. Byte b is the
//! number b / 127.5 − 1, and number x is the byte round((x + 1) · 127.5). Nothing is ever rescaled by the smallest and
//! largest value of a picture.

/// The byte of a number `x` that the generator drew: round((x + 1) · 127.5), clamped to 0..=255.
///
/// The inverse of [`to_signed`]: every byte comes back. A number that is not a number becomes 0.
#[inline]
pub fn to_byte(x: f32) -> u8 {
    // The cast clamps, and takes NaN to 0.
    ((x + 1.0) * 127.5).round() as u8
}

/// Fills in the numbers that the networks see for an image: byte / 127.5 − 1.
///
/// # Shapes
/// `bytes` and `values`: equally long.
// Hidden: the loops call it with buffers of theirs; public for the test of the engine on Burn.
#[doc(hidden)]
pub fn to_signed(bytes: &[u8], values: &mut [f32]) {
    debug_assert_eq!(bytes.len(), values.len(), "a number for each byte");
    for (value, &byte) in values.iter_mut().zip(bytes) {
        *value = f32::from(byte) / 127.5 - 1.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_of_known_outputs() {
        let cases = [
            (-1.0, 0),
            (1.0, 255),
            (0.0, 128),
            (-0.5, 64),
            (0.99, 254),
            (-7.0, 0),
            (7.0, 255),
            (f32::NEG_INFINITY, 0),
            (f32::INFINITY, 255),
            (f32::NAN, 0),
        ];
        for (x, byte) in cases {
            assert_eq!(to_byte(x), byte, "to_byte({x})");
        }
    }

    #[test]
    fn every_byte_survives_the_way_to_the_network_and_back() {
        for byte in 0..=255u8 {
            assert_eq!(to_byte(f32::from(byte) / 127.5 - 1.0), byte);
        }
    }

    #[test]
    fn bytes_and_numbers_match_both_ways() {
        let bytes: Vec<u8> = (0..=255).collect();
        let mut values = vec![0.0; 256];
        to_signed(&bytes, &mut values);
        assert_eq!((values[0], values[255]), (-1.0, 1.0));
        assert!(values.iter().zip(&bytes).all(|(&v, &b)| ((v + 1.0) * 127.5).round() as u8 == b));
    }
}
