//! What a page shows, as data.

use super::error::PageError;
use super::picture::Picture;
use super::run::{self, RunOnPage};
use crate::engine::Device;
use crate::run::RunDirectory;

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

    /// All pictures of the page.
    pub fn pictures(&self) -> impl Iterator<Item = &Picture> {
        let real = self.real.iter().map(|real| &real.picture);
        real.chain(self.runs.iter().flat_map(RunOnPage::pictures))
    }
}
