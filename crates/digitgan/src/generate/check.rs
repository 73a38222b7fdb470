//! Whether a plan can be followed, as far as that does not depend on the generator.

use super::choices::Cut;
use super::error::GenerateError;
use super::noise::MIN_TRUNCATION;
use super::plan::{MAX_FILES, MAX_PNG_IMAGES, Plan};
use crate::load::generated::Layout;

impl Plan {
    /// Checks what does not depend on the generator.
    pub(super) fn check(&self) -> Result<(), GenerateError> {
        let most = u64::from(self.train.max(self.test));
        if self.layout == Layout::Png && most > MAX_PNG_IMAGES {
            return Err(GenerateError::TooManyFiles { images: most });
        }
        let wrong = |what, found: String, expected| Err(GenerateError::Setting { what, found, expected });
        if let Some(least) = self.reject_below.filter(|least| !(*least > 0.0 && *least <= 1.0)) {
            return wrong("least probability", least.to_string(), "more than 0 and at most 1".to_owned());
        }
        if let Some(most) = self.truncation.filter(|most| !(*most >= MIN_TRUNCATION && most.is_finite())) {
            return wrong("truncation", most.to_string(), format!("a number from {MIN_TRUNCATION} on"));
        }
        if let Some(sum) = self.mix.sum().filter(|&sum| sum != u64::from(self.train)) {
            let expected = format!("{sum}, the sum of those of the classes");
            return wrong("number of training images", self.train.to_string(), expected);
        }
        let files = match self.cut {
            Cut::Usual => return Ok(()),
            Cut::Files(files) => files,
            Cut::Shard { index, of } if index >= of => {
                let expected = format!("0 to {}, as they are counted from 0", of.saturating_sub(1));
                return wrong("shard", format!("{index} of {of}"), expected);
            }
            Cut::Shard { of, .. } => of,
        };
        let most = self.train.min(MAX_FILES);
        if !(1..=most).contains(&files) {
            let expected = format!("1 to {most}: each file has a training image, and a number of five digits");
            return wrong("number of files", files.to_string(), expected);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate::choices::Mix;

    #[test]
    fn what_cannot_be_followed_is_refused_with_what_can() {
        let plan = Plan { train: 10, ..Plan::default() };
        let shard = |index, of| Cut::Shard { index, of };
        for (plan, text) in [
            (Plan { reject_below: Some(0.0), ..plan.clone() }, "the least probability is 0, expected more than 0"),
            (Plan { reject_below: Some(f32::NAN), ..plan.clone() }, "the least probability is NaN"),
            (Plan { reject_below: Some(1.5), ..plan.clone() }, "the least probability is 1.5"),
            (Plan { truncation: Some(0.05), ..plan.clone() }, "the truncation is 0.05, expected a number from 0.1 on"),
            (Plan { truncation: Some(f32::INFINITY), ..plan.clone() }, "the truncation is inf"),
            (Plan { mix: Mix::Counts([(0, 5), (1, 6)].into()), ..plan.clone() }, "is 10, expected 11, the sum"),
            (
                Plan { cut: shard(5, 4), ..plan.clone() },
                "the shard is 5 of 4, expected 0 to 3, as they are counted from 0",
            ),
            (Plan { cut: shard(4, 4), ..plan.clone() }, "the shard is 4 of 4"),
            (Plan { cut: shard(0, 0), ..plan.clone() }, "the shard is 0 of 0"),
            (Plan { cut: shard(0, 11), ..plan.clone() }, "the number of files is 11, expected 1 to 10"),
            (Plan { cut: Cut::Files(0), ..plan.clone() }, "the number of files is 0"),
            (Plan { train: u32::MAX, cut: Cut::Files(100_000), ..plan.clone() }, "expected 1 to 99999"),
            (Plan { train: 200_000_000, layout: Layout::Png, ..plan.clone() }, "200000000 PNG files are too many"),
        ] {
            let error = plan.check().unwrap_err().to_string();
            assert!(error.contains(text) && !error.contains('\n'), "{error}");
        }
        for plan in [
            Plan { reject_below: Some(1.0), truncation: Some(MIN_TRUNCATION), ..plan.clone() },
            Plan { mix: Mix::Counts([(0, 5), (7, 5)].into()), cut: shard(9, 10), ..plan.clone() },
        ] {
            assert!(plan.check().is_ok(), "{plan:?}");
        }
    }
}
