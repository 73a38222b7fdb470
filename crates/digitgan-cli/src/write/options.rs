//! Values of the options of `digitgan write`.

use crate::destination::Destination;
use digitgan::files::output::FileKind;
use digitgan::handwriting::{Colour, HandwritingError, Jitter};
use digitgan::written::{Boxes, Labels, PictureFormat};
use std::fmt;
use std::str::FromStr;

/// By one person or by many.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(super) enum StyleName {
    Consistent,
    Mixed,
}

/// The pictures of a data set.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(super) enum Format {
    Png,
    Jpg,
    Svg,
}

impl From<Format> for PictureFormat {
    fn from(format: Format) -> Self {
        match format {
            Format::Png => PictureFormat::Png,
            Format::Jpg => PictureFormat::Jpeg,
            Format::Svg => PictureFormat::Svg,
        }
    }
}

/// A list of names for values of the library.
macro_rules! names {
    ($(#[$doc:meta])* $name:ident of $of:ident: $($variant:ident = $text:literal),+) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, clap::ValueEnum)]
        pub(super) enum $name {
            $(#[value(name = $text)] $variant),+
        }

        impl From<$name> for $of {
            fn from(name: $name) -> $of {
                match name { $($name::$variant => $of::$variant),+ }
            }
        }

        impl From<$of> for $name {
            fn from(value: $of) -> $name {
                match value { $($of::$variant => $name::$variant),+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self { $($name::$variant => $text),+ })
            }
        }
    };
}

names!(
    /// Whose labels are written.
    LabelFormat of Labels: PaddleOcr = "paddleocr", EasyOcr = "easyocr", Tesseract = "tesseract"
);
names!(
    /// In which formats boxes are written.
    BoxFormat of Boxes: Coco = "coco", Yolo = "yolo", Voc = "voc", Csv = "csv"
);

/// The paper's colour, or none.
#[derive(Clone, Copy, Debug)]
pub(super) struct Paper(pub(super) Option<Colour>);

impl FromStr for Paper {
    type Err = HandwritingError;

    fn from_str(text: &str) -> Result<Self, HandwritingError> {
        Ok(Paper(if text == "transparent" { None } else { Some(text.parse()?) }))
    }
}

/// Reads the value of `--jitter`: a number for all four, or some by name.
pub(super) fn jitter(text: &str) -> Result<Jitter, String> {
    let number = |text: &str| text.parse::<f32>().ok().filter(|number| (0.0..=Jitter::MOST).contains(number));
    if let Some(all) = number(text) {
        return Ok(Jitter::all(all));
    }
    let mut jitter = Jitter::all(1.0);
    for part in text.split(',') {
        let unknown = || {
            format!(
                "{part:?} is neither a number from 0 to {} nor one of spacing, height, baseline, slant with such a number, as in slant:2",
                Jitter::MOST
            )
        };
        let (name, times) = part.split_once(':').ok_or_else(unknown)?;
        let field = match name {
            "spacing" => &mut jitter.spacing,
            "height" => &mut jitter.height,
            "baseline" => &mut jitter.baseline,
            "slant" => &mut jitter.slant,
            _ => return Err(unknown()),
        };
        *field = number(times).ok_or_else(unknown)?;
    }
    Ok(jitter)
}

/// The format that the name of a picture's file says; PNG on standard output.
pub(super) fn format_of(out: &Destination) -> (PictureFormat, FileKind) {
    let extension = match out {
        Destination::File(path) => path.extension().map(|extension| extension.to_string_lossy().to_lowercase()),
        Destination::StandardOutput => None,
    };
    match extension.as_deref() {
        Some("svg") => (PictureFormat::Svg, FileKind::Svg),
        Some("jpg") => (PictureFormat::Jpeg, FileKind::Jpeg),
        _ => (PictureFormat::Png, FileKind::Png),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test")]
mod tests {
    use super::*;

    #[test]
    fn jitter_is_one_number_or_some_by_name() {
        let usual = Jitter::all(1.0);
        for (text, expected) in [
            ("0", Some(Jitter::all(0.0))),
            ("2.5", Some(Jitter::all(2.5))),
            ("slant:2", Some(Jitter { slant: 2.0, ..usual })),
            ("baseline:0,spacing:3", Some(Jitter { baseline: 0.0, spacing: 3.0, ..usual })),
            ("5", None),
            ("-1", None),
            ("NaN", None),
            ("slant", None),
            ("tilt:2", None),
            ("slant:9", None),
            ("", None),
        ] {
            assert_eq!(jitter(text).ok(), expected, "{text}");
        }
    }
}
