//! Which files of a folder belong together: images and labels, to train and to test on.

use super::error::{DataError, one_line};
use super::format::Format;
use super::listing::{file_name, is_hidden, list};
use super::members::{Kind, Member, members};
use super::names::{Content, SplitName, meaning, shards};
use super::place::Place;
use super::report::{LeftOut, Unused};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// How many arrays are named before it is only said how many there are.
const MOST_NAMED: usize = 6;
/// How far below the folder that was given sets are looked for: torchvision's lie in `MNIST/raw`.
const MAX_DEPTH: usize = 2;

/// Why a validation split is not used.
const TEST_IS_USED: &str = "the test split is used";

/// A data set, as it lies.
pub(super) struct Found {
    pub(super) format: &'static str,
    /// What its names have in common, such as `emnist letters`.
    pub(super) set: String,
    /// The images to train on; all there are if there are no others.
    pub(super) train: Place,
    pub(super) test: Option<Place>,
    /// The validation split, where there is a test split too.
    pub(super) spare: Option<Place>,
    /// The split that all there are belong to by their names, where it is not the one to train on.
    pub(super) alone: Option<SplitName>,
    /// The folder it lies in.
    pub(super) home: PathBuf,
    pub(super) left_out: Vec<LeftOut>,
    pub(super) unused: Vec<Unused>,
}

impl Found {
    /// Takes the validation split to test on, if there is one beside the test split; `why` is why that is not used.
    pub(super) fn test_on_spare(&mut self, why: &'static str) -> bool {
        let Some(spare) = self.spare.take() else { return false };
        self.unused.retain(|unused| unused.why != TEST_IS_USED);
        let before = self.test.replace(spare);
        self.unused.extend(before.map(|test| Unused { path: test.path().to_owned(), why }));
        true
    }
}

/// The members of one set.
struct Set {
    kind: Kind,
    home: PathBuf,
    name: String,
    members: Vec<Member>,
}

impl Set {
    fn has(&self, split: Option<SplitName>) -> bool {
        self.members.iter().any(|member| member.meaning.split == split)
    }

    /// Whether it could be trained on: it has a split for that, or no splits.
    fn is_trainable(&self) -> bool {
        self.has(Some(SplitName::Train)) || (self.has(None) && !self.has(Some(SplitName::Test)))
    }

    fn has_labels(&self, split: Option<SplitName>) -> bool {
        self.members.iter().any(|m| m.meaning.split == split && m.meaning.content == Some(Content::Labels))
    }

    /// How a person can name it.
    fn choice(&self) -> PathBuf {
        match self.members.first() {
            Some(first) if self.name.is_empty() => first.path.clone(),
            _ => self.home.join(self.name.replace(' ', "-")),
        }
    }

    /// The array of a split's content: of several the one whose name says nothing else.
    fn of(&self, split: Option<SplitName>, content: Content) -> Result<Option<&Member>, DataError> {
        let is = |member: &&Member| member.meaning.split == split && member.meaning.content == Some(content);
        let found: Vec<&Member> = self.members.iter().filter(is).collect();
        let least = found.iter().map(|member| member.rest).min();
        let mut best = found.into_iter().filter(|member| Some(member.rest) == least);
        let first = best.next();
        let others: Vec<&Member> = best.filter(|other| !other.is_copy_of(first)).collect();
        match (first, others.is_empty()) {
            (Some(first), false) => {
                // A file can be chosen, an array of it cannot.
                let one_file = others.iter().all(|other| other.path == first.path);
                let choice = |member: &Member| if one_file { member.shown() } else { member.path.clone() };
                let mut choices: Vec<PathBuf> = [vec![first], others].concat().into_iter().map(choice).collect();
                choices.dedup();
                Err(self.several(choices))
            }
            _ => Ok(first),
        }
    }

    fn several(&self, choices: Vec<PathBuf>) -> DataError {
        DataError::SeveralSets { folder: self.home.clone(), choices }
    }

    /// The tables of a split: one, or all shards of one.
    fn tables(&self, split: Option<SplitName>) -> Result<Vec<PathBuf>, DataError> {
        let mut tables: Vec<&Member> = Vec::new();
        for member in self.members.iter().filter(|member| member.meaning.split == split) {
            if !tables.iter().any(|other| member.is_copy_of(Some(other))) {
                tables.push(member);
            }
        }
        let paths = || tables.iter().map(|member| member.path.clone()).collect::<Vec<PathBuf>>();
        let numbers: Vec<Option<usize>> = tables.iter().map(|member| shards(&file_name(&member.path))).collect();
        match numbers.as_slice() {
            [Some(all), ..] if numbers.iter().all(|number| number == &Some(*all)) && tables.len() < *all => {
                Err(DataError::MissingPart {
                    folder: self.home.clone(),
                    what: format!(
                        "of {all} shards {} {} there",
                        tables.len(),
                        if tables.len() == 1 { "is" } else { "are" }
                    ),
                })
            }
            [first, ..] if numbers.iter().all(|number| number == first) && (first.is_some() || tables.len() == 1) => {
                Ok(paths())
            }
            // `0000.parquet`, `0001.parquet`
            _ if tables.iter().all(|member| file_name(&member.path).starts_with('0')) => Ok(paths()),
            _ => Err(self.several(paths())),
        }
    }

    /// Where a split lies; none if there is none.
    fn place(&self, split: Option<SplitName>) -> Result<Option<Place>, DataError> {
        if !self.has(split) {
            return Ok(None);
        }
        match self.kind {
            Kind::Parquet => return Ok(Some(Place::Parquet(self.tables(split)?))),
            Kind::Csv => return Ok(Some(Place::Csv(self.tables(split)?))),
            Kind::Arrays => {}
        }
        let file = Member::array;
        match (self.of(split, Content::Images)?, self.of(split, Content::Labels)?) {
            (Some(images), Some(labels)) => {
                let names = self.members.iter().find(|member| member.is_names()).map(file);
                Ok(Some(Place::Arrays { images: file(images), labels: file(labels), names }))
            }
            // Those of an archive come together: such images have no labels.
            (Some(images), None) if images.entry.is_some() && split.is_some_and(|split| split != SplitName::Train) => {
                Ok(None)
            }
            (Some(images), None) => Err(self.missing(images, [("images", "labels"), ("imgs", "labels"), ("x", "y")])),
            (None, Some(labels)) => Err(self.missing(labels, [("labels", "images"), ("labels", "imgs"), ("y", "x")])),
            (None, None) => Ok(None),
        }
    }

    /// That no name says which arrays are images and labels; or what is damaged, where an array cannot be described.
    fn unknown(&self) -> DataError {
        let is_array = |member: &&Member| matches!(member.format, Format::Npy | Format::Npz);
        let arrays: Vec<&Member> = self.members.iter().filter(is_array).collect();
        let [first, ..] = arrays.as_slice() else { return DataError::NoImages { path: self.home.clone() } };
        let path = if arrays.iter().all(|member| member.path == first.path) { &first.path } else { &self.home };
        let describe = |member: &&Member| Ok(format!("{} ({})", member.name(), member.array().describe()?));
        let named: Vec<String> = match arrays.iter().take(MOST_NAMED).map(describe).collect() {
            Ok(named) => named,
            Err(error) => return error,
        };
        let more = arrays.len() - named.len();
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let found = format!("its arrays {}{more} have names that say neither images nor labels", named.join(", "));
        let readable = "names such as x_train and y_train, or images and labels, are understood";
        DataError::Contents { path: path.clone(), found, readable }
    }

    /// The other arrays of its archive of which no name says what they are, as the end of a sentence.
    fn others_of(&self, there: &Member) -> String {
        let is_other = |member: &&Member| member.path == there.path && member.meaning.content.is_none();
        let names: Vec<String> =
            self.members.iter().filter(is_other).filter(|member| !member.is_names()).map(Member::name).collect();
        if names.is_empty() { String::new() } else { format!(" (and {})", names.join(", ")) }
    }

    /// That the counterpart of `there` is missing, by the name that it would have.
    fn missing(&self, there: &Member, swaps: [(&str, &str); 3]) -> DataError {
        let name = match &there.entry {
            Some(entry) if meaning(entry).content.is_some() => entry.clone(),
            _ => file_name(&there.path).trim_end_matches(".gz").to_owned(),
        };
        let swapped = swaps.iter().find(|(from, _)| name.to_lowercase().contains(from));
        let file = match swapped {
            Some((from, to)) if name.contains(from) => name.replacen(from, to, 1),
            Some((from, to)) => name.replacen(&from.to_uppercase(), &to.to_uppercase(), 1),
            None => {
                let of = if there.meaning.content == Some(Content::Images) { "labels" } else { "images" };
                let what = format!("there are no {of} for {name}");
                return DataError::MissingPart { folder: self.home.clone(), what };
            }
        };
        let file = match there.meaning.content {
            Some(Content::Images) => file.replace("idx3", "idx1"),
            _ => file.replace("idx1", "idx3"),
        };
        match there.entry {
            Some(_) => DataError::MissingPart {
                folder: there.path.clone(),
                what: format!("it has an array {name} and none called {file}{}", self.others_of(there)),
            },
            None => DataError::MissingFile { folder: self.home.clone(), file },
        }
    }
}

/// The one set in `folder`, or the one in it whose names begin with the words of `wanted`; none if there is no file that
/// could be part of one.
pub(super) fn find(folder: &Path, wanted: Option<&str>) -> Result<Option<Found>, DataError> {
    let (members, others) = members(folder, list(folder)?);
    choose(folder, members, others, wanted)
}

/// The set that a file is, or that it is a part of.
pub(super) fn of_file(path: &Path) -> Result<Option<Found>, DataError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let (mut members, _) = members(folder, vec![path.to_owned()]);
    let Some(first) = members.first() else { return Ok(None) };
    if first.kind() != Kind::Arrays {
        // This table and no other, whatever split it is of.
        members.iter_mut().for_each(|member| member.meaning.split = None);
        return choose(path, members, Vec::new(), None);
    }
    let labelled = |split| {
        Content::of_all().iter().all(|&content| {
            members.iter().any(|member| member.meaning.split == split && member.meaning.content == Some(content))
        })
    };
    if labelled(None) || labelled(Some(SplitName::Train)) {
        return choose(path, members, Vec::new(), None);
    }
    let (mut all, others) = self::members(folder, list(folder)?);
    // What differs in capitals alone is another set: the name is taken as it was given.
    let name = file_name(path);
    all.retain(|member| {
        let other = file_name(&member.path);
        other == name || !other.eq_ignore_ascii_case(&name)
    });
    choose(folder, all, others, Some(&first.meaning.set))
}

/// [`find`], in the folders below.
pub(super) fn find_below(given: &Path) -> Result<Option<Found>, DataError> {
    let (mut below, mut all) = (vec![(given.to_owned(), 0)], Vec::new());
    while let Some((folder, depth)) = below.pop() {
        let (members, others) = members(given, list(&folder)?);
        all.extend(members);
        if depth < MAX_DEPTH {
            let folders = others.into_iter().rev().filter(|path| path.is_dir());
            below.extend(folders.map(|path| (path, depth + 1)));
        }
    }
    choose(given, all, Vec::new(), None)
}

fn choose(
    folder: &Path,
    members: Vec<Member>,
    others: Vec<PathBuf>,
    wanted: Option<&str>,
) -> Result<Option<Found>, DataError> {
    let mut sets = sets(members);
    if let Some(name) = wanted {
        sets.retain(|set| set.name == name);
    }
    if sets.is_empty() {
        return Ok(None);
    }
    let Some(kind) = sets.iter().filter(|set| set.is_trainable()).map(|set| set.kind).min() else {
        return alone(folder, sets, others).map(Some);
    };
    // A set without splits beside one that has them is something else, such as digits of other writers.
    let split = sets.iter().any(|set| set.kind == kind && set.has(Some(SplitName::Train)));
    let fits = |set: &Set| set.kind == kind && set.is_trainable() && (set.has(Some(SplitName::Train)) || !split);
    let (mut chosen, rest): (Vec<Set>, Vec<Set>) = sets.into_iter().partition(fits);
    if chosen.len() > 1 {
        let choices = chosen.iter().map(Set::choice).collect();
        return Err(DataError::SeveralSets { folder: folder.to_owned(), choices });
    }
    let unused: Vec<Unused> =
        rest.iter().map(|set| Unused { path: set.choice(), why: "it is another data set" }).collect();
    Ok(Some(found(chosen.remove(0), unused, others)?))
}

/// A set of nothing but images to test on: all there are, unless there are two such splits.
fn alone(folder: &Path, mut sets: Vec<Set>, others: Vec<PathBuf>) -> Result<Found, DataError> {
    let splits: BTreeSet<Option<SplitName>> =
        sets.iter().flat_map(|set| set.members.iter().map(|m| m.meaning.split)).collect();
    let (Some(set), true, &[split]) = (sets.pop(), sets.is_empty(), splits.into_iter().collect::<Vec<_>>().as_slice())
    else {
        let what = "there are images to test on and none to train on (such as train…)".to_owned();
        return Err(DataError::MissingPart { folder: folder.to_owned(), what });
    };
    let members = set.members.into_iter().map(|mut member| {
        member.meaning.split = None;
        member
    });
    let set = Set { members: members.collect(), ..set };
    Ok(Found { alone: split, ..found(set, Vec::new(), others)? })
}

fn found(set: Set, mut unused: Vec<Unused>, others: Vec<PathBuf>) -> Result<Found, DataError> {
    use SplitName::{Test, Train, Validation};
    let (train, tests): (_, &[SplitName]) =
        if set.has(Some(Train)) { (Some(Train), &[Test, Validation]) } else { (None, &[]) };
    let unlabelled = |split| set.kind == Kind::Arrays && !set.has_labels(split);
    let mut tests: Vec<Option<SplitName>> = tests.iter().map(|&split| Some(split)).collect();
    tests.retain(|&split| set.has(split));
    tests.sort_by_key(|&split| unlabelled(split));
    let mut tests = tests.into_iter();
    let (test, spare) = (tests.next().flatten(), tests.next().flatten());
    for member in &set.members {
        let split = member.meaning.split;
        let why = if split != train && split != test {
            match split {
                None => "it is of no split",
                split if unlabelled(split) => "it has no labels",
                Some(_) => TEST_IS_USED,
            }
        } else if member.entry.is_some() && (member.rest > 0 || member.meaning.content.is_none()) {
            "other arrays are used"
        } else if member.entry.is_some() && !set.has_labels(split) {
            "it has no labels"
        } else {
            continue;
        };
        if !member.is_names() {
            unused.push(Unused { path: member.shown(), why });
        }
    }
    Ok(Found {
        format: set.members.first().map_or("", |member| member.format.name()),
        train: set.place(train)?.ok_or_else(|| set.unknown())?,
        test: match test {
            Some(split) => set.place(Some(split))?,
            None => None,
        },
        // Nothing is wrong if it is no whole split, for it is mostly not used.
        spare: spare.and_then(|split| set.place(Some(split)).ok().flatten()),
        alone: None,
        left_out: left_out(&others, &set.name),
        unused,
        home: set.home.clone(),
        set: set.name,
    })
}

fn sets(members: Vec<Member>) -> Vec<Set> {
    let mut sets: BTreeMap<(Kind, PathBuf, String), Vec<Member>> = BTreeMap::new();
    for member in members {
        sets.entry((member.kind(), member.home.clone(), member.meaning.set.clone())).or_default().push(member);
    }
    sets.into_iter().map(|((kind, home, name), members)| Set { kind, home, name, members }).collect()
}

/// What was passed over: files by their endings, folders by their names.
pub(super) fn left_out(others: &[PathBuf], set: &str) -> Vec<LeftOut> {
    let mut kinds: BTreeMap<(bool, String, &'static str), usize> = BTreeMap::new();
    let used = |path: &Path| {
        let name = file_name(path);
        name == super::generated::FILE_NAME || is_mapping(path, set)
    };
    for path in others.iter().filter(|path| !used(path)) {
        let folder = path.is_dir();
        let (what, why) = if folder { (file_name(path), "a folder beside the data set") } else { kind_of_file(path) };
        *kinds.entry((folder, what, why)).or_default() += 1;
    }
    kinds.into_iter().map(|((_, what, why), number)| LeftOut { what, number, why }).collect()
}

/// What kind a file is of that is passed over, and why it is.
fn kind_of_file(path: &Path) -> (String, &'static str) {
    /// What Windows leaves in folders of pictures.
    const OF_SYSTEMS: [&str; 2] = ["thumbs.db", "desktop.ini"];
    let name = file_name(path);
    let ending = path.extension().map(|ending| one_line(&ending.to_string_lossy()));
    match ending {
        _ if OF_SYSTEMS.contains(&name.to_lowercase().as_str()) => (name, "files of the system"),
        // What macOS puts beside each file of another disk.
        Some(ending) if name.starts_with("._") => (format!("._*.{ending}"), "hidden files"),
        Some(ending) if is_hidden(path) => (format!(".*.{ending}"), "hidden files"),
        None if is_hidden(path) => (name, "hidden files"),
        Some(ending) => (format!(".{ending}"), "files that are not read"),
        None => (name, "files that are not read"),
    }
}

/// Whether a file says what the classes of an EMNIST set are called.
pub(super) fn is_mapping(path: &Path, set: &str) -> bool {
    !set.is_empty() && meaning(&file_name(path)).set == format!("{set} mapping txt")
}
