//! A process that tries one reader with some inputs, under the watch of [`crate::runner`].

use crate::mutate::mutate;
use crate::random::Random;
use crate::readers::{Reader, Seed};
use crate::shell::Opened;
use anyhow::Context;
use peak_alloc::PeakAlloc;
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io::{Seek, SeekFrom, Write};
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// The longest that a reader may take for an input.
pub(crate) const MAX_TIME: Duration = Duration::from_secs(1);
/// The most bytes that may be held while an input is read.
pub(crate) const MAX_BYTES: usize = 256 << 20;
/// An input that took too long is tried this often again: the machine may have done something else meanwhile.
const MORE_TRIES: usize = 2;

/// What came of some inputs.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Tally {
    pub(crate) inputs: u64,
    /// How many were read; the others were refused.
    pub(crate) read: u64,
    /// Those that failed, and how.
    pub(crate) failures: Vec<(u64, String)>,
    /// The longest time, in seconds, and the input that took it.
    pub(crate) slowest: (f64, u64),
    /// The most bytes that were held, and the input.
    pub(crate) largest: (usize, u64),
}

impl Tally {
    pub(crate) fn add(&mut self, other: Tally) {
        self.inputs += other.inputs;
        self.read += other.read;
        self.failures.extend(other.failures);
        if other.slowest.0 > self.slowest.0 {
            self.slowest = other.slowest;
        }
        self.largest = self.largest.max(other.largest);
    }
}

/// Tries `inputs` of a reader in `folder`. The number of the one that is being read is kept in `progress`; with `keep`,
/// each is written there before it is read.
pub(crate) fn work(
    reader: &Reader,
    (seed, inputs): (u64, Range<u64>),
    (folder, progress): (&Path, &Path),
    keep: Option<&Path>,
) -> anyhow::Result<Tally> {
    let seeds = reader.prepare(folder)?.seeds;
    let opened: Vec<Option<Opened>> = seeds.iter().map(|seed| Opened::of(&seed.bytes)).collect::<Result<_, _>>()?;
    let whole: Vec<&[u8]> = seeds.iter().map(|seed| seed.bytes.as_slice()).collect();
    let mut progress = File::create(progress)?;
    remember_panics();
    let mut tally = Tally::default();
    for input in inputs {
        let mut random = Random::of(seed, reader.name, input);
        let index = random.below(seeds.len());
        let bytes = damaged(whole[index], &opened[index], &whole, &mut random)?;
        progress.seek(SeekFrom::Start(0))?;
        progress.write_all(&input.to_le_bytes())?;
        if let Some(folder) = keep {
            fs::write(folder.join(format!("{}-{input}", reader.name)), &bytes)?;
        }
        try_input(&seeds[index], &bytes, input, &mut tally).with_context(|| format!("input {input}"))?;
    }
    Ok(tally)
}

/// An input: damaged as a file, or within its shell.
fn damaged(whole: &[u8], opened: &Option<Opened>, others: &[&[u8]], random: &mut Random) -> anyhow::Result<Vec<u8>> {
    match opened {
        Some(opened) if !random.once_in(3) => opened.with(random, |part, random| mutate(part, others, random)),
        _ => {
            let mut bytes = whole.to_vec();
            mutate(&mut bytes, others, random);
            Ok(bytes)
        }
    }
}

fn try_input(seed: &Seed, bytes: &[u8], input: u64, tally: &mut Tally) -> anyhow::Result<()> {
    MEMORY.reset_peak_usage();
    let (outcome, mut seconds) = timed(seed, bytes);
    let peak = MEMORY.peak_usage();
    for _ in 0..MORE_TRIES {
        if seconds > MAX_TIME.as_secs_f64() {
            seconds = seconds.min(timed(seed, bytes).1);
        }
    }
    tally.inputs += 1;
    match outcome {
        Ok(read) => tally.read += u64::from(read?),
        Err(panic) => tally.failures.push((input, panic)),
    }
    if seconds > MAX_TIME.as_secs_f64() {
        tally.failures.push((input, format!("took {seconds:.1} s")));
    }
    if peak > MAX_BYTES {
        tally.failures.push((input, format!("held {} MiB", peak >> 20)));
    }
    if seconds > tally.slowest.0 {
        tally.slowest = (seconds, input);
    }
    tally.largest = tally.largest.max((peak, input));
    Ok(())
}

/// Whether the input was read, or how its reader panicked; and how many seconds that took.
fn timed(seed: &Seed, bytes: &[u8]) -> (Result<anyhow::Result<bool>, String>, f64) {
    let start = Instant::now();
    let outcome = catch_unwind(AssertUnwindSafe(|| (seed.read)(bytes)));
    let seconds = start.elapsed().as_secs_f64();
    (outcome.map_err(|_| LAST_PANIC.lock().unwrap_or_else(PoisonError::into_inner).clone()), seconds)
}

/// What the last panic said, and where.
static LAST_PANIC: Mutex<String> = Mutex::new(String::new());

fn remember_panics() {
    std::panic::set_hook(Box::new(|panic| {
        *LAST_PANIC.lock().unwrap_or_else(PoisonError::into_inner) = panic.to_string().replace('\n', " ");
    }));
}
