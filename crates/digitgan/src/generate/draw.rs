//! Labelled images, a chunk at a time.

use super::classes::Deal;
use super::error::GenerateError;
use super::plan::{Part, Plan};
use super::record::Keep;
use crate::IMAGE_PIXELS;
use crate::engine::Device;
use crate::input::check_length;
use crate::judge::Judge;
use crate::sample::Sampler;
use crate::seed::index::generated_again;
use crate::weights::GeneratorFile;

/// How often a class is drawn for one image before it is given up. Who is read as asked for one time in ten fails one
/// image in 40,000.
const MAX_TRIES: u64 = 100;

/// Draws labelled images.
pub(super) struct Artist<'a> {
    sampler: Sampler,
    seed: u64,
    class_names: &'a [String],
    /// None if the generator does not see the class.
    deal: Option<Deal>,
    judge: Option<&'a mut Judge>,
    keep: Keep,
    /// Images that were drawn, kept or not.
    pub(super) drawn: u64,
}

/// Some images, `[count, 28, 28]`, and their labels, `[count]`.
pub(super) struct Labelled {
    pub(super) images: Vec<u8>,
    pub(super) labels: Vec<u8>,
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
        let classes = match &plan.classes {
            Some(_) if !asks => return Err(GenerateError::KnowsNoClasses),
            Some(classes) => classes.clone(),
            None => (0..spec.classes as u8).collect(),
        };
        match classes.last() {
            None => return Err(GenerateError::NoClass),
            Some(&found) if usize::from(found) >= spec.classes => {
                return Err(GenerateError::Class { found, classes: spec.classes });
            }
            Some(_) => {}
        }
        if !asks && plan.keep == Keep::Agreed {
            return Err(GenerateError::NothingAsked);
        }
        let judge = judge.filter(|_| !asks || plan.keep == Keep::Agreed);
        match &judge {
            None if !asks || plan.keep == Keep::Agreed => return Err(GenerateError::NoJudge),
            Some(judge) if judge.identity().classes != spec.classes => {
                let (judge, generator) = (judge.identity().classes, spec.classes);
                return Err(GenerateError::JudgeClasses { judge, generator });
            }
            _ => {}
        }
        Ok(Artist {
            sampler: Sampler::new(device, file)?,
            seed: plan.seed,
            class_names: &file.class_names,
            deal: asks.then(|| Deal::new(&classes, plan.seed)),
            judge,
            keep: plan.keep,
            drawn: 0,
        })
    }

    /// Who reads the images, if anybody.
    pub(super) fn judge(&self) -> Option<&Judge> {
        self.judge.as_deref()
    }

    /// Whether labels are what was asked for, not what was read.
    pub(super) fn asks(&self) -> bool {
        self.deal.is_some()
    }

    /// Draws `count` images from number `first` on.
    pub(super) fn draw(&mut self, part: Part, first: u64, count: usize) -> Result<Labelled, GenerateError> {
        self.drawn += count as u64;
        let places: Vec<u64> = (first..).take(count).map(|number| part.place(number)).collect();
        let Some(deal) = &self.deal else {
            // This generator ignores classes.
            let images = self.sampler.draw_places(self.seed, &places, &vec![0; count])?;
            let labels = self.judge.as_mut().ok_or(GenerateError::NoJudge)?.read(&images)?.labels;
            return Ok(Labelled { images, labels });
        };
        let labels = deal.classes(part, first, count);
        let images = self.sampler.draw_places(self.seed, &places, &labels)?;
        let mut drawn = Labelled { images, labels };
        if self.keep == Keep::Agreed {
            self.draw_again(&places, &mut drawn)?;
        }
        Ok(drawn)
    }

    /// Draws those that are read as something else again, with the noise of other places, until none is.
    fn draw_again(&mut self, places: &[u64], drawn: &mut Labelled) -> Result<(), GenerateError> {
        let judge = self.judge.as_mut().ok_or(GenerateError::NoJudge)?;
        let read = judge.read(&drawn.images)?.labels;
        let mut wrong: Vec<usize> = (0..read.len()).filter(|&index| read[index] != drawn.labels[index]).collect();
        for attempt in 1..MAX_TRIES {
            if wrong.is_empty() {
                return Ok(());
            }
            let labels: Vec<u8> = wrong.iter().map(|&index| drawn.labels[index]).collect();
            let places: Vec<u64> = wrong.iter().map(|&index| generated_again(places[index], attempt)).collect();
            let images = self.sampler.draw_places(self.seed, &places, &labels)?;
            self.drawn += labels.len() as u64;
            let read = judge.read(&images)?.labels;
            let mut still_wrong = Vec::new();
            for (number, index) in wrong.into_iter().enumerate() {
                let (from, to) = (number * IMAGE_PIXELS, index * IMAGE_PIXELS);
                drawn.images[to..to + IMAGE_PIXELS].copy_from_slice(&images[from..from + IMAGE_PIXELS]);
                if read[number] != labels[number] {
                    still_wrong.push(index);
                }
            }
            wrong = still_wrong;
        }
        match wrong.first() {
            None => Ok(()),
            Some(&index) => {
                let class = self.class_names[usize::from(drawn.labels[index])].clone();
                Err(GenerateError::NeverAgreed { class, tries: MAX_TRIES })
            }
        }
    }
}
