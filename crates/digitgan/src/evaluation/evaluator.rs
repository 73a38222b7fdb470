//! The evaluator: measures real digits once, then any number of generators.

use super::subject::{Facts, Subject, chosen};
use super::{ClassMetrics, Compared, Evaluation, EvaluationError, FORMAT, GanTrain, Memorised, Plan};
use crate::IMAGE_PIXELS;
use crate::data::{Dataset, Split};
use crate::engine::{Device, InputError};
use crate::input::{check_classes, check_length, count_images};
use crate::judge::training::TrainingPlan;
use crate::judge::{Judge, Reader, Readings, training};
use crate::metrics::frechet::{class_frechet, frechet_distance};
use crate::metrics::histogram::{ClassHistogram, Confusion};
use crate::metrics::interval::{Proportion, Repeated};
use crate::metrics::kernel::{Subsets, kernel_distance};
use crate::metrics::manifold::{Manifold, NEAREST, manifold};
use crate::metrics::neighbours::{Memorisation, Neighbour, nearest};
use crate::metrics::score::digit_score;
use crate::metrics::{MetricError, Probabilities};
use crate::sample::Sampler;
use crate::seed::{Purpose, index, permutation};
use crate::weights::GeneratorFile;

/// The fewest images in a set: with less, neither neighbours nor covariances mean anything.
pub(super) const MIN_SAMPLES: usize = 4 * NEAREST;
/// One image in so many has its nearest training digit looked for,
const NEIGHBOURS_ONE_IN: usize = 10;
/// but at least so many have.
const MIN_NEIGHBOURS: usize = 100;
/// Parts that the digit score is the mean of, as in torch-fidelity.
const SCORE_SPLITS: usize = 10;
/// Images that the classifiers of GAN-train learn from, at most.
const GAN_TRAIN_IMAGES: usize = 60_000;

/// Evaluates generators against one data set. What is known of the real digits is found out once.
///
/// ```
/// use digitgan::prelude::*;
///
/// let dataset = strokes::some(40, 20)?;
/// let device = Device::cpu(None)?;
/// let judge = Judge::of_mnist(&device);
/// let plan = Plan { samples: 20, repeats: 2, gan_train: false, ..Plan::default() };
/// let mut evaluator = Evaluator::new(device, judge, &dataset, plan, &mut |_, _, _| ())?;
/// let generator = GeneratorFile::untrained(Variant::Cgan, 10, 1)?;
/// let (evaluation, _) = evaluator.evaluate(&generator, &mut |what, done, all| println!("{what}: {done} of {all}"))?;
/// assert!(evaluation.frechet.generated.mean > evaluation.frechet.real.mean);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Evaluator<'a> {
    device: Device,
    judge: Judge,
    dataset: &'a Dataset,
    plan: Plan,
    samples: usize,
    /// The test images that generated digits are compared with.
    test: Split,
    readings: Readings,
    /// The metrics of sets of training images.
    real: Vec<SetMetrics>,
    /// The nearest training digits of some test digits.
    neighbours: Vec<Neighbour>,
    /// How a classifier reads that learned from so many real digits.
    real_accuracy: Option<(usize, Proportion)>,
}

/// The metrics of one set.
struct SetMetrics {
    agreement: f64,
    divergence: f64,
    frechet: f64,
    /// Of each class.
    class_agreement: Vec<Option<f64>>,
    class_shares: Vec<f64>,
    class_frechet: Vec<Option<f64>>,
    kernel_distance: f64,
    digit_score: f64,
    manifold: Manifold,
}

/// Generated digits whose nearest training digits were looked for.
#[derive(Clone, Debug)]
pub struct Neighbours {
    /// The digits, `[count, 28, 28]`.
    pub digits: Vec<u8>,
    /// The classes that they are read as.
    pub read: Vec<u8>,
    /// The nearest training image of each.
    pub nearest: Vec<Neighbour>,
}

impl Plan {
    /// The images of a set of real digits of `dataset`, as many as of generated ones: to be asked before a judge is trained
    /// or anything measured.
    ///
    /// # Errors
    /// A data set whose images and classes do not fit together, too few images, or fewer than two sets.
    pub fn samples_of(&self, dataset: &Dataset) -> Result<usize, EvaluationError> {
        dataset.check()?;
        // An interval needs two sets.
        if self.repeats < 2 {
            return Err(MetricError::TooFew { what: "repeated measurements", found: self.repeats, needed: 2 }.into());
        }
        let (train, test) = (dataset.train.len(), dataset.test.len());
        let samples = self.samples.min(test).min(train / 2);
        if samples < MIN_SAMPLES {
            let dataset = dataset.name.clone();
            return Err(EvaluationError::TooFewImages { dataset, train, test, needed: MIN_SAMPLES });
        }
        Ok(samples)
    }
}

/// Checks that a generator draws the classes of a data set.
///
/// # Errors
/// [`EvaluationError::Classes`].
pub fn check_generator(file: &GeneratorFile, dataset: &Dataset) -> Result<(), EvaluationError> {
    let (generator, classes) = (file.spec.classes, dataset.classes);
    match generator == classes {
        true => Ok(()),
        false => Err(EvaluationError::Classes { generator, dataset: dataset.name.clone(), classes }),
    }
}

impl<'a> Evaluator<'a> {
    /// Measures the real digits; `watch` is told what is being done, the part that is done and the whole. Generators draw
    /// on `device`; the judge reads on its CPU in any case.
    ///
    /// # Errors
    /// A judge of other classes, a data set whose images and classes do not fit together, too few images, or fewer than
    /// two sets.
    pub fn new(
        device: Device,
        judge: Judge,
        dataset: &'a Dataset,
        plan: Plan,
        watch: &mut (dyn FnMut(&str, u64, u64) + Send),
    ) -> Result<Self, EvaluationError> {
        device.clone().install(|| Self::measured(device, judge, dataset, plan, watch))
    }

    fn measured(
        device: Device,
        mut judge: Judge,
        dataset: &'a Dataset,
        plan: Plan,
        watch: &mut (dyn FnMut(&str, u64, u64) + Send),
    ) -> Result<Self, EvaluationError> {
        let samples = plan.samples_of(dataset)?;
        let (name, classes) = (dataset.name.clone(), dataset.classes);
        if judge.identity().classes != classes {
            return Err(EvaluationError::Judge { judge: judge.identity().classes, dataset: name, classes });
        }
        let (train, test) = (dataset.train.len(), dataset.test.len());
        let test = permutation(plan.seed, Purpose::EvaluationImages, index::EVALUATION_TEST, test);
        let test = chosen(&dataset.test, &test[..samples]);
        let readings = judge.read(&test.images)?;
        let mut evaluator = Evaluator {
            device,
            judge,
            dataset,
            plan,
            samples,
            neighbours: nearest(some(&test.images), &dataset.train.images)?,
            test,
            readings,
            real: Vec::new(),
            real_accuracy: None,
        };
        let order = permutation(plan.seed, Purpose::EvaluationImages, index::EVALUATION_TRAIN, train);
        let sets = plan.repeats.min(train / samples);
        for (done, set) in order.chunks_exact(samples).take(sets).enumerate() {
            watch("measuring real digits", done as u64, sets as u64);
            let set = chosen(&dataset.train, set);
            let readings = evaluator.judge.read(&set.images)?;
            let metrics = evaluator.set_metrics(&readings, &set.labels, &set.labels)?;
            evaluator.real.push(metrics);
        }
        Ok(evaluator)
    }

    /// Evaluates a generator. Beside the evaluation it returns the digits whose nearest training digits were looked for.
    ///
    /// # Errors
    /// A generator of other classes, or digits that cannot be measured.
    pub fn evaluate(
        &mut self,
        file: &GeneratorFile,
        watch: &mut (dyn FnMut(&str, u64, u64) + Send),
    ) -> Result<(Evaluation, Neighbours), EvaluationError> {
        check_generator(file, self.dataset)?;
        let sampler = Sampler::new(&self.device, file)?;
        let plan = self.plan;
        let mut subject = Subject::Generator { file, sampler, seed: plan.seed, behind: plan.repeats * self.samples };
        self.device.clone().install(|| self.evaluate_here(&mut subject, plan.repeats, watch))
    }

    /// Evaluates labelled images, wherever they come from, as if a generator had drawn them: sets of them, taken in an order that
    /// the plan's seed shuffles, none in two sets. There are as many sets as the plan says, or as there are images for.
    ///
    /// ```
    /// use digitgan::prelude::*;
    ///
    /// let dataset = strokes::some(60, 30)?;
    /// let device = Device::cpu(None)?;
    /// let plan = Plan { samples: 30, repeats: 2, gan_train: false, ..Plan::default() };
    /// let mut evaluator = Evaluator::new(device.clone(), Judge::of_mnist(&device), &dataset, plan, &mut |_, _, _| ())?;
    /// let others = strokes::some(90, 0)?.train;
    /// let (evaluation, _) = evaluator.evaluate_images("others", &others, &mut |_, _, _| ())?;
    /// assert_eq!((evaluation.model, evaluation.set.as_deref()), (None, Some("others")));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Images and classes that do not fit together or are not those of the data set, fewer than two sets of them, or images that
    /// cannot be measured.
    pub fn evaluate_images(
        &mut self,
        name: &str,
        split: &Split,
        watch: &mut (dyn FnMut(&str, u64, u64) + Send),
    ) -> Result<(Evaluation, Neighbours), EvaluationError> {
        check_length("classes of the images, [count]", split.labels.len(), count_images(split.images.len())?)?;
        check_classes(&split.labels, self.dataset.classes)?;
        let sets = self.plan.repeats.min(split.len() / self.samples);
        if sets < 2 {
            let (found, least) = (split.len(), 2 * self.samples);
            return Err(InputError::TooFew { what: "images to evaluate", found, least }.into());
        }
        let order = permutation(self.plan.seed, Purpose::EvaluationImages, index::EVALUATION_SET, split.len());
        let mut subject = Subject::Images { name, split, order };
        self.device.clone().install(|| self.evaluate_here(&mut subject, sets, watch))
    }

    fn evaluate_here(
        &mut self,
        subject: &mut Subject<'_>,
        repeats: usize,
        watch: &mut (dyn FnMut(&str, u64, u64) + Send),
    ) -> Result<(Evaluation, Neighbours), EvaluationError> {
        let classes = self.dataset.classes;
        let conditional = subject.is_labelled();
        let (mut sets, mut all_asked, mut all_read) = (Vec::new(), Vec::new(), Vec::new());
        let (mut neighbours, mut memorised) = (None, Vec::new());
        for repeat in 0..repeats {
            watch(subject.measuring(), repeat as u64, repeats as u64);
            let Split { images: digits, labels: asked } = subject.set(repeat, self.samples, classes)?;
            let readings = self.judge.read(&digits)?;
            let of_class = if conditional { &asked } else { &readings.labels };
            sets.push(self.set_metrics(&readings, &asked, of_class)?);
            let digits = some(&digits).to_vec();
            let nearest = nearest(&digits, &self.dataset.train.images)?;
            memorised.push(Memorisation::of(&nearest, &self.neighbours)?);
            if neighbours.is_none() {
                neighbours = Some(Neighbours { read: readings.labels[..nearest.len()].to_vec(), digits, nearest });
            }
            all_asked.extend(asked);
            all_read.extend(readings.labels);
        }
        let neighbours = neighbours.expect("there is at least one set");
        let gan_train = match conditional && self.plan.gan_train {
            true => Some(self.gan_train(subject, watch)?),
            false => None,
        };
        let compared = |metric: &dyn Fn(&SetMetrics) -> f64| {
            let repeated = |sets: &[SetMetrics]| Repeated::of(&sets.iter().map(metric).collect::<Vec<f64>>());
            Ok::<Compared, MetricError>(Compared { generated: repeated(&sets)?, real: repeated(&self.real)? })
        };
        let Facts { model, step, trained_on, set } = subject.facts();
        let evaluation = Evaluation {
            format: FORMAT,
            model,
            step,
            trained_on,
            set,
            dataset: self.dataset.name.clone(),
            class_names: self.dataset.class_names.clone(),
            judge: self.judge.identity().clone(),
            plan: self.plan,
            samples: self.samples,
            agreement: conditional.then(|| compared(&|set| set.agreement)).transpose()?.map(|both| both.generated),
            confusion: conditional.then(|| Confusion::of(&all_asked, &all_read, classes)).transpose()?,
            histogram: ClassHistogram::of(&all_read, classes)?,
            divergence_from_uniform: compared(&|set| set.divergence)?,
            frechet: compared(&|set| set.frechet)?,
            class_frechet: self.compared_where(&sets, &|set| mean(&set.class_frechet)),
            classes: self.class_metrics(&sets, conditional)?,
            kernel_distance: compared(&|set| set.kernel_distance)?,
            digit_score: compared(&|set| set.digit_score)?,
            precision: compared(&|set| set.manifold.precision)?,
            recall: compared(&|set| set.manifold.recall)?,
            density: compared(&|set| set.manifold.density)?,
            coverage: compared(&|set| set.manifold.coverage)?,
            memorisation: summary(&memorised, neighbours.read.len())?,
            gan_train,
        };
        Ok((evaluation, neighbours))
    }

    /// The metrics of a set against the test images; `asked` are the classes asked for, `of_class` those by which
    /// classes are compared.
    fn set_metrics(&self, readings: &Readings, asked: &[u8], of_class: &[u8]) -> Result<SetMetrics, MetricError> {
        let classes = self.dataset.classes;
        let (real, generated) = (self.readings.as_features()?, readings.as_features()?);
        let probabilities = Probabilities::new(&readings.probabilities[..], self.samples, classes)?;
        let subsets = Subsets::default();
        let subsets = Subsets { size: subsets.size.min(self.samples), ..subsets };
        let by_class = class_frechet(&real, &self.test.labels, &generated, of_class, classes)?;
        let confusion = Confusion::of(asked, &readings.labels, classes)?;
        let histogram = ClassHistogram::of(&readings.labels, classes)?;
        let share = |&count: &u64| count as f64 / histogram.total() as f64;
        Ok(SetMetrics {
            agreement: confusion.agreement(),
            divergence: histogram.divergence_from_uniform()?,
            class_agreement: confusion.class_agreement().to_vec(),
            class_shares: histogram.counts.iter().map(share).collect(),
            frechet: frechet_distance(&real, &generated)?,
            class_frechet: by_class.classes.into_iter().map(Result::ok).collect(),
            kernel_distance: kernel_distance(self.device.kernels(), &real, &generated, subsets, self.plan.seed)?.mean,
            digit_score: digit_score(&probabilities, SCORE_SPLITS)?.mean,
            manifold: manifold(self.device.kernels(), &real, &generated, NEAREST)?,
        })
    }

    /// A metric of generated and of real sets, where every set has it.
    fn compared_where(&self, sets: &[SetMetrics], metric: &dyn Fn(&SetMetrics) -> Option<f64>) -> Option<Compared> {
        Some(Compared { generated: repeated_where(sets, metric)?, real: repeated_where(&self.real, metric)? })
    }

    fn class_metrics(&self, sets: &[SetMetrics], conditional: bool) -> Result<Vec<ClassMetrics>, MetricError> {
        let shares = |sets: &[SetMetrics], class: usize| {
            Repeated::of(&sets.iter().map(|set| set.class_shares[class]).collect::<Vec<f64>>())
        };
        let of_class = |class: usize| {
            let agreement = repeated_where(sets, &|set| set.class_agreement[class]).filter(|_| conditional);
            let read = Compared { generated: shares(sets, class)?, real: shares(&self.real, class)? };
            Ok(ClassMetrics { agreement, read, frechet: self.compared_where(sets, &|set| set.class_frechet[class]) })
        };
        (0..self.dataset.classes).map(of_class).collect()
    }

    /// Trains one classifier on generated digits and one on as many real ones, unless that is known, and lets them read the test
    /// images.
    fn gan_train(
        &mut self,
        subject: &mut Subject<'_>,
        watch: &mut (dyn FnMut(&str, u64, u64) + Send),
    ) -> Result<GanTrain, EvaluationError> {
        let plan = TrainingPlan::fresh(self.plan.seed);
        let images = subject.at_most(self.dataset.train.len().min(GAN_TRAIN_IMAGES));
        let real = match self.real_accuracy {
            Some((learned_from, known)) if learned_from == images => known,
            _ => {
                let order = permutation(
                    self.plan.seed,
                    Purpose::EvaluationImages,
                    index::EVALUATION_TRAIN,
                    self.dataset.train.len(),
                );
                let split = chosen(&self.dataset.train, &order[..images]);
                self.accuracy(&split, &plan, "learning from real digits", watch)?
            }
        };
        self.real_accuracy = Some((images, real));
        let split = subject.lesson(images, self.dataset.classes)?;
        let generated = self.accuracy(&split, &plan, subject.learning(), watch)?;
        Ok(GanTrain { images, epochs: plan.epochs, generated, real })
    }

    /// Which share of the test images a classifier reads as labelled that learned from `split`.
    fn accuracy(
        &self,
        split: &Split,
        plan: &TrainingPlan,
        what: &str,
        watch: &mut (dyn FnMut(&str, u64, u64) + Send),
    ) -> Result<Proportion, EvaluationError> {
        let tensors = training::train(&self.device, split, self.dataset.classes, plan, &mut |done, all, _| {
            watch(what, done, all);
        })?;
        let mut reader = Reader::new(&self.device, tensors, self.dataset.classes)?;
        let correct = reader.correct(&self.dataset.test)?;
        Ok(Proportion::of(correct as u64, self.dataset.test.len() as u64)?)
    }
}

/// A metric that some sets may not have, where all have it.
fn repeated_where(sets: &[SetMetrics], metric: &dyn Fn(&SetMetrics) -> Option<f64>) -> Option<Repeated> {
    let values: Option<Vec<f64>> = sets.iter().map(metric).collect();
    Repeated::of(&values?).ok()
}

/// The mean of numbers, where none is missing.
fn mean(values: &[Option<f64>]) -> Option<f64> {
    let all: Option<Vec<f64>> = values.iter().copied().collect();
    all.map(|all| all.iter().sum::<f64>() / all.len() as f64)
}

/// What several sets say of memorisation, each of so many digits.
fn summary(sets: &[Memorisation], digits: usize) -> Result<Memorised, MetricError> {
    let repeated = |metric: fn(&Memorisation) -> f64| Repeated::of(&sets.iter().map(metric).collect::<Vec<f64>>());
    Ok(Memorised {
        digits,
        generated_median: repeated(|set| set.generated_median)?,
        test_median: sets[0].test_median,
        near: sets[0].near,
        near_share: repeated(|set| set.near_share)?,
    })
}

/// The images of a set whose neighbours are looked for.
fn some(images: &[u8]) -> &[u8] {
    let count = (images.len() / IMAGE_PIXELS / NEIGHBOURS_ONE_IN).max(MIN_NEIGHBOURS);
    &images[..images.len().min(count * IMAGE_PIXELS)]
}
