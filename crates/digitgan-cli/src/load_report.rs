//! What loading files decided and left out, for the person at the terminal and as JSON.

use crate::output;
use digitgan::data::ReadAs;
use digitgan::load::{LabelGaps, LeftOut, LikelyGround, LoadReport, RareClass, Turned, Unreadable};
use digitgan::picture::Grid;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

/// Folder, within the folder of data sets, of what there is to look at: one folder per data set.
const FOLDER: &str = "reports";
/// How many things are named before it is only said how many there are.
const NAMED: usize = 3;

/// Says what a person should know before anything is made of the data. Lists and pictures go to a folder in `data_dir`.
pub(crate) fn tell(path: &Path, name: &str, report: &LoadReport, turned: Option<Turned>, data_dir: &Path) {
    let say = |text: String| output::note(&format!("{}: {text}", path.display()));
    let images = |number: usize| match number {
        1 => "1 image".to_owned(),
        number => format!("{} images", output::thousands(number)),
    };
    let are = |number: usize| format!("{} {}", images(number), if number == 1 { "is" } else { "are" });
    if report.read_as != ReadAs::PLAIN {
        say(format!("read as {}", report.read_as));
    }
    if report.ground_unclear {
        let advice = match report.likely_ground {
            Some(LikelyGround { ground, otherwise }) => {
                format!(
                    "most are mostly {ground}, so give --ground {ground} ({} otherwise)",
                    if otherwise == 0 { "none is".to_owned() } else { are(otherwise) }
                )
            }
            None => "if it is light, give --ground light".to_owned(),
        };
        say(format!("the images do not tell what the ink is on; read as dark ground: {advice}"));
    }
    if let Some(high) = report.dim {
        let range = report.read_as.range;
        say(format!(
            "the lightest pixel is {high}, and white is {}: if {high} is white, give --range {}..{high}",
            range.white, range.black
        ));
    }
    if report.faint > 0 && report.dim.is_none() {
        say(format!(
            "{} hardly use the values {}: if they are of another range than the rest, bring all to one",
            images(report.faint),
            report.read_as.range
        ));
    }
    if report.outside_range > 0 {
        say(format!("{} have values outside of {}", images(report.outside_range), report.read_as.range));
    }
    if report.resized > 0 {
        say(format!("{} of another size were scaled and centred to 28x28", images(report.resized)));
    }
    if report.test_alone {
        say("only images to test on are there (by their names), and none to train on; read as a whole set".to_owned());
    }
    if let Some(test) = report.set_aside {
        say(format!("no labelled test images there, so {} were set aside as such", images(test)));
    }
    if let Some(gaps) = &report.label_gaps {
        say(missing_labels(gaps));
    }
    if !report.rare.is_empty() {
        say(format!("few images of a class may be a damaged label: {}", rare(&report.rare)));
    }
    if !report.left_out.is_empty() {
        say(format!("left out: {}", left_out(&report.left_out)));
    }
    if !report.unused_columns.is_empty() {
        say(unused_columns(&report.unused_columns));
    }
    for unused in &report.unused {
        output::note(&format!("{}: not used, for {}", unused.path.display(), unused.why));
    }
    if !report.unreadable.is_empty() {
        let file = unreadable(&report.unreadable, &data_dir.join(FOLDER).join(name));
        say(format!("{} could not be read and are missing: {file}", images(report.unreadable.len())));
    }
    if report.otherwise.images > 0 {
        let picture = worst(&report.otherwise.worst, &data_dir.join(FOLDER).join(name));
        say(format!(
            "{} of the other ground than the rest, which is {}; {picture}",
            images(report.otherwise.images),
            report.read_as.ground
        ));
    }
    if let Some(Turned { right, right_if_swapped }) = turned {
        let other = match report.read_as.orientation {
            digitgan::data::Orientation::Upright => "transposed",
            digitgan::data::Orientation::Transposed => "upright",
        };
        say(format!(
            "these digits seem to lie on their side: MNIST's judge reads {:.0} % of them right, with rows and columns swapped {:.0} %; if they do, give --orientation {other}",
            100.0 * right,
            100.0 * right_if_swapped
        ));
    }
}

/// Which labels no image has.
fn missing_labels(gaps: &LabelGaps) -> String {
    let one = |gap: &RangeInclusive<u64>| match gap.start() == gap.end() {
        true => gap.start().to_string(),
        false => format!("{} to {}", gap.start(), gap.end()),
    };
    let mut named: Vec<String> = gaps.missing.iter().take(2 * NAMED).map(one).collect();
    let last = match gaps.missing.len() - named.len() {
        0 => named.pop().unwrap_or_default(),
        more => format!("others ({more} more gaps)"),
    };
    let before = if named.is_empty() { String::new() } else { format!("{} or ", named.join(", ")) };
    format!("labels {} to {}: no image has {before}{last}", gaps.first, gaps.last)
}

/// The classes of few images, with their numbers.
fn rare(classes: &[RareClass]) -> String {
    let one = |class: &RareClass| format!("{} has {}", class.name, output::thousands(class.images));
    let named: Vec<String> = classes.iter().take(2 * NAMED).map(one).collect();
    let more = classes.len().saturating_sub(2 * NAMED);
    named.join(", ") + &if more > 0 { format!(", and {more} more classes") } else { String::new() }
}

/// Which columns were not used.
fn unused_columns(columns: &[String]) -> String {
    let mut named: Vec<&str> = columns.iter().take(2 * NAMED).map(String::as_str).collect();
    let more = format!("{} more", columns.len() - named.len());
    if columns.len() > named.len() {
        named.push(&more);
    }
    match named.split_last() {
        Some((last, [])) => format!("the column {last} was not used"),
        Some((last, before)) => format!("the columns {} and {last} were not used", before.join(", ")),
        None => String::new(),
    }
}

/// What was passed over, in a line.
fn left_out(things: &[LeftOut]) -> String {
    let one = |thing: &LeftOut| match thing.number {
        1 => format!("{} ({})", thing.what, thing.why),
        number => format!("{} {} ({})", output::thousands(number), thing.what, thing.why),
    };
    let named: Vec<String> = things.iter().take(2 * NAMED).map(one).collect();
    let more = things.len().saturating_sub(2 * NAMED);
    named.join(", ") + &if more > 0 { format!(", and {more} more kinds") } else { String::new() }
}

/// Names the first that cannot be read, and where all of them are listed.
fn unreadable(all: &[Unreadable], folder: &Path) -> String {
    let line = |one: &Unreadable| format!("{} ({})", one.place, one.reason);
    let named: Vec<String> = all.iter().take(NAMED).map(line).collect();
    let text: String = all.iter().map(|one| line(one) + "\n").collect();
    let list = written(folder, "unreadable.txt", |path| std::fs::write(path, &text));
    format!(
        "{}; {}",
        named.join(", "),
        list.map_or_else(|error| error, |path| format!("all are listed in {}", path.display()))
    )
}

/// Draws the images that are otherwise, and says where.
fn worst(images: &[u8], folder: &Path) -> String {
    let draw = |path: &Path| {
        let grid = Grid::new(10).draw(images).map_err(std::io::Error::other)?;
        grid.write_png(path, &[("Software", "digitgan")]).map_err(std::io::Error::other)
    };
    let picture = written(folder, "other-ground.png", draw);
    picture.map_or_else(|error| error, |path| format!("the clearest are in {}", path.display()))
}

/// Writes a file, or says why it could not be written.
fn written(folder: &Path, name: &str, write: impl FnOnce(&Path) -> std::io::Result<()>) -> Result<PathBuf, String> {
    let path = folder.join(name);
    let done = std::fs::create_dir_all(folder).and_then(|()| write(&path));
    done.map(|()| path.clone()).map_err(|error| format!("{} cannot be written ({error})", path.display()))
}

/// All of it as JSON.
pub(crate) fn json(report: &LoadReport, turned: Option<Turned>) -> serde_json::Value {
    let left_out: Vec<_> = report
        .left_out
        .iter()
        .map(|thing| serde_json::json!({ "what": thing.what, "number": thing.number, "why": thing.why }))
        .collect();
    let unused: Vec<_> = report
        .unused
        .iter()
        .map(|unused| serde_json::json!({ "path": unused.path.to_string_lossy(), "why": unused.why }))
        .collect();
    let unreadable: Vec<_> =
        report.unreadable.iter().map(|one| serde_json::json!({ "place": one.place, "reason": one.reason })).collect();
    let label_gaps = report.label_gaps.as_ref().map(|gaps| {
        let missing: Vec<_> = gaps.missing.iter().map(|gap| [gap.start(), gap.end()]).collect();
        serde_json::json!({ "first": gaps.first, "last": gaps.last, "missing": missing })
    });
    let rare: Vec<_> =
        report.rare.iter().map(|class| serde_json::json!({ "class": class.name, "images": class.images })).collect();
    serde_json::json!({
        "format": report.format,
        "read_as": report.read_as,
        "ground_unclear": report.ground_unclear,
        "likely_ground": report.likely_ground.map(|likely| serde_json::json!({
            "ground": likely.ground, "otherwise": likely.otherwise,
        })),
        "other_ground": report.otherwise.images,
        "resized": report.resized,
        "test_alone": report.test_alone,
        "set_aside": report.set_aside,
        "label_gaps": label_gaps,
        "rare": rare,
        "dim": report.dim,
        "faint": report.faint,
        "outside_range": report.outside_range,
        "left_out": left_out,
        "unused_columns": report.unused_columns,
        "unused": unused,
        "unreadable": unreadable,
        "turned": turned.map(|turned| serde_json::json!({
            "right": turned.right, "right_if_swapped": turned.right_if_swapped,
        })),
    })
}
