//! The declaration of a setting, and the macro that generates types from the declarations.

use super::value::Kind;

/// A setting of settings `C`, as it was declared: what front ends make their flags, forms and tables from. `L` is what one
/// source says of all of them.
#[derive(Debug)]
#[non_exhaustive]
pub struct Declared<L: 'static, C: 'static> {
    /// Its name, with dashes: in files, and after two more dashes on a command line.
    pub name: &'static str,
    /// What it is, as a sentence without its stop. Names of settings and values are in backticks.
    pub help: &'static str,
    /// What stands for its value in help, such as `RATE` or `f32|bf16`.
    pub value: &'static str,
    /// What its values look like.
    pub kind: Kind,
    /// What a possible value fulfils, for those of `C`.
    pub rules: &'static [Condition<C>],
    /// Whether a run that has begun can be given another value.
    pub resume: OnResume,
    /// Whether a checkpoint is of use only to a training with the same value.
    pub checkpoint: Held,
    /// The default in words, where it is no value or depends on other settings.
    pub(super) shown: Option<&'static str>,
    /// Reads a text into the setting's place in a layer.
    pub(super) parse: fn(&mut L, &str) -> Result<(), String>,
    /// The text of what a layer says.
    pub(super) text: fn(&L) -> Option<String>,
    /// The JSON text of what a layer says.
    pub(super) json: fn(&L) -> String,
}

/// What a possible value fulfils.
#[derive(Debug)]
pub struct Condition<C: 'static> {
    /// In words that follow "must be".
    pub expected: &'static str,
    /// Whether settings fulfil it.
    pub holds: fn(&C) -> bool,
}

/// Whether a run that has begun can be given another value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnResume {
    /// No: it decides what a step computes, or where the run lies.
    Fixed,
    /// Yes.
    MayChange,
    /// Yes, unless learning rates or noise go by it.
    MayChangeUnlessScheduled,
    /// To another place where the same lies, which whoever looks there checks.
    MayMove,
}

/// What a checkpoint says of a setting, beside its name, in the text whose hash it is held to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// The value, as JSON.
    Value,
    /// The value, unless it is that of the paper: for settings that came after the first checkpoints, which say nothing.
    ValueUnlessPaper,
    /// The value where learning rates or noise go by it, else this text.
    ValueIfScheduled(&'static str),
    /// This text, whatever the value: the first checkpoints say it, but no step depends on it.
    Always(&'static str),
    /// Nothing.
    Nothing,
}

/// Makes `TrainConfig`, its defaults, `Layer`, and the list of `Setting`s of their declarations.
///
/// Those under `training` make up `TrainConfig`, in the order of its records. Those before and after them are a matter of
/// how a training is called: a layer has them, a `TrainConfig` does not.
macro_rules! settings {
    (
        before { $($before:tt)* }
        training { $(
            $(#[$attribute:meta])*
            $name:literal $field:ident: $type:ty {
                help: $help:literal,
                value: $value:literal,
                paper: $paper:expr,
                $(modern: $modern:expr,)?
                $(shown: $shown:literal,)?
                $(must: [$($expected:literal => $holds:expr),+ $(,)?],)?
                resume: $resume:expr,
                checkpoint: $held:expr,
            }
        )+ }
        after { $($after:tt)* }
    ) => {
        /// The settings of a training: field by field the options of `digitgan train`, and by the same names (with
        /// dashes) the keys of files. What a record of old does not say is as in the paper.
        ///
        /// ```
        /// use digitgan::prelude::*;
        ///
        /// let config = TrainConfig { epochs: 2, batch_size: 50, ..Recipe::Modern.config(Variant::Cgan) };
        /// config.validate()?;
        /// assert_eq!(config.total_steps(60_000), 2 * 1200);
        /// # Ok::<(), Box<dyn std::error::Error>>(())
        /// ```
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct TrainConfig {
            $(
                #[doc = concat!($help, ".")]
                #[serde(rename = $name)]
                $(#[$attribute])*
                pub $field: $type,
            )+
        }

        impl Default for TrainConfig {
            /// [`Recipe::Paper`].
            fn default() -> Self {
                TrainConfig { $($field: $paper),+ }
            }
        }

        impl Recipe {
            /// The settings of a training of `model`.
            pub fn config(self, model: Variant) -> TrainConfig {
                let paper = TrainConfig { model, ..TrainConfig::default() };
                match self {
                    Recipe::Paper => paper,
                    Recipe::Modern => TrainConfig { $($($field: $modern,)?)+ ..paper },
                }
            }
        }

        settings! {
            @layer [
                $($before)*
                $($name $field: $type {
                    help: $help,
                    value: $value,
                    shown: settings!(@first $(Some($shown),)? None),
                    rules: &[$($(Rule { expected: $expected, holds: $holds }),+)?],
                    resume: $resume,
                    checkpoint: $held,
                })+
                $($after)*
            ]
        }

        impl From<&TrainConfig> for Layer {
            /// The layer that says all that `config` is.
            fn from(config: &TrainConfig) -> Layer {
                Layer { $($field: Some(config.$field.clone()),)+ ..Layer::default() }
            }
        }

        impl Layer {
            /// What this layer says, and `rest` where it says nothing.
            pub(super) fn filled_with(self, rest: TrainConfig) -> TrainConfig {
                TrainConfig { $($field: self.$field.unwrap_or(rest.$field)),+ }
            }
        }
    };

    (@layer [$(
        $name:literal $field:ident: $type:ty {
            help: $help:literal,
            value: $value:literal,
            shown: $shown:expr,
            rules: $rules:expr,
            resume: $resume:expr,
            checkpoint: $held:expr,
        }
    )+]) => {
        /// What one source says of the settings: the flags of a call, a file, the record of a run. Layers lie over each
        /// other ([`Layer::over`]), and the default of a recipe holds where none says anything ([`Layer::config`]).
        ///
        /// ```
        /// use digitgan::prelude::*;
        ///
        /// let file = Layer { epochs: Some(5), lr: Some(0.002), ..Layer::default() };
        /// let flags = Layer { epochs: Some(10), ..Layer::default() };
        /// let config = flags.over(file).config()?;
        /// assert_eq!((config.epochs, config.lr), (10, 0.002));
        /// # Ok::<(), Box<dyn std::error::Error>>(())
        /// ```
        #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct Layer {
            $(
                #[doc = concat!($help, ".")]
                #[serde(rename = $name, default, skip_serializing_if = "Option::is_none")]
                pub $field: Option<$type>,
            )+
        }

        impl Layer {
            /// What either says; where both say something, this one.
            pub(super) fn or(self, other: Layer) -> Layer {
                Layer { $($field: self.$field.or(other.$field)),+ }
            }
        }

        /// Every setting.
        pub(super) const SETTINGS: &[Setting] = &[$(
            Setting {
                name: $name,
                help: $help,
                value: $value,
                kind: <$type as Value>::KIND,
                rules: $rules,
                resume: $resume,
                checkpoint: $held,
                shown: $shown,
                parse: |layer, text| {
                    layer.$field = Some(Value::parse(text)?);
                    Ok(())
                },
                text: |layer| layer.$field.as_ref().and_then(Value::text),
                json: |layer| serde_json::to_string(&layer.$field).expect("plain settings can be written"),
            },
        )+];
    };

    (@first $first:expr $(, $rest:expr)*) => { $first };
}
pub(super) use settings;
