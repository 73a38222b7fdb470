//! Images and labels on their way into files: IDX as MNIST has it, or one PNG file per image.

use super::draw::Labelled;
use super::error::GenerateError;
use super::gzip::GzipFile;
use super::journal::Chunk;
use super::plan::{MAX_PNG_IMAGES, Part};
use crate::load::generated::Layout;
use crate::load::idx::{IMAGES_MAGIC, LABELS_MAGIC};
use crate::picture::{encode_with, read_grey};
use crate::{IMAGE_PIXELS, IMAGE_SIDE};
use flate2::Compression;
use png::{ColorType, Filter};
use rayon::prelude::*;
use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The names of what a data set of this layout consists of, in the order in which it may come to light: while one is
/// missing, no loader takes the others for a data set.
pub(super) fn names(layout: Layout, has_test: bool) -> &'static [&'static str] {
    match (layout, has_test) {
        (Layout::Idx, _) => &[
            "t10k-labels-idx1-ubyte.gz",
            "t10k-images-idx3-ubyte.gz",
            "train-labels-idx1-ubyte.gz",
            "train-images-idx3-ubyte.gz",
        ],
        (Layout::Png, true) => &["test", "train"],
        (Layout::Png, false) => &["train"],
    }
}

/// The files of a part, being written.
pub(super) enum PartFiles {
    Idx { images: IdxFile, labels: IdxFile },
    Png(PngFiles),
}

impl PartFiles {
    /// Begins the files of `count` images in `folder`, where some of them may be already.
    pub(super) fn begin(
        layout: Layout,
        folder: &Path,
        part: Part,
        count: u32,
        class_names: &[String],
    ) -> Result<Self, GenerateError> {
        let path = |kind: &str| folder.join(format!("{}-{kind}-ubyte.gz", part.idx_name()));
        let side = IMAGE_SIDE as u32;
        Ok(match layout {
            Layout::Png => PartFiles::Png(PngFiles::new(folder, part, class_names)?),
            Layout::Idx => PartFiles::Idx {
                images: IdxFile::begin(path("images-idx3"), &[IMAGES_MAGIC, count, side, side])?,
                labels: IdxFile::begin(path("labels-idx1"), &[LABELS_MAGIC, count])?,
            },
        })
    }

    /// Writes images from number `first` on. Returns how many bytes they and their labels take in the files of IDX.
    pub(super) fn write(&mut self, first: u64, some: &Labelled) -> Result<(u64, u64), GenerateError> {
        match self {
            PartFiles::Png(files) => files.write(first, some).map(|()| (0, 0)),
            PartFiles::Idx { images, labels } => Ok((images.write(&some.images)?, labels.write(&some.labels)?)),
        }
    }

    /// The images of a chunk that was written before, from number `first` on; `None` if they are not there.
    pub(super) fn read_back(&mut self, first: u64, chunk: &Chunk) -> Result<Option<Labelled>, GenerateError> {
        let count = chunk.images as usize;
        match self {
            PartFiles::Png(files) => files.read_back(first, count),
            PartFiles::Idx { images, labels } => {
                let found = images.read_back(count * IMAGE_PIXELS, chunk.pixels_bytes, chunk.pixels_crc32)?;
                let found = found.zip(labels.read_back(count, chunk.labels_bytes, chunk.labels_crc32)?);
                if let Some((pixels, of_them)) = &found {
                    images.pass(pixels, chunk.pixels_bytes)?;
                    labels.pass(of_them, chunk.labels_bytes)?;
                }
                Ok(found.map(|(images, labels)| Labelled { images, labels }))
            }
        }
    }

    /// Ends the files.
    pub(super) fn finish(self) -> Result<(), GenerateError> {
        match self {
            PartFiles::Png(_) => Ok(()),
            PartFiles::Idx { images, labels } => images.finish().and_then(|()| labels.finish()),
        }
    }
}

/// A gzipped IDX file: a header of big-endian words, then bytes.
pub(super) struct IdxFile {
    path: PathBuf,
    file: GzipFile,
}

impl IdxFile {
    fn begin(path: PathBuf, header: &[u32]) -> Result<Self, GenerateError> {
        let file = GzipFile::begin(&path, idx_level()).map_err(GenerateError::write(&path))?;
        let mut file = IdxFile { path, file };
        file.write(&header.iter().flat_map(|word| word.to_be_bytes()).collect::<Vec<u8>>())?;
        Ok(file)
    }

    fn write(&mut self, bytes: &[u8]) -> Result<u64, GenerateError> {
        self.file.write(bytes).map_err(GenerateError::write(&self.path))
    }

    fn read_back(&mut self, count: usize, deflated: u64, crc32: u32) -> Result<Option<Vec<u8>>, GenerateError> {
        self.file.read_back(count, deflated, crc32).map_err(GenerateError::write(&self.path))
    }

    fn pass(&mut self, bytes: &[u8], deflated: u64) -> Result<(), GenerateError> {
        self.file.pass(bytes, deflated).map_err(GenerateError::write(&self.path))
    }

    fn finish(self) -> Result<(), GenerateError> {
        self.file.finish().map_err(GenerateError::write(&self.path))
    }
}

/// How hard IDX files are compressed. Beside drawing an image, which takes one thread some 20 µs, level 1 takes 3 µs for
/// 252 bytes, level 4 7 µs for 225, level 6 19 µs for 221.
fn idx_level() -> Compression {
    Compression::new(1)
}

/// One folder of PNG files per class.
pub(super) struct PngFiles {
    classes: Vec<PathBuf>,
    /// Classes that have a folder: loaders refuse empty ones.
    made: BTreeSet<u8>,
    /// The label of each image that was there, by its number, once they were looked for.
    found: Option<Vec<Option<u8>>>,
}

impl PngFiles {
    fn new(folder: &Path, part: Part, class_names: &[String]) -> Result<Self, GenerateError> {
        let folder = folder.join(part.png_name());
        check_names(class_names)?;
        let classes = class_names.iter().map(|name| folder.join(name)).collect();
        Ok(PngFiles { classes, made: BTreeSet::new(), found: None })
    }

    /// As [`PartFiles::read_back`]; whether they are those that were written, their checksum tells.
    fn read_back(&mut self, first: u64, count: usize) -> Result<Option<Labelled>, GenerateError> {
        let found = match self.found.take() {
            Some(found) => found,
            None => self.look()?,
        };
        let labels: Option<Vec<u8>> = (first..).take(count).map(|number| *found.get(number as usize)?).collect();
        self.found = Some(found);
        let Some(labels) = labels else { return Ok(None) };
        let read = |(index, &label): (usize, &u8)| {
            let path = self.classes[usize::from(label)].join(png_name(first + index as u64));
            let (size, pixels) = read_grey(&path).ok()?;
            // A decoder does not mind an end that is missing.
            let is_whole = size == (IMAGE_SIDE, IMAGE_SIDE) && encode(&pixels).ok()? == fs::read(&path).ok()?;
            is_whole.then_some(pixels)
        };
        let images: Option<Vec<Vec<u8>>> = labels.par_iter().enumerate().map(read).collect();
        Ok(images.map(|images| Labelled { images: images.concat(), labels }))
    }

    /// Looks for the images that are there.
    fn look(&mut self) -> Result<Vec<Option<u8>>, GenerateError> {
        let mut found = Vec::new();
        for (label, folder) in (0u8..).zip(&self.classes) {
            let entries = match fs::read_dir(folder) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                entries => entries.map_err(GenerateError::write(folder))?,
            };
            self.made.insert(label);
            for entry in entries {
                let name = entry.map_err(GenerateError::write(folder))?.file_name();
                let number = name.to_str().and_then(|name| name.strip_suffix(".png")?.parse::<usize>().ok());
                if let Some(number) = number.filter(|&number| (number as u64) < MAX_PNG_IMAGES) {
                    found.resize(found.len().max(number + 1), None);
                    found[number] = Some(label);
                }
            }
        }
        Ok(found)
    }

    fn write(&mut self, first: u64, some: &Labelled) -> Result<(), GenerateError> {
        for &label in &some.labels {
            if self.made.insert(label) {
                let folder = &self.classes[usize::from(label)];
                fs::create_dir_all(folder).map_err(GenerateError::write(folder))?;
            }
        }
        let classes = &self.classes;
        some.images.par_chunks_exact(IMAGE_PIXELS).zip(&some.labels).enumerate().try_for_each(
            |(index, (image, &label))| {
                let path = classes[usize::from(label)].join(png_name(first + index as u64));
                encode(image).and_then(|png| fs::write(&path, png)).map_err(GenerateError::write(&path))
            },
        )
    }
}

/// The name of an image's file: names of one length are in order by their bytes too, as loaders take them.
fn png_name(number: u64) -> String {
    const DIGITS: usize = MAX_PNG_IMAGES.ilog10() as usize;
    format!("{number:0DIGITS$}.png")
}

/// A grey PNG file of one image, `[28, 28]`: 2 µs for 408 bytes. The next level takes 40 µs for 335, which no disk gives
/// back: a file takes a block of 4 kB or so. Filters only make digits larger.
fn encode(image: &[u8]) -> io::Result<Vec<u8>> {
    encode_with((IMAGE_SIDE as u32, IMAGE_SIDE as u32), ColorType::Grayscale, image, |encoder| {
        encoder.set_compression(png::Compression::Fastest);
        encoder.set_filter(Filter::NoFilter);
        Ok(())
    })
}

/// Checks that each class can have a folder of its name, that loaders find, within the folder that it should be in.
/// Names may come from anybody's file.
fn check_names(class_names: &[String]) -> Result<(), GenerateError> {
    let mut seen = BTreeSet::new();
    for name in class_names {
        let harmless = |c: char| !c.is_control() && !r#"/\:*?"<>|"#.contains(c);
        // Some file systems take upper and lower case for the same, and drop what stands at the end.
        let is_folder = !name.is_empty()
            && name.len() <= 200
            && name.chars().all(harmless)
            && !name.starts_with('.')
            && !name.ends_with(['.', ' '])
            && seen.insert(name.to_lowercase());
        if !is_folder {
            return Err(GenerateError::ClassName { name: name.clone() });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_lead_elsewhere_or_to_each_other_are_refused() {
        let checked = |names: &[&str]| check_names(&names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>());
        for good in [&["0", "1"][..], &["a b", "ü", "train"], &["x..y", "-"]] {
            assert!(checked(good).is_ok(), "{good:?}");
        }
        for bad in ["", "..", ".a", "a/b", "a\\b", "/etc", "c:", "a\n", "a\0", "a.", "a ", "A", &"n".repeat(201)] {
            let error = checked(&["a", bad]).unwrap_err();
            assert!(matches!(&error, GenerateError::ClassName { name } if name == bad), "{bad:?}: {error}");
        }
    }

    #[test]
    fn numbers_are_in_order_by_their_bytes() {
        assert_eq!(png_name(7), "00000007.png");
        assert_eq!(png_name(MAX_PNG_IMAGES - 1), "99999999.png");
    }
}
