//! The tables of the page.

use super::run::RunOnPage;
use crate::config::TrainConfig;
use crate::evaluation::{Better, MetricRow, percent};
use crate::run::timing::Timing;
use maud::{Markup, html};
use std::collections::BTreeSet;

/// What the paper says of its time: seconds per epoch.
const SECONDS_OF_THE_PAPER: u32 = 100;

/// A table that is pushed sideways where it is too wide.
fn table(class: &str, body: &Markup) -> Markup {
    html! { div class="wide" tabindex="0" { table class=(class) { (body) } } }
}

/// The runs and what they are.
pub(super) fn overview(runs: &[RunOnPage]) -> Markup {
    let rows = html! {
        thead { tr {
            th scope="col" { "run" } th scope="col" { "model" } th scope="col" { "data" }
            th scope="col" { "augmentation" } th scope="col" { "trained" } th scope="col" { "Fréchet distance" } th scope="col" { "read as asked for" }
        } }
        tbody { @for run in runs { tr {
            th scope="row" { (run.name) }
            td { (run.manifest.config.model.title()) }
            td { (run.manifest.dataset.identity.name) }
            td { (augmentation(run)) }
            td { (trained(run)) }
            td { (format!("{:.2}", run.evaluation.frechet.generated.mean)) }
            td { @match &run.evaluation.agreement { Some(share) => (percent(share.mean)), None => "–" } }
        } } }
    };
    html! {
        (table("words", &rows))
        @for run in runs {
            @if run.evaluation.step != run.step {
                p class="remark" { (run.title()) " was evaluated after step " (run.evaluation.step) ", but its newest
                    generator is of step " (run.step) "." }
            }
            @if let Some(reason) = &run.manifest.dataset.fallback {
                p class="remark" { (run.title()) " was trained on built-in strokes, since MNIST could not be loaded: "
                    (reason) }
            }
        }
    }
}

/// A remark on runs that were trained for fewer epochs than the paper's.
pub(super) fn shorter(runs: &[RunOnPage]) -> Markup {
    let epochs = TrainConfig::default().epochs;
    let less = runs.iter().filter(|run| run.step < u64::from(epochs) * run.steps_per_epoch());
    let less: Vec<String> = less.map(RunOnPage::title).collect();
    html! {
        @if !less.is_empty() {
            p class="remark" { "The paper trained for " (epochs) " epochs. Trained for fewer, so the answers to its
                claims may still change: " (less.join(", ")) "." }
        }
    }
}

/// Epochs, or steps where the last epoch is not whole.
fn trained(run: &RunOnPage) -> String {
    let (epochs, rest) = (run.step / run.steps_per_epoch(), run.step % run.steps_per_epoch());
    match (epochs, rest) {
        (_, 1..) => format!("{} steps", run.step),
        (1, 0) => "1 epoch".to_owned(),
        (epochs, 0) => format!("{epochs} epochs"),
    }
}

/// How real images were varied.
pub(super) fn augmentation(run: &RunOnPage) -> String {
    let names: Vec<String> = run.manifest.config.augment.iter().map(ToString::to_string).collect();
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

/// How often the class asked for was read.
pub(super) fn agreement(run: &RunOnPage) -> String {
    match &run.evaluation.agreement {
        Some(share) => format!("{} were read as asked for", percent(share.mean)),
        None => "no class is asked for".to_owned(),
    }
}

/// How near digits are to training digits.
pub(super) fn memorisation(run: &RunOnPage) -> Markup {
    let memorisation = &run.evaluation.memorisation;
    html! {
        (run.title()) ": the median digit lies " (format!("{:.0}", memorisation.generated_median.mean)) " from its nearest
        training digit, that of the test images " (format!("{:.0}", memorisation.test_median)) "; "
        (percent(memorisation.near_share.mean)) " lie nearer than 99 % of the test images do (1 % would be usual)."
    }
}

/// Every metric of every run beside that of real digits.
pub(super) fn metrics(runs: &[RunOnPage]) -> Markup {
    let columns: Vec<Vec<MetricRow>> = runs.iter().map(|run| run.evaluation.metric_rows()).collect();
    let names = columns.first().map_or(&[][..], Vec::as_slice);
    let rows = html! {
        thead { tr { th scope="col" { "metric" } @for run in runs { th scope="col" { (run.title()) } } } }
        tbody { @for (row, named) in names.iter().enumerate() {
            @if columns.iter().any(|column| column[row].generated.is_some()) { tr {
                th scope="row" { (named.name) " " small { (direction(named.better)) } }
                @for column in &columns { td { (cell(&column[row])) } }
            } }
        } }
    };
    html! {
        p { "The mean over the sets of digits, ± half of its interval of 95 in 100 cases. Below it the same metric of real
            training digits in their place, which is the best to hope for." }
        (table("numbers", &rows))
        ul class="notes" { @for (how, whose) in evaluated(runs) { li { (whose.join(", ")) ": " (how) } } }
    }
}

/// How the runs were evaluated, and which of them so.
fn evaluated(runs: &[RunOnPage]) -> Vec<(String, Vec<String>)> {
    let mut ways: Vec<(String, Vec<String>)> = Vec::new();
    for run in runs {
        let evaluation = &run.evaluation;
        let judge = match evaluation.judge.accuracy() {
            Some(accuracy) => {
                format!("reads {} of the test images of {} as labelled", percent(accuracy), evaluation.judge.dataset)
            }
            None => "had no test images to read".to_owned(),
        };
        let how = format!(
            "{} sets of {} digits beside as many test images of {}, by a judge that {judge} (SHA-256 {}).",
            evaluation.plan.repeats, evaluation.samples, evaluation.dataset, evaluation.judge.sha256
        );
        match ways.iter_mut().find(|(known, _)| *known == how) {
            Some((_, whose)) => whose.push(run.title()),
            None => ways.push((how, vec![run.title()])),
        }
    }
    ways
}

fn direction(better: Better) -> &'static str {
    match better {
        Better::Less => "less is better",
        Better::More => "more is better",
        Better::LikeReal => "like real is best",
    }
}

fn cell(metric: &MetricRow) -> Markup {
    html! {
        @match &metric.generated {
            None => "–",
            Some(generated) => {
                (generated)
                @if let Some(real) = &metric.real { br; small { "real " (real) } }
                @if let Some(times) = metric.times_real { br; small { (format!("{times:.1} × real")) } }
            },
        }
    }
}

/// How often each class was read among a run's digits, as bars.
pub(super) fn histograms(runs: &[RunOnPage]) -> Markup {
    html! {
        p { "Digits read as each class, in percent. The line is where all bars would end if every class were drawn as
            often." }
        div class="figures halves" { @for run in runs { (histogram(run)) } }
    }
}

fn histogram(run: &RunOnPage) -> Markup {
    let counts = &run.evaluation.histogram.counts;
    let all = counts.iter().sum::<u64>().max(1) as f64;
    let most = counts.iter().copied().max().unwrap_or(0).max(1) as f64;
    let even = 100.0 * all / counts.len().max(1) as f64 / most;
    html! {
        table class="bars" style=(format!("--even: {even:.2}%")) {
            caption { (run.title()) }
            thead class="unseen" { tr {
                th scope="col" { "class" } th scope="col" { "bar" } th scope="col" { "share" }
            } }
            tbody { @for (name, &count) in run.evaluation.class_names.iter().zip(counts) { tr {
                th scope="row" { (name) }
                td class="track" { div class="bar" style=(format!("width: {:.2}%", 100.0 * count as f64 / most)) {} }
                td { (percent(count as f64 / all)) }
            } } }
        }
    }
}

/// How long the runs took.
pub(super) fn timing(runs: &[RunOnPage]) -> Markup {
    let rows = html! {
        thead { tr {
            th scope="col" { "run" } th scope="col" { "seconds per epoch" } th scope="col" { "seconds in all" }
            th scope="col" { "sessions" } th scope="col" { "threads" } th scope="col" { "device" }
        } }
        tbody { @for run in runs { tr {
            th scope="row" { (run.title()) }
            @match &run.timing {
                Some(timing) => { (times(run, timing)) },
                None => { td colspan="5" { "was not recorded" } },
            }
        } } }
    };
    html! {
        p { "Pictures, records and checkpoints included. The paper gives about " (SECONDS_OF_THE_PAPER) " seconds per epoch, on
            a 2.3 GHz quad-core Intel Core i7." }
        (table("words", &rows))
    }
}

fn times(run: &RunOnPage, timing: &Timing) -> Markup {
    let each = |text: &dyn Fn(&crate::run::timing::Session) -> String| {
        let all: BTreeSet<String> = timing.sessions.iter().map(text).collect();
        all.into_iter().collect::<Vec<_>>().join(", ")
    };
    let epoch = timing.seconds_per_step().map(|seconds| seconds * run.steps_per_epoch() as f64);
    html! {
        td { @match epoch { Some(seconds) => (format!("{seconds:.1}")), None => "–" } }
        td { (format!("{:.1}", timing.seconds())) }
        td { (timing.sessions.len()) }
        td { (each(&|session| session.threads.to_string())) }
        td { (each(&|session| session.device.clone())) }
    }
}

/// All settings of all runs, data and versions.
pub(super) fn settings(runs: &[RunOnPage]) -> Markup {
    let tables: Vec<toml::Table> = runs.iter().map(|run| settings_of(&run.manifest.config)).collect();
    let protocol = settings_of(&TrainConfig::default());
    let keys: BTreeSet<&String> = tables.iter().flat_map(toml::Table::keys).collect();
    let rows = html! {
        thead { tr { th scope="col" { "setting" } @for run in runs { th scope="col" { (run.title()) } } } }
        tbody {
            @for key in keys { tr {
                th scope="row" { (key) }
                @for table in &tables { (setting(table.get(key), protocol.get(key), key)) }
            } }
            (record(runs, "training images", &|run| run.manifest.dataset.identity.train_images.to_string()))
            (record(runs, "test images", &|run| run.manifest.dataset.identity.test_images.to_string()))
            (record(runs, "SHA-256 of the data", &|run| run.manifest.dataset.identity.sha256.clone()))
            (record(runs, "directory", &|run| run.path.display().to_string()))
            (record(runs, "begun by", &|run| format!("digitgan {}", run.manifest.versions.digitgan)))
            (record(runs, "begun on", &|run| run.manifest.versions.device.clone()))
        }
    };
    html! {
        p { "By the names of the options of " code { "digitgan train" } ". Underlined: what differs from the paper's
            protocol." }
        (table("words", &rows))
    }
}

fn settings_of(config: &TrainConfig) -> toml::Table {
    toml::Table::try_from(config).unwrap_or_default()
}

fn setting(value: Option<&toml::Value>, of_protocol: Option<&toml::Value>, key: &str) -> Markup {
    // Which model and which data are no departures: the paper has three models.
    let departs = value.is_some() && value != of_protocol && !["model", "data"].contains(&key);
    let text = match value {
        None => "–".to_owned(),
        Some(toml::Value::String(text)) => text.clone(),
        Some(toml::Value::Array(values)) if values.is_empty() => "none".to_owned(),
        Some(toml::Value::Array(values)) => {
            values.iter().map(|value| value.as_str().unwrap_or_default()).collect::<Vec<_>>().join(", ")
        }
        Some(other) => other.to_string(),
    };
    html! { td { @if departs { u { (text) } } @else { (text) } } }
}

fn record(runs: &[RunOnPage], name: &str, text: &dyn Fn(&RunOnPage) -> String) -> Markup {
    html! { tr { th scope="row" { (name) } @for run in runs { td class="record" { (text(run)) } } } }
}
