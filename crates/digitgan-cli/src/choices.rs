//! What a data set to generate is to be, beside how many images and by whom.

use crate::generator;
use crate::text;
use crate::usage::Usage;
use digitgan::generate::{Cut, Mix, Plan, shards};
use digitgan::load::generated::Layout;
use digitgan::weights::GeneratorFile;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

#[derive(clap::Args)]
pub(crate) struct Choices {
    /// How many of each digit: balanced, uniform (as chance has it), or so many of each, as in 0:6000,1:500, which makes --count
    /// the sum
    #[arg(long, value_name = "balanced|uniform|D:N,…", value_parser = text::any())]
    classes: Option<String>,
    /// Reject digits to which the judge gives less than this probability of being the one asked for, and draw them again
    #[arg(long, value_name = "P")]
    reject_below: Option<f32>,
    /// Draw the noise from a normal distribution truncated at ±T, T from 0.1 on: clearer digits, and more alike
    #[arg(long, value_name = "T")]
    truncation: Option<f32>,
    /// Write the noise of each image along
    #[arg(long)]
    with_latents: bool,
    /// Into how many files Parquet and WebDataset are divided [default: one for each 100,000 images or so]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    files: Option<u32>,
    /// Make one part of so many, counted from 0, in a folder of its own within --out: 0/8 to 7/8, on any machines.
    /// `digitgan data shards` says which are missing
    #[arg(long, value_name = "I/N", conflicts_with = "files", value_parser = text::of(shard))]
    shard: Option<Cut>,
}

/// A shard, such as `3/8`.
fn shard(text: &str) -> Result<Cut, String> {
    let numbers = text.split_once('/').and_then(|(index, of)| Some((index.parse().ok()?, of.parse().ok()?)));
    let wrong = "give which of how many, counted from 0, such as 3/8";
    match numbers {
        None => Err(wrong.to_owned()),
        Some((_, 0)) => Err(format!("there are none of 0: {wrong}")),
        Some((index, of)) if index >= of => {
            Err(format!("of {of}, the last is {}/{of}: they are counted from 0", of - 1))
        }
        Some((index, of)) => Ok(Cut::Shard { index, of }),
    }
}

impl Choices {
    /// Where the files go, if `out` is where the data set goes.
    pub(crate) fn place(&self, out: &Path) -> PathBuf {
        match self.shard {
            Some(Cut::Shard { index, of }) => out.join(shards::folder_name(index, of)),
            _ => out.to_owned(),
        }
    }

    /// Whether a judge must say how sure it is.
    pub(crate) fn rejects(&self) -> bool {
        self.reject_below.is_some()
    }

    /// A plan with all that was chosen; `count`: training images, if that was said.
    pub(crate) fn apply(&self, plan: Plan, count: Option<u32>, file: &GeneratorFile) -> anyhow::Result<Plan> {
        let mix = self.mix(file)?;
        let usage = |text: String| Err(Usage(text).into());
        if let (Mix::Counts(_), Some(_)) = (&mix, &plan.classes) {
            return usage("--classes says which digits there are: leave --digit and --digits out".to_owned());
        }
        let train = match (mix.sum(), count) {
            (Some(sum), Some(count)) if sum != u64::from(count) => {
                return usage(format!(
                    "--count is {count}, but the numbers of --classes make {sum}: leave --count out"
                ));
            }
            (Some(sum), _) => match u32::try_from(sum) {
                Ok(sum) => sum,
                Err(_) => {
                    return usage(format!("the numbers of --classes make {sum} images: ask for at most {}", u32::MAX));
                }
            },
            (None, Some(count)) => count,
            (None, None) => return usage("--count is missing: say how many images".to_owned()),
        };
        if train == 0 {
            return usage("--classes asks for no image".to_owned());
        }
        if let (Some(_), Layout::Idx | Layout::Png | Layout::Npz) = (self.files, plan.layout) {
            return usage(
                "--files is for --format parquet and webdataset; in other formats, --shard makes parts".to_owned(),
            );
        }
        let cut = self.shard.or(self.files.map(Cut::Files)).unwrap_or_default();
        let (reject_below, truncation, latents) = (self.reject_below, self.truncation, self.with_latents);
        Ok(Plan { train, mix, cut, reject_below, truncation, latents, ..plan })
    }

    fn mix(&self, file: &GeneratorFile) -> anyhow::Result<Mix> {
        let Some(text) = &self.classes else { return Ok(Mix::Balanced) };
        match text.as_str() {
            "balanced" => return Ok(Mix::Balanced),
            "uniform" => return Ok(Mix::Uniform),
            _ => {}
        }
        let mut counts = BTreeMap::new();
        for pair in text.split(',') {
            let count = pair.rsplit_once(':').and_then(|(name, count)| Some((name.trim(), count.trim().parse().ok()?)));
            let Some((name, count)) = count else {
                return Err(Usage(format!(
                    "--classes is {text:?}: give balanced, uniform, or digits with numbers, such as 0:6000,1:500"
                ))
                .into());
            };
            let class = generator::class(name, file)?;
            if counts.insert(class, count).is_some() {
                return Err(Usage(format!("--classes names {name} twice")).into());
            }
        }
        Ok(Mix::Counts(counts))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_are_counted_from_0() {
        assert_eq!(shard("0/1"), Ok(Cut::Shard { index: 0, of: 1 }));
        assert_eq!(shard("7/8"), Ok(Cut::Shard { index: 7, of: 8 }));
        for wrong in ["5/4", "4/4", "0/0", "", "3", "1/2/3", "-1/4", "a/b", "1/5000000000"] {
            assert!(shard(wrong).is_err_and(|text| text.contains("counted from 0")), "{wrong}");
        }
    }
}
