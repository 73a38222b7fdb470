//! One run under load: two processes write, ten read, and the writers are killed at random moments. Nothing is lost.
//!
//! `DIGITGAN_LOAD_SECONDS=600 cargo test --release -p digitgan-cli --test load -- --ignored --nocapture` takes longer.
#![allow(clippy::unwrap_used, reason = "a test")]
#![allow(clippy::print_stderr, reason = "the figures are the result")]

mod support;

use digitgan::run::manifest::Manifest;
use digitgan::run::timing::Timing;
use digitgan::run::{RunDirectory, step_log};
use digitgan::train::LossRecord;
use digitgan::weights::{GeneratorFile, TensorFile};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use support::{Place, Said, complaint, differences, next_share, outcome};

/// Seconds of load in the test that always runs, and training images.
const SHORT: (u64, usize) = (10, 300);
/// In the other one, unless `DIGITGAN_LOAD_SECONDS` says otherwise.
const LONG: (u64, usize) = (600, 2000);
/// As long as it may ever take; how many steps are trained is decided when the load is over.
const SETTINGS: &str =
    "train gan --recipe paper --data many --epochs 1000 --batch-size 8 --checkpoint-steps 20 --watch off";
/// Longest life of a writer.
const LIFE: Duration = Duration::from_millis(2500);
/// After this many steps more than the last checkpoint the run is to end.
const MORE: u64 = 37;

#[test]
fn a_little_load_harms_nothing() {
    load(Duration::from_secs(SHORT.0), SHORT.1);
}

#[test]
#[ignore = "takes minutes"]
fn much_load_harms_nothing() {
    let asked = std::env::var("DIGITGAN_LOAD_SECONDS").ok();
    let seconds = asked.map_or(LONG.0, |text| text.parse().expect("DIGITGAN_LOAD_SECONDS is a number"));
    load(Duration::from_secs(seconds), LONG.1);
}

fn load(time: Duration, images: usize) {
    let place = Place::new();
    place.write_digits("many", images, 40);
    let run = place.run_directory("busy");
    let (figures, end) = (Figures::default(), Instant::now() + time);
    thread::scope(|scope| {
        for writer in 0..2 {
            let (place, run, figures) = (&place, &run, &figures);
            scope.spawn(move || write(place, run, figures, end, writer));
        }
        for reader in 0..10 {
            let (place, run, figures) = (&place, &run, &figures);
            scope.spawn(move || read(place, run, figures, end, reader));
        }
    });
    // The run goes on, and comes to the same as one that nobody disturbed.
    let steps = run.checkpoint_steps().unwrap().last().unwrap() + MORE;
    let said = place.succeed(&format!("train --resume busy --max-steps {steps} --watch off"));
    assert!(!said.stderr.contains("busy/"), "nothing was to be mended: {}", said.stderr);
    place.succeed(&format!("{SETTINGS} --max-steps {steps} --name whole"));
    let mut busy = outcome(&run);
    busy.retain(|name, _| !name.starts_with("evaluation"));
    assert_eq!(differences(&outcome(&place.run_directory("whole")), &busy), [""; 0], "{figures}");
    let figures_in_all = format!("{steps} steps in {} s, {figures}", time.as_secs());
    eprintln!("{figures_in_all}: the same as an undisturbed training, byte for byte");
    assert!(figures.killed.load(Ordering::Relaxed) > 0 && figures.refused.load(Ordering::Relaxed) > 0, "{figures}");
}

/// Starts, starts over or resumes the run, again and again, each time to be killed after a random time.
fn write(place: &Place, run: &RunDirectory, figures: &Figures, end: Instant, seed: u64) {
    let mut random = 1 + seed;
    while Instant::now() < end {
        let anew = !run.manifest().exists() || next_share(&mut random) < 0.2;
        let args = if anew { format!("{SETTINGS} --name busy") } else { "train --resume busy --watch off".to_owned() };
        let mut child = place.command(&args);
        child.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
        let mut child = child.spawn().unwrap();
        let killed_at = Instant::now() + LIFE.mul_f64(next_share(&mut random));
        while child.try_wait().unwrap().is_none() && Instant::now() < killed_at {
            thread::sleep(Duration::from_millis(2));
        }
        // Does nothing to a process that has ended.
        child.kill().unwrap();
        let said = support::said_in(child.wait_with_output().unwrap());
        match &said {
            Said { code: None, .. } => figures.add(&figures.killed),
            said if ["is being trained by process ", "is being trained by another process", "is a run already"]
                .iter()
                .any(|says| complaint(said, 1, &[says]).is_none()) =>
            {
                figures.add(&figures.refused);
            }
            said => panic!("digitgan {args}: {said:?}"),
        }
    }
}

/// Reads the run in one of several ways, again and again.
fn read(place: &Place, run: &RunDirectory, figures: &Figures, end: Instant, reader: u64) {
    while Instant::now() < end {
        if run.checkpoint_steps().is_ok_and(|steps| !steps.is_empty()) {
            match reader {
                0 => drop(place.succeed(&format!("page busy --quick --out page {QUICK}"))),
                1 => drop(place.succeed(&format!("evaluate busy --quick --samples 20 --repeats 2 {QUICK}"))),
                2..6 => drop(place.succeed(&format!("sample busy --count 1 --threads 1 --out {reader}.png"))),
                _ => read_records(run),
            }
            figures.add(&figures.read);
        }
        thread::sleep(Duration::from_millis(20));
    }
}

/// Where evaluations keep the judge of the data.
const QUICK: &str = "--threads 1 --data-dir data";

/// Whatever a library reads of a run is whole, at any moment.
fn read_records(run: &RunDirectory) {
    let steps = run.checkpoint_steps().unwrap();
    let newest = *steps.last().unwrap();
    assert_eq!(step_log::check::<LossRecord>(&run.losses(), newest), []);
    Manifest::read(&run.manifest()).unwrap();
    GeneratorFile::read(&run.generator()).unwrap();
    Timing::read(&run.timing()).unwrap();
    // A writer may delete it meanwhile, since there are newer ones.
    let checkpoint = TensorFile::read(&run.checkpoint(newest));
    assert!(checkpoint.is_ok() || !run.checkpoint(newest).exists(), "{:?}", checkpoint.err());
}

#[derive(Default)]
struct Figures {
    killed: AtomicU64,
    refused: AtomicU64,
    read: AtomicU64,
}

impl Figures {
    fn add(&self, figure: &AtomicU64) {
        figure.fetch_add(1, Ordering::Relaxed);
    }
}

impl std::fmt::Display for Figures {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [killed, refused, read] =
            [&self.killed, &self.refused, &self.read].map(|figure| figure.load(Ordering::Relaxed));
        write!(f, "{killed} writers killed, {refused} refused, {read} readings")
    }
}
