//! Commands of this program that it suggests: each can be run by a shell as it is printed.

use std::ffi::OsStr;
use std::fmt;
use std::path::Path;

/// A command to run next. Whatever comes from outside is quoted for a shell.
#[derive(Clone, Debug)]
pub(crate) struct Suggestion(String);

impl Suggestion {
    /// A verb of this program, such as `judge train`.
    pub(crate) fn new(verb: &str) -> Suggestion {
        Suggestion(format!("digitgan {verb}"))
    }

    /// A path, as an argument of its own or after a flag.
    pub(crate) fn path(self, path: &Path) -> Suggestion {
        // A path is no flag, whatever it begins with.
        let dash = path.as_os_str().as_encoded_bytes().starts_with(b"-");
        let word = if dash { quoted(Path::new(".").join(path).as_os_str()) } else { quoted(path.as_os_str()) };
        Suggestion(format!("{} {word}", self.0))
    }

    /// A word that means what it is, such as a flag.
    pub(crate) fn word(self, word: &str) -> Suggestion {
        Suggestion(format!("{} {}", self.0, quoted(OsStr::new(word))))
    }

    /// Data that moved, in a place that somebody else must fill in.
    pub(crate) fn in_new_place(self) -> Suggestion {
        self.word("--data").word("PLACE")
    }

    /// A flag with a value that is no path.
    pub(crate) fn option(self, flag: &str, value: &str) -> Suggestion {
        let between = if value.starts_with('-') { '=' } else { ' ' };
        Suggestion(format!("{} {flag}{between}{}", self.0, quoted(OsStr::new(value))))
    }
}

impl fmt::Display for Suggestion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A word as every shell reads it back.
fn quoted(word: &OsStr) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./=:,+@%".contains(c);
    match word.to_str() {
        Some(text) if !text.is_empty() && text.chars().all(plain) => text.to_owned(),
        // (`$(…)` would take a line's end away.)
        Some(text) if !text.contains(char::is_control) || text.ends_with('\n') => {
            format!("'{}'", text.replace('\'', r"'\''"))
        }
        // What cannot be printed is spelled out for printf, which every shell has.
        _ => {
            let spelled = |&byte: &u8| match byte {
                b'%' => "%%".to_owned(),
                b'\\' => r"\\".to_owned(),
                b' '..=b'~' if byte != b'\'' => char::from(byte).to_string(),
                _ => format!(r"\{byte:03o}"),
            };
            format!("\"$(printf '{}')\"", word.as_encoded_bytes().iter().map(spelled).collect::<String>())
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::ffi::{OsStrExt, OsStringExt};
    use std::process::Command;

    #[test]
    fn a_shell_reads_back_what_was_meant() {
        let words: [&[u8]; 13] = [
            b"runs/gan-mnist",
            b"runs/gan-my digits",
            b"",
            b"it's",
            b"$HOME `id` \"x\" \\ !",
            "größe/7 · 𝟕".as_bytes(),
            b"a*b?[c]~#;&|<>(){}",
            b"--digit",
            b"-",
            b"line\nbreak\ttab",
            b"caf\xe9 100%\\'x'",
            b"=a",
            b"end\n",
        ];
        for word in words {
            let script = format!("printf %s {}", quoted(OsStr::from_bytes(word)));
            let output = Command::new("sh").args(["-c", &script]).output().unwrap();
            assert_eq!(output.stdout, word, "{script}");
            assert!(word.ends_with(b"\n") || !script.contains(['\n', '\u{fffd}']), "{script:?}");
        }
    }

    #[test]
    fn nothing_from_outside_becomes_a_flag() {
        let path = std::ffi::OsString::from_vec(b"-odd \xff".to_vec());
        let suggestion = Suggestion::new("sample").path(Path::new(&path)).option("--digit", "-x").option("--lr", "0.1");
        assert_eq!(suggestion.to_string(), r#"digitgan sample "$(printf './-odd \377')" --digit=-x --lr 0.1"#);
        assert_eq!(
            Suggestion::new("train").word("--resume").path(Path::new("a b")).to_string(),
            "digitgan train --resume 'a b'"
        );
    }
}
