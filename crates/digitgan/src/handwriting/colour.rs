//! Colours of ink and paper.

use super::HandwritingError;
use std::fmt;
use std::str::FromStr;

/// The colours that have names.
const NAMES: [(&str, [u8; 3]); 10] = [
    ("black", [0, 0, 0]),
    ("white", [255, 255, 255]),
    ("grey", [128, 128, 128]),
    ("blue", [28, 52, 140]),
    ("navy", [16, 24, 78]),
    ("red", [176, 28, 36]),
    ("green", [20, 98, 56]),
    ("pencil", [74, 74, 78]),
    ("cream", [251, 246, 230]),
    ("yellow", [253, 242, 168]),
];

/// A colour: red, green and blue.
///
/// ```
/// use digitgan::handwriting::Colour;
///
/// assert_eq!("#10204e".parse::<Colour>()?, Colour([16, 32, 78]));
/// assert_eq!("white".parse::<Colour>()?, Colour([255; 3]));
/// # Ok::<(), digitgan::handwriting::HandwritingError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Colour(pub [u8; 3]);

impl Colour {
    /// Black.
    pub const BLACK: Colour = Colour([0; 3]);
    /// White.
    pub const WHITE: Colour = Colour([255; 3]);

    /// Whether it has no hue.
    pub(super) fn is_grey(self) -> bool {
        self.0[0] == self.0[1] && self.0[1] == self.0[2]
    }
}

impl FromStr for Colour {
    type Err = HandwritingError;

    fn from_str(text: &str) -> Result<Self, HandwritingError> {
        if let Some((_, colour)) = NAMES.iter().find(|(name, _)| name.eq_ignore_ascii_case(text)) {
            return Ok(Colour(*colour));
        }
        let is_hex = |digits: &&str| digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        let digits = text.strip_prefix('#').filter(is_hex);
        let number = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
        let [_, red, green, blue] = number.ok_or_else(|| unknown(text))?.to_be_bytes();
        Ok(Colour([red, green, blue]))
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [red, green, blue] = self.0;
        write!(f, "#{red:02x}{green:02x}{blue:02x}")
    }
}

fn unknown(text: &str) -> HandwritingError {
    let names: Vec<&str> = NAMES.iter().map(|(name, _)| *name).collect();
    HandwritingError::Colour { found: text.chars().take(40).collect(), names: names.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_names_or_six_digits() {
        for (text, expected) in [
            ("black", Some([0, 0, 0])),
            ("White", Some([255, 255, 255])),
            ("#FFee01", Some([255, 238, 1])),
            ("#fff", None),
            ("ffffff", None),
            ("#+fffff", None),
            ("#12345é", None),
            ("mauve", None),
            ("", None),
        ] {
            assert_eq!(text.parse::<Colour>().ok().map(|colour| colour.0), expected, "{text}");
        }
        assert_eq!(Colour([1, 2, 255]).to_string(), "#0102ff");
    }
}
