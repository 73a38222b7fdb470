//! Everything that reads bytes from outside, each with whole inputs to begin from.

mod data;
mod run;
mod weights;

use std::path::Path;

/// A reader. `prepare` is given a folder of its own.
pub(crate) struct Reader {
    pub(crate) name: &'static str,
    prepare: fn(&Path) -> anyhow::Result<Target>,
}

/// What a reader is tried with.
pub(crate) struct Target {
    /// Whole inputs, each with what reads it: whether they were read, or refused.
    pub(crate) seeds: Vec<Seed>,
}

/// A whole input.
pub(crate) struct Seed {
    pub(crate) bytes: Vec<u8>,
    /// Reads damaged bytes in its place; whether they were read, or refused.
    pub(crate) read: Read,
}

/// True where the bytes were read, false where they were refused; failing to hand them over is an error.
type Read = Box<dyn Fn(&[u8]) -> anyhow::Result<bool>>;

impl Reader {
    pub(crate) fn prepare(&self, folder: &Path) -> anyhow::Result<Target> {
        (self.prepare)(folder)
    }
}

impl Target {
    /// The same reader for several inputs.
    fn of(inputs: Vec<Vec<u8>>, read: impl Fn(&[u8]) -> anyhow::Result<bool> + Clone + 'static) -> Target {
        let seed = |bytes| Seed { bytes, read: Box::new(read.clone()) };
        Target { seeds: inputs.into_iter().map(seed).collect() }
    }
}

/// All readers by their names.
pub(crate) const READERS: [Reader; 27] = [
    Reader { name: "idx-images", prepare: data::idx_images },
    Reader { name: "idx-labels", prepare: data::idx_labels },
    Reader { name: "idx", prepare: data::idx },
    Reader { name: "npy", prepare: data::npy },
    Reader { name: "npz", prepare: data::npz },
    Reader { name: "csv", prepare: data::csv },
    Reader { name: "parquet", prepare: data::parquet },
    Reader { name: "png", prepare: data::png },
    Reader { name: "jpeg", prepare: data::jpeg },
    Reader { name: "tiff", prepare: data::tiff },
    Reader { name: "gzip", prepare: data::gzip },
    Reader { name: "names", prepare: data::names },
    Reader { name: "mapping", prepare: data::mapping },
    Reader { name: "dataset.json", prepare: data::record },
    Reader { name: "losses.csv", prepare: run::losses },
    Reader { name: "watch.csv", prepare: run::watch },
    Reader { name: "timing.json", prepare: run::timing },
    Reader { name: "evaluation.json", prepare: run::evaluation },
    Reader { name: "run.toml", prepare: run::manifest },
    Reader { name: "config", prepare: run::config },
    Reader { name: "lock", prepare: run::lock },
    Reader { name: "tensors", prepare: weights::tensors },
    Reader { name: "pytorch", prepare: weights::pytorch },
    Reader { name: "pickle", prepare: weights::pickle },
    Reader { name: "generator", prepare: weights::generator },
    Reader { name: "classifier", prepare: weights::classifier },
    Reader { name: "checkpoint", prepare: weights::checkpoint },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;
    use crate::shell::Opened;

    #[test]
    fn every_reader_reads_what_it_begins_from_also_with_its_shell_opened_and_closed() {
        for reader in READERS {
            let folder = tempfile::tempdir().expect("a folder");
            let target = reader.prepare(folder.path()).expect(reader.name);
            assert!(!target.seeds.is_empty(), "{}", reader.name);
            for (index, seed) in target.seeds.iter().enumerate() {
                let opened = Opened::of(&seed.bytes).expect(reader.name);
                let closed = opened.map(|opened| opened.with(&mut Random::of(1, "", 0), |_, _| ()).expect(reader.name));
                for bytes in [Some(&seed.bytes), closed.as_ref()].into_iter().flatten() {
                    assert!((seed.read)(bytes).expect(reader.name), "{} refuses its input {index}", reader.name);
                }
            }
        }
    }
}
