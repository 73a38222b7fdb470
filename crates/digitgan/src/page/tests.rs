use super::claims::claims;
use super::*;
use crate::config::TrainConfig;
use crate::data::{Augment, DatasetIdentity};
use crate::evaluation::{Compared, Evaluation, FORMAT, Memorised, Plan};
use crate::judge::JudgeIdentity;
use crate::metrics::histogram::{ClassHistogram, Confusion};
use crate::metrics::interval::Repeated;
use crate::model::Variant;
use crate::picture::Grid;
use crate::run::RunDirectory;
use crate::run::manifest::{self, DatasetRecord, Manifest, Versions};
use crate::run::timing::{Session, Timing};
use proptest::prelude::*;

/// What somebody would like a browser to believe.
const HOSTILE: &str = "</td></style><script>alert('x')</script><img src=http://x/ onerror=\"a()\">&amp;";

fn picture(name: &str) -> Picture {
    let grid = Grid { scale: 1, ..Grid::new(2) }.draw(&[90; 2 * 784]).unwrap();
    Picture::new(name.to_owned(), grid.png(&[]).unwrap()).unwrap()
}

fn repeated(mean: f64) -> Repeated {
    Repeated::of(&[0.99 * mean, mean, 1.01 * mean]).unwrap()
}

fn compared(generated: f64, real: f64) -> Compared {
    Compared { generated: repeated(generated), real: repeated(real) }
}

/// An evaluation of digits that were asked for and read so, where the model is told classes.
fn evaluation(model: Variant, asked: &[u8], read: &[u8], frechet: f64, class_names: &[String]) -> Evaluation {
    let conditional = model.wiring().generator_sees_class;
    let classes = class_names.len();
    Evaluation {
        format: FORMAT,
        model: Some(model),
        set: None,
        step: 40,
        trained_on: "digits".to_owned(),
        dataset: "digits".to_owned(),
        class_names: class_names.to_vec(),
        judge: JudgeIdentity {
            sha256: "ab".repeat(32),
            dataset: "digits".to_owned(),
            dataset_sha256: "cd".repeat(32),
            classes,
            test_correct: 99,
            test_images: 100,
        },
        plan: Plan::default(),
        samples: 100,
        agreement: conditional.then(|| compared(0.9, 0.9).generated),
        confusion: conditional.then(|| Confusion::of(asked, read, classes).unwrap()),
        histogram: ClassHistogram::of(read, classes).unwrap(),
        divergence_from_uniform: compared(0.01, 0.001),
        frechet: compared(frechet, 2.0),
        class_frechet: None,
        classes: Vec::new(),
        kernel_distance: compared(3.0, 1.0),
        digit_score: compared(9.0, 9.5),
        precision: compared(0.8, 0.9),
        recall: compared(0.7, 0.9),
        density: compared(0.8, 0.9),
        coverage: compared(0.7, 0.9),
        memorisation: Memorised {
            digits: 1000,
            generated_median: repeated(900.0),
            test_median: 1000.0,
            near: 300.0,
            near_share: repeated(0.01),
        },
        gan_train: None,
    }
}

/// A hundred digits per class, all read as they were asked for but those that `change` says.
fn labels(change: impl Fn(u8, usize) -> u8) -> (Vec<u8>, Vec<u8>) {
    let asked: Vec<u8> = (0..1000).map(|image| (image / 100) as u8).collect();
    let read = asked.iter().enumerate().map(|(image, &class)| change(class, image % 100)).collect();
    (asked, read)
}

fn run(name: &str, model: Variant, augment: &[Augment], evaluation: Evaluation) -> RunOnPage {
    let config = TrainConfig { model, augment: augment.to_vec(), epochs: 4, batch_size: 8, ..TrainConfig::default() };
    let class_names = evaluation.class_names.clone();
    let identity = DatasetIdentity {
        name: "digits".to_owned(),
        sha256: "cd".repeat(32),
        classes: class_names.len(),
        train_images: 80,
        test_images: 100,
    };
    let session = Session { first_step: 0, last_step: 40, seconds: 8.0, threads: 2, device: "cpu (test)".to_owned() };
    RunOnPage {
        name: name.to_owned(),
        path: PathBuf::from("runs").join(name),
        manifest: Manifest {
            unwatched: false,
            format: manifest::FORMAT,
            config,
            dataset: DatasetRecord { identity, class_names, fallback: None, data_dir: None, read_as: None },
            versions: Versions { digitgan: "0.1.0".to_owned(), device: "cpu (test)".to_owned() },
            judge: None,
            collapse: None,
        },
        step: 40,
        stages: ["1", "2", "4"].map(|n| Stage { moment: format!("epoch {n}"), picture: picture("g.png") }).to_vec(),
        losses: Some(picture("l.png")),
        confusion: Some(picture("c.png")),
        neighbours: Some(picture("n.png")),
        watch: None,
        timing: Some(Timing { sessions: vec![session] }),
        notes: Vec::new(),
        evaluation,
    }
}

fn digits() -> Vec<String> {
    (0..10).map(|class| class.to_string()).collect()
}

/// The paper's four experiments, all of whose claims come out as they say.
fn four() -> Vec<RunOnPage> {
    let made = |name: &str, model, augment: &[Augment], frechet, change: fn(u8, usize) -> u8| {
        let (asked, read) = labels(change);
        run(name, model, augment, evaluation(model, &asked, &read, frechet, &digits()))
    };
    vec![
        made("gan", Variant::Gan, &[], 30.0, |class, i| if class == 4 && i < 60 { 0 } else { class }),
        made("cgan", Variant::Cgan, &[], 5.0, |class, i| if class == 3 && i < 9 { 8 } else { class }),
        made("acgan", Variant::Acgan, &[], 9.0, |class, _| class),
        made(
            "turned",
            Variant::Acgan,
            &[Augment::Affine],
            9.1,
            |class, i| if class == 3 && i < 20 { 5 } else { class },
        ),
    ]
}

fn page(runs: Vec<RunOnPage>) -> Page {
    let real = RealDigits { dataset: runs[0].manifest.dataset.identity.name.clone(), picture: picture("r.png") };
    Page { title: "Digits".to_owned(), real: vec![real], runs }
}

/// An element's start: its name, and its attributes with their values as they are written.
type Element = (String, Vec<(String, String)>);

/// Takes HTML apart as strictly as XML is, but for the elements that HTML leaves empty: every element is closed in its
/// turn, every attribute has a quoted value, and no `<`, `>` or bare `&` stands in text. What passes has one meaning in
/// every parser, so what is escaped for this one is escaped for a browser. Returns the elements and all text outside
/// `style`.
fn parse(html: &str) -> Result<(Vec<Element>, String), String> {
    const EMPTY: [&str; 4] = ["meta", "img", "br", "link"];
    let mut rest = html.strip_prefix("<!DOCTYPE html>").ok_or("no doctype")?;
    let (mut open, mut elements, mut all_text) = (Vec::<String>::new(), Vec::new(), String::new());
    loop {
        let (text, tag) = rest.split_once('<').unwrap_or((rest, ""));
        if open.last().is_none_or(|name| name != "style") {
            check_text(text)?;
            all_text += text;
        }
        if tag.is_empty() {
            return if open.is_empty() { Ok((elements, all_text)) } else { Err(format!("{open:?} not closed")) };
        }
        if let Some(closing) = tag.strip_prefix('/') {
            let (name, after) = closing.split_once('>').ok_or("a closing tag has no end")?;
            if open.pop().as_deref() != Some(name) {
                return Err(format!("</{name}> in the wrong place"));
            }
            rest = after;
            continue;
        }
        let (element, after) = start_tag(tag)?;
        if !EMPTY.contains(&element.0.as_str()) {
            open.push(element.0.clone());
        }
        elements.push(element);
        rest = after;
    }
}

fn start_tag(tag: &str) -> Result<(Element, &str), String> {
    let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let end = tag.find(|c| !is_name(c)).ok_or("a tag has no end")?;
    let (name, mut rest) = tag.split_at(end);
    let mut attributes = Vec::new();
    while let Some(attribute) = rest.strip_prefix(' ') {
        let (key, after) = attribute.split_once("=\"").ok_or(format!("an attribute of {name} has no value"))?;
        let (value, after) = after.split_once('"').ok_or(format!("{key} of {name} has no end"))?;
        if key.is_empty() || !key.chars().all(is_name) || value.contains('<') {
            return Err(format!("{key:?} of {name}: {value:?}"));
        }
        check_text(value)?;
        attributes.push((key.to_owned(), value.to_owned()));
        rest = after;
    }
    let after = rest.strip_prefix('>').ok_or(format!("{name} goes on with {:?}", rest.get(..20)))?;
    Ok(((name.to_owned(), attributes), after))
}

fn check_text(text: &str) -> Result<(), String> {
    let entity = |after: &str| ["amp;", "lt;", "gt;", "quot;"].iter().any(|entity| after.starts_with(entity));
    match text.contains('>') || text.split('&').skip(1).any(|after| !entity(after)) {
        true => Err(format!("unescaped: {text:?}")),
        false => Ok(()),
    }
}

fn attribute<'a>(element: &'a Element, key: &str) -> Option<&'a str> {
    element.1.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
}

/// What must hold of every page.
fn check(html: &str) -> Result<(), String> {
    let (elements, _) = parse(html)?;
    for element in &elements {
        let (name, attributes) = element;
        if name == "img" {
            let source = attribute(element, "src").unwrap_or_default();
            let alt = attribute(element, "alt").unwrap_or_default();
            if !source.starts_with("data:image/png;base64,") || alt.trim().is_empty() {
                return Err(format!("an image of {source:.30} called {alt:?}"));
            }
        }
        let foreign = |key: &str, value: &str| match key {
            "href" => !value.starts_with('#'),
            "src" => !value.starts_with("data:image/png;base64,"),
            _ => key.starts_with("on"),
        };
        if ["script", "link", "iframe", "object", "base"].contains(&name.as_str())
            || attributes.iter().any(|(key, value)| foreign(key, value))
        {
            return Err(format!("{name} of something outside: {attributes:?}"));
        }
    }
    // Styles can fetch things too.
    match html.contains("url(") || html.contains("@import") {
        true => Err("a style that fetches".to_owned()),
        false => Ok(()),
    }
}

#[test]
fn a_page_is_well_formed_and_needs_nothing_else() {
    let html = page(four()).html();
    assert_eq!(check(&html), Ok(()));
    let (elements, text) = parse(&html).unwrap();
    let images = elements.iter().filter(|(name, _)| name == "img").count();
    // Real digits; three stages, losses and neighbours of four; three confusions; side by side; with and without.
    assert_eq!(images, 1 + 4 * 5 + 3 + 3 + 2);
    for figure in 5..=13 {
        assert!(text.contains(&format!("Figure {figure}.")), "Figure {figure} is missing");
    }
    // Within the page, links lead somewhere.
    let ids: Vec<_> = elements.iter().filter_map(|element| attribute(element, "id")).collect();
    let links: Vec<_> = elements.iter().filter_map(|element| attribute(element, "href")).collect();
    assert!(links.len() > 10 && links.iter().all(|link| ids.contains(&&link[1..])), "{links:?} {ids:?}");
    assert!(text.contains("2.0</") || text.contains("2.0"), "seconds per epoch");
}

#[test]
fn the_checker_finds_what_is_wrong() {
    let good = page(four()).html();
    let spoiled = [
        good.replacen("</h1>", "", 1),
        good.replacen("</h1>", "<b></h1></b>", 1),
        good.replacen("<img src=\"data:", "<img src=\"http:", 1),
        good.replacen("alt=\"A grid", "alt=\"\" title=\"A grid", 1),
        good.replacen("<h1>", "<h1 onclick=\"x\">", 1),
        good.replacen("<h1>", "<h1><script>x</script>", 1),
        good.replacen("<h1>", "<h1>a & b", 1),
        good.replacen("<h1>", "<h1 id=x>", 1),
        good.replacen("<style>", "<style>@import 'x';", 1),
        good.replacen("href=\"#", "href=\"http://x#", 1),
    ];
    for (case, html) in spoiled.iter().enumerate() {
        assert!(html != &good && check(html).is_err(), "case {case}");
    }
}

#[test]
fn hostile_names_are_text_and_nothing_else() {
    let mut names = digits();
    names[3] = HOSTILE.to_owned();
    let (asked, read) = labels(|class, _| class);
    let mut hostile = run(HOSTILE, Variant::Acgan, &[], evaluation(Variant::Acgan, &asked, &read, 3.0, &names));
    hostile.evaluation.dataset = HOSTILE.to_owned();
    hostile.evaluation.judge.sha256 = HOSTILE.to_owned();
    hostile.manifest.dataset.identity.name = HOSTILE.to_owned();
    hostile.manifest.dataset.fallback = Some(HOSTILE.to_owned());
    hostile.manifest.versions.device = HOSTILE.to_owned();
    hostile.stages[0].moment = HOSTILE.to_owned();
    hostile.timing.as_mut().unwrap().sessions[0].device = HOSTILE.to_owned();
    hostile.path = PathBuf::from(HOSTILE);
    hostile.confusion = None;
    let html = Page { title: HOSTILE.to_owned(), ..page(vec![hostile]) }.html();
    assert_eq!(check(&html), Ok(()));
    let escaped = HOSTILE.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    assert!(html.matches(&escaped).count() > 20, "{}", html.matches(&escaped).count());
}

proptest! {
    #[test]
    fn whatever_a_run_is_called_the_page_is_whole(name in "\\PC{0,40}", class in any::<String>()) {
        let mut names = digits();
        names[9] = class;
        let (asked, read) = labels(|class, _| class);
        let made = run(&name, Variant::Cgan, &[], evaluation(Variant::Cgan, &asked, &read, 3.0, &names));
        prop_assert_eq!(check(&page(vec![made]).html()), Ok(()));
    }
}

#[test]
fn claims_come_out_by_their_rules() {
    let all = claims(&four());
    let held: Vec<bool> = all.iter().map(|claim| claim.holds).collect();
    assert_eq!(held, [true; 8], "{all:#?}");
    assert!(all[0].numbers.starts_with("16.00 % (") && all[0].numbers.contains("10.00 %"), "{}", all[0].numbers);
    assert!(all[2].numbers.contains("place 1 of 45 pairs"), "{}", all[2].numbers);
    assert!(all[5].numbers.contains("20.00 %"), "{}", all[5].numbers);

    // Turned round, each claim fails: even classes, no confusion, worse digits, one class only.
    let mut others = four();
    let (asked, even) = labels(|class, _| class);
    let (_, collapsed) = labels(|_, _| 1);
    others[0].evaluation = evaluation(Variant::Gan, &asked, &even, 3.0, &digits());
    others[1].evaluation = evaluation(Variant::Cgan, &asked, &collapsed, 5.0, &digits());
    others[3].evaluation = evaluation(Variant::Acgan, &asked, &even, 4.0, &digits());
    let all = claims(&others);
    assert_eq!(all.iter().map(|claim| claim.holds).collect::<Vec<_>>(), [false; 8], "{all:#?}");
}

#[test]
fn only_claims_are_shown_whose_runs_are_there() {
    let count = |runs: &[RunOnPage]| claims(runs).len();
    let four = four();
    // GAN: zeros, zeros and ones; cGAN: confusion; all: collapse.
    assert_eq!([count(&four[..1]), count(&four[1..2]), count(&four[2..3]), count(&four[..2])], [3, 2, 1, 5]);
    assert_eq!((count(&four[2..]), count(&[])), (3, 0));
    // Without digits among the classes, nothing is said of them.
    let names: Vec<String> = (b'a'..=b'j').map(|letter| char::from(letter).to_string()).collect();
    let (asked, read) = labels(|class, _| class);
    let letters = run("letters", Variant::Gan, &[], evaluation(Variant::Gan, &asked, &read, 3.0, &names));
    assert_eq!(count(&[letters]), 1);
}

#[test]
fn records_that_do_not_fit_together_still_make_a_page() {
    let mut odd = four();
    odd[1].evaluation.class_names.truncate(4);
    odd[2].evaluation.histogram.counts.clear();
    odd[3].evaluation.confusion = None;
    odd[3].timing = None;
    odd[3].stages.clear();
    odd[0].manifest.config.batch_size = 0;
    odd[0].step = 7;
    assert_eq!(check(&page(odd).html()), Ok(()));
}

#[test]
fn a_page_is_written_and_replaced_but_nothing_else_is() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("a/b");
    let page = page(four());
    let written = page.write(&out).unwrap();
    assert_eq!(std::fs::read_to_string(&written.page).unwrap(), page.html());
    assert!(written.pictures.iter().all(|path| path.starts_with(out.join("pictures")) && path.is_file()));
    page.write(&out).unwrap();

    std::fs::write(&written.page, "<html>mine</html>").unwrap();
    let error = page.write(&out).unwrap_err().to_string();
    assert!(error.contains("is no page of digitgan"), "{error}");
    std::fs::write(folder.path().join("file"), "mine").unwrap();
    let error = page.write(&folder.path().join("file")).unwrap_err().to_string();
    assert!(error.starts_with("cannot write ") && !error.contains('\n'), "{error}");
}

#[test]
fn runs_have_file_names_of_their_own() {
    let runs = ["x/gan", "y/gan", "z/g a/n", "w/é<b>"].map(RunDirectory::new);
    assert_eq!(run::keys(&runs), ["gan", "gan-2", "n", "--b-"]);
}

#[test]
fn what_is_no_picture_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("p.png");
    assert!(Picture::read("p".to_owned(), &path).unwrap().is_none());
    std::fs::write(&path, "<svg onload=\"x\">").unwrap();
    let error = Picture::read("p".to_owned(), &path).unwrap_err().to_string();
    assert!(error.contains("is not a whole PNG picture"), "{error}");
    let whole = picture("p").png().to_vec();
    for cut in [9, 40, whole.len() / 2, whole.len() - 14] {
        std::fs::write(&path, &whole[..cut]).unwrap();
        assert!(Picture::read("p".to_owned(), &path).is_err(), "{cut} of {} bytes", whole.len());
    }
    std::fs::write(&path, whole).unwrap();
    assert_eq!(Picture::read("p".to_owned(), &path).unwrap().unwrap().size(), (62, 32));
}
