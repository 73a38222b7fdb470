//! Data sets of PNG files: one folder a class.
//!
//! ```text
//! digits/3/*.png …              one image in seven of each class is set aside to test on
//! digits/train/3/*.png …        with train/ and test/, each class as it is there
//! digits/test/3/*.png …
//! ```
//!
//! Folders are classes in the order of the bytes of their names, or of their values if all of them
//! are numbers; files within a class are ordered by the bytes of their names. An image becomes a
//! 28×28 image of light ink on black in four steps:
//!
//! 1. colours become grey by their luminance;
//! 2. what is transparent becomes black if the rest is light on average, white if it is dark;
//! 3. the ground is light if the outermost ring of pixels is, on average, above the middle grey and
//!    lighter than the pixels within; then all greys are inverted;
//! 4. other sizes are brought to 28×28 by [`fit`].

use super::error::{DataError, one_line};
use super::folder::{folder_name, list};
use super::idx::MAX_IMAGES;
use super::source::{DataEvent, OnEvent};
use super::{Dataset, MAX_CLASSES, MIN_CLASSES, Split, fit};
use crate::{IMAGE_PIXELS, IMAGE_SIDE};
use image::{DynamicImage, GrayImage, ImageFormat, ImageReader, Limits};
use rayon::prelude::*;
use std::fs::{self, File};
use std::io::BufReader;
use std::path::{Path, PathBuf};

/// The greatest height and width of a PNG file, in pixels.
pub const MAX_PNG_SIDE: u32 = 4096;
/// The most memory that decoding a PNG file may take: MAX_PNG_SIDE², 8 bytes a pixel.
const MAX_PNG_BYTES: u64 = 128 * 1024 * 1024;
/// One image in so many is set aside to test on.
pub const TEST_SHARE: usize = 7;

/// Loads the class folders in the folder `path`.
///
/// # Errors
/// If there are none, or fewer than 2 or more than 100, or one is empty or holds a PNG file that
/// cannot be read, or the test images have a class of their own.
pub fn load(name: String, path: &Path, on_event: OnEvent) -> Result<Dataset, DataError> {
    let train_folder = path.join("train");
    // A folder `train` that holds images itself is a class that happens to be called so.
    let has_train = train_folder.is_dir() && !class_paths(&train_folder)?.is_empty();
    let root = if has_train { &train_folder } else { path };
    let classes = find_classes(root)?;
    let test_folder = path.join("test");
    let (train_files, test_files) = if has_train && test_folder.is_dir() {
        (number(&classes), find_test_files(&test_folder, &classes)?)
    } else {
        set_aside(&classes)
    };
    let found = train_files.len() + test_files.len();
    if found > MAX_IMAGES {
        return Err(DataError::TooManyImages {
            folder: path.to_owned(),
            found,
        });
    }
    if !(has_train && test_folder.is_dir()) {
        on_event(DataEvent::SetAside {
            path: root,
            train: train_files.len(),
            test: test_files.len(),
        });
    }
    Ok(Dataset {
        name,
        classes: classes.len(),
        class_names: classes.into_iter().map(|class| class.name).collect(),
        train: read_split(root, &train_files, on_event)?,
        test: read_split(&test_folder, &test_files, on_event)?,
    })
}

/// A class and its files, in order.
struct Class {
    name: String,
    files: Vec<PathBuf>,
}

/// A file and its class.
type Labelled = (u8, PathBuf);

/// The folders within `folder`, in order.
fn class_paths(folder: &Path) -> Result<Vec<PathBuf>, DataError> {
    let mut paths = list(folder)?;
    paths.retain(|path| path.is_dir());
    let value = |path: &PathBuf| folder_name(path).parse::<u64>().ok();
    if paths.iter().all(|path| value(path).is_some()) {
        paths.sort_by_key(value);
    }
    Ok(paths)
}

fn find_classes(root: &Path) -> Result<Vec<Class>, DataError> {
    let paths = class_paths(root)?;
    if paths.is_empty() {
        return Err(DataError::NothingFound {
            folder: root.to_owned(),
        });
    }
    if !(MIN_CLASSES..=MAX_CLASSES).contains(&paths.len()) {
        return Err(DataError::ClassCount {
            path: root.to_owned(),
            found: paths.len(),
        });
    }
    paths
        .iter()
        .map(|path| {
            Ok(Class {
                name: folder_name(path),
                files: png_files(path)?,
            })
        })
        .collect()
}

fn png_files(folder: &Path) -> Result<Vec<PathBuf>, DataError> {
    let mut files = list(folder)?;
    files.retain(|path| {
        path.extension()
            .is_some_and(|end| end.eq_ignore_ascii_case("png"))
    });
    if files.is_empty() {
        return Err(DataError::EmptyClass {
            folder: folder.to_owned(),
        });
    }
    Ok(files)
}

/// All files of all classes.
fn number(classes: &[Class]) -> Vec<Labelled> {
    let labels = 0u8..;
    labels
        .zip(classes)
        .flat_map(|(label, class)| class.files.iter().map(move |f| (label, f.clone())))
        .collect()
}

/// The files of the test folder, whose classes must be known.
fn find_test_files(folder: &Path, classes: &[Class]) -> Result<Vec<Labelled>, DataError> {
    let mut files = Vec::new();
    for path in class_paths(folder)? {
        let name = folder_name(&path);
        let label = (0u8..)
            .zip(classes)
            .find(|(_, class)| class.name == name)
            .map(|(label, _)| label);
        let Some(label) = label else {
            return Err(DataError::UnknownClass { path, class: name });
        };
        files.extend(png_files(&path)?.into_iter().map(|file| (label, file)));
    }
    files.sort_by_key(|(label, _)| *label);
    Ok(files)
}

/// Splits each class: every seventh file is for testing, so no class loses all of its images.
fn set_aside(classes: &[Class]) -> (Vec<Labelled>, Vec<Labelled>) {
    let (mut train, mut test) = (Vec::new(), Vec::new());
    for (label, class) in (0u8..).zip(classes) {
        for (index, file) in class.files.iter().enumerate() {
            let split = if index % TEST_SHARE == TEST_SHARE - 1 {
                &mut test
            } else {
                &mut train
            };
            split.push((label, file.clone()));
        }
    }
    (train, test)
}

fn read_split(folder: &Path, files: &[Labelled], on_event: OnEvent) -> Result<Split, DataError> {
    let mut images = vec![0; files.len() * IMAGE_PIXELS];
    let changes: Vec<Result<Changes, DataError>> = images
        .par_chunks_exact_mut(IMAGE_PIXELS)
        .zip(files)
        .map(|(out, (_, path))| {
            let (pixels, changes) = read_png(path)?;
            out.copy_from_slice(&pixels);
            Ok(changes)
        })
        .collect();
    let (mut resized, mut inverted) = (0, 0);
    // Going through them in order reports the same file, whichever thread failed first.
    for change in changes {
        let change = change?;
        resized += usize::from(change.resized);
        inverted += usize::from(change.inverted);
    }
    if resized > 0 {
        on_event(DataEvent::Resized {
            path: folder,
            images: resized,
        });
    }
    if inverted > 0 {
        on_event(DataEvent::Inverted {
            path: folder,
            images: inverted,
        });
    }
    Ok(Split {
        images,
        labels: files.iter().map(|(label, _)| *label).collect(),
    })
}

/// What was done to an image.
#[derive(Clone, Copy)]
struct Changes {
    resized: bool,
    inverted: bool,
}

fn read_png(path: &Path) -> Result<([u8; IMAGE_PIXELS], Changes), DataError> {
    let mut grey = to_grey(&decode(path)?);
    let inverted = has_light_ground(&grey);
    if inverted {
        grey.iter_mut().for_each(|pixel| *pixel = 255 - *pixel);
    }
    let (columns, rows) = (grey.width() as usize, grey.height() as usize);
    let resized = (rows, columns) != (IMAGE_SIDE, IMAGE_SIDE);
    Ok((
        fit::to_square(&grey, rows, columns),
        Changes { resized, inverted },
    ))
}

fn decode(path: &Path) -> Result<DynamicImage, DataError> {
    if !fs::metadata(path).map_err(DataError::read(path))?.is_file() {
        let reason = "not a regular file".to_owned();
        return Err(DataError::Png {
            path: path.to_owned(),
            reason,
        });
    }
    let file = BufReader::new(File::open(path).map_err(DataError::read(path))?);
    let mut reader = ImageReader::with_format(file, ImageFormat::Png);
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_PNG_SIDE);
    limits.max_image_height = Some(MAX_PNG_SIDE);
    limits.max_alloc = Some(MAX_PNG_BYTES);
    reader.limits(limits);
    reader.decode().map_err(|error| DataError::Png {
        path: path.to_owned(),
        reason: one_line(&error.to_string()),
    })
}

/// Grey values, with transparent pixels made the opposite of what they surround.
fn to_grey(image: &DynamicImage) -> GrayImage {
    if !image.color().has_alpha() {
        return image.to_luma8();
    }
    let pixels = image.to_luma_alpha8();
    let weighted = |sum: (u64, u64), [grey, alpha]: [u8; 2]| {
        (
            sum.0 + u64::from(grey) * u64::from(alpha),
            sum.1 + u64::from(alpha),
        )
    };
    let (light, opacity) = pixels.pixels().map(|pixel| pixel.0).fold((0, 0), weighted);
    let ground: u16 = if light >= opacity * 128 { 0 } else { 255 };
    GrayImage::from_fn(pixels.width(), pixels.height(), |x, y| {
        let [grey, alpha] = pixels.get_pixel(x, y).0.map(u16::from);
        image::Luma([((grey * alpha + ground * (255 - alpha) + 127) / 255) as u8])
    })
}

/// Whether the outermost ring of pixels is light, and lighter than what it surrounds.
fn has_light_ground(image: &GrayImage) -> bool {
    let (width, height) = image.dimensions();
    let (mut ring, mut within) = (Mean::default(), Mean::default());
    for (x, y, pixel) in image.enumerate_pixels() {
        let outermost = x == 0 || y == 0 || x + 1 == width || y + 1 == height;
        if outermost { &mut ring } else { &mut within }.add(pixel.0[0]);
    }
    ring.value() > 127.5 && ring.value() > within.value()
}

#[derive(Default)]
struct Mean {
    sum: u64,
    count: u64,
}

impl Mean {
    fn add(&mut self, value: u8) {
        self.sum += u64::from(value);
        self.count += 1;
    }

    /// Zero where nothing was added.
    fn value(&self) -> f64 {
        self.sum as f64 / self.count.max(1) as f64
    }
}
