//! `digitgan data measure`

use crate::dataset::DataArgs;
use crate::destination::Destination;
use crate::exit::ExitCode;
use crate::output;
use crate::progress::Transfer;
use crate::threads::Threads;
use crate::usage::Usage;
use digitgan::IMAGE_PIXELS;
use digitgan::convert::{MeasureColumn, measures_table};
use digitgan::data::{Dataset, Split, strokes};
use digitgan::files::output::FileKind;
use digitgan::load::Loaded;
use digitgan::metrics::measures::{Measure, Spread, shapes};
use digitgan::metrics::shape::Shape;
use digitgan::picture::{HistogramColumn, Histograms};

/// Images that are measured before it is said how many are done.
const PIECE_IMAGES: usize = 500;

/// Measure digits: slant, stroke thickness, width and height of each
///
/// As Morpho-MNIST defines them (Castro et al. 2019), of every image; of the built-in strokes also the rotation they were drawn with. A
/// table has a row for each image, a picture a histogram for each class; classes and the whole are summed up here.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  digitgan data measure                              MNIST, into measures.csv and measures.png
  digitgan data measure --data my/digits --out my.csv --picture my.png
  digitgan generate --count 10000 --out mine && digitgan data measure --data mine
  digitgan data measure --out - | head               the table on standard output
Slant is in degrees, positive to the right; the others are in pixels of a 28x28 image.")]
pub(crate) struct Args {
    #[command(flatten)]
    data: DataArgs,
    /// The table: split, index, class, slant, thickness, width, height; -: standard output
    #[arg(long, value_name = "FILE.csv", default_value = "measures.csv")]
    out: Destination,
    /// The picture of the histograms [default: measures.png, or none where the table goes to standard output]
    #[arg(long, value_name = "FILE.png")]
    picture: Option<Destination>,
    #[command(flatten)]
    threads: Threads,
    /// Print how the measures spread, class by class, as one JSON object
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let picture = match &args.picture {
        Some(picture) => Some(picture.clone()),
        None => args.out.is_file().then(|| Destination::File("measures.png".into())),
    };
    args.out.check(FileKind::Measures, args.json)?;
    if let Some(picture) = &picture {
        picture.check_picture(FileKind::Png, args.json, "measures.png")?;
        if !picture.is_file() && !args.out.is_file() {
            return Err(Usage("the table and the picture cannot both go to standard output".to_owned()).into());
        }
    }
    let device = args.threads.cpu()?;
    let Loaded { dataset, report, .. } = args.data.load(&device)?;
    // Files of the same name have a report.
    let is_strokes = report.is_none() && dataset.name == "strokes";
    let mut progress = Transfer::new("measuring", Some((dataset.train.len() + dataset.test.len()) as u64), false);
    let columns = device.install(|| measured(&dataset, is_strokes, &mut progress));
    drop(progress);
    let columns = columns?;
    let (labels, summed) = (labels(&dataset), summed(&dataset, &columns));
    args.out.write(FileKind::Measures, &measures_table(&dataset, &columns))?;
    if let Some(picture) = &picture {
        let facts = [("Software", "digitgan"), ("data", dataset.name.as_str())];
        picture.write(FileKind::Png, &histograms(&dataset, &labels, &columns, &facts)?)?;
    }
    if args.json {
        let unknown = columns.first().map_or(0, |column| both(column).filter(|value| !value.is_finite()).count());
        output::json(&serde_json::json!({
            "out": args.out, "picture": picture, "data": dataset.name, "images": labels.len(), "unknown": unknown,
            "measures": summed,
        }))?;
        return Ok(ExitCode::SUCCESS);
    }
    if args.out.is_file() && picture.as_ref().is_none_or(Destination::is_file) {
        print(&dataset, &columns)?;
    }
    let picture = picture.map(|picture| match picture {
        Destination::File(path) => path.display().to_string(),
        Destination::StandardOutput => "on standard output".to_owned(),
    });
    args.out.facts("table", &picture.map(|place| ("picture", place)).into_iter().collect::<Vec<_>>())?;
    Ok(ExitCode::SUCCESS)
}

/// The measures of all images, and the rotation where it is known.
fn measured(dataset: &Dataset, is_strokes: bool, progress: &mut Transfer) -> anyhow::Result<Vec<MeasureColumn>> {
    let mut done = 0;
    let mut measured = |split: &Split| -> anyhow::Result<Vec<Option<Shape>>> {
        let mut found = Vec::with_capacity(split.len());
        for images in split.images.chunks(PIECE_IMAGES * IMAGE_PIXELS) {
            found.extend(shapes(images)?);
            done += images.len() / IMAGE_PIXELS;
            progress.advance(done as u64);
        }
        Ok(found)
    };
    let (train, test) = (measured(&dataset.train)?, measured(&dataset.test)?);
    let values = |found: &[Option<Shape>], measure: &Measure| -> Vec<f64> {
        found.iter().map(|shape| shape.as_ref().map_or(f64::NAN, measure.of)).collect()
    };
    let column = |measure: &Measure| MeasureColumn {
        name: measure.name,
        unit: measure.unit,
        train: values(&train, measure),
        test: values(&test, measure),
    };
    let mut columns: Vec<MeasureColumn> = Measure::ALL.iter().map(column).collect();
    if is_strokes {
        let drawn = strokes::generate(&|_| ());
        let turned = |styles: &[strokes::Style]| styles.iter().map(|style| f64::from(style.rotation)).collect();
        let (train, test) = (turned(&drawn.train_styles), turned(&drawn.test_styles));
        columns.push(MeasureColumn { name: "rotation", unit: "°", train, test });
    }
    Ok(columns)
}

/// The classes of all images, those to train on first.
fn labels(dataset: &Dataset) -> Vec<u8> {
    let split = |split: &Split| split.labels.clone();
    [split(&dataset.train), split(&dataset.test)].concat()
}

/// A column's values in the order of [`labels`].
fn both(column: &MeasureColumn) -> impl Iterator<Item = f64> {
    column.train.iter().chain(&column.test).copied()
}

/// How a column's values spread: all of them, and those of each class.
fn spreads(dataset: &Dataset, column: &MeasureColumn) -> (Option<Spread>, Vec<Option<Spread>>) {
    let labels = labels(dataset);
    let known = |class: Option<usize>| {
        let own = both(column)
            .zip(&labels)
            .filter(|(value, label)| value.is_finite() && class.is_none_or(|class| usize::from(**label) == class));
        Spread::of(own.map(|(value, _)| value).collect())
    };
    (known(None), (0..dataset.classes).map(|class| known(Some(class))).collect())
}

fn summed(dataset: &Dataset, columns: &[MeasureColumn]) -> serde_json::Value {
    let one = |spread: Spread| {
        serde_json::json!({
            "count": spread.count, "mean": spread.mean, "deviation": spread.deviation,
            "percentile_5": spread.low, "median": spread.median, "percentile_95": spread.high,
        })
    };
    let column = |column: &MeasureColumn| {
        let (all, classes) = spreads(dataset, column);
        let classes: serde_json::Map<_, _> = dataset
            .class_names
            .iter()
            .cloned()
            .zip(classes.into_iter().map(|spread| spread.map_or(serde_json::Value::Null, one)))
            .collect();
        let value = serde_json::json!({ "unit": column.unit.trim(), "all": all.map(one), "classes": classes });
        (column.name.to_owned(), value)
    };
    serde_json::Value::Object(columns.iter().map(column).collect())
}

fn histograms(
    dataset: &Dataset,
    labels: &[u8],
    columns: &[MeasureColumn],
    facts: &[(&str, &str)],
) -> anyhow::Result<Vec<u8>> {
    let shown: Vec<(String, Vec<f64>)> = columns
        .iter()
        .map(|column| (format!("{}, {}", column.name, column.unit.trim()), both(column).collect()))
        .collect();
    let columns: Vec<HistogramColumn<'_>> =
        shown.iter().map(|(name, values)| HistogramColumn { name, values }).collect();
    let title = format!("{}: {} digits, measured", dataset.name, output::thousands(labels.len()));
    let picture = Histograms { title: &title, columns: &columns, labels, class_names: &dataset.class_names };
    Ok(picture.png(facts)?)
}

/// Means and deviations, a row a class.
fn print(dataset: &Dataset, columns: &[MeasureColumn]) -> anyhow::Result<()> {
    let cell = |spread: &Option<Spread>| match spread {
        Some(spread) => format!("{:>8.2} ± {:<5.2}", spread.mean, spread.deviation),
        None => format!("{:>8}        ", "–"),
    };
    let found: Vec<_> = columns.iter().map(|column| spreads(dataset, column)).collect();
    let heads: Vec<String> =
        columns.iter().map(|column| format!("{:<16}", format!("  {}, {}", column.name, column.unit.trim()))).collect();
    output::heading(&format!("class    {}", heads.concat().trim_end()))?;
    let row = |spreads: Vec<&Option<Spread>>| spreads.into_iter().map(cell).collect::<String>();
    let classes = dataset
        .class_names
        .iter()
        .enumerate()
        .map(|(class, name)| (name.as_str(), row(found.iter().map(|(_, classes)| &classes[class]).collect())));
    let all = ("all", row(found.iter().map(|(all, _)| all).collect()));
    Ok(output::facts(&classes.chain([all]).collect::<Vec<_>>())?)
}
