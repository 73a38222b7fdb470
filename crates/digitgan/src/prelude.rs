//! What most programs need, by one `use digitgan::prelude::*`.
//!
//! | to … | there is |
//! | --- | --- |
//! | compute | [`Device`], by a [`DeviceName`]; its [`Threads`] |
//! | say which model | [`Variant`], [`ModelSpec`] |
//! | draw digits | a [`BuiltIn`] generator with its [card](crate::built_in::Card), or a [`GeneratorFile`]; [`Sampler`]; a [`Morph`](crate::sample::Morph) from one into another; the [`directions`](crate::sample::directions) that change them most; noise of one's own from [`latents`] for a [`Purpose`] |
//! | have real digits | [`Dataset`] of two [`Split`]s, its [`DatasetIdentity`]; [`strokes`], which are built in; [`load`] from a [`DataSource`], which tells [`DataEvent`]s and gives what was [`Loaded`], from a folder or [`default_data_dir`]; [`Augment`] |
//! | say how files of digits are meant | a [`Reading`]; a [`LoadReport`](crate::load::LoadReport) says how they were read, [`looks_turned`](crate::load::looks_turned) whether they lie on their side |
//! | say how to train | [`TrainConfig`], of a [`Recipe`] or of [`Layer`]s; each [`Setting`]; [`Watch`](crate::config::Watch), [`OnCollapse`] |
//! | train | [`Training`] from a [`Snapshot`] tells an [`Observer`] each [`Event`] and ends with an [`Outcome`]; [`Monitor`]; [`LossRecord`], [`CollapseRecord`](crate::train::CollapseRecord) |
//! | keep a training on the disk | [`Session`] in a [`RunDirectory`] with a [`Manifest`] |
//! | read digits | [`Judge`] gives [`Readings`]; [`ClassifierFile`], [`JudgeIdentity`]; [`train_judge`] by a [`TrainingPlan`] |
//! | say how good digits are | [`Evaluator`] makes an [`Evaluation`] by a [`Plan`]; [`Choice`] among generators; [`Features`] for [`crate::metrics`] |
//! | show digits | [`Grid`] draws a [`GreyPicture`]; [`Animation`] of [`Frame`]s, or any [`Film`](crate::picture::Film); [`preview`] in a [`TerminalStyle`] |
//! | make a data set | [`generate()`] by a [`SetPlan`] from a [`SetSource`]; [`SetRecord`], [`Layout`], [`Keep`], and choices such as [`Mix`](crate::generate::Mix) and [`Cut`](crate::generate::Cut); [`convert()`] writes any in another [`ConvertLayout`] |
//! | write lines | [`crate::handwriting`] writes them, [`crate::written`] makes files and data sets of them |
//! | show runs | [`Page`] |
//! | react to errors | [`ErrorKind`], of each: [`ConfigError`], [`ConvertError`], [`DataError`], [`DeviceError`], [`EngineError`], [`EvaluationError`], [`GenerateError`], [`InputError`], [`JudgeError`], [`ManifestError`], [`MetricError`], [`PageError`], [`PictureError`], [`SessionError`], [`TrainError`], [`WeightsError`], [`WeightsFileError`] |
//!
//! Each of them has an example on its page. Whatever else the library has is found from there.

pub use crate::built_in::BuiltIn;
pub use crate::config::{ConfigError, Layer, OnCollapse, Recipe, Setting, TrainConfig};
pub use crate::data::Reading;
pub use crate::data::{Augment, DataSource, Dataset, DatasetIdentity, Split, strokes};
pub use crate::engine::{Device, DeviceError, DeviceName, EngineError, Threads};
pub use crate::error::ErrorKind;
pub use crate::evaluation::{Choice, Evaluation, EvaluationError, Evaluator, Plan};
pub use crate::input::InputError;
pub use crate::judge::training::TrainingPlan;
pub use crate::judge::{Judge, JudgeError, Readings, train as train_judge};
pub use crate::metrics::{Features, MetricError};
pub use crate::model::{ModelSpec, Variant};
pub use crate::sample::{Sampler, latents};
pub use crate::seed::Purpose;
pub use crate::train::{Event, LossRecord, Monitor, Observer, Outcome, Snapshot, TrainError, Training};
pub use crate::weights::{ClassifierFile, GeneratorFile, JudgeIdentity, WeightsError};

#[cfg(feature = "files")]
pub use crate::files::WeightsFileError;
#[cfg(feature = "files")]
pub use crate::load::{DataError, DataEvent, Loaded, default_data_dir, load};
#[cfg(feature = "files")]
pub use crate::run::RunDirectory;
#[cfg(feature = "files")]
pub use crate::run::manifest::{Manifest, ManifestError};

#[cfg(feature = "pictures")]
pub use crate::convert::{ConvertError, ConvertLayout, convert};
#[cfg(feature = "pictures")]
pub use crate::generate::record::SetRecord;
#[cfg(feature = "pictures")]
pub use crate::generate::{GenerateError, Keep, Layout, Plan as SetPlan, Source as SetSource, generate};
#[cfg(feature = "pictures")]
pub use crate::picture::{Animation, Frame, GreyPicture, Grid, PictureError, TerminalStyle, preview};
#[cfg(feature = "pictures")]
pub use crate::session::{Session, SessionError};

#[cfg(feature = "page")]
pub use crate::page::{Page, PageError};
