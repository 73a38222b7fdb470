//! Settings by their names, and what layers, files and checkpoints say of each.

use super::error::ConfigError;
use super::recipe::Recipe;
use super::setting::Held;
use super::settings::{Layer, SETTINGS, Setting, TrainConfig};

impl Setting {
    /// Every setting, in the order of help, tables and records.
    pub fn all() -> impl Iterator<Item = &'static Setting> {
        SETTINGS.iter()
    }

    /// The setting of this name.
    pub fn named(name: &str) -> Option<&'static Setting> {
        Setting::all().find(|setting| setting.name == name)
    }

    /// Says in `layer` that this setting is `text`.
    ///
    /// # Errors
    /// A text that is no value of the setting. Whether the value is in its range shows later, in [`Layer::config`].
    pub fn set(&self, layer: &mut Layer, text: &str) -> Result<(), ConfigError> {
        let setting = self.name;
        (self.parse)(layer, text).map_err(|reason| ConfigError::Text { setting, found: text.to_owned(), reason })
    }

    /// What `layer` says of it, as the text that [`Setting::set`] takes; `None` if nothing.
    pub fn text(&self, layer: &Layer) -> Option<String> {
        (self.text)(layer)
    }

    /// Its value in `config`, as [`Setting::text`]; `None` if it is not part of it or not set.
    pub fn value_in(&self, config: &TrainConfig) -> Option<String> {
        (self.text)(&Layer::from(config))
    }

    /// Its default by a recipe: a value, or words that say what holds; `None` if nothing does.
    pub fn default(&self, recipe: Recipe) -> Option<String> {
        let config = recipe.config(TrainConfig::default().model);
        self.shown.map(str::to_owned).or_else(|| self.value_in(&config))
    }

    /// What a checkpoint of a training by `config` says of it, as JSON; `None` if nothing.
    pub fn held_in(&self, config: &TrainConfig) -> Option<String> {
        let value = || (self.json)(&Layer::from(config));
        match self.checkpoint {
            Held::Value => Some(value()),
            Held::ValueUnlessPaper => {
                let paper = (self.json)(&Layer::from(&TrainConfig::default()));
                Some(value()).filter(|value| *value != paper)
            }
            Held::ValueIfScheduled(otherwise) => {
                Some(if config.is_scheduled() { value() } else { otherwise.to_owned() })
            }
            Held::Always(text) => Some(text.to_owned()),
            Held::Nothing => None,
        }
    }
}
