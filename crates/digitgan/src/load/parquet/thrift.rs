//! The beginning of a page's header in Thrift's compact protocol: as much of it as tells the sizes of the page.
//!
//! The library `parquet` reads the headers too, but it keeps them to itself, and asks for as much memory as they tell.

use std::io::{self, Read};

/// How deep structs and lists may lie in each other.
const MAX_DEPTH: u8 = 16;

/// The sizes that a header tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct PageSizes {
    pub(super) uncompressed: i64,
    pub(super) compressed: i64,
    /// Values, also those that are null.
    pub(super) values: i64,
    /// Bytes at the beginning of the page that are never compressed: the levels of a page of version 2.
    pub(super) levels: i64,
    /// Whether the rest is as it is although the column is compressed, as pages of version 2 may say of themselves.
    pub(super) plain: bool,
    /// Bytes of the header itself.
    pub(super) header: u64,
}

// Types of the compact protocol.
const STOP: u8 = 0;
const TRUE: u8 = 1;
const FALSE: u8 = 2;
const BYTE: u8 = 3;
const I16: u8 = 4;
const I64: u8 = 6;
const DOUBLE: u8 = 7;
const BINARY: u8 = 8;
const LIST: u8 = 9;
const SET: u8 = 10;
const STRUCT: u8 = 12;

// Fields of `PageHeader`, and of the header of each type of page, whose first field counts the values.
const UNCOMPRESSED: i16 = 2;
const COMPRESSED: i16 = 3;
const DATA_PAGE: i16 = 5;
const DATA_PAGE_V2: i16 = 8;
const VALUES: i16 = 1;
// More of the header of a page of version 2.
const DEFINITION_LEVELS: i16 = 5;
const REPETITION_LEVELS: i16 = 6;
const IS_COMPRESSED: i16 = 7;

impl PageSizes {
    /// Reads a header and leaves the reader behind it.
    pub(super) fn read(reader: impl Read) -> io::Result<PageSizes> {
        let mut input = Input { reader, bytes: 0 };
        let mut sizes = PageSizes::default();
        let mut field = 0;
        while let Some(kind) = input.next_field(&mut field)? {
            match (field, kind) {
                (UNCOMPRESSED, I16..=I64) => sizes.uncompressed = input.integer()?,
                (COMPRESSED, I16..=I64) => sizes.compressed = input.integer()?,
                (DATA_PAGE, STRUCT) => sizes.values = input.values()?,
                (DATA_PAGE_V2, STRUCT) => input.data_page_v2(&mut sizes)?,
                _ => input.skip(kind, 0)?,
            }
        }
        sizes.header = input.bytes;
        Ok(sizes)
    }
}

struct Input<R> {
    reader: R,
    bytes: u64,
}

impl<R: Read> Input<R> {
    fn byte(&mut self) -> io::Result<u8> {
        let mut byte = [0];
        self.reader.read_exact(&mut byte)?;
        self.bytes += 1;
        Ok(byte[0])
    }

    fn unsigned(&mut self) -> io::Result<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(invalid("a number is too long"))
    }

    fn integer(&mut self) -> io::Result<i64> {
        let zigzag = self.unsigned()?;
        Ok((zigzag >> 1) as i64 ^ -((zigzag & 1) as i64))
    }

    /// The type of the next field of a struct, whose number replaces that of the field before it; none at its end.
    fn next_field(&mut self, field: &mut i16) -> io::Result<Option<u8>> {
        let byte = self.byte()?;
        let (step, kind) = (i16::from(byte >> 4), byte & 0xf);
        if kind == STOP {
            return Ok(None);
        }
        *field = match step {
            0 => self.integer()? as i16,
            step => field.checked_add(step).ok_or_else(|| invalid("a field has no number"))?,
        };
        Ok(Some(kind))
    }

    /// What the header of a data page of version 2 tells; of a field that is there twice, the last one counts.
    fn data_page_v2(&mut self, sizes: &mut PageSizes) -> io::Result<()> {
        let (mut field, mut definition, mut repetition) = (0, 0, 0);
        sizes.plain = false;
        while let Some(kind) = self.next_field(&mut field)? {
            match (field, kind) {
                (VALUES, I16..=I64) => sizes.values = self.integer()?,
                (DEFINITION_LEVELS, I16..=I64) => definition = self.integer()?,
                (REPETITION_LEVELS, I16..=I64) => repetition = self.integer()?,
                (IS_COMPRESSED, TRUE | FALSE) => sizes.plain = kind == FALSE,
                _ => self.skip(kind, 1)?,
            }
        }
        let levels = i64::checked_add(definition, repetition);
        sizes.levels = levels.ok_or_else(|| invalid("its levels are too long"))?;
        Ok(())
    }

    /// The count of values in the header of a data page.
    fn values(&mut self) -> io::Result<i64> {
        let (mut values, mut field) = (0, 0);
        while let Some(kind) = self.next_field(&mut field)? {
            match (field, kind) {
                (VALUES, I16..=I64) => values = self.integer()?,
                _ => self.skip(kind, 1)?,
            }
        }
        Ok(values)
    }

    fn skip(&mut self, kind: u8, depth: u8) -> io::Result<()> {
        if depth > MAX_DEPTH {
            return Err(invalid("it is nested too deeply"));
        }
        match kind {
            TRUE | FALSE => Ok(()),
            BYTE => self.skip_bytes(1),
            I16..=I64 => self.unsigned().map(|_| ()),
            DOUBLE => self.skip_bytes(8),
            BINARY => self.unsigned().and_then(|bytes| self.skip_bytes(bytes)),
            LIST | SET => self.skip_list(depth),
            STRUCT => {
                let mut field = 0;
                while let Some(kind) = self.next_field(&mut field)? {
                    self.skip(kind, depth + 1)?;
                }
                Ok(())
            }
            _ => Err(invalid("a field has no type that is known")),
        }
    }

    fn skip_list(&mut self, depth: u8) -> io::Result<()> {
        let head = self.byte()?;
        let count = if head >> 4 == 15 { self.unsigned()? } else { u64::from(head >> 4) };
        match head & 0xf {
            // One byte each, in a list.
            TRUE | FALSE => self.skip_bytes(count),
            kind => (0..count).try_for_each(|_| self.skip(kind, depth + 1)),
        }
    }

    fn skip_bytes(&mut self, bytes: u64) -> io::Result<()> {
        let skipped = io::copy(&mut self.reader.by_ref().take(bytes), &mut io::sink())?;
        self.bytes += skipped;
        if skipped == bytes { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
    }
}

fn invalid(reason: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason)
}
