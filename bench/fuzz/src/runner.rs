//! Processes that try a reader, side by side, each under limits: an input that ends its process costs no more than that.

use crate::worker::{MAX_TIME, Tally};
use anyhow::Context;
use std::fs;
use std::ops::Range;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Inputs that a process tries before the next one begins.
const INPUTS_OF_PROCESS: u64 = 5000;
/// The address space of a process, in KiB: far above what readers may hold, so that what goes wrong is told by number.
const MAX_ADDRESSES: u64 = 2 << 20;
/// How long one input may keep a process before it is ended.
const PATIENCE: Duration = Duration::from_secs(20);
/// How often it is looked at.
const PAUSE: Duration = Duration::from_millis(20);

/// What is to be tried.
pub(crate) struct Plan {
    pub(crate) seed: u64,
    pub(crate) inputs: Range<u64>,
    pub(crate) jobs: usize,
    /// No process begins after it.
    pub(crate) until: Option<Instant>,
    pub(crate) keep: Option<std::path::PathBuf>,
}

/// Tries a reader; folders are made within `folder`.
pub(crate) fn run(reader: &str, plan: &Plan, folder: &Path) -> anyhow::Result<Tally> {
    let next = AtomicU64::new(plan.inputs.start);
    let job = |job: usize| -> anyhow::Result<Tally> {
        let mut tally = Tally::default();
        while plan.until.is_none_or(|until| Instant::now() < until) {
            let first = next.fetch_add(INPUTS_OF_PROCESS, Ordering::Relaxed);
            if first >= plan.inputs.end {
                break;
            }
            let end = (first + INPUTS_OF_PROCESS).min(plan.inputs.end);
            all_of(reader, first..end, plan, &folder.join(format!("{reader}-{job}")), &mut tally)?;
        }
        Ok(tally)
    };
    thread::scope(|scope| {
        let jobs: Vec<_> = (0..plan.jobs).map(|number| scope.spawn(move || job(number))).collect();
        let mut all = Tally::default();
        for job in jobs {
            all.add(job.join().map_err(|_| anyhow::anyhow!("a job panicked"))??);
        }
        Ok(all)
    })
}

/// Tries some inputs, in as many processes as it takes: where one dies, the next goes on after that input.
fn all_of(reader: &str, mut inputs: Range<u64>, plan: &Plan, folder: &Path, tally: &mut Tally) -> anyhow::Result<()> {
    while !inputs.is_empty() {
        match process(reader, inputs.clone(), plan, folder)? {
            Ended::Done(found) => {
                tally.add(found);
                return Ok(());
            }
            Ended::Died { input, how } => {
                tally.inputs += input + 1 - inputs.start;
                tally.failures.push((input, how));
                inputs.start = input + 1;
            }
        }
    }
    Ok(())
}

/// How a process ended.
enum Ended {
    Done(Tally),
    /// While it read an input.
    Died {
        input: u64,
        how: String,
    },
}

fn process(reader: &str, inputs: Range<u64>, plan: &Plan, folder: &Path) -> anyhow::Result<Ended> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    let own = folder.join("own");
    fs::create_dir_all(&own)?;
    let (progress, result, said) = (folder.join("progress"), folder.join("result"), folder.join("said"));
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -c 0; ulimit -v \"$1\"; shift; exec \"$@\"", "sh"]).arg(MAX_ADDRESSES.to_string());
    command.arg(std::env::current_exe()?).arg(reader).args(["--worker".as_ref(), folder.as_os_str()]);
    command.args(["--seed".to_owned(), plan.seed.to_string()]);
    command.args(["--first".to_owned(), inputs.start.to_string()]);
    command.args(["--inputs".to_owned(), (inputs.end - inputs.start).to_string()]);
    if let Some(keep) = &plan.keep {
        command.arg("--keep").arg(keep);
    }
    // One thread, so that all memory is that of one input; libraries take temporary files beside the others.
    command.env("RAYON_NUM_THREADS", "1").env("TMPDIR", &own).stdout(Stdio::null()).stderr(fs::File::create(&said)?);
    let mut child = command.spawn().context("cannot run sh")?;
    let current = || {
        let bytes = fs::read(&progress).ok()?;
        Some(u64::from_le_bytes(bytes.try_into().ok()?))
    };
    let how = watch(&mut child, &current)?;
    match (how, fs::read(&result)) {
        (None, Ok(bytes)) => Ok(Ended::Done(serde_json::from_slice(&bytes)?)),
        (how, _) => {
            let said = fs::read_to_string(&said).unwrap_or_default().replace('\n', " ");
            let how = how.unwrap_or_default();
            let input = current().with_context(|| format!("{reader} cannot be tried: {how} {said}"))?;
            anyhow::ensure!(inputs.contains(&input), "{reader} cannot be tried: {how} {said}");
            Ok(Ended::Died { input, how: format!("{how} {said}").trim().to_owned() })
        }
    }
}

/// Waits for a process, and ends it where an input takes too long. Says how it failed, if it did.
fn watch(child: &mut Child, current: &dyn Fn() -> Option<u64>) -> anyhow::Result<Option<String>> {
    let (mut last, mut since) = (None, Instant::now());
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok((!status.success()).then(|| status.to_string()));
        }
        let now = current();
        if now != last {
            (last, since) = (now, Instant::now());
        } else if since.elapsed() > PATIENCE.max(3 * MAX_TIME) {
            child.kill()?;
            child.wait()?;
            return Ok(Some(format!("did not end within {} s", PATIENCE.as_secs())));
        }
        thread::sleep(PAUSE);
    }
}
