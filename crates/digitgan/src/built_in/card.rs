//! What is known of a generator that comes with the program.

use crate::config::TrainConfig;
use crate::data::DatasetIdentity;
use crate::evaluation::Evaluation;
use serde::{Deserialize, Serialize};

/// The version of the card's layout that this library writes.
pub const FORMAT: u32 = 1;

/// How a generator came to be, and how good it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Card {
    /// Version of this layout.
    pub format: u32,
    /// Its name.
    pub name: String,
    /// SHA-256 of its file.
    pub sha256: String,
    /// The command that trains it: the same weights, before they are rounded.
    pub command: String,
    /// All settings of that training.
    pub config: TrainConfig,
    /// The epoch after which the weights were taken.
    pub epoch: u32,
    /// What it was trained on.
    pub data: DataCard,
    /// How it was chosen among several.
    pub selection: Selection,
    /// How good its digits are: of the rounded weights, after the choice.
    pub evaluation: Evaluation,
}

/// The data that a generator was trained on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DataCard {
    /// Name, hash and counts.
    #[serde(flatten)]
    pub identity: DatasetIdentity,
    /// Who made it.
    pub source: String,
    /// What it may be used for.
    pub licence: String,
}

/// How a generator was chosen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Selection {
    /// The rule, in words.
    pub rule: String,
    /// All that were trained.
    pub candidates: Vec<Candidate>,
}

/// A training of which the generator could have been taken.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    /// Its seed.
    pub seed: u64,
    /// The epoch whose digits are nearest to training images.
    pub epoch: u32,
    /// How near: a Fréchet distance by the judge.
    pub distance: f64,
}
