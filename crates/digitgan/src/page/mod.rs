//! The report page: everything about some runs on one HTML page that needs nothing else.
//!
//! A [`Page`] is data, read from run directories ([`RunOnPage::read`]); [`Page::html`] makes the page of it. Pictures
//! are part of the page as data URIs, and [`Page::write`] puts them beside it as files too. There are no scripts, and
//! nothing is fetched. Sections follow the report by Peng & Yang (2020), figure by figure; [`claims`] holds what that
//! report says against the numbers.
//!
//! Names of runs and classes, paths and records come from outside: all text goes through `maud`'s templates, which
//! escape it.

pub mod claims;
mod html;
mod picture;
mod run;
mod tables;

pub use picture::{Picture, PictureFileError};
pub use run::{RunOnPage, Stage};

use crate::engine::{Device, EngineError};
use crate::error::ErrorKind;
use crate::files::atomic;
use crate::run::RunDirectory;
use crate::run::evaluation_files::EvaluationFileError;
use crate::run::manifest::ManifestError;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// What tells a page of ours from a file that is not to be replaced.
const MARK: &str = "<meta name=\"generator\" content=\"digitgan";
/// Where that stands at the latest.
const MARK_BYTES: u64 = 1024;

/// Real digits of one data set.
#[derive(Clone, Debug)]
pub struct RealDigits {
    /// The data set's name.
    pub dataset: String,
    /// Some of its digits.
    pub picture: Picture,
}

/// A report page.
///
/// ```
/// use digitgan::prelude::*;
///
/// // `Page::read` fills it with runs that were evaluated.
/// let page = Page { title: "Digits".to_owned(), real: Vec::new(), runs: Vec::new() };
/// assert!(page.html().contains("<title>Digits</title>"));
/// ```
#[derive(Clone, Debug)]
pub struct Page {
    /// What stands above it.
    pub title: String,
    /// Real digits, of each data set once.
    pub real: Vec<RealDigits>,
    /// The runs, in the order in which they are shown.
    pub runs: Vec<RunOnPage>,
}

/// The files of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The page.
    pub page: PathBuf,
    /// Its pictures, which the page holds too.
    pub pictures: Vec<PathBuf>,
}

/// Why there is no page.
///
/// ```
/// use digitgan::prelude::*;
///
/// let run = RunDirectory::new("no/such/run");
/// let error = Page::read(&Device::cpu(Some(1))?, "Digits", &[run], Vec::new()).unwrap_err();
/// assert!(matches!(error, PageError::Manifest(_)));
/// assert_eq!(error.kind(), ErrorKind::Missing);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PageError {
    /// Not a run, or none that can be read.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// Its evaluation cannot be read.
    #[error(transparent)]
    Evaluation(#[from] EvaluationFileError),
    /// It was not evaluated.
    #[error("{path} was not evaluated")]
    NoEvaluation {
        /// The run.
        path: PathBuf,
    },
    /// It was not trained far enough to have a generator.
    #[error("{path} has no generator yet: it comes with the first checkpoint")]
    NoGenerator {
        /// The run.
        path: PathBuf,
    },
    /// Its generator cannot be read.
    #[error(transparent)]
    Generator(#[from] crate::files::WeightsFileError),
    /// Its generator's tensors do not fit.
    #[error("{path} does not fit its model: {source}")]
    Engine {
        /// The generator's file.
        path: PathBuf,
        /// What does not fit.
        source: EngineError,
    },
    /// A picture of the run cannot be used.
    #[error(transparent)]
    PictureFile(#[from] PictureFileError),
    /// A picture cannot be drawn.
    #[error(transparent)]
    Picture(#[from] crate::picture::PictureError),
    /// Something that is no page of ours is in the page's place.
    #[error("{path} is there already and is no page of digitgan")]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// The page or a picture cannot be written.
    #[error("cannot write {path}: {source}")]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
}

impl PageError {
    /// What it is about.
    pub fn kind(&self) -> ErrorKind {
        match self {
            PageError::Manifest(error) => error.kind(),
            PageError::Evaluation(error) => error.kind(),
            PageError::NoEvaluation { .. } | PageError::NoGenerator { .. } => ErrorKind::Missing,
            PageError::Generator(error) => error.kind(),
            PageError::Engine { source, .. } => source.kind(),
            PageError::PictureFile(error) => error.kind(),
            PageError::Picture(error) => error.kind(),
            PageError::Foreign { .. } => ErrorKind::InUse,
            PageError::Write { .. } => ErrorKind::Files,
        }
    }
}

impl Page {
    /// Reads the runs of a page.
    ///
    /// # Errors
    /// A run that cannot be read, or was not evaluated.
    pub fn read(device: &Device, title: &str, runs: &[RunDirectory], real: Vec<RealDigits>) -> Result<Self, PageError> {
        let keys = run::keys(runs);
        let runs = runs.iter().zip(keys).map(|(run, key)| RunOnPage::read(device, run, &key));
        Ok(Page { title: title.to_owned(), real, runs: runs.collect::<Result<_, _>>()? })
    }

    /// The page: one HTML document that needs no other file.
    pub fn html(&self) -> String {
        html::document(self).into_string()
    }

    /// All pictures of the page.
    pub fn pictures(&self) -> impl Iterator<Item = &Picture> {
        let real = self.real.iter().map(|real| &real.picture);
        real.chain(self.runs.iter().flat_map(RunOnPage::pictures))
    }

    /// Writes `index.html` into `folder`, which is made if it is not there, and the pictures into `folder/pictures`.
    ///
    /// # Errors
    /// Those of [`check_free`] and of writing.
    pub fn write(&self, folder: &Path) -> Result<Written, PageError> {
        check_free(folder)?;
        let pictures_folder = folder.join("pictures");
        std::fs::create_dir_all(&pictures_folder).map_err(|source| write_error(&pictures_folder, source))?;
        let mut pictures = Vec::new();
        for picture in self.pictures() {
            let path = pictures_folder.join(picture.name());
            atomic::write(&path, |out| out.write_all(picture.png())).map_err(|error| write_error(&path, error))?;
            pictures.push(path);
        }
        let page = page_in(folder);
        atomic::write(&page, |out| out.write_all(self.html().as_bytes())).map_err(|error| write_error(&page, error))?;
        Ok(Written { page, pictures })
    }
}

/// The page in `folder`.
pub fn page_in(folder: &Path) -> PathBuf {
    folder.join("index.html")
}

/// Makes `folder`, if it is not there, and checks that no other file would be replaced by a page there: to be asked
/// before the work that a page needs.
///
/// # Errors
/// When it is no folder, or holds an `index.html` of something else.
pub fn check_free(folder: &Path) -> Result<(), PageError> {
    std::fs::create_dir_all(folder).map_err(|source| write_error(folder, source))?;
    let path = page_in(folder);
    let mut start = Vec::new();
    match std::fs::File::open(&path).and_then(|file| file.take(MARK_BYTES).read_to_end(&mut start)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(source) => Err(write_error(&path, source)),
        Ok(_) if String::from_utf8_lossy(&start).contains(MARK) => Ok(()),
        Ok(_) => Err(PageError::Foreign { path }),
    }
}

fn write_error(path: &Path, source: io::Error) -> PageError {
    PageError::Write { path: path.to_owned(), source }
}

#[cfg(test)]
mod tests;
