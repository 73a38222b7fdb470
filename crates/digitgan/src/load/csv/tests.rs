//! Tables of the kinds that people have.

use super::super::gather::Gather;
use super::super::stored::Labels;
use super::{End, read};
use crate::IMAGE_PIXELS;
use crate::data::Reading;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write;

/// Pixel `index` of image `image`: ground in the corners, as digits have it.
fn pixel(image: usize, index: usize) -> u8 {
    let (row, column) = (index / 28, index % 28);
    let inside = (4..24).contains(&row) && (4..24).contains(&column);
    if inside { ((image * 37 + row * 11 + column * 5) % 256) as u8 } else { 0 }
}

fn image(image: usize) -> Vec<u8> {
    (0..IMAGE_PIXELS).map(|index| pixel(image, index)).collect()
}

fn row(number: usize, delimiter: &str) -> String {
    image(number).iter().map(u8::to_string).collect::<Vec<_>>().join(delimiter)
}

fn names(delimiter: &str) -> String {
    (0..IMAGE_PIXELS).map(|index| format!("pixel{index}")).collect::<Vec<_>>().join(delimiter)
}

fn read_bytes(bytes: &[u8]) -> Result<(Vec<u8>, Option<Labels>), String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("table.csv");
    std::fs::write(&path, bytes).unwrap();
    let mut gather = Gather::new(Reading::default(), None, Box::new(|_| ()));
    let table = read(&path, None, &mut gather).map_err(|error| error.to_string())?;
    Ok((gather.pixels, table.labels))
}

fn labels(numbers: &[i64]) -> Option<Labels> {
    Some(Labels::Numbers(numbers.to_vec()))
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn the_same_images_however_they_are_written() {
    let classes = [5usize, 0, 4, 1, 9];
    let expected: Vec<u8> = (0..classes.len()).flat_map(image).collect();
    let table = |line: &dyn Fn(usize, usize) -> String| -> String {
        classes.iter().enumerate().map(|(number, &class)| line(number, class)).collect()
    };
    let plain = table(&|number, class| format!("{class},{}\n", row(number, ",")));
    let quoted = |text: &str| text.split(',').map(|field| format!("\"{field}\"")).collect::<Vec<_>>().join(",");
    let counted: String = (0..IMAGE_PIXELS).map(|index| format!(",{index}")).collect();
    let counted_from_one: String = (1..=IMAGE_PIXELS).map(|index| format!(",{index}")).collect();
    let places: String = (1..=28).flat_map(|row| (1..=28).map(move |column| format!(",{row}x{column}"))).collect();
    for (what, text) in [
        ("Kaggle's", format!("label,{}\n{plain}", names(","))),
        ("without names", plain.clone()),
        ("places as names", format!("label{places}\n{plain}")),
        ("columns counted by pandas", format!("label{counted}\n{plain}")),
        ("all columns counted", format!("0{counted_from_one}\n{plain}")),
        ("a label of another name", format!("Which,{}\n{plain}", names(","))),
        ("byte order mark, CRLF", format!("\u{feff}LABEL,{}\r\n{}", names(","), plain.replace('\n', "\r\n"))),
        ("no end of the last line", plain.trim_end().to_owned()),
        ("empty lines", format!("\n\n{}\n\n", plain.replace('\n', "\n\n"))),
        ("a delimiter after the last field", plain.replace('\n', ",\n")),
        ("spaces around", plain.replace(',', " , ")),
        ("quoted", plain.lines().map(|line| quoted(line) + "\n").collect()),
        ("real numbers", plain.lines().map(|line| line.replace(',', ".0,") + ".0\n").collect()),
        ("label last", table(&|number, class| format!("{},{class}\n", row(number, ",")))),
        ("label last, named", format!("{},Class\n{}", names(","), table(&|n, c| format!("{},{c}\n", row(n, ","))))),
        ("row numbers", format!(",label,{}\n{}", names(","), table(&|n, c| format!("{n},{c},{}\n", row(n, ","))))),
        (
            "rows and columns counted by pandas",
            format!(",0{}\n{}", counted_from_one, table(&|n, c| format!("{n},{c},{}\n", row(n, ",")))),
        ),
        (
            "rows and columns counted, label last, quoted",
            format!(",0{}\n{}", counted_from_one, table(&|n, c| format!("\"{n}\",{},{c}\n", row(n, ",")))),
        ),
        (
            "rows counted at the end",
            format!("0{},index\n{}", counted_from_one, table(&|n, c| format!("{},{c},{n}\n", row(n, ",")))),
        ),
        ("semicolons", plain.replace(',', ";")),
        ("tabs", plain.replace(',', "\t")),
        ("spaces", plain.replace(',', " ")),
    ] {
        for (wrapping, bytes) in [("", text.clone().into_bytes()), (", gzipped", gzip(&text))] {
            let (pixels, found) = read_bytes(&bytes).unwrap_or_else(|error| panic!("{what}{wrapping}: {error}"));
            assert_eq!(found, labels(&[5, 0, 4, 1, 9]), "{what}{wrapping}");
            assert!(pixels == expected, "{what}{wrapping}: other pixels");
        }
    }
}

#[test]
fn pixels_are_in_the_order_of_the_numbers_in_their_names() {
    let numbered = |index: usize| format!("pixel{index}");
    let placed = |index: usize| format!("{}x{}", index / 28 + 1, index % 28 + 1);
    let by_name = |name: &dyn Fn(usize) -> String| {
        let mut order: Vec<usize> = (0..IMAGE_PIXELS).collect();
        order.sort_by_key(|&index| name(index));
        order
    };
    let table = |name: &dyn Fn(usize) -> String, order: &[usize], scale: f64| {
        let line = |number: usize| {
            let value = |&index: &usize| format!(",{}", f64::from(pixel(number, index)) * scale);
            order.iter().map(value).collect::<String>()
        };
        let header: String = order.iter().map(|&index| format!(",{}", name(index))).collect();
        format!("label{header}\n4{}\n2{}\n", line(0), line(1))
    };
    let reversed: Vec<usize> = (0..IMAGE_PIXELS).rev().collect();
    for (what, text) in [
        ("numbers as texts", table(&numbered, &by_name(&numbered), 1.0)),
        ("places as texts", table(&placed, &by_name(&placed), 1.0)),
        ("numbers reversed", table(&numbered, &reversed, 1.0)),
        ("places reversed, words", table(&placed, &reversed, 257.0)),
        (
            "names without numbers",
            table(&|index| format!("pixel{index}th"), &(0..IMAGE_PIXELS).collect::<Vec<_>>(), 1.0),
        ),
    ] {
        let (pixels, found) = read_bytes(text.as_bytes()).unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!(found, labels(&[4, 2]), "{what}");
        assert!(pixels == [image(0), image(1)].concat(), "{what}: other pixels");
    }
}

#[test]
fn labels_may_be_names_or_missing() {
    let names_of = |names: [&str; 3]| Some(Labels::Names(names.map(str::to_owned).to_vec()));
    let table = |classes: [&str; 3]| -> String {
        classes.iter().enumerate().map(|(number, class)| format!("{class},{}\n", row(number, ","))).collect()
    };
    for (text, expected) in [
        (table(["a", "b", "a"]), names_of(["a", "b", "a"])),
        (table(["7", "b", "8"]), names_of(["7", "b", "8"])),
        (table(["7.0", "b", "7"]), names_of(["7", "b", "7"])),
        (table(["07", "7.0", "8"]), labels(&[7, 7, 8])),
        (table(["\"x, y\"", "b", "c"]), names_of(["x, y", "b", "c"])),
        (format!("{}\n{}\n{}\n", names(","), row(0, ","), row(1, ",")), None),
        (format!("{}\n{}\n{}\n", row(0, ","), row(1, ","), row(2, ",")), None),
        (format!("{}\n", names(",")), None),
        (format!("label,{}\n", names(",")), labels(&[])),
    ] {
        assert_eq!(read_bytes(text.as_bytes()).map(|(_, labels)| labels), Ok(expected), "{text:.30}");
    }
}

#[test]
fn labels_lie_where_they_do_in_the_other_tables() {
    let read_after = |text: &str, before: Option<End>| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("table.csv");
        std::fs::write(&path, text).unwrap();
        let mut gather = Gather::new(Reading::default(), None, Box::new(|_| ()));
        let table = read(&path, before, &mut gather).map_err(|error| error.to_string())?;
        assert!(gather.pixels == [image(0), image(1)].concat(), "other pixels");
        Ok::<_, String>((table.labels, table.end))
    };
    let first = |labels: [i32; 2]| format!("{},{}\n{},{}\n", labels[0], row(0, ","), labels[1], row(1, ","));
    let last = |labels: [i32; 2]| format!("{},{}\n{},{}\n", row(0, ","), labels[0], row(1, ","), labels[1]);
    for (text, before, expected, end) in [
        (first([-1, -1]), Some(End::First), Ok([-1, -1]), End::First),
        (last([-1, -1]), Some(End::Last), Ok([-1, -1]), End::Last),
        // All of one class.
        (first([7, 7]), Some(End::First), Ok([7, 7]), End::First),
        (first([7, 3]), None, Ok([7, 3]), End::First),
        (first([7, 7]), None, Err("could both be the labels"), End::First),
        (last([170, 3]), Some(End::Last), Err("could both be the labels"), End::Last),
    ] {
        match (read_after(&text, before), expected) {
            (Ok(found), Ok(expected)) => {
                assert_eq!(found, (labels(&expected), Some(end)), "{text:.10} {before:?}");
            }
            (Err(error), Err(expected)) => assert!(error.contains(expected), "{text:.10} {before:?}: {error}"),
            (found, _) => panic!("{text:.10} {before:?}: {found:?}"),
        }
    }
}

#[test]
fn columns_that_are_not_used_are_named() {
    let rows = |line: &dyn Fn(usize) -> String| (0..2).map(line).collect::<String>();
    for (text, expected) in [
        (format!("id,label,{}\n{}", names(","), rows(&|n| format!("{n},{n},{}\n", row(n, ",")))), vec!["id"]),
        (
            format!("id,source,label,{},note\n{}", names(","), rows(&|n| format!("{n},\"x\",{n},{},y\n", row(n, ",")))),
            vec!["id", "source", "note"],
        ),
        (format!(",label,{}\n{}", names(","), rows(&|n| format!("{n},{n},{}\n", row(n, ",")))), vec![]),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("table.csv");
        std::fs::write(&path, &text).unwrap();
        let mut gather = Gather::new(Reading::default(), None, Box::new(|_| ()));
        let table = read(&path, None, &mut gather).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!((table.labels, table.unused), (labels(&[0, 1]), expected.into_iter().map(str::to_owned).collect()));
        assert!(gather.pixels == [image(0), image(1)].concat(), "other pixels");
    }
}

#[test]
fn many_rows_come_in_order() {
    // Two blocks and many pieces, sorted by class, so that the first block does not tell where the labels are.
    let count = 5000;
    let text: String = (0..count).map(|number| format!("{},{}\n", number / 2500, row(number, ","))).collect();
    assert!(text.len() > 2 * super::blocks::BLOCK_BYTES);
    let (pixels, found) = read_bytes(text.as_bytes()).unwrap();
    assert_eq!(found, labels(&(0..count).map(|number| number as i64 / 2500).collect::<Vec<_>>()));
    assert!(pixels == (0..count).flat_map(image).collect::<Vec<_>>());
    let wrong = format!("{text}1,2\n");
    let error = read_bytes(wrong.as_bytes()).unwrap_err();
    assert!(error.contains("line 5001: it has 2 fields, but there are 785 columns"), "{error}");
}

#[test]
fn other_values_and_sizes() {
    // 8×8 digits of 17 levels, label last, as UCI has them: brought to 28×28.
    let small = |number: usize| (0..64).map(|index| (number * index % 17).to_string()).collect::<Vec<_>>().join(",");
    let text: String = (0..10).map(|number| format!("{},{}\n", small(number), number % 3)).collect();
    let (pixels, found) = read_bytes(text.as_bytes()).unwrap();
    assert_eq!((pixels.len(), found), (10 * IMAGE_PIXELS, labels(&[0, 1, 2, 0, 1, 2, 0, 1, 2, 0])));
    assert_eq!(pixels.iter().max(), Some(&255));
    // Shares of white, twelve bits, and shares of white with a sign.
    for (scale, offset) in [(255.0, 0.0), (255.0 / 4095.0, 0.0), (127.5, 1.0)] {
        let value = |pixel: &u8| (f64::from(*pixel) / scale - offset).to_string();
        let white_dot = |number: usize| -> Vec<u8> {
            let mut pixels = image(number);
            pixels[400] = 255;
            pixels
        };
        let line = |number: usize| white_dot(number).iter().map(value).collect::<Vec<_>>().join(",");
        let text: String = (0..4).map(|number| format!("{},{}\n", number + 1, line(number))).collect();
        let text = format!("label,{}\n{text}", names(","));
        let (pixels, found) = read_bytes(text.as_bytes()).unwrap();
        assert_eq!(found, labels(&[1, 2, 3, 4]), "{scale}");
        let whole = scale == 255.0 / 4095.0;
        let expected: Vec<u8> = (0..4).flat_map(white_dot).collect();
        assert!(whole || pixels == expected, "{scale}");
    }
}

#[test]
fn what_is_no_table_of_images_is_refused_with_what_was_found() {
    let good = format!("3,{}\n", row(1, ","));
    let noise = |number: usize| (0..=IMAGE_PIXELS).map(|i| ((number * 7 + i * i) % 90).to_string()).collect::<Vec<_>>();
    let coloured = |colours: usize, opacity: &dyn Fn(u8) -> String| -> String {
        let pixel =
            |value: &u8| format!(",{value},{value},{value}") + if colours == 4 { "," } else { "" } + &opacity(!value);
        let line = |number: usize| format!("{number}{}\n", image(number).iter().map(pixel).collect::<String>());
        let header: String = (0..colours * IMAGE_PIXELS).map(|index| format!(",pixel{index}")).collect();
        format!("label{header}\n{}", (0..3).map(line).collect::<String>())
    };
    for (text, expected) in [
        (String::new(), "it is empty"),
        ("\n\r\n\n".to_owned(), "it is empty"),
        ("hello".to_owned(), "a table with one column"),
        ("file,label\na.png,3\n".to_owned(), "a table with 2 columns (file, label); what is read is"),
        ("sepal,petal,x,z,species\n1,2,3,4,a\n".to_owned(), "a table with 5 columns (sepal, petal, x, z, species)"),
        ((0..786).map(|i| format!(",{}", i % 7)).collect(), "a table with 787 columns"),
        (format!("label,class,{}\n", names(",")), "both of its columns label and class could be the labels"),
        (format!("label,{}\n4,1,2\n", names(",")), "line 2: it has 3 fields, but there are 785 columns"),
        (
            format!("label,{}\n{good}\n\n4,{}\n", names(","), row(1, ",").replacen('0', "x", 1)),
            "line 5: column 2 holds \"x\", which is no number",
        ),
        (
            format!("label,{}\n4,{}\n", names(","), row(1, ",").replacen('0', "", 1)),
            "line 2: column 2 is empty, where a pixel should be",
        ),
        (format!("label,{}\n4,{}\n", names(","), row(1, ",").replacen('0', "nan", 1)), "which is no number"),
        (format!("label,{}\n,{}\n", names(","), row(1, ",")), "line 2: its label is empty"),
        (format!("label,{}\n4,{},9\n", names(","), row(1, ",")), "line 2: it has 786 fields"),
        (format!("{good}4,{}\n", row(1, ";")), "line 2: it has 2 fields"),
        (
            format!("label,{}\n{good}", names(",").replace("pixel7,", "pixel8,")),
            "the place of the pixel pixel8 in their",
        ),
        ((0..50).map(|number| noise(number).join(",") + "\n").collect(), "its first and its last column could both be"),
        (good.clone(), "its first and its last column could both be the labels"),
        (format!("label,{}\n1e300,{}\n", names(","), row(1, ",")), "line 2: its label 1e300 is too large; labels are"),
        (format!("label,{}\n7.5,{}\n", names(","), row(1, ",")), "line 2: its label 7.5 is no whole number"),
        (coloured(4, &|_| "255".to_owned()), "look like images of 28x28 pixels in four colours"),
        (coloured(4, &|value| value.to_string()), "look like images of 28x28 pixels in four colours"),
        (coloured(3, &|_| String::new()), "2353 columns, as of 28x28 pixels in three colours, which must become grey"),
    ] {
        let error = read_bytes(text.as_bytes()).map(|(_, labels)| labels).expect_err(expected);
        assert!(error.contains(expected), "expected {expected:?}, found {error:?}");
    }
    for bytes in [b"\xff\xfel\0a\0", b"\xfe\xff\0l\0a"] {
        let error = read_bytes(bytes).unwrap_err();
        assert!(error.contains("it is a text in UTF-16; save it as UTF-8"), "{error}");
    }
}

#[test]
fn bytes_of_any_kind_are_read_or_refused() {
    let alphabet = b"0123456789,,,,\n\n\"; \t.-eax\r\0\xff";
    let mut state = 88_172_645_463_325_252u64;
    let mut next = move |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 33) as usize % below
    };
    let table: String = (0..4).map(|number| format!("{number},{}\n", row(number, ","))).collect();
    for _ in 0..2000 {
        let mut bytes = if next(2) == 0 { table.clone().into_bytes() } else { Vec::new() };
        for _ in 0..1 + next(40) {
            let place = next(bytes.len() + 1);
            bytes.insert(place, alphabet[next(alphabet.len())]);
        }
        if let Ok((pixels, labels)) = read_bytes(&bytes) {
            assert!(labels.is_none_or(|labels| labels.len() * IMAGE_PIXELS == pixels.len()));
        }
    }
}

#[cfg(feature = "pictures")]
#[test]
fn what_is_converted_to_csv_reads_back() {
    use crate::convert::{ConvertLayout, convert};
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let dataset = crate::data::strokes::some(300, 40).unwrap();
    convert(&dataset, &out, ConvertLayout::Csv, &mut |_, _| std::ops::ControlFlow::Continue(())).unwrap();
    for (name, split) in [("train.csv", &dataset.train), ("test.csv", &dataset.test)] {
        let mut gather = Gather::new(Reading::default(), None, Box::new(|_| ()));
        let found = read(&out.join(name), None, &mut gather).unwrap().labels;
        assert!(gather.pixels == split.images, "{name}");
        assert_eq!(found, labels(&split.labels.iter().map(|&label| label.into()).collect::<Vec<i64>>()));
    }
}

/// The formula of `reference/data_formats.py`, which has pandas write these files.
#[test]
fn tables_that_pandas_wrote() {
    let ink = 10..17;
    let pixel = |image: usize, index: usize| {
        let (row, column) = (index / 28, index % 28);
        let inside = ink.contains(&row) && ink.contains(&column);
        if inside { ((image * 37 + row * 11 + column * 5) % 255 + 1) as u8 } else { 0 }
    };
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/data_formats");
    for name in ["csv_kaggle/train.csv", "csv_bare/train.csv.gz", "csv_index/train.csv.gz", "csv_names/train.csv.gz"] {
        let mut gather = Gather::new(Reading::default(), None, Box::new(|_| ()));
        let found = read(&folder.join(name), None, &mut gather).unwrap().labels.unwrap();
        let expected: Vec<u8> = (0..9)
            .flat_map(|image| (0..IMAGE_PIXELS).map(move |index| (image, index)))
            .map(|(image, index)| pixel(image, index))
            .collect();
        assert!(gather.pixels == expected, "{name}");
        let texts = ["zero", "one", "two"].repeat(3).into_iter().map(str::to_owned).collect();
        let labels = if name.contains("names") { Labels::Names(texts) } else { Labels::Numbers([0, 1, 2].repeat(3)) };
        assert_eq!(found, labels, "{name}");
    }
}
