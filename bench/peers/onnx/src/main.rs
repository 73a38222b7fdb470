//! What tract and rten make of the models of `onnx_cases`: lines of JSON for `reference/check_onnx.py`.

mod by_rten;
mod by_tract;

use serde::Deserialize;
use std::error::Error;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// A class that there is not, of ten.
const NO_CLASS: i64 = 12;

type Outcome<T> = Result<T, Box<dyn Error>>;

#[derive(Deserialize)]
struct Facts {
    inputs: Vec<Entry>,
    outputs: Vec<Entry>,
}

#[derive(Clone, Deserialize)]
struct Entry {
    name: String,
    r#type: String,
    shape: Vec<usize>,
}

/// Numbers of an input or output.
#[derive(Clone)]
pub(crate) enum Numbers {
    Floats(Vec<f32>),
    Integers(Vec<i64>),
}

/// An input by its name, with its shape.
#[derive(Clone)]
pub(crate) struct Array {
    pub(crate) name: String,
    pub(crate) shape: Vec<usize>,
    pub(crate) numbers: Numbers,
}

impl Array {
    fn read(folder: &Path, entry: &Entry) -> Outcome<Array> {
        let bytes = fs::read(folder.join(&entry.name))?;
        let numbers = match entry.r#type.as_str() {
            "int64" => Numbers::Integers(bytes.as_chunks().0.iter().map(|b| i64::from_le_bytes(*b)).collect()),
            _ => Numbers::Floats(bytes.as_chunks().0.iter().map(|b| f32::from_le_bytes(*b)).collect()),
        };
        Ok(Array { name: entry.name.clone(), shape: entry.shape.clone(), numbers })
    }

    /// Its first rows.
    fn first(&self, rows: usize) -> Array {
        let mut first = self.clone();
        let row: usize = self.shape[1..].iter().product();
        first.shape[0] = rows;
        match &mut first.numbers {
            Numbers::Floats(values) => values.truncate(rows * row),
            Numbers::Integers(values) => values.truncate(rows * row),
        }
        first
    }
}

/// A runtime with a model: inputs to outputs, by their names in the order asked for.
pub(crate) trait Runtime {
    fn run(&self, inputs: &[Array], outputs: &[String]) -> Outcome<Vec<Vec<f32>>>;
}

type Load = fn(&Path) -> Outcome<Box<dyn Runtime>>;

fn main() -> Outcome<()> {
    let folder = std::env::args().nth(1).ok_or("usage: onnx-readers CASES")?;
    let mut cases: Vec<_> =
        fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    cases.retain(|case| case.join("case.json").exists());
    cases.sort();
    std::panic::set_hook(Box::new(|_| ()));
    let runtimes: [(&str, Load); 2] = [("tract", by_tract::load), ("rten", by_rten::load)];
    for (name, load) in runtimes {
        for case in &cases {
            let outcome = catch_unwind(AssertUnwindSafe(|| judge(case, load)));
            let outcome = outcome.unwrap_or_else(|_| Err("panicked".into()));
            let mut line = serde_json::json!({ "runtime": name, "case": case.file_name().unwrap().to_string_lossy() });
            match outcome {
                Ok((difference, refuses)) => {
                    line["difference"] = difference.into();
                    if let Some(refuses) = refuses {
                        line["refuses"] = refuses.into();
                    }
                }
                Err(error) => line["error"] = format!("{error:?}").chars().take(300).collect::<String>().into(),
            }
            println!("{line}");
        }
    }
    Ok(())
}

/// The largest difference, and whether a class that there is not is refused.
fn judge(case: &Path, load: Load) -> Outcome<(f32, Option<bool>)> {
    let facts: Facts = serde_json::from_slice(&fs::read(case.join("case.json"))?)?;
    let read =
        |entries: &[Entry]| entries.iter().map(|entry| Array::read(case, entry)).collect::<Outcome<Vec<Array>>>();
    let (inputs, outputs) = (read(&facts.inputs)?, read(&facts.outputs)?);
    let names: Vec<String> = outputs.iter().map(|output| output.name.clone()).collect();
    let runtime = load(&case.join("model.onnx"))?;
    let mut worst = 0.0_f32;
    for rows in [inputs[0].shape[0], 1] {
        let given: Vec<Array> = inputs.iter().map(|input| input.first(rows)).collect();
        for (found, output) in runtime.run(&given, &names)?.iter().zip(&outputs) {
            let Numbers::Floats(expected) = output.first(rows).numbers else {
                return Err("an output of integers".into());
            };
            if found.len() != expected.len() {
                return Err(format!("{} has {} numbers, expected {}", output.name, found.len(), expected.len()).into());
            }
            let Numbers::Floats(all) = &output.numbers else { return Err("an output of integers".into()) };
            let scale = all.iter().fold(1.0, |most: f32, value| most.max(value.abs()));
            worst = found.iter().zip(&expected).map(|(a, b)| (a - b).abs() / scale).fold(worst, f32::max);
        }
    }
    let Some(class) = inputs.iter().position(|input| input.name == "class") else { return Ok((worst, None)) };
    let mut wrong = inputs;
    wrong[class].numbers = Numbers::Integers(vec![NO_CLASS; wrong[class].shape[0]]);
    let refuses = catch_unwind(AssertUnwindSafe(|| runtime.run(&wrong, &names).is_err())).unwrap_or(true);
    Ok((worst, Some(refuses)))
}
