//! The pages of a column, checked before they are read: what a header tells of a page is how much memory it takes.

use super::error::ParquetError;
use super::source::{MAX_PAGE_BYTES, Source};
use super::thrift::PageSizes;
use ::parquet::basic::Compression;
use ::parquet::file::metadata::ColumnChunkMetaData;
use flate2::read::MultiGzDecoder;
use std::io::{self, Read};

/// How many values a byte of a page may stand for: repeated ones take next to none.
const VALUES_PER_BYTE: u64 = 100;
/// So many values need no such excuse.
const FEW_VALUES: u64 = 1 << 20;

/// What the pages of a column chunk hold together.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Totals {
    pub(super) values: u64,
    pub(super) bytes: u64,
}

/// Checks all pages of a column chunk.
pub(super) fn check(source: &Source, chunk: &ColumnChunkMetaData) -> Result<Totals, ParquetError> {
    let start = chunk.dictionary_page_offset().unwrap_or(chunk.data_page_offset());
    let place = u64::try_from(start).ok().zip(u64::try_from(chunk.compressed_size()).ok());
    let (start, mut left) = place.ok_or_else(|| damaged("a column has no place"))?;
    let gzip = match chunk.compression() {
        Compression::UNCOMPRESSED | Compression::SNAPPY | Compression::ZSTD(_) | Compression::LZ4_RAW => false,
        Compression::GZIP(_) => true,
        other => {
            return Err(damaged(&format!("it is compressed by {other}, but read are snappy, zstd, gzip and lz4_raw")));
        }
    };
    let mut totals = Totals::default();
    let mut pages = source.part(start, left)?;
    while left > 0 {
        let page = PageSizes::read(&mut pages).map_err(|error| damaged(&format!("a page's header: {error}")))?;
        let (compressed, uncompressed) = (size(page.compressed)?, size(page.uncompressed)?);
        left = left.checked_sub(page.header + compressed).ok_or_else(|| damaged("a page is longer than its column"))?;
        if gzip && !page.plain {
            let mut body = pages.by_ref().take(compressed);
            check_gzip(&mut body, size(page.levels)?, uncompressed)?;
            io::copy(&mut body, &mut io::sink())?;
        } else {
            pages.seek_relative(compressed as i64)?;
        }
        totals.values += u64::try_from(page.values).map_err(|_| damaged("a page has less than no values"))?;
        totals.bytes += uncompressed;
    }
    if totals.values > FEW_VALUES.max(totals.bytes.saturating_mul(VALUES_PER_BYTE)) {
        return Err(damaged("it tells of more values than it can hold"));
    }
    Ok(totals)
}

fn size(bytes: i64) -> Result<u64, ParquetError> {
    let size = u64::try_from(bytes).ok().filter(|&bytes| bytes <= MAX_PAGE_BYTES);
    size.ok_or_else(|| damaged(&format!("a page of {bytes} bytes; at most {MAX_PAGE_BYTES} are read")))
}

/// Checks that a page inflates, after levels that are not compressed, to what its header tells: the library goes on to the
/// end, wherever that is.
fn check_gzip(body: &mut impl Read, levels: u64, uncompressed: u64) -> Result<(), ParquetError> {
    let left = uncompressed.checked_sub(levels).ok_or_else(|| damaged("the levels of a page are longer than it"))?;
    io::copy(&mut body.by_ref().take(levels), &mut io::sink())?;
    if left == 0 {
        // Nothing but levels, which the library takes as they are.
        return Ok(());
    }
    let mut inflated = MultiGzDecoder::new(body).take(left + 1);
    match io::copy(&mut inflated, &mut io::sink()) {
        Ok(bytes) if bytes == left => Ok(()),
        Ok(_) => Err(damaged("a page is of another size than its header tells")),
        Err(error) => Err(damaged(&error.to_string())),
    }
}

fn damaged(reason: &str) -> ParquetError {
    ParquetError::Damaged { reason: reason.to_owned() }
}
