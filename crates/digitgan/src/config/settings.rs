//! Every setting, each declared once. Flags, files, `run.toml`, what a checkpoint is held to and the table of options in
//! README.md come from here.
//!
//! A new setting of a training may stand anywhere in the list. So that old checkpoints can still be resumed, it is
//! [`Held::ValueUnlessPaper`], and its value in the recipe `paper` changes nothing. Do not reorder the settings that are
//! held by their value: checkpoints hold a hash of a text that lists them in this order.

use super::limits::MAX_SEED;
use super::on_collapse::OnCollapse;
use super::recipe::Recipe;
use super::setting::{Condition, Declared, Held, OnResume, settings};
use super::value::{ThreadCount, Value};
use super::watch::Watch;
use crate::data::{Augment, DataSource, Ground, LabelPlace, OrAuto, Orientation, PixelRange};
use crate::engine::{MAX_BATCH, Precision};
use crate::loss::{AdversarialLoss, GeneratorLoss};
use crate::model::{ClassInput, Design, Normaliser, SourceHead, Variant};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// A setting, as it was declared: what front ends make their flags, forms and tables from.
///
/// ```
/// use digitgan::config::{Layer, Recipe, Setting};
///
/// let setting = Setting::named("batch-size").unwrap();
/// assert_eq!(setting.default(Recipe::Paper).as_deref(), Some("64"));
///
/// let mut layer = Layer::default();
/// setting.set(&mut layer, "32")?;
/// assert_eq!(layer.config()?.batch_size, 32);
/// # Ok::<(), digitgan::config::ConfigError>(())
/// ```
pub type Setting = Declared<Layer, TrainConfig>;

/// What a possible value of a setting fulfils.
pub type Rule = Condition<TrainConfig>;

settings! {
    before {
        "recipe" recipe: Recipe {
            help: "Defaults of the settings that are not given: `modern` (better digits) or `paper` (the protocol of Peng & Yang)",
            value: "modern|paper",
            shown: Some("modern"),
            rules: &[],
            resume: OnResume::Fixed,
            checkpoint: Held::Nothing,
        }
    }
    training {
        "model" model: Variant {
            help: "The model: `gan`, `cgan` or `acgan`",
            value: "MODEL",
            paper: Variant::Acgan,
            resume: OnResume::Fixed,
            checkpoint: Held::Value,
        }
        "data" data: DataSource {
            help: "Real digits: `auto` (MNIST if it is there or can be fetched, else strokes), `mnist`, `strokes` (drawn by this program), or PATH, a folder or file of digits of your own (IDX, NPY, NPZ, CSV, Parquet, or one folder of pictures per class)",
            value: "auto|mnist|strokes|PATH",
            paper: DataSource::Auto,
            resume: OnResume::MayMove,
            // Data is its content, whose hash a checkpoint holds too, wherever it came from.
            checkpoint: Held::Always("\"auto\""),
        }
        // How PATH is read decides the data, whose hash a checkpoint holds; older versions knew no such settings.
        #[serde(skip_serializing_if = "is_default")]
        "ground" ground: OrAuto<Ground> {
            help: "What the ink of the images in PATH is on: `dark` (as in MNIST) or `light` (as on paper, and they are inverted); `auto` decides by all of them",
            value: "auto|dark|light",
            paper: OrAuto::Auto,
            must: ["auto unless `data` is PATH" => |c| is_path(c) || c.ground == OrAuto::Auto],
            resume: OnResume::Fixed,
            checkpoint: Held::Nothing,
        }
        #[serde(skip_serializing_if = "is_default")]
        "orientation" orientation: OrAuto<Orientation> {
            help: "How images in PATH are stored: `upright`, or `transposed` (rows and columns swapped, and they are swapped back); `auto` is transposed for EMNIST's own files",
            value: "auto|upright|transposed",
            paper: OrAuto::Auto,
            must: ["auto unless `data` is PATH" => |c| is_path(c) || c.orientation == OrAuto::Auto],
            resume: OnResume::Fixed,
            checkpoint: Held::Nothing,
        }
        #[serde(skip_serializing_if = "is_default")]
        "range" range: OrAuto<PixelRange> {
            help: "Which values in PATH are black and white, such as `0..16`; `auto` takes the usual range that holds them all",
            value: "auto|BLACK..WHITE",
            paper: OrAuto::Auto,
            must: ["auto unless `data` is PATH" => |c| is_path(c) || c.range == OrAuto::Auto],
            resume: OnResume::Fixed,
            checkpoint: Held::Nothing,
        }
        #[serde(skip_serializing_if = "is_default")]
        "labels" labels: OrAuto<LabelPlace> {
            help: "Where classes in PATH are found: `file-name` takes what stands before the first `_`, `-`, `.` or space of each picture's name; `auto` takes folders, columns or files of labels",
            value: "auto|file-name",
            paper: OrAuto::Auto,
            must: ["auto unless `data` is PATH" => |c| is_path(c) || c.labels == OrAuto::Auto],
            resume: OnResume::Fixed,
            checkpoint: Held::Nothing,
        }
        "augment" augment: Vec<Augment> {
            help: "Vary real images on the fly: `affine` (turn, shift, scale, shear a little), `elastic`, or both",
            value: "affine|elastic",
            paper: Vec::new(),
            shown: "none",
            resume: OnResume::Fixed,
            checkpoint: Held::Value,
        }
        "epochs" epochs: u32 {
            help: "Passes over the training images",
            value: "N",
            paper: 20,
            must: ["at least 1" => |c| c.epochs >= 1],
            resume: OnResume::MayChangeUnlessScheduled,
            checkpoint: Held::ValueIfScheduled("1"),
        }
        "batch-size" batch_size: usize {
            help: "Images in a batch",
            value: "N",
            paper: 64,
            must: ["2 to 32768 (batch normalisation needs two images)" => |c| (2..=MAX_BATCH).contains(&c.batch_size)],
            resume: OnResume::Fixed,
            checkpoint: Held::Value,
        }
        "lr" lr: f64 {
            help: "Adam's learning rate, for G and, unless `lr-d` says otherwise, for D",
            value: "RATE",
            paper: 1e-3,
            modern: 4e-3,
            must: ["a positive number, such as 0.001" => |c| is_rate(c.lr)],
            resume: OnResume::Fixed,
            checkpoint: Held::Value,
        }
        "lr-d" lr_d: f64 {
            help: "Adam's learning rate for D",
            value: "RATE",
            paper: 1e-3,
            modern: 4e-3,
            shown: "that of `lr`",
            must: ["a positive number, such as 0.001" => |c| is_rate(c.lr_d)],
            resume: OnResume::Fixed,
            checkpoint: Held::Value,
        }
        "beta1" beta1: f64 {
            help: "Adam's first decay rate",
            value: "RATE",
            paper: 0.5,
            modern: 0.0,
            must: ["at least 0 and below 1" => |c| (0.0..1.0).contains(&c.beta1)],
            resume: OnResume::Fixed,
            checkpoint: Held::Value,
        }
        "g-loss" g_loss: GeneratorLoss {
            help: "What G minimises: `non-saturating`, −log D(G(z)), or `saturating`, log(1 − D(G(z)))",
            value: "LOSS",
            paper: GeneratorLoss::NonSaturating,
            // What the other losses do not have must not seem to be done.
            must: ["non-saturating unless `loss` is cross-entropy" =>
                |c| c.loss == AdversarialLoss::CrossEntropy || c.g_loss == GeneratorLoss::NonSaturating],
            resume: OnResume::Fixed,
            checkpoint: Held::Value,
        }
        "loss" loss: AdversarialLoss {
            help: "The adversarial loss: `cross-entropy`, `hinge` (G then minimises −D(G(z))), or `relativistic` (D tells which of two images is real)",
            value: "LOSS",
            paper: AdversarialLoss::CrossEntropy,
            modern: AdversarialLoss::Relativistic,
            resume: OnResume::Fixed,
            checkpoint: Held::Value,
        }
        "label-smoothing" label_smoothing: f32 {
            help: "One-sided label smoothing, with cross-entropy: D's target for real images is 1 minus this",
            value: "SHARE",
            paper: 0.0,
            must: [
                "0 to below 0.5" => |c| (0.0..0.5).contains(&c.label_smoothing),
                "0 unless `loss` is cross-entropy" => |c| c.loss == AdversarialLoss::CrossEntropy || c.label_smoothing == 0.0,
            ],
            resume: OnResume::Fixed,
            checkpoint: Held::Value,
        }
        "fake-class-weight" fake_class_weight: f32 {
            help: "Weight of the class loss of generated images in ACGAN; that of real images is 1",
            value: "WEIGHT",
            paper: 1.0,
            modern: 0.1,
            must: ["more than 0 and at most 10" => |c| c.fake_class_weight > 0.0 && c.fake_class_weight <= 10.0],
            resume: OnResume::Fixed,
            checkpoint: Held::Value,
        }
        "instance-noise" instance_noise: f32 {
            help: "Standard deviation of noise added to all images that D sees; falls linearly to zero",
            value: "DEVIATION",
            paper: 0.0,
            must: ["0 to 1" => |c| (0.0..=1.0).contains(&c.instance_noise)],
            resume: OnResume::Fixed,
            checkpoint: Held::Value,
        }
        "lr-decay" lr_decay: f64 {
            help: "Last share of the training over which the learning rates fall linearly to zero",
            value: "SHARE",
            paper: 0.0,
            modern: 0.5,
            must: ["0 (never) to 1 (from the start)" => |c| (0.0..=1.0).contains(&c.lr_decay)],
            resume: OnResume::Fixed,
            checkpoint: Held::Value,
        }
        "ema" ema: f64 {
            help: "Decay of a moving average of G's weights, which then draws in their place; 0: no average",
            value: "DECAY",
            paper: 0.0,
            modern: 0.999,
            must: ["0 (no average) to below 1, such as 0.999" => |c| (0.0..1.0).contains(&c.ema)],
            resume: OnResume::Fixed,
            checkpoint: Held::Value,
        }
        "d-leak" d_leak: f32 {
            help: "Negative slope of D's rectifiers: 0.2 makes them LeakyReLU",
            value: "SLOPE",
            paper: 0.0,
            modern: 0.2,
            must: ["0 (ReLU) to below 1, such as 0.2" => |c| (0.0..1.0).contains(&c.d_leak)],
            resume: OnResume::Fixed,
            checkpoint: Held::Value,
        }
        "d-norm" d_norm: Normaliser {
            help: "Normalisation in D: `batch` (batch normalisation) or `spectral` (spectral normalisation of the weights)",
            value: "batch|spectral",
            paper: Normaliser::Batch,
            modern: Normaliser::Spectral,
            resume: OnResume::Fixed,
            checkpoint: Held::Value,
        }
        "d-class" d_class: ClassInput {
            help: "How D gets the class: `plane` (as in the paper: in cGAN as a learned picture, in ACGAN not at all) or `projection`",
            value: "plane|projection",
            paper: ClassInput::Plane,
            modern: ClassInput::Projection,
            resume: OnResume::Fixed,
            checkpoint: Held::Value,
        }
        "d-head" d_head: SourceHead {
            help: "D's last layers, from features to its logit: `linear` (one layer) or `hidden` (a hidden layer of 128 units between)",
            value: "linear|hidden",
            paper: SourceHead::Linear,
            modern: SourceHead::Hidden,
            resume: OnResume::Fixed,
            checkpoint: Held::Value,
        }
        "pack" pack: usize {
            help: "Images that D sees together, of one class where G is told it",
            value: "N",
            paper: 1,
            must: [
                "1 to 4, and a divisor of `batch-size`" =>
                    |c| (1..=Design::MAX_PACK).contains(&c.pack) && c.batch_size.is_multiple_of(c.pack),
                // Batch normalisation needs two of them.
                "at most half of `batch-size`" => |c| c.batch_size >= 2 * c.pack,
            ],
            resume: OnResume::Fixed,
            checkpoint: Held::Value,
        }
        // Its default stays out of records, which are then those of older versions.
        #[serde(skip_serializing_if = "is_default")]
        "precision" precision: Precision {
            help: "Precision of products on the CPU: `f32`, or `bf16` in the inner convolution, faster on processors with AVX-512 BF16",
            value: "f32|bf16",
            paper: Precision::F32,
            resume: OnResume::Fixed,
            checkpoint: Held::ValueUnlessPaper,
        }
        "seed" seed: u64 {
            help: "Every random number follows from it: same seed, same digits",
            value: "N",
            paper: 1,
            must: ["at most 9223372036854775807" => |c| c.seed <= MAX_SEED],
            resume: OnResume::Fixed,
            checkpoint: Held::Value,
        }
        // As that of `precision`.
        #[serde(skip_serializing_if = "is_default")]
        "watch" watch: Watch {
            help: "Whether the collapse monitor looks at the generator: `auto` (if there is a judge of the data; for MNIST there always is), `on` (train a judge if there is none, which takes minutes, once), or `off`",
            value: "auto|on|off",
            paper: Watch::Auto,
            resume: OnResume::MayChange,
            checkpoint: Held::Nothing,
        }
        "watch-steps" watch_steps: u64 {
            help: "Steps between two looks of the collapse monitor",
            value: "N",
            paper: 200,
            must: ["at least 1" => |c| c.watch_steps >= 1],
            resume: OnResume::MayChange,
            // Watching changes no step, nor does what follows a collapse: how often it followed is in the checkpoint.
            checkpoint: Held::Always("200"),
        }
        "on-collapse" on_collapse: OnCollapse {
            help: "What to do when the generator collapses: `continue`, `stop`, or `rollback` (return to the last checkpoint before it and train on with other noise and half the learning rates)",
            value: "continue|stop|rollback",
            paper: OnCollapse::Continue,
            resume: OnResume::MayChange,
            checkpoint: Held::Always("\"continue\""),
        }
        #[serde(skip_serializing_if = "Option::is_none")]
        "checkpoint-steps" checkpoint_steps: Option<u64> {
            help: "Save a checkpoint every N steps too, not only after every epoch",
            value: "N",
            paper: None,
            must: ["at least 1" => |c| c.checkpoint_steps != Some(0)],
            resume: OnResume::MayChange,
            checkpoint: Held::Nothing,
        }
        #[serde(skip_serializing_if = "Option::is_none")]
        "max-steps" max_steps: Option<u64> {
            help: "Stop after N steps in all",
            value: "N",
            paper: None,
            must: ["at least 1" => |c| c.max_steps != Some(0)],
            resume: OnResume::MayChange,
            checkpoint: Held::Nothing,
        }
    }
    after {
        "threads" threads: ThreadCount {
            help: "Threads to compute with; the results are the same for any number",
            value: "N",
            shown: Some("all processors"),
            rules: &[],
            resume: OnResume::MayChange,
            checkpoint: Held::Nothing,
        }
        "data-dir" data_dir: PathBuf {
            help: "Folder that holds data sets; MNIST lies in its subfolder mnist",
            value: "DIR",
            shown: Some("this platform's cache folder"),
            rules: &[],
            resume: OnResume::MayChange,
            checkpoint: Held::Nothing,
        }
        "name" name: String {
            help: "Name of the run, which goes to runs/NAME",
            value: "NAME",
            shown: Some("model and data"),
            rules: &[],
            resume: OnResume::Fixed,
            checkpoint: Held::Nothing,
        }
        "out" out: PathBuf {
            help: "Directory of the run, instead of a name",
            value: "DIR",
            shown: None,
            rules: &[],
            resume: OnResume::Fixed,
            checkpoint: Held::Nothing,
        }
    }
}

fn is_rate(rate: f64) -> bool {
    rate.is_finite() && rate > 0.0
}

fn is_path(config: &TrainConfig) -> bool {
    matches!(config.data, DataSource::Path(_))
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
