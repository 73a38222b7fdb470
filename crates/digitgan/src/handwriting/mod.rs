//! Handwritten lines of digits and the marks between them, from a generator's digits: arithmetic alone.
//!
//! A line is written in four steps, each in a file of its own:
//!
//! 1. the generator draws some pictures of each digit from noise of which half is the writer's own ([`Hand`]);
//! 2. the one nearest to the writer's slant, thickness and height is taken (`line`, [`Measures`]), brought still nearer by
//!    a shear and a thinner or thicker line, and drawn at any size from a smooth field (`field`, `glyph`);
//! 3. marks are drawn with a pen as thick as the digits' line (`marks`);
//! 4. characters are put side by side by the distance of their ink, on a line that wanders a little (`line`).
//!
//! [`Sheet`] puts a line on paper, in colours, and does to it what a camera does; [`Template`] makes up what lines say.
//!
//! How near is near enough is measured: [`people`] says how much digits differ within one person's and from person to person.

mod choice;
mod colour;
mod distortion;
mod error;
mod field;
mod glyph;
mod hand;
mod line;
mod marks;
mod measure;
mod patches;
pub mod people;
mod perspective;
mod script;
mod sheet;
mod template;
#[cfg(test)]
mod tests;
mod writer;

pub use colour::Colour;
pub use distortion::Distortion;
pub use error::HandwritingError;
pub use hand::{Hand, MAX_CHARACTERS, Text, check_text};
pub use line::{CharacterBox, Line};
pub use measure::Measures;
pub use script::{Jitter, Script, Style};
pub use sheet::{Look, Sheet};
pub use template::Template;
