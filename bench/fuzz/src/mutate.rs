//! Damage to bytes: what transfers, disks and hostile people do to files.

use crate::random::Random;

/// No input is longer: some readers multiply what they are given.
const MAX_BYTES: usize = 8 << 20;
/// The longest stretch that is cut out, repeated or moved.
const MAX_STRETCH: usize = 64;
/// Bytes at either end of a file that are damaged more often: headers and footers say what all the rest means.
const ENDS: usize = 96;
/// Numbers at which something begins or ends.
const BOUNDARIES: [u64; 16] = [
    0,
    1,
    2,
    27,
    28,
    101,
    127,
    255,
    256,
    0x7fff,
    0xffff,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_ffff,
    0x7fff_ffff_ffff_ffff,
    u64::MAX,
];
/// What text is damaged with.
const WORDS: [&[u8]; 32] = [
    b"0",
    b"-1",
    b"-0.0",
    b"1e400",
    b"1e38",
    b"1e-400",
    b"NaN",
    b"inf",
    b"-inf",
    b"null",
    b"true",
    b"999999999999",
    b"18446744073709551615",
    b"18446744073709551616",
    b"9223372036854775808",
    b"0x10",
    b"\"",
    b"\"\"",
    b"'",
    b",",
    b",,",
    b";",
    b"\n",
    b"\r\n",
    b"\0",
    b"[[[[[[[[",
    b"{",
    b"}",
    b"[]",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    "\u{202e}\u{301}".as_bytes(),
];

/// Damages `bytes` in one to six places; `others` are whole inputs of the same reader.
pub(crate) fn mutate(bytes: &mut Vec<u8>, others: &[&[u8]], random: &mut Random) {
    let most = if random.once_in(4) { 6 } else { 2 };
    for _ in 0..=random.below(most) {
        once(bytes, others, random);
    }
    bytes.truncate(MAX_BYTES);
}

fn once(bytes: &mut Vec<u8>, others: &[&[u8]], random: &mut Random) {
    let at = place(bytes.len(), random);
    let end = (at + 1 + random.below(MAX_STRETCH)).min(bytes.len());
    match random.below(11) {
        0 | 1 if at < bytes.len() => bytes[at] ^= 1 << random.below(8),
        2 if at < bytes.len() => bytes[at] = random.below(256) as u8,
        3 | 4 => number(bytes, at, random),
        5 => drop(bytes.drain(at..end)),
        6 => {
            let stretch = bytes[at..end].repeat(1 + random.below(4));
            bytes.splice(at..at, stretch);
        }
        7 if random.once_in(3) => bytes.truncate(at),
        8 => {
            let other = random.choose(others);
            let from = place(other.len(), random);
            let stretch = &other[from..(from + MAX_STRETCH).min(other.len())];
            // In place of what was there, or between.
            let until = if random.once_in(2) { (at + stretch.len()).min(bytes.len()) } else { at };
            bytes.splice(at..until, stretch.iter().copied());
        }
        9 => word(bytes, at, random),
        _ => drop(bytes.splice(at..at, [random.below(256) as u8])),
    }
}

/// A place in `length` bytes or at their end, more often near the ends.
fn place(length: usize, random: &mut Random) -> usize {
    match random.below(4) {
        0 => random.below(ENDS.min(length + 1)),
        1 => length - random.below(ENDS.min(length + 1)),
        _ => random.below(length + 1),
    }
}

/// A number of 1, 2, 4 or 8 bytes, of either order, becomes one at a boundary, or a neighbour of what it was.
fn number(bytes: &mut [u8], at: usize, random: &mut Random) {
    let size = 1 << random.below(4);
    let Some(field) = bytes.get_mut(at..at + size) else { return };
    let value = BOUNDARIES[random.below(BOUNDARIES.len())].wrapping_add(random.below(3) as u64).wrapping_sub(1);
    if random.once_in(2) {
        field.copy_from_slice(&value.to_le_bytes()[..size]);
    } else {
        field.copy_from_slice(&value.to_be_bytes()[8 - size..]);
    }
}

/// A word stands in place of the number or name that was there, or between.
fn word(bytes: &mut Vec<u8>, at: usize, random: &mut Random) {
    let in_word = |&&byte: &&u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
    let before = bytes[..at].iter().rev().take_while(in_word).count();
    let after = bytes[at..].iter().take_while(in_word).count();
    let range = if random.once_in(4) { at..at } else { at - before..at + after };
    bytes.splice(range, random.choose(&WORDS).iter().copied());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_input_is_the_same_each_time_and_another_than_the_next() {
        let input = |number| {
            let mut bytes = b"step,entropy\n1,0.5\n".to_vec();
            mutate(&mut bytes, &[b"another"], &mut Random::of(1, "reader", number));
            bytes
        };
        let inputs: std::collections::BTreeSet<Vec<u8>> = (0..1000).map(input).collect();
        assert!(inputs.len() > 800, "{} of 1000 differ", inputs.len());
        assert_eq!(input(7), input(7));
        // No bytes at all can be damaged too.
        (0..1000).for_each(|number| mutate(&mut Vec::new(), &[b""], &mut Random::of(1, "reader", number)));
    }
}
