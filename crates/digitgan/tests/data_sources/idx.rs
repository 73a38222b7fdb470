//! The IDX reader against good, bad and arbitrary bytes.

use crate::support::{gzip, idx_images, idx_labels, pixels};
use digitgan::load::idx::{read_images, read_labels};
use digitgan::load::open::open;
use digitgan::load::{ArrayError, MAX_IMAGES};
use proptest::prelude::*;
use std::fs;
use std::io::{self, Read};

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = read_images(bytes.as_slice());
        let _ = read_labels(bytes.as_slice());
    }

    /// Bytes that get past the magic number, with headers of every kind.
    #[test]
    fn arbitrary_headers_never_panic(
        words in proptest::array::uniform3(prop_oneof![0u32..40, any::<u32>()]),
        body in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        let header = [0x0803, words[0], words[1], words[2]].map(u32::to_be_bytes);
        let bytes = [header.as_flattened(), &body].concat();
        if let Ok(images) = read_images(bytes.as_slice()) {
            let expected = u64::from(words[0]) * u64::from(words[1]) * u64::from(words[2]);
            prop_assert_eq!(body.len() as u64, expected);
            prop_assert_eq!(images.len(), 784 * words[0] as usize);
        }
    }

    #[test]
    fn arbitrary_gzip_never_panics(body in proptest::collection::vec(any::<u8>(), 0..200)) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, [&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255], body.as_slice()].concat()).unwrap();
        let _ = read_images(open(&path).unwrap());
    }

    #[test]
    fn images_round_trip(pixels in proptest::collection::vec(any::<u8>(), 3 * 784)) {
        let images = read_images(idx_images(28, 28, &pixels).as_slice()).unwrap();
        prop_assert_eq!(images, pixels);
    }

    #[test]
    fn labels_round_trip(labels in proptest::collection::vec(any::<u8>(), 0..300)) {
        prop_assert_eq!(read_labels(idx_labels(&labels).as_slice()).unwrap(), labels);
    }
}

#[test]
fn each_way_to_be_wrong_is_its_own_error() {
    let good = idx_images(28, 28, &pixels(2));
    let patched = |at: usize, word: u32| {
        let mut bytes = good.clone();
        bytes[at..at + 4].copy_from_slice(&word.to_be_bytes());
        bytes
    };
    let longer = [good.as_slice(), &[0]].concat();
    type Check = fn(&ArrayError) -> bool;
    let cases: [(&str, &[u8], Check); 10] = [
        ("empty", &[], |e| matches!(e, ArrayError::Truncated { found_bytes: 0, expected_bytes: 16 })),
        ("header cut", &good[..10], |e| matches!(e, ArrayError::Truncated { found_bytes: 10, expected_bytes: 16 })),
        ("pixels cut", &good[..1000], |e| {
            matches!(e, ArrayError::Truncated { found_bytes: 1000, expected_bytes: 1584 })
        }),
        ("too long", &longer, |e| matches!(e, ArrayError::TrailingBytes { expected_bytes: 1584 })),
        ("labels", &patched(0, 0x0801), |e| matches!(e, ArrayError::Magic { found: 0x0801, .. })),
        ("floats", &patched(0, 0x0d03), |e| matches!(e, ArrayError::Truncated { expected_bytes: 6288, .. })),
        ("no type", &patched(0, 0x0703), |e| matches!(e, ArrayError::Magic { found: 0x0703, .. })),
        (
            "too many",
            &patched(4, u32::MAX),
            |e| matches!(e, ArrayError::TooMany { found } if *found == u64::from(u32::MAX)),
        ),
        ("no rows", &patched(8, 0), |e| matches!(e, ArrayError::Size { rows: 0, columns: 28 })),
        ("wide", &patched(12, 1025), |e| matches!(e, ArrayError::Size { columns: 1025, .. })),
    ];
    for (name, bytes, check) in cases {
        let error = read_images(bytes).unwrap_err();
        assert!(check(&error), "{name}: {error:?}");
    }
    let error = read_labels(&[0, 0, 8, 1, 0, 0, 0, 9, 1, 2][..]).unwrap_err();
    assert!(matches!(error, ArrayError::Truncated { found_bytes: 10, expected_bytes: 17 }), "{error:?}");
}

#[test]
fn gzipped_files_are_known_by_their_first_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("no-ending");
    let plain = idx_labels(&[1, 2, 3]);
    let whole = gzip(&plain);
    let read = |bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        read_labels(open(&path).unwrap())
    };
    assert_eq!(read(&plain).unwrap(), [1, 2, 3]);
    assert_eq!(read(&whole).unwrap(), [1, 2, 3]);

    let mut wrong_checksum = whole.clone();
    let checksum = whole.len() - 8;
    wrong_checksum[checksum] ^= 1;
    let cases = [
        ("checksum", wrong_checksum),
        ("no checksum", whole[..checksum].to_vec()),
        ("something after it", [whole.as_slice(), b"more"].concat()),
    ];
    for (name, bytes) in cases {
        let error = read(&bytes).unwrap_err();
        assert!(matches!(error, ArrayError::Io(_)), "{name}: {error:?}");
    }
    let error = read(&gzip(&plain)[..12]).unwrap_err();
    assert!(matches!(error, ArrayError::Truncated { .. }), "{error:?}");
}

/// Endless zeros behind a header: what a small gzip file can be made to hold.
#[test]
fn a_bomb_is_read_no_further_than_its_header_says() {
    struct Counting<R>(R, u64);
    impl<R: Read> Read for Counting<R> {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            let count = self.0.read(out)?;
            self.1 += count as u64;
            Ok(count)
        }
    }
    let header = idx_images(28, 28, &pixels(2));
    let mut bomb = Counting(header.chain(io::repeat(0)), 0);
    let error = read_images(&mut bomb).unwrap_err();
    assert!(matches!(error, ArrayError::TrailingBytes { .. }), "{error:?}");
    // One byte more than announced is asked for, through a buffer of no more than some kilobytes.
    assert!(bomb.1 < 1584 + 100_000, "{} bytes were read", bomb.1);
}

#[test]
fn a_false_header_costs_no_memory_to_speak_of() {
    let mut bytes = idx_images(28, 28, &pixels(1));
    bytes[4..8].copy_from_slice(&(MAX_IMAGES as u32).to_be_bytes());
    let error = read_images(bytes.as_slice()).unwrap_err();
    let expected = 16 + 784 * MAX_IMAGES as u64;
    assert!(
        matches!(error, ArrayError::Truncated { found_bytes: 800, expected_bytes } if expected_bytes == expected),
        "{error:?}"
    );
}

#[test]
fn other_sizes_are_brought_to_28() {
    let images = read_images(idx_images(16, 8, &[255; 3 * 128]).as_slice()).unwrap();
    let inked = images.iter().filter(|&&pixel| pixel == 255).count();
    assert_eq!(inked, 3 * 28 * 14);
}
