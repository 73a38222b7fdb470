//! What lies around the contents of a file: compression and checksums. Damage within them is made by opening them and
//! closing them again, so that it gets past the checksums.

use crate::random::Random;
use anyhow::Context;
use flate2::Compression;
use flate2::read::{GzDecoder, ZlibDecoder};
use flate2::write::{GzEncoder, ZlibEncoder};
use std::io::{Cursor, Read, Write};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

/// What a PNG file begins with.
const PNG_SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";

/// A file with its shell open.
pub(crate) enum Opened {
    /// The bytes of a gzip stream.
    Gzip(Vec<u8>),
    /// The entries of an archive: names and contents.
    Zip(Vec<(String, Vec<u8>)>),
    /// The chunks of a picture, types and contents; those of compressed pixels are one, uncompressed.
    Png(Vec<([u8; 4], Vec<u8>)>),
    /// The header and the numbers of a safetensors file.
    Tensors { header: Vec<u8>, numbers: Vec<u8> },
}

impl Opened {
    /// Opens the shell of a file, if it has one.
    pub(crate) fn of(bytes: &[u8]) -> anyhow::Result<Option<Opened>> {
        Ok(Some(match bytes {
            [0x1f, 0x8b, ..] => Opened::Gzip(all(GzDecoder::new(bytes))?),
            [b'P', b'K', 3, 4, ..] => {
                let mut archive = ZipArchive::new(Cursor::new(bytes))?;
                let count = archive.len();
                let entry = |index| -> anyhow::Result<_> {
                    let entry = archive.by_index(index)?;
                    Ok((entry.name()?.into_owned(), all(entry)?))
                };
                Opened::Zip((0..count).map(entry).collect::<Result<_, _>>()?)
            }
            _ if bytes.starts_with(PNG_SIGNATURE) => Opened::Png(chunks(&bytes[PNG_SIGNATURE.len()..])?),
            [length @ .., _] if length.len() > 8 && bytes[8] == b'{' => {
                let (length, rest) = bytes.split_first_chunk::<8>().context("a file of tensors is longer")?;
                let length = usize::try_from(u64::from_le_bytes(*length))?;
                let (header, numbers) = rest.split_at_checked(length).context("its header is longer than the file")?;
                Opened::Tensors { header: header.to_vec(), numbers: numbers.to_vec() }
            }
            _ => return Ok(None),
        }))
    }

    /// The file with one part of its contents as `change` leaves it.
    pub(crate) fn with(
        &self,
        random: &mut Random,
        change: impl FnOnce(&mut Vec<u8>, &mut Random),
    ) -> anyhow::Result<Vec<u8>> {
        Ok(match self {
            Opened::Gzip(contents) => {
                let mut contents = contents.clone();
                change(&mut contents, random);
                let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
                encoder.write_all(&contents)?;
                encoder.finish()?
            }
            Opened::Zip(entries) => {
                let mut entries = entries.clone();
                let index = random.below(entries.len());
                change(&mut entries[index].1, random);
                archive(&entries, random.once_in(2))?
            }
            Opened::Png(chunks) => {
                let mut chunks = chunks.clone();
                // The first two chunks say what the picture is: more often.
                let range = if random.once_in(2) { 2.min(chunks.len()) } else { chunks.len() };
                let index = random.below(range);
                change(&mut chunks[index].1, random);
                picture(&chunks)?
            }
            Opened::Tensors { header, numbers } => {
                let mut header = header.clone();
                change(&mut header, random);
                [&(header.len() as u64).to_le_bytes()[..], &header, numbers].concat()
            }
        })
    }
}

fn all(mut reader: impl Read) -> anyhow::Result<Vec<u8>> {
    let mut contents = Vec::new();
    reader.read_to_end(&mut contents)?;
    Ok(contents)
}

fn archive(entries: &[(String, Vec<u8>)], compressed: bool) -> anyhow::Result<Vec<u8>> {
    let method = if compressed { CompressionMethod::Deflated } else { CompressionMethod::Stored };
    let options = SimpleFileOptions::default().compression_method(method).compression_level(compressed.then_some(1));
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, contents) in entries {
        writer.start_file(name.as_str(), options)?;
        writer.write_all(contents)?;
    }
    Ok(writer.finish()?.into_inner())
}

fn chunks(mut rest: &[u8]) -> anyhow::Result<Vec<([u8; 4], Vec<u8>)>> {
    let mut chunks: Vec<([u8; 4], Vec<u8>)> = Vec::new();
    while let Some((length, after)) = rest.split_first_chunk::<4>() {
        let (kind, after) = after.split_first_chunk::<4>().context("a chunk has no type")?;
        let length = usize::try_from(u32::from_be_bytes(*length))?;
        let (contents, after) = after.split_at_checked(length).context("a chunk is cut off")?;
        match chunks.last_mut() {
            Some((last, pixels)) if last == kind && kind == b"IDAT" => pixels.extend(contents),
            _ => chunks.push((*kind, contents.to_vec())),
        }
        rest = after.get(4..).context("a chunk has no checksum")?;
    }
    for (_, pixels) in chunks.iter_mut().filter(|(kind, _)| kind == b"IDAT") {
        *pixels = all(ZlibDecoder::new(pixels.as_slice()))?;
    }
    Ok(chunks)
}

fn picture(chunks: &[([u8; 4], Vec<u8>)]) -> anyhow::Result<Vec<u8>> {
    let mut file = PNG_SIGNATURE.to_vec();
    for (kind, contents) in chunks {
        let mut chunk = kind.to_vec();
        if kind == b"IDAT" {
            let mut encoder = ZlibEncoder::new(chunk, Compression::fast());
            encoder.write_all(contents)?;
            chunk = encoder.finish()?;
        } else {
            chunk.extend(contents);
        }
        let mut checksum = flate2::Crc::new();
        checksum.update(&chunk);
        file.extend(((chunk.len() - 4) as u32).to_be_bytes());
        file.extend(&chunk);
        file.extend(checksum.sum().to_be_bytes());
    }
    Ok(file)
}
