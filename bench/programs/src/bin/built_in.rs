//! Makes a generator that comes with the program from several trainings of one model (`bench/built-in`):
//! `built_in DATA_DIR OUT OPTIONS RUN …`, where OPTIONS are those that all were trained with. Chooses the nearest to training images, rounds it to 16 bits, evaluates what was rounded,
//! and writes `OUT/MODEL.safetensors` and its card, `OUT/MODEL.json`.

use digitgan::built_in::{Candidate, Card, DataCard, FORMAT, Selection};
use digitgan::data::{DataSource, Dataset, Reading};
use digitgan::engine::Device;
use digitgan::evaluation::{Choice, Evaluator, Plan};
use digitgan::files;
use digitgan::judge::Judge;
use digitgan::load::load;
use digitgan::run::RunDirectory;
use digitgan::run::manifest::Manifest;
use digitgan::weights::GeneratorFile;
use digitgan_bench::print;
use std::error::Error;
use std::path::Path;

/// Epochs of a training that are looked at, from the last one back: rates fall towards the end, and digits get better.
const EPOCHS: usize = 10;
const USAGE: &str = "usage: built_in DATA_DIR OUT OPTIONS RUN …";
const RULE: &str = "the nearest to training images (Fréchet distance of 10,000 digits to 10,000 training images, by the judge's \
                    features) among the last ten epochs of every training; test images were not looked at";
const SOURCE: &str = "MNIST, by Yann LeCun and Corinna Cortes, from NIST's Special Databases 1 and 3";
const LICENCE: &str = "CC BY-SA 3.0, as Keras' documentation of MNIST says; the weights are this project's own";

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [data_dir, out, options, runs @ ..] = arguments.as_slice() else { return Err(USAGE.into()) };
    let dataset = load(&DataSource::Mnist, &Reading::default(), Path::new(data_dir), &|_| ())?.dataset;
    let device = Device::cpu(None)?;
    let mut candidates =
        runs.iter().map(|run| best(&device, &dataset, Path::new(run))).collect::<Result<Vec<_>, _>>()?;
    candidates.sort_by_key(|(candidate, ..)| candidate.seed);
    let all: Vec<Candidate> = candidates.iter().map(|(candidate, ..)| candidate.clone()).collect();
    let nearest = candidates.into_iter().min_by(|a, b| a.0.distance.total_cmp(&b.0.distance));
    let (candidate, manifest, file) = nearest.ok_or(USAGE)?;
    let bytes = file.to_half_bytes();
    let rounded = GeneratorFile::from_bytes(&bytes)?;
    let judge = Judge::of_mnist(&device);
    let (evaluation, _) = Evaluator::new(device, judge, &dataset, Plan::default(), &mut |_, _, _| ())?
        .evaluate(&rounded, &mut |_, _, _| ())?;
    let name = manifest.config.model.name();
    let path = |ending: &str| Path::new(out).join(format!("{name}.{ending}"));
    std::fs::write(path("safetensors"), &bytes)?;
    let card = Card {
        format: FORMAT,
        name: name.to_owned(),
        sha256: files::sha256(&path("safetensors"))?,
        command: format!("digitgan train {name} --data mnist {options} --seed {}", candidate.seed),
        config: manifest.config,
        epoch: candidate.epoch,
        data: DataCard { identity: dataset.identity(), source: SOURCE.to_owned(), licence: LICENCE.to_owned() },
        selection: Selection { rule: RULE.to_owned(), candidates: all },
        evaluation,
    };
    std::fs::write(path("json"), format!("{}\n", serde_json::to_string_pretty(&card)?))?;
    print(&serde_json::to_value(&card)?);
    Ok(())
}

/// The generator of a run that is nearest to training images.
fn best(
    device: &Device,
    dataset: &Dataset,
    path: &Path,
) -> Result<(Candidate, Manifest, GeneratorFile), Box<dyn Error>> {
    let run = RunDirectory::new(path);
    let manifest = Manifest::read(&run.manifest())?;
    let mut choice = Choice::new(device, Judge::of_mnist(device), dataset, 1)?;
    let mut epochs = run.generator_epochs()?;
    epochs.sort_unstable();
    let mut nearest: Option<(Candidate, GeneratorFile)> = None;
    for &epoch in epochs.iter().rev().take(EPOCHS) {
        let file = GeneratorFile::read(&run.epoch_generator(epoch))?;
        let distance = choice.distance(&file)?;
        if nearest.as_ref().is_none_or(|(candidate, _)| distance < candidate.distance) {
            nearest = Some((Candidate { seed: manifest.config.seed, epoch, distance }, file));
        }
    }
    let (candidate, file) = nearest.ok_or_else(|| format!("{} has no generators", path.display()))?;
    Ok((candidate, manifest, file))
}
