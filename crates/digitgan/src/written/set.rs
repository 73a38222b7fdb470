//! A data set of written lines: a folder that takes its name when all is in it.

use super::WrittenError;
use super::boxes::{voc, yolo};
use super::encode::{PictureFormat, picture};
use super::kinds::{Boxes, Labels};
use super::labels::LabelFiles;
use crate::convert::{ConvertError, Place, check_vacant};
use crate::files::{check_folder, free_bytes};
use crate::handwriting::{Hand, Look, Script, Sheet, Template, Text};
use rayon::prelude::*;
use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

/// Lines of a data set, at most.
const MAX_LINES: u64 = 100_000_000;
/// Lines that are written at once, and pixels of theirs.
const LINES_AT_ONCE: u64 = 256;
const PIXELS_AT_ONCE: f64 = 3e7;
/// A file takes a block of the file system at least.
const BLOCK_BYTES: u64 = 4096;

/// What lines of a data set say.
#[derive(Clone, Debug, PartialEq)]
pub enum Texts {
    /// These, in turn.
    Given(Vec<String>),
    /// By a template, each another.
    Template(Template),
}

/// A data set of written lines, each by another writer. [`write_set`] writes it.
///
/// ```
/// use digitgan::handwriting::{Look, Script};
/// use digitgan::written::{PictureFormat, Texts, WrittenSet};
///
/// let set = WrittenSet {
///     count: 3,
///     texts: Texts::Given(vec!["12,50".to_owned(), "7".to_owned()]),
///     script: Script::default(),
///     look: Look::default(),
///     seed: 1,
///     format: PictureFormat::Png,
///     labels: Vec::new(),
///     boxes: Vec::new(),
/// };
/// assert_eq!(set.text(2), "12,50"); // texts are taken in turn
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct WrittenSet {
    /// How many lines.
    pub count: u64,
    /// What they say.
    pub texts: Texts,
    /// How they are written.
    pub script: Script,
    /// How they look.
    pub look: Look,
    /// Which of all such sets: each seed has other writers and other noise.
    pub seed: u64,
    /// The pictures' format.
    pub format: PictureFormat,
    /// What else is written about the texts.
    pub labels: Vec<Labels>,
    /// What is written about the characters.
    pub boxes: Vec<Boxes>,
}

impl WrittenSet {
    /// What line `line` says.
    pub fn text(&self, line: u64) -> String {
        match &self.texts {
            Texts::Given(texts) => texts.get((line % texts.len().max(1) as u64) as usize).cloned().unwrap_or_default(),
            Texts::Template(template) => template.text(self.seed, line),
        }
    }

    /// Pixels of a line, about.
    fn line_pixels(&self) -> f64 {
        let letters = match &self.texts {
            Texts::Given(texts) => texts.iter().map(String::len).max().unwrap_or(1),
            Texts::Template(template) => template.text(self.seed, 0).len() + 2,
        };
        let unit = f64::from(self.script.height) * f64::from(self.script.scale);
        unit * unit * 1.7 * (letters as f64 * (0.7 + 0.3 * f64::from(self.script.spacing)) + 1.0)
    }

    /// Bytes of the set's files, about.
    fn bytes(&self) -> u64 {
        let each = 1 + u64::from(self.labels.contains(&Labels::Tesseract));
        let each = each + [Boxes::Yolo, Boxes::Voc].iter().filter(|kind| self.boxes.contains(kind)).count() as u64;
        self.count.saturating_mul(each * BLOCK_BYTES)
    }
}

/// Checks that a data set can be written to `out`, before a generator is read. Leaves no trace.
///
/// # Errors
/// Settings that do not fit, a place that is taken or cannot be written, or too little room.
pub fn check(out: &Path, set: &WrittenSet) -> Result<(), WrittenError> {
    if !(1..=MAX_LINES).contains(&set.count) {
        return Err(WrittenError::Count { found: set.count, most: MAX_LINES });
    }
    set.script.check()?;
    set.format.check(&set.look)?;
    check_vacant(out)?;
    let folder = out.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    check_folder(folder).map_err(WrittenError::write(out))?;
    let needed = set.bytes();
    match free_bytes(out) {
        Some(free) if free < needed => {
            Err(WrittenError::NoRoom { path: out.to_owned(), free, needed, count: set.count })
        }
        _ => Ok(()),
    }
}

/// Writes a data set to `out`, where there is nothing, or an empty folder.
///
/// `watch` is told how many lines are done, of how many, and says whether to go on. Where it does not, or something fails,
/// nothing is left. A line depends on the seed, its number and what it says, and on nothing else.
///
/// ```
/// use digitgan::handwriting::{Hand, Look, Script};
/// use digitgan::prelude::*;
/// use digitgan::written::{Boxes, Labels, PictureFormat, Texts, WrittenSet, write_set};
/// use std::ops::ControlFlow;
///
/// # let out = std::env::temp_dir().join(format!("digitgan-written-{}", std::process::id()));
/// let mut hand = Hand::new(&Device::cpu(None)?, &BuiltIn::Acgan.generator())?;
/// let set = WrittenSet {
///     count: 20,
///     texts: Texts::Template("date:%d.%m.%Y".parse()?),
///     script: Script::default(),
///     look: Look::default(),
///     seed: 1,
///     format: PictureFormat::Png,
///     labels: vec![Labels::PaddleOcr],
///     boxes: vec![Boxes::Coco],
/// };
/// write_set(&out, &set, &mut hand, &mut |_, _| ControlFlow::Continue(()))?;
/// assert_eq!(std::fs::read_to_string(out.join("gt.txt"))?.lines().count(), 20);
/// # std::fs::remove_dir_all(&out)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// Those of [`check`], and those of writing.
pub fn write_set(
    out: &Path,
    set: &WrittenSet,
    hand: &mut Hand,
    watch: &mut dyn FnMut(u64, u64) -> ControlFlow<()>,
) -> Result<(), WrittenError> {
    check(out, set)?;
    let place = Place::take(out)?;
    let folder = place.path();
    let folders = [
        ("images", true),
        ("labels", set.boxes.contains(&Boxes::Yolo)),
        ("annotations", set.boxes.contains(&Boxes::Voc)),
    ];
    for (name, _) in folders.iter().filter(|(_, wanted)| *wanted) {
        let path = folder.join(name);
        fs::create_dir(&path).map_err(WrittenError::write(&path))?;
    }
    let mut labels = LabelFiles::begin(folder, &set.labels, &set.boxes)?;
    let at_once = ((PIXELS_AT_ONCE / set.line_pixels()) as u64).clamp(1, LINES_AT_ONCE);
    let mut first = 0;
    while first < set.count {
        let last = (first + at_once).min(set.count);
        let texts = (first..last).map(|line| Text::new(set.text(line), line)).collect::<Result<Vec<Text>, _>>()?;
        let lines = hand.write(set.seed, &set.script, &texts)?;
        let write = || {
            let written = texts.par_iter().zip(lines).map(|(text, line)| {
                let mut sheet = Sheet::new(&line, &set.look, set.seed, text.line);
                put(folder, set, text, &sheet)?;
                // From here on only its size and its boxes count.
                sheet.pixels = Vec::new();
                Ok(sheet)
            });
            written.collect::<Result<Vec<Sheet>, WrittenError>>()
        };
        let sheets = hand.install(write)?;
        for (text, sheet) in texts.iter().zip(&sheets) {
            labels.add(&format!("images/{}", file_name(set, text.line, set.format.extension())), text.text(), sheet)?;
        }
        first = last;
        if watch(first, set.count).is_break() {
            return Err(ConvertError::Stopped.into());
        }
    }
    labels.end()?;
    Ok(place.finish()?)
}

/// Writes the files that are one line's own.
fn put(folder: &Path, set: &WrittenSet, text: &Text, sheet: &Sheet) -> Result<(), WrittenError> {
    let write = |within: &str, extension: &str, bytes: &[u8]| {
        let path = folder.join(within).join(file_name(set, text.line, extension));
        fs::write(&path, bytes).map_err(WrittenError::write(&path))
    };
    write("images", set.format.extension(), &picture(sheet, &set.look, set.format, "")?)?;
    if set.labels.contains(&Labels::Tesseract) {
        write("images", "gt.txt", format!("{}\n", text.text()).as_bytes())?;
    }
    if set.boxes.contains(&Boxes::Yolo) {
        write("labels", "txt", yolo(sheet).as_bytes())?;
    }
    if set.boxes.contains(&Boxes::Voc) {
        let name = file_name(set, text.line, set.format.extension());
        write("annotations", "xml", voc(sheet, &name).as_bytes())?;
    }
    Ok(())
}

/// A line's number, as long as those of all others, with an extension.
fn file_name(set: &WrittenSet, line: u64, extension: &str) -> String {
    let digits = (set.count - 1).max(1).ilog10() as usize + 1;
    format!("{line:0width$}.{extension}", width = digits.max(6))
}
