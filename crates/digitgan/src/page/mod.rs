//! The HTML page: everything about some runs in one file that needs nothing else.
//!
//! A [`Page`] is data, read from run directories ([`RunOnPage::read`]); [`Page::html`] makes the page of it. Pictures
//! are part of the page as data URIs, and [`Page::write`] puts them beside it as files too. There are no scripts, and
//! nothing is fetched. Sections follow the paper by Peng & Yang (2020), figure by figure; [`claims`]
//! compares what the paper claims with the numbers.
//!
//! Names of runs and classes, paths and records come from outside: all text goes through `maud`'s templates, which
//! escape it.

pub mod claims;
mod content;
mod error;
mod html;
mod picture;
mod real;
mod run;
mod tables;

pub use content::{Page, RealDigits};
pub use error::PageError;
pub use picture::{Picture, PictureFileError};
pub use run::{RunOnPage, Stage};

use crate::files::{capped, check_folder, output};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// What tells a page of ours from a file that is not to be replaced.
const MARK: &str = "<meta name=\"generator\" content=\"digitgan";
/// Where that stands at the latest.
const MARK_BYTES: u64 = 1024;

/// The files of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The page.
    pub page: PathBuf,
    /// Its pictures, which the page holds too.
    pub pictures: Vec<PathBuf>,
}

impl Page {
    /// The page: one HTML document that needs no other file.
    pub fn html(&self) -> String {
        html::document(self).into_string()
    }

    /// Writes `index.html` into `folder`, which is made if it is not there, and the pictures into `folder/pictures`. Links
    /// there are followed.
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
            output::put(&path, picture.png()).map_err(|error| write_error(&path, error))?;
            pictures.push(path);
        }
        let page = page_in(folder);
        output::put(&page, self.html().as_bytes()).map_err(|error| write_error(&page, error))?;
        Ok(Written { page, pictures })
    }
}

/// The page in `folder`.
pub fn page_in(folder: &Path) -> PathBuf {
    folder.join("index.html")
}

/// Checks that a page can be written into `folder`, which need not be there yet, and that no other file would be replaced
/// there: to be asked before the work that a page needs. Leaves no trace.
///
/// # Errors
/// When it is no folder, cannot be written, or holds an `index.html` of something else.
pub fn check_free(folder: &Path) -> Result<(), PageError> {
    for place in [folder.to_owned(), folder.join("pictures")] {
        check_folder(&place).map_err(|source| write_error(&place, source))?;
    }
    let path = page_in(folder);
    let mut start = Vec::new();
    match capped::open(&path).and_then(|file| file.take(MARK_BYTES).read_to_end(&mut start)) {
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
