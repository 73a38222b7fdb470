//! Data sets that are made in shards: what there is of one, and all of it put together.
//!
//! A shard is a folder of its own, called [`folder_name`], that says in its record which part of which data set it is. They
//! may lie anywhere; [`look`] finds those that belong together and says which are missing, and [`join`] writes the data set
//! that one run would have made, byte for byte.

use super::choices::Cut;
use super::error::GenerateError;
use super::finished;
use super::formats::{self, PieceReader};
use super::labelled::Labelled;
use super::plan::{Part, Piece, shard_suffix};
use super::record::{Labels, SetRecord, ShardRecord};
use super::staging::{self, Staging};
use super::whole::Whole;
use super::writing::{self, Images};
use crate::load::generated::FILE_NAME;
use std::collections::BTreeMap;
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

/// The name of a shard's folder: `shard-00003-of-00008`.
pub fn folder_name(index: u32, of: u32) -> String {
    format!("shard{}", shard_suffix(index, of))
}

/// What there is of a data set that is made in shards.
#[derive(Clone, Debug, Default)]
pub struct Shards {
    /// How many there are to be.
    pub of: u32,
    /// Those that are whole, by their numbers.
    pub whole: BTreeMap<u32, (PathBuf, SetRecord)>,
    /// Numbers of those that are nowhere.
    pub missing: Vec<u32>,
    /// Folders of those that were begun and not finished.
    pub unfinished: Vec<PathBuf>,
    /// Folders of those whose images are not all there, or not as their records say.
    pub damaged: Vec<PathBuf>,
    /// Folders of those that are of another data set, with what is not the same, in words.
    pub others: Vec<(PathBuf, String)>,
}

impl Shards {
    /// Whether all are there.
    pub fn is_complete(&self) -> bool {
        self.of > 0 && self.whole.len() == self.of as usize
    }

    /// Training images and test images of the whole data set.
    pub fn images(&self) -> Option<(u32, u32)> {
        let (_, record) = self.whole.values().next()?;
        record.shard.as_ref().map(|shard| (shard.train, shard.test))
    }
}

/// Looks at the shards in these folders, or in folders within them, and reads all of their images.
///
/// # Errors
/// When a folder cannot be read or there is no shard.
pub fn look(folders: &[PathBuf]) -> Result<Shards, GenerateError> {
    let mut places = Vec::new();
    for folder in folders {
        places.extend(shards_in(folder)?);
    }
    let mut shards = Shards::default();
    let mut first: Option<Whole> = None;
    for place in places {
        let is_begun = staging::is_begun(&place);
        let Some((whole, shard, record)) = shard_at(&place) else {
            if is_begun {
                shards.unfinished.push(place);
            }
            continue;
        };
        match &first {
            None => {
                shards.of = shard.of;
                first = Some(whole);
            }
            Some(first) if *first != whole || shards.of != shard.of => {
                let differences = match first.differences(&whole) {
                    _ if shards.of != shard.of => format!("it is one of {}, not of {}", shard.of, shards.of),
                    differences => differences,
                };
                shards.others.push((place, differences));
                continue;
            }
            Some(_) => {}
        }
        if shards.whole.contains_key(&shard.index) {
            continue;
        }
        if finished::is_there(&place, &record) {
            shards.whole.insert(shard.index, (place, record));
        } else {
            shards.damaged.push(place);
        }
    }
    if first.is_none() && shards.unfinished.is_empty() {
        return Err(GenerateError::NoShards { path: folders.first().cloned().unwrap_or_default() });
    }
    shards.missing = (0..shards.of).filter(|index| !shards.whole.contains_key(index)).collect();
    Ok(shards)
}

/// The folder itself, if it is a shard or one that was begun, or those within it.
fn shards_in(folder: &Path) -> Result<Vec<PathBuf>, GenerateError> {
    let read = |source| GenerateError::Read { path: folder.to_owned(), source };
    if shard_at(folder).is_some() || staging::is_begun(folder) {
        return Ok(vec![folder.to_owned()]);
    }
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(read)? {
        let path = entry.map_err(read)?.path();
        if path.is_dir() && (shard_at(&path).is_some() || staging::is_begun(&path)) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// Of which whole a folder holds which finished shard, and its record.
fn shard_at(folder: &Path) -> Option<(Whole, ShardRecord, SetRecord)> {
    let record = SetRecord::read(folder)?;
    let shard = record.shard.clone()?;
    let mut whole = Whole::of(&record)?;
    whole.plan.cut = Cut::Usual;
    Some((whole, shard, record))
}

/// Puts shards together to the data set that one run makes, in the folder `out`, which must not exist or be empty, and returns
/// its record.
///
/// `watch` is as that of [`super::generate`]; what was stopped is gone on with.
///
/// # Errors
/// When shards are missing, `out` is not vacant, has no room or cannot be written, or a shard cannot be read.
pub fn join(
    out: &Path,
    shards: &Shards,
    watch: &mut (dyn FnMut(u64, u64) -> ControlFlow<()> + Send),
) -> Result<SetRecord, GenerateError> {
    let missing = || GenerateError::MissingShards { missing: shards.missing.len(), of: shards.of };
    let (_, record) = shards.whole.values().next().filter(|_| shards.is_complete()).ok_or_else(missing)?;
    let mut whole = Whole::of(record).ok_or_else(missing)?;
    whole.plan.cut = Cut::Usual;
    let plan = whole.plan.clone();
    let mut images = ShardImages { shards, class_names: record.class_names.clone(), labels: record.labels, open: None };
    staging::check_vacant(out)?;
    staging::check_room(out, &plan)?;
    let mut staging = Staging::take(out, &whole)?;
    let made = match staging.complete() {
        Some(record) => Ok(record),
        None => writing::write_all(&mut staging, whole, &mut images, watch),
    };
    let names: Vec<String> = formats::names(&plan).into_iter().chain([FILE_NAME.to_owned()]).collect();
    staging.conclude(made, &names)
}

/// The images of all shards, one after the other.
struct ShardImages<'a> {
    shards: &'a Shards,
    class_names: Vec<String>,
    labels: Labels,
    open: Option<OpenShard>,
}

/// A shard that is being read.
struct OpenShard {
    piece: Piece,
    path: PathBuf,
    reader: PieceReader,
    /// Images that were read, and the number of the first.
    first: u64,
    some: Labelled,
}

impl OpenShard {
    /// Goes on to the next images; whether there are some.
    fn go_on(&mut self) -> Result<bool, GenerateError> {
        let next = self.reader.next();
        match next.map_err(|source| GenerateError::Read { path: self.path.clone(), source })? {
            Some((first, some)) => (self.first, self.some) = (first, some),
            None => return Ok(false),
        }
        Ok(true)
    }

    fn end(&self) -> u64 {
        self.first + self.some.labels.len() as u64
    }
}

impl ShardImages<'_> {
    /// Has image `number` among those that were read last.
    fn seek(&mut self, part: Part, number: u64) -> Result<&OpenShard, GenerateError> {
        let fits = |open: &OpenShard| open.piece.part == part && (open.first..open.piece.images.end).contains(&number);
        let mut open = match self.open.take().filter(fits) {
            Some(open) => open,
            None => self.open(part, number)?,
        };
        while open.end() <= number && open.go_on()? {}
        Ok(self.open.insert(open))
    }

    /// Opens the shard that holds an image.
    fn open(&self, part: Part, number: u64) -> Result<OpenShard, GenerateError> {
        for (index, (path, record)) in &self.shards.whole {
            let plan = Whole::of(record).map(|whole| whole.plan).unwrap_or_default();
            let piece = plan.piece(part, *index).filter(|piece| piece.images.contains(&number));
            if let Some(piece) = piece {
                let reader = PieceReader::open(&plan, path, &self.class_names, &piece);
                let reader = reader.map_err(|source| GenerateError::Read { path: path.clone(), source })?;
                let (first, path) = (piece.images.start, path.clone());
                return Ok(OpenShard { piece, path, reader, first, some: Labelled::default() });
            }
        }
        Err(GenerateError::MissingShards { missing: 1, of: self.shards.of })
    }
}

impl Images for ShardImages<'_> {
    fn labels(&self) -> Labels {
        self.labels
    }

    fn take(&mut self, part: Part, first: u64, count: usize) -> Result<(Labelled, u64), GenerateError> {
        let (mut taken, mut next) = (Labelled::default(), first);
        let end = first + count as u64;
        while next < end {
            let open = self.seek(part, next)?;
            let until = open.end().min(end);
            if until <= next {
                let source = std::io::Error::other("images are missing");
                return Err(GenerateError::Read { path: open.path.clone(), source });
            }
            taken.extend(&open.some, (next - open.first) as usize..(until - open.first) as usize);
            next = until;
        }
        Ok((taken, 0))
    }

    fn drawn_elsewhere(&self) -> Option<u64> {
        Some(self.shards.whole.values().fold(0, |sum: u64, (_, record)| sum.saturating_add(record.drawn)))
    }
}
