//! Files of the kinds that people have, and damaged ones. Those that other programs wrote: `tests/data_formats`.

use super::super::gather::Gather;
use super::super::stored::Labels;
use super::{Table, read};
use crate::IMAGE_PIXELS;
use crate::data::Reading;
use ::parquet::basic::{Compression, GzipLevel, ZstdLevel};
use ::parquet::data_type::{
    BoolType, ByteArray, ByteArrayType, DoubleType, FixedLenByteArray, FixedLenByteArrayType, Int32Type, Int64Type,
};
use ::parquet::file::metadata::KeyValue;
use ::parquet::file::properties::{WriterProperties, WriterVersion};
use ::parquet::file::writer::SerializedFileWriter;
use ::parquet::schema::parser::parse_message_type;
use std::fs;
use std::io::Cursor;
use std::path::PathBuf;
use std::sync::Arc;

/// A grey picture with ground in the corners.
fn image(number: usize) -> Vec<u8> {
    let pixel = |index: usize| {
        let (row, column) = (index / 28, index % 28);
        let inside = (4..24).contains(&row) && (4..24).contains(&column);
        if inside { ((number * 37 + row * 11 + column * 5) % 256) as u8 } else { 0 }
    };
    (0..IMAGE_PIXELS).map(pixel).collect()
}

fn images(count: usize) -> Vec<u8> {
    (0..count).flat_map(image).collect()
}

fn png(number: usize) -> ByteArray {
    let picture = image::GrayImage::from_raw(28, 28, image(number)).unwrap();
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    bytes.into_inner().into()
}

/// Values of a column, the levels at which they are defined, and those at which they repeat.
enum Column {
    Bytes(Vec<ByteArray>, Vec<i16>),
    Longs(Vec<i64>, Vec<i16>),
    Ints(Vec<i32>, Vec<i16>, Vec<i16>),
    Doubles(Vec<f64>, Vec<i16>),
    Bools(Vec<bool>, Vec<i16>),
    Fixed(Vec<FixedLenByteArray>, Vec<i16>),
}

fn file(schema: &str, names: Option<&str>, compression: Compression, groups: &[Vec<Column>]) -> Vec<u8> {
    file_of(WriterVersion::PARQUET_1_0, schema, names, compression, groups)
}

/// The same, with pages of either version.
fn file_of(
    version: WriterVersion,
    schema: &str,
    names: Option<&str>,
    compression: Compression,
    groups: &[Vec<Column>],
) -> Vec<u8> {
    let metadata = names.map(|text| vec![KeyValue::new("huggingface".to_owned(), text.to_owned())]);
    let properties = WriterProperties::builder()
        .set_writer_version(version)
        .set_compression(compression)
        .set_key_value_metadata(metadata)
        .set_data_page_row_count_limit(7)
        .set_write_batch_size(3)
        .build();
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let mut bytes = Vec::new();
    let mut writer = SerializedFileWriter::new(&mut bytes, schema, Arc::new(properties)).unwrap();
    for group in groups {
        let mut out = writer.next_row_group().unwrap();
        for column in group {
            let mut next = out.next_column().unwrap().unwrap();
            let written = match column {
                Column::Bytes(values, def) => next.typed::<ByteArrayType>().write_batch(values, Some(def), None),
                Column::Longs(values, def) => next.typed::<Int64Type>().write_batch(values, Some(def), None),
                Column::Doubles(values, def) => next.typed::<DoubleType>().write_batch(values, Some(def), None),
                Column::Bools(values, def) => next.typed::<BoolType>().write_batch(values, Some(def), None),
                Column::Fixed(values, def) => {
                    next.typed::<FixedLenByteArrayType>().write_batch(values, Some(def), None)
                }
                Column::Ints(values, def, rep) => next.typed::<Int32Type>().write_batch(values, Some(def), Some(rep)),
            };
            written.unwrap();
            next.close().unwrap();
        }
        out.close().unwrap();
    }
    writer.close().unwrap();
    bytes
}

const HUGGING_FACE: &str = "message schema { optional group image { optional binary bytes; optional binary path (UTF8); } \
                            optional int64 label; }";
const NAMES: &str = r#"{"info": {"features": {"image": {"_type": "Image"}, "label": {"names": ["zero", "one", "two"], "_type": "ClassLabel"}}}}"#;

/// Rows as Hugging Face writes them.
fn rows(numbers: std::ops::Range<usize>) -> Vec<Column> {
    let count = numbers.len();
    vec![
        Column::Bytes(numbers.clone().map(png).collect(), vec![2; count]),
        Column::Bytes(vec![], vec![1; count]),
        Column::Longs(numbers.map(|number| number as i64 % 3).collect(), vec![1; count]),
    ]
}

struct Found {
    pixels: Vec<u8>,
    labels: Labels,
    names: Option<Vec<String>>,
    unreadable: Vec<String>,
    unused: Vec<String>,
}

fn read_files(files: &[&[u8]]) -> Result<Found, String> {
    let folder = tempfile::tempdir().unwrap();
    let paths: Vec<PathBuf> = (0..files.len()).map(|index| folder.path().join(format!("{index}.parquet"))).collect();
    files.iter().zip(&paths).for_each(|(bytes, path)| fs::write(path, bytes).unwrap());
    let mut gather = Gather::new(Reading::default(), None, Box::new(|_| ()));
    let Table { labels, names, unused } = read(&paths, &mut gather).map_err(|error| error.to_string())?;
    let unreadable = gather.unreadable.iter().map(|image| format!("{}: {}", image.place, image.reason)).collect();
    Ok(Found { pixels: gather.pixels, labels, names, unreadable, unused })
}

fn thirds(count: usize) -> Labels {
    Labels::Numbers((0..count as i64).map(|number| number % 3).collect())
}

#[test]
fn shards_and_row_groups_follow_each_other_however_they_are_compressed() {
    for compression in [
        Compression::UNCOMPRESSED,
        Compression::SNAPPY,
        Compression::GZIP(GzipLevel::default()),
        Compression::ZSTD(ZstdLevel::default()),
        Compression::LZ4_RAW,
    ] {
        let of_version =
            |version, groups: &[Vec<Column>]| file_of(version, HUGGING_FACE, Some(NAMES), compression, groups);
        let first = of_version(WriterVersion::PARQUET_1_0, &[rows(0..20), rows(20..21)]);
        let second = of_version(WriterVersion::PARQUET_2_0, &[rows(21..21), rows(21..40)]);
        let found = read_files(&[&first, &second]).unwrap();
        assert!(found.pixels == images(40), "{compression}");
        assert_eq!(found.labels, thirds(40), "{compression}");
        assert_eq!(found.names.unwrap(), ["zero", "one", "two"]);
        assert!(found.unreadable.is_empty());
    }
}

#[test]
fn columns_by_name_or_by_type() {
    let pictures = |count: usize, level| Column::Bytes((0..count).map(png).collect(), vec![level; count]);
    let numbers =
        |count: usize| Column::Ints((0..count as i32).map(|n| n % 3).collect(), vec![1; count], vec![0; count]);
    let texts =
        |count: usize| Column::Bytes((0..count).map(|n| ByteArray::from(["a", "b"][n % 2])).collect(), vec![1; count]);
    let doubles = |unit: f64| Column::Doubles((0..5).map(|n| f64::from(n % 3) * unit).collect(), vec![1; 5]);
    let names = Labels::Names((0..5).map(|n| ["a", "b"][n % 2].to_owned()).collect());
    for (columns, group, expected) in [
        ("optional binary picture; optional int32 Digit;", vec![pictures(5, 1), numbers(5)], thirds(5)),
        ("required binary x; optional int32 whatever (UINT_8);", vec![pictures(5, 0), numbers(5)], thirds(5)),
        (
            "optional int32 __index_level_0__; optional int32 kind; optional binary x;",
            vec![numbers(5), numbers(5), pictures(5, 1)],
            thirds(5),
        ),
        (
            "optional binary mask; optional binary image; optional int32 id; optional binary class (UTF8);",
            vec![texts(5), pictures(5, 1), numbers(5), texts(5)],
            names,
        ),
        (
            "optional double score; optional binary image; optional double label;",
            vec![doubles(0.5), pictures(5, 1), doubles(1.0)],
            thirds(5),
        ),
        (
            "optional binary image; optional boolean label;",
            vec![pictures(5, 1), Column::Bools((0..5).map(|n| n % 2 == 1).collect(), vec![1; 5])],
            Labels::Numbers(vec![0, 1, 0, 1, 0]),
        ),
    ] {
        let file = file(&format!("message schema {{ {columns} }}"), None, Compression::SNAPPY, &[group]);
        let found = read_files(&[&file]).unwrap_or_else(|error| panic!("{columns}: {error}"));
        assert!(found.pixels == images(5), "{columns}");
        assert_eq!((found.labels, found.names), (expected, None), "{columns}");
    }
    let halves = file(
        "message schema { optional binary image; optional double label; }",
        None,
        Compression::SNAPPY,
        &[vec![pictures(5, 1), doubles(0.5)]],
    );
    let error = read_files(&[&halves]).err().unwrap();
    assert!(error.contains("row 2") && error.contains("0.5 is no whole number"), "{error}");
}

#[test]
fn labels_are_whole_numbers_of_any_type() {
    let fixed = |bytes: &[Vec<u8>]| {
        Column::Fixed(bytes.iter().map(|bytes| ByteArray::from(bytes.clone()).into()).collect(), vec![1; bytes.len()])
    };
    let halves = |numbers: [f32; 2]| fixed(&numbers.map(|number| half::f16::from_f32(number).to_le_bytes().to_vec()));
    let wide = |numbers: [i128; 2]| fixed(&numbers.map(|number| number.to_be_bytes().to_vec()));
    let ints = |numbers: [i32; 2]| Column::Ints(numbers.to_vec(), vec![1; 2], vec![0; 2]);
    let longs = |numbers: [i64; 2]| Column::Longs(numbers.to_vec(), vec![1; 2]);
    let bytes = |numbers: [&[u8]; 2]| Column::Bytes(numbers.map(|bytes| bytes.to_vec().into()).to_vec(), vec![1; 2]);
    for (kind, column, expected) in [
        ("int64 label (UINT_64)", longs([7, i64::MAX]), Ok([7, i64::MAX])),
        ("int64 label (INTEGER(64,false))", longs([7, -1]), Err("18446744073709551615 is too large")),
        ("int32 label (UINT_32)", ints([7, -1]), Ok([7, i64::from(u32::MAX)])),
        ("fixed_len_byte_array(2) label (FLOAT16)", halves([7.0, 3.0]), Ok([7, 3])),
        ("fixed_len_byte_array(2) label (FLOAT16)", halves([7.0, 0.5]), Err("row 2: its label 0.5 is no whole")),
        ("int32 label (DECIMAL(9,2))", ints([700, 300]), Ok([7, 3])),
        ("int64 label (DECIMAL(18,1))", longs([70, 35]), Err("row 2: its label 3.5 is no whole number")),
        ("fixed_len_byte_array(16) label (DECIMAL(38,2))", wide([700, -100]), Ok([7, -1])),
        ("binary label (DECIMAL(5,0))", bytes([&[7], &[1, 0]]), Ok([7, 256])),
        ("binary label (DECIMAL(5,0))", bytes([&[7], &[]]), Err("row 2: its label is a number of 0 bytes")),
    ] {
        let schema = format!("message schema {{ optional binary image; optional {kind}; optional int32 id; }}");
        let pictures = Column::Bytes((0..2).map(png).collect(), vec![1; 2]);
        let found = read_files(&[&file(&schema, None, Compression::SNAPPY, &[vec![pictures, column, ints([0, 1])]])]);
        match (found, expected) {
            (Ok(found), Ok(expected)) => {
                assert_eq!(found.labels, Labels::Numbers(expected.to_vec()), "{kind}");
                assert_eq!(found.unused, ["id"], "{kind}");
            }
            (Err(error), Err(expected)) => assert!(error.contains(expected), "{kind}: {error}"),
            (found, _) => panic!("{kind}: {:?}", found.map(|found| found.labels)),
        }
    }
}

#[test]
fn lists_of_pixels_and_of_rows() {
    let label = |count: usize| Column::Longs((0..count as i64).map(|n| n % 3).collect(), vec![1; count]);
    let pixels = |count| images(count).into_iter().map(i32::from).collect::<Vec<i32>>();
    let flat = "optional group image (LIST) { repeated group list { optional int32 element (UINT_8); } } ";
    let deep = "optional group image (LIST) { repeated group list { optional group element (LIST) { repeated group list { \
                optional int32 element; } } } } ";
    let rep = |columns: usize| -> Vec<i16> {
        let level = |index: usize| match index % IMAGE_PIXELS {
            0 => 0,
            index if index % columns == 0 => 1,
            _ => 2,
        };
        (0..5 * IMAGE_PIXELS).map(level).collect()
    };
    let flat_rep: Vec<i16> = (0..5 * IMAGE_PIXELS).map(|index| i16::from(index % IMAGE_PIXELS > 0)).collect();
    for (schema, def, rep) in [(flat, 3, flat_rep.clone()), (deep, 5, rep(28))] {
        let schema = format!("message schema {{ {schema} optional int64 label; }}");
        let group = vec![Column::Ints(pixels(5), vec![def; 5 * IMAGE_PIXELS], rep), label(5)];
        let found = read_files(&[&file(&schema, None, Compression::SNAPPY, &[group])]).unwrap();
        assert!(found.pixels == images(5), "{schema}");
        assert_eq!(found.labels, thirds(5));
    }
    let mut ragged = flat_rep;
    ragged.swap(IMAGE_PIXELS, IMAGE_PIXELS + 3);
    let schema = format!("message schema {{ {flat} optional int64 label; }}");
    let group = vec![Column::Ints(pixels(5), vec![3; 5 * IMAGE_PIXELS], ragged), label(5)];
    let error = read_files(&[&file(&schema, None, Compression::SNAPPY, &[group])]).err().unwrap();
    assert!(error.contains("its lists hold no square images"), "{error}");
}

#[test]
fn images_that_cannot_be_read_are_left_out_with_their_labels() {
    let mut pictures: Vec<ByteArray> = (0..5).map(png).collect();
    pictures[3] = ByteArray::from("no picture");
    let group = vec![
        Column::Bytes(pictures, vec![2, 2, 1, 2, 0, 2, 2]),
        Column::Bytes(vec![], vec![1, 1, 1, 1, 0, 1, 1]),
        Column::Longs(vec![0, 1, 0, 1, 0, 1, 0], vec![1; 7]),
    ];
    let found = read_files(&[&file(HUGGING_FACE, None, Compression::SNAPPY, &[group])]).unwrap();
    assert_eq!(found.labels, Labels::Numbers(vec![0, 1, 1, 0]));
    assert!(found.pixels == [image(0), image(1), image(2), image(4)].concat());
    let missing = |row| format!("0.parquet, row {row}: it is missing");
    assert_eq!(found.unreadable[..2], [missing(3), missing(5)]);
    assert!(found.unreadable[2].starts_with("0.parquet, row 6: it begins like neither"));
    let group = vec![
        Column::Bytes((0..2).map(png).collect(), vec![2; 2]),
        Column::Bytes(vec![], vec![1; 2]),
        Column::Longs(vec![4], vec![1, 0]),
    ];
    let error = read_files(&[&file(HUGGING_FACE, None, Compression::SNAPPY, &[group])]).err().unwrap();
    assert!(error.contains("row 2: its label is missing"), "{error}");
}

#[test]
fn a_class_of_which_no_image_can_be_read_is_an_error() {
    let shard = |classes: Vec<i64>, levels: Vec<i16>| {
        let pictures = levels.iter().filter(|&&level| level == 2).count();
        let group = vec![
            Column::Bytes((0..pictures).map(png).collect(), levels),
            Column::Bytes(vec![], vec![1; classes.len()]),
            Column::Longs(classes.clone(), vec![1; classes.len()]),
        ];
        file(HUGGING_FACE, Some(NAMES), Compression::SNAPPY, &[group])
    };
    let (first, second) = (shard(vec![0, 1, 2], vec![2, 2, 1]), shard(vec![0, 2], vec![2, 1]));
    let error = read_files(&[&first, &second]).err().unwrap();
    let expected =
        "0.parquet, row 3: is not a picture that can be read (it is missing; its class is two), and its class";
    assert!(error.contains(expected), "{error}");
    // Another shard may have the images.
    let found = read_files(&[&first, &shard(vec![0, 2], vec![2, 2])]).unwrap();
    assert_eq!(found.labels, Labels::Numbers(vec![0, 1, 0, 2]));
}

#[test]
fn what_is_not_understood_is_refused_with_what_was_found() {
    let table = "message schema { optional binary name (UTF8); optional int64 age; optional group place { optional double x; } }";
    let two = "message schema { optional binary image; optional int64 a; optional int64 b; }";
    let other = NAMES.replace("two", "deux");
    let good = file(HUGGING_FACE, Some(NAMES), Compression::SNAPPY, &[rows(0..3)]);
    let cut = &good[..good.len() - 20];
    for (files, expected) in [
        (
            vec![file(table, None, Compression::SNAPPY, &[])],
            "the columns name (text), age (int64), place (struct of x); what is read is",
        ),
        (vec![file(two, None, Compression::SNAPPY, &[])], "the columns image (bytes), a (int64), b (int64)"),
        (
            vec![good.clone(), file(HUGGING_FACE, Some(&other), Compression::SNAPPY, &[rows(0..3)])],
            "the names of its classes differ",
        ),
        (vec![cut.to_vec()], "it ends otherwise, as if it had been cut off"),
        (vec![b"PAR1PAR1".to_vec()], "it is too short"),
        (vec![vec![7; 100]], "it begins otherwise"),
    ] {
        let files: Vec<&[u8]> = files.iter().map(Vec::as_slice).collect();
        let error = read_files(&files).err().unwrap();
        assert!(error.contains(expected), "expected {expected:?}, found {error:?}");
    }
}

/// `DIGITGAN_DAMAGED_FILES` says how many.
#[test]
fn damaged_files_are_read_or_refused() {
    let count = std::env::var("DIGITGAN_DAMAGED_FILES").ok().and_then(|text| text.parse().ok()).unwrap_or(3000);
    let codecs = [
        Compression::UNCOMPRESSED,
        Compression::SNAPPY,
        Compression::GZIP(GzipLevel::default()),
        Compression::ZSTD(ZstdLevel::default()),
        Compression::LZ4_RAW,
    ];
    let versions = [WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0];
    let of_version = |version, codec| file_of(version, HUGGING_FACE, Some(NAMES), codec, &[rows(0..9), rows(9..14)]);
    let files = versions.map(|version| codecs.map(|codec| of_version(version, codec))).concat();
    let mut state = 88_172_645_463_325_252u64;
    let mut next = move |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 33) as usize % below
    };
    let (mut read, mut slowest) = (0, std::time::Duration::ZERO);
    for _ in 0..count {
        let mut bytes = files[next(files.len())].clone();
        // Half of the damage is in the footer, which tells of all the rest.
        let footer = u32::from_le_bytes(bytes[bytes.len() - 8..bytes.len() - 4].try_into().unwrap()) as usize + 8;
        for _ in 0..1 + next(4) {
            let place = if next(2) == 0 { bytes.len() - 1 - next(footer) } else { next(bytes.len()) };
            bytes[place] = if next(2) == 0 { bytes[place] ^ 1 << next(8) } else { next(256) as u8 };
        }
        let start = std::time::Instant::now();
        read += usize::from(read_files(&[&bytes]).is_ok());
        slowest = slowest.max(start.elapsed());
    }
    assert!(read > 0 && read < count, "{read} of {count} were read");
    assert!(slowest.as_secs() < 10, "{slowest:?}");
}

#[cfg(feature = "pictures")]
#[test]
fn what_is_converted_to_parquet_reads_back() {
    use crate::convert::{ConvertLayout, convert};
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let mut dataset = crate::data::strokes::some(5000, 40).unwrap();
    dataset.class_names[3] = "drei \"3\"".to_owned();
    convert(&dataset, &out, ConvertLayout::Parquet, &mut |_, _| std::ops::ControlFlow::Continue(())).unwrap();
    for (name, split) in [("train", &dataset.train), ("test", &dataset.test)] {
        let mut gather = Gather::new(Reading::default(), None, Box::new(|_| ()));
        let path = out.join(format!("data/{name}-00000-of-00001.parquet"));
        let Table { labels, names, .. } = read(&[path], &mut gather).unwrap();
        assert!(gather.pixels == split.images, "{name}");
        assert_eq!(labels, Labels::Numbers(split.labels.iter().map(|&label| label.into()).collect()));
        assert_eq!(names.unwrap(), dataset.class_names);
    }
}

/// The formula of `reference/data_formats.py`, which has these programs write the files.
#[test]
fn files_that_other_programs_wrote() {
    let ink = 10..17;
    let pixel = |image: usize, index: usize| {
        let (row, column) = (index / 28, index % 28);
        let inside = ink.contains(&row) && ink.contains(&column);
        if inside { ((image * 37 + row * 11 + column * 5) % 255 + 1) as u8 } else { 0 }
    };
    let all = (0..9).flat_map(|image| (0..IMAGE_PIXELS).map(move |index| (image, index)));
    let expected: Vec<u8> = all.map(|(image, index)| pixel(image, index)).collect();
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/data_formats");
    let shards =
        ["parquet_datasets/data/train-00000-of-00002.parquet", "parquet_datasets/data/train-00001-of-00002.parquet"];
    for files in [
        &shards[..],
        &["parquet_polars/train.parquet"],
        &["parquet_binary/train.parquet"],
        &["parquet_duckdb/train.parquet"],
        &["parquet_lists/train.parquet"],
    ] {
        let paths: Vec<PathBuf> = files.iter().map(|name| folder.join(name)).collect();
        let mut gather = Gather::new(Reading::default(), None, Box::new(|_| ()));
        let Table { labels: found, names, unused } =
            read(&paths, &mut gather).unwrap_or_else(|error| panic!("{error}"));
        assert!(gather.pixels == expected, "{files:?}");
        assert_eq!(unused, Vec::<String>::new(), "{files:?}");
        let texts = ["zero", "one", "two"].map(str::to_owned);
        assert_eq!(names, (files.len() == 2).then(|| texts.to_vec()), "{files:?}");
        let by_name = files[0].contains("lists");
        let labels =
            if by_name { Labels::Names([&texts[..]; 3].concat()) } else { Labels::Numbers([0, 1, 2].repeat(3)) };
        assert_eq!(found, labels, "{files:?}");
    }
}
