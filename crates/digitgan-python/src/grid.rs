//! Many digits in one picture.

use crate::arguments::{self, owned};
use crate::process::detached;
use digitgan::picture::{GreyPicture, Grid};
use pyo3::prelude::*;

/// Many digits in one picture, with gaps between them.
///
/// Args:
///     images: uint8 [n, 28, 28].
///     columns: images in a row.
///     scale: pixels of the picture per side of an image's pixel.
///
/// Returns:
///     An array uint8 [height, width]: grey.
///
/// Raises:
///     InputError: a picture that is too large, no columns or no images.
///
/// >>> import digitgan
/// >>> digits = digitgan.load("acgan").sample("2026")
/// >>> digitgan.grid(digits, columns=4).shape
/// (60, 234)
#[pyfunction]
#[pyo3(signature = (images, columns=None, scale=None), text_signature = "(images, columns=10, scale=2)")]
pub(crate) fn grid<'py>(
    py: Python<'py>,
    images: &Bound<'py, PyAny>,
    columns: Option<&Bound<'py, PyAny>>,
    scale: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let images = arguments::images("images", images)?;
    let columns = arguments::count("columns", columns, 10)?;
    let scale = arguments::count("scale", scale, 2)?;
    let picture: GreyPicture = detached(py, "images", || Grid { scale, ..Grid::new(columns) }.draw(&images))?;
    let shape = [picture.height(), picture.width()];
    owned(py, picture.pixels().to_vec(), shape)
}
