//! Written lines as files: one picture ([`picture`]), or a data set of many with labels for programs that read digits
//! ([`write_set`]).
//!
//! | in a data set's folder | what it is | who reads it |
//! | --- | --- | --- |
//! | `images/000000.png`, … | the lines | |
//! | `gt.txt` | `images/000000.png`, a tab, the text | PaddleOCR |
//! | `labels.csv` | `filename,words`, then `images/000000.png,` and the text as it is | EasyOCR |
//! | `images/000000.gt.txt`, … | the text | Tesseract's training |
//! | `annotations.json` | boxes of characters | COCO |
//! | `labels/000000.txt`, …, `classes.txt`, `data.yaml` | boxes of characters | YOLO |
//! | `annotations/000000.xml`, … | boxes of characters | Pascal VOC |
//! | `boxes.csv` | boxes of characters | anybody |
//!
//! What is written comes to light whole or not at all, as converted data sets do.

mod boxes;
mod encode;
mod error;
mod kinds;
mod labels;
mod set;
#[cfg(test)]
mod tests;

pub use encode::{PictureFormat, picture};
pub use error::WrittenError;
pub use kinds::{Boxes, Labels};
pub use set::{Texts, WrittenSet, check, write_set};
