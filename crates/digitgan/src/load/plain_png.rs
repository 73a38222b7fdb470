//! A fast way through small PNG files of the plainest kind: grey, 8 bits a pixel, not interlaced, nothing else in them. Data
//! sets consist of those, tens of thousands at a time, and what a decoder of all kinds prepares for each takes longer than
//! the picture does.
//!
//! Whatever is otherwise, or damaged, is left to the decoder of all kinds, which says what is wrong.

use flate2::Crc;
use libdeflater::Decompressor;
use std::cell::RefCell;

const SIGNATURE: [u8; 8] = *b"\x89PNG\r\n\x1a\n";
/// Bits a pixel, grey, and the one method of compression, filters and no interlacing.
const PLAIN: [u8; 5] = [8, 0, 0, 0, 0];
/// The greatest side: larger ones do not come in such numbers.
const MAX_SIDE: u32 = 256;

thread_local! {
    /// Made once: it is large.
    static INFLATE: RefCell<Decompressor> = RefCell::new(Decompressor::new());
}

/// Rows, columns and pixels of such a file; none if it is otherwise.
pub(super) fn decode(bytes: &[u8]) -> Option<(usize, usize, Vec<u8>)> {
    let mut rest = bytes.strip_prefix(&SIGNATURE)?;
    let header = chunk(&mut rest, b"IHDR")?;
    let (sides, kind) = header.split_at_checked(8)?;
    let side = |bytes: &[u8]| {
        let side = u32::from_be_bytes(bytes.try_into().ok()?);
        (1..=MAX_SIDE).contains(&side).then_some(side as usize)
    };
    let (columns, rows) = (side(&sides[..4])?, side(&sides[4..])?);
    let data = chunk(&mut rest, b"IDAT")?;
    let end = chunk(&mut rest, b"IEND")?;
    if kind != PLAIN || !end.is_empty() || !rest.is_empty() {
        return None;
    }
    let filtered = inflate(data, rows * (columns + 1))?;
    Some((rows, columns, unfilter(&filtered, columns)?))
}

/// Takes the contents of the next chunk from `rest`, if it is of this kind and whole.
fn chunk<'a>(rest: &mut &'a [u8], kind: &[u8; 4]) -> Option<&'a [u8]> {
    let (length, after) = rest.split_first_chunk()?;
    let length = u32::from_be_bytes(*length) as usize;
    let (checked, after) = after.split_at_checked(length.checked_add(4)?)?;
    let (found, after) = after.split_first_chunk()?;
    let contents = checked.strip_prefix(kind)?;
    let mut checksum = Crc::new();
    checksum.update(checked);
    *rest = after;
    (checksum.sum() == u32::from_be_bytes(*found)).then_some(contents)
}

/// Exactly `count` bytes.
fn inflate(data: &[u8], count: usize) -> Option<Vec<u8>> {
    INFLATE.with_borrow_mut(|inflate| {
        // A byte more shows a stream that is too long.
        let mut out = vec![0; count + 1];
        let found = inflate.zlib_decompress(data, &mut out).ok()?;
        out.truncate(found);
        (found == count).then_some(out)
    })
}

/// Rows as they were, from rows of differences to their neighbours, each after a byte that says to which.
fn unfilter(filtered: &[u8], columns: usize) -> Option<Vec<u8>> {
    let mut pixels = Vec::with_capacity(filtered.len());
    let mut above = vec![0; columns];
    for line in filtered.chunks_exact(columns + 1) {
        let start = pixels.len();
        let (mut left, mut above_left) = (0u8, 0u8);
        if line[0] == 0 {
            pixels.extend_from_slice(&line[1..]);
        } else {
            for (&difference, &above) in line[1..].iter().zip(&above) {
                let neighbour = match line[0] {
                    1 => left,
                    2 => above,
                    3 => left.midpoint(above),
                    4 => paeth(left, above, above_left),
                    _ => return None,
                };
                (left, above_left) = (difference.wrapping_add(neighbour), above);
                pixels.push(left);
            }
        }
        above.copy_from_slice(&pixels[start..]);
    }
    Some(pixels)
}

/// The neighbour that is nearest to left + above - above left.
fn paeth(left: u8, above: u8, above_left: u8) -> u8 {
    let [a, b, c] = [left, above, above_left].map(i16::from);
    let (to_left, to_above, to_corner) = ((b - c).abs(), (a - c).abs(), (a + b - 2 * c).abs());
    if to_left <= to_above && to_left <= to_corner {
        left
    } else if to_above <= to_corner {
        above
    } else {
        above_left
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use png::{BitDepth, ColorType, Compression, Encoder, Filter};

    fn encode(columns: u32, pixels: &[u8], filter: Filter, compression: Compression) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut encoder = Encoder::new(&mut bytes, columns, pixels.len() as u32 / columns);
        encoder.set_color(ColorType::Grayscale);
        encoder.set_depth(BitDepth::Eight);
        encoder.set_compression(compression);
        encoder.set_filter(filter);
        let mut writer = encoder.write_header().unwrap();
        writer.write_image_data(pixels).unwrap();
        writer.finish().unwrap();
        bytes
    }

    #[test]
    fn all_filters_and_sizes_give_the_pixels() {
        for (rows, columns) in [(28, 28), (1, 1), (3, 256), (17, 5)] {
            for step in [0, 1, 7, 101] {
                let pixels: Vec<u8> = (0..rows * columns).map(|index| (index * index * step / 3 % 256) as u8).collect();
                for filter in [Filter::NoFilter, Filter::Sub, Filter::Up, Filter::Avg, Filter::Paeth, Filter::Adaptive]
                {
                    for compression in [Compression::Fastest, Compression::Balanced, Compression::High] {
                        let bytes = encode(columns as u32, &pixels, filter, compression);
                        let found = decode(&bytes);
                        assert_eq!(
                            found,
                            Some((rows, columns, pixels.clone())),
                            "{rows}x{columns}, {step}, {filter:?}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn what_is_damaged_or_otherwise_is_left_to_others() {
        let pixels: Vec<u8> = (0..784).map(|index| (index % 251) as u8).collect();
        let bytes = encode(28, &pixels, Filter::Paeth, Compression::Balanced);
        for place in 0..bytes.len() {
            assert_eq!(decode(&bytes[..place]), None, "cut at {place}");
            let mut damaged = bytes.clone();
            damaged[place] ^= 0x10;
            assert_eq!(decode(&damaged), None, "damaged at {place}");
        }
        assert_eq!(decode(&encode(257, &[0; 257], Filter::NoFilter, Compression::Fastest)), None);
    }
}
