//! The settings of a training, as they are said: on the command line, in a file, by a recipe.

use crate::Usage;
use anyhow::Context;
use digitgan::config::{OnCollapse, Recipe, TrainConfig};
use digitgan::data::{Augment, DataSource};
use digitgan::engine::Precision;
use digitgan::model::{ClassInput, Normaliser, SourceHead, Variant};
use digitgan::objective::{Game, GeneratorLoss};
use digitgan::run::manifest::Manifest;
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// The settings, from the command line or from a file.
#[derive(clap::Args, Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Options {
    /// The model: gan, cgan or acgan [default: acgan]
    #[arg(value_name = "MODEL")]
    pub(super) model: Option<Variant>,
    /// What holds where no option says otherwise: modern (better digits) or report (the protocol of Peng & Yang)
    /// [default: modern]
    #[arg(long, value_name = "modern|report", value_parser = parse_name::<Recipe>)]
    pub(super) recipe: Option<Recipe>,
    /// Real digits: auto (MNIST if it is there or can be fetched, else strokes), mnist, strokes (drawn by
    /// this program), or a folder of IDX files or of one folder of PNG files a class [default: auto]
    #[arg(long, value_name = "auto|mnist|strokes|PATH")]
    pub(super) data: Option<DataSource>,
    #[arg(skip)]
    pub(super) data_dir: Option<PathBuf>,
    /// Vary real images on the fly: affine (turn, shift, scale, shear a little), elastic, or both [default: none]
    #[arg(long, value_name = "affine|elastic", value_delimiter = ',')]
    pub(super) augment: Option<Vec<Augment>>,
    /// Passes over the training images [default: 20]
    #[arg(long, value_name = "N")]
    pub(super) epochs: Option<u32>,
    /// Images in a batch [default: 64]
    #[arg(long, value_name = "N")]
    pub(super) batch_size: Option<usize>,
    /// Adam's learning rate, for G and, unless --lr-d says otherwise, for D [default: 0.004; report: 0.001]
    #[arg(long, value_name = "RATE", allow_negative_numbers = true)]
    pub(super) lr: Option<f64>,
    /// Adam's learning rate for D [default: that of --lr]
    #[arg(long, value_name = "RATE", allow_negative_numbers = true)]
    pub(super) lr_d: Option<f64>,
    /// Adam's first decay rate [default: 0; report: 0.5]
    #[arg(long, value_name = "RATE", allow_negative_numbers = true)]
    pub(super) beta1: Option<f64>,
    /// What G minimises: non-saturating, −log D(G(z)), or saturating, log(1 − D(G(z))) [default: non-saturating]
    #[arg(long, value_name = "LOSS", value_parser = parse_name::<GeneratorLoss>)]
    pub(super) g_loss: Option<GeneratorLoss>,
    /// The game of D and G: cross-entropy, hinge (G then minimises −D(G(z))), or relativistic (D tells which of two is
    /// real) [default: relativistic; report: cross-entropy]
    #[arg(long, value_name = "GAME", value_parser = parse_name::<Game>)]
    pub(super) loss: Option<Game>,
    /// How far below one D's target for real images is, with cross-entropy: one-sided label smoothing [default: 0]
    #[arg(long, value_name = "SHARE", allow_negative_numbers = true)]
    pub(super) label_smoothing: Option<f32>,
    /// Weight of the class of generated images in the losses of ACGAN, beside 1 for real ones [default: 0.1; report: 1]
    #[arg(long, value_name = "WEIGHT", allow_negative_numbers = true)]
    pub(super) fake_class_weight: Option<f32>,
    /// Noise over all images that D sees, falling linearly to nothing [default: 0]
    #[arg(long, value_name = "DEVIATION", allow_negative_numbers = true)]
    pub(super) instance_noise: Option<f32>,
    /// Over this last share of the training the learning rates fall linearly to zero [default: 0.5; report: 0]
    #[arg(long, value_name = "SHARE", allow_negative_numbers = true)]
    pub(super) lr_decay: Option<f64>,
    /// Draw with an average of G's weights of this decay; 0: with the weights themselves [default: 0.999; report: 0]
    #[arg(long, value_name = "DECAY", allow_negative_numbers = true)]
    pub(super) ema: Option<f64>,
    /// Slope of D's rectifiers below zero: 0.2 makes them LeakyReLU [default: 0.2; report: 0]
    #[arg(long, value_name = "SLOPE", allow_negative_numbers = true)]
    pub(super) d_leak: Option<f32>,
    /// What keeps D's features in range: batch (normalisation) or spectral (normalisation of the weights)
    /// [default: spectral; report: batch]
    #[arg(long, value_name = "batch|spectral", value_parser = parse_name::<Normaliser>)]
    pub(super) d_norm: Option<Normaliser>,
    /// How D is told the class: plane (as in the report: cGAN's by a learned picture, ACGAN's not at all) or projection
    /// [default: projection; report: plane]
    #[arg(long, value_name = "plane|projection", value_parser = parse_name::<ClassInput>)]
    pub(super) d_class: Option<ClassInput>,
    /// How D's features become its verdict: linear (their weighted sum) or hidden (through a layer of 128 units)
    /// [default: hidden; report: linear]
    #[arg(long, value_name = "linear|hidden", value_parser = parse_name::<SourceHead>)]
    pub(super) d_head: Option<SourceHead>,
    /// Images that D judges together, of one class where G is told it [default: 1]
    #[arg(long, value_name = "N")]
    pub(super) pack: Option<usize>,
    /// Numbers to multiply on the CPU: f32, or bf16 in the inner convolution, which is faster on processors with
    /// AVX-512 BF16 [default: f32]
    #[arg(long, value_name = "f32|bf16", value_parser = parse_name::<Precision>)]
    pub(super) precision: Option<Precision>,
    /// Every random number follows from it: same seed, same digits [default: 1]
    #[arg(long, value_name = "N")]
    pub(super) seed: Option<u64>,
    /// Steps between two looks of the mode-collapse watch [default: 200]
    #[arg(long, value_name = "N")]
    pub(super) watch_steps: Option<u64>,
    /// When the generator collapses: continue, stop, or rollback (go back to the last checkpoint before it, and on
    /// with other noise and half the learning rates) [default: continue]
    #[arg(long, value_name = "continue|stop|rollback", value_parser = parse_name::<OnCollapse>)]
    pub(super) on_collapse: Option<OnCollapse>,
    /// Threads to compute with; the results are the same for any number [default: all processors]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(super) threads: Option<u16>,
    /// Name of the run, which goes to runs/NAME [default: model and data]
    #[arg(long, value_name = "NAME", conflicts_with = "out")]
    pub(super) name: Option<String>,
    /// Directory of the run, instead of a name
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
    /// Save a checkpoint every N steps too, not only after every epoch
    #[arg(long, value_name = "N")]
    pub(super) checkpoint_steps: Option<u64>,
    /// Stop after N steps in all
    #[arg(long, value_name = "N")]
    pub(super) max_steps: Option<u64>,
}

/// The choice of this name, as files have it; the error lists the names.
fn parse_name<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, String> {
    serde_json::from_value(text.into()).map_err(|error: serde_json::Error| {
        let error = error.to_string();
        let names = error.split_once("expected ").map_or(error.as_str(), |(_, names)| names);
        format!("choose {}", names.replace('`', "").replace("one of ", ""))
    })
}

impl Options {
    /// These options where they are given, else those of `file`.
    pub(super) fn or(self, file: Options) -> Options {
        // A place given here replaces a place given there, whichever way either was said.
        let placed = self.name.is_some() || self.out.is_some();
        Options {
            model: self.model.or(file.model),
            recipe: self.recipe.or(file.recipe),
            data: self.data.or(file.data),
            data_dir: self.data_dir.or(file.data_dir),
            augment: self.augment.or(file.augment),
            epochs: self.epochs.or(file.epochs),
            batch_size: self.batch_size.or(file.batch_size),
            lr: self.lr.or(file.lr),
            // A rate for both given here is not undone by one for D given there.
            lr_d: self.lr_d.or(self.lr).or(file.lr_d),
            beta1: self.beta1.or(file.beta1),
            g_loss: self.g_loss.or(file.g_loss),
            loss: self.loss.or(file.loss),
            label_smoothing: self.label_smoothing.or(file.label_smoothing),
            fake_class_weight: self.fake_class_weight.or(file.fake_class_weight),
            instance_noise: self.instance_noise.or(file.instance_noise),
            lr_decay: self.lr_decay.or(file.lr_decay),
            ema: self.ema.or(file.ema),
            d_leak: self.d_leak.or(file.d_leak),
            d_norm: self.d_norm.or(file.d_norm),
            d_class: self.d_class.or(file.d_class),
            d_head: self.d_head.or(file.d_head),
            pack: self.pack.or(file.pack),
            precision: self.precision.or(file.precision),
            seed: self.seed.or(file.seed),
            watch_steps: self.watch_steps.or(file.watch_steps),
            on_collapse: self.on_collapse.or(file.on_collapse),
            threads: self.threads.or(file.threads),
            name: self.name.or(if placed { None } else { file.name }),
            out: self.out.or(if placed { None } else { file.out }),
            checkpoint_steps: self.checkpoint_steps.or(file.checkpoint_steps),
            max_steps: self.max_steps.or(file.max_steps),
        }
    }

    /// Reads the settings of a file, or those of the run that a `run.toml` describes.
    pub(super) fn read(path: &Path) -> anyhow::Result<Options> {
        let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let one_line = |error: toml::de::Error| {
            let place = error.span().map(|span| 1 + text[..span.start.min(text.len())].matches('\n').count());
            let place = place.map_or(String::new(), |line| format!(" line {line}"));
            Usage(format!("{}{place}: {}", path.display(), error.message().replace('\n', " ")))
        };
        let table: toml::Table = toml::from_str(&text).map_err(one_line)?;
        if table.contains_key("format") {
            return Self::of_run(Manifest::read(path)?);
        }
        Ok(toml::from_str(&text).map_err(one_line)?)
    }

    /// The settings of a run.
    fn of_run(manifest: Manifest) -> anyhow::Result<Options> {
        let config: Options = toml::Table::try_from(manifest.config)?.try_into()?;
        // What an old record does not say was as in the report.
        Ok(Options { data_dir: manifest.dataset.data_dir, recipe: Some(Recipe::Report), ..config })
    }

    /// The settings, with defaults where nothing was said.
    pub(super) fn resolve(&self) -> TrainConfig {
        let model = self.model.unwrap_or(TrainConfig::default().model);
        let default = self.recipe.unwrap_or_default().config(model);
        let mut augment = self.augment.clone().unwrap_or_default();
        augment.sort_unstable();
        augment.dedup();
        TrainConfig {
            model,
            data: self.data.clone().unwrap_or(default.data),
            augment,
            epochs: self.epochs.unwrap_or(default.epochs),
            batch_size: self.batch_size.unwrap_or(default.batch_size),
            lr: self.lr.unwrap_or(default.lr),
            lr_d: self.lr_d.or(self.lr).unwrap_or(default.lr_d),
            beta1: self.beta1.unwrap_or(default.beta1),
            g_loss: self.g_loss.unwrap_or(default.g_loss),
            loss: self.loss.unwrap_or(default.loss),
            label_smoothing: self.label_smoothing.unwrap_or(default.label_smoothing),
            fake_class_weight: self.fake_class_weight.unwrap_or(default.fake_class_weight),
            instance_noise: self.instance_noise.unwrap_or(default.instance_noise),
            lr_decay: self.lr_decay.unwrap_or(default.lr_decay),
            ema: self.ema.unwrap_or(default.ema),
            d_leak: self.d_leak.unwrap_or(default.d_leak),
            d_norm: self.d_norm.unwrap_or(default.d_norm),
            d_class: self.d_class.unwrap_or(default.d_class),
            d_head: self.d_head.unwrap_or(default.d_head),
            pack: self.pack.unwrap_or(default.pack),
            precision: self.precision.unwrap_or(default.precision),
            seed: self.seed.unwrap_or(default.seed),
            watch_steps: self.watch_steps.unwrap_or(default.watch_steps),
            on_collapse: self.on_collapse.unwrap_or(default.on_collapse),
            checkpoint_steps: self.checkpoint_steps,
            max_steps: self.max_steps,
        }
    }
}
