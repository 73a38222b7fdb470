//! Layers of settings: recipe, file and flags become one checked [`TrainConfig`].

use super::error::ConfigError;
use super::setting::OnResume;
use super::settings::{Layer, Setting, TrainConfig};

impl Layer {
    /// This layer over `below`: what this one says holds.
    pub fn over(self, mut below: Layer) -> Layer {
        // A rate for both networks said here is not undone by one for D said there.
        if self.lr.is_some() {
            below.lr_d = None;
        }
        // A place said here replaces a place said there, whichever way either was said.
        if self.name.is_some() || self.out.is_some() {
            (below.name, below.out) = (None, None);
        }
        self.or(below)
    }

    /// The settings, with the defaults of the recipe where nothing was said.
    ///
    /// # Errors
    /// The first setting that is impossible.
    pub fn config(&self) -> Result<TrainConfig, ConfigError> {
        let mut said = self.clone();
        // One rate is both networks' where only one is said.
        said.lr_d = said.lr_d.or(said.lr);
        if let Some(augment) = &mut said.augment {
            augment.sort_unstable();
            augment.dedup();
        }
        let model = said.model.unwrap_or(TrainConfig::default().model);
        let default = said.recipe.unwrap_or_default().config(model);
        let config = said.filled_with(default);
        config.validate()?;
        Ok(config)
    }
}

impl TrainConfig {
    /// The settings of a run that goes on with what `said` says. Everything that is said is honoured or refused; what is no
    /// part of a `TrainConfig` and may change (threads, the folder of data sets) is for the caller to honour, and that
    /// another place of the data holds the same is for the caller to check.
    ///
    /// # Errors
    /// A setting that is impossible, or one that cannot change.
    pub fn resumed_with(&self, said: &Layer) -> Result<TrainConfig, ConfigError> {
        let recorded = Layer::from(self);
        // More epochs asked for are not held up by a limit of steps that was given before.
        let max_steps = if said.epochs.is_some() { None } else { self.max_steps };
        let config = said.clone().over(Layer { max_steps: Some(max_steps), ..recorded.clone() }).config()?;
        for setting in Setting::all() {
            let Some(found) = setting.text(said) else { continue };
            may_change(setting, found, setting.text(&recorded), self.is_scheduled())?;
        }
        Ok(config)
    }
}

/// Refuses to change a setting of a run that has begun, if it cannot change.
fn may_change(setting: &Setting, found: String, recorded: Option<String>, scheduled: bool) -> Result<(), ConfigError> {
    let planned = setting.resume == OnResume::MayChangeUnlessScheduled && scheduled;
    match recorded {
        // Its own value is no change.
        Some(recorded) if planned && recorded != found => {
            Err(ConfigError::Planned { setting: setting.name, found, recorded })
        }
        recorded if setting.resume == OnResume::Fixed => {
            Err(ConfigError::Fixed { setting: setting.name, found, recorded })
        }
        _ => Ok(()),
    }
}
