//! What happens to a line between the pen and the file, as a person names it.

use super::HandwritingError;
use std::str::FromStr;

/// The steps in the order in which they happen: to the paper, before the camera, in it.
const STEPS: [&str; 5] = ["rules", "grain", "perspective", "blur", "jpeg"];

/// What is done to a line, each with its strength, 1 for what is usual and 0 for nothing: always in this order.
///
/// ```
/// use digitgan::handwriting::Distortion;
///
/// let distortion: Distortion = "jpeg,grain:0.5".parse()?;
/// assert_eq!((distortion.grain, distortion.jpeg, distortion.blur), (0.5, 1.0, 0.0));
/// # Ok::<(), digitgan::handwriting::HandwritingError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Distortion {
    /// Printed lines on the paper.
    pub rules: f32,
    /// The paper's grain and its shades, and ink that does not take everywhere.
    pub grain: f32,
    /// A camera that is held at an angle.
    pub perspective: f32,
    /// A camera that is out of focus.
    pub blur: f32,
    /// Compression as JPEG.
    pub jpeg: f32,
}

impl Distortion {
    /// The greatest strength.
    pub const MOST: f32 = 3.0;

    /// Whether nothing is done.
    pub fn is_none(&self) -> bool {
        *self == Distortion::default()
    }
}

impl FromStr for Distortion {
    type Err = HandwritingError;

    fn from_str(text: &str) -> Result<Self, HandwritingError> {
        let mut distortion = Distortion::default();
        for step in text.split(',') {
            let (name, strength) = step.split_once(':').unwrap_or((step, "1"));
            let strength = strength.parse::<f32>().ok().filter(|&found| (0.0..=Self::MOST).contains(&found));
            let strength = strength.ok_or_else(|| unknown(step))?;
            let field = match name {
                "rules" => &mut distortion.rules,
                "grain" => &mut distortion.grain,
                "perspective" => &mut distortion.perspective,
                "blur" => &mut distortion.blur,
                "jpeg" => &mut distortion.jpeg,
                _ => return Err(unknown(step)),
            };
            *field = strength;
        }
        Ok(distortion)
    }
}

fn unknown(step: &str) -> HandwritingError {
    HandwritingError::Distortion {
        found: step.chars().take(40).collect(),
        names: STEPS.join(", "),
        most: Distortion::MOST,
    }
}
