//! A training that is killed, at any moment and as often as may be, loses no whole file and comes to the same
//! result in the end.
//!
//! `DIGITGAN_CRASHES=200 cargo test --release -p digitgan-cli --test crash -- --ignored --nocapture` kills more.
#![allow(clippy::unwrap_used, reason = "a test")]
#![allow(clippy::print_stderr, reason = "the number of kills is the result")]

mod support;

use digitgan::run::RunDirectory;
use digitgan::run::timing::Timing;
use digitgan::weights::{GeneratorFile, TensorFile};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use support::{Place, differences, files, next_share, outcome};

/// Kills in the test that always runs.
const FEW: u32 = 10;
/// Kills in the other one, unless `DIGITGAN_CRASHES` says otherwise.
const MANY: u32 = 200;
const SETTINGS: &str = "train gan --data digits --epochs 3 --batch-size 8 --checkpoint-steps 2 --seed 5";

#[test]
fn a_few_kills_harm_nothing() {
    crash(FEW);
}

#[test]
#[ignore = "takes minutes"]
fn many_kills_harm_nothing() {
    let asked = std::env::var("DIGITGAN_CRASHES").ok();
    crash(asked.map_or(MANY, |count| count.parse().expect("DIGITGAN_CRASHES is a number")));
}

/// Trains, kills and resumes until `kills` processes were killed, then lets the last training finish.
fn crash(kills: u32) {
    let place = Place::new();
    let started = Instant::now();
    place.succeed(&format!("{SETTINGS} --name whole"));
    // From before the first file to after the last: a little more than a whole training.
    let longest = started.elapsed().mul_f64(1.2);
    let whole = files(place.run_directory("whole").path());
    let finished = outcome(&place.run_directory("whole"));
    let mut tally = Tally::default();
    let mut random = 0x9E37_79B9_7F4A_7C15;
    let mut runs = 0;
    while tally.kills < kills {
        runs += 1;
        let run = place.run_directory(&format!("run-{runs}"));
        loop {
            let left = kills - tally.kills;
            let delay = (left > 0).then(|| longest.mul_f64(next_share(&mut random)));
            let ended = session(&place, &run, delay);
            check(&run, &whole);
            if ended {
                break;
            }
            tally.add(&run);
        }
        // A run that had the time to finish was perhaps killed while its last files were drawn: once more.
        place.succeed(&format!("train --resume {}", run.path().display()));
        assert_eq!(differences(&finished, &outcome(&run)), [""; 0], "run {runs} after {} kills", tally.kills);
        std::fs::remove_dir_all(run.path()).unwrap();
    }
    eprintln!("{tally} in {:.0} s; {runs} runs, all finished alike", started.elapsed().as_secs_f64());
}

/// Starts or resumes a training and kills it after `delay`; says whether it ended by itself before.
fn session(place: &Place, run: &RunDirectory, delay: Option<Duration>) -> bool {
    let path = run.path().display();
    let mut child = place.spawn(&match run.manifest().exists() {
        true => format!("train --resume {path}"),
        false => format!("{SETTINGS} --out {path}"),
    });
    if let Some(delay) = delay {
        std::thread::sleep(delay);
        // Fails on a process that was waited for, which this one was not.
        child.kill().unwrap();
    }
    let output = child.wait_with_output().unwrap();
    let code = output.status.code();
    assert!(matches!(code, None | Some(0)), "{code:?}: {}", String::from_utf8_lossy(&output.stderr));
    code.is_some()
}

/// Whatever bears the name of a whole file is one.
fn check(run: &RunDirectory, whole: &BTreeMap<String, Vec<u8>>) {
    if !run.path().exists() {
        return;
    }
    for (name, bytes) in files(run.path()) {
        let path = run.path().join(&name);
        let unfinished = path.file_name().unwrap().to_str().unwrap().starts_with('.');
        let same = ["samples/", "generators/"].iter().any(|folder| name.starts_with(folder));
        if name.ends_with('/') || unfinished || name.starts_with("tensorboard/") {
            continue;
        }
        if same || name == "run.toml" {
            let expected = whole.get(&name).unwrap_or_else(|| panic!("{name} should not be there"));
            // The one line that says where the run is from is the same, as all runs have one data set.
            assert!(bytes == *expected, "{name} is not what it should be");
        } else if name.starts_with("checkpoints/") {
            TensorFile::read(&path).unwrap();
        } else if name == "generator.safetensors" {
            GeneratorFile::read(&path).unwrap();
        } else if name == "timing.json" {
            Timing::read(&path).unwrap().expect("it is there");
        } else if name.ends_with(".png") {
            assert!(bytes.ends_with(b"IEND\xAE\x42\x60\x82"), "{name} is cut off");
        } else {
            assert!(["losses.csv", "samples.gif"].contains(&name.as_str()), "nobody knows {name}");
        }
    }
}

/// Where the kills fell.
#[derive(Default)]
struct Tally {
    kills: u32,
    before_the_first_checkpoint: u32,
    while_a_file_was_written: u32,
    after_the_last_step: u32,
}

impl Tally {
    fn add(&mut self, run: &RunDirectory) {
        self.kills += 1;
        let newest = run.checkpoint_steps().unwrap_or_default().last().copied();
        self.before_the_first_checkpoint += u32::from(newest.is_none());
        self.after_the_last_step += u32::from(newest == Some(18));
        let names = if run.path().exists() { files(run.path()) } else { BTreeMap::new() };
        self.while_a_file_was_written += u32::from(names.keys().any(|name| name.ends_with(".tmp")));
    }
}

impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} kills, {} of them before the first checkpoint, {} while a file was written, {} after the last step",
            self.kills, self.before_the_first_checkpoint, self.while_a_file_was_written, self.after_the_last_step
        )
    }
}
