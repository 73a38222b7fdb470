//! Labelled data sets drawn by a trained generator.
//!
//! [`generate`] fills a folder with images and labels in the layout that people need ([`Layout`]; `formats` writes them), and
//! with a record of what they are ([`record`]). The loaders of [`crate::load`] read them back, but for tar files.
//!
//! *What an image is.* Image number i is drawn from the noise with index i under the seed. Its class comes from a block:
//! each block has as many images as there are classes and holds every class once, in an order that the seed shuffles.
//! So an image depends on the generator, the seed, the classes asked for and its number alone: not on how many images
//! there are, not on layout, threads, chunks, files or shards. Test images are another such sequence, with indices of their
//! own. `classes` has other mixes of classes, `noise` truncated noise.
//!
//! *What its label is.* The class that was asked for. Where the generator does not see the class, a judge
//! ([`crate::judge`]) reads it off the image; classes are then as even as the generator draws them. With
//! [`Keep::Agreed`], an image that the judge does not read as asked for is drawn again from noise with an index beyond
//! all others, and so is one of which it is not as sure as [`Plan::reject_below`] asks: still a function of its number.
//!
//! *Where it lies.* A part is divided into files by its numbers alone ([`Cut`]); a shard is one of these files, made by itself
//! ([`shards`]).
//!
//! Memory holds one chunk of images at a time, however many are generated.

mod check;
mod choices;
mod classes;
mod draw;
mod error;
mod finished;
mod formats;
mod gzip;
mod journal;
mod labelled;
mod noise;
mod plan;
pub mod record;
pub mod shards;
mod shuffled;
mod staging;
mod summary;
mod whole;
mod writing;

pub use crate::load::generated::Layout;
pub use choices::{Cut, Keep, Mix};
pub use error::GenerateError;
pub use noise::MIN_TRUNCATION;
pub use plan::{MAX_FILES, MAX_PNG_IMAGES, Plan};
pub use staging::check_vacant;

use crate::engine::Device;
use crate::judge::Judge;
use crate::load::generated::FILE_NAME;
use crate::run::manifest::Versions;
use crate::weights::GeneratorFile;
use draw::Artist;
use record::{GeneratorRecord, SetRecord};
use staging::Staging;
use std::ops::ControlFlow;
use std::path::Path;
use whole::Whole;

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
/// let plan = SetPlan { train: 20, test: 10, seed: 1, ..SetPlan::default() };
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
    plan.check()?;
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
        let all = plan.all_here();
        // There is nothing to stop.
        let _ = watch(all, all);
        return Ok(record);
    }
    staging::check_room(out, plan)?;
    let mut staging = Staging::take(out, &whole)?;
    let made = match staging.complete() {
        Some(record) => Ok(record),
        None => writing::write_all(&mut staging, whole, &mut artist, watch),
    };
    let names: Vec<String> = formats::names(plan).into_iter().chain([FILE_NAME.to_owned()]).collect();
    staging.conclude(made, &names)
}

#[cfg(test)]
mod tests;
