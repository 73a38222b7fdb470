//! The types of settings, and how their values are written in flags.

use super::on_collapse::OnCollapse;
use super::recipe::Recipe;
use super::watch::Watch;
use crate::data::{Augment, DataSource, Ground, LabelPlace, OrAuto, Orientation, PixelRange};
use crate::engine::{Precision, Threads};
use crate::loss::{AdversarialLoss, GeneratorLoss};
use crate::model::{ClassInput, Normaliser, SourceHead, Variant};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// What a value looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// A whole number that is not negative.
    Whole,
    /// A real number.
    Real,
    /// One of some names.
    Choice,
    /// Some of some names; their text has commas between them.
    List,
    /// Any text, such as a path.
    Text,
}

/// A type that a setting can have.
pub(super) trait Value: Sized {
    const KIND: Kind;

    /// Reads a text; the error says why it cannot be one, or what could.
    fn parse(text: &str) -> Result<Self, String>;

    /// The text that reads back as this; `None` for a setting that is not set.
    fn text(&self) -> Option<String>;
}

macro_rules! values_with_text {
    ($kind:expr; $($type:ty),+) => {$(
        impl Value for $type {
            const KIND: Kind = $kind;

            fn parse(text: &str) -> Result<Self, String> {
                text.parse().map_err(|error: <$type as FromStr>::Err| error.to_string())
            }

            fn text(&self) -> Option<String> {
                Some(self.to_string())
            }
        }
    )+};
}

values_with_text!(Kind::Whole; u32, u64, usize, ThreadCount);
values_with_text!(Kind::Real; f32, f64);
values_with_text!(Kind::Choice; Recipe, Variant, OrAuto<Ground>, OrAuto<Orientation>, OrAuto<LabelPlace>);
values_with_text!(Kind::Text; DataSource, String, OrAuto<PixelRange>);

/// Enums go by the names that they have in files.
macro_rules! choices {
    ($($type:ty),+) => {$(
        impl Value for $type {
            const KIND: Kind = Kind::Choice;

            fn parse(text: &str) -> Result<Self, String> {
                choice(text)
            }

            fn text(&self) -> Option<String> {
                serde_json::to_value(self).ok()?.as_str().map(str::to_owned)
            }
        }
    )+};
}

choices!(GeneratorLoss, AdversarialLoss, Normaliser, ClassInput, SourceHead, Precision, Watch, OnCollapse);

/// The choice of this name; the error lists the names.
fn choice<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    serde_json::from_value(text.into()).map_err(|error: serde_json::Error| {
        let error = error.to_string();
        let names = error.split_once("expected ").map_or(error.as_str(), |(_, names)| names);
        format!("choose {}", names.replace('`', "").replace("one of ", ""))
    })
}

impl Value for PathBuf {
    const KIND: Kind = Kind::Text;

    fn parse(text: &str) -> Result<Self, String> {
        Ok(text.into())
    }

    fn text(&self) -> Option<String> {
        Some(self.to_string_lossy().into_owned())
    }
}

impl Value for Vec<Augment> {
    const KIND: Kind = Kind::List;

    fn parse(text: &str) -> Result<Self, String> {
        let names = text.split(',').filter(|_| !text.is_empty());
        names.map(|name| name.parse().map_err(|error: <Augment as FromStr>::Err| error.to_string())).collect()
    }

    fn text(&self) -> Option<String> {
        let names: Vec<&str> = self.iter().map(|augment| augment.name()).collect();
        Some(names.join(","))
    }
}

impl<T: Value> Value for Option<T> {
    const KIND: Kind = T::KIND;

    fn parse(text: &str) -> Result<Self, String> {
        T::parse(text).map(Some)
    }

    fn text(&self) -> Option<String> {
        self.as_ref().and_then(T::text)
    }
}

/// How many threads to compute with: 1 to 1024.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
pub struct ThreadCount(u16);

impl ThreadCount {
    /// The most.
    pub const MAX: u16 = Threads::MAX as u16;

    /// The number.
    pub fn get(self) -> u16 {
        self.0
    }
}

impl TryFrom<u16> for ThreadCount {
    type Error = String;

    fn try_from(threads: u16) -> Result<Self, String> {
        match threads {
            1..=Self::MAX => Ok(ThreadCount(threads)),
            _ => Err(format!("{threads} is not in 1..={}", Self::MAX)),
        }
    }
}

impl From<ThreadCount> for u16 {
    fn from(threads: ThreadCount) -> u16 {
        threads.0
    }
}

impl FromStr for ThreadCount {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.parse::<u16>().map_err(|error| error.to_string())?.try_into()
    }
}

impl fmt::Display for ThreadCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
