//! The paper's claims, compared with the numbers of the runs on the page.
//!
//! Each claim is decided by a rule that is stated with it. Where several runs could stand for a model, the first one on
//! the page does. Intervals are 95 % intervals over the digits drawn: they say nothing about how another
//! training would end.

use super::run::RunOnPage;
use crate::evaluation::percent;
use crate::metrics::histogram::Confusion;
use crate::metrics::interval::{Proportion, Repeated};
use crate::model::{Variant, Wiring};

/// Entropy of the classes, as a share of that of even classes, below which a run has collapsed.
const COLLAPSED: f64 = 0.9;
/// How far up in the list of confused pairs a pair counts as often confused.
const OFTEN_CONFUSED: usize = 5;

/// A claim of the paper, and whether it holds here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// What the paper says.
    pub claim: String,
    /// Where.
    pub place: &'static str,
    /// Whether it holds, by the rule.
    pub holds: bool,
    /// What was measured.
    pub numbers: String,
    /// How it was decided.
    pub rule: String,
}

/// The claims that can be checked with these runs.
pub fn claims(runs: &[RunOnPage]) -> Vec<Claim> {
    let plain = |wanted: &dyn Fn(Wiring) -> bool| runs.iter().find(|run| !run.is_augmented() && wanted(run.wiring()));
    let gan = plain(&|wiring| !wiring.generator_sees_class);
    let cgan = plain(&|wiring| wiring.discriminator_sees_class);
    let acgan = plain(&|wiring| wiring.discriminator_predicts_class);
    let pair = augmentation_pairs(runs).into_iter().next();
    let mut claims = Vec::new();
    claims.extend(gan.and_then(|gan| favoured(gan, &["0"], "Section 3.3")));
    claims.extend(gan.and_then(|gan| favoured(gan, &["0", "1"], "Section 4.1")));
    claims.extend(cgan.and_then(|cgan| confused(cgan, "3", "8")));
    claims.extend(gan.zip(cgan).map(|(gan, cgan)| better(cgan, gan, "Section 4.1")));
    claims.extend(gan.zip(acgan).map(|(gan, acgan)| better(acgan, gan, "Sections 3.5 and 4.1")));
    claims.extend(pair.and_then(|(without, with)| turned(without, with, "3", "5")));
    claims.extend(pair.map(|(without, with)| no_gain(without, with)));
    claims.extend(rarely_collapsed(runs));
    claims
}

/// Runs of one model without and with varied real images.
pub(super) fn augmentation_pairs(runs: &[RunOnPage]) -> Vec<(&RunOnPage, &RunOnPage)> {
    let with = runs.iter().filter(|run| run.is_augmented());
    let without = |model: Variant| runs.iter().find(|run| !run.is_augmented() && run.manifest.config.model == model);
    with.filter_map(|with| Some((without(with.manifest.config.model)?, with))).collect()
}

/// GAN draws some classes more often than the others.
fn favoured(run: &RunOnPage, names: &[&str], place: &'static str) -> Option<Claim> {
    let evaluation = &run.evaluation;
    let counts = &evaluation.histogram.counts;
    let class_names = &evaluation.class_names;
    let places: Option<Vec<usize>> = names.iter().map(|name| place_of(class_names, name)).collect();
    let drawn: Option<u64> = places?.into_iter().map(|class| counts.get(class).copied()).sum();
    let (all, even) = (evaluation.histogram.total(), names.len() as f64 / counts.len() as f64);
    let share = Proportion::of(drawn?, all).ok()?;
    let (most, &most_drawn) = counts.iter().enumerate().max_by_key(|(_, count)| **count)?;
    let what = names.join(" or ");
    Some(Claim {
        claim: format!("{} draws more digits that look like {what} than others.", run.title()),
        place,
        holds: share.low > even,
        numbers: format!(
            "{} of {all} digits were read as {what}, where {} would be even; most often read: {} ({}).",
            with_interval(&share),
            percent(even),
            class_names.get(most)?,
            percent(most_drawn as f64 / all as f64)
        ),
        rule: "Holds where the whole interval of the share lies above the even share.".to_owned(),
    })
}

/// cGAN takes two classes for each other.
fn confused(run: &RunOnPage, one: &str, other: &str) -> Option<Claim> {
    let class_names = &run.evaluation.class_names;
    let confusion = run.evaluation.confusion.as_ref()?;
    let (a, b) = (place_of(class_names, one)?, place_of(class_names, other)?);
    let (there, back) = (read_as(confusion, a, b)?, read_as(confusion, b, a)?);
    let pairs = confused_pairs(confusion);
    let rank = 1 + pairs.iter().position(|&(pair, _)| pair == (a.min(b), a.max(b)))?;
    let &((c, d), worst) = pairs.first()?;
    Some(Claim {
        claim: format!("{} confuses digits that look alike, such as {one} and {other}.", run.title()),
        place: "Section 3.4",
        holds: rank <= OFTEN_CONFUSED && there.successes + back.successes > 0,
        numbers: format!(
            "Asked for {one}, {} were read as {other}; asked for {other}, {} as {one}: place {rank} of {} pairs. \
             Most often confused: {} and {} ({} of both).",
            with_interval(&there),
            with_interval(&back),
            pairs.len(),
            class_names.get(c)?,
            class_names.get(d)?,
            percent(worst)
        ),
        rule: format!("Holds where the pair is among the {OFTEN_CONFUSED} that are confused most often."),
    })
}

/// All pairs of classes and the share that was taken for the other one, the most confused first.
fn confused_pairs(confusion: &Confusion) -> Vec<((usize, usize), f64)> {
    let classes = confusion.counts().len();
    let pairs = (0..classes).flat_map(|a| (a + 1..classes).map(move |b| (a, b)));
    let share = |(a, b): (usize, usize)| {
        let (there, back) = (read_as(confusion, a, b)?, read_as(confusion, b, a)?);
        Some(((a, b), (there.successes + back.successes) as f64 / (there.trials + back.trials) as f64))
    };
    let mut pairs: Vec<_> = pairs.filter_map(share).collect();
    pairs.sort_by(|(_, a), (_, b)| b.total_cmp(a));
    pairs
}

/// One model draws better digits than another.
fn better(run: &RunOnPage, than: &RunOnPage, place: &'static str) -> Claim {
    let (ours, theirs) = (&run.evaluation.frechet.generated, &than.evaluation.frechet.generated);
    Claim {
        claim: format!("{} draws better digits than {}.", run.title(), than.title()),
        place,
        holds: ours.high < theirs.low,
        numbers: format!("Fréchet distance {} against {}.", with_half(ours), with_half(theirs)),
        rule: "Holds where its whole interval of the Fréchet distance lies below the other's.".to_owned(),
    }
}

/// With varied real images one class is drawn as another.
fn turned(without: &RunOnPage, with: &RunOnPage, asked: &str, read: &str) -> Option<Claim> {
    let share = |run: &RunOnPage| {
        let names = &run.evaluation.class_names;
        let (asked, read) = (place_of(names, asked)?, place_of(names, read)?);
        read_as(run.evaluation.confusion.as_ref()?, asked, read)
    };
    let (before, after) = (share(without)?, share(with)?);
    Some(Claim {
        claim: format!("With data augmentation, {} draws a number of {asked} as {read}.", with.title()),
        place: "Section 4.2",
        holds: after.low > before.high,
        numbers: format!(
            "Asked for {asked}, {} were read as {read} with augmentation, {} without.",
            with_interval(&after),
            with_interval(&before)
        ),
        rule: "Holds where the whole interval with augmentation lies above that without.".to_owned(),
    })
}

/// Varied real images do not make the digits better.
fn no_gain(without: &RunOnPage, with: &RunOnPage) -> Claim {
    let (before, after) = (&without.evaluation.frechet.generated, &with.evaluation.frechet.generated);
    Claim {
        claim: format!("Data augmentation does not improve {} much.", without.title()),
        place: "Section 4.2",
        holds: after.high >= before.low,
        numbers: format!("Fréchet distance {} with augmentation, {} without.", with_half(after), with_half(before)),
        rule: "Holds unless the whole interval of the Fréchet distance with augmentation lies below that without."
            .to_owned(),
    }
}

/// No run draws a few kinds of digits only.
fn rarely_collapsed(runs: &[RunOnPage]) -> Option<Claim> {
    let spread: Option<Vec<(&RunOnPage, usize, f64)>> = runs
        .iter()
        .map(|run| {
            let histogram = &run.evaluation.histogram;
            let missing = histogram.counts.iter().filter(|&&count| count == 0).count();
            let even = (histogram.counts.len() as f64).ln();
            Some((run, missing, 1.0 - histogram.divergence_from_uniform().ok()? / even))
        })
        .collect();
    let spread = spread.filter(|spread| !spread.is_empty())?;
    let text = |(run, missing, share): &(&RunOnPage, usize, f64)| {
        let missing = if *missing == 0 { "all classes".to_owned() } else { format!("{missing} classes missing") };
        format!("{}: {missing}, entropy {}", run.title(), percent(*share))
    };
    Some(Claim {
        claim: "Mode collapse is rare.".to_owned(),
        place: "Section 4.3",
        holds: spread.iter().all(|&(_, missing, share)| missing == 0 && share >= COLLAPSED),
        numbers: format!("{}.", spread.iter().map(text).collect::<Vec<_>>().join("; ")),
        rule: format!(
            "Holds where every run on this page draws all classes, and the entropy of the classes read is at least {} % \
             of that of even classes. It does not see digits of one class that all look alike: recall and coverage do.",
            100.0 * COLLAPSED
        ),
    })
}

fn place_of(class_names: &[String], name: &str) -> Option<usize> {
    class_names.iter().position(|class| class == name)
}

/// The share of a class asked for that was read as another one.
fn read_as(confusion: &Confusion, asked: usize, read: usize) -> Option<Proportion> {
    let row = confusion.counts().get(asked)?;
    Proportion::of(*row.get(read)?, row.iter().sum()).ok()
}

fn with_interval(share: &Proportion) -> String {
    format!("{} ({:.2} to {:.2})", percent(share.share), 100.0 * share.low, 100.0 * share.high)
}

fn with_half(measured: &Repeated) -> String {
    format!("{:.2} ± {:.2}", measured.mean, (measured.high - measured.low) / 2.0)
}
