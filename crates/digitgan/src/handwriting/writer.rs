//! A person who writes: what stays the same from digit to digit.

use super::Measures;
use super::people::{BETWEEN, MEAN};
use super::script::Style;
use crate::input::LATENT;
use crate::seed::chance::Chance;
use crate::seed::{self, Purpose, index as place};

/// A writer's habits.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Writer {
    seed: u64,
    index: u64,
    noise: [f32; LATENT],
    /// By how much the measures of this writer's digits differ from those of all people.
    pub(super) own: Measures,
    /// How far apart characters stand, as a multiple of what is usual.
    pub(super) spacing: f32,
    /// How wide a space is, in heights of a digit.
    pub(super) space: f32,
    /// How the line rises, as a share of its length.
    pub(super) rise: f32,
}

impl Writer {
    pub(super) fn new(seed: u64, index: u64) -> Writer {
        let mut chance = Chance::new(seed, Purpose::Writer, index);
        // Nobody whose digits are read leans to the left by much, or writes with a brush.
        let slant = (BETWEEN.slant * chance.bell()).clamp(-14.0, 24.0);
        let thickness = (0.8 * BETWEEN.thickness * chance.bell()).clamp(-0.7, 1.0);
        let mut noise = [0.0; LATENT];
        seed::fill_normal(seed, Purpose::WriterLatent, index, &mut noise);
        let height = MEAN.height * 0.03 * chance.bell();
        Writer {
            seed,
            index,
            noise,
            own: Measures { slant, thickness, height },
            spacing: (1.0 + 0.2 * chance.bell()).max(0.5),
            space: 0.5 + 0.08 * chance.bell(),
            rise: 0.009 * chance.bell(),
        }
    }

    /// What this writer does in the same way every time that `mark` is written.
    pub(super) fn habit(&self, mark: char) -> Chance {
        Chance::new(self.seed, Purpose::WriterHabit, place::writer_habit(self.index, mark))
    }

    /// The writer's own noise, of which a part is behind every digit.
    pub(super) fn noise(&self) -> &[f32; LATENT] {
        &self.noise
    }

    /// How much of the noise behind a digit is the writer's own, which makes one's sevens alike, and how much is not: together
    /// as strong as either.
    pub(super) fn shares(style: Style) -> (f32, f32) {
        match style {
            Style::Consistent => (std::f32::consts::FRAC_1_SQRT_2, std::f32::consts::FRAC_1_SQRT_2),
            Style::Mixed => (0.0, 1.0),
        }
    }
}
