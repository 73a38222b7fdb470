//! Evaluation of a generator: a judge ([`crate::judge`]) reads its digits, and every metric of [`crate::metrics`] is
//! computed for them and for real digits.
//!
//! Generated digits are compared with the test images. The same comparison is made with *training* images in their place.
//! These are as real as the test images, so their result is the best that a generator can hope for; every metric stands
//! beside it (`real`). Each metric is computed for several sets, drawn one after the other from one seed, so it comes
//! with an interval.
//!
//! Labelled images that are there already are evaluated in the same way ([`Evaluator::evaluate_images`]).

mod choice;
mod evaluator;
mod images;
mod subject;
mod table;

pub use choice::Choice;
pub use evaluator::{Evaluator, Neighbours, check_generator};
pub use images::labelled_as;
pub use table::{Better, MetricRow, percent};

use crate::engine::{EngineError, InputError};
use crate::error::ErrorKind;
use crate::judge::{JudgeError, JudgeIdentity};
use crate::metrics::MetricError;
use crate::metrics::histogram::{ClassHistogram, Confusion};
use crate::metrics::interval::{Proportion, Repeated};
use crate::model::Variant;
use serde::{Deserialize, Serialize};

/// The version of `evaluation.json` that this library writes.
pub const FORMAT: u32 = 2;

/// What an evaluation is to do.
///
/// ```
/// use digitgan::prelude::*;
///
/// let quick = Plan { samples: 1000, repeats: 2, gan_train: false, ..Plan::default() };
/// assert_eq!((quick.seed, Plan::default().samples), (1, 10_000));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Images in a set: fewer where there are not as many test images, or half as many training images.
    pub samples: usize,
    /// Sets of generated digits, and at most as many of real ones.
    pub repeats: usize,
    /// Which digits are drawn, and which real ones are chosen.
    pub seed: u64,
    /// Whether to train classifiers on generated and on real digits.
    pub gan_train: bool,
}

impl Default for Plan {
    fn default() -> Self {
        Plan { samples: 10_000, repeats: 5, seed: 1, gan_train: true }
    }
}

/// A metric of generated digits beside that of real ones.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Compared {
    /// Of generated digits.
    pub generated: Repeated,
    /// Of training digits in their place: the best to hope for.
    pub real: Repeated,
}

impl Compared {
    /// How many times that of real digits the metric is; none where that is 0.
    pub fn times_real(&self) -> Option<f64> {
        (self.real.mean > 0.0).then(|| self.generated.mean / self.real.mean)
    }
}

/// The metrics of one class by itself.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClassMetrics {
    /// Share of the digits asked for as this class that are read so; where G is told the class.
    pub agreement: Option<Repeated>,
    /// Share of all digits that are read as this class.
    pub read: Compared,
    /// Fréchet distance of the digits that were asked for as this class or, where G knows no classes, are read so.
    /// `None` where there were too few in some set.
    pub frechet: Option<Compared>,
}

/// How well classifiers read test images that learned from generated or from real digits alone.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct GanTrain {
    /// Images that either learned from.
    pub images: usize,
    /// Passes over them.
    pub epochs: u64,
    /// Test images read as labelled after learning from generated digits.
    pub generated: Proportion,
    /// The same after learning from real ones.
    pub real: Proportion,
}

/// How near digits are to training digits, beside test digits. Distances are Euclidean, of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Memorised {
    /// Digits of each set whose nearest training digits were looked for.
    pub digits: usize,
    /// Median distance of a generated digit to its nearest training digit.
    pub generated_median: Repeated,
    /// The same of test digits.
    pub test_median: f64,
    /// The distance below which only 1 % of test digits lie.
    pub near: f64,
    /// Share of generated digits nearer than that.
    pub near_share: Repeated,
}

/// What an evaluation found.
///
/// ```
/// use digitgan::prelude::*;
///
/// # let dataset = strokes::some(40, 20)?;
/// # let device = Device::cpu(None)?;
/// # let plan = Plan { samples: 20, repeats: 2, gan_train: false, ..Plan::default() };
///
/// # let judge = Judge::of_mnist(&device);
/// # let generator = GeneratorFile::untrained(Variant::Gan, 10, 1)?;
/// # let mut evaluator = Evaluator::new(device, judge, &dataset, plan, &mut |_, _, _| ())?;
/// let evaluation: Evaluation = evaluator.evaluate(&generator, &mut |_, _, _| ())?.0;
/// for figure in evaluation.metric_rows() {
///     println!("{:32} {:?}, real digits {:?}", figure.name, figure.generated, figure.real);
/// }
/// assert_eq!(evaluation.agreement, None, "a GAN cannot be asked for a class");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// Version of this layout.
    pub format: u32,
    /// The generator's model; none where images were evaluated that are there.
    pub model: Option<Variant>,
    /// Steps that it was trained for.
    pub step: u64,
    /// The data set that it was trained on.
    pub trained_on: String,
    /// The name of the images, where they were evaluated rather than a generator.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub set: Option<String>,
    /// The data set that it was compared with.
    pub dataset: String,
    /// The classes' names.
    pub class_names: Vec<String>,
    /// Who read the digits.
    pub judge: JudgeIdentity,
    /// What was done.
    pub plan: Plan,
    /// Images in a set.
    pub samples: usize,
    /// Share of digits that are read as the class asked for (GAN-test); where G is told the class.
    pub agreement: Option<Repeated>,
    /// The class asked for against the class read, over all sets; where G is told the class.
    pub confusion: Option<Confusion>,
    /// The classes read, over all sets.
    pub histogram: ClassHistogram,
    /// Kullback-Leibler divergence of the classes read from uniform, in nats.
    pub divergence_from_uniform: Compared,
    /// Fréchet distance to the test images.
    pub frechet: Compared,
    /// The mean of the same over classes, where no class has too few digits.
    pub class_frechet: Option<Compared>,
    /// The metrics of each class.
    pub classes: Vec<ClassMetrics>,
    /// Kernel distance to the test images.
    pub kernel_distance: Compared,
    /// Digit score (Inception score by the judge).
    pub digit_score: Compared,
    /// Share of digits that lie among real ones.
    pub precision: Compared,
    /// Share of real digits that lie among generated ones.
    pub recall: Compared,
    /// How densely real digits lie around generated ones.
    pub density: Compared,
    /// Share of real digits that have a generated one near.
    pub coverage: Compared,
    /// How near digits are to training digits.
    pub memorisation: Memorised,
    /// Classifiers that learned from generated digits; where G is told the class.
    pub gan_train: Option<GanTrain>,
}

/// Why an evaluation cannot be had.
///
/// ```
/// use digitgan::prelude::*;
///
/// # let dataset = strokes::some(40, 20)?;
/// # let device = Device::cpu(None)?;
/// # let plan = Plan { samples: 20, repeats: 2, gan_train: false, ..Plan::default() };
///
/// let dataset = strokes::some(10, 5)?;
/// let judge = Judge::of_mnist(&device);
/// let error = Evaluator::new(device, judge, &dataset, plan, &mut |_, _, _| ()).err().unwrap();
/// assert!(matches!(error, EvaluationError::TooFewImages { test: 5, needed: 20, .. }));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EvaluationError {
    /// The judge reads other classes.
    #[error("the judge knows {judge} classes, but {dataset} has {classes}: give the data set's own judge")]
    Judge {
        /// Classes of the judge.
        judge: usize,
        /// The data set.
        dataset: String,
        /// Its classes.
        classes: usize,
    },
    /// The generator draws other classes.
    #[error("the generator draws {generator} classes, but {dataset} has {classes}: give the data it was trained on")]
    Classes {
        /// Classes of the generator.
        generator: usize,
        /// The data set.
        dataset: String,
        /// Its classes.
        classes: usize,
    },
    /// Images of a class that the data set does not have.
    #[error(
        "{set} has a class {class:?}, but the classes of {dataset} are {known}: classes are matched by their names"
    )]
    UnknownClass {
        /// The images.
        set: String,
        /// The class.
        class: String,
        /// The data set.
        dataset: String,
        /// Its classes.
        known: String,
    },
    /// Too few real images.
    #[error(
        "{dataset} has {train} training and {test} test images: an evaluation needs at least {needed} test images and twice as many to train on"
    )]
    TooFewImages {
        /// The data set.
        dataset: String,
        /// Its training images.
        train: usize,
        /// Its test images.
        test: usize,
        /// The fewest test images.
        needed: usize,
    },
    /// The generator's tensors do not fit, or the device that draws failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// A metric has no value.
    #[error("these digits cannot be measured: {0}")]
    Metric(#[from] MetricError),
    /// A classifier cannot be trained.
    #[error(transparent)]
    Classifier(#[from] JudgeError),
    /// Images that do not fit together.
    #[error(transparent)]
    Input(#[from] InputError),
}

impl Evaluation {
    /// What was evaluated, for headings: the model, or the name of the images.
    pub fn title(&self) -> &str {
        match (&self.set, self.model) {
            (Some(name), _) => name,
            (None, Some(model)) => model.title(),
            (None, None) => "images",
        }
    }
}

impl EvaluationError {
    /// What it is about.
    pub fn kind(&self) -> ErrorKind {
        match self {
            EvaluationError::Judge { .. } | EvaluationError::Classes { .. } | EvaluationError::UnknownClass { .. } => {
                ErrorKind::Mismatch
            }
            EvaluationError::TooFewImages { .. } => ErrorKind::Data,
            EvaluationError::Engine(error) => error.kind(),
            EvaluationError::Metric(error) => error.kind(),
            EvaluationError::Classifier(error) => error.kind(),
            EvaluationError::Input(error) => error.kind(),
        }
    }
}
