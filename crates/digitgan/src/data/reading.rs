//! How stored values become images: which of them is ink, which way up they are, which value is white.
//!
//! A person gives a [`Reading`], mostly of nothing but [`OrAuto::Auto`]; loading decides the rest for the whole data set at
//! once, and says what it decided: [`ReadAs`].

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// What the ink is on.
///
/// ```
/// use digitgan::data::Ground;
///
/// assert_eq!("light".parse::<Ground>()?, Ground::Light);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Ground {
    /// Light ink on a dark ground, as in MNIST.
    Dark,
    /// Dark ink on a light ground, as on paper: images are inverted.
    Light,
}

/// Which way round images are stored.
///
/// ```
/// use digitgan::data::Orientation;
///
/// assert_eq!("transposed".parse::<Orientation>()?, Orientation::Transposed);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Orientation {
    /// Row by row.
    Upright,
    /// Column by column, as in EMNIST: rows and columns are swapped.
    Transposed,
}

/// Which stored value is black and which is white. Values between are spread evenly over 0 to 255; others become the
/// nearer of the two.
///
/// ```
/// use digitgan::data::PixelRange;
///
/// assert_eq!("0..16".parse::<PixelRange>()?, PixelRange { black: 0.0, white: 16.0 });
/// assert!("16..16".parse::<PixelRange>().is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PixelRange {
    /// The value that becomes 0.
    pub black: f32,
    /// The value that becomes 255; greater than `black`.
    pub white: f32,
}

impl PixelRange {
    /// Bytes as they are.
    pub const BYTES: PixelRange = PixelRange { black: 0.0, white: 255.0 };
}

/// Where the class of an image is written.
///
/// ```
/// use digitgan::data::LabelPlace;
///
/// assert_eq!("file-name".parse::<LabelPlace>()?, LabelPlace::FileName);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LabelPlace {
    /// In what stands in the file's name before the first `_`, `-`, `.` or space: `7_001.png`.
    FileName,
}

/// A value, or `auto`: that it is to be found out.
///
/// ```
/// use digitgan::data::{Ground, OrAuto};
///
/// assert_eq!("auto".parse::<OrAuto<Ground>>()?, OrAuto::Auto);
/// assert_eq!("dark".parse::<OrAuto<Ground>>()?, OrAuto::Given(Ground::Dark));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String", bound = "T: FromStr<Err = NoReading> + fmt::Display + Clone")]
pub enum OrAuto<T> {
    /// It is to be found out.
    #[default]
    Auto,
    /// It is this.
    Given(T),
}

impl<T> OrAuto<T> {
    /// The value, if one was given.
    pub fn given(self) -> Option<T> {
        match self {
            OrAuto::Auto => None,
            OrAuto::Given(value) => Some(value),
        }
    }
}

/// How a person wants stored values to be read.
///
/// ```
/// use digitgan::data::{Ground, OrAuto};
/// use digitgan::prelude::*;
///
/// let scans = Reading { ground: OrAuto::Given(Ground::Light), ..Reading::default() };
/// assert_ne!(scans, Reading::default());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Reading {
    /// What the ink is on.
    pub ground: OrAuto<Ground>,
    /// Which way round images are stored.
    pub orientation: OrAuto<Orientation>,
    /// Which values are black and white.
    pub range: OrAuto<PixelRange>,
    /// Where the class of an image is written.
    pub labels: OrAuto<LabelPlace>,
}

impl Reading {
    /// Of images that are as this library wants them: bytes, light ink on black, row by row.
    pub fn plain() -> Reading {
        let ReadAs { ground, orientation, range } = ReadAs::PLAIN;
        Reading {
            ground: OrAuto::Given(ground),
            orientation: OrAuto::Given(orientation),
            range: OrAuto::Given(range),
            labels: OrAuto::Auto,
        }
    }
}

/// How stored values were read: what was given, and what was decided where nothing was.
///
/// ```
/// use digitgan::data::ReadAs;
///
/// assert_eq!(ReadAs::PLAIN.to_string(), "dark ground, upright, values 0..255");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReadAs {
    /// What the ink is on.
    pub ground: Ground,
    /// Which way round images are stored.
    pub orientation: Orientation,
    /// Which values are black and white.
    pub range: PixelRange,
}

impl ReadAs {
    /// Images as this library wants them: bytes, light ink on black, row by row.
    pub const PLAIN: ReadAs =
        ReadAs { ground: Ground::Dark, orientation: Orientation::Upright, range: PixelRange::BYTES };
}

impl fmt::Display for ReadAs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ground, {}, values {}", self.ground, self.orientation, self.range)
    }
}

/// A text that names no way to read images.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("choose {0}")]
pub struct NoReading(&'static str);

macro_rules! names {
    ($type:ty, $expected:literal) => {
        impl FromStr for $type {
            type Err = NoReading;

            fn from_str(text: &str) -> Result<Self, NoReading> {
                named(text).ok_or(NoReading($expected))
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.serialize(f)
            }
        }
    };
}

names!(Ground, "auto, dark or light");
names!(Orientation, "auto, upright or transposed");
names!(LabelPlace, "auto or file-name");

/// The value that goes by a name in files.
fn named<T: DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_value(text.into()).ok()
}

impl FromStr for PixelRange {
    type Err = NoReading;

    fn from_str(text: &str) -> Result<Self, NoReading> {
        let number = |text: &str| text.trim().parse::<f32>().ok().filter(|number| number.is_finite());
        let ends = text.split_once("..").and_then(|(black, white)| number(black).zip(number(white)));
        match ends {
            Some((black, white)) if black < white && (white - black).is_finite() => Ok(PixelRange { black, white }),
            _ => Err(NoReading("auto, or the values that are black and white, such as 0..16")),
        }
    }
}

impl fmt::Display for PixelRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..{}", self.black, self.white)
    }
}

impl TryFrom<String> for PixelRange {
    type Error = NoReading;

    fn try_from(text: String) -> Result<Self, NoReading> {
        text.parse()
    }
}

impl From<PixelRange> for String {
    fn from(range: PixelRange) -> String {
        range.to_string()
    }
}

impl<T: FromStr<Err = NoReading>> FromStr for OrAuto<T> {
    type Err = NoReading;

    fn from_str(text: &str) -> Result<Self, NoReading> {
        if text == "auto" { Ok(OrAuto::Auto) } else { text.parse().map(OrAuto::Given) }
    }
}

impl<T: fmt::Display> fmt::Display for OrAuto<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OrAuto::Auto => f.write_str("auto"),
            OrAuto::Given(value) => value.fmt(f),
        }
    }
}

impl<T: FromStr<Err = NoReading>> TryFrom<String> for OrAuto<T> {
    type Error = NoReading;

    fn try_from(text: String) -> Result<Self, NoReading> {
        text.parse()
    }
}

impl<T: fmt::Display> From<OrAuto<T>> for String {
    fn from(value: OrAuto<T>) -> String {
        value.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back() {
        for text in ["auto", "0..1", "-1..1", "0..4095", "0.5..1.5"] {
            assert_eq!(text.parse::<OrAuto<PixelRange>>().unwrap().to_string(), text);
        }
        for text in ["auto", "dark", "light"] {
            assert_eq!(text.parse::<OrAuto<Ground>>().unwrap().to_string(), text);
        }
        for text in ["", "..", "1..0", "0..inf", "nan..1", "0..", "-3e38..3e38"] {
            assert!(text.parse::<PixelRange>().is_err(), "{text}");
        }
        assert_eq!("Dark".parse::<Ground>().unwrap_err().to_string(), "choose auto, dark or light");
    }
}
