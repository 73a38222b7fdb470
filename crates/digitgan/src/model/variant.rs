//! The three models and the table of what differs between them.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// One of the three models.
///
/// ```
/// use digitgan::prelude::*;
///
/// let variant: Variant = "cgan".parse()?;
/// assert!(variant.wiring().generator_sees_class && !variant.wiring().discriminator_predicts_class);
/// assert_eq!(variant.title(), "cGAN");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Variant {
    /// The plain generative adversarial network (Goodfellow et al. 2014): no classes.
    Gan,
    /// The conditional GAN (Mirza & Osindero 2014): G and D are told the class.
    Cgan,
    /// The auxiliary-classifier GAN (Odena et al. 2017): G is told the class, D guesses it.
    Acgan,
}

/// How classes run through a model. Everything that differs between the three models follows from this row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wiring {
    /// G's input carries the class, one-hot.
    pub generator_sees_class: bool,
    /// D's input carries the class: in the paper as a learned picture.
    pub discriminator_sees_class: bool,
    /// D has a second head that predicts the class.
    pub discriminator_predicts_class: bool,
}

impl Variant {
    /// All three, in the order of the paper.
    pub const ALL: [Variant; 3] = [Variant::Gan, Variant::Cgan, Variant::Acgan];

    /// The model's row of the table.
    pub const fn wiring(self) -> Wiring {
        let (generator_sees_class, discriminator_sees_class, discriminator_predicts_class) = match self {
            Variant::Gan => (false, false, false),
            Variant::Cgan => (true, true, false),
            Variant::Acgan => (true, false, true),
        };
        Wiring { generator_sees_class, discriminator_sees_class, discriminator_predicts_class }
    }

    /// A model with such a generator. cGAN and ACGAN have the same one, so that of ACGAN passes for cGAN's.
    pub const fn of_generator(sees_class: bool) -> Variant {
        if sees_class { Variant::Cgan } else { Variant::Gan }
    }

    /// The name in commands and files: `gan`, `cgan` or `acgan`.
    pub const fn name(self) -> &'static str {
        match self {
            Variant::Gan => "gan",
            Variant::Cgan => "cgan",
            Variant::Acgan => "acgan",
        }
    }

    /// The name in headings: `GAN`, `cGAN` or `ACGAN`.
    pub const fn title(self) -> &'static str {
        match self {
            Variant::Gan => "GAN",
            Variant::Cgan => "cGAN",
            Variant::Acgan => "ACGAN",
        }
    }
}

impl fmt::Display for Variant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Variant {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Variant::ALL
            .into_iter()
            .find(|variant| variant.name() == text)
            .ok_or_else(|| format!("{text:?} is not a model: choose gan, cgan or acgan"))
    }
}
