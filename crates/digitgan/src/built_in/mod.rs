//! Generators that come with the program, each with a card: digits without a training, a network or a disk.
//!
//! Both were trained on MNIST by this project's own loop, and chosen by a rule that saw training images alone; the card lists all
//! trainings that there were to choose from. `bench/built-in` trains, chooses, rounds to 16 bits, evaluates what was rounded, and writes what lies beside this file.

mod card;

pub use card::{Candidate, Card, DataCard, FORMAT, Selection};

use crate::hash::sha256_hex;
use crate::model::Variant;
use crate::weights::GeneratorFile;
use std::fmt;

/// A generator of MNIST's digits that comes with the program.
///
/// ```
/// use digitgan::prelude::*;
///
/// let generator = BuiltIn::Acgan.generator();
/// let digits = Sampler::new(&Device::cpu(None)?, &generator)?.draw(7, &[2, 0, 2, 6])?;
/// assert_eq!(digits.len(), 4 * 28 * 28);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BuiltIn {
    /// An ACGAN: what draws where nothing else was named.
    #[default]
    Acgan,
    /// A conditional GAN.
    Cgan,
}

impl BuiltIn {
    /// All of them.
    pub const ALL: [BuiltIn; 2] = [BuiltIn::Acgan, BuiltIn::Cgan];

    /// The one of this name.
    ///
    /// ```
    /// use digitgan::prelude::*;
    ///
    /// assert_eq!(BuiltIn::named("cgan"), Some(BuiltIn::Cgan));
    /// assert_eq!(BuiltIn::named("gan"), None);
    /// ```
    pub fn named(name: &str) -> Option<BuiltIn> {
        BuiltIn::ALL.into_iter().find(|built_in| built_in.name() == name)
    }

    /// Its name, which is its model's.
    pub const fn name(self) -> &'static str {
        match self {
            BuiltIn::Acgan => "acgan",
            BuiltIn::Cgan => "cgan",
        }
    }

    /// Its model.
    pub fn variant(self) -> Variant {
        self.name().parse().expect("what is built in is called by its model")
    }

    /// Its file: safetensors, in 16-bit floats.
    pub const fn bytes(self) -> &'static [u8] {
        match self {
            BuiltIn::Acgan => include_bytes!("acgan.safetensors"),
            BuiltIn::Cgan => include_bytes!("cgan.safetensors"),
        }
    }

    /// The generator.
    pub fn generator(self) -> GeneratorFile {
        GeneratorFile::from_bytes(self.bytes()).expect("what is built in is a generator")
    }

    /// SHA-256 of [`BuiltIn::bytes`], in hexadecimal.
    pub fn sha256(self) -> String {
        sha256_hex(self.bytes())
    }

    /// How it came to be, and how good it is.
    ///
    /// ```
    /// use digitgan::prelude::*;
    ///
    /// let card = BuiltIn::Acgan.card();
    /// let agreement = card.evaluation.agreement.unwrap();
    /// println!("{}: {:.2} % are read as asked for", card.name, 100.0 * agreement.mean);
    /// assert!(agreement.mean > 0.99);
    /// ```
    pub fn card(self) -> Card {
        let text = match self {
            BuiltIn::Acgan => include_str!("acgan.json"),
            BuiltIn::Cgan => include_str!("cgan.json"),
        };
        serde_json::from_str(text).expect("what is built in has a card")
    }
}

impl fmt::Display for BuiltIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests;
