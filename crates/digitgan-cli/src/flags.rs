//! Between the library's settings and the flags of the command line: names, help and error texts.

use digitgan::config::{ConfigError, Recipe, Setting};
use digitgan::error::ErrorKind;
use digitgan::load::DataError;
use digitgan::session::SessionError;
use digitgan::train::TrainError;
use std::error::Error;

/// The setting that is given by its place among the arguments, not by a flag.
const POSITIONAL: &str = "model";

/// How a setting is given: its flag, or the name of its place.
pub(crate) fn flag(setting: &Setting) -> String {
    if is_positional(setting) { setting.value.to_owned() } else { format!("--{}", setting.name) }
}

/// Whether a setting is given by its place among the arguments.
pub(crate) fn is_positional(setting: &Setting) -> bool {
    setting.name == POSITIONAL
}

/// A text of the library with flags in place of the settings that it names in backticks, and no other backticks.
pub(crate) fn as_flags(text: &str) -> String {
    let parts = text.split('`').enumerate();
    let flags = parts.map(|(i, part)| match Setting::named(part) {
        Some(setting) if i % 2 == 1 => flag(setting),
        _ => part.to_owned(),
    });
    flags.collect()
}

/// The help of a setting, with its default by either recipe.
pub(crate) fn help(setting: &Setting) -> String {
    let help = as_flags(setting.help);
    match [Recipe::Modern, Recipe::Paper].map(|recipe| setting.default(recipe).map(|text| as_flags(&text))) {
        [Some(modern), Some(paper)] if modern != paper => format!("{help} [default: {modern}; paper: {paper}]"),
        [Some(default), _] => format!("{help} [default: {default}]"),
        _ => help,
    }
}

/// The help of the setting of this name, for a verb that has it too.
pub(crate) fn help_of(name: &str) -> String {
    Setting::named(name).map(help).unwrap_or_default()
}

/// What is wrong with the settings, if that is the cause.
pub(crate) fn config_error<'a>(cause: &'a (dyn Error + 'static)) -> Option<&'a ConfigError> {
    let in_training = |error: &'a TrainError| match error {
        TrainError::Config(error) => Some(error),
        _ => None,
    };
    match cause.downcast_ref() {
        Some(SessionError::Config(error)) => Some(error),
        Some(SessionError::Training { source, .. }) => in_training(source),
        _ => cause.downcast_ref().or_else(|| cause.downcast_ref().and_then(in_training)),
    }
}

/// Whether the text of an error names settings in backticks.
pub(crate) fn names_settings(cause: &(dyn Error + 'static)) -> bool {
    let in_session = |error: &SessionError| error.kind() == ErrorKind::Setting;
    config_error(cause).is_some() || cause.downcast_ref().is_some_and(in_session) || cause.is::<DataError>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_settings_become_flags() {
        for (text, expected) in [
            ("`lr-d` is 0, but must be less than `lr`", "--lr-d is 0, but must be less than --lr"),
            ("`model` is `gan`, as data is data", "MODEL is gan, as data is data"),
            ("that of lr", "that of lr"),
            ("", ""),
        ] {
            assert_eq!(as_flags(text), expected);
        }
    }

    #[test]
    fn settings_that_are_impossible_are_found_wherever_they_show() {
        let error = ConfigError::Range { setting: "lr", found: "0".to_owned(), expected: "more" };
        let in_training = || TrainError::Config(error.clone());
        let session = SessionError::Training { source: in_training(), checkpoint: None };
        let causes: [Box<dyn Error>; 4] = [
            Box::new(error.clone()),
            Box::new(in_training()),
            Box::new(SessionError::Config(error.clone())),
            Box::new(session),
        ];
        for cause in &causes {
            assert_eq!(config_error(cause.as_ref()), Some(&error), "{cause}");
        }
        assert_eq!(config_error(&std::io::Error::other("x")), None);
    }
}
