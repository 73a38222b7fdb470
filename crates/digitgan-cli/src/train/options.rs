//! The settings of a training as command-line options.

use crate::suggestion::Suggestion;
use crate::{destination, flags, text};
use clap::error::ErrorKind;
use clap::{Arg, ArgAction, ArgMatches, Command};
use digitgan::config::{ConfigError, Kind, Layer, Setting};
use std::path::PathBuf;

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests;

/// What the command line says of the settings: a flag for each that is declared.
#[derive(Clone, Debug, Default)]
pub(super) struct Options(pub(super) Layer);

/// The setting whose flag is not made here: other verbs have it too, and the environment can say it.
const OF_ITS_OWN: &str = "data-dir";
/// The setting that is a path on this machine and nothing else, so it need not be text.
const PATH: &str = "out";

fn settings() -> impl Iterator<Item = &'static Setting> {
    Setting::all().filter(|setting| setting.name != OF_ITS_OWN)
}

impl clap::Args for Options {
    fn augment_args(command: Command) -> Command {
        command.args(settings().map(argument))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl clap::FromArgMatches for Options {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut options = Options::default();
        options.update_from_arg_matches(matches)?;
        Ok(options)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        if let Some(path) = matches.get_one::<PathBuf>(PATH) {
            self.0.out = Some(path.clone());
        }
        for setting in settings().filter(|setting| setting.name != PATH) {
            if let Some(texts) = matches.get_many::<String>(setting.name) {
                let text = texts.map(String::as_str).collect::<Vec<_>>().join(",");
                // Each text was read before: see `argument`.
                setting.set(&mut self.0, &text).map_err(|error| clap::Error::raw(ErrorKind::ValueValidation, error))?;
            }
        }
        Ok(())
    }
}

/// The argument that gives a setting.
fn argument(setting: &'static Setting) -> Arg {
    let argument = Arg::new(setting.name)
        .value_name(setting.value)
        .help(flags::help(setting))
        .value_parser(text::of(|text: &str| readable(setting, text)))
        .allow_negative_numbers(setting.kind == Kind::Real)
        .action(if setting.kind == Kind::List { ArgAction::Append } else { ArgAction::Set });
    match setting.name {
        PATH => argument.long(PATH).value_parser(destination::folder()),
        _ if flags::is_positional(setting) => argument,
        "name" => argument.long(setting.name).conflicts_with("out"),
        name => argument.long(name),
    }
}

/// The text, if it is a value of the setting; else why not.
fn readable(setting: &Setting, text: &str) -> Result<String, String> {
    match setting.set(&mut Layer::default(), text) {
        Ok(()) => Ok(text.to_owned()),
        Err(ConfigError::Text { reason, .. }) => Err(reason),
        Err(error) => Err(error.to_string()),
    }
}

/// A command that gives a setting a value.
pub(super) fn given(command: Suggestion, setting: &Setting, text: &str) -> Suggestion {
    if flags::is_positional(setting) { command.word(text) } else { command.option(&flags::flag(setting), text) }
}
