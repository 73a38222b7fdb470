//! Sets of settings that go together.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A set of settings that go together: what holds where nothing else is said ([`Recipe::config`]). `docs/recipes.md` has
/// what each departure from the paper gives.
///
/// ```
/// use digitgan::prelude::*;
///
/// let recipe: Recipe = "paper".parse()?;
/// assert_eq!(recipe.config(Variant::Gan).lr, 0.001);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Recipe {
    /// The same generator as the paper's, trained for better digits.
    #[default]
    Modern,
    /// The protocol of Peng & Yang (2020).
    Paper,
}

impl Recipe {
    /// Every recipe.
    pub const ALL: [Recipe; 2] = [Recipe::Modern, Recipe::Paper];

    /// The name in commands and files: `modern` or `paper`.
    pub const fn name(self) -> &'static str {
        match self {
            Recipe::Modern => "modern",
            Recipe::Paper => "paper",
        }
    }
}

impl fmt::Display for Recipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Recipe {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // Commands and files of older versions say `report`.
        let name = if text == "report" { "paper" } else { text };
        let named = Recipe::ALL.into_iter().find(|recipe| recipe.name() == name);
        named.ok_or_else(|| format!("{text:?} is no recipe: choose modern or paper"))
    }
}

impl TryFrom<String> for Recipe {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Recipe> for String {
    fn from(recipe: Recipe) -> Self {
        recipe.name().to_owned()
    }
}
