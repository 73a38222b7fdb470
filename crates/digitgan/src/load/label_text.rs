//! What a label means that is written in a table: `7`, `07`, `7.0` and `7e0` are the number 7, `seven` is a name.

/// The longest label, in bytes.
const MAX_BYTES: usize = 200;
/// Real numbers are exact below it.
const EXACT: f64 = (1u64 << 53) as f64;

/// What a text says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LabelText<'t> {
    Number(i64),
    Name(&'t str),
}

impl LabelText<'_> {
    /// What a field says, without what stands around it.
    ///
    /// # Errors
    /// What is wrong with it, if it is no label.
    pub(crate) fn read(field: &[u8]) -> Result<LabelText<'_>, String> {
        let text = std::str::from_utf8(field).map_err(|_| "its label is not UTF-8")?.trim();
        if text.is_empty() {
            return Err("its label is empty".to_owned());
        }
        if text.len() > MAX_BYTES {
            return Err(format!("its label has {} bytes; at most {MAX_BYTES} are read", text.len()));
        }
        match (text.parse(), real(text)) {
            (Ok(number), _) => Ok(LabelText::Number(number)),
            (Err(_), None) => Ok(LabelText::Name(text)),
            (Err(_), Some(number)) if number.abs() >= EXACT => {
                Err(format!("its label {text} is too large; labels are whole numbers up to {}, or names", i64::MAX))
            }
            (Err(_), Some(number)) if number.fract() != 0.0 => {
                Err(format!("its label {text} is no whole number; labels are whole numbers, or names"))
            }
            (Err(_), Some(number)) => Ok(LabelText::Number(number as i64)),
        }
    }

    /// The name of its class, where others are names: one for every way to write a number.
    pub(crate) fn name(self) -> String {
        match self {
            LabelText::Number(number) => number.to_string(),
            LabelText::Name(name) => name.to_owned(),
        }
    }
}

/// A number, unlike `inf` and `nan`.
fn real(text: &str) -> Option<f64> {
    let begins = text.trim_start_matches(['+', '-', '.']).starts_with(|c: char| c.is_ascii_digit());
    text.parse().ok().filter(|_| begins)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_any_spelling_and_names() {
        for text in ["7", "07", "+7", "7.0", "7.", " 7 ", "7e0", "0.7e1", "7.000000000000000000e+00"] {
            assert_eq!(LabelText::read(text.as_bytes()), Ok(LabelText::Number(7)), "{text}");
        }
        for (text, name) in [("9007199254740993", "9007199254740993"), ("-1", "-1"), ("-0", "0"), (" c ", "c")] {
            assert_eq!(LabelText::read(text.as_bytes()).unwrap().name(), name, "{text}");
        }
        for text in ["seven", "inf", "nan", "-inf", "7a", "1_0", "True", "0x7", "-", "."] {
            assert_eq!(LabelText::read(text.as_bytes()), Ok(LabelText::Name(text)), "{text}");
        }
        for (text, expected) in [
            ("1e300", "its label 1e300 is too large"),
            ("1e400", "its label 1e400 is too large"),
            ("18446744073709551615", "its label 18446744073709551615 is too large"),
            ("7.5", "its label 7.5 is no whole number"),
            (" ", "its label is empty"),
        ] {
            let error = LabelText::read(text.as_bytes()).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
        assert!(LabelText::read(b"\xff").is_err() && LabelText::read(&[b'a'; 201]).is_err());
    }
}
