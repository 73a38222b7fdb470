//! Some real digits for a page.

use super::content::RealDigits;
use super::error::PageError;
use super::picture::Picture;
use crate::data::{Dataset, RealGrid};
use crate::picture::Grid;

/// Rows of the grid of real digits.
const ROWS: usize = 10;

impl RealDigits {
    /// A grid of a data set's training images, the `number`th of a page, counted from 0.
    ///
    /// # Errors
    /// A data set without training images.
    pub fn of(dataset: &Dataset, number: usize) -> Result<Self, PageError> {
        let RealGrid { columns, images, .. } = RealGrid::new(dataset, ROWS, &[], 1)?;
        let png = Grid::new(columns).draw(&images)?.png(&[("Software", "digitgan")])?;
        let name = if number == 0 { "real-digits.png".to_owned() } else { format!("real-digits-{}.png", number + 1) };
        let picture = Picture::new(name, png).expect("what was just drawn is a picture");
        Ok(RealDigits { dataset: dataset.name.clone(), picture })
    }
}
