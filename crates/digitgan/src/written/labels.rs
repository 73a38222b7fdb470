//! The files of a data set that tell of all of its lines: written line by line.

use super::WrittenError;
use super::boxes::{CHARACTERS, class, edges};
use super::kinds::{Boxes, Labels};
use crate::handwriting::Sheet;
use serde_json::json;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// A file that is being written.
struct Lines {
    path: PathBuf,
    out: BufWriter<File>,
}

impl Lines {
    fn begin(path: PathBuf) -> Result<Lines, WrittenError> {
        let file = File::create(&path).map_err(WrittenError::write(&path))?;
        Ok(Lines { path, out: BufWriter::new(file) })
    }

    fn add(&mut self, text: &str) -> Result<(), WrittenError> {
        self.out.write_all(text.as_bytes()).map_err(WrittenError::write(&self.path))
    }

    fn end(mut self) -> Result<PathBuf, WrittenError> {
        self.out.flush().map_err(WrittenError::write(&self.path))?;
        Ok(self.path)
    }
}

/// The files, as far as they were asked for.
pub(super) struct LabelFiles {
    paddle: Option<Lines>,
    easy: Option<Lines>,
    table: Option<Lines>,
    coco: Option<Coco>,
}

impl LabelFiles {
    pub(super) fn begin(folder: &Path, labels: &[Labels], boxes: &[Boxes]) -> Result<LabelFiles, WrittenError> {
        let begin = |wanted: bool, name: &str, head: &str| {
            let lines = wanted.then(|| Lines::begin(folder.join(name))).transpose()?;
            lines.map(|mut lines| lines.add(head).map(|()| lines)).transpose()
        };
        if boxes.contains(&Boxes::Yolo) {
            classes(folder)?;
        }
        Ok(LabelFiles {
            paddle: begin(labels.contains(&Labels::PaddleOcr), "gt.txt", "")?,
            easy: begin(labels.contains(&Labels::EasyOcr), "labels.csv", "filename,words\n")?,
            table: begin(boxes.contains(&Boxes::Csv), "boxes.csv", "filename,character,left,top,right,bottom\n")?,
            coco: boxes.contains(&Boxes::Coco).then(|| Coco::begin(folder)).transpose()?,
        })
    }

    /// Adds a line: the name of its picture within the folder, and what it says.
    pub(super) fn add(&mut self, name: &str, text: &str, sheet: &Sheet) -> Result<(), WrittenError> {
        if let Some(lines) = &mut self.paddle {
            lines.add(&format!("{name}\t{text}\n"))?;
        }
        if let Some(lines) = &mut self.easy {
            // EasyOCR splits at the first comma and takes the rest as it is, quotes included.
            lines.add(&format!("{name},{text}\n"))?;
        }
        if let Some(lines) = &mut self.table {
            for at in &sheet.boxes {
                let [left, top, right, bottom] = edges(at);
                let character = if at.character == ',' { "\",\"".to_owned() } else { at.character.to_string() };
                lines.add(&format!("{name},{character},{left},{top},{right},{bottom}\n"))?;
            }
        }
        self.coco.as_mut().map_or(Ok(()), |coco| coco.add(name, text, sheet))
    }

    pub(super) fn end(self) -> Result<(), WrittenError> {
        for lines in [self.paddle, self.easy, self.table].into_iter().flatten() {
            lines.end()?;
        }
        self.coco.map_or(Ok(()), Coco::end)
    }
}

/// The names of the classes, for YOLO.
fn classes(folder: &Path) -> Result<(), WrittenError> {
    let mut list = Lines::begin(folder.join("classes.txt"))?;
    let mut yaml = Lines::begin(folder.join("data.yaml"))?;
    yaml.add("train: images\nval: images\nnames:\n")?;
    for (class, character) in CHARACTERS.chars().enumerate() {
        list.add(&format!("{character}\n"))?;
        yaml.add(&format!("  {class}: '{character}'\n"))?;
    }
    list.end()?;
    yaml.end().map(drop)
}

/// A COCO file: a list of pictures, then one of boxes, which waits beside it.
struct Coco {
    pictures: Lines,
    boxes: Lines,
    count: u64,
    box_count: u64,
}

impl Coco {
    fn begin(folder: &Path) -> Result<Coco, WrittenError> {
        let mut pictures = Lines::begin(folder.join("annotations.json"))?;
        let boxes = Lines::begin(folder.join(".annotations"))?;
        pictures.add("{\"info\":{\"description\":\"handwritten lines by digitgan\"},\n\"images\":[")?;
        Ok(Coco { pictures, boxes, count: 0, box_count: 0 })
    }

    fn add(&mut self, name: &str, text: &str, sheet: &Sheet) -> Result<(), WrittenError> {
        let comma = |count: u64| if count > 0 { ",\n" } else { "\n" };
        let picture = json!({
            "id": self.count + 1, "file_name": name, "width": sheet.width, "height": sheet.height, "text": text,
        });
        self.pictures.add(&format!("{}{picture}", comma(self.count)))?;
        self.count += 1;
        for at in &sheet.boxes {
            let (width, height) = (at.right - at.left, at.bottom - at.top);
            let found = json!({
                "id": self.box_count + 1, "image_id": self.count, "category_id": class(at.character) + 1,
                "bbox": [at.left, at.top, width, height], "area": u64::from(width) * u64::from(height), "iscrowd": 0,
            });
            self.boxes.add(&format!("{}{found}", comma(self.box_count)))?;
            self.box_count += 1;
        }
        Ok(())
    }

    fn end(self) -> Result<(), WrittenError> {
        let Coco { mut pictures, boxes, .. } = self;
        let boxes = boxes.end()?;
        pictures.add("\n],\n\"annotations\":[")?;
        let copied = File::open(&boxes).and_then(|mut from| io::copy(&mut from, &mut pictures.out));
        copied.map_err(WrittenError::write(&pictures.path))?;
        let categories: Vec<_> = (CHARACTERS.chars().enumerate())
            .map(|(class, character)| json!({ "id": class + 1, "name": character, "supercategory": "character" }))
            .collect();
        pictures.add(&format!("\n],\n\"categories\":{}}}\n", json!(categories)))?;
        pictures.end()?;
        std::fs::remove_file(&boxes).map_err(WrittenError::write(&boxes))
    }
}
