//! A confusion matrix as a picture: what was read (columns) where each class was asked for (rows).
//!
//! Right answers are blue, wrong ones pink. Wrong ones are rare, so their colour grows with the root of their share: one in a
//! hundred can still be seen.

use super::text::{Area, SUPERSAMPLING, colored, drawing_error, font, font_to_fit, px, write};
use super::{PictureError, png_file};
use crate::input::MAX_CLASSES;
use plotters::prelude::*;
use plotters::style::text_anchor::HPos;
use plotters::style::{Color, RGBColor};
use std::path::Path;

const CELL: u32 = 46;
const HEAD: u32 = 74;
const LEFT: u32 = 92;
const MARGIN: u32 = 20;
const TITLE_SIZE: u32 = 18;
const NAME_SIZE: u32 = 15;
const COUNT_SIZE: u32 = 12;

const RIGHT: RGBColor = RGBColor(31, 105, 190);
const WRONG: RGBColor = RGBColor(222, 60, 140);
const TEXT: RGBColor = RGBColor(48, 52, 60);
const QUIET_TEXT: RGBColor = RGBColor(110, 115, 125);
const LINE: RGBColor = RGBColor(228, 230, 235);

/// The picture of a confusion matrix.
#[derive(Clone, Copy, Debug)]
pub struct ConfusionPicture<'a> {
    /// What stands above it.
    pub title: &'a str,
    /// `[asked][read]`.
    pub counts: &'a [Vec<u64>],
    /// The classes' names.
    pub class_names: &'a [String],
}

impl ConfusionPicture<'_> {
    /// Writes the picture as a PNG file with `text` as its metadata, whole or not at all.
    ///
    /// # Errors
    /// No class or more than 100, a matrix that is not square, a class without a name, a key of `text` that PNG cannot hold, or those of writing.
    pub fn write_png(&self, path: &Path, text: &[(&str, &str)]) -> Result<(), PictureError> {
        self.check()?;
        let classes = self.counts.len() as u32;
        let (width, height) = (LEFT + classes * CELL + MARGIN, HEAD + classes * CELL + MARGIN);
        let pixels = colored(width, height, |area| self.draw(area, width))?;
        let png = png_file::encode((width as usize, height as usize), png::ColorType::Rgb, &pixels, text)?;
        png_file::write(path, &png)
    }

    fn check(&self) -> Result<(), PictureError> {
        let classes = self.counts.len();
        if classes == 0 {
            return Err(PictureError::NoImages);
        }
        if classes > MAX_CLASSES {
            let side = classes.saturating_mul(CELL as usize);
            return Err(PictureError::TooLarge { width: side, height: side });
        }
        let lengths = self.counts.iter().map(Vec::len).chain([self.class_names.len()]);
        match lengths.into_iter().find(|&found| found != classes) {
            Some(found) => Err(PictureError::NotSquare { found, classes }),
            None => Ok(()),
        }
    }

    fn draw(&self, area: &Area<'_>, width: u32) -> Result<(), PictureError> {
        let title = font_to_fit(self.title, TITLE_SIZE, width - 2 * MARGIN);
        write(area, self.title, (MARGIN, 20), title, &TEXT, HPos::Left)?;
        write(area, "asked ↓   read →", (MARGIN, 50), font(COUNT_SIZE), &QUIET_TEXT, HPos::Left)?;
        for (asked, row) in (0..).zip(self.counts) {
            let middle = |place: u32| place * CELL + CELL / 2;
            let name = &self.class_names[asked as usize];
            let fitted = || font_to_fit(name, NAME_SIZE, LEFT - MARGIN - 12);
            write(area, name, (LEFT - 10, HEAD + middle(asked)), fitted(), &TEXT, HPos::Right)?;
            let fitted = font_to_fit(name, NAME_SIZE, CELL - 4);
            write(area, name, (LEFT + middle(asked), HEAD - 14), fitted, &TEXT, HPos::Center)?;
            let all = row.iter().sum::<u64>().max(1) as f64;
            for (read, &count) in (0..).zip(row) {
                let share = count as f64 / all;
                let (color, strength) = if read == asked { (RIGHT, share) } else { (WRONG, share.sqrt()) };
                let corner = |x: u32, y: u32| (px(LEFT + x * CELL), px(HEAD + y * CELL));
                let cell = [corner(read, asked), corner(read + 1, asked + 1)];
                for style in [color.mix(strength).filled(), LINE.stroke_width(SUPERSAMPLING)] {
                    area.draw(&Rectangle::new(cell, style)).map_err(drawing_error)?;
                }
                if count > 0 {
                    let ink = if strength > 0.6 { &WHITE } else { &TEXT };
                    let at = (LEFT + middle(read), HEAD + middle(asked));
                    write(area, &percent(share), at, font(COUNT_SIZE), ink, HPos::Center)?;
                }
            }
        }
        Ok(())
    }
}

/// A share in percent, with as many digits as fit into a cell.
fn percent(share: f64) -> String {
    match 100.0 * share {
        percent if percent >= 99.95 => "100".to_owned(),
        percent if percent >= 10.0 => format!("{percent:.1}"),
        percent => format!("{percent:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn right_is_blue_wrong_is_pink_and_none_is_white() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("c.png");
        let names = ["a", "b"].map(str::to_owned);
        ConfusionPicture { title: "t", counts: &[vec![50, 50], vec![0, 7]], class_names: &names }
            .write_png(&path, &[("Software", "digitgan")])
            .unwrap();
        let picture = image::open(&path).unwrap().to_rgb8();
        assert_eq!(picture.dimensions(), (LEFT + 2 * CELL + MARGIN, HEAD + 2 * CELL + MARGIN));
        // A corner of each cell, where no text is.
        let cell = |asked: u32, read: u32| picture.get_pixel(LEFT + read * CELL + 4, HEAD + asked * CELL + 4).0;
        assert_eq!(cell(1, 0), [255; 3]);
        assert_eq!(cell(1, 1), [31, 105, 190]);
        let [red, _, blue] = cell(0, 0);
        assert!(blue > red, "half right is a lighter blue: {:?}", cell(0, 0));
        let [red, green, _] = cell(0, 1);
        assert!(red > green + 50, "half wrong is pink: {:?}", cell(0, 1));
    }

    #[test]
    fn shares_fit_their_cells() {
        assert_eq!([1.0, 0.9996, 0.987, 0.0123, 0.0001].map(percent), ["100", "100", "98.7", "1.23", "0.01"]);
    }
}
