//! Many digits in one grey picture.

use super::{MAX_PICTURE_PIXELS, PictureError, png_file};
use crate::{IMAGE_PIXELS, IMAGE_SIDE};
use std::path::Path;

/// Grey of the gaps between images: apart from black background and from white ink.
const GAP_GREY: u8 = 72;

/// How to lay out 28×28 images in a picture.
///
/// ```
/// use digitgan::prelude::*;
///
/// let digits = strokes::some(20, 0)?.train.images;
/// let picture = Grid::new(10).draw(&digits)?;
/// let png = picture.png(&[("Software", "digitgan")])?;
/// assert!(png.starts_with(b"\x89PNG"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grid {
    /// Images a row, at least 1. A single shorter row makes a narrower picture.
    pub columns: usize,
    /// Pixels between two images and around all of them, after scaling.
    pub gap: usize,
    /// Picture pixels per side of an image pixel, at least 1: 28 pixels are small for human eyes.
    pub scale: usize,
}

impl Grid {
    /// A grid of `columns` images a row at double size, two pixels apart.
    pub fn new(columns: usize) -> Self {
        Self { columns, gap: 2, scale: 2 }
    }

    /// Draws `images`, row by row. Cells without an image have the grey of the gaps.
    ///
    /// # Shapes
    ///
    /// `images`: `[count, 28, 28]` bytes; the picture has ceil(count / columns) rows.
    ///
    /// # Errors
    ///
    /// No or partial images, no columns or scale, or a picture of more than 2^28 pixels.
    pub fn draw(&self, images: &[u8]) -> Result<GreyPicture, PictureError> {
        let Self { columns, gap, scale } = *self;
        let count = images.len() / IMAGE_PIXELS;
        if images.is_empty() {
            return Err(PictureError::NoImages);
        }
        if !images.len().is_multiple_of(IMAGE_PIXELS) {
            return Err(PictureError::PartialImage { bytes: images.len() });
        }
        if columns == 0 || scale == 0 {
            return Err(PictureError::EmptyLayout { columns, scale });
        }
        let columns = columns.min(count);
        let pitch = IMAGE_SIDE.saturating_mul(scale).saturating_add(gap);
        let side = |cells: usize| pitch.saturating_mul(cells).saturating_add(gap);
        let mut picture = GreyPicture::filled(side(columns), side(count.div_ceil(columns)), GAP_GREY)?;
        for (cell, image) in images.chunks_exact(IMAGE_PIXELS).enumerate() {
            let (column, row) = (cell % columns, cell / columns);
            picture.blit(image, gap + column * pitch, gap + row * pitch, scale);
        }
        Ok(picture)
    }
}

/// A grey picture of 8 bits per pixel: 0 is black, 255 is white.
///
/// ```
/// use digitgan::prelude::*;
///
/// # let folder = std::env::temp_dir().join(format!("digitgan-picture-{}", std::process::id()));
///
/// let picture: GreyPicture = Grid { columns: 2, gap: 1, scale: 1 }.draw(&strokes::some(2, 0)?.train.images)?;
/// assert_eq!((picture.width(), picture.height()), (2 * 28 + 3, 28 + 2));
/// # std::fs::create_dir_all(&folder)?;
/// let path = folder.join("digits.png");
/// picture.write_png(&path, &[])?;
/// assert_eq!(GreyPicture::read_png(&path)?, picture);
/// # std::fs::remove_dir_all(&folder)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GreyPicture {
    width: usize,
    height: usize,
    pixels: Vec<u8>,
}

impl GreyPicture {
    /// A picture of one grey.
    pub(super) fn filled(width: usize, height: usize, grey: u8) -> Result<Self, PictureError> {
        match width.checked_mul(height) {
            Some(pixels) if pixels <= MAX_PICTURE_PIXELS => Ok(Self { width, height, pixels: vec![grey; pixels] }),
            _ => Err(PictureError::TooLarge { width, height }),
        }
    }

    /// A picture of these pixels, whole rows of `width`.
    pub(super) fn of_pixels(width: usize, pixels: Vec<u8>) -> Self {
        debug_assert!(pixels.len().is_multiple_of(width.max(1)), "whole rows");
        Self { width, height: pixels.len() / width.max(1), pixels }
    }

    /// Width in pixels.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Height in pixels.
    pub fn height(&self) -> usize {
        self.height
    }

    /// The pixels, `[height, width]`.
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    /// The picture as a PNG file of 8-bit greys in memory, with `text` as its metadata.
    ///
    /// # Errors
    ///
    /// A key of `text` that PNG cannot hold: keys are 1 to 79 printable Latin-1 characters.
    pub fn png(&self, text: &[(&str, &str)]) -> Result<Vec<u8>, PictureError> {
        let size = (self.width, self.height);
        png_file::encode(size, png::ColorType::Grayscale, &self.pixels, text)
    }

    /// Writes [`GreyPicture::png`] to `path`, whole or not at all.
    ///
    /// # Errors
    ///
    /// Those of [`GreyPicture::png`], and those of writing the file.
    pub fn write_png(&self, path: &Path, text: &[(&str, &str)]) -> Result<(), PictureError> {
        png_file::write(path, &self.png(text)?)
    }

    /// Reads a grey PNG file of 8 bits per pixel, such as [`GreyPicture::write_png`] makes.
    ///
    /// # Errors
    ///
    /// A file that cannot be read, is something else, or has too many pixels.
    pub fn read_png(path: &Path) -> Result<Self, PictureError> {
        let ((width, height), pixels) = png_file::read_grey(path)?;
        Ok(Self { width, height, pixels })
    }

    /// Copies an image of 28×28 pixels to (`left`, `top`), each pixel a square of side `scale`.
    fn blit(&mut self, image: &[u8], left: usize, top: usize, scale: usize) {
        for y in 0..IMAGE_SIDE * scale {
            let source = &image[y / scale * IMAGE_SIDE..][..IMAGE_SIDE];
            let start = (top + y) * self.width + left;
            let target = &mut self.pixels[start..][..IMAGE_SIDE * scale];
            for (square, &grey) in target.chunks_exact_mut(scale).zip(source) {
                square.fill(grey);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_image_pixel_is_where_it_belongs(
            count in 1usize..8, columns in 1usize..6, gap in 0usize..4, scale in 1usize..4,
            seed in any::<u8>(),
        ) {
            let images: Vec<u8> = (0..count * IMAGE_PIXELS)
                .map(|i| (i.wrapping_mul(37) as u8).wrapping_add(seed))
                .collect();
            let picture = Grid { columns, gap, scale }.draw(&images).unwrap();
            let columns = columns.min(count);
            let pitch = 28 * scale + gap;
            prop_assert_eq!(picture.width(), columns * pitch + gap);
            prop_assert_eq!(picture.height(), count.div_ceil(columns) * pitch + gap);
            for y in 0..picture.height() {
                for x in 0..picture.width() {
                    // Independently of `blit`: which image pixel, if any, is at (x, y)?
                    let inside = |at: usize| (at >= gap && (at - gap) % pitch < 28 * scale)
                        .then(|| ((at - gap) / pitch, (at - gap) % pitch / scale));
                    let expected = inside(x).zip(inside(y)).and_then(|((cx, px), (cy, py))| {
                        let image = cy * columns + cx;
                        images.get(image * IMAGE_PIXELS + py * 28 + px).copied()
                    });
                    let found = picture.pixels()[y * picture.width() + x];
                    prop_assert_eq!(found, expected.unwrap_or(GAP_GREY), "at {},{}", x, y);
                }
            }
        }
    }

    #[test]
    fn impossible_grids_are_errors_that_say_why() {
        let one = vec![0u8; IMAGE_PIXELS];
        let error = |grid: Grid, images: &[u8]| grid.draw(images).unwrap_err().to_string();
        assert!(error(Grid::new(10), &[]).contains("no image"));
        assert!(error(Grid::new(10), &one[1..]).contains("783 bytes"));
        assert!(error(Grid::new(0), &one).contains("0 columns"));
        assert!(error(Grid { scale: 0, ..Grid::new(1) }, &one).contains("scale 0"));
        for huge in [1 << 16, usize::MAX / 2, usize::MAX] {
            assert!(error(Grid { scale: huge, ..Grid::new(1) }, &one).contains("too large"));
            assert!(error(Grid { gap: huge, ..Grid::new(1) }, &one).contains("too large"));
        }
    }
}
