//! Requests to stop: what can be kept is kept, what cannot ends at once, and what was ignored at the start stays ignored.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test")]

mod support;

use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};
use support::{Place, differences, files, heeding, outcome};

/// A program that was started, and the file that it writes to standard error.
struct Started {
    child: Child,
    log: std::path::PathBuf,
}

impl Started {
    /// Starts the program by `sh`, which first does `before`.
    fn new(place: &Place, before: &str, args: &str) -> Started {
        let log = place.path("log");
        let mut command = place.command("");
        let program = command.get_program().to_owned();
        let environment: Vec<_> = command.get_envs().map(|(k, v)| (k.to_owned(), v.map(ToOwned::to_owned))).collect();
        command = heeding("sh");
        command.arg("-c").arg(format!("{before}; exec \"$0\" {args}")).arg(program).current_dir(place.path(""));
        for (name, value) in environment {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        let child = command.stdout(File::create(place.path("out")).unwrap()).stderr(File::create(&log).unwrap());
        Started { child: child.spawn().unwrap(), log }
    }

    fn said(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    /// Waits until something is so.
    fn wait_until(&mut self, what: &str, is_so: impl Fn(&str) -> bool) {
        let started = Instant::now();
        while !is_so(&self.said()) {
            assert_eq!(self.child.try_wait().unwrap(), None, "it ended before {what}: {}", self.said());
            assert!(started.elapsed() < Duration::from_secs(60), "{what} does not come: {}", self.said());
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    fn signal(&self, name: &str) {
        let status = Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status();
        assert!(status.unwrap().success(), "{name}");
    }

    fn code(mut self) -> (Option<i32>, String) {
        let code = self.child.wait().unwrap().code();
        (code, self.said())
    }
}

#[test]
fn a_training_stops_and_saves_at_any_request_and_goes_on() {
    let place = Place::new();
    let settings = "train gan --data digits --epochs 12 --batch-size 8 --watch off";
    place.succeed(&format!("{settings} --name whole"));
    let whole = outcome(&place.run_directory("whole"));
    for signal in ["HUP", "INT", "TERM"] {
        let mut started = Started::new(&place, "true", &format!("{settings} --name {signal}"));
        let run = place.run_directory(signal);
        started.wait_until("the first epoch", |_| run.sample(1).exists());
        started.signal(signal);
        let (code, said) = started.code();
        assert_eq!(code, Some(130), "{signal}: {said}");
        assert!(said.contains("note: finishing this step, then saving"), "{signal}: {said}");
        assert!(*run.checkpoint_steps().unwrap().last().unwrap() < 72, "{signal} came too late");
        place.succeed(&format!("train --resume {signal}"));
        assert_eq!(differences(&whole, &outcome(&run)), [""; 0], "{signal}");
    }
}

#[test]
fn what_is_ignored_at_the_start_stays_ignored() {
    let place = Place::new();
    place.succeed("train cgan --data digits --epochs 1 --batch-size 8 --name a");
    let train = "train gan --data digits --epochs 400 --batch-size 8 --watch off --name";
    for (ignored, signals, args, begun) in [
        ("HUP", &["HUP"][..], &*format!("{train} night"), "runs/night/losses.csv"),
        ("HUP INT", &["INT", "HUP", "INT"], &format!("{train} shell"), "runs/shell/losses.csv"),
        ("HUP", &["HUP"], "generate a --count 600000 --out many", "many/.unfinished/finished.jsonl"),
    ] {
        let mut started = Started::new(&place, &format!("trap '' {ignored}"), args);
        started.wait_until(begun, |_| place.path(begun).exists());
        for signal in signals {
            started.signal(signal);
            std::thread::sleep(Duration::from_millis(300));
            assert_eq!(started.child.try_wait().unwrap(), None, "{args}: {signal} ended it: {}", started.said());
        }
        started.signal("TERM");
        let (code, said) = started.code();
        assert_eq!(code, Some(130), "{args}: {said}");
    }
}

#[test]
fn what_can_keep_nothing_ends_at_once_and_says_so() {
    let place = Place::new();
    place.write_digits("many", 1000, 100);
    place.succeed("train cgan --data many --epochs 1 --name a");
    let before = files(&place.path(""));
    for (args, signal, number) in [
        ("judge train --data many --epochs 1000 --out j.safetensors", "INT", 2),
        ("judge test --data many", "TERM", 15),
        ("evaluate a --quick", "HUP", 1),
        ("page a --quick", "TERM", 15),
        ("train gan --data many --watch on --name new", "INT", 2),
    ] {
        let mut started = Started::new(&place, "true", args);
        started.wait_until("a judge's training", |said| said.contains("training a judge"));
        started.signal(signal);
        let sent = Instant::now();
        let (code, said) = started.code();
        assert_eq!(code, Some(128 + number), "{args}: {said}");
        assert!(said.contains("note: ended by ") && said.contains(&format!("(SIG{signal})")), "{args}: {said}");
        assert!(sent.elapsed() < Duration::from_secs(5), "{args}");
        let mut after = files(&place.path(""));
        after.retain(|name, _| !["log", "out"].contains(&name.as_str()));
        assert_eq!(differences(&before, &after), [""; 0], "{args}");
    }
}

/// Stopped or killed, and called again, it comes to the same bytes; another call does not get in between.
#[test]
fn a_generation_goes_on_where_it_was() {
    let place = Place::new();
    place.succeed("train cgan --data digits --epochs 1 --batch-size 8 --name a");
    for (format, words, count) in [
        ("idx", "", 60_000),
        ("png", "", 20_000),
        ("npz", "--with-latents", 40_000),
        ("parquet", "--files 12", 60_000),
        ("webdataset", "--with-latents", 30_000),
    ] {
        // Of Parquet, only whole files are kept.
        let keeps = |there: usize| there > 0 && format != "parquet";
        let call = |out: &str, seed: u32| {
            format!(
                "generate a --count {count} --test-count 9000 --format {format} {words} --seed {seed} --out {format}-{out}"
            )
        };
        place.succeed(&call("whole", 1));
        let finished = place.path(&format!("{format}-parts/.unfinished/finished.jsonl"));
        let chunks = |path: &Path| fs::read_to_string(path).map_or(0, |text| text.lines().count());
        for signal in ["KILL", "TERM", "HUP"] {
            let there = chunks(&finished);
            let mut started = Started::new(&place, "true", &call("parts", 1));
            started.wait_until("a chunk", |_| chunks(&finished) > there);
            started.signal(signal);
            let (code, said) = started.code();
            assert_eq!(code, if signal == "KILL" { None } else { Some(130) }, "{format} {signal}: {said}");
            assert!(!keeps(there) || said.contains("images are there already: going on"), "{format} {signal}: {said}");
            assert!(signal == "KILL" || said.contains("are kept, and the same call goes on"), "{said}");
            // It is no data set yet, and belongs to its call.
            assert_eq!(place.digitgan(&format!("data info --data {format}-parts")).code, Some(1));
            let refused = place.digitgan(&call("parts", 2));
            let says = ["holds an unfinished data set of another kind (its seed is 1, not 2)"];
            assert_eq!(support::complaint(&refused, 1, &says), None, "{refused:?}");
        }
        let said = place.succeed(&call("parts", 1));
        assert!(!keeps(1) || said.stderr.contains("images are there already: going on"), "{}", said.stderr);
        let [whole, parts] = ["whole", "parts"].map(|out| files(&place.path(&format!("{format}-{out}"))));
        assert_eq!(differences(&whole, &parts), [""; 0], "{format}");
    }
}
