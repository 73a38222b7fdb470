//! Data sets of the user's own: a folder or a file, in any format that is read.
//!
//! First it is found where the images of each split are ([`sets`], [`class_folders`]); then they are read ([`Place`]); then
//! it is decided, by all images together, how their values are meant ([`super::survey`]). Mostly that is how they were
//! read; where it is not, they are read again.

use super::class_folders;
use super::error::DataError;
use super::events::{DataEvent, OnEvent};
use super::format::{self, Format};
use super::gather::Gather;
use super::generated::{Generated, Layout};
use super::labels::{self, Classes, KnownNames};
use super::listing::{file_name, list};
use super::names::meaning;
use super::place::{Place, Told};
use super::report::{LoadReport, Otherwise, Unused};
use super::sets::{self, Found};
use super::survey::{Survey, Unclear};
use crate::IMAGE_PIXELS;
use crate::data::{Dataset, Ground, LabelPlace, OrAuto, Orientation, ReadAs, Reading, Split};
use crate::files::capped;
use std::fs;
use std::path::{Path, PathBuf};

/// One image in so many is set aside to test on.
const TEST_SHARE: usize = 7;
/// Why a test split is not used.
const NO_LABELS: &str = "its images have no labels";
/// How many images of the other ground are shown.
const WORST: usize = 20;
/// What EMNIST's names begin with: its images are stored column by column.
const EMNIST: &str = "emnist";
/// The longest file of class names that is read.
const MAX_MAPPING_BYTES: u64 = 1 << 16;

/// Loads the data set at `path`; it is named after the file or folder.
///
/// # Errors
/// If there is nothing to read, or it is not one whole data set of 2 to 100 classes.
pub(crate) fn load(path: &Path, wanted: &Reading, on_event: OnEvent) -> Result<(Dataset, LoadReport), DataError> {
    let mut found = find(path, wanted)?;
    let record = Generated::find(&found.home);
    let wanted = with_what_is_known(*wanted, &found, record.as_ref());
    let mut images = Images::read(&found, wanted, on_event)?;
    if images.test_is_unlabelled() && found.test_on_spare(NO_LABELS) {
        images = Images::read(&found, wanted, on_event)?;
    }
    let Images { train, test, read_as, ground_unclear } = images;

    let labels_path = found.train.path();
    let train_labels = train.told.labels.as_ref();
    let no_labels = || DataError::NoLabels { path: labels_path.clone(), images: train.gather.len() };
    let train_labels = train_labels.ok_or_else(no_labels)?;
    if train.gather.len() == 0 {
        return Err(DataError::NoImages { path: found.train.images_path() });
    }
    let known = names(&found, &train.told, record)?;
    let classes = Classes::of(train_labels, &known, &labels_path)?;
    let mut report = report(&found, read_as, ground_unclear, [Some(&train), test.as_ref()]);
    let numbered = classes.number(train_labels, &labels_path)?;
    report.label_gaps = classes.gaps(train_labels);
    report.rare = labels::rare(&numbered, &classes.names);
    let train = Split { images: train.gather.pixels, labels: numbered };
    let (train, test) = match (test, &found.test) {
        (Some(Part { gather, told: Told { labels: Some(labels), .. } }), Some(place)) => {
            let labels = classes.number(&labels, &place.path())?;
            (train, Split { images: gather.pixels, labels })
        }
        (unlabelled, place) => {
            if let (Some(_), Some(place)) = (unlabelled, place) {
                report.unused.push(Unused { path: place.images_path(), why: NO_LABELS });
            }
            let (train, test) = set_aside(train, classes.names.len());
            report.set_aside = Some(test.len());
            (train, test)
        }
    };
    let dataset = Dataset { name: name(path), classes: classes.names.len(), class_names: classes.names, train, test };
    Ok((dataset, report))
}

/// What to call the data set at a path, also if that is `.` or the like.
fn name(path: &Path) -> String {
    let name = file_name(&fs::canonicalize(path).unwrap_or_else(|_| path.to_owned()));
    if name.is_empty() { "folder".to_owned() } else { name }
}

/// Finds the data set that a path names: that in a folder; that which a file is, or is a part of; or that whose names
/// begin with the path.
fn find(path: &Path, wanted: &Reading) -> Result<Found, DataError> {
    if path.is_dir() {
        return in_folder(path, wanted);
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let set = meaning(&path.file_name().unwrap_or_default().to_string_lossy()).set;
    if path.is_file() {
        return sets::of_file(path)?.ok_or_else(|| DataError::NotADataset {
            path: path.to_owned(),
            found: format::of(path)
                .map_or("a file of a kind that is not read".to_owned(), |format| format!("a {} file", format.name())),
        });
    }
    if path.exists() {
        let found = "neither a folder nor a regular file".to_owned();
        return Err(DataError::NotADataset { path: path.to_owned(), found });
    }
    let found = if folder.is_dir() && !set.is_empty() { sets::find(folder, Some(&set))? } else { None };
    found.ok_or_else(|| DataError::NoSuchFolder { path: path.to_owned() })
}

fn in_folder(folder: &Path, wanted: &Reading) -> Result<Found, DataError> {
    let nothing = || -> Result<Found, DataError> {
        let entries = list(folder)?;
        let pictures = entries.iter().filter(|path| format::of(path) == Some(Format::Picture)).count();
        if pictures > 0 {
            return Err(DataError::Flat { folder: folder.to_owned(), pictures });
        }
        class_folders::check_readable(folder)?;
        Err(DataError::NothingFound { folder: folder.to_owned(), found: contents(&entries) })
    };
    if wanted.labels == OrAuto::Given(LabelPlace::FileName) {
        return class_folders::find_by_name(folder)?.map_or_else(nothing, Ok);
    }
    let here = sets::find(folder, None);
    if let Some(found) = or_pictures(here, || class_folders::find(folder))? {
        return Ok(found);
    }
    let below = sets::find_below(folder);
    or_pictures(below, || class_folders::find_below(folder))?.map_or_else(nothing, Ok)
}

/// A set of arrays or tables, or else one of pictures: an array or a table that is no whole set may lie beside class folders.
fn or_pictures(
    found: Result<Option<Found>, DataError>,
    pictures: impl FnOnce() -> Result<Option<Found>, DataError>,
) -> Result<Option<Found>, DataError> {
    use DataError::{Contents, MissingFile, MissingPart, NoImages};
    let in_parts = |error: &DataError| {
        matches!(error, NoImages { .. } | Contents { .. } | MissingFile { .. } | MissingPart { .. })
    };
    if found.as_ref().map_or_else(in_parts, Option::is_none)
        && let Some(found) = pictures()?
    {
        return Ok(Some(found));
    }
    found
}

/// What lies in a folder, in a few words.
fn contents(entries: &[PathBuf]) -> String {
    if entries.is_empty() {
        return "nothing".to_owned();
    }
    let kinds = sets::left_out(entries, "");
    let folders = entries.iter().filter(|path| path.is_dir()).count();
    let mut words: Vec<String> = Vec::new();
    if folders > 0 {
        words.push(format!("{folders} folder{}", if folders == 1 { "" } else { "s" }));
    }
    let files = kinds.iter().filter(|kind| !entries.iter().any(|path| path.is_dir() && file_name(path) == kind.what));
    words.extend(files.take(4).map(|kind| format!("{} {}", kind.number, kind.what)));
    let zip = kinds.iter().any(|kind| kind.what == ".zip");
    words.join(", ") + if zip { " (unpack it)" } else { "" }
}

/// What a person wants, and what is known of this data set where nothing was said.
fn with_what_is_known(mut wanted: Reading, found: &Found, record: Option<&Generated>) -> Reading {
    let original = [Format::Idx, Format::Csv].iter().any(|format| format.name() == found.format);
    if wanted.orientation == OrAuto::Auto && original && found.set.split(' ').next() == Some(EMNIST) {
        wanted.orientation = OrAuto::Given(Orientation::Transposed);
    }
    // What this library has drawn is light on dark, whatever it looks like.
    if record.is_some() && wanted == Reading::default() {
        wanted = Reading::plain();
    }
    wanted
}

/// What was read of one split.
struct Part<'p> {
    gather: Gather<'p>,
    told: Told,
}

/// The images of all splits, all read the same way.
struct Images<'p> {
    train: Part<'p>,
    test: Option<Part<'p>>,
    read_as: ReadAs,
    ground_unclear: bool,
}

impl<'p> Images<'p> {
    fn test_is_unlabelled(&self) -> bool {
        self.test.as_ref().is_some_and(|test| test.told.labels.is_none())
    }

    fn read(found: &Found, wanted: Reading, on_event: OnEvent<'p>) -> Result<Images<'p>, DataError> {
        let read = |place: &Place, read_as, label_end| -> Result<Part<'p>, DataError> {
            let progress = Box::new(move |images| on_event(DataEvent::Reading { images }));
            let mut gather = Gather::new(wanted, read_as, progress);
            let told = place.read(label_end, &mut gather)?;
            Ok(Part { gather, told })
        };
        let both = |read_as| -> Result<_, DataError> {
            let train = read(&found.train, read_as, None)?;
            let (guess, label_end) = (train.gather.read_as(), train.told.label_end);
            let test = found.test.as_ref().map(|place| read(place, guess, label_end)).transpose()?;
            Ok((train, test))
        };
        let (train, test) = both(None)?;
        let (read_as, ground_unclear) = decide(wanted, &train, test.as_ref(), &found.train.images_path())?;
        let agrees = |part: &Part| part.gather.read_as().is_none_or(|guess| guess == read_as);
        let (train, test) =
            if agrees(&train) && test.as_ref().is_none_or(agrees) { (train, test) } else { both(Some(read_as))? };
        Ok(Images { train, test, read_as, ground_unclear })
    }
}

/// How all images are to be read, and whether they left the ground open.
fn decide(wanted: Reading, train: &Part, test: Option<&Part>, path: &Path) -> Result<(ReadAs, bool), DataError> {
    let mut survey: Survey = train.gather.survey.clone();
    if let Some(test) = test {
        survey.append(&test.gather.survey);
    }
    if !survey.is_finite() {
        return Err(DataError::NotFinite { path: path.to_owned() });
    }
    let unclear = |Unclear { low, high }| DataError::Range { path: path.to_owned(), low, high };
    let range = wanted.range.given().map_or_else(|| survey.range().map_err(unclear), Ok)?;
    let ground = wanted.ground.given().or(survey.ground(range));
    let orientation = wanted.orientation.given().unwrap_or(Orientation::Upright);
    Ok((ReadAs { ground: ground.unwrap_or(Ground::Dark), orientation, range }, ground.is_none()))
}

fn report(found: &Found, read_as: ReadAs, ground_unclear: bool, parts: [Option<&Part>; 2]) -> LoadReport {
    let mut report = LoadReport {
        format: found.format,
        read_as,
        ground_unclear,
        likely_ground: None,
        resized: 0,
        test_alone: found.alone.is_some(),
        set_aside: None,
        label_gaps: None,
        rare: Vec::new(),
        unused_columns: Vec::new(),
        dim: None,
        faint: 0,
        outside_range: 0,
        otherwise: Otherwise::default(),
        left_out: found.left_out.clone(),
        unused: found.unused.clone(),
        unreadable: Vec::new(),
    };
    let mut survey = Survey::default();
    let mut otherwise: Vec<(f64, &[u8])> = Vec::new();
    for Part { gather, told } in parts.into_iter().flatten() {
        survey.append(&gather.survey);
        report.resized += gather.resized;
        let named = told.unused_columns.iter().filter(|column| !report.unused_columns.contains(column));
        let named: Vec<String> = named.cloned().collect();
        report.unused_columns.extend(named);
        report.unreadable.extend(gather.unreadable.iter().cloned());
        let image = |index: usize| &gather.pixels[index * IMAGE_PIXELS..][..IMAGE_PIXELS];
        let of_part = gather.survey.otherwise(read_as.ground, read_as.range);
        otherwise.extend(of_part.into_iter().map(|(index, by)| (by, image(index))));
    }
    report.dim = survey.dim(read_as.range);
    report.faint = survey.faint(read_as.range);
    report.outside_range = survey.outside(read_as.range);
    if ground_unclear {
        report.likely_ground = survey.likely_ground(read_as.range);
    } else {
        otherwise.sort_by(|(a, _), (b, _)| b.total_cmp(a));
        let worst = otherwise.iter().take(WORST).flat_map(|(_, image)| image.iter().copied()).collect();
        report.otherwise = Otherwise { images: otherwise.len(), worst };
    }
    report
}

/// What classes are called: as the files say, or a list beside them, or the record of a generated data set.
fn names(found: &Found, told: &Told, record: Option<Generated>) -> Result<KnownNames, DataError> {
    if !told.names.is_empty() {
        return Ok(told.names.clone());
    }
    if let Some(record) = record.filter(|record| record.layout == Layout::Idx) {
        return Ok((0..).zip(record.class_names).collect());
    }
    let mapping = list(&found.home)?.into_iter().find(|path| sets::is_mapping(path, &found.set));
    let Some(path) = mapping else { return Ok(KnownNames::new()) };
    let text = capped::read_text(&path, MAX_MAPPING_BYTES).map_err(DataError::read(&path))?;
    // A label, and the codes of the characters that it stands for.
    let name = |line: &str| {
        let mut numbers = line.split_whitespace().map(|number| number.parse::<u32>().ok());
        let label = numbers.next()??;
        let name: Option<String> = numbers.map(|code| char::from_u32(code?)).collect();
        Some((i64::from(label), name.filter(|name| !name.is_empty() && !name.contains(char::is_control))?))
    };
    Ok(text.lines().filter_map(name).collect())
}

/// Splits each class: every seventh image is for testing, so no class loses all of its images.
fn set_aside(all: Split, classes: usize) -> (Split, Split) {
    let mut seen = vec![0; classes];
    let (mut train, mut test) = (Split::default(), Split::default());
    for (image, &label) in all.images.chunks_exact(IMAGE_PIXELS).zip(&all.labels) {
        let number = &mut seen[usize::from(label)];
        let split = if *number % TEST_SHARE == TEST_SHARE - 1 { &mut test } else { &mut train };
        split.images.extend_from_slice(image);
        split.labels.push(label);
        *number += 1;
    }
    (train, test)
}
