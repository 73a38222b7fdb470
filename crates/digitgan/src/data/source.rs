//! The choice of a data set, and what happens on the way to it.

use super::download::Mirrors;
use super::error::DataError;
use super::{Dataset, folder, mnist, strokes};
use etcetera::BaseStrategy;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// Where real digits come from, as a person says it: `auto`, `mnist`, `strokes` or a path.
///
/// A folder that bears one of the three names is written `./mnist`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum DataSource {
    /// MNIST if it is there or can be fetched, otherwise the strokes; which of them is told.
    #[default]
    Auto,
    /// MNIST and nothing else.
    Mnist,
    /// The digits that this program draws.
    Strokes,
    /// A folder of IDX files, or of one folder of PNG files a class.
    Path(PathBuf),
}

impl FromStr for DataSource {
    type Err = DataError;

    fn from_str(text: &str) -> Result<Self, DataError> {
        Ok(match text {
            "" => return Err(DataError::EmptySource),
            "auto" => Self::Auto,
            "mnist" => Self::Mnist,
            "strokes" => Self::Strokes,
            path => Self::Path(path.into()),
        })
    }
}

impl fmt::Display for DataSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Mnist => f.write_str("mnist"),
            Self::Strokes => f.write_str("strokes"),
            // Whatever is written must read back as the path that it is.
            Self::Path(path) => match path.to_string_lossy().as_ref() {
                name @ ("auto" | "mnist" | "strokes") => write!(f, "./{name}"),
                path => f.write_str(path),
            },
        }
    }
}

impl TryFrom<String> for DataSource {
    type Error = DataError;

    fn try_from(text: String) -> Result<Self, DataError> {
        text.parse()
    }
}

impl From<DataSource> for String {
    fn from(source: DataSource) -> Self {
        source.to_string()
    }
}

/// What a person may want to know while a data set is being loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DataEvent<'a> {
    /// A download goes on; the first event of each attempt has received nothing.
    Download {
        /// Name of the file.
        file: &'a str,
        /// Where it comes from.
        url: &'a str,
        /// Bytes so far.
        received: u64,
        /// Bytes in all, if the server said so.
        total: Option<u64>,
    },
    /// A mirror failed; the next one, or the same one again, is asked if there is hope.
    MirrorFailed {
        /// Name of the file.
        file: &'a str,
        /// Where it should have come from.
        url: &'a str,
        /// What went wrong.
        reason: &'a str,
    },
    /// The strokes are being drawn.
    Drawing {
        /// Images so far.
        done: usize,
        /// Images in all.
        total: usize,
    },
    /// `auto` could not have MNIST and goes on with the strokes.
    FellBackToStrokes {
        /// Why MNIST could not be had.
        reason: &'a str,
    },
    /// Images of another size were scaled and centred.
    Resized {
        /// The file or folder that holds them.
        path: &'a Path,
        /// How many.
        images: usize,
    },
    /// Images were stored with rows and columns swapped, as EMNIST's are, and were put upright.
    Transposed {
        /// The file that holds them.
        path: &'a Path,
        /// How many.
        images: usize,
    },
    /// Images with dark ink on a light ground were turned into light ink on a dark one.
    Inverted {
        /// The folder that holds them.
        path: &'a Path,
        /// How many.
        images: usize,
    },
    /// The data set came without test images, so some of its images were set aside as such.
    SetAside {
        /// The folder that holds them.
        path: &'a Path,
        /// Images left to train on.
        train: usize,
        /// Images to test on.
        test: usize,
    },
}

/// Whoever is told of [`DataEvent`]s; may be called from several threads.
pub type OnEvent<'a> = &'a (dyn Fn(DataEvent<'_>) + Sync);

/// A data set, and whether it is the one that was meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loaded {
    /// The data set.
    pub dataset: Dataset,
    /// Why it is the strokes although `auto` prefers MNIST; belongs in the record of a run.
    pub fallback: Option<String>,
}

/// The folder where downloaded data is kept if nobody names one: in the user's cache folder.
///
/// # Errors
/// [`DataError::NoCacheFolder`] if the user has none.
pub fn default_data_dir() -> Result<PathBuf, DataError> {
    let folders = etcetera::base_strategy::choose_native_strategy().map_err(|_| DataError::NoCacheFolder)?;
    Ok(folders.cache_dir().join("digitgan"))
}

/// Loads the data set that `source` names, keeping what it downloads in `data_dir`.
///
/// Only [`DataSource::Auto`] ever substitutes one data set for another, and only if MNIST is not
/// there and cannot be fetched: a file that claims to be MNIST and is not is an error even then.
///
/// # Errors
/// If the data set cannot be had or is not what it should be; see [`DataError`].
pub fn load(source: &DataSource, data_dir: &Path, on_event: OnEvent) -> Result<Loaded, DataError> {
    let mirrors = match source {
        DataSource::Auto => Mirrors::brief(),
        _ => Mirrors::patient(),
    };
    load_from(source, data_dir, &mirrors, on_event)
}

/// [`load`], with mirrors of the caller's choice.
///
/// # Errors
/// As [`load`].
pub fn load_from(
    source: &DataSource,
    data_dir: &Path,
    mirrors: &Mirrors,
    on_event: OnEvent,
) -> Result<Loaded, DataError> {
    let dataset = match source {
        DataSource::Auto => return mnist_or_strokes(data_dir, mirrors, on_event),
        DataSource::Mnist => mnist::load(data_dir, mirrors, on_event)?,
        DataSource::Strokes => draw_strokes(on_event),
        DataSource::Path(path) => folder::load(path, on_event)?,
    };
    Ok(Loaded { dataset, fallback: None })
}

fn mnist_or_strokes(data_dir: &Path, mirrors: &Mirrors, on_event: OnEvent) -> Result<Loaded, DataError> {
    match mnist::load(data_dir, mirrors, on_event) {
        Ok(dataset) => Ok(Loaded { dataset, fallback: None }),
        Err(error) if error.is_out_of_reach() => {
            let reason = error.to_string();
            on_event(DataEvent::FellBackToStrokes { reason: &reason });
            Ok(Loaded { dataset: draw_strokes(on_event), fallback: Some(reason) })
        }
        Err(error) => Err(error),
    }
}

fn draw_strokes(on_event: OnEvent) -> Dataset {
    let total = strokes::TRAIN_IMAGES + strokes::TEST_IMAGES;
    strokes::generate(&|done| on_event(DataEvent::Drawing { done, total })).dataset
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn three_names_are_sources_and_everything_else_is_a_path() {
        for (text, expected) in [
            ("auto", DataSource::Auto),
            ("mnist", DataSource::Mnist),
            ("strokes", DataSource::Strokes),
            ("./mnist", DataSource::Path("./mnist".into())),
            ("MNIST", DataSource::Path("MNIST".into())),
        ] {
            assert_eq!(text.parse::<DataSource>().unwrap(), expected, "{text}");
        }
        assert!(matches!("".parse::<DataSource>(), Err(DataError::EmptySource)));
    }

    #[test]
    fn a_path_named_like_a_source_stays_a_path() {
        let written = DataSource::Path("mnist".into()).to_string();
        assert_eq!(written.parse::<DataSource>().unwrap(), DataSource::Path("./mnist".into()));
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(text in ".+") {
            let source: DataSource = text.parse().unwrap();
            prop_assert_eq!(source.to_string().parse::<DataSource>().unwrap(), source);
        }
    }
}
