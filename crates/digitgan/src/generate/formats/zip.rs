//! The bytes of a ZIP archive around streams that are written elsewhere: headers, and the directory at the end.
//!
//! All sizes are written in the long form (ZIP64), which holds any, and every time is that of the format's beginning, so that
//! the same data is the same file. By hand, since the crate `zip` cannot go on with an entry that an earlier process began, as
//! a set that was stopped must.

/// A file of an archive, compressed by deflate.
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) crc32: u32,
    pub(super) bytes: u64,
    pub(super) deflated_bytes: u64,
    /// Where in the archive its header begins.
    pub(super) start: u64,
}

/// Version 4.5, which knows the long form.
const VERSION: u16 = 45;
const DEFLATE: u16 = 8;
/// 1 January 1980.
const DATE: u16 = 0x21;
/// Stands where the long form holds the number.
const ELSEWHERE: u32 = u32::MAX;
const LONG_FORM: u16 = 1;

impl Entry {
    /// What stands before its bytes.
    pub(super) fn header(&self) -> Vec<u8> {
        let mut bytes = b"PK\x03\x04".to_vec();
        bytes.extend(self.common(2 * 8 + 4));
        bytes.extend(self.name.as_bytes());
        bytes.extend(long(&[self.bytes, self.deflated_bytes]));
        bytes
    }

    /// How long that is.
    pub(super) fn header_bytes(name: &str) -> u64 {
        let empty = Entry { name: name.to_owned(), crc32: 0, bytes: 0, deflated_bytes: 0, start: 0 };
        empty.header().len() as u64
    }

    /// From the version to the lengths of name and extra field.
    fn common(&self, extra_bytes: u16) -> Vec<u8> {
        let mut bytes = [VERSION, 0, DEFLATE, 0, DATE].map(u16::to_le_bytes).concat();
        bytes.extend([self.crc32, ELSEWHERE, ELSEWHERE].map(u32::to_le_bytes).concat());
        bytes.extend([self.name.len() as u16, extra_bytes].map(u16::to_le_bytes).concat());
        bytes
    }

    /// Its line in the directory.
    fn line(&self) -> Vec<u8> {
        let mut bytes = b"PK\x01\x02".to_vec();
        bytes.extend(VERSION.to_le_bytes());
        bytes.extend(self.common(3 * 8 + 4));
        // No comment, on the first disk, no attributes.
        bytes.extend([0; 2 + 2 + 2 + 4]);
        bytes.extend(ELSEWHERE.to_le_bytes());
        bytes.extend(self.name.as_bytes());
        bytes.extend(long(&[self.bytes, self.deflated_bytes, self.start]));
        bytes
    }
}

/// An extra field that holds numbers in their long form.
fn long(numbers: &[u64]) -> Vec<u8> {
    let mut bytes = [LONG_FORM, 8 * numbers.len() as u16].map(u16::to_le_bytes).concat();
    bytes.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
    bytes
}

/// The directory, which begins at byte `start` of the archive, and all that follows.
pub(super) fn directory(entries: &[Entry], start: u64) -> Vec<u8> {
    let mut bytes: Vec<u8> = entries.iter().flat_map(Entry::line).collect();
    let (count, directory_bytes) = (entries.len() as u64, bytes.len() as u64);
    bytes.extend(b"PK\x06\x06");
    // What follows of this record.
    bytes.extend(44u64.to_le_bytes());
    bytes.extend([VERSION, VERSION].map(u16::to_le_bytes).concat());
    bytes.extend([0; 4 + 4]);
    bytes.extend([count, count, directory_bytes, start].map(u64::to_le_bytes).concat());
    // Where that record is, and the short form, which points there.
    bytes.extend(b"PK\x06\x07");
    bytes.extend([0; 4]);
    bytes.extend((start + directory_bytes).to_le_bytes());
    bytes.extend(1u32.to_le_bytes());
    bytes.extend(b"PK\x05\x06");
    bytes.extend([0, 0, u16::MAX, u16::MAX].map(u16::to_le_bytes).concat());
    bytes.extend([ELSEWHERE, ELSEWHERE].map(u32::to_le_bytes).concat());
    bytes.extend([0; 2]);
    bytes
}
