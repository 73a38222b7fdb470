//! The metrics of an evaluation as rows of a table: the same names, order and rounding wherever they are shown.

use super::{Compared, Evaluation};
use crate::metrics::interval::{Proportion, Repeated};

/// Which way a metric is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Better {
    /// The less the better.
    Less,
    /// The more the better.
    More,
    /// The nearer to that of real digits.
    LikeReal,
}

/// A row of the table.
#[derive(Clone, Debug, PartialEq)]
pub struct MetricRow {
    /// What it is.
    pub name: &'static str,
    /// Which way it is better.
    pub better: Better,
    /// Of generated digits, with half its interval; `None` where the model has no such metric.
    pub generated: Option<String>,
    /// Of real digits.
    pub real: Option<String>,
    /// How many times the real one the generated one is; of the Fréchet distances.
    pub times_real: Option<f64>,
}

impl Evaluation {
    /// The metrics of each class: its name, the share read as asked for, the share of all digits, the Fréchet distance
    /// and how many times that of real digits it is.
    pub fn class_rows(&self) -> Vec<[String; 5]> {
        let rows = self.class_names.iter().zip(&self.classes);
        rows.map(|(name, class)| {
            let agreement = class.agreement.as_ref().map(percents);
            let frechet = class.frechet.as_ref();
            [
                name.clone(),
                agreement.unwrap_or_default(),
                percents(&class.read.generated),
                frechet.map(|both| plain(&both.generated, 2)).unwrap_or_default(),
                frechet.and_then(Compared::times_real).map(|times| format!("{times:.1}")).unwrap_or_default(),
            ]
        })
        .collect()
    }

    /// All metrics, the same rows for every model.
    pub fn metric_rows(&self) -> Vec<MetricRow> {
        let judge = self.judge.accuracy().map(percent);
        let memorisation = &self.memorisation;
        vec![
            MetricRow {
                name: "read as asked for (GAN-test)",
                better: Better::More,
                generated: self.agreement.as_ref().map(percents),
                real: self.agreement.and(judge),
                times_real: None,
            },
            MetricRow {
                name: "taught a classifier (GAN-train)",
                better: Better::More,
                generated: self.gan_train.map(|both| share(&both.generated)),
                real: self.gan_train.map(|both| share(&both.real)),
                times_real: None,
            },
            distance("Fréchet distance", Some(&self.frechet)),
            distance("… class by class, mean", self.class_frechet.as_ref()),
            row("kernel distance (KID)", Better::Less, &self.kernel_distance, 2),
            row("digit score", Better::More, &self.digit_score, 3),
            row("precision", Better::More, &self.precision, 3),
            row("recall", Better::More, &self.recall, 3),
            row("density", Better::More, &self.density, 3),
            row("coverage", Better::More, &self.coverage, 3),
            row("KL of classes from uniform", Better::Less, &self.divergence_from_uniform, 4),
            MetricRow {
                name: "nearest training digit, median",
                better: Better::LikeReal,
                generated: Some(plain(&memorisation.generated_median, 0)),
                real: Some(format!("{:.0}", memorisation.test_median)),
                times_real: None,
            },
            MetricRow {
                name: "nearer than 99 % of real ones",
                better: Better::LikeReal,
                generated: Some(percents(&memorisation.near_share)),
                real: Some(percent(0.01)),
                times_real: None,
            },
        ]
    }
}

fn row(name: &'static str, better: Better, both: &Compared, digits: usize) -> MetricRow {
    let text = |repeated: &Repeated| Some(plain(repeated, digits));
    MetricRow { name, better, generated: text(&both.generated), real: text(&both.real), times_real: None }
}

fn plain(repeated: &Repeated, digits: usize) -> String {
    format!("{:.digits$} ± {:.digits$}", repeated.mean, (repeated.high - repeated.low) / 2.0)
}

fn distance(name: &'static str, both: Option<&Compared>) -> MetricRow {
    match both {
        Some(both) => MetricRow { times_real: both.times_real(), ..row(name, Better::Less, both, 2) },
        None => MetricRow { name, better: Better::Less, generated: None, real: None, times_real: None },
    }
}

/// A share as people read it.
pub fn percent(share: f64) -> String {
    format!("{:.2} %", 100.0 * share)
}

fn percents(share: &Repeated) -> String {
    format!("{} ± {:.2}", percent(share.mean), 50.0 * (share.high - share.low))
}

fn share(share: &Proportion) -> String {
    format!("{} ± {:.2}", percent(share.share), 50.0 * (share.high - share.low))
}
