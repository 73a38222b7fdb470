//! Labelled data sets drawn by a trained generator.
//!
//! [`generate`] fills a folder with images and labels that the loaders of [`crate::load`] read back, as IDX files named
//! as MNIST's or as PNG files in one folder per class, and with a record of what they are ([`record`]).
//!
//! *What an image is.* Image number i is drawn from the noise with index i under the seed. Its class comes from a block:
//! each block has as many images as there are classes and holds every class once, in an order that the seed shuffles.
//! So an image depends on the generator, the seed, the classes asked for and its number alone: not on how many images
//! there are, not on layout, threads or chunks. Test images are another such sequence, with indices of their own.
//!
//! *What its label is.* The class that was asked for. Where the generator does not see the class, a judge
//! ([`crate::judge`]) reads it off the image; classes are then as even as the generator draws them. With
//! [`record::Keep::Agreed`], an image that the judge does not read as asked for is drawn again from noise with an index beyond
//! all others: still a function of its number.
//!
//! Memory holds one chunk of images at a time, however many are generated.

mod classes;
mod draw;
mod error;
mod files;
mod finished;
mod gzip;
mod journal;
mod plan;
pub mod record;
mod staging;
mod whole;

pub use crate::load::generated::Layout;
pub use error::GenerateError;
pub use plan::{MAX_PNG_IMAGES, Plan};
pub use staging::check_vacant;

use crate::engine::Device;
use crate::hash::hex;
use crate::judge::Judge;
use crate::load::generated::{FILE_NAME, FORMAT};
use crate::run::manifest::Versions;
use crate::weights::GeneratorFile;
use draw::{Artist, Labelled};
use files::PartFiles;
use journal::{Chunk, Journal};
use plan::Part;
use record::{GeneratorRecord, Labels, SetRecord, SplitRecord};
use sha2::{Digest, Sha256};
use staging::Staging;
use std::ops::ControlFlow;
use std::path::Path;
use whole::Whole;

/// Images drawn, read and written at once: some 20 MB, a tenth of a second on two cores. A multiple of what is
/// compressed at once, so that files do not depend on it.
const CHUNK_IMAGES: usize = 4096;
const _: () = assert!((CHUNK_IMAGES * crate::IMAGE_PIXELS).is_multiple_of(gzip::BLOCK_BYTES));

/// Who draws, and where.
///
/// ```
/// use digitgan::prelude::*;
///
/// let generator = GeneratorFile::untrained(Variant::Cgan, 10, 1)?;
/// let device = Device::cpu(Some(1))?;
/// let mut judge = Judge::of_mnist(&device);
/// // The hash of the generator's file goes into the record of what it draws: `digitgan::files::sha256` computes it.
/// let source = SetSource { file: &generator, sha256: "", device: &device, judge: Some(&mut judge) };
/// assert_eq!(source.file.spec.classes, 10);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Source<'a> {
    /// The generator.
    pub file: &'a GeneratorFile,
    /// SHA-256 of its file, in hexadecimal: [`crate::files::sha256`].
    pub sha256: &'a str,
    /// What it draws on.
    pub device: &'a Device,
    /// Who reads images, where labels must be read or only what is read as asked for is kept.
    pub judge: Option<&'a mut Judge>,
}

/// Generates a data set into the folder `out`, which must not exist or be empty, and returns its record. Where just this
/// data set is already, nothing is drawn.
///
/// `watch` is told how many images are done, of how many, at the beginning and after each chunk, and says whether to go on.
/// Where it does not, a file cannot be written or the process is killed, a hidden folder within `out` keeps the finished chunks,
/// and nothing is there that a loader takes for a data set. The same call goes on with them, to the same bytes; another is
/// refused. IDX files are on the disk when this returns; PNG files are left to the system, as bringing
/// each to the disk would take longer than drawing it.
///
/// ```
/// use digitgan::prelude::*;
///
/// # let folder = std::env::temp_dir().join(format!("digitgan-generate-{}", std::process::id()));
///
/// let generator = GeneratorFile::untrained(Variant::Cgan, 10, 1)?;
/// let device = Device::cpu(Some(1))?;
/// let plan = SetPlan { train: 20, test: 10, classes: None, seed: 1, layout: Layout::Idx, keep: Keep::All };
/// let source = SetSource { file: &generator, sha256: "", device: &device, judge: None };
/// let record = generate(&folder, &plan, source, &mut |_, _| std::ops::ControlFlow::Continue(()))?;
/// assert_eq!(record.train.counts, [2; 10]);
/// let loaded = load(&DataSource::Path(folder.clone()), &Reading::default(), &folder, &|_| ())?;
/// assert_eq!(loaded.dataset.test.len(), 10);
/// # std::fs::remove_dir_all(&folder)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// When the plan does not suit the generator, a judge is needed and not given or reads other classes, `out` is not
/// vacant, has no room or cannot be written, or the device fails.
pub fn generate(
    out: &Path,
    plan: &Plan,
    source: Source<'_>,
    watch: &mut (dyn FnMut(u64, u64) -> ControlFlow<()> + Send),
) -> Result<SetRecord, GenerateError> {
    source.device.install(|| generate_here(out, plan, source, watch))
}

fn generate_here(
    out: &Path,
    plan: &Plan,
    source: Source<'_>,
    watch: &mut (dyn FnMut(u64, u64) -> ControlFlow<()> + Send),
) -> Result<SetRecord, GenerateError> {
    let Source { file, sha256, device, judge } = source;
    let most = u64::from(plan.train.max(plan.test));
    if plan.layout == Layout::Png && most > MAX_PNG_IMAGES {
        return Err(GenerateError::TooManyFiles { images: most });
    }
    let mut artist = Artist::new(plan, file, device, judge)?;
    let whole = Whole {
        plan: plan.clone(),
        class_names: file.class_names.clone(),
        generator: GeneratorRecord {
            sha256: sha256.to_owned(),
            model: file.spec.variant,
            trained_on: file.dataset.clone(),
            step: file.step,
        },
        judge: artist.judge().map(|judge| judge.identity().clone()),
        versions: Versions { digitgan: env!("CARGO_PKG_VERSION").to_owned(), device: device.to_string() },
    };
    if !staging::is_begun(out)
        && let Some(record) = finished::finished(out, &whole)?
    {
        let all = u64::from(plan.train) + u64::from(plan.test);
        // There is nothing to stop.
        let _ = watch(all, all);
        return Ok(record);
    }
    staging::check_room(out, plan)?;
    let mut staging = Staging::take(out, &whole)?;
    let made = match staging.complete() {
        Some(record) => Ok(record),
        None => draw_all(&mut staging, whole, &mut artist, watch),
    };
    match made {
        Ok(record) => {
            let mut names = files::names(plan.layout, plan.test > 0).to_vec();
            names.push(FILE_NAME);
            staging.finish(&names)?;
            Ok(record)
        }
        Err(error) => {
            if !error.leaves_parts() {
                staging.discard();
                return Err(error);
            }
            Err(if staging.keeps() { error.with_parts() } else { error })
        }
    }
}

/// Draws what is not there yet, and writes the record of the whole.
fn draw_all(
    staging: &mut Staging,
    whole: Whole,
    artist: &mut Artist<'_>,
    watch: &mut (dyn FnMut(u64, u64) -> ControlFlow<()> + Send),
) -> Result<SetRecord, GenerateError> {
    let Whole { plan, class_names, generator, judge, versions } = whole;
    let all = u64::from(plan.train) + u64::from(plan.test);
    let mut progress = Progress { done: 0, all, told: false, watch };
    let mut write = |part, count| {
        let files = PartFiles::begin(plan.layout, staging.path(), part, count, &class_names)?;
        write_part(staging, files, part, u64::from(count), class_names.len(), artist, &mut progress)
    };
    let (train, test) = (write(Part::Train, plan.train)?, write(Part::Test, plan.test)?);
    let record = SetRecord {
        format: FORMAT,
        layout: plan.layout,
        class_names,
        seed: plan.seed,
        generator,
        labels: if artist.asks() { Labels::Asked } else { Labels::Read },
        keep: plan.keep,
        classes: plan.classes,
        drawn: artist.drawn,
        judge,
        train,
        test,
        versions,
    };
    record.write(staging.path()).map_err(GenerateError::write(&record::path(staging.path())))?;
    Ok(record)
}

/// How far it is, and who is told.
struct Progress<'a> {
    done: u64,
    all: u64,
    /// Whether somebody was told how many were there at the beginning.
    told: bool,
    watch: &'a mut (dyn FnMut(u64, u64) -> ControlFlow<()> + Send),
}

impl Progress<'_> {
    /// Before images are drawn.
    fn begin(&mut self) -> Result<(), GenerateError> {
        if std::mem::replace(&mut self.told, true) { Ok(()) } else { self.tell() }
    }

    fn advance(&mut self, images: u64) -> Result<(), GenerateError> {
        self.done += images;
        self.tell()
    }

    fn tell(&mut self) -> Result<(), GenerateError> {
        match (self.watch)(self.done, self.all) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(GenerateError::Stopped { done: self.done, all: self.all }),
        }
    }
}

/// Draws and writes one part of a data set, but for the chunks that are there.
fn write_part(
    staging: &mut Staging,
    mut files: PartFiles,
    part: Part,
    count: u64,
    classes: usize,
    artist: &mut Artist<'_>,
    progress: &mut Progress<'_>,
) -> Result<SplitRecord, GenerateError> {
    let mut summary = Summary::new(classes);
    let size = |first: u64| (CHUNK_IMAGES as u64).min(count - first);
    let mut first = 0;
    while first < count
        && let Some((some, drawn)) = read_back(&mut staging.journal, &mut files, part, first, size(first))?
    {
        summary.add(&some);
        artist.drawn += drawn;
        first += size(first);
    }
    progress.done += first;
    progress.begin()?;
    while first < count {
        let before = artist.drawn;
        let some = artist.draw(part, first, size(first) as usize)?;
        let (written, ()) = rayon::join(|| files.write(first, &some), || summary.add(&some));
        let (pixels_bytes, labels_bytes) = written?;
        let (pixels_crc32, labels_crc32) = (crc32(&some.images), crc32(&some.labels));
        let (images, drawn) = (size(first), artist.drawn - before);
        staging.journal.add(&Chunk { part, images, drawn, pixels_crc32, labels_crc32, pixels_bytes, labels_bytes })?;
        staging.keep();
        first += images;
        progress.advance(images)?;
    }
    files.finish()?;
    Ok(summary.finish(count))
}

/// The next chunk, if it is there as it was finished: its images, and how many were drawn for it.
fn read_back(
    journal: &mut Journal,
    files: &mut PartFiles,
    part: Part,
    first: u64,
    images: u64,
) -> Result<Option<(Labelled, u64)>, GenerateError> {
    let mut found = None;
    let chunk = journal.next(part, |chunk| {
        if chunk.images == images {
            found = files.read_back(first, chunk)?;
        }
        let is_whole =
            |some: &Labelled| crc32(&some.images) == chunk.pixels_crc32 && crc32(&some.labels) == chunk.labels_crc32;
        Ok(found.as_ref().is_some_and(is_whole))
    })?;
    Ok(found.zip(chunk.map(|chunk| chunk.drawn)))
}

fn crc32(bytes: &[u8]) -> u32 {
    gzip::checksum(bytes).sum()
}

/// What a record says of a part, in the making.
struct Summary {
    counts: Vec<u64>,
    images: Sha256,
    labels: Sha256,
}

impl Summary {
    fn new(classes: usize) -> Self {
        Summary { counts: vec![0; classes], images: Sha256::new(), labels: Sha256::new() }
    }

    fn add(&mut self, some: &Labelled) {
        self.images.update(&some.images);
        self.labels.update(&some.labels);
        for &label in &some.labels {
            self.counts[usize::from(label)] += 1;
        }
    }

    fn finish(self, images: u64) -> SplitRecord {
        SplitRecord {
            images,
            counts: self.counts,
            images_sha256: hex(self.images.finalize()),
            labels_sha256: hex(self.labels.finalize()),
        }
    }
}

#[cfg(test)]
mod tests;
