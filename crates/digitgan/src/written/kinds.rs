//! What is written about lines, beside their pictures.

/// Files that say what each line says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Labels {
    /// `gt.txt`.
    PaddleOcr,
    /// `labels.csv`.
    EasyOcr,
    /// A `.gt.txt` beside each picture.
    Tesseract,
}

/// Files that say where each character is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Boxes {
    /// `annotations.json`.
    Coco,
    /// A text beside each picture's, in `labels`, and `classes.txt`.
    Yolo,
    /// An XML file for each picture, in `annotations`.
    Voc,
    /// `boxes.csv`.
    Csv,
}
