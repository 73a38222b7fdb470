//! Arguments that are text: one that is not UTF-8 is refused by the name of its option.

use clap::builder::{StringValueParser, TypedValueParser};
use clap::error::ErrorKind;
use clap::{Arg, Command, Error};
use std::ffi::OsStr;

/// Reads an argument that is text.
#[derive(Clone)]
pub(crate) struct Text<P>(P);

/// What `parse` makes of a text.
pub(crate) fn of<P: TypedValueParser>(parse: P) -> Text<P> {
    Text(parse)
}

/// Any text.
pub(crate) fn any() -> Text<StringValueParser> {
    Text(StringValueParser::new())
}

impl<P: TypedValueParser> TypedValueParser for Text<P> {
    type Value = P::Value;

    fn parse_ref(&self, command: &Command, argument: Option<&Arg>, value: &OsStr) -> Result<P::Value, Error> {
        if value.to_str().is_some() {
            return self.0.parse_ref(command, argument, value);
        }
        let name = argument.map(|argument| match (argument.get_long(), argument.get_value_names()) {
            (Some(flag), _) => format!("--{flag}"),
            (None, Some([name, ..])) => name.to_string(),
            (None, _) => argument.get_id().to_string(),
        });
        let name = name.unwrap_or_else(|| "an argument".to_owned());
        let text = format!("{name} is {}, which is not UTF-8: give it another name", value.display());
        Err(Error::raw(ErrorKind::InvalidUtf8, text).with_cmd(command))
    }
}
