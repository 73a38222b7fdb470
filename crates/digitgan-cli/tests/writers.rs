//! One writer a run: who trains it is named to all others, and whoever is killed holds nothing.
#![allow(clippy::unwrap_used, reason = "a test")]

mod support;

use std::fs;
use std::process::Child;
use std::time::{Duration, Instant};
use support::{Place, complaint, differences, files, outcome};

/// A training that does not end by itself for a long time.
const ENDLESS: &str =
    "train gan --data digits --batch-size 8 --epochs 2000 --checkpoint-steps 5 --watch off --name case";

/// A training that is under way: its first checkpoint is there.
fn under_way(place: &Place) -> Child {
    let child = place.spawn(ENDLESS);
    let started = Instant::now();
    let checkpoints = || place.run_directory("case").checkpoint_steps().unwrap_or_default();
    while checkpoints().is_empty() {
        assert!(started.elapsed() < Duration::from_secs(60), "no checkpoint comes");
        std::thread::sleep(Duration::from_millis(1));
    }
    child
}

#[test]
fn who_trains_a_run_is_named_to_others_and_nothing_of_it_changes() {
    let place = Place::new();
    let mut child = under_way(&place);
    let who = format!("runs/case is being trained by process {} since 20", child.id());
    let says = [who.as_str(), " UTC; wait for it to end, or stop it first"];
    for args in
        ["train --resume case", "train --resume case --max-steps 3", ENDLESS, "train gan --data digits --out runs/case"]
    {
        let said = place.digitgan(args);
        assert_eq!(complaint(&said, 1, &says), None, "{args}: {said:?}");
    }
    // Readers may read.
    place.succeed("sample case --count 1");
    assert!(child.try_wait().unwrap().is_none(), "it trains on");
    child.kill().unwrap();
    child.wait().unwrap();

    // A killed process holds nothing, and the run is as if nobody had come by.
    let run = place.run_directory("case");
    let steps = run.checkpoint_steps().unwrap().last().unwrap() + 3;
    place.succeed(&format!("train --resume case --max-steps {steps} --watch off"));
    assert_eq!(fs::read(run.lock()).unwrap(), b"", "nobody holds it now");
    place.succeed(&format!("{} --max-steps {steps}", ENDLESS.replace("name case", "name whole")));
    assert_eq!(differences(&outcome(&place.run_directory("whole")), &outcome(&run)), [""; 0]);
}

#[test]
fn of_two_that_start_a_run_at_once_one_does() {
    let place = Place::new();
    let children: Vec<Child> = (0..3).map(|_| place.spawn(&format!("{ENDLESS} --max-steps 20"))).collect();
    let said: Vec<_> = children.into_iter().map(|child| support::said_in(child.wait_with_output().unwrap())).collect();
    assert_eq!(said.iter().filter(|said| said.code == Some(0)).count(), 1, "{said:?}");
    for said in said.iter().filter(|said| said.code != Some(0)) {
        let refused =
            ["is being trained by ", "is a run already"].iter().any(|says| complaint(said, 1, &[says]).is_none());
        assert!(refused, "{said:?}");
    }
}

#[test]
fn runs_of_older_versions_have_no_lock_and_are_resumed() {
    let place = Place::new();
    place.succeed("train gan --data digits --batch-size 8 --max-steps 2 --watch off --name case");
    fs::remove_file(place.run_directory("case").lock()).unwrap();
    let before = files(&place.path(""));
    let said = place.digitgan("train gan --data digits --batch-size 8 --name case");
    assert_eq!(complaint(&said, 1, &["runs/case is a run already"]), None, "{said:?}");
    assert_eq!(differences(&before, &files(&place.path(""))), [""; 0], "a look leaves no trace");
    place.succeed("train --resume case --max-steps 4 --watch off");
}
