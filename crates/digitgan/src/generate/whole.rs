//! What a data set is or becomes: all that its bytes depend on. Two are compared by what people chose.

use super::choices::{Cut, Keep, Mix};
use super::error::GenerateError;
use super::plan::Plan;
use super::record::{GeneratorRecord, SetRecord};
use crate::judge::JudgeIdentity;
use crate::load::generated::Layout;
use crate::run::manifest::Versions;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Letters of a hash that a message shows.
const SHOWN: usize = 12;

/// What an unfinished data set is a part of, and what a finished one is.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Whole {
    pub(super) plan: Plan,
    pub(super) class_names: Vec<String>,
    pub(super) generator: GeneratorRecord,
    pub(super) judge: Option<JudgeIdentity>,
    pub(super) versions: Versions,
}

impl Whole {
    /// What a finished data set is.
    pub(super) fn of(record: &SetRecord) -> Option<Whole> {
        let cut = record.cut();
        let SetRecord { layout, class_names, seed, generator, keep, classes, judge, versions, .. } = record.clone();
        let SetRecord { mix, reject_below, truncation, latents, train, test, shard, .. } = record.clone();
        let [train, test] = match shard {
            Some(shard) => [Some(shard.train), Some(shard.test)],
            None => [train.images, test.images].map(|images| u32::try_from(images).ok()),
        };
        let (train, test) = (train?, test?);
        let plan = Plan { train, test, classes, mix, seed, layout, keep, reject_below, truncation, latents, cut };
        // Its files are those of the plan: it must be one.
        plan.check().ok()?;
        Some(Whole { plan, class_names, generator, judge, versions })
    }

    /// Refuses to take what is in a place for another data set. `unfinished`: the folder of one that is unfinished.
    pub(super) fn check(&self, out: &Path, there: &Whole, unfinished: Option<&Path>) -> Result<(), GenerateError> {
        if there == self {
            return Ok(());
        }
        let differences = self.differences(there);
        Err(match unfinished {
            Some(left) => GenerateError::OtherUnfinished { path: out.to_owned(), left: left.to_owned(), differences },
            None => GenerateError::OtherSet { path: out.to_owned(), differences },
        })
    }

    /// What is not the same `there`, in words.
    pub(super) fn differences(&self, there: &Whole) -> String {
        let settings = there.settings().into_iter().zip(self.settings());
        let other = settings.filter(|(there, here)| there != here);
        let differences: Vec<String> =
            other.map(|((name, there), (_, here))| format!("its {name} is {there}, not {here}")).collect();
        match differences[..] {
            [] => "its classes have other names".to_owned(),
            _ => differences.join(", "),
        }
    }

    /// What was chosen, in words.
    fn settings(&self) -> [(&'static str, String); 15] {
        let Whole { plan, class_names, generator, judge, versions } = self;
        let name = |class: &u8| class_names.get(usize::from(*class)).cloned().unwrap_or_else(|| class.to_string());
        let classes = plan.classes.as_ref();
        let classes = classes.map(|classes| classes.iter().map(name).collect::<Vec<_>>().join(" and "));
        let short = |sha256: &str| sha256.chars().take(SHOWN).collect::<String>();
        let layout = match plan.layout {
            Layout::Idx => "IDX",
            Layout::Png => "PNG",
            Layout::Npz => "NPZ",
            Layout::Parquet => "Parquet",
            Layout::WebDataset => "WebDataset",
        };
        let mix = match &plan.mix {
            Mix::Balanced => "balanced".to_owned(),
            Mix::Uniform => "uniform".to_owned(),
            Mix::Counts(counts) => {
                counts.iter().map(|(class, count)| format!("{count} of {}", name(class))).collect::<Vec<_>>().join(", ")
            }
        };
        let files = match plan.cut {
            Cut::Usual => "as usual".to_owned(),
            Cut::Files(files) => format!("in {files} files"),
            Cut::Shard { index, of } => format!("shard {index} of {of}"),
        };
        let or_none = |number: Option<f32>| number.map_or("none".to_owned(), |number| number.to_string());
        let kept = match plan.keep {
            Keep::All => "all",
            Keep::Agreed => "what the judge reads as asked for",
        };
        [
            ("number of training images", plan.train.to_string()),
            ("number of test images", plan.test.to_string()),
            ("choice of classes", classes.unwrap_or_else(|| "all".to_owned())),
            ("mix of classes", mix),
            ("seed", plan.seed.to_string()),
            ("format", layout.to_owned()),
            ("division into files", files),
            ("choice of images", kept.to_owned()),
            ("least probability", or_none(plan.reject_below)),
            ("truncation", or_none(plan.truncation)),
            ("keeping of latents", if plan.latents { "on" } else { "off" }.to_owned()),
            ("generator", format!("one of {} steps (SHA-256 {}…)", generator.step, short(&generator.sha256))),
            ("judge", judge.as_ref().map_or("none".to_owned(), |judge| format!("{}…", short(&judge.sha256)))),
            ("device", versions.device.clone()),
            ("version of digitgan", versions.digitgan.clone()),
        ]
    }
}
