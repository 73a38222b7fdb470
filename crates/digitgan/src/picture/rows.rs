//! Rows of digits, each below a line that says what it is.

use super::{GreyPicture, PictureError, text};

/// Pixels of height of the lines.
const LINE: usize = 22;

/// One picture of several, each below its line of text.
///
/// ```
/// use digitgan::picture::labelled_rows;
/// use digitgan::prelude::*;
///
/// let row = Grid::new(4).draw(&strokes::some(4, 0)?.train.images)?;
/// let sheet = labelled_rows(&[("four digits".to_owned(), row.clone())])?;
/// assert_eq!((sheet.width(), sheet.height()), (row.width(), row.height() + 22));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// No rows, or rows of different widths.
pub fn labelled_rows(rows: &[(String, GreyPicture)]) -> Result<GreyPicture, PictureError> {
    let (_, first) = rows.first().ok_or(PictureError::NoImages)?;
    let width = first.width();
    let mut pixels = Vec::new();
    for (index, (line, row)) in rows.iter().enumerate() {
        if row.width() != width {
            let (height, found_width, found_height) = (first.height(), row.width(), row.height());
            return Err(PictureError::FrameSize { index, width, height, found_width, found_height });
        }
        pixels.extend(text::strip(line, width as u32, LINE as u32)?);
        pixels.extend_from_slice(row.pixels());
    }
    Ok(GreyPicture::of_pixels(width, pixels))
}
