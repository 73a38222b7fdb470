//! Labelled images, a chunk at a time.

use super::choices::{Keep, Mix};
use super::classes::Deal;
use super::error::GenerateError;
use super::labelled::Labelled;
use super::noise::Noise;
use super::plan::{Part, Plan};
use super::record::Labels;
use super::writing::Images;
use crate::engine::Device;
use crate::input::check_length;
use crate::judge::Judge;
use crate::sample::Sampler;
use crate::seed::index::generated_again;
use crate::weights::GeneratorFile;
use std::collections::BTreeSet;

/// How often a class is drawn for one image before it is given up. Who is read as asked for one time in ten fails one
/// image in 40,000.
const MAX_TRIES: u64 = 100;

/// Draws labelled images.
pub(super) struct Artist<'a> {
    sampler: Sampler,
    noise: Noise,
    class_names: &'a [String],
    /// None if the generator does not see the class.
    deal: Option<Deal>,
    judge: Option<&'a mut Judge>,
    keep: Keep,
    reject_below: Option<f32>,
    keeps_latents: bool,
    /// Images that were drawn, kept or not.
    drawn: u64,
}

impl<'a> Artist<'a> {
    pub(super) fn new(
        plan: &Plan,
        file: &'a GeneratorFile,
        device: &Device,
        judge: Option<&'a mut Judge>,
    ) -> Result<Self, GenerateError> {
        let (spec, asks) = (file.spec, file.spec.variant.wiring().generator_sees_class);
        spec.check()?;
        check_length("class names, [classes]", file.class_names.len(), spec.classes)?;
        if !asks && (plan.classes.is_some() || plan.mix != Mix::Balanced) {
            return Err(GenerateError::KnowsNoClasses);
        }
        let classes = classes(plan, spec.classes)?;
        if !asks && plan.keep == Keep::Agreed {
            return Err(GenerateError::NothingAsked);
        }
        let reads = !asks || plan.keep == Keep::Agreed || plan.reject_below.is_some();
        let judge = judge.filter(|_| reads);
        match &judge {
            None if reads => return Err(GenerateError::NoJudge),
            Some(judge) if judge.identity().classes != spec.classes => {
                let (judge, generator) = (judge.identity().classes, spec.classes);
                return Err(GenerateError::JudgeClasses { judge, generator });
            }
            _ => {}
        }
        Ok(Artist {
            sampler: Sampler::new(device, file)?,
            noise: Noise::new(plan),
            class_names: &file.class_names,
            deal: asks.then(|| Deal::new(plan, &classes)),
            judge,
            keep: plan.keep,
            reject_below: plan.reject_below,
            keeps_latents: plan.latents,
            drawn: 0,
        })
    }

    /// Who reads the images, if anybody.
    pub(super) fn judge(&self) -> Option<&Judge> {
        self.judge.as_deref()
    }

    /// Whether labels are what was asked for, not what was read.
    fn asks(&self) -> bool {
        self.deal.is_some()
    }

    /// Draws `count` images from number `first` on.
    fn draw(&mut self, part: Part, first: u64, count: usize) -> Result<Labelled, GenerateError> {
        let places: Vec<u64> = (first..).take(count).map(|number| part.place(number)).collect();
        // A generator that sees no class ignores that which it is asked for.
        let asked = self.deal.as_ref().map_or_else(|| vec![0; count], |deal| deal.classes(part, first, count));
        let mut drawn = self.draw_at(&places, asked)?;
        let mut wrong = self.read(&mut drawn)?;
        for attempt in 1..MAX_TRIES {
            if wrong.is_empty() {
                break;
            }
            // With the noise of other places, beyond all others.
            let places: Vec<u64> = wrong.iter().map(|&index| generated_again(places[index], attempt)).collect();
            let mut again = self.draw_at(&places, wrong.iter().map(|&index| drawn.labels[index]).collect())?;
            let still_wrong = self.read(&mut again)?;
            wrong.iter().enumerate().for_each(|(number, &index)| drawn.replace(index, &again, number));
            wrong = still_wrong.into_iter().map(|number| wrong[number]).collect();
        }
        if let Some(&index) = wrong.first() {
            return Err(self.given_up(drawn.labels[index]));
        }
        if !self.keeps_latents {
            drawn.latents = Vec::new();
        }
        Ok(drawn)
    }

    /// Draws the image of each place, of the class that it is asked for.
    fn draw_at(&mut self, places: &[u64], labels: Vec<u8>) -> Result<Labelled, GenerateError> {
        self.drawn += places.len() as u64;
        let latents = self.noise.at(places);
        let images = self.sampler.draw_latents(&latents, &labels)?;
        Ok(Labelled { images, labels, latents })
    }

    /// Has the judge read images, if there is one, and label them, if nobody did: those that are not to be kept.
    fn read(&mut self, drawn: &mut Labelled) -> Result<Vec<usize>, GenerateError> {
        let asks = self.asks();
        let Some(judge) = self.judge.as_mut() else { return Ok(Vec::new()) };
        let read = judge.read(&drawn.images)?;
        if !asks {
            drawn.labels.clone_from(&read.labels);
        }
        let classes = read.probabilities.len() / read.labels.len().max(1);
        let is_kept = |index: usize| {
            let label = drawn.labels[index];
            let probability = read.probabilities[index * classes + usize::from(label)];
            (self.keep == Keep::All || read.labels[index] == label)
                && self.reject_below.is_none_or(|least| probability >= least)
        };
        Ok((0..drawn.labels.len()).filter(|&index| !is_kept(index)).collect())
    }

    /// What to say of a class of which too many images were rejected.
    fn given_up(&self, class: u8) -> GenerateError {
        let class = self.class_names[usize::from(class)].clone();
        match self.reject_below {
            None => GenerateError::NeverAgreed { class, tries: MAX_TRIES },
            Some(least) => {
                let what = if self.asks() { format!("a digit {class}") } else { "a digit".to_owned() };
                GenerateError::NeverSure { what, tries: MAX_TRIES, least }
            }
        }
    }
}

impl Images for Artist<'_> {
    fn labels(&self) -> Labels {
        if self.asks() { Labels::Asked } else { Labels::Read }
    }

    fn take(&mut self, part: Part, first: u64, count: usize) -> Result<(Labelled, u64), GenerateError> {
        let before = self.drawn;
        Ok((self.draw(part, first, count)?, self.drawn - before))
    }
}

/// The classes that are asked for.
fn classes(plan: &Plan, known: usize) -> Result<BTreeSet<u8>, GenerateError> {
    let all = || (0..known as u8).collect();
    let classes: BTreeSet<u8> = match &plan.mix {
        Mix::Counts(counts) => counts.keys().copied().collect(),
        Mix::Balanced | Mix::Uniform => plan.classes.clone().unwrap_or_else(all),
    };
    match classes.last() {
        None => Err(GenerateError::NoClass),
        Some(&found) if usize::from(found) >= known => Err(GenerateError::Class { found, classes: known }),
        Some(_) => Ok(classes),
    }
}
