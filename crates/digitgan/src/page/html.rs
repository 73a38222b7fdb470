//! The page itself, section by section.

use super::claims::{augmentation_pairs, claims};
use super::content::Page;
use super::picture::Picture;
use super::run::{RunOnPage, Stage};
use super::tables;
use crate::model::Variant;
use maud::{DOCTYPE, Markup, PreEscaped, html};

/// The page's looks.
const STYLE: &str = include_str!("style.css");
/// The paper that the page follows.
const PAPER: &str = "Peng and Yang, “Using GAN to Generate Handwritten Digits” (2020)";

/// A part of the page: where links find it, its heading, and what it holds.
struct Section {
    id: &'static str,
    heading: &'static str,
    body: Markup,
}

/// The whole document.
pub(super) fn document(page: &Page) -> Markup {
    let sections = sections(page);
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                // What `check_free` knows a page by.
                meta name="generator" content=(concat!("digitgan ", env!("CARGO_PKG_VERSION")));
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (page.title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header {
                    h1 { (page.title) }
                    p { "Made by digitgan, after the paper by " (PAPER) ". Figures are numbered as there." }
                    nav aria-label="Sections" {
                        ul { @for section in &sections { li { a href={ "#" (section.id) } { (section.heading) } } } }
                    }
                }
                main {
                    @for section in &sections {
                        section id=(section.id) aria-labelledby={ (section.id) "-heading" } {
                            h2 id={ (section.id) "-heading" } { (section.heading) }
                            (section.body)
                        }
                    }
                }
                footer { p { "digitgan " (env!("CARGO_PKG_VERSION")) ". The pictures lie beside this page too, in "
                    code { "pictures/" } "." } }
            }
        }
    }
}

fn sections(page: &Page) -> Vec<Section> {
    let runs = &page.runs;
    let section = |id, heading, body| Some(Section { id, heading, body });
    let all = [
        section("runs", "The runs", tables::overview(runs)),
        checked_claims(runs),
        section("real", "Real digits", real(page)),
        section("epochs", "Digits from first epoch to last", epochs(runs)),
        side_by_side(runs),
        augmentation(runs),
        section("losses", "Losses", losses(runs)),
        section("metrics", "How good the digits are", tables::metrics(runs)),
        section("classes", "How often each digit is drawn", tables::histograms(runs)),
        section("confusions", "What was asked for and what was read", confusions(runs)),
        section("neighbours", "Nearest training digits", neighbours(runs)),
        section("collapse", "Collapse monitor", collapse(runs)),
        section("time", "How long it took", tables::timing(runs)),
        section("settings", "Settings", tables::settings(runs)),
    ];
    all.into_iter().flatten().collect()
}

/// A figure: pictures side by side, each with what it shows, and what they all are.
fn figure(class: &str, pictures: &[Shown<'_>], caption: &Markup) -> Markup {
    html! {
        figure {
            div class=(format!("pictures {class}")) {
                @for shown in pictures {
                    div {
                        img src=(shown.picture.data_uri()) alt=(shown.alt) width=(shown.picture.size().0)
                            height=(shown.picture.size().1);
                        @if !shown.label.is_empty() { p class="label" { (shown.label) } }
                    }
                }
            }
            figcaption { (caption) }
        }
    }
}

/// A picture of a figure.
struct Shown<'a> {
    picture: &'a Picture,
    /// What it shows, for those who do not see it.
    alt: String,
    /// What stands below it.
    label: String,
}

/// The figure of the paper that shows the same, if there is one.
fn number(figure: Option<usize>) -> Markup {
    html! { @if let Some(figure) = figure { b { "Figure " (figure) "." } " " } }
}

/// The number of a model's figure: those of GAN, cGAN and ACGAN follow each other. With augmentation there is none.
fn figure_of(run: &RunOnPage, first: usize) -> Option<usize> {
    let place = Variant::ALL.iter().position(|&variant| variant == run.manifest.config.model)?;
    (!run.is_augmented()).then_some(first + place)
}

fn checked_claims(runs: &[RunOnPage]) -> Option<Section> {
    let claims = claims(runs);
    if claims.is_empty() {
        return None;
    }
    let hold = claims.iter().filter(|claim| claim.holds).count();
    let body = html! {
        p { (hold) " of " (claims.len()) " claims hold for the runs on this page. Each is decided by a rule that is stated
            with it. Intervals are of 95 in 100 cases over the digits that were drawn: of other seeds and longer training
            they say nothing." }
        (tables::shorter(runs))
        ul class="claims" {
            @for claim in &claims {
                li {
                    p {
                        @if claim.holds { strong class="holds" { "Holds" } }
                        @else { strong class="fails" { "Does not hold" } }
                        " " (claim.claim) " " small { "(" (claim.place) ")" }
                    }
                    // A line does not break before its percent sign.
                    p { (claim.numbers.replace(" %", "\u{a0}%")) }
                    p class="rule" { (claim.rule) }
                }
            }
        }
    };
    Some(Section { id: "claims", heading: "What the paper claims", body })
}

fn real(page: &Page) -> Markup {
    html! {
        @for real in &page.real {
            @let alt = format!("A grid of real digits of {}", real.dataset);
            (figure(
                "one",
                &[Shown { picture: &real.picture, alt, label: String::new() }],
                &html! { (number(Some(5))) "Training images of " (real.dataset) ", chosen at random." },
            ))
        }
    }
}

/// A stage of a run, as part of a figure.
fn stage<'a>(run: &RunOnPage, stage: &'a Stage, label: String) -> Shown<'a> {
    let columns = if run.wiring().generator_sees_class { ", one column per class" } else { "" };
    let alt = format!("A grid of digits drawn by {} after {}{columns}", run.title(), stage.moment);
    Shown { picture: &stage.picture, alt, label }
}

fn epochs(runs: &[RunOnPage]) -> Markup {
    html! {
        p { "Each grid of a run comes from the same noise." }
        @for run in runs {
            @let stages = run.stages.iter().map(|shown| stage(run, shown, shown.moment.clone()));
            (figure("three", &stages.collect::<Vec<_>>(), &html! {
                (number(figure_of(run, 6))) (run.title())
                @if run.wiring().generator_sees_class { ": one column per class." }
                @else { ": it chooses its digits itself." }
            }))
        }
    }
}

/// The newest grid of a run, as part of a figure.
fn newest(run: &RunOnPage) -> Option<Shown<'_>> {
    let last = run.stages.last()?;
    Some(stage(run, last, format!("{}, {}", run.title(), last.moment)))
}

fn side_by_side(runs: &[RunOnPage]) -> Option<Section> {
    let of = |model: Variant| runs.iter().find(|run| !run.is_augmented() && run.manifest.config.model == model);
    let shown: Vec<Shown<'_>> = Variant::ALL.into_iter().filter_map(of).filter_map(newest).collect();
    let models: Vec<&str> =
        Variant::ALL.into_iter().filter_map(of).map(|run| run.manifest.config.model.title()).collect();
    let caption = html! { (number(Some(9))) "The newest grids of " (models.join(", ")) "." };
    let body = figure("three", &shown, &caption);
    (shown.len() > 1).then_some(Section { id: "models", heading: "Side by side", body })
}

fn augmentation(runs: &[RunOnPage]) -> Option<Section> {
    let pairs = augmentation_pairs(runs);
    let body = html! {
        @for &(without, with) in &pairs {
            @let shown: Vec<Shown<'_>> = [without, with].into_iter().filter_map(newest).collect();
            (figure("two", &shown, &html! {
                (number(Some(10))) (without.manifest.config.model.title()) " without and with augmentation ("
                (tables::augmentation(with)) ")."
            }))
        }
    };
    (!pairs.is_empty()).then_some(Section { id: "augmentation", heading: "Without and with augmentation", body })
}

/// A figure of one picture for each run that has it, and a word on each that has not.
fn of_each<'a>(
    runs: &'a [RunOnPage],
    class: &str,
    picture: impl Fn(&'a RunOnPage) -> Option<&'a Picture>,
    alt: impl Fn(&RunOnPage) -> String,
    caption: impl Fn(&RunOnPage) -> Markup,
    missing: impl Fn(&RunOnPage) -> String,
) -> Markup {
    html! {
        div class=(format!("figures {class}")) {
            @for run in runs {
                @if let Some(picture) = picture(run) {
                    (figure("one", &[Shown { picture, alt: alt(run), label: String::new() }], &caption(run)))
                }
            }
        }
        @for run in runs.iter().filter(|run| picture(run).is_none()) {
            p class="remark" { (run.title()) ": " (missing(run)) }
        }
    }
}

fn losses(runs: &[RunOnPage]) -> Markup {
    html! {
        p { "Against the global step: the generator's loss blue, the discriminator's pink. An adversarial loss says
            which network is ahead, not how good the pictures are." }
        (of_each(
            runs,
            "charts",
            |run| run.losses.as_ref(),
            |run| format!("The losses of generator and discriminator of {} against the global step", run.title()),
            |run| html! { (number(figure_of(run, 11))) (run.title()) "." },
            |_| "its losses were not drawn.".to_owned(),
        ))
    }
}

fn confusions(runs: &[RunOnPage]) -> Markup {
    html! {
        p { "Rows are the classes asked for, columns those that the judge read, in percent of each row. The colour of
            wrong answers grows with the root of their share, so that rare ones can be seen." }
        (of_each(
            runs,
            "halves charts",
            |run| run.confusion.as_ref().filter(|_| run.evaluation.confusion.is_some()),
            |run| format!("The confusion matrix of {}: {}", run.title(), tables::agreement(run)),
            |run| html! { (run.title()) ": " (tables::agreement(run)) "." },
            |run| match run.wiring().generator_sees_class {
                true => "the picture of its confusions is not there; evaluate it anew.".to_owned(),
                false => "no class is asked for.".to_owned(),
            },
        ))
    }
}

fn neighbours(runs: &[RunOnPage]) -> Markup {
    html! {
        p { "The drawn digits, of up to 1,000, that are nearest to a training digit in pixels: each row of drawn digits
            stands above a row of their nearest training digits. A copy would be the same in every pixel." }
        (of_each(
            runs,
            "halves",
            |run| run.neighbours.as_ref(),
            |run| format!("Rows of digits drawn by {}, each above a row of their nearest training digits", run.title()),
            tables::memorisation,
            |_| "the picture of its neighbours is not there; evaluate it anew.".to_owned(),
        ))
    }
}

/// The looks of the collapse monitor, where a run recorded them.
fn collapse(runs: &[RunOnPage]) -> Markup {
    of_each(
        runs,
        "charts",
        |run| run.watch.as_ref(),
        |run| format!("Measures of the variety of digits of {} against the global step", run.title()),
        |run| html! { (run.title()) ": entropy of the classes, agreement and distance while it was trained." },
        |_| "it did not record the variety of its digits while it was trained.".to_owned(),
    )
}
