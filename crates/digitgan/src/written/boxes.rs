//! Boxes of characters in one picture, in the formats of others.

use crate::handwriting::{CharacterBox, Sheet};
use std::fmt::Write;

/// The characters that have boxes, in the order of their classes.
pub(super) const CHARACTERS: &str = "0123456789.,-/:+()";

/// The class of a character, from 0.
pub(super) fn class(character: char) -> usize {
    CHARACTERS.find(character).unwrap_or(0)
}

/// The lines of a YOLO file: class, middle and size as shares of the picture's.
pub(super) fn yolo(sheet: &Sheet) -> String {
    let (wide, high) = (sheet.width as f64, sheet.height as f64);
    let mut text = String::new();
    for at in &sheet.boxes {
        let [left, top, right, bottom] = edges(at).map(f64::from);
        let (x, y) = ((left + right) / 2.0 / wide, (top + bottom) / 2.0 / high);
        let (width, height) = ((right - left) / wide, (bottom - top) / high);
        let _ = writeln!(text, "{} {x:.6} {y:.6} {width:.6} {height:.6}", class(at.character));
    }
    text
}

/// A Pascal VOC file. Its pixels are counted from 1, and the last is the box's own.
pub(super) fn voc(sheet: &Sheet, name: &str) -> String {
    let depth = if sheet.channels == 1 { 1 } else { 3 };
    let mut text = format!(
        "<annotation>\n  <folder>images</folder>\n  <filename>{name}</filename>\n  <size><width>{}</width>\
         <height>{}</height><depth>{depth}</depth></size>\n  <segmented>0</segmented>\n",
        sheet.width, sheet.height
    );
    for at in &sheet.boxes {
        let [left, top, right, bottom] = edges(at);
        let (left, top) = (left + 1, top + 1);
        let _ = writeln!(
            text,
            "  <object><name>{}</name><pose>Unspecified</pose><truncated>0</truncated><difficult>0</difficult><bndbox>\
             <xmin>{left}</xmin><ymin>{top}</ymin><xmax>{right}</xmax><ymax>{bottom}</ymax></bndbox></object>",
            at.character
        );
    }
    text + "</annotation>\n"
}

/// Left, top, right, bottom.
pub(super) fn edges(at: &CharacterBox) -> [u32; 4] {
    [at.left, at.top, at.right, at.bottom]
}
