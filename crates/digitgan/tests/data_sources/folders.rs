//! Folders of PNG files.

use crate::support::{assert_message, write};
use digitgan::data::{DataSource, Dataset, Ground, PixelRange, Reading};
use digitgan::load::{DataError, LikelyGround, LoadReport, load};
use image::{DynamicImage, GrayAlphaImage, GrayImage, ImageFormat, Luma, LumaA, Rgb, RgbImage};
use proptest::prelude::*;
use std::fs;
use std::io::Cursor;
use std::path::Path;
use tempfile::tempdir;

fn png(image: impl Into<DynamicImage>) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image.into().write_to(&mut bytes, ImageFormat::Png).unwrap();
    bytes.into_inner()
}

/// A 28×28 image with a square of `ink` on a ground of `ground`.
fn square(ink: u8, ground: u8) -> GrayImage {
    let is_ink = |x, y| (10..18).contains(&x) && (10..18).contains(&y);
    GrayImage::from_fn(28, 28, |x, y| Luma([if is_ink(x, y) { ink } else { ground }]))
}

fn load_path(path: &Path) -> Result<(Dataset, LoadReport), DataError> {
    let source = DataSource::Path(path.to_owned());
    let loaded = load(&source, &Reading::default(), Path::new("unused"), &|_| ())?;
    Ok((loaded.dataset, loaded.report.unwrap()))
}

#[test]
fn classes_and_files_are_in_the_order_of_their_names() {
    let folder = tempdir().unwrap();
    for (class, ink) in [("b", 100), ("a", 50), ("é", 200)] {
        for file in 0..8 {
            let image = png(square(ink + file, 0));
            write(folder.path(), &format!("{class}/{file}.png"), &image);
        }
    }
    write(folder.path(), "a/notes.txt", b"ignored");
    write(folder.path(), ".hidden/0.png", b"ignored");
    write(folder.path(), "README", b"ignored");
    let (dataset, report) = load_path(folder.path()).unwrap();
    assert_eq!(dataset.class_names, ["a", "b", "é"]);
    assert_eq!(dataset.train.labels, [[0; 7], [1; 7], [2; 7]].concat());
    assert_eq!(dataset.test.labels, [0, 1, 2]);
    let inks = |split: &digitgan::data::Split| -> Vec<u8> {
        (0..split.len()).map(|index| split.image(index).unwrap()[14 * 28 + 14]).collect()
    };
    // The seventh of each class is set aside.
    assert_eq!(inks(&dataset.train)[..8], [50, 51, 52, 53, 54, 55, 57, 100]);
    assert_eq!(inks(&dataset.test), [56, 106, 206]);
    assert_eq!(report.set_aside, Some(3));
    let left_out: Vec<(&str, usize)> =
        report.left_out.iter().map(|thing| (thing.what.as_str(), thing.number)).collect();
    assert_eq!(left_out, [(".hidden", 1), (".txt", 1), ("README", 1)]);
}

#[test]
fn numbered_classes_are_in_the_order_of_their_numbers() {
    let folder = tempdir().unwrap();
    for class in 0..12 {
        write(folder.path(), &format!("{class}/image.PNG"), &png(square(200, 0)));
    }
    let (dataset, _) = load_path(folder.path()).unwrap();
    assert_eq!(dataset.class_names[9..], ["9", "10", "11"]);
}

#[test]
fn train_and_test_folders_are_kept_apart() {
    let folder = tempdir().unwrap();
    for name in ["train/x/1.png", "train/y/1.png", "train/y/2.png", "test/y/1.png"] {
        write(folder.path(), name, &png(square(200, 0)));
    }
    let (dataset, report) = load_path(folder.path()).unwrap();
    assert_eq!(dataset.train.labels, [0, 1, 1]);
    assert_eq!(dataset.test.labels, [1]);
    assert_eq!((report.set_aside, report.left_out.len()), (None, 0));

    write(folder.path(), "test/z/1.png", &png(square(200, 0)));
    let error = load_path(folder.path()).unwrap_err();
    assert!(matches!(&error, DataError::UnknownClass { class, .. } if class == "z"), "{error:?}");
    assert_message(&error, &folder.path().join("test/z"));
}

#[test]
fn a_class_may_be_called_train() {
    let folder = tempdir().unwrap();
    for class in ["train", "ship"] {
        write(folder.path(), &format!("{class}/1.png"), &png(square(200, 0)));
    }
    assert_eq!(load_path(folder.path()).unwrap().0.class_names, ["ship", "train"]);
}

#[test]
fn every_kind_of_png_becomes_light_ink_on_black() {
    let with_alpha = |ink: u8| {
        let shape = square(255, 0);
        GrayAlphaImage::from_fn(28, 28, |x, y| LumaA([ink, shape.get_pixel(x, y).0[0]]))
    };
    let red = RgbImage::from_fn(28, 28, |x, y| match square(1, 0).get_pixel(x, y).0[0] {
        1 => Rgb([255, 0, 0]),
        _ => Rgb([0, 0, 0]),
    });
    let large = DynamicImage::from(square(255, 0)).resize(84, 84, image::imageops::FilterType::Nearest);
    let cases: Vec<(&str, Vec<u8>, u8)> = vec![
        ("as it is", png(square(255, 0)), 255),
        ("dark on light", png(square(0, 255)), 255),
        ("grey on white", png(square(155, 255)), 100),
        ("light ground, lighter ink", png(square(255, 200)), 255),
        ("16 bits", png(DynamicImage::from(square(255, 0)).to_luma16()), 255),
        ("white on nothing", png(with_alpha(255)), 255),
        ("black on nothing", png(with_alpha(0)), 255),
        ("red", png(red), 54),
        ("large", png(large), 255),
    ];
    for (name, bytes, ink) in cases {
        let folder = tempdir().unwrap();
        write(folder.path(), "a/1.png", &bytes);
        write(folder.path(), "b/1.png", &bytes);
        let (dataset, _) = load_path(folder.path()).unwrap();
        let image = dataset.train.image(0).unwrap();
        assert_eq!(image[14 * 28 + 14], ink, "{name}: ink");
        let ground = if name == "light ground, lighter ink" { 200 } else { 0 };
        assert_eq!(image[0], ground, "{name}: ground");
    }
}

#[test]
fn the_ground_is_that_of_the_whole_set() {
    let set = |inks: [u8; 4], grounds: [u8; 4]| {
        let folder = tempdir().unwrap();
        for (index, (ink, ground)) in inks.into_iter().zip(grounds).enumerate() {
            write(
                folder.path(),
                &format!("{}/{index}.png", "ab".as_bytes()[index % 2] as char),
                &png(square(ink, ground)),
            );
        }
        load_path(folder.path()).unwrap()
    };
    let (dataset, report) = set([0, 0, 0, 255], [255, 255, 255, 0]);
    assert_eq!((report.read_as.ground, report.otherwise.images, report.otherwise.worst.len()), (Ground::Light, 1, 784));
    assert_eq!(dataset.train.image(0).unwrap()[0], 0);
    assert_eq!(dataset.train.image(3).unwrap()[0], 255, "the one that is otherwise is read like the rest");
    let (_, report) = set([255, 255, 255, 0], [0, 0, 0, 255]);
    assert_eq!((report.read_as.ground, report.otherwise.images), (Ground::Dark, 1));
}

/// Transparent pixels are the ground of the set, whatever the single picture looks like.
#[test]
fn what_is_transparent_is_the_ground_of_the_set() {
    let shape = square(255, 0);
    let inked = |x, y| shape.get_pixel(x, y).0[0];
    let on_nothing = |ink: u8| png(GrayAlphaImage::from_fn(28, 28, |x, y| LumaA([ink, inked(x, y)])));
    let unused_alpha = |ink: u8, ground: u8| {
        let grey = square(ink, ground);
        png(GrayAlphaImage::from_fn(28, 28, |x, y| LumaA([grey.get_pixel(x, y).0[0], 255])))
    };
    // Also in 16 bits, of which the range is another.
    let wide = |ink: u8| {
        let pixel = |x, y| LumaA([u16::from(ink) * 257, u16::from(inked(x, y)) * 257]);
        png(DynamicImage::from(image::ImageBuffer::from_fn(28, 28, pixel)))
    };
    // Pictures, the ground of the set, how many are otherwise, and ink and ground of each as they are read.
    type Case<'a> = (&'a str, [Vec<u8>; 4], Ground, usize, [[u8; 2]; 4]);
    let cases: [Case; 8] = [
        ("dark ink", [0, 50, 0, 0].map(on_nothing), Ground::Light, 0, [[255, 0], [205, 0], [255, 0], [255, 0]]),
        ("light ink", [255, 200, 255, 255].map(on_nothing), Ground::Dark, 0, [[255, 0], [200, 0], [255, 0], [255, 0]]),
        ("16 bits", [0; 4].map(wide), Ground::Light, 0, [[255, 0]; 4]),
        ("unused, dark", [255; 4].map(|ink| unused_alpha(ink, 9)), Ground::Dark, 0, [[255, 9]; 4]),
        ("unused, light", [0; 4].map(|ink| unused_alpha(ink, 255)), Ground::Light, 0, [[255, 0]; 4]),
        ("one of light ink", [0, 0, 255, 0].map(on_nothing), Ground::Light, 1, [[255, 0], [255, 0], [0, 0], [255, 0]]),
        (
            "one of dark ink beside opaque ones",
            [unused_alpha(255, 0), png(square(255, 0)), png(square(255, 0)), on_nothing(0)],
            Ground::Dark,
            1,
            [[255, 0], [255, 0], [255, 0], [0, 0]],
        ),
        (
            "paper, opaque or not",
            [on_nothing(0), png(square(0, 255)), on_nothing(0), unused_alpha(0, 255)],
            Ground::Light,
            0,
            [[255, 0]; 4],
        ),
    ];
    for (name, pictures, ground, otherwise, expected) in cases {
        let folder = tempdir().unwrap();
        for (index, bytes) in pictures.iter().enumerate() {
            write(folder.path(), &format!("{}/{index}.png", index / 2), bytes);
        }
        let (dataset, report) = load_path(folder.path()).unwrap();
        assert_eq!((report.read_as.ground, report.otherwise.images), (ground, otherwise), "{name}");
        let found = [0, 1, 2, 3].map(|index| {
            let image = dataset.train.image(index).unwrap();
            [image[14 * 28 + 14], image[0]]
        });
        assert_eq!(found, expected, "{name}");
    }
}

/// The first look at a set goes to one picture in so many; here all of those are damaged.
#[test]
fn a_set_is_read_as_all_of_it_says_if_the_first_look_saw_nothing() {
    let folder = tempdir().unwrap();
    let paper = png(square(0, 255));
    for index in 0..128 {
        let bytes: &[u8] = if index % 2 == 0 { b"" } else { &paper };
        write(folder.path(), &format!("{}/{index:03}.png", index / 64), bytes);
    }
    let (dataset, report) = load_path(folder.path()).unwrap();
    assert_eq!((report.read_as.ground, report.unreadable.len()), (Ground::Light, 64));
    let image = dataset.train.image(0).unwrap();
    assert_eq!((image[0], image[14 * 28 + 14]), (0, 255));
}

#[test]
fn a_frame_leaves_the_ground_open_and_the_likely_one_is_named() {
    let framed = |side: u32| {
        let is_frame = |at: u32| !(side..28 - side).contains(&at);
        let sheet = square(0, 255);
        GrayImage::from_fn(28, 28, |x, y| if is_frame(x) || is_frame(y) { Luma([0]) } else { *sheet.get_pixel(x, y) })
    };
    let folder = tempdir().unwrap();
    for (index, side) in [2, 2, 2, 12].into_iter().enumerate() {
        write(folder.path(), &format!("{}/{index}.png", index / 2), &png(framed(side)));
    }
    let (_, report) = load_path(folder.path()).unwrap();
    assert!(report.ground_unclear);
    assert_eq!(report.likely_ground, Some(LikelyGround { ground: Ground::Light, otherwise: 1 }));
}

#[test]
fn the_range_is_that_of_the_whole_set() {
    for (ink, white) in [(1, 1.0), (16, 16.0), (200, 255.0)] {
        let folder = tempdir().unwrap();
        write(folder.path(), "a/1.png", &png(square(1, 0)));
        write(folder.path(), "b/1.png", &png(square(ink, 0)));
        let (dataset, report) = load_path(folder.path()).unwrap();
        assert_eq!(report.read_as.range, PixelRange { black: 0.0, white });
        let expected = [1.0, f32::from(ink)].map(|ink| (ink / white * 255.0).round() as u8);
        assert_eq!([0, 1].map(|image| dataset.train.image(image).unwrap()[14 * 28 + 14]), expected);
    }
    // Twelve bits in sixteen.
    let folder = tempdir().unwrap();
    let twelve =
        image::ImageBuffer::from_fn(28, 28, |x, y| Luma([16 * u16::from(square(255, 0).get_pixel(x, y).0[0])]));
    for class in ["a", "b"] {
        write(folder.path(), &format!("{class}/1.png"), &png(twelve.clone()));
    }
    let (dataset, report) = load_path(folder.path()).unwrap();
    assert_eq!((report.read_as.range.white, dataset.train.image(0).unwrap()[14 * 28 + 14]), (4095.0, 254));
}

#[test]
fn bad_folders_are_told_apart() {
    /// The culprit, the files of the folder, and whether the error is the right one.
    type Case<'a> = (&'a str, Vec<(&'a str, &'a [u8])>, fn(&DataError) -> bool);
    let image = png(square(255, 0));
    let whole: &[u8] = &image;
    let huge = {
        // A header of 2 GB of pixels and nothing behind it.
        let mut bytes = image.clone();
        bytes[16..24].copy_from_slice(&[0, 0, 0x80, 0, 0, 0, 0xff, 0xff]);
        let checksum = crc32(&bytes[12..29]);
        bytes[29..33].copy_from_slice(&checksum.to_be_bytes());
        bytes
    };
    let cases: Vec<Case> = vec![
        ("", vec![], |e| matches!(e, DataError::NothingFound { .. })),
        ("", vec![("a/1.png", whole)], |e| matches!(e, DataError::ClassCount { found: 1, .. })),
        ("b", vec![("a/1.png", whole), ("b/x.txt", b"x")], |e| matches!(e, DataError::EmptyClass { .. })),
        ("b/1.png", vec![("a/1.png", whole), ("b/1.png", &whole[..50])], |e| matches!(e, DataError::Unreadable { .. })),
        ("b/1.png", vec![("a/1.png", whole), ("b/1.png", b"GIF89a")], |e| matches!(e, DataError::Unreadable { .. })),
        (
            "b/1.png",
            vec![("a/1.png", whole), ("b/1.png", &huge)],
            |e| matches!(e, DataError::Unreadable { reason, .. } if reason.contains("limit")),
        ),
        ("b/1.png", vec![("a/1.png", whole), ("b/1.png/x", b"")], |e| matches!(e, DataError::Unreadable { .. })),
    ];
    for (culprit, files, check) in cases {
        let folder = tempdir().unwrap();
        for (name, bytes) in &files {
            write(folder.path(), name, bytes);
        }
        let error = load_path(folder.path()).unwrap_err();
        assert!(check(&error), "{culprit}: {error:?}");
        assert_message(&error, &folder.path().join(culprit));
    }
}

#[test]
fn there_may_be_no_more_than_100_classes() {
    let folder = tempdir().unwrap();
    for class in 0..100 {
        write(folder.path(), &format!("{class}/1.png"), &png(square(255, 0)));
    }
    assert_eq!(load_path(folder.path()).unwrap().0.classes, 100);
    write(folder.path(), "100/1.png", &png(square(255, 0)));
    let error = load_path(folder.path()).unwrap_err();
    assert!(matches!(error, DataError::ClassCount { found: 101, .. }), "{error:?}");
}

#[test]
fn a_path_must_lead_to_a_folder() {
    let folder = tempdir().unwrap();
    let nowhere = folder.path().join("nowhere");
    let error = load_path(&nowhere).unwrap_err();
    assert!(matches!(error, DataError::NoSuchFolder { .. }), "{error:?}");
    assert_message(&error, &nowhere);
    let file = folder.path().join("file");
    fs::write(&file, b"").unwrap();
    let error = load_path(&file).unwrap_err();
    assert!(matches!(error, DataError::NotADataset { .. }), "{error:?}");
    assert_message(&error, &file);
}

proptest! {
    /// Wherever a PNG file is damaged, it is read or refused.
    #[test]
    fn damaged_png_files_never_panic(at in 0usize..2000, byte in any::<u8>(), cut in any::<bool>()) {
        let mut bytes = png(square(255, 0));
        let at = at % bytes.len();
        bytes[at] = byte;
        if cut {
            bytes.truncate(at);
        }
        let folder = tempdir().unwrap();
        write(folder.path(), "a/1.png", &bytes);
        write(folder.path(), "b/1.png", &png(square(255, 0)));
        let _ = load_path(folder.path());
    }
}

/// The checksum of PNG chunks, bit by bit.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| (crc >> 1) ^ (0xedb8_8320 * (crc & 1)))
    })
}
