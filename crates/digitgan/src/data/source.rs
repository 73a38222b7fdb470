//! Which data set to train on, as a user names it. [`crate::load`] loads it.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// Where real digits come from, as a person says it: `auto`, `mnist`, `strokes` or a path.
///
/// A folder that bears one of the three names is written `./mnist`.
///
/// ```
/// use digitgan::prelude::*;
///
/// assert_eq!("mnist".parse::<DataSource>()?, DataSource::Mnist);
/// assert_eq!("./mnist".parse::<DataSource>()?, DataSource::Path("./mnist".into()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum DataSource {
    /// MNIST if it is there or can be fetched, otherwise the strokes; which of them is told.
    #[default]
    Auto,
    /// MNIST and nothing else.
    Mnist,
    /// The digits that this program draws.
    Strokes,
    /// A folder of IDX files, or of one folder of PNG files per class.
    Path(PathBuf),
}

impl FromStr for DataSource {
    type Err = EmptySource;

    fn from_str(text: &str) -> Result<Self, EmptySource> {
        Ok(match text {
            "" => return Err(EmptySource),
            "auto" => Self::Auto,
            "mnist" => Self::Mnist,
            "strokes" => Self::Strokes,
            path => Self::Path(path.into()),
        })
    }
}

impl fmt::Display for DataSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Mnist => f.write_str("mnist"),
            Self::Strokes => f.write_str("strokes"),
            // Whatever is written must read back as the path that it is.
            Self::Path(path) => match path.to_string_lossy().as_ref() {
                name @ ("auto" | "mnist" | "strokes") => write!(f, "./{name}"),
                path => f.write_str(path),
            },
        }
    }
}

impl TryFrom<String> for DataSource {
    type Error = EmptySource;

    fn try_from(text: String) -> Result<Self, EmptySource> {
        text.parse()
    }
}

impl From<DataSource> for String {
    fn from(source: DataSource) -> Self {
        source.to_string()
    }
}

/// A data source that was named by an empty text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the data source is empty; give auto, mnist, strokes or the path of a folder")]
pub struct EmptySource;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn three_names_are_sources_and_everything_else_is_a_path() {
        for (text, expected) in [
            ("auto", DataSource::Auto),
            ("mnist", DataSource::Mnist),
            ("strokes", DataSource::Strokes),
            ("./mnist", DataSource::Path("./mnist".into())),
            ("MNIST", DataSource::Path("MNIST".into())),
        ] {
            assert_eq!(text.parse::<DataSource>().unwrap(), expected, "{text}");
        }
        assert_eq!("".parse::<DataSource>(), Err(EmptySource));
    }

    #[test]
    fn a_path_named_like_a_source_stays_a_path() {
        let written = DataSource::Path("mnist".into()).to_string();
        assert_eq!(written.parse::<DataSource>().unwrap(), DataSource::Path("./mnist".into()));
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(text in ".+") {
            let source: DataSource = text.parse().unwrap();
            prop_assert_eq!(source.to_string().parse::<DataSource>().unwrap(), source);
        }
    }
}
