//! `run.toml`: the settings, data, judge and versions of a run.

use crate::config::TrainConfig;
use crate::data::{DatasetIdentity, ReadAs};
use crate::error::ErrorKind;
use crate::files::{atomic, capped};
use crate::judge::JudgeIdentity;
use serde::{Deserialize, Serialize};
use std::io;
use std::path::{Path, PathBuf};

/// The version of the run directory's layout that this library writes.
pub const FORMAT: u32 = 1;

/// What a run is.
///
/// ```
/// use digitgan::prelude::*;
///
/// # let folder = std::env::temp_dir().join(format!("digitgan-manifest-{}", std::process::id()));
///
/// let loaded = Loaded::from(strokes::some(20, 10)?);
/// let config = TrainConfig::default();
/// let manifest: Manifest = digitgan::session::manifest::new(config, &loaded, None, &Device::cpu(Some(1))?)?;
/// # std::fs::create_dir_all(&folder)?;
/// let path = folder.join("run.toml");
/// manifest.write(&path)?;
/// assert_eq!(Manifest::read(&path)?, manifest);
/// # std::fs::remove_dir_all(&folder)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// Version of the layout.
    pub format: u32,
    /// Whether its training went on without whoever watched it before: looks may be missing since then.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub unwatched: bool,
    /// All settings, as they were resolved.
    pub config: TrainConfig,
    /// The data.
    pub dataset: DatasetRecord,
    /// What made it.
    pub versions: Versions,
    /// Who watched it for mode collapse, if anybody.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub judge: Option<JudgeIdentity>,
    /// Where its generator collapsed, if it did.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub collapse: Option<Collapse>,
}

/// The first collapse of a generator.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Collapse {
    /// Finished steps when it was seen.
    pub step: u64,
    /// What was wrong, in words.
    pub complaint: String,
    /// How often the training went back to an earlier checkpoint.
    #[serde(skip_serializing_if = "is_zero", default)]
    pub rollbacks: u32,
}

fn is_zero(count: &u32) -> bool {
    *count == 0
}

/// The data of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DatasetRecord {
    /// Name, hash and counts.
    #[serde(flatten)]
    pub identity: DatasetIdentity,
    /// The classes' names.
    pub class_names: Vec<String>,
    /// Why the strokes stand in for MNIST, if they do.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub fallback: Option<String>,
    /// Where data sets were looked for, if it was said.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub data_dir: Option<PathBuf>,
    /// How the values in files of the user's own became images.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub read_as: Option<ReadAs>,
}

/// What made a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Versions {
    /// Version of digitgan.
    pub digitgan: String,
    /// The device that began it, such as `cpu (avx512)`.
    pub device: String,
}

/// Why a `run.toml` cannot be used.
///
/// ```
/// use digitgan::prelude::*;
///
/// let error = Manifest::read("no/such/run/run.toml".as_ref()).unwrap_err();
/// assert!(matches!(error, ManifestError::Missing { .. }));
/// assert_eq!(error.to_string(), "no/such/run is not a digitgan run: it has no run.toml");
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ManifestError {
    /// There is none: not a run.
    #[error("{path} is not a digitgan run: it has no run.toml")]
    Missing {
        /// The directory.
        path: PathBuf,
    },
    /// The file system refused.
    #[error("cannot read {path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Not what it should be.
    #[error("{path} cannot be understood: {reason}")]
    Format {
        /// The file.
        path: PathBuf,
        /// Why, in one line.
        reason: String,
    },
    /// Written by a later version.
    #[error("{path} has format {found}, but this digitgan knows formats up to {FORMAT}: use a newer one")]
    Version {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: i64,
    },
}

impl ManifestError {
    /// What it is about.
    pub fn kind(&self) -> ErrorKind {
        match self {
            ManifestError::Missing { .. } => ErrorKind::Missing,
            ManifestError::Io { .. } => ErrorKind::Files,
            ManifestError::Format { .. } => ErrorKind::Damaged,
            ManifestError::Version { .. } => ErrorKind::Mismatch,
        }
    }
}

/// Largest `run.toml` that is read.
const MAX_BYTES: u64 = 1 << 20;

impl Manifest {
    /// Writes it to `path`.
    ///
    /// # Errors
    /// Those of writing.
    pub fn write(&self, path: &Path) -> io::Result<()> {
        let text = toml::to_string_pretty(self).map_err(io::Error::other)?;
        atomic::write(path, |out| {
            out.write_all(b"# A run of digitgan. `digitgan train --config` takes this file to repeat it.\n\n")?;
            out.write_all(text.as_bytes())
        })
    }

    /// Reads the file at `path`.
    ///
    /// # Errors
    /// Anything that is wrong with it.
    pub fn read(path: &Path) -> Result<Manifest, ManifestError> {
        let io_error = |source: io::Error| match (source.kind(), path.parent()) {
            (io::ErrorKind::NotFound | io::ErrorKind::NotADirectory, Some(folder)) => {
                ManifestError::Missing { path: folder.to_owned() }
            }
            _ => ManifestError::Io { path: path.to_owned(), source },
        };
        let format = |reason: String| ManifestError::Format { path: path.to_owned(), reason };
        let text = capped::check_regular(path).and_then(|()| capped::read_text(path, MAX_BYTES)).map_err(io_error)?;
        let one_line = |error: toml::de::Error| {
            format(match error.span() {
                Some(span) => {
                    let line = 1 + text[..span.start.min(text.len())].matches('\n').count();
                    format!("line {line}: {}", error.message().replace('\n', " "))
                }
                None => error.message().replace('\n', " "),
            })
        };
        let table: toml::Table = toml::from_str(&text).map_err(one_line)?;
        match table.get("format").and_then(toml::Value::as_integer) {
            Some(found) if found > i64::from(FORMAT) => Err(ManifestError::Version { path: path.to_owned(), found }),
            _ => toml::from_str(&text).map_err(one_line),
        }
    }
}
